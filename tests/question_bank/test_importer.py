"""Reading content files: each fault is told by file and line, and nothing an author does raises."""

import tempfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from question_bank.check import check
from question_bank.content import Kind, Text
from question_bank.edition import write_snapshot
from question_bank.importer import read_bank
from question_bank.yaml_lines import MAX_FILE_BYTES, Fault
from tests.question_bank.samples import (
    FILES,
    QUESTION_FILE,
    SHIPPED_ON,
    a_stem,
    an_entry,
    as_yaml,
    write_content,
)

FIRST = as_yaml([an_entry("pq-first")])
SECOND_LINE = FIRST.count("\n") + 1


def faults_of(folder: Path) -> list[Fault]:
    return read_bank(folder)[1]


def second(**changes: Any) -> str:
    """Write a file whose second question is not as it should be."""
    entry = an_entry("pq-second", stem=a_stem(2).as_json()) | changes
    return FIRST + as_yaml([{key: value for key, value in entry.items() if value is not ...}])


def choices(*right: Any) -> list[dict[str, Any]]:
    """Write choices, each with what stands after `right:`."""
    return [
        {"zh": f"做法{number}", "en": f"Way {number}"} | ({} if mark is ... else {"right": mark})
        for number, mark in enumerate(right)
    ]


def test_a_good_folder_has_no_faults(tmp_path: Path) -> None:
    folder = write_content(tmp_path)

    bank, faults = read_bank(folder)

    assert faults == []
    assert [question.id for question in bank.questions] == ["pq-sample"]
    assert bank.questions[0].topic_id == "product-quality"
    assert bank.questions[0].stem == a_stem(0)
    assert bank.statutes["product-quality-law"].in_force_from == date(2018, 12, 29)
    assert [topic.name for topic in bank.topics] == [Text("产品质量", "Quality")]
    assert [(quiz.slug, quiz.blueprint.size) for quiz in bank.quizzes] == [("short", 1)]


def test_a_question_is_found_again_by_file_and_line(tmp_path: Path) -> None:
    folder = write_content(tmp_path, second())

    bank, _faults = read_bank(folder)

    places = [(place.file, place.line) for place in bank.places.values()]
    assert places == [(QUESTION_FILE, 1), (QUESTION_FILE, SECOND_LINE)]


def test_true_or_false_stand_in_this_order(tmp_path: Path) -> None:
    entry = an_entry(kind="truefalse", answer=False)
    del entry["choices"]
    folder = write_content(tmp_path, [entry])

    bank, faults = read_bank(folder)

    assert faults == []
    question = bank.questions[0]
    assert question.kind is Kind.TRUE_FALSE
    assert [choice.text.en for choice in question.choices] == ["True", "False"]
    assert question.right_choices == {1}
    assert question.is_ordered


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"stemm": "x"}, "unknown key: stemm"),
        ({"id": "PQ_1"}, "id must be like pq-label-date, not 'PQ_1'"),
        ({"id": 7}, "id must be like pq-label-date, not 7"),
        ({"id": ...}, "id must be like pq-label-date, not None"),
        ({"kind": "open"}, "kind must be one of single, multiple, truefalse, not 'open'"),
        ({"kind": ["single"]}, "kind must be one of"),
        ({"style": ...}, "style must be one of story, number, rule, not None"),
        ({"difficulty": 4}, "difficulty must be 1, 2 or 3, not 4"),
        ({"difficulty": "1"}, "difficulty must be 1, 2 or 3, not '1'"),
        ({"difficulty": ...}, "difficulty must be 1, 2 or 3, not None"),
        ({"audience": []}, "audience must be a list of one or more"),
        ({"audience": "pupil"}, "audience must be a list of one or more"),
        ({"audience": ["pupil", "cat"]}, "audience must be one of pupil"),
        ({"cites": ...}, "cites must be a list"),
        ({"cites": ["product-quality-law"]}, "a citation is statute:article"),
        ({"cites": [40]}, "a citation is statute:article"),
        ({"stem": {"zh": "题"}}, "stem: the text in en is missing"),
        ({"stem": {"en": "Stem"}}, "stem: the text in zh is missing"),
        ({"stem": {"zh": " ", "en": "Stem"}}, "stem: the text in zh is missing"),
        ({"stem": "Stem"}, "stem: the text in zh is missing"),
        ({"explanation": ...}, "explanation: the text in zh is missing"),
        ({"explanation": {"zh": "因", "en": 3}}, "explanation: the text in en is missing"),
        ({"choices": ...}, "choices must be a list"),
        ({"choices": {"zh": "甲", "en": "A"}}, "choices must be a list"),
        ({"choices": ["甲", "乙"]}, "choices must be a list"),
        ({"choices": [{"zh": "甲", "right": True}]}, "choice 1: the text in en is missing"),
        (
            {"choices": choices(..., ..., ...)},
            "a single choice question has one right choice, not 0",
        ),
        (
            {"choices": choices(True, True, ...)},
            "a single choice question has one right choice, not 2",
        ),
        (
            {"kind": "multiple", "choices": choices(True, ..., ...)},
            "a multiple choice question has two or more right choices, not 1",
        ),
        ({"kind": "truefalse", "choices": ...}, "a true/false question has answer: true or false"),
        (
            {"kind": "truefalse", "choices": ..., "answer": "true"},
            "a true/false question has answer: true or false",
        ),
        ({"kind": "truefalse", "answer": True}, "and no choices"),
        ({"id": "pq-first"}, f"id pq-first is taken: {QUESTION_FILE}:1"),
    ],
)
def test_each_fault_of_a_question_is_told_by_file_and_line(
    tmp_path: Path, changes: dict[str, Any], reason: str
) -> None:
    folder = write_content(tmp_path, second(**changes))

    bank, faults = read_bank(folder)

    assert [(fault.file, fault.line) for fault in faults] == [(QUESTION_FILE, SECOND_LINE)]
    assert reason in faults[0].reason
    assert [question.id for question in bank.questions] == ["pq-first"]


