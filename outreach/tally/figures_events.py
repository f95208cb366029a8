"""Events that went well or stayed empty, counties without any, and what is on tomorrow."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from core import clock
from core.db import db
from core.i18n import as_entered
from outreach.events.calendar import start_of
from outreach.events.models import Event, Team
from outreach.regions.service import is_within
from outreach.tally import offline
from outreach.tally.count import Count
from outreach.tally.figures import Line, events_named
from outreach.tally.figures_scope import Scope
from outreach.tally.models import Channel
from outreach.tally.sums import sums_by

LISTED = 20
MOST = 10_000
DAY = timedelta(days=1)


class Order(StrEnum):
    """In which order the events that went well stand."""

    ATTEMPTS = "attempts"
    ROSTER = "roster"


@dataclass(frozen=True, slots=True)
class Ranked:
    """An event that has been open, with its numbers; `roster` counts the people of its teams."""

    event: Event
    line: Line
    roster: int | None

    @property
    def share(self) -> float | None:
        """Devices by roster; above 1 if phones outnumber the roster."""
        return self.line.count.devices / self.roster if self.roster else None


@dataclass(frozen=True, slots=True)
class Bare:
    """A county without an event so far, and when its first one opens if one is planned."""

    code: str
    name: str
    opens_at: datetime | None


@dataclass(frozen=True, slots=True)
class Overview:
    """Lists of events; of each only the first few, and how many there are."""

    as_of: datetime
    well: Sequence[Ranked]
    number_well: int
    empty: Sequence[Ranked]
    number_empty: int
    bare: Sequence[Bare]
    number_of_counties: int
    tomorrow: date
    coming: Sequence[Event]
    number_coming: int


@dataclass(frozen=True, slots=True)
class _Started:
    """What ranks the events that have been open, by id: those open now first, for they can be
    helped, then by opening."""

    counts: dict[int, Count]
    rosters: dict[int, int]


def of(scope: Scope, order: Order, *, listed: int = LISTED) -> Overview:
    """Look at the events of a scope as they are now.

    :param listed: how many events of each list to load
    """
    at = clock.now()
    started = _started(scope, at)
    well = _by_success(started, order)
    empty = [key for key, count in started.counts.items() if not count.attempts]
    ranked = _loaded(scope, started, [*well[:listed], *empty[:listed]])
    tomorrow = clock.local_day(at) + DAY
    coming = _on_day(scope, tomorrow)
    bare, counties = _bare(scope, at)
    return Overview(
        as_of=at,
        well=[ranked[key] for key in well[:listed]],
        number_well=len(well),
        empty=[ranked[key] for key in empty[:listed]],
        number_empty=len(empty),
        bare=bare,
        number_of_counties=counties,
        tomorrow=tomorrow,
        coming=_events(coming, listed),
        number_coming=db.session.scalar(sa.select(sa.func.count()).select_from(coming.subquery()))
        or 0,
    )


def _started(scope: Scope, at: datetime) -> _Started:
    """Count the events that have been open, at most `MOST`."""
    conditions = [*scope.of_open_events(), Event.opens_at <= at, Event.cancelled_at.is_(None)]
    is_over = sa.case((Event.closes_at <= at, 1), else_=0)
    query = sa.select(Event.id).where(*conditions).order_by(is_over, Event.opens_at, Event.id)
    (found,) = sums_by(scope.wanted(), ("event_id",))
    counts = {
        key: Count(*found.get((key,), (0, 0, 0, 0)))
        for key in db.session.scalars(query.limit(MOST))
    }
    rosters = (
        sa.select(Team.event_id, sa.cast(sa.func.sum(Team.roster_size), sa.Integer))
        .join(Event, Team.event_id == Event.id)
        .where(*conditions, Team.roster_size.is_not(None))
        .group_by(Team.event_id)
    )
    return _Started(counts, dict(db.session.execute(rosters).all()))


def _by_success(started: _Started, order: Order) -> list[int]:
    """Order the events that have attempts; by roster only those that state one."""
    counts, rosters = started.counts, started.rosters
    keys = [key for key, count in counts.items() if count.attempts]
    if order is Order.ROSTER:
        with_roster = [key for key in keys if key in rosters]
        return sorted(with_roster, key=lambda key: -counts[key].devices / rosters[key])
    return sorted(keys, key=lambda key: -counts[key].attempts)


def _loaded(scope: Scope, started: _Started, event_ids: Sequence[int]) -> dict[int, Ranked]:
    people: dict[int, dict[Channel, int]] = {}
    for cell in offline.cells(*scope.of_entries(), Event.id.in_(event_ids)):
        of_event = people.setdefault(cell.event_id, {})
        of_event[cell.channel] = of_event.get(cell.channel, 0) + cell.people
    return {
        key: Ranked(
            event,
            Line(
                str(key),
                as_entered(event.title_zh, event.title_en),
                started.counts[key],
                people.get(key, {}),
            ),
            started.rosters.get(key),
        )
        for key, event in events_named(event_ids).items()
    }


def _bare(scope: Scope, at: datetime) -> tuple[list[Bare], int]:
    """List the counties in which no event has opened yet, and count all counties looked at."""
    opening = sa.func.min(Event.opens_at, type_=Event.opens_at.type)
    query = (
        sa.select(Event.region_code, opening)
        .where(*scope.of_open_events(), Event.cancelled_at.is_(None))
        .group_by(Event.region_code)
    )
    first = dict(db.session.execute(query).all())
    tree = scope.tree
    counties = [
        code
        for code in tree.regions
        if not tree.children[code] and _is_shown(scope, code) and code != tree.root
    ]
    bare = [
        Bare(code, tree.name(code), first.get(code))
        for code in counties
        if code not in first or first[code] > at
    ]
    return bare, len(counties)


def _is_shown(scope: Scope, code: str) -> bool:
    """Tell whether a county lies in the region that is shown; those on lines of their own do not,
    unless the whole reach is."""
    if scope.region_code:
        return code == scope.region_code or scope.region_code in scope.tree.line(code)
    return is_within(code, scope.reach.region_code)


def _on_day(scope: Scope, day: date) -> sa.Select[Event]:
    """Return the query for the events that are open on some of a day, those opening then first."""
    begin, end = start_of(day), start_of(day + DAY)
    return (
        sa.select(Event)
        .where(
            *scope.of_events(),
            Event.opens_at < end,
            Event.closes_at > begin,
            Event.cancelled_at.is_(None),
        )
        .order_by(sa.case((Event.opens_at < begin, 1), else_=0), Event.opens_at, Event.id)
    )


def _events(query: sa.Select[Event], most: int) -> Sequence[Event]:
    options = joinedload(Event.region), joinedload(Event.body)
    return db.session.scalars(query.limit(most).options(*options)).all()
