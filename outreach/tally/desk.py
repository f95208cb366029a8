"""The organizer's desk: the events within reach, and one event with its counts."""

from flask import Blueprint, abort, render_template, request
from flask.typing import ResponseReturnValue

from core import clock
from core.access import requires
from outreach.campaigns.reach import Reach, current_reach
from outreach.events import service as events
from outreach.events.forms import KIND_LABELS, STATE_LABELS, DeskForm
from outreach.regions import service as regions
from outreach.regions.models import Level
from outreach.tally import board, event_counts, first_steps, offline
from outreach.tally.count import Count
from outreach.tally.offline_forms import CHANNEL_LABELS, TokenForm
from question_bank import service as bank

bp = Blueprint("desk", __name__, url_prefix="/organize")


@bp.get("/")
@requires("events.see")
def index() -> ResponseReturnValue:
    """List the events within reach."""
    page = max(request.args.get("page", 1, type=int), 1)
    reach = current_reach()
    form = DeskForm(request.args)
    form.offer(_parts(reach))
    form.validate()
    wanted = form.wanted()
    listed, has_more = events.listed(reach, page, wanted)
    by_state = events.by_state(reach, wanted)
    return render_template(
        "outreach/tally/desk.html",
        events=listed,
        counts=event_counts.of_events([event.id for event in listed]),
        nothing=Count(),
        page=page,
        has_more=has_more,
        form=form,
        query=form.query(),
        is_search=wanted != events.ALL,
        by_state=by_state,
        total=sum(by_state.values()),
        states=STATE_LABELS,
        steps=None if wanted != events.ALL else first_steps.of(reach, sum(by_state.values())),
        reach=regions.label(reach.region_code),
        now=clock.now(),
        kinds=KIND_LABELS,
    )


def _parts(reach: Reach) -> list[regions.Place]:
    """List the regions by which the events within a reach can be told apart."""
    level = Level.PREFECTURE if reach.region_code.endswith("0000") else Level.COUNTY
    return [p for p in regions.places(reach.region_code, level) if p.code != reach.region_code]


@bp.get("/events/<key:event_id>")
@requires("events.see")
def event(event_id: int) -> ResponseReturnValue:
    """Show one event: what was planned, its counts in parts, and what was counted off phones."""
    found = events.find(event_id, current_reach())
    if found is None:
        abort(404)
    entries = offline.of_events([event_id])
    counts = event_counts.breakdown(found)
    return render_template(
        "outreach/tally/event.html",
        event=found,
        quiz=bank.quiz(found.quiz_id),
        now=clock.now(),
        kinds=KIND_LABELS,
        states=STATE_LABELS,
        counts=counts,
        board_address=board.address(found.board_code),
        has_board_poster=any(part.is_for_screen for part in counts.placements),
        form=TokenForm(),
        offline=entries.get(event_id, offline.NONE),
        channels=CHANNEL_LABELS,
    )
