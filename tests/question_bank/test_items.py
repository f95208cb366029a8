"""Item statistics: counts that add up exactly, and figures with honest intervals."""

import json
import math
import random
import statistics
from dataclasses import dataclass, replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from question_bank.content import TRUE_FALSE, Choice, Kind, Text
from question_bank.items import (
    FEWEST_ANSWERS,
    ItemCount,
    ItemWarning,
    discrimination,
    figures,
    places_now,
    wilson,
)
from tests.question_bank.samples import a_question, some_choices

CHOICES = 4


@dataclass(frozen=True)
class Answer:
    """One answer: what was chosen, and how the rest of the paper went."""

    chosen: frozenset[int]
    is_right: bool
    others: int
    rest: int


@st.composite
def answers(draw: st.DrawFn) -> Answer:
    others = draw(st.sampled_from([0, 1, 4, 9]))
    return Answer(
        draw(st.frozensets(st.integers(0, CHOICES - 1))),
        draw(st.booleans()),
        others,
        draw(st.integers(0, others)),
    )


def count_of(given_answers: list[Answer]) -> ItemCount:
    count = ItemCount.of(a_question())
    for answer in given_answers:
        count.add(answer.chosen, is_right=answer.is_right, others=answer.others, rest=answer.rest)
    return count


def some_answers(
    right: int, wrong: int, rest_if_right: int = 5, rest_if_wrong: int = 5
) -> list[Answer]:
    """Give so many right answers (choice 0) and wrong ones (choices 1 to 3 in turn).

    The rests go up and down by one around their means.
    """
    return [Answer(frozenset({0}), True, 9, rest_if_right + n % 3 - 1) for n in range(right)] + [
        Answer(frozenset({1 + n % 3}), False, 9, rest_if_wrong + n % 3 - 1) for n in range(wrong)
    ]


# --- counting


@given(st.lists(st.lists(answers(), max_size=30), max_size=6))
def test_parts_add_up_to_exactly_what_the_whole_counts(parts):
    total = sum((count_of(part) for part in parts), ItemCount.of(a_question()))

    assert total == count_of([answer for part in parts for answer in part])


@given(st.lists(answers(), max_size=30), st.lists(answers(), max_size=30))
def test_adding_up_leaves_both_parts_as_they_were(one, other):
    a, b = count_of(one), count_of(other)

    _total = a + b

    assert (a, b) == (count_of(one), count_of(other))


@given(st.lists(answers(), max_size=40))
def test_a_count_survives_json(given_answers):
    count = count_of(given_answers)

    assert ItemCount.from_json(json.loads(json.dumps(count.as_json()))) == count


@given(st.lists(answers(), max_size=40), st.permutations(range(CHOICES)))
def test_moving_choices_keeps_how_often_each_was_chosen(given_answers, places):
    count = count_of(given_answers)

    moved = count.moved(places)

    assert [moved.chosen[place] for place in places] == count.chosen
    assert (moved.answers, moved.right, moved.rests) == (count.answers, count.right, count.rests)


# --- a question in two editions


def test_a_question_that_stayed_the_same_keeps_its_answers():
    question = a_question()

    assert places_now(question, question) == (0, 1, 2, 3)


def test_a_new_stem_or_explanation_keeps_the_answers():
    question = a_question()
    now = replace(question, stem=Text("改了题干", "New stem"), explanation=Text("改", "New"))

    assert places_now(question, now) == (0, 1, 2, 3)


def test_choices_in_another_order_are_found_again():
    question = a_question()
    first, *others = question.choices

    assert places_now(question, replace(question, choices=(*others, first))) == (3, 0, 1, 2)


def test_a_mended_translation_is_still_the_same_choice():
    question = a_question()
    mended = tuple(replace(c, text=Text(c.text.zh, f"{c.text.en}!")) for c in question.choices)

    assert places_now(question, replace(question, choices=mended)) == (0, 1, 2, 3)


@pytest.mark.parametrize(
    "choices",
    [
        pytest.param(
            (*some_choices()[:3], Choice(Text("新的做法", "Way 4"), False)), id="another text"
        ),
        pytest.param(some_choices(5), id="one more"),
        pytest.param(some_choices(3), id="one less"),
        pytest.param(some_choices(right=(1,)), id="another key"),
        pytest.param(some_choices(right=(0, 1)), id="a second right one"),
    ],
)
def test_other_choices_begin_anew(choices):
    question = a_question()

    assert places_now(question, replace(question, choices=choices)) is None


