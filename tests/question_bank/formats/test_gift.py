"""GIFT in the many forms that Moodle's documentation shows."""

import dataclasses
from pathlib import Path

import pytest

from question_bank.content import Audience, Citation, Kind, Question, Style, Text
from question_bank.formats import gift
from question_bank.formats.exchange import FormatFault, Parsed
from tests.question_bank.formats.strategies import USUAL
from tests.question_bank.samples import a_question, some_choices

FILES = Path(__file__).parent / "files"
ENGLISH = dataclasses.replace(USUAL, locale="en")


def read(text: str) -> Parsed:
    return gift.read(text.encode(), ENGLISH)


def the_question(text: str) -> Question:
    parsed = read(text)
    assert not parsed.faults, parsed.faults
    (question,) = parsed.questions
    return question


def the_fault(text: str) -> FormatFault:
    parsed = read(text)
    assert not parsed.questions
    (fault,) = parsed.faults
    return fault


@pytest.fixture(scope="module")
def forms() -> dict[str, Question]:
    """Read the file of forms; questions by the beginning of their stem."""
    parsed = gift.read((FILES / "forms.gift.txt").read_bytes(), ENGLISH)
    assert not parsed.faults, parsed.faults
    return {question.stem.en[:20]: question for question in parsed.questions}


def choices(question: Question) -> list[str]:
    return [("=" if c.is_right else "~") + c.text.en for c in question.choices]


def test_every_form_is_read(forms):
    assert len(forms) == 21
    assert {question.topic_id for question in forms.values()} == {"product-quality"}
    assert not any(question.stem.zh for question in forms.values())


@pytest.mark.parametrize(
    ("stem", "expected"),
    [
        ("Who answers for a ke", ["~nobody", "~the buyer", "=the seller"]),
        ("The seller is _____ ", ["~praised", "=fined", "~forgotten"]),
        ("Shops must take back", ["~three", "=seven", "~thirty"]),
        ("Which mark belongs o", ["~ISO", "=CCC", "~GMP", "~FSC"]),
        ("Which two are on eve", ["~a poem", "=the name", "=the maker", "~the weather"]),
        ("Which sum equals 5?", ["~= 2 + 2", "== 2 + 3", "~= 2 + 4"]),
        ("Which of these needs", ["~~", "~=", "~#", "~{", "~}", "=\\"]),
        ("Which is **not** law", ["=a <b> in plain text", "~**a** <b>", "~a **star**"]),
        ("发现货架上有过期的洗衣液，店长应当___", ["~打折卖掉", "=立即下架", "~换上新标签"]),
    ],
)
def test_choices_are_read_as_they_were_meant(forms, stem, expected):
    assert choices(forms[stem]) == expected


def test_the_gap_of_a_missing_word_stands_where_the_answers_were(forms):
    assert forms["The seller is _____ "].stem.en == "The seller is _____ for a false label."
    assert forms["发现货架上有过期的洗衣液，店长应当___"].stem.en.endswith("应当_____。")


def test_true_and_false_are_read_with_what_is_said_to_either(forms):
    assert not forms["An expired product m"].choices[0].is_right
    assert forms["A label must name th"].choices[0].is_right
    told = forms["A certificate shows "]
    assert told.kind is Kind.TRUE_FALSE
    assert told.explanation.en == "Article 27 asks for it.\nIt does, look again.\nRight."


def test_feedback_becomes_the_explanation(forms):
    assert forms["What goes on the lab"].explanation.en == (
        "The law wants name and address.\n"
        "the price of gold: That is for jewellers.\n"
        "the shop's phone bill: Nobody cares.\n"
        "the maker's address: Very good!"
    )


def test_weights_make_a_multiple_choice(forms):
    for stem in ("Which two are on eve", "Which two are lawful", "Which three?"):
        assert forms[stem].kind is Kind.MULTIPLE
    assert forms["Which three?"].right_choices == {0, 1, 2}


def test_lines_are_joined_and_an_escaped_break_stays(forms):
    assert forms["The kettle in the st"].stem.en.startswith("The kettle in the story came")
    assert forms["An escaped break\nsta"].stem.en == "An escaped break\nstays a break."


def test_formats_are_reduced_to_text(forms):
    assert forms["Which is **not** law"].stem.en == "Which is **not** lawful ?"
    assert forms["Which is **right**?"].choices[0].is_right
    assert forms["Is 1<b and b>2?"].stem.en == "Is 1<b and b>2?"


