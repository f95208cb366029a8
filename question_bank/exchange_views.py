"""Import and export under /bank/: other programs' files, dry run first."""

from dataclasses import dataclass

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import ngettext
from werkzeug.wrappers import Response
from wtforms import SelectChoice

from core import clock, i18n
from core.access import requires, signed_in
from core.db import db
from question_bank import editing, service
from question_bank.check import findings
from question_bank.edited import sentence
from question_bank.editing import Author
from question_bank.formats import words
from question_bank.formats.catalogue import FORMATS
from question_bank.formats.exchange import Parsed, Usual
from question_bank.formats.template import write_template
from question_bank.forms import ExportForm, ImportForm

MAX_SHOWN = 200

bp = Blueprint("exchange", __name__, url_prefix="/bank")


@bp.get("/import")
@requires("bank.edit")
def upload_page() -> ResponseReturnValue:
    """Ask for a file."""
    return _page(_form())


@bp.post("/import")
@requires("bank.edit")
def upload() -> ResponseReturnValue:
    """Read a file; report every fault by row, and save only when asked to."""
    form = _form()
    if not form.validate_on_submit():
        return _page(form), 422
    read = FORMATS[form.format.data].read
    usual = Usual(topics=service.topics(), topic_id=form.topic_id.data, locale=form.language.data)
    parsed = read(form.file.data.read(), usual)
    if form.dry_run.data or (parsed.faults and not form.skip_faults.data):
        return _page(form, parsed), 422 if parsed.faults else 200
    saved = _save(parsed, form.reason.data)
    db.session.commit()
    flash(
        ngettext(
            "%(num)d question was saved as a draft.",
            "%(num)d questions were saved as drafts.",
            len(saved.written),
        ),
        "success",
    )
    if saved.same:
        flash(
            ngettext(
                "%(num)d question was the same as before.",
                "%(num)d questions were the same as before.",
                len(saved.same),
            ),
            "success",
        )
    return redirect(url_for("bank.index", state="draft"), 303)


@bp.get("/template.xlsx")
@requires("bank.edit")
def template() -> ResponseReturnValue:
    """Return an empty workbook with headings, explanations and lists."""
    data = write_template(service.topics(), i18n.language())
    return _file(data, FORMATS["xlsx"].media_type, "questions-template.xlsx")


@bp.get("/export")
@requires("bank.edit")
def export() -> ResponseReturnValue:
    """Ask for a format, or return the questions in it."""
    form = ExportForm(request.args)
    form.offer(_topics())
    if "format" not in request.args or not form.validate():
        return render_template("question_bank/editor/export.html", form=form)
    chosen = FORMATS[form.format.data]
    questions = [
        question
        for question in service.live_questions()
        if form.topic_id.data in {"", question.topic_id}
    ]
    written = chosen.write(sorted(questions, key=lambda q: q.id), form.language.data)
    if "download" in request.args:
        stem = form.topic_id.data or "questions"
        return _file(written.data, chosen.media_type, f"{stem}{chosen.suffix}")
    return render_template(
        "question_bank/editor/export.html",
        form=form,
        count=len(questions),
        losses=[(words.LOSSES[loss], len(ids)) for loss, ids in written.losses.items()],
    )


@dataclass(frozen=True, slots=True)
class _Saved:
    written: list[str]
    same: list[str]


def _save(parsed: Parsed, reason: str) -> _Saved:
    """Write each question as a draft; one that says the same as before is left alone."""
    actor = signed_in()
    saved = _Saved([], [])
    for question in parsed.questions:
        known = editing.find(question.id)
        if known is not None and known.question == question:
            saved.same.append(question.id)
            continue
        base = known.row.revision if known else 0
        editing.save(question, base, Author(actor.id, actor.name), reason)
        saved.written.append(question.id)
    return saved


def _page(form: ImportForm, parsed: Parsed | None = None) -> str:
    to_mend = _to_mend(parsed) if parsed else []
    return render_template(
        "question_bank/editor/import.html",
        form=form,
        parsed=parsed,
        sentence=words.sentence,
        to_mend=to_mend[:MAX_SHOWN],
        more_to_mend=max(len(to_mend) - MAX_SHOWN, 0),
    )


def _to_mend(parsed: Parsed) -> list[tuple[int, str]]:
    """List by row what a question may lack as a draft, but not when it is submitted."""
    statutes, today = service.statutes(), clock.local_day(clock.now())
    return [
        (parsed.places[question.id], sentence(finding))
        for question in parsed.questions
        for finding in findings(question, statutes, today)
    ]


def _form() -> ImportForm:
    form = ImportForm()
    form.topic_id.choices = [SelectChoice(*topic) for topic in _topics()]
    return form


def _topics() -> list[tuple[str, str]]:
    return [(topic.id, i18n.pick(topic.name.zh, topic.name.en)) for topic in service.topics()]


def _file(data: bytes, media_type: str, name: str) -> Response:
    response = make_response(data)
    response.headers["Content-Type"] = media_type
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["Cache-Control"] = "no-store"
    return response
