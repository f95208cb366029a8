"""The embedded database: a safe library, settings that lose nothing, and a queue of writers.

What any database must keep runs on the one the tests were started for; what only SQLite has runs
on a file of its own.
"""

import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from core import sqlite
from core.config import ConfigError
from core.db import db, read, reading, write
from tests.builders import an_event
from tests.conftest import ROOT, SECRET_KEY

WRITERS = 16
WRITES = 25
SHORT_WAIT = 0.05
REFUSED = "UPDATE counter SET n = NULL"
AT_ONCE = sqlite.PATIENCE_SECONDS - 1  # who has to wait for another waits longer
PROCESS = """
import os, sys, threading
from flask import Flask
from core import db
from core.config import Settings
from core.db import write
import sqlalchemy as sa

app = Flask("another process")
app.config.from_mapping(Settings.from_env().as_flask())
db.init_app(app)
"""
LOAD = """
faults = []
print("ready", flush=True)
sys.stdin.readline()

def work():
    with app.app_context():
        try:
            for _ in range(int(sys.argv[2])):
                with write() as connection:
                    found = connection.scalar(sa.text("SELECT n FROM counter"))
                    connection.execute(sa.text("UPDATE counter SET n = :n"), {"n": found + 1})
        except Exception as error:
            faults.append(repr(error))

threads = [threading.Thread(target=work) for _ in range(int(sys.argv[1]))]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(len(faults), *faults[:1])
"""

DEATH = """
with app.app_context(), write() as connection:
    connection.execute(sa.text("UPDATE counter SET n = 7"))
    os.kill(os.getpid(), 9)
"""


def start(file: Path, program: str, *arguments: str) -> subprocess.Popen[str]:
    """Start another process over the same file."""
    settings = {"SECRET_KEY": SECRET_KEY, "DATABASE_URL": f"sqlite:///{file}"}
    return subprocess.Popen(
        [sys.executable, "-c", PROCESS + program, *arguments],
        cwd=ROOT,
        env=os.environ | settings | {"PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Return the path of a SQLite database of one's own, whatever the tests were started for."""
    return tmp_path / "own" / "outreach.sqlite"


@pytest.fixture
def own(file: Path, make_app: Callable[..., Flask]) -> Flask:
    """Return an app over an embedded database with one table and one row."""
    app = make_app(f"sqlite:///{file}", testing=False)
    with app.app_context(), write() as connection:
        connection.execute(sa.text("CREATE TABLE counter (n INTEGER NOT NULL)"))
        connection.execute(sa.text("INSERT INTO counter VALUES (0)"))
    return app


def counted() -> Any:
    """Return the one number of the table."""
    with read() as connection:
        return connection.scalar(sa.text("SELECT n FROM counter"))


def pragma(name: str) -> Any:
    """Return a setting of a connection."""
    with read() as connection:
        return connection.scalar(sa.text(f"PRAGMA {name}"))


@contextmanager
def somebody_writing(app: Flask) -> Iterator[sa.Connection]:
    """Keep a write transaction open, outside of any request."""
    with app.app_context():
        engine = db.engine
    with engine.connect().execution_options(writing=True) as connection, connection.begin():
        yield connection


def write_and(then: Callable[[sa.Connection], object]) -> None:
    """Write, then do something that fails within the same transaction."""
    with write() as connection:
        connection.execute(sa.text("UPDATE counter SET n = 7"))
        then(connection)


def add_one() -> None:
    """Read, then write what was read plus one: loses updates unless writers queue."""
    with write() as connection:
        found = connection.scalar(sa.text("SELECT n FROM counter"))
        connection.execute(sa.text("UPDATE counter SET n = :n"), {"n": found + 1})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("journal_mode", "wal"),
        ("synchronous", 2),  # FULL
        ("foreign_keys", 1),
        ("busy_timeout", 5000),
    ],
)
def test_a_connection_is_set_to_lose_nothing(own: Flask, name: str, value: object) -> None:
    with own.app_context():
        assert pragma(name) == value


def test_every_connection_of_the_pool_is_set_up(own: Flask) -> None:
    with own.app_context(), read() as first, read() as second, read() as third:
        for connection in (first, second, third):
            assert connection.scalar(sa.text("PRAGMA foreign_keys")) == 1
            assert connection.scalar(sa.text("PRAGMA synchronous")) == 2


