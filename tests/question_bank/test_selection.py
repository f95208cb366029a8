"""Drawing papers: the same for the same seed for ever, fair, and as the quiz asks."""

import math
from collections import Counter
from collections.abc import Iterable
from datetime import date

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from question_bank.content import Audience, Citation, Kind
from question_bank.edition import Edition
from question_bank.selection import (
    Blueprint,
    Paper,
    Part,
    QuizNotFillableError,
    day_of,
    draw,
    new_seed,
)
from tests.question_bank.samples import (
    SHIPPED_ON,
    a_question,
    a_statute,
    a_topic,
    edition_of,
    seed_of,
    some_choices,
    some_questions,
)

PAPERS = 10_000
TOPICS = ("product-quality", "food-safety")


def a_small_edition() -> Edition:
    """Build an edition of twelve questions; the pinned papers rest on it."""
    product_quality = some_questions(6, "pq", family=None)
    product_quality[0] = a_question("pq-00", family="twins")
    product_quality[1] = a_question("pq-01", family="twins")
    product_quality[2] = a_question("pq-02", is_ordered=True)
    food_safety = some_questions(6, "fs", topic_id="food-safety")
    food_safety[0] = a_question(
        "fs-00", topic_id="food-safety", kind=Kind.MULTIPLE, choices=some_choices(5, (0, 1))
    )
    topics = [a_topic(name) for name in TOPICS]
    return edition_of([*product_quality, *food_safety], topics=topics)


SMALL = Blueprint((Part(2, ("product-quality",)), Part(2, TOPICS)))


def written(paper: Paper) -> list[str]:
    return [f"{item.question.id} {''.join(map(str, item.order))}" for item in paper]


@pytest.mark.parametrize(
    ("number", "paper"),
    [
        (1, ["fs-01 1032", "fs-05 0312", "pq-03 0123", "pq-04 3201"]),
        (2, ["pq-05 0321", "fs-04 0312", "pq-04 0312", "pq-01 0213"]),
        (777_777_777_777, ["fs-04 1203", "pq-02 0123", "pq-05 0123", "pq-01 3201"]),
    ],
)
def test_a_seed_gives_the_paper_it_always_gave(number: int, paper: list[str]) -> None:
    seed = seed_of(SHIPPED_ON, number)

    drawn = draw(a_small_edition(), SMALL, seed)

    assert written(drawn) == paper


def test_the_same_seed_gives_the_same_paper_from_an_edition_read_again() -> None:
    seeds = [new_seed(SHIPPED_ON) for _ in range(200)]
    edition, read_again = a_small_edition(), a_small_edition()

    first = [written(draw(edition, SMALL, seed)) for seed in seeds]
    again = [written(draw(read_again, SMALL, seed)) for seed in reversed(seeds)]

    assert first == again[::-1]


def test_other_seeds_give_other_papers() -> None:
    edition = edition_of(some_questions(30))
    blueprint = Blueprint((Part(10, ("product-quality",)),))

    papers = {tuple(written(draw(edition, blueprint, new_seed(SHIPPED_ON)))) for _ in range(500)}

    assert len(papers) == 500


def test_each_part_gets_its_number_of_questions_of_its_topics() -> None:
    edition = edition_of(
        some_questions(8, "pq") + some_questions(8, "fs", topic_id="food-safety"),
        topics=[a_topic(name) for name in TOPICS],
    )
    blueprint = Blueprint((Part(4, ("product-quality",)), Part(3, ("food-safety",))))

    papers = [draw(edition, blueprint, seed_of(SHIPPED_ON, number)) for number in range(200)]

    assert blueprint.size == 7
    counts = [Counter(item.question.topic_id for item in paper) for paper in papers]
    assert all(count == {"product-quality": 4, "food-safety": 3} for count in counts)


