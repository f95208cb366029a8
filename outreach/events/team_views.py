"""The teams of an event: add, rename, roster size, remove."""

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from core import audit
from core.access import requires
from core.db import db
from outreach.campaigns.reach import current_reach
from outreach.events import service, teams
from outreach.events.forms import TeamsForm
from outreach.events.models import Event, Team
from outreach.events.rosters import MAX_TEAMS, Roster

bp = Blueprint("teams", __name__, url_prefix="/organize/events/<key:event_id>/teams")


@bp.get("")
@requires("events.manage")
def index(event_id: int) -> ResponseReturnValue:
    """Show the teams of an event."""
    event = _event(event_id)
    form = TeamsForm()
    for team in event.teams:
        entry = {"team_id": str(team.id), "name": team.name, "size": team.roster_size}
        form.teams.append_entry(entry)
    return _page(event, form)


@bp.post("")
@requires("events.manage")
def save(event_id: int) -> ResponseReturnValue:
    """Change the teams that are there and add new ones."""
    event = _event(event_id)
    form = TeamsForm()
    if not form.validate_on_submit() or not _save(event, form):
        return _page(event, form), 422
    db.session.commit()
    flash(_("Saved."), "success")
    return redirect(url_for(".index", event_id=event.id), 303)


def _save(event: Event, form: TeamsForm) -> bool:
    """Write what the form says, or say in it why not."""
    known = {str(team.id): team for team in event.teams}
    wanted = {
        known[entry.team_id.data].id: Roster(entry.form.name.data, entry.size.data)
        for entry in form.teams
        if entry.team_id.data in known
    }
    try:
        has_changed = teams.change(event, wanted)
        added = teams.add(event, form.rosters)
    except teams.NameUsedError as error:
        db.session.rollback()
        form.more.errors = [_("Two teams would be called “%(name)s”.", name=str(error))]
        return False
    except teams.TooManyTeamsError:
        db.session.rollback()
        form.more.errors = [_("An event has at most %(limit)d teams.", limit=MAX_TEAMS)]
        return False
    if has_changed or added:
        _record("event.teams", event, added=[team.name for team in added])
    return True


@bp.post("/<key:team_id>/remove")
@requires("events.manage")
def remove(event_id: int, team_id: int) -> ResponseReturnValue:
    """Remove a team that has neither posters nor attempts."""
    event = _event(event_id)
    team = db.session.get(Team, team_id)
    if team is None or team.event_id != event.id:
        abort(404)
    name, size = team.name, team.roster_size
    try:
        teams.remove(team)
    except teams.TeamInUseError:
        flash(
            _("“%(name)s” stays: it has posters or attempts, and they would lose it.", name=name),
            "error",
        )
    else:
        _record("event.team-remove", event, name=name, size=size)
        db.session.commit()
        flash(_("Team “%(name)s” is removed.", name=name), "success")
    return redirect(url_for(".index", event_id=event_id), 303)


def _record(action: str, event: Event, **detail: object) -> None:
    audit.record(
        action, f"event:{event.id}", event.title_zh, region_code=event.region_code, **detail
    )


def _event(event_id: int) -> Event:
    event = service.find(event_id, current_reach())
    if event is None:
        abort(404)
    return event


def _page(event: Event, form: TeamsForm) -> str:
    return render_template(
        "outreach/events/teams.html", event=event, form=form, in_use=teams.in_use(event)
    )
