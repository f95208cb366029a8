"""Writers that wait share a commit; each is told what became of its own row."""

import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.exc import DBAPIError, IntegrityError

from core.db import db, write
from core.prepared import Prepared
from outreach.tally.rollup_models import FreshAttempt

TABLE = sa.inspect(FreshAttempt).local_table
WRITERS = 8
Rows = Callable[..., list[Any]]


def ids(rows: Rows) -> list[int]:
    return sorted(row.event_id for row in rows(sa.select(TABLE.c.event_id)))


INSERT = Prepared(sa.insert(TABLE).values(event_id=sa.bindparam("number"), id=uuid.UUID(int=0)))


def all_at_once(app: Flask, numbers: list[int]) -> list[BaseException | None]:
    """Write each number in a thread of its own; return what each was told."""
    start = Barrier(len(numbers))

    def one(number: int) -> BaseException | None:
        with app.app_context():
            start.wait()
            try:
                INSERT.write({"number": number})
            except DBAPIError as error:
                return error
            return None

    with ThreadPoolExecutor(len(numbers)) as pool:
        return list(pool.map(one, numbers))


def test_rows_written_at_once_are_all_there_when_their_writers_are_told(
    app: Flask, rows: Rows
) -> None:
    told = all_at_once(app, list(range(WRITERS)))

    assert told == [None] * WRITERS
    assert ids(rows) == list(range(WRITERS))


def test_a_row_that_is_refused_takes_no_other_with_it(app: Flask, rows: Rows) -> None:
    told = all_at_once(app, [1, 2, 3, 3, 3, 4])

    assert [isinstance(error, IntegrityError) for error in told].count(True) == 2
    assert ids(rows) == [1, 2, 3, 4]


def test_nobody_is_told_yes_when_the_commit_fails(app: Flask, rows: Rows) -> None:
    with app.app_context():
        with pytest.raises(DBAPIError):
            Prepared(sa.insert(sa.table("nowhere", sa.column("n"))).values(n=1)).write({})
        INSERT.write({"number": 7})
        with write() as connection:
            assert connection.scalar(sa.select(sa.func.count()).select_from(TABLE)) == 1
        db.engine.dispose()

    assert ids(rows) == [7]
