"""Moodle XML: what Moodle exports and imports with most of its details. Pure."""

import io
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from xml.sax import SAXParseException
from xml.sax.handler import ContentHandler
from xml.sax.saxutils import XMLGenerator
from xml.sax.xmlreader import AttributesImpl, Locator

import defusedxml.sax
from defusedxml.common import DefusedXmlException

from question_bank.content import Kind, Question
from question_bank.formats import markup
from question_bank.formats.exchange import FaultCode, Parsed, Usual, Written
from question_bank.formats.one_language import (
    Answer,
    Draft,
    details_of,
    is_ordered,
    read_draft,
    topic_of,
    weight_text,
    weights,
)
from question_bank.formats.reading import LINE_END, Reading, UnreadableError, decode
from question_bank.formats.record import MAX_CHOICES
from question_bank.formats.writing import Writing

MAX_DEPTH = 20
# Of one question: far more than 26 answers with their feedback need.
MAX_ELEMENTS = 1000
# The encoding it names was that of the bytes, which are decoded already.
DECLARATION = re.compile(r"\s*<\?xml[^<>]*\?>")
FRACTION = re.compile(r"-?\d{1,3}(\.\d{1,9})?")
HELD = {"multichoice", "truefalse"}
YES = {"true", "1"}


@dataclass(slots=True)
class _Node:
    tag: str
    row: int
    attributes: Mapping[str, str]
    children: list["_Node"] = field(default_factory=list)
    pieces: list[str] = field(default_factory=list)

    def all(self, tag: str) -> list["_Node"]:
        return [child for child in self.children if child.tag == tag]

    def child(self, *path: str) -> "_Node | None":
        """Return the first element at a path below."""
        node: _Node | None = self
        for tag in path:
            node = next(iter(node.all(tag)), None) if node else None
        return node

    def text(self, *path: str) -> str:
        """Return the bare text at a path below, "" where there is nothing."""
        node = self.child(*path)
        return "".join(node.pieces).strip() if node else ""


class _RefusedError(Exception):
    """A question cannot be read."""

    def __init__(self, code: FaultCode, row: int, **facts: object) -> None:
        super().__init__(code)
        self.code, self.row, self.facts = code, row, facts


class _Questions(ContentHandler):
    """Hands on each element `question` of a quiz when it ends."""

    def __init__(self, take: Callable[[_Node], None]) -> None:
        super().__init__()
        self.take = take
        self.open: list[_Node] = []
        self.elements = 0
        self.locator: Locator | None = None

    def setDocumentLocator(self, locator: Locator) -> None:  # noqa: N802 -- SAX's name
        self.locator = locator

    def startElement(self, name: str, attrs: AttributesImpl) -> None:  # noqa: N802
        row = (self.locator.getLineNumber() if self.locator else 0) or 0
        if not self.open and name != "quiz":
            raise UnreadableError(FaultCode.XML_NOT_A_QUIZ, row, value=name)
        if len(self.open) >= MAX_DEPTH:
            raise UnreadableError(FaultCode.TOO_DEEP, row, limit=MAX_DEPTH)
        self.elements += 1
        if self.elements > MAX_ELEMENTS:
            raise UnreadableError(FaultCode.CHOICES_TOO_MANY, row, limit=MAX_CHOICES)
        node = _Node(name, row, dict(attrs))
        if len(self.open) > 1:
            self.open[-1].children.append(node)
        self.open.append(node)

    def characters(self, content: str) -> None:
        if len(self.open) > 1:
            self.open[-1].pieces.append(content)

    def endElement(self, name: str) -> None:  # noqa: N802
        node = self.open.pop()
        if len(self.open) == 1:
            self.elements = 0
            if name == "question":
                self.take(node)


def read(data: bytes, usual: Usual) -> Parsed:
    """Read questions and faults; the row is the line. The texts are in the language `usual.locale`.

    A category whose last part names a topic is the topic of what follows it.
    """
    reading = Reading()
    topic_id = ""

    def take(node: _Node) -> None:
        nonlocal topic_id
        if node.attributes.get("type") == "category":
            topic_id = topic_of(node.text("category", "text"), usual)
            return
        try:
            draft = _draft(node)
        except _RefusedError as refusal:
            reading.fault(refusal.row, "", refusal.code, **refusal.facts)
        else:
            draft.topic_id = topic_id
            read_draft(draft, usual, reading)

    try:
        _parse(decode(data), _Questions(take))
    except UnreadableError as error:
        reading.stop(error)
    return reading.parsed()


def _parse(text: str, handler: ContentHandler) -> None:
    declaration = DECLARATION.match(text)
    body = text[declaration.end() :] if declaration else text.lstrip("\ufeff")
    before = text.count("\n", 0, declaration.end()) if declaration else 0
    try:
        defusedxml.sax.parseString(
            ("\n" * before + body).encode("utf-8", "replace"), handler, forbid_dtd=True
        )
    except DefusedXmlException:
        raise UnreadableError(FaultCode.XML_DOCTYPE) from None
    except SAXParseException as error:
        raise UnreadableError(FaultCode.XML_FORM, error.getLineNumber() or 0) from None


