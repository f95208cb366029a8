"""A backup holds all that was acknowledged, and comes back whole or not at all."""

import json
import threading
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import flask_migrate
import pytest
import sqlalchemy as sa
from alembic.script import ScriptDirectory
from click.testing import Result
from flask import Flask

from core.db import db, read
from outreach.participation.models import Attempt
from tests.builders import a_poster, an_event
from tests.conftest import ROOT
from tests.outreach.papers import ATTEMPTS, at_rest
from tests.phone import Phone

MakeApp = Callable[..., Flask]
Damage = tuple[str, Callable[[bytes], bytes], str]
"""A member of the archive, what happens to it, and what is said of it."""


def run(app: Flask, *arguments: object) -> Result:
    """Run a command."""
    return app.test_cli_runner().invoke(args=[str(argument) for argument in arguments])


def saved(app: Flask, file: Path) -> dict[str, Any]:
    """Back up into a file and return what it tells of itself."""
    result = run(app, "db-backup", file)
    assert result.exit_code == 0, result.output
    with zipfile.ZipFile(file) as archive:
        told: dict[str, Any] = json.loads(archive.read("manifest.json"))
    return told


@pytest.fixture
def empty(make_app: MakeApp, empty_database_url: str) -> Flask:
    """An app over a database without tables."""
    return make_app(empty_database_url)


def restored(empty: Flask, file: Path) -> Flask:
    """Restore a file into an empty database and return the app over it."""
    result = run(empty, "db-restore", file)
    assert result.exit_code == 0, result.output
    return empty


def tables(app: Flask) -> list[str]:
    """List the tables there are."""
    with app.app_context(), read() as connection:
        return sa.inspect(connection).get_table_names()


