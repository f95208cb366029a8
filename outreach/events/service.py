"""Planning and changing events, and lists of them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from core import clock
from core.db import db
from outreach.campaigns.models import Body, Campaign
from outreach.campaigns.reach import Reach
from outreach.events.archived import ArchivedError, is_archived
from outreach.events.models import Event, EventKind, EventState, Team
from outreach.regions.service import prefix_of

PAGE_SIZE = 50
MAX_PAGE = 10_000
FIRST_YEAR, LAST_YEAR = 2000, 2100
MAX_SEARCH_WORDS = 8
# Named only: code of this package knows nothing of attempts and posters.
_ATTEMPT = sa.table("attempt", sa.column("event_id"))
_POSTER = sa.table("poster", sa.column("event_id"), sa.column("withdrawn_at"))


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """What an organizer decides about an event."""

    kind: EventKind
    title_zh: str
    title_en: str | None
    site: str
    region_code: str
    body_id: int
    quiz_id: int
    opens_at: datetime
    closes_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """Which events to list; an empty value asks for all."""

    words: str = ""
    state: EventState | None = None
    kind: EventKind | None = None
    region_code: str = ""


ALL = Wanted()


class RegionFixedError(Exception):
    """Attempts were counted in the event's region, so it stays there."""


def plan_event(campaign: Campaign, plan: Plan, organizer_id: int | None) -> Event:
    """Add an event to a campaign."""
    event = Event(campaign=campaign, created_at=clock.now(), created_by=organizer_id)
    _apply(event, plan)
    db.session.add(event)
    db.session.flush()
    return event


def change_event(event: Event, plan: Plan) -> None:
    """Change an event; its posters obey at once.

    :raises RegionFixedError: the region would change although attempts were counted there
    :raises ArchivedError: it would open again although its attempts are in an archive
    """
    if is_archived(event.id) and plan.closes_at > max(clock.now(), event.closes_at):
        raise ArchivedError
    if plan.region_code != event.region_code and _has_attempts(event.id):
        raise RegionFixedError
    _apply(event, plan)
    db.session.flush()


def copy_teams(source: Event, target: Event) -> None:
    """Give an event the teams of another, with their roster sizes."""
    db.session.add_all(
        Team(event=target, name=team.name, roster_size=team.roster_size) for team in source.teams
    )
    db.session.flush()


def posters_in_use(event_id: int) -> int:
    """Count the posters of an event that were not withdrawn."""
    query = sa.select(sa.func.count()).where(
        _POSTER.c.event_id == event_id, _POSTER.c.withdrawn_at.is_(None)
    )
    return db.session.scalar(query) or 0


def _has_attempts(event_id: int) -> bool:
    query = sa.select(sa.exists().where(_ATTEMPT.c.event_id == event_id))
    return bool(db.session.scalar(query)) or is_archived(event_id)


def _apply(event: Event, plan: Plan) -> None:
    event.kind = plan.kind
    event.title_zh, event.title_en, event.site = plan.title_zh, plan.title_en, plan.site
    event.region_code = plan.region_code
    event.body_id, event.quiz_id = plan.body_id, plan.quiz_id
    event.opens_at, event.closes_at = plan.opens_at, plan.closes_at


def team_named(event: Event, name: str) -> Team | None:
    """Return the event's team of this name, made first if need be; None for an empty name."""
    wanted = name.strip()
    if not wanted:
        return None
    for team in event.teams:
        if team.name == wanted:
            return team
    team = Team(event=event, name=wanted)
    db.session.add(team)
    db.session.flush()
    return team


def within(reach: Reach) -> sa.ColumnElement[bool]:
    """Return the condition for events that somebody answers for.

    A helper keeps their event wherever it moves.
    """
    if reach.event_id is not None:
        return Event.id == reach.event_id
    conditions = [Event.region_code.startswith(prefix_of(reach.region_code))]
    if reach.body_slug is not None:
        conditions.append(Event.body.has(Body.slug == reach.body_slug))
    return sa.and_(*conditions)


def listed(reach: Reach, page: int, wanted: Wanted = ALL) -> tuple[Sequence[Event], bool]:
    """List events within reach, the newest opening first, and whether more follow."""
    query = (
        sa.select(Event)
        .where(within(reach), *conditions(wanted, clock.now()))
        .order_by(Event.opens_at.desc(), Event.id.desc())
        .offset((min(page, MAX_PAGE) - 1) * PAGE_SIZE)
        .limit(PAGE_SIZE + 1)
        .options(joinedload(Event.region), joinedload(Event.body))
    )
    rows = db.session.scalars(query).all()
    return rows[:PAGE_SIZE], len(rows) > PAGE_SIZE


def by_state(reach: Reach, wanted: Wanted = ALL) -> dict[EventState, int]:
    """Count events within reach by what they are now, whatever state is wanted."""
    at = clock.now()
    state = sa.case(*((_is(known, at), known.value) for known in EventState))
    whatever_state = conditions(replace(wanted, state=None), at)
    query = sa.select(state, sa.func.count()).where(within(reach), *whatever_state).group_by(state)
    return {EventState(name): count for name, count in db.session.execute(query)}


def _is(state: EventState, at: datetime) -> sa.ColumnElement[bool]:
    """Return the condition for events of a state, as `state_at` tells it."""
    if state is EventState.CANCELLED:
        return Event.cancelled_at.is_not(None)
    times = {
        EventState.PLANNED: Event.opens_at > at,
        EventState.OPEN: sa.and_(Event.opens_at <= at, Event.closes_at > at),
        EventState.CLOSED: Event.closes_at <= at,
    }
    return sa.and_(Event.cancelled_at.is_(None), times[state])


def conditions(wanted: Wanted, at: datetime) -> list[sa.ColumnElement[bool]]:
    """Return the conditions for events that are wanted, within reach or not."""
    found: list[sa.ColumnElement[bool]] = []
    for word in wanted.words.split()[:MAX_SEARCH_WORDS]:
        fields = (Event.title_zh, Event.title_en, Event.site)
        found.append(sa.or_(*(field.icontains(word, autoescape=True) for field in fields)))
    if wanted.state is not None:
        found.append(_is(wanted.state, at))
    if wanted.kind is not None:
        found.append(Event.kind == wanted.kind)
    if wanted.region_code:
        found.append(Event.region_code.startswith(prefix_of(wanted.region_code)))
    return found


def find(event_id: int, reach: Reach) -> Event | None:
    """Return an event if it lies within reach."""
    query = sa.select(Event).where(Event.id == event_id, within(reach))
    return db.session.scalar(
        query.options(joinedload(Event.region), joinedload(Event.body), joinedload(Event.campaign))
    )
