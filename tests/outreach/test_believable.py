"""flask demo-campaign: made up, but nothing in it that a phone and an organizer could not write."""

import re
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
import time_machine
from click.testing import Result
from flask import Flask
from flask.cli import FlaskGroup
from flask.testing import FlaskClient

from core.db import db, reading
from outreach.events.models import Event, EventKind
from outreach.participation import answers, ticket
from outreach.participation.models import Attempt
from outreach.posters.models import Poster
from outreach.regions.models import Level, Region
from outreach.regions.service import is_within
from outreach.tally import rollup
from question_bank import service as bank
from question_bank.grading import mark
from question_bank.selection import Counting, day_of, draw
from tests.builders import FUJIAN, a_poster, an_event
from tests.outreach.attempts import an_attempt

Rows = Callable[[sa.Select[Any]], list[Any]]

EVENTS, ATTEMPTS = 60, 3_000
ZONE = ZoneInfo("Asia/Shanghai")
EVENING = datetime(2026, 9, 25, 12, 30, tzinfo=UTC)  # half past eight there


def run(app: Flask, *args: str) -> Result:
    """Run the command for a small campaign."""
    size = ["--events", str(EVENTS), "--attempts", str(ATTEMPTS)]
    flask = FlaskGroup(create_app=lambda: app, load_dotenv=False)
    return app.test_cli_runner().invoke(flask, args=["demo-campaign", *size, *args])


@pytest.fixture
def rows(app: Flask) -> Rows:
    """Ask the database; what it returns can be read without a session."""

    def rows(query: sa.Select[Any]) -> list[Any]:
        with app.app_context(), reading():
            found = list(db.session.execute(query).all())
            db.session.expunge_all()
        return found

    return rows


@pytest.fixture
def filled(app: Flask) -> Flask:
    """A demo campaign with people in it."""
    result = run(app)
    assert result.exit_code == 0, result.output
    return app


def test_as_much_is_made_as_was_asked_for_and_every_number_tells_the_same(
    app: Flask, client: FlaskClient
) -> None:
    result = run(app)

    assert re.fullmatch(r"60 events, 3000 attempts, made in [0-9.]+ s\n", result.output)
    totals = client.get("/participation.json").get_json()["totals"]
    assert totals["attempts"] == ATTEMPTS > totals["counted"] >= totals["devices"] > 0
    assert 0.4 < totals["passed"] / totals["counted"] < 0.95
    with app.app_context():
        assert rollup.fold() == 0
        assert list(rollup.differences()) == []


def test_every_attempt_is_one_that_a_phone_could_have_sent(
    filled: Flask, client: FlaskClient, rows: Rows
) -> None:
    query = (
        sa.select(Attempt, Event, Poster, Region)
        .join(Event, Attempt.event_id == Event.id)
        .join(Poster, Attempt.poster_code == Poster.code)
        .join(Region, Attempt.region_code == Region.code)
        .order_by(Attempt.id)
        .limit(400)
    )

    sample = rows(query)

    assert len({event.id for _attempt, event, _poster, _region in sample}) > 10
    with filled.app_context():
        for attempt, event, poster, region in sample:
            quiz = bank.quiz(event.quiz_id)
            paper = draw(bank.edition(attempt.edition), quiz.blueprint, attempt.seed)
            chosen = answers.restore(attempt.answers)
            points = mark(paper, chosen).points
            assert all(chosen)
            assert attempt.quiz_id == quiz.id
            assert (attempt.points, attempt.size) == (points, len(paper))
            assert attempt.passed == (points >= quiz.pass_mark)
            at = attempt.submitted_at
            assert attempt.local_day == day_of(attempt.seed) == at.astimezone(ZONE).date()
            assert event.opens_at <= at < min(event.closes_at, datetime.now(UTC))
            assert event.cancelled_at is None
            assert (poster.event_id, poster.team_id) == (event.id, attempt.team_id)
            assert poster.created_at < event.opens_at
            assert (attempt.region_zh, attempt.region_en) == (region.name_zh, region.name_en)
            assert is_within(region.code, event.region_code)
            assert region.level is Level.COUNTY
    for attempt, *_others in sample[:3]:
        receipt = ticket.write_receipt(attempt.event_id, attempt.id)
        assert client.get(f"/r/{receipt}").status_code == 200


