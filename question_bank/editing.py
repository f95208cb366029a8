"""What editors do: save, submit, review, retire; and the lists they work from."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from core import clock
from core.db import db
from question_bank import models
from question_bank.content import Audience, Question
from question_bank.models import QuestionState
from question_bank.register import Statute

PAGE_SIZE = 50
SOON = timedelta(days=60)
# Lower-case letters and digits without look-alikes.
ID_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"


class EditedMeanwhileError(Exception):
    """Somebody saved a newer revision since the editor began."""

    def __init__(self, latest: "Version") -> None:
        super().__init__(latest.revision.number)
        self.latest = latest


class OwnWorkError(Exception):
    """A revision is reviewed by somebody other than its author."""


class WrongStateError(Exception):
    """The question is not in a state in which this can be done."""


class Author(NamedTuple):
    """Who acts: account and name."""

    id: int
    name: str


@dataclass(frozen=True, slots=True)
class Version:
    """A question with its latest revision and what that says."""

    row: models.Question
    revision: models.Revision
    question: Question


@dataclass(frozen=True, slots=True)
class Search:
    """What an editor looks for; an empty value does not narrow."""

    text: str = ""
    topic_id: str = ""
    state: str = ""
    audience: str = ""
    page: int = 1


def new_id(topic_id: str) -> str:
    """Make an id for a question written in the web pages."""
    return f"{topic_id}-" + "".join(secrets.choice(ID_ALPHABET) for _ in range(6))


def find(question_id: str) -> Version | None:
    """Return a question with its latest revision."""
    row = db.session.execute(_latest().where(models.Question.id == question_id)).first()
    return _version(*row) if row else None


def listed(search: Search) -> tuple[Sequence[Version], int]:
    """List a page of the questions that fit, by id, and how many fit in all.

    The text is looked for in both languages, anywhere, letter case aside.
    """
    query = _latest().order_by(models.Question.id)
    if search.topic_id:
        query = query.where(models.Question.topic_id == search.topic_id)
    if search.state:
        query = query.where(models.Question.state == QuestionState(search.state))
    found = [
        version
        for version in (_version(*row) for row in db.session.execute(query))
        if _fits(version.question, search)
    ]
    first = (search.page - 1) * PAGE_SIZE
    return found[first : first + PAGE_SIZE], len(found)


def _fits(question: Question, search: Search) -> bool:
    if search.audience and Audience(search.audience) not in question.audience:
        return False
    texts = [question.stem, question.explanation, *(choice.text for choice in question.choices)]
    whole = " ".join([question.id, *(f"{text.zh} {text.en}" for text in texts)]).casefold()
    return all(word in whole for word in search.text.casefold().split())


def save(question: Question, base: int, author: Author, reason: str) -> int:
    """Write a new revision over revision `base` (0 for a new question); return its number.

    The question becomes a draft; what is live stays live until the draft is approved.

    :raises EditedMeanwhileError: the latest revision is not `base`
    """
    row = db.session.get(models.Question, question.id)
    if row is None:
        row = models.Question(id=question.id, topic_id=question.topic_id, revision=0)
    if row.revision != base:
        raise EditedMeanwhileError(_existing(question.id))
    at = clock.now()
    try:
        with db.session.begin_nested():
            row.revision = base + 1
            row.topic_id, row.updated_at = question.topic_id, at
            row.state = QuestionState.DRAFT
            db.session.add(row)
            db.session.flush()
            db.session.add(
                models.Revision(
                    question_id=question.id,
                    number=base + 1,
                    body=question.as_json(),
                    author_id=author.id,
                    author_name=author.name,
                    reason=reason,
                    created_at=at,
                )
            )
    except IntegrityError:  # somebody saved at the same instant
        db.session.rollback()
        raise EditedMeanwhileError(_existing(question.id)) from None
    return base + 1


def submit(version: Version) -> None:
    """Hand the latest revision to a second person.

    :raises WrongStateError: it is not a draft
    """
    _expect(version, QuestionState.DRAFT)
    version.row.state = QuestionState.SUBMITTED


def approve(version: Version, reviewer: Author, note: str) -> None:
    """Let the latest revision into the next edition.

    :raises WrongStateError: it was not submitted
    :raises OwnWorkError: the reviewer wrote it
    """
    _review(version, reviewer, note)
    version.row.state = QuestionState.LIVE
    version.row.live_revision = version.revision.number


def send_back(version: Version, reviewer: Author, note: str) -> None:
    """Return the latest revision to its author with a note.

    :raises WrongStateError: it was not submitted
    :raises OwnWorkError: the reviewer wrote it
    """
    _review(version, reviewer, note)
    version.row.state = QuestionState.DRAFT


def _review(version: Version, reviewer: Author, note: str) -> None:
    _expect(version, QuestionState.SUBMITTED)
    if version.revision.author_id == reviewer.id:
        raise OwnWorkError
    version.revision.reviewer_name = reviewer.name
    version.revision.reviewed_at = clock.now()
    version.revision.review_note = note or None


def retire(version: Version) -> None:
    """Take a question out of the next edition; earlier ones keep it."""
    version.row.state, version.row.updated_at = QuestionState.RETIRED, clock.now()


def revive(version: Version) -> None:
    """Bring a retired question back as a draft, to be reviewed again.

    :raises WrongStateError: it is not retired
    """
    _expect(version, QuestionState.RETIRED)
    version.row.state, version.row.updated_at = QuestionState.DRAFT, clock.now()


def _expect(version: Version, state: QuestionState) -> None:
    if version.row.state is not state:
        raise WrongStateError(version.row.state)


def revisions(question_id: str) -> Sequence[models.Revision]:
    """List a question's revisions, the newest first."""
    query = sa.select(models.Revision).where(models.Revision.question_id == question_id)
    return db.session.scalars(query.order_by(models.Revision.number.desc()).limit(200)).all()


