"""The events of a believable campaign: where, when, for whom, and how many come.

All of it follows from a source of chance and a moment. Numbers are the demonstration's, chosen to
look like a province at work: strong on the coast, weak in the hills, busy at noon, asleep at night.
"""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from itertools import accumulate
from zoneinfo import ZoneInfo

from outreach.events.models import EventKind
from outreach.home import believable_words as words

DAYS = 25
COMING_DAYS = 14
COMING, CANCELLED, EMPTY = 0.12, 0.02, 0.04
RETURN_DAYS_ONLINE = 6
# Attempts by residents, against the province: who works hard for the campaign.
ZEAL = {"350200": 1.9, "350100": 1.5, "350500": 1.5, "350128": 1.3, "350700": 0.6, "350400": 0.5}
WITHOUT_EVENT = 9
KINMEN = "350527"
KINDS = {EventKind.FACTORY: 36, EventKind.COMMUNITY: 36, EventKind.CAMPUS: 28}
ONLINE_OF = 60
SIZE = {
    EventKind.CAMPUS: 1.3, EventKind.FACTORY: 1.0, EventKind.COMMUNITY: 0.6, EventKind.ONLINE: 9.0,
}  # fmt: skip
# Weights of the hours 0 to 23 on working days and at weekends.
_NIGHT = (0,) * 6
HOURS: Mapping[EventKind, tuple[tuple[float, ...], tuple[float, ...]]] = {
    EventKind.CAMPUS: (
        (*_NIGHT, 0, 3, 3, 2, 3, 9, 16, 5, 3, 4, 6, 12, 9, 5, 7, 5, 2, 0),
        (*_NIGHT, 0, 1, 1, 2, 3, 4, 4, 3, 2, 2, 2, 3, 3, 3, 3, 2, 1, 0),
    ),
    EventKind.FACTORY: (
        (*_NIGHT, 1, 6, 4, 1, 1, 6, 18, 4, 2, 3, 12, 9, 4, 3, 7, 3, 1, 0),
        (*_NIGHT, 0, 2, 1, 1, 1, 2, 4, 2, 1, 1, 3, 2, 1, 1, 1, 1, 0, 0),
    ),
    EventKind.COMMUNITY: (
        (*_NIGHT, 0, 1, 3, 6, 7, 4, 5, 3, 4, 6, 6, 4, 2, 2, 1, 0, 0, 0),
        (*_NIGHT, 0, 2, 8, 14, 15, 9, 7, 8, 11, 13, 11, 7, 4, 3, 2, 1, 0, 0),
    ),
    EventKind.ONLINE: (
        (*_NIGHT, 1, 4, 6, 4, 4, 6, 12, 7, 4, 4, 4, 5, 7, 9, 12, 11, 6, 0),
        (*_NIGHT, 0, 2, 4, 6, 7, 7, 9, 7, 5, 5, 5, 5, 6, 9, 12, 11, 7, 0),
    ),
}
OPENS = {EventKind.CAMPUS: 8, EventKind.FACTORY: 7, EventKind.COMMUNITY: 9, EventKind.ONLINE: 8}
CLOSES = {
    EventKind.CAMPUS: 22,
    EventKind.FACTORY: 22,
    EventKind.COMMUNITY: 18,
    EventKind.ONLINE: 23,
}
LASTS = {EventKind.CAMPUS: 4, EventKind.FACTORY: 7, EventKind.COMMUNITY: 2}
WITH_TEAMS = {EventKind.CAMPUS: 0.45, EventKind.FACTORY: 0.6}
SATURDAY = 5


@dataclass(frozen=True, slots=True)
class Area:
    """A region with its names and the weight it has among those of its kind."""

    code: str
    zh: str
    en: str
    weight: float


@dataclass(frozen=True, slots=True)
class Slot:
    """A stretch of at most an hour in which people come; `weight` says how many."""

    begins_at: datetime
    seconds: float
    local_day: date
    weight: float


@dataclass(slots=True)
class Outline:
    """An event as it is going to be.

    `areas` are the counties that its attempts count for: its own, or online those to choose from.
    `placements` and `teams` are names with weights, each by itself.
    """

    kind: EventKind
    area: Area
    areas: Sequence[Area]
    title: words.Name
    site: str
    host: str
    quiz: str
    opens_at: datetime
    closes_at: datetime
    created_at: datetime
    cancelled_at: datetime | None
    slots: Sequence[Slot]
    placements: Sequence[tuple[str, float]]
    teams: Sequence[tuple[str, float]]
    attempts: int = field(default=0)