def test_the_questions_of_a_part_do_not_stand_together() -> None:
    edition = edition_of(
        some_questions(8, "pq") + some_questions(8, "fs", topic_id="food-safety"),
        topics=[a_topic(name) for name in TOPICS],
    )
    blueprint = Blueprint((Part(3, ("product-quality",)), Part(3, ("food-safety",))))

    papers = [draw(edition, blueprint, seed_of(SHIPPED_ON, number)) for number in range(1000)]

    first = Counter(paper[0].question.topic_id for paper in papers)
    assert first["product-quality"] == pytest.approx(500, abs=80)


def test_a_part_takes_only_its_difficulties() -> None:
    questions = [a_question(f"pq-{n:02}", difficulty=1 + n % 3) for n in range(12)]
    blueprint = Blueprint((Part(4, ("product-quality",), difficulty=frozenset({3})),))

    paper = draw(edition_of(questions), blueprint, new_seed(SHIPPED_ON))

    assert {item.question.difficulty for item in paper} == {3}


def test_a_part_takes_questions_that_fit_one_of_its_audiences() -> None:
    fitting = [
        a_question("pq-a", audience=frozenset({Audience.PUPIL, Audience.BUSINESS})),
        a_question("pq-b", audience=frozenset({Audience.WORKER})),
    ]
    other = [
        a_question(f"pq-x{n}", audience=frozenset({Audience.CONSUMER, Audience.BUSINESS}))
        for n in range(5)
    ]
    wanted = frozenset({Audience.PUPIL, Audience.WORKER})
    blueprint = Blueprint((Part(2, ("product-quality",), audience=wanted),))

    paper = draw(edition_of(fitting + other), blueprint, new_seed(SHIPPED_ON))

    assert {item.question.id for item in paper} == {"pq-a", "pq-b"}


def test_no_paper_holds_a_question_twice_or_two_of_one_family() -> None:
    questions = [a_question(f"pq-{n:02}", family=f"family-{n % 5}") for n in range(20)]
    questions += [a_question(f"pq-alone-{n}") for n in range(3)]
    blueprint = Blueprint((Part(4, ("product-quality",)), Part(4, ("product-quality",))))
    edition = edition_of(questions)

    papers = [draw(edition, blueprint, seed_of(SHIPPED_ON, number)) for number in range(1000)]

    families = [[i.question.family or i.question.id for i in paper] for paper in papers]
    assert all(len(set(names)) == len(names) == 8 for names in families)


def within_chance(counts: Iterable[int], expected: float, chance: float, tries: int) -> bool:
    """Tell whether counts lie within five standard deviations of what chance gives."""
    deviation = 5 * math.sqrt(tries * chance * (1 - chance))
    return all(abs(count - expected) <= deviation for count in counts)


def test_every_question_is_drawn_about_equally_often() -> None:
    edition = edition_of(some_questions(30))
    blueprint = Blueprint((Part(10, ("product-quality",)),))

    papers = [draw(edition, blueprint, seed_of(SHIPPED_ON, number)) for number in range(PAPERS)]

    drawn = Counter(item.question.id for paper in papers for item in paper)
    assert len(drawn) == 30
    assert within_chance(drawn.values(), PAPERS / 3, 1 / 3, PAPERS)


def test_every_question_comes_first_about_equally_often() -> None:
    edition = edition_of(some_questions(30))
    blueprint = Blueprint((Part(10, ("product-quality",)),))

    papers = [draw(edition, blueprint, seed_of(SHIPPED_ON, number)) for number in range(PAPERS)]

    first = Counter(paper[0].question.id for paper in papers)
    assert len(first) == 30
    assert within_chance(first.values(), PAPERS / 30, 1 / 30, PAPERS)


