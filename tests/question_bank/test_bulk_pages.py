"""Many questions in one go: submitted from the list, approved by a second person who read them."""

import re
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from question_bank.models import Question, QuestionState
from tests.question_bank.test_editor_pages import DRAFT, Editor, editor, post, write

__all__ = ["editor"]

HIDDEN = re.compile(r'name="question" value="([^"]+)"')
BOX = re.compile(r'name="revision" value="([^"]+)"')
IN_STATE = sa.select(Question.id).order_by(Question.id)


@pytest.fixture
def author(editor: Editor) -> FlaskClient:
    """Sign in somebody who writes."""
    return editor("author")


@pytest.fixture
def reviewer(editor: Editor) -> FlaskClient:
    """Sign in somebody who writes and reviews."""
    return editor("reviewer", reviews=True)


def submit_listed(client: FlaskClient) -> Any:
    """Press the button below the list of drafts."""
    listed = HIDDEN.findall(client.get("/bank/?state=draft").text)
    return post(client, "/bank/submit", "/bank/?state=draft", question=listed)


def names(pages: list[str]) -> list[str]:
    return sorted(page.rsplit("/", 1)[1] for page in pages)


def in_state(rows: Any, state: QuestionState) -> list[str]:
    return [row[0] for row in rows(IN_STATE.where(Question.state == state))]


def test_the_listed_drafts_are_submitted_but_those_that_lack_something(
    author: FlaskClient, rows: Any
) -> None:
    whole = [write(author), write(author, stem_zh=f"换一种问法：{DRAFT['stem_zh']}")]
    lacking = write(author, explanation_en="")

    answer = submit_listed(author)

    assert answer.status_code == 303
    assert in_state(rows, QuestionState.SUBMITTED) == names(whole)
    assert in_state(rows, QuestionState.DRAFT) == names([lacking])


def test_a_reviewer_approves_what_was_ticked_and_nothing_else(
    author: FlaskClient, reviewer: FlaskClient, rows: Any
) -> None:
    write(author)
    write(author)
    submit_listed(author)
    first, second = BOX.findall(reviewer.get("/bank/review").text)

    post(reviewer, "/bank/approve", "/bank/review", revision=[first])

    waiting = in_state(rows, QuestionState.SUBMITTED)
    assert waiting == [second.split(":")[0]]


def test_nobody_is_offered_their_own_words_to_approve(reviewer: FlaskClient, rows: Any) -> None:
    page = write(reviewer)
    submit_listed(reviewer)
    [question_id] = names([page])

    offered = BOX.findall(reviewer.get("/bank/review").text)
    post(reviewer, "/bank/approve", "/bank/review", revision=[f"{question_id}:1"])

    assert offered == []
    assert in_state(rows, QuestionState.SUBMITTED) == [question_id]


def test_words_that_changed_after_they_were_read_still_wait(
    author: FlaskClient, reviewer: FlaskClient, rows: Any
) -> None:
    page = write(author)
    submit_listed(author)
    read = BOX.findall(reviewer.get("/bank/review").text)
    post(author, f"{page}/edit", **(DRAFT | {"base": "1", "stem_zh": "换了一种问法，怎样做才对？"}))
    submit_listed(author)

    post(reviewer, "/bank/approve", "/bank/review", revision=read)

    assert in_state(rows, QuestionState.SUBMITTED) == names([page])
