"""Many questions in one go under /bank/: submit what a search lists, approve what was read."""

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import ngettext

from core import clock
from core.access import requires
from core.db import db
from question_bank import editing, service
from question_bank.check import findings
from question_bank.edited import author
from question_bank.models import QuestionState

bp = Blueprint("bulk", __name__, url_prefix="/bank")


@bp.post("/submit")
@requires("bank.edit")
def submit() -> ResponseReturnValue:
    """Hand the listed drafts to a second person; those with something to mend stay drafts."""
    statutes, today = service.statutes(), clock.local_day(clock.now())
    done = left = 0
    for question_id in request.form.getlist("question")[: editing.PAGE_SIZE]:
        version = editing.find(question_id)
        if version is None or version.row.state is not QuestionState.DRAFT:
            continue
        if findings(version.question, statutes, today):
            left += 1
        else:
            editing.submit(version)
            done += 1
    db.session.commit()
    flash(
        ngettext("%(num)d question was submitted.", "%(num)d questions were submitted.", done),
        "success",
    )
    if left:
        flash(
            ngettext(
                "%(num)d draft needs mending first; open it to see what.",
                "%(num)d drafts need mending first; open them to see what.",
                left,
            ),
            "error",
        )
    return redirect(url_for("bank.index", state="draft" if left else None), 303)


@bp.post("/approve")
@requires("bank.review")
def approve() -> ResponseReturnValue:
    """Let the ticked revisions into the next edition; what was saved since still waits."""
    reviewer = author()
    done = 0
    for ticked in request.form.getlist("revision")[: editing.PAGE_SIZE]:
        question_id, _colon, number = ticked.rpartition(":")
        version = editing.find(question_id)
        if version is None or number != str(version.revision.number):
            continue
        try:
            editing.approve(version, reviewer, "")
        except (editing.WrongStateError, editing.OwnWorkError):
            continue
        done += 1
    db.session.commit()
    flash(
        ngettext(
            "%(num)d question is approved for the next edition.",
            "%(num)d questions are approved for the next edition.",
            done,
        ),
        "success",
    )
    return redirect(url_for("review.index"), 303)
