"""What changed between two versions of a question, word by word. Pure."""

import difflib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from core.words import N_
from question_bank.content import Question

CODE = "code"
# A Chinese character, a run of Latin letters or digits, or anything else one by one.
TOKEN = re.compile(r"[A-Za-z0-9.]+|\s+|.", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of text that stayed (`same`), went (`removed`) or came (`added`)."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Change:
    """One field that differs; `name` is a sentence to be translated, with `facts` in its holes.

    `language` is that of the text: `zh`, `en`, `CODE` for what no language has, or None for words
    of the page.
    """

    name: str
    facts: dict[str, object]
    language: str | None
    pieces: tuple[Piece, ...]


Say = Callable[[str], str]


def changes(old: Question | None, new: Question, say: Say) -> list[Change]:
    """List the fields that differ, in the order of a form; everything of a new question.

    :param say: gives the page's word for a topic's id, for a value such as `story`, and for
        `ordered` and `shuffled`
    """
    before = dict(_fields(old, say)) if old else {}
    after = dict(_fields(new, say))
    found = []
    for key in [*after, *(key for key in before if key not in after)]:
        then, now = before.get(key, ""), after.get(key, "")
        if then != now:
            name, language, *numbers = key
            facts: dict[str, object] = {"number": numbers[0]} if numbers else {}
            found.append(Change(name, facts, language, tuple(pieces(then, now))))
    return found


Key = tuple[str, str | None] | tuple[str, str | None, int]


def _fields(question: Question, say: Say) -> Iterator[tuple[Key, str]]:
    audience = sorted(member.value for member in question.audience)
    yield (N_("Topic"), None), say(question.topic_id)
    yield (N_("Type"), None), say(question.kind.value)
    yield (N_("Style"), None), say(question.style.value)
    yield (N_("Difficulty"), None), str(question.difficulty)
    yield (N_("Audience"), None), " · ".join(say(member) for member in audience)
    yield (N_("Citations"), CODE), ", ".join(str(citation) for citation in question.citations)
    yield (N_("Stem (Chinese)"), "zh"), question.stem.zh
    yield (N_("Stem (English)"), "en"), question.stem.en
    for number, choice in enumerate(question.choices, 1):
        mark = "✓ " if choice.is_right else ""
        yield (N_("Choice %(number)s (Chinese)"), "zh", number), mark + choice.text.zh
        yield (N_("Choice %(number)s (English)"), "en", number), mark + choice.text.en
    yield (N_("Explanation (Chinese)"), "zh"), question.explanation.zh
    yield (N_("Explanation (English)"), "en"), question.explanation.en
    yield (N_("Family"), CODE), question.family or ""
    yield (N_("Order of choices"), None), say("ordered" if question.is_ordered else "shuffled")


def pieces(old: str, new: str) -> Iterator[Piece]:
    """Compare two texts; by character in Chinese, by word in English."""
    then, now = TOKEN.findall(old), TOKEN.findall(new)
    matcher = difflib.SequenceMatcher(None, then, now, autojunk=False)
    for operation, a, b, c, d in matcher.get_opcodes():
        if operation == "equal":
            yield Piece("same", "".join(then[a:b]))
            continue
        if a < b:
            yield Piece("removed", "".join(then[a:b]))
        if c < d:
            yield Piece("added", "".join(now[c:d]))
