"""Opening a paper: one answer that holds everything but what is right."""

import gzip
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask

from core.db import db
from outreach.events.models import Event, EventKind, Team
from outreach.participation import ticket as tickets
from question_bank.content import Kind, to_html
from tests.builders import DAILY_QUIZ_ID, FUJIAN, QUIZ_ID, a_poster, an_event
from tests.conftest import SECRET_KEY
from tests.outreach.pages import queries_of, text_of
from tests.outreach.papers import (
    ENGLISH,
    LANGUAGES,
    publish_changed,
    questions_of,
    right_answers,
    ticket_of,
    turn_answers,
)
from tests.phone import Paper, Phone

MAX_FIRST_RESPONSE = 14 * 1024
FIELDSET = re.compile(r"<fieldset.*?</fieldset>", re.DOTALL)
LABEL = re.compile(r"<label.*?</label>", re.DOTALL)
VALUE = re.compile(r'value="\d+"')
WORDS = re.compile(r"<span>.*?</span>(?=</label>)", re.DOTALL)
OTHER_HOST = re.compile(r"""(?:src|href|action)=["']?(?:https?:)?//""")


def shapes(html: str) -> list[list[str]]:
    """Return what is left of each question's choices without their words and places."""
    return [
        [WORDS.sub("", VALUE.sub("", label)) for label in LABEL.findall(fieldset)]
        for fieldset in FIELDSET.findall(html)
    ]


def open_again(visitor: Phone, paper: Paper, **changes: Any) -> str:
    """Open the paper that a changed ticket in the phone's cookie leads to; return the page."""
    text = tickets.write(replace(ticket_of(paper), **changes), SECRET_KEY)
    visitor.client.set_cookie("__Host-paper", text)
    page = visitor.scan(paper.code)
    assert page.ticket == text
    return page.html.replace(text, "")


def test_one_answer_is_the_whole_paper(
    save: Callable[..., Any], phone: Callable[..., Phone]
) -> None:
    poster = save(a_poster(an_event()))

    paper = phone().scan(poster.code)

    assert len(paper.choices) == 10
    assert paper.ticket
    assert paper.html.count('method="post"') == 1


def test_handing_in_leads_to_a_receipt(
    save: Callable[..., Any], phone: Callable[..., Phone]
) -> None:
    poster = save(a_poster(an_event()))
    visitor = phone()

    receipt = visitor.take(poster.code)

    assert visitor.client.get(receipt).status_code == 200


def test_the_paper_says_what_where_and_who_and_that_it_is_anonymous(
    save: Callable[..., Any], phone: Callable[..., Phone]
) -> None:
    event = an_event()
    poster = save(a_poster(event, team=Team(event=event, name="二车间早班")))

    chinese = text_of(phone().scan(poster.code).html)
    english = text_of(phone(**ENGLISH).scan(poster.code).html)

    for words in (
        "质量月进工厂",
        "晋江鞋厂食堂",
        "晋江市",
        "二车间早班",
        "省市场监督管理局",
        "匿名",
    ):
        assert words in chinese
    for words in ("Quality Month at work", "晋江鞋厂食堂", "Jinjiang", "二车间早班", "Anonymous"):
        assert words in english


def test_a_missing_english_title_is_shown_in_chinese_and_says_so(
    save: Callable[..., Any], phone: Callable[..., Phone]
) -> None:
    poster = save(a_poster(an_event(title_en=None)))

    html = phone(**ENGLISH).scan(poster.code).html

    assert re.search(r'<h1[^>]*lang="zh-CN"[^>]*>质量月进工厂</h1>', html)


def test_what_an_organizer_wrote_is_text_and_never_markup(
    save: Callable[..., Any], phone: Callable[..., Phone]
) -> None:
    nasty = '"><script>x</script>{{7*7}}'
    event = an_event(title_zh=nasty, site=nasty)
    poster = save(a_poster(event, team=Team(event=event, name=nasty)))

    html = phone().scan(poster.code).html

    assert "<script>x" not in html
    assert html.count("&lt;script&gt;x") >= 3
    assert "{{7*7}}" in html


def test_a_changed_title_shows_at_once(
    app: Flask, save: Callable[..., Any], phone: Callable[..., Phone]
) -> None:
    poster = save(a_poster(an_event()))
    visitor = phone()
    visitor.scan(poster.code)

    with app.app_context():
        db.session.execute(sa.update(Event).values(title_zh="换了名字的场次"))
        db.session.commit()

    assert "换了名字的场次" in visitor.scan(poster.code).html


