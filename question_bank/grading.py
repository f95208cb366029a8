"""An answer -> a mark. Pure."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from question_bank.selection import Paper

Chosen = tuple[frozenset[int], ...]
"""For each question of a paper, the chosen choices as the author's indexes."""


@dataclass(frozen=True, slots=True)
class Mark:
    """What a paper earned."""

    right: tuple[bool, ...]

    @property
    def points(self) -> int:
        """Number of questions answered rightly."""
        return sum(self.right)

    @property
    def size(self) -> int:
        """Number of questions."""
        return len(self.right)


def is_right(chosen: Collection[int], correct: Collection[int]) -> bool:
    """Tell whether exactly the right choices were chosen.

    A partly right answer earns nothing, so ticking every box never pays.
    """
    return set(chosen) == set(correct)


def mark(paper: Paper, chosen: Sequence[Collection[int]]) -> Mark:
    """Mark a whole paper; `chosen` holds the author's indexes, question by question."""
    return Mark(
        tuple(
            is_right(answer, item.question.right_choices)
            for item, answer in zip(paper, chosen, strict=True)
        )
    )