@pytest.mark.parametrize(
    "changes",
    [
        {"difficulty": True},
        {"difficulty": 1.0},
        {"ordered": "no"},
        {"family": ["twins"]},
        {"family": 7},
        {"family": date(2026, 1, 1)},
        {"choices": choices(True, ..., "true")},
        {"kind": "multiple", "choices": choices(True, True, 1)},
        {"choices": [*choices(True, ...), {"zh": "丙", "en": "C", "rigth": True}]},
        {"stem": {"zh": "题\ud800", "en": "Half of a character"}},
        {"stem": {"zh": "题\x00", "en": "No character at all"}},
        {"id": "pq-" + "x" * 80},
    ],
    ids=ascii,
)
def test_a_value_that_would_be_misread_is_a_fault(tmp_path: Path, changes: dict[str, Any]) -> None:
    folder = write_content(tmp_path, second(**changes))

    faults = faults_of(folder)

    assert [(fault.file, fault.line) for fault in faults] == [(QUESTION_FILE, SECOND_LINE)]


def test_a_key_written_twice_is_a_fault(tmp_path: Path) -> None:
    entry = as_yaml([an_entry("pq-second", kind="truefalse", choices=[], answer=True)])
    folder = write_content(tmp_path, FIRST + entry + "  answer: false\n")

    faults = faults_of(folder)

    assert [fault.file for fault in faults] == [QUESTION_FILE]


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("- id: [pq\n  kind: single\n", 2, "not YAML"),
        ("- id: a: b\n", 1, "not YAML"),
        ("\n\n- id: 'pq\n", 4, "not YAML"),
        ("- !!python/object/apply:os.system ['true']\n", 1, "not YAML"),
        ("- ? [a]\n  : b\n", 1, "not YAML"),
        ("id: pq-sample\n", 1, "must be a list"),
        ("just words\n", 1, "must be a list"),
        ("", 1, "must be a list"),
    ],
)
def test_each_fault_of_a_file_is_told_by_file_and_line(
    tmp_path: Path, text: str, line: int, reason: str
) -> None:
    folder = write_content(tmp_path, text)

    faults = faults_of(folder)

    assert [(fault.file, fault.line) for fault in faults] == [(QUESTION_FILE, line)]
    assert reason in faults[0].reason


def test_an_entry_without_keys_is_told_by_its_own_line(tmp_path: Path) -> None:
    folder = write_content(tmp_path, FIRST + "- just words\n")

    faults = faults_of(folder)

    assert [(fault.file, fault.line) for fault in faults] == [(QUESTION_FILE, SECOND_LINE)]
    assert "entry 2" in faults[0].reason


def test_an_alias_is_told_by_its_own_line(tmp_path: Path) -> None:
    folder = write_content(tmp_path, "- &one [a]\n- b\n- *one\n")

    faults = faults_of(folder)

    assert [(fault.file, fault.line) for fault in faults] == [(QUESTION_FILE, 3)]
    assert "aliases are not used here" in faults[0].reason


def test_a_bomb_of_aliases_is_refused_before_it_grows(tmp_path: Path) -> None:
    bomb = "- &a [x, x]\n" + "".join(
        f"- &{new} [*{old}, *{old}, *{old}, *{old}]\n"
        for old, new in zip("abcdefghijklmnopqrs", "bcdefghijklmnopqrst", strict=True)
    )
    folder = write_content(tmp_path, bomb)

    faults = faults_of(folder)

    assert len(faults) == 1
    assert "aliases are not used here" in faults[0].reason


