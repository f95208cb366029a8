"""Sums: the same whether folded or not, by whatever they are asked for."""

import random
from collections.abc import Callable
from datetime import date
from typing import Any

import sqlalchemy as sa
from flask import Flask

from core.db import db, read, reading, write
from outreach.events.models import EventKind
from outreach.participation.models import Attempt
from outreach.tally import rollup
from outreach.tally.sums import Sums, Wanted, sums, sums_by
from tests.builders import CAMPAIGN_ID, DAILY_QUIZ_ID, JINJIANG, PINGTAN, a_poster, an_event
from tests.outreach.attempts import an_attempt

DAYS = (date(2026, 9, 1), date(2026, 9, 2), date(2026, 9, 15))
ASKED = (
    Wanted(by=(), campaign_id=CAMPAIGN_ID),
    Wanted(by=("region_code",), campaign_id=CAMPAIGN_ID),
    Wanted(by=("local_day",), campaign_id=CAMPAIGN_ID, region_code="350500"),
    Wanted(by=("kind", "body_id"), campaign_id=CAMPAIGN_ID, since=DAYS[1]),
    Wanted(by=("quiz_id",), campaign_id=CAMPAIGN_ID, until=DAYS[1], kind=EventKind.CAMPUS),
    Wanted(by=("event_id",), campaign_id=CAMPAIGN_ID + 99),
)


def counted(attempts: list[Attempt], by: Callable[[Attempt], Any]) -> dict[Any, list[int]]:
    """Count in Python what the database counts."""
    found: dict[Any, list[int]] = {}
    for attempt in attempts:
        cell = found.setdefault(by(attempt), [0, 0, 0, 0])
        cell[0] += 1
        cell[1] += attempt.counted
        cell[2] += attempt.sequence == 1
        cell[3] += attempt.counted and attempt.passed
    return found


def plain(found: Sums) -> dict[Any, list[int]]:
    return {key: list(numbers) for key, numbers in found.items()}


def test_sums_are_exact_before_between_and_after_folding(
    app: Flask, save: Callable[..., Any]
) -> None:
    chance = random.Random(5)  # noqa: S311 -- the same every time
    events = [
        an_event(region_code=JINJIANG, kind=EventKind.CAMPUS),
        an_event(region_code=PINGTAN, quiz_id=DAILY_QUIZ_ID),
    ]
    posters = [a_poster(event) for event in events]
    save(*events, *posters)
    pairs = list(zip(events, posters, strict=True))
    attempts = [
        an_attempt(
            *chance.choice(pairs), local_day=chance.choice(DAYS), passed=chance.random() < 0.5
        )
        for _ in range(60)
    ]
    save(*attempts)
    kind_of = {event.id: event.kind for event in events}

    with app.app_context():
        seen = []
        for folded in (0, 25, 10, 60):
            if folded:
                rollup.fold(folded)
            seen.append([plain(sums(wanted)) for wanted in ASKED])
            db.session.rollback()  # the end of a visit

    assert seen[0] == seen[1] == seen[2] == seen[3]
    assert list(seen[0][0].values()) == list(counted(attempts, lambda _a: ()).values())
    assert seen[0][1] == counted(attempts, lambda a: (a.region_code,))
    inner = [a for a in attempts if a.region_code == JINJIANG]
    assert seen[0][2] == counted(inner, lambda a: (a.local_day,))
    late = [a for a in attempts if a.local_day >= DAYS[1]]
    assert sum(cell[0] for cell in seen[0][3].values()) == len(late)
    early = [a for a in attempts if a.local_day <= DAYS[1] and kind_of[a.event_id] == "campus"]
    assert sum(cell[0] for cell in seen[0][4].values()) == len(early)
    assert seen[0][5] == {}


