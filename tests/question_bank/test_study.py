"""Study pages: every topic in both languages, answers folded away, nothing but present law."""

import datetime as dt
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient

from question_bank.content import EMPHASIS, Question, Text
from tests.question_bank.samples import (
    EXPLANATION,
    SHIPPED_ON,
    an_entry,
    as_yaml,
    shipped_bank,
    shipped_edition,
    write_content,
)

ZH, EN = {"Accept-Language": "zh-CN"}, {"Accept-Language": "en"}
LOCALES = pytest.mark.parametrize("locale", ["zh", "en"])
NOON = dt.datetime(2026, 11, 22, 4, 0, tzinfo=dt.UTC)
VOID = {"meta", "link", "input", "br", "img", "hr"}
HAN = re.compile(r"[\u3400-\u9fff]")
TOPICS = ("product-quality", "auto-three-guarantees", "food-safety")


class Article:
    """One question on a page: what is seen at once, and what is folded away."""

    def __init__(self) -> None:
        self.seen = ""
        self.folded = ""
        self.choices: list[str] = []
        self.is_open = False


class Page(HTMLParser):
    """Reads a page: its language, its questions, and Chinese that does not say that it is."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.lang: str | None = None
        self.articles: dict[str, Article] = {}
        self.strangers: list[str] = []
        self.links: list[str] = []
        self.h1 = 0
        self._stack: list[tuple[str, str, str | None, bool]] = []
        self.feed(html)
        self.close()
        assert self._stack == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        _tag, lang, article, folded = self._stack[-1] if self._stack else ("", "", None, False)
        lang = values.get("lang") or lang
        if tag == "html":
            self.lang = lang
        if tag == "h1":
            self.h1 += 1
        if tag == "a":
            self.links.append(values.get("href") or "")
        if tag == "article":
            article = values["id"]
            self.articles[str(article)] = Article()
        if tag == "details" and article:
            folded = True
            self.articles[article].is_open = "open" in values
        if tag == "li" and article and not folded:
            self.articles[article].choices.append("")
        if tag not in VOID:
            self._stack.append((tag, lang, article, folded))

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self._stack.pop()[0] == tag

    def handle_data(self, data: str) -> None:
        if not self._stack:
            return
        _tag, lang, article, folded = self._stack[-1]
        if article and folded:
            self.articles[article].folded += data
        elif article:
            self.articles[article].seen += data
            if any(tag == "li" for tag, *_ in self._stack):
                self.articles[article].choices[-1] += data
        if HAN.search(data) and not lang.startswith("zh"):
            self.strangers.append(data)


def read(client: FlaskClient, path: str, locale: str = "zh") -> Page:
    response = client.get(path, headers=EN if locale == "en" else ZH)
    assert response.status_code == 200, response.text
    return Page(response.text)


def plain(text: Text, locale: str) -> str:
    return EMPHASIS.sub(r"\1", text.in_(locale))


def drawable(topic_id: str) -> list[Question]:
    return [q for q in shipped_edition().drawable(SHIPPED_ON) if q.topic_id == topic_id]


@pytest.fixture(autouse=True)
def on_the_day_the_bank_was_written() -> Iterator[None]:
    with time_machine.travel(NOON, tick=False):
        yield


@LOCALES
def test_the_topics_are_listed_with_their_number_of_questions(
    client: FlaskClient, locale: str
) -> None:
    page = client.get("/learn", headers=EN if locale == "en" else ZH)

    for topic in shipped_bank().topics:
        count = len(drawable(topic.id))
        words = f"{count} questions" if locale == "en" else f"{count}"
        card = page.text.split(f'href="/learn/{topic.id}"')[1].split("</li>")[0]
        assert topic.name.in_(locale) in card
        assert topic.summary.in_(locale) in card
        assert words in card


@LOCALES
@pytest.mark.parametrize("path", ["/learn", *(f"/learn/{topic}" for topic in TOPICS)])
def test_a_study_page_says_its_language_and_has_one_heading(
    client: FlaskClient, path: str, locale: str
) -> None:
    page = read(client, path, locale)

    assert page.lang == {"zh": "zh-CN", "en": "en"}[locale]
    assert page.h1 == 1


def test_chinese_on_an_english_page_says_that_it_is(client: FlaskClient) -> None:
    paths = ["/learn", *(f"/learn/{topic.id}" for topic in shipped_bank().topics)]

    strangers = {path: read(client, path, "en").strangers for path in paths}

    assert {path: found for path, found in strangers.items() if found} == {}


@LOCALES
def test_a_topic_page_holds_every_question_that_may_be_drawn(
    client: FlaskClient, locale: str
) -> None:
    pages = {
        topic.id: read(client, f"/learn/{topic.id}", locale) for topic in shipped_bank().topics
    }

    for topic_id, page in pages.items():
        assert list(page.articles) == [question.id for question in drawable(topic_id)]
        for question in drawable(topic_id):
            seen = page.articles[question.id].seen
            assert plain(question.stem, locale) in seen
            assert all(plain(choice.text, locale) in seen for choice in question.choices)


@LOCALES
@pytest.mark.parametrize("topic_id", TOPICS)
def test_answers_and_reasons_stand_folded_away(
    client: FlaskClient, topic_id: str, locale: str
) -> None:
    page = read(client, f"/learn/{topic_id}", locale)

    for question in drawable(topic_id):
        article = page.articles[question.id]
        reason = plain(question.explanation, locale)
        assert not article.is_open
        assert reason in article.folded
        assert reason not in article.seen
        assert "✓" not in article.seen
        for choice in question.choices:
            assert (f"✓ {plain(choice.text, locale)}" in article.folded) is choice.is_right


@LOCALES
def test_the_article_of_law_stands_with_the_answer(client: FlaskClient, locale: str) -> None:
    page = read(client, "/learn/auto-three-guarantees", locale)

    statutes = shipped_bank().statutes
    for question in drawable("auto-three-guarantees"):
        for citation in question.citations:
            words = statutes[citation.statute_id].cite(citation, locale)
            assert words in page.articles[question.id].folded


@LOCALES
def test_the_order_of_the_choices_tells_nothing(client: FlaskClient, locale: str) -> None:
    page = read(client, "/learn/product-quality", locale)

    for question in drawable("product-quality"):
        texts = [plain(choice.text, locale) for choice in question.choices]
        if not question.is_ordered:
            texts.sort(key=str.lower)
        assert page.articles[question.id].choices == texts


@LOCALES
def test_a_question_has_a_page_of_its_own_with_the_answer_open(
    client: FlaskClient, locale: str
) -> None:
    question = drawable("food-safety")[0]

    page = read(client, f"/learn/food-safety/{question.id}", locale)

    assert list(page.articles) == [question.id]
    assert page.articles[question.id].is_open
    assert plain(question.explanation, locale) in page.articles[question.id].folded
    assert {"/learn", "/learn/food-safety"} <= set(page.links)


@pytest.mark.parametrize(
    "path",
    [
        "/learn/magic",
        "/learn/food-safety/no-such-question",
        "/learn/magic/no-such-question",
        "/learn/%E4%B8%89%E5%8C%85",
        "/learn/food-safety/%00",
    ],
)
def test_an_unknown_topic_or_question_is_not_found(client: FlaskClient, path: str) -> None:
    assert client.get(path).status_code == 404


def test_a_question_is_not_found_under_another_topic(client: FlaskClient) -> None:
    question = drawable("food-safety")[0]

    assert client.get(f"/learn/product-quality/{question.id}").status_code == 404


@pytest.mark.parametrize(
    ("moment", "prefix"),
    [
        (dt.datetime(2026, 12, 31, 15, 59, 59, tzinfo=dt.UTC), "ip-tm19-"),
        (dt.datetime(2026, 12, 31, 16, 0, tzinfo=dt.UTC), "ip-tm26-"),
    ],
    ids=["the last second of 2026 in Fujian", "the first of 2027"],
)
def test_questions_are_listed_while_their_statute_is_law(
    client: FlaskClient, moment: dt.datetime, prefix: str
) -> None:
    with time_machine.travel(moment, tick=False):
        page = read(client, "/learn/intellectual-property")

    on_trademarks = [question for question in page.articles if question.startswith("ip-tm")]
    assert on_trademarks
    assert all(question.startswith(prefix) for question in on_trademarks)


def test_a_topic_whose_questions_have_all_ended_is_listed_no_more(
    app: Flask, tmp_path: Path
) -> None:
    statute = {
        "id": "product-quality-law",
        "title": {"zh": "法", "en": "Law"},
        "version": "1",
        "in_force_from": dt.date(2020, 1, 1),
        "in_force_until": dt.date(2026, 12, 31),
        "articles": 74,
    }
    folder = write_content(tmp_path, statutes=as_yaml([statute]), quizzes="[]")
    loaded = app.test_cli_runner().invoke(args=["questions", "load", "--folder", str(folder)])
    client = app.test_client()
    before = client.get("/learn", headers=EN).text

    with time_machine.travel(dt.datetime(2027, 1, 1, 4, 0, tzinfo=dt.UTC), tick=False):
        after = client.get("/learn", headers=EN).text
        topic = client.get("/learn/product-quality", headers=EN)

    assert loaded.exit_code == 0, loaded.stderr
    assert 'href="/learn/product-quality"' in before
    assert 'href="/learn/product-quality"' not in after
    assert topic.status_code == 200
    assert "<article" not in topic.text


@LOCALES
def test_what_an_author_wrote_is_never_run_as_html(app: Flask, tmp_path: Path, locale: str) -> None:
    attack = "<script>alert(1)</script> **<img src=x onerror=alert(1)>**"
    words = {"zh": attack, "en": attack}
    texts = ("<script>alert(1)</script>", "<script>alert(2)</script>", "**<img src=x>**")
    choices = [{"zh": text, "en": text, "right": text == texts[0]} for text in texts]
    explanation = {"zh": EXPLANATION.zh + attack, "en": EXPLANATION.en + attack}
    entry = an_entry(stem=words, choices=choices, explanation=explanation)
    folder = write_content(tmp_path, [entry])
    loaded = app.test_cli_runner().invoke(args=["questions", "load", "--folder", str(folder)])

    headers = EN if locale == "en" else ZH
    response = app.test_client().get("/learn/product-quality", headers=headers)

    assert loaded.exit_code == 0, loaded.stderr
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in response.text
    assert "<script>" not in response.text
    assert "<img" not in response.text
    assert "<strong>&lt;img" in response.text


def test_a_reader_gets_no_cookie(client: FlaskClient) -> None:
    responses = [client.get(path) for path in ("/learn", "/learn/food-safety")]

    assert [response.headers.getlist("Set-Cookie") for response in responses] == [[], []]
