"""flask demo: what `make run` begins with. flask serve: what it refuses to begin with."""

import re
import socket
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import sqlalchemy as sa
from click.testing import Result
from flask import Flask
from flask.cli import FlaskGroup
from flask.testing import FlaskClient

from core.db import db
from outreach.events.models import Event, EventKind
from outreach.posters.models import Poster
from outreach.regions.models import Region
from tests.conftest import PUBLIC_URL, Databases, csrf_token
from tests.outreach.scanner import photograph, scan
from tests.phone import Phone

HELD = "127.0.0.1"


@dataclass
class Printed:
    """What the operator reads."""

    text: str

    @property
    def link(self) -> str:
        found = re.search(rf"{re.escape(PUBLIC_URL)}/q/\w+", self.text)
        assert found, self.text
        return found[0]

    @property
    def code(self) -> str:
        return self.link.rsplit("/", 1)[1]

    @property
    def sign_in(self) -> tuple[str, str]:
        found = re.search(r"Demo organizer +(\S+) +password: (.+)", self.text)
        assert found, self.text
        return found[1], found[2]


@pytest.fixture
def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HELD, 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.socket() as other:
        other.bind((HELD, 0))
        other.listen()
        yield int(other.getsockname()[1])


@pytest.fixture
def fresh(make_app: Callable[..., Flask], empty_database_url: str, free_port: int) -> Flask:
    """An installation that was never started."""
    return make_app(empty_database_url, port=free_port)


@pytest.fixture
def app(make_app: Callable[..., Flask], database_url: str, free_port: int) -> Flask:
    """An installation with a bank; quicker to start than an empty one."""
    return make_app(database_url, port=free_port)


def run(app: Flask, *args: str) -> Result:
    """Run a command as the program `flask` does."""
    flask = FlaskGroup(create_app=lambda: app, load_dotenv=False)
    return app.test_cli_runner().invoke(flask, args=args)


def run_demo(app: Flask) -> Printed:
    result = run(app, "demo")
    assert result.exit_code == 0, result.output
    return Printed(result.output)


def contents(app: Flask) -> dict[str, list[Any]]:
    """Return every row of every table."""
    with app.app_context(), db.engine.connect() as connection:
        tables = sa.MetaData()
        tables.reflect(connection)
        return {
            name: sorted(map(repr, connection.execute(sa.select(table))))
            for name, table in tables.tables.items()
        }


def signs_in(app: Flask, name: str, password: str) -> bool:
    client = app.test_client()
    client.environ_base["HTTP_REFERER"] = "https://localhost/"
    token = csrf_token(client.get("/organize/sign-in").text)
    form = {"csrf_token": token, "name": name, "password": password}
    client.post("/organize/sign-in", data=form)
    return client.get("/organize/").status_code == 200


def assert_one_line(result: Result, *words: str) -> None:
    """Expect exit code 1 and one line on stderr that holds the words."""
    assert result.exit_code == 1, result.output
    assert isinstance(result.exception, SystemExit), repr(result.exception)
    assert len(result.stderr.splitlines()) == 1, result.stderr
    for word in words:
        assert word in result.stderr
    assert result.stdout == ""


def test_on_an_empty_database_everything_is_prepared_and_the_way_in_is_printed(
    fresh: Flask,
) -> None:
    printed = run_demo(fresh)

    assert scan(photograph(printed.text.partition("\n  Quiz")[0])).text == printed.link
    assert f"{PUBLIC_URL}/\n" in printed.text
    assert f"{PUBLIC_URL}/organize/sign-in" in printed.text
    assert Phone(fresh).take(urlsplit(printed.link).path.rsplit("/", 1)[1])
    assert signs_in(fresh, *printed.sign_in)
    assert fresh.test_client().get("/readyz").get_json()["ready"] is True
    with fresh.app_context():
        assert db.session.scalar(sa.select(sa.func.count()).select_from(Region)) > 3_300


def test_a_second_start_changes_nothing_not_even_what_an_operator_changed(
    app: Flask, phone: Callable[..., Phone]
) -> None:
    first = run_demo(app)
    phone().take(first.code)
    with app.app_context():
        db.session.execute(sa.update(Event).values(title_zh="改过的题目", site="改过的地点"))
        db.session.commit()
    before = contents(app)

    second = run_demo(app)

    assert contents(app) == before
    assert len(before["attempt"]) == 1
    assert (second.link, second.sign_in) == (first.link, first.sign_in)
    assert signs_in(app, *second.sign_in)


