"""The figures of headquarters' desk: totals and their parts, all of one moment.

Attempts come from sums of the rollups, each part from the same look, so that the parts of every
table add up to the total whatever is filtered. People on paper or by word of mouth stand beside
them, never among them.
"""

import heapq
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import joinedload

from core import clock
from core.db import db
from core.filters import day as day_words
from core.i18n import as_entered, pick
from outreach.events.forms import KIND_LABELS
from outreach.events.models import Event, EventKind
from outreach.tally import offline, topics
from outreach.tally.count import Count
from outreach.tally.figures_scope import ELSEWHERE, OWN, Scope
from outreach.tally.models import Channel
from outreach.tally.sums import Sums, sums_by

PER = 10_000
EXTREMES = 10
MAX_DAYS = 400
DAY = timedelta(days=1)
PARTS_OF_EVENT = ("kind", "body_id", "quiz_id")


class Part(StrEnum):
    """By what a total is told apart."""

    REGION = "region"
    DAY = "day"
    KIND = "kind"
    BODY = "body"
    TOPIC = "topic"


@dataclass(frozen=True, slots=True)
class Line:
    """Numbers under a name; `key` is what the filter calls it, or empty if it cannot be asked for.

    :param residents: of whom these were counted, where that is an honest denominator
    """

    key: str
    name: str
    count: Count = field(default_factory=Count)
    people: Mapping[Channel, int] = field(default_factory=dict)
    residents: int | None = None

    @property
    def is_any(self) -> bool:
        """Whether anything was counted."""
        return bool(self.count.attempts or any(self.people.values()))

    @property
    def passed_share(self) -> float | None:
        """Share of the counted attempts that passed."""
        return self.count.passed / self.count.counted if self.count.counted else None

    @property
    def per_10k(self) -> Decimal | None:
        """Counted attempts per 10,000 residents, to two decimals."""
        if not self.residents:
            return None
        return (Decimal(self.count.counted * PER) / self.residents).quantize(Decimal("0.01"))


@dataclass(frozen=True, slots=True)
class EventLine:
    """An event with its numbers in what is asked for."""

    event: Event
    line: Line


@dataclass(frozen=True, slots=True)
class Figures:
    """A total and its parts; `source` says where the number of residents comes from."""

    scope: Scope
    as_of: datetime
    total: Line
    tables: Mapping[Part, Sequence[Line]]
    best: Sequence[EventLine] = ()
    emptiest: Sequence[EventLine] = ()
    source: str | None = None


@dataclass(slots=True)
class _Sum:
    """What is added up under a key."""

    count: Count = field(default_factory=Count)
    people: dict[Channel, int] = field(default_factory=dict)


_Sums = dict[str, _Sum]


def of(scope: Scope, *, with_events: bool = True) -> Figures:
    """Count what a scope asks for; without events it costs less."""
    ways = [("region_code",), ("local_day",), PARTS_OF_EVENT, ("event_id",)]
    found: list[Sums] = [{}] * len(ways)
    if scope.has_phones:
        found[: 3 + with_events] = sums_by(scope.wanted(), *ways[: 3 + with_events])
    by_region, by_day, by_kind_body_quiz, by_event = found
    cells = offline.cells(*scope.of_entries()) if scope.channels else []
    parts: dict[Part, _Sums] = {
        Part.REGION: _added(by_region, cells, scope.part_of, lambda cell: (cell.region_code,)),
        Part.DAY: _added(by_day, cells, date.isoformat, lambda cell: (cell.local_day,)),
        Part.KIND: _added(by_kind_body_quiz, cells, _kind_of, _of_event),
        Part.BODY: _added(by_kind_body_quiz, cells, _body_of(scope), _of_event),
        Part.TOPIC: _added(by_kind_body_quiz, cells, _topic_of(scope), _of_event),
    }
    names = _names(scope, parts)
    tables = {part: _lines(names[part], sums) for part, sums in parts.items()}
    tables[Part.REGION] = [_with_residents(scope, line) for line in tables[Part.REGION]]
    best: list[EventLine] = []
    emptiest: list[EventLine] = []
    if with_events:
        sums = _added(by_event, cells, str, lambda cell: (cell.event_id,))
        best, emptiest = _extremes(scope, sums)
    return Figures(
        scope=scope,
        as_of=clock.now(),
        total=_total(scope, parts[Part.REGION]),
        tables=tables,
        best=best,
        emptiest=emptiest,
        source=_source(scope),
    )


def _added(
    found: Sums,
    cells: Iterable[offline.Cell],
    key_of: Callable[..., str],
    values_of: Callable[[offline.Cell], tuple[Any, ...]],
) -> _Sums:
    """Add up attempts and people by a key made from what they are grouped by."""
    sums: _Sums = {}
    for values, numbers in found.items():
        sums.setdefault(key_of(*values), _Sum()).count += Count(*numbers)
    for cell in cells:
        people = sums.setdefault(key_of(*values_of(cell)), _Sum()).people
        people[cell.channel] = people.get(cell.channel, 0) + cell.people
    return sums


