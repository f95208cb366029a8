"""Organizers, their invitations, signed-in sessions, and what helps whoever is locked out."""

import enum
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core.db import Model
from outreach.campaigns.reach import Reach
from outreach.regions.models import Region


class Role(enum.StrEnum):
    """What somebody does for the campaign; the bank's rights stand beside it."""

    HEADQUARTERS = "headquarters"
    REGION = "region"
    BODY = "body"
    HELPER = "helper"
    NONE = "none"


RIGHTS_OF_ROLE = {
    Role.HEADQUARTERS: frozenset(
        {"events.see", "events.manage", "campaigns.manage", "people.manage", "audit.read"}
    ),
    Role.REGION: frozenset({"events.see", "events.manage", "people.manage"}),
    Role.BODY: frozenset({"events.see", "events.manage", "people.manage"}),
    Role.HELPER: frozenset({"events.see"}),
    Role.NONE: frozenset(),
}


class Charge:
    """What an account or an invitation to one is for.

    A region organizer answers for `region_code` and all below it, a body organizer for the events
    of `body_slug` there, a helper for `event_id` alone, headquarters for its whole province.
    """

    role: Mapped[Role]
    region_code: Mapped[str] = mapped_column(sa.ForeignKey("region.code"))
    body_slug: Mapped[str | None] = mapped_column(sa.String(40))
    # An event names who planned it, so this rule is added after both tables are made.
    event_id: Mapped[int | None] = mapped_column(sa.ForeignKey("event.id", use_alter=True))
    edits_questions: Mapped[bool]
    reviews_questions: Mapped[bool]


def _whole_charge() -> tuple[sa.CheckConstraint, ...]:
    """Return the rules that a role comes with what it answers for."""
    return (
        sa.CheckConstraint("(role = 'body') = (body_slug IS NOT NULL)", name="body_has_slug"),
        sa.CheckConstraint("(role = 'helper') = (event_id IS NOT NULL)", name="helper_has_event"),
    )


class Organizer(Charge, Model):
    """Somebody who plans events, helps at one, or keeps the question bank.

    `name` is what they sign in with, kept in lower case; `password_hash` is Argon2id.
    `totp_secret` is encrypted with a key made from the setting `SECRET_KEY`; `totp_step` is the
    time step of the code used last, so that none works twice.
    """

    __table_args__ = _whole_charge()

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(40), unique=True)
    password_hash: Mapped[str] = mapped_column(sa.String(200))
    is_active: Mapped[bool]
    totp_secret: Mapped[str | None] = mapped_column(sa.String(200))
    totp_step: Mapped[int | None]
    created_at: Mapped[datetime]

    region: Mapped[Region] = relationship()

    def may(self, right: str) -> bool:
        """Tell whether this person holds a right at all; queries say where."""
        rights = {
            "account.own": True,
            "bank.edit": self.edits_questions or self.reviews_questions,
            "bank.review": self.reviews_questions,
        }
        return self.is_active and (right in RIGHTS_OF_ROLE[self.role] or rights.get(right, False))

    @property
    def needs_totp(self) -> bool:
        """Tell whether an authenticator must be set up before anything else."""
        return self.role is Role.HEADQUARTERS and self.totp_secret is None

    @property
    def reach(self) -> Reach:
        """Return what part of a campaign this person answers for."""
        return Reach(self.region_code, self.body_slug, self.event_id)


class OrganizerSession(Model):
    """One sign-in; a copied cookie is dead once its row is gone.

    `token_hash` is SHA-256 of the random token in the cookie. One that `awaits_code` opens nothing
    yet: the password was right, the authenticator's code is still missing.
    """

    token_hash: Mapped[bytes] = mapped_column(sa.LargeBinary(32), primary_key=True)
    organizer_id: Mapped[int] = mapped_column(sa.ForeignKey("organizer.id"), index=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    awaits_code: Mapped[bool]

    organizer: Mapped[Organizer] = relationship()


class Invitation(Charge, Model):
    """A link by which one person makes one account; `token_hash` is SHA-256 of what it holds.

    `note` says for whom it is meant, for the one who invites; no address is kept.
    """

    __table_args__ = _whole_charge()

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[bytes] = mapped_column(sa.LargeBinary(32), unique=True)
    note: Mapped[str] = mapped_column(sa.String(60))
    invited_by: Mapped[int | None] = mapped_column(sa.ForeignKey("organizer.id"))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    used_by: Mapped[int | None] = mapped_column(sa.ForeignKey("organizer.id"))
    withdrawn_at: Mapped[datetime | None]

    region: Mapped[Region] = relationship()


class PasswordReset(Model):
    """A link by which somebody chooses a new password; a newer one of theirs replaces it.

    `drops_totp` says that the authenticator goes with the old password.
    """

    organizer_id: Mapped[int] = mapped_column(sa.ForeignKey("organizer.id"), primary_key=True)
    token_hash: Mapped[bytes] = mapped_column(sa.LargeBinary(32), unique=True)
    drops_totp: Mapped[bool]
    expires_at: Mapped[datetime]

    organizer: Mapped[Organizer] = relationship()


class RecoveryCode(Model):
    """A code that replaces the authenticator once; `code_hash` is SHA-256 of 80 random bits."""

    organizer_id: Mapped[int] = mapped_column(sa.ForeignKey("organizer.id"), primary_key=True)
    code_hash: Mapped[bytes] = mapped_column(sa.LargeBinary(32), primary_key=True)
    used_at: Mapped[datetime | None]
