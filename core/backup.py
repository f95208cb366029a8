"""Writing all rows of a database into an archive and reading them back, on both databases.

Both give a snapshot to whoever reads in one transaction, and keep nobody from writing meanwhile.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import Any

import sqlalchemy as sa
from psycopg import sql

from core.archive import Contents, Lines, Reader, Row, Writer
from core.clock import now
from core.db import db

REVISION_TABLE = "alembic_version"
FETCHED = 2_000
MOMENT = "YYYY-MM-DD HH24:MI:SS.US"  # as SQLite keeps moments: in UTC, to the microsecond
SQLITE_TRIGGERS = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"
POSTGRESQL_REFERENCES = """
SELECT conrelid::regclass::text, quote_ident(conname), pg_get_constraintdef(oid)
FROM pg_constraint WHERE contype = 'f' AND connamespace = current_schema()::regnamespace
"""

Tell = Callable[[str, int], None]
"""Is told each table, with its number of rows, once it is done."""


class SchemaError(Exception):
    """The tables are not those that are expected; the message says what to do."""


class NotRestoredError(Exception):
    """What was read back is not what was written; the message names the table."""


def revision_of(connection: sa.Connection) -> str | None:
    """Return the revision of the schema, or None if there is no table at all."""
    if not sa.inspect(connection).get_table_names():
        return None
    version = sa.table(REVISION_TABLE, sa.column("version_num"))
    return connection.scalar(sa.select(version.c.version_num)) or ""


def save(writer: Writer, tell: Tell) -> None:
    """Write every row as of this moment, and close the archive.

    :raises SchemaError: there are no tables
    """
    with _snapshot() as connection:
        revision = revision_of(connection)
        if not revision:
            raise SchemaError("there are no tables: flask --app app db upgrade")
        made_at = now()
        for table in _tables(connection):
            tell(table.name, writer.add(table.name, table.columns.keys(), _rows(connection, table)))
        writer.close(revision, made_at)


def load(reader: Reader, tell: Tell) -> None:
    """Put an archive's rows into tables of its revision that were just made: all or none.

    :raises SchemaError: the tables are others
    :raises NotRestoredError: counts or sums are others once they are in
    :raises DamagedArchiveError: the archive is damaged
    """
    with _writing() as connection, connection.begin():
        tables = _tables(connection)
        known = {table.name: table.columns.keys() for table in tables}
        if known != {name: contents.columns for name, contents in reader.tables.items()}:
            raise SchemaError(f"the tables of revision {reader.revision} are others here")
        with _unguarded(connection, tables):
            for table in tables:
                connection.execute(_plain(table).delete())  # what migrations put in
                _fill(connection, table, reader.rows(table.name))
                if (found := _contents(connection, table)) != reader.tables[table.name]:
                    raise NotRestoredError(f"{table.name}: {found.rows} rows came out otherwise")
                tell(table.name, found.rows)
        _go_on_counting(connection, tables)
        _refuse_broken_references(connection)


@contextmanager
def _snapshot() -> Iterator[sa.Connection]:
    """Open a connection whose reads all see the same moment."""
    with db.engine.connect() as plain:
        level = {"isolation_level": "REPEATABLE READ"} if _is_postgresql(plain) else {}
        yield plain.execution_options(writing=False, **level)


@contextmanager
def _writing() -> Iterator[sa.Connection]:
    """Open a connection that writes; on SQLite it looks at references only when it is told to.

    That switch works outside a transaction, so it goes past SQLAlchemy, which would begin one.
    """
    with db.engine.connect().execution_options(writing=True) as connection:
        if _is_postgresql(connection):
            yield connection
            return
        driver_connection: Any = connection.connection.driver_connection
        driver_connection.execute("PRAGMA foreign_keys=OFF").close()
        try:
            yield connection
        finally:
            connection.rollback()
            driver_connection.execute("PRAGMA foreign_keys=ON").close()


def _is_postgresql(connection: sa.Connection) -> bool:
    return connection.dialect.name == "postgresql"


def _tables(connection: sa.Connection) -> list[sa.Table]:
    """Return the tables as they are, by name."""
    found = sa.MetaData()
    found.reflect(connection, resolve_fks=False)
    return [found.tables[name] for name in sorted(found.tables) if name != REVISION_TABLE]


def _plain(table: sa.Table) -> sa.TableClause:
    """Return a table whose values pass as the driver has them."""
    return sa.table(table.name, *(sa.column(name) for name in table.columns.keys()))  # noqa: SIM118


def _rows(connection: sa.Connection, table: sa.Table) -> Iterator[Row]:
    """Yield a table's rows as the archive holds them: as SQLite does, by primary key."""
    adapt = _from_postgresql if _is_postgresql(connection) else _from_sqlite
    plain = _plain(table)
    keys: list[sa.ColumnElement[Any]] = [
        sa.collate(plain.c[key.name], "C")
        if _is_postgresql(connection) and isinstance(key.type, sa.String)
        else plain.c[key.name]
        for key in table.primary_key
    ]
    columns = [adapt(plain.c[column.name], column.type) for column in table.columns]
    query = sa.select(*columns).order_by(*keys).execution_options(yield_per=FETCHED)
    yield from connection.execute(query)


