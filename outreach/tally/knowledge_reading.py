"""Reading attempts: each folded attempt is drawn anew and its answers are tallied, once.

Attempts keep no paper, and drawing one takes longer than folding a row. So folding only moves an
attempt into a second queue, `unread_attempt`. A reader takes a batch from it without a lock, draws
and marks, and then in one short transaction takes exactly this batch off the queue and adds its
answers; if somebody else was first, it undoes that. The attempts stay the only truth.
"""

import uuid
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import sqlalchemy as sa
from flask import current_app
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import aliased

from core.db import Model, read, write
from outreach.events import archived
from outreach.participation.models import Attempt
from outreach.tally import items
from outreach.tally.items import UnfitError, read_attempt
from outreach.tally.knowledge_answers import groups_of
from outreach.tally.knowledge_models import (
    AgainTally,
    AnswerTally,
    GroupTally,
    KnowledgeSum,
    ReadingState,
    UnreadAttempt,
)
from question_bank import service as bank
from question_bank.edition import Edition
from question_bank.grading import Mark
from question_bank.selection import Paper

BATCH = 200
# Any number that no other advisory lock of this database uses.
READING = 7_1509_2015
MOST_COUNTED = 10_000

Numbers = tuple[int, ...]
Cells = dict[tuple[Any, ...], Numbers]
Tally = type[AnswerTally | GroupTally | AgainTally]


class OvertakenError(Exception):
    """Another reader took some of the same attempts first; nothing was changed."""


class Kept(NamedTuple):
    """What reading needs of an attempt; `first_*` tell of the same device's first if it has one.

    They do so on its second attempt only.
    """

    event_id: int
    id: uuid.UUID
    region_code: str
    edition: int
    quiz_id: int
    seed: int
    answers: str
    points: int
    size: int
    sequence: int
    first_points: int | None
    first_size: int | None


@dataclass(slots=True)
class Answers:
    """What the tables are to hold, by their keys; numbers stand in the order of their columns."""

    answers: dict[tuple[int, str, int, str], list[int]] = field(
        default_factory=lambda: defaultdict(lambda: [0, 0, 0, 0])
    )
    groups: dict[tuple[int, str, str], list[int]] = field(
        default_factory=lambda: defaultdict(lambda: [0, 0, 0, 0])
    )
    again: dict[tuple[int, str], list[int]] = field(
        default_factory=lambda: defaultdict(lambda: [0, 0, 0, 0, 0])
    )
    unfit: list[uuid.UUID] = field(default_factory=list)

    def add(self, kept: Kept) -> None:
        """Draw the paper of an attempt and add its answers; one that does not fit is noted."""
        edition = bank.edition(kept.edition)
        item = items.Kept(kept.id, kept.quiz_id, kept.seed, kept.answers, kept.points)
        try:
            paper, _chosen, result = read_attempt(edition, item)
        except UnfitError:
            self.unfit.append(kept.id)
        else:
            self.add_read(kept, edition, paper, result)

    def add_read(self, kept: Kept, edition: Edition, paper: Paper, result: Mark) -> None:
        """Add the answers of an attempt whose paper was drawn."""
        place = 0 if kept.sequence == 1 else 2
        for asked, is_right in zip(paper, result.right, strict=True):
            key = (kept.event_id, kept.region_code, kept.edition, asked.question.id)
            numbers = self.answers[key]
            numbers[place] += 1
            numbers[place + 1] += is_right
        if kept.sequence == 1:
            for group_id, (asked_for, right) in _groups(edition, paper, result).items():
                add_to(
                    self.groups[kept.event_id, kept.region_code, group_id],
                    (1, asked_for * asked_for, asked_for * right, right * right),
                )
        if kept.first_size is not None and kept.first_points is not None:
            pair = (1, kept.first_size, kept.first_points, kept.size, kept.points)
            add_to(self.again[kept.event_id, kept.region_code], pair)

    def tables(self) -> list[tuple[Tally, Cells]]:
        """Return the cells of each table in the order of their keys."""
        found: list[tuple[Tally, Mapping[Any, list[int]]]] = [
            (AnswerTally, self.answers),
            (GroupTally, self.groups),
            (AgainTally, self.again),
        ]
        return [(model, {key: tuple(c[key]) for key in sorted(c)}) for model, c in found]


def _groups(edition: Edition, paper: Paper, result: Mark) -> dict[str, list[int]]:
    """Return for each group that a paper asks for how many questions, and how many right."""
    groups = groups_of(edition)
    found: dict[str, list[int]] = {}
    for item, is_right in zip(paper, result.right, strict=True):
        for group_id in groups[item.question.id]:
            numbers = found.setdefault(group_id, [0, 0])
            numbers[0] += 1
            numbers[1] += is_right
    return found


def add_to(numbers: list[int], more: Iterable[int]) -> None:
    """Add numbers one by one."""
    for place, number in enumerate(more):
        numbers[place] += number


