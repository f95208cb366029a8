"""Posters as PDF files: of one event at once, of many in the background."""

from collections.abc import Sequence

from flask import Blueprint, abort, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from core import audit, jobs
from core.access import requires, signed_in
from core.bounds import key_of
from core.db import db
from outreach.campaigns.reach import current_reach
from outreach.events import service as events
from outreach.events.forms import KIND_LABELS
from outreach.events.models import EventKind
from outreach.events.service import Wanted
from outreach.posters import choosing, printing, service
from outreach.posters.drawing import Size
from outreach.posters.forms import ALL, OrderForm
from outreach.regions import service as regions

MAX_WORDS = 60

bp = Blueprint("poster_orders", __name__, url_prefix="/organize")


@bp.get("/events/<key:event_id>/posters.pdf")
@requires("events.manage")
def of_event(event_id: int) -> ResponseReturnValue:
    """Hand out an event's posters; lead to the order page if that would take long."""
    event = events.find(event_id, current_reach())
    size = _size(request.args.get("size", Size.A4.value))
    if event is None or size is None:
        abort(404)
    number = printing.count([event.id])
    if not number:
        return redirect(url_for("posters.of_event", event_id=event.id), 303)
    if number > printing.AT_ONCE:
        return redirect(url_for(".choose", event=event.id, size=size.value), 303)
    response = make_response(printing.document(printing.sheets([event.id]), size))
    response.mimetype = printing.PDF
    name = printing.file_name(size, event.id)
    response.headers.set("Content-Disposition", "inline", filename=name)
    response.headers["Cache-Control"] = "private, no-store"
    return response


@bp.get("/posters")
@requires("events.manage")
def choose() -> ResponseReturnValue:
    """Offer events whose posters can be printed together."""
    wanted = _wanted()
    form = OrderForm(formdata=None)
    if (size := _size(request.args.get("size", ""))) is not None:
        form.size.data = size.value
    if (only := _only()) is not None:
        form.events.data = [only]
    return _page(form, wanted)


@bp.post("/posters")
@requires("events.manage")
def order() -> ResponseReturnValue:
    """Have the posters of the chosen events made in the background."""
    wanted, form = _wanted(), OrderForm()
    if not form.validate_on_submit():
        return _page(form, wanted), 422
    reach = current_reach()
    try:
        chosen = (
            choosing.all_ids(reach, wanted, _only())
            if form.which.data == ALL
            else choosing.within_reach(reach, (form.events.data or [])[: choosing.LISTED])
        )
    except choosing.TooManyEventsError:
        form.which.errors = [_too_many_events()]
        return _page(form, wanted), 422
    made = service.add_missing(chosen) if form.adds_missing.data else 0
    fault, number = _fault(chosen)
    if fault:
        db.session.rollback()
        form.which.errors = [fault]
        return _page(form, wanted), 422
    title = ngettext(
        "%(num)d poster (%(size)s)", "%(num)d posters (%(size)s)", number, size=_name(form)
    )
    params = {"event_ids": list(chosen), "size": form.size.data}
    job = jobs.start(printing.KIND, title, params, signed_in().id)
    audit.record(
        "poster.print",
        f"job:{job.id}",
        title,
        region_code=reach.region_code,
        events=len(chosen),
        posters=number,
        made=made,
    )
    db.session.commit()
    jobs.wake()
    return redirect(url_for("files.show", job_id=job.id), 303)


def _fault(chosen: Sequence[int]) -> tuple[str, int]:
    """Say why these events cannot be printed together, if so, and how many posters they have."""
    if not chosen:
        return _("Tick at least one event."), 0
    number = printing.count(chosen)
    if not number:
        return _("These events have no poster yet. Tick that they are made first."), 0
    if number > printing.MOST_IN_FILE:
        limit = printing.MOST_IN_FILE
        return _(
            "%(number)d posters are too many for one file: at most %(limit)d. "
            "Choose a smaller region.",
            number=number,
            limit=limit,
        ), number
    return "", number


def _too_many_events() -> str:
    return str(
        _(
            "“All that are found” prints at most %(limit)d events at once. "
            "Choose a smaller region or one kind.",
            limit=choosing.MOST_EVENTS,
        )
    )


def _name(form: OrderForm) -> str:
    labels = {value: label for value, label, *_rest in form.size.iter_choices()}
    return str(labels[form.size.data])


def _size(name: str) -> Size | None:
    return Size(name) if name in set(Size) else None


def _wanted() -> Wanted:
    """Read the filter from the address; what makes no sense asks for all."""
    kind = request.args.get("kind", "")
    region = request.args.get("region", "")
    return Wanted(
        words=request.args.get("q", "")[:MAX_WORDS],
        region_code=region if region.isascii() and region.isdecimal() else "",
        kind=EventKind(kind) if kind in set(EventKind) else None,
    )


def _only() -> int | None:
    """Return the one event that the address asks for, if it does."""
    return key_of(request.args.get("event", ""))


def _page(form: OrderForm, wanted: Wanted) -> str:
    reach = current_reach()
    only = _only()
    rows, number = choosing.listed(reach, wanted, only)
    if only is not None and not rows:
        abort(404)
    return render_template(
        "outreach/posters/order.html",
        form=form,
        wanted=wanted,
        only=only,
        rows=rows,
        number=number,
        kinds=KIND_LABELS,
        places=regions.places(reach.region_code),
        too_many=_too_many_events() if number > choosing.MOST_EVENTS else "",
    )