def test_a_sum_that_is_kept_is_not_shown_once_more_came(
    app: Flask, save: Callable[..., Any]
) -> None:
    event = an_event()
    poster = a_poster(event)
    save(event, poster)
    wanted = Wanted(by=(), campaign_id=CAMPAIGN_ID)
    shown = []

    for turn in range(4):
        save(an_attempt(event, poster))
        with app.app_context():
            if turn % 2:
                rollup.fold()
            shown.append(sums(wanted)[()][0])

    assert shown == [1, 2, 3, 4]


def test_no_sum_reads_all_attempts(app: Flask) -> None:
    asked: list[tuple[str, Any]] = []

    with app.app_context():
        is_sqlite = db.engine.dialect.name == "sqlite"

        @sa.event.listens_for(db.engine, "before_cursor_execute")
        def _keep(_c: Any, _cursor: Any, statement: str, values: Any, _x: Any, _m: bool) -> None:
            asked.append((statement, values))

        with reading():
            for wanted in ASKED:
                sums(wanted)
        sa.event.remove(db.engine, "before_cursor_execute", _keep)
        with read() as connection:
            if not is_sqlite:  # tables as small as these it would always read whole
                connection.exec_driver_sql("SET enable_seqscan = off")
            explain = "EXPLAIN QUERY PLAN" if is_sqlite else "EXPLAIN"
            plans = [
                str(connection.exec_driver_sql(f"{explain} {statement}", values).all())
                for statement, values in asked
                if "FROM attempt" in statement
            ]

    assert len(plans) == len(ASKED)
    for plan in plans:
        assert "fresh_attempt" in plan
        assert "SCAN attempt" not in plan
        assert "Seq Scan on attempt" not in plan


def test_an_event_that_is_called_another_kind_takes_its_sums_along(
    app: Flask, save: Callable[..., Any]
) -> None:
    event = an_event(kind=EventKind.CAMPUS)
    event, poster = save(event, a_poster(event))
    save(*(an_attempt(event, poster) for _attempt in range(3)))
    wanted = Wanted(by=("kind",), campaign_id=CAMPAIGN_ID)
    with app.app_context():
        rollup.fold_all()
        with reading():
            before = sums(wanted)

        db.session.get_one(type(event), event.id).kind = EventKind.FACTORY
        db.session.commit()

        with reading():
            after = sums(wanted)
    assert {kind: numbers[0] for (kind,), numbers in before.items()} == {EventKind.CAMPUS: 3}
    assert {kind: numbers[0] for (kind,), numbers in after.items()} == {EventKind.FACTORY: 3}


def test_groupings_add_up_alike_though_attempts_come_and_are_folded_meanwhile(
    app: Flask, save: Callable[..., Any]
) -> None:
    event = an_event()
    poster = a_poster(event)
    save(event, poster)
    table = sa.inspect(Attempt).local_table
    save(*(an_attempt(event, poster, local_day=DAYS[n % 3]) for n in range(9)))
    ways = [(), ("region_code",), ("local_day",), ("kind", "body_id"), ("event_id", "quiz_id")]
    seen, coming = [], []

    def come(_c: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        if statement.startswith("SELECT") and "FROM day_tally" in statement and coming:
            attempt = coming.pop()
            with write() as connection:
                values = {c.name: getattr(attempt, c.name) for c in table.c}
                connection.execute(sa.insert(table), values)
            if len(coming) % 2:
                rollup.fold(5)

    with app.app_context():
        sa.event.listen(db.engine, "before_cursor_execute", come)
        for turn in range(3):
            coming += [an_attempt(event, poster, local_day=DAYS[turn]) for _ in range(2)]
            app.extensions["tally.sums"].clear()
            with reading():
                found = sums_by(Wanted(by=(), campaign_id=CAMPAIGN_ID), *ways)
            seen.append([[sum(column) for column in zip(*way.values(), strict=True)]
                         for way in found])  # fmt: skip
        sa.event.remove(db.engine, "before_cursor_execute", come)

    assert coming == []
    for totals in seen:
        assert totals == [totals[0]] * len(ways)
    assert seen[-1][0][0] > 9