@pytest.mark.parametrize(
    "value",
    ["2026-13-45", "2026-02-30", "0b_", "0x_", "1" * 5000, "!!int x", "!!timestamp x", "!!bool x"],
    ids=lambda value: value[:16],
)
def test_a_value_that_yaml_itself_cannot_read_is_a_fault(tmp_path: Path, value: str) -> None:
    folder = write_content(tmp_path, f"{FIRST}- id: pq-second\n  family: {value}\n")

    faults = faults_of(folder)

    assert [fault.file for fault in faults] == [QUESTION_FILE]


@pytest.mark.parametrize("opening", ["[", "{a: ", "- "])
def test_endless_nesting_is_a_fault(tmp_path: Path, opening: str) -> None:
    folder = write_content(tmp_path, opening * 20_000)

    faults = faults_of(folder)

    assert [fault.file for fault in faults] == [QUESTION_FILE]


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    folder = write_content(tmp_path, FIRST + "#" * MAX_FILE_BYTES)

    bank, faults = read_bank(folder)

    assert [(fault.file, fault.line) for fault in faults] == [(QUESTION_FILE, 1)]
    assert "larger than" in faults[0].reason
    assert bank.questions == []


def test_a_file_that_is_not_utf_8_is_a_fault(tmp_path: Path) -> None:
    folder = write_content(tmp_path, FIRST.encode("gb18030"))

    faults = faults_of(folder)

    assert [fault.file for fault in faults] == [QUESTION_FILE]
    assert "cannot be read" in faults[0].reason


@pytest.mark.parametrize("name", sorted(FILES))
def test_a_missing_file_is_a_fault(tmp_path: Path, name: str) -> None:
    folder = write_content(tmp_path)
    (folder / name).unlink()

    faults = faults_of(folder)

    assert name in {fault.file for fault in faults}


def test_a_folder_that_is_no_topic_is_a_fault(tmp_path: Path) -> None:
    folder = write_content(tmp_path)
    (folder / "questions" / "magic").mkdir()
    (folder / "questions" / "magic" / "some.yaml").write_text(FIRST, encoding="utf-8")

    faults = faults_of(folder)

    assert faults == [Fault("questions/magic/some.yaml", 1, "no such topic: magic")]


def test_an_id_taken_in_another_file_is_a_fault(tmp_path: Path) -> None:
    folder = write_content(tmp_path, FIRST)
    other = "questions/product-quality/zz.yaml"
    (folder / other).write_text(f"\n\n{FIRST}", encoding="utf-8")

    faults = faults_of(folder)

    assert faults == [Fault(other, 3, f"id pq-first is taken: {QUESTION_FILE}:1")]


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    folder = write_content(
        tmp_path, [an_entry("pq-a", kind="x"), an_entry("pq-b"), an_entry("pq-c", difficulty=9)]
    )

    bank, faults = read_bank(folder)

    assert len(faults) == 2
    assert [question.id for question in bank.questions] == ["pq-b"]


A_PART = {"count": 1, "topics": ["product-quality"]}


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("topics", {"id": ...}),
        ("topics", {"id": ["a"]}),
        ("topics", {"name": ...}),
        ("topics", {"name": {"zh": "质量"}}),
        ("topics", {"summary": ...}),
        ("topics", {"summmary": "x"}),
        ("statutes", {"id": ...}),
        ("statutes", {"id": 7}),
        ("statutes", {"title": ...}),
        ("statutes", {"version": ...}),
        ("statutes", {"in_force_from": ...}),
        ("statutes", {"in_force_from": "soon"}),
        ("statutes", {"in_force_from": 2018}),
        ("statutes", {"in_force_until": "never"}),
        ("statutes", {"in_force_until": date(2018, 12, 28)}),
        ("statutes", {"in_force_untill": date(2026, 12, 31)}),
        ("statutes", {"articles": "74"}),
        ("statutes", {"known_articles": 9}),
        ("quizzes", {"slug": ...}),
        ("quizzes", {"name": ...}),
        ("quizzes", {"pass_mark": ...}),
        ("quizzes", {"pass_mark": "1"}),
        ("quizzes", {"counting": ...}),
        ("quizzes", {"counting": "twice"}),
        ("quizzes", {"couting": "once"}),
        ("quizzes", {"parts": ...}),
        ("quizzes", {"parts": "all"}),
        ("quizzes", {"parts": []}),
        ("quizzes", {"parts": [7]}),
        ("quizzes", {"parts": [{"count": 1}]}),
        ("quizzes", {"parts": [A_PART | {"count": "1"}]}),
        ("quizzes", {"parts": [A_PART | {"count": -1}, A_PART | {"count": 2}]}),
        ("quizzes", {"parts": [A_PART | {"topics": "product-quality"}]}),
        ("quizzes", {"parts": [A_PART | {"audience": ["cat"]}]}),
        ("quizzes", {"parts": [A_PART | {"difficulty": ["hard"]}]}),
        ("quizzes", {"parts": [A_PART | {"dificulty": [1]}]}),
    ],
    ids=ascii,
)
def test_each_fault_of_the_other_files_is_told_by_file_and_line(
    tmp_path: Path, name: str, changes: dict[str, Any]
) -> None:
    good = FILES[f"{name}.yaml"]
    other = good[0] | {"slug" if name == "quizzes" else "id": "another"} | changes
    other = {key: value for key, value in other.items() if value is not ...}
    folder = write_content(tmp_path, **{name: as_yaml(good) + as_yaml([other])})

    faults = faults_of(folder)

    second_line = as_yaml(good).count("\n") + 1
    assert [(fault.file, fault.line) for fault in faults] == [(f"{name}.yaml", second_line)]


