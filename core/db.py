"""The database: models' base class, moments in UTC, and which transactions may write."""

import enum
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from flask import Flask, has_request_context, request
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.engine.interfaces import DBAPIConnection, Dialect
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import DeclarativeBase, registry
from sqlalchemy.pool import ConnectionPoolEntry

from core import postgresql, sqlite
from core.config import Settings

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

_writing: ContextVar[bool | None] = ContextVar("writing", default=None)


class UTCDateTime(sa.TypeDecorator[datetime]):
    """A moment: aware on the way in and out, in UTC, alike on both databases."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse naive moments; keep UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment needs its time zone")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(
        self,
        value: datetime | None,
        dialect: Dialect,  # noqa: ARG002 -- SQLAlchemy's signature
    ) -> datetime | None:
        """Return UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """Names for constraints and types for annotations.

    They stand in the registry: Flask-SQLAlchemy builds its base class anew and would lose
    `type_annotation_map`.
    """

    registry = registry(
        metadata=sa.MetaData(naming_convention=NAMES),
        type_annotation_map={
            datetime: UTCDateTime(),
            enum.StrEnum: sa.Enum(
                enum.StrEnum,
                native_enum=False,
                length=24,
                values_callable=lambda kind: [member.value for member in kind],
            ),
        },
    )


db = SQLAlchemy(model_class=Base)
migrate = Migrate(db=db, render_as_batch=True, compare_type=True)

if TYPE_CHECKING:
    Model = Base
else:
    Model = db.Model


@contextmanager
def read() -> Iterator[sa.Connection]:
    """Look something up in a short transaction, past the session and its objects."""
    with db.engine.connect().execution_options(writing=False) as connection:
        yield connection


@contextmanager
def write() -> Iterator[sa.Connection]:
    """Write something in a short transaction of its own, committed at the end of the block.

    Not within a session's transaction that writes: SQLite admits one writer.
    """
    with db.engine.connect().execution_options(writing=True) as connection, connection.begin():
        yield connection


@contextmanager
def reading() -> Iterator[None]:
    """Begin the session's transactions here without a writer's place in the queue, even in a POST.

    For slow work before a write, such as checking a password. What was read stays readable;
    the transaction ends with the block.
    """
    token = _writing.set(False)
    try:
        yield
    finally:
        db.session.rollback()
        _writing.reset(token)


def init_app(app: Flask) -> None:
    """Connect the app to its database, without asking it anything."""
    settings: Settings = app.config["SETTINGS"]
    url = sa.make_url(settings.database_url)
    is_sqlite = url.get_backend_name() == "sqlite"
    if is_sqlite:
        options = sqlite.engine_options(url) | {"pool_size": settings.threads + 4}
    else:
        options = postgresql.engine_options(pool_size=settings.threads + 2)
    options["hide_parameters"] = True  # what was sent stays out of the log of an error
    app.config.setdefault("SQLALCHEMY_ENGINE_OPTIONS", options)
    db.init_app(app)
    migrate.init_app(app, directory=str(Path(app.root_path) / "migrations"))
    with app.app_context():
        if is_sqlite:
            _queue_writers(db.engine, url)
        else:
            postgresql.lose_patience(
                db.engine,
                lock_seconds=sqlite.PATIENCE_SECONDS,
                is_of_site=bool(settings.scan_seconds),
            )


def _queue_writers(engine: sa.Engine, url: sa.URL) -> None:
    queue = sqlite.WriterQueue(Path(f"{url.database}.lock"))

    @sa.event.listens_for(engine, "connect")
    def _connect(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
        assert isinstance(connection, sqlite.Connection)  # noqa: S101 -- says the type to mypy
        sqlite.prepare(connection, queue)

    @sa.event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        driver_connection: Any = connection.connection.driver_connection
        explicit = connection.get_execution_options().get("writing")
        try:
            driver_connection.begin(writing=_may_write() if explicit is None else explicit)
        except sqlite.DriverError as error:  # SQLAlchemy wraps what its own calls raise, not this
            raise OperationalError("BEGIN", None, error) from error


def _may_write() -> bool:
    """Tell whether the transaction that begins now takes a writer's place.

    A GET never writes, so it never queues. A POST writes sooner or later: it queues before its
    first look, because SQLite refuses to turn a reader into a writer after somebody else wrote.
    """
    explicit = _writing.get()
    if explicit is not None:
        return explicit
    return not has_request_context() or request.method not in SAFE_METHODS
