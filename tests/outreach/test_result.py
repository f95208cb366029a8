"""The result: what was chosen, what is right and why; the same for ever."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask

from core.db import db
from outreach.campaigns.models import Body, Campaign
from outreach.events.models import Event
from outreach.participation import ticket as tickets
from outreach.participation.models import Attempt
from outreach.posters.models import Poster
from outreach.regions.models import Region
from question_bank import models
from question_bank.content import to_html
from tests.builders import DAILY_QUIZ_ID, JINJIANG, QUANZHOU, a_poster, an_event
from tests.conftest import BOTH_WAYS
from tests.outreach.pages import text_of
from tests.outreach.papers import (
    LANGUAGES,
    publish_changed,
    questions_of,
    right_answers,
    turn_answers,
    wrong_answers,
)
from tests.phone import Phone

ARTICLE = re.compile(r"<article.*?</article>", re.DOTALL)
CHOICE = re.compile(r'<li class="answer__choice.*?</li>', re.DOTALL)
TAG = re.compile(r'class="answer__tag">(.*?)<', re.DOTALL)
NO_RECEIPTS = (
    "1",
    "-",
    "1-",
    "-AAAAAAAAAAAAAAAAAAAAAA",
    "1-AAAAAAAAAAAAAAAAAAAAAA",
    "1-AAAAAAAAAAAAAAAAAAAAAB",
    "1-AAAAAAAAAAAAAAAAAAAAA",
    "1-AAAAAAAAAAAAAAAAAAAAAA==",
    "80000000-AAAAAAAAAAAAAAAAAAAAAA",
    "ffffffff-AAAAAAAAAAAAAAAAAAAAAA",
    "fffffffffffffffffff-AAAAAAAAAAAAAAAAAAAAAA",
    "-1-AAAAAAAAAAAAAAAAAAAAAA",
    "+1-AAAAAAAAAAAAAAAAAAAAAA",
    "1-%00",
    "１-AAAAAAAAAAAAAAAAAAAAAA",
    "1-试卷",
    "1-%ff%fe",
    "1-" + "A" * 5000,
    "' OR 1=1 --",
)
BOTH = {"zh": "你的选择，正确", "en": "your choice, right"}
CHOSEN = {"zh": "你的选择", "en": "your choice"}
RIGHT = {"zh": "正确", "en": "right"}


@pytest.fixture(params=BOTH_WAYS)
def scan_seconds(request: pytest.FixtureRequest) -> float:
    seconds: float = request.param
    return seconds


def words_of(text: Any, language: str) -> str:
    """Return an author's text as it reads on the page."""
    return text_of(str(to_html(text.in_(language), language)))


def correct_everything(values: dict[str, Any]) -> None:
    """Change all that an edition says: answers, words and statutes."""
    turn_answers(values)
    for question in values["questions"]:
        question["stem"] = {"zh": "改过的题目", "en": "Changed stem"}
        for choice in question["choices"]:
            choice |= {"zh": "改过的选项", "en": "Changed choice"}
    for statute in values["statutes"]:
        statute["title"] = {"zh": "改名的法", "en": "Renamed"}
    for topic in values["topics"]:
        topic["name"] = {"zh": "改名的主题", "en": "Renamed topic"}


def change_the_world(app: Flask) -> None:
    """Change all that a later day may change: questions, statutes, regions, quiz, event, poster."""
    publish_changed(app, correct_everything)
    with app.app_context():
        now = datetime.now(UTC)
        for change in (
            sa.update(Region).values(name_zh="改名的地区", name_en="Renamed region"),
            sa.update(Event).values(
                quiz_id=DAILY_QUIZ_ID,
                title_zh="改名的场次",
                title_en="Renamed event",
                site="别处",
                region_code=QUANZHOU,
                closes_at=now,
            ),
            sa.update(models.Quiz).values(name_zh="改名的卷", name_en="Renamed quiz"),
            sa.update(Body).values(name_zh="改名的单位", name_en="Renamed body"),
            sa.update(Campaign).values(slogan_zh="口号", slogan_en="Slogan"),
            sa.update(Poster).values(withdrawn_at=now),
        ):
            db.session.execute(change)
        db.session.commit()


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_question_shows_what_was_chosen_what_is_right_why_and_where_it_is_written(
    app: Flask, save: Callable[..., Any], phone: Callable[..., Phone], language: str
) -> None:
    poster = save(a_poster(an_event()))
    visitor = phone(Accept_Language=language)
    paper = visitor.scan(poster.code)
    questions = questions_of(app, paper)
    right = right_answers(app, paper)
    sent = wrong_answers(app, paper) | {name: right[name] for name in ("q1", "q4", "q9")}

    receipt = visitor.send(paper, sent).headers["Location"]
    page = visitor.client.get(receipt, headers=visitor.headers).text

    articles = ARTICLE.findall(page)
    assert len(articles) == 10
    assert "3 / 10" in text_of(page)
    for article, (name, (question, order)) in zip(articles, questions.items(), strict=True):
        assert words_of(question.stem, language) in text_of(article)
        assert words_of(question.explanation, language) in text_of(article)
        assert article.count("<li>") == len(question.citations)
        shown = CHOICE.findall(article)
        for place, (choice, index) in enumerate(zip(shown, order, strict=True), 1):
            is_right, is_chosen = str(place) in right[name], str(place) in sent[name]
            assert words_of(question.choices[index].text, language) in text_of(choice)
            tags = [BOTH] * (is_right and is_chosen) or [RIGHT] * is_right or [CHOSEN] * is_chosen
            assert TAG.findall(choice) == [tag[language] for tag in tags]


