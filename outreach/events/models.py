"""Events and their teams."""

import enum
import secrets
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core import clock
from core.db import Model
from outreach.campaigns.models import Body, Campaign
from outreach.regions.models import Region


class EventKind(enum.StrEnum):
    """Where an event takes place."""

    CAMPUS = "campus"
    FACTORY = "factory"
    COMMUNITY = "community"
    ONLINE = "online"


class EventState(enum.StrEnum):
    """What an event is at some moment; it follows from its times, unless it was cancelled."""

    PLANNED = "planned"
    OPEN = "open"
    CLOSED = "closed"
    CANCELLED = "cancelled"


def new_board_code() -> str:
    """Draw the code of a big screen: 96 random bits, for it shows without signing in."""
    return secrets.token_urlsafe(12)


class Event(Model):
    """One occasion: kind, site, region, host body, quiz, opening and closing moment.

    `title_en` may be missing: an organizer writes what the poster needs. `board_code` opens its
    big screen without an account. `changed_at` follows by itself; calendar programs ask for it.
    """

    __table_args__ = (
        sa.CheckConstraint("closes_at > opens_at", name="closes_after_opening"),
        sa.Index("ix_event_campaign_id_region_code", "campaign_id", "region_code"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    campaign_id: Mapped[int] = mapped_column(sa.ForeignKey("campaign.id"))
    kind: Mapped[EventKind]
    title_zh: Mapped[str] = mapped_column(sa.String(60))
    title_en: Mapped[str | None] = mapped_column(sa.String(120))
    site: Mapped[str] = mapped_column(sa.String(60))
    region_code: Mapped[str] = mapped_column(sa.ForeignKey("region.code"))
    body_id: Mapped[int] = mapped_column(sa.ForeignKey("body.id"))
    quiz_id: Mapped[int] = mapped_column(sa.ForeignKey("quiz.id"))
    opens_at: Mapped[datetime]
    closes_at: Mapped[datetime] = mapped_column(index=True)
    cancelled_at: Mapped[datetime | None]
    board_code: Mapped[str] = mapped_column(sa.String(16), unique=True, default=new_board_code)
    created_at: Mapped[datetime]
    created_by: Mapped[int | None] = mapped_column(sa.ForeignKey("organizer.id"))
    changed_at: Mapped[datetime] = mapped_column(default=clock.now, onupdate=clock.now)

    campaign: Mapped[Campaign] = relationship()
    region: Mapped[Region] = relationship()
    body: Mapped[Body] = relationship()
    teams: Mapped[list["Team"]] = relationship(back_populates="event", order_by="Team.id")

    def state(self, at: datetime) -> EventState:
        """Return what the event is at a moment."""
        return state_at(self.opens_at, self.closes_at, self.cancelled_at, at)


class Team(Model):
    """A workshop, shift or class that wants its own count; `roster_size` in persons, if stated."""

    __table_args__ = (
        sa.UniqueConstraint("event_id", "name"),
        sa.CheckConstraint("roster_size > 0", name="roster_is_positive"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(sa.ForeignKey("event.id"))
    name: Mapped[str] = mapped_column(sa.String(40))
    roster_size: Mapped[int | None]

    event: Mapped[Event] = relationship(back_populates="teams")


def state_at(
    opens_at: datetime, closes_at: datetime, cancelled_at: datetime | None, at: datetime
) -> EventState:
    """Return what an event of these times is at a moment; the closing moment is closed."""
    if cancelled_at is not None:
        return EventState.CANCELLED
    if at < opens_at:
        return EventState.PLANNED
    return EventState.OPEN if at < closes_at else EventState.CLOSED
