"""Publishing editions, and those that a running server holds in memory."""

from collections import OrderedDict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from flask import current_app

from core import clock
from core.db import db, read
from question_bank import models
from question_bank.content import Question, Text
from question_bank.edition import Edition, hash_of, write_snapshot
from question_bank.models import QuestionState
from question_bank.register import Statute, Topic
from question_bank.selection import Blueprint, Paper, Quiz, draw

EDITIONS_IN_MEMORY = 16
PAPERS_IN_MEMORY = 4096
MAX_OFFERED = 200


class UnknownEditionError(Exception):
    """No edition has this number."""


class UnknownQuizError(Exception):
    """No quiz has this id."""


def publish(summary: str) -> int | None:
    """Publish all live questions as a new edition and return its number.

    Returns None if the latest edition already says the same.
    """
    snapshot = write_snapshot(topics(), statutes().values(), live_questions())
    content_hash = hash_of(snapshot)
    latest = db.session.scalar(
        sa.select(models.Edition).order_by(models.Edition.number.desc()).limit(1)
    )
    if latest is not None and latest.content_hash == content_hash:
        return None
    number = (latest.number if latest else 0) + 1
    db.session.add(
        models.Edition(
            number=number,
            content_hash=content_hash,
            published_at=clock.now(),
            summary=summary,
            snapshot=snapshot,
        )
    )
    db.session.flush()
    return number


def topics() -> list[Topic]:
    """List the topics in their order."""
    rows = db.session.scalars(sa.select(models.Topic).order_by(models.Topic.position))
    return [
        Topic(row.id, Text(row.name_zh, row.name_en), Text(row.summary_zh, row.summary_en))
        for row in rows
    ]


def statutes() -> dict[str, Statute]:
    """Return the register by id."""
    return {
        row.id: Statute(
            id=row.id,
            title=Text(row.title_zh, row.title_en),
            version=row.version,
            in_force_from=row.in_force_from,
            in_force_until=row.in_force_until,
            articles=row.articles,
            known_articles=frozenset(row.known_articles),
        )
        for row in db.session.scalars(sa.select(models.Statute))
    }


def live_questions() -> list[Question]:
    """List what the next edition would publish."""
    query = (
        sa.select(models.Revision.body)
        .join(models.Question, models.Question.id == models.Revision.question_id)
        .where(
            models.Revision.number == models.Question.live_revision,
            models.Question.state != QuestionState.RETIRED,
        )
    )
    return [Question.from_json(body) for body in db.session.scalars(query)]


@dataclass(frozen=True, slots=True)
class Pending:
    """What the next edition would add, change and leave out, against the latest one."""

    added: tuple[Question, ...]
    changed: tuple[tuple[Question, Question], ...]
    removed: tuple[Question, ...]


def pending() -> Pending:
    """Compare what is approved with the latest edition."""
    now = {question.id: question for question in live_questions()}
    published = latest()
    then = published.questions if published else {}
    return Pending(
        added=tuple(now[i] for i in sorted(now.keys() - then.keys())),
        changed=tuple((then[i], now[i]) for i in sorted(now) if i in then and now[i] != then[i]),
        removed=tuple(then[i] for i in sorted(then.keys() - now.keys())),
    )


def editions() -> Sequence[sa.Row[int, datetime, str]]:
    """List number, moment and summary of the latest editions, the newest first."""
    columns = (models.Edition.number, models.Edition.published_at, models.Edition.summary)
    query = sa.select(*columns).order_by(models.Edition.number.desc()).limit(20)
    return db.session.execute(query).all()


def latest_number_query() -> sa.ScalarSelect[int | None]:
    """Return the query for the number of the latest edition, to stand inside another query."""
    return sa.select(sa.func.max(models.Edition.number)).scalar_subquery()


def latest() -> Edition | None:
    """Return the latest edition, or None before the first one is published."""
    with read() as connection:
        number = connection.scalar(sa.select(sa.func.max(models.Edition.number)))
    return None if number is None else edition(number)


def edition(number: int) -> Edition:
    """Return an edition, from memory once it has been read.

    :raises UnknownEditionError: there is none of this number
    """
    held: dict[int, Edition] = current_app.extensions["editions"]
    if number not in held:
        with read() as connection:
            snapshot = connection.scalar(
                sa.select(models.Edition.snapshot).where(models.Edition.number == number)
            )
        if snapshot is None:
            raise UnknownEditionError(number)
        if len(held) >= EDITIONS_IN_MEMORY:
            held.pop(min(held), None)
        held[number] = Edition.from_snapshot(number, snapshot)
    return held[number]


def quiz(quiz_id: int) -> Quiz:
    """Return a quiz, from memory once it has been read; its name may be an earlier one.

    :raises UnknownQuizError: there is none of this id
    """
    held: dict[int, Quiz] = current_app.extensions["quizzes"]
    if quiz_id not in held:
        with read() as connection:
            query = sa.select(*sa.inspect(models.Quiz).local_table.columns)
            row = connection.execute(query.where(models.Quiz.id == quiz_id)).first()
        if row is None:
            raise UnknownQuizError(quiz_id)
        held[quiz_id] = Quiz(
            id=row.id,
            name=Text(row.name_zh, row.name_en),
            blueprint=Blueprint.from_json(row.parts),
            pass_mark=row.pass_mark,
            counting=row.counting,
        )
    return held[quiz_id]


def paper(edition_number: int, quiz_id: int, seed: int) -> Paper:
    """Draw a paper; the latest ones are in memory: who hands one in looks at its result next.

    :raises UnknownEditionError: there is none of this number
    :raises UnknownQuizError: there is none of this id
    :raises QuizNotFillableError: the edition has too few questions for a part
    """
    held: OrderedDict[tuple[int, int, int], Paper] = current_app.extensions["papers"]
    key = (edition_number, quiz_id, seed)
    drawn = held.get(key)
    if drawn is None:
        drawn = held[key] = draw(edition(edition_number), quiz(quiz_id).blueprint, seed)
        if len(held) > PAPERS_IN_MEMORY:
            held.popitem(last=False)
    return drawn


def offered_quizzes(region_codes: Collection[str] = ()) -> Sequence[models.Quiz]:
    """List the quizzes that an organizer may choose: the ready ones first.

    :param region_codes: a region and those above it, to list what was composed for them too
    """
    is_ready = models.Quiz.region_code.is_(None)
    is_composed = models.Quiz.region_code.in_(region_codes)
    query = (
        sa.select(models.Quiz)
        .where(models.Quiz.is_offered, sa.or_(is_ready, is_composed))
        .order_by(sa.case((is_ready, 0), else_=1), models.Quiz.position, models.Quiz.id)
        .limit(MAX_OFFERED)
    )
    return db.session.scalars(query).all()
