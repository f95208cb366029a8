"""Counting anew what every question did, from all attempts.

Attempts keep no papers: each is drawn again from its edition, quiz and seed. They are read edition
by edition, so that each edition is in memory once, and within an edition in batches along the
table's key, so that memory does not grow with their number. What archived attempts did was counted
from the archive and is added.
"""

import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from core import clock
from core.db import db, read
from outreach.events.archived import event_ids
from outreach.participation import answers
from outreach.participation.models import Attempt
from outreach.tally.archive_models import ArchivedItem
from outreach.tally.models import ItemStatistic
from question_bank import service as bank
from question_bank.edition import Edition
from question_bank.grading import Chosen, Mark, mark
from question_bank.items import ItemCount, places_now
from question_bank.selection import Paper, QuizNotFillableError, draw

BATCH = 2000

Counts = dict[str, ItemCount]
"""What was counted, by the question's id."""


class OvertakenError(Exception):
    """Another recount ended at the same moment; its numbers stand."""


class UnfitError(Exception):
    """What is kept of an attempt does not fit the paper drawn from it."""


class Kept(NamedTuple):
    id: uuid.UUID
    quiz_id: int
    seed: int
    answers: str
    points: int


@dataclass(frozen=True, slots=True)
class Recount:
    """How much was counted.

    `questions` are those of the latest edition with at least one answer. `unfit` attempts were left
    out: what is kept of them does not fit the paper that edition, quiz and seed give.
    """

    attempts: int
    questions: int
    unfit: int


def recount(batch: int = BATCH) -> Recount:
    """Count all attempts and replace the table in one transaction, which the caller commits.

    Reading takes no writer's place; writing begins when everything is counted. Every question of
    the latest edition gets a row. Answers from older editions count where the question had the
    same choices.

    :param batch: how many attempts are in memory at once
    :raises OvertakenError: another recount wrote at the same moment
    """
    as_of = clock.now()
    latest = bank.latest()
    if latest is None:
        return Recount(0, 0, 0)
    totals = {question.id: ItemCount.of(question) for question in latest.questions.values()}
    attempts = unfit = 0
    for number, events in _events_by_edition():
        edition = bank.edition(number)
        counts = nothing_counted(edition)
        for kept in _attempts(number, events, batch):
            try:
                count(counts, *read_attempt(edition, kept))
            except UnfitError:
                unfit += 1
            else:
                attempts += 1
        _carry_over(counts, edition, latest, totals)
    for number, counts in _archived():
        _carry_over(counts, bank.edition(number), latest, totals)
    _replace(totals, latest.number, as_of)
    return Recount(attempts, sum(bool(item.answers) for item in totals.values()), unfit)


def _events_by_edition() -> Iterator[tuple[int, list[int]]]:
    """List for each edition that attempts rest on, the oldest first, the events they belong to."""
    query = sa.select(Attempt.edition, Attempt.event_id).distinct()
    query = query.where(Attempt.event_id.not_in(event_ids()))
    events: dict[int, list[int]] = {}
    with read() as connection:
        for edition, event_id in connection.execute(query):
            events.setdefault(edition, []).append(event_id)
    for edition in sorted(events):
        yield edition, sorted(events[edition])


def _archived() -> Iterator[tuple[int, Counts]]:
    """Yield what was counted of archived attempts, question by question."""
    query = sa.select(ArchivedItem.edition, ArchivedItem.question_id, ArchivedItem.body)
    query = query.order_by(ArchivedItem.archive_id, ArchivedItem.edition)
    with read() as connection:
        rows = connection.execute(query).all()
    for edition, question_id, body in rows:
        yield edition, {question_id: ItemCount.from_json(body)}


def _attempts(edition: int, events: Sequence[int], batch: int) -> Iterator[Kept]:
    """Read the attempts of an edition along the key, each batch in a short transaction."""
    columns = [getattr(Attempt, name) for name in Kept._fields]
    after = sa.bindparam("after", type_=Attempt.id.type)
    query = (
        sa.select(*columns)
        .where(
            Attempt.event_id == sa.bindparam("event"),
            Attempt.edition == edition,
            Attempt.id > after,
        )
        .order_by(Attempt.id)
        .limit(batch)
    )
    for event_id in events:
        last = uuid.UUID(int=0)
        while True:
            with read() as connection:
                rows = connection.execute(query, {"event": event_id, "after": last}).all()
            for row in rows:
                yield Kept._make(row)
            if len(rows) < batch:
                break
            last = rows[-1].id


def read_attempt(edition: Edition, kept: Kept) -> tuple[Paper, Chosen, Mark]:
    """Draw the paper of an attempt anew and mark its answers.

    :raises UnfitError: they do not belong together
    """
    try:
        paper = draw(edition, bank.quiz(kept.quiz_id).blueprint, kept.seed)
        chosen = answers.restore(kept.answers)
        result = mark(paper, chosen)
    except (QuizNotFillableError, OverflowError, ValueError) as error:
        raise UnfitError(kept.id) from error
    if result.points != kept.points:
        raise UnfitError(kept.id)
    for item, choices in zip(paper, chosen, strict=True):
        if choices and max(choices) >= len(item.order):
            raise UnfitError(kept.id)
    return paper, chosen, result


def nothing_counted(edition: Edition) -> Counts:
    """Begin counting an edition's questions at nothing."""
    return {question.id: ItemCount.of(question) for question in edition.questions.values()}


def count(counts: Counts, paper: Paper, chosen: Chosen, result: Mark) -> None:
    """Add the answers of a paper to what was counted of its questions."""
    others, points = len(paper) - 1, result.points
    for item, choices, is_right in zip(paper, chosen, result.right, strict=True):
        counts[item.question.id].add(
            choices, is_right=is_right, others=others, rest=points - is_right
        )


def _carry_over(counts: Counts, edition: Edition, latest: Edition, totals: Counts) -> None:
    """Add an edition's counts to those of the latest where the question is still the same."""
    for question_id, item in counts.items():
        now = latest.questions.get(question_id)
        places = places_now(edition.questions[question_id], now)
        if item.answers and places is not None:
            totals[question_id] += item.moved(places)


def _replace(totals: Mapping[str, ItemCount], edition: int, as_of: datetime) -> None:
    rows = [
        {
            "question_id": question_id,
            "body": item.as_json() | {"edition": edition},
            "answers": item.answers,
            "computed_at": as_of,
        }
        for question_id, item in totals.items()
    ]
    try:
        with db.session.begin_nested():
            db.session.execute(sa.delete(ItemStatistic))
            if rows:
                db.session.execute(sa.insert(ItemStatistic), rows)
    except IntegrityError:
        raise OvertakenError from None
