"""Answers added up by question, region and kind, and the shares drawn from them. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Self

from question_bank.edition import Edition
from question_bank.items import FEWEST_ANSWERS, Estimate, places_now, wilson

FEWEST_DEVICES = 10

Numbers = tuple[int, int, int, int]
"""Answers and right ones of first attempts, then of later ones."""
NOTHING: Numbers = (0, 0, 0, 0)


def plus(one: Sequence[int], other: Sequence[int]) -> Any:
    """Add numbers one by one."""
    return tuple(a + b for a, b in zip(one, other, strict=True))


ALL = ""
Spread = tuple[int, int, int, int]
"""Of the first papers that ask for a group: devices, and the sums of n², nr and r² over them."""
NO_SPREAD: Spread = (0, 0, 0, 0)


def topic_group(topic_id: str) -> str:
    """Name the group of a topic's questions."""
    return f"t:{topic_id}"


def statute_group(statute_id: str) -> str:
    """Name the group of the questions that cite a statute."""
    return f"s:{statute_id}"


@lru_cache(maxsize=32)
def groups_of(edition: Edition) -> Mapping[str, tuple[str, ...]]:
    """Return for each question of an edition the groups that it belongs to, each once."""
    return {
        question_id: (
            ALL,
            topic_group(question.topic_id),
            *sorted({statute_group(citation.statute_id) for citation in question.citations}),
        )
        for question_id, question in edition.questions.items()
    }


@dataclass(frozen=True, slots=True)
class Sums:
    """What was answered within a scope, by kind of event.

    `questions` holds numbers by question, `parts` by region and topic, `spreads` by region and
    group. `again` counts the devices that came a second time: devices, then answers and right ones
    of their first paper, then of their second.
    """

    questions: Mapping[str, Mapping[str, Numbers]] = field(default_factory=dict)
    parts: Mapping[str, Mapping[str, Mapping[str, Numbers]]] = field(default_factory=dict)
    spreads: Mapping[str, Mapping[str, Mapping[str, Spread]]] = field(default_factory=dict)
    again: Mapping[str, tuple[int, ...]] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Return plain values."""
        return {name: getattr(self, name) for name in ("questions", "parts", "spreads", "again")}

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Self:
        """Read what `as_json` wrote."""
        return cls(**values)


def added_up(
    answers: Iterable[tuple[str, str, str, Numbers]],
    spreads: Iterable[tuple[str, str, str, Spread]],
    again: Mapping[str, tuple[int, ...]],
    now: Edition,
) -> Sums:
    """Add up rows of kind, region, question (one of `now`) or group, and numbers."""
    questions: dict[str, dict[str, Numbers]] = {}
    parts: dict[str, dict[str, dict[str, Numbers]]] = {}
    for kind, region, question_id, numbers in answers:
        of_kind = questions.setdefault(kind, {})
        of_kind[question_id] = plus(of_kind.get(question_id, NOTHING), numbers)
        topics = parts.setdefault(kind, {}).setdefault(region, {})
        topic_id = now.questions[question_id].topic_id
        topics[topic_id] = plus(topics.get(topic_id, NOTHING), numbers)
    groups: dict[str, dict[str, dict[str, Spread]]] = {}
    for kind, region, group_id, spread in spreads:
        groups.setdefault(kind, {}).setdefault(region, {})[group_id] = spread
    return Sums(questions, parts, groups, again)


@lru_cache(maxsize=32)
def carried(then: Edition, now: Edition) -> frozenset[str]:
    """Return the questions of an older edition whose answers still speak of today's."""
    return frozenset(
        question_id
        for question_id, question in then.questions.items()
        if places_now(question, now.questions.get(question_id)) is not None
    )


@dataclass(frozen=True, slots=True)
class Share:
    """How many answers were right.

    `devices` are those behind the first attempts; where it is not known, as for an article with
    several questions, at least so many. `worth` says how many independent answers an answer is
    worth: less than one where papers hold several that go together.
    """

    answers: int = 0
    right: int = 0
    later_answers: int = 0
    later_right: int = 0
    devices: int = 0
    worth: float = 1.0

    @property
    def is_enough(self) -> bool:
        """Tell whether a share may be told."""
        return self.answers >= FEWEST_ANSWERS and self.devices >= FEWEST_DEVICES

    @property
    def first(self) -> Estimate | None:
        """Share right of first attempts, or None from too few answers."""
        return estimate(self.right, self.answers, self.worth) if self.is_enough else None

    @property
    def later(self) -> Estimate | None:
        """Share right of later attempts, or None from too few answers."""
        if self.later_answers < FEWEST_ANSWERS:
            return None
        return estimate(self.later_right, self.later_answers, self.worth)


def estimate(right: int, answers: int, worth: float) -> Estimate:
    """Estimate a share of answers that are worth so much each.

    Wilson's interval with the effective number of answers, as C. Franco, R. J. A. Little, T. A.
    Louis and E. V. Slud recommend for samples in clusters ("Comparative study of confidence
    intervals for proportions in complex sample surveys", J. Surv. Stat. Methodol. 7 (2019)).
    """
    found = wilson(right * worth, answers * worth)
    share = right / answers
    return Estimate(share, min(found.low, share), max(found.high, share))


def worth_of(right: int, answers: int, spread: Spread) -> float:
    """Return how many independent answers an answer is worth when papers hold several.

    The share is a ratio of sums over devices; its variance is that of the residuals r - pn (W. G.
    Cochran, "Sampling Techniques", 3rd edition, 6.4), here beside that of independent answers.
    Where all or none is right nothing can be estimated: then a device counts as one answer.
    """
    devices, squares, crosses, rights = spread
    if not answers or devices < 2:  # noqa: PLR2004 -- one alone does not vary
        return 1.0
    share = right / answers
    independent = share * (1 - share) * answers
    if not independent:
        return min(devices / answers, 1.0)
    residuals = rights - 2 * share * crosses + share * share * squares
    variance = residuals * devices / (devices - 1)
    return min(independent / variance, 1.0) if variance > 0 else 1.0
