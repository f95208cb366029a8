"""The words of one question, as a file has them <-> the question. Pure."""

import hashlib
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from string import ascii_lowercase, ascii_uppercase

from question_bank.content import TRUE_FALSE, Audience, Choice, Citation, Kind, Question, Text
from question_bank.entries import QUESTION_ID
from question_bank.formats import names
from question_bank.formats.columns import LOCALES, choice_key
from question_bank.formats.exchange import FaultCode, Usual
from question_bank.formats.reading import Reading, text_fault, tidy

MIN_CHOICES, MAX_CHOICES = 2, len(ascii_uppercase)
MAX_ID = 80
MAX_FAMILY = 60
HASH_LENGTH = 12
FAMILY = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
# What does not count in a stem that makes an id, once width is folded. Signs such as - and % do.
POINTS = re.compile(r"[\s,.;:?!()'\"*、。“”‘’《》_]+")
LETTER_SEPARATORS = re.compile(r"[\s;,、.]+")


@dataclass(frozen=True, slots=True)
class Record:
    """The words of one question by column key, and where they stand.

    A value stands at its own row in `rows`, else at `row`, and in its column in `columns`, if any.
    """

    row: int
    values: Mapping[str, str]
    columns: Mapping[str, str] = field(default_factory=dict)
    rows: Mapping[str, int] = field(default_factory=dict)


def read_record(record: Record, usual: Usual, reading: Reading) -> None:
    """Add the question of a record, or its faults.

    :raises UnreadableError: the file holds too many questions
    """
    before = reading.fault_count
    question = _Builder(record, usual, reading).question()
    if question is not None and reading.fault_count == before:
        reading.add(question, record.row)