@dataclass(frozen=True, slots=True)
class Land:
    """The regions of a province that events are planned in."""

    province: Area
    prefectures: Sequence[Area]
    counties: Mapping[str, Sequence[Area]]
    """Counties by prefecture, those without an event too."""
    quiet: frozenset[str]
    """Counties that hold no event."""


def land(
    rows: Sequence[tuple[str, str, str, int | None]], separate: frozenset[str], seed: random.Random
) -> Land:
    """Weigh regions by population and zeal.

    :param rows: code, names and population of the province and all below it, by code
    :param separate: counties that stand beside the prefectures
    """
    named = {code: (zh, en, population or 0) for code, zh, en, population in rows}
    province = next(code for code in named if code.endswith("0000"))
    prefectures, counties = [], {}
    for code, (zh, en, population) in named.items():
        if code == province or not (code.endswith("00") or code in separate):
            continue
        below = [c for c in named if c[:4] == code[:4] and c != code and c not in separate]
        below = below if code.endswith("00") else [code]
        apart = sum(named[c][2] for c in separate if c[:4] == code[:4] and c != code)
        weight = max(population - apart, 100_000) * ZEAL.get(code, 1.0)
        prefectures.append(Area(code, zh, en, weight))
        counties[code] = [
            Area(c, named[c][0], named[c][1], 0.0 if c == KINMEN else _appeal(named[c][0], seed))
            for c in below
        ]
    small = sorted(a.code for found in counties.values() for a in found if a.zh.endswith("县"))
    chosen = [code for code in small if code not in separate]
    quiet = frozenset({KINMEN, *seed.sample(chosen, min(WITHOUT_EVENT, len(chosen)))})
    zh, en, _population = named[province]
    return Land(Area(province, zh, en, 1.0), prefectures, counties, quiet)


def _appeal(name: str, chance: random.Random) -> float:
    """Return a county's weight within its prefecture: more in towns than in the country."""
    return (0.5 if name.endswith("县") else 1.0) * chance.lognormvariate(0, 0.5)


