"""Statements compiled once and then run by the driver itself: for what every phone asks.

SQLAlchemy compiles and converts as ever. Left out is its transaction around a single statement,
which costs more than such a statement does: four fifths of a look-up by key on SQLite, two more
round trips on PostgreSQL.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Self

import sqlalchemy as sa
from flask import current_app
from sqlalchemy.exc import DBAPIError

from core.db import db
from core.together import GroupWriter

Convert = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class _Compiled:
    """A statement in the words of one kind of database.

    `order` names the values for question marks; None where the driver takes values by name.
    """

    sql: str
    fixed: Mapping[str, Any]
    order: Sequence[str] | None
    writing: Mapping[str, Convert]
    reading: Sequence[Convert | None]

    @classmethod
    def of(cls, statement: sa.Select[Any] | sa.Insert, dialect: sa.Dialect) -> Self:
        """Compile a statement."""
        compiled: Any = statement.compile(dialect=dialect)
        writing = {}
        for bind, name in compiled.bind_names.items():
            if convert := bind.type.dialect_impl(dialect).bind_processor(dialect):
                writing[name] = convert
        columns = statement.selected_columns if isinstance(statement, sa.Select) else ()
        return cls(
            sql=str(compiled),
            fixed=compiled.params,
            order=compiled.positiontup if compiled.positional else None,
            writing=writing,
            reading=[c.type.dialect_impl(dialect).result_processor(dialect, None) for c in columns],
        )

    def values(self, given: Mapping[str, Any]) -> Any:
        """Return the values as the driver takes them."""
        values = {**self.fixed, **given}
        for name, convert in self.writing.items():
            values[name] = convert(values[name])
        return values if self.order is None else [values[name] for name in self.order]

    def row(self, found: Sequence[Any]) -> tuple[Any, ...]:
        """Return what was found as Python has it."""
        pairs = zip(found, self.reading, strict=True)
        return tuple(value if convert is None else convert(value) for value, convert in pairs)


class Prepared:
    """A SELECT of one row or an INSERT, for the database of the current app.

    :param statement: with a `bindparam` for each value that is given later
    """

    def __init__(self, statement: sa.Select[Any] | sa.Insert) -> None:
        self.statement = statement
        self._compiled: dict[str, _Compiled] = {}

    def first(self, given: Mapping[str, Any]) -> tuple[Any, ...] | None:
        """Return the row found, or None.

        :raises DBAPIError: as SQLAlchemy raises it
        """
        compiled = self._of_app()
        with _driver() as connection:
            found = connection.execute(compiled.sql, compiled.values(given)).fetchone()
        return None if found is None else compiled.row(found)

    def write(self, given: Mapping[str, Any]) -> None:
        """Write; it is committed when this returns, on SQLite with what others write by then.

        :raises IntegrityError: a constraint is violated; nothing was written
        :raises DBAPIError: anything else, as SQLAlchemy raises it
        """
        compiled = self._of_app()
        values = compiled.values(given)
        if db.engine.dialect.name == "sqlite":
            writer: GroupWriter = current_app.extensions["together"]
            with _as_sqlalchemy_says():
                writer.write(compiled.sql, values)
            return
        with _driver() as connection:
            connection.execute(compiled.sql, values)

    def _of_app(self) -> _Compiled:
        dialect = db.engine.dialect
        if dialect.name not in self._compiled:
            self._compiled[dialect.name] = _Compiled.of(self.statement, dialect)
        return self._compiled[dialect.name]


@contextmanager
def _driver() -> Iterator[Any]:
    """Lend the driver's connection for one statement, which is a transaction by itself."""
    with _as_sqlalchemy_says():  # there may be no connection to be had
        borrowed = db.engine.raw_connection()
    connection: Any = borrowed.driver_connection
    try:
        _begin_nothing(connection, True)
        with _as_sqlalchemy_says(connection):
            yield connection
    except DBAPIError as error:
        if error.connection_invalidated:
            borrowed.invalidate(error)
        else:
            _begin_nothing(connection, False)
        raise
    except BaseException:  # such as the end of the process: nobody knows what it was doing
        borrowed.invalidate()
        raise
    else:
        _begin_nothing(connection, False)
    finally:
        borrowed.close()


def _begin_nothing(connection: Any, is_on: bool) -> None:
    """Keep psycopg from beginning a transaction; SQLite's driver never does by itself here."""
    if db.engine.dialect.name == "postgresql":
        connection.autocommit = is_on


@contextmanager
def _as_sqlalchemy_says(connection: Any = None) -> Iterator[None]:
    """Raise the driver's errors as everything above knows them."""
    dialect = db.engine.dialect
    dbapi: Any = dialect.loaded_dbapi
    try:
        yield
    except dbapi.Error as error:
        is_lost = connection is not None and dialect.is_disconnect(error, connection, None)
        raise DBAPIError.instance(
            None,
            None,
            error,
            dbapi.Error,
            hide_parameters=True,
            connection_invalidated=is_lost,
            dialect=dialect,
        ) from error
