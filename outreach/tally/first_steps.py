"""The way of a newcomer from nothing to the first printed poster, and how far they are."""

from dataclasses import dataclass

import sqlalchemy as sa

from core.db import db
from outreach.campaigns.reach import Reach
from outreach.events.models import Event
from outreach.events.service import within
from outreach.participation.models import Attempt
from outreach.posters.models import Poster
from outreach.tally.rollup_models import DayTally

# Whoever has planned so many needs no guide.
NEWCOMER = 3


@dataclass(frozen=True, slots=True)
class FirstSteps:
    """What is done; `event_id` is the event to go on with."""

    event_id: int | None
    has_poster: bool


def of(reach: Reach, number: int) -> FirstSteps | None:
    """Return how far a newcomer is, or None for everybody else.

    :param number: of events within reach
    """
    if number > NEWCOMER:
        return None
    ids = list(db.session.scalars(sa.select(Event.id).where(within(reach)).order_by(Event.id)))
    if not ids:
        return FirstSteps(None, has_poster=False)
    for counted in (Attempt, DayTally):  # archived attempts are in the rollups alone
        query = sa.select(counted.event_id).where(counted.event_id.in_(ids)).limit(1)
        if db.session.scalar(query):
            return None
    poster = sa.select(Poster.event_id).where(
        Poster.event_id.in_(ids), Poster.withdrawn_at.is_(None)
    )
    hung = db.session.scalar(poster.order_by(Poster.created_at).limit(1))
    return FirstSteps(hung or ids[-1], has_poster=hung is not None)
