"""Loading and publishing: what changes, what never does, and what another process sees of it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from core.db import db
from question_bank import editing, loading, models, service
from question_bank.content import Citation, Question, Text
from question_bank.importer import Bank
from question_bank.models import QuestionState
from question_bank.selection import Blueprint, Counting, Part, draw, new_seed
from tests.question_bank.samples import (
    SHIPPED_ON,
    a_bank,
    a_question,
    a_quiz,
    a_statute,
    a_topic,
    shipped_bank,
    some_questions,
)

pytestmark = pytest.mark.usefixtures("app_ctx")


def counts(loaded: loading.Loaded) -> tuple[int, int, int]:
    return loaded.added, loaded.changed, loaded.retired


def state_of(question_id: str) -> QuestionState:
    row = db.session.get(models.Question, question_id)
    assert row is not None
    return row.state


def load(bank: Bank, *, overwrite: bool = False) -> loading.Loaded:
    """Load a bank, as the command does."""
    loaded = loading.load(bank, overwrite=overwrite)
    db.session.commit()
    return loaded


def published(*questions: Question, **changes: Any) -> int:
    """Load a bank of these questions, publish it and return the number of its edition."""
    load(a_bank(*questions, **changes))
    number = service.publish("for a test")
    db.session.commit()
    assert number is not None
    return number


def offered() -> dict[str, int]:
    return {quiz.slug: quiz.id for quiz in service.offered_quizzes()}


def test_loading_says_what_it_changed() -> None:
    before = len(shipped_bank().questions)

    loaded = load(a_bank(*some_questions(3)))

    assert counts(loaded) == (3, 0, before)


def test_loading_twice_is_the_same_as_once() -> None:
    bank = a_bank(*some_questions(3), quizzes=[a_quiz("one"), a_quiz("two")])
    published(*bank.questions, quizzes=bank.quizzes)
    quizzes = offered()

    again = load(bank)

    assert counts(again) == (0, 0, 0)
    assert offered() == quizzes
    assert service.publish("again") is None


def test_loading_the_shipped_bank_again_changes_nothing() -> None:
    quizzes = offered()

    again = load(shipped_bank())

    assert counts(again) == (0, 0, 0)
    assert service.publish("again") is None
    assert offered() == quizzes


def test_a_changed_question_is_changed_and_the_others_are_left() -> None:
    one, two = some_questions(2)
    published(one, two)
    untouched = db.session.get_one(models.Question, two.id).updated_at

    loaded = load(a_bank(replace(one, difficulty=3), two))

    assert counts(loaded) == (0, 1, 0)
    assert [new for _old, new in service.pending().changed] == [replace(one, difficulty=3)]
    assert db.session.get_one(models.Question, two.id).updated_at == untouched


def test_a_question_that_left_the_files_retires_and_is_kept() -> None:
    one, two = some_questions(2)
    published(one, two)

    number = published(two)

    assert state_of(one.id) is QuestionState.RETIRED
    assert set(service.edition(number).questions) == {two.id}


def test_a_question_that_comes_back_is_live_again() -> None:
    one, two = some_questions(2)
    published(one, two)
    published(two)

    loaded = load(a_bank(one, two))

    assert counts(loaded) == (0, 1, 0)
    assert state_of(one.id) is QuestionState.LIVE


@pytest.fixture
def editor(add_organizer: Callable[..., int]) -> editing.Author:
    return editing.Author(add_organizer(), "chen")


def test_a_draft_is_not_published(editor: editing.Author) -> None:
    published(*some_questions(2))

    editing.save(a_question("pq-draft"), 0, editor, "a new one")

    assert state_of("pq-draft") is QuestionState.DRAFT
    assert service.publish("with a draft") is None


def test_loading_the_same_files_leaves_the_words_of_an_editor(editor: editing.Author) -> None:
    question = a_question()
    published(question)
    editing.save(replace(question, stem=Text("编辑", "An editor")), 1, editor, "clearer")

    loaded = load(a_bank(question))

    assert counts(loaded) == (0, 0, 0)
    found = editing.find(question.id)
    assert found is not None
    assert found.question.stem.en == "An editor"


@pytest.mark.parametrize("overwrite", [False, True])
def test_files_win_over_an_editor_only_when_told_to(
    editor: editing.Author, overwrite: bool
) -> None:
    question = a_question()
    published(question)
    editing.save(replace(question, stem=Text("编辑", "An editor")), 1, editor, "clearer")

    changed = replace(question, stem=Text("文件", "The files"))
    loaded = load(a_bank(changed), overwrite=overwrite)

    assert loaded.kept == ([] if overwrite else [question.id])
    found = editing.find(question.id)
    assert found is not None
    assert found.question.stem.en == ("The files" if overwrite else "An editor")


def test_files_that_did_not_change_win_over_an_editor_when_told_to(editor: editing.Author) -> None:
    question = a_question()
    published(question)
    editing.save(replace(question, stem=Text("编辑", "An editor")), 1, editor, "clearer")

    load(a_bank(question), overwrite=True)

    found = editing.find(question.id)
    assert found is not None
    assert found.question == question


def test_a_question_that_an_editor_retired_stays_retired_when_the_same_files_are_loaded() -> None:
    one, two = some_questions(2)
    published(one, two)
    found = editing.find(one.id)
    assert found is not None
    editing.retire(found)

    loaded = load(a_bank(one, two))

    assert counts(loaded) == (0, 0, 0)
    assert state_of(one.id) is QuestionState.RETIRED


def test_an_edition_holds_what_was_loaded() -> None:
    bank = a_bank(*some_questions(3, family="twins"))

    edition = service.edition(published(*bank.questions))

    assert list(edition.questions.values()) == list(bank.questions)
    assert edition.statutes["product-quality-law"] == a_statute()
    assert edition.topics_by_id["product-quality"] == a_topic()


def test_the_shipped_edition_holds_the_shipped_bank() -> None:
    bank = shipped_bank()

    edition = service.latest()

    assert edition is not None
    assert edition.questions == {question.id: question for question in bank.questions}
    assert edition.statutes == bank.statutes
    assert list(edition.topics) == list(bank.topics)


def test_only_a_change_makes_a_new_edition() -> None:
    questions = some_questions(2)
    first = published(*questions)

    load(a_bank(*questions))
    unchanged = service.publish("the same")
    second = published(replace(questions[0], difficulty=3), questions[1])

    assert unchanged is None
    assert second == first + 1


@pytest.mark.parametrize("what", ["statute", "topic"])
def test_a_changed_statute_or_topic_makes_a_new_edition(what: str) -> None:
    question = a_question()
    first = published(question)
    ended = a_statute(in_force_until=date(2026, 12, 31))
    changes = {
        "statute": {"statutes": {ended.id: ended}},
        "topic": {"topics": [replace(a_topic(), name=Text("质量", "Good work"))]},
    }

    second = published(question, **changes[what])

    old, new = service.edition(first), service.edition(second)
    assert old.statutes["product-quality-law"] == a_statute()
    assert old.topics_by_id["product-quality"] == a_topic()
    assert (new.statutes, new.topics) != (old.statutes, old.topics)


def test_a_statute_that_ends_takes_its_questions_out_of_the_next_edition() -> None:
    question = a_question()
    first = published(question)
    ended = a_statute(in_force_until=date(2026, 12, 31))

    second = published(question, statutes={ended.id: ended})

    day = date(2027, 1, 1)
    assert service.edition(first).drawable(day) == [question]
    assert service.edition(second).drawable(day) == []


def test_an_older_edition_stays_as_it_was() -> None:
    question = a_question()
    first = published(question)

    published(replace(question, stem=Text("新题", "New")))
    published(a_question("pq-other"))

    assert service.edition(first).questions == {question.id: question}


def test_an_older_paper_is_drawn_as_it_was_after_everything_changed() -> None:
    questions = some_questions(8)
    number = published(*questions, quizzes=[a_quiz("short", count=5)])
    quiz_id, seed = offered()["short"], new_seed(SHIPPED_ON)
    paper = draw(service.edition(number), service.quiz(quiz_id).blueprint, seed)

    changed = [replace(question, choices=question.choices[::-1]) for question in questions[:4]]
    published(*changed, quizzes=[a_quiz("short", count=2)])

    again = draw(service.edition(number), service.quiz(quiz_id).blueprint, seed)
    assert again == paper


def test_an_older_edition_stays_readable_by_a_process_that_starts_later(
    database_url: str, make_app: Callable[..., Flask]
) -> None:
    question = a_question()
    first = published(question)
    second = published(replace(question, stem=Text("新题", "New")))

    with make_app(database_url).app_context():
        old, new = service.edition(first), service.edition(second)

    assert old.questions == {question.id: question}
    assert new.questions[question.id].stem.en == "New"


def test_a_running_process_notices_an_edition_that_another_one_published(
    database_url: str, make_app: Callable[..., Flask]
) -> None:
    running = make_app(database_url)
    with running.app_context():
        before = service.latest()

    number = published(a_question())

    with running.app_context():
        after = service.latest()
    assert before is not None
    assert after is not None
    assert (before.number, after.number) == (number - 1, number)


def test_an_edition_is_one_object_however_often_it_is_asked_for() -> None:
    number = published(a_question())

    first = service.edition(number)

    assert service.edition(number) is first
    assert service.latest() is first


def test_more_editions_than_fit_in_memory_stay_readable() -> None:
    question = a_question()
    count = service.EDITIONS_IN_MEMORY + 4

    numbers = [published(replace(question, stem=Text(f"题{n}", f"No {n}"))) for n in range(count)]

    for _ in range(2):
        stems = [service.edition(number).questions[question.id].stem.en for number in numbers]
        assert stems == [f"No {n}" for n in range(count)]


def test_there_is_no_latest_edition_before_the_first(
    empty_database_url: str, make_app: Callable[..., Flask]
) -> None:
    app = make_app(empty_database_url)

    with app.app_context():
        db.create_all()
        assert service.latest() is None
        assert service.publish("an empty bank") == 1


def test_an_edition_or_quiz_that_never_was_is_unknown() -> None:
    with pytest.raises(service.UnknownEditionError):
        service.edition(9999)
    with pytest.raises(service.UnknownQuizError):
        service.quiz(9999)


def test_quizzes_are_offered_in_the_order_of_their_file() -> None:
    load(a_bank(a_question(), quizzes=[a_quiz("b"), a_quiz("a"), a_quiz("c")]))

    assert list(offered()) == ["b", "a", "c"]


@pytest.mark.parametrize(
    "changes",
    [
        {"blueprint": Blueprint((Part(2, ("product-quality",)),))},
        {"blueprint": Blueprint((Part(1, ("product-quality",), difficulty=frozenset({1})),))},
        {"pass_mark": 0},
        {"counting": Counting.DAILY},
    ],
    ids=["size", "difficulty", "pass mark", "counting"],
)
def test_a_changed_quiz_is_a_new_one_and_the_old_one_is_kept(changes: dict[str, Any]) -> None:
    load(a_bank(a_question(), quizzes=[a_quiz("short")]))
    old_id = offered()["short"]
    old = service.quiz(old_id)

    load(a_bank(a_question(), quizzes=[replace(a_quiz("short"), **changes)]))

    new_id = offered()["short"]
    assert new_id != old_id
    assert service.quiz(old_id) == old
    row = db.session.get_one(models.Quiz, old_id)
    assert not row.is_offered
    assert (row.parts, row.pass_mark) == (old.blueprint.as_json(), old.pass_mark)
    asked = {name: getattr(service.quiz(new_id), name) for name in changes}
    assert asked == changes


def test_a_renamed_quiz_is_the_same_quiz() -> None:
    load(a_bank(a_question(), quizzes=[a_quiz("short")]))
    before = offered()

    name = Text("新名", "A new name")
    load(a_bank(a_question(), quizzes=[a_quiz("first"), a_quiz("short", name=name)]))

    assert offered()["short"] == before["short"]
    assert [(quiz.slug, quiz.name_en) for quiz in service.offered_quizzes()] == [
        ("first", "A short one"),
        ("short", "A new name"),
    ]


def test_a_quiz_that_left_the_file_is_offered_no_more_and_kept() -> None:
    load(a_bank(a_question(), quizzes=[a_quiz("short"), a_quiz("other")]))
    gone = offered()["short"]

    load(a_bank(a_question(), quizzes=[a_quiz("other")]))

    assert list(offered()) == ["other"]
    assert service.quiz(gone).blueprint == a_quiz().blueprint


def test_loading_deletes_nothing() -> None:
    tables = (models.Topic, models.Statute, models.Question, models.Quiz, models.Edition)

    def sizes() -> list[int]:
        return [db.session.scalar(sa.select(sa.func.count()).select_from(t)) or 0 for t in tables]

    before = sizes()

    question = a_question(citations=(Citation("new-law", "1"),))
    published(question, statutes={"new-law": a_statute("new-law")})

    grown = [now - then for now, then in zip(sizes(), before, strict=True)]
    assert grown == [0, 1, 1, 0, 1]
