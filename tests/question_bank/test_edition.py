"""Editions: which questions may be drawn on a day, and a snapshot that is always the same text."""

from datetime import date

import pytest

from question_bank.content import Audience, Citation, Kind, Question
from question_bank.edition import Edition, hash_of, write_snapshot
from tests.question_bank.samples import (
    a_question,
    a_statute,
    a_topic,
    edition_of,
    shipped_bank,
    some_questions,
)

LAST_DAY_2019 = date(2026, 12, 31)
FIRST_DAY_2026 = date(2027, 1, 1)
FIRST_FORM = """
{"questions":[{"audience":["pupil","worker"],"choices":[{"en":"A","right":false,"zh":"甲"},
{"en":"B","right":true,"zh":"乙"},{"en":"C","right":false,"zh":"丙"}],"cites":["old-law:26-1/2"],
"difficulty":2,"explanation":{"en":"Because","zh":"因为"},"family":null,"id":"pq-old",
"kind":"single","ordered":true,"stem":{"en":"Old","zh":"旧题"},"style":"rule","topic":"quality"}],
"statutes":[{"articles":null,"from":"2013-10-01","id":"old-law","known":["26-1"],
"title":{"en":"Old law","zh":"旧法"},"until":"2026-12-31","version":"2012-12-29"}],
"topics":[{"id":"quality","name":{"en":"Quality","zh":"质量"},"summary":{"en":"All","zh":"全"}}]}
"""


def citing(*statutes: str) -> Question:
    return a_question(citations=tuple(Citation(statute, "1") for statute in statutes))


def may_be_drawn(question: Question, day: date) -> bool:
    statutes = shipped_bank().statutes.values()
    edition = edition_of([question], statutes)
    return edition.drawable(day) == [question]


@pytest.mark.parametrize(
    ("statutes", "until_the_last_day", "from_the_first_day"),
    [
        (["trademark-law"], True, False),
        (["trademark-law-2026"], False, True),
        (["trademark-law-2026", "trademark-law"], False, True),
        (["product-quality-law"], True, True),
        (["product-quality-law", "trademark-law"], True, False),
        ([], True, True),
    ],
    ids=["old", "new", "new and old as history", "neither", "an older law and the old", "no law"],
)
def test_a_question_is_drawn_while_the_version_it_rests_on_is_law(
    statutes: list[str], until_the_last_day: bool, from_the_first_day: bool
) -> None:
    question = citing(*statutes)

    drawn = [may_be_drawn(question, LAST_DAY_2019), may_be_drawn(question, FIRST_DAY_2026)]

    assert drawn == [until_the_last_day, from_the_first_day]


def test_a_question_on_the_new_automotive_rule_may_tell_of_the_old_one() -> None:
    question = citing("auto-three-guarantees-2021", "auto-three-guarantees-2012")

    days = (date(2021, 12, 31), date(2022, 1, 1), date(2026, 11, 22), FIRST_DAY_2026)

    assert [may_be_drawn(question, day) for day in days] == [False, True, True, True]


def test_a_question_on_the_old_automotive_rule_alone_is_drawn_no_more() -> None:
    question = citing("auto-three-guarantees-2012")

    assert may_be_drawn(question, date(2021, 12, 31))
    assert not may_be_drawn(question, date(2022, 1, 1))


def test_questions_may_be_drawn_in_the_order_of_their_ids() -> None:
    questions = some_questions(5)

    edition = edition_of(reversed(questions))

    assert edition.drawable(date(2026, 11, 22)) == questions


def test_the_same_content_has_the_same_snapshot_however_it_came() -> None:
    questions, statutes = some_questions(5), [a_statute("law-a"), a_statute("law-b")]
    topics = [a_topic()]

    snapshot = write_snapshot(topics, statutes, questions)

    assert write_snapshot(topics, reversed(statutes), reversed(questions)) == snapshot
    assert hash_of(snapshot) == hash_of(write_snapshot(topics, statutes, questions))


def test_the_first_snapshots_stay_readable_for_ever() -> None:
    edition = Edition.from_snapshot(1, FIRST_FORM)

    question = edition.questions["pq-old"]
    assert question.stem.zh == "旧题"
    assert question.right_choices == {1}
    assert [str(citation) for citation in question.citations] == ["old-law:26-1/2"]
    assert (question.kind, question.difficulty, question.is_ordered) == (Kind.SINGLE, 2, True)
    assert question.audience == {Audience.PUPIL, Audience.WORKER}
    assert edition.statutes["old-law"].in_force_until == date(2026, 12, 31)
    assert edition.statutes["old-law"].has_article("26-1")
    assert [topic.name.en for topic in edition.topics] == ["Quality"]


def test_another_content_has_another_hash() -> None:
    one = write_snapshot([a_topic()], [a_statute()], [a_question(difficulty=1)])
    other = write_snapshot([a_topic()], [a_statute()], [a_question(difficulty=2)])

    assert hash_of(one) != hash_of(other)


def test_the_order_of_topics_is_content() -> None:
    topics = [a_topic("food-safety"), a_topic("metrology")]

    one = write_snapshot(topics, [], [])
    other = write_snapshot(reversed(topics), [], [])

    assert [topic.id for topic in Edition.from_snapshot(1, one).topics] == [
        "food-safety",
        "metrology",
    ]
    assert hash_of(one) != hash_of(other)


def test_an_edition_read_from_its_snapshot_writes_the_same_snapshot() -> None:
    bank = shipped_bank()
    snapshot = write_snapshot(bank.topics, bank.statutes.values(), bank.questions)

    edition = Edition.from_snapshot(7, snapshot)

    assert edition.number == 7
    assert edition.content_hash == hash_of(snapshot)
    again = write_snapshot(edition.topics, edition.statutes.values(), edition.questions.values())
    assert again == snapshot


def test_topics_are_found_by_their_id() -> None:
    edition = edition_of([], topics=[a_topic("food-safety"), a_topic("metrology")])

    assert edition.topics_by_id["metrology"] == a_topic("metrology")
