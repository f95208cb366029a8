"""Reading attempts: each is read once, whatever dies, and as a plain recount says."""

import random
import threading
import uuid
from collections import Counter
from datetime import date
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st

from core.db import db, write
from outreach.events.models import EventKind
from outreach.participation import answers
from outreach.tally import knowledge_reading, rollup
from outreach.tally.knowledge_models import (
    AnswerTally,
    ReadingState,
    UnreadAttempt,
)
from outreach.tally.knowledge_reading import Kept
from question_bank import service as bank
from question_bank.grading import mark
from question_bank.selection import draw
from tests.builders import (
    DAILY_QUIZ_ID,
    JINJIANG,
    PINGTAN,
    a_poster,
    an_event,
)
from tests.conftest import Server
from tests.outreach.answered import some_answered
from tests.outreach.attempts import an_attempt
from tests.outreach.known import (
    TABLES,
    Place,
    Rows,
    Save,
    again,
    by_chance,
    faults,
    learn,
    plainly,
    tallied,
)
from tests.phone import read_paper
from tests.question_bank.samples import seed_of


@pytest.fixture
def place(save: Save) -> Place:
    event = an_event()
    return save(event, a_poster(event))


def test_every_attempt_is_read_once_and_says_what_a_plain_count_says(
    app: Flask, save: Save, place: Place
) -> None:
    other = an_event(region_code=PINGTAN, kind=EventKind.CAMPUS, quiz_id=DAILY_QUIZ_ID)
    elsewhere = save(other, a_poster(other))
    firsts = some_answered(app, *place, 30, by_chance(1))
    attempts = [
        *firsts,
        *some_answered(app, *elsewhere, 20, by_chance(2)),
        *(again(app, place, firsts[n], 2) for n in range(12)),
        again(app, place, firsts[0], 3),
    ]
    save(*attempts)

    number = learn(app, batch=7)

    by_question, groups, twice = tallied(app)
    assert number == len(attempts)
    assert {row[:4]: list(row[4:]) for row in by_question} == plainly(app, attempts)
    event = place[0].id
    all_papers = {row[0]: row[3:] for row in groups if row[2] == ""}
    points = [attempt.points for attempt in firsts]
    assert all_papers[event] == (30, 3000, 10 * sum(points), sum(p * p for p in points))
    assert twice == [(event, JINJIANG, 12, 120, sum(points[:12]), 120, 120)]
    assert faults(app) == []
    assert learn(app) == 0


def test_any_attempts_add_up_to_what_a_plain_count_says(app: Flask) -> None:
    attempt = st.tuples(st.integers(1, 2), st.integers(1, 3), st.integers(0, 2**40 - 1))

    @settings(max_examples=40, deadline=None)
    @given(st.lists(attempt, max_size=12), st.randoms(use_true_random=False))
    def check(wanted: list[tuple[int, int, int]], chance: random.Random) -> None:
        found = knowledge_reading.Answers()
        plain: dict[tuple[Any, ...], list[int]] = {}
        for event_id, sequence, number in wanted:
            seed = seed_of(date(2026, 11, 22), number)
            paper = draw(edition, quiz.blueprint, seed)
            chosen = tuple(frozenset({chance.randrange(len(item.order))}) for item in paper)
            marked = mark(paper, chosen)
            before = (7, 10) if sequence == 2 else (None, None)
            kept = (event_id, uuid.uuid4(), JINJIANG, 1, 1, seed, answers.write(chosen))
            found.add(Kept(*kept, marked.points, marked.size, sequence, *before))
            of_group: dict[str, list[int]] = {}
            for item, is_right in zip(paper, marked.right, strict=True):
                place = [int(is_right), 1] if sequence == 1 else [0, 0]
                more = [place[1], place[0], 1 - place[1], is_right - place[0]]
                question = item.question
                cell = plain.setdefault((event_id, question.id), [0] * 4)
                cell[:] = [a + b for a, b in zip(cell, more, strict=True)]
                cited = {f"s:{citation.statute_id}" for citation in question.citations}
                for group in {"", f"t:{question.topic_id}"} | cited:
                    pair = of_group.setdefault(group, [0, 0])
                    pair[:] = [pair[0] + 1, pair[1] + is_right]
            for group, (n, r) in of_group.items() if sequence == 1 else ():
                cell = plain.setdefault((event_id, "group", group), [0] * 4)
                cell[:] = [a + b for a, b in zip(cell, [1, n * n, n * r, r * r], strict=True)]
            if sequence == 2:
                cell = plain.setdefault((event_id, "again", ""), [0] * 5)
                second = [1, 10, 7, marked.size, marked.points]
                cell[:] = [a + b for a, b in zip(cell, second, strict=True)]

        tables = [cells for _model, cells in found.tables()]
        got = {(e, q): list(numbers) for (e, _r, _ed, q), numbers in tables[0].items()}
        got |= {(e, "group", g): list(numbers) for (e, _r, g), numbers in tables[1].items()}
        got |= {(e, "again", ""): list(numbers) for (e, _r), numbers in tables[2].items()}
        assert got == plain
        assert found.unfit == []

    with app.app_context():
        edition, quiz = bank.edition(1), bank.quiz(1)
        check()


def test_what_is_folded_waits_to_be_read_and_nothing_else(
    app: Flask, save: Save, place: Place, rows: Rows
) -> None:
    attempts = save(*some_answered(app, *place, 5))
    waiting = sa.select(UnreadAttempt.id)

    before = rows(waiting)
    with app.app_context():
        rollup.fold(3)
        folded = rows(waiting)
        knowledge_reading.read_batch(2)
    after = rows(waiting)

    assert (len(before), len(folded), len(after)) == (0, 3, 1)
    assert {row[0] for row in folded} < {attempt.id for attempt in attempts}
    assert faults(app) == []


