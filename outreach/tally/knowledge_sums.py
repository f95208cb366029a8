"""Sums of answers for a scope, kept ready: a page never adds up a million rows.

A page takes what is kept and says as of when that is. If it is out of date, a thread of the server
makes it anew meanwhile. Only a page that finds nothing kept adds up itself; what it found stays in
the process until the thread has stored it, for a GET writes nothing.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from flask import Flask, current_app
from sqlalchemy.dialects import postgresql, sqlite

from core import clock
from core.db import read, reading, write
from outreach.campaigns import service as campaigns
from outreach.campaigns.models import Body
from outreach.events.models import Event
from outreach.regions.service import prefix_of
from outreach.tally.knowledge import Knowledge
from outreach.tally.knowledge_answers import Sums, added_up, carried
from outreach.tally.knowledge_models import (
    AgainTally,
    AnswerTally,
    GroupTally,
    KnowledgeSum,
    ReadingState,
)
from outreach.tally.knowledge_reading import table_of
from outreach.tally.rollup_models import RollupState
from question_bank import service as bank
from question_bank.edition import Edition

FRESH = timedelta(minutes=2)
KEPT_FOR = timedelta(days=30)
HELD = 16


@dataclass(frozen=True, kw_only=True, slots=True)
class Scope:
    """Whose answers: those counted for a region and all below it, perhaps of one body or event.

    `apart` are the regions that the campaign reports directly under its province: they are parts
    of the province, and of no prefecture.
    """

    campaign_id: int
    region_code: str
    body_slug: str | None = None
    event_id: int | None = None
    apart: frozenset[str] = frozenset()

    @property
    def key(self) -> str:
        """Name it in the table."""
        body, event = self.body_slug or "", self.event_id or ""
        return "/".join(map(str, (self.campaign_id, self.region_code, body, event)))


@dataclass(frozen=True, slots=True)
class Kept:
    """Sums with when they were made, for an edition."""

    edition: Edition
    version: int
    as_of: datetime
    sums: Sums
    known: dict[str | None, Knowledge] = field(default_factory=dict)

    def of_kind(self, kind: str | None) -> Knowledge:
        """Return what is known at one kind of event or at all, worked out once."""
        return self.known.setdefault(kind, Knowledge(self.edition, self.sums, kind))

    def is_of(self, edition: int, version: int, as_of: datetime) -> bool:
        """Tell whether this is what the table holds."""
        return (self.edition.number, self.version, self.as_of) == (edition, version, as_of)


@dataclass(frozen=True, slots=True)
class Shelf:
    """What a process found and has not stored yet, what is wanted anew, what it holds in memory."""

    found: dict[Scope, Kept] = field(default_factory=dict)
    wanted: dict[Scope, None] = field(default_factory=dict)
    held: dict[Scope, Kept] = field(default_factory=dict)


def of(scope: Scope, now: Edition) -> tuple[Kept, bool]:
    """Return the sums of a scope for the latest edition, and whether newer ones are being made."""
    shelf: Shelf = current_app.extensions["tally.knowledge"]
    kept = _stored(scope, now, shelf) or shelf.found.get(scope)
    if kept is None or kept.edition is not now:
        kept = shelf.found[scope] = make(scope, now)
    # Made later than now: the clock was ahead.
    is_fresh = timedelta() <= clock.now() - kept.as_of <= FRESH
    is_old = not is_fresh and kept.version != _version()
    if is_old:
        shelf.wanted[scope] = None
    return kept, is_old


def prepare() -> None:
    """Want the sums of the campaign that is on, with all its parts, if there are none yet.

    So nobody who looks for the first time waits for them, after a new edition either.
    """
    shelf: Shelf = current_app.extensions["tally.knowledge"]
    now = bank.latest()
    with reading():
        campaign = campaigns.current(clock.local_day(clock.now()))
        if campaign is None or now is None:
            return
        apart = campaigns.separate_regions(campaign.id)
        scope = Scope(campaign_id=campaign.id, region_code=campaign.province_code, apart=apart)
    if _stored(scope, now, shelf) is None:
        shelf.wanted[scope] = None


def renew() -> bool:
    """Store one thing that a page found, or make anew one that a page wanted; False if none is.

    For a thread beside the pages. The parts of a region that somebody looks at are made too if
    they are missing: they are looked at next.
    """
    shelf: Shelf = current_app.extensions["tally.knowledge"]
    for scope, kept in list(shelf.found.items()):
        _store(scope, kept)
        shelf.found.pop(scope, None)
        _want_parts(scope, kept, shelf)
        return True
    now = bank.latest()
    for scope in list(shelf.wanted):
        shelf.wanted.pop(scope, None)
        if now is not None:
            kept = make(scope, now)
            _store(scope, kept)
            _want_parts(scope, kept, shelf)
        return True
    return False


def _want_parts(scope: Scope, kept: Kept, shelf: Shelf) -> None:
    if scope.event_id is not None:
        return
    codes = {code for regions in kept.sums.parts.values() for code in regions}
    parts = {replace(scope, region_code=code) for code in codes - {scope.region_code}}
    table = table_of(KnowledgeSum)
    with read() as connection:
        query = sa.select(table.c.scope).where(
            table.c.scope.in_([part.key for part in parts]),
            table.c.edition == kept.edition.number,
        )
        there = set(connection.scalars(query))
    shelf.wanted.update({part: None for part in parts if part.key not in there})


def make(scope: Scope, now: Edition) -> Kept:
    """Add up the answers of a scope."""
    as_of, version = clock.now(), _version()
    answer, group, twice = (table_of(one) for one in (AnswerTally, GroupTally, AgainTally))
    with read() as connection:
        rows, spreads, again = (
            connection.execute(_summed(scope, table, *keys)).all()
            for table, keys in (
                (answer, (_part_of(scope, answer), answer.c.edition, answer.c.question_id)),
                (group, (_part_of(scope, group), group.c.group_id)),
                (twice, ()),
            )
        )
    return Kept(
        edition=now,
        version=version,
        as_of=as_of,
        sums=added_up(
            (
                (row[0].value, row[1], row[3], _whole(row[4:]))
                for row in rows
                if row[3] in carried(bank.edition(row[2]), now)
            ),
            ((row[0].value, row[1], row[2], _whole(row[3:])) for row in spreads),
            {row[0].value: _whole(row[1:]) for row in again},
            now,
        ),
    )


def _whole(numbers: Iterable[Any]) -> Any:
    return tuple(int(number) for number in numbers)


def _summed(scope: Scope, table: sa.Table, *keys: sa.ColumnElement[Any]) -> sa.Select[Any]:
    """Return the query for the sums of a table's numbers by kind and keys."""
    numbers = [c for c in table.c if not c.primary_key]
    query = sa.select(Event.kind, *keys, *(sa.func.sum(c) for c in numbers))
    query = query.join(table, Event.id == table.c.event_id)
    return query.where(*_conditions(scope, table.c.region_code)).group_by(Event.kind, *keys)


