"""Rollups: each attempt is counted once, folded or not, whatever happens in between."""

import os
import threading
import time
import uuid
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from flask import Flask

from core.db import db, read, write
from outreach.events.models import Team
from outreach.participation.models import Attempt
from outreach.tally import rollup
from outreach.tally.rollup import NUMBERS
from outreach.tally.rollup_models import DayTally, FreshAttempt, HourTally
from tests.builders import PINGTAN, a_poster, an_event
from tests.conftest import Server
from tests.outreach.attempts import an_attempt
from tests.phone import read_paper

Save = Callable[..., Any]
MODELS = (DayTally, HourTally)


def fold_all(app: Flask, batch: int = rollup.BATCH) -> int:
    """Fold until nothing is queued and return how many attempts were folded."""
    with app.app_context():
        total = 0
        while number := rollup.fold(batch):
            total += number
        return total


def totals(app: Flask) -> list[tuple[int, ...]]:
    """Return the sums of each rollup with its queue."""
    found = []
    with app.app_context(), read() as connection:
        for model in MODELS:
            cells = rollup.cells(model)
            sums = [sa.func.coalesce(sa.func.sum(cells.c[name]), 0) for name in NUMBERS]
            found.append(tuple(int(n) for n in connection.execute(sa.select(*sums)).one()))
    return found


def differences(app: Flask) -> list[Any]:
    """Compare with a recount."""
    with app.app_context():
        return list(rollup.differences())


def like(attempt: Attempt) -> Attempt:
    """Build an attempt of another phone beside a saved one."""
    columns = sa.inspect(Attempt).local_table.columns
    values = {column.name: getattr(attempt, column.name) for column in columns}
    return Attempt(**(values | {"id": uuid.uuid4(), "device_key": uuid.uuid4().bytes}))


@pytest.fixture
def some(save: Save) -> list[Attempt]:
    """Seven attempts: two events, two days, a team, a phone that came twice."""
    event, other = an_event(), an_event(region_code=PINGTAN)
    team = Team(event=event, name="一班")
    door, gate = a_poster(event), a_poster(event, team=team)
    elsewhere = a_poster(other)
    save(event, other, team, door, gate, elsewhere)
    night = datetime(2026, 9, 3, 16, 30, tzinfo=UTC)  # the next local day has begun
    rows = [
        an_attempt(event, door, passed=True),
        an_attempt(event, door, passed=False),
        an_attempt(event, gate, team_id=team.id, submitted_at=night, local_day=date(2026, 9, 4)),
        an_attempt(event, gate, team_id=team.id, submitted_at=night, local_day=date(2026, 9, 4)),
        an_attempt(other, elsewhere, passed=True),
        an_attempt(other, elsewhere),
    ]
    again = an_attempt(event, door, device_key=rows[0].device_key, sequence=2, counted=False)
    save(*rows, again)
    return [*rows, again]


def test_a_new_attempt_is_counted_before_and_after_it_is_folded_and_never_twice(
    app: Flask, some: list[Attempt]
) -> None:
    before = totals(app)

    folded = fold_all(app, batch=2)

    counted = sum(attempt.counted for attempt in some)
    devices = sum(attempt.sequence == 1 for attempt in some)
    passed = sum(attempt.counted and attempt.passed for attempt in some)
    assert folded == len(some)
    assert before == totals(app) == [(len(some), counted, devices, passed)] * 2
    assert differences(app) == []


def test_what_comes_after_folding_is_added(app: Flask, some: list[Attempt], save: Save) -> None:
    fold_all(app)
    save(like(some[0]))

    sums = totals(app)

    assert [total[0] for total in sums] == [len(some) + 1] * 2
    assert differences(app) == []
    assert fold_all(app) == 1
    assert totals(app) == sums


def test_a_fold_that_dies_changes_nothing(app: Flask, some: list[Attempt]) -> None:
    before = totals(app)

    with app.app_context(), db.engine.connect() as connection:
        rollup._fold(connection, 3)
        connection.rollback()  # as the database does when the process dies

    assert totals(app) == before
    assert differences(app) == []
    assert fold_all(app) == len(some)


def test_two_that_fold_at_once_count_nothing_twice(app: Flask, some: list[Attempt]) -> None:
    gate = threading.Barrier(4)
    moved: list[int] = []

    def run() -> None:
        with app.app_context():
            gate.wait()
            for _turn in range(6):
                try:
                    moved.append(rollup.fold(1))
                except sa.exc.DBAPIError:  # another one was first: undone, and tried again
                    moved.append(0)

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sum(moved) + fold_all(app) == len(some)
    assert differences(app) == []


def test_a_recount_finds_a_cell_that_was_tampered_with_and_rebuilding_mends_it(
    app: Flask, some: list[Attempt]
) -> None:
    fold_all(app)
    with app.app_context(), write() as connection:
        table = sa.inspect(DayTally).local_table
        connection.execute(sa.update(table).values(passed=table.c.passed + 1))
    found = differences(app)

    run = app.test_cli_runner().invoke
    told = run(args=["tally", "verify"])
    mended = run(args=["tally", "rebuild"])

    assert all(difference.kept != difference.counted for difference in found)
    assert (told.exit_code, told.stderr.count("\n")) == (1, len(found) + 1)
    assert f"{len(some)} attempts folded" in mended.output
    assert differences(app) == []
    assert run(args=["tally", "verify"]).exit_code == 0


@pytest.mark.skipif(
    os.environ.get("TEST_DATABASE") != "postgresql",
    reason="SQLite admits one writer at a time: there is no late transaction",
)
def test_a_late_transaction_is_not_passed_over(app: Flask, some: list[Attempt]) -> None:
    late = like(some[0])
    columns = sa.inspect(Attempt).local_table.columns
    values = {column.name: getattr(late, column.name) for column in columns}

    with app.app_context(), db.engine.connect() as connection, connection.begin():
        connection.execute(sa.insert(Attempt).values(**values))
        folded_meanwhile = fold_all(app)

    assert folded_meanwhile == len(some)
    assert fold_all(app) == 1
    assert differences(app) == []


def test_a_server_folds_by_itself_soon_after_an_attempt(
    app: Flask, server: Server, save: Save, rows: Callable[[sa.Select[Any]], list[Any]]
) -> None:
    event = an_event()
    poster = save(event, a_poster(event))[1]
    with httpx.Client(base_url=server.url, headers={"Referer": server.url}) as client:
        paper = read_paper(poster.code, client.get(f"/q/{poster.code}").text)
        form = {"ticket": paper.ticket} | paper.answers()
        assert client.post(f"/q/{poster.code}", data=form).status_code == 303

    deadline = time.monotonic() + 20
    while rows(sa.select(FreshAttempt.id)) and time.monotonic() < deadline:
        threading.Event().wait(0.1)

    assert rows(sa.select(DayTally.attempts)) == [(1,)]
    assert rows(sa.select(FreshAttempt.id)) == []
    assert differences(app) == []
