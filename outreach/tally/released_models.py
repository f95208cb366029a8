"""What the public was told of who passed: in steps, each of at least ten new devices."""

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Model

PLACE_LENGTH = 16


class Told:
    """Counted attempts, the devices behind them, and how many of the attempts passed."""

    counted: Mapped[int]
    devices: Mapped[int]
    passed: Mapped[int]


class ReleasedPart(Told, Model):
    """How much of an event's attempts in a region went into blocks so far."""

    event_id: Mapped[int] = mapped_column(
        sa.ForeignKey("event.id"), primary_key=True, autoincrement=False
    )
    region_code: Mapped[str] = mapped_column(sa.String(6), primary_key=True)


class ReleasedBlock(Told, Model):
    """Attempts of at least ten devices that were told together, added up by what they share.

    `place` is the smallest line of the public tables that holds all of them. `event_id`, `kind`,
    `body_id` and `quiz_id` are 0 or empty where a block holds several.
    """

    campaign_id: Mapped[int] = mapped_column(
        sa.ForeignKey("campaign.id"), primary_key=True, autoincrement=False
    )
    place: Mapped[str] = mapped_column(sa.String(PLACE_LENGTH), primary_key=True)
    event_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(sa.String(24), primary_key=True)
    body_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    quiz_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)


class ReleasedState(Model):
    """One row; `serial` grows with every release, so that what was told can be kept in memory."""

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    serial: Mapped[int] = mapped_column(sa.BigInteger)
