"""Rollups: numbers of attempts kept ready, so that no page counts millions of rows.

The attempts stay the only truth. A trigger of the database queues every new attempt in
`fresh_attempt`, in the transaction that writes it; `fold` moves queued ones into the rollups in one
transaction. What a page shows is the rollups plus what is still queued, read by one statement: at
every moment each attempt is in exactly one of them. No time and no serial number decides what is
folded, so a slow transaction is never passed over.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler

from core.db import Model, UTCDateTime, db
from outreach.events import archived
from outreach.participation.models import Attempt
from outreach.tally import knowledge_reading
from outreach.tally.rollup_models import DayTally, FreshAttempt, HourTally, RollupState

BATCH = 2_000
# Any number that no other advisory lock of this database uses.
FOLDING = 7_1509_2013
NUMBERS = ("attempts", "counted", "devices", "passed")
SERIALIZATION_FAILURE = "40001"


class _HourOf(sa.sql.functions.GenericFunction[Any]):
    """The beginning of a moment's hour."""

    type = UTCDateTime()
    inherit_cache = True


@compiles(_HourOf, "sqlite")
def _hour_on_sqlite(element: _HourOf, compiler: SQLCompiler, **kw: Any) -> str:
    """Write it as SQLAlchemy stores moments there."""
    moment = compiler.process(element.clauses, **kw)
    return f"(substr({moment}, 1, 13) || ':00:00.000000')"


@compiles(_HourOf, "postgresql")
def _hour_on_postgresql(element: _HourOf, compiler: SQLCompiler, **kw: Any) -> str:
    return f"date_trunc('hour', {compiler.process(element.clauses, **kw)}, 'UTC')"


@dataclass(frozen=True, slots=True)
class Difference:
    """A cell that does not hold what its attempts say; numbers in the order of `NUMBERS`."""

    cell: tuple[Any, ...]
    kept: tuple[int, ...]
    counted: tuple[int, ...]


_KEYS: dict[type[DayTally | HourTally], dict[str, sa.ColumnElement[Any]]] = {
    DayTally: {
        "event_id": sa.type_coerce(Attempt.event_id, sa.Integer),
        "local_day": sa.type_coerce(Attempt.local_day, sa.Date),
        "region_code": sa.type_coerce(Attempt.region_code, sa.String),
    },
    HourTally: {
        "event_id": sa.type_coerce(Attempt.event_id, sa.Integer),
        "hour_at": _HourOf(Attempt.submitted_at),
        "poster_code": sa.type_coerce(Attempt.poster_code, sa.String),
        "team_id": sa.func.coalesce(Attempt.team_id, 0),
    },
}


_NEXT_SERIAL = sa.update(RollupState).values(serial=RollupState.serial + 1)


def _table(model: type[Model]) -> sa.Table:
    table = model.__table__
    assert isinstance(table, sa.Table)  # noqa: S101 -- says the type to mypy
    return table


def _number(condition: sa.SQLColumnExpression[bool]) -> sa.ColumnElement[int]:
    return sa.func.sum(sa.case((condition, 1), else_=0))


_NUMBERS: dict[str, sa.ColumnElement[int]] = {
    "attempts": sa.func.count(),
    "counted": _number(Attempt.counted),
    "devices": _number(Attempt.sequence == 1),
    "passed": _number(sa.and_(Attempt.counted, Attempt.passed)),
}


def aggregate(model: type[DayTally | HourTally]) -> sa.Select[Any]:
    """Return the query that counts attempts by the cells of a rollup."""
    keys = [key.label(name) for name, key in _KEYS[model].items()]
    numbers = [number.label(name) for name, number in _NUMBERS.items()]
    return sa.select(*keys, *numbers).group_by(*_KEYS[model].values())


def queued(model: type[DayTally | HourTally], *conditions: Any) -> sa.Select[Any]:
    """Return the query that counts queued attempts by the cells of a rollup.

    It asks for them by key, one by one: of a join SQLite would read all attempts instead.

    :param conditions: make from an `event_id` column what must hold of it
    """
    fresh = sa.select(FreshAttempt.event_id, FreshAttempt.id)
    fresh = fresh.where(*(condition(FreshAttempt.event_id) for condition in conditions))
    return aggregate(model).where(sa.tuple_(Attempt.event_id, Attempt.id).in_(fresh))


def cells(model: type[DayTally | HourTally], *conditions: Any) -> sa.Subquery:
    """Return all cells of a rollup with what is queued for them, for use in one statement.

    A cell may come in two rows: sum them.

    :param conditions: as for `queued`; both parts are narrowed alike
    """
    table = _table(model)
    kept = sa.select(*(table.c[name] for name in (*_KEYS[model], *NUMBERS)))
    kept = kept.where(*(condition(table.c.event_id) for condition in conditions))
    return sa.union_all(kept, queued(model, *conditions)).subquery()


