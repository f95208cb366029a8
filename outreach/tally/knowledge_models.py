"""What people know, as it is kept: answers by question, those not read yet, sums that are ready."""

import uuid
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Model

MAX_SCOPE = 80


class UnreadAttempt(Model):
    """An attempt whose answers no tally holds yet.

    A trigger of the database writes it when the attempt leaves `fresh_attempt`, so in the
    transaction that folds it, and whatever program folds. Reading takes it away in the transaction
    that adds its answers.
    """

    event_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    id: Mapped[uuid.UUID] = mapped_column(sa.Uuid, primary_key=True)


class AnswerTally(Model):
    """Answers to a question of an edition at an event, by the region they count for.

    First are those of attempts with sequence 1: a phone has one such attempt at an event and meets
    a question once in it, so `first_answers` is also the number of devices. Later are all others.
    """

    event_id: Mapped[int] = mapped_column(
        sa.ForeignKey("event.id"), primary_key=True, autoincrement=False
    )
    region_code: Mapped[str] = mapped_column(sa.String(6), primary_key=True)
    edition: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    question_id: Mapped[str] = mapped_column(sa.String(80), primary_key=True)
    first_answers: Mapped[int]
    first_right: Mapped[int]
    later_answers: Mapped[int]
    later_right: Mapped[int]


class GroupTally(Model):
    """First attempts that asked for something: all of them, or those with a topic or a statute.

    Answers of one paper go together, so shares of them vary more than as many answers of as many
    phones would. With n answers to the group in a paper and r of them right, the sums of n², nr
    and r² over the devices say by how much. `group_id` is as `knowledge` writes it.
    """

    event_id: Mapped[int] = mapped_column(
        sa.ForeignKey("event.id"), primary_key=True, autoincrement=False
    )
    region_code: Mapped[str] = mapped_column(sa.String(6), primary_key=True)
    group_id: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    devices: Mapped[int]
    answers_squared: Mapped[int]
    answers_right: Mapped[int]
    right_squared: Mapped[int]


class AgainTally(Model):
    """Phones that came a second time to an event: their first paper beside their second.

    Numbers are of those devices only, by the region that the second attempt counts for.
    """

    event_id: Mapped[int] = mapped_column(
        sa.ForeignKey("event.id"), primary_key=True, autoincrement=False
    )
    region_code: Mapped[str] = mapped_column(sa.String(6), primary_key=True)
    devices: Mapped[int]
    first_answers: Mapped[int]
    first_right: Mapped[int]
    second_answers: Mapped[int]
    second_right: Mapped[int]


class ReadingState(Model):
    """One row. `serial` grows whenever answers were read; `unfit` attempts could not be.

    An attempt is unfit if what is kept of it does not belong to the paper drawn from it.
    """

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    serial: Mapped[int] = mapped_column(sa.BigInteger)
    unfit: Mapped[int]


class KnowledgeSum(Model):
    """Sums of a scope as they were at `as_of`, so that no page adds up a million rows.

    `body` is `knowledge.Sums.as_json()`, made for the questions of an `edition`. They are out of
    date once `version` differs from what `knowledge_sums` finds now.
    """

    scope: Mapped[str] = mapped_column(sa.String(MAX_SCOPE), primary_key=True)
    edition: Mapped[int]
    version: Mapped[int] = mapped_column(sa.BigInteger)
    as_of: Mapped[datetime]
    body: Mapped[dict[str, Any]] = mapped_column(sa.JSON)