def test_two_tabs_and_a_reload_hold_the_same_ticket(
    save: Callable[..., Any], phone: Callable[..., Phone]
) -> None:
    poster = save(a_poster(an_event()))
    visitor = phone()

    first, second, third = (visitor.scan(poster.code) for _ in range(3))

    assert first.ticket == second.ticket == third.ticket
    assert first.html == second.html == third.html


def test_two_phones_hold_different_tickets(
    save: Callable[..., Any], phone: Callable[..., Phone]
) -> None:
    poster = save(a_poster(an_event()))

    one, other = ticket_of(phone().scan(poster.code)), ticket_of(phone().scan(poster.code))

    assert one.attempt_id != other.attempt_id
    assert one.seed != other.seed


def test_another_poster_is_another_paper(
    save: Callable[..., Any], phone: Callable[..., Phone]
) -> None:
    event = an_event()
    canteen, gate = save(a_poster(event), a_poster(event, placement="厂门口"))
    visitor = phone()

    one, other = visitor.scan(canteen.code), visitor.scan(gate.code)

    assert ticket_of(one).poster_code == canteen.code
    assert ticket_of(other).poster_code == gate.code
    assert ticket_of(one).attempt_id != ticket_of(other).attempt_id


def test_after_handing_in_the_same_code_opens_a_new_paper(
    save: Callable[..., Any], phone: Callable[..., Phone]
) -> None:
    poster = save(a_poster(an_event()))
    visitor = phone()
    first = visitor.scan(poster.code)
    visitor.send(first)

    second = visitor.scan(poster.code)

    assert ticket_of(second).attempt_id != ticket_of(first).attempt_id


def test_a_ticket_kept_for_more_than_a_day_gives_way_to_a_new_paper(
    save: Callable[..., Any], phone: Callable[..., Phone]
) -> None:
    opened = datetime(2026, 12, 1, 2, tzinfo=UTC)
    with time_machine.travel(opened, tick=False):
        poster = save(a_poster(an_event(closes_at=opened + timedelta(days=9))))
        visitor = phone()
        first = visitor.scan(poster.code)

    with time_machine.travel(opened + timedelta(hours=24, seconds=1), tick=False):
        second = visitor.scan(poster.code)

        assert ticket_of(second).attempt_id != ticket_of(first, opened).attempt_id


def test_after_a_change_of_the_quiz_a_reload_opens_a_paper_of_the_new_one(
    app: Flask, save: Callable[..., Any], phone: Callable[..., Phone]
) -> None:
    poster = save(a_poster(an_event()))
    visitor = phone()
    visitor.scan(poster.code)

    with app.app_context():
        db.session.execute(sa.update(Event).values(quiz_id=DAILY_QUIZ_ID))
        db.session.commit()

    assert len(visitor.scan(poster.code).choices) == 5


@pytest.mark.parametrize("cookie", ["__Host-paper", "__Host-device", "__Host-locale"])
def test_a_nonsense_cookie_does_no_harm(app: Flask, save: Callable[..., Any], cookie: str) -> None:
    poster = save(a_poster(an_event()))
    client = app.test_client(use_cookies=False)

    for value in ("", "x", "1." * 90, "%00", "é", "1.A.1.1.1.1.1.1", '"\\303\\251"', "; =;"):
        response = client.get(f"/q/{poster.code}", headers={"Cookie": f"{cookie}={value}"})

        assert response.status_code == 200, value
        assert 'name="ticket"' in response.text, value


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_on_the_page_depends_on_which_choices_are_right(
    app: Flask, save: Callable[..., Any], phone: Callable[..., Phone], language: str
) -> None:
    poster = save(a_poster(an_event()))
    visitor = phone(Accept_Language=language)
    paper = visitor.scan(poster.code)
    right = right_answers(app, paper)
    before = open_again(visitor, paper)

    number = publish_changed(app, turn_answers)
    after = open_again(visitor, paper, edition=number)

    turned = right_answers(app, replace(paper, ticket=visitor.scan(poster.code).ticket))
    assert all(turned[name] != right[name] for name in right if len(right[name]) == 1)
    assert before == after


