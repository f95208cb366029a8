"""Recounting what was read, from the attempts: nothing doubled, nothing missed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from core.db import db
from outreach.events import archived
from outreach.events.models import Event
from outreach.participation.models import Attempt
from outreach.tally.knowledge_models import UnreadAttempt
from outreach.tally.knowledge_reading import (
    Answers,
    Cells,
    Kept,
    attempts,
    table_of,
)
from outreach.tally.rollup import Difference
from outreach.tally.rollup_models import FreshAttempt

AT_ONCE = 2_000  # rows in memory


@dataclass(frozen=True, slots=True)
class Recount:
    """What is kept otherwise than counted, and how many attempts do not fit their papers."""

    differences: Sequence[Difference]
    unfit: int


def recount(tell: Callable[[int, int], None] = lambda _done, _of: None) -> Recount:
    """Draw every paper anew and compare with the tallies; attempts may pour in meanwhile.

    All is seen at one moment. An attempt that waits in a queue must be in no tally, and every
    other one exactly once. Archived events are left out: they have no attempts here.

    :param tell: is told how many events of all are done
    """
    options: dict[str, Any] = {"writing": False}
    if db.engine.dialect.name == "postgresql":
        options["isolation_level"] = "REPEATABLE READ"
    found: list[Difference] = []
    unfit = 0
    with db.engine.connect().execution_options(**options) as connection, connection.begin():
        here = sa.select(Event.id).where(Event.id.not_in(archived.event_ids()))
        event_ids = connection.scalars(here.order_by(Event.id)).all()
        for done, event_id in enumerate(event_ids, 1):
            counted = _count(connection, event_id)
            unfit += len(counted.unfit)
            for model, cells in counted.tables():
                found += _differences(_kept(connection, table_of(model), event_id), cells)
            tell(done, len(event_ids))
    return Recount(found, unfit)


def _count(connection: sa.Connection, event_id: int) -> Answers:
    """Read the attempts of an event that are in no queue."""
    waits = [
        sa.exists().where(queue.event_id == Attempt.event_id, queue.id == Attempt.id)
        for queue in (FreshAttempt, UnreadAttempt)
    ]
    query = attempts(Attempt.event_id == event_id, *(~queued for queued in waits))
    counted = Answers()
    for row in connection.execute(query.execution_options(yield_per=AT_ONCE)):
        counted.add(Kept._make(row))
    return counted


def _kept(connection: sa.Connection, table: sa.Table, event_id: int) -> Cells:
    size = len(table.primary_key)
    rows = connection.execute(sa.select(table).where(table.c.event_id == event_id))
    return {tuple(row[:size]): tuple(row[size:]) for row in rows}


def _differences(kept: Cells, counted: Cells) -> list[Difference]:
    none = (0,) * len(next(iter((kept or counted).values()), ()))
    return [
        Difference(cell, kept.get(cell, none), counted.get(cell, none))
        for cell in sorted(kept.keys() | counted.keys())
        if kept.get(cell, none) != counted.get(cell, none)
    ]
