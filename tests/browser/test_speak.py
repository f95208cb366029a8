"""Reading aloud: hidden without a voice, one question at a time, the answer only once unfolded."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from question_bank.study import spoken_answer, spoken_question
from tests.question_bank.samples import shipped_bank

pytestmark = pytest.mark.browser

TOPIC = "food-waste"
# Headless Chromium has no voices: this is a browser that has two and notes what it is told to say.
WITH_VOICES = """
const voices = [{ lang: "en_US", name: "Ann" }, { lang: "zh_CN", name: "Li" }];
window.said = [];
window.SpeechSynthesisUtterance = class extends EventTarget {
  constructor(text) { super(); this.text = text; }
};
let queue = [];
Object.defineProperty(window, "speechSynthesis", { value: {
  getVoices: () => voices,
  speak(utterance) {
    queue.push(utterance);
    said.push([utterance.text, utterance.lang, utterance.voice && utterance.voice.name]);
  },
  cancel() {
    const cut = queue;
    queue = [];
    said.push("cancel");
    for (const utterance of cut) utterance.dispatchEvent(new Event("error"));
  },
} });
window.finish = () => { for (const u of queue.splice(0)) u.dispatchEvent(new Event("end")); };
window.fail = () => { for (const u of queue.splice(0)) u.dispatchEvent(new Event("error")); };
"""
WITHOUT_SPEECH = """
delete window.SpeechSynthesisUtterance;
Object.defineProperty(window, "speechSynthesis", { value: undefined });
"""


@pytest.fixture
def speaking(open_phone: Callable[..., Page]) -> Callable[..., Page]:
    """Open a topic on a phone that can speak."""

    def speaking(locale: str = "en") -> Page:
        page = open_phone(locale)
        page.add_init_script(WITH_VOICES)
        page.goto(f"/learn/{TOPIC}")
        return page

    return speaking


def button(page: Page, place: int = 0) -> Locator:
    return page.locator("[data-speak]").nth(place)


def said(page: Page) -> list[Any]:
    return [entry for entry in page.evaluate("said") if entry != "cancel"]


def sentences(page: Page, place: int = 0) -> list[str]:
    return (button(page, place).get_attribute("data-speak") or "").split("\n")


@pytest.mark.parametrize("options", [{}, {"java_script_enabled": False}], ids=["old", "no script"])
def test_without_speech_no_button_is_seen(
    open_phone: Callable[..., Page], options: dict[str, bool]
) -> None:
    page = open_phone(**options)
    page.add_init_script(WITHOUT_SPEECH)

    page.goto(f"/learn/{TOPIC}")

    assert page.locator("[data-speak]").count() > 1
    expect(page.locator("[data-speak]:visible")).to_have_count(0)


@pytest.mark.parametrize(
    ("locale", "lang", "voice"), [("en", "en", "Ann"), ("zh-CN", "zh-CN", "Li")]
)
def test_a_press_reads_the_question_in_its_language(
    speaking: Callable[..., Page], locale: str, lang: str, voice: str
) -> None:
    page = speaking(locale)

    button(page).click()

    assert said(page) == [[text, lang, voice] for text in sentences(page)]


def test_the_answer_is_read_once_it_is_unfolded(speaking: Callable[..., Page]) -> None:
    page = speaking()
    question_id = page.locator("article").first.get_attribute("id")
    [question] = [q for q in shipped_bank().questions if q.id == question_id]

    page.locator("article summary").first.click()
    button(page).click()

    spoken = [text for text, _lang, _voice in said(page)]
    assert spoken == [*spoken_question(question, "en"), *spoken_answer(question, "en")]


def test_a_second_press_stops(speaking: Callable[..., Page]) -> None:
    page = speaking()

    button(page).click()
    expect(button(page)).to_have_text("Stop reading")
    before = len(said(page))
    button(page).click()

    expect(button(page)).to_have_text("Read aloud")
    expect(button(page)).to_be_enabled()
    assert page.evaluate("said.at(-1)") == "cancel"
    assert len(said(page)) == before


def test_another_question_takes_over(speaking: Callable[..., Page]) -> None:
    page = speaking()

    button(page, 0).click()
    button(page, 1).click()

    expect(button(page, 0)).to_have_text("Read aloud")
    expect(button(page, 1)).to_have_text("Stop reading")
    assert said(page)[-1][0] == sentences(page, 1)[-1]


def test_at_the_end_the_button_offers_it_again(speaking: Callable[..., Page]) -> None:
    page = speaking()

    button(page).click()
    page.evaluate("finish()")

    expect(button(page)).to_have_text("Read aloud")


def test_a_browser_that_fails_says_so(speaking: Callable[..., Page]) -> None:
    page = speaking()

    button(page).click()
    page.evaluate("fail()")

    expect(button(page)).to_have_text("This browser cannot read aloud")
    expect(button(page)).to_be_disabled()
    expect(button(page, 1)).to_be_enabled()