def _conditions(scope: Scope, region: sa.ColumnElement[str]) -> list[sa.ColumnElement[bool]]:
    if scope.event_id is not None:
        return [Event.id == scope.event_id]
    conditions = [
        Event.campaign_id == scope.campaign_id,
        region.startswith(prefix_of(scope.region_code)),
    ]
    elsewhere = scope.apart - {scope.region_code}
    if elsewhere and not _is_province(scope.region_code):
        conditions.append(region.not_in(elsewhere))
    if scope.body_slug is not None:
        conditions.append(Event.body.has(Body.slug == scope.body_slug))
    return conditions


def _part_of(scope: Scope, table: sa.Table) -> sa.ColumnElement[str]:
    """Return the region of the next level down: of a province, the prefecture or one apart."""
    region: sa.ColumnElement[str] = table.c.region_code
    if scope.event_id is not None or not _is_province(scope.region_code):
        return region
    prefecture = sa.func.substr(region, 1, 4).concat("00")
    return (
        sa.case((region.in_(scope.apart), region), else_=prefecture) if scope.apart else prefecture
    )


def _is_province(code: str) -> bool:
    return code.endswith("0000")


def _version() -> int:
    """Return a number that grows whenever sums may have changed."""
    folded = sa.select(sa.func.max(RollupState.serial)).scalar_subquery()
    read_ = sa.select(sa.func.max(ReadingState.serial)).scalar_subquery()
    with read() as connection:
        return sum(number or 0 for number in connection.execute(sa.select(folded, read_)).one())


def _stored(scope: Scope, now: Edition, shelf: Shelf) -> Kept | None:
    """Return what the table holds of a scope for this edition, from memory if it is the same."""
    table = table_of(KnowledgeSum)
    query = sa.select(table.c.edition, table.c.version, table.c.as_of)
    query = query.where(table.c.scope == scope.key, table.c.edition == now.number)
    held = shelf.held.get(scope)
    with read() as connection:
        row = connection.execute(query).first()
        if row is None:
            return None
        if held is not None and held.is_of(*row):
            return held
        full = connection.execute(query.add_columns(table.c.body)).one()
    if len(shelf.held) >= HELD:
        shelf.held.clear()
    sums = Sums.from_json(full.body)
    kept = shelf.held[scope] = Kept(now, full.version, full.as_of, sums)
    return kept


def _store(scope: Scope, kept: Kept) -> None:
    table = table_of(KnowledgeSum)
    values = {
        "edition": kept.edition.number,
        "version": kept.version,
        "as_of": kept.as_of,
        "body": kept.sums.as_json(),
    }
    with write() as connection:
        insert = (sqlite if connection.dialect.name == "sqlite" else postgresql).insert(table)
        statement = insert.values(scope=scope.key, **values)
        statement = statement.on_conflict_do_update(index_elements=["scope"], set_=values)
        connection.execute(statement)
        connection.execute(sa.delete(table).where(table.c.as_of < clock.now() - KEPT_FOR))


def init_app(app: Flask) -> None:
    """Make room for what the process found."""
    app.extensions["tally.knowledge"] = Shelf()