def test_another_way_of_answering_begins_anew():
    question = a_question(choices=some_choices(right=(0, 1)), kind=Kind.MULTIPLE)

    assert places_now(question, replace(question, kind=Kind.SINGLE)) is None


def test_a_statement_turned_round_begins_anew():
    def is_true(right: bool) -> tuple[Choice, ...]:
        return tuple(Choice(text, text.en == str(right)) for text in TRUE_FALSE)

    question = a_question(kind=Kind.TRUE_FALSE, choices=is_true(True))

    assert places_now(question, replace(question, choices=is_true(False))) is None


def test_a_question_that_is_gone_keeps_no_answers():
    assert places_now(a_question(), None) is None


# --- shares


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_share_intervals_are_those_of_newcombe_1998(successes, trials, low, high):
    """Table I of R. G. Newcombe, Statistics in Medicine 17:857-872, method 3."""
    estimate = wilson(successes, trials)

    assert (round(estimate.low, 4), round(estimate.high, 4)) == (low, high)


@given(st.integers(1, 10**7).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_a_share_lies_within_its_interval_and_that_within_0_and_1(numbers):
    successes, trials = numbers

    estimate = wilson(successes, trials)

    assert 0 <= estimate.low <= estimate.value <= estimate.high <= 1
    assert estimate.low < estimate.high


@given(st.integers(1, 5000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_the_share_that_fails_mirrors_the_share_that_succeeds(numbers):
    successes, trials = numbers
    one, other = wilson(successes, trials), wilson(trials - successes, trials)

    assert one.low == pytest.approx(1 - other.high)
    assert one.high == pytest.approx(1 - other.low)


# --- discrimination


@given(st.lists(answers(), min_size=FEWEST_ANSWERS, max_size=80))
def test_discrimination_is_the_correlation_of_the_mark_with_the_share_of_the_rest(given_answers):
    usable = [answer for answer in given_answers if answer.others]
    assume(len(usable) >= FEWEST_ANSWERS)
    marks = [float(answer.is_right) for answer in usable]
    shares = [answer.rest / answer.others for answer in usable]
    assume(len(set(marks)) > 1)
    assume(len(set(shares)) > 1)

    estimate = discrimination(count_of(given_answers))

    assert estimate is not None
    assert estimate.value == pytest.approx(statistics.correlation(marks, shares), abs=1e-9)
    assert -1 <= estimate.low <= estimate.value <= estimate.high <= 1


def test_discrimination_leaves_the_question_itself_out():
    """Nothing but the question varies: with itself in the total it would correlate perfectly."""
    count = count_of([Answer(frozenset({0}), n % 2 == 0, 9, 5) for n in range(100)])

    assert discrimination(count) is None


@pytest.mark.parametrize("is_right", [True, False])
def test_there_is_no_discrimination_if_all_or_none_are_right(is_right):
    count = count_of([Answer(frozenset({0}), is_right, 9, n % 10) for n in range(100)])

    assert discrimination(count) is None


def test_there_is_no_discrimination_where_papers_hold_nothing_else():
    count = count_of([Answer(frozenset({0}), n % 2 == 0, 0, 0) for n in range(100)])

    assert discrimination(count) is None
    assert figures(count, {0}) is not None


def test_perfect_agreement_is_no_error():
    count = count_of([Answer(frozenset({0}), n % 2 == 0, 1, (n + 1) % 2) for n in range(100)])

    estimate = discrimination(count)

    assert estimate is not None
    assert (estimate.low, estimate.value, estimate.high) == (1, 1, 1)


def simulated(chance: random.Random, size: int, pull: float, hardness: float) -> ItemCount:
    """Answer ten questions by a logistic model; `pull` is how much knowledge helps with one."""
    count = ItemCount.of(a_question())
    for _ in range(size):
        knowledge = chance.gauss(0, 1)
        is_right = chance.random() < 1 / (1 + math.exp(hardness - pull * knowledge))
        rest = sum(chance.random() < 1 / (1 + math.exp(n / 4 - 1.5 - knowledge)) for n in range(9))
        count.add([0 if is_right else 1], is_right=is_right, others=9, rest=rest)
    return count


@pytest.mark.parametrize(
    ("pull", "hardness"),
    [(-0.7, 0), (0, 0), (0.7, 0), (1.5, -1.5), (0, -2)],
    ids=["misleading", "telling nothing", "telling", "easy and very telling", "easy"],
)
def test_discrimination_intervals_hold_the_truth_about_95_times_in_100(pull, hardness):
    chance = random.Random(20260901)  # noqa: S311 -- the same every time
    truth = discrimination(simulated(chance, 20_000, pull, hardness))
    assert truth is not None

    found = [discrimination(simulated(chance, 60, pull, hardness)) for _ in range(400)]

    hits = [estimate.low <= truth.value <= estimate.high for estimate in found if estimate]
    assert len(hits) >= 395
    assert 0.91 <= statistics.fmean(hits) <= 0.985


# --- figures and warnings


@given(st.lists(answers(), max_size=FEWEST_ANSWERS - 1))
def test_there_is_no_figure_from_fewer_than_30_answers(given_answers):
    count = count_of(given_answers)

    assert figures(count, {0}) is None
    assert discrimination(count) is None


def test_there_are_figures_from_30_answers_on():
    found = figures(count_of(some_answers(20, 10)), {0})

    assert found is not None
    assert found.right.value == pytest.approx(2 / 3)
    assert [round(choice.value, 2) for choice in found.choices] == [0.67, 0.13, 0.1, 0.1]
    assert found.discrimination is not None


@pytest.mark.parametrize(
    ("right", "wrong", "warnings"),
    [
        pytest.param(990, 10, {ItemWarning.NEARLY_ALL, ItemWarning.DEAD_CHOICE}, id="99 in 100"),
        pytest.param(96, 4, set(), id="96 in 100: too few answers to say so"),
        pytest.param(2900, 100, {ItemWarning.NEARLY_ALL, ItemWarning.DEAD_CHOICE}, id="97 in 100"),
        pytest.param(950, 50, set(), id="95 in 100"),
        pytest.param(500, 500, set(), id="half"),
        pytest.param(50, 950, set(), id="5 in 100"),
        pytest.param(1, 99, set(), id="1 in 100: too few answers to say so"),
        pytest.param(10, 990, {ItemWarning.NEARLY_NONE}, id="1 in 100"),
    ],
)
def test_warnings_about_the_share_right(right, wrong, warnings):
    found = figures(count_of(some_answers(right, wrong)), {0})

    assert found is not None
    assert set(found.warnings) - {ItemWarning.NEGATIVE} == warnings


def test_a_question_that_those_who_know_more_get_wrong_is_warned_of():
    found = figures(count_of(some_answers(100, 100, rest_if_right=3, rest_if_wrong=7)), {0})

    assert found is not None
    assert ItemWarning.NEGATIVE in found.warnings


def test_a_negative_figure_that_may_be_chance_is_not_warned_of():
    count = count_of(some_answers(20, 20) + [Answer(frozenset({1}), False, 9, 9)] * 2)

    found = figures(count, {0})

    assert found is not None
    assert found.discrimination is not None
    assert found.discrimination.value < 0 < found.discrimination.high
    assert not found.warnings


def test_a_wrong_choice_that_nobody_takes_is_dead():
    taken = [Answer(frozenset({n % 3}), n % 3 == 0, 9, n % 10) for n in range(300)]

    found = figures(count_of(taken), {0})

    assert found is not None
    assert found.dead == {3}
    assert found.warnings == (ItemWarning.DEAD_CHOICE,)


def test_a_choice_that_few_people_could_have_taken_is_not_dead_yet():
    taken = [Answer(frozenset({n % 3}), n % 3 == 0, 9, n % 10) for n in range(150)]

    found = figures(count_of(taken), {0})

    assert found is not None
    assert not found.dead


def test_a_right_choice_that_nobody_takes_is_not_dead_but_hard():
    taken = [Answer(frozenset({n % 3}), False, 9, n % 10) for n in range(300)]

    found = figures(count_of(taken), {3})

    assert found is not None
    assert found.warnings == (ItemWarning.NEARLY_NONE,)
