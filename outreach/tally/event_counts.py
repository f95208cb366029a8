"""Counting the attempts of events: each as a whole, and by placement, team, day and hour.

All parts of an event come from one query over the rollups and what is queued for them, so they add
up to its total at every moment.
"""

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import NamedTuple, TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from core import clock
from core.db import db
from outreach.events.models import Event, Team
from outreach.posters.models import Poster
from outreach.tally import rollup
from outreach.tally.count import Count
from outreach.tally.rollup import NUMBERS
from outreach.tally.rollup_models import DayTally, HourTally

HOURS_OF_DAY = 24
OF_HOUR = ("hour_at", "poster_code", "team_id")
# A poster of this name, if there is one, is what the big screen shows to be scanned.
SCREEN_PLACEMENTS = {"zh": "大屏幕", "en": "Big screen"}

K = TypeVar("K", bound=Hashable)


class Cell(NamedTuple):
    """Attempts of one event: of a day, or of an hour, a poster and a team (0 for none).

    Each attempt is in one cell of either kind; a cell may come twice.
    """

    event_id: int
    local_day: date | None
    hour_at: datetime | None
    poster_code: str | None
    team_id: int | None
    attempts: int
    counted: int
    devices: int
    passed: int

    @property
    def numbers(self) -> Count:
        """The numbers as one."""
        return Count(self.attempts, self.counted, self.devices, self.passed)


@dataclass(frozen=True, slots=True)
class TeamPart:
    """A team's part of an event; `name` is None for attempts of no team."""

    id: int | None
    name: str | None
    roster_size: int | None
    count: Count

    @property
    def share(self) -> float | None:
        """Devices by roster size, where that is known; above 1 if phones outnumber the roster."""
        return None if self.roster_size is None else self.count.devices / self.roster_size


@dataclass(frozen=True, slots=True)
class PlacementPart:
    """A poster's part of an event; `is_moved` if it leads to another event by now."""

    code: str
    placement: str
    team_name: str | None
    is_withdrawn: bool
    is_moved: bool
    count: Count

    @property
    def is_for_screen(self) -> bool:
        """Tell whether this is what the big screen shows to be scanned."""
        is_in_use = not (self.is_withdrawn or self.is_moved)
        return is_in_use and self.team_name is None and self.placement in SCREEN_PLACEMENTS.values()


@dataclass(frozen=True, slots=True)
class Breakdown:
    """An event's attempts, in parts that each add up to `total`.

    Teams stand in order of their share of the roster, those without one after them. `hours` are
    full hours with their day in the campaign's zone; `hours_of_day` has 24 counts.
    """

    total: Count = field(default_factory=Count)
    teams: Sequence[TeamPart] = ()
    placements: Sequence[PlacementPart] = ()
    days: Sequence[tuple[date, Count]] = ()
    hours: Sequence[tuple[datetime, Count]] = ()

    @property
    def hours_of_day(self) -> list[Count]:
        """Count each hour of the day, all days together."""
        found = [Count()] * HOURS_OF_DAY
        for at, count in self.hours:
            found[at.hour] += count
        return found

    @property
    def has_rosters(self) -> bool:
        """Tell whether any team states its roster size."""
        return any(team.roster_size for team in self.teams)


def of_event(event_id: int) -> Count:
    """Count an event."""
    return of_events([event_id]).get(event_id, Count())


def of_events(event_ids: Sequence[int]) -> dict[int, Count]:
    """Count several events; those without attempts are left out."""
    cells = rollup.cells(DayTally, lambda event_id: event_id.in_(event_ids))
    sums = [sa.func.sum(cells.c[name]) for name in NUMBERS]
    query = sa.select(cells.c.event_id, *sums).group_by(cells.c.event_id)
    return {
        event_id: Count(*(int(number) for number in numbers))
        for event_id, *numbers in db.session.execute(query)
    }


def breakdown(event: Event) -> Breakdown:
    """Count an event in parts."""
    return breakdowns([event])[event.id]


