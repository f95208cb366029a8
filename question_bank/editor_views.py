"""The editors' pages under /bank/: find and write questions."""

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict
from wtforms import SelectChoice

from core.access import requires, signed_in
from core.db import db
from question_bank import diff, editing, service
from question_bank.content import Question
from question_bank.edited import author, changes, sentences, topic_names, version_of
from question_bank.editing import Search, Version
from question_bank.forms import (
    AUDIENCES,
    KINDS,
    STATES,
    ActionForm,
    QuestionForm,
    ReviewForm,
    SearchForm,
)

bp = Blueprint("bank", __name__, url_prefix="/bank")

LIST_WORDS = {"states": STATES, "kinds": KINDS, "audiences": AUDIENCES}


@bp.get("/")
@requires("bank.edit")
def index() -> ResponseReturnValue:
    """List the questions that fit a search."""
    form = SearchForm(request.args)
    form.offer(topic_names())
    if not form.validate():
        form = SearchForm(MultiDict())
        form.offer(topic_names())
    search = Search(
        text=form.q.data or "",
        topic_id=form.topic.data or "",
        state=form.state.data or "",
        audience=form.audience.data or "",
        page=max(form.page.data or 1, 1),
    )
    versions, total = editing.listed(search)
    return render_template(
        "question_bank/editor/index.html",
        form=form,
        versions=versions,
        total=total,
        search=search,
        pages=-(-total // editing.PAGE_SIZE),
        topic_names=dict(topic_names()),
        waiting=editing.waiting(),
        **LIST_WORDS,
    )


@bp.get("/questions/new")
@requires("bank.edit")
def new() -> ResponseReturnValue:
    """Show an empty form."""
    form = _form()
    form.kind.data, form.style.data = "single", "story"
    return _edit_page(form, None)


@bp.post("/questions/new")
@requires("bank.edit")
def create() -> ResponseReturnValue:
    """Save a new question as a draft."""
    form = _form()
    if not form.validate_on_submit():
        return _edit_page(form, None), 422
    question = form.question(editing.new_id(form.topic_id.data))
    editing.save(question, 0, author(), form.reason.data)
    db.session.commit()
    flash(_("The draft is saved."), "success")
    return redirect(url_for(".show", question_id=question.id), 303)


@bp.get("/questions/<question_id>")
@requires("bank.edit")
def show(question_id: str) -> ResponseReturnValue:
    """Show a question with its history and what can be done with it."""
    version = version_of(question_id)
    latest = service.latest()
    return render_template(
        "question_bank/editor/show.html",
        version=version,
        revisions=editing.revisions(question_id),
        findings=sentences(version.question),
        statutes=service.statutes(),
        topic_names=dict(topic_names()),
        action=ActionForm(),
        review=ReviewForm(),
        is_own=version.revision.author_id == signed_in().id,
        may_review=signed_in().may("bank.review"),
        live=_live(version),
        is_published=latest is not None and question_id in latest.questions,
        changes=changes,
        **LIST_WORDS,
    )


@bp.get("/questions/<question_id>/edit")
@requires("bank.edit")
def edit(question_id: str) -> ResponseReturnValue:
    """Show a question's form."""
    version = version_of(question_id)
    form = _form()
    form.show(version.question, version.row.revision)
    return _edit_page(form, version)


@bp.post("/questions/<question_id>/edit")
@requires("bank.edit")
def change(question_id: str) -> ResponseReturnValue:
    """Save a new revision; if somebody was faster, show both and lose nothing."""
    version = version_of(question_id)
    form = _form()
    if not form.validate_on_submit() or not (form.base.data or "").isdigit():
        return _edit_page(form, version), 422
    question = form.question(question_id)
    try:
        editing.save(question, int(form.base.data), author(), form.reason.data)
    except editing.EditedMeanwhileError as error:
        theirs = error.latest
        form.base.data = str(theirs.row.revision)
        return _edit_page(form, theirs, conflict=changes(theirs.question, question)), 409
    db.session.commit()
    flash(_("The draft is saved."), "success")
    return redirect(url_for(".show", question_id=question_id), 303)


@bp.post("/preview")
@requires("bank.edit")
def preview() -> ResponseReturnValue:
    """Return the question of a form as a phone shows it, in each language, and what to mend.

    A script asks for the panel beside the form; the form's own button, for a page of its own.
    """
    form = _form()
    form.reason.data = form.reason.data or "-"
    if form.validate():
        part, status = "question_bank/editor/_preview.html", 200
        question = form.question("preview")
        seen = {"question": question, "findings": sentences(question)}
    else:
        part, status = "question_bank/editor/_preview_faults.html", 422
        seen = {"form": form}
    template = "question_bank/editor/preview.html" if "page" in request.form else part
    return render_template(template, part=part, **seen), status


@bp.get("/questions/<question_id>/revisions/<key:number>")
@requires("bank.edit")
def revision(question_id: str, number: int) -> ResponseReturnValue:
    """Show what a revision changed against the one before it."""
    known = {row.number: row for row in editing.revisions(question_id)}
    if number not in known:
        abort(404)
    earlier = known.get(number - 1)
    return render_template(
        "question_bank/editor/revision.html",
        question_id=question_id,
        revision=known[number],
        changes=changes(
            Question.from_json(earlier.body) if earlier else None,
            Question.from_json(known[number].body),
        ),
    )


def _edit_page(
    form: QuestionForm, version: Version | None, conflict: list[diff.Change] | None = None
) -> str:
    return render_template(
        "question_bank/editor/edit.html", form=form, version=version, conflict=conflict
    )


def _live(version: Version) -> Question | None:
    number = version.row.live_revision
    if number is None or number == version.row.revision:
        return None
    bodies = {row.number: row.body for row in editing.revisions(version.row.id)}
    return Question.from_json(bodies[number]) if number in bodies else None


def _form() -> QuestionForm:
    form = QuestionForm()
    form.topic_id.choices = [SelectChoice(*topic) for topic in topic_names()]
    return form
