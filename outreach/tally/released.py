"""What may be told of who passed: whole blocks of attempts, recorded when they are first told.

`disclosure` forms the blocks and says why. Whoever asks first after enough attempts came records
what is told from then on, so that all readers and all processes are told the same. Recording moves
no number of attempts; if it is not possible, what was told before stands.
"""

import time
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import sqlalchemy as sa
from flask import Flask, current_app
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from core import clock
from core.db import db, write
from outreach.campaigns.models import Campaign
from outreach.events.models import Event, EventKind
from outreach.tally import disclosure
from outreach.tally.disclosure import FEWEST_DEVICES, Block, Part
from outreach.tally.released_models import ReleasedBlock, ReleasedPart, ReleasedState
from outreach.tally.sums import Sums, Wanted, sums
from outreach.tally.tree import Tree

# A process looks for new blocks at most this often, however many pages it shows.
PAUSE_SECONDS = 2.0
# Any number that no other advisory lock of this database uses.
RELEASING = 7_1509_2014
OF_BLOCK = ("place", "event_id", "kind", "body_id", "quiz_id")
NUMBERS = ("counted", "devices", "passed")


@dataclass(frozen=True, slots=True)
class Figure:
    """So many of these counted attempts passed."""

    counted: int
    passed: int


class _Line(NamedTuple):
    place: str
    event_id: int
    kind: str
    body_id: int
    quiz_id: int
    counted: int
    devices: int
    passed: int


@dataclass(frozen=True, slots=True)
class Released:
    """All that was told of a campaign at one moment; every figure is a sum of whole blocks."""

    serial: int
    lines: Sequence[_Line]
    by_place: Mapping[str, Figure]
    """Each place with all below it."""
    devices: int
    """How many devices stand behind everything told."""
    places_below: Mapping[str, frozenset[str]]

    def figure(
        self,
        place: str,
        *,
        kind: EventKind | None = None,
        body_id: int | None = None,
        quiz_ids: Collection[int] | None = None,
    ) -> Figure | None:
        """Return how many passed in a place and all below it, or None if nothing may be told.

        :param place: a region's code, or `tree.own_place` of it
        """
        if kind is None and body_id is None and quiz_ids is None:
            return self.by_place.get(place)
        inside = self.places_below.get(place, frozenset())
        counted = passed = 0
        for line in self.lines:
            if (
                line.place in inside
                and (kind is None or line.kind == kind)
                and (body_id is None or line.body_id == body_id)
                and (quiz_ids is None or line.quiz_id in quiz_ids)
            ):
                counted += line.counted
                passed += line.passed
        return Figure(counted, passed) if counted else None


@dataclass(slots=True)
class _Kept:
    """What a process knows; `looked_at` is of the monotonic clock."""

    released: Released
    looked_at: float = 0.0


def of(campaign: Campaign, tree: Tree) -> Released:
    """Return what was told of a campaign; records nothing."""
    return _kept(campaign, tree).released


def renew(campaign: Campaign, tree: Tree, devices: int) -> bool:
    """Record what may be told from now on, if there is anything new; tell whether there was.

    For pages that everybody may see, outside a transaction that writes.

    :param devices: how many the campaign has by now
    """
    known = _kept(campaign, tree)
    is_due = devices - known.released.devices >= FEWEST_DEVICES
    if not is_due or time.monotonic() - known.looked_at < PAUSE_SECONDS:
        return False
    known.looked_at = time.monotonic()
    try:
        is_new = _release(campaign.id, tree, known.released)
    except SQLAlchemyError as error:  # busy, full, or read only: what was told before stands
        current_app.logger.warning("nothing new is told of who passed: %s", error)
        return False
    if is_new:
        db.session.rollback()  # the session still reads what was there before
    return is_new


def _kept(campaign: Campaign, tree: Tree) -> _Kept:
    kept: dict[int, _Kept] = current_app.extensions["tally.released"]
    known = kept.get(campaign.id)
    serial = db.session.scalar(sa.select(ReleasedState.serial)) or 0
    if known is None or known.released.serial != serial:
        known = kept[campaign.id] = _Kept(_read(campaign.id, tree))
    return known


