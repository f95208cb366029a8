"""Posters."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core.db import Model
from outreach.events.models import Event, Team
from outreach.posters.codes import CODE_LENGTH

MAX_PLACEMENT = 40


class Poster(Model):
    """One printed code; `placement` says where it hangs, so that one learns which wall works.

    A code is for ever: it can be withdrawn, never deleted or used again.
    """

    code: Mapped[str] = mapped_column(sa.String(CODE_LENGTH), primary_key=True)
    event_id: Mapped[int] = mapped_column(sa.ForeignKey("event.id"), index=True)
    team_id: Mapped[int | None] = mapped_column(sa.ForeignKey("team.id"))
    placement: Mapped[str] = mapped_column(sa.String(MAX_PLACEMENT))
    created_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]

    event: Mapped[Event] = relationship()
    team: Mapped[Team | None] = relationship()
