"""Attempts: one short write for a submission, one read for its result."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

import sqlalchemy as sa
from blinker import Namespace
from flask import current_app
from sqlalchemy.exc import IntegrityError

from core import clock
from core.db import read, write
from core.prepared import Prepared
from outreach.participation import answers
from outreach.participation.models import Attempt
from outreach.participation.service import Place, Scan
from outreach.participation.ticket import Ticket
from question_bank import service as bank
from question_bank.grading import Chosen, Mark, mark
from question_bank.selection import Counting, Paper

# Attempts of one device sent at the same instant want the same number; all but one try again, by
# turns. Whoever has none then lost to one that was written, each time.
TRIES = 100
attempt_written = Namespace().signal("attempt-written")
"""Sent by the app when an attempt was committed."""
# Told apart from the columns' names, which SQLAlchemy keeps for itself in an INSERT.
NEW = "new_"


class OtherAnswersError(Exception):
    """The ticket was used before with other answers; those stand."""

    def __init__(self, event_id: int, attempt_id: uuid.UUID) -> None:
        super().__init__(attempt_id)
        self.event_id, self.attempt_id = event_id, attempt_id


def submit(
    scan: Scan, ticket: Ticket, paper: Paper, choices: Chosen, *, place: Place, device_key: bytes
) -> bool:
    """Write the attempt: one row, whatever is sent again or at once; tell whether it is new.

    Its transaction is its own and ends here: the lock that writers share is held for one
    statement, not while a view looks, grades and answers.

    :raises OtherAnswersError: the same ticket came before with other answers
    """
    quiz = bank.quiz(ticket.quiz_id)
    result = mark(paper, choices)
    at = clock.now()
    values: dict[str, Any] = {
        "event_id": scan.event_id,
        "id": ticket.attempt_id,
        "poster_code": scan.poster_code,
        "team_id": scan.team_id,
        "region_code": place.code,
        "region_zh": place.zh,
        "region_en": place.en,
        "edition": ticket.edition,
        "quiz_id": ticket.quiz_id,
        "seed": ticket.seed,
        "answers": answers.write(choices),
        "points": result.points,
        "size": result.size,
        "passed": result.points >= quiz.pass_mark,
        "device_key": device_key,
        "local_day": clock.local_day(at),
        "submitted_at": at,
    }
    row = {f"{NEW}{name}": value for name, value in values.items()}
    statement = _INSERT[quiz.counting]
    for n in range(TRIES):
        try:
            if n:
                _write_by_turns(statement, row)
            else:
                statement.write(row)
        except IntegrityError:
            kept = answers_of(scan.event_id, ticket.attempt_id)
            if kept is None and n == TRIES - 1:
                raise
            if kept is not None and kept != values["answers"]:
                raise OtherAnswersError(scan.event_id, ticket.attempt_id) from None
            if kept is not None:
                return False
        else:
            attempt_written.send(current_app._get_current_object())  # type: ignore[attr-defined]
            return True
    raise AssertionError  # the last try returned or raised


def _write_by_turns(statement: Prepared, row: Mapping[str, Any]) -> None:
    """Write after those of the same device that try again too.

    PostgreSQL's lock ends with the transaction, and each statement sees what was committed before
    it; SQLite's writers take turns anyway.
    """
    device = int.from_bytes(row[f"{NEW}device_key"][:8], signed=True)
    with write() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(device)))
        connection.execute(statement.statement, row)


def answers_of(event_id: int, attempt_id: uuid.UUID) -> str | None:
    """Return the answers of an attempt that was accepted before, as they are kept, or None."""
    query = sa.select(Attempt.answers)
    with read() as connection:
        return connection.scalar(
            query.where(Attempt.event_id == event_id, Attempt.id == attempt_id)
        )


def is_known(event_id: int, attempt_id: uuid.UUID) -> bool:
    """Tell whether an attempt was accepted before."""
    return answers_of(event_id, attempt_id) is not None


_TABLE: sa.Table = sa.inspect(Attempt).local_table  # type: ignore[assignment]


def _insert(counting: Counting) -> sa.Insert:
    """Build the one statement that numbers an attempt, decides whether it counts, and writes it."""
    binds = {
        column.name: sa.bindparam(f"{NEW}{column.name}", type_=column.type)
        for column in _TABLE.columns
        if column.name not in {"sequence", "counted"}
    }
    earlier = sa.and_(
        Attempt.event_id == binds["event_id"], Attempt.device_key == binds["device_key"]
    )
    has_counted = sa.and_(earlier, Attempt.counted)
    if counting is Counting.DAILY:
        has_counted = sa.and_(has_counted, Attempt.local_day == binds["local_day"])
    sequence = sa.select(sa.func.coalesce(sa.func.max(Attempt.sequence), 0) + 1).where(earlier)
    counted: sa.ColumnElement[bool] = (
        sa.true()
        if counting is Counting.ALWAYS
        else sa.not_(sa.exists(sa.select(Attempt.id).where(has_counted)))
    )
    return _TABLE.insert().values(**binds, sequence=sequence.scalar_subquery(), counted=counted)


_INSERT: Mapping[Counting, Prepared] = {
    counting: Prepared(_insert(counting)) for counting in Counting
}


class Kept(NamedTuple):
    """What is kept of an attempt and shown to its participant."""

    poster_code: str
    region_code: str
    region_zh: str
    region_en: str
    edition: int
    quiz_id: int
    seed: int
    answers: str
    points: int
    size: int
    passed: bool
    counted: bool
    local_day: date


@dataclass(frozen=True, slots=True)
class Result:
    """An attempt as its participant sees it, now and for ever."""

    attempt: Kept
    paper: Paper
    choices: Chosen
    mark: Mark


_RESULT = Prepared(
    sa.select(*(_TABLE.c[name] for name in Kept._fields)).where(
        _TABLE.c.event_id == sa.bindparam("receipt_event"),
        _TABLE.c.id == sa.bindparam("receipt_attempt"),
    )
)


def result(event_id: int, attempt_id: uuid.UUID) -> Result | None:
    """Return the result of an attempt, drawn anew from what was kept."""
    key = {"receipt_event": event_id, "receipt_attempt": attempt_id}
    row = _RESULT.first(key)
    if row is None:
        return None
    attempt = Kept._make(row)
    paper = bank.paper(attempt.edition, attempt.quiz_id, attempt.seed)
    choices = answers.restore(attempt.answers)
    return Result(attempt, paper, choices, mark(paper, choices))
