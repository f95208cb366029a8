"""The bank that the project ships: right by its own rules and by the statutes it rests on."""

import json
import math
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from question_bank.check import check
from question_bank.content import Audience, Kind, Question, Style
from question_bank.selection import draw
from tests.question_bank.samples import SHIPPED_ON, seed_of, shipped_bank, shipped_edition

ROOT = Path(__file__).resolve().parents[2]
PACK = ROOT.parent / "shared" / "law"
TODAY = datetime.now(UTC).date()
NEW_TRADEMARK_LAW = date(2027, 1, 1)
DAYS = sorted({SHIPPED_ON, date(2026, 12, 31), NEW_TRADEMARK_LAW, date(2027, 1, 2), TODAY})
AT_LEAST = {
    "product-quality": 90,
    "auto-three-guarantees": 80,
    "food-safety": 110,
    "consumer-rights": 30,
    "metrology": 20,
    "certification": 20,
    "lifts": 20,
    "medicines": 16,
    "standards": 12,
    "intellectual-property": 12,  # on any one day; six more wait for the other trademark law
    "farm-products": 16,
    "tourism": 12,
    "import-export": 12,
    "advertising-online": 12,
    "food-waste": 8,
    "quality-methods": 14,
}
CHANCE_ALLOWS = 2.5
"""Standard deviations above the mean."""


def single_choice() -> list[Question]:
    return [q for q in shipped_bank().questions if q.kind is Kind.SINGLE]


def most_by_chance(shares: list[float]) -> float:
    """Return how many hits chance allows, where each try hits with its own probability."""
    return sum(shares) + CHANCE_ALLOWS * math.sqrt(sum(p * (1 - p) for p in shares))


def test_the_bank_had_no_faults_on_the_day_it_was_written() -> None:
    assert check(shipped_bank(), SHIPPED_ON) == []


@pytest.mark.parametrize("day", DAYS, ids=str)
def test_the_passing_of_time_makes_no_fault_but_ended_statutes(day: date) -> None:
    faults = check(shipped_bank(), day)

    others = [str(f) for f in faults if "rests on a version that has ended" not in f.reason]
    assert others == []


@pytest.mark.parametrize("day", DAYS, ids=str)
def test_every_topic_has_its_number_of_questions_to_draw(day: date) -> None:
    counts = Counter(question.topic_id for question in shipped_edition().drawable(day))

    too_few = {topic: counts[topic] for topic, least in AT_LEAST.items() if counts[topic] < least}
    assert too_few == {}
    assert set(counts) == set(AT_LEAST)


@pytest.mark.parametrize("day", DAYS, ids=str)
def test_every_shipped_quiz_can_be_drawn(day: date) -> None:
    edition, quizzes = shipped_edition(), shipped_bank().quizzes

    papers = {
        quiz: [draw(edition, quiz.blueprint, seed_of(day, number)) for number in range(200)]
        for quiz in quizzes
    }

    sizes = {quiz.slug: {len(paper) for paper in papers[quiz]} for quiz in quizzes}
    assert sizes == {quiz.slug: {quiz.blueprint.size} for quiz in quizzes}
    drawn = {item.question for quiz in quizzes for paper in papers[quiz] for item in paper}
    assert drawn <= set(edition.drawable(day))


def test_questions_on_both_trademark_laws_take_turns() -> None:
    edition = shipped_edition()

    def on_trademarks(day: date) -> set[str]:
        drawable = [q for q in edition.drawable(day) if q.topic_id == "intellectual-property"]
        cited = {c.statute_id for question in drawable for c in question.citations}
        return cited & {"trademark-law", "trademark-law-2026"}

    assert on_trademarks(date(2026, 12, 31)) == {"trademark-law"}
    assert on_trademarks(NEW_TRADEMARK_LAW) == {"trademark-law-2026"}


def test_some_questions_tell_what_changed_in_the_automotive_rule() -> None:
    rules = {"auto-three-guarantees-2012", "auto-three-guarantees-2021"}

    both = [
        question.id
        for question in shipped_edition().drawable(SHIPPED_ON)
        if rules <= {citation.statute_id for citation in question.citations}
    ]

    assert len(both) >= 3


@pytest.mark.parametrize("locale", ["zh", "en"])
def test_who_always_takes_the_longest_choice_gets_no_more_than_chance_allows(locale: str) -> None:
    hits, shares = 0.0, []
    for question in single_choice():
        lengths = [len(choice.text.in_(locale)) for choice in question.choices]
        longest = {n for n, length in enumerate(lengths) if length == max(lengths)}
        hits += len(longest & question.right_choices) / len(longest)
        shares.append(1 / len(lengths))

    assert hits <= most_by_chance(shares)


