"""What is folded: numbers of attempts by day and by hour, and the attempts not folded yet."""

import uuid
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Model
from outreach.posters.codes import CODE_LENGTH


class FreshAttempt(Model):
    """An attempt that no rollup holds yet; a trigger of the database writes it with the attempt.

    Folding takes it away in the transaction that adds it to the rollups, so that every attempt is
    counted once: here or there, whatever dies in between, however late its transaction ends.
    """

    event_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    id: Mapped[uuid.UUID] = mapped_column(sa.Uuid, primary_key=True)


class Rollup:
    """Numbers of one cell, as `tally.service.Count` explains them."""

    attempts: Mapped[int]
    counted: Mapped[int]
    devices: Mapped[int]
    passed: Mapped[int]


class DayTally(Rollup, Model):
    """The folded attempts of an event, a local day and a region."""

    event_id: Mapped[int] = mapped_column(
        sa.ForeignKey("event.id"), primary_key=True, autoincrement=False
    )
    local_day: Mapped[date] = mapped_column(primary_key=True)
    region_code: Mapped[str] = mapped_column(sa.String(6), primary_key=True)


class HourTally(Rollup, Model):
    """The folded attempts of an event, a poster, a team and an hour.

    `hour_at` is the beginning of the hour; `team_id` is 0 for attempts of no team.
    """

    event_id: Mapped[int] = mapped_column(
        sa.ForeignKey("event.id"), primary_key=True, autoincrement=False
    )
    hour_at: Mapped[datetime] = mapped_column(primary_key=True)
    poster_code: Mapped[str] = mapped_column(sa.String(CODE_LENGTH), primary_key=True)
    team_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)


class RollupState(Model):
    """One row; `serial` grows whenever the rollups change, so that sums of them can be kept."""

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    serial: Mapped[int] = mapped_column(sa.BigInteger)
