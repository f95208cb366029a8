"""Accounts within one's own reach: finding, changing and closing them, links to new passwords."""

import secrets
from collections.abc import Sequence
from datetime import timedelta

import sqlalchemy as sa
from flask import current_app
from sqlalchemy.orm import joinedload

from core import clock, jobs
from core.config import Settings
from core.db import db
from outreach.organizers import granting, service, totp_service
from outreach.organizers.granting import Grant
from outreach.organizers.models import Invitation, Organizer, PasswordReset, Role
from outreach.regions.models import Region

PAGE_SIZE = 50
MAX_PAGE = 10_000
RESET_LIFETIME = timedelta(days=1)


class ResetSpentError(Exception):
    """A link to a new password was used or replaced, or its time is over."""


class OwnAccountError(Exception):
    """Nobody changes, closes or resets their own account on the pages for others'."""


class LastHeadquartersError(Exception):
    """Without this account nobody could let people of the province in."""


def people(
    actor: Organizer, words: str = "", *, only_open: bool = False, page: int = 1
) -> tuple[Sequence[Organizer], bool]:
    """List accounts within reach, by name, and whether more follow."""
    query = sa.select(Organizer).join(Organizer.region).where(granting.given_by(Organizer, actor))
    for word in words.split():
        note = sa.select(Invitation.used_by).where(Invitation.note.icontains(word, autoescape=True))
        query = query.where(
            sa.or_(
                Organizer.name.icontains(word, autoescape=True),
                Region.name_zh.icontains(word, autoescape=True),
                Region.name_en.icontains(word, autoescape=True),
                Organizer.id.in_(note),
            )
        )
    if only_open:
        query = query.where(Organizer.is_active)
    query = query.order_by(Organizer.is_active.desc(), Organizer.name)
    query = query.offset((min(page, MAX_PAGE) - 1) * PAGE_SIZE).limit(PAGE_SIZE + 1)
    rows = db.session.scalars(query.options(joinedload(Organizer.region))).all()
    return rows[:PAGE_SIZE], len(rows) > PAGE_SIZE


def find_person(organizer_id: int, actor: Organizer) -> Organizer | None:
    """Return an account within reach."""
    query = sa.select(Organizer).where(
        Organizer.id == organizer_id, granting.given_by(Organizer, actor)
    )
    return db.session.scalar(query.options(joinedload(Organizer.region)))


def deactivate(actor: Organizer, person: Organizer) -> None:
    """Close an account.

    :raises OwnAccountError: it is one's own
    :raises LastHeadquartersError: no other headquarters account of the province is open
    """
    if person.id == actor.id:
        raise OwnAccountError
    _keep_a_headquarters_but(person)
    service.deactivate(person)


def _keep_a_headquarters_but(person: Organizer) -> None:
    """Check that the province has another open headquarters account, if this is one."""
    if person.role is not Role.HEADQUARTERS:
        return
    of_province = (
        sa.select(Organizer.id)
        .where(
            Organizer.role == Role.HEADQUARTERS,
            Organizer.is_active,
            Organizer.region_code.startswith(person.region_code[:2]),
        )
        .order_by(Organizer.id)
        .with_for_update()  # two who close each other at once: the later one sees it
    )
    if not set(db.session.scalars(of_province)) - {person.id}:
        raise LastHeadquartersError


def change_charge(actor: Organizer, person: Organizer, grant: Grant) -> bool:
    """Change what an account is for; return False if it is for just that already.

    Every signed-in session ends, the open invitations that it gave die, and the files that it
    asked for are out of its hands: all of them go by what it was for.

    :raises OwnAccountError: it is one's own
    :raises NotYoursToGiveError: somebody would give more than they hold
    :raises LastHeadquartersError: no other headquarters account of the province is open
    """
    if person.id == actor.id:
        raise OwnAccountError
    granting.may_give(actor, grant)
    if grant == Grant.of(person):
        return False
    if grant.role is not Role.HEADQUARTERS:
        _keep_a_headquarters_but(person)
    person.role, person.region_code = grant.role, grant.region_code
    person.body_slug, person.event_id = grant.body_slug, grant.event_id
    person.edits_questions = grant.edits_questions
    person.reviews_questions = grant.reviews_questions
    service.take_back(person)
    jobs.let_go(person.id)
    db.session.flush()
    return True


def reactivate(person: Organizer) -> None:
    """Open a closed account again."""
    person.is_active = True


def offer_reset(actor: Organizer, person: Organizer, *, drops_totp: bool) -> str:
    """Make a link by which somebody chooses a new password; return its token.

    :raises OwnAccountError: it is one's own
    """
    if person.id == actor.id:
        raise OwnAccountError
    token = secrets.token_urlsafe(32)
    db.session.execute(sa.delete(PasswordReset).where(PasswordReset.organizer_id == person.id))
    db.session.add(
        PasswordReset(
            organizer_id=person.id,
            token_hash=service.token_hash(token),
            drops_totp=drops_totp,
            expires_at=clock.now() + RESET_LIFETIME,
        )
    )
    db.session.flush()
    return token


def reset_link(token: str) -> str:
    """Return the address at which a new password is chosen."""
    settings: Settings = current_app.config["SETTINGS"]
    return f"{settings.public_url}/organize/reset/{token}"


def reset_of(token: str) -> PasswordReset | None:
    """Return what a link to a new password is for, if it still works."""
    query = sa.select(PasswordReset).where(
        PasswordReset.token_hash == service.token_hash(token),
        PasswordReset.expires_at > clock.now(),
    )
    found = db.session.scalar(query.options(joinedload(PasswordReset.organizer)))
    return found if found and found.organizer.is_active else None


def use_reset(token: str, password: str) -> Organizer:
    """Set the password that somebody chose; all their sessions end.

    :raises ResetSpentError: the link was used or replaced, or its time is over
    :raises WeakPasswordError: the password is too short or too long
    """
    found = reset_of(token)
    if found is None:
        raise ResetSpentError
    person, drops_totp = found.organizer, found.drops_totp
    used = db.session.execute(
        sa.delete(PasswordReset).where(PasswordReset.token_hash == service.token_hash(token))
    )
    if not used.rowcount:  # type: ignore[attr-defined]
        raise ResetSpentError
    service.set_password(person, password)
    if drops_totp:
        totp_service.switch_off(person)
    return person
