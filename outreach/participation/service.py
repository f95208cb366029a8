"""What a scanned code leads to, and the paper that it gives: one query, nothing written."""

import re
import uuid
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa

from core import clock
from core.db import read
from outreach.campaigns.models import Body, Campaign
from outreach.events.models import Event, EventKind, EventState, Team, state_at
from outreach.participation.ticket import LIFETIME, Ticket
from outreach.posters.models import Poster
from outreach.regions.models import Region
from outreach.regions.service import is_within
from question_bank import service as bank
from question_bank.selection import Paper, day_of, new_seed

REGION_CODE = re.compile(r"[0-9]{6}", re.ASCII)


class Scan(NamedTuple):
    """What a scanned code leads to, in one row."""

    poster_code: str
    withdrawn_at: datetime | None
    team_id: int | None
    team_name: str | None
    event_id: int
    kind: EventKind
    title_zh: str
    title_en: str | None
    site: str
    opens_at: datetime
    closes_at: datetime
    cancelled_at: datetime | None
    quiz_id: int
    region_code: str
    region_zh: str
    region_en: str | None
    body_zh: str
    body_en: str
    slogan_zh: str
    slogan_en: str
    edition: int | None

    def state(self, at: datetime) -> EventState:
        """Return what the event is at a moment."""
        return state_at(self.opens_at, self.closes_at, self.cancelled_at, at)


@dataclass(frozen=True, slots=True)
class Place:
    """The region that an attempt is counted for, named as the participant sees it."""

    code: str
    zh: str
    en: str


class NothingPublishedError(Exception):
    """No edition of the question bank has been published yet."""


class UnknownPlaceError(Exception):
    """The region chosen is no county within the event's region."""


def _scan_of(is_event: sa.ColumnElement[bool]) -> sa.Select[*tuple[Any, ...]]:
    """Return the query for a poster's code with an event: the one it leads to, or led to."""
    return (
        sa.select(
            Poster.code,
            Poster.withdrawn_at,
            Team.id,
            Team.name,
            Event.id,
            Event.kind,
            Event.title_zh,
            Event.title_en,
            Event.site,
            Event.opens_at,
            Event.closes_at,
            Event.cancelled_at,
            Event.quiz_id,
            Event.region_code,
            Region.name_zh,
            Region.name_en,
            Body.name_zh,
            Body.name_en,
            Campaign.slogan_zh,
            Campaign.slogan_en,
            bank.latest_number_query(),
        )
        .select_from(Poster)
        .join(Event, is_event)
        .join(Region, Event.region_code == Region.code)
        .join(Body, Event.body_id == Body.id)
        .join(Campaign, Event.campaign_id == Campaign.id)
        .outerjoin(Team, sa.and_(Poster.team_id == Team.id, Team.event_id == Event.id))
        .where(Poster.code == sa.bindparam("code"))
    )


_SCAN = _scan_of(Poster.event_id == Event.id)
_FORMER_SCAN = _scan_of(Event.id == sa.bindparam("event_id"))


def find(code: str) -> Scan | None:
    """Return what a code leads to: one query."""
    with read() as connection:
        row = connection.execute(_SCAN, {"code": code}).first()
    return Scan._make(row) if row else None


def find_former(scan: Scan, event_id: int) -> Scan:
    """Return what a code led to before it was pointed at another event.

    Somebody may hold a paper of that event still; where it is open, their answers count there.
    """
    with read() as connection:
        key = {"code": scan.poster_code, "event_id": event_id}
        return Scan._make(connection.execute(_FORMER_SCAN, key).one())


def new_ticket(scan: Scan) -> Ticket:
    """Issue a ticket for a fresh paper.

    :raises NothingPublishedError: there are no questions yet
    """
    if scan.edition is None:
        raise NothingPublishedError
    at = clock.now()
    return Ticket(
        poster_code=scan.poster_code,
        event_id=scan.event_id,
        edition=scan.edition,
        quiz_id=scan.quiz_id,
        seed=new_seed(clock.local_day(at)),
        issued_at=at,
        attempt_id=uuid.uuid4(),
    )


def reissue(scan: Scan, claim: Ticket) -> Ticket | None:
    """Return a fresh ticket for the paper that an unsigned one names, if we could have issued it.

    A changed key must not cost anybody's answers. Which paper somebody gets is no secret, so the
    claim may choose it; everything else is new.
    """
    fresh = new_ticket(scan)
    try:
        age = (day_of(fresh.seed) - day_of(claim.seed)).days
    except OverflowError:
        return None
    is_plausible = (claim.poster_code, claim.quiz_id, claim.edition) == (
        scan.poster_code,
        scan.quiz_id,
        scan.edition,
    ) and 0 <= age <= LIFETIME.days
    return replace(fresh, seed=claim.seed) if is_plausible else None


def paper_of(ticket: Ticket) -> Paper:
    """Draw the paper of a ticket; no query once edition and quiz are in memory."""
    return bank.paper(ticket.edition, ticket.quiz_id, ticket.seed)


def place_of(scan: Scan, chosen_code: str | None = None) -> Place:
    """Return the region an attempt counts for: the event's, or online the county chosen.

    :raises UnknownPlaceError: nothing or nothing fitting was chosen online
    """
    if scan.kind is not EventKind.ONLINE:
        return Place(scan.region_code, scan.region_zh, scan.region_en or scan.region_zh)
    if chosen_code is None or not REGION_CODE.fullmatch(chosen_code):
        raise UnknownPlaceError(chosen_code)
    below = sa.orm.aliased(Region)
    query = sa.select(Region.code, Region.name_zh, Region.name_en).where(
        Region.code == chosen_code, ~sa.exists().where(below.parent_code == Region.code)
    )
    with read() as connection:
        row = connection.execute(query).first()
    if row is None or not is_within(row.code, scan.region_code):
        raise UnknownPlaceError(chosen_code)
    return Place(row.code, row.name_zh, row.name_en or row.name_zh)
