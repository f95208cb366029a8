"""The editors' pages on what every question did: a table, and one question."""

from flask import Blueprint, abort, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l
from werkzeug.datastructures import MultiDict

from core.access import requires
from core.i18n import locale
from outreach.tally import item_table
from outreach.tally.forms import WARNING_LABELS, ItemSearchForm
from question_bank import service as bank
from question_bank.edition import Edition
from question_bank.items import FEWEST_ANSWERS, ItemWarning

WARNING_ADVICE = {
    ItemWarning.NEARLY_ALL: _l(
        "More than 95 in 100 answers are right, so the question finds out little. Keep it if its "
        "message matters; otherwise make the wrong choices more tempting, or ask for a decision."
    ),
    ItemWarning.NEARLY_NONE: _l(
        "Fewer than 5 in 100 answers are right. First check the key and the wording: perhaps a "
        "wrong choice can be defended, or the stem misleads. If both are sound, it is very hard."
    ),
    ItemWarning.NEGATIVE: _l(
        "People who do well on the rest of the paper get this question right less often than the "
        "others. Usually the key is wrong, or a wrong choice is right in some reading."
    ),
    ItemWarning.DEAD_CHOICE: _l(
        "Fewer than 2 in 100 take the choice marked below, so it does no work and makes guessing "
        "easier. Write one that people who do not know would believe, or leave it out."
    ),
}

bp = Blueprint("items", __name__, url_prefix="/bank/statistics")


@bp.get("")
@requires("bank.edit")
def index() -> ResponseReturnValue:
    """List the questions that fit, with their figures."""
    edition = bank.latest()
    form = _form(edition, request.args)
    if not form.validate():
        form = _form(edition, MultiDict())
        form.validate()
    search = form.search()
    return render_template(
        "outreach/tally/items.html",
        form=form,
        search=search,
        table=item_table.table(edition, search) if edition else None,
        topics=edition.topics_by_id if edition else {},
        fewest=FEWEST_ANSWERS,
        warnings=WARNING_LABELS,
    )


@bp.get("/<question_id>")
@requires("bank.edit")
def item(question_id: str) -> ResponseReturnValue:
    """Show what one question of the latest edition did, choice by choice."""
    edition = bank.latest()
    if edition is None or question_id not in edition.questions:
        abort(404)
    question = edition.questions[question_id]
    as_of, line = item_table.line(edition, question) or (None, None)
    return render_template(
        "outreach/tally/item.html",
        question=question,
        topic=edition.topics_by_id[question.topic_id],
        as_of=as_of,
        line=line,
        fewest=FEWEST_ANSWERS,
        warnings=WARNING_LABELS,
        advice=WARNING_ADVICE,
    )


def _form(edition: Edition | None, values: MultiDict[str, str]) -> ItemSearchForm:
    form = ItemSearchForm(values)
    topics = edition.topics if edition else ()
    form.offer((topic.id, topic.name.in_(locale())) for topic in topics)
    return form