def test_a_phone_counts_as_often_as_the_quiz_says(filled: Flask, rows: Rows) -> None:
    phones: dict[Any, list[Attempt]] = {}
    query = sa.select(Attempt).order_by(Attempt.event_id, Attempt.device_key, Attempt.sequence)
    for (attempt,) in rows(query):
        phones.setdefault((attempt.event_id, attempt.device_key), []).append(attempt)

    countings = Counter()
    for came in phones.values():
        with filled.app_context():
            counting = bank.quiz(came[0].quiz_id).counting
        countings[counting] += len(came) > 1
        days = [attempt.local_day for attempt in came]
        wanted = [n == 0 for n in range(len(came))]
        if counting is Counting.DAILY:
            wanted = [day not in days[:n] for n, day in enumerate(days)]
        assert [attempt.sequence for attempt in came] == list(range(1, len(came) + 1))
        assert [attempt.counted for attempt in came] == wanted
        assert came == sorted(came, key=lambda attempt: attempt.submitted_at)
        assert len({attempt.seed for attempt in came}) == len(came)

    assert min(countings[Counting.ONCE], countings[Counting.DAILY]) > 10


def test_the_campaign_is_as_uneven_as_a_real_one(filled: Flask, rows: Rows) -> None:
    events = [event for (event,) in rows(sa.select(Event))]
    attempts = [attempt for (attempt,) in rows(sa.select(Attempt))]

    now = datetime.now(UTC)
    visited = {attempt.event_id for attempt in attempts}
    begun = {event.id for event in events if event.opens_at < now}
    assert {event.kind for event in events} == set(EventKind)
    assert visited < begun < {event.id for event in events}
    counties = rows(sa.select(Region.code).where(Region.code.startswith("35")))
    assert {event.region_code for event in events} < {code for (code,) in counties}
    hours = Counter(attempt.submitted_at.astimezone(ZONE).hour for attempt in attempts)
    assert hours[12] == max(hours.values())
    assert not set(hours) & {23, 0, 1, 2, 3, 4, 5}
    online = next(event for event in events if event.region_code == FUJIAN)
    assert len({a.region_code for a in attempts if a.event_id == online.id}) > 5
    first = [attempt.points / attempt.size for attempt in attempts if attempt.sequence == 1]
    later = [attempt.points / attempt.size for attempt in attempts if attempt.sequence > 1]
    assert sum(later) / len(later) > sum(first) / len(first)


def test_the_same_seed_gives_the_same_figures_and_another_one_others(
    app: Flask, rows: Rows
) -> None:
    figures = []

    for seed in ("7", "7", "8"):
        with time_machine.travel(EVENING, tick=False):
            assert run(app, "--seed", seed, "--anyway").exit_code == 0
        query = (
            sa.select(Event.title_zh, sa.func.count(Attempt.id), sa.func.sum(Attempt.points))
            .outerjoin(Attempt, Attempt.event_id == Event.id)
            .group_by(Event.id)
            .order_by(Event.id)
        )
        figures.append(rows(query)[-EVENTS:])

    assert figures[0] == figures[1] != figures[2]


def test_where_somebody_took_part_nothing_is_made_up_unless_one_insists(
    app: Flask, save: Callable[..., Any], rows: Rows
) -> None:
    event = an_event()
    poster = a_poster(event)
    save(event, poster)
    save(an_attempt(event, poster))

    refused = run(app)

    assert refused.exit_code == 1
    assert "--anyway" in refused.stderr
    assert rows(sa.select(sa.func.count()).select_from(Attempt)) == [(1,)]
    assert rows(sa.select(sa.func.count()).select_from(Event)) == [(1,)]
    assert run(app, "--anyway").exit_code == 0
    assert rows(sa.select(sa.func.count()).select_from(Attempt)) == [(ATTEMPTS + 1,)]
