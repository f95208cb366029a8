"""A database server that freezes or is started anew: quick answers that keep what was answered.

Always against a PostgreSQL of this module's own, for it is stopped in the middle of its work.
"""

import os
import signal
import time
from collections.abc import Callable, Iterator
from concurrent import futures
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

import pytest
import sqlalchemy as sa
from flask import Flask

from core import postgresql
from core.db import db, read
from outreach.participation.models import Attempt
from tests.builders import a_poster, an_event
from tests.conftest import PostgresqlDatabases, Server
from tests.outreach.test_burst import FORM, Answer, ask, hand_in, scan
from tests.outreach.test_busy import kept_form

DEADLINE_SECONDS = 60
ASKED = 20
"""So many requests in turn, each waiting as long as the server's patience, would take minutes."""


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresqlDatabases]:
    """Start a PostgreSQL that nobody else uses."""
    databases = PostgresqlDatabases(tmp_path_factory.mktemp("own"))
    yield databases
    databases.close()


@dataclass
class Site:
    """The production server with one poster, over a PostgreSQL that can be stopped."""

    server: Server
    code: str
    app: Flask

    def receipts(self) -> int:
        """Count the attempts at rest."""
        with self.app.app_context(), read() as connection:
            return connection.scalar(sa.select(sa.func.count()).select_from(Attempt)) or 0

    def until(self, asked: Callable[[], Answer], status: int) -> Answer:
        """Ask until the answer has a status."""
        deadline = time.monotonic() + DEADLINE_SECONDS
        while time.monotonic() < deadline:
            answer = asked()
            if answer.status == status:
                return answer
        raise AssertionError(f"no answer {status} within {DEADLINE_SECONDS} s: {answer}")


@pytest.fixture
def site(
    own: PostgresqlDatabases, make_app: Callable[..., Flask], tmp_path: Path
) -> Iterator[Site]:
    url = own.fresh(tmp_path)
    app = make_app(url)
    with app.app_context():
        poster = a_poster(an_event())
        db.session.add(poster)
        db.session.commit()
        code = poster.code
    server = Server(url, tmp_path, WORKERS="1")
    server.wait()
    yield Site(server, code, app)
    server.stop()


def processes(own: PostgresqlDatabases) -> list[int]:
    """List the database server's processes, the one that starts the others first."""
    first = own.server.get_pid()
    assert first
    children = Path(f"/proc/{first}/task/{first}/children").read_text().split()
    return [first, *map(int, children)]


@contextmanager
def frozen(own: PostgresqlDatabases) -> Iterator[None]:
    """Stop every process of the database server, as a machine that hangs does."""
    os.kill(processes(own)[0], signal.SIGSTOP)  # from now on it starts no more
    stopped = processes(own)
    try:
        for process in stopped:
            os.kill(process, signal.SIGSTOP)
        yield
    finally:
        for process in stopped:
            os.kill(process, signal.SIGCONT)


def test_a_frozen_database_is_answered_quickly_with_the_answers_kept_and_recovers_by_itself(
    own: PostgresqlDatabases, site: Site
) -> None:
    server, address = site.server, f"/q/{site.code}"
    shown = hand_in(server, scan(server, site.code)[0])().location
    paper, _answer = scan(server, site.code)
    before = server.workers()

    with frozen(own):
        began = time.monotonic()
        refused = hand_in(server, paper)()
        others = [ask(server, "GET", str(shown)) for _ in range(ASKED)]
        seconds = time.monotonic() - began
        healthy = ask(server, "GET", "/healthz")
        ready = ask(server, "GET", "/readyz")
    site.until(lambda: ask(server, "GET", "/readyz"), 200)
    form = urlencode(kept_form(refused.text), doseq=True).encode()
    again = site.until(lambda: ask(server, "POST", address, form, **FORM), 303)

    assert refused.status == 503
    assert kept_form(refused.text) == {"ticket": [paper.ticket]} | paper.answers()
    assert {answer.status for answer in others} == {503}
    assert seconds < DEADLINE_SECONDS
    assert healthy.status == 200
    assert (ready.status, '"ready":false' in ready.text.replace(" ", "")) == (503, True)
    assert ask(server, "GET", str(again.location)).status == 200
    assert site.receipts() == 2
    assert server.workers() == before


def test_a_slow_statement_is_not_taken_for_a_frozen_database(
    own: PostgresqlDatabases, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgresql, "PATIENCE_SECONDS", 0.2)

    with site.app.test_request_context(), read() as connection:
        told = connection.scalar(sa.text("SELECT 'slow' FROM pg_sleep(1)"))

    assert told == "slow"


def test_a_command_waits_for_a_frozen_database_because_its_work_may_be_long(
    own: PostgresqlDatabases, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgresql, "PATIENCE_SECONDS", 0.1)
    with (
        futures.ThreadPoolExecutor(1) as command,
        site.app.app_context(),
        read() as connection,
    ):
        connection.execute(sa.text("SELECT 1"))

        with frozen(own):
            asked = command.submit(connection.scalar, sa.text("SELECT 'here'"))
            gave_up, _waits = futures.wait([asked], timeout=postgresql.CONNECT_SECONDS + 1)
        told = asked.result(DEADLINE_SECONDS)

    assert not gave_up
    assert told == "here"


def test_a_database_started_anew_needs_no_restart_of_ours(
    own: PostgresqlDatabases, site: Site
) -> None:
    server = site.server
    paper, _answer = scan(server, site.code)
    hand_in(server, scan(server, site.code)[0])()
    before = server.workers()

    own.server.stop()
    refused = [hand_in(server, paper)() for _ in range(3)]
    ready = ask(server, "GET", "/readyz")
    own.server.ensure_postgres_running()
    handed_in = site.until(hand_in(server, paper), 303)

    assert [answer.status for answer in refused] == [503] * 3
    assert ready.status == 503
    assert ask(server, "GET", str(handed_in.location)).status == 200
    assert site.receipts() == 2
    assert server.workers() == before
