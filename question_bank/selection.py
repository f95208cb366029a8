"""Which questions a paper holds, in which order: a pure function of edition, quiz and seed.

Papers are never stored, so what is here must give the same paper for the same seed for ever:
receipts are drawn anew from it. A change of the rule is a new rule beside the old one, not an
edit. Only `random.Random.random()` is used, the one method whose sequence Python guarantees.
"""

import enum
import random
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Any, Self

from question_bank.content import Audience, Question, Text
from question_bank.edition import Edition

EPOCH = date(2020, 1, 1)
RANDOM_BITS = 40


class Counting(enum.StrEnum):
    """How often one phone counts at an event."""

    ONCE = "once"
    DAILY = "daily"
    ALWAYS = "always"


class QuizNotFillableError(Exception):
    """The edition has too few questions for a part of the quiz."""

    def __init__(self, topics: Sequence[str], wanted: int, found: int) -> None:
        super().__init__(f"{wanted} wanted, {found} found in {', '.join(topics)}")
        self.topics, self.wanted, self.found = topics, wanted, found


@dataclass(frozen=True, slots=True)
class Part:
    """So many questions out of these topics; no difficulty or audience named means any."""

    count: int
    topics: tuple[str, ...]
    difficulty: frozenset[int] = frozenset()
    audience: frozenset[Audience] = frozenset()

    def admits(self, question: Question) -> bool:
        """Tell whether a question fits this part."""
        return (
            question.topic_id in self.topics
            and (not self.difficulty or question.difficulty in self.difficulty)
            and (not self.audience or not self.audience.isdisjoint(question.audience))
        )


@dataclass(frozen=True, slots=True)
class Blueprint:
    """What a quiz asks for, part by part."""

    parts: tuple[Part, ...]

    @property
    def size(self) -> int:
        """Number of questions of a paper."""
        return sum(part.count for part in self.parts)

    def as_json(self) -> list[dict[str, Any]]:
        """Return plain values."""
        return [
            {
                "count": part.count,
                "topics": list(part.topics),
                "difficulty": sorted(part.difficulty),
                "audience": sorted(member.value for member in part.audience),
            }
            for part in self.parts
        ]

    @classmethod
    def from_json(cls, values: Sequence[dict[str, Any]]) -> Self:
        """Read what `as_json` wrote."""
        return cls(
            tuple(
                Part(
                    count=part["count"],
                    topics=tuple(part["topics"]),
                    difficulty=frozenset(part.get("difficulty", ())),
                    audience=frozenset(Audience(name) for name in part.get("audience", ())),
                )
                for part in values
            )
        )


@dataclass(frozen=True, slots=True)
class Item:
    """One question of a paper; `order[i]` is the author's index of the choice shown at place i."""

    question: Question
    order: tuple[int, ...]


Paper = tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Quiz:
    """A blueprint with its pass mark (questions answered rightly) and how often a phone counts."""

    id: int
    name: Text
    blueprint: Blueprint
    pass_mark: int
    counting: Counting


def new_seed(day: date) -> int:
    """Make a seed for a paper drawn on a day.

    The day is part of the seed: which statutes are in force, and so which questions may be
    drawn, then follows from the seed alone.
    """
    return seed_of(day, secrets.randbits(RANDOM_BITS))


def seed_of(day: date, number: int) -> int:
    """Return the seed of a day that a number below 2^40 stands for."""
    return ((day - EPOCH).days << RANDOM_BITS) | number


def day_of(seed: int) -> date:
    """Return the day that a seed was made for.

    :raises OverflowError: the number is no seed of ours
    """
    return EPOCH + timedelta(days=seed >> RANDOM_BITS)


def draw(edition: Edition, blueprint: Blueprint, seed: int) -> Paper:
    """Draw a paper.

    :raises QuizNotFillableError: the edition has too few questions for a part
    """
    chance = random.Random(seed)  # noqa: S311 -- fairness, not secrecy; the seed is unguessable
    pools = _pools(edition, blueprint, day_of(seed))
    taken: list[Question] = []
    used: set[str] = set()
    for part, pool in zip(blueprint.parts, pools, strict=True):
        taken += _pick(pool, part, used, chance)
    _shuffle(taken, chance)
    return tuple(Item(question, _order(question, chance)) for question in taken)


@lru_cache(maxsize=256)
def _pools(edition: Edition, blueprint: Blueprint, day: date) -> tuple[tuple[Question, ...], ...]:
    drawable = edition.drawable(day)
    return tuple(tuple(q for q in drawable if part.admits(q)) for part in blueprint.parts)


def _pick(
    pool: Sequence[Question], part: Part, used: set[str], chance: random.Random
) -> list[Question]:
    """Pick without bias: walk through the pool in random order, shuffling only as far as needed."""
    picked: list[Question] = []
    places = list(range(len(pool)))
    for turn in range(len(places)):
        if len(picked) == part.count:
            break
        other = turn + int(chance.random() * (len(places) - turn))
        places[turn], places[other] = places[other], places[turn]
        question = pool[places[turn]]
        family = question.family or question.id
        if family not in used:
            used.add(family)
            picked.append(question)
    if len(picked) < part.count:
        raise QuizNotFillableError(part.topics, part.count, len(picked))
    return picked


def _order(question: Question, chance: random.Random) -> tuple[int, ...]:
    order = list(range(len(question.choices)))
    if not question.is_ordered:
        _shuffle(order, chance)
    return tuple(order)


def _shuffle(things: list[Any], chance: random.Random) -> None:
    """Fisher and Yates's shuffle, on `random()` alone."""
    for last in range(len(things) - 1, 0, -1):
        other = int(chance.random() * (last + 1))
        things[last], things[other] = things[other], things[last]
