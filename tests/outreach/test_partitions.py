"""One partition per campaign, over tables that hold attempts: nothing is lost, nothing changes."""

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import flask_migrate
import pytest
import sqlalchemy as sa
from click.testing import Result
from flask import Flask
from sqlalchemy.exc import IntegrityError

from app import create_app
from core.db import db
from outreach.participation.models import Attempt
from outreach.posters.models import Poster
from outreach.tally import partitions
from outreach.tally.partitions import Partition
from outreach.tally.rollup_models import FreshAttempt
from tests.builders import a_poster, an_event
from tests.conftest import PostgresqlDatabases, settings_for
from tests.core.nodes import until
from tests.outreach.attempts import an_attempt
from tests.phone import Paper, Phone

OLD_CAMPAIGN, OLD_BODY = 1, 1
OLD_SLUG = "fujian-2013"
BY_EVENT = sa.select(Attempt.event_id, sa.func.count()).group_by(Attempt.event_id)
QUEUED = sa.select(sa.func.count()).select_from(FreshAttempt)

Save = Callable[..., Any]
Phones = Callable[..., Phone]
Rows = Callable[[sa.Select[Any]], list[Any]]


@pytest.fixture(scope="module")
def databases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresqlDatabases]:
    """PostgreSQL, whatever the other tests run on: SQLite has no partitions."""
    databases = PostgresqlDatabases(tmp_path_factory.mktemp("databases"))
    yield databases
    databases.close()


@pytest.fixture
def posters(save: Save) -> tuple[Poster, Poster]:
    """A poster of an event of each campaign."""
    saved: tuple[Poster, Poster] = save(
        a_poster(an_event(campaign_id=OLD_CAMPAIGN, body_id=OLD_BODY)), a_poster(an_event())
    )
    return saved


@pytest.fixture
def empty(make_app: Callable[..., Flask], empty_database_url: str) -> Flask:
    """An app over a database without tables."""
    return make_app(empty_database_url)


def run(app: Flask, *arguments: object) -> Result:
    """Run a command, which must end well."""
    result = app.test_cli_runner().invoke(args=[str(argument) for argument in arguments])
    assert result.exit_code == 0, result.output
    return result


def kept(app: Flask) -> dict[int | None, Partition]:
    """Return the partitions by campaign."""
    with app.app_context():
        return {partition.campaign_id: partition for partition in partitions.listing()}


def number_in(app: Flask, partition: Partition) -> int:
    """Count a partition's rows."""
    with app.app_context():
        table = sa.table(partition.name, schema=partitions.SCHEMA)
        return db.session.scalar(sa.select(sa.func.count()).select_from(table)) or 0


def verified(app: Flask) -> str:
    """Fold, recount, and return what is said."""
    run(app, "tally", "fold")
    return run(app, "tally", "verify").output


def test_what_came_before_moves_to_its_campaign_and_nothing_else_changes(
    app: Flask, phone: Phones, posters: tuple[Poster, Poster], rows: Rows
) -> None:
    old, new = posters
    receipts = [phone().take(code) for code in (old.code, new.code, new.code)]
    pages = [phone().client.get(receipt).text for receipt in receipts]
    before, figures = rows(BY_EVENT), phone().client.get("/participation.json").json

    result = run(app, "db-partition")

    found = kept(app)
    assert "3 attempts moved" in result.output
    assert [found[key].event_ids for key in (1, 2)] == [{old.event_id}, {new.event_id}]
    assert [number_in(app, found[key]) for key in (1, 2, None)] == [1, 2, 0]
    assert Counter(rows(BY_EVENT)) == Counter(before)
    assert [phone().client.get(receipt).text for receipt in receipts] == pages
    assert phone().client.get("/participation.json").json["totals"] == figures["totals"]
    assert "hold what the attempts say" in verified(app)


def test_what_comes_after_is_queued_counted_and_unique(
    app: Flask, phone: Phones, rows: Rows, save: Save
) -> None:
    event = an_event()
    event, poster = save(event, a_poster(event))
    run(app, "db-partition")
    device = phone()
    paper = device.scan(poster.code)

    sent = [device.send(paper).headers["Location"] for _ in range(3)]
    second = device.take(poster.code)

    attempts = rows(sa.select(Attempt.device_key, Attempt.sequence).order_by(Attempt.sequence))
    again = an_attempt(event, poster, device_key=attempts[0][0], sequence=2)
    assert len(set(sent)) == 1
    assert second not in sent
    assert [sequence for _key, sequence in attempts] == [1, 2]
    assert rows(QUEUED) == [(2,)]
    assert number_in(app, kept(app)[2]) == 2
    with pytest.raises(IntegrityError):
        save(again)
    assert "hold what the attempts say" in verified(app)


