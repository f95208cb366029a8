"""Search: Chinese anywhere, several words mean all of them, laws and articles, both languages."""

import datetime as dt
import re
import time
from collections.abc import Iterator
from html import unescape

import pytest
import time_machine
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from question_bank.content import Citation, Question, Text
from question_bank.search import (
    LOCALES,
    LONGEST_QUERY,
    MOST_WORDS,
    Place,
    find,
    find_topics,
    fold,
    index_of,
    telling_fields,
    words_of,
)
from tests.question_bank.samples import (
    SHIPPED_ON,
    a_question,
    a_statute,
    a_topic,
    edition_of,
    shipped_edition,
    some_choices,
    some_questions,
)

ZH, EN = {"Accept-Language": "zh-CN"}, {"Accept-Language": "en"}
NOON = dt.datetime(2026, 11, 22, 4, 0, tzinfo=dt.UTC)
HIT = re.compile(r'<li class="hit">(.*?)</li>', re.DOTALL)
LINK = re.compile(r'href="/learn/([a-z-]+)/([a-z0-9-]+)"')
MANY = 50
SHORT_SECONDS = 0.05
FOOD_LAW = a_statute(
    "food-law", title=Text("中华人民共和国食品安全法", "Food Safety Law"), articles=154
)


@pytest.fixture(autouse=True)
def on_the_day_the_bank_was_written() -> Iterator[None]:
    with time_machine.travel(NOON, tick=False):
        yield


def found(questions: list[Question], query: str, topic_id: str | None = None) -> list[str]:
    """Search these questions and return the ids."""
    topics = [a_topic(), a_topic("food-safety")]
    edition = edition_of(questions, [a_statute(), FOOD_LAW], topics)
    hits = find(index_of(edition, SHIPPED_ON), words_of(query), topic_id)
    return [hit.question.id for hit in hits]


def test_every_text_of_a_question_is_searched_in_both_languages() -> None:
    question = a_question(
        stem=Text("湿巾的日期", "Dates on wipes"),
        choices=some_choices(),
        explanation=Text("失效日期要醒目", "The expiry must be clear"),
        citations=(Citation("product-quality-law", "27", 1),),
    )
    queries = ["湿巾", "wipes", "第甲种", "Way 1", "醒目", "EXPIRY", "产品质量法", "quality law"]

    missed = [query for query in queries if found([question], query) != ["pq-sample"]]

    assert missed == []


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("产品质量法 27", ["产品质量法", "27"]),
        ("产品质量法第27条", ["产品质量法", "第27条"]),
        ("《产品质量法》第二十七条第一款", ["产品质量法", "第27条第1款"]),
        ("第一百四十八条", ["第148条"]),
        ("第十条", ["第10条"]),
        ("第二百条", ["第200条"]),
        ("第一千一百六十五条", ["第1165条"]),
        ("第〇条", ["第0条"]),
        ("中华人民共和国食品安全法", ["食品安全法"]),
        ("中华人民共和国", ["中华人民共和国"]),
        ("ＣＣＣ　认证", ["ccc", "认证"]),
        ("three guarantees, engine.", ["three", "guarantees", "engine"]),
        ("3,000 km", ["3,000", "km"]),
        ("标签，食品、添加剂；", ["标签", "食品", "添加剂"]),
        ("“三包” 三包", ["三包"]),
        ("7-day e-commerce", ["7-day", "e-commerce"]),
        ("3.5 50%", ["3.5", "50%"]),
        ("**不**", ["不"]),
        ("", []),
        (" ，。?!  ", []),
        ("\x00\x1f", []),
    ],
)
def test_a_query_is_split_into_words(query: str, words: list[str]) -> None:
    assert [word.text for word in words_of(query)] == words


def test_a_query_is_bounded() -> None:
    assert len(words_of(" ".join(f"w{n}" for n in range(100)))) == MOST_WORDS
    assert [len(word.text) for word in words_of("字" * 500)] == [LONGEST_QUERY]


@pytest.mark.parametrize(
    ("word", "text", "is_found"),
    [
        ("三包", "汽车三包凭证", True),
        ("27", "第27条", True),
        ("27", "第127条", False),
        ("27", "2027年", False),
        ("27", "27,000", False),
        ("000", "3,000", False),
        ("3", "3.5公斤", False),
        ("car", "two cars", True),
        ("car", "a scar", False),
        ("CAR", "a car.", True),
        ("第27条", "第27条第1款", True),
        ("27条", "第127条", False),
        ("５０％", "罚款50%", True),
        ("ccc", "无CCC认证", True),
    ],
)
def test_chinese_is_found_anywhere_and_numbers_and_english_as_words(
    word: str, text: str, is_found: bool
) -> None:
    [only] = words_of(word)

    assert only.is_in(fold(text)) is is_found
    assert bool(only.spans(fold(text))) is is_found


