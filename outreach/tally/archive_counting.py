"""What archived attempts were counted as: recounted from their rows, and compared with the rollups.

An event's cells are written in one way and summed, so that a sum from the rows can be compared with
one from the rollups, now and after the rows are gone.
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import groupby
from typing import Any

import sqlalchemy as sa

from core.db import Model, read
from outreach.events.archive_models import ArchivedEvent
from outreach.tally import items
from outreach.tally.archive_file import NUMBERS, Row, Tally
from outreach.tally.items import Counts, UnfitError, read_attempt
from outreach.tally.knowledge_models import AgainTally, AnswerTally, GroupTally
from outreach.tally.knowledge_reading import Answers, Kept, names_of, table_of
from outreach.tally.rollup import Difference
from outreach.tally.rollup_models import DayTally, HourTally
from question_bank import service as bank

FETCHED = 2_000
DAY = ("event_id", "local_day", "region_code", *NUMBERS)
HOUR = ("event_id", "hour_at", "poster_code", "team_id", *NUMBERS)
COUNTS: dict[type[Model], Sequence[str]] = {DayTally: DAY, HourTally: HOUR}
ANSWERS: dict[type[Model], Sequence[str]] = {
    model: [name for names in names_of(model) for name in names]
    for model in (AnswerTally, GroupTally, AgainTally)
}

Cells = Iterable[Sequence[Any]]


@dataclass(frozen=True, slots=True)
class EventSum:
    """What an event was counted as: its numbers, the sums of its cells by day and by question."""

    tally: Tally
    counts_sha256: str
    answers_sha256: str


@dataclass(slots=True)
class Recount:
    """What rows say: of each event, and of each question by edition."""

    events: dict[int, EventSum] = field(default_factory=dict)
    items: dict[int, Counts] = field(default_factory=dict)


def recount(rows: Iterable[Row], tell: Callable[[int], None] = lambda _rows: None) -> Recount:
    """Count rows that come event by event, each device's attempts in turn; draws every paper.

    :param tell: is told how many rows were counted since the last time
    """
    found = Recount()
    for event_id, its_rows in groupby(rows, key=lambda row: row.event_id):
        found.events[event_id] = _event(its_rows, found.items, tell)
    return found


def _event(rows: Iterable[Row], counts: dict[int, Counts], tell: Callable[[int], None]) -> EventSum:
    total, answers = Tally(), Answers()
    days: dict[tuple[Any, ...], Tally] = defaultdict(Tally)
    hours: dict[tuple[Any, ...], Tally] = defaultdict(Tally)
    first: Row | None = None
    for row in rows:
        if row.sequence == 1:
            first = row
        total.add(row)
        days[row.event_id, row.local_day, row.region_code].add(row)
        hours[row.event_id, row.hour_at, row.poster_code, row.team_id or 0].add(row)
        _read(row, first, answers, counts)
        tell(1)
    by_time = (
        (model.__tablename__, [(*key, *_numbers(cell)) for key, cell in cells.items()])
        for model, cells in ((DayTally, days), (HourTally, hours))
    )
    by_question = (
        (model.__tablename__, [(*key, *numbers) for key, numbers in cells.items()])
        for model, cells in answers.tables()
    )
    return EventSum(total, _sum(by_time), _sum(by_question))


def _read(row: Row, first: Row | None, answers: Answers, counts: dict[int, Counts]) -> None:
    """Draw a paper once and count its answers in both ways; one that does not fit is left out."""
    edition = bank.edition(row.edition)
    item = items.Kept(row.id, row.quiz_id, row.seed, row.answers, row.points)
    try:
        paper, chosen, result = read_attempt(edition, item)
    except UnfitError:
        return
    is_second = row.sequence == 2  # noqa: PLR2004
    before = first if is_second and first and first.device == row.device else None
    kept = Kept(
        row.event_id,
        row.id,
        row.region_code,
        row.edition,
        row.quiz_id,
        row.seed,
        row.answers,
        row.points,
        row.size,
        row.sequence,
        before.points if before else None,
        before.size if before else None,
    )
    answers.add_read(kept, edition, paper, result)
    if row.edition not in counts:
        counts[row.edition] = items.nothing_counted(edition)
    items.count(counts[row.edition], paper, chosen, result)


def kept(
    connection: sa.Connection,
    event_ids: sa.Select[int],
    tables: Mapping[type[Model], Sequence[str]],
) -> dict[int, str]:
    """Sum up the cells that the rollups hold of events, by event; one without a cell is left out.

    :param event_ids: the query for the events that are meant
    """
    digests: dict[int, Any] = defaultdict(hashlib.sha256)
    for model, names in tables.items():
        table = table_of(model)
        query = sa.select(*(table.c[name] for name in names)).where(table.c.event_id.in_(event_ids))
        query = query.order_by(table.c.event_id).execution_options(yield_per=FETCHED)
        for event_id, rows in groupby(connection.execute(query), key=lambda row: row.event_id):
            digests[event_id].update(_written(model.__tablename__, map(tuple, rows)))
    return {event_id: digest.hexdigest() for event_id, digest in digests.items()}


def differences(*, with_answers: bool) -> list[Difference]:
    """List the archived events of which the rollups say something else than their archive."""
    found = []
    table = table_of(ArchivedEvent)
    archived = sa.select(table.c.event_id)
    with read() as connection:
        rows = connection.execute(sa.select(table).order_by(table.c.event_id)).all()
        counts = kept(connection, archived, COUNTS)
        answers = kept(connection, archived, ANSWERS) if with_answers else {}
        totals = _totals(connection, archived)
    for row in rows:
        was = tuple(getattr(row, name) for name in NUMBERS)
        now = totals.get(row.event_id, (0,) * len(NUMBERS))
        if counts.get(row.event_id, NOTHING) != row.counts_sha256:
            found.append(Difference(("archived event", row.event_id), now, was))
        if with_answers and answers.get(row.event_id, NOTHING) != row.answers_sha256:
            found.append(Difference(("answers of archived event", row.event_id), now, was))
    return found


def _totals(connection: sa.Connection, event_ids: sa.Select[int]) -> dict[int, tuple[int, ...]]:
    table = table_of(DayTally)
    sums = [sa.func.sum(table.c[name]) for name in NUMBERS]
    query = sa.select(table.c.event_id, *sums).where(table.c.event_id.in_(event_ids))
    rows = connection.execute(query.group_by(table.c.event_id))
    return {event_id: tuple(int(number) for number in numbers) for event_id, *numbers in rows}


def _numbers(tally: Tally) -> tuple[int, ...]:
    return tuple(getattr(tally, name) for name in NUMBERS)


def _sum(tables: Iterable[tuple[str, Cells]]) -> str:
    digest = hashlib.sha256()
    for name, cells in tables:
        digest.update(_written(name, cells))
    return digest.hexdigest()


def _written(name: str, cells: Cells) -> bytes:
    """Write an event's cells of a table alike, whatever order they come in; none write nothing."""
    rows = sorted([_plain(value) for value in cell] for cell in cells)
    return json.dumps([name, rows], ensure_ascii=False).encode() if rows else b""


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date | datetime) else value


NOTHING = hashlib.sha256().hexdigest()
"""The sum of an event without a cell."""
