"""What tests of knowledge need: attempts that were read, and what the tables say then."""

import random
from collections.abc import Callable, Sequence
from typing import Any

import sqlalchemy as sa
from flask import Flask

from core.db import read
from outreach.events.models import Event
from outreach.participation.models import Attempt
from outreach.posters.models import Poster
from outreach.tally import knowledge_reading, knowledge_recount, knowledge_sums, rollup
from outreach.tally.knowledge import Knowledge
from outreach.tally.knowledge_models import (
    AgainTally,
    AnswerTally,
    GroupTally,
)
from outreach.tally.knowledge_sums import Scope
from question_bank import service as bank
from question_bank.selection import draw
from tests.builders import (
    CAMPAIGN_ID,
    FUJIAN,
)
from tests.outreach.answered import rightly, some_answered

Save = Callable[..., Any]
Rows = Callable[[sa.Select[Any]], list[Any]]
Place = tuple[Event, Poster]
TABLES = (AnswerTally, GroupTally, AgainTally)
PAGE = "/organize/knowledge"


def by_chance(seed: int) -> Callable[..., Any]:
    """Choose rightly two times in three."""
    chance = random.Random(seed)  # noqa: S311 -- the same every time
    return lambda item, _n: item.question.right_choices if chance.random() < 0.66 else {0}


def learn(app: Flask, batch: int = knowledge_reading.BATCH) -> int:
    """Fold and read all that waits; return how many were read."""
    with app.app_context():
        rollup.fold_all()
        total = 0
        while number := knowledge_reading.read_batch(batch):
            total += number
        return total


def tallied(app: Flask) -> list[list[tuple[Any, ...]]]:
    """Return what the tables hold."""
    with app.app_context(), read() as connection:
        tables = [knowledge_reading.table_of(model) for model in TABLES]
        return [
            [tuple(row) for row in connection.execute(sa.select(t).order_by(*t.primary_key))]
            for t in tables
        ]


def faults(app: Flask) -> Sequence[Any]:
    with app.app_context():
        return knowledge_recount.recount().differences


def known(app: Flask, region: str = FUJIAN, kind: str | None = None, **scope: Any) -> Knowledge:
    """Return what is known in a region, added up now."""
    with app.app_context():
        now = bank.latest()
        assert now
        wanted = Scope(campaign_id=CAMPAIGN_ID, region_code=region, **scope)
        return Knowledge(now, knowledge_sums.make(wanted, now).sums, kind)


def plainly(app: Flask, attempts: Sequence[Attempt]) -> dict[tuple[Any, ...], list[int]]:
    """Count answers by event, region, edition and question, the plain way."""
    found: dict[tuple[Any, ...], list[int]] = {}
    with app.app_context():
        for attempt in attempts:
            edition = bank.edition(attempt.edition)
            paper = draw(edition, bank.quiz(attempt.quiz_id).blueprint, attempt.seed)
            for item, chosen in zip(paper, attempt.answers.split("."), strict=True):
                key = (attempt.event_id, attempt.region_code, attempt.edition, item.question.id)
                numbers = found.setdefault(key, [0, 0, 0, 0])
                place = 0 if attempt.sequence == 1 else 2
                numbers[place] += 1
                numbers[place + 1] += {int(i) for i in chosen} == item.question.right_choices
    return found


def again(app: Flask, place: Place, before: Attempt, number: int, **changes: Any) -> Attempt:
    """Build the attempt of a number by the phone of another attempt."""
    values = {"device_key": before.device_key, "sequence": number, "counted": False}
    return some_answered(app, *place, 1, rightly, first=500 + number, **values | changes)[0]


def renew(app: Flask) -> int:
    """Do what the thread beside the pages does, and return how much that was."""
    with app.app_context():
        number = 0
        while knowledge_sums.renew():
            number += 1
        return number
