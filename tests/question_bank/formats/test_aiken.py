"""Aiken as Moodle's documentation and Chinese files have it."""

import dataclasses

import pytest

from question_bank.content import TRUE_FALSE, Kind, Question
from question_bank.formats import aiken
from tests.question_bank.formats.strategies import USUAL

ENGLISH = dataclasses.replace(USUAL, locale="en")
TWO = """\
Who must put the maker's name on a kettle?
A. The buyer
B. The maker
C. The neighbour
D. Nobody
ANSWER: B

Which mark belongs on a plug?
A) ISO
B) GMP
C) FSC
D) HACCP
E) BRC
F) CCC
ANSWER: F
"""


def the_question(text: str) -> Question:
    parsed = aiken.read(text.encode(), USUAL)
    assert not parsed.faults, parsed.faults
    (question,) = parsed.questions
    return question


def test_the_two_forms_of_the_documentation_are_read():
    parsed = aiken.read(TWO.encode(), ENGLISH)

    assert not parsed.faults
    first, second = parsed.questions
    assert first.stem.en == "Who must put the maker's name on a kettle?"
    assert (first.right_choices, second.right_choices) == ({1}, {5})
    assert [choice.text.en for choice in second.choices][-1] == "CCC"
    assert list(parsed.places.values()) == [1, 8]


def test_no_blank_line_is_needed_and_some_do_no_harm():
    tight = TWO.replace("\n\n", "\n")
    loose = TWO.replace("\n", "\r\n\r\n")

    assert len(aiken.read(tight.encode(), ENGLISH).questions) == 2
    assert len(aiken.read(loose.encode(), ENGLISH).questions) == 2


@pytest.mark.parametrize(
    "text",
    [
        "哪一项是强制认证标志？\nA、ISO\nB、CCC\n答案：B",
        "哪一项是强制认证标志？\nＡ．ISO\nＢ．CCC\n正确答案：Ｂ",
        "哪一项是\n强制认证标志？\nA）ISO\nB）CCC\nANSWER：b",
    ],
)
def test_chinese_marks_are_understood(text):
    question = the_question(text)

    assert question.stem.zh == "哪一项是强制认证标志？"
    assert [choice.text.zh for choice in question.choices] == ["ISO", "CCC"]
    assert question.right_choices == {1}


def test_choices_that_say_right_and_wrong_are_a_true_false_question():
    question = the_question("过期食品可以打折卖。\nA) 错误\nB) 正确\nANSWER: A")

    assert question.kind is Kind.TRUE_FALSE
    assert [choice.text for choice in question.choices] == list(TRUE_FALSE)
    assert question.right_choices == {1}


def test_a_stem_may_look_like_a_choice_or_an_answer():
    question = the_question("A. Smith sells kettles. What must he do?\nA) a\nB) b\nANSWER: A")

    assert question.stem.zh.startswith("A. Smith")
    assert the_question("ANSWER: what?\nA) a\nB) b\nANSWER: A").stem.zh == "ANSWER: what?"


def test_faults_are_told_by_line_and_good_questions_kept():
    text = """\
A question with one choice only
A) alone
ANSWER: A

B) a choice of nothing

ANSWER: A

A good question
A) right
B) wrong
ANSWER: A

Begun and never ended
A) one
B) two

Out of order
A) one
C) three
ANSWER: A

Answer unknown
A) one
B) two
ANSWER: AB

Answer too far
A) one
B) two
ANSWER: E

Never ended at all
A) one
"""

    parsed = aiken.read(text.encode(), ENGLISH)

    assert [question.stem.en for question in parsed.questions] == ["A good question"]
    assert [(fault.row, fault.code) for fault in parsed.faults] == [
        (1, "choices-too-few"),
        (5, "aiken-stray-line"),
        (7, "aiken-stray-line"),
        (14, "aiken-no-answer"),
        (20, "aiken-order"),
        (26, "right-unknown"),
        (31, "right-not-a-choice"),
        (33, "aiken-no-answer"),
    ]
