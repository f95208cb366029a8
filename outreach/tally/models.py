"""What was counted away from phones, and numbers that take too long to count for each page."""

import enum
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core.db import Model
from outreach.events.models import Team


class Channel(enum.StrEnum):
    """How somebody took part away from a phone."""

    PAPER = "paper"
    SPOKEN = "spoken"


class OfflineCount(Model):
    """People who took part on paper or by word of mouth, as an organizer says and vouches for.

    Never mixed with attempts: a channel of its own, with who entered it and why. A mistaken entry
    is withdrawn, not changed.
    """

    __table_args__ = (sa.CheckConstraint("people > 0", name="people_is_positive"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(sa.ForeignKey("event.id"), index=True)
    team_id: Mapped[int | None] = mapped_column(sa.ForeignKey("team.id"))
    channel: Mapped[Channel]
    people: Mapped[int]
    local_day: Mapped[date]
    reason: Mapped[str] = mapped_column(sa.String(120))
    entered_by: Mapped[int | None] = mapped_column(sa.ForeignKey("organizer.id"))
    entered_by_name: Mapped[str] = mapped_column(sa.String(40))
    entered_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]

    team: Mapped[Team | None] = relationship()


class ItemStatistic(Model):
    """What a question did until `computed_at`, counted from the attempts and replaced as a whole.

    `body` is `question_bank.items.ItemCount.as_json()` with the number of the `edition` whose
    choices it counts. `answers` stands in it too, and here for queries.
    """

    question_id: Mapped[str] = mapped_column(sa.ForeignKey("question.id"), primary_key=True)
    body: Mapped[dict[str, Any]] = mapped_column(sa.JSON)
    answers: Mapped[int]
    computed_at: Mapped[datetime]
