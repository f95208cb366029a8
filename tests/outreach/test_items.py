"""Counting anew what every question did: `flask tally items`."""

import threading
import tracemalloc
from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from core.db import db, read
from outreach.tally import commands, items
from outreach.tally.models import ItemStatistic
from tests.builders import DAILY_QUIZ_ID, a_poster, an_event
from tests.outreach.answered import counted, expected, in_turn, rightly, some_answered
from tests.outreach.pages import queries_of
from tests.outreach.papers import ATTEMPT, at_rest, publish_changed, right_answers


@pytest.fixture
def place(save):
    event = an_event()
    return save(event, a_poster(event))


def run(app: Flask) -> Any:
    return app.test_cli_runner().invoke(args=["tally", "items"])


def plain(app: Flask) -> dict[str, tuple[int, int, list[int]]]:
    return {
        question_id: (count.answers, count.right, count.chosen)
        for question_id, count in counted(app).items()
        if count.answers
    }


def test_what_phones_handed_in_is_counted_question_by_question(app, phone, place, rows):
    _event, poster = place
    for knows in (True, False, True, False):
        visitor = phone()
        paper = visitor.scan(poster.code)
        visitor.send(paper, right_answers(app, paper) if knows else None)

    result = run(app)

    attempts = rows(sa.select(*ATTEMPT.columns))
    assert len(attempts) == 4
    assert plain(app) == expected(app, attempts)
    assert sum(count.right for count in counted(app).values()) == sum(a.points for a in attempts)
    questions = len(plain(app))
    assert result.output == f"4 attempts counted, {questions} questions answered\n"
    assert result.exit_code == 0


def test_practice_counts_too(app, save, place):
    attempts = some_answered(app, *place, 3) + some_answered(app, *place, 3, first=3, counted=False)
    save(*attempts)

    run(app)

    assert plain(app) == expected(app, attempts)


def test_every_question_of_the_latest_edition_gets_a_row(app, rows):
    run(app)

    assert len(counted(app)) == 531
    assert not plain(app)


def test_the_rest_of_a_paper_leaves_the_question_out(app, save, place):
    save(*some_answered(app, *place, 5, rightly))

    run(app)

    for count in counted(app).values():
        assert {others: (s.answers, s.rest) for others, s in count.rests.items()} == (
            {9: (count.answers, 9 * count.answers)} if count.answers else {}
        )


def test_papers_of_several_lengths_and_events_come_together(app, save, place):
    daily = an_event(quiz_id=DAILY_QUIZ_ID)
    other = save(daily, a_poster(daily))
    attempts = some_answered(app, *place, 20) + some_answered(app, *other, 20, rightly)
    save(*attempts)

    run(app)

    assert plain(app) == expected(app, attempts)
    assert {others for count in counted(app).values() for others in count.rests} == {4, 9}


def test_counting_again_gives_the_same(app, save, place):
    save(*some_answered(app, *place, 20))
    run(app)
    once = counted(app)

    assert run(app).exit_code == 0

    assert counted(app) == once


@pytest.mark.parametrize("batch", [1, 7, 40])
def test_batches_of_any_size_give_the_same(app, save, place, batch):
    attempts = some_answered(app, *place, 40)
    save(*attempts)

    with app.app_context():
        done = items.recount(batch)
        db.session.commit()

    assert (done.attempts, done.unfit) == (40, 0)
    assert plain(app) == expected(app, attempts)


def test_counting_needs_no_more_memory_for_more_attempts(app, save, place):
    def peak() -> int:
        with app.app_context():
            tracemalloc.start()
            items.recount(batch=50)
            size = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
            db.session.rollback()
        return size

    save(*some_answered(app, *place, 300))
    peak()
    few = peak()
    save(*some_answered(app, *place, 1500, first=300))

    assert peak() < few * 1.2


def test_all_attempts_are_read_before_the_place_of_a_writer_is_taken(app, save, place):
    save(*some_answered(app, *place, 3))

    with queries_of(app) as statements:
        run(app)

    begin = next(n for n, text in enumerate(statements) if not text.startswith("SELECT"))
    assert any("FROM attempt" in text for text in statements[:begin])
    assert not any("FROM attempt" in text for text in statements[begin:])


def test_no_other_table_is_written(app, save, place):
    save(*some_answered(app, *place, 3))
    before = at_rest(app)

    run(app)

    after = at_rest(app)
    changed = {name for name in after if after[name] != before[name]}
    assert changed == {"item_statistic"}


def test_the_moment_is_that_when_counting_began(app, place, rows):
    before = datetime.now(UTC)

    run(app)

    moments = {row.computed_at for row in rows(sa.select(ItemStatistic.computed_at))}
    assert len(moments) == 1
    assert before <= moments.pop() <= datetime.now(UTC)


# --- editions


def find(values: dict[str, Any], question_id: str) -> dict[str, Any]:
    return next(q for q in values["questions"] if q["id"] == question_id)


@pytest.fixture
def most_shown(app, save, place):
    """Answer 40 papers; return the question that came up most often and its count."""
    save(*some_answered(app, *place, 40))
    run(app)
    found = counted(app)
    question_id = max(found, key=lambda name: (found[name].answers, name))
    assert found[question_id].answers >= 2
    return question_id, found[question_id]


def test_answers_to_older_editions_count_on_where_the_choices_are_the_same(app, most_shown):
    question_id, before = most_shown

    def change(values: dict[str, Any]) -> None:
        question = find(values, question_id)
        question["stem"] = {"zh": "改写后的题干是什么？", "en": "What does the new stem ask?"}
        question["choices"][0]["en"] += " (mended)"

    publish_changed(app, change)
    run(app)

    assert counted(app)[question_id] == before