@pytest.mark.parametrize("name", sorted(FILES))
def test_two_entries_of_the_same_name_are_a_fault(tmp_path: Path, name: str) -> None:
    text = as_yaml(FILES[name])
    folder = write_content(tmp_path, **{name.removesuffix(".yaml"): text + text})

    faults = faults_of(folder)

    assert [(fault.file, fault.line) for fault in faults] == [(name, text.count("\n") + 1)]


def test_a_fault_is_written_as_editors_programs_read_it() -> None:
    fault = Fault("questions/food-safety/a.yaml", 12, "cites no article")

    assert str(fault) == "questions/food-safety/a.yaml:12: cites no article"


SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=12)
    | st.dates()
    | st.sampled_from(["single", "multiple", "truefalse", "pq-x", "pupil", "product-quality-law:1"])
)
KEYS = st.sampled_from(["id", "zh", "en", "right", "count", "topics"]) | SCALARS
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=10,
)


def changed(good: dict[str, Any], changes: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Make entries with some values replaced by anything, or anything at all."""
    some = st.dictionaries(st.sampled_from(sorted(good)), changes, min_size=1, max_size=3)
    return some.map(lambda values: good | values) | changes


def read_and_use(**content: Any) -> Iterator[str]:
    """Read content files and do with what was let through all that the project does."""
    with tempfile.TemporaryDirectory() as folder:
        bank, faults = read_bank(write_content(Path(folder), **content))
    yield from (fault.file for fault in faults)
    if not faults:
        write_snapshot(bank.topics, bank.statutes.values(), bank.questions)
        yield from (fault.file for fault in check(bank, SHIPPED_ON))


GOOD = an_entry(answer=True, ordered=False, family="twins")  # every key there is


@settings(max_examples=150, deadline=None, derandomize=True, database=None)
@given(st.lists(changed(GOOD, VALUES), max_size=3))
def test_whatever_stands_in_a_question_file_raises_nothing(entries: list[Any]) -> None:
    told = list(read_and_use(questions=entries))

    assert set(told) <= {QUESTION_FILE, "quizzes.yaml"}


@pytest.mark.parametrize("name", sorted(FILES))
@settings(max_examples=60, deadline=None, derandomize=True, database=None)
@given(data=st.data())
def test_whatever_stands_in_the_other_files_raises_nothing(name: str, data: st.DataObject) -> None:
    entries = data.draw(st.lists(changed(FILES[name][0], VALUES), max_size=3))

    told = list(read_and_use(**{name.removesuffix(".yaml"): as_yaml(entries)}))

    assert set(told) <= {*FILES, QUESTION_FILE}


YAML_SIGNS = st.text(st.sampled_from("[]{}:-&*!|>'\"%@`#\n ?,.~0129xb_=<中a"), max_size=60)


@settings(max_examples=150, deadline=None, derandomize=True, database=None)
@given(YAML_SIGNS | st.text(max_size=60))
def test_whatever_text_a_file_holds_raises_nothing(text: str) -> None:
    told = list(read_and_use(questions=text))

    assert set(told) <= {QUESTION_FILE, "quizzes.yaml"}


@settings(max_examples=60, deadline=None, derandomize=True, database=None)
@given(st.binary(max_size=60))
def test_whatever_bytes_a_file_holds_raise_nothing(content: bytes) -> None:
    told = list(read_and_use(questions=content))

    assert set(told) <= {QUESTION_FILE, "quizzes.yaml"}
