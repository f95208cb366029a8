"""People who took part on paper or by word of mouth: entered, withdrawn, added up by channel.

They are an organizer's word and stand beside the attempts, never within them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from core import clock
from core.access import Actor
from core.db import db
from outreach.events.models import Event, EventKind, Team
from outreach.tally.models import Channel, OfflineCount

MAX_ENTRIES = 500
MAX_PEOPLE = 100_000
NONE: Mapping[Channel, int] = {}


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """What an organizer vouches for."""

    channel: Channel
    people: int
    local_day: date
    reason: str
    team_id: int | None = None


class Cell(NamedTuple):
    """People of one event, day and channel, with what tells the event from others."""

    event_id: int
    local_day: date
    channel: Channel
    region_code: str
    kind: EventKind
    body_id: int
    quiz_id: int
    people: int


class FutureDayError(Exception):
    """The day has not come yet."""


class OtherTeamError(Exception):
    """The team belongs to another event."""


class TooManyEntriesError(Exception):
    """The event has `MAX_ENTRIES` entries."""


def enter(event: Event, entry: Entry, by: Actor) -> OfflineCount:
    """Write down people who took part away from a phone.

    :raises FutureDayError: their day has not come yet
    :raises OtherTeamError: their team is none of this event
    :raises TooManyEntriesError: there are too many entries already
    """
    at = clock.now()
    if entry.local_day > clock.local_day(at):
        raise FutureDayError
    if entry.team_id is not None:
        team = db.session.get(Team, entry.team_id)
        if team is None or team.event_id != event.id:
            raise OtherTeamError
    query = sa.select(sa.func.count()).where(OfflineCount.event_id == event.id)
    if (db.session.scalar(query) or 0) >= MAX_ENTRIES:
        raise TooManyEntriesError
    row = OfflineCount(
        event_id=event.id,
        team_id=entry.team_id,
        channel=entry.channel,
        people=entry.people,
        local_day=entry.local_day,
        reason=entry.reason,
        entered_by=by.id,
        entered_by_name=by.name,
        entered_at=at,
    )
    db.session.add(row)
    db.session.flush()
    return row


def find(event_id: int, entry_id: int) -> OfflineCount | None:
    """Return an entry of this event; one of another event is unknown."""
    query = sa.select(OfflineCount).where(
        OfflineCount.id == entry_id, OfflineCount.event_id == event_id
    )
    return db.session.scalar(query)


def withdraw(entry: OfflineCount) -> None:
    """Take a mistaken entry out of the sums; it stays readable."""
    if entry.withdrawn_at is None:
        entry.withdrawn_at = clock.now()


def restore(entry: OfflineCount) -> None:
    """Let a withdrawn entry count again."""
    entry.withdrawn_at = None


def of_event(event_id: int) -> Sequence[OfflineCount]:
    """List an event's entries, the newest day first, withdrawn ones among them."""
    query = (
        sa.select(OfflineCount)
        .where(OfflineCount.event_id == event_id)
        .order_by(OfflineCount.local_day.desc(), OfflineCount.id.desc())
        .limit(MAX_ENTRIES)
    )
    return db.session.scalars(query.options(joinedload(OfflineCount.team))).all()


def of_events(event_ids: Sequence[int]) -> dict[int, dict[Channel, int]]:
    """Add up people by event and channel; events without any are left out."""
    people = sa.func.sum(OfflineCount.people)
    query = (
        sa.select(OfflineCount.event_id, OfflineCount.channel, people)
        .where(OfflineCount.event_id.in_(event_ids), OfflineCount.withdrawn_at.is_(None))
        .group_by(OfflineCount.event_id, OfflineCount.channel)
    )
    found: dict[int, dict[Channel, int]] = {}
    for event_id, channel, total in db.session.execute(query):
        found.setdefault(event_id, {})[channel] = int(total)
    return found


def cells(*conditions: sa.ColumnElement[bool]) -> list[Cell]:
    """Add up people by event, day and channel, in one query.

    :param conditions: what must hold of the event or the entry
    """
    keys = (
        OfflineCount.event_id,
        OfflineCount.local_day,
        OfflineCount.channel,
        Event.region_code,
        Event.kind,
        Event.body_id,
        Event.quiz_id,
    )
    query = (
        sa.select(*keys, sa.cast(sa.func.sum(OfflineCount.people), sa.Integer))
        .join(Event, OfflineCount.event_id == Event.id)
        .where(OfflineCount.withdrawn_at.is_(None), *conditions)
        .group_by(*keys)
    )
    return [Cell._make(row) for row in db.session.execute(query)]
