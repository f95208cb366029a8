"""Attempts with real papers and real answers, for tests of what questions did."""

from collections.abc import Callable, Collection, Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa
from flask import Flask

from core.db import db, reading
from outreach.events.models import Event
from outreach.participation import answers
from outreach.participation.models import Attempt
from outreach.posters.models import Poster
from outreach.tally.models import ItemStatistic
from question_bank import service as bank
from question_bank.grading import mark
from question_bank.items import ItemCount
from question_bank.selection import Item, draw
from tests.outreach.attempts import an_attempt
from tests.question_bank.samples import seed_of

DAY = date(2026, 11, 22)
Choose = Callable[[Item, int], Collection[int]]
"""Chooses the author's indexes for a question of the attempt of a number."""


def rightly(item: Item, _number: int) -> Collection[int]:
    """Choose what is right."""
    return item.question.right_choices


def in_turn(item: Item, number: int) -> Collection[int]:
    """Choose one choice after the other, from attempt to attempt."""
    return {(number + len(item.question.id)) % len(item.order)}


def some_answered(
    app: Flask,
    event: Event,
    poster: Poster,
    count: int,
    choose: Choose = in_turn,
    *,
    first: int = 0,
    **changes: Any,
) -> list[Attempt]:
    """Build attempts over papers drawn from the seeds `first`, `first + 1`, ... of a day."""
    made = []
    with app.app_context(), reading():
        for number in range(first, first + count):
            seed = seed_of(DAY, number)
            edition = bank.edition(changes.get("edition", 1))
            paper = draw(edition, bank.quiz(event.quiz_id).blueprint, seed)
            chosen = tuple(frozenset(choose(item, number)) for item in paper)
            result = mark(paper, chosen)
            values: dict[str, Any] = {
                "seed": seed,
                "answers": answers.write(chosen),
                "points": result.points,
                "size": result.size,
            }
            made.append(an_attempt(event, poster, **(values | changes)))
    return made


def counted(app: Flask) -> dict[str, ItemCount]:
    """Return what the table holds of every question."""
    with app.app_context(), reading():
        rows = db.session.scalars(sa.select(ItemStatistic)).all()
        return {row.question_id: ItemCount.from_json(row.body) for row in rows}


def expected(app: Flask, attempts: Sequence[Any]) -> dict[str, tuple[int, int, list[int]]]:
    """Work out answers, right ones and how often each choice was chosen, the plain way."""
    found: dict[str, tuple[int, int, list[int]]] = {}
    with app.app_context(), reading():
        for attempt in attempts:
            blueprint = bank.quiz(attempt.quiz_id).blueprint
            paper = draw(bank.edition(attempt.edition), blueprint, attempt.seed)
            for item, chosen in zip(paper, attempt.answers.split("."), strict=True):
                question = item.question
                shown, right, each = found.get(question.id, (0, 0, [0] * len(question.choices)))
                marks = {str(i) for i in question.right_choices}
                found[question.id] = (
                    shown + 1,
                    right + (set(chosen) == marks),
                    [n + (str(i) in chosen) for i, n in enumerate(each)],
                )
    return found
