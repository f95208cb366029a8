"""How migrations reach the app's database; revisions themselves import nothing of ours."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal

import sqlalchemy as sa
from alembic import context
from alembic.autogenerate.api import AutogenContext
from flask import current_app

from core.db import UTCDateTime, db


class BrokenReferencesError(Exception):
    """A migration would leave rows that point at nothing: pairs of their table and the other."""


def render_item(kind: str, item: Any, _context: AutogenContext) -> str | Literal[False]:
    """Write our own types as plain ones."""
    if kind == "type" and isinstance(item, UTCDateTime):
        return "sa.DateTime(timezone=True)"
    return False


def compare_type(
    _context: object, _inspected: object, _column: object, _found: object, wanted: Any
) -> bool | None:
    """Take moments as equal to plain ones; SQLite knows neither zones nor lengths of blobs."""
    if isinstance(wanted, UTCDateTime | sa.LargeBinary | sa.Uuid):
        return False
    return None


def run() -> None:
    """Migrate over the app's engine: all steps or none.

    `transactional_ddl`: Alembic holds that SQLite cannot take back a change of tables, but only
    Python's driver could not; ours begins transactions itself (see core/sqlite.py).
    """
    options = dict(current_app.extensions["migrate"].configure_args)
    options |= {
        "render_item": render_item,
        "compare_type": compare_type,
        "transactional_ddl": True,
    }
    with db.engine.connect() as connection, _without_foreign_keys(connection):
        context.configure(connection=connection, target_metadata=db.metadata, **options)
        with context.begin_transaction():
            context.run_migrations()
            _refuse_broken_references(connection)


@contextmanager
def _without_foreign_keys(connection: sa.Connection) -> Iterator[None]:
    """Let SQLite rebuild a table that others point at, which begins with dropping it.

    The switch works outside a transaction only, so it goes past SQLAlchemy, which would begin one.
    """
    if connection.dialect.name != "sqlite":
        yield
        return
    driver_connection: Any = connection.connection.driver_connection
    driver_connection.execute("PRAGMA foreign_keys=OFF").close()
    try:
        yield
    finally:
        connection.rollback()
        driver_connection.execute("PRAGMA foreign_keys=ON").close()


def _refuse_broken_references(connection: sa.Connection) -> None:
    """Stop before the commit if rows point at nothing.

    :raises BrokenReferencesError: the migration lost rows that others point at
    """
    if connection.dialect.name == "sqlite":
        broken = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
        if broken:
            raise BrokenReferencesError(sorted({(row[0], row[2]) for row in broken}))


run()
