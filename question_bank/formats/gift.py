r"""GIFT, the text format of Moodle: `::title::stem {=right ~wrong ####explanation}`. Pure.

Written after Moodle's documentation and what its importer accepts. An own parser, because no
library is alive (pygiftparser 2017, pygift 2015) or tells where a fault is. Comments hold
`[id:…]` and `[tag:…]`, which Moodle reads too: there goes what GIFT has no place for.
"""

import re
from collections.abc import Iterator, Sequence

from question_bank.content import EMPHASIS, Kind, Question
from question_bank.formats import markup
from question_bank.formats.exchange import FaultCode, Parsed, Usual, Written
from question_bank.formats.one_language import (
    FULL,
    Answer,
    Draft,
    details_of,
    read_draft,
    topic_of,
    weight_text,
    weights,
)
from question_bank.formats.reading import (
    FORBIDDEN,
    LINE_END,
    Reading,
    UnreadableError,
    decode,
    join_lines,
)
from question_bank.formats.writing import Writing

CATEGORY = re.compile(r"\s*\$CATEGORY:([^\n]*)")
COMMENT = re.compile(r"^[ \t]*//[^\n]*", re.MULTILINE)
# Within, a closing bracket has a backslash before it.
COMMENT_ID = re.compile(r"\[id:((?:\\\]|[^\]\[])+)\]")
COMMENT_TAG = re.compile(r"\[tag:((?:\\\]|[^\]\[])+)\]")
TITLE = re.compile(r"\s*::(.*?)::", re.DOTALL)
FORMAT = re.compile(r"\[(html|moodle|plain|markdown)\]", re.IGNORECASE)
ANSWER = re.compile(r"([=~])([^=~]*)")
WEIGHT = re.compile(r"%(-?\d{1,3}(?:\.\d{0,9})?)%")
TRUTH = re.compile(r"(t|true|f|false)\s*(?:#(.*))?", re.IGNORECASE | re.DOTALL)
GAP = "_____"
GENERAL = "####"
# An escaped character stands as one of the private use area, which no text may hold, until the
# grammar has been read.
ESCAPABLE = "\\~=#{}:n"
ESCAPED = re.compile(r"\\([\\~=#{}:n])")
STAND_INS = "".join(chr(0xE000 + index) for index in range(len(ESCAPABLE)))
MEANT = str.maketrans(dict(zip(STAND_INS, ESCAPABLE[:-1] + "\n", strict=True)))
ESCAPES = str.maketrans({c: f"\\{c}" for c in ESCAPABLE[:-1]} | {"\n": "\\n"})


class _RefusedError(Exception):
    """A question cannot be read."""

    def __init__(self, code: FaultCode, row: int, **facts: object) -> None:
        super().__init__(code)
        self.code, self.row, self.facts = code, row, facts


def read(data: bytes, usual: Usual) -> Parsed:
    """Read questions and faults; the row is the line. The texts are in the language `usual.locale`.

    A category whose last part names a topic is the topic of what follows it.
    """
    reading = Reading()
    try:
        topic_id = ""
        for row, block in _blocks(decode(data)):
            text = COMMENT.sub("", block)
            if category := CATEGORY.match(text):
                topic_id = topic_of(category[1], usual)
                before = text.count("\n", 0, category.end())
                text = "\n" * before + text[category.end() :]
            draft = _draft(row, text, reading) if text.strip() else None
            if draft:
                _take_comments("\n".join(COMMENT.findall(block)), draft)
                draft.topic_id = topic_id
                read_draft(draft, usual, reading)
    except UnreadableError as error:
        reading.stop(error)
    return reading.parsed()


def _blocks(text: str) -> Iterator[tuple[int, str]]:
    """Yield what stands between blank lines, with the number of its first line."""
    lines: list[str] = []
    for row, line in enumerate([*LINE_END.sub("\n", text).split("\n"), ""], 1):
        if line.strip():
            lines.append(line)
        elif lines:
            yield row - len(lines), "\n".join(lines)
            lines = []


def _draft(row: int, text: str, reading: Reading) -> Draft | None:
    """Read a question, or note why it cannot be read."""
    if found := FORBIDDEN.search(text):
        line = row + text.count("\n", 0, found.start())
        reading.fault(line, "", FaultCode.CHARACTER, character=f"U+{ord(found[0]):04X}")
        return None
    try:
        return _Block(row, text).draft()
    except _RefusedError as refusal:
        reading.fault(refusal.row, "", refusal.code, **refusal.facts)
        return None


def _take_comments(comments: str, draft: Draft) -> None:
    if identity := COMMENT_ID.search(comments):
        draft.id = identity[1]
    draft.tags = [tag.replace("\\]", "]") for tag in COMMENT_TAG.findall(comments)]


