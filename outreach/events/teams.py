"""The teams of an event and their roster sizes."""

from collections.abc import Sequence

import sqlalchemy as sa

from core.db import db
from outreach.events.models import Event, Team
from outreach.events.rosters import MAX_TEAMS, Roster

# Named only: code of this package knows nothing of attempts and posters.
_POSTER = sa.table("poster", sa.column("team_id"))
_ATTEMPT = sa.table("attempt", sa.column("event_id"), sa.column("team_id"))
# What archived attempts left behind.
_HOUR = sa.table("hour_tally", sa.column("event_id"), sa.column("team_id"))


class NameUsedError(Exception):
    """The event has another team of this name."""


class TeamInUseError(Exception):
    """The team has posters or attempts, which would lose their team."""


class TooManyTeamsError(Exception):
    """An event has at most `MAX_TEAMS` teams."""


def add(event: Event, rosters: Sequence[Roster]) -> list[Team]:
    """Add teams to an event.

    :raises NameUsedError: one is there already
    :raises TooManyTeamsError: there would be too many
    """
    known = {team.name for team in event.teams}
    for roster in rosters:
        if roster.name in known:
            raise NameUsedError(roster.name)
    if len(known) + len(rosters) > MAX_TEAMS:
        raise TooManyTeamsError
    added = [Team(event=event, name=r.name, roster_size=r.size) for r in rosters]
    db.session.add_all(added)
    db.session.flush()
    return added


def change(event: Event, wanted: dict[int, Roster]) -> bool:
    """Rename teams and set their roster sizes, by id; tell whether anything changed.

    :raises NameUsedError: two would have the same name
    """
    after = [wanted.get(team.id, Roster(team.name)).name for team in event.teams]
    for name in after:
        if after.count(name) > 1:
            raise NameUsedError(name)
    changed = [
        team
        for team in event.teams
        if team.id in wanted and Roster(team.name, team.roster_size) != wanted[team.id]
    ]
    # Two teams may swap their names, which no order of single changes allows.
    for team in changed:
        team.name, team.roster_size = f"\N{MIDDLE DOT}{team.id}", wanted[team.id].size
    db.session.flush()
    for team in changed:
        team.name = wanted[team.id].name
    db.session.flush()
    return bool(changed)


def in_use(event: Event) -> dict[int, int]:
    """Count the posters of each team; one that only has attempts stands there with 0."""
    ids = [team.id for team in event.teams]
    posters = (
        sa.select(_POSTER.c.team_id, sa.func.count().label("number"))
        .where(_POSTER.c.team_id.in_(ids))
        .group_by(_POSTER.c.team_id)
    )
    attempted = sa.select(_ATTEMPT.c.team_id).where(
        _ATTEMPT.c.event_id == event.id, _ATTEMPT.c.team_id.is_not(None)
    )
    counted = sa.select(_HOUR.c.team_id).where(_HOUR.c.event_id == event.id, _HOUR.c.team_id > 0)
    used = dict.fromkeys(db.session.scalars(attempted.union(counted)), 0)
    return used | {row.team_id: row.number for row in db.session.execute(posters)}


def remove(team: Team) -> None:
    """Remove a team.

    :raises TeamInUseError: it has posters or attempts
    """
    if team.id in in_use(team.event):
        raise TeamInUseError
    db.session.delete(team)
    db.session.flush()