def _read(campaign_id: int, tree: Tree) -> Released:
    own = ReleasedBlock.event_id == 0
    columns = [
        ReleasedBlock.place,
        ReleasedBlock.event_id,
        *(
            sa.case((own, getattr(ReleasedBlock, name)), else_=getattr(Event, name))
            for name in ("kind", "body_id", "quiz_id")
        ),
        *(getattr(ReleasedBlock, name) for name in NUMBERS),
    ]
    state = sa.select(ReleasedState.serial).scalar_subquery()
    query = sa.select(state, *columns).outerjoin(Event, Event.id == ReleasedBlock.event_id)
    rows = db.session.execute(query.where(ReleasedBlock.campaign_id == campaign_id)).all()
    serial = rows[0][0] if rows else db.session.scalar(sa.select(ReleasedState.serial)) or 0
    lines = [_Line._make(row[1:]) for row in rows]
    sums_of: dict[str, Counter[str]] = defaultdict(Counter)
    below: dict[str, set[str]] = defaultdict(set)
    for line in lines:
        for place in tree.line_of_place(line.place):
            sums_of[place].update(counted=line.counted, passed=line.passed)
            below[place].add(line.place)
    return Released(
        serial=serial,
        lines=lines,
        by_place={p: Figure(n["counted"], n["passed"]) for p, n in sums_of.items()},
        devices=sum(line.devices for line in lines),
        places_below={place: frozenset(places) for place, places in below.items()},
    )


def _release(campaign_id: int, tree: Tree, known: Released) -> bool:
    """Form blocks of what is new and record them; tell whether there were any.

    They are formed once without a writer's place, for there are often none, and again with it.
    """
    query = sa.select(Event.id, Event.kind, Event.body_id, Event.quiz_id, Event.closes_at)
    query = query.where(Event.campaign_id == campaign_id)
    events = {row.id: row for row in db.session.execute(query)}
    counts = sums(Wanted(by=("event_id", "region_code"), campaign_id=campaign_id))
    told = known.by_place.keys()
    if not disclosure.blocks(_new_parts(db.session(), campaign_id, events, counts, tree), told):
        return False
    with write() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(RELEASING)))
        made = disclosure.blocks(_new_parts(connection, campaign_id, events, counts, tree), told)
        if made:
            _record(connection, campaign_id, made)
    return bool(made)


def _new_parts(
    source: sa.Connection | Session,
    campaign_id: int,
    events: Mapping[int, Any],
    counts: Sums,
    tree: Tree,
) -> list[Part]:
    """List what was counted and is in no block yet."""
    at = clock.now()
    table = sa.inspect(ReleasedPart).local_table
    query = sa.select(*table.c).join(Event, Event.id == table.c.event_id)
    rows = source.execute(query.where(Event.campaign_id == campaign_id))
    before = {(row.event_id, row.region_code): row for row in rows}
    parts = []
    for (event_id, region_code), (_attempts, counted, devices, passed) in counts.items():
        told, event = before.get((event_id, region_code)), events.get(event_id)
        new = (counted, devices, passed)
        if told is not None:
            new = (counted - told.counted, devices - told.devices, passed - told.passed)
        # Less than was told: somebody else counted later and told it already.
        if event is None or new[0] <= 0 or min(new) < 0 or region_code not in tree.regions:
            continue
        parts.append(
            Part(
                event_id=event_id,
                region_code=region_code,
                line=tree.line(region_code),
                kind=event.kind.value,
                body_id=event.body_id,
                quiz_id=event.quiz_id,
                counted=new[0],
                devices=new[1],
                passed=new[2],
                is_patient=told is not None and event.closes_at > at,
            )
        )
    return parts


def _record(connection: sa.Connection, campaign_id: int, made: Sequence[Block]) -> None:
    parts = [
        {"event_id": part.event_id, "region_code": part.region_code}
        | {name: getattr(part, name) for name in NUMBERS}
        for block in made
        for part in block.parts
    ]
    lines = [
        {"campaign_id": campaign_id, "place": block.place, **disclosure.shared(block)}
        | {name: sum(getattr(part, name) for part in block.parts) for name in NUMBERS}
        for block in made
    ]
    _add(connection, ReleasedPart, parts)
    _add(connection, ReleasedBlock, lines)
    connection.execute(sa.update(ReleasedState).values(serial=ReleasedState.serial + 1))


def _add(
    connection: sa.Connection,
    model: type[ReleasedPart] | type[ReleasedBlock],
    rows: Sequence[Mapping[str, Any]],
) -> None:
    """Add numbers to rows that may be there already."""
    table: sa.Table = sa.inspect(model).local_table  # type: ignore[attr-defined]
    insert = (sqlite if connection.dialect.name == "sqlite" else postgresql).insert(table)
    statement = insert.on_conflict_do_update(
        index_elements=list(table.primary_key),
        set_={name: table.c[name] + insert.excluded[name] for name in NUMBERS},
    )
    connection.execute(statement, rows)


def init_app(app: Flask) -> None:
    """Make room for what is kept."""
    app.extensions["tally.released"] = {}
