"""Let a printed code lead to another event or team: choose, read what changes, do it."""

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from wtforms import SelectChoice

from core import audit, clock
from core.access import requires
from core.db import db
from core.i18n import as_entered
from outreach.campaigns.reach import current_reach
from outreach.events import service as events
from outreach.events.models import Event, EventState
from outreach.events.service import Wanted
from outreach.posters import choosing, codes, service
from outreach.posters.forms import RepointForm
from outreach.posters.models import Poster

MAX_WORDS = 60
NO_TEAM = 0
OVER = frozenset({EventState.CLOSED, EventState.CANCELLED})

bp = Blueprint("repointing", __name__, url_prefix="/organize/posters/<code>/repoint")


@bp.get("")
@requires("events.manage")
def choose(code: str) -> ResponseReturnValue:
    """Offer events, or for the one chosen say what will change."""
    poster = _poster(code)
    target_id = request.args.get("to", 0, type=int)
    if target_id:
        target = _event(target_id)
        return _ask(poster, target, _form(target))
    words = request.args.get("q", "")[:MAX_WORDS]
    rows, number = choosing.listed(current_reach(), Wanted(words=words))
    return render_template(
        "outreach/posters/repoint.html",
        poster=poster,
        rows=rows,
        number=number,
        words=words,
        spaced=codes.spaced(poster.code),
    )


@bp.post("")
@requires("events.manage")
def move(code: str) -> ResponseReturnValue:
    """Point a poster to another event or team; counts that were made stay."""
    poster = _poster(code)
    target = _event(request.form.get("event_id", 0, type=int))
    form = _form(target)
    if not form.validate_on_submit():
        return _ask(poster, target, form), 422
    if target.state(clock.now()) in OVER:
        form.team_id.errors = [_("That event is over or cancelled. Choose another one.")]
        return _ask(poster, target, form), 422
    before = poster.event
    team = next((team for team in target.teams if team.id == form.team_id.data), None)
    try:
        service.repoint(poster, target, team)
    except service.TooManyPostersError:
        db.session.rollback()
        limit = service.MAX_POSTERS_OF_EVENT
        form.team_id.errors = [_("That event has %(limit)d posters already.", limit=limit)]
        return _ask(_poster(code), _event(target.id), form), 422
    audit.record(
        "poster.repoint",
        f"poster:{poster.code}",
        poster.placement,
        region_code=target.region_code,
        from_event=before.id,
        to_event=target.id,
        team=team.name if team else "",
    )
    db.session.commit()
    title = as_entered(target.title_zh, target.title_en)
    flash(
        _(
            "Poster “%(placement)s” now leads to “%(title)s”.",
            placement=poster.placement,
            title=title,
        ),
        "success",
    )
    return redirect(url_for("posters.of_event", event_id=target.id), 303)


def _ask(poster: Poster, target: Event, form: RepointForm) -> str:
    return render_template(
        "outreach/posters/repoint_confirm.html",
        poster=poster,
        target=target,
        form=form,
        attempts=service.attempts_through(poster.event_id).get(poster.code, 0),
        is_over=target.state(clock.now()) in OVER,
        spaced=codes.spaced(poster.code),
    )


def _form(target: Event) -> RepointForm:
    form = RepointForm()
    form.team_id.choices = [
        SelectChoice(NO_TEAM, _("No team")),
        *(SelectChoice(team.id, team.name) for team in target.teams),
    ]
    form.event_id.data = target.id
    return form


def _poster(code: str) -> Poster:
    """Return a poster within reach; one outside is as unknown as one that does not exist."""
    poster = service.find(code, current_reach())
    if poster is None:
        abort(404)
    return poster


def _event(event_id: int) -> Event:
    event = events.find(event_id, current_reach()) if 0 < event_id < 10**9 else None
    if event is None:
        abort(404)
    return event