@dataclass(frozen=True, slots=True)
class Planner:
    """Plans events in a land up to a moment and beyond, by a source of chance."""

    where: Land
    at: datetime
    zone: ZoneInfo
    chance: random.Random

    @property
    def days(self) -> list[date]:
        """The campaign's days up to today."""
        today = self.at.astimezone(self.zone).date()
        return [today - timedelta(days=n) for n in reversed(range(DAYS))]

    def outlines(self, number: int, attempts: int) -> list[Outline]:
        """Plan so many events with so many attempts in all."""
        online = max(number // ONLINE_OF, 1)
        planned = [self._online(n) for n in range(online)]
        planned += [self._on_site() for _ in range(number - online)]
        self._share_out(planned, attempts)
        return planned

    def _online(self, n: int) -> Outline:
        """Plan an event for the province, or for a prefecture if there is one for the province."""
        area = self.where.province if n == 0 else _pick(self.where.prefectures, self.chance)
        days = self.days
        first = days[0] if n == 0 else self.chance.choice(days[: len(days) // 2])
        last = days[-1] + timedelta(days=self.chance.randrange(1, RETURN_DAYS_ONLINE))
        counties = [
            Area(county.code, county.zh, county.en, county.weight * prefecture.weight)
            for prefecture in self.where.prefectures
            if n == 0 or prefecture.code == area.code
            for county in self.where.counties[prefecture.code]
            if county.weight
        ]
        return self._outline(EventKind.ONLINE, area, counties, (first, last))

    def _on_site(self) -> Outline:
        while True:
            prefecture = _pick(self.where.prefectures, self.chance)
            county = _pick(self.where.counties[prefecture.code], self.chance)
            if county.code not in self.where.quiet:
                break
        kind = self.chance.choices(list(KINDS), list(KINDS.values()))[0]
        days = self.days
        opening = days[0]
        if self.chance.random() < COMING:
            days = [days[-1] + timedelta(days=n) for n in range(1, COMING_DAYS + 1)]
        first = self.chance.choices(days, [_liking(kind, day, opening) for day in days])[0]
        last = first + timedelta(days=self.chance.randrange(LASTS[kind]))
        return self._outline(kind, county, [county], (first, last))

    def _outline(
        self, kind: EventKind, area: Area, areas: Sequence[Area], days: tuple[date, date]
    ) -> Outline:
        chance = self.chance
        title, site = _names(kind, area, chance)
        opens_at = datetime.combine(days[0], time(OPENS[kind]), self.zone)
        closes_at = datetime.combine(days[1], time(CLOSES[kind]), self.zone)
        is_cancelled = kind is not EventKind.ONLINE and chance.random() < CANCELLED
        until = opens_at if is_cancelled else min(closes_at, self.at)
        long_before = opens_at - timedelta(days=chance.randrange(2, 20))
        labels, names = words.PLACEMENTS[kind], words.TEAMS.get(kind, ())
        has_teams = chance.random() < WITH_TEAMS.get(kind, 0)
        hung = chance.sample(labels, chance.randrange(2, len(labels) + 1))
        teams = names[: chance.randrange(3, len(names) + 1)] if has_teams else ()
        return Outline(
            kind=kind,
            area=area,
            areas=areas,
            title=title,
            site=site,
            host=chance.choice(words.HOSTS[kind]),
            quiz=chance.choice(words.QUIZZES[kind]),
            opens_at=opens_at,
            closes_at=closes_at,
            created_at=min(long_before, self.at - timedelta(hours=2)),
            cancelled_at=min(opens_at - timedelta(days=1), self.at) if is_cancelled else None,
            slots=tuple(_slots(kind, opens_at, until, self.zone)),
            placements=[(label, 1 / place) for place, label in enumerate(hung, 1)],
            teams=[(name, chance.lognormvariate(0, 0.4)) for name in teams],
        )

    def _share_out(self, planned: Sequence[Outline], attempts: int) -> None:
        """Give each event its number of attempts: few have many, some none."""
        weights = []
        for outline in planned:
            is_empty = outline.kind is not EventKind.ONLINE and self.chance.random() < EMPTY
            size = self.chance.lognormvariate(0, 0.9) * SIZE[outline.kind]
            visited = sum(slot.weight for slot in outline.slots) ** 0.5
            weights.append(0.0 if is_empty else size * visited)
        total, given = sum(weights), 0
        if not total:
            return
        for outline, so_far in zip(planned, accumulate(weights), strict=True):
            until = round(attempts * so_far / total)
            outline.attempts, given = until - given, until


def _names(kind: EventKind, area: Area, chance: random.Random) -> tuple[words.Name, str]:
    """Return an event's title and its site."""
    place, site = chance.choice(words.PLACES), chance.choice(words.SITES[kind])
    if kind is EventKind.ONLINE:
        where, named = f"{area.zh}{site[0]}", (area.zh, area.en)
    else:
        where = f"{area.zh}{place[0]}{site[0]}"
        named = (where, f"{place[1]} {site[1]}, {area.en}")
    zh, en = words.TITLES[kind]
    return (zh.format(site=named[0]), en.format(site=named[1])), where


def _liking(kind: EventKind, day: date, opening: date) -> float:
    """Return how much a day suits the beginning of an event."""
    is_weekend = day.weekday() >= SATURDAY
    if kind is EventKind.COMMUNITY:
        liking = 5.0 if is_weekend else 1.0
    else:
        liking = 0.3 if is_weekend else 2.0
    return liking * (4.0 if day == opening else 1.0)


def _slots(kind: EventKind, opens_at: datetime, until: datetime, zone: ZoneInfo) -> Iterator[Slot]:
    """Yield the hours in which people come, with how many of them: fewer as days go by."""
    day, nth = opens_at.date(), 0
    while datetime.combine(day, time(0), zone) < until:
        hours = HOURS[kind][day.weekday() >= SATURDAY]
        for hour, weight in enumerate(hours):
            begins = max(datetime.combine(day, time(hour), zone), opens_at)
            ends = min(datetime.combine(day, time(hour), zone) + timedelta(hours=1), until)
            seconds = (ends - begins).total_seconds()
            if weight and seconds > 1:
                part = weight * seconds / 3600 / (1 + 0.25 * nth)
                yield Slot(begins, seconds, day, part)
        day, nth = day + timedelta(days=1), nth + 1


def _pick(areas: Sequence[Area], chance: random.Random) -> Area:
    return chance.choices(areas, [area.weight for area in areas])[0]
