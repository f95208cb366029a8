"""What counts: how often one phone does, and that everything else is practice."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine

from outreach.participation.models import Attempt
from question_bank import models
from question_bank.selection import Counting
from tests.builders import DAILY_QUIZ_ID, a_poster, an_event
from tests.conftest import BOTH_WAYS
from tests.outreach.pages import text_of
from tests.phone import Phone

COUNTED = {"zh": "已提交，计入晋江市。", "en": "Handed in and counted for Jinjiang"}
PRACTICE = {
    "zh": "已提交，作为练习保存（晋江市）",
    "en": "Handed in as practice for Jinjiang",
}
LAST_MINUTE = datetime(2026, 12, 1, 15, 58, tzinfo=UTC)  # two minutes to midnight in Fujian
MORNING = datetime(2026, 12, 1, 23, 50, tzinfo=UTC)  # ten to eight there; ten to midnight in UTC


@pytest.fixture(params=BOTH_WAYS)
def scan_seconds(request: pytest.FixtureRequest) -> float:
    seconds: float = request.param
    return seconds


def a_quiz(counting: Counting) -> models.Quiz:
    """Build a short quiz."""
    return models.Quiz(
        slug=f"short-{counting}",
        name_zh="短",
        name_en="Short",
        parts=[{"count": 2, "topics": ["food-safety"]}],
        pass_mark=1,
        counting=counting,
        is_offered=True,
        position=90,
    )


def marks(rows: Callable[..., Any]) -> list[tuple[int, bool]]:
    """Return number and counted or not of each attempt, in the order they came."""
    query = sa.select(Attempt.sequence, Attempt.counted)
    return [tuple(row) for row in rows(query.order_by(Attempt.sequence, Attempt.submitted_at))]


def test_once_the_first_attempt_of_a_phone_counts_and_further_ones_are_practice(
    save: Callable[..., Any], phone: Callable[..., Phone], rows: Callable[..., Any]
) -> None:
    poster = save(a_poster(an_event()))
    visitor = phone()

    for _ in range(4):
        visitor.take(poster.code)

    assert marks(rows) == [(1, True), (2, False), (3, False), (4, False)]


def test_once_means_once_also_on_later_days(
    save: Callable[..., Any], phone: Callable[..., Phone], rows: Callable[..., Any]
) -> None:
    visitor = phone()
    with time_machine.travel(LAST_MINUTE, tick=False):
        poster = save(a_poster(an_event(closes_at=LAST_MINUTE + timedelta(days=9))))
        visitor.take(poster.code)

    with time_machine.travel(LAST_MINUTE + timedelta(days=3), tick=False):
        visitor.take(poster.code)

    assert marks(rows) == [(1, True), (2, False)]


def test_once_counts_over_all_posters_of_an_event(
    save: Callable[..., Any], phone: Callable[..., Phone], rows: Callable[..., Any]
) -> None:
    event = an_event()
    canteen, gate = save(a_poster(event), a_poster(event, placement="厂门口"))
    visitor = phone()

    visitor.take(canteen.code)
    visitor.take(gate.code)

    assert marks(rows) == [(1, True), (2, False)]


def test_each_phone_counts_and_begins_at_one(
    save: Callable[..., Any], phone: Callable[..., Phone], rows: Callable[..., Any]
) -> None:
    poster = save(a_poster(an_event()))

    for _ in range(3):
        phone().take(poster.code)

    assert marks(rows) == [(1, True)] * 3


def test_daily_counts_once_a_local_day(
    save: Callable[..., Any], phone: Callable[..., Phone], rows: Callable[..., Any]
) -> None:
    visitor = phone()
    with time_machine.travel(LAST_MINUTE, tick=False):
        event = an_event(quiz_id=DAILY_QUIZ_ID, closes_at=LAST_MINUTE + timedelta(days=9))
        poster = save(a_poster(event))
        visitor.take(poster.code)
        visitor.take(poster.code)

    with time_machine.travel(LAST_MINUTE + timedelta(minutes=2), tick=False):
        visitor.take(poster.code)
        visitor.take(poster.code)

    assert marks(rows) == [(1, True), (2, False), (3, True), (4, False)]


def test_daily_knows_no_midnight_of_utc(
    save: Callable[..., Any], phone: Callable[..., Phone], rows: Callable[..., Any]
) -> None:
    visitor = phone()
    with time_machine.travel(MORNING, tick=False):
        event = an_event(quiz_id=DAILY_QUIZ_ID, closes_at=MORNING + timedelta(days=9))
        poster = save(a_poster(event))
        visitor.take(poster.code)

    with time_machine.travel(MORNING + timedelta(minutes=20), tick=False):
        visitor.take(poster.code)

    assert marks(rows) == [(1, True), (2, False)]


def test_daily_the_day_is_that_of_handing_in(
    save: Callable[..., Any], phone: Callable[..., Phone], rows: Callable[..., Any]
) -> None:
    visitor = phone()
    with time_machine.travel(LAST_MINUTE, tick=False):
        event = an_event(quiz_id=DAILY_QUIZ_ID, closes_at=LAST_MINUTE + timedelta(days=9))
        poster = save(a_poster(event))
        visitor.take(poster.code)
        opened_before_midnight = visitor.scan(poster.code)

    with time_machine.travel(LAST_MINUTE + timedelta(minutes=5), tick=False):
        visitor.send(opened_before_midnight)
        visitor.take(poster.code)

    assert marks(rows) == [(1, True), (2, True), (3, False)]


def test_daily_sending_yesterdays_attempt_again_counts_no_second_time(
    save: Callable[..., Any], phone: Callable[..., Phone], rows: Callable[..., Any]
) -> None:
    visitor = phone()
    with time_machine.travel(LAST_MINUTE, tick=False):
        event = an_event(quiz_id=DAILY_QUIZ_ID, closes_at=LAST_MINUTE + timedelta(days=9))
        poster = save(a_poster(event))
        paper = visitor.scan(poster.code)
        visitor.send(paper)

    with time_machine.travel(LAST_MINUTE + timedelta(minutes=5), tick=False):
        visitor.send(paper)

    assert marks(rows) == [(1, True)]


def test_always_every_attempt_counts(
    save: Callable[..., Any], phone: Callable[..., Phone], rows: Callable[..., Any]
) -> None:
    quiz = save(a_quiz(Counting.ALWAYS))
    poster = save(a_poster(an_event(quiz_id=quiz.id)))
    visitor = phone()

    for _ in range(3):
        visitor.take(poster.code)

    assert marks(rows) == [(1, True), (2, True), (3, True)]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_result_says_whether_the_attempt_was_counted_and_where(
    save: Callable[..., Any], phone: Callable[..., Phone], language: str
) -> None:
    poster = save(a_poster(an_event()))
    visitor = phone(Accept_Language=language)
    first, second = visitor.take(poster.code), visitor.take(poster.code)

    counted, practice = (
        text_of(visitor.client.get(path, headers=visitor.headers).text) for path in (first, second)
    )

    assert COUNTED[language] in counted
    assert PRACTICE[language] not in counted
    assert PRACTICE[language] in practice
    assert COUNTED[language] not in practice


def test_practice_is_in_the_public_numbers_as_an_attempt_but_not_as_counted(
    save: Callable[..., Any], phone: Callable[..., Phone]
) -> None:
    poster = save(a_poster(an_event()))
    visitor = phone()
    for _ in range(3):
        visitor.take(poster.code)
    phone().take(poster.code)

    totals = visitor.client.get("/participation/350582.json").get_json()["totals"]

    assert (totals["attempts"], totals["counted"], totals["devices"]) == (4, 2, 2)


def test_a_phone_that_keeps_no_cookies_can_take_part(
    save: Callable[..., Any], phone: Callable[..., Phone], rows: Callable[..., Any]
) -> None:
    poster = save(a_poster(an_event()))
    papers = [phone().scan(poster.code) for _ in range(2)]

    receipts = [phone().send(paper) for paper in papers]

    assert [response.status_code for response in receipts] == [303, 303]
    assert receipts[0].headers["Location"] != receipts[1].headers["Location"]
    assert marks(rows) == [(1, True), (1, True)]


def test_a_cleared_cookie_counts_again(
    save: Callable[..., Any], phone: Callable[..., Phone], rows: Callable[..., Any]
) -> None:
    poster = save(a_poster(an_event()))
    visitor = phone()
    visitor.take(poster.code)

    visitor.client.delete_cookie("__Host-device")
    visitor.take(poster.code)

    assert marks(rows) == [(1, True), (1, True)]


@pytest.mark.parametrize("value", ["x", "A" * 21, "A" * 23, "A" * 21 + "!", "%00" * 22])
def test_a_device_cookie_that_is_not_ours_in_form_is_replaced(
    save: Callable[..., Any], phone: Callable[..., Phone], value: str
) -> None:
    poster = save(a_poster(an_event()))
    visitor = phone()
    visitor.client.set_cookie("__Host-device", value)

    paper = visitor.scan(poster.code)

    assert len(visitor.client.get_cookie("__Host-device").value) == 22
    assert visitor.send(paper).status_code == 303
