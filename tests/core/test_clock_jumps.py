"""The server's clock set a day forward and back while it runs: nothing else is counted wrongly.

libfaketime tells a real server's processes another time; the tests and the database keep the true
one. What is handed in while the clock is wrong is counted for the day that it shows. No other day
changes, and nobody is lost or doubled.
"""

import os
import re
import signal
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask

from core import jobs
from core.db import db, read
from outreach.participation.models import Attempt
from outreach.tally import knowledge_sums
from outreach.tally.knowledge_sums import Scope
from outreach.tally.sums import Wanted, sums
from question_bank import service as bank
from tests.builders import CAMPAIGN_ID, DAILY_QUIZ_ID, FUJIAN, a_poster, an_event
from tests.conftest import Server
from tests.outreach.answered import some_answered
from tests.outreach.attempts import an_attempt
from tests.outreach.known import learn, renew
from tests.outreach.test_burst import Answer, ask, hand_in, new_device, scan
from tests.phone import Paper, read_paper

NOON = datetime(2026, 12, 1, 4, tzinfo=UTC)  # in Fujian; no test passes midnight
DAY = timedelta(days=1)
DEADLINE_SECONDS = 60


def library() -> str:
    """Find libfaketime."""
    found = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
    if not found:
        message = "no libfaketime: apt install libfaketime"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    return str(found[0])


