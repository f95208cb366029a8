"""How many whole flows (paper, submission, receipt) a second, beside a bare Flask in the same run.

Starts the production server (2 workers) over a fresh database, drives it over loopback at 32
connections with checked answers, and prints flows and requests per second, p50, p99, errors, and
whether rows = acknowledged. The yardstick is a Flask app that answers "hello" on the same server.

    python tools/bench.py [--seconds 10] [--connections 32] [--database URL]
"""

import argparse
import asyncio
import contextlib
import os
import re
import secrets
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

import flask_migrate
import sqlalchemy as sa

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from app import create_app  # noqa: E402 -- found through the line above
from core import clock  # noqa: E402
from core.config import Settings  # noqa: E402
from core.db import db  # noqa: E402
from outreach.home import demo  # noqa: E402
from outreach.participation.models import Attempt  # noqa: E402
from question_bank import loading  # noqa: E402
from question_bank import service as bank  # noqa: E402
from question_bank.commands import CONTENT  # noqa: E402
from question_bank.importer import read_bank  # noqa: E402

HELLO = """
from flask import Flask
app = Flask(__name__)
@app.get("/")
def hello():
    return "hello"
"""
TICKET = re.compile(rb'name="ticket" value="([^"]*)"')
NAME = re.compile(rb'type="(?:radio|checkbox)" name="(q\d+)"')
COOKIE = re.compile(rb"^set-cookie: ([^;]+)", re.IGNORECASE | re.MULTILINE)
LOCATION = re.compile(rb"^location: (\S+)", re.IGNORECASE | re.MULTILINE)
LENGTH = re.compile(rb"^content-length: (\d+)", re.IGNORECASE | re.MULTILINE)


@dataclass
class Outcome:
    """What a run measured; `latencies` are of single requests, in seconds."""

    flows: int = 0
    requests: int = 0
    errors: list[str] = field(default_factory=list)
    latencies: list[float] = field(default_factory=list)
    receipts: set[str] = field(default_factory=set)
    seconds: float = 0.0


class Connection:
    """One kept-alive connection; just enough HTTP to be no heavier than the server."""

    def __init__(self, port: int, outcome: Outcome) -> None:
        self.port, self.outcome = port, outcome

    async def open(self) -> None:
        self.reader, self.writer = await asyncio.open_connection(
            "127.0.0.1", self.port, limit=2**20
        )

    async def ask(self, head: str, body: bytes = b"") -> tuple[int, bytes, bytes]:
        """Send a request; return status, head and body."""
        begun = time.perf_counter()
        self.writer.write(head.encode() + b"\r\n" + body)
        answer = await self.reader.readuntil(b"\r\n\r\n")
        length = LENGTH.search(answer)
        content = await self.reader.readexactly(int(length[1])) if length else b""
        self.outcome.latencies.append(time.perf_counter() - begun)
        self.outcome.requests += 1
        return int(answer[9:12]), answer, content


async def take(connection: Connection, code: str) -> None:
    """Go through one flow as a new phone and check every answer."""
    outcome = connection.outcome
    host = f"Host: 127.0.0.1:{connection.port}\r\nAccept-Language: zh-CN\r\n"
    status, head, page = await connection.ask(f"GET /q/{code} HTTP/1.1\r\n{host}")
    ticket = TICKET.search(page)
    names = sorted(set(NAME.findall(page)))
    if status != 200 or not ticket or not names:
        outcome.errors.append(f"GET paper: {status}")
        return
    cookies = b"; ".join(COOKIE.findall(head)).decode()
    form = {"ticket": ticket[1].decode()} | {name.decode(): "1" for name in names}
    body = urlencode(form).encode()
    status, head, _ = await connection.ask(
        f"POST /q/{code} HTTP/1.1\r\n{host}Cookie: {cookies}\r\n"
        f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n",
        body,
    )
    location = LOCATION.search(head)
    if status != 303 or not location:
        outcome.errors.append(f"POST: {status}")
        return
    receipt = location[1].decode()
    outcome.receipts.add(receipt)
    status, _, page = await connection.ask(f"GET {receipt} HTTP/1.1\r\n{host}")
    if status != 200 or b"data-paper-done" not in page:
        outcome.errors.append(f"GET receipt: {status}")
        return
    outcome.flows += 1


async def get(connection: Connection, path: str, header: str = "") -> None:
    """Ask for one page."""
    host = f"Host: 127.0.0.1:{connection.port}\r\nAccept-Language: zh-CN\r\n{header}"
    status, _, _ = await connection.ask(f"GET {path} HTTP/1.1\r\n{host}")
    if status != 200:
        connection.outcome.errors.append(f"GET {path}: {status}")


