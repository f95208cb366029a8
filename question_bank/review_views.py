"""The editors' pages under /bank/ for what two people do: submit, review, retire, publish."""

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from core import clock
from core.access import requires, signed_in
from core.db import db
from question_bank import editing, service
from question_bank.edited import author, changes, sentences, topic_names, version_of
from question_bank.forms import PublishForm, ReviewForm

bp = Blueprint("review", __name__, url_prefix="/bank")


@bp.post("/questions/<question_id>/submit")
@requires("bank.edit")
def submit(question_id: str) -> ResponseReturnValue:
    """Hand a draft to a second person, if nothing is left to mend."""
    version = version_of(question_id)
    if sentences(version.question):
        flash(_("Mend what is listed below before you submit the question."), "error")
        return _back(question_id)
    try:
        editing.submit(version)
    except editing.WrongStateError:
        flash(_("The question is not a draft any more."), "error")
    else:
        db.session.commit()
        flash(_("Submitted. A second person reviews it now."), "success")
    return _back(question_id)


@bp.post("/questions/<question_id>/approve")
@requires("bank.review")
def approve(question_id: str) -> ResponseReturnValue:
    """Let a submitted revision into the next edition."""
    return _review(question_id, is_approved=True)


@bp.post("/questions/<question_id>/send-back")
@requires("bank.review")
def send_back(question_id: str) -> ResponseReturnValue:
    """Return a submitted revision to its author."""
    return _review(question_id, is_approved=False)


def _review(question_id: str, *, is_approved: bool) -> ResponseReturnValue:
    version = version_of(question_id)
    note = ReviewForm().note.data or ""
    try:
        if is_approved:
            editing.approve(version, author(), note)
        else:
            editing.send_back(version, author(), note)
    except editing.WrongStateError:
        flash(_("The question does not wait for review any more."), "error")
    except editing.OwnWorkError:
        flash(_("Somebody else has to review what you wrote."), "error")
    else:
        db.session.commit()
        done = _("Approved for the next edition.") if is_approved else _("Sent back.")
        flash(done, "success")
    return _back(question_id)


@bp.post("/questions/<question_id>/retire")
@requires("bank.review")
def retire(question_id: str) -> ResponseReturnValue:
    """Take a question out of the next edition."""
    editing.retire(version_of(question_id))
    db.session.commit()
    flash(_("Retired from the next edition on. You can bring it back."), "success")
    return _back(question_id)


@bp.post("/questions/<question_id>/revive")
@requires("bank.edit")
def revive(question_id: str) -> ResponseReturnValue:
    """Bring a retired question back as a draft."""
    try:
        editing.revive(version_of(question_id))
    except editing.WrongStateError:
        flash(_("The question is not retired."), "error")
    else:
        db.session.commit()
        flash(_("Back as a draft."), "success")
    return _back(question_id)


@bp.get("/review")
@requires("bank.edit")
def index() -> ResponseReturnValue:
    """List what waits for a second person and what rests on versions that end."""
    statutes = service.statutes()
    return render_template(
        "question_bank/editor/review.html",
        submitted=editing.submitted(),
        waiting=editing.waiting(),
        endings=editing.endings(statutes, clock.local_day(clock.now())),
        topic_names=dict(topic_names()),
        statutes=statutes,
        reader=signed_in().id,
        may_review=signed_in().may("bank.review"),
    )


@bp.get("/publish")
@requires("bank.review")
def publish_page() -> ResponseReturnValue:
    """Show what the next edition would change."""
    return _publish_page(PublishForm())


@bp.post("/publish")
@requires("bank.review")
def publish() -> ResponseReturnValue:
    """Publish an edition."""
    form = PublishForm()
    if not form.validate_on_submit():
        return _publish_page(form), 422
    number = service.publish(form.summary.data)
    db.session.commit()
    if number is None:
        flash(_("Nothing has changed since the latest edition."), "error")
    else:
        flash(_("Edition %(number)s is published.", number=number), "success")
    return redirect(url_for(".publish_page"), 303)


def _publish_page(form: PublishForm) -> str:
    return render_template(
        "question_bank/editor/publish.html",
        form=form,
        pending=service.pending(),
        editions=service.editions(),
        changes=changes,
    )


def _back(question_id: str) -> ResponseReturnValue:
    return redirect(url_for("bank.show", question_id=question_id), 303)
