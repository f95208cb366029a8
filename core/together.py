"""Group commit for SQLite: what several threads write at the same time is committed once.

A commit waits for the disk (`synchronous=FULL`), and SQLite admits one writer. So a thread that
wants to write joins those that wait already; the first one whose turn it is writes for all of them
and commits once. Everybody goes on only after that commit: what is acknowledged is on disk.
"""

import threading
from collections.abc import Sequence
from typing import Any

from flask import Flask

from core.db import db
from core.sqlite import Connection, IntegrityError


class _Wish:
    """What one thread wants written; `woken` is held until it is done, or its thread may lead."""

    __slots__ = ("error", "is_done", "sql", "values", "woken")

    def __init__(self, sql: str, values: Sequence[Any]) -> None:
        self.sql, self.values = sql, values
        self.is_done = False
        self.error: BaseException | None = None
        self.woken = threading.Lock()
        self.woken.acquire()


class GroupWriter:
    """Writes for all threads of a process that wait; one of them at a time leads."""

    def __init__(self) -> None:
        self._waiting: list[_Wish] = []
        self._joining = threading.Lock()
        self._is_led = False

    def write(self, sql: str, values: Sequence[Any]) -> None:
        """Run one statement in a transaction that others may share, and commit it.

        If it violates a constraint the others are not touched: SQLite takes back that one alone.

        :raises sqlite3.IntegrityError: it violates a constraint
        :raises sqlite3.Error: nothing was written, of nobody
        """
        wish = _Wish(sql, values)
        with self._joining:
            self._waiting.append(wish)
            must_wait, self._is_led = self._is_led, True
        if must_wait:
            wish.woken.acquire()
        if not wish.is_done:
            self._lead()
        if wish.error is not None:
            raise wish.error

    def _lead(self) -> None:
        """Write for all that wait, one's own wish among them, and let the next one lead."""
        with self._joining:
            group, self._waiting = self._waiting, []
        try:
            _write_all(group)
        except BaseException as error:  # noqa: BLE001 -- nothing was committed: everybody is told
            for wish in group:
                wish.error = error
        finally:
            with self._joining:
                self._is_led = bool(self._waiting)
                if self._waiting:
                    self._waiting[0].woken.release()
            for wish in group:
                wish.is_done = True
                wish.woken.release()


def _write_all(group: list[_Wish]) -> None:
    borrowed = db.engine.raw_connection()
    try:
        connection = borrowed.driver_connection
        assert isinstance(connection, Connection)  # noqa: S101 -- says the type to mypy
        connection.begin(writing=True)
        for wish in group:
            try:
                connection.execute(wish.sql, wish.values)
            except IntegrityError as error:
                wish.error = error
        connection.commit()
    finally:
        borrowed.close()  # undoes what was not committed, and lets the next writer pass


def init_app(app: Flask) -> None:
    """Give the process its writer."""
    app.extensions["together"] = GroupWriter()
