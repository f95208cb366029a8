"""The organizer's poster pages: make, name, print one, withdraw, and the codes as files."""

from flask import Blueprint, abort, flash, make_response, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response

from core import audit
from core.access import requires
from core.db import db
from core.pdf import unknown_in
from outreach import qr
from outreach.campaigns.reach import current_reach
from outreach.events import service as events
from outreach.events.models import Event
from outreach.posters import codes, printing, service
from outreach.posters.forms import SIZE_LABELS, PosterForm, RenameForm, WithdrawForm
from outreach.posters.models import Poster
from outreach.posters.sheet import distance_words, reading_distance
from question_bank import service as bank

PRINTED_SIDE = 130  # millimetres, quiet zone included, as poster.css prints it

bp = Blueprint("posters", __name__, url_prefix="/organize")


@bp.get("/events/<key:event_id>/posters")
@requires("events.manage")
def of_event(event_id: int) -> ResponseReturnValue:
    """List an event's posters."""
    return _list(_event(event_id), PosterForm())


@bp.post("/events/<key:event_id>/posters")
@requires("events.manage")
def add(event_id: int) -> ResponseReturnValue:
    """Make posters, one for each place."""
    event = _event(event_id)
    form = PosterForm()
    if not form.validate_on_submit():
        return _list(event, form), 422
    team = events.team_named(event, form.team.data or "")
    try:
        made = service.add_posters(event, form.placements, team)
    except service.TooManyPostersError:
        db.session.rollback()
        form.placement.errors = [_too_many()]
        return _list(_event(event_id), form), 422
    for poster in made:
        _record("poster.add", poster)
    db.session.commit()
    placements = "; ".join(poster.placement for poster in made)
    if len(made) == 1:
        text = _("Poster “%(placement)s” is ready to print.", placement=placements)
    else:
        text = _(
            "%(number)d posters are ready to print: %(placements)s.",
            number=len(made),
            placements=placements,
        )
    flash(text, "success")
    return redirect(url_for(".of_event", event_id=event.id), 303)


@bp.post("/events/<key:event_id>/posters/teams")
@requires("events.manage")
def add_for_teams(event_id: int) -> ResponseReturnValue:
    """Make a poster for each team that has none."""
    event = _event(event_id)
    try:
        made = service.add_for_teams(event)
    except service.TooManyPostersError:
        flash(_too_many(), "error")
        return redirect(url_for(".of_event", event_id=event.id), 303)
    for poster in made:
        _record("poster.add", poster)
    db.session.commit()
    flash(ngettext("%(num)d poster was made.", "%(num)d posters were made.", len(made)), "success")
    return redirect(url_for(".of_event", event_id=event.id), 303)


@bp.get("/posters/<code>/print")
@requires("events.manage")
def print_page(code: str) -> ResponseReturnValue:
    """Show one poster as it is printed on A4."""
    poster = _poster(code)
    link = service.link(poster.code)
    return render_template(
        "outreach/posters/print.html",
        poster=poster,
        event=poster.event,
        link=link,
        distance=distance_words(reading_distance(PRINTED_SIDE, qr.drawn(link))),
        spaced=codes.spaced(poster.code),
        quiz=bank.quiz(poster.event.quiz_id),
    )


@bp.post("/posters/<code>/rename")
@requires("events.manage")
def rename(code: str) -> ResponseReturnValue:
    """Say anew where a poster hangs."""
    poster = _poster(code)
    form = RenameForm()
    if not form.validate_on_submit():
        return _list(poster.event, PosterForm(formdata=None), {poster.code: form}), 422
    before = poster.placement
    service.rename(poster, form.placement.data or "")
    _record("poster.rename", poster, before=before)
    db.session.commit()
    flash(_("Saved."), "success")
    return redirect(url_for(".of_event", event_id=poster.event_id), 303)


@bp.post("/posters/<code>/withdraw")
@requires("events.manage")
def withdraw(code: str) -> ResponseReturnValue:
    """Take a poster out of use."""
    poster = _poster(code)
    service.withdraw(poster)
    _record("poster.withdraw", poster)
    db.session.commit()
    flash(_("Poster “%(placement)s” is withdrawn.", placement=poster.placement), "success")
    return redirect(url_for(".of_event", event_id=poster.event_id), 303)


@bp.post("/posters/<code>/restore")
@requires("events.manage")
def restore(code: str) -> ResponseReturnValue:
    """Put a withdrawn poster into use again."""
    poster = _poster(code)
    service.restore(poster)
    _record("poster.restore", poster)
    db.session.commit()
    flash(_("Poster “%(placement)s” is in use again.", placement=poster.placement), "success")
    return redirect(url_for(".of_event", event_id=poster.event_id), 303)


@bp.get("/posters/<code>.svg")
@requires("events.manage")
def svg(code: str) -> ResponseReturnValue:
    """Draw the code as vectors, for print."""
    poster = _poster(code)
    return _file(qr.svg(service.link(poster.code)), "image/svg+xml")


@bp.get("/posters/<code>.png")
@requires("events.manage")
def png(code: str) -> ResponseReturnValue:
    """Draw the code as pixels, for chats and word processors."""
    poster = _poster(code)
    return _file(qr.png(service.link(poster.code)), "image/png")


def _record(action: str, poster: Poster, **detail: str) -> None:
    audit.record(
        action,
        f"poster:{poster.code}",
        poster.placement,
        region_code=poster.event.region_code,
        **detail,
    )


def _too_many() -> str:
    limit = service.MAX_POSTERS_OF_EVENT
    return str(_("An event has at most %(limit)d posters. Use one of them.", limit=limit))


def _file(content: str | bytes, mimetype: str) -> Response:
    response = make_response(content)
    response.mimetype = mimetype
    response.headers["Cache-Control"] = "private, max-age=3600"
    return response


def _event(event_id: int) -> Event:
    event = events.find(event_id, current_reach())
    if event is None:
        abort(404)
    return event


def _poster(code: str) -> Poster:
    """Return a poster within reach; one outside is as unknown as one that does not exist."""
    poster = service.find(code, current_reach())
    if poster is None:
        abort(404)
    return poster


def _list(event: Event, form: PosterForm, renaming: dict[str, RenameForm] | None = None) -> str:
    """Show an event's posters; `renaming` holds the form of one whose new label has a fault."""
    posters = service.of_event(event.id)
    served = {poster.team_id for poster in posters if poster.withdrawn_at is None}
    words = (event.title_zh, event.title_en or "", event.site, *(team.name for team in event.teams))
    return render_template(
        "outreach/posters/index.html",
        event=event,
        posters=posters,
        in_use=sum(poster.withdrawn_at is None for poster in posters),
        attempts=service.attempts_through(event.id),
        unserved=sum(team.id not in served for team in event.teams),
        unknown=unknown_in("".join(words)),
        sizes=SIZE_LABELS,
        at_once=printing.AT_ONCE,
        form=form,
        renaming=renaming or {},
        withdraw_form=WithdrawForm(),
        link=service.link,
        spaced=codes.spaced,
    )
