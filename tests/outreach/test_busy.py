"""When the database cannot take a paper now: nothing is lost, and sending again works."""

import fcntl
import os
import re
from collections.abc import Callable, Iterator
from concurrent import futures
from contextlib import contextmanager
from html import unescape
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from core import sqlite
from core.db import db
from outreach.events.models import EventKind
from outreach.participation.models import Attempt
from tests.builders import FUJIAN, JINJIANG, a_poster, an_event
from tests.conftest import BOTH_WAYS
from tests.outreach.papers import ATTEMPTS, LANGUAGES, right_answers
from tests.phone import Paper, Phone, read_paper

PATIENCE = 0.2
HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)"')
BUSY = {"zh": "未提交：服务器正忙", "en": "Not handed in yet: the server is busy"}
WRITERS = ("another program", "another thread")


@pytest.fixture(params=BOTH_WAYS)
def scan_seconds(request: pytest.FixtureRequest) -> float:
    seconds: float = request.param
    return seconds


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for other writers a moment only."""
    monkeypatch.setattr(sqlite, "PATIENCE_SECONDS", PATIENCE)


@contextmanager
def busy(app: Flask, writer: str = "another program") -> Iterator[None]:
    """Keep the database from taking a write.

    SQLite: somebody else writes. PostgreSQL admits many writers; there it is out of reach, or
    somebody holds a lock and sleeps.
    """
    with app.app_context():
        engine = db.engine
    if engine.dialect.name == "postgresql" and writer == "another program":
        with _out_of_reach(engine):
            yield
    elif engine.dialect.name == "postgresql":
        with engine.connect() as connection, connection.begin():
            connection.execute(sa.text("LOCK TABLE attempt IN EXCLUSIVE MODE"))
            yield
    elif writer == "another program":
        other = sqlite.driver.connect(engine.url.database, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        yield
        other.rollback()
        other.close()
    else:
        with engine.connect().execution_options(writing=True) as connection, connection.begin():
            yield


@contextmanager
def _out_of_reach(engine: sa.Engine) -> Iterator[None]:
    name = engine.url.database
    options = {"isolation_level": "AUTOCOMMIT"}
    admin = sa.create_engine(engine.url.set(database="postgres"), **options)
    ends = sa.text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name")
    with admin.connect() as connection:
        connection.execute(sa.text(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false'))
        connection.execute(ends, {"name": name})
        yield
        connection.execute(sa.text(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true'))
    admin.dispose()


def kept_form(html: str) -> dict[str, list[str]]:
    """Return the fields of the page that sends again."""
    form: dict[str, list[str]] = {}
    for name, value in HIDDEN.findall(html):
        form.setdefault(unescape(name), []).append(unescape(value))
    return form


def paper_with_checkboxes(phone: Callable[..., Phone], code: str) -> tuple[Phone, Paper]:
    """Open papers until one holds a multiple choice."""
    for _ in range(200):
        visitor = phone()
        paper = visitor.scan(code)
        if 'type="checkbox"' in paper.html:
            return visitor, paper
    raise AssertionError("no multiple choice in 200 papers")


@pytest.mark.parametrize("writer", WRITERS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_busy_database_is_a_page_that_says_so(
    app: Flask, save: Callable[..., Any], phone: Callable[..., Phone], language: str, writer: str
) -> None:
    poster = save(a_poster(an_event()))
    visitor = phone(Accept_Language=language)
    paper = visitor.scan(poster.code)

    with busy(app, writer):
        response = visitor.send(paper)

    assert response.status_code == 503
    assert BUSY[language] in response.text
    assert int(response.headers["Retry-After"]) > 0
    assert f'action="/q/{poster.code}"' in response.text
    assert response.headers["X-Request-ID"] in response.text


@pytest.mark.parametrize("writer", WRITERS)
def test_the_busy_page_holds_ticket_and_answers_and_sending_it_again_succeeds(
    app: Flask,
    save: Callable[..., Any],
    phone: Callable[..., Phone],
    rows: Callable[..., Any],
    writer: str,
) -> None:
    event = an_event(kind=EventKind.ONLINE, region_code=FUJIAN)
    poster = save(a_poster(event))
    visitor, paper = paper_with_checkboxes(phone, poster.code)
    answers = right_answers(app, paper)
    with busy(app, writer):
        refused = visitor.send(paper, answers, region=JINJIANG)
    form = kept_form(refused.text)

    answered = [visitor.client.post(f"/q/{poster.code}", data=form) for _ in range(2)]

    assert form == {"ticket": [paper.ticket], "region": [JINJIANG]} | answers
    assert [response.status_code for response in answered] == [303, 303]
    assert rows(sa.select(Attempt.points, Attempt.region_code)) == [(10, JINJIANG)]


def test_a_busy_database_writes_nothing_however_often_it_is_tried(
    app: Flask, save: Callable[..., Any], phone: Callable[..., Phone], rows: Callable[..., Any]
) -> None:
    poster = save(a_poster(an_event()))
    visitor = phone()
    paper = visitor.scan(poster.code)

    with busy(app):
        statuses = [visitor.send(paper).status_code for _ in range(3)]

    assert statuses == [503] * 3
    assert rows(ATTEMPTS) == [(0,)]
    assert visitor.send(paper).status_code == 303


def test_what_a_busy_page_repeats_is_text_and_never_markup(
    app: Flask, save: Callable[..., Any], phone: Callable[..., Phone]
) -> None:
    poster = save(a_poster(an_event()))
    visitor = phone()
    paper = visitor.scan(poster.code)
    nasty = '"><script>x</script>'

    with busy(app):
        response = visitor.send(paper, **{nasty: nasty})

    assert response.status_code == 503
    assert "<script>x" not in response.text
    assert kept_form(response.text)[nasty] == [nasty]


def test_the_phone_keeps_its_paper_while_the_database_is_busy(
    app: Flask, save: Callable[..., Any], phone: Callable[..., Phone]
) -> None:
    poster = save(a_poster(an_event()))
    visitor = phone()
    paper = visitor.scan(poster.code)

    with busy(app):
        visitor.send(paper)

    assert read_paper(poster.code, visitor.scan(poster.code).html).ticket == paper.ticket


def test_reading_never_waits_for_a_writer(
    app: Flask, save: Callable[..., Any], phone: Callable[..., Phone]
) -> None:
    poster = save(a_poster(an_event()))
    visitor = phone()
    receipt = visitor.take(poster.code)
    with app.app_context():
        engine = db.engine

    with engine.connect().execution_options(writing=True) as other, other.begin():
        other.execute(sa.update(Attempt).values(points=0))
        statuses = [
            visitor.client.get(path).status_code
            for path in (f"/q/{poster.code}", receipt, "/participation", "/")
        ]

    assert statuses == [200] * 4


def test_a_writer_waits_for_another_process_only_so_long(tmp_path: Path) -> None:
    path = tmp_path / "database.lock"
    other_process = os.open(path, os.O_RDWR | os.O_CREAT)
    fcntl.flock(other_process, fcntl.LOCK_EX)
    queue = sqlite.WriterQueue(path)

    with futures.ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(queue.enter)
        gave_up, _still_waits = futures.wait([waiting], timeout=PATIENCE * 10)
        os.close(other_process)

    assert gave_up, "still waiting after ten times its patience"
    with pytest.raises(sqlite.driver.OperationalError):
        waiting.result()
