"""Quizzes that organizers compose: whether an edition can fill them, and keeping them."""

import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa

from core.db import db
from question_bank import models
from question_bank.content import Text
from question_bank.edition import Edition
from question_bank.selection import Blueprint, Counting, Part, QuizNotFillableError, draw, seed_of

MAX_SIZE = 20
LISTED = 200
# Twice as many as are asked for, so that phones side by side get different papers, and a law that
# ends leaves enough.
ROOM = 2
TRIAL_DRAWS = 60


@dataclass(frozen=True, slots=True)
class Draft:
    """What an organizer composed."""

    name: Text
    blueprint: Blueprint
    pass_mark: int
    counting: Counting


@dataclass(frozen=True, slots=True)
class Fit:
    """How many questions of an edition fit a part; questions of one family count as one."""

    part: Part
    found: int

    @property
    def wanted(self) -> int:
        """How many there should be."""
        return self.part.count * ROOM

    @property
    def has_room(self) -> bool:
        """Whether there are enough for papers that differ."""
        return self.found >= self.wanted


class NoRoomError(Exception):
    """A part asks for more than the edition has room for; `index` counts parts from 0.

    None stands for parts that are fillable alone, but take each other's questions.
    """

    def __init__(self, index: int | None, found: int = 0, wanted: int = 0) -> None:
        super().__init__(index, found, wanted)
        self.index, self.found, self.wanted = index, found, wanted


def fits(edition: Edition, blueprint: Blueprint, day: date) -> list[Fit]:
    """Count for each part the questions that may be drawn on a day."""
    drawable = edition.drawable(day)
    return [
        Fit(part, len({q.family or q.id for q in drawable if part.admits(q)}))
        for part in blueprint.parts
    ]


def check_room(edition: Edition, blueprint: Blueprint, day: date) -> None:
    """Make sure that papers can be drawn, and that they differ.

    :raises NoRoomError: they cannot
    """
    for index, fit in enumerate(fits(edition, blueprint, day)):
        if not fit.has_room:
            raise NoRoomError(index, fit.found, fit.wanted)
    try:
        for number in range(TRIAL_DRAWS):
            draw(edition, blueprint, seed_of(day, number))
    except QuizNotFillableError:
        raise NoRoomError(None) from None


def questions_of_topics(edition: Edition, day: date) -> dict[str, int]:
    """Count the questions of each topic that may be drawn on a day."""
    counts: dict[str, int] = {}
    for question in edition.drawable(day):
        counts[question.topic_id] = counts.get(question.topic_id, 0) + 1
    return counts


def find(quiz_id: int) -> models.Quiz | None:
    """Return a quiz of this id."""
    return db.session.get(models.Quiz, quiz_id)


def within(codes: Collection[str], prefix: str) -> Sequence[models.Quiz]:
    """List the composed quizzes that are offered for these regions, or for any below a prefix."""
    query = (
        sa.select(models.Quiz)
        .where(
            models.Quiz.is_offered,
            models.Quiz.region_code.is_not(None),
            sa.or_(models.Quiz.region_code.in_(codes), models.Quiz.region_code.startswith(prefix)),
        )
        .order_by(models.Quiz.id.desc())
        .limit(LISTED)
    )
    return db.session.scalars(query).all()


def compose(draft: Draft, region_code: str, organizer_id: int) -> models.Quiz:
    """Keep a new quiz, offered within a region."""
    return _keep(draft, f"own-{secrets.token_hex(6)}", region_code, organizer_id)


def revise(quiz: models.Quiz, draft: Draft, organizer_id: int) -> models.Quiz:
    """Offer a changed quiz in place of an earlier one, which stays as old papers need it.

    A new name alone is no new quiz.
    """
    same = (quiz.parts, quiz.pass_mark, quiz.counting) == (
        draft.blueprint.as_json(),
        draft.pass_mark,
        draft.counting,
    )
    if same:
        quiz.name_zh, quiz.name_en = draft.name.zh, draft.name.en
        db.session.flush()
        return quiz
    quiz.is_offered = False
    assert quiz.region_code is not None  # noqa: S101 -- a ready quiz is not revised here
    return _keep(draft, quiz.slug, quiz.region_code, organizer_id)


def withdraw(quiz: models.Quiz) -> None:
    """Offer a quiz no longer; events that use it keep it."""
    quiz.is_offered = False
    db.session.flush()


def offer(quiz: models.Quiz) -> None:
    """Offer a quiz again, unless a later version of it is offered."""
    later = sa.select(models.Quiz.id).where(
        models.Quiz.slug == quiz.slug, models.Quiz.is_offered, models.Quiz.id != quiz.id
    )
    if db.session.scalar(later.limit(1)) is None:
        quiz.is_offered = True
        db.session.flush()


def _keep(draft: Draft, slug: str, region_code: str, organizer_id: int) -> models.Quiz:
    quiz = models.Quiz(
        slug=slug,
        name_zh=draft.name.zh,
        name_en=draft.name.en,
        parts=draft.blueprint.as_json(),
        pass_mark=draft.pass_mark,
        counting=draft.counting,
        is_offered=True,
        position=0,
        region_code=region_code,
        composed_by=organizer_id,
    )
    db.session.add(quiz)
    db.session.flush()
    return quiz
