"""The editors' pages: write, review by a second person, publish, and two editors at once."""

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from core.db import db
from outreach.organizers import service as organizers
from outreach.organizers.models import Role
from question_bank.models import Edition, Question, QuestionState, Revision
from tests.conftest import csrf_token

DRAFT = {
    "topic_id": "food-waste",
    "kind": "single",
    "style": "story",
    "difficulty": "1",
    "audience": ["pupil"],
    "stem_zh": "小明在自助餐厅拿了太多菜，剩下一大盘。怎样做才对？",
    "stem_en": "Xiao Ming takes too much at a buffet and leaves a full plate. What is right?",
    "choices-0-zh": "下次少量多次取餐",
    "choices-0-en": "Take little and often next time",
    "choices-0-is_right": "y",
    "choices-1-zh": "倒进别人的盘子里",
    "choices-1-en": "Put it on another plate",
    "choices-2-zh": "多付钱就可以浪费",
    "choices-2-en": "Paying more allows waste",
    "explanation_zh": "个人应当树立文明、健康、理性、绿色的消费理念，外出就餐时根据实际需要取餐，"
    "吃多少取多少，不够再添，就不会浪费。",
    "explanation_en": "Everybody should take what they need: little and often, and add more "
    "if it is not enough, so that nothing is wasted.",
    "citations": "anti-food-waste-law:14",
    "reason": "a question for pupils",
}

Editor = Callable[..., FlaskClient]


@pytest.fixture
def editor(app: Flask, sign_in: Callable[..., FlaskClient]) -> Editor:
    """Sign in somebody with rights in the bank."""

    def editor(name: str, *, reviews: bool = False) -> FlaskClient:
        with app.app_context():
            organizers.add(
                name,
                "correct horse",
                "350000",
                role=Role.NONE,
                edits_questions=True,
                reviews_questions=reviews,
            )
            db.session.commit()
        return sign_in(name, add=False)

    return editor


def post(client: FlaskClient, path: str, page: str | None = None, **form: Any) -> Any:
    """Send a form with the token of the page it stands on."""
    token = csrf_token(client.get(page or path).text)
    return client.post(path, data=form | {"csrf_token": token})


def write(client: FlaskClient, **changes: Any) -> str:
    """Write a new question and return the path of its page."""
    response = post(client, "/bank/questions/new", **(DRAFT | changes))
    assert response.status_code == 303, response.text
    return str(response.headers["Location"])


def test_a_second_person_and_an_edition_stand_between_a_draft_and_the_phones(
    editor: Editor, rows: Callable[..., list[Any]]
) -> None:
    author, reviewer = editor("author"), editor("reviewer", reviews=True)
    page = write(author)
    question_id = page.rsplit("/", 1)[1]

    post(author, f"{page}/submit", page)
    post(reviewer, f"{page}/approve", page, note="good")
    before = author.get(f"/learn/food-waste/{question_id}").status_code
    published = post(reviewer, "/bank/publish", summary="one more for pupils")

    assert published.status_code == 303
    assert before == 404
    assert author.get(f"/learn/food-waste/{question_id}").status_code == 200
    assert [row.number for row in rows(sa.select(Edition.number).order_by("number"))] == [1, 2]


def test_nobody_reviews_their_own_words(editor: Editor, rows: Callable[..., list[Any]]) -> None:
    both = editor("both", reviews=True)
    page = write(both)
    post(both, f"{page}/submit", page)

    other_page = editor("other", reviews=True).get(page).text
    token = csrf_token(both.get("/bank/questions/new").text)
    both.post(f"{page}/approve", data={"csrf_token": token})

    question = sa.select(Question.state).where(Question.id == page.rsplit("/", 1)[1])
    assert rows(question) == [(QuestionState.SUBMITTED,)]
    assert "/approve" in other_page
    assert "/approve" not in both.get(page).text


def test_an_editor_who_is_no_reviewer_neither_approves_nor_publishes(editor: Editor) -> None:
    author = editor("author")
    page = write(author)
    token = csrf_token(author.get("/bank/questions/new").text)

    answers = [
        author.post(f"{page}/approve", data={"csrf_token": token}),
        author.post(f"{page}/retire", data={"csrf_token": token}),
        author.get("/bank/publish"),
        author.post("/bank/publish", data={"csrf_token": token, "summary": "x"}),
    ]

    assert [answer.status_code for answer in answers] == [403] * 4


def test_organizers_without_rights_in_the_bank_stay_outside(
    sign_in: Callable[..., FlaskClient],
) -> None:
    organizer = sign_in("chen")

    answers = [organizer.get(path).status_code for path in ("/bank/", "/bank/review")]

    assert answers == [403, 403]


def test_what_is_not_finished_cannot_be_submitted_and_is_told_why(editor: Editor) -> None:
    author = editor("author")
    page = write(author, stem_en="", citations="no-such-law:1")

    post(author, f"{page}/submit", page)
    shown = author.get(page, headers={"Accept-Language": "en"}).text

    assert "a text in English is missing" in shown
    assert "unknown statute: no-such-law" in shown
    assert "Draft" in shown


def test_a_faulty_form_keeps_every_word(editor: Editor) -> None:
    author = editor("author")

    response = post(author, "/bank/questions/new", **(DRAFT | {"reason": "", "citations": "art 5"}))

    assert response.status_code == 422
    assert DRAFT["stem_zh"] in response.text
    assert DRAFT["choices-2-en"] in response.text
    assert "art" in response.text


