"""A load of our own: phones and readers over loopback, and the servers that they are sent to."""

import asyncio
import contextlib
import os
import re
import socket
import statistics
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

import pyotp
from flask import Flask

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from core.db import db  # noqa: E402 -- found through the line above
from outreach.organizers import service as organizers  # noqa: E402
from outreach.organizers import totp_service as totp  # noqa: E402
from tests.conftest import csrf_token  # noqa: E402

TICKET = re.compile(rb'name="ticket" value="([^"]*)"')
NAME = re.compile(rb'type="(?:radio|checkbox)" name="(q\d+)"')
COOKIE = re.compile(rb"^set-cookie: ([^;]+)", re.IGNORECASE | re.MULTILINE)
LOCATION = re.compile(rb"^location: (\S+)", re.IGNORECASE | re.MULTILINE)
LENGTH = re.compile(rb"^content-length: (\d+)", re.IGNORECASE | re.MULTILINE)
ETAG = re.compile(rb"^etag: (\S+)", re.IGNORECASE | re.MULTILINE)
START_SECONDS = 120.0
MIB = 2**20


@dataclass
class Outcome:
    """What a run measured; `latencies` are of single requests, in seconds."""

    flows: int = 0
    requests: int = 0
    unchanged: int = 0
    errors: list[str] = field(default_factory=list)
    latencies: list[float] = field(default_factory=list)
    receipts: set[str] = field(default_factory=set)
    seconds: float = 0.0

    def percentile(self, hundredth: int) -> float:
        """Return how long a request took at this percentile, in milliseconds."""
        if len(self.latencies) < 2:
            return max(self.latencies, default=0.0) * 1000
        return statistics.quantiles(self.latencies, n=100, method="inclusive")[hundredth - 1] * 1000


class Connection:
    """One kept-alive connection; just enough HTTP to be no heavier than the server.

    The time to connect belongs to the first request.
    """

    def __init__(self, port: int, outcome: Outcome) -> None:
        self.port, self.outcome = port, outcome
        self.tag = ""
        self.opened_at: float | None = None

    async def open(self) -> None:
        """Connect."""
        self.opened_at = time.perf_counter()
        self.reader, self.writer = await asyncio.open_connection(
            "127.0.0.1", self.port, limit=2**20
        )

    async def ask(self, head: str, body: bytes = b"") -> tuple[int, bytes, bytes]:
        """Send a request; return status, head and body."""
        begun, self.opened_at = self.opened_at or time.perf_counter(), None
        self.writer.write(head.encode() + b"\r\n" + body)
        answer = await self.reader.readuntil(b"\r\n\r\n")
        length = LENGTH.search(answer)
        content = await self.reader.readexactly(int(length[1])) if length else b""
        self.outcome.latencies.append(time.perf_counter() - begun)
        self.outcome.requests += 1
        return int(answer[9:12]), answer, content

    def host(self) -> str:
        """Return the headers that every request has."""
        return f"Host: 127.0.0.1:{self.port}\r\nAccept-Language: zh-CN\r\n"


@dataclass(frozen=True)
class Sheet:
    """A paper that was filled in, as it is sent."""

    head: str
    body: bytes


async def scan(connection: Connection, code: str) -> Sheet | None:
    """Open a paper as a new phone and fill it in."""
    status, head, page = await connection.ask(f"GET /q/{code} HTTP/1.1\r\n{connection.host()}")
    ticket = TICKET.search(page)
    names = sorted(set(NAME.findall(page)))
    if status != 200 or not ticket or not names:
        connection.outcome.errors.append(f"GET paper: {status}")
        return None
    cookies = b"; ".join(COOKIE.findall(head)).decode()
    form = {"ticket": ticket[1].decode()} | {name.decode(): "1" for name in names}
    body = urlencode(form).encode()
    return Sheet(
        f"POST /q/{code} HTTP/1.1\r\n{connection.host()}Cookie: {cookies}\r\n"
        f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n",
        body,
    )


async def hand_in(connection: Connection, sheet: Sheet) -> str | None:
    """Send a paper and return its receipt."""
    status, head, _ = await connection.ask(sheet.head, sheet.body)
    location = LOCATION.search(head)
    if status != 303 or not location:
        connection.outcome.errors.append(f"POST: {status}")
        return None
    receipt = location[1].decode()
    connection.outcome.receipts.add(receipt)
    return receipt


