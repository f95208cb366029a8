"""Grading: exactly the right choices earn a point, and nothing else does."""

import itertools

import pytest

from question_bank.content import Kind
from question_bank.grading import is_right, mark
from question_bank.selection import Item
from tests.question_bank.samples import a_question, some_choices


@pytest.mark.parametrize(
    ("chosen", "earns"),
    [
        ([0, 2], True),
        ([2, 0], True),
        ([2, 0, 2], True),
        ([0], False),
        ([0, 1], False),
        ([0, 1, 2], False),
        ([0, 1, 2, 3], False),
        ([], False),
    ],
)
def test_only_exactly_the_right_choices_earn_a_point(chosen: list[int], earns: bool) -> None:
    assert is_right(chosen, frozenset({0, 2})) is earns


def test_of_all_ways_to_answer_a_question_one_is_right() -> None:
    places = range(5)
    ways = [set(way) for size in range(6) for way in itertools.combinations(places, size)]

    right = [way for way in ways if is_right(way, frozenset({1, 3, 4}))]

    assert right == [{1, 3, 4}]


def test_a_mark_says_question_by_question_what_was_right() -> None:
    single = a_question("pq-a", choices=some_choices(4, right=(2,)))
    multiple = a_question("pq-b", kind=Kind.MULTIPLE, choices=some_choices(4, right=(0, 3)))
    paper = (Item(single, (3, 2, 1, 0)), Item(multiple, (0, 1, 2, 3)), Item(single, (0, 1, 2, 3)))

    earned = mark(paper, [{2}, {0}, {1}])

    assert earned.right == (True, False, False)
    assert (earned.points, earned.size) == (1, 3)


def test_the_order_on_the_phone_does_not_change_the_mark() -> None:
    question = a_question(choices=some_choices(4, right=(1,)))
    orders = itertools.permutations(range(4))

    marks = [mark((Item(question, order),), [{1}]) for order in orders]

    assert all(earned.points == 1 for earned in marks)


@pytest.mark.parametrize("chosen", [[], [{0}, {0}]])
def test_answers_to_another_number_of_questions_are_refused(chosen: list[set[int]]) -> None:
    paper = (Item(a_question(), (0, 1, 2, 3)),)

    with pytest.raises(ValueError, match=r"shorter|longer"):
        mark(paper, chosen)
