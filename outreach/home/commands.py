"""flask demo: prepare everything and say how to get in. flask demo-campaign: fill it with life.
flask serve: the production server."""

import faulthandler
import gc
import hashlib
import os
import socket
import tempfile
import time
from pathlib import Path

import click
import flask_migrate
import sqlalchemy as sa
from flask import Flask, current_app
from granian import Granian
from granian.constants import Interfaces
from sqlalchemy.exc import SQLAlchemyError

from core.config import ConfigError, Settings
from core.db import db, read
from core.words import counted
from outreach import qr
from outreach.home import believable
from outreach.home import demo as demonstration
from outreach.organizers import service as organizers
from outreach.posters import service as posters
from outreach.tally import rollup
from question_bank.commands import CONTENT, load_and_publish

PASSWORD_FILE = "demo_password"  # noqa: S105 -- how its name ends
BACKLOG = 2048
DRAIN_SECONDS = 10
MAX_REQUEST_HEAD = 16 * 1024


@click.command("demo")
def demo() -> None:
    """Prepare the database with a demo campaign; print address, QR code and sign-in."""
    settings: Settings = current_app.config["SETTINGS"]
    _refuse_taken_port(settings)
    _refuse_unreachable_database()
    flask_migrate.upgrade()
    load_and_publish(CONTENT, "内容文件 Content files")
    prepared = demonstration.prepare()
    password = _kept_password(_password_file(settings), prepared.password)
    db.session.commit()
    link = posters.link(prepared.poster_code)
    click.echo(qr.terminal(link))
    click.echo(f"  Quiz (demo event)  {link}")
    click.echo(f"  Home               {settings.public_url}/")
    click.echo(f"  Organizers         {settings.public_url}/organize/sign-in")
    click.echo(f"  Demo organizer     {prepared.organizer}   password: {password}")
    if settings.public_url.startswith("http://localhost"):
        click.echo(
            "\n  To scan with a phone in the same network, start with this machine's address:\n"
            f"  HOST=0.0.0.0 PUBLIC_URL=http://192.168.x.x:{settings.port} make run"
        )
    click.echo("\n  Stop with Ctrl+C.\n")


def _password_file(settings: Settings) -> Path:
    """Name the file after the database that the password opens: two of them never share one."""
    url = db.engine.url
    if url.get_backend_name() == "sqlite" and url.database:
        return Path(f"{url.database}.{PASSWORD_FILE}")
    address = url.render_as_string(hide_password=True).encode()
    return settings.instance_path / f"{hashlib.sha256(address).hexdigest()[:16]}.{PASSWORD_FILE}"


def _kept_password(path: Path, fresh: str | None) -> str:
    """Remember the demo organizer's password; it guards demo data only."""
    if fresh is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(fresh)
        return fresh
    kept = path.read_text(encoding="ascii").strip() if path.exists() else ""
    if kept and organizers.knows(demonstration.ORGANIZER, kept):
        return kept
    return "(changed; set a new one: flask --app app organizers password demo)"


@click.command("demo-campaign")
@click.option("--events", type=click.IntRange(10, 5_000), default=believable.EVENTS)
@click.option("--attempts", type=click.IntRange(0, 10_000_000), default=believable.ATTEMPTS)
@click.option("--seed", type=int, default=1, help="The same seed gives the same figures.")
@click.option("--anyway", is_flag=True, help="Mix made-up attempts with those that are there.")
def demo_campaign(events: int, attempts: int, seed: int, anyway: bool) -> None:
    """Fill the demo campaign with events and attempts that look real."""
    begun = time.perf_counter()
    try:
        filled = believable.fill(events, attempts, seed, anyway=anyway)
    except believable.NotPreparedError:
        raise click.ClickException("there is no demo campaign: flask --app app demo") from None
    except believable.HoldsAttemptsError:
        raise click.ClickException(
            "attempts are here already, perhaps real ones; to mix in made-up ones: --anyway"
        ) from None
    db.session.commit()
    rollup.fold_all()
    made = f"{counted(filled.events, 'event')}, {counted(filled.attempts, 'attempt')}"
    click.echo(f"{made}, made in {time.perf_counter() - begun:.1f} s")


@click.command("serve")
@click.option(
    "--own-key", is_flag=True, help="Use the key kept in instance/ if SECRET_KEY is not set."
)
def serve(own_key: bool) -> None:
    """Run the production server with the settings of the environment."""
    settings: Settings = current_app.config["SETTINGS"]
    if not settings.secret_key_is_given and not own_key:
        raise ConfigError(
            "SECRET_KEY is not set; make one and keep it: "
            'python3 -c "import secrets; print(secrets.token_urlsafe(48))"'
        )
    _refuse_taken_port(settings)
    _refuse_unreachable_database()
    # A crash below Python would otherwise end a worker without a word in the log.
    faulthandler.enable()
    with tempfile.TemporaryDirectory(prefix="quality-month-") as shared:
        settings.share_with_workers(shared)
        # Workers are forks. What the collector no longer visits stays shared with this process;
        # it would otherwise be copied into each of them: 70 MiB instead of 18.
        gc.collect()
        gc.freeze()
        Granian(
            "app:create_served_app",
            factory=True,
            address=settings.host,
            port=settings.port,
            interface=Interfaces.WSGI,
            workers=settings.workers,
            blocking_threads=settings.threads,
            backlog=BACKLOG,
            respawn_failed_workers=True,
            workers_kill_timeout=DRAIN_SECONDS,
            websockets=False,
            log_access=False,
        ).serve()


def _refuse_taken_port(settings: Settings) -> None:
    """Say so in one line if another program listens there.

    :raises ConfigError: the port cannot be used
    """
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            raise ConfigError(
                f"port {settings.port} on {settings.host} cannot be used "
                f"({error.strerror}); choose another: PORT={settings.port + 1} make run"
            ) from None


def _refuse_unreachable_database() -> None:
    """Say so in one line if the database does not let us in.

    :raises ConfigError: no connection can be made
    """
    try:
        with read() as connection:
            connection.execute(sa.text("SELECT 1"))
    except SQLAlchemyError as error:
        reason = str(getattr(error, "orig", error)).strip().splitlines()[0]
        raise ConfigError(f"DATABASE_URL: the database cannot be used: {reason}") from None
    finally:
        db.engine.dispose()


def init_app(app: Flask) -> None:
    """Register the commands."""
    app.cli.add_command(demo)
    app.cli.add_command(demo_campaign)
    app.cli.add_command(serve)
