"""A form's fields <-> the choices that a participant made. Pure.

On the page a choice is known by its place (`q3=2` is the second choice shown of the third
question), which says nothing about the author's order. At rest the author's indexes are kept,
`0.2.13` for three questions, the last with two choices.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from question_bank.content import Kind
from question_bank.grading import Chosen
from question_bank.selection import Item, Paper

SEPARATOR = "."


@dataclass(frozen=True, slots=True)
class Filled:
    """A form as it was sent: places ticked for each question, and which questions lack an answer.

    `ticked[i]` and `missing` count questions from 0, places within a question from 1.
    """

    ticked: tuple[frozenset[int], ...]
    missing: frozenset[int]


def read(paper: Paper, getlist: Callable[[str], Sequence[str]]) -> Filled:
    """Read `q1`, `q2`, ...; a place that does not exist, or two for one choice, is no answer."""
    ticked = tuple(_places(item, getlist(f"q{n}")) for n, item in enumerate(paper, 1))
    return Filled(ticked, frozenset(n for n, places in enumerate(ticked) if not places))


def _places(item: Item, values: Sequence[str]) -> frozenset[int]:
    known = {str(place) for place in range(1, len(item.order) + 1)}
    if not known.issuperset(values):
        return frozenset()
    places = frozenset(int(value) for value in values)
    if item.question.kind is not Kind.MULTIPLE and len(places) > 1:
        return frozenset()
    return places


def chosen(paper: Paper, filled: Filled) -> Chosen:
    """Return the author's indexes of the places ticked."""
    return tuple(
        frozenset(item.order[place - 1] for place in places)
        for item, places in zip(paper, filled.ticked, strict=True)
    )


def write(choices: Chosen) -> str:
    """Write choices as they are kept."""
    return SEPARATOR.join("".join(str(i) for i in sorted(question)) for question in choices)


def restore(text: str) -> Chosen:
    """Read what `write` wrote."""
    return tuple(frozenset(int(i) for i in question) for question in text.split(SEPARATOR))
