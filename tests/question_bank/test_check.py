"""What the checker finds in a bank: every rule of it, by file and line."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from question_bank.check import check, measure
from question_bank.content import Audience, Choice, Citation, Kind, Question, Style, Text
from question_bank.importer import Bank, read_bank
from question_bank.selection import Blueprint, Part
from tests.question_bank.samples import (
    EXPLANATION,
    FILES,
    QUESTION_FILE,
    SHIPPED_ON,
    a_bank,
    a_question,
    a_quiz,
    a_statute,
    a_stem,
    a_topic,
    an_entry,
    as_yaml,
    some_choices,
    some_questions,
    write_content,
)

OLD = a_statute("old-law", in_force_until=date(2026, 12, 31))
NEW = a_statute("new-law", in_force_from=date(2027, 1, 1))
NUMBER = "the number of choices is"
STATUTES = {statute.id: statute for statute in (a_statute(), OLD, NEW)}


def reasons(bank: Bank, day: date = SHIPPED_ON) -> list[str]:
    return [fault.reason for fault in check(bank, day)]


def about(question: Question, day: date = SHIPPED_ON) -> list[str]:
    """List what the checker says about one question."""
    told = reasons(a_bank(question, statutes=STATUTES), day)
    assert all(reason.startswith(f"{question.id}: ") for reason in told)
    return [reason.removeprefix(f"{question.id}: ") for reason in told]


def citing(*citations: str, **changes: Any) -> Question:
    return a_question(citations=tuple(Citation.parse(text) for text in citations), **changes)


def long(text: str, length: int) -> str:
    return (text * length)[:length]


def test_a_good_folder_has_no_faults(tmp_path: Path) -> None:
    entries = [an_entry(f"pq-{n}", stem=a_stem(n).as_json()) for n in range(3)]

    bank, faults = read_bank(write_content(tmp_path, entries))

    assert faults == []
    assert check(bank, SHIPPED_ON) == []


def test_a_fault_is_told_by_the_file_and_line_of_its_question(tmp_path: Path) -> None:
    first = as_yaml([an_entry("pq-good")])
    second = as_yaml([an_entry("pq-bad", stem=a_stem(2).as_json(), cites=["magic-law:1"])])

    bank, _faults = read_bank(write_content(tmp_path, first + second))

    assert [str(fault) for fault in check(bank, SHIPPED_ON)] == [
        f"{QUESTION_FILE}:{first.count(chr(10)) + 1}: pq-bad: unknown statute: magic-law"
    ]


def test_a_statute_that_the_register_does_not_have_is_a_fault() -> None:
    assert about(citing("magic-law:1")) == ["unknown statute: magic-law"]


def test_an_article_that_the_statute_does_not_have_is_a_fault() -> None:
    assert about(citing("product-quality-law:75")) == ["no such article: product-quality-law:75"]
    assert about(citing("product-quality-law:74")) == []


def test_a_question_of_law_cites_an_article() -> None:
    assert about(citing()) == ["cites no article"]


def test_a_question_on_methods_rests_on_no_law() -> None:
    question = citing(topic_id="quality-methods")

    told = reasons(a_bank(question, topics=[a_topic("quality-methods")]))

    assert told == []


@pytest.mark.parametrize(
    ("citations", "last_day", "first_day"),
    [
        (["old-law:1"], [], ["rests on a version that has ended: old-law"]),
        (["new-law:1"], [], []),
        (["new-law:1", "old-law:1"], [], []),
        (
            ["product-quality-law:1", "old-law:1"],
            [],
            ["rests on a version that has ended: old-law"],
        ),
    ],
    ids=["old", "new", "new and old as history", "an older law and the old"],
)
def test_a_question_whose_version_has_ended_is_a_fault_from_that_day(
    citations: list[str], last_day: list[str], first_day: list[str]
) -> None:
    question = citing(*citations)

    assert about(question, date(2026, 12, 31)) == last_day
    assert about(question, date(2027, 1, 1)) == first_day


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"stem": Text(long("题", 120), "Stem")}, None),
        (
            {"stem": Text(long("题", 121), "Stem")},
            "the stem (zh) has 121 characters, more than 120",
        ),
        ({"stem": Text(f"**{long('题', 118)}** 吗\n？", "Stem")}, None),
        ({"stem": Text("题", long("stem ", 420))}, None),
        ({"stem": Text("题", long("stem ", 421))}, "the stem (en) has 421 characters"),
        ({"explanation": Text(long("因", 40), EXPLANATION.en)}, None),
        ({"explanation": Text(long("因", 160), EXPLANATION.en)}, None),
        (
            {"explanation": Text(long("因", 39), EXPLANATION.en)},
            "the explanation (zh) has 39 characters, not 40 to 160",
        ),
        (
            {"explanation": Text(long("因", 161), EXPLANATION.en)},
            "the explanation (zh) has 161 characters, not 40 to 160",
        ),
        (
            {"explanation": Text(EXPLANATION.zh, long("why ", 79))},
            "the explanation (en) has 79 characters, not 80 to 700",
        ),
        (
            {"explanation": Text(EXPLANATION.zh, long("why ", 701))},
            "the explanation (en) has 701 characters, not 80 to 700",
        ),
        (
            {"stem": Text("哪一项**不**对？", "Which is **not** \ue001?")},
            "a character of the private",
        ),
        ({"explanation": Text(EXPLANATION.zh + "\uf8ff", EXPLANATION.en)}, "a character of the"),
    ],
)
def test_a_text_fits_a_phone_and_a_reader(changes: dict[str, Any], fault: str | None) -> None:
    told = about(a_question(**changes))

    assert len(told) == (0 if fault is None else 1)
    assert fault is None or fault in told[0]


def with_choices(*texts: tuple[str, str], right: int = 0, **changes: Any) -> Question:
    choices = tuple(Choice(Text(zh, en), n == right) for n, (zh, en) in enumerate(texts))
    return a_question(choices=choices, **changes)


def test_a_choice_fits_a_narrow_phone() -> None:
    zh, en = long("做", 36), long("do ", 130)
    question = with_choices(("甲", "A"), (zh, en), ("丙", "C"))
    too_long = with_choices(("甲", "A"), (zh + "做", "B"), ("丙", en + "o"))

    assert about(question) == []
    assert about(too_long) == [
        f"a choice has 131 characters, over 130: {en}o",
        f"a choice has 37 characters, over 36: {zh}做",
    ]


@pytest.mark.parametrize(
    "text",
    [
        ("以上都对", "These"),
        ("以上均不对", "These"),
        ("上述", "All of the above"),
        ("上述", "none of the above"),
    ],
)
def test_all_of_the_above_is_no_choice(text: tuple[str, str]) -> None:
    question = with_choices(("甲乙丙", "A"), ("乙丙丁", "B"), text)

    assert about(question) == ["all or none of the above is not a choice"]


@pytest.mark.parametrize(
    ("count", "told"),
    [(2, [f"{NUMBER} 2, not 3 to 5"]), (3, []), (5, []), (6, [f"{NUMBER} 6, not 3 to 5"])],
)
def test_a_question_has_three_to_five_choices(count: int, told: list[str]) -> None:
    assert about(a_question(choices=some_choices(count))) == told


def test_a_true_or_false_question_has_its_two() -> None:
    choices = (Choice(Text("正确", "True"), True), Choice(Text("错误", "False"), False))

    assert about(a_question(kind=Kind.TRUE_FALSE, choices=choices)) == []


@pytest.mark.parametrize(
    ("last", "told"),
    [
        (("甲", "C"), ["two equal choices (zh)"]),
        (("丙", "A"), ["two equal choices (en)"]),
        (("丙", "C"), []),
    ],
)
def test_no_two_choices_are_equal(last: tuple[str, str], told: list[str]) -> None:
    assert about(with_choices(("甲", "A"), ("乙", "B"), last)) == told


@pytest.mark.parametrize(
    ("length", "told"),
    [(16, []), (17, ["the right choice is much the longest (17 characters against 10)"])],
)
def test_a_right_choice_does_not_give_itself_away_by_its_length(
    length: int, told: list[str]
) -> None:
    wrong = [(long("错", 10), "B"), (long("误", 9), "C")]

    assert about(with_choices((long("对", length), "A"), *wrong)) == told


def test_a_wrong_choice_may_be_the_longest() -> None:
    assert about(with_choices(("对", "A"), (long("错", 30), "B"), ("误", "C"))) == []


STEM = "小林在福州的一家店里买了电饭煲，用了三天就坏了，店主说可以修但是不退货，这样做对吗？"


@pytest.mark.parametrize(
    ("other", "is_told"),
    [
        (STEM, True),
        (STEM.replace("三天", "四天"), True),
        (STEM.replace("，", " ").replace("？", ""), True),
        ("商场卖的玩具没有标明生产厂的名称和厂址，小王可以要求商场怎样处理？", False),
    ],
)
def test_nearly_the_same_stem_twice_is_a_fault(other: str, is_told: bool) -> None:
    one = a_question("pq-one", stem=Text(STEM, "One"))
    two = a_question("pq-two", stem=Text(other, "Two"))

    told = [str(fault) for fault in check(a_bank(one, two), SHIPPED_ON)]

    where = "questions/some.yaml:2: pq-two: nearly the same stem as pq-one (questions/some.yaml:1)"
    assert told == ([where] if is_told else [])


@pytest.mark.parametrize(
    ("families", "is_told"),
    [(("twins", "twins"), False), (("twins", "others"), True), ((None, None), True)],
)
def test_the_members_of_one_family_may_be_alike(
    families: tuple[str | None, str | None], is_told: bool
) -> None:
    pair = [
        a_question(f"pq-{n}", stem=Text(STEM, "One"), family=family)
        for n, family in enumerate(families)
    ]

    assert bool(reasons(a_bank(*pair))) is is_told


def test_a_quiz_asks_for_topics_that_there_are() -> None:
    quiz = a_quiz("magic", blueprint=Blueprint((Part(1, ("magic", "product-quality")),)))

    told = reasons(a_bank(a_question(), quizzes=[quiz]))

    assert told == ["magic: no such topic: ['magic']"]


@pytest.mark.parametrize(("pass_mark", "is_told"), [(0, True), (1, False), (2, False), (3, True)])
def test_a_pass_mark_can_be_reached_and_missed(pass_mark: int, is_told: bool) -> None:
    quiz = a_quiz("short", count=2, pass_mark=pass_mark)

    told = reasons(a_bank(*some_questions(2), quizzes=[quiz]))

    assert told == (["short: the pass mark cannot be reached"] if is_told else [])


def test_a_quiz_finds_its_questions() -> None:
    quiz = a_quiz("short", count=3)

    told = reasons(a_bank(*some_questions(2), quizzes=[quiz]))

    assert told == ["short: too few questions: 3 wanted, 2 found in product-quality"]


def test_a_quiz_finds_its_questions_on_the_day_that_is_asked_about() -> None:
    questions = some_questions(2, citations=(Citation("old-law", "1"),))
    questions.append(a_question("pq-x", stem=a_stem(9)))
    bank = a_bank(*questions, statutes=STATUTES, quizzes=[a_quiz("short", count=3)])

    def quiz_faults(day: date) -> list[str]:
        return [reason for reason in reasons(bank, day) if reason.startswith("short")]

    assert quiz_faults(date(2026, 12, 31)) == []
    assert quiz_faults(date(2027, 1, 1)) == [
        "short: too few questions: 3 wanted, 1 found in product-quality"
    ]


def test_a_quiz_that_only_some_seeds_can_fill_is_always_a_fault() -> None:
    questions = some_questions(2, "pq") + some_questions(2, "fs", topic_id="food-safety")
    questions = [
        a_question(q.id, topic_id=q.topic_id, stem=a_stem(n)) for n, q in enumerate(questions)
    ]
    either = Part(2, ("product-quality", "food-safety"))
    quiz = a_quiz("greedy", blueprint=Blueprint((either, Part(2, ("product-quality",)))))
    topics = [a_topic(), a_topic("food-safety")]
    bank = a_bank(*questions, topics=topics, quizzes=[quiz])

    verdicts = {bool(reasons(bank)) for _ in range(100)}

    assert verdicts == {True}


def test_a_fault_of_a_quiz_is_told_by_its_own_line(tmp_path: Path) -> None:
    good = as_yaml(FILES["quizzes.yaml"])
    bad = as_yaml([FILES["quizzes.yaml"][0] | {"slug": "hard", "pass_mark": 2}])

    bank, faults = read_bank(write_content(tmp_path, quizzes=good + bad))

    assert faults == []
    told = [(fault.file, fault.line) for fault in check(bank, SHIPPED_ON)]
    assert told == [("quizzes.yaml", good.count("\n") + 1)]


def test_faults_come_in_the_order_of_files_and_lines() -> None:
    questions = some_questions(12, citations=())

    faults = check(a_bank(*questions), SHIPPED_ON)

    assert [fault.line for fault in faults] == list(range(1, 13))


def test_the_measure_counts_how_a_bank_is_made_up() -> None:
    true = (Choice(Text("正确", "True"), True), Choice(Text("错误", "False"), False))
    questions = [
        with_choices(("对对对", "Yes"), ("错", "Nooo"), ("误", "Noo"), style=Style.NUMBER),
        with_choices(("错", "No"), ("对", "Yes"), ("误", "No"), right=1, difficulty=3),
        a_question(kind=Kind.MULTIPLE, choices=some_choices(4, (1, 2)), style=Style.RULE),
        a_question(
            kind=Kind.TRUE_FALSE,
            choices=true,
            topic_id="food-safety",
            audience=frozenset({Audience.PUPIL, Audience.WORKER}),
        ),
    ]

    counts = measure(questions)

    assert counts["topic"] == {"product-quality": 3, "food-safety": 1}
    assert counts["kind"] == {"single": 2, "multiple": 1, "truefalse": 1}
    assert counts["style"] == {"number": 1, "story": 2, "rule": 1}
    assert counts["difficulty"] == {"1": 3, "3": 1}
    assert counts["audience"] == {"consumer": 3, "pupil": 1, "worker": 1}
    assert counts["single: right one strictly longest"] == {"zh": 1, "en": 1, "of": 2}
    assert counts["single: right one at place"] == {"1": 1, "2": 1}
    assert counts["true/false"] == {"true": 1, "false": 0}
    assert counts["stories"] == {"stories": 2, "bare numbers": 1, "of": 4}