def test_several_words_mean_all_of_them_wherever_they_stand() -> None:
    both = a_question("pq-both", stem=Text("新车的三包", "x"), explanation=Text("发动机" * 20, "y"))
    one = a_question("pq-one", stem=Text("新车的三包", "x"))

    assert found([both, one], "三包 发动机") == ["pq-both"]
    assert found([both, one], "三包") == ["pq-both", "pq-one"]
    assert found([both, one], "三包 engine") == []


def test_a_word_is_found_across_stressed_characters() -> None:
    question = a_question(stem=Text("哪些**不**属于三包？", "Which is **not** covered?"))

    assert found([question], "不属于") == ["pq-sample"]
    assert found([question], "is not covered") == ["pq-sample"]


def test_an_article_is_found_in_the_law_that_was_named() -> None:
    cites = {
        "pq-a": [Citation("product-quality-law", "27")],
        "pq-b": [Citation("product-quality-law", "26"), Citation("food-law", "27")],
        "pq-c": [Citation("product-quality-law", "27", 1)],
        "pq-d": [Citation("food-law", "127")],
    }
    questions = [a_question(name, citations=tuple(c)) for name, c in cites.items()]

    by_number = found(questions, "产品质量法 27")

    assert by_number[:2] == ["pq-a", "pq-c"]
    assert "pq-d" not in by_number
    assert found(questions, "《产品质量法》第二十七条第一款") == ["pq-c"]
    assert found(questions, "food safety law, article 127") == ["pq-d"]


def test_stems_come_first_then_citations_choices_and_explanations() -> None:
    questions = [
        a_question("pq-a", explanation=Text("食品安全法" * 8, "x")),
        a_question("pq-b", citations=(Citation("food-law", "1"),)),
        a_question("pq-c", stem=Text("食品安全法怎么说", "x")),
    ]

    assert found(questions, "食品安全法") == ["pq-c", "pq-b", "pq-a"]


def test_a_topic_narrows_a_search() -> None:
    questions = [
        a_question("pq-a", stem=Text("三包", "x")),
        a_question("food-a", stem=Text("三包", "x"), topic_id="food-safety"),
    ]

    assert found(questions, "三包") == ["pq-a", "food-a"]
    assert found(questions, "三包", "food-safety") == ["food-a"]


def test_only_questions_that_may_be_drawn_are_found() -> None:
    edition = shipped_edition()

    before = find(index_of(edition, dt.date(2026, 12, 31)), words_of("商标"))
    after = find(index_of(edition, dt.date(2027, 1, 1)), words_of("商标"))

    assert {"ip-tm19-" in hit.question.id for hit in before} == {True, False}
    assert not any("ip-tm19-" in hit.question.id for hit in after)


def test_topics_are_found_by_name_and_summary() -> None:
    topics = shipped_edition().topics

    names = {
        query: [t.id for t in find_topics(topics, words_of(query))] for query in ("CCC", "电梯")
    }

    assert names == {"CCC": ["certification"], "电梯": ["lifts"]}
    assert find_topics(topics, ()) == []


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize(
    "query", ["产品质量法 27", "recall car", "三包 发动机", "罚款 10万元 fine"]
)
def test_the_texts_shown_hold_every_word(query: str, locale: str) -> None:
    words = words_of(query)

    for hit in find(index_of(shipped_edition(), SHIPPED_ON), words):
        shown = telling_fields(hit, words, locale)
        stem = next(f for f in hit.fields if (f.place, f.locale) == (Place.STEM, locale))
        assert all(any(word.is_in(field.folded) for field in (stem, *shown)) for word in words)
        assert len(shown) <= len(words)
        assert stem not in shown


@given(st.text(max_size=120))
def test_whatever_is_typed_has_an_answer(query: str) -> None:
    words = words_of(query)

    hits = find(index_of(shipped_edition(), SHIPPED_ON), words)

    assert bool(words) or hits == []
    for hit in hits:
        whole = "\n".join(field.folded for field in hit.fields)
        assert all(word.text in whole for word in words)


@given(st.text(max_size=60))
def test_folding_keeps_places(text: str) -> None:
    assert len(fold(text)) == len(text)
    assert fold(fold(text)) == fold(text)


def test_a_search_takes_a_few_milliseconds() -> None:
    index = index_of(shipped_edition(), SHIPPED_ON)
    queries = ["产品质量法 27", "第27条", "食品", "recall car", "a", "的 了 是"]
    for query in queries:
        find(index, words_of(query))

    start = time.process_time()
    for query in queries * 5:
        find(index, words_of(query))
    seconds = (time.process_time() - start) / len(queries * 5)

    assert seconds < SHORT_SECONDS


def hits_of(html: str) -> list[str]:
    return [LINK.search(hit)[2] for hit in HIT.findall(html)]  # type: ignore[index]


def expected(query: str, topic_id: str | None = None) -> list[str]:
    hits = find(index_of(shipped_edition(), SHIPPED_ON), words_of(query), topic_id)
    return [hit.question.id for hit in hits]


