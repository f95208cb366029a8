"""Which quizzes an organizer sees and may change, and which events use them."""

from collections.abc import Sequence

import sqlalchemy as sa

from core.db import db
from outreach.campaigns.reach import Reach
from outreach.events.models import Event
from outreach.regions.service import is_within, prefix_of, upwards
from question_bank import composing
from question_bank.models import Quiz


def composed(reach: Reach) -> Sequence[Quiz]:
    """List the composed quizzes that somebody may choose or answers for."""
    return composing.within(upwards(reach.region_code), prefix_of(reach.region_code))


def find(quiz_id: int, reach: Reach) -> Quiz | None:
    """Return a quiz if it is a ready one, or composed for a region above or below."""
    quiz = composing.find(quiz_id)
    if quiz is None or quiz.region_code is None:
        return quiz
    is_near = quiz.region_code in upwards(reach.region_code)
    return quiz if is_near or is_within(quiz.region_code, reach.region_code) else None


def may_change(quiz: Quiz, reach: Reach, organizer_id: int) -> bool:
    """Tell whether somebody may change a quiz: their own, or one of the region they answer for."""
    if quiz.region_code is None:
        return False
    answers_for = reach.body_slug is None and is_within(quiz.region_code, reach.region_code)
    return answers_for or quiz.composed_by == organizer_id


def events_using(quiz_ids: Sequence[int]) -> dict[int, int]:
    """Count the events of each quiz."""
    query = (
        sa.select(Event.quiz_id, sa.func.count().label("number"))
        .where(Event.quiz_id.in_(quiz_ids))
        .group_by(Event.quiz_id)
    )
    return {row.quiz_id: row.number for row in db.session.execute(query)}
