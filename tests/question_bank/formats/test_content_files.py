"""Content files as an editor sends one in."""

import pytest
import yaml

from question_bank import exporter
from question_bank.content import Kind
from question_bank.formats import content_files
from question_bank.formats.exchange import Parsed, Usual
from tests.question_bank.formats.strategies import USUAL
from tests.question_bank.samples import (
    a_question,
    an_entry,
    shipped_bank,
    some_choices,
    some_questions,
)


def read(text: str) -> Parsed:
    return content_files.read(text.encode(), USUAL)


def dumped(*entries: object) -> str:
    return yaml.safe_dump(list(entries), allow_unicode=True, sort_keys=False)


SOUND = dumped(an_entry())


def test_an_authors_file_is_read_with_lines():
    parsed = read("# a comment\n" + dumped(an_entry(), an_entry("pq-two", stem={"zh": "另一道"})))

    assert not parsed.faults
    first, second = parsed.questions
    assert first == a_question()
    assert second.stem.en == ""  # a draft may lack a language, unlike in the project's own folder
    assert parsed.places["pq-sample"] == 2


def test_the_topic_is_the_one_chosen():
    assert read(SOUND).questions[0].topic_id == USUAL.topic_id


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (SOUND.replace("kind: single", "kind: essay"), "kind-unknown"),
        (SOUND.replace("kind: single", "sort: single"), "key-unknown"),
        (SOUND.replace("kind: single", "kind: single\n  kind: single"), "key-repeated"),
        (SOUND.replace("right: true", "right: maybe"), "yes-no-unknown"),
        (SOUND.replace("right: true", "left: true"), "key-unknown"),
        (dumped(an_entry(choices=[{"zh": "甲"}, {"zh": "乙"}])), "right-missing"),
        (dumped(an_entry(choices="甲")), "yaml-shape"),
        (dumped(an_entry(choices=[{"zh": str(n)} for n in range(27)])), "choices-too-many"),
        (dumped(an_entry(stem="甲")), "yaml-shape"),
        (dumped(an_entry(stem={"zh": ["甲"]})), "yaml-shape"),
        (dumped(an_entry(id={"a": 1})), "yaml-shape"),
        (dumped(an_entry(audience=["alien"])), "audience-unknown"),
        (dumped(an_entry(cites=["law"])), "citation-form"),
        (dumped("text"), "yaml-shape"),
        ("a: 1", "yaml-shape"),
        ("- [a: 1]\n---\n- b", "yaml-shape"),
        ("- {[a]: b}", "yaml-shape"),
        ("- &a {x: 1}\n- *a", "yaml-alias"),
        ("- {", "yaml-form"),
        ("\t- a", "yaml-form"),
        ("[" * 1000, "too-deep"),
        ("- id: 响\ue000", "character"),
        (SOUND.replace("Way 1", '"\\x07"'), "character"),
    ],
)
def test_a_fault_says_its_line(text, code):
    parsed = read(text)

    assert not parsed.questions
    assert code in {fault.code for fault in parsed.faults}
    assert all(fault.row for fault in parsed.faults)


def test_a_fault_within_a_question_has_the_line_of_its_value():
    lines = SOUND.splitlines()
    line = next(n for n, text in enumerate(lines, 1) if "difficulty" in text)

    (fault,) = read(SOUND.replace("difficulty: 1", "difficulty: 7")).faults

    assert (fault.row, fault.facts["value"]) == (line, "7")


def test_no_object_is_made_of_a_tag():
    parsed = read("- !!python/object/apply:os.system [touch /tmp/oops]\n")

    assert [fault.code for fault in parsed.faults] == ["yaml-shape"]


def test_a_file_is_written_as_authors_write_it():
    question = a_question(kind=Kind.MULTIPLE, choices=some_choices(3, right=(0, 2)), family="some")

    text = exporter.to_yaml([question, a_question("pq-two")])

    head, _stem, _rest = text.partition("  stem:")
    assert head == (
        "- id: pq-sample\n  kind: multiple\n  style: story\n  difficulty: 1\n"
        "  audience: [consumer]\n  cites: [product-quality-law:40]\n  family: some\n"
    )
    assert "\n  choices:\n    - zh: 第甲种做法\n      en: Way 1\n      right: true\n" in text
    assert "\n\n- id: pq-two\n" in text


@pytest.mark.parametrize("topic_id", ["food-waste", "intellectual-property"])
def test_the_projects_own_questions_come_back_word_for_word(topic_id):
    questions = [q for q in shipped_bank().questions if q.topic_id == topic_id]
    usual = Usual(topics=tuple(shipped_bank().topics), topic_id=topic_id)

    parsed = content_files.read(content_files.write(questions).data, usual)

    assert not parsed.faults
    assert parsed.questions == questions


def test_a_folder_has_files_by_topic_that_stay_readable():
    crowd = [*some_questions(70), a_question("food-one", topic_id="food-safety")]

    files = exporter.to_folder(crowd)

    assert {name: text.count("- id: ") for name, text in files.items()} == {
        "questions/food-safety/food-safety-01.yaml": 1,
        "questions/product-quality/product-quality-01.yaml": 60,
        "questions/product-quality/product-quality-02.yaml": 10,
    }