class _Block:
    """One question, its escapes replaced by stand-ins."""

    def __init__(self, row: int, text: str) -> None:
        self.text = ESCAPED.sub(lambda m: STAND_INS[ESCAPABLE.index(m[1])], text)
        self.first = row
        self.row = row + len(text[: -len(text.lstrip())].split("\n")) - 1
        title = TITLE.match(self.text)
        self.begin = title.end() if title else 0
        self.format = "moodle"

    def _row_at(self, offset: int) -> int:
        return self.first + self.text.count("\n", 0, offset)

    def draft(self) -> Draft:
        """Read the question.

        :raises _RefusedError: it is of a kind that is not held here, or not GIFT
        """
        opening = self.text.find("{", self.begin)
        closing = self.text.find("}", self.begin)
        if opening < 0 and closing < 0:
            raise self._not_held("description")
        if closing < opening or opening < 0 or self.text.count("{", opening) > 1:
            raise _RefusedError(FaultCode.GIFT_BRACES, self._row_at(max(opening, closing)))
        if "}" in self.text[closing + 1 :]:
            raise _RefusedError(FaultCode.GIFT_BRACES, self._row_at(self.text.rindex("}")))
        head, tail = self.text[self.begin : opening], self.text[closing + 1 :]
        gap = f"{GAP}{tail}" if tail.strip() else ""
        draft = Draft(self.row, stem=self._formatted(head + gap, self.row, is_stem=True))
        inside = self.text[opening + 1 : closing]
        if GENERAL in inside:
            inside, _mark, general = inside.rpartition(GENERAL)
            draft.explanation = self._formatted(general, self._row_at(opening + len(inside)))
        self._read_answers(inside, opening + 1, draft)
        return draft

    def _read_answers(self, inside: str, offset: int, draft: Draft) -> None:
        bare = inside.strip()
        if truth := TRUTH.fullmatch(bare):
            draft.is_true = truth[1].lower().startswith("t")
            said = [self._formatted(part, self.row) for part in (truth[2] or "").split("#", 1)]
            draft.explanation = "\n".join(part for part in [draft.explanation, *said] if part)
            return
        if not bare:
            raise self._not_held("essay")
        if bare.startswith("#"):
            raise self._not_held("numerical")
        if "~" not in bare:
            is_matching = "=" in bare and "->" in bare
            raise self._not_held("matching" if is_matching else "shortanswer")
        if bare[0] not in "=~":
            raise _RefusedError(FaultCode.GIFT_MARK, self._row_at(offset), value=bare)
        draft.is_single = "=" in bare
        draft.answers = [self._answer(found, offset) for found in ANSWER.finditer(inside)]

    def _answer(self, found: re.Match[str], offset: int) -> Answer:
        row = self._row_at(offset + found.start())
        text, _hash, feedback = found[2].strip().partition("#")
        weight = FULL if found[1] == "=" else 0.0
        if found[1] == "~" and (share := WEIGHT.match(text)):
            weight, text = float(share[1]), text[share.end() :]
        return Answer(self._formatted(text, row), weight, self._formatted(feedback, row), row)

    def _formatted(self, raw: str, row: int, *, is_stem: bool = False) -> str:
        """Read a text in its own format, or that of the stem."""
        text, form = raw.strip(), self.format
        if prefix := FORMAT.match(text):
            form, text = prefix[1].lower(), text[prefix.end() :]
        if is_stem:
            self.format = form
        text = join_lines(text).strip().translate(MEANT)
        try:
            if form == "moodle" and markup.has_tags(text):
                return markup.to_text(text.replace("\n", "<br>"))
            return markup.to_text(text) if form == "html" else text
        except markup.PictureError:
            raise _RefusedError(FaultCode.PICTURE, row) from None
        except markup.HtmlTooLongError:
            facts = {"length": len(text), "limit": markup.MAX_HTML}
            raise _RefusedError(FaultCode.TOO_LONG, row, **facts) from None

    def _not_held(self, kind: str) -> _RefusedError:
        return _RefusedError(FaultCode.KIND_NOT_HELD, self.row, kind=kind)


def write(questions: Sequence[Question], locale: str = "zh") -> Written:
    """Write the questions in one language, by topic as categories."""
    writing = Writing()
    blocks = []
    topic_id = None
    for question in writing.fit_language(questions, locale):
        if question.topic_id != topic_id:
            topic_id = question.topic_id
            blocks.append(f"$CATEGORY: $course$/top/{topic_id}\n")
        blocks.append("\n".join(_block(question, locale)) + "\n")
    return writing.written("\n".join(blocks).encode())


def _block(question: Question, locale: str) -> Iterator[str]:
    tags = [tag.replace("]", "\\]") for tag in details_of(question)]
    yield " ".join([f"// [id:{question.id}]", *(f"[tag:{tag}]" for tag in tags)])
    stem = question.stem.in_(locale)
    form = _format_of(stem)
    head = f"::{question.id}::[{form}]{_escaped(stem, form)}{{"
    explanation = question.explanation.in_(locale)
    general = GENERAL + _text(explanation, form) if explanation else ""
    if question.kind is Kind.TRUE_FALSE:
        yield f"{head}{'TRUE' if question.choices[0].is_right else 'FALSE'}{general}}}"
        return
    yield head
    for choice, weight in zip(question.choices, weights(question), strict=True):
        text = _text(choice.text.in_(locale), form)
        if question.kind is Kind.SINGLE and choice.is_right:
            yield f"\t={text}"
        elif question.kind is Kind.MULTIPLE or WEIGHT.match(text):
            yield f"\t~%{weight_text(weight)}%{text}"
        else:
            yield f"\t~{text}"
    if general:
        yield f"\t{general}"
    yield "}"


def _text(text: str, usual: str) -> str:
    """Write a text, with its format where that is not the stem's or the text looks like one."""
    form = _format_of(text)
    prefix = f"[{form}]" if form != usual or text.startswith("[") else ""
    return prefix + _escaped(text, form)


def _format_of(text: str) -> str:
    return "html" if EMPHASIS.search(text) else "plain"


def _escaped(text: str, form: str) -> str:
    return (markup.to_html(text) if form == "html" else text).translate(ESCAPES)