def breakdowns(events: Sequence[Event]) -> dict[int, Breakdown]:
    """Count several events in parts, in three queries."""
    event_ids = [event.id for event in events]
    cells: dict[int, list[Cell]] = {event_id: [] for event_id in event_ids}
    for cell in _cells(event_ids):
        cells[cell.event_id].append(cell)
    codes = {cell.poster_code for found in cells.values() for cell in found if cell.poster_code}
    posters = _posters(event_ids, codes)
    teams = _teams(event_ids)
    zone = clock.campaign_zone()
    made = {}
    for event_id, found in cells.items():
        days = _grouped(found, lambda cell: cell.local_day)
        hours = _grouped(found, lambda cell: cell.hour_at)
        made[event_id] = Breakdown(
            total=_sum(days.values()),
            teams=_team_parts(found, teams.get(event_id, [])),
            placements=_placement_parts(event_id, found, posters),
            days=sorted(days.items()),
            hours=[(at.astimezone(zone), count) for at, count in sorted(hours.items())],
        )
    return made


def _cells(event_ids: Sequence[int]) -> Iterable[Cell]:
    """Yield the cells by day and those by hour, poster and team: of one moment, in one query."""
    days, hours = (
        rollup.cells(model, lambda event_id: event_id.in_(event_ids))
        for model in (DayTally, HourTally)
    )
    by_day = sa.select(
        days.c.event_id,
        days.c.local_day,
        *(sa.type_coerce(sa.null(), hours.c[name].type) for name in OF_HOUR),
        *(days.c[name] for name in NUMBERS),
    )
    by_hour = sa.select(
        hours.c.event_id,
        sa.null(),
        *(hours.c[name] for name in OF_HOUR),
        *(hours.c[name] for name in NUMBERS),
    )
    return map(Cell._make, db.session.execute(sa.union_all(by_day, by_hour)))


def _posters(event_ids: Sequence[int], codes: Iterable[str]) -> dict[str, Poster]:
    """Return the posters that lead to these events, or did when somebody scanned them."""
    query = sa.select(Poster).where(
        sa.or_(Poster.event_id.in_(event_ids), Poster.code.in_(sorted(codes)))
    )
    query = query.options(joinedload(Poster.team))
    return {poster.code: poster for poster in db.session.scalars(query)}


def _teams(event_ids: Sequence[int]) -> dict[int, list[Team]]:
    query = sa.select(Team).where(Team.event_id.in_(event_ids)).order_by(Team.id)
    teams: dict[int, list[Team]] = {}
    for team in db.session.scalars(query):
        teams.setdefault(team.event_id, []).append(team)
    return teams


def _team_parts(cells: Iterable[Cell], teams: Sequence[Team]) -> list[TeamPart]:
    counts = _grouped(cells, lambda cell: cell.team_id)
    parts = [
        TeamPart(team.id, team.name, team.roster_size, counts.pop(team.id, Count()))
        for team in teams
    ]
    if teams and counts:  # of no team, or of a team of the event that a poster led to before
        parts.append(TeamPart(None, None, None, _sum(counts.values())))
    return sorted(parts, key=_race)


def _race(part: TeamPart) -> tuple[bool, bool, float, int]:
    """Order by share of the roster, then by attempts; what belongs to no team comes last."""
    share = part.share
    return part.id is None, share is None, -min(share or 0.0, 1.0), -part.count.attempts


def _placement_parts(
    event_id: int, cells: Iterable[Cell], posters: Mapping[str, Poster]
) -> list[PlacementPart]:
    counts = _grouped(cells, lambda cell: cell.poster_code)
    parts = [
        PlacementPart(
            code=poster.code,
            placement=poster.placement,
            team_name=poster.team.name if poster.team else None,
            is_withdrawn=poster.withdrawn_at is not None,
            is_moved=poster.event_id != event_id,
            count=counts.get(poster.code, Count()),
        )
        for poster in posters.values()
        if poster.event_id == event_id or poster.code in counts
    ]
    return sorted(parts, key=lambda part: (-part.count.attempts, part.placement, part.code))


def _grouped(cells: Iterable[Cell], key: Callable[[Cell], K | None]) -> dict[K, Count]:
    """Add up the cells that have such a key, by it."""
    counts: dict[K, Count] = {}
    for cell in cells:
        at = key(cell)
        if at is not None:
            counts[at] = counts.get(at, Count()) + cell.numbers
    return counts


def _sum(counts: Iterable[Count]) -> Count:
    return sum(counts, Count())
