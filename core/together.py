"""Group commit for SQLite: what several threads write at the same time is committed once.

A commit waits for the disk (`synchronous=FULL`), and SQLite admits one writer. So a thread that
wants to write joins those that wait already; the first one whose turn it is writes for all of them
and commits once. Everybody goes on only after that commit: what is acknowledged is on disk.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass

import sqlalchemy as sa
from flask import Flask, current_app
from sqlalchemy.exc import IntegrityError

from core.db import db, write

Work = Callable[[sa.Connection], object]


@dataclass(slots=True)
class _Wish:
    work: Work
    is_done: bool = False
    error: BaseException | None = None


class GroupWriter:
    """Writes for all threads of a process that wait."""

    def __init__(self) -> None:
        self._waiting: list[_Wish] = []
        self._joining = threading.Lock()
        self._turn = threading.Lock()

    def write(self, work: Work) -> None:
        """Do one statement's work in a transaction that others may share, and commit it.

        :param work: one statement; if it violates a constraint the others are not touched, for
            SQLite takes back that statement alone
        :raises IntegrityError: the work violates a constraint
        """
        wish = _Wish(work)
        with self._joining:
            self._waiting.append(wish)
        with self._turn:
            if not wish.is_done:
                with self._joining:
                    group, self._waiting = self._waiting, []
                self._write(group)
        if wish.error is not None:
            raise wish.error

    def _write(self, group: list[_Wish]) -> None:
        try:
            with write() as connection:
                for wish in group:
                    try:
                        wish.work(connection)
                    except IntegrityError as error:
                        wish.error = error
        except BaseException as error:
            for wish in group:  # nothing of it was committed: everybody is told
                wish.error = error
            raise
        finally:
            for wish in group:
                wish.is_done = True


def write_together(work: Work) -> None:
    """Write one statement, committed when this returns.

    PostgreSQL puts commits together by itself; there it is a transaction of its own.

    :raises IntegrityError: the statement violates a constraint
    """
    if db.engine.dialect.name != "sqlite":
        with write() as connection:
            work(connection)
        return
    writer: GroupWriter = current_app.extensions["together"]
    writer.write(work)


def init_app(app: Flask) -> None:
    """Give the process its writer."""
    app.extensions["together"] = GroupWriter()
