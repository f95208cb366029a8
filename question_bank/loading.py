"""Bringing the tables to what the content files say."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from core import clock
from core.db import db
from question_bank import models
from question_bank.content import Question
from question_bank.importer import Bank
from question_bank.models import QuestionState
from question_bank.register import Statute, Topic

AUTHOR = "content files"


@dataclass(slots=True)
class Loaded:
    """What a load changed.

    `kept` names questions that both an editor and the files changed: the editor's words stay.
    """

    added: int = 0
    changed: int = 0
    retired: int = 0
    kept: list[str] = field(default_factory=list)


def load(bank: Bank, *, overwrite: bool = False) -> Loaded:
    """Bring topics, statutes, quizzes and questions to what the content files say.

    Twice is the same as once. Questions that left the files retire; nothing is deleted.

    :param overwrite: let the files win where an editor changed the same question since
    """
    _load_topics(bank.topics)
    _load_statutes(bank.statutes.values())
    _load_quizzes(bank)
    return _load_questions(bank.questions, overwrite=overwrite)


def _load_topics(topics: Sequence[Topic]) -> None:
    for position, topic in enumerate(topics):
        db.session.merge(
            models.Topic(
                id=topic.id,
                position=position,
                name_zh=topic.name.zh,
                name_en=topic.name.en,
                summary_zh=topic.summary.zh,
                summary_en=topic.summary.en,
            )
        )
    db.session.flush()


def _load_statutes(statutes: Iterable[Statute]) -> None:
    for statute in statutes:
        db.session.merge(
            models.Statute(
                id=statute.id,
                title_zh=statute.title.zh,
                title_en=statute.title.en,
                version=statute.version,
                in_force_from=statute.in_force_from,
                in_force_until=statute.in_force_until,
                articles=statute.articles,
                known_articles=sorted(statute.known_articles),
            )
        )
    db.session.flush()


def _load_quizzes(bank: Bank) -> None:
    is_ready = sa.and_(models.Quiz.is_offered, models.Quiz.region_code.is_(None))
    offered = db.session.scalars(sa.select(models.Quiz).where(is_ready)).all()
    current = {quiz.slug: quiz for quiz in offered}
    for position, entry in enumerate(bank.quizzes):
        row = models.Quiz(
            slug=entry.slug,
            name_zh=entry.name.zh,
            name_en=entry.name.en,
            parts=entry.blueprint.as_json(),
            pass_mark=entry.pass_mark,
            counting=entry.counting,
            is_offered=True,
            position=position,
        )
        old = current.pop(entry.slug, None)
        if old is not None and _same_quiz(old, row):
            old.name_zh, old.name_en, old.position = row.name_zh, row.name_en, position
            continue
        if old is not None:
            old.is_offered = False
        db.session.add(row)
    for gone in current.values():
        gone.is_offered = False
    db.session.flush()


def _same_quiz(one: models.Quiz, other: models.Quiz) -> bool:
    return (one.parts, one.pass_mark, one.counting) == (
        other.parts,
        other.pass_mark,
        other.counting,
    )


def _load_questions(questions: Sequence[Question], *, overwrite: bool) -> Loaded:
    known = {row.id: row for row in db.session.scalars(sa.select(models.Question))}
    hashes = _latest_hashes()
    loaded = Loaded()
    for question in questions:
        body = question.as_json()
        new_hash = _hash(body)
        row = known.pop(question.id, None)
        if row is None:
            loaded.added += 1
            row = models.Question(id=question.id, topic_id=question.topic_id, revision=0)
            db.session.add(row)
            _bring(row, question, new_hash)
        elif row.file_hash == new_hash and not overwrite:
            continue
        elif hashes[row.id] == new_hash and row.state is QuestionState.LIVE:
            row.file_hash = new_hash
        elif overwrite or row.file_hash == "" or hashes[row.id] == row.file_hash:
            loaded.changed += 1
            _bring(row, question, new_hash)
        else:
            loaded.kept.append(row.id)
    for row in known.values():
        if row.file_hash is not None and row.state is not QuestionState.RETIRED:
            row.state, row.file_hash, row.updated_at = QuestionState.RETIRED, "", clock.now()
            loaded.retired += 1
    db.session.flush()
    return loaded


def _bring(row: models.Question, question: Question, new_hash: str) -> None:
    """Write what the files say as the latest revision, live at once: their review is a pull
    request's."""
    at = clock.now()
    row.revision += 1
    row.topic_id, row.file_hash, row.updated_at = question.topic_id, new_hash, at
    row.state, row.live_revision = QuestionState.LIVE, row.revision
    db.session.add(
        models.Revision(
            question_id=question.id,
            number=row.revision,
            body=question.as_json(),
            author_name=AUTHOR,
            reason="",
            created_at=at,
        )
    )


def _latest_hashes() -> dict[str, str]:
    query = sa.select(models.Revision.question_id, models.Revision.body).join(
        models.Question,
        sa.and_(
            models.Question.id == models.Revision.question_id,
            models.Question.revision == models.Revision.number,
        ),
    )
    return {question_id: _hash(body) for question_id, body in db.session.execute(query)}


def _hash(body: dict[str, Any]) -> str:
    text = json.dumps(body, ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()
