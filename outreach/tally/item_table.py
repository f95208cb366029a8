"""What every question did, as editors look at it: found, filtered, sorted."""

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from core.db import db
from outreach.tally.models import ItemStatistic
from question_bank import service as bank
from question_bank.content import Question
from question_bank.edition import Edition
from question_bank.items import Figures, ItemCount, ItemWarning, figures, places_now

PAGE_SIZE = 50
ANY_WARNING = "any"


class Sort(enum.StrEnum):
    """What a table begins with; questions without the figure come last."""

    HARDEST = "hardest"
    EASIEST = "easiest"
    LEAST_TELLING = "least-telling"
    MOST_TELLING = "most-telling"


@dataclass(frozen=True, slots=True)
class Search:
    """What to show: every word of `text`, and nothing where a filter is empty."""

    text: str = ""
    topic_id: str = ""
    warning: str = ""
    sort: Sort = Sort.HARDEST
    page: int = 1


@dataclass(frozen=True, slots=True)
class Line:
    """A question of the latest edition with what it did; no figures from too few answers."""

    question: Question
    count: ItemCount
    figures: Figures | None


@dataclass(frozen=True, slots=True)
class Table:
    """A page of lines out of `total`, counted at `as_of`."""

    as_of: datetime
    lines: Sequence[Line]
    total: int
    page: int
    pages: int


def table(edition: Edition, search: Search) -> Table | None:
    """Return a page of the questions that fit, or None if nothing was counted yet."""
    as_of = _as_of()
    if as_of is None:
        return None
    wanted = [q for q in edition.questions.values() if _fits(q, search)]
    found = [line for line in _lines(edition, wanted) if _is_warned(line, search.warning)]
    found.sort(key=lambda line: _rank(line, search.sort))
    pages = max(-(-len(found) // PAGE_SIZE), 1)
    page = min(search.page, pages)
    first = (page - 1) * PAGE_SIZE
    return Table(as_of, found[first : first + PAGE_SIZE], len(found), page, pages)


def line(edition: Edition, question: Question) -> tuple[datetime, Line] | None:
    """Return one question's line and when it was counted, or None if nothing was counted yet."""
    as_of = _as_of()
    return None if as_of is None else (as_of, _lines(edition, [question])[0])


def _as_of() -> datetime | None:
    """Return when the table was counted: one moment for all rows."""
    return db.session.scalar(sa.select(sa.func.max(ItemStatistic.computed_at)))


def _lines(edition: Edition, questions: Sequence[Question]) -> list[Line]:
    query = sa.select(ItemStatistic)
    if len(questions) == 1:
        query = query.where(ItemStatistic.question_id == questions[0].id)
    rows = {row.question_id: row for row in db.session.scalars(query)}
    found = []
    for question in questions:
        count = _count(rows.get(question.id), question, edition)
        found.append(Line(question, count, figures(count, question.right_choices)))
    return found


def _count(row: ItemStatistic | None, question: Question, edition: Edition) -> ItemCount:
    """Return what was counted of today's choices: nothing if they changed since the count."""
    if row is None:
        return ItemCount.of(question)
    count = ItemCount.from_json(row.body)
    counted_of = row.body["edition"]
    if counted_of == edition.number:
        return count
    then = bank.edition(counted_of).questions[question.id]
    places = places_now(then, question)
    return ItemCount.of(question) if places is None else count.moved(places)


def _fits(question: Question, search: Search) -> bool:
    if search.topic_id and question.topic_id != search.topic_id:
        return False
    texts = (question.stem, *(choice.text for choice in question.choices))
    whole = " ".join([question.id, *(f"{text.zh} {text.en}" for text in texts)]).casefold()
    return all(word in whole for word in search.text.casefold().split())


def _is_warned(line: Line, warning: str) -> bool:
    given = line.figures.warnings if line.figures else ()
    if warning == ANY_WARNING:
        return bool(given)
    return not warning or ItemWarning(warning) in given


def _rank(line: Line, sort: Sort) -> tuple[bool, float, str]:
    about = line.figures
    estimate = None
    if about is not None:
        by_share = sort in {Sort.HARDEST, Sort.EASIEST}
        estimate = about.right if by_share else about.discrimination
    if estimate is None:
        return True, 0.0, line.question.id
    sign = 1 if sort in {Sort.HARDEST, Sort.LEAST_TELLING} else -1
    return False, sign * estimate.value, line.question.id
