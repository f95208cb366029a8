"""The bank in Traditional characters: made when an edition is published, and kept with it."""

import json
from datetime import date

import pytest
from flask.testing import FlaskClient

from question_bank.content import Citation, Question, Text, to_html
from question_bank.edition import Edition, hash_of, write_snapshot
from question_bank.search import find, index_of, telling_fields, words_of
from tests.question_bank.samples import a_question, a_statute, edition_of, shipped_edition
from tests.question_bank.test_edition import FIRST_FORM
from tests.written import not_traditional

HANT = {"Accept-Language": "zh-TW"}
DAY = date(2026, 9, 1)


def texts_of(question: Question) -> list[Text]:
    return [question.stem, question.explanation, *(choice.text for choice in question.choices)]


def test_the_whole_bank_is_in_traditional_characters() -> None:
    edition = shipped_edition()
    texts = [text for question in edition.questions.values() for text in texts_of(question)]
    texts += [text for topic in edition.topics for text in (topic.name, topic.summary)]
    texts += [statute.title for statute in edition.statutes.values()]

    found = {text.zh: left for text in texts if (left := not_traditional(text.in_("zh_Hant")))}

    assert len(texts) > 2000
    assert found == {}


def test_stress_and_holes_survive() -> None:
    for question in shipped_edition().questions.values():
        for text in texts_of(question):
            assert text.in_("zh_Hant").count("**") == text.zh.count("**")
            assert to_html(text.in_("zh_Hant"), "zh_Hant")


def test_choices_that_differ_still_differ() -> None:
    for question in shipped_edition().questions.values():
        written = [choice.text.in_("zh_Hant") for choice in question.choices]

        assert len(set(written)) == len(written), question.id


def test_an_edition_says_what_it_was_published_with_whatever_the_list_says_now() -> None:
    question = a_question(stem=Text("网络上的视频", "A video"))
    of_today = write_snapshot([], [a_statute()], [question])
    of_another_list = of_today.replace("網路上的影片", "網路上的視訊")

    kept = Edition.from_snapshot(1, of_another_list).questions[question.id]

    assert kept.stem.in_("zh_Hant") == "網路上的視訊"
    assert hash_of(of_another_list) != hash_of(of_today)


def test_an_edition_from_before_speaks_simplified_chinese() -> None:
    old = Edition.from_snapshot(1, FIRST_FORM.replace("\n", ""))
    question = old.questions["pq-old"]

    assert question.stem.in_("zh_Hant") == "旧题"
    assert not question.stem.speaks("zh_Hant")
    assert question.stem.speaks("zh")
    assert question.stem.speaks("en")
    assert old.statutes["old-law"].cite(Citation("old-law", "26-1", 2), "zh_Hant") == (
        "《旧法》第26-1条第2款"
    )


def test_what_is_approved_is_compared_without_its_characters() -> None:
    plain = a_question()

    assert plain.in_traditional() == plain
    assert plain.in_traditional().as_json() != plain.as_json()


def test_a_snapshot_is_read_as_it_was_written() -> None:
    edition = edition_of([a_question()], [a_statute()])
    question = edition.questions[a_question().id]

    values = json.loads(json.dumps(question.as_json()))

    assert [text.zh_hant for text in texts_of(Question.from_json(values))] == [
        text.zh_hant for text in texts_of(question)
    ]
    assert None not in [text.zh_hant for text in texts_of(question)]


def test_a_law_is_cited_without_the_name_of_the_republic() -> None:
    statute = shipped_edition().statutes["product-quality-law"]

    assert statute.cite(Citation(statute.id, "35"), "zh_Hant") == "《產品質量法》第35條"
    assert statute.cite(Citation(statute.id, "35", 2), "zh_Hant") == "《產品質量法》第35條第2款"


@pytest.mark.parametrize(
    ("simplified", "typed"),
    [
        ("产品质量法 27", "產品質量法 27"),
        ("《产品质量法》第二十七条", "《產品質量法》第二十七條"),
        ("中华人民共和国产品质量法", "中華人民共和國產品質量法"),
        ("召回", "召回"),
    ],
)
def test_a_search_in_traditional_characters_finds_the_same(simplified: str, typed: str) -> None:
    index = index_of(shipped_edition(), DAY)

    found = find(index, words_of(typed))

    assert found
    assert {hit.question.id for hit in found} == {
        hit.question.id for hit in find(index, words_of(simplified))
    }


def test_a_hit_is_told_in_the_readers_script() -> None:
    words = words_of("產品質量法 27")
    hit = find(index_of(shipped_edition(), DAY), words)[0]

    assert {field.locale for field in telling_fields(hit, words, "zh_Hant")} <= {"zh_Hant"}


def test_the_study_pages_are_in_traditional_characters(client: FlaskClient) -> None:
    topics = client.get("/learn", headers=HANT).text
    topic = client.get("/learn/product-quality", headers=HANT).text

    assert not_traditional(topics.replace("简体", "")) == set()
    assert not_traditional(topic.replace("简体", "")) == set()
    assert "《產品質量法》第" in topic
    assert 'data-lang="zh-TW"' in topic


def test_a_booklet_is_printed_in_the_script_of_its_fonts(client: FlaskClient) -> None:
    asked = client.get("/learn/product-quality/booklet.pdf", headers=HANT)
    usual = client.get("/learn/product-quality/booklet.pdf", headers={"Accept-Language": "zh-CN"})

    assert asked.status_code == 200
    assert asked.headers["Content-Disposition"] == usual.headers["Content-Disposition"]
    assert len(asked.data) == pytest.approx(len(usual.data), rel=0.01)
