"""Whose attempts were moved into an archive, and what was counted of them before."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Model


class CampaignArchive(Model):
    """The file that holds a campaign's attempts, from the moment their removal begins.

    `sha256` is of the file's rows, `attempts` their number. `removed_at` is empty while some of
    them may still be in the database too.
    """

    campaign_id: Mapped[int] = mapped_column(
        sa.ForeignKey("campaign.id"), primary_key=True, autoincrement=False
    )
    file_name: Mapped[str] = mapped_column(sa.String(200))
    sha256: Mapped[str] = mapped_column(sa.String(64))
    attempts: Mapped[int]
    began_at: Mapped[datetime]
    removed_at: Mapped[datetime | None]


class ArchivedEvent(Model):
    """An event whose attempts are in an archive: the rollups are all that is left of them here.

    The sums are of cells as they were counted from the archive's rows: `counts_sha256` of those by
    day and hour, `answers_sha256` of those by question. So a changed rollup is still found out.
    """

    event_id: Mapped[int] = mapped_column(
        sa.ForeignKey("event.id"), primary_key=True, autoincrement=False
    )
    archive_id: Mapped[int] = mapped_column(sa.ForeignKey("campaign_archive.campaign_id"))
    attempts: Mapped[int]
    counted: Mapped[int]
    devices: Mapped[int]
    passed: Mapped[int]
    counts_sha256: Mapped[str] = mapped_column(sa.String(64))
    answers_sha256: Mapped[str] = mapped_column(sa.String(64))
