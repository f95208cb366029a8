"""The organizer's pages for participation on paper and by word of mouth."""

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from core import audit, clock
from core.access import requires, signed_in
from core.db import db
from outreach.campaigns.reach import current_reach
from outreach.events import service as events
from outreach.events.models import Event
from outreach.tally import offline
from outreach.tally.models import OfflineCount
from outreach.tally.offline_forms import CHANNEL_LABELS, OfflineForm, TokenForm

bp = Blueprint("offline", __name__, url_prefix="/organize/events/<key:event_id>/offline")


@bp.get("")
@requires("events.see")
def index(event_id: int) -> ResponseReturnValue:
    """List an event's entries, with a form for who may enter one."""
    form = OfflineForm()
    form.local_day.data = clock.local_day(clock.now())
    return _page(_event(event_id), form)


@bp.post("")
@requires("events.manage")
def enter(event_id: int) -> ResponseReturnValue:
    """Write down people who took part away from a phone."""
    event = _event(event_id)
    form = OfflineForm()
    form.offer(event.teams)
    if not form.validate_on_submit():
        return _page(event, form), 422
    try:
        entry = offline.enter(event, form.entry(), signed_in())
    except offline.FutureDayError:
        form.local_day.errors = [_("This day has not come yet.")]
    except offline.TooManyEntriesError:
        limit = offline.MAX_ENTRIES
        form.people.errors = [
            _("An event has at most %(limit)d entries. Add up what belongs together.", limit=limit)
        ]
    else:
        _record("offline.enter", entry, event)
        db.session.commit()
        message = ngettext(
            "%(num)d person is entered.", "%(num)d people are entered.", entry.people
        )
        flash(message, "success")
        return redirect(url_for(".index", event_id=event.id), 303)
    return _page(event, form), 422


@bp.post("/<key:entry_id>/withdraw")
@requires("events.manage")
def withdraw(event_id: int, entry_id: int) -> ResponseReturnValue:
    """Take a mistaken entry out of the sums; it can be brought back."""
    event = _event(event_id)
    entry = _entry(event_id, entry_id)
    offline.withdraw(entry)
    _record("offline.withdraw", entry, event)
    db.session.commit()
    flash(_("The entry is withdrawn and no longer counts. You can restore it below."), "success")
    return redirect(url_for(".index", event_id=event.id), 303)


@bp.post("/<key:entry_id>/restore")
@requires("events.manage")
def restore(event_id: int, entry_id: int) -> ResponseReturnValue:
    """Let a withdrawn entry count again."""
    event = _event(event_id)
    entry = _entry(event_id, entry_id)
    offline.restore(entry)
    _record("offline.restore", entry, event)
    db.session.commit()
    flash(_("The entry counts again."), "success")
    return redirect(url_for(".index", event_id=event.id), 303)


def _page(event: Event, form: OfflineForm) -> str:
    form.offer(event.teams)
    return render_template(
        "outreach/tally/offline.html",
        event=event,
        form=form,
        token_form=TokenForm(),
        entries=offline.of_event(event.id),
        sums=offline.of_events([event.id]).get(event.id, offline.NONE),
        channels=CHANNEL_LABELS,
    )


def _record(action: str, entry: OfflineCount, event: Event) -> None:
    audit.record(
        action,
        f"offline:{entry.id}",
        event.title_zh,
        region_code=event.region_code,
        event=event.id,
        channel=entry.channel.value,
        people=entry.people,
        day=entry.local_day.isoformat(),
        reason=entry.reason,
    )


def _event(event_id: int) -> Event:
    """Return an event within reach; one outside is as unknown as one that does not exist."""
    event = events.find(event_id, current_reach())
    if event is None:
        abort(404)
    return event


def _entry(event_id: int, entry_id: int) -> OfflineCount:
    entry = offline.find(event_id, entry_id)
    if entry is None:
        abort(404)
    return entry