@pytest.mark.parametrize("locale", ["zh", "en"])
def test_the_right_choice_is_not_the_one_longest_more_often_than_chance(locale: str) -> None:
    alone = 0
    for question in single_choice():
        lengths = [len(choice.text.in_(locale)) for choice in question.choices]
        right = next(iter(question.right_choices))
        alone += all(length < lengths[right] for n, length in enumerate(lengths) if n != right)

    assert alone <= sum(1 / len(question.choices) for question in single_choice())


def places_on_the_phone(questions: list[Question], place: int) -> tuple[float, list[float]]:
    """Return how many right choices come to a place on average, and what chance would give."""
    listed = [q for q in questions if place < len(q.choices)]
    shares = [1 / len(question.choices) for question in listed]
    hits = sum(
        float(place in question.right_choices) if question.is_ordered else share
        for question, share in zip(listed, shares, strict=True)
    )
    return hits, shares


@pytest.mark.parametrize("place", range(4))
def test_who_always_takes_the_same_place_gets_no_more_than_chance_allows(place: int) -> None:
    hits, shares = places_on_the_phone(single_choice(), place)

    assert hits <= most_by_chance(shares)


@pytest.mark.parametrize("place", range(4))
def test_no_place_is_favoured_where_choices_keep_their_order(place: int) -> None:
    ordered = [question for question in single_choice() if question.is_ordered]

    hits, shares = places_on_the_phone(ordered, place)

    assert hits <= most_by_chance(shares)


def test_no_place_is_favoured_on_drawn_papers() -> None:
    core = shipped_bank().quizzes[0]
    papers = [draw(shipped_edition(), core.blueprint, seed_of(SHIPPED_ON, n)) for n in range(2000)]

    shown = Counter(
        item.order.index(next(iter(item.question.right_choices)))
        for paper in papers
        for item in paper
        if item.question.kind is Kind.SINGLE
    )

    shares = [shown[place] / shown.total() for place in range(4)]
    assert shares == pytest.approx([0.25] * 4, abs=0.05)


def test_true_and_false_are_right_about_equally_often() -> None:
    answers = [q.choices[0].is_right for q in shipped_bank().questions if q.kind is Kind.TRUE_FALSE]

    assert max(sum(answers), len(answers) - sum(answers)) <= most_by_chance([0.5] * len(answers))


def test_ticking_every_box_never_pays() -> None:
    multiple = [q for q in shipped_bank().questions if q.kind is Kind.MULTIPLE]

    assert [q.id for q in multiple if len(q.right_choices) == len(q.choices)] == []


def test_stories_are_many_and_bare_numbers_few() -> None:
    styles = Counter(question.style for question in shipped_bank().questions)

    assert styles[Style.STORY] >= 0.4 * styles.total()
    assert styles[Style.NUMBER] <= 0.3 * styles.total()


@pytest.mark.parametrize(("audience", "least"), [(Audience.PUPIL, 60), (Audience.WORKER, 120)])
def test_there_are_questions_for_pupils_and_workers(audience: Audience, least: int) -> None:
    fitting = [q for q in shipped_edition().drawable(SHIPPED_ON) if audience in q.audience]

    assert len(fitting) >= least


def pack() -> Iterator[dict[str, Any]]:
    """Read the statutes beside the project; where they are not, there is nothing to compare."""
    for path in sorted(PACK.glob("*.json")):
        yield json.loads(path.read_text(encoding="utf-8"))


def test_every_citation_exists_in_the_statutes_themselves() -> None:
    paragraphs = {
        (law["id"], article["no"]): sum(
            not line.startswith("（") for line in article["text"].splitlines()
        )
        for law in pack()
        for article in law["articles"]
    }

    missing = [
        f"{question.id}: {citation}"
        for question in shipped_bank().questions
        for citation in question.citations
        if paragraphs
        and not 1
        <= (1 if citation.paragraph is None else citation.paragraph)
        <= paragraphs.get((citation.statute_id, citation.article), 0)
    ]

    assert missing == []


def test_the_register_agrees_with_the_statutes_themselves() -> None:
    register = shipped_bank().statutes

    wrong = []
    for law in pack():
        statute = register[law["id"]]
        numbers = {article["no"] for article in law["articles"]}
        if law["partial"]:
            agrees = statute.articles is None and statute.known_articles == numbers
        else:
            agrees = statute.articles == law["article_count"] == len(numbers)
        agrees &= statute.in_force_from.isoformat() in law["effective"]
        agrees &= statute.version in (law["latest_amendment"] or law["promulgated"])
        agrees &= law["title_zh"].startswith(statute.title.zh)
        if not agrees:
            wrong.append(law["id"])

    assert wrong == []
