"""Who may give what: nobody gives more than they hold, nor touches what holds more than they do."""

from dataclasses import dataclass

import sqlalchemy as sa

from core.db import db
from outreach.organizers.events_named import event_within
from outreach.organizers.models import Charge, Organizer, Role
from outreach.regions.service import is_within, prefix_of

GRANTABLE = {
    Role.HEADQUARTERS: tuple(Role),
    Role.REGION: (Role.REGION, Role.BODY, Role.HELPER),
    Role.BODY: (Role.HELPER,),
}


class NotYoursToGiveError(Exception):
    """Somebody would give more than they hold; `field` names what of it."""

    def __init__(self, field: str) -> None:
        super().__init__(field)
        self.field = field


@dataclass(frozen=True, kw_only=True, slots=True)
class Grant:
    """What an account or an invitation is for; see `Charge`."""

    role: Role
    region_code: str
    body_slug: str | None = None
    event_id: int | None = None
    edits_questions: bool = False
    reviews_questions: bool = False

    @classmethod
    def of(cls, charge: Charge) -> "Grant":
        """Return what somebody was given."""
        return cls(
            role=charge.role,
            region_code=charge.region_code,
            body_slug=charge.body_slug,
            event_id=charge.event_id,
            edits_questions=charge.edits_questions,
            reviews_questions=charge.reviews_questions,
        )


def may_give(actor: Organizer, grant: Grant) -> None:
    """Check that somebody holds all that they would give.

    :raises NotYoursToGiveError: they do not
    """
    if grant.role not in GRANTABLE.get(actor.role, ()):
        raise NotYoursToGiveError("role")
    gives_bank = grant.edits_questions or grant.reviews_questions
    if gives_bank and actor.role is not Role.HEADQUARTERS:
        raise NotYoursToGiveError("edits_questions")
    if not is_within(grant.region_code, actor.region_code):
        raise NotYoursToGiveError("region")
    if grant.event_id is not None and not db.session.scalar(
        sa.select(sa.exists(event_within(actor.reach, grant.event_id)))
    ):
        raise NotYoursToGiveError("event")


def given_by(kind: type[Charge], actor: Organizer) -> sa.ColumnElement[bool]:
    """Return the condition for accounts or invitations that somebody could have given."""
    roles = set(GRANTABLE.get(actor.role, ()))
    of_region = sa.and_(
        kind.role.in_(roles - {Role.HELPER}),
        kind.region_code.startswith(prefix_of(actor.region_code)),
    )
    of_event = sa.and_(
        kind.role.in_(roles & {Role.HELPER}), kind.event_id.in_(event_within(actor.reach))
    )
    may_be = sa.or_(of_region, of_event)
    if actor.role is Role.HEADQUARTERS:
        return may_be
    return sa.and_(may_be, kind.edits_questions.is_(False), kind.reviews_questions.is_(False))
