"""A form's fields <-> the choices made: what is an answer, and how it is kept."""

from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outreach.participation import answers
from question_bank.content import Choice, Kind, Question, Style, Text
from question_bank.selection import Item, Paper

TEXT = Text("题", "Question")
WORDS = st.one_of(st.sampled_from(["0", "1", "2", "3", "4", "5", "9", "01", "-1", ""]), st.text())


def a_question(kind: Kind, size: int) -> Question:
    """Build a question with so many choices, the first ones right."""
    right = {Kind.SINGLE: 1, Kind.TRUE_FALSE: 1, Kind.MULTIPLE: 2}[kind]
    return Question(
        id="x-1",
        topic_id="x",
        kind=kind,
        style=Style.RULE,
        difficulty=1,
        audience=frozenset(),
        citations=(),
        stem=TEXT,
        choices=tuple(Choice(TEXT, n < right) for n in range(size)),
        explanation=TEXT,
    )


@st.composite
def papers(draw: st.DrawFn) -> Paper:
    """Draw papers of one to twelve questions."""
    items = []
    for _ in range(draw(st.integers(1, 12))):
        kind = draw(st.sampled_from(list(Kind)))
        size = 2 if kind is Kind.TRUE_FALSE else draw(st.integers(3, 5))
        items.append(Item(a_question(kind, size), tuple(draw(st.permutations(range(size))))))
    return tuple(items)


@st.composite
def answered_papers(draw: st.DrawFn) -> tuple[Paper, dict[str, list[str]]]:
    """Draw papers with an answer to every question."""
    paper = draw(papers())
    form = {}
    for n, item in enumerate(paper, 1):
        places = st.integers(1, len(item.order))
        most = len(item.order) if item.question.kind is Kind.MULTIPLE else 1
        ticked = draw(st.lists(places, min_size=1, max_size=most, unique=True))
        form[f"q{n}"] = [str(place) for place in ticked]
    return paper, form


def getter(form: dict[str, list[str]]) -> Callable[[str], Sequence[str]]:
    """Look fields up as a request does."""
    return lambda name: form.get(name, [])


SINGLE = (Item(a_question(Kind.SINGLE, 4), (2, 0, 3, 1)),)
MULTIPLE = (Item(a_question(Kind.MULTIPLE, 4), (2, 0, 3, 1)),)


def test_a_place_stands_for_the_authors_choice_shown_there() -> None:
    filled = answers.read(MULTIPLE, getter({"q1": ["1", "4"]}))

    chosen = answers.chosen(MULTIPLE, filled)

    assert chosen == (frozenset({2, 1}),)
    assert answers.write(chosen) == "12"


@pytest.mark.parametrize(
    "values",
    [
        [],
        [""],
        ["0"],
        ["5"],
        ["99"],
        ["-1"],
        ["01"],
        ["+1"],
        [" 1"],
        ["1 "],
        ["1.0"],
        ["１"],
        ["一"],
        ["1\x00"],
        ["\ud800"],
        ["1", "2"],
        ["1", "x"],
        ["9" * 5000],
    ],
)
def test_what_is_no_place_or_two_for_one_choice_is_no_answer(values: list[str]) -> None:
    filled = answers.read(SINGLE, getter({"q1": values}))

    assert filled.missing == {0}
    assert filled.ticked == (frozenset(),)


def test_the_same_place_twice_is_that_place() -> None:
    filled = answers.read(SINGLE, getter({"q1": ["2", "2"]}))

    assert filled.ticked == (frozenset({2}),)


def test_fields_of_other_names_are_not_looked_at() -> None:
    form = {"q0": ["1"], "q2": ["1"], "Q1": ["1"], "q01": ["1"], "points": ["10"], "q1": ["3"]}

    filled = answers.read(SINGLE, getter(form))

    assert filled.ticked == (frozenset({3}),)


@given(answered_papers())
def test_answers_survive_being_kept(case: tuple[Paper, dict[str, list[str]]]) -> None:
    paper, form = case

    filled = answers.read(paper, getter(form))
    chosen = answers.chosen(paper, filled)

    assert not filled.missing
    assert answers.restore(answers.write(chosen)) == chosen
    assert [len(question) for question in chosen] == [len(values) for values in form.values()]


@given(papers(), st.dictionaries(st.from_regex(r"q\d{1,2}", fullmatch=True), st.lists(WORDS)))
def test_whatever_is_sent_each_question_is_answered_properly_or_missing(
    paper: Paper, form: dict[str, list[str]]
) -> None:
    filled = answers.read(paper, getter(form))

    for n, (item, places) in enumerate(zip(paper, filled.ticked, strict=True)):
        assert places <= set(range(1, len(item.order) + 1))
        assert (n in filled.missing) == (not places)
        assert len(places) <= 1 or item.question.kind is Kind.MULTIPLE