async def look_up(connection: Connection, receipt: str) -> None:
    """Look at a result, with which a flow is done."""
    status, _, page = await connection.ask(f"GET {receipt} HTTP/1.1\r\n{connection.host()}")
    if status != 200 or b"data-paper-done" not in page:
        connection.outcome.errors.append(f"GET receipt: {status}")
        return
    connection.outcome.flows += 1


async def take(connection: Connection, code: str) -> None:
    """Go through one flow as a new phone and check every answer."""
    if (sheet := await scan(connection, code)) and (receipt := await hand_in(connection, sheet)):
        await look_up(connection, receipt)


async def get(connection: Connection, path: str, header: str = "") -> None:
    """Ask for one page."""
    status, _, _ = await connection.ask(f"GET {path} HTTP/1.1\r\n{connection.host()}{header}")
    if status != 200:
        connection.outcome.errors.append(f"GET {path}: {status}")


async def get_again(connection: Connection, path: str) -> None:
    """Ask for a page with the tag of what is there already."""
    header = f"If-None-Match: {connection.tag}\r\n" if connection.tag else ""
    status, head, _ = await connection.ask(f"GET {path} HTTP/1.1\r\n{connection.host()}{header}")
    if status not in {200, 304}:
        connection.outcome.errors.append(f"GET {path}: {status}")
    elif status == 304:
        connection.outcome.unchanged += 1
    elif tag := ETAG.search(head):
        connection.tag = tag[1].decode()


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
    share = f"  {rate / yardstick:5.2f} of hello" if yardstick else ""
    flows = f"  {outcome.flows / outcome.seconds:7.0f} flows/s" if outcome.flows else ""
    unchanged = (
        f"  {outcome.unchanged / outcome.requests:.1%} were 304" if outcome.unchanged else ""
    )
    print(
        f"{name:24} {rate:8.0f} requests/s  p50 {outcome.percentile(50):6.1f} ms  "
        f"p99 {outcome.percentile(99):6.1f} ms  errors {len(outcome.errors)}"
        f"{share}{flows}{unchanged}"
    )
    tell_errors(outcome)
    return rate


def tell_errors(outcome: Outcome) -> None:
    """Print what went wrong, each kind once."""
    for error in sorted(set(outcome.errors))[:5]:
        print(f"    {error}: {outcome.errors.count(error)} times")


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Running:
    """A server; `ready_seconds` from its start to its first good answer."""

    pid: int
    ready_seconds: float

    def memory(self) -> tuple[float, float]:
        """Return the MiB that its workers hold, and with the process that started them.

        What processes share is divided among them (PSS), so that nothing is counted twice.
        """
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        workers = sum(_held(int(child)) for child in children)
        return workers / MIB, (workers + _held(self.pid)) / MIB


def _held(pid: int) -> int:
    text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    found = re.search(r"^Pss:\s+(\d+) kB", text, re.MULTILINE)
    return int(found[1]) * 1024 if found else 0


@contextlib.contextmanager
def running(
    command: list[str], port: int, ready: str = "/readyz", **environment: str
) -> Iterator[Running]:
    """Run a server until the block ends.

    :param ready: the path that answers as soon as it can serve
    """
    begun = time.perf_counter()
    process = subprocess.Popen(
        command, env=os.environ | environment, stdout=subprocess.DEVNULL, cwd=ROOT
    )
    try:
        while not _answers(f"http://127.0.0.1:{port}{ready}"):
            if process.poll() is not None or time.perf_counter() - begun > START_SECONDS:
                raise SystemExit("the server did not start")
            time.sleep(0.02)
        server = Running(process.pid, time.perf_counter() - begun)
        time.sleep(1.0)  # both workers
        yield server
    finally:
        process.terminate()
        process.wait()


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=5):  # noqa: S310 -- our own server
            return True
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return False


def sign_in(app: Flask, name: str, password: str) -> str:
    """Sign in an organizer, with an authenticator if one is needed; return the cookie."""
    client = app.test_client()
    token = csrf_token(client.get("/organize/sign-in").text)
    form = {"csrf_token": token, "name": name, "password": password}
    answer = client.post("/organize/sign-in", data=form)
    assert answer.status_code == 303, answer.text
    with app.app_context():
        organizer = organizers.find(name)
        if organizer is not None and organizer.needs_totp:
            secret = pyotp.random_base32()
            totp.switch_on(organizer, secret, pyotp.TOTP(secret).now())
            db.session.commit()
    cookies = answer.headers.getlist("Set-Cookie")
    return "; ".join(cookie.partition(";")[0] for cookie in cookies)