def submitted() -> list[Version]:
    """List what waits for a second person, the longest waiting first, a page at most."""
    query = _latest().where(models.Question.state == QuestionState.SUBMITTED)
    longest = query.order_by(models.Question.updated_at, models.Question.id).limit(PAGE_SIZE)
    return [_version(*row) for row in db.session.execute(longest)]


def waiting() -> int:
    """Count what waits for a second person."""
    query = sa.select(sa.func.count()).where(models.Question.state == QuestionState.SUBMITTED)
    return db.session.scalar(query) or 0


@dataclass(frozen=True, slots=True)
class Ending:
    """A question that rests on a version which has ended or ends soon."""

    version: Version
    statute: Statute
    has_ended: bool


def endings(statutes: dict[str, Statute], today: date) -> list[Ending]:
    """List questions that are not drawn any more, or soon won't be, because a version ended.

    History told beside the rule of today is left out: a text that ended before the question's
    other ones began.
    """
    found = []
    query = _latest().where(models.Question.state != QuestionState.RETIRED)
    for version in (_version(*row) for row in db.session.execute(query.order_by("id"))):
        cited = [statutes[c.statute_id] for c in version.question.citations]
        starts = [s.in_force_from for s in cited if s.in_force_until is None]
        for statute in cited:
            until = statute.in_force_until
            if until is None or until >= today + SOON or (starts and until < min(starts)):
                continue
            found.append(Ending(version, statute, until < today))
            break
    return sorted(found, key=lambda ending: ending.statute.in_force_until or date.max)


def _existing(question_id: str) -> Version:
    version = find(question_id)
    if version is None:
        raise LookupError(question_id)
    return version


def _latest() -> sa.Select[models.Question, models.Revision]:
    return sa.select(models.Question, models.Revision).join(
        models.Revision,
        sa.and_(
            models.Revision.question_id == models.Question.id,
            models.Revision.number == models.Question.revision,
        ),
    )


def _version(row: models.Question, revision: models.Revision) -> Version:
    return Version(row, revision, Question.from_json(revision.body))
