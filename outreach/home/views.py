"""The home page: the campaign with its countdown, its open and coming events, a box for a poster's
code."""

from datetime import datetime

from flask import Blueprint, current_app, redirect, render_template, request, session, url_for
from flask.blueprints import BlueprintSetupState
from flask.typing import ResponseReturnValue

from core import clock, display
from core.i18n import locale
from outreach.campaigns import service as campaigns
from outreach.campaigns.countdown import countdown
from outreach.events import calendar
from outreach.events.forms import KIND_LABELS
from outreach.home.kept import KEPT, KeptPages, key
from outreach.posters import codes
from outreach.regions import service as regions
from outreach.tally import service as tally

FLASHES = "_flashes"  # where Flask keeps the messages for one visitor

bp = Blueprint("home", __name__)


@bp.record
def _prepare(state: BlueprintSetupState) -> None:
    state.app.extensions[KEPT] = KeptPages()


@bp.get("/")
def index() -> ResponseReturnValue:
    """Show the campaign; a typed code leads on to its paper."""
    typed = request.args.get("code", "")[:200]
    if typed and (code := codes.normal(typed)):
        return redirect(url_for("participation.paper", code=code), 303)
    at = clock.now()
    if request.query_string or FLASHES in session:  # a page for this visitor alone
        return _page(at, typed)
    kept: KeptPages = current_app.extensions[KEPT]
    return kept.get(key(locale(), display.mode()), at, lambda: _page(at, ""))


def _page(at: datetime, typed: str) -> str:
    today = clock.local_day(at)
    campaign = campaigns.current(today)
    if campaign is None:
        return render_template("outreach/home/empty.html")
    separate = campaigns.separate_regions(campaign.id)
    rows = calendar.open_rows(campaign, separate, at)
    return render_template(
        "outreach/home/index.html",
        campaign=campaign,
        countdown=countdown(campaign.first_on, campaign.last_on, today),
        rows=rows,
        names=regions.names_of([row.region_code for row in rows]),
        open_count=sum(row.number for row in rows),
        coming=[
            (clock.local_day(event.opens_at), event) for event in calendar.coming(campaign.id, at)
        ],
        today=today,
        total=tally.table(campaign, campaign.province_code).total,
        typed=typed,
        kinds=KIND_LABELS,
    )
