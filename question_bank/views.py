"""Study pages: topics, search, each question with its answer folded away, and booklets."""

import hashlib
from collections import Counter, OrderedDict
from io import BytesIO

from flask import Blueprint, Flask, abort, render_template, request, send_file
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.exceptions import ServiceUnavailable

from core import clock, i18n
from question_bank import printing, search, service, study
from question_bank.content import Audience, Question, to_html
from question_bank.edition import Edition
from question_bank.forms import AUDIENCES
from question_bank.marking import excerpt, mark
from question_bank.printing import Press, PressBusyError

MOST_HITS = 50
RETRY_AFTER_SECONDS = 5

bp = Blueprint("study", __name__, url_prefix="/learn")


@bp.get("")
def topics() -> ResponseReturnValue:
    """Show the topics that have questions, or what a search found."""
    edition = service.latest()
    counts = Counter(question.topic_id for question in _current(edition))
    listed = [topic for topic in (edition.topics if edition else ()) if topic.id in counts]
    query = request.args.get("q", "")[: search.LONGEST_QUERY]
    topic_id = request.args.get("topic", "")
    chosen = topic_id if topic_id in counts else None
    form = {"topics": listed, "query": query, "topic_id": chosen}
    words = search.words_of(query)
    if edition is None or not words:
        return render_template("question_bank/topics.html", counts=counts, **form)
    index = search.index_of(edition, clock.local_day(clock.now()))
    hits = search.find(index, words, chosen)
    return render_template(
        "question_bank/search.html",
        hits=hits[:MOST_HITS],
        total=len(hits),
        elsewhere=len(search.find(index, words)) if chosen and not hits else 0,
        found_topics=search.find_topics(listed, words),
        words=words,
        topics_by_id=edition.topics_by_id,
        **form,
    )


@bp.get("/<topic_id>")
def topic(topic_id: str) -> ResponseReturnValue:
    """Show the questions of a topic, perhaps only those that fit an audience."""
    edition = service.latest()
    if edition is None or topic_id not in edition.topics_by_id:
        abort(404)
    questions = [q for q in _current(edition) if q.topic_id == topic_id]
    counts = Counter(member for question in questions for member in question.audience)
    audience = request.args.get("audience", type=Audience)
    return render_template(
        "question_bank/topic.html",
        topic=edition.topics_by_id[topic_id],
        questions=[q for q in questions if audience is None or audience in q.audience],
        total=len(questions),
        audience=audience,
        audiences=[(member, AUDIENCES[member], counts[member]) for member in Audience],
        edition=edition,
    )


@bp.get("/<topic_id>/<question_id>")
def question(topic_id: str, question_id: str) -> ResponseReturnValue:
    """Show one question."""
    edition = service.latest()
    found = edition.questions.get(question_id) if edition else None
    if edition is None or found is None or found.topic_id != topic_id:
        abort(404)
    return render_template(
        "question_bank/question.html",
        topic=edition.topics_by_id[topic_id],
        question=found,
        edition=edition,
    )


@bp.get("/<topic_id>/booklet.pdf")
def booklet(topic_id: str) -> ResponseReturnValue:
    """Send the printable booklet of a topic in the reader's language."""
    edition = service.latest()
    if edition is None or not any(q.topic_id == topic_id for q in _current(edition)):
        abort(404)
    found, language = edition.topics_by_id[topic_id], i18n.language()
    day = clock.local_day(clock.now())
    try:
        with i18n.on_paper():
            file = printing.booklet(edition, found, day, language)
            name = _("%(topic)s - study booklet.pdf", topic=found.name.in_(language))
    except PressBusyError:
        raise ServiceUnavailable(retry_after=RETRY_AFTER_SECONDS) from None
    etag = hashlib.sha256(file).hexdigest()[:16]
    response = send_file(
        BytesIO(file), "application/pdf", as_attachment=True, download_name=name, etag=etag
    )
    response.headers["Cache-Control"] = "private, no-cache"  # a cookie may choose the language
    return response


def _current(edition: Edition | None) -> list[Question]:
    return edition.drawable(clock.local_day(clock.now())) if edition else []


def init_app(app: Flask) -> None:
    """Register the pages and the filters that make an author's text safe HTML."""
    app.extensions["editions"] = {}
    app.extensions["quizzes"] = {}
    app.extensions["papers"] = OrderedDict()
    app.extensions["press"] = Press()
    app.extensions.setdefault("ready_checks", {})["edition"] = _edition_fault
    for filter_ in (to_html, mark, excerpt):
        app.add_template_filter(filter_)
    for function in (
        search.telling_fields,
        study.neutral_choices,
        study.spoken_question,
        study.spoken_answer,
    ):
        app.add_template_global(function)
    app.register_blueprint(bp)


def _edition_fault() -> str | None:
    return None if service.latest() else "none published: flask --app app questions load"
