"""An upgrade without a pause: the last migration fits the program before it and the one after it.

Machines of both versions serve while an upgrade lasts. So this version of the program must work on
the tables as they were before its last migration; and that migration may only add, so that the
version before, which this test does not have, finds everything that it knows and may write as ever.
"""

import threading
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import flask_migrate
import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from core.db import db
from outreach.participation.models import Attempt
from tests.builders import a_poster, an_event
from tests.conftest import Server
from tests.outreach.papers import ATTEMPTS, at_rest
from tests.outreach.test_burst import hand_in, scan
from tests.phone import Phone
from tests.test_migrations import described, head, inspected, revisions

PATIENCE_SECONDS = 60
HANDED_IN = 3


def migrate_to(app: Flask, revision: str) -> None:
    """Bring the tables to a revision, from wherever they are."""
    with app.app_context():
        move = flask_migrate.downgrade if revision != head() else flask_migrate.upgrade
        move(revision=revision)
        db.session.rollback()


@pytest.fixture
def before(app: Flask) -> Flask:
    """Give the tables as they were before the last migration."""
    migrate_to(app, revisions()[1])
    return app


def reflected(app: Flask) -> sa.MetaData:
    """Describe the tables as the database has them, whatever the models say."""
    found = sa.MetaData()
    with app.app_context():
        found.reflect(db.engine)
    return found


def other_id(value: Any) -> Any:
    """Return an id as another attempt would have it: reflected, SQLite's is text."""
    other = uuid.uuid4()
    return other.hex if isinstance(value, str) else other


def test_revisions_are_numbers_in_order_so_that_one_step_ahead_can_be_told() -> None:
    assert revisions() == [f"{n:04}" for n in range(len(revisions()), 0, -1)]


def test_this_version_serves_the_participants_path_before_its_last_migration(
    before: Flask,
    client: FlaskClient,
    save: Callable[..., Any],
    phone: Callable[..., Phone],
    rows: Callable[..., Any],
) -> None:
    poster = save(a_poster(an_event()))
    visitor = phone()
    paper = visitor.scan(poster.code)

    answers = [visitor.send(paper) for _ in range(2)]
    receipt = answers[0].headers["Location"]
    paths = (receipt, "/", "/participation", "/participation.json", "/calendar", "/learn")
    statuses = {path: client.get(path).status_code for path in paths}

    assert [answer.status_code for answer in answers] == [303, 303]
    assert answers[1].headers["Location"] == receipt
    assert statuses == dict.fromkeys(paths, 200)
    assert client.get("/readyz").status_code == 200
    assert rows(ATTEMPTS) == [(1,)]


def test_what_came_in_before_the_last_migration_is_counted_after_it(
    before: Flask, save: Callable[..., Any], phone: Callable[..., Phone]
) -> None:
    poster = save(a_poster(an_event()))
    phone().take(poster.code)

    migrate_to(before, head())
    phone().take(poster.code)
    runner = before.test_cli_runner()
    folded = runner.invoke(args=["tally", "fold"])
    verified = runner.invoke(args=["tally", "verify"])

    assert folded.exit_code == 0, folded.output
    assert verified.exit_code == 0, verified.output
    assert len(at_rest(before)["attempt"]) == 2


def test_the_last_migration_takes_nothing_away_and_demands_nothing_new(before: Flask) -> None:
    with before.app_context():
        old = described()
    migrate_to(before, head())
    with before.app_context():
        new = described()

    for name, was in old.items():
        now = new.get(name)
        assert now is not None, f"{name} is gone"
        for column, kind in was["columns"].items():
            assert now["columns"].get(column) == kind, f"{name}.{column} is another"
        added = {c: now["columns"][c] for c in now["columns"].keys() - was["columns"].keys()}
        for column, (_type, is_nullable, has_default) in added.items():
            assert is_nullable or has_default, f"{name}.{column} would be demanded"
        for rule in ("primary key", "foreign keys", "unique", "checks"):
            assert now[rule] == was[rule], f"the {rule} of {name} are others"
        stricter = [i for i in now["indexes"] if i[2] and i not in was["indexes"]]
        assert not stricter, f"{name} has become stricter: {stricter}"


def test_the_version_before_can_write_all_it_wrote_after_the_last_migration(
    app: Flask,
    save: Callable[..., Any],
    phone: Callable[..., Phone],
    add_organizer: Callable[..., int],
) -> None:
    poster = save(a_poster(an_event(created_by=add_organizer())))
    phone().take(poster.code)
    migrate_to(app, revisions()[1])
    known = reflected(app)
    migrate_to(app, head())
    attempt = known.tables["attempt"]

    with app.app_context(), db.engine.begin() as connection:
        row = dict(connection.execute(sa.select(attempt)).mappings().one())
        another = row | {"id": other_id(row["id"]), "sequence": row["sequence"] + 1}
        connection.execute(sa.insert(attempt).values(another))
        for (
            table
        ) in known.tables.values():  # an UPDATE of every column that it knows, to what it is
            unchanged = {column: column for column in table.columns if not column.primary_key}
            if unchanged:
                connection.execute(sa.update(table).values(unchanged))
        kept = connection.execute(sa.select(attempt).order_by(attempt.c.sequence)).mappings().all()

    assert [dict(one) for one in kept] == [row, another]


@pytest.fixture
def served(before: Flask, database_url: str, tmp_path: Path) -> Iterator[Server]:
    """Start this version over the tables as they were before its last migration."""
    server = Server(database_url, tmp_path)
    server.wait()
    yield server
    server.stop()


def test_phones_notice_nothing_of_a_migration_under_way(
    before: Flask, served: Server, save: Callable[..., Any], rows: Callable[..., Any]
) -> None:
    poster = save(a_poster(an_event()))
    receipts: list[str | None] = []
    statuses: list[int] = []
    is_over, news = threading.Event(), threading.Condition()

    def hand_in_again_and_again() -> None:
        while not is_over.is_set():
            paper, answer = scan(served, poster.code)
            handed_in = hand_in(served, paper)()
            while handed_in.status == 503:  # busy for longer than a moment: phones send again
                handed_in = hand_in(served, paper)()
            with news:
                statuses.extend([answer.status, handed_in.status])
                receipts.append(handed_in.location)
                news.notify_all()

    def wait_for_more() -> None:
        with news:
            goal = len(receipts) + HANDED_IN
            assert news.wait_for(lambda: len(receipts) >= goal, PATIENCE_SECONDS)

    phones = [threading.Thread(target=hand_in_again_and_again, daemon=True) for _ in range(2)]
    for thread in phones:
        thread.start()
    wait_for_more()
    migrate_to(before, head())
    wait_for_more()
    is_over.set()
    for thread in phones:
        thread.join(PATIENCE_SECONDS)

    assert set(statuses) == {200, 303}
    assert rows(sa.select(sa.func.count()).select_from(Attempt)) == [(len(set(receipts)),)]
    with before.app_context():
        assert set(inspected().get_table_names()) == {*db.metadata.tables, "alembic_version"}