def test_the_members_of_a_family_are_drawn_about_equally_often() -> None:
    questions = [a_question(f"pq-twin-{n}", family="twins") for n in range(3)]
    edition = edition_of(questions + some_questions(5))
    blueprint = Blueprint((Part(6, ("product-quality",)),))

    papers = [draw(edition, blueprint, seed_of(SHIPPED_ON, number)) for number in range(PAPERS)]

    drawn = Counter(item.question.id for paper in papers for item in paper)
    twins = [drawn[question.id] for question in questions]
    assert sum(twins) == PAPERS
    assert within_chance(twins, PAPERS / 3, 1 / 3, PAPERS)


@pytest.mark.parametrize("count", [2, 3, 4, 5])
def test_every_choice_comes_to_every_place_about_equally_often(count: int) -> None:
    edition = edition_of([a_question(choices=some_choices(count))])
    blueprint = Blueprint((Part(1, ("product-quality",)),))

    papers = [draw(edition, blueprint, seed_of(SHIPPED_ON, number)) for number in range(PAPERS)]

    places = Counter(pair for paper in papers for pair in enumerate(paper[0].order))
    assert len(places) == count * count
    assert within_chance(places.values(), PAPERS / count, 1 / count, PAPERS)


def test_ordered_choices_keep_their_order() -> None:
    edition = edition_of([a_question(is_ordered=True)])
    blueprint = Blueprint((Part(1, ("product-quality",)),))

    orders = {draw(edition, blueprint, seed_of(SHIPPED_ON, n))[0].order for n in range(200)}

    assert orders == {(0, 1, 2, 3)}


def test_too_small_a_pool_is_refused_and_says_what_is_missing() -> None:
    blueprint = Blueprint((Part(4, ("product-quality",)),))

    with pytest.raises(QuizNotFillableError, match="4 wanted, 3 found in product-quality") as told:
        draw(edition_of(some_questions(3)), blueprint, new_seed(SHIPPED_ON))

    assert (told.value.topics, told.value.wanted, told.value.found) == (("product-quality",), 4, 3)


def test_a_family_fills_one_place_only() -> None:
    blueprint = Blueprint((Part(2, ("product-quality",)),))

    with pytest.raises(QuizNotFillableError):
        draw(edition_of(some_questions(9, family="all")), blueprint, new_seed(SHIPPED_ON))


@examples(deadline=None, derandomize=True, database=None)
@given(st.dates(date(2020, 1, 1), date(2120, 12, 31)))
def test_the_day_is_in_the_seed(day: date) -> None:
    assert day_of(new_seed(day)) == day


def test_the_seeds_of_one_day_differ() -> None:
    seeds = {new_seed(SHIPPED_ON) for _ in range(1000)}

    assert len(seeds) == 1000


@pytest.mark.parametrize("forged", [1 << 70, 1 << 200, -(1 << 70), -(1 << 200)])
def test_a_number_that_is_no_seed_has_no_day(forged: int) -> None:
    with pytest.raises(OverflowError):
        day_of(forged)


def test_what_may_be_drawn_follows_from_the_day_in_the_seed() -> None:
    old = a_statute("old-law", in_force_until=date(2026, 12, 31))
    new = a_statute("new-law", in_force_from=date(2027, 1, 1))
    questions = [
        a_question("pq-old", citations=(Citation("old-law", "1"),)),
        a_question("pq-new", citations=(Citation("new-law", "1"),)),
    ]
    edition = edition_of(questions, [old, new])
    blueprint = Blueprint((Part(1, ("product-quality",)),))

    last = draw(edition, blueprint, new_seed(date(2026, 12, 31)))
    first = draw(edition, blueprint, new_seed(date(2027, 1, 1)))

    assert [paper[0].question.id for paper in (last, first)] == ["pq-old", "pq-new"]


def test_a_blueprint_comes_back_from_json_as_it_was() -> None:
    part = Part(3, TOPICS, difficulty=frozenset({1, 2}), audience=frozenset({Audience.PUPIL}))
    blueprint = Blueprint((part, Part(1, ("food-safety",))))

    assert Blueprint.from_json(blueprint.as_json()) == blueprint
