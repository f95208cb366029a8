"""Content files -> topics, statutes, quizzes and questions, plus faults by file and line. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from question_bank.content import Question
from question_bank.entries import (
    QuizEntry,
    RefusedError,
    read_question,
    read_quiz,
    read_statute,
    read_topic,
)
from question_bank.register import Statute, Topic
from question_bank.yaml_lines import Fault, entries


@dataclass(frozen=True, slots=True)
class Place:
    """Where a question stands."""

    file: str
    line: int


@dataclass(frozen=True)
class Bank:
    """All that the content files hold; `places` says where each question stands."""

    topics: Sequence[Topic]
    statutes: dict[str, Statute]
    quizzes: Sequence[QuizEntry]
    questions: Sequence[Question]
    places: dict[str, Place]


T = TypeVar("T", Topic, Statute, QuizEntry, Question)


def read_bank(folder: Path) -> tuple[Bank, list[Fault]]:
    """Read a content folder: topics.yaml, statutes.yaml, quizzes.yaml, questions/<topic>/*.yaml."""
    faults: list[Fault] = []
    topics = _read(folder / "topics.yaml", folder, faults, read_topic)
    statutes = _read(folder / "statutes.yaml", folder, faults, read_statute)
    quizzes = _read(folder / "quizzes.yaml", folder, faults, read_quiz)
    questions: list[Question] = []
    places: dict[str, Place] = {}
    topic_ids = {topic.id for topic in topics}
    for path in sorted((folder / "questions").glob("*/*.yaml")):
        name = path.relative_to(folder).as_posix()
        if path.parent.name not in topic_ids:
            faults.append(Fault(name, 1, f"no such topic: {path.parent.name}"))
            continue
        read = partial(read_question, topic_id=path.parent.name)
        questions += _read(path, folder, faults, read, places)
    by_id = {statute.id: statute for statute in statutes}
    return Bank(topics, by_id, quizzes, questions, places), faults


def _read(
    path: Path,
    folder: Path,
    faults: list[Fault],
    read: Callable[[dict[str, Any]], T],
    places: dict[str, Place] | None = None,
) -> list[T]:
    """Read the entries of a file one by one; each fault is told by its line."""
    name = path.relative_to(folder).as_posix()
    taken = {} if places is None else places
    found = []
    for line, entry in entries(path, name, faults):
        try:
            thing = read(entry)
        except RefusedError as refusal:
            faults.append(Fault(name, line, str(refusal)))
            continue
        key = thing.slug if isinstance(thing, QuizEntry) else thing.id
        if key in taken:
            first = taken[key]
            faults.append(Fault(name, line, f"id {key} is taken: {first.file}:{first.line}"))
            continue
        taken[key] = Place(name, line)
        found.append(thing)
    return found