def fold(batch: int = BATCH) -> int:
    """Move up to `batch` queued attempts into the rollups and return how many were moved.

    Returns 0 too while another process folds. On PostgreSQL the three statements see one snapshot
    (repeatable read), and a row that somebody else folded meanwhile undoes this transaction; SQLite
    admits one writer anyway.
    """
    options: dict[str, Any] = {"writing": True}
    is_postgresql = db.engine.dialect.name == "postgresql"
    if is_postgresql:
        options["isolation_level"] = "REPEATABLE READ"
    with db.engine.connect().execution_options(**options) as connection, connection.begin():
        if is_postgresql and not connection.scalar(
            sa.select(sa.func.pg_try_advisory_xact_lock(FOLDING))
        ):
            return 0
        return _fold(connection, batch)


def fold_all() -> int:
    """Fold until nothing is queued, or another process folds; return how many were moved."""
    total = 0
    while number := fold():
        total += number
    return total


def _fold(connection: sa.Connection, batch: int) -> int:
    table = _table(FreshAttempt)
    oldest = sa.select(table.c.event_id, table.c.id).order_by(*table.c).limit(batch)
    chosen = sa.tuple_(Attempt.event_id, Attempt.id).in_(oldest)
    for model in (DayTally, HourTally):
        connection.execute(_add(connection.dialect.name, model, aggregate(model).where(chosen)))
    gone = sa.delete(table).where(sa.tuple_(table.c.event_id, table.c.id).in_(oldest))
    number: int = connection.execute(gone).rowcount
    if number:
        connection.execute(_NEXT_SERIAL)
    return number


def _add(dialect: str, model: type[DayTally | HourTally], counted: sa.Select[Any]) -> Any:
    """Return the statement that adds counted cells to those kept."""
    table = _table(model)
    insert = (sqlite if dialect == "sqlite" else postgresql).insert(table)
    names = [*_KEYS[model], *NUMBERS]
    # "WHERE true" tells SQLite's parser that ON CONFLICT is no join's ON.
    source = counted.where(sa.true()) if dialect == "sqlite" else counted
    statement = insert.from_select(names, source)
    return statement.on_conflict_do_update(
        index_elements=list(_KEYS[model]),
        set_={name: table.c[name] + statement.excluded[name] for name in NUMBERS},
    )


def differences() -> Sequence[Difference]:
    """Recount everything from the attempts and list what the rollups and the queue say otherwise.

    Each rollup is compared in one statement, so it may run while attempts pour in. Archived events
    have nothing to recount: `archive_counting` looks after them.
    """
    found: list[Difference] = []
    with db.engine.connect().execution_options(writing=False) as connection:
        for model in (DayTally, HourTally):
            size = len(_KEYS[model])
            for row in connection.execute(_comparison(model)):
                numbers = [int(number) for number in row[size:]]
                kept, counted = numbers[: len(NUMBERS)], numbers[len(NUMBERS) :]
                found.append(Difference(tuple(row[:size]), tuple(kept), tuple(counted)))
    return found


def _comparison(model: type[DayTally | HourTally]) -> sa.Select[Any]:
    """Return the query for cells that differ: their keys, numbers kept, numbers counted."""
    there = Attempt.event_id.not_in(archived.event_ids())
    have = cells(model, lambda event_id: event_id.not_in(archived.event_ids()))
    want = aggregate(model).where(there).subquery()
    nothing = [sa.literal(0).label(name) for name in NUMBERS]
    kept = [have.c[name].label(name) for name in NUMBERS]
    counted = [want.c[name].label(f"true_{name}") for name in NUMBERS]
    unlike = [sa.literal(0).label(f"true_{name}") for name in NUMBERS]
    sides = (
        sa.select(*(have.c[key] for key in _KEYS[model]), *kept, *unlike),
        sa.select(*(want.c[key] for key in _KEYS[model]), *nothing, *counted),
    )
    both = sa.union_all(*sides).subquery()
    keys = [both.c[key] for key in _KEYS[model]]
    sums = [(sa.func.sum(both.c[n]), sa.func.sum(both.c[f"true_{n}"])) for n in NUMBERS]
    query = sa.select(*keys, *(kept for kept, _true in sums), *(true for _kept, true in sums))
    return query.group_by(*keys).having(sa.or_(*(kept != true for kept, true in sums)))


def rebuild() -> None:
    """Empty all tallies and queue every attempt anew; attempts wait as long as this takes.

    Those of archived events stay: there is nothing that they could be counted from.
    """
    with db.engine.connect().execution_options(writing=True) as connection, connection.begin():
        if connection.dialect.name == "postgresql":
            connection.execute(sa.text("SET LOCAL statement_timeout = 0"))
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(FOLDING)))
            connection.execute(sa.text("LOCK TABLE attempt IN SHARE MODE"))
        for model in (DayTally, HourTally, FreshAttempt):
            table = _table(model)
            is_here = table.c.event_id.not_in(archived.event_ids())
            connection.execute(sa.delete(table).where(is_here))
        knowledge_reading.forget(connection)  # what left the queue just now waits there too
        connection.execute(_NEXT_SERIAL)
        names = ["event_id", "id"]
        every = sa.select(Attempt.event_id, Attempt.id)
        every = every.where(Attempt.event_id.not_in(archived.event_ids()))
        connection.execute(_table(FreshAttempt).insert().from_select(names, every))