def test_each_receipt_shows_its_own_answers(
    app: Flask, save: Callable[..., Any], phone: Callable[..., Phone]
) -> None:
    poster = save(a_poster(an_event()))
    pages = []

    for _ in range(3):
        visitor = phone()
        paper = visitor.scan(poster.code)
        receipt = visitor.send(paper, right_answers(app, paper)).headers["Location"]
        stems = [words_of(q.stem, "zh") for q, _order in questions_of(app, paper).values()]
        pages.append((visitor.client.get(receipt).text, stems))

    for page, stems in pages:
        shown = [text_of(article) for article in ARTICLE.findall(page)]
        assert all(stem in article for stem, article in zip(stems, shown, strict=True))


def test_the_result_leads_on(save: Callable[..., Any], phone: Callable[..., Phone]) -> None:
    poster = save(a_poster(an_event()))
    visitor = phone()

    page = visitor.client.get(visitor.take(poster.code)).text

    for way in (f"/q/{poster.code}", "/learn", f"/participation/{JINJIANG}"):
        assert f'href="{way}"' in page
        assert visitor.client.get(way).status_code == 200


def test_the_result_is_the_same_for_whoever_holds_the_receipt(
    save: Callable[..., Any], phone: Callable[..., Phone]
) -> None:
    poster = save(a_poster(an_event()))
    visitor = phone()
    receipt = visitor.take(poster.code)

    own, shared = visitor.client.get(receipt), phone().client.get(receipt)

    assert own.text == shared.text
    assert own.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_result_never_changes_whatever_is_changed_afterwards(
    app: Flask,
    make_app: Callable[..., Flask],
    database_url: str,
    save: Callable[..., Any],
    language: str,
) -> None:
    headers = {"Accept-Language": language}
    poster = save(a_poster(an_event()))
    visitor = Phone(app, headers)
    paper = visitor.scan(poster.code)
    answers = wrong_answers(app, paper) | {"q1": right_answers(app, paper)["q1"]}
    receipts = [visitor.send(paper, answers).headers["Location"], visitor.take(poster.code)]
    before = [visitor.client.get(receipt, headers=headers).text for receipt in receipts]

    change_the_world(app)

    restarted = make_app(database_url)
    for later in (Phone(app), Phone(restarted)):
        pages = [later.client.get(receipt, headers=headers).text for receipt in receipts]
        assert pages == before


def test_the_result_never_changes_as_time_goes_by(
    save: Callable[..., Any], phone: Callable[..., Phone]
) -> None:
    poster = save(a_poster(an_event()))
    visitor = phone()
    receipt = visitor.take(poster.code)
    before = visitor.client.get(receipt).text

    with time_machine.travel(datetime.now(UTC) + timedelta(days=3650), tick=False):
        after = visitor.client.get(receipt).text

    assert after == before


def test_a_result_of_a_changed_key_is_still_found(
    app: Flask, make_app: Callable[..., Flask], database_url: str, save: Callable[..., Any]
) -> None:
    poster = save(a_poster(an_event()))
    visitor = Phone(app)
    receipt = visitor.take(poster.code)

    other = Phone(make_app(database_url, secret_key="another key for tests: " + "o" * 40))

    assert other.client.get(receipt).text == visitor.client.get(receipt).text


def test_the_id_of_one_event_opens_no_attempt_of_another(
    save: Callable[..., Any], phone: Callable[..., Phone], rows: Callable[..., Any]
) -> None:
    one, other = save(a_poster(an_event()), a_poster(an_event()))
    visitor = phone()
    visitor.take(one.code)
    ((attempt_id,),) = rows(sa.select(Attempt.id))

    response = visitor.client.get(f"/r/{tickets.write_receipt(other.event_id, attempt_id)}")

    assert response.status_code == 404


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_no_receipt_is_not_found(phone: Callable[..., Phone], language: str) -> None:
    client = phone().client

    for receipt in NO_RECEIPTS:
        response = client.get(f"/r/{receipt}", headers={"Accept-Language": language})

        assert response.status_code == 404, receipt
        assert "<h1" in response.text, receipt


def test_a_result_takes_no_post(save: Callable[..., Any], phone: Callable[..., Phone]) -> None:
    poster = save(a_poster(an_event()))
    visitor = phone()
    receipt = visitor.take(poster.code)

    response = visitor.client.post(receipt)

    assert response.status_code in {400, 405}
