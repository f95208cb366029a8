"""The files that somebody asked for: how far they are, and the files themselves."""

from flask import Blueprint, abort, flash, make_response, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_wtf import FlaskForm

from core import clock, jobs
from core.access import requires, signed_in
from core.db import db
from core.jobs import Job

bp = Blueprint("files", __name__, url_prefix="/organize/files")


@bp.get("/")
@requires("events.see")
def index() -> ResponseReturnValue:
    """List what this person asked for."""
    return render_template(
        "outreach/organizers/files.html", jobs=jobs.asked_by(signed_in().id), now=clock.now()
    )


@bp.get("/<job_id>")
@requires("events.see")
def show(job_id: str) -> ResponseReturnValue:
    """Show how far a file is; once it is there, offer it."""
    return render_template(
        "outreach/organizers/file.html", job=_job(job_id), now=clock.now(), form=FlaskForm()
    )


@bp.get("/<job_id>.json")
@requires("events.see")
def progress(job_id: str) -> ResponseReturnValue:
    """Tell a page's script how far a file is."""
    job = _job(job_id)
    return {
        "done": job.done,
        "total": job.total,
        "is_finished": job.finished_at is not None,
        "is_stuck": job.is_stuck(clock.now()),
    }


@bp.get("/<job_id>/file")
@requires("events.see")
def download(job_id: str) -> ResponseReturnValue:
    """Hand the file out."""
    job = _job(job_id)
    content = jobs.content(job.id)
    if content is None or job.file_name is None:
        abort(404)
    response = make_response(content)
    response.headers["Content-Type"] = job.media_type
    response.headers.set("Content-Disposition", "attachment", filename=job.file_name)
    response.headers["Cache-Control"] = "private, no-store"
    return response


@bp.post("/<job_id>/again")
@requires("events.see")
def again(job_id: str) -> ResponseReturnValue:
    """Ask once more for what failed or got stuck, as far as it is theirs now."""
    job = _job(job_id)
    try:
        fresh = jobs.again(job)
    except jobs.NotYoursError:
        flash(_("What this file was to hold is no longer yours. Ask for a new one."), "error")
        return redirect(url_for(".show", job_id=job.id), 303)
    db.session.commit()
    jobs.wake()
    flash(_("Started again."), "success")
    return redirect(url_for(".show", job_id=fresh.id), 303)


def _job(job_id: str) -> Job:
    """Return a job of who asks; somebody else's is as unknown as one that does not exist."""
    job = jobs.of_actor(job_id, signed_in().id)
    if job is None:
        abort(404)
    return job
