"""What operators watch besides requests: what waits, and which edition is out since when."""

import sqlalchemy as sa
from flask import Flask

from core import clock, jobs, metrics
from core.db import Model, read
from outreach.tally.knowledge_models import UnreadAttempt
from outreach.tally.rollup_models import FreshAttempt
from question_bank.models import Edition

_LATEST = sa.select(Edition.number, Edition.published_at).order_by(Edition.number.desc()).limit(1)


def _waiting(model: type[Model]) -> float:
    with read() as connection:
        return connection.scalar(sa.select(sa.func.count()).select_from(model)) or 0


def _edition_number() -> float | None:
    with read() as connection:
        row = connection.execute(_LATEST).first()
    return row.number if row else None


def _edition_age() -> float | None:
    with read() as connection:
        row = connection.execute(_LATEST).first()
    return (clock.now() - row.published_at).total_seconds() if row else None


def init_app(app: Flask) -> None:
    """Register the figures."""
    for name, words, gauge in (
        ("unfolded_attempts", "Attempts not in the rollups yet.", lambda: _waiting(FreshAttempt)),
        (
            "unread_attempts",
            "Attempts whose answers no tally holds yet.",
            lambda: _waiting(UnreadAttempt),
        ),
        ("waiting_jobs", "Files asked for and not made yet.", jobs.waiting),
        ("edition_number", "The edition of the question bank that is out.", _edition_number),
        ("edition_age_seconds", "Since when it is out.", _edition_age),
    ):
        metrics.tell_gauge(app, name, words, gauge)
