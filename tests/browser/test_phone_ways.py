"""What a finger and an eye can do: swipe, look over, read in large letters, keep a certificate."""

import io
from collections.abc import Callable
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from outreach.posters.models import Poster
from tests.browser.conftest import Ear
from tests.browser.walk import HAND_IN, NEXT, Finger, choice, questions_of
from tests.builders import DAILY_QUIZ_ID, a_poster, an_event

pytestmark = pytest.mark.browser

ELDER = "button[name=display][value=elder]"
USUAL = "button[name=display][value=usual]"
MIDDLE = 180
SWIPE = """([fromX, toX, fromY, toY]) => {
  const form = document.querySelector("#paper");
  const at = (clientX, clientY) => new Touch({ identifier: 1, target: form, clientX, clientY });
  const [begin, end] = [at(fromX, fromY), at(toX, toY)];
  form.dispatchEvent(new TouchEvent("touchstart", { touches: [begin], changedTouches: [begin] }));
  form.dispatchEvent(new TouchEvent("touchend", { touches: [], changedTouches: [end] }));
}"""


@pytest.fixture
def poster(save: Callable[..., Any]) -> Poster:
    poster: Poster = save(a_poster(an_event(quiz_id=DAILY_QUIZ_ID)))
    return poster


@pytest.fixture
def paper(poster: Poster, open_phone: Callable[..., Page]) -> Page:
    """Open a paper of five questions."""
    page = open_phone()
    page.goto(f"/q/{poster.code}")
    return page


def tick_all(page: Page) -> None:
    """Choose the first choice of every question, whatever is shown."""
    page.evaluate(
        "document.querySelectorAll('.question').forEach(q => q.querySelector('input').click())"
    )


def test_a_swipe_turns_to_the_next_question_and_back(paper: Page) -> None:
    paper.evaluate(SWIPE, [MIDDLE + 50, MIDDLE - 50, 300, 310])
    expect(paper.locator("#q2")).to_be_visible()

    paper.evaluate(SWIPE, [MIDDLE - 50, MIDDLE + 50, 300, 290])

    expect(paper.locator("#q1")).to_be_visible()
    expect(paper.locator("#q2")).to_be_hidden()


@pytest.mark.parametrize(
    "way",
    [
        pytest.param([MIDDLE, MIDDLE - 30, 300, 300], id="too short"),
        pytest.param([MIDDLE + 50, MIDDLE - 50, 300, 400], id="a scroll"),
        pytest.param([355, 200, 300, 300], id="from the edge, as the browser's own"),
    ],
)
def test_what_is_no_swipe_turns_no_question(paper: Page, way: list[int]) -> None:
    paper.evaluate(SWIPE, way)

    expect(paper.locator("#q1")).to_be_visible()
    expect(paper.locator("#q2")).to_be_hidden()


def test_before_handing_in_one_looks_over_all_questions_and_changes_one(paper: Page) -> None:
    tick_all(paper)
    choice(paper, 3).locator("input").evaluate(
        "box => { box.checked = false; box.dispatchEvent(new Event('change', { bubbles: true })); }"
    )
    for _ in questions_of(paper):
        paper.locator(NEXT).click()

    numbers = paper.locator(".review__number")
    expect(numbers).to_have_text(["1", "2", "3", "4", "5"])
    expect(paper.get_by_label("第 3 题，尚未作答")).to_be_visible()
    paper.get_by_label("第 3 题，尚未作答").tap()

    expect(paper.locator("#q3")).to_be_focused()
    choice(paper, 3, 1).locator("input").check()
    expect(paper.get_by_label("第 3 题，已作答")).to_be_attached()


@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
def test_one_tap_makes_letters_large_keeps_answers_and_is_remembered(
    poster: Poster, open_phone: Callable[..., Page], script: bool
) -> None:
    page = open_phone(java_script_enabled=script)
    page.goto(f"/q/{poster.code}")
    asked = questions_of(page)
    choice(page, 1).locator("input").press("Space")  # a finger would lead on to the next question

    if script:
        with page.expect_response("**/display"):
            page.locator(ELDER).tap()
        expect(page.locator(USUAL)).to_be_focused()
    else:
        page.locator(ELDER).tap()

    expect(page.locator("html")).to_have_class("elder")
    expect(page.locator(ELDER)).to_be_hidden()
    assert questions_of(page) == asked
    expect(choice(page, 1).locator("input")).to_be_checked()
    page.goto("/learn")
    expect(page.locator("html")).to_have_class("elder")
    page.locator(USUAL).tap()
    expect(page.locator("html")).not_to_have_class("elder")


def test_letters_grow_without_a_signal_too(paper: Page, ear: Ear) -> None:
    choice(paper, 1).locator("input").check()
    paper.context.set_offline(True)

    with paper.expect_event("requestfailed"):
        paper.locator(ELDER).tap()

    expect(paper.locator("html")).to_have_class("elder")
    expect(choice(paper, 1).locator("input")).to_be_checked()
    ear.complaints = [line for line in ear.complaints if "DISCONNECTED" not in line]


def test_a_certificate_becomes_a_picture_and_the_name_on_it_stays_in_the_phone(
    paper: Page,
) -> None:
    sent: list[str] = []
    tick_all(paper)
    for _ in questions_of(paper):
        paper.locator(NEXT).click()
    Finger(paper).hand_in()
    paper.on("request", lambda request: sent.append(request.url))

    paper.locator("#holder").fill("林小茶")
    expect(paper.locator("[data-holder]")).to_have_text("林小茶")
    paper.locator("[data-certificate] button").tap()

    picture = paper.locator("[data-certificate] img")
    expect(picture).to_be_visible()
    expect(paper.locator("[data-certificate] svg")).to_be_hidden()
    content = len(picture.get_attribute("src") or "")
    assert content > 10_000
    assert [url for url in sent if not url.startswith("data:") and "/assets/" not in url] == []
    assert paper.evaluate("JSON.stringify(localStorage) + document.cookie").find("林") < 0


def test_a_certificate_can_be_seen_without_a_script(
    poster: Poster, open_phone: Callable[..., Page]
) -> None:
    page = open_phone(java_script_enabled=False)
    page.goto(f"/q/{poster.code}")
    Finger(page).answer()
    page.locator(HAND_IN).tap()

    drawn = page.locator("[data-certificate] svg")

    expect(drawn).to_be_visible()
    expect(page.locator("#holder")).to_be_hidden()
    assert Image.open(io.BytesIO(drawn.screenshot())).width > 300
