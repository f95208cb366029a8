"""A question of a format that holds one language, with weighted answers. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from string import ascii_uppercase

from question_bank.content import Kind, Question
from question_bank.entries import QUESTION_ID
from question_bank.formats.columns import choice_key
from question_bank.formats.exchange import FaultCode, Usual
from question_bank.formats.reading import Reading
from question_bank.formats.record import MAX_CHOICES, Record, find_topic, read_record

FULL = 100.0
# Moodle writes a third as 33.33333.
ROUNDING = 1.0
# What Moodle keeps as tags of a question for us; `ordered` is one without a value.
TAG_KEYS = ("style", "difficulty", "audience", "cites", "family")
ORDERED = "ordered"


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer: its share of the marks in per cent, and what is said to who gives it."""

    text: str
    weight: float
    feedback: str = ""
    row: int = 0


@dataclass(slots=True)
class Draft:
    """A question as a format of one language has it; `is_true` only where that is the question."""

    row: int
    stem: str = ""
    id: str = ""
    topic_id: str = ""
    is_true: bool | None = None
    is_single: bool = True
    answers: list[Answer] = field(default_factory=list)
    explanation: str = ""
    tags: Sequence[str] = ()
    is_ordered: bool = False


def read_draft(draft: Draft, usual: Usual, reading: Reading) -> None:
    """Add the question of a draft, or its faults.

    An id that is none of ours is another program's, and passed over.

    :raises UnreadableError: the file holds too many questions or faults
    """
    before = reading.fault_count
    right = "" if draft.is_true is not None else _right(draft, reading)
    if reading.fault_count > before:
        return
    locale = usual.locale
    values = {
        "id": draft.id if QUESTION_ID.fullmatch(draft.id) else "",
        "topic": draft.topic_id,
        "kind": _kind(draft, right).value,
        f"stem_{locale}": draft.stem,
        f"explanation_{locale}": _explanation(draft, locale),
        "right": right if draft.is_true is None else str(draft.is_true),
    }
    rows = {}
    if draft.is_true is None:
        for index, answer in enumerate(draft.answers):
            values[choice_key(index, locale)] = answer.text
            rows[choice_key(index, locale)] = answer.row or draft.row
    for key, value in _details(draft.tags):
        values[key] = f"{values[key]};{value}" if key in values else value
    if draft.is_ordered or ORDERED in draft.tags:
        values[ORDERED] = "yes"
    read_record(Record(draft.row, values, rows=rows), usual, reading)


def _kind(draft: Draft, right: str) -> Kind:
    if draft.is_true is not None:
        return Kind.TRUE_FALSE
    return Kind.SINGLE if draft.is_single or len(right) == 1 else Kind.MULTIPLE


def _right(draft: Draft, reading: Reading) -> str:
    """Return the letters of the right answers, if their weights leave no doubt."""
    if len(draft.answers) > MAX_CHOICES:
        reading.fault(draft.row, "", FaultCode.CHOICES_TOO_MANY, limit=MAX_CHOICES)
        return ""
    right = [(n, answer) for n, answer in enumerate(draft.answers) if answer.weight > 0]
    partial = [answer for _n, answer in right if answer.weight < FULL]
    total = sum(answer.weight for _n, answer in right)
    if not right:
        reading.fault(draft.row, "", FaultCode.RIGHT_MISSING, field="right")
    elif not draft.is_single and abs(total - FULL) > ROUNDING:
        reading.fault(draft.row, "", FaultCode.WEIGHTS, value=f"{total:g}")
    elif draft.is_single and partial:
        for answer in partial:
            facts = {"value": answer.text, "weight": f"{answer.weight:g}"}
            reading.fault(answer.row or draft.row, "", FaultCode.PARTIAL_CREDIT, **facts)
    elif draft.is_single and len(right) > 1:
        reading.fault(draft.row, "", FaultCode.RIGHT_NOT_ONE, field="right", count=len(right))
    return "".join(ascii_uppercase[n] for n, _answer in right)


def _explanation(draft: Draft, locale: str) -> str:
    """Put everything that is said after the answer into one text; an editor trims it."""
    colon = "：" if locale == "zh" else ": "
    said = [draft.explanation]
    said += [f"{a.text}{colon}{a.feedback}" for a in draft.answers if a.feedback]
    return "\n".join(part for part in said if part)


def _details(tags: Sequence[str]) -> Iterator[tuple[str, str]]:
    for tag in tags:
        key, colon, value = tag.partition(":")
        if colon and key in TAG_KEYS:
            yield key, value


def details_of(question: Question) -> list[str]:
    """Write as tags what Moodle has no field for."""
    tags = [f"style:{question.style.value}", f"difficulty:{question.difficulty}"]
    tags += [f"audience:{name}" for name in sorted(one.value for one in question.audience)]
    tags += [f"cites:{citation}" for citation in question.citations]
    if question.family:
        tags.append(f"family:{question.family}")
    if is_ordered(question):
        tags.append(ORDERED)
    return tags


def is_ordered(question: Question) -> bool:
    """Tell whether a file must say that choices keep their order: true/false always does."""
    return question.is_ordered and question.kind is not Kind.TRUE_FALSE


def topic_of(category: str, usual: Usual) -> str:
    """Find the topic that the last part of a category names; "" is none: names are free there."""
    return find_topic(category.rpartition("/")[2], usual) or ""


def weights(question: Question) -> list[float]:
    """Return the weight of each choice; in a multiple choice a wrong one costs everything.

    So ticking every box earns nothing in Moodle either.
    """
    count = len(question.right_choices)
    wrong = -FULL if question.kind is Kind.MULTIPLE else 0.0
    return [FULL / count if choice.is_right else wrong for choice in question.choices]


def weight_text(weight: float) -> str:
    """Write a weight with Moodle's five decimals, without those that say nothing."""
    return f"{weight:.5f}".rstrip("0").rstrip(".")