def test_a_poster_out_of_use_is_not_the_one_that_is_printed(
    app: Flask, phone: Callable[..., Phone]
) -> None:
    first = run_demo(app)
    with app.app_context():
        withdrawn = sa.update(Poster).where(Poster.code == first.code)
        db.session.execute(withdrawn.values(withdrawn_at=sa.func.current_timestamp()))
        db.session.commit()

    second = run_demo(app)

    assert second.code != first.code
    assert phone().scan(second.code).ticket


def test_the_demo_has_an_open_event_of_every_kind_each_with_a_poster(
    app: Flask, client: FlaskClient, rows: Callable[[sa.Select[Any]], list[Any]]
) -> None:
    run_demo(app)

    events = rows(sa.select(Event.kind, Poster.code).join(Poster, Poster.event_id == Event.id))

    assert {kind for kind, _code in events} == set(EventKind)
    for _kind, code in events:
        assert client.get(f"/q/{code}").status_code == 200


def test_the_demos_calendar_is_worth_a_look(app: Flask, client: FlaskClient) -> None:
    run_demo(app)

    page = client.get("/calendar").text

    assert page.count('class="day__name"') >= 5
    assert page.count("happening--cancelled") == 1


def test_a_password_changed_since_is_not_printed_as_if_it_still_worked(app: Flask) -> None:
    first = run_demo(app)
    changed = run(app, "organizers", "password", "demo", "--password", "battery staple")
    assert changed.exit_code == 0

    second = run_demo(app)

    assert first.sign_in[1] not in second.text
    assert "organizers password demo" in second.text


def test_the_password_is_random_and_kept_in_a_file_that_its_owner_alone_reads(
    app: Flask, tmp_path: Path
) -> None:
    _name, password = run_demo(app).sign_in

    (kept,) = tmp_path.glob("*.demo_password")
    assert len(password) >= 12
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert not any(password in row for rows in contents(app).values() for row in rows)


def test_a_demo_in_another_database_leaves_the_first_ones_password_kept(
    app: Flask, make_app: Callable[..., Flask], free_port: int, tmp_path: Path, databases: Databases
) -> None:
    folder = tmp_path / "other"
    folder.mkdir()
    url = databases.fresh(folder)

    printed = [run_demo(demo) for demo in (app, make_app(url, port=free_port))]

    kept = {file.read_text(encoding="ascii") for file in tmp_path.rglob("*.demo_password")}
    assert kept == {one.sign_in[1] for one in printed}
    assert len(kept) == 2
    databases.drop(url)


def test_a_demo_on_this_machine_says_how_a_phone_can_reach_it(
    make_app: Callable[..., Flask], database_url: str, free_port: int
) -> None:
    app = make_app(database_url, port=free_port, public_url=f"http://localhost:{free_port}")

    result = run(app, "demo")

    assert f"http://localhost:{free_port}/q/" in result.output
    assert f"PUBLIC_URL=http://192.168.x.x:{free_port} make run" in result.output


def test_a_port_in_use_gives_one_line_and_prepares_nothing(
    make_app: Callable[..., Flask], empty_database_url: str, taken_port: int
) -> None:
    app = make_app(empty_database_url, port=taken_port)

    result = run(app, "demo")

    assert_one_line(result, str(taken_port), "PORT=")
    assert contents(app) == {}


def test_a_database_out_of_reach_gives_one_line_without_its_password(
    make_app: Callable[..., Flask], free_port: int
) -> None:
    url = f"postgresql+psycopg://quality:s3cret@{HELD}:{free_port}/quality"
    app = make_app(url, port=free_port)

    for command in ("demo", "serve"):
        result = run(app, command)
        assert_one_line(result, "DATABASE_URL")
        assert "s3cret" not in result.output


def test_a_file_that_is_no_database_gives_one_line_and_stays_as_it_was(
    make_app: Callable[..., Flask], free_port: int, tmp_path: Path
) -> None:
    letter = tmp_path / "letter.txt"
    letter.write_text("Dear colleagues, " * 100, encoding="ascii")
    before = letter.read_bytes()
    app = make_app(f"sqlite:///{letter}", port=free_port)

    result = run(app, "demo")

    assert_one_line(result, "DATABASE_URL")
    assert letter.read_bytes() == before


def test_serving_without_a_key_of_ones_own_is_refused(
    make_app: Callable[..., Flask], database_url: str, free_port: int
) -> None:
    app = make_app(database_url, port=free_port, secret_key_is_given=False)

    result = run(app, "serve")

    assert_one_line(result, "SECRET_KEY")


def test_serving_on_a_port_in_use_is_refused(
    make_app: Callable[..., Flask], database_url: str, taken_port: int
) -> None:
    app = make_app(database_url, port=taken_port)

    result = run(app, "serve")

    assert_one_line(result, str(taken_port))
