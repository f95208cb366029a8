"""Quizzes that organizers choose, compose, look at and change."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask
from flask.testing import FlaskClient

from core.db import db
from outreach.events.models import Event
from outreach.participation.models import Attempt
from question_bank import loading
from question_bank import service as bank
from question_bank.commands import CONTENT
from question_bank.composing import check_room
from question_bank.importer import read_bank
from question_bank.models import Quiz
from question_bank.selection import Blueprint
from tests.builders import FUJIAN, FUZHOU, JINJIANG, QUANZHOU, QUIZ_ID, a_poster, an_event
from tests.outreach.pages import ENGLISH, event_fields, send, text_of
from tests.phone import FIELD, Phone

Rows = Callable[[sa.Select[Any]], list[Any]]
Save = Callable[..., Any]
SignIn = Callable[..., FlaskClient]
NEW = "/organize/quizzes/new"
COMPOSED = sa.select(*Quiz.__table__.columns).where(Quiz.region_code.is_not(None)).order_by(Quiz.id)


def quiz_fields(**changes: Any) -> dict[str, Any]:
    """Compose a quiz of five questions as an organizer would."""
    fields = {
        "name_zh": "食品五题",
        "name_en": "Five on food",
        "parts-0-count": "5",
        "parts-0-topics": ["food-safety", "food-waste"],
        "parts-0-difficulty": ["1", "2"],
        "parts-0-audience": ["consumer"],
        "pass_mark": "3",
        "counting": "daily",
    }
    return fields | changes


def compose(organizer: FlaskClient, **changes: Any) -> str:
    """Compose a quiz and return the address of its page."""
    response = send(organizer, NEW, quiz_fields(**changes))
    assert response.status_code == 303, response.text
    return str(response.headers["Location"])


def offered(organizer: FlaskClient) -> str:
    """Return the quizzes that the form of an event offers."""
    form = organizer.get("/organize/events/new").text
    return form.partition('name="quiz_id"')[2].partition("</select>")[0]


def test_a_composed_quiz_is_what_a_phone_gets(
    sign_in: SignIn, save: Save, rows: Rows, phone: Callable[..., Phone]
) -> None:
    compose(sign_in())

    (quiz,) = rows(COMPOSED)
    paper = phone().scan(save(a_poster(an_event(quiz_id=quiz.id))).code)

    assert (quiz.region_code, quiz.pass_mark, quiz.counting.value) == (FUJIAN, 3, "daily")
    assert len(paper.choices) == 5
    assert quiz.parts == [
        {
            "count": 5,
            "topics": ["food-safety", "food-waste"],
            "difficulty": [1, 2],
            "audience": ["consumer"],
        }
    ]


def test_a_composed_quiz_is_offered_in_its_region_and_below(sign_in: SignIn) -> None:
    compose(sign_in("lin", QUANZHOU))

    seen = {
        region: "食品五题" in offered(sign_in(f"to{region}", region))
        for region in (QUANZHOU, JINJIANG, FUZHOU, FUJIAN)
    }

    assert seen == {QUANZHOU: True, JINJIANG: True, FUZHOU: False, FUJIAN: False}


def test_an_event_can_be_planned_with_a_composed_quiz(sign_in: SignIn, rows: Rows) -> None:
    organizer = sign_in()
    compose(organizer)
    (quiz,) = rows(COMPOSED)

    response = send(organizer, "/organize/events/new", event_fields(quiz_id=str(quiz.id)))

    assert response.status_code == 303
    assert rows(sa.select(Event.quiz_id)) == [(quiz.id,)]


@pytest.mark.parametrize(
    "changes",
    [
        {"name_zh": ""},
        {"parts-0-count": ""},
        {"parts-0-count": "0"},
        {"parts-0-count": "21"},
        {"parts-0-count": "x"},
        {"parts-0-topics": []},
        {"parts-0-topics": ["no-such-topic"]},
        {"parts-0-difficulty": ["4"]},
        {"parts-0-audience": ["nobody"]},
        {"pass_mark": "6"},
        {"pass_mark": "0"},
        {"counting": "never"},
        {"parts-1-count": "16", "parts-1-topics": ["product-quality"]},
        # one topic has ten questions: five of them leave no room
        {"parts-0-count": "6", "parts-0-topics": ["food-waste"], "parts-0-audience": []},
    ],
)
def test_a_quiz_that_cannot_be_is_refused_and_keeps_what_was_entered(
    sign_in: SignIn, rows: Rows, changes: dict[str, Any]
) -> None:
    response = send(sign_in(), NEW, quiz_fields(**changes))

    assert response.status_code == 422
    assert 'class="field__fault"' in response.text or 'role="alert"' in response.text
    assert 'value="Five on food"' in response.text
    assert rows(COMPOSED) == []


def test_a_quiz_without_room_is_told_how_many_questions_fit(sign_in: SignIn) -> None:
    response = send(
        sign_in(),
        NEW,
        quiz_fields(**{"parts-0-count": "10", "parts-0-topics": ["food-waste"]}),
        headers=ENGLISH,
    )

    assert re.search(r"Only \d questions fit, and there should be 20", text_of(response.text))


def test_a_changed_quiz_is_a_new_one_and_events_keep_the_old(
    sign_in: SignIn, save: Save, rows: Rows, phone: Callable[..., Phone]
) -> None:
    organizer = sign_in()
    page = compose(organizer)
    (old,) = rows(COMPOSED)
    poster = save(a_poster(an_event(quiz_id=old.id)))
    receipt = phone().take(poster.code)

    changed = quiz_fields(**{"parts-0-count": "7", "pass_mark": "4"})
    response = send(organizer, f"{page}/edit", changed)

    before, after = rows(COMPOSED)
    assert response.headers["Location"] == f"/organize/quizzes/{after.id}"
    assert (before.id, before.parts, before.is_offered) == (old.id, old.parts, False)
    assert (after.slug, after.is_offered) == (old.slug, True)
    assert len(phone().scan(poster.code).choices) == 5
    assert phone().client.get(receipt).status_code == 200


def test_a_new_name_alone_makes_no_new_quiz(sign_in: SignIn, rows: Rows) -> None:
    organizer = sign_in()
    page = compose(organizer)

    send(organizer, f"{page}/edit", quiz_fields(name_zh="新名字"))

    assert [(quiz.name_zh, quiz.is_offered) for quiz in rows(COMPOSED)] == [("新名字", True)]


def test_a_withdrawn_quiz_is_offered_again(sign_in: SignIn) -> None:
    organizer = sign_in()
    page = compose(organizer)

    seen = []
    for action in ("withdraw", "offer"):
        send(organizer, f"{page}/{action}", {}, page=page)
        seen.append("食品五题" in offered(organizer))

    assert seen == [False, True]


def test_another_region_finds_a_composed_quiz_nowhere_and_one_below_may_not_change_it(
    sign_in: SignIn, rows: Rows
) -> None:
    page = compose(sign_in("lin", QUANZHOU))
    beside, below, above = (sign_in(f"to{region}", region) for region in (FUZHOU, JINJIANG, FUJIAN))

    def answers(organizer: FlaskClient) -> list[int]:
        gets = [organizer.get(f"{page}{part}").status_code for part in ("", "/preview", "/edit")]
        posts = [
            send(organizer, f"{page}/{part}", quiz_fields(), page="/organize/").status_code
            for part in ("edit", "withdraw", "offer")
        ]
        return gets + posts

    assert answers(beside) == [404] * 6
    assert answers(below) == [200, 200, 404, 404, 404, 404]
    assert answers(above) == [200, 200, 200, 303, 303, 303]


def test_a_ready_quiz_is_changed_by_nobody(sign_in: SignIn) -> None:
    organizer = sign_in()

    shown = organizer.get(f"/organize/quizzes/{QUIZ_ID}")
    form = organizer.get(f"/organize/quizzes/{QUIZ_ID}/edit")

    assert (shown.status_code, form.status_code) == (200, 404)


def test_a_preview_shows_a_paper_that_cannot_be_handed_in_and_writes_nothing(
    sign_in: SignIn, rows: Rows
) -> None:
    organizer = sign_in()

    pages = [
        organizer.get(f"/organize/quizzes/{QUIZ_ID}/preview", headers=ENGLISH).text
        for _look in range(2)
    ]

    assert "Preview: nothing is sent or counted." in pages[0]
    assert len({name for _kind, name, _value, _checked in FIELD.findall(pages[0])}) == 10
    form = pages[0].partition('<form id="paper"')[2].partition("</form>")[0]
    assert 'method="post"' not in form
    assert 'action="' not in form
    assert pages[0] != pages[1]
    assert rows(sa.select(Attempt.event_id)) == []


def test_loading_the_content_files_leaves_composed_quizzes_offered(
    app: Flask, sign_in: SignIn, rows: Rows
) -> None:
    compose(sign_in())

    with app.app_context():
        loaded, _faults = read_bank(CONTENT)
        loading.load(loaded)
        db.session.commit()

    assert [quiz.is_offered for quiz in rows(COMPOSED)] == [True]


def test_the_ready_quizzes_have_room_for_papers_that_differ(app: Flask) -> None:
    with app.app_context():
        edition, ready = bank.latest(), bank.offered_quizzes()

        assert edition is not None
        assert {"core", "mixed", "pupils", "workers", "family"} <= {quiz.slug for quiz in ready}
        for day in (date(2026, 9, 1), date(2026, 11, 22)):
            for quiz in ready:
                check_room(edition, Blueprint.from_json(quiz.parts), day)


def test_questions_whose_law_has_ended_are_not_counted_as_fitting(sign_in: SignIn) -> None:
    def fitting(at: datetime) -> int:
        with time_machine.travel(at, tick=False):
            organizer = sign_in(f"in{at.year}")
            page = organizer.get("/organize/quizzes/2", headers=ENGLISH).text
        found = re.search(r"(\d+) questions of the bank fit today", text_of(page))
        assert found
        return int(found[1])

    assert (
        fitting(datetime(2000, 1, 1, tzinfo=UTC)) == 0 < fitting(datetime(2026, 11, 22, tzinfo=UTC))
    )