class _Builder:
    """Reads one record; notes every fault it meets and goes on with something harmless."""

    def __init__(self, record: Record, usual: Usual, reading: Reading) -> None:
        self.record, self.usual, self.reading = record, usual, reading
        self.faulty: set[str] = set()
        self.values = {key: self._tidied(key, text) for key, text in record.values.items()}

    def _tidied(self, key: str, value: str) -> str:
        text = tidy(value)
        if found := text_fault(text):
            code, facts = found
            self._fault(key, code, **facts)
            return ""
        return text

    def _fault(self, key: str, code: FaultCode, **facts: object) -> None:
        row = self.record.rows.get(key, self.record.row)
        self.reading.fault(row, self.record.columns.get(key, ""), code, field=key, **facts)
        self.faulty.add(key)

    def _value(self, key: str) -> str:
        return self.values.get(key, "")

    def _text(self, key: str) -> Text:
        return Text(self._value(f"{key}_zh"), self._value(f"{key}_en"))

    def question(self) -> Question | None:
        """Return the question; None where not even its kind is known."""
        topic_id, kind, stem = self._topic_id(), self._kind(), self._stem()
        question_id = self._id(topic_id, stem)
        style = self._member("style", names.STYLES, names.OTHER_STYLES, FaultCode.STYLE_UNKNOWN)
        difficulty, audience = self._difficulty(), self._audience()
        citations, family, is_ordered = tuple(self._citations()), self._family(), self._is_ordered()
        if kind is None:
            return None
        return Question(
            id=question_id,
            topic_id=topic_id,
            kind=kind,
            style=style or self.usual.style,
            difficulty=difficulty,
            audience=audience,
            citations=citations,
            stem=stem,
            choices=self._choices(kind),
            explanation=self._text("explanation"),
            is_ordered=is_ordered or kind is Kind.TRUE_FALSE,
            family=family,
        )

    def _stem(self) -> Text:
        stem = self._text("stem")
        if not stem.zh and not stem.en and not self.faulty & {"stem_zh", "stem_en"}:
            key = f"stem_{self.usual.locale}"
            self._fault(key if key in self.values else "stem_zh", FaultCode.STEM_MISSING)
        return stem

    def _id(self, topic_id: str, stem: Text) -> str:
        question_id = self._value("id")
        if not question_id:
            return made_id(topic_id, stem)
        if len(question_id) > MAX_ID or not QUESTION_ID.fullmatch(question_id):
            self._fault("id", FaultCode.ID_FORM, value=question_id)
        return question_id

    def _topic_id(self) -> str:
        value = self._value("topic")
        if not value:
            if not self.usual.topic_id:
                self._fault("topic", FaultCode.TOPIC_MISSING)
            return self.usual.topic_id
        found = find_topic(value, self.usual)
        if found is None:
            self._fault("topic", FaultCode.TOPIC_UNKNOWN, value=value)
        return found or ""

    def _kind(self) -> Kind | None:
        if not self._value("kind"):
            self._fault("kind", FaultCode.KIND_MISSING)
            return None
        return self._member("kind", names.KINDS, names.OTHER_KINDS, FaultCode.KIND_UNKNOWN)

    def _member(
        self,
        key: str,
        known: Mapping[names.Member, Text],
        others: Mapping[str, names.Member],
        code: FaultCode,
    ) -> names.Member | None:
        value = self._value(key)
        found = names.member(value, known, others) if value else None
        if value and found is None:
            self._fault(key, code, value=value)
        return found

    def _difficulty(self) -> int:
        value = self._value("difficulty")
        if not value:
            return self.usual.difficulty
        found = names.DIFFICULTIES.get(names.folded(value))
        if found is None:
            self._fault("difficulty", FaultCode.DIFFICULTY_UNKNOWN, value=value)
        return found or self.usual.difficulty

    def _audience(self) -> frozenset[Audience]:
        parts = names.split(self._value("audience"))
        found = set()
        for part in parts:
            one = names.member(part, names.AUDIENCES, names.OTHER_AUDIENCES)
            if one is None:
                self._fault("audience", FaultCode.AUDIENCE_UNKNOWN, value=part)
            else:
                found.add(one)
        return frozenset(found) if parts else self.usual.audience

    def _citations(self) -> Iterator[Citation]:
        for part in names.split(self._value("cites")):
            written = "".join(unicodedata.normalize("NFKC", part).split())
            try:
                citation = Citation.parse(written)
            except ValueError:
                citation = None
            if citation is None or str(citation) != written:
                self._fault("cites", FaultCode.CITATION_FORM, value=part)
            else:
                yield citation

    def _family(self) -> str | None:
        family = self._value("family")
        if family and (len(family) > MAX_FAMILY or not FAMILY.fullmatch(family)):
            self._fault("family", FaultCode.FAMILY_FORM, value=family)
        return family or None

    def _is_ordered(self) -> bool:
        value = self._value("ordered")
        found = names.is_true(value)
        if value and found is None:
            self._fault("ordered", FaultCode.YES_NO_UNKNOWN, value=value)
        return bool(found)

    def _choices(self, kind: Kind) -> tuple[Choice, ...]:
        texts = self._choice_texts()
        if self.faulty & {choice_key(n, locale) for n in range(MAX_CHOICES) for locale in LOCALES}:
            return ()
        if kind is Kind.TRUE_FALSE:
            return self._true_false(texts)
        if len(texts) < MIN_CHOICES:
            place = choice_key(len(texts), self.usual.locale)
            self._fault(place, FaultCode.CHOICES_TOO_FEW, limit=MIN_CHOICES, count=len(texts))
            return ()
        right = self._right(kind, len(texts))
        return tuple(Choice(text, n in right) for n, text in enumerate(texts))

    def _choice_texts(self) -> list[Text]:
        texts = [self._text(f"choice_{letter}") for letter in ascii_lowercase]
        count = max((n + 1 for n, text in enumerate(texts) if text.zh or text.en), default=0)
        for n, text in enumerate(texts[:count]):
            key = choice_key(n, self.usual.locale)
            if not text.zh and not text.en and not self.faulty & _choice_keys(n):
                self._fault(key, FaultCode.CHOICE_MISSING, letter=ascii_uppercase[n])
        return texts[:count]

    def _right(self, kind: Kind, count: int) -> set[int]:
        value = self._value("right")
        letters = LETTER_SEPARATORS.sub("", names.folded(value))
        if not letters:
            self._fault("right", FaultCode.RIGHT_MISSING)
        elif not all(letter in ascii_lowercase for letter in letters):
            self._fault("right", FaultCode.RIGHT_UNKNOWN, value=value)
        else:
            right = {ascii_lowercase.index(letter) for letter in letters}
            if max(right) >= count:
                letter = ascii_uppercase[max(right)]
                self._fault("right", FaultCode.RIGHT_NOT_A_CHOICE, letter=letter)
            elif kind is Kind.SINGLE and len(right) != 1:
                self._fault("right", FaultCode.RIGHT_NOT_ONE, count=len(right))
            elif kind is Kind.MULTIPLE and len(right) == 1:
                self._fault("right", FaultCode.RIGHT_NOT_SEVERAL)
            return right
        return set()

    def _true_false(self, texts: list[Text]) -> tuple[Choice, ...]:
        """Read the answer, 对 or 错; also A or B beside two choices that say just that."""
        value = self._value("right")
        answer = names.is_true(value)
        if texts:
            said = [names.is_true(text.zh or text.en) for text in texts]
            if sorted(said, key=str) != [False, True]:
                self._fault(choice_key(0, self.usual.locale), FaultCode.CHOICES_OF_TRUE_FALSE)
                return ()
            letter = names.folded(value)
            if letter in {"a", "b"}:
                answer = said["ab".index(letter)]
        if not value:
            self._fault("right", FaultCode.RIGHT_MISSING)
        elif answer is None:
            self._fault("right", FaultCode.RIGHT_UNKNOWN, value=value)
        return tuple(Choice(t, a is answer) for t, a in zip(TRUE_FALSE, (True, False), strict=True))


def _choice_keys(index: int) -> set[str]:
    return {choice_key(index, locale) for locale in LOCALES}


def find_topic(value: str, usual: Usual) -> str | None:
    """Find a topic by its id or by either name."""
    wanted = names.plain(value)
    for topic in usual.topics:
        if wanted and wanted in {names.plain(n) for n in (topic.id, topic.name.zh, topic.name.en)}:
            return topic.id
    return None


def made_id(topic_id: str, stem: Text) -> str:
    """Make the id of a question that has none: the same for the same topic and words of the stem.

    White space, punctuation, width and letter case do not count, so that a file that was sent
    again after a comma was mended changes its questions and adds none.
    """
    words = POINTS.sub("", names.folded(stem.zh or stem.en))
    digest = hashlib.sha256(words.encode("utf-8", "surrogatepass")).hexdigest()
    return f"{topic_id}-{digest[:HASH_LENGTH]}"
