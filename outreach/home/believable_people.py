"""The people of a believable campaign: when their phones come, and what they answer.

A person has a skill, a question a difficulty, and the chance of a right answer follows from both
with a share of guessing (the three-parameter logistic model: A. Birnbaum in F. M. Lord and M. R.
Novick, "Statistical theories of mental test scores", 1968). Papers come from a stock of drawn
seeds, so that three hundred thousand people need not draw three hundred thousand papers.
"""

import math
import random
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from itertools import accumulate, islice
from typing import NamedTuple

from outreach.events.models import EventKind
from outreach.home.believable_plan import Area, Outline, Slot
from outreach.participation import answers
from question_bank.content import Kind, Question
from question_bank.edition import Edition
from question_bank.selection import RANDOM_BITS, Counting, Quiz, draw, seed_of

PAPERS_A_DAY = 48
# Skill in steps of a fifth of a logit, from -4 to 4.
STEP, HIGHEST = 0.2, 4.0
LEVELS = round(2 * HIGHEST / STEP) + 1
MIDDLE = LEVELS // 2
LEARNT = 2
SKILL = {
    EventKind.CAMPUS: 0.1,
    EventKind.FACTORY: -0.5,
    EventKind.COMMUNITY: -0.6,
    EventKind.ONLINE: -0.2,
}
# What a kind of event knows better or worse than others, in steps.
AT_HOME: Mapping[EventKind, Mapping[str, int]] = {
    EventKind.CAMPUS: {"auto-three-guarantees": -4, "food-safety": 1, "intellectual-property": 2},
    EventKind.FACTORY: {"product-quality": 3, "quality-methods": 4, "standards": 2},
    EventKind.COMMUNITY: {"food-safety": 3, "consumer-rights": 3, "quality-methods": -3},
    EventKind.ONLINE: {},
}
AGAIN, AGAIN_TOMORROW, MOST_AGAIN = 0.24, 0.55, 4
GUESSING_SEVERAL = 0.06
WRONG_ANSWERS = 12


class Visit(NamedTuple):
    """One attempt, all but its event; `place` is that of the poster among the event's."""

    id: uuid.UUID
    place: int
    area: Area
    seed: int
    answers: str
    points: int
    size: int
    device_key: bytes
    sequence: int
    counted: bool
    local_day: date
    submitted_at: datetime


class _Asked(NamedTuple):
    """A question as people meet it: chance of being right by level, answers as they are kept."""

    topic_id: str
    chances: Sequence[float]
    right: str
    wrong: Sequence[str]


@dataclass(frozen=True)
class Bank:
    """What people find hard in an edition, and the papers that were drawn from it."""

    edition: Edition
    seed: int

    @cached_property
    def asked(self) -> dict[str, _Asked]:
        """Questions by id; how hard they are follows from `seed`."""
        chance = random.Random(self.seed)  # noqa: S311 -- a demonstration's chance
        topics = {topic.id: chance.gauss(0, 0.4) for topic in self.edition.topics}
        statutes = {name: chance.gauss(0, 0.4) for name in sorted(self.edition.statutes)}
        return {
            name: _asked(question, topics[question.topic_id], statutes, chance)
            for name, question in sorted(self.edition.questions.items())
        }

    @cached_property
    def _stock(self) -> dict[tuple[int, date], list[tuple[int, tuple[_Asked, ...]]]]:
        return {}

    def skill(self, area: Area) -> float:
        """Return how much more the people of a prefecture know than others, in logits."""
        return random.Random(f"{self.seed} {area.code[:4]}").gauss(0, 0.25)  # noqa: S311 -- as above

    def papers(self, quiz: Quiz, day: date) -> list[tuple[int, tuple[_Asked, ...]]]:
        """Return seeds and papers of a quiz and day, drawn as for anybody."""
        key = (quiz.id, day)
        if key not in self._stock:
            chance = random.Random(f"{self.seed} {quiz.id} {day}")  # noqa: S311 -- as above
            numbers = [chance.getrandbits(RANDOM_BITS) for _ in range(PAPERS_A_DAY)]
            seeds = [seed_of(day, number) for number in numbers]
            self._stock[key] = [
                (
                    seed,
                    tuple(
                        self.asked[i.question.id] for i in draw(self.edition, quiz.blueprint, seed)
                    ),
                )
                for seed in seeds
            ]
        return self._stock[key]


def _asked(
    question: Question, topic: float, statutes: Mapping[str, float], chance: random.Random
) -> _Asked:
    cited = [statutes[citation.statute_id] for citation in question.citations]
    ease = topic + sum(cited) / max(len(cited), 1) + chance.gauss(0, 0.5)
    difficulty = 0.8 * (question.difficulty - 2) - ease
    is_several = question.kind is Kind.MULTIPLE
    guessed = GUESSING_SEVERAL if is_several else 1 / len(question.choices)
    chances = [
        guessed + (1 - guessed) / (1 + math.exp(difficulty - (level - MIDDLE) * STEP))
        for level in range(LEVELS)
    ]
    wrong = _several_wrong(question, chance) if is_several else _one_wrong(question, chance)
    return _Asked(question.topic_id, chances, answers.write((question.right_choices,)), wrong)