def test_an_event_planned_later_waits_in_the_rest_until_the_command_runs_again(
    app: Flask, phone: Phones, posters: tuple[Poster, Poster], save: Save, rows: Rows
) -> None:
    run(app, "db-partition")
    late = save(a_poster(an_event(site="后来的")))
    receipt = phone().take(late.code)
    waiting = number_in(app, kept(app)[None])

    told = [run(app, "db-partition").output for _ in range(2)]

    found = kept(app)
    assert waiting == 1
    assert ["1 attempt moved" in told[0], "0 attempts moved" in told[1]] == [True, True]
    assert found[2].event_ids == {posters[1].event_id, late.event_id}
    assert [number_in(app, found[key]) for key in (2, None)] == [1, 0]
    assert phone().client.get(receipt).status_code == 200
    assert rows(QUEUED) == [(1,)]
    assert "hold what the attempts say" in verified(app)


def test_what_was_broken_off_is_finished_by_the_next_run(
    app: Flask, phone: Phones, posters: tuple[Poster, Poster], rows: Rows
) -> None:
    for poster in posters:
        phone().take(poster.code)
    before = rows(BY_EVENT)

    def break_off(said: str) -> None:
        if "demo" in said:
            raise KeyboardInterrupt

    with app.app_context(), pytest.raises(KeyboardInterrupt):
        partitions.split(break_off)
    half = [number_in(app, kept(app)[key]) for key in (1, None)]
    run(app, "db-partition")

    assert half == [1, 1]
    assert [number_in(app, kept(app)[key]) for key in (1, 2, None)] == [1, 1, 0]
    assert Counter(rows(BY_EVENT)) == Counter(before)
    assert "hold what the attempts say" in verified(app)


def test_phones_hand_in_while_the_table_is_split(
    app: Flask, phone: Phones, posters: tuple[Poster, Poster], rows: Rows
) -> None:
    papers = [(device, device.scan(posters[1].code)) for device in [phone() for _ in range(24)]]
    for device, paper in papers[:8]:
        assert device.send(paper).status_code == 303

    def send_until_taken(device: Phone, paper: Paper) -> set[int]:
        """Send, and again after 503, as phones do."""
        answers = set()
        until(lambda: answers.add(device.send(paper).status_code) or 303 in answers, "taken")
        return answers

    with ThreadPoolExecutor(5) as pool:
        split = pool.submit(run, app, "db-partition")
        sent = [pool.submit(send_until_taken, *pair) for pair in papers[8:]]
        answers = [one.result() for one in sent]
        split.result()

    assert set().union(*answers) <= {303, 503}
    assert rows(BY_EVENT) == [(posters[1].event_id, 24)]
    assert "hold what the attempts say" in verified(app)


def test_a_detached_campaign_is_out_of_the_way_and_can_be_put_back(
    app: Flask, phone: Phones, posters: tuple[Poster, Poster], rows: Rows
) -> None:
    receipts = [phone().take(poster.code) for poster in posters]
    before = rows(BY_EVENT)
    run(app, "db-partition")
    too_early = app.test_cli_runner().invoke(args=["db-partition", "--detach", OLD_SLUG])
    verified(app)

    run(app, "db-partition", "--detach", OLD_SLUG)
    apart = [phone().client.get(receipt).status_code for receipt in receipts]
    remaining = rows(BY_EVENT)
    still_there = number_in(app, kept(app)[1])
    run(app, "db-partition")

    assert too_early.exit_code == 1
    assert "not counted yet" in too_early.output
    assert apart == [404, 200]
    assert remaining == [(posters[1].event_id, 1)]
    assert still_there == 1
    assert Counter(rows(BY_EVENT)) == Counter(before)
    assert [phone().client.get(receipt).status_code for receipt in receipts] == [200, 200]
    assert "hold what the attempts say" in verified(app)


def test_what_has_no_partition_cannot_be_detached(app: Flask, posters: tuple[Poster, ...]) -> None:
    runner = app.test_cli_runner()
    run(app, "db-partition")

    refused = runner.invoke(args=["db-partition", "--detach", "no-such"])

    assert refused.exit_code == 1
    assert "no-such has no partition" in refused.output


def test_models_and_migrations_see_one_table(app: Flask, posters: tuple[Poster, ...]) -> None:
    run(app, "db-partition")

    with app.app_context():
        flask_migrate.check()  # exits where models and tables differ


def test_a_backup_holds_each_attempt_once_and_comes_back_in_one_table(
    app: Flask, phone: Phones, posters: tuple[Poster, Poster], empty: Flask, tmp_path: Path
) -> None:
    phone().take(posters[0].code)
    run(app, "db-partition")

    run(app, "db-backup", tmp_path / "kept.zip")
    run(empty, "db-restore", tmp_path / "kept.zip")

    with empty.app_context():
        assert db.session.execute(BY_EVENT).all() == [(posters[0].event_id, 1)]
    assert "hold what the attempts say" in verified(empty)


def test_sqlite_is_refused_in_one_line(tmp_path: Path) -> None:
    app = create_app(settings_for(f"sqlite:///{tmp_path / 'small.sqlite'}", tmp_path))

    result = app.test_cli_runner().invoke(args=["db-partition"])

    assert result.exit_code == 1
    assert "SQLite has no partitions" in result.output
