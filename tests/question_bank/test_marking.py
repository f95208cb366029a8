"""Found words are marked, and what an author or a visitor wrote stays text."""

import re
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from question_bank.content import EMPHASIS
from question_bank.marking import AROUND, excerpt, mark
from question_bank.search import Field, Place, fold, words_of

TAGS = re.compile(r"<[^>]*>")
HARMLESS = {
    *("<mark>", "</mark>", "<strong>", "</strong>"),
    *('<span lang="zh-CN">', "</span>"),
}
MARKED = re.compile(r"<mark>(.*?)</mark>")
wild = st.text(st.sampled_from("三包 car27*<>&\"'第条Ａ中。\n"), max_size=40)


def a_field(text: str, locale: str = "zh", place: Place = Place.EXPLANATION) -> Field:
    return Field(place, locale, text, fold(text))


@pytest.mark.parametrize(
    ("text", "query", "html"),
    [
        ("三包凭证", "三包", "<mark>三包</mark>凭证"),
        ("三包凭证和三包期", "三包", "<mark>三包</mark>凭证和<mark>三包</mark>期"),
        ("哪些**不**属于", "哪些 属于", "<mark>哪些</mark><strong>不</strong><mark>属于</mark>"),
        (
            "哪些**不**属于",
            "不属于",
            "哪些<strong><mark>不</mark></strong><mark>属于</mark>",
        ),
        ("CCC认证", "ccc", "<mark>CCC</mark>认证"),
        ("１２日 12日", "12", "<mark>１２</mark>日 <mark>12</mark>日"),
        ("1 < 2 & 3", "2", "1 &lt; <mark>2</mark> &amp; 3"),
        ("<b>三包</b>", "三包 b", "&lt;<mark>b</mark>&gt;<mark>三包</mark>&lt;/<mark>b</mark>&gt;"),
        ("第127条和第27条", "第27条", "第127条和<mark>第27条</mark>"),
        ("没有", "三包", "没有"),
    ],
)
def test_found_words_are_marked(text: str, query: str, html: str) -> None:
    marked = mark(text, words_of(query), "zh")

    assert isinstance(marked, Markup)
    assert str(marked) == html


def test_marked_chinese_in_english_says_that_it_is() -> None:
    assert mark("the 三包 rule", words_of("三包"), "en") == Markup(
        'the <span lang="zh-CN"><mark>三包</mark></span> rule'
    )


@given(wild, wild, st.sampled_from(["zh", "en"]))
def test_marking_changes_no_word_and_makes_no_other_html(
    text: str, query: str, locale: str
) -> None:
    words = words_of(query)

    html = str(mark(text, words, locale))

    assert unescape(TAGS.sub("", html)) == EMPHASIS.sub(r"\1", text)
    assert set(TAGS.findall(html)) <= HARMLESS


@given(st.text(st.sampled_from("三包 car27第条日"), max_size=30), wild)
def test_what_is_marked_was_asked_for(text: str, query: str) -> None:
    words = words_of(query)

    for piece in MARKED.findall(str(mark(text, words, "zh"))):
        assert any(word.text in fold(unescape(piece)) for word in words)


def test_a_long_text_is_cut_around_the_word() -> None:
    text = "甲" * 200 + "三包" + "乙" * 200

    cut = str(excerpt(a_field(text), words_of("三包")))

    assert cut.startswith("…甲")
    assert cut.endswith("乙…")
    assert "<mark>三包</mark>" in cut
    assert len(cut) < 2 * AROUND["zh"] + 20


def test_an_english_text_is_cut_between_words() -> None:
    text = "Keep every receipt you were given in the shop. " * 8 + "Then ask for a refund. " * 4

    cut = unescape(TAGS.sub("", str(excerpt(a_field(text, "en"), words_of("refund"))))).strip("…")

    assert set(cut.replace(".", "").split()) <= set(text.replace(".", "").split())
    assert "refund" in cut


@pytest.mark.parametrize("place", [Place.CHOICE, Place.CITATION])
def test_a_choice_and_a_citation_are_shown_whole(place: Place) -> None:
    text = "甲" * 100 + "三包"

    cut = excerpt(a_field(text, place=place), words_of("三包"))

    assert str(cut) == "甲" * 100 + "<mark>三包</mark>"