async def drive(port: int, connections: int, seconds: float, step, *what: str) -> Outcome:
    """Repeat a step on so many connections at once for so long."""
    outcome = Outcome()
    deadline = time.perf_counter() + seconds

    async def one() -> None:
        connection = Connection(port, outcome)
        await connection.open()
        while time.perf_counter() < deadline:
            await step(connection, *what)
        connection.writer.close()

    begun = time.perf_counter()
    await asyncio.gather(*(one() for _ in range(connections)))
    outcome.seconds = time.perf_counter() - begun
    return outcome


def report(name: str, outcome: Outcome, yardstick: float | None = None) -> float:
    """Print one line; return requests per second."""
    rate = outcome.requests / outcome.seconds
    ranked = statistics.quantiles(outcome.latencies, n=100)
    share = f"  {rate / yardstick:5.2f} of hello" if yardstick else ""
    flows = f"  {outcome.flows / outcome.seconds:7.0f} flows/s" if outcome.flows else ""
    print(
        f"{name:24} {rate:8.0f} requests/s  p50 {ranked[49] * 1000:6.1f} ms  "
        f"p99 {ranked[98] * 1000:6.1f} ms  errors {len(outcome.errors)}{share}{flows}"
    )
    for error in sorted(set(outcome.errors))[:5]:
        print(f"    {error}")
    return rate


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def running(command: list[str], port: int, **environment: str) -> Iterator[None]:
    """Run a server until the block ends."""
    process = subprocess.Popen(
        command, env=os.environ | environment, stdout=subprocess.DEVNULL, cwd=ROOT
    )
    try:
        for _ in range(200):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
                break
            time.sleep(0.05)
        time.sleep(1.0)  # both workers
        yield
    finally:
        process.terminate()
        process.wait()


def prepare(database_url: str, folder: Path, key: str) -> tuple[str, sa.Engine]:
    """Fill a database with the demonstration; return an open poster's code and an engine."""
    app = create_app(Settings(secret_key=key, database_url=database_url, instance_path=folder))
    with app.app_context():
        flask_migrate.upgrade()
        content, _ = read_bank(CONTENT)
        loading.load(content)
        bank.publish("bench")
        code = demo.prepare().poster_code
        db.session.commit()
        clock.now()
        return code, db.engine


def main() -> int:
    """Run and print; exit 1 if anything was lost or went wrong."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--seconds", type=float, default=10)
    arguments.add_argument("--connections", type=int, default=32)
    arguments.add_argument("--database")
    chosen = arguments.parse_args()
    key = secrets.token_urlsafe(48)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        url = chosen.database or f"sqlite:///{folder / 'bench.sqlite'}"
        code, engine = prepare(url, folder, key)
        (folder / "hello.py").write_text(HELLO)
        load = (chosen.connections, chosen.seconds)
        port = free_port()
        granian = [sys.executable, "-m", "granian", "--interface", "wsgi", "--workers", "2"]
        granian += ["--blocking-threads", "4", "--port", str(port), "--no-ws", "--no-access-log"]
        with running([*granian, "--working-dir", name, "hello:app"], port):
            hello = report("bare Flask hello", asyncio.run(drive(port, *load, get, "/")))
        port = free_port()
        serve = [sys.executable, "-m", "flask", "--app", "app", "serve"]
        settings = {"SECRET_KEY": key, "DATABASE_URL": url, "PORT": str(port), "WORKERS": "2"}
        with running(serve, port, **settings):
            asyncio.run(drive(port, 4, 1, take, code))  # warm up
            with engine.connect() as connection:
                before = connection.scalar(sa.select(sa.func.count()).select_from(Attempt)) or 0
            paper = f"/q/{code}"
            report("paper", asyncio.run(drive(port, *load, get, paper)), hello)
            report("home", asyncio.run(drive(port, *load, get, "/")), hello)
            flow = asyncio.run(drive(port, *load, take, code))
            report("flow", flow, hello)
            numbers = "/participation.json"
            report("participation.json", asyncio.run(drive(port, *load, get, numbers)))
        with engine.connect() as connection:
            after = connection.scalar(sa.select(sa.func.count()).select_from(Attempt)) or 0
        engine.dispose()
        rows = after - before
        is_equal = rows == len(flow.receipts)
        verdict = "equal" if is_equal else "DIFFERENT"
        print(f"rows {rows}, acknowledged {len(flow.receipts)}: {verdict}")
        return int(not is_equal or bool(flow.errors))


if __name__ == "__main__":
    sys.exit(main())
