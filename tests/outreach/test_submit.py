"""Handing a paper in: one row, whatever is sent again; faults are told and cost no answer."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask

from core.db import db
from outreach.events.models import Event, Team
from outreach.participation.models import Attempt
from outreach.posters.models import Poster
from question_bank.content import Kind
from tests.builders import DAILY_QUIZ_ID, JINJIANG, QUIZ_ID, a_poster, an_event
from tests.conftest import BOTH_WAYS
from tests.outreach.pages import queries_of, text_of
from tests.outreach.papers import (
    ATTEMPT,
    ATTEMPTS,
    LANGUAGES,
    at_rest,
    questions_of,
    right_answers,
    ticket_of,
    wrong_answers,
)
from tests.phone import Paper, Phone, read_paper

NAMED_QUESTION = re.compile(r'href="#q(\d+)"')
RECEIPT = re.compile(r'href="(/r/[^"]+)"')
MAX_FORM_BYTES = 16 * 1024
HANDED_IN_BEFORE = {"zh": "这份答卷已经提交过", "en": "This paper was handed in before"}
LACKS_TWO = {
    "zh": "还有 2 题没有作答，其他答案已为你保留。",
    "en": "2 questions have no answer yet. Your other answers are kept.",
}
TOO_LARGE = {"zh": "提交的内容过大", "en": "That was too large"}


@pytest.fixture(params=BOTH_WAYS)
def scan_seconds(request: pytest.FixtureRequest) -> float:
    seconds: float = request.param
    return seconds


def field_of_kind(app: Flask, paper: Paper, *kinds: Kind) -> str:
    """Return the field of the first question of one of these kinds."""
    found = questions_of(app, paper).items()
    return next(name for name, (question, _order) in found if question.kind in kinds)


def paper_with(
    app: Flask, phone: Callable[..., Phone], code: str, kind: Kind
) -> tuple[Phone, Paper]:
    """Open papers until the first question of this kind has a wrong choice."""
    for _ in range(200):
        visitor = phone()
        paper = visitor.scan(code)
        found = [q for q, _order in questions_of(app, paper).values() if q.kind is kind]
        if found and len(found[0].right_choices) < len(found[0].choices):
            return visitor, paper
    raise AssertionError(f"no question of kind {kind} in 200 papers")


def test_a_script_that_sends_for_the_phone_is_told_where_the_result_is(
    save: Callable[..., Any], phone: Callable[..., Phone], rows: Callable[..., Any]
) -> None:
    poster = save(a_poster(an_event()))
    visitor = phone(Accept="application/json")
    paper = visitor.scan(poster.code)

    told, again = visitor.send(paper), visitor.send(paper)

    assert told.status_code == again.status_code == 200
    assert told.get_json() == again.get_json()
    assert visitor.client.get(told.get_json()["receipt"]).status_code == 200
    assert rows(ATTEMPTS) == [(1,)]


def test_a_double_tap_is_one_row_and_one_receipt(
    save: Callable[..., Any], phone: Callable[..., Phone], rows: Callable[..., Any]
) -> None:
    poster = save(a_poster(an_event()))
    visitor = phone()
    paper = visitor.scan(poster.code)

    answered = [visitor.send(paper) for _ in range(3)]

    assert [response.status_code for response in answered] == [303] * 3
    assert len({response.headers["Location"] for response in answered}) == 1
    assert rows(ATTEMPTS) == [(1,)]


def test_a_lost_reply_a_reload_and_sending_again_is_one_row(
    save: Callable[..., Any], phone: Callable[..., Phone], rows: Callable[..., Any]
) -> None:
    poster = save(a_poster(an_event()))
    visitor, lost = phone(), phone()
    paper = visitor.scan(poster.code)
    for name in ("__Host-device", "__Host-paper"):
        lost.client.set_cookie(name, visitor.client.get_cookie(name).value)
    arrived = lost.send(paper)  # the server took it, but the phone's cookies stayed as they were

    reloaded = visitor.scan(poster.code)
    again = visitor.send(reloaded)

    assert again.headers["Location"] == arrived.headers["Location"]
    assert rows(ATTEMPTS) == [(1,)]


def test_the_page_kept_behind_the_back_button_leads_to_the_same_receipt(
    save: Callable[..., Any], phone: Callable[..., Phone], rows: Callable[..., Any]
) -> None:
    poster = save(a_poster(an_event()))
    visitor = phone()
    paper = visitor.scan(poster.code)
    first = visitor.send(paper)
    visitor.client.get(first.headers["Location"])

    again = visitor.send(paper)

    assert again.status_code == 303
    assert again.headers["Location"] == first.headers["Location"]
    assert rows(ATTEMPTS) == [(1,)]


def test_two_tabs_are_one_row(
    save: Callable[..., Any], phone: Callable[..., Phone], rows: Callable[..., Any]
) -> None:
    poster = save(a_poster(an_event()))
    visitor = phone()
    left, right = visitor.scan(poster.code), visitor.scan(poster.code)

    one, other = visitor.send(left), visitor.send(right)

    assert one.headers["Location"] == other.headers["Location"]
    assert rows(ATTEMPTS) == [(1,)]


def test_sending_again_without_any_cookie_is_one_row(
    save: Callable[..., Any], phone: Callable[..., Phone], rows: Callable[..., Any]
) -> None:
    poster = save(a_poster(an_event()))
    paper = phone().scan(poster.code)

    one, other = phone().send(paper), phone().send(paper)

    assert one.status_code == other.status_code == 303
    assert one.headers["Location"] == other.headers["Location"]
    assert rows(ATTEMPTS) == [(1,)]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_same_ticket_with_other_answers_is_refused_and_the_first_stand(
    app: Flask,
    save: Callable[..., Any],
    phone: Callable[..., Phone],
    language: str,
) -> None:
    poster = save(a_poster(an_event()))
    visitor = phone(Accept_Language=language)
    paper = visitor.scan(poster.code)
    receipt = visitor.send(paper, wrong_answers(app, paper)).headers["Location"]
    before = at_rest(app)

    refused = visitor.send(paper, right_answers(app, paper))

    assert refused.status_code == 409
    assert HANDED_IN_BEFORE[language] in refused.text
    assert RECEIPT.findall(refused.text) == [receipt]
    assert at_rest(app) == before


def test_the_first_answers_sent_again_after_a_refusal_lead_to_the_receipt(
    app: Flask, save: Callable[..., Any], phone: Callable[..., Phone]
) -> None:
    poster = save(a_poster(an_event()))
    visitor = phone()
    paper = visitor.scan(poster.code)
    receipt = visitor.send(paper, wrong_answers(app, paper)).headers["Location"]
    visitor.send(paper, right_answers(app, paper))

    again = visitor.send(paper, wrong_answers(app, paper))

    assert again.status_code == 303
    assert again.headers["Location"] == receipt


@pytest.mark.parametrize("closing", ["closed", "withdrawn"])
def test_a_lost_reply_is_found_again_although_the_event_ended_meanwhile(
    app: Flask,
    save: Callable[..., Any],
    phone: Callable[..., Phone],
    rows: Callable[..., Any],
    closing: str,
) -> None:
    poster = save(a_poster(an_event()))
    visitor = phone()
    paper = visitor.scan(poster.code)
    receipt = visitor.send(paper).headers["Location"]
    now = datetime.now(UTC)
    change = (
        sa.update(Event).values(closes_at=now)
        if closing == "closed"
        else sa.update(Poster).values(withdrawn_at=now)
    )
    with app.app_context():
        db.session.execute(change)
        db.session.commit()

    again = visitor.send(paper)

    assert again.status_code == 303, text_of(again.text)
    assert again.headers["Location"] == receipt
    assert rows(ATTEMPTS) == [(1,)]


def test_the_row_says_where_of_what_and_how_well(
    app: Flask, save: Callable[..., Any], phone: Callable[..., Phone], rows: Callable[..., Any]
) -> None:
    at = datetime(2026, 12, 1, 17, 30, tzinfo=UTC)  # half past one in the morning in Fujian
    with time_machine.travel(at, tick=False):
        event = an_event()
        poster = save(a_poster(event, team=Team(event=event, name="二车间早班")))
        visitor = phone()
        paper = visitor.scan(poster.code)

        visitor.send(paper, right_answers(app, paper))

    (attempt,) = rows(sa.select(ATTEMPT))
    ticket = ticket_of(paper, at)
    assert attempt.event_id == poster.event_id
    assert (attempt.poster_code, attempt.team_id) == (poster.code, poster.team_id)
    assert (attempt.region_code, attempt.region_zh) == (JINJIANG, "晋江市")
    assert (attempt.edition, attempt.quiz_id, attempt.seed) == (1, QUIZ_ID, ticket.seed)
    assert (attempt.points, attempt.size, attempt.passed) == (10, 10, True)
    assert (attempt.sequence, attempt.counted) == (1, True)
    assert (attempt.submitted_at, attempt.local_day.isoformat()) == (at, "2026-12-02")


def test_only_wrong_answers_earn_nothing_and_do_not_pass(
    app: Flask, save: Callable[..., Any], phone: Callable[..., Phone], rows: Callable[..., Any]
) -> None:
    poster = save(a_poster(an_event()))
    visitor = phone()
    paper = visitor.scan(poster.code)

    visitor.send(paper, wrong_answers(app, paper))

    assert rows(sa.select(Attempt.points, Attempt.size, Attempt.passed)) == [(0, 10, False)]


@pytest.mark.parametrize("right", [5, 6])
def test_the_pass_mark_of_six_decides_who_passed(
    app: Flask,
    save: Callable[..., Any],
    phone: Callable[..., Phone],
    rows: Callable[..., Any],
    right: int,
) -> None:
    poster = save(a_poster(an_event()))
    visitor = phone()
    paper = visitor.scan(poster.code)
    good = right_answers(app, paper)
    answers = wrong_answers(app, paper) | {name: good[name] for name in list(good)[:right]}

    visitor.send(paper, answers)

    assert rows(sa.select(Attempt.points, Attempt.passed)) == [(right, right == 6)]


@pytest.mark.parametrize("fault", ["one too few", "one too many"])
def test_a_multiple_choice_is_right_only_with_exactly_the_right_choices(
    app: Flask, save: Callable[..., Any], phone: Callable[..., Phone], fault: str
) -> None:
    poster = save(a_poster(an_event()))
    visitor, paper = paper_with(app, phone, poster.code, Kind.MULTIPLE)
    right = right_answers(app, paper)
    name = field_of_kind(app, paper, Kind.MULTIPLE)
    wrong = [place for place in paper.choices[name] if place not in right[name]]
    ticked = right[name][1:] if fault == "one too few" else right[name] + wrong[:1]

    receipt = visitor.send(paper, right | {name: ticked}).headers["Location"]

    assert wrong
    assert "9 / 10" in text_of(visitor.client.get(receipt).text)


@pytest.mark.parametrize("language", LANGUAGES)
def test_missing_answers_are_named_and_the_others_kept(
    app: Flask, save: Callable[..., Any], phone: Callable[..., Phone], language: str
) -> None:
    poster = save(a_poster(an_event()))
    visitor = phone(Accept_Language=language)
    paper = visitor.scan(poster.code)
    answers = {n: v for n, v in right_answers(app, paper).items() if n not in {"q3", "q8"}}
    before = at_rest(app)

    response = visitor.send(paper, answers)

    shown = read_paper(poster.code, response.text)
    assert response.status_code == 422
    assert LACKS_TWO[language] in text_of(response.text)
    assert NAMED_QUESTION.findall(response.text) == ["3", "8"]
    assert response.text.count("question--missing") == 2
    assert shown.checked == answers
    assert shown.ticket == paper.ticket
    assert at_rest(app) == before


def test_completed_answers_are_taken(
    app: Flask, save: Callable[..., Any], phone: Callable[..., Phone], rows: Callable[..., Any]
) -> None:
    poster = save(a_poster(an_event()))
    visitor = phone()
    paper = visitor.scan(poster.code)
    answers = right_answers(app, paper)
    without = {name: places for name, places in answers.items() if name != "q5"}
    shown = read_paper(poster.code, visitor.send(paper, without).text)

    response = visitor.send(shown, shown.checked | {"q5": answers["q5"]})

    assert response.status_code == 303
    assert rows(sa.select(Attempt.points)) == [(10,)]


def test_an_empty_form_lacks_all_answers(
    app: Flask, save: Callable[..., Any], phone: Callable[..., Phone]
) -> None:
    poster = save(a_poster(an_event()))
    visitor = phone()
    paper = visitor.scan(poster.code)
    before = at_rest(app)

    response = visitor.send(paper, {})

    assert response.status_code == 422
    assert NAMED_QUESTION.findall(response.text) == [str(n) for n in range(1, 11)]
    assert at_rest(app) == before


@pytest.mark.parametrize(
    "values",
    [["99"], ["0"], ["-1"], ["x"], ["1", "2"], ["01"], ["１"], ["<b>"], ["9" * 999]],
)
def test_a_nonsense_value_is_a_missing_answer_and_the_others_are_kept(
    app: Flask, save: Callable[..., Any], phone: Callable[..., Phone], values: list[str]
) -> None:
    poster = save(a_poster(an_event()))
    visitor = phone()
    paper = visitor.scan(poster.code)
    name = field_of_kind(app, paper, Kind.SINGLE, Kind.TRUE_FALSE)
    answers = right_answers(app, paper)
    before = at_rest(app)

    response = visitor.send(paper, answers | {name: values})

    assert response.status_code == 422
    assert NAMED_QUESTION.findall(response.text) == [name.removeprefix("q")]
    checked = read_paper(poster.code, response.text).checked
    assert checked == {n: places for n, places in answers.items() if n != name}
    assert at_rest(app) == before


def test_unknown_fields_are_not_looked_at(
    save: Callable[..., Any], phone: Callable[..., Phone], rows: Callable[..., Any]
) -> None:
    poster = save(a_poster(an_event()))
    visitor = phone()
    more = {
        "points": "10",
        "counted": "1",
        "region": "110101",
        "region_code": "110101",
        "q11": "1",
        "q0": "1",
        "event_id": "1",
        "submitted_at": "2001-01-01",
        "show_in": "xx",
        "名字": "张三",
    }

    response = visitor.send(visitor.scan(poster.code), **more)

    assert response.status_code == 303
    query = sa.select(Attempt.region_code, Attempt.size, Attempt.sequence)
    assert rows(query) == [(JINJIANG, 10, 1)]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_body_too_large_is_refused_with_a_page(
    app: Flask, save: Callable[..., Any], phone: Callable[..., Phone], language: str
) -> None:
    poster = save(a_poster(an_event()))
    visitor = phone(Accept_Language=language)
    paper = visitor.scan(poster.code)
    before = at_rest(app)

    response = visitor.send(paper, more="x" * MAX_FORM_BYTES)

    assert response.status_code == 413
    assert TOO_LARGE[language] in response.text
    assert at_rest(app) == before


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"", "application/x-www-form-urlencoded"),
        (b"%ff%fe=%00&ticket=%", "application/x-www-form-urlencoded"),
        (b"&".join(b"a%d=1" % n for n in range(1500)), "application/x-www-form-urlencoded"),
        (b'{"ticket": 1}', "application/json"),
        (b"--x\r\nnot a part", "multipart/form-data; boundary=x"),
        (b"--x", "multipart/form-data"),
        (b"\x00" * 100, "text/plain"),
    ],
)
def test_a_body_that_is_no_form_of_ours_writes_nothing(
    app: Flask,
    save: Callable[..., Any],
    phone: Callable[..., Phone],
    body: bytes,
    content_type: str,
) -> None:
    poster = save(a_poster(an_event()))
    before = at_rest(app)

    response = phone().client.post(f"/q/{poster.code}", data=body, content_type=content_type)

    assert response.status_code in {400, 413}
    assert "<h1" in response.text
    assert at_rest(app) == before


def test_the_switch_of_language_keeps_the_answers_and_the_paper(
    app: Flask, save: Callable[..., Any], phone: Callable[..., Phone], rows: Callable[..., Any]
) -> None:
    poster = save(a_poster(an_event()))
    visitor, paper = paper_with(app, phone, poster.code, Kind.MULTIPLE)
    answers = {n: v for n, v in right_answers(app, paper).items() if n != "q2"}
    before = at_rest(app)

    switched = visitor.send(paper, answers, show_in="en")

    shown = read_paper(poster.code, switched.text)
    assert switched.status_code == 200
    assert '<html lang="en">' in switched.text
    assert (shown.ticket, shown.checked) == (paper.ticket, answers)
    assert "question--missing" not in switched.text
    assert at_rest(app) == before


def test_the_language_chosen_on_the_paper_lasts(
    save: Callable[..., Any], phone: Callable[..., Phone]
) -> None:
    poster = save(a_poster(an_event()))
    visitor = phone(Accept_Language="zh-CN")
    visitor.send(visitor.scan(poster.code), {}, show_in="en")

    paper = visitor.scan(poster.code)
    receipt = visitor.send(paper).headers["Location"]

    assert '<html lang="en">' in paper.html
    assert '<html lang="en">' in visitor.client.get(receipt).text
    assert '<html lang="en">' in visitor.client.get("/").text


def test_the_language_can_be_switched_back(
    save: Callable[..., Any], phone: Callable[..., Phone]
) -> None:
    poster = save(a_poster(an_event()))
    visitor = phone(Accept_Language="en")
    paper = visitor.scan(poster.code)
    visitor.send(paper, {}, show_in="zh")

    back = visitor.send(paper, {}, show_in="en")

    assert '<html lang="en">' in back.text
    assert '<html lang="en">' in visitor.scan(poster.code).html


def test_a_paper_opened_before_a_change_of_the_quiz_is_graded_as_it_was_opened(
    app: Flask, save: Callable[..., Any], phone: Callable[..., Phone], rows: Callable[..., Any]
) -> None:
    poster = save(a_poster(an_event()))
    visitor = phone()
    paper = visitor.scan(poster.code)
    answers = right_answers(app, paper)
    with app.app_context():
        db.session.execute(sa.update(Event).values(quiz_id=DAILY_QUIZ_ID))
        db.session.commit()

    response = visitor.send(paper, answers)

    assert response.status_code == 303
    query = sa.select(Attempt.quiz_id, Attempt.points, Attempt.size)
    assert rows(query) == [(QUIZ_ID, 10, 10)]


def test_handing_in_takes_at_most_three_statements(
    app: Flask, save: Callable[..., Any], phone: Callable[..., Phone]
) -> None:
    poster = save(a_poster(an_event()))
    phone().take(poster.code)
    visitor = phone()
    paper = visitor.scan(poster.code)

    with queries_of(app) as first:
        visitor.send(paper)
    with queries_of(app) as again:
        visitor.send(paper)

    assert len(first) <= 3, first
    assert len(again) <= 3, again


def test_the_receipt_comes_with_a_see_other_and_forgets_the_paper(
    save: Callable[..., Any], phone: Callable[..., Phone]
) -> None:
    poster = save(a_poster(an_event()))
    visitor = phone()

    response = visitor.send(visitor.scan(poster.code))

    assert response.status_code == 303
    assert re.fullmatch(r"/r/[0-9a-f]+-[A-Za-z0-9_-]{22}", response.headers["Location"])
    assert visitor.client.get_cookie("__Host-paper") is None
    assert visitor.client.get_cookie("__Host-device") is not None


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_other_methods_are_refused(
    app: Flask, save: Callable[..., Any], phone: Callable[..., Phone], method: str
) -> None:
    poster = save(a_poster(an_event()))
    paper = phone().scan(poster.code)
    before = at_rest(app)

    response = getattr(phone().client, method)(f"/q/{poster.code}", data={"ticket": paper.ticket})

    assert response.status_code in {400, 405}
    assert at_rest(app) == before


def test_one_phone_hands_in_at_two_events_and_counts_at_both(
    save: Callable[..., Any], phone: Callable[..., Phone], rows: Callable[..., Any]
) -> None:
    one, other = save(a_poster(an_event()), a_poster(an_event()))
    visitor = phone()
    papers = [visitor.scan(one.code), visitor.scan(other.code)]

    answered = [visitor.send(paper) for paper in papers]

    assert [response.status_code for response in answered] == [303, 303]
    assert rows(sa.select(Attempt.sequence, Attempt.counted)) == [(1, True), (1, True)]


def test_hundreds_of_phones_may_share_one_address(
    save: Callable[..., Any], phone: Callable[..., Phone], rows: Callable[..., Any]
) -> None:
    poster = save(a_poster(an_event()))
    paper = phone().scan(poster.code)
    assert phone().client.environ_base["REMOTE_ADDR"] == "127.0.0.1"

    statuses = {phone().send(phone().scan(poster.code)).status_code for _ in range(200)}
    statuses |= {phone().send(paper).status_code for _ in range(200)}

    assert statuses == {303}
    assert rows(ATTEMPTS) == [(201,)]


def test_a_paper_opened_just_before_midnight_can_be_handed_in_after_it(
    save: Callable[..., Any], phone: Callable[..., Phone], rows: Callable[..., Any]
) -> None:
    before_midnight = datetime(2026, 12, 1, 15, 59, 50, tzinfo=UTC)
    with time_machine.travel(before_midnight, tick=False):
        poster = save(a_poster(an_event()))
        visitor = phone()
        paper = visitor.scan(poster.code)

    with time_machine.travel(before_midnight + timedelta(minutes=3), tick=False):
        response = visitor.send(paper)

    assert response.status_code == 303
    ((local_day,),) = rows(sa.select(Attempt.local_day))
    assert local_day.isoformat() == "2026-12-02"