@pytest.mark.parametrize("headers", [ZH, EN], ids=["zh", "en"])
@pytest.mark.parametrize("query", ["产品质量法 27", "recall car", "发动机 三包"])
def test_the_page_lists_what_was_found(
    client: FlaskClient, query: str, headers: dict[str, str]
) -> None:
    page = client.get("/learn", query_string={"q": query}, headers=headers)

    assert page.status_code == 200
    assert hits_of(page.text) == expected(query)
    assert 0 < len(expected(query)) <= MANY
    assert str(len(expected(query))) in page.text.split('role="status">')[1].split("</p>")[0]


def test_each_hit_leads_to_its_question_and_names_its_topic(client: FlaskClient) -> None:
    page = client.get("/learn?q=三包", headers=ZH)

    topics = shipped_edition().topics_by_id
    for hit in HIT.findall(page.text):
        topic_id, question_id = LINK.search(hit).groups()  # type: ignore[union-attr]
        assert client.get(f"/learn/{topic_id}/{question_id}").status_code == 200
        assert topics[topic_id].name.zh in hit


def test_found_words_are_marked_and_nothing_typed_becomes_html(client: FlaskClient) -> None:
    page = client.get("/learn", query_string={"q": "三包<script>alert(1)</script>"}, headers=ZH)
    marked = client.get("/learn?q=三包", headers=ZH)

    assert "<script>alert" not in page.text
    assert 'value="三包&lt;script&gt;alert(1)&lt;/script&gt;"' in page.text
    assert all("<mark>三包</mark>" in hit for hit in HIT.findall(marked.text))


def test_at_most_fifty_are_shown_and_the_page_says_so(client: FlaskClient) -> None:
    total = len(expected("的"))
    assert total > MANY

    page = client.get("/learn?q=的", headers=EN)

    assert hits_of(page.text) == expected("的")[:MANY]
    assert f"{total} questions found; the first {MANY} are shown" in page.text


def test_a_topic_filter_narrows_and_stays_chosen(client: FlaskClient) -> None:
    page = client.get("/learn?q=标签&topic=food-safety", headers=EN)

    assert hits_of(page.text) == expected("标签", "food-safety")
    assert len(hits_of(page.text)) < len(expected("标签"))
    assert '<option value="food-safety" selected>' in page.text


def test_an_unknown_topic_means_all_topics(client: FlaskClient) -> None:
    page = client.get("/learn?q=标签&topic=magic", headers=EN)

    assert hits_of(page.text) == expected("标签")[:MANY]


@pytest.mark.parametrize("headers", [ZH, EN], ids=["zh", "en"])
def test_an_empty_result_says_what_to_try(client: FlaskClient, headers: dict[str, str]) -> None:
    page = client.get("/learn?q=火星飞船 wormhole", headers=headers)

    assert page.status_code == 200
    assert hits_of(page.text) == []
    advice = page.text.split('class="search__advice"')[1].split("</ul>")[0]
    assert advice.count("<li>") >= 3
    assert 'href="/learn"' in advice


def test_an_empty_topic_points_at_hits_elsewhere(client: FlaskClient) -> None:
    page = client.get("/learn?q=recall car&topic=tourism", headers=EN)

    advice = page.text.split('class="search__advice"')[1].split("</ul>")[0]
    assert f"{len(expected('recall car'))} questions in other topics" in unescape(advice)
    assert 'href="/learn?q=recall+car"' in advice or 'href="/learn?q=recall%20car"' in advice


@pytest.mark.parametrize("query", ["", "   ", "，。"])
def test_without_words_the_topics_are_shown(client: FlaskClient, query: str) -> None:
    page = client.get("/learn", query_string={"q": query}, headers=ZH)

    assert page.status_code == 200
    assert 'href="/learn/food-safety"' in page.text


def test_the_form_needs_no_script(client: FlaskClient) -> None:
    page = client.get("/learn", headers=ZH)

    form = page.text.split('role="search"')[0].rsplit("<form", 1)[1]
    assert 'method="get"' in form
    assert 'action="/learn"' in form


def test_an_overlong_query_is_cut(client: FlaskClient) -> None:
    page = client.get("/learn", query_string={"q": "三包 " * 1000}, headers=ZH)

    assert page.status_code == 200
    assert hits_of(page.text) == expected("三包")[:MANY]


def test_chinese_found_on_an_english_page_says_that_it_is(client: FlaskClient) -> None:
    page = client.get("/learn?q=三包", headers=EN)

    for hit in HIT.findall(page.text):
        for piece in re.findall(r"<p[^>]*>(?:(?!</p>).)*<mark>三包", hit, re.DOTALL):
            assert 'lang="zh-CN"' in piece


def test_a_second_edition_is_searched_at_once() -> None:
    first = edition_of(some_questions(3))
    second = edition_of([a_question("pq-new", stem=Text("湿巾", "wipes"))])

    assert find(index_of(first, SHIPPED_ON), words_of("湿巾")) == []
    [hit] = find(index_of(second, SHIPPED_ON), words_of("湿巾"))
    assert hit.question.id == "pq-new"
