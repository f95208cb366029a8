"""The embedded database's driver: a safe library version and a fair queue of writers.

SQLite admits one writer. Left to its busy handler, waiting writers sleep and starve each other:
with 32 connections the slowest writes take up to a second. Here a writer first queues on a lock
of its process and then on a lock file shared by all processes, and only then begins, so that
nobody sleeps while the database is free.
"""

import fcntl
import os
import threading
import time
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from core.config import ConfigError

try:
    from pysqlite3 import dbapi2 as driver
except ImportError:  # no wheel for this platform: Python's own library, if it is a safe one
    import sqlite3 as driver

# The WAL-reset race can corrupt a file that two connections write; versions with the fix
# according to the SQLite release notes.
FIXED_IN = ((3, 51, 3), (3, 50, 7), (3, 44, 6))
PATIENCE_SECONDS = 5.0
QUICK_TRIES, QUICK_SECONDS = 20, 0.0001
DriverError: type[Exception] = driver.Error
IntegrityError: type[Exception] = driver.IntegrityError


def refuse_unsafe_version() -> None:
    """Stop the start if the SQLite library has the WAL-reset race.

    :raises ConfigError: the library is unsafe
    """
    version = driver.sqlite_version_info
    if version >= FIXED_IN[0]:
        return
    if any(version[:2] == fixed[:2] and version >= fixed for fixed in FIXED_IN):
        return
    raise ConfigError(
        f"SQLite {driver.sqlite_version} can corrupt a database under load; "
        "install the package pysqlite3, or use PostgreSQL (DATABASE_URL)"
    )


def version() -> str:
    """Return the version of the SQLite library in use."""
    return str(driver.sqlite_version)


class WriterQueue:
    """Lets one write transaction at a time pass, over all threads and processes.

    Not re-entrant: a thread that already writes and asks again waits in vain.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._turn = threading.Lock()
        self._file: int | None = None

    def enter(self) -> None:
        """Wait for one's turn.

        Between processes the kernel keeps the order of arrival, which no polling would.

        :raises sqlite3.OperationalError: no turn within `PATIENCE_SECONDS`
        """
        if not self._turn.acquire(timeout=PATIENCE_SECONDS):
            raise driver.OperationalError("database is locked: too many writers are waiting")
        try:
            # Opened anew each time: a descriptor inherited by a child would share its lock.
            file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            is_locked = _lock_in_time(file)
        except BaseException:
            self._turn.release()
            raise
        if not is_locked:
            self._turn.release()
            raise driver.OperationalError("database is locked by another process")
        self._file = file

    def leave(self) -> None:
        """Let the next writer pass."""
        if self._file is not None:
            os.close(self._file)  # also lets go of the lock
            self._file = None
        self._turn.release()


def _lock_in_time(file: int) -> bool:
    """Lock an open file and tell whether it was to be had within `PATIENCE_SECONDS`.

    flock cannot be timed, and another process may be frozen while it holds the lock. So a longer
    wait happens in a thread of its own, which closes the file itself if nobody waits for it any
    more. A writer is usually gone before such a thread could start: first it is asked a few times.
    """
    for _try in range(QUICK_TRIES):
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(QUICK_SECONDS)
        else:
            return True
    taken, abandoned, guard = threading.Event(), threading.Event(), threading.Lock()

    def wait() -> None:
        fcntl.flock(file, fcntl.LOCK_EX)
        with guard:
            taken.set()
            if abandoned.is_set():
                os.close(file)

    threading.Thread(target=wait, daemon=True, name="waiting for the lock file").start()
    if taken.wait(PATIENCE_SECONDS):
        return True
    with guard:
        if not taken.is_set():
            abandoned.set()
    return taken.is_set()


class Connection(driver.Connection):  # type: ignore[misc, name-defined, unused-ignore]
    """A connection whose write transactions queue; `queue` is set once it is open."""

    queue: WriterQueue
    is_writing = False

    def begin(self, *, writing: bool) -> None:
        """Start a transaction; a writing one waits for its turn."""
        if not writing:
            self.execute("BEGIN")
            return
        self.queue.enter()
        try:
            self.execute("BEGIN IMMEDIATE")
        except BaseException:
            self.queue.leave()
            raise
        self.is_writing = True

    def commit(self) -> None:
        """Commit; after a fault the transaction stays open until the rollback."""
        super().commit()
        self._let_go()

    def rollback(self) -> None:
        """Undo, whatever happened, and let the next writer pass."""
        try:
            super().rollback()
        finally:
            self._let_go()

    def close(self) -> None:
        """Close; an open transaction is undone."""
        try:
            super().close()
        finally:
            self._let_go()

    def _let_go(self) -> None:
        if self.is_writing:
            self.is_writing = False
            self.queue.leave()


def engine_options(url: sa.URL) -> dict[str, Any]:
    """Give `create_engine` the driver and the kind of connection above."""
    refuse_unsafe_version()
    if url.database and url.database != ":memory:":
        folder = Path(url.database).parent
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ConfigError(
                f"DATABASE_URL: the folder {folder} cannot be made: {error}"
            ) from error
        if not os.access(folder, os.W_OK):
            raise ConfigError(f"DATABASE_URL: the folder {folder} cannot be written")
    return {"module": driver, "connect_args": {"factory": Connection, "timeout": PATIENCE_SECONDS}}


def prepare(connection: Connection, queue: WriterQueue) -> None:
    """Set up a fresh connection.

    `synchronous=FULL`: an acknowledged attempt survives a power cut.
    """
    connection.isolation_level = None  # transactions begin where `begin` says, nowhere else
    connection.queue = queue
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        f"busy_timeout={int(PATIENCE_SECONDS * 1000)}",
        "cache_size=-8000",
    ):
        connection.execute(f"PRAGMA {pragma}").close()