def test_a_row_that_points_nowhere_is_refused_on_every_database(app_ctx: None) -> None:
    db.session.add(an_event(region_code="999999"))

    with pytest.raises(sa.exc.IntegrityError):
        db.session.flush()


@pytest.mark.parametrize(
    "version",
    [
        (3, 51, 3),
        (3, 51, 10),
        (3, 52, 0),
        (3, 53, 4),
        (4, 0, 0),
        (3, 50, 7),
        (3, 50, 9),
        (3, 44, 6),
    ],
)
def test_a_library_with_the_mended_wal_is_taken(
    monkeypatch: pytest.MonkeyPatch, version: tuple[int, int, int]
) -> None:
    library(monkeypatch, version)

    sqlite.refuse_unsafe_version()


@pytest.mark.parametrize(
    "version",
    [(3, 51, 2), (3, 51, 0), (3, 50, 6), (3, 49, 1), (3, 45, 3), (3, 44, 5), (3, 40, 1), (3, 7, 0)],
)
def test_a_library_that_can_corrupt_the_file_is_refused(
    monkeypatch: pytest.MonkeyPatch, version: tuple[int, int, int]
) -> None:
    library(monkeypatch, version)

    with pytest.raises(ConfigError, match=re.escape(".".join(map(str, version)))):
        sqlite.refuse_unsafe_version()


def test_an_app_does_not_start_over_an_unsafe_library(
    monkeypatch: pytest.MonkeyPatch, make_app: Callable[..., Flask], file: Path
) -> None:
    library(monkeypatch, (3, 40, 1))

    with pytest.raises(ConfigError, match="pysqlite3"):
        make_app(f"sqlite:///{file}")


def test_an_unsafe_library_is_no_matter_on_postgresql(
    monkeypatch: pytest.MonkeyPatch, make_app: Callable[..., Flask]
) -> None:
    library(monkeypatch, (3, 40, 1))

    assert make_app("postgresql+psycopg://nobody@127.0.0.1:1/none")


def library(monkeypatch: pytest.MonkeyPatch, version: tuple[int, int, int]) -> None:
    """Let the driver say that it carries another version of SQLite."""
    name = ".".join(map(str, version))
    driver = SimpleNamespace(sqlite_version_info=version, sqlite_version=name)
    monkeypatch.setattr(sqlite, "driver", driver)


def test_the_library_in_use_is_a_safe_one(own: Flask) -> None:
    with own.app_context(), read() as connection:
        found = connection.scalar(sa.text("SELECT sqlite_version()"))

    assert found == sqlite.driver.sqlite_version
    sqlite.refuse_unsafe_version()


def test_many_threads_that_write_at_once_never_find_it_locked(own: Flask) -> None:
    def work(_number: int) -> None:
        with own.app_context():
            for _ in range(WRITES):
                add_one()

    with ThreadPoolExecutor(WRITERS) as pool:
        list(pool.map(work, range(WRITERS)))

    with own.app_context():
        assert counted() == WRITERS * WRITES


def test_two_processes_that_write_at_once_never_find_it_locked(own: Flask, file: Path) -> None:
    processes = [start(file, LOAD, "8", "50") for _ in range(2)]
    assert [process.stdout.readline() for process in processes] == ["ready\n", "ready\n"]
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()

    answers = [process.communicate(timeout=60)[0].strip() for process in processes]

    assert answers == ["0", "0"]
    with own.app_context():
        assert counted() == 2 * 8 * 50


def test_a_reader_does_not_wait_for_a_writer(own: Flask) -> None:
    with own.app_context(), write() as writer:
        writer.execute(sa.text("UPDATE counter SET n = 7"))

        begun = time.monotonic()
        before = counted()
        waited = time.monotonic() - begun

    with own.app_context():
        after = counted()
    assert (before, after) == (0, 7)
    assert waited < AT_ONCE


def test_a_writer_does_not_wait_for_a_reader(own: Flask) -> None:
    with own.app_context(), read() as reader:
        before = reader.scalar(sa.text("SELECT n FROM counter"))

        begun = time.monotonic()
        with write() as writer:
            writer.execute(sa.text("UPDATE counter SET n = 7"))
        waited = time.monotonic() - begun

        within = reader.scalar(sa.text("SELECT n FROM counter"))
    assert (before, within) == (0, 0)
    assert waited < AT_ONCE