def _from_sqlite(
    column: sa.ColumnElement[Any], kind: sa.types.TypeEngine[Any]
) -> sa.ColumnElement[Any]:
    return sa.cast(column, sa.Text) if isinstance(kind, sa.JSON) else column


def _from_postgresql(
    column: sa.ColumnElement[Any], kind: sa.types.TypeEngine[Any]
) -> sa.ColumnElement[Any]:
    if isinstance(kind, sa.DateTime):
        return sa.func.to_char(sa.func.timezone("UTC", column), MOMENT)
    if isinstance(kind, sa.Date):
        return sa.func.to_char(column, "YYYY-MM-DD")
    if isinstance(kind, sa.Boolean):
        return sa.cast(column, sa.Integer)
    if isinstance(kind, sa.Uuid):
        return sa.func.replace(sa.cast(column, sa.Text), "-", "")
    return sa.cast(column, sa.Text) if isinstance(kind, sa.JSON) else column


def _contents(connection: sa.Connection, table: sa.Table) -> Contents:
    """Tell of a table what the manifest tells."""
    lines = Lines(table.columns.keys())
    for _line in lines.of(_rows(connection, table)):
        pass
    return lines.contents


def _fill(connection: sa.Connection, table: sa.Table, rows: Iterator[Row]) -> None:
    if _is_postgresql(connection):
        names = [sql.Identifier(name) for name in (table.name, *table.columns.keys())]
        copy = sql.SQL("COPY {} ({}) FROM STDIN").format(names[0], sql.SQL(", ").join(names[1:]))
        driver_connection: Any = connection.connection.driver_connection
        with driver_connection.cursor() as cursor, cursor.copy(copy) as into:
            for row in rows:
                into.write_row(row)
        return
    insert = str(sa.insert(_plain(table)).compile(connection))
    while some := [tuple(row) for row in islice(rows, FETCHED)]:
        connection.exec_driver_sql(insert, some)


@contextmanager
def _unguarded(connection: sa.Connection, tables: Sequence[sa.Table]) -> Iterator[None]:
    """Let tables be filled in any order, without rows that triggers would add.

    Within a transaction: if the block fails, its rollback brings the guards back.
    """
    if not _is_postgresql(connection):
        triggers = connection.exec_driver_sql(SQLITE_TRIGGERS).all()
        for name, _definition in triggers:
            connection.exec_driver_sql(f'DROP TRIGGER "{name}"')
        yield
        for _name, definition in triggers:
            connection.exec_driver_sql(definition)
        return
    connection.execute(sa.text("SET LOCAL TIME ZONE 'UTC'"))
    references = connection.exec_driver_sql(POSTGRESQL_REFERENCES).all()
    for table, name, _definition in references:
        connection.exec_driver_sql(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
    for table in tables:
        connection.exec_driver_sql(f'ALTER TABLE "{table.name}" DISABLE TRIGGER USER')
    yield
    for table in tables:
        connection.exec_driver_sql(f'ALTER TABLE "{table.name}" ENABLE TRIGGER USER')
    for table, name, definition in references:
        connection.exec_driver_sql(f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}")


def _go_on_counting(connection: sa.Connection, tables: Sequence[sa.Table]) -> None:
    """Let PostgreSQL give the next row a number above those put in, as SQLite does anyway."""
    if not _is_postgresql(connection):
        return
    for table in tables:
        column = table.autoincrement_column
        if column is None or column.server_default is None:
            continue
        highest = sa.select(sa.func.coalesce(sa.func.max(column), 0) + 1).scalar_subquery()
        sequence = sa.func.pg_get_serial_sequence(table.name, column.name)
        connection.execute(sa.select(sa.func.setval(sequence, highest, sa.false())))


def _refuse_broken_references(connection: sa.Connection) -> None:
    """Look whether rows point at nothing; PostgreSQL did so as it got its references back.

    :raises NotRestoredError: some do
    """
    if _is_postgresql(connection):
        return
    if broken := connection.exec_driver_sql("PRAGMA foreign_key_check").all():
        names = sorted({row[0] for row in broken})
        raise NotRestoredError(f"rows of {', '.join(names)} point at nothing")
