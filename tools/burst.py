"""A hall: 2,000 phones within 10 s, some of which send twice, while organizers look at their pages.

Each phone is a connection of its own: it opens the paper, thinks, hands it in and looks at its
result. One of twenty does not wait for the answer and sends the same again over a new connection,
as a phone does that lost its signal.
"""

import asyncio
import contextlib
import random
import resource
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from load import Connection, Outcome, Sheet, get, hand_in, look_up, scan, tell_errors

THINK_SECONDS = 2.0, 8.0
RETRYING = 0.05
LOST_AFTER_SECONDS = 0.05
READERS = 2
READERS_PAUSE_SECONDS = 0.25
GOAL_MS = 1_000
SEED = 1


@dataclass(frozen=True)
class Plan:
    """When a phone arrives and how long its owner thinks, in seconds; whether it sends twice."""

    arrives: float
    thinks: float
    retries: bool


@dataclass
class Burst:
    """What the phones met, what the organizers met by page, and how many phones sent twice."""

    phones: Outcome = field(default_factory=Outcome)
    pages: dict[str, Outcome] = field(default_factory=dict)
    retried: int = 0


async def burst(
    port: int, code: str, *, phones: int, within: float, pages: Sequence[str], cookie: str
) -> Burst:
    """Let phones arrive evenly within so many seconds.

    :param pages: what organizers ask for meanwhile, again and again
    """
    _allow_connections(phones)
    found = Burst(pages={path: Outcome() for path in pages})
    chance = random.Random(SEED)  # noqa: S311 -- the same every time
    plans = [
        Plan(n * within / phones, chance.uniform(*THINK_SECONDS), chance.random() < RETRYING)
        for n in range(phones)
    ]
    found.retried = sum(plan.retries for plan in plans)
    readers = [
        asyncio.create_task(_read(port, found, cookie, READERS_PAUSE_SECONDS))
        for _ in range(READERS)
    ]
    begun = time.perf_counter()
    await asyncio.gather(*(_phone(port, code, found.phones, plan) for plan in plans))
    found.phones.seconds = time.perf_counter() - begun
    for reader in readers:
        reader.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await reader
    return found


def show(found: Burst) -> bool:
    """Print what was measured; tell whether every answer was good."""
    phones = found.phones
    print(
        f"burst: {phones.flows} phones in {phones.seconds:.1f} s, {found.retried} sent twice; "
        f"p50 {phones.percentile(50):.0f} ms  p95 {phones.percentile(95):.0f} ms (goal {GOAL_MS})  "
        f"p99 {phones.percentile(99):.0f} ms  slowest {max(phones.latencies) * 1000:.0f} ms  "
        f"errors {len(phones.errors)}"
    )
    tell_errors(phones)
    for path, outcome in found.pages.items():
        print(
            f"  meanwhile {path:32} {outcome.requests:4} times  "
            f"p50 {outcome.percentile(50):5.0f} ms  p95 {outcome.percentile(95):5.0f} ms  "
            f"errors {len(outcome.errors)}"
        )
        tell_errors(outcome)
    return not any(outcome.errors for outcome in (phones, *found.pages.values()))


async def _phone(port: int, code: str, outcome: Outcome, plan: Plan) -> None:
    await asyncio.sleep(plan.arrives)
    connection = Connection(port, outcome)
    try:
        await connection.open()
        sheet = await scan(connection, code)
        if sheet is None:
            return
        await asyncio.sleep(plan.thinks)
        if plan.retries:
            connection = await _lose(connection, sheet)
        receipt = await hand_in(connection, sheet)
        if receipt:
            await look_up(connection, receipt)
        connection.writer.close()
    except (OSError, asyncio.IncompleteReadError) as error:
        outcome.errors.append(type(error).__name__)


async def _lose(connection: Connection, sheet: Sheet) -> Connection:
    """Send a paper, lose the connection before its answer, and connect again."""
    connection.writer.write(sheet.head.encode() + b"\r\n" + sheet.body)
    await connection.writer.drain()
    await asyncio.sleep(LOST_AFTER_SECONDS)
    connection.writer.close()
    again = Connection(connection.port, connection.outcome)
    await again.open()
    return again


async def _read(port: int, found: Burst, cookie: str, pause: float) -> None:
    """Ask for the organizers' pages in turn until cancelled."""
    while True:
        for path, outcome in found.pages.items():
            connection = Connection(port, outcome)
            try:
                await connection.open()
                await get(connection, path, f"Cookie: {cookie}\r\n")
            except (OSError, asyncio.IncompleteReadError) as error:
                outcome.errors.append(type(error).__name__)
            else:
                connection.writer.close()
            await asyncio.sleep(pause)


def _allow_connections(phones: int) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 2 * phones + 256
    if soft < wanted:
        most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
