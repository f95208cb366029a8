"""The quizzes that events can use: list, compose, change."""

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_wtf import FlaskForm

from core import audit, clock
from core.access import requires, signed_in
from core.db import db
from core.i18n import pick
from outreach.campaigns.reach import current_reach
from outreach.events import quizzes
from outreach.regions import service as regions
from question_bank import composing, selection
from question_bank import service as bank
from question_bank.composing import NoRoomError
from question_bank.edition import Edition
from question_bank.forms import AUDIENCES
from question_bank.models import Quiz
from question_bank.quiz_forms import COUNTING_LABELS, DIFFICULTIES, QuizForm

bp = Blueprint("quizzes", __name__, url_prefix="/organize/quizzes")


@bp.get("/")
@requires("events.manage")
def index() -> ResponseReturnValue:
    """List the ready quizzes and those composed here."""
    ready, composed = bank.offered_quizzes(), quizzes.composed(current_reach())
    listed = [*ready, *composed]
    return render_template(
        "outreach/events/quizzes.html",
        ready=ready,
        composed=composed,
        sizes={quiz.id: selection.Blueprint.from_json(quiz.parts).size for quiz in listed},
        used=quizzes.events_using([quiz.id for quiz in listed]),
        counting=COUNTING_LABELS,
        region_label=regions.label,
    )


@bp.get("/new")
@requires("events.manage")
def new() -> ResponseReturnValue:
    """Show an empty form with a usual beginning."""
    form = _form()
    form.parts[0].form.count.data = 10
    form.parts[0].topics.data = ["product-quality", "auto-three-guarantees", "food-safety"]
    return _page(form)


@bp.post("/new")
@requires("events.manage")
def compose() -> ResponseReturnValue:
    """Keep a composed quiz."""
    form = _form()
    if not form.validate_on_submit() or not _has_room(form):
        return _page(form), 422
    quiz = composing.compose(form.draft(), current_reach().region_code, signed_in().id)
    _record("quiz.compose", quiz)
    db.session.commit()
    flash(_("The quiz is ready. Look at it as a phone shows it."), "success")
    return redirect(url_for(".show", quiz_id=quiz.id), 303)


@bp.get("/<key:quiz_id>")
@requires("events.manage")
def show(quiz_id: int) -> ResponseReturnValue:
    """Show what a quiz asks for, and how many questions fit."""
    quiz = _quiz(quiz_id)
    edition, blueprint = bank.latest(), selection.Blueprint.from_json(quiz.parts)
    today = clock.local_day(clock.now())
    return render_template(
        "outreach/events/quiz.html",
        quiz=quiz,
        size=blueprint.size,
        fits=composing.fits(edition, blueprint, today) if edition else [],
        topics={topic.id: pick(topic.name.zh, topic.name.en) for topic in bank.topics()},
        difficulties=DIFFICULTIES,
        audiences=AUDIENCES,
        counting=COUNTING_LABELS,
        region=regions.label(quiz.region_code) if quiz.region_code else "",
        used=quizzes.events_using([quiz.id]).get(quiz.id, 0),
        may_change=quizzes.may_change(quiz, current_reach(), signed_in().id),
        form=FlaskForm(),
    )


@bp.get("/<key:quiz_id>/edit")
@requires("events.manage")
def edit(quiz_id: int) -> ResponseReturnValue:
    """Show the form of a composed quiz."""
    quiz = _own(quiz_id)
    form = _form()
    form.show(quiz)
    return _page(form, quiz)


@bp.post("/<key:quiz_id>/edit")
@requires("events.manage")
def change(quiz_id: int) -> ResponseReturnValue:
    """Offer a changed quiz in place of this one; events that use this one keep it."""
    quiz = _own(quiz_id)
    form = _form()
    if not form.validate_on_submit() or not _has_room(form):
        return _page(form, quiz), 422
    changed = composing.revise(quiz, form.draft(), signed_in().id)
    _record("quiz.change", changed, was=quiz.id)
    db.session.commit()
    flash(_("Saved."), "success")
    return redirect(url_for(".show", quiz_id=changed.id), 303)


@bp.post("/<key:quiz_id>/withdraw")
@requires("events.manage")
def withdraw(quiz_id: int) -> ResponseReturnValue:
    """Offer a composed quiz no longer."""
    quiz = _own(quiz_id)
    composing.withdraw(quiz)
    _record("quiz.withdraw", quiz)
    db.session.commit()
    flash(_("It is no longer offered. Events that use it keep it."), "success")
    return redirect(url_for(".show", quiz_id=quiz.id), 303)


@bp.post("/<key:quiz_id>/offer")
@requires("events.manage")
def offer(quiz_id: int) -> ResponseReturnValue:
    """Offer a composed quiz again."""
    quiz = _own(quiz_id)
    composing.offer(quiz)
    if quiz.is_offered:
        _record("quiz.offer", quiz)
        db.session.commit()
        flash(_("It is offered again."), "success")
    else:
        flash(_("A later version of it is offered."), "error")
    return redirect(url_for(".show", quiz_id=quiz_id), 303)


def _has_room(form: QuizForm) -> bool:
    """Tell whether the current edition can fill the quiz, or say in the form why not."""
    try:
        composing.check_room(_edition(), form.draft().blueprint, clock.local_day(clock.now()))
    except NoRoomError as error:
        form.refuse(error)
        return False
    return True


def _edition() -> Edition:
    edition = bank.latest()
    if edition is None:
        abort(503)
    return edition


def _form() -> QuizForm:
    form = QuizForm()
    counts = composing.questions_of_topics(_edition(), clock.local_day(clock.now()))
    form.offer(
        (
            topic.id,
            _(
                "%(name)s (%(count)s)",
                name=pick(topic.name.zh, topic.name.en),
                count=counts.get(topic.id, 0),
            ),
        )
        for topic in bank.topics()
    )
    return form


def _page(form: QuizForm, quiz: Quiz | None = None) -> str:
    used = quizzes.events_using([quiz.id]).get(quiz.id, 0) if quiz else 0
    return render_template("outreach/events/quiz_edit.html", form=form, quiz=quiz, used=used)


def _quiz(quiz_id: int) -> Quiz:
    """Return a quiz within sight; any other is as unknown as one that does not exist."""
    quiz = quizzes.find(quiz_id, current_reach())
    if quiz is None:
        abort(404)
    return quiz


def _own(quiz_id: int) -> Quiz:
    quiz = _quiz(quiz_id)
    if not quizzes.may_change(quiz, current_reach(), signed_in().id):
        abort(404)
    return quiz


def _record(action: str, quiz: Quiz, **detail: object) -> None:
    label = pick(quiz.name_zh, quiz.name_en)
    audit.record(action, f"quiz:{quiz.id}", label, region_code=quiz.region_code, **detail)
