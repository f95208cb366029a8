"""Invitations: links by which one person makes one account, within the reach of who invites."""

import secrets
from collections.abc import Iterable, Sequence
from datetime import timedelta

import sqlalchemy as sa
from flask import current_app
from sqlalchemy.orm import joinedload

from core import clock
from core.config import Settings
from core.db import db
from outreach.organizers import granting, service
from outreach.organizers.granting import Grant
from outreach.organizers.models import Invitation, Organizer

LISTED = 50
LIFETIME = timedelta(days=7)


class InvitationSpentError(Exception):
    """An invitation was used or withdrawn, or its time is over."""


def invite(actor: Organizer | None, grant: Grant, note: str) -> tuple[Invitation, str]:
    """Make a link by which one person makes one account; return its token, which nobody keeps.

    :param actor: who invites; None for the command line, which may give everything
    :raises NotYoursToGiveError: somebody would give more than they hold
    """
    if actor is not None:
        granting.may_give(actor, grant)
    token = secrets.token_urlsafe(32)
    at = clock.now()
    invitation = Invitation(
        token_hash=service.token_hash(token),
        note=note,
        invited_by=actor.id if actor else None,
        created_at=at,
        expires_at=at + LIFETIME,
        role=grant.role,
        region_code=grant.region_code,
        body_slug=grant.body_slug,
        event_id=grant.event_id,
        edits_questions=grant.edits_questions,
        reviews_questions=grant.reviews_questions,
    )
    db.session.add(invitation)
    db.session.flush()
    return invitation, token


def link(token: str) -> str:
    """Return the address to hand over; it never depends on how the page was asked for."""
    settings: Settings = current_app.config["SETTINGS"]
    return f"{settings.public_url}/organize/invitation/{token}"


def of_token(token: str) -> Invitation | None:
    """Return the invitation of a link, spent or not."""
    query = sa.select(Invitation).where(Invitation.token_hash == service.token_hash(token))
    return db.session.scalar(query.options(joinedload(Invitation.region)))


def is_open(invitation: Invitation) -> bool:
    """Tell whether an account can still be made by it."""
    is_unused = invitation.used_at is None and invitation.withdrawn_at is None
    return is_unused and invitation.expires_at > clock.now()


def accept(token: str, name: str, password: str) -> Organizer:
    """Make the account that an invitation is for; of two at once the database lets one in.

    :raises InvitationSpentError: the link was used or withdrawn, or its time is over
    :raises BadNameError: the name is of the wrong form
    :raises WeakPasswordError: the password is too short or too long
    :raises NameTakenError: the name is in use
    """
    at = clock.now()
    claimed = db.session.execute(
        sa.update(Invitation)
        .where(Invitation.token_hash == service.token_hash(token), *_open_at())
        .values(used_at=at)
    )
    if not claimed.rowcount:  # type: ignore[attr-defined]
        raise InvitationSpentError
    invitation = db.session.scalars(
        sa.select(Invitation).where(Invitation.token_hash == service.token_hash(token))
    ).one()
    organizer = service.add(
        name,
        password,
        invitation.region_code,
        role=invitation.role,
        body_slug=invitation.body_slug,
        event_id=invitation.event_id,
        edits_questions=invitation.edits_questions,
        reviews_questions=invitation.reviews_questions,
    )
    invitation.used_by = organizer.id
    db.session.flush()
    return organizer


def withdraw(invitation: Invitation) -> None:
    """Make a link worth nothing.

    :raises InvitationSpentError: it is so already
    """
    done = db.session.execute(
        sa.update(Invitation)
        .where(Invitation.id == invitation.id, *_open_at())
        .values(withdrawn_at=clock.now())
    )
    if not done.rowcount:  # type: ignore[attr-defined]
        raise InvitationSpentError


def _open_at() -> tuple[sa.ColumnElement[bool], ...]:
    return (
        Invitation.used_at.is_(None),
        Invitation.withdrawn_at.is_(None),
        Invitation.expires_at > clock.now(),
    )


def still_open(actor: Organizer) -> Sequence[Invitation]:
    """List invitations within reach that still work, those that expire last first."""
    query = (
        sa.select(Invitation)
        .where(granting.given_by(Invitation, actor), *_open_at())
        .order_by(Invitation.id.desc())
        .limit(LISTED)
    )
    return db.session.scalars(query.options(joinedload(Invitation.region))).all()


def notes(people: Iterable[Organizer]) -> dict[int, str]:
    """Return what was noted when these people were invited, by account."""
    query = sa.select(Invitation.used_by, Invitation.note).where(
        Invitation.used_by.in_([person.id for person in people])
    )
    return {used_by: note for used_by, note in db.session.execute(query) if used_by is not None}


def find(invitation_id: int, actor: Organizer) -> Invitation | None:
    """Return an invitation within reach."""
    query = sa.select(Invitation).where(
        Invitation.id == invitation_id, granting.given_by(Invitation, actor)
    )
    return db.session.scalar(query)
