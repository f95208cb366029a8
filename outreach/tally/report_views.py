"""Numbers to take home: tables of one event or of all within reach, and closing reports."""

from threading import BoundedSemaphore
from typing import Any

import sqlalchemy as sa
from flask import (
    Blueprint,
    Flask,
    abort,
    current_app,
    make_response,
    redirect,
    render_template,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from core import audit, jobs
from core.access import requires, signed_in
from core.db import db
from core.i18n import on_paper
from core.jobs import NotYoursError
from outreach.campaigns.models import Campaign
from outreach.campaigns.reach import Reach, current_reach
from outreach.events import service as events
from outreach.events.models import Event
from outreach.regions import service as regions
from outreach.regions.service import Place, is_within
from outreach.tally import event_counts, event_sheets, offline, report_pages, sheets
from outreach.tally.report_forms import ReportForm

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CSV = "text/csv; charset=utf-8"
MAX_CAMPAIGNS = 50
AT_ONCE = 2
PATIENCE_SECONDS = 10

bp = Blueprint("reports", __name__, url_prefix="/organize")


@bp.get("/events/<key:event_id>/counts.xlsx")
@requires("events.see")
def event_xlsx(event_id: int) -> ResponseReturnValue:
    """Hand out one event's counts as a workbook, a sheet for each part."""
    event = _event(event_id)
    parts = event_sheets.of_event(event, event_counts.breakdown(event), offline.of_event(event.id))
    return _file(sheets.as_xlsx(parts), XLSX, f"event-{event.id}.xlsx")


@bp.get("/events/<key:event_id>/counts.csv")
@requires("events.see")
def event_csv(event_id: int) -> ResponseReturnValue:
    """Hand out one event's counts as one table."""
    event = _event(event_id)
    lines = event_sheets.flat(event, event_counts.breakdown(event), offline.of_event(event.id))
    return _file(sheets.as_csv(event_sheets.flat_heads(), lines), CSV, f"event-{event.id}.csv")


@bp.get("/events/<key:event_id>/report.pdf")
@requires("events.see")
def event_report(event_id: int) -> ResponseReturnValue:
    """Hand out one event's closing report, made at once."""
    event = _event(event_id)
    press: BoundedSemaphore = current_app.extensions["report_press"]
    if not press.acquire(timeout=PATIENCE_SECONDS):
        abort(503)
    try:
        with on_paper():
            made = report_pages.of_event(event)
    finally:
        press.release()
    return _file(made.content, made.media_type, made.name)


@bp.get("/counts.xlsx")
@requires("events.see")
def all_xlsx() -> ResponseReturnValue:
    """Hand out all events within reach as a workbook."""
    sheet = event_sheets.of_reach(current_reach())
    return _file(sheets.as_xlsx([sheet]), XLSX, "events.xlsx")


@bp.get("/counts.csv")
@requires("events.see")
def all_csv() -> ResponseReturnValue:
    """Hand out all events within reach as one table."""
    sheet = event_sheets.of_reach(current_reach())
    return _file(sheets.as_csv(sheet.heads, sheet.rows), CSV, "events.csv")


@bp.get("/reports")
@requires("events.see")
def index() -> ResponseReturnValue:
    """Offer tables of all events within reach, and a closing report."""
    return _page(_form())


@bp.post("/reports")
@requires("events.see")
def ask() -> ResponseReturnValue:
    """Ask for a region's closing report, which a process of its own makes."""
    form = _form()
    if not form.validate_on_submit():
        return _page(form), 422
    mine, code = current_reach(), form.region.data
    title = _("Closing report: %(region)s", region=regions.label(code))
    reach = Reach(code, mine.body_slug, mine.event_id)
    job = report_pages.start(form.campaign.data, reach, title, signed_in().id)
    audit.record("report.ask", f"region:{code}", title, region_code=code)
    db.session.commit()
    jobs.wake()
    return redirect(url_for("files.show", job_id=job.id), 303)


def _renew(asked: dict[str, Any]) -> dict[str, Any]:
    """Return what is asked for again: the same region, in as far as it is who asks'.

    :raises NotYoursError: it lies outside their reach now
    """
    reach = current_reach()
    if not is_within(asked["region_code"], reach.region_code):
        raise NotYoursError
    return asked | {"body_slug": reach.body_slug, "event_id": reach.event_id}


def _page(form: ReportForm) -> str:
    most = event_sheets.MAX_EVENTS
    return render_template("outreach/tally/reports.html", form=form, most=most)


def _form() -> ReportForm:
    reach = current_reach()
    form = ReportForm()
    query = sa.select(Campaign).order_by(Campaign.first_on.desc(), Campaign.id.desc())
    form.offer(db.session.scalars(query.limit(MAX_CAMPAIGNS)), _places(reach))
    return form


def _places(reach: Reach) -> list[Place]:
    found = regions.places(reach.region_code)
    return [place for place in found if is_within(place.code, reach.region_code)]


def _event(event_id: int) -> Event:
    """Return an event within reach; one outside is as unknown as one that does not exist."""
    event = events.find(event_id, current_reach())
    if event is None:
        abort(404)
    return event


def _file(content: bytes, media_type: str, name: str) -> Response:
    response = make_response(content)
    response.headers["Content-Type"] = media_type
    response.headers.set("Content-Disposition", "attachment", filename=name)
    response.headers["Cache-Control"] = "private, no-store"
    return response


def init_app(app: Flask) -> None:
    """Register the pages, and who makes reports."""
    app.extensions["report_press"] = BoundedSemaphore(AT_ONCE)
    kind = jobs.Kind(report_pages.of_region, "events.see", _renew)
    jobs.register(app, report_pages.KIND, kind)
    app.register_blueprint(bp)
