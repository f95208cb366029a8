"""What archived attempts did with the questions, kept for later recounts."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Model


class ArchivedItem(Model):
    """What was counted of a question of an edition in a campaign's archive.

    `body` is `question_bank.items.ItemCount.as_json()`.
    """

    archive_id: Mapped[int] = mapped_column(
        sa.ForeignKey("campaign_archive.campaign_id"), primary_key=True, autoincrement=False
    )
    edition: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    question_id: Mapped[str] = mapped_column(sa.String(80), primary_key=True)
    body: Mapped[dict[str, Any]] = mapped_column(sa.JSON)
