"""Adding organizers, signing in and out."""

import hashlib
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import joinedload

from core import clock
from core.db import db, reading
from core.throttle import try_once
from outreach.organizers.common_passwords import is_common
from outreach.organizers.models import Invitation, Organizer, OrganizerSession, PasswordReset, Role

# OWASP's Password Storage Cheat Sheet: Argon2id with 19 MiB, two passes, one lane.
HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
SESSION_LIFETIME = timedelta(hours=12)
CODE_LIFETIME = timedelta(minutes=5)  # for typing the authenticator's code after the password
LISTED_SESSIONS = 50
MIN_PASSWORD, MAX_PASSWORD = 8, 256
NAME = re.compile(r"[a-z0-9][a-z0-9._-]{1,39}")
TRIES_OF_ACCOUNT = "10/15minutes"
TRIES_OF_ADDRESS = "60/15minutes"


class WrongSignInError(Exception):
    """Name and password do not belong together, or the account is closed.

    `organizer_id` is that of the account tried, if there is one.
    """

    def __init__(self, organizer_id: int | None) -> None:
        super().__init__(organizer_id)
        self.organizer_id = organizer_id


class NameTakenError(Exception):
    """Another organizer has this name."""


class BadNameError(Exception):
    """A name has 2 to 40 letters, digits, dots, dashes or underscores."""


class WeakPasswordError(Exception):
    """A password has `MIN_PASSWORD` to `MAX_PASSWORD` characters."""


class CommonPasswordError(WeakPasswordError):
    """A password is long enough, but among the first that others try."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A session just opened; its token is kept by the cookie alone.

    One that `awaits_code` opens nothing but the page that asks for the authenticator's code.
    """

    token: str
    organizer_id: int
    awaits_code: bool


def add(
    name: str,
    password: str,
    region_code: str,
    *,
    role: Role = Role.REGION,
    body_slug: str | None = None,
    event_id: int | None = None,
    edits_questions: bool = False,
    reviews_questions: bool = False,
) -> Organizer:
    """Add an organizer.

    :param region_code: the region that the role is about, with all below it
    :param body_slug: a body organizer's body
    :param event_id: a helper's event

    :raises BadNameError: the name is of the wrong form
    :raises WeakPasswordError: the password is too short, too long or common
    :raises NameTakenError: the name is in use
    """
    wanted = name.strip().lower()
    if not NAME.fullmatch(wanted):
        raise BadNameError(name)
    organizer = Organizer(
        name=wanted,
        password_hash=_hash(password),
        region_code=region_code,
        is_active=True,
        role=role,
        body_slug=body_slug,
        event_id=event_id,
        edits_questions=edits_questions,
        reviews_questions=reviews_questions,
        created_at=clock.now(),
    )
    try:
        with db.session.begin_nested():
            db.session.add(organizer)
    except IntegrityError:
        raise NameTakenError(wanted) from None
    return organizer


def find(name: str) -> Organizer | None:
    """Return the organizer of a name."""
    return db.session.scalar(sa.select(Organizer).where(Organizer.name == name.strip().lower()))


def knows(name: str, password: str) -> bool:
    """Tell whether this is the password of an account."""
    organizer = find(name)
    return organizer is not None and _matches(organizer.password_hash, password)


def set_password(organizer: Organizer, password: str) -> None:
    """Change a password; every signed-in session ends, and so does a link to a new password.

    :raises WeakPasswordError: the password is too short, too long or common
    """
    organizer.password_hash = _hash(password)
    end_sessions(organizer)
    db.session.execute(sa.delete(PasswordReset).where(PasswordReset.organizer_id == organizer.id))


def change_password(organizer: Organizer, old: str, new: str, token: str) -> None:
    """Change one's own password; every session but the one of `token` ends.

    :raises TooManyTriesError: too many tries for this account
    :raises WrongSignInError: the old password is another one
    :raises WeakPasswordError: the new password is too short, too long or common
    """
    check_password(organizer, old)
    organizer.password_hash = _hash(new)
    end_sessions(organizer, but=token)


def check_password(organizer: Organizer, password: str) -> None:
    """Ask somebody signed in for the password again, before what a thief would do first.

    :raises TooManyTriesError: too many tries for this account
    :raises WrongSignInError: it is not the password
    """
    try_once(TRIES_OF_ACCOUNT, "sign-in", "account", organizer.name)
    if not _matches(organizer.password_hash, password):
        raise WrongSignInError(organizer.id)


def deactivate(organizer: Organizer) -> None:
    """Close an account; every signed-in session ends, its links and open invitations die."""
    organizer.is_active = False
    db.session.execute(sa.delete(PasswordReset).where(PasswordReset.organizer_id == organizer.id))
    take_back(organizer)


