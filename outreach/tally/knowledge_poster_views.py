"""A rule on a poster: choose the event whose code stands below it, and print it."""

from threading import BoundedSemaphore

from flask import Blueprint, Flask, abort, current_app, make_response, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from core import clock
from core.access import requires
from outreach.campaigns.reach import current_reach
from outreach.events import service as events
from outreach.events.forms import KIND_LABELS
from outreach.posters import choosing, printing
from outreach.tally import knowledge_poster
from question_bank import service as bank
from question_bank.content import Question
from question_bank.edition import Edition

AT_ONCE = 2
PATIENCE_SECONDS = 10
MOST_WORDS = 60
LISTED = 20

bp = Blueprint("rule_posters", __name__, url_prefix="/organize/knowledge/poster")


@bp.get("/<question_id>")
@requires("events.manage")
def choose(question_id: str) -> ResponseReturnValue:
    """Choose the event whose code goes below a rule."""
    edition, question = _question(question_id)
    words = request.args.get("q", "")[:MOST_WORDS]
    listed, number = choosing.listed(current_reach(), events.Wanted(words=words))
    rows = [row for row in listed if row.posters]
    return render_template(
        "outreach/tally/knowledge_poster.html",
        question=question,
        edition=edition,
        rows=rows[:LISTED],
        without=[row for row in listed if not row.posters],
        has_more=number > len(listed) or len(rows) > LISTED,
        words=words,
        kinds=KIND_LABELS,
    )


@bp.get("/<question_id>/<key:event_id>.pdf")
@requires("events.manage")
def page(question_id: str, event_id: int) -> ResponseReturnValue:
    """Hand out a rule as a page to print, with an event's code."""
    edition, question = _question(question_id)
    event = events.find(event_id, current_reach())
    if event is None:
        abort(404)
    drawn = printing.sheets([event.id])
    if not drawn:
        abort(404)
    sheet = next((one for one in drawn if not one.team), drawn[0])
    shown = knowledge_poster.page_of(question, edition.statutes, sheet)
    press: BoundedSemaphore = current_app.extensions["rule_press"]
    if not press.acquire(timeout=PATIENCE_SECONDS):
        abort(503)
    try:
        made = knowledge_poster.make(shown, title=_("A rule to know"), made_at=clock.now())
    finally:
        press.release()
    response = make_response(made)
    response.mimetype = "application/pdf"
    name = f"rule-{question.id}-{event.id}.pdf"
    response.headers.set("Content-Disposition", "attachment", filename=name)
    response.headers["Cache-Control"] = "private, no-store"
    return response


def _question(question_id: str) -> tuple[Edition, Question]:
    edition = bank.latest()
    if edition is None or question_id not in edition.questions:
        abort(404)
    return edition, edition.questions[question_id]


def init_app(app: Flask) -> None:
    """Register the pages, and make room for who prints."""
    app.extensions["rule_press"] = BoundedSemaphore(AT_ONCE)
    app.register_blueprint(bp)
