"""Making, naming, withdrawing and re-pointing posters."""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime

import sqlalchemy as sa
from flask import current_app
from sqlalchemy.orm import joinedload

from core import clock
from core.config import Settings
from core.db import db
from outreach.campaigns.reach import Reach
from outreach.events import service as events
from outreach.events.archived import is_archived
from outreach.events.models import Event, Team
from outreach.posters import codes
from outreach.posters.models import MAX_PLACEMENT, Poster

MAX_POSTERS_OF_EVENT = 200
SEPARATOR = re.compile(r"[;；]")
# Named only: code of this package knows nothing of attempts.
_ATTEMPT = sa.table("attempt", sa.column("event_id"), sa.column("poster_code"))
_HOUR = sa.table(
    "hour_tally", sa.column("event_id"), sa.column("poster_code"), sa.column("attempts")
)


class TooManyPostersError(Exception):
    """The event has as many posters as it may."""


class OtherEventsTeamError(Exception):
    """The team does not belong to the event."""


def link(code: str) -> str:
    """Return what the printed code holds: the public address, whatever host was asked."""
    settings: Settings = current_app.config["SETTINGS"]
    return f"{settings.public_url}/q/{code}"


def placements_in(text: str) -> list[str]:
    """Return the labels that somebody typed with ; between them, each once."""
    return list(dict.fromkeys(label for part in SEPARATOR.split(text) if (label := part.strip())))


def add_poster(event: Event, placement: str, team: Team | None = None) -> Poster:
    """Make a poster with a code of its own.

    :raises TooManyPostersError: the event has `MAX_POSTERS_OF_EVENT` already
    """
    return _add(event, [(placement, team)])[0]


def add_posters(event: Event, placements: Sequence[str], team: Team | None = None) -> list[Poster]:
    """Make a poster with a code of its own for each placement.

    :raises TooManyPostersError: the event would have more than `MAX_POSTERS_OF_EVENT`
    """
    return _add(event, [(placement, team) for placement in placements])


def add_for_teams(event: Event) -> list[Poster]:
    """Make a poster for each team that has none in use; it hangs at the event's site.

    :raises TooManyPostersError: the event would have more than `MAX_POSTERS_OF_EVENT`
    """
    served = {poster.team_id for poster in of_event(event.id) if poster.withdrawn_at is None}
    teams = [team for team in event.teams if team.id not in served]
    return _add(event, [(event.site[:MAX_PLACEMENT], team) for team in teams])


def _add(event: Event, wanted: Sequence[tuple[str, Team | None]]) -> list[Poster]:
    count = sa.select(sa.func.count()).where(Poster.event_id == event.id)
    if (db.session.scalar(count) or 0) + len(wanted) > MAX_POSTERS_OF_EVENT:
        raise TooManyPostersError
    at = clock.now()
    made = [_poster(event, placement, team, at) for placement, team in wanted]
    db.session.add_all(made)
    db.session.flush()
    return made


def _poster(event: Event, placement: str, team: Team | None, at: datetime) -> Poster:
    return Poster(code=codes.new_code(), event=event, team=team, placement=placement, created_at=at)


def add_missing(event_ids: Iterable[int]) -> int:
    """Make a poster for each event that has none in use, and for each such team; count them.

    An event that has as many posters as it may is passed over.
    """
    ids, at = list(event_ids), clock.now()
    there = _posters_there(ids)
    made: list[Poster] = []
    query = sa.select(Event).where(Event.id.in_(ids)).order_by(Event.id)
    for event in db.session.scalars(query.options(sa.orm.selectinload(Event.teams))):
        number, served = there.get(event.id, (0, set()))
        wanted: list[Team | None] = [team for team in event.teams if team.id not in served]
        if not wanted and not served:
            wanted = [None]
        if number + len(wanted) <= MAX_POSTERS_OF_EVENT:
            made += [_poster(event, event.site[:MAX_PLACEMENT], team, at) for team in wanted]
    db.session.add_all(made)
    db.session.flush()
    return len(made)


def _posters_there(event_ids: Sequence[int]) -> dict[int, tuple[int, set[int | None]]]:
    """Return by event how many posters it has, and which teams those in use serve (None: none)."""
    query = sa.select(Poster.event_id, Poster.team_id, Poster.withdrawn_at.is_(None)).where(
        Poster.event_id.in_(event_ids)
    )
    there: dict[int, tuple[int, set[int | None]]] = {}
    for event_id, team_id, is_in_use in db.session.execute(query):
        number, served = there.get(event_id, (0, set()))
        there[event_id] = number + 1, served | ({team_id} if is_in_use else set())
    return there


def rename(poster: Poster, placement: str) -> None:
    """Say anew where a poster hangs; its code and its counts stay."""
    poster.placement = placement


def withdraw(poster: Poster) -> None:
    """Take a poster out of use; its code answers with a kind page from now on."""
    if poster.withdrawn_at is None:
        poster.withdrawn_at = clock.now()


def restore(poster: Poster) -> None:
    """Put a withdrawn poster into use again."""
    poster.withdrawn_at = None


def repoint(poster: Poster, event: Event, team: Team | None) -> None:
    """Let a printed code lead to another event or team; what was counted stays where it was.

    :raises OtherEventsTeamError: the team is not one of the event's
    :raises TooManyPostersError: the event has `MAX_POSTERS_OF_EVENT` already
    """
    if team is not None and team.event_id != event.id:
        raise OtherEventsTeamError
    count = sa.select(sa.func.count()).where(
        Poster.event_id == event.id, Poster.code != poster.code
    )
    if (db.session.scalar(count) or 0) >= MAX_POSTERS_OF_EVENT:
        raise TooManyPostersError
    poster.event, poster.team = event, team
    db.session.flush()


def find(code: str, reach: Reach) -> Poster | None:
    """Return a poster whose event lies within reach."""
    poster = db.session.get(Poster, code) if codes.normal(code) == code else None
    if poster is None or events.find(poster.event_id, reach) is None:
        return None
    return poster


def of_event(event_id: int) -> Sequence[Poster]:
    """List an event's posters, the oldest first."""
    query = (
        sa.select(Poster)
        .where(Poster.event_id == event_id)
        .order_by(Poster.created_at, Poster.code)
        .limit(MAX_POSTERS_OF_EVENT)
    )
    return db.session.scalars(query.options(joinedload(Poster.team))).all()


def attempts_through(event_id: int) -> dict[str, int]:
    """Count an event's attempts by the code that was scanned."""
    table, number = _ATTEMPT, "count(*)"
    if is_archived(event_id):  # only what was counted is left
        table, number = _HOUR, "sum(attempts)"
    query = sa.select(table.c.poster_code, sa.literal_column(number, sa.Integer))
    query = query.where(table.c.event_id == event_id).group_by(table.c.poster_code)
    return {row[0]: int(row[1]) for row in db.session.execute(query)}
