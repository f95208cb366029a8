"""flask db-backup FILE, flask db-restore FILE."""

import os
import sys
from pathlib import Path

import click
import flask_migrate
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from flask import Flask, current_app
from flask.cli import with_appcontext
from sqlalchemy.exc import SQLAlchemyError

from core import backup
from core.archive import DamagedArchiveError, Reader, Writer
from core.db import db, read
from core.words import counted

ONLY_OWNER = 0o077


@click.command("db-backup")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@with_appcontext
def db_backup(file: Path) -> None:
    """Write the whole database into FILE, while it is in use.

    The same file restores into SQLite and PostgreSQL. It holds password hashes and, encrypted by
    SECRET_KEY, authenticators: keep it as safe as the database, and the key somewhere else.
    """
    if file.exists():
        raise click.ClickException(f"{file} exists already; name another file")
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    told: dict[str, int] = {}
    old_mask = os.umask(ONLY_OWNER)
    try:
        backup.save(Writer(draft), _telling("saved", told))
        _keep(draft, file)
    except (OSError, backup.SchemaError) as error:
        raise click.ClickException(str(error)) from None
    finally:
        os.umask(old_mask)
        draft.unlink(missing_ok=True)
    click.echo(f"{_sum(told)} in {file}, {file.stat().st_size / 1e6:.1f} MB")


@click.command("db-restore")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@with_appcontext
def db_restore(file: Path) -> None:
    """Read FILE into an empty database, compare all counts and sums, and bring it up to date."""
    try:
        reader = Reader(file)
    except DamagedArchiveError as error:
        raise click.ClickException(f"{file}: {error}") from None
    with read() as connection:
        if backup.revision_of(connection) is not None:
            raise click.ClickException(
                "the database is not empty; name a new one with DATABASE_URL and restore into that"
            )
    _make_tables(reader.revision)
    told: dict[str, int] = {}
    try:
        backup.load(reader, _telling("restored", told))
    except (
        DamagedArchiveError,
        backup.SchemaError,
        backup.NotRestoredError,
        SQLAlchemyError,
    ) as error:
        _take_tables_away()
        raise click.ClickException(f"nothing was restored: {error}") from None
    flask_migrate.upgrade()
    made = f"{reader.made_at:%Y-%m-%d %H:%M} UTC"
    click.echo(f"{_sum(told)} restored as of {made}; counts and sums are those of the backup")


def _make_tables(revision: str) -> None:
    """Make the tables of a revision.

    :raises click.ClickException: this version of the program does not know it
    """
    scripts = ScriptDirectory(current_app.extensions["migrate"].directory)
    try:
        scripts.get_revision(revision)
    except CommandError:
        raise click.ClickException(
            f"the backup is of a newer version of this program (schema {revision}); "
            "restore it with that version"
        ) from None
    flask_migrate.upgrade(revision=revision)


def _take_tables_away() -> None:
    """Leave the database as empty as it was."""
    flask_migrate.downgrade(revision="base")
    with db.engine.connect().execution_options(writing=True) as connection, connection.begin():
        connection.exec_driver_sql(f"DROP TABLE {backup.REVISION_TABLE}")


def _keep(draft: Path, file: Path) -> None:
    """Let a file appear, complete and on disk, unless another one took its name meanwhile."""
    _sync(draft)
    os.link(draft, file)
    _sync(file.parent)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _telling(label: str, told: dict[str, int]) -> backup.Tell:
    """Show each table as it is done to whoever watches, and keep its number of rows."""

    def tell(name: str, rows: int) -> None:
        told[name] = rows
        if sys.stderr.isatty():
            click.echo(f"  {label} {name}: {rows:,}", err=True)

    return tell


def _sum(told: dict[str, int]) -> str:
    rows, attempts = sum(told.values()), told.get("attempt", 0)
    return f"{counted(rows, 'row')} of {counted(len(told), 'table')}, {attempts:,} of them attempts"


def init_app(app: Flask) -> None:
    """Register the commands."""
    app.cli.add_command(db_backup)
    app.cli.add_command(db_restore)