class Clock:
    """The server's clock; it shows noon when it is made, and goes on from there."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.seconds_ahead = NOON.timestamp() - time.time()
        self.set(NOON)

    def set(self, at: datetime) -> None:
        """Set it to what it would show by now if it had shown a moment when it was made."""
        draft = self.path.with_suffix(".draft")
        draft.write_text(f"{self.seconds_ahead + (at - NOON).total_seconds():+.0f}\n")
        draft.replace(self.path)  # never half written

    def environment(self) -> dict[str, str]:
        """Return what makes a process believe it."""
        return {
            "LD_PRELOAD": library(),
            "FAKETIME_TIMESTAMP_FILE": str(self.path),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "NO_FAKE_STAT": "1",
        }


@pytest.fixture
def server_clock(tmp_path: Path) -> Clock:
    return Clock(tmp_path / "clock")


@pytest.fixture
def server(database_url: str, tmp_path: Path, server_clock: Clock) -> Iterator[Server]:
    server = Server(database_url, tmp_path, **server_clock.environment())
    server.wait()
    yield server
    # Not asked to end: a signal that arrives within libfaketime may leave a process locked up.
    os.killpg(server.process.pid, signal.SIGKILL)
    server.process.wait()


@pytest.fixture
def code(save: Callable[..., Any]) -> str:
    """Plan an event over many days, at which a phone counts once a day."""
    times = {"opens_at": NOON - 9 * DAY, "closes_at": NOON + 9 * DAY}
    poster = save(a_poster(an_event(quiz_id=DAILY_QUIZ_ID, **times)))
    return str(poster.code)


def remark(server: Server) -> str:
    """Return what is told of the clock to whoever asks whether the server is ready."""
    answer = ask(server, "GET", "/readyz")
    assert answer.status == 200, answer.text
    found = re.search(r'"clock": ?"([^"]*)"', answer.text)
    return found[1] if found else ""


def by_day(app: Flask) -> dict[date, tuple[int, int]]:
    """Return attempts and those that count by day, as the pages add them up."""
    with app.app_context():
        found = sums(Wanted(by=("local_day",), campaign_id=CAMPAIGN_ID))
    return {day: (numbers[0], numbers[1]) for (day,), numbers in found.items()}


def test_each_attempt_counts_for_the_day_shown_and_no_other_day_changes(
    app: Flask, server: Server, server_clock: Clock, code: str
) -> None:
    phone = new_device(server, code)
    today, tomorrow, yesterday = (NOON + n * DAY for n in (0, 1, -1))

    def take(at: datetime) -> Answer:
        server_clock.set(at)
        return hand_in(server, scan(server, code, phone)[0], phone)()

    answers = [take(at) for at in (today, today, tomorrow, yesterday, today, tomorrow)]
    shown = [ask(server, "GET", str(answer.location)).status for answer in answers]
    before = by_day(app)
    folded = app.test_cli_runner().invoke(args=["tally", "fold"])
    verified = app.test_cli_runner().invoke(args=["tally", "verify"])

    assert [answer.status for answer in answers] == [303] * 6
    assert shown == [200] * 6
    assert len({answer.location for answer in answers}) == 6
    assert before == {
        yesterday.date(): (1, 1),
        today.date(): (3, 1),
        tomorrow.date(): (2, 1),
    }
    assert folded.exit_code == 0, folded.output
    assert verified.exit_code == 0, verified.output
    assert by_day(app) == before


def answers_kept(answer: Answer, paper: Paper) -> Paper:
    """Return the paper shown again, with everything that was answered."""
    again = read_paper(paper.code, answer.text)
    assert again.checked == paper.answers()
    return again


@pytest.mark.parametrize("days", [-1, 1])
def test_a_paper_opened_before_the_clock_was_set_is_handed_in_once_after_it(
    app: Flask, server: Server, server_clock: Clock, code: str, days: int
) -> None:
    paper, _answer = scan(server, code)

    server_clock.set(NOON + days * DAY + timedelta(minutes=1))
    answer = hand_in(server, paper)()
    if days > 0:  # by this clock it is older than a paper lasts: shown again with the answers
        assert answer.status == 400
        answer = hand_in(server, answers_kept(answer, paper))()
    server_clock.set(NOON)
    again = hand_in(server, paper)()

    assert answer.status == 303
    assert (again.status, again.location) == (303, answer.location)
    with app.app_context(), read() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(Attempt)) == 1


def test_a_paper_opened_while_the_clock_was_ahead_is_handed_in_after_it_was_set_right(
    app: Flask, server: Server, server_clock: Clock, code: str
) -> None:
    server_clock.set(NOON + DAY)
    paper, _answer = scan(server, code)

    server_clock.set(NOON)
    answers = [hand_in(server, paper)() for _ in range(2)]

    assert [answer.status for answer in answers] == [303, 303]
    assert by_day(app) == {NOON.date(): (1, 1)}


def test_whoever_asks_whether_the_server_is_ready_is_told_of_a_clock_that_was_set(
    server: Server, server_clock: Clock
) -> None:
    told = []
    for at in (NOON, NOON + DAY, NOON):
        server_clock.set(at)
        told.append(remark(server))

    assert ["set by" in words for words in told] == [False, True, False]
    assert re.search(r"set by \+86\d{3} s", told[1])


def test_a_file_whose_maker_died_while_the_clock_was_ahead_is_made_all_the_same(app: Flask) -> None:
    made = jobs.File("file.txt", "text/plain", b"made")
    jobs.register(app, "any", jobs.Kind(lambda _params, _tell: made, "events.see", dict))
    with time_machine.travel(NOON + DAY), app.test_request_context():
        jobs.start("any", "file", {}, None)
        db.session.commit()
        assert jobs._claim() is not None  # the first process, which dies here

    with time_machine.travel(NOON), app.app_context():
        done = jobs.work_off()

    assert done == 1


def test_knowledge_added_up_while_the_clock_was_ahead_is_made_anew_when_more_is_known(
    app: Flask, save: Callable[..., Any]
) -> None:
    event = an_event()
    place = save(event, a_poster(event))
    scope = Scope(campaign_id=CAMPAIGN_ID, region_code=FUJIAN)

    def is_being_renewed() -> bool:
        with app.app_context():
            edition = bank.latest()
            assert edition
            return knowledge_sums.of(scope, edition)[1]

    with time_machine.travel(NOON + DAY):
        before = is_being_renewed()
        renew(app)
    save(*some_answered(app, *place, 5))
    learn(app)
    with time_machine.travel(NOON):
        after = is_being_renewed()

    assert (before, after) == (False, True)


def test_the_newest_minute_of_a_big_screen_holds_nothing_from_when_the_clock_was_ahead(
    app: Flask, save: Callable[..., Any]
) -> None:
    event = an_event(opens_at=NOON - DAY, closes_at=NOON + 2 * DAY)
    event, poster = save(event, a_poster(event))
    save(*(an_attempt(event, poster, submitted_at=at) for at in (NOON, NOON + DAY)))

    with time_machine.travel(NOON + timedelta(seconds=5), tick=False):
        shown = app.test_client().get(f"/board/{event.board_code}.json").json

    assert (shown["attempts"], shown["newest_minute"]) == (2, 1)