def attempts(*conditions: sa.ColumnElement[bool]) -> sa.Select[Any]:
    """Return the query for attempts as `Kept` has them."""
    first = aliased(Attempt)
    own = [getattr(Attempt, name) for name in Kept._fields if not name.startswith("first_")]
    its_first = sa.and_(
        Attempt.sequence == 2,  # noqa: PLR2004 -- the second
        first.event_id == Attempt.event_id,
        first.device_key == Attempt.device_key,
        first.sequence == 1,
    )
    query = sa.select(*own, first.points, first.size).outerjoin(first, its_first)
    return query.where(*conditions)


def read_batch(batch: int = BATCH, breathe: Callable[[], None] = lambda: None) -> int:
    """Read up to `batch` attempts and return how many left the queue.

    :param breathe: called after each attempt, so that a thread can let others work
    :raises OvertakenError: another reader was first
    """
    queue = table_of(UnreadAttempt)
    with read() as connection:
        ids = connection.execute(sa.select(*queue.c).order_by(*queue.c).limit(batch)).all()
        rows = connection.execute(attempts(_among(ids))).all() if ids else []
    found = Answers()
    for row in rows:
        found.add(Kept._make(row))
        breathe()
    if not ids:
        return 0
    with write() as connection:
        _take_turn(connection)
        keep(connection, [tuple(row) for row in ids], found)
    if found.unfit:
        current_app.logger.warning(
            "%d attempts do not fit their papers and tell nothing of what people know: %s",
            len(found.unfit),
            ", ".join(map(str, found.unfit[:5])),
        )
    return len(ids)


def read_all() -> int:
    """Read until nothing is queued, and return how many attempts were read."""
    total = 0
    while number := read_batch():
        total += number
    return total


def unread(most: int | None = MOST_COUNTED) -> int:
    """Count attempts that wait to be read, up to `most`: counting millions takes long."""
    some = sa.select(UnreadAttempt.event_id).limit(most).subquery()
    with read() as connection:
        return connection.scalar(sa.select(sa.func.count()).select_from(some)) or 0


def keep(connection: sa.Connection, ids: Sequence[tuple[Any, ...]], found: Answers) -> None:
    """Take attempts off the queue and add their answers, within the caller's transaction.

    :raises OvertakenError: not all of them were queued any more
    """
    queue = table_of(UnreadAttempt)
    gone = connection.execute(sa.delete(queue).where(_tuples(queue.c, ids)))
    if gone.rowcount != len(ids):
        raise OvertakenError
    for model, cells in found.tables():
        if cells:
            _add(connection, model, cells)
    connection.execute(
        sa.update(ReadingState).values(
            serial=ReadingState.serial + 1, unfit=ReadingState.unfit + len(found.unfit)
        )
    )


def forget(connection: sa.Connection) -> None:
    """Drop all that was read and all that waits, within the caller's transaction.

    What was read of archived events stays.
    """
    _take_turn(connection)
    connection.execute(sa.delete(table_of(KnowledgeSum)))
    for model in (UnreadAttempt, AnswerTally, GroupTally, AgainTally):
        table = table_of(model)
        is_here = table.c.event_id.not_in(archived.event_ids())
        connection.execute(sa.delete(table).where(is_here))
    connection.execute(sa.update(ReadingState).values(serial=ReadingState.serial + 1, unfit=0))


def _take_turn(connection: sa.Connection) -> None:
    """Wait until nobody else adds answers; SQLite admits one writer anyway."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(READING)))


def _among(ids: Iterable[Any]) -> sa.ColumnElement[bool]:
    return _tuples({"event_id": Attempt.event_id, "id": Attempt.id}, ids)


def _tuples(columns: Mapping[str, Any] | Any, ids: Iterable[Any]) -> sa.ColumnElement[bool]:
    pair = sa.tuple_(columns["event_id"], columns["id"])
    return pair.in_([tuple(one) for one in ids])


def table_of(model: type[Model]) -> sa.Table:
    """Return the table of a model."""
    table = model.__table__
    assert isinstance(table, sa.Table)  # noqa: S101 -- says the type to mypy
    return table


def names_of(model: Tally) -> tuple[list[str], list[str]]:
    """Return the names of a table's keys and of its numbers."""
    table = table_of(model)
    keys = [column.name for column in table.primary_key]
    return keys, [column.name for column in table.columns if column.name not in keys]


def _add(connection: sa.Connection, model: Tally, cells: Cells) -> None:
    table = table_of(model)
    keys, names = names_of(model)
    insert = (sqlite if connection.dialect.name == "sqlite" else postgresql).insert(table)
    statement = insert.on_conflict_do_update(
        index_elements=keys, set_={name: table.c[name] + insert.excluded[name] for name in names}
    )
    rows = [dict(zip([*keys, *names], (*key, *cells[key]), strict=True)) for key in cells]
    connection.execute(statement, rows)