def _of_event(cell: offline.Cell) -> tuple[EventKind, int, int]:
    return cell.kind, cell.body_id, cell.quiz_id


def _kind_of(kind: EventKind, _body_id: int, _quiz_id: int) -> str:
    return kind.value


def _body_of(scope: Scope) -> Callable[[EventKind, int, int], str]:
    slugs = {body.id: body.slug for body in scope.campaign.bodies}
    return lambda _kind, body_id, _quiz_id: slugs[body_id]


def _topic_of(scope: Scope) -> Callable[[EventKind, int, int], str]:
    return lambda _kind, _body_id, quiz_id: scope.topics[quiz_id]


def _names(scope: Scope, parts: Mapping[Part, _Sums]) -> dict[Part, dict[str, str]]:
    """Name the parts in their order; regions, kinds and hosts without any number are named too."""
    tree, root = scope.tree, scope.root
    found = parts[Part.REGION]
    regions = {code: tree.name(code) for code in tree.children[root]}
    regions |= {code: tree.name(code) for code in found if code in tree.regions}
    regions |= {OWN: tree.name(root, says_apart=False), ELSEWHERE: _("Elsewhere (online)")}
    optional = {OWN, ELSEWHERE} - found.keys()
    hosts = {body.slug: pick(body.name_zh, body.name_en) for body in scope.campaign.bodies}
    is_one_host = scope.body_slug or scope.reach.body_slug or scope.reach.event_id
    return {
        Part.REGION: {code: name for code, name in regions.items() if code not in optional},
        Part.DAY: {day.isoformat(): day_words(day) for day in _days(parts[Part.DAY])},
        Part.KIND: {
            kind.value: str(label)
            for kind, label in KIND_LABELS.items()
            if kind.value in parts[Part.KIND] or scope.kind is None
        },
        Part.BODY: {
            slug: name
            for slug, name in hosts.items()
            if slug in parts[Part.BODY] or not is_one_host
        },
        Part.TOPIC: {
            topic: name for topic, name in topics.names().items() if topic in parts[Part.TOPIC]
        },
    }  # fmt: skip


def _days(found: Iterable[str]) -> Sequence[date]:
    """List the days from the first to the last that has any number, the empty ones too."""
    days = sorted(map(date.fromisoformat, found))
    if not days or (days[-1] - days[0]).days >= MAX_DAYS:
        return days
    return [days[0] + number * DAY for number in range((days[-1] - days[0]).days + 1)]


def _lines(names: Mapping[str, str], sums: _Sums) -> list[Line]:
    nothing = _Sum()
    lines = []
    for key, name in names.items():
        found = sums.get(key, nothing)
        lines.append(Line("" if key in {OWN, ELSEWHERE} else key, name, found.count, found.people))
    return lines


def _with_residents(scope: Scope, line: Line) -> Line:
    if not scope.is_whole or not line.key:
        return line
    return Line(line.key, line.name, line.count, line.people, scope.tree.population(line.key))


def _total(scope: Scope, by_region: _Sums) -> Line:
    count, people = Count(), dict.fromkeys(Channel, 0)
    for part in by_region.values():
        count += part.count
        for channel, number in part.people.items():
            people[channel] += number
    is_of_residents = scope.is_whole and ELSEWHERE not in by_region
    residents = scope.residents(scope.root) if is_of_residents else None
    return Line("", _("Total"), count, people, residents)


def _source(scope: Scope) -> str | None:
    region = scope.tree.regions[scope.root]
    if not scope.is_whole or not region.population:
        return None
    return f"{region.population_source} ({region.population_year})"


def _extremes(scope: Scope, sums: _Sums) -> tuple[list[EventLine], list[EventLine]]:
    """Return the events with the most attempts, and those with the fewest that have been open."""
    ranks = {int(key): (found.count.attempts, sum(found.people.values()))
             for key, found in sums.items()}  # fmt: skip
    known = (key for key in ranks if any(ranks[key]))
    chosen = heapq.nlargest(EXTREMES, known, key=lambda key: (ranks[key], -key))
    query = sa.select(Event.id).where(
        *scope.of_open_events(), Event.opens_at <= clock.now(), Event.cancelled_at.is_(None)
    )
    started = (key for key in db.session.scalars(query) if key not in chosen)
    fewest = heapq.nsmallest(EXTREMES, started, key=lambda key: (ranks.get(key, (0, 0)), key))
    lines = {
        key: EventLine(
            event,
            Line(str(key), as_entered(event.title_zh, event.title_en), found.count, found.people),
        )
        for key, event in events_named([*chosen, *fewest]).items()
        for found in [sums.get(str(key), _Sum())]
    }
    return [lines[key] for key in chosen], [lines[key] for key in fewest]


def events_named(event_ids: Sequence[int]) -> dict[int, Event]:
    """Return events with their region and host, by id, in the order asked for."""
    query = sa.select(Event).where(Event.id.in_(event_ids))
    options = joinedload(Event.region), joinedload(Event.body)
    found = {event.id: event for event in db.session.scalars(query.options(*options))}
    return {key: found[key] for key in event_ids if key in found}