def take_back(organizer: Organizer) -> None:
    """End every signed-in session of an account, and withdraw the open invitations it gave."""
    end_sessions(organizer)
    db.session.execute(
        sa.update(Invitation)
        .where(
            Invitation.invited_by == organizer.id,
            Invitation.used_at.is_(None),
            Invitation.withdrawn_at.is_(None),
        )
        .values(withdrawn_at=clock.now())
    )


def end_sessions(organizer: Organizer, but: str | None = None) -> None:
    """Sign an organizer out everywhere, but perhaps in the session of one token."""
    ended = sa.delete(OrganizerSession).where(OrganizerSession.organizer_id == organizer.id)
    if but is not None:
        ended = ended.where(OrganizerSession.token_hash != token_hash(but))
    db.session.execute(ended)


def end_session(organizer: Organizer, key: bytes) -> None:
    """Sign an organizer out in one session, named by its `token_hash`."""
    db.session.execute(
        sa.delete(OrganizerSession).where(
            OrganizerSession.organizer_id == organizer.id, OrganizerSession.token_hash == key
        )
    )


def sessions(organizer: Organizer) -> Sequence[OrganizerSession]:
    """List where somebody is signed in, the newest first."""
    query = (
        sa.select(OrganizerSession)
        .where(
            OrganizerSession.organizer_id == organizer.id,
            OrganizerSession.expires_at > clock.now(),
            OrganizerSession.awaits_code.is_(False),
        )
        .order_by(OrganizerSession.created_at.desc(), OrganizerSession.token_hash)
        .limit(LISTED_SESSIONS)
    )
    return db.session.scalars(query).all()


def sign_in(name: str, password: str, address: str) -> Entry:
    """Open a session; with an authenticator set up, one that awaits its code.

    :raises TooManyTriesError: too many tries for this account or from this address
    :raises WrongSignInError: it is not them
    """
    account = name.strip().lower()[:80]
    if not account.isprintable():
        account = ""  # nobody's; PostgreSQL would not even take it
    try_once(TRIES_OF_ADDRESS, "sign-in", "address", address)
    try_once(TRIES_OF_ACCOUNT, "sign-in", "account", account)
    with reading():  # checking a password takes 30 ms, and no writer should wait for it
        organizer = find(account)
        known = (organizer.id, organizer.password_hash) if organizer else (None, _NOBODY)
        may_enter = bool(organizer and organizer.is_active)
    if not _matches(known[1], password) or not may_enter or known[0] is None:
        raise WrongSignInError(known[0])
    organizer = db.session.get_one(Organizer, known[0])
    if not organizer.is_active or organizer.password_hash != known[1]:  # changed meanwhile
        raise WrongSignInError(known[0])
    return open_session(organizer, awaits_code=organizer.totp_secret is not None)


def open_session(organizer: Organizer, *, awaits_code: bool = False) -> Entry:
    """Open a session for somebody whose password was right, or who has just chosen it."""
    at = clock.now()
    token = secrets.token_urlsafe(32)
    db.session.execute(sa.delete(OrganizerSession).where(OrganizerSession.expires_at < at))
    db.session.add(
        OrganizerSession(
            token_hash=token_hash(token),
            organizer_id=organizer.id,
            created_at=at,
            expires_at=at + (CODE_LIFETIME if awaits_code else SESSION_LIFETIME),
            awaits_code=awaits_code,
        )
    )
    db.session.flush()
    return Entry(token, organizer.id, awaits_code)


def of_session(token: str, *, awaits_code: bool = False) -> Organizer | None:
    """Return who holds a session's token, if the session lives and the account is open."""
    row = db.session.scalar(
        sa.select(OrganizerSession)
        .where(
            OrganizerSession.token_hash == token_hash(token),
            OrganizerSession.expires_at > clock.now(),
            OrganizerSession.awaits_code.is_(awaits_code),
        )
        .options(joinedload(OrganizerSession.organizer).joinedload(Organizer.region))
    )
    return row.organizer if row and row.organizer.is_active else None


def sign_out(token: str) -> None:
    """End a session."""
    db.session.execute(
        sa.delete(OrganizerSession).where(OrganizerSession.token_hash == token_hash(token))
    )


def token_hash(token: str) -> bytes:
    """Return what is kept of a token of 256 random bits."""
    return hashlib.sha256(token.encode()).digest()


def _hash(password: str) -> str:
    if not MIN_PASSWORD <= len(password) <= MAX_PASSWORD:
        raise WeakPasswordError
    if is_common(password):
        raise CommonPasswordError
    return HASHER.hash(password)


def _matches(password_hash: str, password: str) -> bool:
    if len(password) > MAX_PASSWORD:
        return False
    try:
        return HASHER.verify(password_hash, password)
    except (VerificationError, InvalidHashError):
        return False


# Checked for unknown names, so that they take as long as known ones.
_NOBODY = HASHER.hash(secrets.token_hex(16))
