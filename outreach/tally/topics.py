"""Which topic an event's attempts belong to: that of its quiz."""

from collections.abc import Collection, Mapping

import sqlalchemy as sa
from flask_babel import gettext as _

from core.db import db
from core.i18n import pick
from question_bank import service as bank
from question_bank.models import Quiz
from question_bank.selection import Blueprint

SEVERAL = "several"


def of_quizzes(quiz_ids: Collection[int]) -> dict[int, str]:
    """Return the topic of each quiz, `SEVERAL` for a quiz of more than one."""
    found = {}
    query = sa.select(Quiz.id, Quiz.parts).where(Quiz.id.in_(quiz_ids))
    for quiz_id, parts in db.session.execute(query):
        topics = {topic for part in Blueprint.from_json(parts).parts for topic in part.topics}
        found[quiz_id] = topics.pop() if len(topics) == 1 else SEVERAL
    return found


def names() -> Mapping[str, str]:
    """Name the topics in the reader's language, and `SEVERAL` after them."""
    named = {topic.id: pick(topic.name.zh, topic.name.en) for topic in bank.topics()}
    return named | {SEVERAL: _("Several topics")}
