"""What a code answers that leads to no paper now: a kind page, never a dead link."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask

from core.db import db
from outreach.posters.models import Poster
from question_bank import models
from question_bank.selection import Counting
from tests.builders import a_poster, an_event
from tests.outreach.pages import text_of
from tests.outreach.papers import LANGUAGES, at_rest
from tests.phone import Paper, Phone

OPENS = datetime(2026, 12, 1, 1, 30, tzinfo=UTC)
CLOSES = OPENS + timedelta(hours=9)
UNKNOWN = {"zh": "没有找到这个海报码", "en": "This code is unknown"}
WITHDRAWN = {"zh": "这张海报已停用", "en": "This poster is no longer in use"}
PLANNED = {"zh": "活动尚未开始", "en": "Not open yet"}
OPENS_ON = {
    "zh": "“质量月进工厂”将于 2026年12月1日 09:30 开始。",
    "en": "“Quality Month at work” opens on 1 Dec 2026, 09:30.",
}
CLOSED = {"zh": "活动已结束", "en": "This event is over"}
CLOSED_ON = {
    "zh": "“质量月进工厂”已于 2026年12月1日 18:30 结束",
    "en": "“Quality Month at work” closed on 1 Dec 2026, 18:30.",
}
TOO_LATE = {
    "zh": "答卷在活动结束后才送达，未能提交。",
    "en": "Your answers came after the end, so they were not handed in.",
}
HTML = {"zh": '<html lang="zh-CN">', "en": '<html lang="en">'}
NO_CODES = (
    "34679ACD",
    "x",
    "0OI1LZ5S",
    "34679ACDE",
    "34679AC",
    "质量月",
    "%F0%9F%98%80" * 9,
)
WAYS_ON = ('href="/"', 'href="/learn"')


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_unknown_code_is_a_page_that_helps_on(
    app: Flask, phone: Callable[..., Phone], language: str
) -> None:
    visitor = phone(Accept_Language=language)
    before = at_rest(app)

    for code in NO_CODES:
        opened = visitor.client.get(f"/q/{code}", headers=visitor.headers)
        sent = visitor.send(Paper(code, "x", {}, {}, ""))

        assert (opened.status_code, sent.status_code) == (404, 404), code
        for response in (opened, sent):
            assert UNKNOWN[language] in response.text, code
            assert HTML[language] in response.text, code
            assert all(way in response.text for way in WAYS_ON), code
    assert at_rest(app) == before


@pytest.mark.parametrize("change", [str.lower, str.title, " {} ".format])
def test_a_code_may_be_typed_carelessly(
    save: Callable[..., Any], phone: Callable[..., Phone], change: Callable[[str], str]
) -> None:
    poster = save(a_poster(an_event(), code="ACDE34HJ"))
    visitor = phone()

    response = visitor.client.get(f"/q/{change(poster.code)}")

    assert response.status_code == 200
    assert 'action="/q/ACDE34HJ"' in response.text


@pytest.mark.parametrize(
    "typed", ["ACDE 34HJ", "acde-34hj", "ac de 34 hj", "ACDE%2034HJ", "acde　34hj"]
)
def test_a_code_may_be_typed_in_groups(
    save: Callable[..., Any], phone: Callable[..., Phone], typed: str
) -> None:
    save(a_poster(an_event(), code="ACDE34HJ"))

    paper = phone().scan(typed)

    assert len(paper.choices) == 10


def test_a_paper_opened_with_a_carelessly_typed_code_can_be_handed_in(
    save: Callable[..., Any], phone: Callable[..., Phone]
) -> None:
    save(a_poster(an_event(), code="ACDE34HJ"))
    visitor = phone()

    response = visitor.send(visitor.scan("acde 34hj"))

    assert response.status_code == 303


@pytest.mark.parametrize("language", LANGUAGES)
def test_before_the_opening_the_page_says_when(
    app: Flask, save: Callable[..., Any], phone: Callable[..., Phone], language: str
) -> None:
    visitor = phone(Accept_Language=language)
    with time_machine.travel(OPENS - timedelta(seconds=1), tick=False):
        poster = save(a_poster(an_event(opens_at=OPENS, closes_at=CLOSES)))
        before = at_rest(app)

        opened = visitor.client.get(f"/q/{poster.code}", headers=visitor.headers)
        sent = visitor.send(Paper(poster.code, "x", {}, {}, ""))

    assert (opened.status_code, sent.status_code) == (200, 403)
    for response in (opened, sent):
        assert PLANNED[language] in response.text
        assert OPENS_ON[language] in text_of(response.text)
        assert 'name="ticket"' not in response.text
    assert at_rest(app) == before


@pytest.mark.parametrize("language", LANGUAGES)
def test_after_the_closing_the_page_says_so_and_leads_on(
    app: Flask, save: Callable[..., Any], phone: Callable[..., Phone], language: str
) -> None:
    visitor = phone(Accept_Language=language)
    with time_machine.travel(OPENS, tick=False):
        poster = save(a_poster(an_event(opens_at=OPENS, closes_at=CLOSES)))
        paper = visitor.scan(poster.code)
    before = at_rest(app)

    with time_machine.travel(CLOSES, tick=False):
        opened = visitor.client.get(f"/q/{poster.code}", headers=visitor.headers)
        sent = visitor.send(paper)

    assert (opened.status_code, sent.status_code) == (410, 410)
    for response in (opened, sent):
        assert CLOSED[language] in response.text
        assert CLOSED_ON[language] in text_of(response.text)
        assert all(way in response.text for way in WAYS_ON)
        assert 'name="ticket"' not in response.text
    assert TOO_LATE[language] in sent.text
    assert TOO_LATE[language] not in opened.text
    assert at_rest(app) == before


def test_an_event_is_open_from_its_opening_moment_until_just_before_its_closing_moment(
    save: Callable[..., Any], phone: Callable[..., Phone]
) -> None:
    poster = save(a_poster(an_event(opens_at=OPENS, closes_at=CLOSES)))

    with time_machine.travel(OPENS, tick=False):
        first = phone().send(phone().scan(poster.code))
    with time_machine.travel(CLOSES - timedelta(seconds=1), tick=False):
        last = phone().send(phone().scan(poster.code))

    assert (first.status_code, last.status_code) == (303, 303)


@pytest.mark.parametrize("years", [1, 10, 50])
def test_a_printed_code_answers_kindly_for_ever(
    save: Callable[..., Any], phone: Callable[..., Phone], years: int
) -> None:
    poster = save(a_poster(an_event(opens_at=OPENS, closes_at=CLOSES)))

    with time_machine.travel(OPENS + timedelta(days=365 * years), tick=False):
        response = phone().client.get(f"/q/{poster.code}")
        home = phone().client.get("/")

    assert response.status_code == 410
    assert CLOSED["zh"] in response.text
    assert home.status_code == 200


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_withdrawn_poster_says_so_and_leads_on(
    app: Flask, save: Callable[..., Any], phone: Callable[..., Phone], language: str
) -> None:
    visitor = phone(Accept_Language=language)
    poster = save(a_poster(an_event()))
    paper = visitor.scan(poster.code)
    with app.app_context():
        db.session.execute(sa.update(Poster).values(withdrawn_at=datetime.now(UTC)))
        db.session.commit()
    before = at_rest(app)

    opened = visitor.client.get(f"/q/{poster.code}", headers=visitor.headers)
    sent = visitor.send(paper)

    assert (opened.status_code, sent.status_code) == (410, 410)
    for response in (opened, sent):
        assert WITHDRAWN[language] in response.text
        assert all(way in response.text for way in WAYS_ON)
        assert 'name="ticket"' not in response.text
    assert at_rest(app) == before


def test_a_withdrawn_poster_put_into_use_again_works_as_before(
    app: Flask, save: Callable[..., Any], phone: Callable[..., Phone]
) -> None:
    poster = save(a_poster(an_event(), withdrawn_at=datetime.now(UTC)))
    visitor = phone()
    refused = visitor.client.get(f"/q/{poster.code}")

    with app.app_context():
        db.session.execute(sa.update(Poster).values(withdrawn_at=None))
        db.session.commit()

    assert refused.status_code == 410
    assert visitor.send(visitor.scan(poster.code)).status_code == 303


def test_a_withdrawn_poster_stops_only_itself(
    save: Callable[..., Any], phone: Callable[..., Phone]
) -> None:
    event = an_event()
    gone, hanging = save(a_poster(event, withdrawn_at=datetime.now(UTC)), a_poster(event))

    assert phone().client.get(f"/q/{gone.code}").status_code == 410
    assert len(phone().scan(hanging.code).choices) == 10


@pytest.mark.parametrize("state", ["planned", "open", "closed", "withdrawn", "unknown"])
def test_no_page_of_a_code_is_kept_by_a_cache(
    save: Callable[..., Any], phone: Callable[..., Phone], state: str
) -> None:
    now, hour = datetime.now(UTC), timedelta(hours=1)
    events = {
        "planned": an_event(opens_at=now + hour),
        "closed": an_event(opens_at=now - 2 * hour, closes_at=now - hour),
    }
    withdrawn_at = now if state == "withdrawn" else None
    poster = save(a_poster(events.get(state, an_event()), withdrawn_at=withdrawn_at))
    code = "34679ACD" if state == "unknown" else poster.code

    response = phone().client.get(f"/q/{code}")

    assert response.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_quiz_that_has_run_out_of_questions_is_a_page_and_no_crash(
    save: Callable[..., Any], phone: Callable[..., Phone], method: str
) -> None:
    quiz = save(
        models.Quiz(
            slug="huge",
            name_zh="大",
            name_en="Huge",
            parts=[{"count": 9999, "topics": ["food-safety"]}],
            pass_mark=1,
            counting=Counting.ONCE,
            is_offered=True,
            position=90,
        )
    )
    poster = save(a_poster(an_event(quiz_id=quiz.id)))

    response = getattr(phone().client, method)(f"/q/{poster.code}")

    assert response.status_code == 503
    assert "<h1" in response.text


@pytest.mark.parametrize("method", ["get", "post"])
def test_without_a_published_edition_the_code_is_a_page_and_no_crash(
    app: Flask, save: Callable[..., Any], phone: Callable[..., Phone], method: str
) -> None:
    poster = save(a_poster(an_event()))
    with app.app_context():
        db.session.execute(sa.delete(models.Edition))
        db.session.commit()

    response = getattr(phone().client, method)(f"/q/{poster.code}")

    assert response.status_code == 503
    assert "<h1" in response.text
