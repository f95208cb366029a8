"""PostgreSQL's driver for a site that must answer: nobody waits for a server that is silent.

A server that is frozen, or a machine that vanished, answers nothing, and a socket waits for ever;
the timeouts kept by the server do not help then. So whoever waits for a page's statement longer
than a moment looks whether the server still lets anybody in. If it does, the statement is only slow
and may go on. If not, everybody is told at once, and until the server answers again nobody waits:
one at a time tries, the others are answered 503.
"""

import threading
import time
from collections.abc import Generator
from typing import Any

import psycopg
import sqlalchemy as sa
from flask import has_request_context
from psycopg import errors
from psycopg.abc import PQGen
from sqlalchemy.engine.interfaces import DBAPIConnection, Dialect
from sqlalchemy.pool import ConnectionPoolEntry

STATEMENT_SECONDS = 30.0
IDLE_SECONDS = 60.0
PATIENCE_SECONDS = 2.0
"""How long a page's statement may take before somebody looks whether the server lives."""
CONNECT_SECONDS = 5
"""How long a new connection may take; psycopg counts whole seconds, at least 2."""
LOOK_AGAIN_SECONDS = 1.0
GRACE_SECONDS = 5.0
"""How much later than the server itself a page gives a statement up."""
# A peer that vanished without a word (its machine lost power) is found out by the kernel.
KEEPALIVE = {
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
}


class Connection(psycopg.Connection[Any]):
    """A connection that gives up when its server is silent; `server` is set once it is open."""

    server: "Server | None" = None

    def wait(self, gen: PQGen[Any], *args: Any, **kwargs: Any) -> Any:
        """Wait for an answer, where visitors are answered not for ever.

        :raises psycopg.OperationalError: the server is silent; the connection is closed
        """
        if self.server is None or not (self.server.is_of_site or has_request_context()):
            return super().wait(gen, *args, **kwargs)
        return super().wait(self._patiently(gen, self.server), *args, **kwargs)

    def _patiently(self, gen: PQGen[Any], server: "Server") -> Generator[Any, Any, Any]:
        """Pass on what the driver and the socket say to each other, until patience ends."""
        began = time.monotonic()
        look_at = began if server.is_silent else began + PATIENCE_SECONDS
        try:
            state = next(gen)
            while True:
                ready = yield state
                if not ready and (now := time.monotonic()) >= look_at:
                    is_too_long = now - began > STATEMENT_SECONDS + GRACE_SECONDS
                    if (is_too_long and has_request_context()) or not server.is_there():
                        self._give_up(gen)
                    look_at = time.monotonic() + PATIENCE_SECONDS
                state = gen.send(ready)
        except StopIteration as end:
            return end.value

    def _give_up(self, gen: PQGen[Any]) -> None:
        gen.close()
        self.close()  # SQLAlchemy sees by this that neither it nor its older neighbours are usable
        raise errors.OperationalError("the database does not answer")


class Server:
    """What this process knows of the database's server: whether it answers.

    :param is_of_site: whether the process answers visitors, some of them before Flask wakes
    """

    def __init__(self, *, is_of_site: bool) -> None:
        self.is_of_site = is_of_site
        self.is_silent = False
        self._arguments: tuple[tuple[Any, ...], dict[str, Any]] = ((), {})
        self._looking = threading.Lock()
        self._looked_at = float("-inf")

    def connect(self, *args: Any, **kwargs: Any) -> Connection:
        """Open a connection; while the server is silent only one caller at a time waits for that.

        :raises psycopg.OperationalError: the server is silent, or lets nobody in
        """
        self._arguments = args, kwargs
        if self.is_silent and not self.is_there():
            raise errors.ConnectionTimeout("the database does not answer")
        try:
            connection = Connection.connect(*args, **kwargs)
        except errors.ConnectionTimeout:
            self.is_silent = True
            raise
        connection.server = self
        return connection

    def is_there(self) -> bool:
        """Look whether the server still answers strangers, be it with a refusal.

        While it is silent, whoever comes during another's look is not kept waiting for that.
        """
        if not self._looking.acquire(blocking=not self.is_silent):
            return False
        try:
            if time.monotonic() - self._looked_at >= LOOK_AGAIN_SECONDS:
                self.is_silent = not self._answers()
                self._looked_at = time.monotonic()
            return not self.is_silent
        finally:
            self._looking.release()

    def _answers(self) -> bool:
        args, kwargs = self._arguments
        try:
            psycopg.connect(*args, **kwargs).close()
        except errors.ConnectionTimeout:
            return False
        except psycopg.OperationalError:  # refused, starting, full: somebody is there and says so
            return True
        return True


def engine_options(pool_size: int) -> dict[str, Any]:
    """Give `create_engine` bounds for the driver."""
    return {
        "pool_pre_ping": True,
        "pool_size": pool_size,
        "connect_args": {"connect_timeout": CONNECT_SECONDS} | KEEPALIVE,
    }


def lose_patience(engine: sa.Engine, *, lock_seconds: float, is_of_site: bool) -> None:
    """Let PostgreSQL refuse what would wait for a frozen lock, and do not wait for a frozen server.

    A page's statement is bounded too, and a worker that freezes within a transaction loses it with
    its locks. Connections of commands and migrations are not: their work may be long.
    """
    server = Server(is_of_site=is_of_site)

    @sa.event.listens_for(engine, "do_connect")
    def _open(
        _dialect: Dialect, _record: ConnectionPoolEntry, args: list[Any], kwargs: dict[str, Any]
    ) -> Connection:
        return server.connect(*args, **kwargs)

    @sa.event.listens_for(engine, "connect")
    def _connect(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
        seconds = {"lock_timeout": lock_seconds}
        if is_of_site or has_request_context():
            seconds["statement_timeout"] = STATEMENT_SECONDS
            seconds["idle_in_transaction_session_timeout"] = IDLE_SECONDS
        cursor = connection.cursor()
        for name, value in seconds.items():
            cursor.execute(f"SET {name} = {int(value * 1000)}")
        cursor.close()
        connection.commit()