def test_pages_are_served_while_somebody_writes(app: Flask, client: FlaskClient) -> None:
    with somebody_writing(app) as writer:
        writer.execute(sa.text("UPDATE quiz SET position = position"))

        begun = time.monotonic()
        statuses = [client.get(path).status_code for path in ("/", "/participation", "/readyz")]
        waited = time.monotonic() - begun

    assert statuses == [200, 200, 200]
    assert waited < AT_ONCE


def test_a_failed_write_leaves_nothing_and_lets_the_next_writer_pass(own: Flask) -> None:
    with own.app_context():
        with pytest.raises(sa.exc.IntegrityError):
            write_and(lambda connection: connection.execute(sa.text(REFUSED)))

        begun = time.monotonic()
        add_one()
        waited = time.monotonic() - begun

        assert counted() == 1
    assert waited < AT_ONCE


def test_a_crash_in_a_write_leaves_nothing_and_lets_the_next_writer_pass(own: Flask) -> None:
    with own.app_context():
        with pytest.raises(ZeroDivisionError):
            write_and(lambda _connection: 1 / 0)

        add_one()

        assert counted() == 1


def test_a_connection_given_back_in_the_midst_of_a_write_lets_the_next_writer_pass(
    own: Flask,
) -> None:
    with own.app_context():
        connection = db.engine.connect().execution_options(writing=True)
        connection.execute(sa.text("UPDATE counter SET n = 7"))
        connection.close()

        add_one()

        assert counted() == 1


def test_a_process_that_dies_in_a_write_lets_the_next_writer_pass(own: Flask, file: Path) -> None:
    process = start(file, DEATH)

    process.communicate(timeout=60)

    assert process.returncode == -9
    with own.app_context():
        add_one()
        assert counted() == 1


def test_every_waiting_writer_gets_its_turn(own: Flask) -> None:
    passed: list[int] = []
    arrived = [threading.Event() for _ in range(5)]

    def work(number: int) -> None:
        with own.app_context():
            arrived[number].set()
            with write():
                passed.append(number)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(5)]
    with own.app_context(), write():
        for number, thread in enumerate(threads):
            thread.start()
            arrived[number].wait()
    for thread in threads:
        thread.join()

    assert sorted(passed) == [0, 1, 2, 3, 4]


def test_a_writer_that_waits_in_vain_is_told_so_and_harms_nobody(
    own: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "PATIENCE_SECONDS", SHORT_WAIT)

    with (
        somebody_writing(own),
        own.app_context(),
        pytest.raises(sa.exc.OperationalError, match="locked"),
    ):
        add_one()

    with own.app_context():
        add_one()
        assert counted() == 1


def test_a_page_whose_writer_waits_in_vain_is_busy_and_not_broken(
    own: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "PATIENCE_SECONDS", SHORT_WAIT)
    own.add_url_rule("/probe", "probe", add_one)

    with somebody_writing(own):
        page = own.test_client().get("/probe")

    assert page.status_code == 503
    assert int(page.headers["Retry-After"]) > 0


def test_a_look_within_a_post_takes_no_writers_place(own: Flask) -> None:
    with own.test_request_context(method="POST"), write():
        begun = time.monotonic()
        with reading():
            found = db.session.scalar(sa.text("SELECT n FROM counter"))
        waited = time.monotonic() - begun

    assert found == 0
    assert waited < AT_ONCE


def test_a_get_cannot_take_a_writers_place(own: Flask) -> None:
    with own.test_request_context(method="GET"), write():
        begun = time.monotonic()
        found = db.session.scalar(sa.text("SELECT n FROM counter"))
        waited = time.monotonic() - begun

    assert found == 0
    assert waited < AT_ONCE


def test_moments_come_back_as_they_went_in_and_in_utc(app_ctx: None) -> None:
    event = an_event()
    db.session.add(event)
    db.session.flush()
    db.session.expire(event)

    found = event.opens_at

    assert found.tzinfo is not None
    assert found.utcoffset().total_seconds() == 0


def test_a_moment_without_its_zone_is_refused(app_ctx: None) -> None:
    event = an_event()
    event.opens_at = event.opens_at.replace(tzinfo=None)
    db.session.add(event)

    with pytest.raises(sa.exc.StatementError, match="time zone"):
        db.session.flush()


def test_the_folder_of_the_file_is_made(own: Flask, file: Path) -> None:
    assert file.is_file()


def test_the_file_and_its_lock_are_the_only_traces(own: Flask, file: Path) -> None:
    names = {path.name for path in file.parent.iterdir()}

    assert names <= {file.name + end for end in ("", "-wal", "-shm", ".lock")}
