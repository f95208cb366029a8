"""Many events at once: a template, a check that saves nothing, and making them all."""

from collections import Counter
from dataclasses import dataclass

from flask import (
    Blueprint,
    abort,
    current_app,
    flash,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from core import audit, clock, jobs
from core.access import requires, signed_in
from core.config import Settings
from core.db import db, reading
from core.i18n import locale
from core.jobs import Job
from outreach.batch import kept, service, template, words, work
from outreach.batch.checking import KINDS, Checked, Known, check
from outreach.batch.forms import MakeForm, UploadForm
from outreach.batch.reading import MAX_ROWS, Fault, Sheet, read
from outreach.campaigns import service as campaigns
from outreach.campaigns.models import Campaign
from outreach.campaigns.reach import Reach, current_reach
from outreach.events.forms import KIND_LABELS

SHOWN_ROWS = 20

bp = Blueprint("batch", __name__, url_prefix="/organize/events/import")


@dataclass(frozen=True, slots=True)
class _Who:
    """Who asks, read before the session lets go of the writers' place."""

    id: int
    name: str
    reach: Reach
    campaign: Campaign

    @property
    def owner(self) -> str:
        """Name whom a checked sheet belongs to, and for which campaign."""
        return f"{self.id}:{self.campaign.id}"


@bp.get("")
@requires("events.manage")
def upload_page() -> ResponseReturnValue:
    """Offer the template and ask for a file."""
    who = _who()
    return render_template("outreach/batch/upload.html", form=UploadForm(), **_usual(who))


@bp.get("/template.xlsx")
@requires("events.manage")
def template_xlsx() -> ResponseReturnValue:
    """Return the empty workbook with what this organizer may choose."""
    who = _who()
    known = service.known(who.campaign, who.reach)
    place = 1 if locale() == "en" else 0
    lists = {
        "kind": [name.in_(locale()) for name in KINDS.values()],
        "body": [names[place] for names in known.bodies.values()],
        "quiz": [names[place] for names in known.quizzes.values()],
    }
    return _file(template.workbook(lists), work.XLSX, "events-template.xlsx")


@bp.get("/template.csv")
@requires("events.manage")
def template_csv() -> ResponseReturnValue:
    """Return headings and explanations as comma-separated values."""
    return _file(template.csv_text(locale()), "text/csv; charset=utf-8", "events-template.csv")


@bp.post("")
@requires("events.manage")
def upload() -> ResponseReturnValue:
    """Check a file: show its faults, or what would be made. Saves nothing."""
    who, form = _who(), UploadForm()
    if not form.validate_on_submit():
        page = render_template("outreach/batch/upload.html", form=form, **_usual(who))
        return page, 422
    data = form.file.data.read()
    db.session.rollback()
    with reading():  # a file takes up to a second, and no phone should wait for it
        sheet = read(data)
        known = service.known(who.campaign, who.reach)
    checked = check(sheet, known)
    try:
        text = "" if checked.faults else kept.write(sheet.rows, who.owner, _secret_key())
    except kept.TooLargeError:
        checked.faults.append(Fault(0, "", "", "too-many-rows", {"limit": str(MAX_ROWS // 2)}))
    if checked.faults:
        return _faults(who, sheet, checked, form), 422
    return _preview(who, sheet, checked, known, MakeForm(formdata=None, kept=text))


@bp.post("/make")
@requires("events.manage")
def make() -> ResponseReturnValue:
    """Ask for all events of a checked file to be made."""
    who, form = _who(), MakeForm()
    try:
        rows = kept.read(form.kept.data or "", who.owner, _secret_key())
    except kept.LostError:
        flash(_("This check is a day old or for another campaign. Choose the file again."), "error")
        return redirect(url_for(".upload_page", campaign=who.campaign.slug), 303)
    title = _("%(count)s events from a spreadsheet", count=len(rows))
    actor = (who.id, who.name)
    job = jobs.start(work.KIND, title, work.params(who.campaign.id, who.reach, actor, rows), who.id)
    audit.record(
        service.ACTION, f"job:{job.id}", title, region_code=who.reach.region_code, rows=len(rows)
    )
    db.session.commit()
    jobs.wake()
    return redirect(url_for(".made", job_id=job.id), 303)


@bp.get("/<job_id>")
@requires("events.manage")
def made(job_id: str) -> ResponseReturnValue:
    """Show how far the events are; once they are there, say what comes next."""
    job = _job(job_id)
    return render_template("outreach/batch/made.html", job=job, now=clock.now(), form=MakeForm())


@bp.post("/<job_id>/again")
@requires("events.manage")
def again(job_id: str) -> ResponseReturnValue:
    """Ask once more for events that could not be made; what is there is not made twice."""
    fresh = jobs.again(_job(job_id))
    db.session.commit()
    jobs.wake()
    return redirect(url_for(".made", job_id=fresh.id), 303)


def _job(job_id: str) -> Job:
    """Return an import of who asks; somebody else's is as unknown as one that does not exist."""
    job = jobs.of_actor(job_id, signed_in().id)
    if job is None or job.kind != work.KIND:
        abort(404)
    return job


def _who() -> _Who:
    """Return who asks and for which campaign; the session may forget everything after this."""
    actor, reach = signed_in(), current_reach()
    today = clock.local_day(clock.now())
    offered = {c.slug: c for c in campaigns.plannable(f"{reach.region_code[:2]}0000", today)}
    if not offered:
        flash(
            _("There is no campaign to plan events for. Headquarters sets one up first."), "error"
        )
        abort(redirect(url_for("desk.index"), 303))
    wanted = request.args.get("campaign") or next(iter(offered))
    if wanted not in offered:
        abort(404)
    return _Who(actor.id, actor.name, reach, offered[wanted])


def _usual(who: _Who) -> dict[str, object]:
    today = clock.local_day(clock.now())
    province = f"{who.reach.region_code[:2]}0000"
    return {
        "campaign": who.campaign,
        "campaigns": campaigns.plannable(province, today),
        "limit": MAX_ROWS,
    }


def _faults(who: _Who, sheet: Sheet, checked: Checked, form: UploadForm) -> str:
    return render_template(
        "outreach/batch/faults.html",
        form=form,
        faults=checked.faults,
        faulty_rows=len({fault.row for fault in checked.faults}),
        rows=len(sheet.rows),
        sentence=words.sentence,
        place=words.place,
        **_usual(who),
    )


def _preview(who: _Who, sheet: Sheet, checked: Checked, known: Known, form: MakeForm) -> str:
    fresh = checked.fresh
    at = clock.now()
    return render_template(
        "outreach/batch/preview.html",
        form=form,
        fresh=fresh,
        shown=fresh[:SHOWN_ROWS],
        there=len(checked.planned) - len(fresh),
        teams=sum(len(one.teams) for one in fresh),
        regions=[
            (known.regions.label(code), count)
            for code, count in Counter(one.plan.region_code for one in fresh).most_common()
        ],
        past=sum(one.plan.closes_at <= at for one in fresh),
        unread=sheet.unread,
        kinds=KIND_LABELS,
        label=known.regions.label,
        bodies=known.bodies,
        quizzes=known.quizzes,
        name_at=1 if locale() == "en" else 0,
        **_usual(who),
    )


def _secret_key() -> str:
    settings: Settings = current_app.config["SETTINGS"]
    return settings.secret_key


def _file(data: bytes, media_type: str, name: str) -> Response:
    response = make_response(data)
    response.headers["Content-Type"] = media_type
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["Cache-Control"] = "no-store"
    return response
