"""Who did what to what, when: kept for ever, written with the change itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from flask import has_request_context
from sqlalchemy.orm import Mapped, mapped_column

from core import clock
from core.access import current_actor
from core.db import Model, db

COMMAND_LINE = "command line"
STRANGER = ""  # somebody who is not signed in
PAGE_SIZE = 50
MAX_EXPORTED = 20_000
# Named only: code of this package knows nothing of organizers.
_ORGANIZER = sa.table("organizer", sa.column("id"), sa.column("region_code"))


class AuditEntry(Model):
    """One deed; names are kept as they were, so that it stays readable when accounts are closed.

    `action` is a word such as "event.plan"; `subject` names the thing by kind and key, such as
    "event:12", `label` as people call it. `detail` holds plain values only, never a secret.
    """

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(index=True)
    actor_id: Mapped[int | None] = mapped_column(sa.ForeignKey("organizer.id"))
    actor_name: Mapped[str] = mapped_column(sa.String(40))
    action: Mapped[str] = mapped_column(sa.String(40), index=True)
    subject: Mapped[str] = mapped_column(sa.String(80), index=True)
    label: Mapped[str] = mapped_column(sa.String(120))
    region_code: Mapped[str | None] = mapped_column(sa.String(6))
    detail: Mapped[dict[str, Any]] = mapped_column(sa.JSON)


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """Which entries to list; an empty value asks for all.

    :param within: the digits with which the codes of regions begin; a deed without a region
        belongs to the region of who did it
    :param of_operator: also the operator's deeds that belong to no region
    """

    within: str = ""
    of_operator: bool = True
    words: str = ""
    action: str = ""
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Deed:
    """One of many deeds that are written at once."""

    action: str
    subject: str
    label: str
    region_code: str | None


def record(
    action: str, subject: str, label: str, *, region_code: str | None = None, **detail: Any
) -> None:
    """Write an entry in the session's transaction: it stands if the deed stands."""
    actor = current_actor()
    nobody = STRANGER if has_request_context() else COMMAND_LINE
    db.session.add(
        AuditEntry(
            at=clock.now(),
            actor_id=actor.id if actor else None,
            actor_name=actor.name if actor else nobody,
            action=action,
            subject=subject,
            label=label[:120],
            region_code=region_code,
            detail=detail,
        )
    )


def record_all(
    connection: sa.Connection, actor_id: int, actor_name: str, deeds: Sequence[Deed]
) -> None:
    """Write the entries of work done for somebody outside their request."""
    rows: list[dict[str, Any]] = [
        {
            "at": clock.now(),
            "actor_id": actor_id,
            "actor_name": actor_name,
            "action": deed.action,
            "subject": deed.subject,
            "label": deed.label[:120],
            "region_code": deed.region_code,
            "detail": {},
        }
        for deed in deeds
    ]
    if rows:
        connection.execute(sa.insert(AuditEntry), rows)


def latest(subject: str, action: str) -> AuditEntry | None:
    """Return the newest entry of an action on a thing, such as what can be undone."""
    query = sa.select(AuditEntry).where(AuditEntry.subject == subject, AuditEntry.action == action)
    return db.session.scalar(query.order_by(AuditEntry.id.desc()).limit(1))


def search(
    wanted: Wanted, *, before_id: int | None = None, limit: int = PAGE_SIZE
) -> Sequence[AuditEntry]:
    """List a page of entries, the newest first; `before_id` is the last one of the page before."""
    query = sa.select(AuditEntry).where(*_conditions(wanted)).order_by(AuditEntry.id.desc())
    if before_id is not None:
        query = query.where(AuditEntry.id < before_id)
    return db.session.scalars(query.limit(limit)).all()


def _conditions(wanted: Wanted) -> list[sa.ColumnElement[bool]]:
    conditions: list[sa.ColumnElement[bool]] = []
    if wanted.within:
        code, actor = AuditEntry.region_code, AuditEntry.actor_id
        theirs = sa.select(_ORGANIZER.c.id).where(
            _ORGANIZER.c.region_code.startswith(wanted.within)
        )
        of_nowhere: sa.ColumnElement[bool] = actor.in_(theirs)
        if wanted.of_operator:
            of_nowhere = sa.or_(of_nowhere, actor.is_(None))
        conditions.append(
            sa.or_(code.startswith(wanted.within), sa.and_(code.is_(None), of_nowhere))
        )
    for word in wanted.words.split():
        fields = (AuditEntry.actor_name, AuditEntry.label, AuditEntry.subject)
        conditions.append(sa.or_(*(field.icontains(word, autoescape=True) for field in fields)))
    if wanted.action:
        conditions.append(AuditEntry.action == wanted.action)
    if wanted.since:
        conditions.append(AuditEntry.at >= wanted.since)
    if wanted.until:
        conditions.append(AuditEntry.at < wanted.until)
    return conditions