def changed(file: Path, member: str, change: Callable[[bytes], bytes]) -> Path:
    """Write a backup anew with one of its members changed."""
    copy = file.with_name("changed.zip")
    with zipfile.ZipFile(file) as old, zipfile.ZipFile(copy, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            new.writestr(name, change(content) if name == member else content)
    return copy


@contextmanager
def pouring(app: Flask, code: str) -> Iterator[list[str]]:
    """Have papers handed in one after the other until the block ends; yield their receipts."""
    acknowledged: list[str] = []
    underway, enough = threading.Event(), threading.Event()

    def pour() -> None:
        while not enough.is_set():
            acknowledged.append(Phone(app).take(code))
            underway.set()

    phones = threading.Thread(target=pour, daemon=True)
    phones.start()
    try:
        assert underway.wait(30)
        yield acknowledged
    finally:
        enough.set()
        phones.join(30)


@pytest.fixture
def code(save: Callable[..., Any], phone: Callable[..., Phone]) -> str:
    """The code of a poster for which three papers were handed in."""
    poster = save(a_poster(an_event()))
    for _ in range(3):
        phone().take(poster.code)
    return str(poster.code)


def test_a_backup_made_while_attempts_pour_in_holds_all_acknowledged_before_and_none_twice(
    app: Flask, code: str, empty: Flask, tmp_path: Path
) -> None:
    with pouring(app, code) as acknowledged:
        before = list(acknowledged)
        told = saved(app, tmp_path / "backup.zip")

    other = restored(empty, tmp_path / "backup.zip")

    attempts = told["tables"]["attempt"]["rows"]
    assert 3 + len(before) <= attempts <= 3 + len(acknowledged)
    with other.app_context(), read() as connection:
        assert connection.scalar(ATTEMPTS) == attempts
    assert {other.test_client().get(path).status_code for path in before} == {200}
    assert run(other, "tally", "verify").exit_code == 0
    assert saved(other, tmp_path / "again.zip")["tables"] == told["tables"]


def test_one_file_moves_a_database_to_the_other_kind_and_back_unchanged(
    app: Flask, code: str, make_app: MakeApp, empty: Flask, tmp_path: Path
) -> None:
    first = saved(app, tmp_path / "first.zip")

    moved = make_app(f"sqlite:///{tmp_path / 'moved.sqlite'}")
    restored(moved, tmp_path / "first.zip")
    second = saved(moved, tmp_path / "second.zip")
    back = restored(empty, tmp_path / "second.zip")

    assert first["tables"] == second["tables"]
    assert at_rest(app) == at_rest(moved) == at_rest(back)


def test_a_restored_database_goes_on_where_the_saved_one_was(
    app: Flask, code: str, empty: Flask, tmp_path: Path
) -> None:
    saved(app, tmp_path / "backup.zip")

    other = restored(empty, tmp_path / "backup.zip")

    Phone(other).take(code)
    with other.app_context():
        event = an_event()
        db.session.add(event)
        db.session.commit()
        assert event.id > 1
        earlier = sa.select(sa.func.count()).where(Attempt.event_id != event.id)
        assert db.session.scalar(earlier) == 4
    assert run(other, "tally", "fold").exit_code == 0
    assert run(other, "tally", "verify").exit_code == 0


def test_a_backup_of_an_older_schema_is_brought_up_to_date(
    make_app: MakeApp, empty: Flask, tmp_path: Path
) -> None:
    scripts = ScriptDirectory(str(ROOT / "migrations"))
    head = scripts.get_current_head()
    assert head
    older = make_app(f"sqlite:///{tmp_path / 'older.sqlite'}")
    with older.app_context():
        flask_migrate.upgrade(revision=f"{head}-1")
    told = saved(older, tmp_path / "older.zip")

    app = restored(empty, tmp_path / "older.zip")

    assert told["revision"] != head
    assert app.test_client().get("/readyz").json["checks"]["schema"] == "ok"


def test_nothing_is_restored_over_what_is_there(app: Flask, tmp_path: Path) -> None:
    saved(app, tmp_path / "backup.zip")
    before = at_rest(app)

    result = run(app, "db-restore", tmp_path / "backup.zip")

    assert result.exit_code == 1
    assert "not empty" in result.output
    assert at_rest(app) == before


@pytest.mark.parametrize(
    "damage",
    [
        ("tables/campaign.jsonl", lambda text: text.replace(b"2013", b"2014"), "not what was"),
        ("tables/region.jsonl", lambda text: text[: len(text) // 2], "cannot be read"),
        ("manifest.json", lambda text: text.replace(b'"quiz"', b'"quizzes"'), "others here"),
        ("manifest.json", lambda text: text[:-9], "no backup"),
        ("manifest.json", lambda text: text.replace(b'"format": 1', b'"format": 2'), "format 2"),
        (
            "manifest.json",
            lambda text: text.replace(b'"revision": "', b'"revision": "9'),
            "newer version",
        ),
    ],
)
def test_a_damaged_backup_is_refused_and_leaves_the_database_as_empty_as_it_was(
    app: Flask, empty: Flask, tmp_path: Path, damage: Damage
) -> None:
    member, change, reason = damage
    saved(app, tmp_path / "backup.zip")
    damaged = changed(tmp_path / "backup.zip", member, change)

    result = run(empty, "db-restore", damaged)

    assert result.exit_code == 1
    assert reason in result.output
    assert tables(empty) == []


def test_a_backup_is_for_its_owner_alone_and_never_replaces_a_file(
    app: Flask, tmp_path: Path
) -> None:
    saved(app, tmp_path / "backup.zip")
    content = (tmp_path / "backup.zip").read_bytes()

    result = run(app, "db-backup", tmp_path / "backup.zip")

    assert (tmp_path / "backup.zip").stat().st_mode & 0o077 == 0
    assert result.exit_code == 1
    assert "exists already" in result.output
    assert (tmp_path / "backup.zip").read_bytes() == content


def test_a_backup_that_fails_leaves_no_file(empty: Flask, tmp_path: Path) -> None:
    (tmp_path / "backups").mkdir()

    result = run(empty, "db-backup", tmp_path / "backups" / "backup.zip")

    assert result.exit_code == 1
    assert "db upgrade" in result.output
    assert list((tmp_path / "backups").iterdir()) == []
