"""Booklets kept in memory, and made one at a time."""

from dataclasses import dataclass, field
from datetime import date
from threading import BoundedSemaphore, Lock
from urllib.parse import quote

import sqlalchemy as sa
from flask import current_app

from core import clock
from core.config import Settings
from core.db import read
from question_bank import models
from question_bank.booklet import Booklet, Imprint
from question_bank.edition import Edition
from question_bank.register import Topic

BOOKLETS_IN_MEMORY = 64
PLACES = 2

Key = tuple[int, str, str, date]


class PressBusyError(Exception):
    """A booklet is being made and another one waits; in a few seconds there is room again."""


@dataclass(frozen=True, slots=True)
class Press:
    """What one process has printed, and who may print next.

    Making a booklet takes a second of a processor. One is made at a time and one request may wait
    for it, so that the other threads of the server stay free for those who answer questions.
    """

    made: dict[Key, bytes] = field(default_factory=dict)
    places: BoundedSemaphore = field(default_factory=lambda: BoundedSemaphore(PLACES))
    lock: Lock = field(default_factory=Lock)


def booklet(edition: Edition, topic: Topic, day: date, locale: str) -> bytes:
    """Return the booklet of a topic as a PDF, with the questions that may be drawn on a day.

    :raises PressBusyError: others are before us; try again later
    """
    press: Press = current_app.extensions["press"]
    key = edition.number, topic.id, locale, day
    if (made := press.made.get(key)) is not None:
        return made
    if not press.places.acquire(blocking=False):
        raise PressBusyError
    try:
        with press.lock:
            if (made := press.made.get(key)) is None:
                made = _make(edition, topic, day, locale)
                if len(press.made) >= BOOKLETS_IN_MEMORY:
                    press.made.pop(next(iter(press.made)))
                press.made[key] = made
            return made
    finally:
        press.places.release()


def _make(edition: Edition, topic: Topic, day: date, locale: str) -> bytes:
    settings: Settings = current_app.config["SETTINGS"]
    imprint = Imprint(
        published_on=_published_on(edition),
        day=day,
        address=f"{settings.public_url}/learn/{quote(topic.id)}",
    )
    questions = [q for q in edition.drawable(day) if q.topic_id == topic.id]
    return Booklet(edition, topic, questions, imprint, locale).make()


def _published_on(edition: Edition) -> date:
    query = sa.select(models.Edition.published_at).where(models.Edition.number == edition.number)
    with read() as connection:
        return clock.local_day(connection.execute(query).scalar_one())
