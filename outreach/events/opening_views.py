"""Whether and until when an event is open: extend, close early, cancel, and each undone."""

from datetime import datetime, timedelta

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response

from core import audit, clock
from core.access import requires
from core.db import db
from core.filters import moment
from outreach.campaigns.reach import current_reach
from outreach.events import opening, service
from outreach.events.archived import ArchivedError
from outreach.events.forms import CancelForm, ClosingForm
from outreach.events.models import Event, EventState

bp = Blueprint("opening", __name__, url_prefix="/organize/events/<key:event_id>/opening")

LONGER = {"hour": timedelta(hours=1), "three-hours": timedelta(hours=3), "day": timedelta(days=1)}


@bp.get("")
@requires("events.manage")
def show(event_id: int) -> ResponseReturnValue:
    """Show the hours of an event and how to change them."""
    event = _event(event_id)
    form = ClosingForm()
    form.show(event)
    return _page(event, form, CancelForm())


@bp.post("/until")
@requires("events.manage")
def until(event_id: int) -> ResponseReturnValue:
    """Let an event close at another moment."""
    event = _event(event_id)
    form = ClosingForm()
    if not form.validate_on_submit() or not _close_at(event, form.moment(), form):
        return _page(event, form, CancelForm()), 422
    return _done(event, _("It is open until %(moment)s.", moment=moment(event.closes_at)))


@bp.post("/longer/<step>")
@requires("events.manage")
def longer(event_id: int, step: str) -> ResponseReturnValue:
    """Let an event be open for longer: from its end, or from now on if that has passed."""
    event = _event(event_id)
    if step not in LONGER:
        abort(404)
    form = ClosingForm()
    if not _close_at(event, max(event.closes_at, clock.now()) + LONGER[step], form):
        form.show(event)
        return _page(event, form, CancelForm()), 422
    return _done(event, _("It is open until %(moment)s.", moment=moment(event.closes_at)))


@bp.post("/close")
@requires("events.manage")
def close(event_id: int) -> ResponseReturnValue:
    """Close an event now."""
    event = _event(event_id)
    try:
        planned = opening.close_now(event)
    except opening.NotOpenError:
        flash(_("It is not open, so there is nothing to close."), "error")
        return redirect(url_for(".show", event_id=event_id), 303)
    _record("event.close", event, planned=planned.isoformat(), closed=event.closes_at.isoformat())
    return _done(event, _("It is closed. You can open it again on this page."))


@bp.post("/reopen")
@requires("events.manage")
def reopen(event_id: int) -> ResponseReturnValue:
    """Undo an early closing: open until the moment that was planned before."""
    event = _event(event_id)
    planned = _planned_closing(event)
    if planned is None:
        flash(_("There is no early closing to undo. Set the time below."), "error")
        return redirect(url_for(".show", event_id=event_id), 303)
    try:
        opening.close_at(event, planned)
    except ArchivedError:
        flash(_("Its attempts are in an archive, so it stays closed."), "error")
        return redirect(url_for(".show", event_id=event_id), 303)
    _record("event.reopen", event)
    return _done(event, _("It is open until %(moment)s.", moment=moment(event.closes_at)))


@bp.post("/cancel")
@requires("events.manage")
def cancel(event_id: int) -> ResponseReturnValue:
    """Say that an event does not take place."""
    event = _event(event_id)
    form = CancelForm()
    if not form.validate_on_submit():
        closing = ClosingForm(formdata=None)
        closing.show(event)
        return _page(event, closing, form), 422
    opening.cancel(event)
    _record("event.cancel", event)
    return _done(event, _("The event is cancelled. Its posters say so from now on."))


@bp.post("/restore")
@requires("events.manage")
def restore(event_id: int) -> ResponseReturnValue:
    """Let a cancelled event take place after all."""
    event = _event(event_id)
    opening.restore(event)
    _record("event.restore", event)
    return _done(event, _("The event takes place after all. Its posters work as planned."))


def _close_at(event: Event, wanted: datetime, form: ClosingForm) -> bool:
    """Change when an event closes, or say in the form why not."""
    was = event.closes_at
    try:
        opening.close_at(event, wanted)
    except opening.AlreadyPastError:
        form.closes_at.errors = [_("This moment must be to come, and after the opening.")]
        return False
    except opening.TooLongError:
        form.closes_at.errors = [_("An event is open for a year at most. Check the date.")]
        return False
    except ArchivedError:
        form.closes_at.errors = [_("Its attempts are in an archive, so it stays closed.")]
        return False
    _record("event.until", event, was=was.isoformat(), until=event.closes_at.isoformat())
    return True


def _planned_closing(event: Event) -> datetime | None:
    """Return when an event that was closed early was to close, if that can still be undone."""
    closed = audit.latest(f"event:{event.id}", "event.close")
    if closed is None or closed.detail["closed"] != event.closes_at.isoformat():
        return None
    planned = datetime.fromisoformat(closed.detail["planned"])
    return planned if planned > clock.now() else None


def _done(event: Event, sentence: str) -> Response:
    db.session.commit()
    flash(sentence, "success")
    return redirect(url_for(".show", event_id=event.id), 303)


def _record(action: str, event: Event, **detail: str) -> None:
    audit.record(
        action, f"event:{event.id}", event.title_zh, region_code=event.region_code, **detail
    )


def _event(event_id: int) -> Event:
    event = service.find(event_id, current_reach())
    if event is None:
        abort(404)
    return event


def _page(event: Event, form: ClosingForm, cancel_form: CancelForm) -> str:
    return render_template(
        "outreach/events/opening.html",
        event=event,
        state=event.state(clock.now()),
        states=EventState,
        posters=service.posters_in_use(event.id),
        planned_closing=_planned_closing(event),
        form=form,
        cancel_form=cancel_form,
        plain_form=FlaskForm(),
    )