def _one_wrong(question: Question, chance: random.Random) -> list[str]:
    """Draw wrong answers: some look likelier than others."""
    places = [i for i in range(len(question.choices)) if i not in question.right_choices]
    weights = [chance.lognormvariate(0, 0.6) for _ in places]
    return [str(i) for i in chance.choices(places, weights, k=WRONG_ANSWERS)]


def _several_wrong(question: Question, chance: random.Random) -> list[str]:
    """Draw wrong answers: mostly the right ones with one more or one less."""
    found: list[str] = []
    while len(found) < WRONG_ANSWERS:
        chosen = question.right_choices ^ {chance.randrange(len(question.choices))}
        if chosen:
            found.append(answers.write((chosen,)))
    return found


def visits(
    outline: Outline, shares: Sequence[float], bank: Bank, quiz: Quiz, chance: random.Random
) -> list[Visit]:
    """Return the attempts of an event, the earliest first.

    :param shares: how likely a phone scans each of the event's posters
    """
    if not outline.attempts:
        return []
    found = list(islice(_all_visits(outline, shares, bank, quiz, chance), outline.attempts))
    return sorted(found, key=lambda visit: visit.submitted_at)


def _all_visits(
    outline: Outline, shares: Sequence[float], bank: Bank, quiz: Quiz, chance: random.Random
) -> Iterator[Visit]:
    """Yield the attempts of one phone after another, without end."""
    slots = outline.slots
    slot_weights = list(accumulate(slot.weight for slot in slots))
    poster_weights = list(accumulate(shares))
    area_weights = list(accumulate(area.weight for area in outline.areas))
    shift = dict.fromkeys(bank.edition.topics_by_id, 0) | dict(AT_HOME[outline.kind])
    event_skill = SKILL[outline.kind] + chance.gauss(0, 0.25)
    area_skill = {area.code: event_skill + bank.skill(area) for area in outline.areas}
    posters = range(len(shares))
    while True:
        slot = chance.choices(slots, cum_weights=slot_weights)[0]
        place = chance.choices(posters, cum_weights=poster_weights)[0]
        area = chance.choices(outline.areas, cum_weights=area_weights)[0]
        key = chance.randbytes(16)
        level = MIDDLE + round(chance.gauss(area_skill[area.code], 0.8) / STEP)
        counted_on: set[date] = set()
        first_paper = chance.randrange(PAPERS_A_DAY)
        for sequence, (day, at) in enumerate(_moments(slot, slots, quiz, chance), 1):
            seed, paper = bank.papers(quiz, day)[(first_paper + sequence) % PAPERS_A_DAY]
            texts, points = _answered(paper, level, shift, chance)
            may_count = day not in counted_on if quiz.counting is Counting.DAILY else not counted_on
            if may_count:
                counted_on.add(day)
            yield Visit(
                id=uuid.UUID(int=chance.getrandbits(128), version=4),
                place=place,
                area=area,
                seed=seed,
                answers=answers.SEPARATOR.join(texts),
                points=points,
                size=len(paper),
                device_key=key,
                sequence=sequence,
                counted=may_count or quiz.counting is Counting.ALWAYS,
                local_day=day,
                submitted_at=at,
            )
            level += LEARNT


def _moments(
    slot: Slot, slots: Sequence[Slot], quiz: Quiz, chance: random.Random
) -> Iterator[tuple[date, datetime]]:
    """Yield day and moment of the attempts of a phone that comes first within a slot.

    Who comes again does so within minutes; with a daily quiz, on other days.
    """
    passed = chance.random() * slot.seconds
    yield slot.local_day, slot.begins_at + timedelta(seconds=passed)
    if quiz.counting is Counting.DAILY:
        for later in slots:
            is_later_day = later.local_day > slot.local_day
            if is_later_day and later.begins_at.hour == slot.begins_at.hour:
                if chance.random() > AGAIN_TOMORROW:
                    return
                seconds = chance.random() * later.seconds
                yield later.local_day, later.begins_at + timedelta(seconds=seconds)
        return
    for _turn in range(MOST_AGAIN):
        passed += chance.uniform(60, 900)
        if chance.random() > AGAIN or passed >= slot.seconds:
            return
        yield slot.local_day, slot.begins_at + timedelta(seconds=passed)


def _answered(
    paper: Sequence[_Asked], level: int, shift: Mapping[str, int], chance: random.Random
) -> tuple[list[str], int]:
    """Return answers as they are kept, and how many are right."""
    texts, points, draw_number = [], 0, chance.random
    for asked in paper:
        at = min(max(level + shift[asked.topic_id], 0), LEVELS - 1)
        if draw_number() < asked.chances[at]:
            texts.append(asked.right)
            points += 1
        else:
            texts.append(asked.wrong[int(draw_number() * WRONG_ANSWERS)])
    return texts, points