def _draft(node: _Node) -> Draft:
    """Read a question.

    :raises _RefusedError: it is of a kind that is not held here, or shows pictures
    """
    kind = node.attributes.get("type", "")
    if kind not in HELD:
        raise _RefusedError(FaultCode.KIND_NOT_HELD, node.row, kind=kind or "?")
    draft = Draft(
        node.row,
        stem=_text(node, "questiontext"),
        id=node.text("idnumber"),
        explanation=_text(node, "generalfeedback"),
        tags=[tag.text("text") for tags in node.all("tags") for tag in tags.all("tag")],
    )
    if kind == "truefalse":
        _read_truth(node, draft)
    else:
        draft.is_single = node.text("single").lower() in {"", *YES}
        draft.is_ordered = node.text("shuffleanswers").lower() in {"false", "0"}
        draft.answers = [_answer(child) for child in node.all("answer")]
    return draft


def _read_truth(node: _Node, draft: Draft) -> None:
    answers = node.all("answer")
    right = [answer.text("text").lower() for answer in answers if _fraction(answer) > 0]
    if right not in (["true"], ["false"]):
        raise _RefusedError(
            FaultCode.RIGHT_UNKNOWN, node.row, field="right", value=", ".join(right)
        )
    draft.is_true = right == ["true"]
    said = [draft.explanation, *(_text(answer, "feedback") for answer in answers)]
    draft.explanation = "\n".join(part for part in said if part)


def _answer(node: _Node) -> Answer:
    return Answer(_formatted(node), _fraction(node), _text(node, "feedback"), node.row)


def _fraction(node: _Node) -> float:
    written = node.attributes.get("fraction", "").strip()
    if not FRACTION.fullmatch(written):
        raise _RefusedError(FaultCode.WEIGHTS, node.row, value=written)
    return float(written)


def _text(node: _Node, tag: str) -> str:
    child = node.child(tag)
    return _formatted(child) if child else ""


def _formatted(node: _Node) -> str:
    """Read a text in the format that its element names; where it names none, HTML shows itself."""
    text, form = LINE_END.sub("\n", node.text("text")), node.attributes.get("format", "")
    if node.child("file"):
        raise _RefusedError(FaultCode.PICTURE, node.row)
    try:
        if form == "html":
            return markup.to_text(text)
        if form in {"", "moodle_auto_format"} and markup.has_tags(text):
            return markup.to_text(text.replace("\n", "<br>"))
    except markup.PictureError:
        raise _RefusedError(FaultCode.PICTURE, node.row) from None
    except markup.HtmlTooLongError:
        facts = {"length": len(text), "limit": markup.MAX_HTML}
        raise _RefusedError(FaultCode.TOO_LONG, node.row, **facts) from None
    return text


def write(questions: Sequence[Question], locale: str = "zh") -> Written:
    """Write the questions in one language, by topic as categories, further details as tags."""
    writing = Writing()
    out = io.BytesIO()
    xml = XMLGenerator(out, "utf-8")
    xml.startDocument()
    topic_id = None
    with _element(xml, "quiz"):
        for question in writing.fit_language(questions, locale):
            if question.topic_id != topic_id:
                topic_id = question.topic_id
                with _element(xml, "question", type="category"), _element(xml, "category"):
                    _leaf(xml, "text", f"$course$/top/{topic_id}")
            _write_question(xml, question, locale)
    return writing.written(out.getvalue())


def _write_question(xml: XMLGenerator, question: Question, locale: str) -> None:
    is_truth = question.kind is Kind.TRUE_FALSE
    with _element(xml, "question", type="truefalse" if is_truth else "multichoice"):
        with _element(xml, "name"):
            _leaf(xml, "text", question.id)
        _html(xml, "questiontext", question.stem.in_(locale))
        _html(xml, "generalfeedback", question.explanation.in_(locale))
        _leaf(xml, "defaultgrade", "1")
        _leaf(xml, "idnumber", question.id)
        if is_truth:
            texts = ["true", "false"]
        else:
            texts = [markup.to_html(choice.text.in_(locale)) for choice in question.choices]
            _leaf(xml, "single", "true" if question.kind is Kind.SINGLE else "false")
            _leaf(xml, "shuffleanswers", "false" if is_ordered(question) else "true")
            _leaf(xml, "answernumbering", "ABCD")
        for text, weight in zip(texts, weights(question), strict=True):
            with _element(xml, "answer", fraction=weight_text(weight), format="html"):
                _leaf(xml, "text", text)
        with _element(xml, "tags"):
            for tag in details_of(question):
                with _element(xml, "tag"):
                    _leaf(xml, "text", tag)


@contextmanager
def _element(xml: XMLGenerator, tag: str, **attributes: str) -> Iterator[None]:
    xml.startElement(tag, AttributesImpl(attributes))
    xml.characters("\n")
    yield
    xml.endElement(tag)
    xml.characters("\n")


def _leaf(xml: XMLGenerator, tag: str, text: str) -> None:
    xml.startElement(tag, AttributesImpl({}))
    xml.characters(text)
    xml.endElement(tag)
    xml.characters("\n")


def _html(xml: XMLGenerator, tag: str, text: str) -> None:
    with _element(xml, tag, format="html"):
        _leaf(xml, "text", markup.to_html(text))
