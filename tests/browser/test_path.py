"""The whole path of one participation, as a phone sees it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from question_bank import service as bank
from question_bank.content import Question
from question_bank.edition import Edition
from tests.browser.walk import HAND_IN, NEXT, Finger, Shown, first_choice, plain, scan_files
from tests.builders import JINJIANG, QUANZHOU, a_poster, an_event
from tests.conftest import Server

pytestmark = pytest.mark.browser


@dataclass(frozen=True)
class Language:
    """What a page of this language must say."""

    locale: str
    key: str
    html_lang: str
    region: str
    prefecture: str
    counted: str
    practice: str
    article: str


CHINESE = Language(
    "zh-CN", "zh", "zh-CN", "晋江市", "泉州市", "已提交，计入晋江市。", "作为练习", "第{}条"
)
ENGLISH = Language(
    "en-GB", "en", "en", "Jinjiang", "Quanzhou", "counted for Jinjiang", "practice", "article {}"
)
languages = pytest.mark.parametrize("language", [CHINESE, ENGLISH], ids=["zh", "en"])
scripts = pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])


@pytest.fixture
def edition(app: Flask) -> Edition:
    """Return the published questions, right choices and all."""
    with app.app_context():
        latest = bank.latest()
        assert latest
        return latest


def right_choices(question: Question, language: Language) -> set[str]:
    """Return the texts of a question's right choices."""
    return {plain(choice.text, language.key) for choice in question.choices if choice.is_right}


def counts(page: Page, path: str, region: str) -> tuple[int, int, int]:
    """Read attempts, counted and devices of a region from a table of participation."""
    page.goto(path)
    cells = page.locator("tbody tr").filter(has_text=region).locator("td")
    attempts, counted, devices = (int(cells.nth(n).inner_text()) for n in range(3))
    return attempts, counted, devices


def expect_reasons(
    page: Page, key: dict[str, Question], chosen: dict[str, set[str]], language: Language
) -> None:
    """Expect for each question what was chosen, what is right, why, and the articles of law."""
    expect(page.locator(".answer")).to_have_count(len(chosen))
    for number in range(1, len(chosen) + 1):
        answer = page.locator(f"#a{number}")
        stem = answer.locator("h3").inner_text().removeprefix(f"{number}. ")
        asked = key[stem]
        right = right_choices(asked, language)
        shown_right = answer.locator(".answer__choice--right > span:first-child")
        shown_chosen = answer.locator(
            ".answer__choice:has(.answer__tag):not(.answer__choice--right) > span:first-child"
        )
        assert set(shown_right.all_inner_texts()) == right
        assert set(shown_chosen.all_inner_texts()) == chosen[stem] - right
        expect(answer.locator(".answer__why")).to_have_text(plain(asked.explanation, language.key))
        laws = answer.locator(".answer__law li").all_inner_texts()
        assert len(laws) == len(asked.citations) > 0
        for law, citation in zip(laws, asked.citations, strict=True):
            assert language.article.format(citation.article) in law


@languages
@scripts
def test_a_scan_leads_to_a_result_and_is_counted_for_the_region_once(
    *,
    server: Server,
    save: Callable[..., Any],
    edition: Edition,
    open_desk: Callable[..., Page],
    open_phone: Callable[..., Page],
    language: Language,
    script: bool,
) -> None:
    poster = save(a_poster(an_event(region_code=JINJIANG)))
    key = {plain(q.stem, language.key): q for q in edition.questions.values()}
    chosen: dict[str, set[str]] = {}

    def all_right_but_the_last(question: Shown) -> list[int]:
        right = right_choices(key[question.stem], language)
        places = [n for n, text in enumerate(question.choices) if text in right]
        if question.id == "q10":
            places = [n for n in range(len(question.choices)) if n not in places][:1]
        chosen[question.stem] = {question.choices[n] for n in places}
        return places

    link = scan_files(open_desk().request, poster.code)
    page = open_phone(language.locale, java_script_enabled=script)
    finger = Finger(page)
    before = counts(page, f"/participation/{QUANZHOU}", language.region)
    above = counts(page, "/participation", language.prefecture)

    page.goto(link)
    finger.answer(all_right_but_the_last)
    finger.hand_in()

    assert link == f"{server.url}/q/{poster.code}"
    expect(page.locator("html")).to_have_attribute("lang", language.html_lang)
    expect(page.locator(".score__figure")).to_have_text("9 / 10")
    expect(page.locator(".score__where")).to_contain_text(language.counted)
    expect_reasons(page, key, chosen, language)
    after = counts(page, f"/participation/{QUANZHOU}", language.region)
    assert after == tuple(number + 1 for number in before)
    assert counts(page, "/participation", language.prefecture) == tuple(n + 1 for n in above)

    page.goto(link)
    finger.answer(first_choice)
    finger.hand_in()

    expect(page.locator(".score__where")).to_contain_text(language.practice)
    again = counts(page, f"/participation/{QUANZHOU}", language.region)
    assert again == (after[0] + 1, after[1], after[2])


@scripts
def test_a_code_typed_on_the_home_page_leads_to_the_same_paper(
    save: Callable[..., Any], open_phone: Callable[..., Page], script: bool
) -> None:
    poster = save(a_poster(an_event()))
    page = open_phone(java_script_enabled=script)

    page.goto("/")
    page.locator("#code").fill(f"{poster.code[:4].lower()} {poster.code[4:].lower()}")
    page.locator("#code").press("Enter")

    page.wait_for_url(f"**/q/{poster.code}")
    expect(page.locator("fieldset.question")).to_have_count(10)


@scripts
def test_somebody_online_says_where_they_live_and_is_counted_there(
    save: Callable[..., Any], open_phone: Callable[..., Page], script: bool
) -> None:
    poster = save(a_poster(an_event(kind="online", region_code="350000")))
    page = open_phone(java_script_enabled=script)
    finger = Finger(page)
    before = counts(page, f"/participation/{QUANZHOU}", "晋江市")

    page.goto(f"/q/{poster.code}")
    page.locator("#region-select").select_option(JINJIANG)
    if script:
        finger.tap(NEXT)
    finger.answer(first_choice)
    finger.hand_in()

    expect(page.locator(".score__where")).to_contain_text("计入晋江市")
    after = counts(page, f"/participation/{QUANZHOU}", "晋江市")
    assert after == tuple(number + 1 for number in before)


def test_without_script_a_page_that_lacks_answers_keeps_the_others(
    save: Callable[..., Any], open_phone: Callable[..., Page]
) -> None:
    poster = save(a_poster(an_event()))
    page = open_phone(java_script_enabled=False)
    finger = Finger(page)
    page.goto(f"/q/{poster.code}")
    finger.answer(lambda question: [] if question.id in {"q3", "q10"} else [0])
    # The browser's own check of required fields stands before the server's.
    page.locator("form#paper").evaluate("form => form.noValidate = true")

    finger.tap(HAND_IN)

    notice = page.locator("[data-notice]")
    expect(notice).to_contain_text("还有 2 题没有作答")
    assert notice.locator("a").evaluate_all("links => links.map(a => a.hash)") == ["#q3", "#q10"]
    expect(page.locator("fieldset.question:has(:checked)")).to_have_count(8)

    finger.tap("#q3 label >> nth=0")
    finger.tap("#q10 label >> nth=0")
    finger.hand_in()

    expect(page.locator(".score__where")).to_contain_text("计入晋江市")
