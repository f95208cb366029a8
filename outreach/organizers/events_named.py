"""The events and bodies that an account can be for, asked of the database by name.

Organizers are no part of the events' subject: the table is named only, its code unknown.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from core.db import db
from core.i18n import as_entered, pick
from outreach.campaigns.models import Body, Campaign
from outreach.campaigns.reach import Reach
from outreach.regions.models import Region
from outreach.regions.service import prefix_of

SUGGESTIONS = 12
NUMBERED = re.compile(r"(?:.*\()?([1-9]\d{0,8})\)?")
_EVENT = sa.table(
    "event",
    sa.column("id", sa.Integer),
    sa.column("title_zh", sa.String),
    sa.column("title_en", sa.String),
    sa.column("region_code", sa.String),
    sa.column("body_id", sa.Integer),
    sa.column("closes_at"),
    sa.column("cancelled_at"),
)


@dataclass(frozen=True, slots=True)
class NamedEvent:
    """An event as a helper's account needs it."""

    id: int
    title: str
    region_code: str
    place: str

    @property
    def label(self) -> str:
        """Return a name that means this event and no other."""
        return f"{self.title} · {self.place} ({self.id})"


class EventNotFoundError(Exception):
    """No event in reach fits what was typed, or several; `candidates` are those."""

    def __init__(self, candidates: Sequence[NamedEvent]) -> None:
        super().__init__(len(candidates))
        self.candidates = candidates


def event_within(reach: Reach, event_id: int | None = None) -> sa.Select[tuple[int]]:
    """Return the query for the ids of events that somebody answers for, or for one of them."""
    query = sa.select(_EVENT.c.id).where(
        _EVENT.c.region_code.startswith(prefix_of(reach.region_code))
    )
    if reach.body_slug is not None:
        bodies = sa.select(Body.id).where(Body.slug == reach.body_slug)
        query = query.where(_EVENT.c.body_id.in_(bodies))
    if reach.event_id is not None:
        query = query.where(_EVENT.c.id == reach.event_id)
    return query if event_id is None else query.where(_EVENT.c.id == event_id)


def search(text: str, reach: Reach) -> list[NamedEvent]:
    """List events within reach whose titles hold every word, those that close last first."""
    query = _named().where(_EVENT.c.id.in_(event_within(reach)), _EVENT.c.cancelled_at.is_(None))
    for word in text.split():
        query = query.where(
            sa.or_(
                _EVENT.c.title_zh.icontains(word, autoescape=True),
                _EVENT.c.title_en.icontains(word, autoescape=True),
                Region.name_zh.icontains(word, autoescape=True),
            )
        )
    query = query.order_by(_EVENT.c.closes_at.desc(), _EVENT.c.id.desc()).limit(SUGGESTIONS)
    return [_event(row) for row in db.session.execute(query)]


def resolve(text: str, reach: Reach) -> NamedEvent:
    """Return the one event that a person means: by its number, its label or words of its title.

    :raises EventNotFoundError: none fits, or several
    """
    numbered = NUMBERED.fullmatch(text.strip())
    if numbered:
        number = int(numbered[1])
        row = db.session.execute(
            _named().where(_EVENT.c.id.in_(event_within(reach, number)))
        ).first()
        if row is not None:
            return _event(row)
    found = search(text, reach)
    if len(found) != 1:
        raise EventNotFoundError(found)
    return found[0]


def titles(event_ids: Iterable[int | None]) -> dict[int, str]:
    """Return the titles of events, by id."""
    query = _named().where(_EVENT.c.id.in_({one for one in event_ids if one is not None}))
    return {row.id: _event(row).title for row in db.session.execute(query)}


def bodies(province_code: str) -> dict[str, str]:
    """Return the names of the bodies of a province's campaigns by slug, in the latest's order."""
    query = (
        sa.select(Body)
        .join(Body.campaign)
        .where(Campaign.province_code.startswith(prefix_of(province_code)[:2]))
        .order_by(Campaign.last_on.desc(), Campaign.id.desc(), Body.position)
    )
    names: dict[str, str] = {}
    for body in db.session.scalars(query):
        names.setdefault(body.slug, pick(body.name_zh, body.name_en))
    return names


def _named() -> sa.Select[tuple[int, str, str | None, str, str, str | None]]:
    return sa.select(
        _EVENT.c.id,
        _EVENT.c.title_zh,
        _EVENT.c.title_en,
        _EVENT.c.region_code,
        Region.name_zh,
        Region.name_en,
    ).join(Region, Region.code == _EVENT.c.region_code)


def _event(
    row: sa.Row[tuple[int, str, str | None, str, str, str | None]],
) -> NamedEvent:
    return NamedEvent(
        row.id,
        as_entered(row.title_zh, row.title_en),
        row.region_code,
        pick(row.name_zh, row.name_en),
    )
