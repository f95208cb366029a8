"""The public calendar: which events of a campaign it shows, by day. For everybody, so it asks no
right; and bounded, whatever is asked."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from core import clock
from core.db import db
from outreach.campaigns.models import Body, Campaign
from outreach.events.models import Event, EventKind
from outreach.regions.service import prefix_of

PAGE_SIZE = 60
MAX_PAGE = 200
MAX_COUNTED = 10_000
MAX_FED = 2_000
LISTED_OF_ROW = 6
LISTED_COMING = 6
DAY = timedelta(days=1)


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """Which events of a campaign to show; an empty value asks for all.

    :param separate: the campaign's separately reported regions, left out of those above them
    """

    campaign_id: int
    region_code: str = ""
    body_slug: str = ""
    kind: EventKind | None = None
    separate: frozenset[str] = frozenset()

    def condition(self) -> sa.ColumnElement[bool]:
        """Return the condition for the events that are wanted."""
        conditions = [Event.campaign_id == self.campaign_id]
        if self.region_code:
            conditions.append(Event.region_code.startswith(prefix_of(self.region_code)))
            apart = self.separate - {self.region_code}
            if apart and not self.region_code.endswith("0000"):
                conditions.append(Event.region_code.not_in(apart))
        if self.body_slug:
            conditions.append(Event.body.has(Body.slug == self.body_slug))
        if self.kind:
            conditions.append(Event.kind == self.kind)
        return sa.and_(*conditions)


@dataclass(frozen=True, slots=True)
class Row:
    """The open events of a row of the campaign: the first few, and how many there are."""

    region_code: str
    events: Sequence[Event]
    number: int


def start_of(day: date) -> datetime:
    """Return the moment at which a day begins where the campaign is."""
    return datetime.combine(day, time(), clock.campaign_zone()).astimezone(UTC)


def from_day(wanted: Wanted, day: date, page: int) -> tuple[Sequence[Event], bool]:
    """List events that are not over before a day, and whether more follow.

    Those that began before it come first, the one that ends first leading; then by opening.
    """
    start = start_of(day)
    has_begun = Event.opens_at < start
    query = (
        sa.select(Event)
        .where(wanted.condition(), Event.closes_at > start)
        .order_by(
            sa.case((has_begun, 0), else_=1),
            sa.case((has_begun, Event.closes_at), else_=Event.opens_at),
            Event.id,
        )
        .offset((min(page, MAX_PAGE) - 1) * PAGE_SIZE)
        .limit(PAGE_SIZE + 1)
        .options(joinedload(Event.region), joinedload(Event.body))
    )
    rows = db.session.scalars(query).all()
    return rows[:PAGE_SIZE], len(rows) > PAGE_SIZE


def openings(wanted: Wanted, first: date, last: date) -> dict[date, int]:
    """Count the events that open on each day from `first` to `last`; days without any are left out.

    Cancelled ones are not counted. Days are those of the campaign's zone, which a database cannot
    tell on its own, so the moments are read: of the first `MAX_COUNTED` events.
    """
    query = (
        sa.select(Event.opens_at)
        .where(
            wanted.condition(),
            Event.cancelled_at.is_(None),
            Event.opens_at >= start_of(first),
            Event.opens_at < start_of(last + DAY),
        )
        .order_by(Event.opens_at)
        .limit(MAX_COUNTED)
    )
    found: dict[date, int] = {}
    for opens_at in db.session.scalars(query):
        day = clock.local_day(opens_at)
        found[day] = found.get(day, 0) + 1
    return found


def fed(wanted: Wanted, at: datetime) -> Sequence[Event]:
    """List what a calendar program gets, by opening: at most `MAX_FED`, first what is not over."""
    is_over = Event.closes_at <= at
    query = (
        sa.select(Event)
        .where(wanted.condition())
        .order_by(sa.case((is_over, 1), else_=0), Event.opens_at, Event.id)
        .limit(MAX_FED)
        .options(joinedload(Event.region), joinedload(Event.body))
    )
    return sorted(db.session.scalars(query), key=lambda event: (event.opens_at, event.id))


def coming(campaign_id: int, at: datetime) -> Sequence[Event]:
    """List the next few events that open after a moment."""
    query = (
        sa.select(Event)
        .where(Event.campaign_id == campaign_id, Event.opens_at > at, Event.cancelled_at.is_(None))
        .order_by(Event.opens_at, Event.id)
        .limit(LISTED_COMING)
        .options(joinedload(Event.region), joinedload(Event.body))
    )
    return db.session.scalars(query).all()


def open_rows(campaign: Campaign, separate: frozenset[str], at: datetime) -> list[Row]:
    """List the open events by the campaign's rows: province, prefectures and separate regions."""
    prefecture = sa.func.substr(Event.region_code, 1, 4, type_=sa.String) + "00"
    row = sa.case((Event.region_code.in_(separate), Event.region_code), else_=prefecture)
    order = (Event.closes_at, Event.id)
    ranked = (
        sa.select(
            Event.id,
            row.label("row_code"),
            sa.func.row_number().over(partition_by=row, order_by=order).label("place"),
            sa.func.count().over(partition_by=row).label("number"),
        )
        .where(
            Event.campaign_id == campaign.id,
            Event.opens_at <= at,
            Event.closes_at > at,
            Event.cancelled_at.is_(None),
        )
        .subquery()
    )
    query = (
        sa.select(Event, ranked.c.row_code, ranked.c.number)
        .join(ranked, ranked.c.id == Event.id)
        .where(ranked.c.place <= LISTED_OF_ROW)
        .order_by(ranked.c.row_code, Event.region_code, ranked.c.place)
        .options(joinedload(Event.region), joinedload(Event.body))
    )
    found: dict[str, tuple[list[Event], int]] = {}
    for event, row_code, number in db.session.execute(query):
        found.setdefault(row_code, ([], number))[0].append(event)
    return [Row(code, events, number) for code, (events, number) in found.items()]