def test_a_reading_that_dies_before_its_end_changes_nothing(
    app: Flask, save: Save, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(*some_answered(app, *place, 6, by_chance(3)))
    with app.app_context():
        rollup.fold_all()

    class PowerCutError(Exception):
        pass

    def die(*_args: Any, **_more: Any) -> None:
        raise PowerCutError

    for step in (len(TABLES) + 1, 2, 1):  # at the last statement of the transaction, or earlier
        with app.app_context():
            left = Counter({"statements": step})

            @sa.event.listens_for(db.engine, "after_cursor_execute")
            def _count(_c: Any, _cur: Any, text: str, *_more: Any) -> None:
                left["statements"] -= not text.startswith(("SELECT", "SHOW", "SET"))  # noqa: B023
                if left["statements"] == 0:  # noqa: B023
                    die()

            with pytest.raises(PowerCutError):
                knowledge_reading.read_batch()
            sa.event.remove(db.engine, "after_cursor_execute", _count)
        assert tallied(app) == [[], [], []]
        assert faults(app) == []

    assert learn(app) == 6
    assert faults(app) == []


def test_two_that_read_at_once_count_nothing_twice(app: Flask, save: Save, place: Place) -> None:
    attempts = some_answered(app, *place, 24, by_chance(4))
    save(*attempts)
    with app.app_context():
        rollup.fold_all()
    gate = threading.Barrier(4)
    taken: list[int] = []

    def run() -> None:
        with app.app_context():
            gate.wait()
            for _turn in range(6):
                try:
                    taken.append(knowledge_reading.read_batch(3))
                except knowledge_reading.OvertakenError:
                    continue

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sum(taken) + learn(app) == len(attempts)
    assert {row[:4]: list(row[4:]) for row in tallied(app)[0]} == plainly(app, attempts)
    assert faults(app) == []


def test_a_batch_that_somebody_read_meanwhile_is_given_up_whole(
    app: Flask, save: Save, place: Place
) -> None:
    save(*some_answered(app, *place, 4))
    with app.app_context():
        rollup.fold_all()
        was_first: list[int] = []

        def meanwhile() -> None:
            if not was_first:
                was_first.append(1)
                was_first.append(knowledge_reading.read_batch(1))

        with pytest.raises(knowledge_reading.OvertakenError):
            knowledge_reading.read_batch(4, meanwhile)

    assert learn(app) == 3
    assert faults(app) == []


def test_an_attempt_that_does_not_fit_its_paper_is_left_out_counted_and_told(
    app: Flask, save: Save, place: Place, rows: Rows, caplog: pytest.LogCaptureFixture
) -> None:
    good = some_answered(app, *place, 2)
    unfit = an_attempt(*place, id=uuid.UUID(int=7))
    save(*good, unfit)

    learn(app)

    assert rows(sa.select(ReadingState.unfit)) == [(1,)]
    assert str(unfit.id) in caplog.text
    assert {row[:4]: list(row[4:]) for row in tallied(app)[0]} == plainly(app, good)
    verified = app.test_cli_runner().invoke(args=["tally", "verify"])
    assert (verified.exit_code, verified.stderr) == (0, "")
    assert "1 attempt left out: no fit for the paper" in verified.output


@pytest.mark.parametrize("model", TABLES)
def test_verify_finds_what_was_tampered_with_and_rebuild_mends_it(
    app: Flask, save: Save, place: Place, model: Any
) -> None:
    first = some_answered(app, *place, 3)
    save(*first, again(app, place, first[0], 2))
    learn(app)
    sound = tallied(app)
    table = knowledge_reading.table_of(model)
    number = list(table.columns)[-1]
    with app.app_context(), write() as connection:
        connection.execute(sa.update(table).values({number: number + 1}))
    run = app.test_cli_runner().invoke

    told, quick = run(args=["tally", "verify"]), run(args=["tally", "verify", "--quick"])
    mended = run(args=["tally", "rebuild"])

    assert (told.exit_code, quick.exit_code) == (1, 0)
    assert "to mend: flask --app app tally rebuild" in told.stderr
    assert mended.output == "4 attempts folded, 4 read\n"
    assert tallied(app) == sound
    assert run(args=["tally", "verify"]).exit_code == 0


def test_verify_finds_an_attempt_that_is_in_no_queue_and_in_no_tally(
    app: Flask, save: Save, place: Place
) -> None:
    save(*some_answered(app, *place, 2))
    with app.app_context():
        rollup.fold_all()
        with write() as connection:
            connection.execute(sa.delete(knowledge_reading.table_of(UnreadAttempt)))

    assert faults(app) != []


def test_a_server_reads_by_itself_soon_after_an_attempt(
    app: Flask, server: Server, save: Save, rows: Rows
) -> None:
    event = an_event()
    poster = save(event, a_poster(event))[1]
    with httpx.Client(base_url=server.url, headers={"Referer": server.url}) as client:
        paper = read_paper(poster.code, client.get(f"/q/{poster.code}").text)
        form = {"ticket": paper.ticket} | paper.answers()
        assert client.post(f"/q/{poster.code}", data=form).status_code == 303

    wait = threading.Event()
    for _turn in range(300):
        if rows(sa.select(AnswerTally.question_id)):
            break
        wait.wait(0.1)

    assert len(rows(sa.select(AnswerTally.question_id))) == 10
    assert rows(sa.select(UnreadAttempt.id)) == []
    assert faults(app) == []
