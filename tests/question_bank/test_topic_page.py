"""A topic's page: audiences, links, choices in a neutral order, words to speak."""

import datetime as dt
import re
from collections.abc import Iterator
from html import unescape

import pytest
import time_machine
from flask.testing import FlaskClient

from question_bank.content import Audience, Choice, Kind, Question, Text
from question_bank.study import (
    LETTERS,
    neutral_choices,
    right_letters,
    spoken_answer,
    spoken_question,
)
from tests.question_bank.samples import SHIPPED_ON, a_question, shipped_bank, shipped_edition

ZH, EN = {"Accept-Language": "zh-CN"}, {"Accept-Language": "en"}
NOON = dt.datetime(2026, 11, 22, 4, 0, tzinfo=dt.UTC)
ARTICLE = re.compile(r'<article class="study" id="([^"]+)">(.*?)</article>', re.DOTALL)
JUMP = re.compile(r'class="jump__link" href="#([^"]+)">(\d+)<')
FILTER = re.compile(r'class="filter__link" href="([^"]+)"( aria-current="true")?>.*?>(\d+)</span>')
SPEAK = re.compile(r'<button[^>]*\bhidden\b[^>]*\bdata-speak="([^"]*)"[^>]*>')
TOPIC = "food-safety"


@pytest.fixture(autouse=True)
def on_the_day_the_bank_was_written() -> Iterator[None]:
    with time_machine.travel(NOON, tick=False):
        yield


def drawable(topic_id: str = TOPIC) -> list[Question]:
    return [q for q in shipped_edition().drawable(SHIPPED_ON) if q.topic_id == topic_id]


def ids(html: str) -> list[str]:
    return [question_id for question_id, _inside in ARTICLE.findall(html)]


@pytest.mark.parametrize("audience", Audience)
def test_a_page_may_show_only_what_fits_an_audience(client: FlaskClient, audience: str) -> None:
    page = client.get(f"/learn/{TOPIC}?audience={audience}", headers=ZH)

    assert ids(page.text) == [q.id for q in drawable() if audience in q.audience]
    current = [(link, int(count)) for link, chosen, count in FILTER.findall(page.text) if chosen]
    assert current == [(f"/learn/{TOPIC}?audience={audience}", len(ids(page.text)))]


def test_each_audience_is_offered_with_its_number(client: FlaskClient) -> None:
    page = client.get(f"/learn/{TOPIC}", headers=EN)

    offered = {link: int(count) for link, _chosen, count in FILTER.findall(page.text)}
    assert offered.pop(f"/learn/{TOPIC}") == len(drawable())
    for link, count in offered.items():
        assert len(ids(client.get(link).text)) == count > 0


@pytest.mark.parametrize("audience", ["", "martian", "PUPIL"])
def test_an_unknown_audience_means_everybody(client: FlaskClient, audience: str) -> None:
    page = client.get(f"/learn/{TOPIC}?audience={audience}")

    assert ids(page.text) == [question.id for question in drawable()]


def test_a_jump_list_leads_to_every_question_shown(client: FlaskClient) -> None:
    page = client.get(f"/learn/{TOPIC}?audience=pupil")

    targets = [target for target, _number in JUMP.findall(page.text)]
    numbers = [int(number) for _target, number in JUMP.findall(page.text)]
    assert targets == ids(page.text)
    assert numbers == list(range(1, len(targets) + 1))


def test_every_question_has_a_link_of_its_own(client: FlaskClient) -> None:
    page = client.get(f"/learn/{TOPIC}", headers=EN)

    for number, (question_id, inside) in enumerate(ARTICLE.findall(page.text), 1):
        link = f'href="/learn/{TOPIC}/{question_id}">Link to question {number}</a>'
        assert link in inside


@pytest.mark.parametrize(("headers", "locale"), [(ZH, "zh"), (EN, "en")], ids=["zh", "en"])
def test_the_read_aloud_button_carries_its_words_and_hides_without_script(
    client: FlaskClient, headers: dict[str, str], locale: str
) -> None:
    page = client.get(f"/learn/{TOPIC}", headers=headers)

    articles = dict(ARTICLE.findall(page.text))
    for question in drawable():
        [words] = SPEAK.findall(articles[question.id])
        assert unescape(words).split("\n") == spoken_question(question, locale)
        assert f'data-lang="{ {"zh": "zh-CN", "en": "en"}[locale] }"' in articles[question.id]


def test_choices_stand_in_the_order_of_their_words() -> None:
    texts = ["丙", "甲", "乙"]
    choices = tuple(Choice(Text(zh, zh), zh == "甲") for zh in texts)

    shown = neutral_choices(a_question(choices=choices), "zh")

    assert [choice.text.zh for choice in shown] == sorted(texts)


@pytest.mark.parametrize("changes", [{"is_ordered": True}, {"kind": Kind.TRUE_FALSE}])
def test_some_choices_stay_where_their_author_put_them(changes: dict[str, object]) -> None:
    question = a_question(**changes)

    assert neutral_choices(question, "en") == list(question.choices)


@pytest.mark.parametrize("locale", ["zh", "en"])
def test_the_neutral_order_does_not_betray_the_right_choice(locale: str) -> None:
    single = [
        question
        for question in shipped_bank().questions
        if question.kind is Kind.SINGLE and len(question.choices) == 4
    ]

    letters = [right_letters(question, locale) for question in single]

    assert len(letters) > 200
    for letter in "ABCD":
        assert 0.17 < letters.count(letter) / len(letters) < 0.33


@pytest.mark.parametrize("locale", ["zh", "en"])
def test_right_letters_name_the_right_choices(locale: str) -> None:
    for question in shipped_bank().questions:
        choices = neutral_choices(question, locale)
        named = {choices[LETTERS.index(letter)] for letter in right_letters(question, locale)}
        assert named == {choice for choice in question.choices if choice.is_right}


def test_a_voice_reads_stem_and_letters_and_only_then_the_answer() -> None:
    choices = (Choice(Text("甲", "Second"), True), Choice(Text("乙", "First"), False))
    question = a_question(
        stem=Text("哪个**不**对？", "Which is **not** right?"),
        choices=choices,
        explanation=Text("因为。", "Because."),
    )

    assert spoken_question(question, "zh") == ["哪个不对？", "A. 乙", "B. 甲"]
    assert spoken_question(question, "en") == ["Which is not right?", "A. First", "B. Second"]
    assert spoken_answer(question, "zh") == ["B. 甲", "因为。"]
    assert spoken_answer(question, "en") == ["B. Second", "Because."]
