"""What the editors' pages share: the question asked for, who edits, and words for both."""

from flask import abort
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from core import clock, i18n
from core.access import signed_in
from question_bank import diff, editing, service
from question_bank.check import Finding, findings
from question_bank.content import Question
from question_bank.editing import Author, Version
from question_bank.forms import VALUE_WORDS

LANGUAGES = {"zh": _l("Chinese"), "en": _l("English")}


def version_of(question_id: str) -> Version:
    """Return a question's latest revision, or answer 404."""
    version = editing.find(question_id)
    if version is None:
        abort(404)
    return version


def changes(old: Question | None, new: Question) -> list[diff.Change]:
    """List what differs, in words of the reader's language."""
    words = dict(topic_names()) | {value: str(word) for value, word in VALUE_WORDS.items()}
    return diff.changes(old, new, lambda value: words.get(value, value))


def sentences(question: Question) -> list[str]:
    """Say what is to be mended in a question before a second person may see it."""
    today = clock.local_day(clock.now())
    found = findings(question, service.statutes(), today)
    return [sentence(finding) for finding in found]


def sentence(finding: Finding) -> str:
    """Say to the reader of this request what is to be mended."""
    facts = dict(finding.facts)
    if facts.get("locale") in LANGUAGES:
        facts["locale"] = str(LANGUAGES[str(facts["locale"])])
    return str(_(finding.sentence, **facts))


def author() -> Author:
    """Return who edits."""
    actor = signed_in()
    return Author(actor.id, actor.name)


def topic_names() -> list[tuple[str, str]]:
    """List the topics: id, name in the reader's language."""
    return [(topic.id, i18n.pick(topic.name.zh, topic.name.en)) for topic in service.topics()]
