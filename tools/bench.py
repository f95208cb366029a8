"""How much the production server does, beside a bare Flask in the same run; then a burst.

Starts the production server (2 workers) over a fresh database, drives it over loopback at 32
connections with checked answers, and prints requests and whole flows (paper, submission, receipt)
per second, p50, p99 and errors. The yardstick is a Flask app that answers "hello" on the same
server. Then 2,000 phones arrive within 10 s while organizers look at their pages (`burst`). At the
end rows, acknowledged papers and the public tally must be the same number.

    python tools/bench.py [--seconds 10] [--connections 32] [--phones 2000] [--database URL]
"""

import argparse
import asyncio
import json
import secrets
import sys
import tempfile
import urllib.request
from dataclasses import dataclass
from pathlib import Path

import flask_migrate
import sqlalchemy as sa
from burst import burst, show
from load import ROOT, drive, free_port, get, get_again, report, running, sign_in, take

sys.path.insert(0, str(ROOT))

from app import create_app
from core.config import Settings
from core.db import db
from outreach.events.models import Event
from outreach.home import demo
from outreach.participation.models import Attempt
from outreach.posters.models import Poster
from question_bank import loading
from question_bank import service as bank
from question_bank.commands import CONTENT
from question_bank.importer import read_bank

HELLO = """
from flask import Flask
app = Flask(__name__)
@app.get("/")
def hello():
    return "hello"
"""
WITHIN_SECONDS = 10.0


@dataclass(frozen=True)
class Prepared:
    """A database to measure: an open poster with its event, and a cookie that is signed in."""

    code: str
    event_id: int
    board_code: str
    cookie: str
    engine: sa.Engine

    def rows(self) -> int:
        """Count the attempts."""
        with self.engine.connect() as connection:
            return connection.scalar(sa.select(sa.func.count()).select_from(Attempt)) or 0

    def organizers_pages(self) -> list[str]:
        """List what organizers look at while a hall hands in."""
        return [
            "/organize/",
            f"/organize/events/{self.event_id}",
            "/organize/figures",
            f"/board/{self.board_code}.json",
        ]


def prepare(database_url: str, folder: Path, key: str) -> Prepared:
    """Fill a database with the demonstration."""
    app = create_app(Settings(secret_key=key, database_url=database_url, instance_path=folder))
    with app.app_context():
        flask_migrate.upgrade()
        content, _ = read_bank(CONTENT)
        loading.load(content)
        bank.publish("bench")
        made = demo.prepare()
        db.session.commit()
        query = sa.select(Event.id, Event.board_code).join(Poster, Poster.event_id == Event.id)
        event_id, board_code = db.session.execute(
            query.where(Poster.code == made.poster_code)
        ).one()
        db.session.rollback()
        engine = db.engine
    cookie = sign_in(app, made.organizer, made.password or "")
    return Prepared(made.poster_code, event_id, board_code, cookie, engine)


def public_tally(port: int) -> int:
    """Return how many attempts the public page tells."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/participation.json") as answer:
        return int(json.load(answer)["totals"]["attempts"])


def main() -> int:
    """Run and print; exit 1 if anything was lost or went wrong."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--seconds", type=float, default=10)
    arguments.add_argument("--connections", type=int, default=32)
    arguments.add_argument("--phones", type=int, default=2000, help="of the burst")
    arguments.add_argument("--database")
    chosen = arguments.parse_args()
    key = secrets.token_urlsafe(48)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        url = chosen.database or f"sqlite:///{folder / 'bench.sqlite'}"
        made = prepare(url, folder, key)
        (folder / "hello.py").write_text(HELLO)
        load = (chosen.connections, chosen.seconds)
        port = free_port()
        granian = [sys.executable, "-m", "granian", "--interface", "wsgi", "--workers", "2"]
        granian += ["--blocking-threads", "4", "--port", str(port), "--no-ws", "--no-access-log"]
        with running([*granian, "--working-dir", name, "hello:app"], port, "/"):
            hello = report("bare Flask hello", asyncio.run(drive(port, *load, get, "/")))
        port = free_port()
        serve = [sys.executable, "-m", "flask", "--app", "app", "serve"]
        settings = {"SECRET_KEY": key, "DATABASE_URL": url, "PORT": str(port), "WORKERS": "2"}
        with running(serve, port, **settings) as server:
            workers, all_of_it = server.memory()
            print(
                f"ready in {server.ready_seconds:.1f} s; two idle workers hold {workers:.0f} MiB, "
                f"with the process that starts them {all_of_it:.0f} MiB"
            )
            asyncio.run(drive(port, 4, 1, take, made.code))  # warm up
            before, told_before = made.rows(), public_tally(port)
            report("paper", asyncio.run(drive(port, *load, get, f"/q/{made.code}")), hello)
            report("home", asyncio.run(drive(port, *load, get, "/")), hello)
            board = f"/board/{made.board_code}.json"
            report("board JSON again", asyncio.run(drive(port, *load, get_again, board)), hello)
            flow = asyncio.run(drive(port, *load, take, made.code))
            report("flow", flow, hello)
            numbers = "/participation.json"
            report("participation.json", asyncio.run(drive(port, *load, get, numbers)))
            hall = asyncio.run(
                burst(
                    port,
                    made.code,
                    phones=chosen.phones,
                    within=WITHIN_SECONDS,
                    pages=made.organizers_pages(),
                    cookie=made.cookie,
                )
            )
            is_good = show(hall) and not flow.errors
            rows, told = made.rows() - before, public_tally(port) - told_before
        made.engine.dispose()
        acknowledged = len(flow.receipts | hall.phones.receipts)
        is_equal = rows == acknowledged == told
        verdict = "equal" if is_equal else "DIFFERENT"
        print(f"rows {rows}, acknowledged {acknowledged}, tally {told}: {verdict}")
        return int(not (is_equal and is_good))


if __name__ == "__main__":
    sys.exit(main())
