"""Sums over attempts by region, day, event, kind, body or quiz, exact at every moment and cheap.

Sums of the rollups are kept in the process as long as the rollups are the same; what is queued is
counted each time. One statement reads the queue and the rollups' serial number, so both parts
belong to the same moment.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import sqlalchemy as sa
from flask import Flask, current_app

from core.db import db
from outreach.events.models import Event, EventKind
from outreach.regions.service import prefix_of
from outreach.tally.rollup import NUMBERS, queued
from outreach.tally.rollup_models import DayTally, RollupState

KEPT = 512
TRIES = 5
OF_EVENT = ("kind", "body_id", "quiz_id", "campaign_id")

Numbers = tuple[int, int, int, int]
Sums = Mapping[tuple[Any, ...], Numbers]


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """Which attempts to count, and by what.

    :param by: names among event_id, local_day, region_code, kind, body_id, quiz_id, campaign_id
    :param region_code: only this region and all below it
    :param without: regions left out, although they lie below `region_code`
    :param held_in: only events of this region and of all below it, wherever their attempts count
    :param since: first local day
    :param until: last local day
    :param quiz_ids: only events with one of these quizzes; None asks for all
    """

    by: tuple[str, ...]
    campaign_id: int
    region_code: str | None = None
    since: date | None = None
    until: date | None = None
    kind: EventKind | None = None
    body_id: int | None = None
    quiz_id: int | None = None
    event_id: int | None = None
    without: tuple[str, ...] = ()
    held_in: str | None = None
    quiz_ids: tuple[int, ...] | None = None


class NoSteadyMomentError(Exception):
    """The rollups changed at every look: more is being folded than can be read."""


def sums(wanted: Wanted) -> Sums:
    """Return attempts, counted, devices and passed by the values of `wanted.by`.

    :raises NoSteadyMomentError: could not read while attempts are folded
    """
    return sums_by(wanted, wanted.by)[0]


def sums_by(wanted: Wanted, *ways: tuple[str, ...]) -> list[Sums]:
    """Return the same attempts grouped in several ways, all of one moment: each adds up alike.

    :param ways: what to group by, each as `Wanted.by`, which does not matter here
    :raises NoSteadyMomentError: could not read while attempts are folded
    """
    names = tuple(dict.fromkeys(name for by in ways for name in by))
    for _turn in range(TRIES):
        serial, fresh = _queued(replace(wanted, by=names))
        found = []
        for by in ways:
            folded_serial, folded = _known(replace(wanted, by=by), serial)
            if folded_serial != serial:
                break
            found.append(_together(folded, _regrouped(fresh, names, by)))
        else:
            return found
    raise NoSteadyMomentError(wanted)


def _known(wanted: Wanted, serial: int) -> tuple[int, Sums]:
    """Return sums of the rollups that are kept from this serial number, or read anew."""
    kept: dict[Wanted, tuple[int, Sums]] = current_app.extensions["tally.sums"]
    known = kept.get(wanted)
    if known is None or known[0] != serial:
        known = _folded(wanted)
        if len(kept) >= KEPT:
            kept.clear()
        kept[wanted] = known
    return known


def _folded(wanted: Wanted) -> tuple[int, Sums]:
    table = sa.inspect(DayTally).local_table
    numbers = [sa.func.sum(table.c[name]).label(name) for name in NUMBERS]
    return _read(wanted, table.c, numbers, sa.join(table, Event, table.c.event_id == Event.id))


def _queued(wanted: Wanted) -> tuple[int, Sums]:
    cells = queued(DayTally).subquery()
    numbers = [sa.func.sum(cells.c[name]).label(name) for name in NUMBERS]
    return _read(wanted, cells.c, numbers, sa.join(cells, Event, cells.c.event_id == Event.id))


def _read(
    wanted: Wanted, columns: Any, numbers: Sequence[Any], source: sa.FromClause
) -> tuple[int, Sums]:
    """Read sums and, in the same statement, the serial number that they belong to."""
    keys = [
        (getattr(Event, name) if name in OF_EVENT else columns[name]).label(name)
        for name in wanted.by
    ]
    counted = sa.select(*keys, *numbers).select_from(source).where(*_conditions(wanted, columns))
    if keys:
        counted = counted.group_by(*keys)
    inner = counted.subquery()
    query = sa.select(RollupState.serial, *inner.c).select_from(
        sa.outerjoin(RollupState, inner, sa.true())
    )
    found: dict[tuple[Any, ...], Numbers] = {}
    serial = 0
    for row in db.session.execute(query):
        serial = row[0]
        if row[-1] is not None:
            key, values = tuple(row[1 : 1 + len(keys)]), row[1 + len(keys) :]
            found[key] = tuple(int(value) for value in values)  # type: ignore[assignment]
    return serial, found


def _conditions(wanted: Wanted, columns: Any) -> list[sa.ColumnElement[bool]]:
    conditions: list[sa.ColumnElement[bool]] = [Event.campaign_id == wanted.campaign_id]
    if wanted.region_code is not None:
        conditions.append(columns.region_code.startswith(prefix_of(wanted.region_code)))
    if wanted.since is not None:
        conditions.append(columns.local_day >= wanted.since)
    if wanted.until is not None:
        conditions.append(columns.local_day <= wanted.until)
    for name in ("kind", "body_id", "quiz_id"):
        value = getattr(wanted, name)
        if value is not None:
            conditions.append(getattr(Event, name) == value)
    if wanted.event_id is not None:
        conditions.append(Event.id == wanted.event_id)
    if wanted.without:
        conditions.append(columns.region_code.not_in(wanted.without))
    if wanted.held_in is not None:
        conditions.append(Event.region_code.startswith(prefix_of(wanted.held_in)))
    if wanted.quiz_ids is not None:
        conditions.append(Event.quiz_id.in_(wanted.quiz_ids))
    return conditions


def _regrouped(found: Sums, names: tuple[str, ...], by: tuple[str, ...]) -> Sums:
    """Add up sums grouped by `names` to those by fewer of them."""
    places = [names.index(name) for name in by]
    fewer: dict[tuple[Any, ...], Numbers] = {}
    for key, numbers in found.items():
        _add(fewer, tuple(key[place] for place in places), numbers)
    return fewer


def _together(folded: Sums, fresh: Sums) -> Sums:
    if not fresh:
        return folded
    both = dict(folded)
    for key, numbers in fresh.items():
        _add(both, key, numbers)
    return both


def _add(found: dict[tuple[Any, ...], Numbers], key: tuple[Any, ...], numbers: Numbers) -> None:
    before = found.get(key, (0, 0, 0, 0))
    found[key] = tuple(a + b for a, b in zip(before, numbers, strict=True))  # type: ignore[assignment]


def init_app(app: Flask) -> None:
    """Make room for the sums that are kept."""
    app.extensions["tally.sums"] = {}