def test_the_later_of_two_editors_is_told_and_loses_no_words(
    editor: Editor, rows: Callable[..., list[Any]]
) -> None:
    first, second = editor("first"), editor("second")
    page = write(first)
    base = DRAFT | {"base": "1"}
    token = csrf_token(second.get(f"{page}/edit").text)

    post(first, f"{page}/edit", **(base | {"stem_en": "What the first wrote instead?"}))
    late = second.post(
        f"{page}/edit", data=base | {"stem_en": "The second's own words.", "csrf_token": token}
    )
    again = second.post(
        f"{page}/edit",
        data=base | {"base": "2", "stem_en": "Both agreed on this.", "csrf_token": token},
    )

    assert late.status_code == 409
    assert "The second&#39;s own words." in late.text
    assert "first" in late.text
    assert "<del>" in late.text
    assert 'value="2"' in late.text
    assert again.status_code == 303
    numbers = sa.select(Revision.number).where(Revision.question_id == page.rsplit("/", 1)[1])
    assert sorted(row.number for row in rows(numbers)) == [1, 2, 3]


def test_every_revision_shows_what_it_changed_by_whom_and_why(editor: Editor) -> None:
    author = editor("author")
    page = write(author)
    changed = DRAFT | {
        "base": "1",
        "stem_en": "What is the right thing to do?",
        "reason": "plainer",
    }
    post(author, f"{page}/edit", **changed)

    shown = author.get(f"{page}/revisions/2", headers={"Accept-Language": "en"}).text

    assert "plainer" in shown
    assert "author" in shown
    assert "<ins>" in shown
    assert "Stem (English)" in shown
    assert "Stem (Chinese)" not in shown


def test_a_draft_over_a_live_question_leaves_the_live_one_alone(editor: Editor) -> None:
    author, reviewer = editor("author"), editor("reviewer", reviews=True)
    page = write(author)
    post(author, f"{page}/submit", page)
    post(reviewer, f"{page}/approve", page)
    post(reviewer, "/bank/publish", summary="first")

    post(author, f"{page}/edit", **(DRAFT | {"base": "1", "stem_en": "Not yet approved words."}))
    answer = post(reviewer, "/bank/publish", summary="nothing")
    study = author.get(
        f"/learn/food-waste/{page.rsplit('/', 1)[1]}", headers={"Accept-Language": "en"}
    )

    assert answer.status_code == 303
    assert "Not yet approved words." not in study.text
    assert DRAFT["stem_en"] in study.text


def test_a_retired_question_leaves_the_next_edition_and_comes_back_as_a_draft(
    editor: Editor, rows: Callable[..., list[Any]]
) -> None:
    reviewer = editor("reviewer", reviews=True)
    question_id = rows(sa.select(Question.id).order_by(Question.id).limit(1))[0].id
    topic_id = rows(sa.select(Question.topic_id).where(Question.id == question_id))[0].topic_id
    page = f"/bank/questions/{question_id}"

    post(reviewer, f"{page}/retire", page)
    post(reviewer, "/bank/publish", summary="one less")
    gone = reviewer.get(f"/learn/{topic_id}/{question_id}").status_code
    post(reviewer, f"{page}/revive", page)

    assert gone == 404
    state = sa.select(Question.state).where(Question.id == question_id)
    assert rows(state) == [(QuestionState.DRAFT,)]


def test_questions_on_a_version_that_ends_are_listed_for_review(editor: Editor) -> None:
    author = editor("author")

    shown = author.get("/bank/review", headers={"Accept-Language": "en"}).text

    assert "Trademark Law of the PRC (2019 version)" in shown
    assert "Provisions on the Liability for Repair" not in shown


@pytest.mark.parametrize(
    ("query", "fits"),
    [("q=PDCA", True), ("q=自助餐&topic=food-waste", True), ("q=自助餐&topic=metrology", False)],
)
def test_the_list_is_searched_in_both_languages_and_narrowed(
    editor: Editor, query: str, fits: bool
) -> None:
    author = editor("author")

    shown = author.get(f"/bank/?{query}").text

    assert ("table__link" in shown) is fits


def test_the_preview_shows_each_language_and_what_to_mend(editor: Editor) -> None:
    author = editor("author")
    token = csrf_token(author.get("/bank/questions/new").text)

    shown = author.post("/bank/preview", data=DRAFT | {"stem_en": "<b>x</b>", "csrf_token": token})

    assert shown.status_code == 200
    assert DRAFT["stem_zh"] in shown.text
    assert "小明在自助餐廳拿了太多菜，剩下一大盤。怎樣做才對？" in shown.text
    assert "&lt;b&gt;" in shown.text


def test_a_revision_is_told_in_the_words_of_the_page(editor: Editor) -> None:
    author = editor("author")
    page = write(author)

    chinese = author.get(f"{page}/revisions/1", headers={"Accept-Language": "zh-CN"}).text
    english = author.get(f"{page}/revisions/1", headers={"Accept-Language": "en"}).text

    for word in ("反食品浪费", "单选题", "情景题", "中小学生"):
        assert f"<ins>{word}</ins>" in chinese
    for word in ("Single choice", "Story", "Pupils"):
        assert f"<ins>{word}</ins>" in english
    assert f'lang="en"><ins>{DRAFT["stem_en"]}' in chinese
    assert f'lang="zh-CN"><ins>{DRAFT["stem_zh"]}' in english


def test_a_published_question_leads_to_what_it_did(editor: Editor) -> None:
    author = editor("author")
    draft = write(author)

    shown = author.get("/bank/questions/auto-airbag-two-repairs").text

    assert "/bank/statistics/auto-airbag-two-repairs" in shown
    assert "/bank/statistics/" not in author.get(draft).text
