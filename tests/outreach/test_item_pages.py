"""What editors see of the item statistics: /bank/statistics."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from core.db import db
from outreach.organizers import service as organizers
from outreach.organizers.models import Role
from outreach.tally.models import ItemStatistic
from question_bank.content import Kind
from question_bank.items import ItemCount, RestSums
from tests.builders import FUJIAN, a_poster, an_event
from tests.outreach.answered import some_answered
from tests.outreach.pages import ENGLISH, queries_of, table_rows, text_of
from tests.outreach.papers import at_rest, publish_changed
from tests.question_bank.samples import shipped_edition

PAGE = "/bank/statistics"
COUNTED_AT = datetime(2026, 11, 22, 1, 30, tzinfo=UTC)
EDITION = shipped_edition()
SINGLE = [
    question
    for question in EDITION.questions.values()
    if question.kind is Kind.SINGLE and len(question.choices) == 4
]
LINK = re.compile(r'href="/bank/statistics/([a-z0-9-]+)"')


@pytest.fixture
def editor(app: Flask, sign_in: Callable[..., FlaskClient]) -> FlaskClient:
    """Return the browser of an editor, reading English."""
    with app.app_context():
        organizers.add("editor", "correct horse", FUJIAN, role=Role.NONE, edits_questions=True)
        db.session.commit()
    client = sign_in("editor", add=False)
    client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "en"
    return client


def did(question: Any, right: int, *wrong: int, agree: int = 0, **changes: Any) -> ItemStatistic:
    """Build what a single choice question did.

    :param wrong: how often its wrong choices were taken, in the author's order
    :param agree: how much better the rest of a paper went with a right answer, in questions
    """
    answers = right + sum(wrong)
    key = next(iter(question.right_choices))
    chosen = [*wrong, *([0] * (len(question.choices) - 1 - len(wrong)))]
    chosen.insert(key, right)
    if_right, if_wrong = 5 + agree, 5 - agree
    sums = RestSums(
        answers=answers,
        right=right,
        rest=right * if_right + sum(wrong) * if_wrong,
        rest_squared=right * (if_right**2 + 1) + sum(wrong) * (if_wrong**2 + 1),
        rest_if_right=right * if_right,
    )
    values: dict[str, Any] = {
        "question_id": question.id,
        "body": ItemCount(chosen, answers, right, {9: sums}).as_json() | {"edition": 1},
        "answers": answers,
        "computed_at": COUNTED_AT,
    }
    return ItemStatistic(**(values | changes))


def shown(html: str) -> list[str]:
    """Return the ids of the questions of a table, from above."""
    return LINK.findall(html)


# --- who may look


@pytest.mark.parametrize("path", [PAGE, f"{PAGE}/{SINGLE[0].id}"])
def test_a_stranger_is_asked_to_sign_in(client, path):
    response = client.get(path)

    assert response.status_code == 303
    assert response.headers["Location"].startswith("/organize/sign-in")


@pytest.mark.parametrize("path", [PAGE, f"{PAGE}/{SINGLE[0].id}"])
def test_an_organizer_who_is_no_editor_is_refused(sign_in, path):
    assert sign_in().get(path).status_code == 403


# --- the table


def test_before_the_first_count_the_page_says_what_to_do(editor):
    table, one = editor.get(PAGE), editor.get(f"{PAGE}/{SINGLE[0].id}")

    for page in (table, one):
        assert page.status_code == 200
        assert "Nothing has been counted yet" in page.text
        assert "flask --app app tally items" in page.text


def test_without_an_edition_the_page_says_what_to_do(app, editor):
    with app.app_context():
        db.session.execute(db.metadata.tables["edition"].delete())
        db.session.commit()

    assert "Nothing has been counted yet" in editor.get(PAGE).text
    assert editor.get(f"{PAGE}/{SINGLE[0].id}").status_code == 404


def test_the_command_fills_the_page(app, editor, save):
    event = an_event()
    event, poster = save(event, a_poster(event))
    save(*some_answered(app, event, poster, 40))

    app.test_cli_runner().invoke(args=["tally", "items"])

    page = editor.get(PAGE)
    assert "531 questions fit" in text_of(page.text)
    assert "Page 1 of 11" in text_of(page.text)
    assert len(shown(page.text)) == 50
    assert "too few answers" in page.text


def test_a_line_has_answers_share_discrimination_intervals_and_warnings(editor, save):
    one, other = SINGLE[:2]
    save(did(one, 600, 200, 150, 50, agree=1), did(other, 980, 10, 10, agree=-1))

    page = editor.get(PAGE, query_string={"sort": "easiest"})

    lines = {line[0].split(" · ")[-1]: line[1:] for line in table_rows(page.text)[1:]}
    assert lines[one.id] == ["1,000", "60.0% (56.9% to 63.0%)", "0.70 (0.67 to 0.73)", ""]
    assert lines[other.id] == [
        "1,000",
        "98.0% (96.9% to 98.7%)",
        "-0.27 (-0.33 to -0.21)",
        "Nearly everybody gets it Misleads those who know more A wrong choice that nobody takes",
    ]
    assert "as of 22 Nov 2026, 09:30" in text_of(page.text)


@pytest.mark.parametrize(
    ("sort", "first"),
    [("hardest", 2), ("easiest", 1), ("least-telling", 0), ("most-telling", 2)],
)
def test_the_table_is_sorted_by_share_or_discrimination(editor, save, sort, first):
    save(
        did(SINGLE[0], 50, 50, agree=-2),
        did(SINGLE[1], 90, 10, agree=0),
        did(SINGLE[2], 10, 90, agree=2),
        did(SINGLE[3], 29, agree=4),
    )

    found = shown(editor.get(PAGE, query_string={"sort": sort}).text)

    assert found[0] == SINGLE[first].id
    assert {*found[:3]} == {question.id for question in SINGLE[:3]}


@pytest.mark.parametrize(
    ("warning", "fits"),
    [
        ("nearly-all", {0}),
        ("nearly-none", {1}),
        ("negative", {2}),
        ("dead-choice", {0, 3}),
        ("any", {0, 1, 2, 3}),
    ],
)
def test_the_table_is_filtered_by_warning(editor, save, warning, fits):
    save(
        did(SINGLE[0], 990, 5, 5),
        did(SINGLE[1], 10, 400, 400, 400),
        did(SINGLE[2], 200, 100, 100, 100, agree=-1),
        did(SINGLE[3], 200, 100, 100),
        did(SINGLE[4], 200, 100, 100, 100, agree=1),
    )

    found = shown(editor.get(PAGE, query_string={"warning": warning}).text)

    assert {*found} == {SINGLE[n].id for n in fits}


def test_the_table_is_filtered_by_topic(editor, save):
    save(did(SINGLE[0], 50, 50))

    found = shown(editor.get(PAGE, query_string={"topic": "food-waste"}).text)

    assert found
    assert {EDITION.questions[name].topic_id for name in found} == {"food-waste"}


@pytest.mark.parametrize(
    "of", [lambda q: q.id, lambda q: q.stem.zh[2:9], lambda q: q.stem.en[3:40]]
)
def test_a_question_is_found_by_id_and_by_its_words_in_both_languages(editor, save, of):
    save(did(SINGLE[7], 50, 50))

    found = shown(editor.get(PAGE, query_string={"q": of(SINGLE[7]).upper()}).text)

    assert SINGLE[7].id in found
    assert len(found) < 20


def test_words_that_fit_nothing_are_answered_kindly(editor, save):
    save(did(SINGLE[0], 50, 50))

    page = editor.get(PAGE, query_string={"q": "no such words anywhere"})

    assert "No question fits." in page.text


def test_pages_turn_and_keep_what_was_asked(editor, save):
    save(did(SINGLE[0], 50, 50))
    asked = {"topic": "product-quality", "sort": "easiest"}
    first = editor.get(PAGE, query_string=asked)

    onward = re.search(r'href="([^"]*page=2[^"]*)"', first.text)

    assert onward
    second = editor.get(onward[1].replace("&amp;", "&"))
    assert len(shown(first.text)) == 50
    assert not {*shown(first.text)} & {*shown(second.text)}
    assert "topic=product-quality" in onward[1]
    assert "sort=easiest" in onward[1]
    topics = {EDITION.questions[name].topic_id for name in shown(second.text)}
    assert topics == {"product-quality"}


@pytest.mark.parametrize(
    "query",
    ["page=0", "page=x", "page=", "page=9999", "sort=x", "topic=x", "warning=x", "q=" + "x" * 200],
)
def test_odd_questions_get_a_page_all_the_same(editor, save, query):
    save(did(SINGLE[0], 50, 50))

    page = editor.get(f"{PAGE}?{query}")

    assert page.status_code == 200
    assert "questions fit" in page.text


def test_the_table_costs_the_same_queries_however_long_it_is(app, editor, save):
    def cost() -> int:
        with queries_of(app) as statements:
            assert editor.get(PAGE).status_code == 200
        return len(statements)

    save(did(SINGLE[0], 50, 50))
    cost()
    few = cost()
    save(*(did(question, 50, 50) for question in SINGLE[1:101]))

    assert cost() == few


def test_looking_changes_nothing(app, editor, save):
    save(did(SINGLE[0], 50, 50))
    before = at_rest(app)

    editor.get(PAGE)
    editor.get(f"{PAGE}/{SINGLE[0].id}")

    assert at_rest(app) == before


# --- one question


def test_each_choice_has_its_share_as_a_number_and_as_a_bar(editor, save):
    question = SINGLE[0]
    save(did(question, 600, 250, 100, 50, agree=1))

    page = editor.get(f"{PAGE}/{question.id}").text

    for choice in question.choices:
        assert choice.text.en[:20] in text_of(page)
    assert "60.0% (56.9% to 63.0%) · chosen 600 times" in text_of(page)
    assert "5.0% (3.8% to 6.5%) · chosen 50 times" in text_of(page)
    widths = re.findall(r'class="share__bar"[^>]* width="([\d.]+)"', page)
    assert sorted(widths, key=float) == ["5.0", "10.0", "25.0", "60.0"]
    assert "style=" not in page


def test_the_right_choice_is_told_in_words(editor, save):
    question = SINGLE[0]
    save(did(question, 600, 250, 100, 50))

    page = text_of(editor.get(f"{PAGE}/{question.id}").text)

    right = question.choices[next(iter(question.right_choices))].text.en
    assert page.count("✓ right choice") == 1
    assert f"{right[-20:]} ✓ right choice" in page


@pytest.mark.parametrize(
    ("counts", "agree", "words"),
    [
        ((9900, 50, 50), 0, "the question finds out little"),
        ((100, 4000, 4000, 4000), 0, "First check the key and the wording"),
        ((500, 200, 200, 200), -1, "Usually the key is wrong"),
        ((500, 200, 200, 0), 0, "makes guessing easier"),
    ],
)
def test_a_warning_is_explained_with_what_to_do(editor, save, counts, agree, words):
    save(did(SINGLE[0], *counts, agree=agree))

    assert words in editor.get(f"{PAGE}/{SINGLE[0].id}").text


def test_the_dead_choice_is_marked(editor, save):
    save(did(SINGLE[0], 500, 200, 200, 0))

    page = text_of(editor.get(f"{PAGE}/{SINGLE[0].id}").text)

    assert page.count("nobody takes it") == 1


def test_there_is_no_figure_from_29_answers(editor, save):
    save(did(SINGLE[0], 20, 9))

    page = text_of(editor.get(f"{PAGE}/{SINGLE[0].id}").text)

    assert "29 Answers" in page
    assert "no figures from fewer than 30 answers" in page
    assert "chosen" not in page
    assert "Discrimination" not in page.split("What the figures mean")[0]


def test_a_question_published_since_the_count_has_no_answers_yet(editor, save):
    save(did(SINGLE[0], 50, 50))

    page = text_of(editor.get(f"{PAGE}/{SINGLE[1].id}").text)

    assert "0 Answers" in page


def test_figures_do_not_stand_beside_choices_published_since(app, editor, save):
    question = SINGLE[0]
    save(did(question, 50, 50))

    def change(values: dict[str, Any]) -> None:
        found = next(q for q in values["questions"] if q["id"] == question.id)
        found["choices"][0]["zh"] += "（新）"

    publish_changed(app, change)

    assert "0 Answers" in text_of(editor.get(f"{PAGE}/{question.id}").text)


def test_figures_follow_choices_reordered_since(app, editor, save):
    question = SINGLE[0]
    save(did(question, 600, 250, 100, 50))
    url = f"{PAGE}/{question.id}"
    before = re.findall(r"chosen (\d+) times", editor.get(url).text)

    def change(values: dict[str, Any]) -> None:
        next(q for q in values["questions"] if q["id"] == question.id)["choices"].reverse()

    publish_changed(app, change)

    assert re.findall(r"chosen (\d+) times", editor.get(url).text) == before[::-1]


@pytest.mark.parametrize("question_id", ["no-such-question", "x" * 200, "%00", "é"])
def test_an_unknown_question_is_not_found(editor, save, question_id):
    save(did(SINGLE[0], 50, 50))

    assert editor.get(f"{PAGE}/{question_id}").status_code == 404


def test_several_right_choices_may_add_up_to_more_than_the_whole(editor, save):
    question = next(q for q in EDITION.questions.values() if q.kind is Kind.MULTIPLE)
    count = ItemCount([80] * len(question.choices), 100, 40, {9: RestSums(100, 40, 500, 2600, 220)})
    save(
        ItemStatistic(
            question_id=question.id,
            body=count.as_json() | {"edition": 1},
            answers=100,
            computed_at=COUNTED_AT,
        )
    )

    page = editor.get(f"{PAGE}/{question.id}", headers=ENGLISH)

    assert "add up to more than the whole" in page.text