def test_the_choices_of_a_question_differ_in_words_and_place_only(
    save: Callable[..., Any], phone: Callable[..., Phone]
) -> None:
    poster = save(a_poster(an_event()))

    paper = phone().scan(poster.code)

    questions = shapes(paper.html)
    assert len(questions) == 10
    for choices in questions:
        assert len(choices) >= 2
        assert len(set(choices)) == 1
    for places in paper.choices.values():
        assert places == [str(n) for n in range(1, len(places) + 1)]
    assert not paper.checked


def test_the_authors_order_is_not_visible(
    app: Flask, save: Callable[..., Any], phone: Callable[..., Phone]
) -> None:
    poster = save(a_poster(an_event()))
    orders: dict[str, set[tuple[int, ...]]] = {}
    right_places: list[str] = []

    for _ in range(30):
        paper = phone().scan(poster.code)
        right = right_answers(app, paper)
        for (name, (question, order)), shown in zip(
            questions_of(app, paper).items(), FIELDSET.findall(paper.html), strict=True
        ):
            words = [str(to_html(question.choices[i].text.zh, "zh")) for i in order]
            assert [shown.index(f"<span>{text}</span>") for text in words] == sorted(
                shown.index(f"<span>{text}</span>") for text in words
            )
            if question.kind is Kind.SINGLE and not question.is_ordered:
                orders.setdefault(question.id, set()).add(order)
                right_places += right[name]

    assert {"1", "2", "3"} <= set(right_places)
    assert max(len(seen) for seen in orders.values()) > 1


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_paper_gives_no_reason_away(
    app: Flask, save: Callable[..., Any], phone: Callable[..., Phone], language: str
) -> None:
    poster = save(a_poster(an_event()))

    paper = phone(Accept_Language=language).scan(poster.code)

    for question, _order in questions_of(app, paper).values():
        assert question.id not in paper.html
        assert str(to_html(question.explanation.in_(language), language)) not in paper.html
        assert str(to_html(question.stem.in_(language), language)) in paper.html
        assert not any(citation.statute_id in paper.html for citation in question.citations)


@pytest.mark.parametrize("quiz_id", range(QUIZ_ID, DAILY_QUIZ_ID + 1))
@pytest.mark.parametrize("kind", [EventKind.FACTORY, EventKind.ONLINE])
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_first_answer_fits_into_14_kilobytes(
    save: Callable[..., Any],
    phone: Callable[..., Phone],
    quiz_id: int,
    kind: EventKind,
    language: str,
) -> None:
    region = {"region_code": FUJIAN} if kind is EventKind.ONLINE else {}
    poster = save(a_poster(an_event(kind=kind, quiz_id=quiz_id, **region)))
    sizes = []

    for _ in range(10):
        response = phone().client.get(
            f"/q/{poster.code}",
            headers={"Accept-Language": language, "Accept-Encoding": "gzip"},
        )
        assert response.headers["Content-Encoding"] == "gzip"
        assert b'name="ticket"' in gzip.decompress(response.data)
        sizes.append(len(response.data))

    assert max(sizes) <= MAX_FIRST_RESPONSE


@pytest.mark.parametrize("kind", [EventKind.FACTORY, EventKind.ONLINE])
def test_opening_a_paper_asks_the_database_once(
    app: Flask, save: Callable[..., Any], phone: Callable[..., Phone], kind: EventKind
) -> None:
    poster = save(a_poster(an_event(kind=kind, region_code=FUJIAN)))
    phone().scan(poster.code)
    visitor = phone()

    with queries_of(app) as first:
        visitor.scan(poster.code)
    with queries_of(app) as again:
        visitor.scan(poster.code)

    assert len(first) <= 1, first
    assert len(again) <= 1, again


def test_the_page_is_kept_nowhere_and_asks_no_other_host(
    save: Callable[..., Any], phone: Callable[..., Phone]
) -> None:
    poster = save(a_poster(an_event()))

    response = phone().client.get(f"/q/{poster.code}")

    assert response.headers["Cache-Control"] == "no-store"
    assert not OTHER_HOST.search(response.text)


def test_asking_for_the_head_only_is_answered_without_a_body(
    save: Callable[..., Any], phone: Callable[..., Phone]
) -> None:
    poster = save(a_poster(an_event()))

    response = phone().client.head(f"/q/{poster.code}")

    assert response.status_code == 200
    assert response.data == b""