def test_details_are_read_from_comments_and_other_tags_passed_over(forms):
    question = forms["Which comes first?"]

    assert question.id == "pq-told-by-comment"
    assert (question.difficulty, question.style) == (3, Style.STORY)
    assert question.audience == {Audience.WORKER, Audience.PUPIL}
    assert question.citations == (Citation("product-quality-law", "27", 1),)
    assert question.is_ordered


def test_a_question_without_an_id_gets_a_stable_one(forms):
    again = gift.read((FILES / "forms.gift.txt").read_bytes(), ENGLISH)

    assert forms["The kettle in the st"].id.startswith("product-quality-")
    assert [question.id for question in again.questions] == [q.id for q in forms.values()]


def test_what_cannot_be_held_is_a_fault_at_its_line():
    parsed = gift.read((FILES / "not-held.gift.txt").read_bytes(), ENGLISH)

    assert not parsed.questions
    assert [(f.row, f.code, f.facts.get("kind", "")) for f in parsed.faults] == [
        (2, "kind-not-held", "description"),
        (4, "kind-not-held", "essay"),
        (6, "kind-not-held", "numerical"),
        (8, "kind-not-held", "numerical"),
        (10, "kind-not-held", "shortanswer"),
        (12, "kind-not-held", "matching"),
        (17, "partial-credit", ""),
        (19, "right-not-one", ""),
        (21, "weights", ""),
        (23, "right-missing", ""),
        (25, "gift-mark", ""),
        (27, "gift-braces", ""),
        (29, "gift-braces", ""),
        (31, "gift-braces", ""),
        (33, "choice-missing", ""),
        (35, "picture", ""),
    ]


def test_one_bad_question_does_not_hide_the_others():
    parsed = read("Good. {=a ~b}\n\nBad. {=a ~b\n\nGood too. {=a ~b}\n")

    assert [question.stem.en for question in parsed.questions] == ["Good.", "Good too."]
    assert [(fault.row, fault.code) for fault in parsed.faults] == [(3, "gift-braces")]
    assert list(parsed.places.values()) == [1, 5]


def test_a_category_may_be_any_and_one_of_ours_sets_the_topic():
    parsed = read(
        "$CATEGORY: $course$/top/food-safety\n\nOne. {=a ~b}\n\n"
        "$CATEGORY: $course$/top/Spring term\nTwo. {=a ~b}\n"
    )

    assert [question.topic_id for question in parsed.questions] == [
        "food-safety",
        "product-quality",
    ]
    assert list(parsed.places.values()) == [3, 6]


def test_a_single_full_weight_without_equals_is_a_single_choice():
    assert the_question("Which? {~%100%a ~b}").kind is Kind.SINGLE


def test_a_wrong_tag_of_ours_is_a_fault():
    assert the_fault("// [tag:difficulty:9]\nWhich? {=a ~b}").code == "difficulty-unknown"


def test_a_character_that_stands_in_for_nothing_is_a_fault():
    fault = the_fault("// fine \ue000\n\nWhich\n\ue000? {=a ~b}")

    assert (fault.row, fault.code, fault.facts) == (4, "character", {"character": "U+E000"})


def test_html_far_longer_than_a_question_is_a_fault():
    assert the_fault(f"[html]<p>{'<b>x</b>' * 2000}</p>{{=a ~b}}").code == "too-long"


def test_text_is_written_so_that_moodle_reads_it_the_same():
    """Escapes, formats and weights as Moodle's own exporter writes them."""
    question = a_question(
        kind=Kind.MULTIPLE,
        stem=Text("", "a: {b} = ~c #1 \\ **not** <i>"),
        choices=some_choices(3, right=(0, 1)),
        explanation=Text("", "line\nline"),
    )

    written = gift.write([question], "en").data.decode()

    details = ["style:story", "difficulty:1", "audience:consumer", "cites:product-quality-law:40"]
    tags = [f"[tag:{detail}]" for detail in details]
    assert written.splitlines() == [
        "$CATEGORY: $course$/top/product-quality",
        "",
        f"// [id:pq-sample] {' '.join(tags)}",
        "::pq-sample::[html]a\\: \\{b\\} \\= \\~c \\#1 \\\\ <strong>not</strong> &lt;i&gt;{",
        "\t~%50%[plain]Way 1",
        "\t~%50%[plain]Way 2",
        "\t~%-100%[plain]Way 3",
        "\t####[plain]line\\nline",
        "}",
    ]