def test_choices_keep_their_answers_when_their_order_changes(app, most_shown):
    question_id, before = most_shown
    publish_changed(app, lambda values: find(values, question_id)["choices"].reverse())

    run(app)

    assert counted(app)[question_id] == before.moved(range(len(before.chosen))[::-1])


def test_both_editions_add_up(app, save, place, most_shown):
    question_id, before = most_shown
    number = publish_changed(app, lambda values: find(values, question_id)["choices"].reverse())
    newer = some_answered(app, *place, 40, first=40, edition=number)
    save(*newer)

    run(app)

    shown, right, each = expected(app, newer).get(question_id, (0, 0, [0] * len(before.chosen)))
    now = counted(app)[question_id]
    assert (now.answers, now.right) == (before.answers + shown, before.right + right)
    assert now.chosen == [a + b for a, b in zip(before.chosen[::-1], each, strict=True)]


def test_answers_to_other_choices_are_left_out_of_that_question_only(app, save, place, most_shown):
    question_id, _before = most_shown
    others = {name: count for name, count in counted(app).items() if name != question_id}

    def change(values: dict[str, Any]) -> None:
        find(values, question_id)["choices"][0]["zh"] += "（新）"

    number = publish_changed(app, change)
    newer = some_answered(app, *place, 40, edition=number)
    run(app)
    assert counted(app).pop(question_id).answers == 0
    assert {name: c for name, c in counted(app).items() if name != question_id} == others

    save(*newer)
    run(app)

    assert plain(app)[question_id] == expected(app, newer)[question_id]


def test_a_corrected_key_begins_anew(app, most_shown):
    question_id, _before = most_shown

    def change(values: dict[str, Any]) -> None:
        choices = find(values, question_id)["choices"]
        flags = [choice["right"] for choice in choices]
        for choice, right in zip(choices, [*flags[1:], flags[0]], strict=True):
            choice["right"] = right

    publish_changed(app, change)
    run(app)

    assert counted(app)[question_id].answers == 0


def test_a_retired_question_has_no_row(app, most_shown):
    question_id, _before = most_shown

    def change(values: dict[str, Any]) -> None:
        values["questions"] = [q for q in values["questions"] if q["id"] != question_id]

    publish_changed(app, change)
    assert run(app).exit_code == 0

    assert question_id not in counted(app)


def test_more_editions_than_memory_holds_are_counted(app, save, place):
    numbers = [1]
    attempts = some_answered(app, *place, 2)
    for n in range(1, 20):
        numbers.append(publish_changed(app, lambda values: values["topics"].reverse()))
        attempts += some_answered(app, *place, 2, first=2 * n, edition=numbers[-1])
    save(*attempts)

    run(app)

    assert plain(app) == expected(app, attempts)


# --- faults


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"points": 10, "answers": "0.0.0.0.0.0.0.0.0.9"}, id="other points"),
        pytest.param({"answers": "0"}, id="too few answers"),
        pytest.param({"answers": "x.0.0.0.0.0.0.0.0.0"}, id="no number"),
        pytest.param({"seed": 2**62}, id="no seed of ours"),
        pytest.param({"seed": 0}, id="a day before the statutes"),
    ],
)
def test_what_does_not_fit_its_paper_is_left_out_and_told(app, save, place, changes):
    event, poster = place
    good = some_answered(app, event, poster, 3)
    bad = some_answered(app, event, poster, 1, first=3, **changes)
    save(*good, *bad)

    result = run(app)

    assert plain(app) == expected(app, good)
    assert result.stdout.startswith("3 attempts counted")
    assert result.stderr == "1 attempt left out: no fit for the paper\n"
    assert result.exit_code == 1


def test_without_an_edition_there_is_nothing_to_count(empty_database_url, make_app):
    app = make_app(empty_database_url)
    with app.app_context():
        db.create_all()
    if "tally" not in app.cli.commands:
        commands.init_app(app)

    result = run(app)

    assert (result.output, result.exit_code) == (
        "0 attempts counted, 0 questions answered\n",
        0,
    )


def wait_until_blocked(app: Flask, other: threading.Thread) -> None:
    """On PostgreSQL, wait until somebody waits for a lock; SQLite's queue needs no such help."""
    blocked = sa.text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
    with app.app_context(), read() as connection:
        if connection.dialect.name != "postgresql":
            return
        while other.is_alive() and not connection.scalar(blocked):
            connection.rollback()


def test_two_recounts_at_once_leave_one_whole_table(app, save, place, rows):
    attempts = some_answered(app, *place, 5, in_turn)
    save(*attempts)
    outcome: list[str] = []

    def recount() -> None:
        with app.app_context():
            try:
                items.recount()
                db.session.commit()
            except items.OvertakenError:
                db.session.rollback()
                outcome.append("overtaken")
            else:
                outcome.append("done")

    other = threading.Thread(target=recount)
    with app.app_context():
        items.recount()
        other.start()
        wait_until_blocked(app, other)
        db.session.commit()
    other.join()

    assert plain(app) == expected(app, attempts)
    assert len({row.computed_at for row in rows(sa.select(ItemStatistic.computed_at))}) == 1
    with app.app_context():
        is_sqlite = db.engine.dialect.name == "sqlite"
    assert outcome == ["done" if is_sqlite else "overtaken"]
