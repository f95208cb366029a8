"""What tests of papers know and no phone does: the answer key, tickets, and all that is at rest."""

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from flask import Flask

from core import clock
from core.db import db, reading
from outreach.participation import service
from outreach.participation import ticket as tickets
from outreach.participation.models import Attempt
from outreach.participation.ticket import Ticket
from question_bank import models
from question_bank.content import Question
from question_bank.edition import hash_of
from tests.conftest import SECRET_KEY
from tests.phone import Paper

ATTEMPT = db.metadata.tables["attempt"]
ATTEMPTS = sa.select(sa.func.count()).select_from(Attempt)
ENGLISH = {"Accept_Language": "en"}
LANGUAGES = ("zh", "en")


def ticket_of(paper: Paper, at: datetime | None = None) -> Ticket:
    """Read the ticket on a page."""
    return tickets.read(paper.ticket, SECRET_KEY, at or clock.now())


def questions_of(app: Flask, paper: Paper) -> dict[str, tuple[Question, tuple[int, ...]]]:
    """Return each question by its field, with the author's index of every place."""
    with app.app_context(), reading():
        drawn = service.paper_of(ticket_of(paper))
    return {f"q{n}": (item.question, item.order) for n, item in enumerate(drawn, 1)}


def right_answers(app: Flask, paper: Paper) -> dict[str, list[str]]:
    """Return the places of the right choices."""
    return {
        name: [str(place) for place, i in enumerate(order, 1) if i in question.right_choices]
        for name, (question, order) in questions_of(app, paper).items()
    }


def wrong_answers(app: Flask, paper: Paper) -> dict[str, list[str]]:
    """Return one wrong choice for every question."""
    return {
        name: [str(place) for place, i in enumerate(order, 1) if i not in question.right_choices][
            :1
        ]
        or ["1"]
        for name, (question, order) in questions_of(app, paper).items()
    }


def at_rest(app: Flask) -> dict[str, list[tuple[Any, ...]]]:
    """Return every row of every table."""
    with app.app_context(), reading():
        return {
            table.name: [
                tuple(row)
                for row in db.session.execute(sa.select(table).order_by(*table.primary_key))
            ]
            for table in db.metadata.sorted_tables
        }


def publish_changed(app: Flask, change: Callable[[dict[str, Any]], None]) -> int:
    """Publish the latest edition anew with changed values; return its number."""
    with app.app_context():
        query = sa.select(models.Edition).order_by(models.Edition.number.desc()).limit(1)
        latest = db.session.scalars(query).one()
        values = json.loads(latest.snapshot)
        change(values)
        snapshot = json.dumps(values, ensure_ascii=False)
        number = latest.number + 1
        db.session.add(
            models.Edition(
                number=number,
                content_hash=hash_of(snapshot),
                published_at=clock.now(),
                summary="changed",
                snapshot=snapshot,
            )
        )
        db.session.commit()
    return number


def turn_answers(values: dict[str, Any]) -> None:
    """Make other choices right, as many as before, for other reasons."""
    for question in values["questions"]:
        choices = question["choices"]
        flags = [choice["right"] for choice in choices]
        for choice, right in zip(choices, [*flags[1:], flags[0]], strict=True):
            choice["right"] = right
        question["explanation"] = {"zh": "另一种解释。", "en": "Another reason."}
