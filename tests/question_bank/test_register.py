"""The register of statutes: which wording is law on which day, and what it is called."""

import json
from datetime import date

import pytest

from question_bank.content import Citation, Text
from question_bank.register import Statute, Topic
from tests.question_bank.samples import a_statute, a_topic


@pytest.mark.parametrize(
    ("day", "is_law"),
    [
        (date(2019, 10, 31), False),
        (date(2019, 11, 1), True),
        (date(2026, 12, 31), True),
        (date(2027, 1, 1), False),
    ],
)
def test_a_wording_is_law_from_its_first_day_to_its_last(day: date, is_law: bool) -> None:
    statute = a_statute(in_force_from=date(2019, 11, 1), in_force_until=date(2026, 12, 31))

    assert statute.is_in_force(day) is is_law


def test_a_wording_without_an_end_stays_law() -> None:
    statute = a_statute(in_force_from=date(2018, 12, 29), in_force_until=None)

    assert statute.is_in_force(date(2999, 1, 1))


@pytest.mark.parametrize(
    ("article", "is_there"),
    [("1", True), ("74", True), ("75", False), ("0", False), ("", False), ("x", False)],
)
def test_a_statute_has_the_articles_up_to_its_last(article: str, is_there: bool) -> None:
    statute = a_statute(articles=74)

    assert statute.has_article(article) is is_there


def test_a_statute_known_in_part_has_only_the_articles_on_file() -> None:
    statute = a_statute(articles=None, known_articles=frozenset({"188", "26-1"}))

    found = {number: statute.has_article(number) for number in ("188", "26-1", "187", "26")}

    assert found == {"188": True, "26-1": True, "187": False, "26": False}


@pytest.mark.parametrize(
    ("locale", "paragraph", "written"),
    [
        ("zh", None, "《产品质量法》第40条"),
        ("zh", 2, "《产品质量法》第40条第2款"),
        ("en", None, "Product Quality Law of the PRC, article 40"),
        ("en", 2, "Product Quality Law of the PRC, article 40, paragraph 2"),
    ],
)
def test_a_citation_is_written_as_people_read_it(
    locale: str, paragraph: int | None, written: str
) -> None:
    statute = a_statute()

    assert statute.cite(Citation(statute.id, "40", paragraph), locale) == written


@pytest.mark.parametrize(
    "statute",
    [
        a_statute(),
        a_statute(in_force_until=date(2026, 12, 31)),
        a_statute(articles=None, known_articles=frozenset({"9", "17", "26-1"})),
    ],
)
def test_a_statute_comes_back_from_json_as_it_was(statute: Statute) -> None:
    back = Statute.from_json(json.loads(json.dumps(statute.as_json())))

    assert back == statute


def test_a_topic_comes_back_from_json_as_it_was() -> None:
    topic = a_topic("food-safety")

    back = Topic.from_json(json.loads(json.dumps(topic.as_json())))

    assert back == topic
    assert back.name == Text("产品质量", "Quality")
