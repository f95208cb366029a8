"""A quiz as a phone would show it, for whoever chooses or composes one. Writes nothing."""

from flask import Blueprint, abort, render_template
from flask.typing import ResponseReturnValue

from core import clock, i18n
from core.access import requires
from outreach.campaigns.reach import current_reach
from outreach.events import quizzes
from outreach.participation import rendering
from question_bank import service as bank
from question_bank.selection import QuizNotFillableError, draw, new_seed

bp = Blueprint("quiz_preview", __name__, url_prefix="/organize/quizzes")


@bp.get("/<key:quiz_id>/preview")
@requires("events.manage")
def show(quiz_id: int) -> ResponseReturnValue:
    """Show a sample paper, another one at each look."""
    quiz, edition = quizzes.find(quiz_id, current_reach()), bank.latest()
    if quiz is None:
        abort(404)
    try:
        if edition is None:
            abort(503)
        seed = new_seed(clock.local_day(clock.now()))
        drawn = draw(edition, bank.quiz(quiz.id).blueprint, seed)
    except QuizNotFillableError:
        return render_template("outreach/participation/preview_unready.html", quiz=quiz), 503
    questions = rendering.questions(edition, drawn, i18n.locale())
    return render_template(
        "outreach/participation/preview.html",
        quiz=quiz,
        size=len(drawn),
        questions=questions,
        sample=seed,
    )
