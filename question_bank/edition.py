"""An edition: the immutable published snapshot of all live questions, as held in memory. Pure."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Self

from question_bank.content import Question
from question_bank.register import Statute, Topic


@dataclass(frozen=True, eq=False)
class Edition:
    """All that a paper, its result and the study pages need; nothing in it ever changes.

    Compared by identity: there is one object an edition, and caches use it as their key.
    """

    number: int
    content_hash: str
    topics: tuple[Topic, ...]
    statutes: dict[str, Statute]
    questions: dict[str, Question]

    @classmethod
    def from_snapshot(cls, number: int, snapshot: str) -> Self:
        """Read what `write_snapshot` wrote."""
        values = json.loads(snapshot)
        return cls(
            number=number,
            content_hash=hash_of(snapshot),
            topics=tuple(Topic.from_json(entry) for entry in values["topics"]),
            statutes={s["id"]: Statute.from_json(s) for s in values["statutes"]},
            questions={q["id"]: Question.from_json(q) for q in values["questions"]},
        )

    @cached_property
    def topics_by_id(self) -> dict[str, Topic]:
        """Topics by their id."""
        return {topic.id: topic for topic in self.topics}

    def is_drawable(self, question: Question, day: date) -> bool:
        """Tell whether every version that a question rests on is in force on a day.

        A question may also cite a text that ended before the first of its others began: history,
        told beside the rule of today.
        """
        cited = [self.statutes[citation.statute_id] for citation in question.citations]
        ended = [s for s in cited if s.in_force_until is not None and s.in_force_until < day]
        current = [statute for statute in cited if statute not in ended]
        if not all(statute.is_in_force(day) for statute in current):
            return False
        if not ended:
            return True
        last_end = max(s.in_force_until for s in ended if s.in_force_until is not None)
        return bool(current) and last_end < min(s.in_force_from for s in current)

    def drawable(self, day: date) -> list[Question]:
        """List the questions that may be drawn on a day, in the order of their ids."""
        questions = (self.questions[question_id] for question_id in sorted(self.questions))
        return [question for question in questions if self.is_drawable(question, day)]


def write_snapshot(
    topics: Iterable[Topic], statutes: Iterable[Statute], questions: Iterable[Question]
) -> str:
    """Write the snapshot of an edition: the same text for the same content.

    Its Chinese is kept in Traditional characters too, as the list of terms has them today: an
    edition says the same for ever, whatever becomes of the list.
    """
    values = {
        "topics": [topic.in_traditional().as_json() for topic in topics],
        "statutes": [s.in_traditional().as_json() for s in sorted(statutes, key=lambda s: s.id)],
        "questions": [q.in_traditional().as_json() for q in sorted(questions, key=lambda q: q.id)],
    }
    return json.dumps(values, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def hash_of(snapshot: str) -> str:
    """Return the content hash of a snapshot."""
    return hashlib.sha256(snapshot.encode()).hexdigest()
