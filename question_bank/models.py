"""The bank's tables; what a question says is kept whole, as its content file writes it."""

import enum
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Model
from question_bank.selection import Counting


class QuestionState(enum.StrEnum):
    """Where the latest revision of a question stands."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    LIVE = "live"
    RETIRED = "retired"


class Topic(Model):
    """A subject of the bank; `position` is its place in lists."""

    id: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    position: Mapped[int]
    name_zh: Mapped[str] = mapped_column(sa.String(40))
    name_en: Mapped[str] = mapped_column(sa.String(80))
    summary_zh: Mapped[str] = mapped_column(sa.String(200))
    summary_en: Mapped[str] = mapped_column(sa.String(400))


class Statute(Model):
    """A legal text in one version."""

    id: Mapped[str] = mapped_column(sa.String(60), primary_key=True)
    title_zh: Mapped[str] = mapped_column(sa.String(120))
    title_en: Mapped[str] = mapped_column(sa.String(200))
    version: Mapped[str] = mapped_column(sa.String(40))
    in_force_from: Mapped[date]
    in_force_until: Mapped[date | None]
    articles: Mapped[int | None]
    known_articles: Mapped[list[str]] = mapped_column(sa.JSON)


class Question(Model):
    """A question; what it says stands in its revisions.

    `revision` is the number of the latest one, `live_revision` of the one that editions publish
    (None before the first approval). `file_hash` is that of the body which the content files last
    brought, so that a load can tell a change of the files from an editor's.
    """

    id: Mapped[str] = mapped_column(sa.String(80), primary_key=True)
    topic_id: Mapped[str] = mapped_column(sa.ForeignKey("topic.id"), index=True)
    state: Mapped[QuestionState] = mapped_column(default=QuestionState.DRAFT)
    revision: Mapped[int]
    live_revision: Mapped[int | None]
    file_hash: Mapped[str | None] = mapped_column(sa.String(64))
    updated_at: Mapped[datetime]


class Revision(Model):
    """One saved version of a question; `body` is `content.Question.as_json()`.

    Names are kept as they were: an account may be closed, the history stays readable.
    """

    question_id: Mapped[str] = mapped_column(sa.ForeignKey("question.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    body: Mapped[dict[str, Any]] = mapped_column(sa.JSON)
    author_id: Mapped[int | None] = mapped_column(sa.ForeignKey("organizer.id"))
    author_name: Mapped[str] = mapped_column(sa.String(80))
    reason: Mapped[str] = mapped_column(sa.String(200))
    created_at: Mapped[datetime]
    reviewer_name: Mapped[str | None] = mapped_column(sa.String(80))
    reviewed_at: Mapped[datetime | None]
    review_note: Mapped[str | None] = mapped_column(sa.String(400))


class Edition(Model):
    """A published snapshot of all live questions; never changed."""

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    content_hash: Mapped[str] = mapped_column(sa.String(64))
    published_at: Mapped[datetime]
    summary: Mapped[str] = mapped_column(sa.Text)
    snapshot: Mapped[str] = mapped_column(sa.Text)


class Quiz(Model):
    """A blueprint; never changed, so that old papers can be drawn anew.

    A new version of a `slug` is a new row; only the offered ones are shown to organizers. One
    that an organizer composed is offered within `region_code` and below; the ready ones have none.
    """

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(sa.String(40), index=True)
    name_zh: Mapped[str] = mapped_column(sa.String(60))
    name_en: Mapped[str] = mapped_column(sa.String(120))
    parts: Mapped[list[dict[str, Any]]] = mapped_column(sa.JSON)
    pass_mark: Mapped[int]
    counting: Mapped[Counting]
    is_offered: Mapped[bool]
    position: Mapped[int]
    region_code: Mapped[str | None] = mapped_column(sa.ForeignKey("region.code"))
    composed_by: Mapped[int | None] = mapped_column(sa.ForeignKey("organizer.id"))
