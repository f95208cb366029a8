"""Of which events posters can be printed together: those to come or open, or any one alone."""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from core import clock
from core.db import db
from outreach.campaigns.reach import Reach
from outreach.events import service as events
from outreach.events.models import Event
from outreach.events.service import Wanted
from outreach.posters.models import Poster

LISTED = 100
MOST_EVENTS = 2_000


class TooManyEventsError(Exception):
    """More events fit than posters are printed of together."""


@dataclass(frozen=True, slots=True)
class Row:
    """An event and how many of its posters are in use."""

    event: Event
    posters: int


def _fitting(reach: Reach, wanted: Wanted, only: int | None) -> list[sa.ColumnElement[bool]]:
    if only is not None:
        return [events.within(reach), Event.id == only]
    at = clock.now()
    lasts = Event.cancelled_at.is_(None), Event.closes_at > at
    return [events.within(reach), *lasts, *events.conditions(wanted, at)]


def listed(reach: Reach, wanted: Wanted, only: int | None = None) -> tuple[list[Row], int]:
    """List the first `LISTED` events that fit, the next opening first, and how many there are.

    :param only: the one event that is asked for, whatever else is wanted
    """
    conditions = _fitting(reach, wanted, only)
    posters = (
        sa.select(sa.func.count())
        .where(Poster.event_id == Event.id, Poster.withdrawn_at.is_(None))
        .scalar_subquery()
    )
    query = (
        sa.select(Event, posters)
        .where(*conditions)
        .order_by(Event.opens_at, Event.id)
        .limit(LISTED)
        .options(joinedload(Event.region))
    )
    number = db.session.scalar(sa.select(sa.func.count()).select_from(Event).where(*conditions))
    return [Row(*row) for row in db.session.execute(query)], number or 0


def all_ids(reach: Reach, wanted: Wanted, only: int | None = None) -> Sequence[int]:
    """Return all events that fit.

    :raises TooManyEventsError: they are more than `MOST_EVENTS`
    """
    query = sa.select(Event.id).where(*_fitting(reach, wanted, only)).order_by(Event.id)
    found = db.session.scalars(query.limit(MOST_EVENTS + 1)).all()
    if len(found) > MOST_EVENTS:
        raise TooManyEventsError
    return found


def within_reach(reach: Reach, ids: Sequence[int]) -> Sequence[int]:
    """Return those of the events that lie within reach."""
    query = sa.select(Event.id).where(events.within(reach), Event.id.in_(ids))
    return db.session.scalars(query.order_by(Event.id).limit(MOST_EVENTS)).all()
