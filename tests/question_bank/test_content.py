"""What an author wrote becomes HTML that can do no harm, and survives being kept."""

import json
import re
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markupsafe import Markup

from question_bank.content import Audience, Citation, Kind, Question, Text, to_html
from tests.question_bank.samples import a_question, shipped_bank, some_choices


class Reading(HTMLParser):
    """Reads HTML as a browser would: its tags and its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, tuple[tuple[str, str | None], ...]]] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(str(html))
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, tuple(attrs)))
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data}")


HARMLESS = {("strong", ()), ("span", (("lang", "zh-CN"),))}
ATTACKS = [
    "<script>alert(1)</script>",
    "**<img src=x onerror=alert(1)>**",
    '"><svg onload=alert(1)>',
    "<a href='javascript:alert(1)'>中</a>",
    "<!-- **",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    '中" onmouseover="alert(1)',
    "**</strong><script>**中**</script>**",
    "<strong lang=**x**>",
    "</span><iframe src=//evil.example>中",
]


@pytest.mark.parametrize("locale", ["zh", "en"])
@pytest.mark.parametrize("attack", ATTACKS)
def test_what_an_author_wrote_is_text_and_never_html(attack: str, locale: str) -> None:
    html = to_html(attack, locale)

    page = Reading(html)
    assert set(page.tags) <= HARMLESS
    assert page.text.replace("**", "") == attack.replace("**", "")


@settings(max_examples=500, deadline=None, derandomize=True, database=None)
@given(
    st.text(st.sampled_from("*<>&\"'/=中文。a ;") | st.characters()), st.sampled_from(["zh", "en"])
)
def test_no_text_at_all_makes_other_tags_or_loses_words(text: str, locale: str) -> None:
    html = to_html(text, locale)

    page = Reading(html)
    assert set(page.tags) <= HARMLESS
    assert page.open == []
    assert page.text.replace("*", "") == text.replace("*", "")


def test_two_asterisks_stress_a_word() -> None:
    html = to_html("下列哪项**不**属于**三包**？", "zh")

    assert html == "下列哪项<strong>不</strong>属于<strong>三包</strong>？"


@pytest.mark.parametrize("text", ["2 * 3 ** 4", "****", "** alone", "one*two*three"])
def test_asterisks_without_a_partner_stay_as_they_are(text: str) -> None:
    html = to_html(text, "zh")

    assert html == text


def test_chinese_within_english_says_so() -> None:
    html = to_html("The 三包 rule, 《商标法》, at **质量** Month", "en")

    assert html == (
        'The <span lang="zh-CN">三包</span> rule, <span lang="zh-CN">《商标法》</span>, '
        'at <strong><span lang="zh-CN">质量</span></strong> Month'
    )


def test_chinese_within_chinese_needs_no_word_about_it() -> None:
    html = to_html("《商标法》与PDCA", "zh")

    assert html == "《商标法》与PDCA"


def test_the_result_is_not_escaped_again_by_a_template() -> None:
    html = to_html("a & b", "en")

    assert isinstance(html, Markup)
    assert html == "a &amp; b"


@pytest.mark.parametrize(
    ("text", "citation"),
    [
        ("food-safety-law:148", Citation("food-safety-law", "148")),
        ("auto-three-guarantees-2021:24/1", Citation("auto-three-guarantees-2021", "24", 1)),
        ("some-law:26-1/2", Citation("some-law", "26-1", 2)),
    ],
)
def test_a_citation_is_read_and_written_alike(text: str, citation: Citation) -> None:
    read = Citation.parse(text)

    assert read == citation
    assert str(read) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "148",
        "food-safety-law",
        "food-safety-law:",
        ":148",
        "food-safety-law:148/",
        "food-safety-law:a",
        "Food-Safety-Law:148",
        "food-safety-law:148/1/2",
        " food-safety-law:148",
        "food-safety-law:148\n",
        "食品安全法:148",
    ],
)
def test_a_citation_of_another_form_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(text)}$"):
        Citation.parse(text)


@pytest.mark.parametrize("text", ["some-law:027", "some-law:0", "some-law:２７", "some-law:27/0"])
def test_a_number_that_no_article_or_paragraph_has_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(text)}$"):
        Citation.parse(text)


def test_a_question_comes_back_from_json_as_it_was() -> None:
    question = a_question(
        kind=Kind.MULTIPLE,
        choices=some_choices(5, right=(1, 3)),
        audience=frozenset(Audience),
        citations=(Citation("some-law", "26-1", 2), Citation("other-law", "3")),
        is_ordered=True,
        family="twins",
    )

    back = Question.from_json(json.loads(json.dumps(question.as_json())))

    assert back == question


def test_every_shipped_question_comes_back_from_json_as_it_was() -> None:
    questions = shipped_bank().questions

    back = [Question.from_json(json.loads(json.dumps(q.as_json()))) for q in questions]

    assert back == questions


def test_the_right_choices_are_counted_from_nought_in_the_authors_order() -> None:
    question = a_question(kind=Kind.MULTIPLE, choices=some_choices(5, right=(1, 4)))

    assert question.right_choices == {1, 4}


@pytest.mark.parametrize(("locale", "expected"), [("zh", "中"), ("en", "E"), ("fr", "中")])
def test_a_text_in_an_unknown_language_is_the_chinese_one(locale: str, expected: str) -> None:
    text = Text("中", "E")

    assert text.in_(locale) == expected
