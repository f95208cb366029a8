"""What passes between the formats and whoever asks them: questions, faults and losses. Pure."""

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from question_bank.content import Audience, Question, Style
from question_bank.register import Topic


class FaultCode(enum.StrEnum):
    """What is wrong in a file; `words` holds the sentence of each and thereby its facts."""

    # the whole file
    FILE_TOO_LARGE = "file-too-large"
    ENCODING = "encoding"
    NO_QUESTIONS = "no-questions"
    TOO_MANY_QUESTIONS = "too-many-questions"
    TOO_MANY_FAULTS = "too-many-faults"
    TOO_DEEP = "too-deep"
    # workbooks and tables
    NOT_A_WORKBOOK = "not-a-workbook"
    OLD_OR_LOCKED_WORKBOOK = "old-or-locked-workbook"
    UNPACKS_TOO_LARGE = "unpacks-too-large"
    CSV_QUOTES = "csv-quotes"
    NO_HEADINGS = "no-headings"
    HEADING_NONE = "heading-none"
    HEADING_UNKNOWN = "heading-unknown"
    HEADING_REPEATED = "heading-repeated"
    HEADING_MISSING = "heading-missing"
    FORMULA = "formula"
    CELL_ERROR = "cell-error"
    CELL_CONVERTED = "cell-converted"
    # any text
    CHARACTER = "character"
    TOO_LONG = "too-long"
    PICTURE = "picture"
    # values of a question
    ID_FORM = "id-form"
    ID_TAKEN = "id-taken"
    TOPIC_MISSING = "topic-missing"
    TOPIC_UNKNOWN = "topic-unknown"
    KIND_MISSING = "kind-missing"
    KIND_UNKNOWN = "kind-unknown"
    KIND_NOT_HELD = "kind-not-held"
    STYLE_UNKNOWN = "style-unknown"
    DIFFICULTY_UNKNOWN = "difficulty-unknown"
    AUDIENCE_UNKNOWN = "audience-unknown"
    CITATION_FORM = "citation-form"
    FAMILY_FORM = "family-form"
    YES_NO_UNKNOWN = "yes-no-unknown"
    STEM_MISSING = "stem-missing"
    CHOICES_TOO_FEW = "choices-too-few"
    CHOICES_TOO_MANY = "choices-too-many"
    CHOICE_MISSING = "choice-missing"
    CHOICES_OF_TRUE_FALSE = "choices-of-true-false"
    RIGHT_MISSING = "right-missing"
    RIGHT_UNKNOWN = "right-unknown"
    RIGHT_NOT_A_CHOICE = "right-not-a-choice"
    RIGHT_NOT_ONE = "right-not-one"
    RIGHT_NOT_SEVERAL = "right-not-several"
    # texts with a grammar
    GIFT_BRACES = "gift-braces"
    GIFT_MARK = "gift-mark"
    PARTIAL_CREDIT = "partial-credit"
    WEIGHTS = "weights"
    AIKEN_STRAY_LINE = "aiken-stray-line"
    AIKEN_NO_ANSWER = "aiken-no-answer"
    AIKEN_ORDER = "aiken-order"
    XML_FORM = "xml-form"
    XML_DOCTYPE = "xml-doctype"
    XML_NOT_A_QUIZ = "xml-not-a-quiz"
    YAML_FORM = "yaml-form"
    YAML_ALIAS = "yaml-alias"
    YAML_SHAPE = "yaml-shape"
    KEY_UNKNOWN = "key-unknown"
    KEY_REPEATED = "key-repeated"


class Loss(enum.StrEnum):
    """What a format cannot hold of a question; the last ones leave the whole question out."""

    OTHER_LANGUAGE = "other-language"
    ID = "id"
    TOPIC = "topic"
    STYLE = "style"
    DIFFICULTY = "difficulty"
    AUDIENCE = "audience"
    CITATIONS = "citations"
    FAMILY = "family"
    ORDER = "order"
    EXPLANATION = "explanation"
    LINE_BREAKS = "line-breaks"
    CHARACTERS = "characters"
    LEFT_OUT_LANGUAGE = "left-out-language"
    LEFT_OUT_KIND = "left-out-kind"
    LEFT_OUT_CHOICES = "left-out-choices"


@dataclass(frozen=True, slots=True)
class FormatFault:
    """What is wrong, and where.

    `row` is that of the sheet or the line of the text, from 1; 0 is the file as a whole. `column`
    is the letter of a sheet's column, or empty. `facts` fill the holes of the code's sentence.
    """

    row: int
    column: str
    code: FaultCode
    facts: dict[str, str]


@dataclass(frozen=True, slots=True)
class Parsed:
    """What a file holds: its faultless questions, the row of each by id, and the faults."""

    questions: Sequence[Question]
    places: Mapping[str, int]
    faults: Sequence[FormatFault]


@dataclass(frozen=True, slots=True)
class Written:
    """A file, and by what it could not hold the ids of the questions concerned."""

    data: bytes
    losses: Mapping[Loss, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Usual:
    """What a question has where its file is silent.

    `topics` are those that exist: a file names one by its id or by either name. `locale` is the
    language of a file that holds one only.
    """

    topics: Sequence[Topic] = ()
    topic_id: str = ""
    locale: str = "zh"
    style: Style = Style.RULE
    difficulty: int = 1
    audience: frozenset[Audience] = field(default=frozenset())
