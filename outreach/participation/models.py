"""Attempts."""

import uuid
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Model
from outreach.posters.codes import CODE_LENGTH


class Attempt(Model):
    """One accepted submission; written once, never changed.

    Every key begins with the event, so that the table can be partitioned or distributed by it.
    The paper is not kept: edition, quiz and seed give it back. The region's names are kept as the
    participant saw them.

    `device_key` is a keyed hash of a random cookie and the event. `sequence` numbers the attempts
    of one device at one event from 1: being unique, it also orders attempts sent at once, so that
    `counted` is decided once. `local_day` is the campaign's calendar day of `submitted_at`.
    """

    __table_args__ = (sa.UniqueConstraint("event_id", "device_key", "sequence"),)

    event_id: Mapped[int] = mapped_column(sa.ForeignKey("event.id"), primary_key=True)
    id: Mapped[uuid.UUID] = mapped_column(sa.Uuid, primary_key=True)
    poster_code: Mapped[str] = mapped_column(sa.String(CODE_LENGTH), sa.ForeignKey("poster.code"))
    team_id: Mapped[int | None] = mapped_column(sa.ForeignKey("team.id"))
    region_code: Mapped[str] = mapped_column(sa.ForeignKey("region.code"))
    region_zh: Mapped[str] = mapped_column(sa.String(40))
    region_en: Mapped[str] = mapped_column(sa.String(60))
    edition: Mapped[int] = mapped_column(sa.ForeignKey("edition.number"))
    quiz_id: Mapped[int] = mapped_column(sa.ForeignKey("quiz.id"))
    seed: Mapped[int] = mapped_column(sa.BigInteger)
    answers: Mapped[str] = mapped_column(sa.String(400))
    points: Mapped[int]
    size: Mapped[int]
    passed: Mapped[bool]
    device_key: Mapped[bytes] = mapped_column(sa.LargeBinary(16))
    sequence: Mapped[int]
    counted: Mapped[bool]
    local_day: Mapped[date]
    submitted_at: Mapped[datetime]
