"""Whatever dies and however: what was acknowledged is there, once; who is answered is answered."""

import resource
import signal
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
import sqlalchemy as sa
from flask import Flask

from core.db import db, read
from outreach.participation import ticket as tickets
from outreach.participation.models import Attempt
from tests.builders import a_poster, an_event
from tests.conftest import START_SECONDS, Server
from tests.outreach.killing import Storm
from tests.outreach.papers import ATTEMPTS
from tests.outreach.test_burst import ask, hand_in, scan

KILLS = 3


def receipts_at_rest(app: Flask) -> list[str]:
    """Return the receipt of every attempt there is."""
    with app.app_context(), read() as connection:
        rows = connection.execute(sa.select(Attempt.event_id, Attempt.id)).all()
    return [f"/r/{tickets.write_receipt(*row)}" for row in rows]


def test_every_acknowledged_paper_is_there_once_however_often_processes_are_killed(
    app: Flask, database_url: str, save: Callable[..., Any], tmp_path: Path
) -> None:
    poster = save(a_poster(an_event()))
    storm = Storm(database_url, tmp_path, poster.code)

    storm.rage(KILLS)

    assert sorted(storm.acknowledged) == sorted(receipts_at_rest(app))
    assert len(set(storm.acknowledged)) == len(storm.acknowledged)
    with app.app_context(), read() as connection:
        if connection.dialect.name == "sqlite":
            assert connection.scalar(sa.text("PRAGMA integrity_check")) == "ok"
    runner = app.test_cli_runner()
    assert runner.invoke(args=["tally", "fold"]).exit_code == 0
    verified = runner.invoke(args=["tally", "verify"])
    assert verified.exit_code == 0, verified.output


def test_a_request_under_way_is_answered_when_the_server_is_told_to_stop(
    save: Callable[..., Any], rows: Callable[..., Any], server: Server
) -> None:
    poster = save(a_poster(an_event()))
    paper, _answer = scan(server, poster.code)
    body = urlencode({"ticket": paper.ticket} | paper.answers(), doseq=True).encode()
    head = (
        f"POST /q/{poster.code} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n"
        "Content-Type: application/x-www-form-urlencoded\r\nConnection: close\r\n\r\n"
    ).encode()
    with socket.create_connection(("127.0.0.1", server.port), timeout=START_SECONDS) as phone:
        phone.sendall(head + body[: len(body) // 2])

        server.process.send_signal(signal.SIGTERM)
        phone.sendall(body[len(body) // 2 :])
        answer = phone.makefile("rb").read()

    assert answer.startswith(b"HTTP/1.1 303")
    assert server.process.wait(START_SECONDS) == 0
    assert rows(ATTEMPTS) == [(1,)]


def set_disk_limit(server: Server, limit: int) -> None:
    """Keep the server's processes from writing any file beyond so many bytes."""
    for process in server.workers():
        resource.prlimit(process, resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))


@pytest.fixture
def logging_server(database_url: str, tmp_path: Path) -> Iterator[Server]:
    server = Server(database_url, tmp_path, LOG_REQUESTS="1")
    server.wait()
    yield server
    server.stop()


def test_a_full_disk_keeps_the_answers_and_the_server_recovers_by_itself(
    app: Flask, save: Callable[..., Any], logging_server: Server
) -> None:
    server, poster = logging_server, save(a_poster(an_event()))
    receipt = hand_in(server, scan(server, poster.code)[0])().location
    paper, _answer = scan(server, poster.code)
    before = server.workers()
    with app.app_context():
        needs_disk = db.engine.dialect.name == "sqlite"  # a web server over PostgreSQL needs none

    set_disk_limit(server, 0)
    full = hand_in(server, paper)()
    shown = ask(server, "GET", str(receipt))
    opened, _answer = scan(server, poster.code)
    set_disk_limit(server, resource.RLIM_INFINITY)
    handed_in = hand_in(server, paper)()

    assert full.status == (503 if needs_disk else 303)
    assert (f'value="{paper.ticket}"' in full.text) == needs_disk
    assert shown.status == 200
    assert opened.ticket
    assert handed_in.status == 303
    assert server.workers() == before
    assert sorted(receipts_at_rest(app)) == sorted([str(receipt), str(handed_in.location)])
