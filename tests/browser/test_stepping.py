"""A paper one question at a time, and what a phone keeps of it."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from playwright.sync_api import Locator, Page, expect

from core import clock
from core.db import db
from outreach.participation.models import Attempt
from outreach.posters.models import Poster
from question_bank import models
from question_bank import service as bank
from question_bank.content import Kind, Question
from question_bank.edition import hash_of, write_snapshot
from tests.browser.walk import BACK, HAND_IN, NEXT, Finger, choice, questions_of, second_choice
from tests.builders import DAILY_QUIZ_ID, JINJIANG, a_poster, an_event

pytestmark = pytest.mark.browser

MOST_TABS = 20
LONGER_THAN_ANY_PAUSE_MS = 2_000
# iPhones: the click that a label passes on to its radio has a `detail` of 0, as if nobody tapped.
AS_IN_WEBKIT = """
let isPassedOn = false;
addEventListener("click", (event) => {
  const isBox = event.target instanceof HTMLInputElement;
  if (isBox && isPassedOn) Object.defineProperty(event, "detail", { value: 0 });
  isPassedOn = !isBox && Boolean(event.target.closest("label"));
}, true);
"""
RECEIPT = "**/r/*"


@pytest.fixture
def publish(app: Flask) -> Callable[[Callable[[Question], bool]], None]:
    """Publish an edition that holds only such questions as a test wants."""

    def publish(is_wanted: Callable[[Question], bool]) -> None:
        with app.app_context():
            full, latest = bank.edition(1), bank.latest()
            assert latest
            wanted = [question for question in full.questions.values() if is_wanted(question)]
            snapshot = write_snapshot(full.topics, full.statutes.values(), wanted)
            edition = models.Edition(
                number=latest.number + 1,
                content_hash=hash_of(snapshot),
                published_at=clock.now(),
                summary="for a test",
                snapshot=snapshot,
            )
            db.session.add(edition)
            db.session.commit()

    return publish


@pytest.fixture
def single_choices(publish: Callable[[Callable[[Question], bool]], None]) -> None:
    """Leave only questions that are answered by one tap."""
    publish(lambda question: question.kind is not Kind.MULTIPLE)


@pytest.fixture
def poster(single_choices: None, save: Callable[..., Any]) -> Poster:
    """Print a poster for five questions of one tap each."""
    poster: Poster = save(a_poster(an_event(quiz_id=DAILY_QUIZ_ID)))
    return poster


def attempts(poster: Poster) -> sa.Select[Any]:
    """Ask how many attempts came through a poster."""
    query = sa.select(sa.func.count()).select_from(Attempt)
    return query.where(Attempt.poster_code == poster.code)


def visible_steps(page: Page) -> list[str]:
    """Return the ids of the questions to be seen."""
    seen: list[str] = page.locator("fieldset.question:visible").evaluate_all(
        "all => all.map(q => q.id)"
    )
    return seen


def box(row: Locator) -> Locator:
    """Return the radio or checkbox of a choice's row."""
    return row.locator("input")


def tab_to(page: Page, selector: str) -> None:
    """Press the tab key until the focus is there."""
    for _ in range(MOST_TABS):
        page.keyboard.press("Tab")
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
    raise AssertionError(f"{selector} is out of the keyboard's reach")


def test_one_question_is_shown_at_a_time(poster: Poster, open_phone: Callable[..., Page]) -> None:
    page = open_phone()
    finger = Finger(page)
    page.goto(f"/q/{poster.code}")

    expect(page.locator("#q1")).to_be_visible()
    assert visible_steps(page) == ["q1"]
    expect(page.locator(HAND_IN)).to_be_hidden()
    expect(page.locator(".progress__text")).to_have_text("已答 0 / 5")
    expect(page.locator(BACK)).to_be_disabled()

    finger.tap(NEXT)

    expect(page.locator("#q2")).to_be_visible()
    assert visible_steps(page) == ["q2"]


def test_a_tap_on_a_row_of_a_single_choice_leads_on(
    poster: Poster, open_phone: Callable[..., Page]
) -> None:
    page = open_phone()
    page.goto(f"/q/{poster.code}")

    choice(page, 1).tap()

    expect(page.locator("#q2")).to_be_visible()
    assert visible_steps(page) == ["q2"]
    expect(box(choice(page, 1))).to_be_checked()
    expect(page.locator(".progress__text")).to_have_text("已答 1 / 5")


def test_a_tap_on_a_row_leads_on_where_the_click_passed_to_the_box_counts_no_taps(
    poster: Poster, open_phone: Callable[..., Page]
) -> None:
    page = open_phone()
    page.add_init_script(AS_IN_WEBKIT)
    page.goto(f"/q/{poster.code}")

    choice(page, 1).tap()

    expect(page.locator("#q2")).to_be_visible()


def hold(page: Page) -> None:
    """Stop a page's clock: however slow the machine is, time passes when the test says so."""
    page.clock.pause_at(datetime.now(UTC) + timedelta(hours=1))


def test_arrow_keys_choose_and_stay(poster: Poster, open_phone: Callable[..., Page]) -> None:
    page = open_phone()
    page.clock.install()
    page.goto(f"/q/{poster.code}")
    hold(page)
    box(choice(page, 1)).focus()

    page.keyboard.press("Space")
    page.keyboard.press("ArrowDown")
    page.clock.run_for(LONGER_THAN_ANY_PAUSE_MS)

    expect(box(choice(page, 1, 1))).to_be_checked()
    assert visible_steps(page) == ["q1"]


def test_the_progress_counts_an_answer_as_soon_as_it_is_given(
    poster: Poster, open_phone: Callable[..., Page]
) -> None:
    page = open_phone()
    page.clock.install()
    page.goto(f"/q/{poster.code}")
    hold(page)
    box(choice(page, 1)).focus()

    page.keyboard.press("Space")

    assert visible_steps(page) == ["q1"]
    expect(page.locator(".progress__text")).to_have_text("已答 1 / 5")


def test_the_keyboard_alone_reaches_the_result(
    poster: Poster, open_phone: Callable[..., Page]
) -> None:
    page = open_phone(has_touch=False)
    page.goto(f"/q/{poster.code}")

    for number in range(1, 6):
        expect(page.locator(f"#q{number}")).to_be_visible()
        tab_to(page, ".question--current input")
        page.keyboard.press("Space")
        tab_to(page, NEXT)
        page.keyboard.press("Enter")
    tab_to(page, HAND_IN)
    page.keyboard.press("Enter")

    page.wait_for_url(RECEIPT)


def test_ten_questions_take_at_most_twelve_taps(
    single_choices: None, save: Callable[..., Any], open_phone: Callable[..., Page]
) -> None:
    poster = save(a_poster(an_event()))
    page = open_phone()
    finger = Finger(page)

    page.goto(f"/q/{poster.code}")
    finger.answer()
    finger.hand_in()

    expect(page.locator(".answer")).to_have_count(10)
    assert finger.taps <= 12


def test_two_quick_taps_on_a_choice_skip_no_question(
    poster: Poster, open_phone: Callable[..., Page]
) -> None:
    page = open_phone()
    page.clock.install()
    page.goto(f"/q/{poster.code}")
    hold(page)

    choice(page, 1).tap()
    choice(page, 1).tap()
    page.clock.run_for(LONGER_THAN_ANY_PAUSE_MS)

    assert visible_steps(page) == ["q2"]


def test_a_question_with_several_right_choices_waits_for_next(
    publish: Callable[[Callable[[Question], bool]], None],
    save: Callable[..., Any],
    open_phone: Callable[..., Page],
) -> None:
    publish(lambda question: question.kind is Kind.MULTIPLE)
    poster = save(a_poster(an_event(quiz_id=DAILY_QUIZ_ID)))
    page = open_phone()
    page.clock.install()
    page.goto(f"/q/{poster.code}")
    hold(page)

    choice(page, 1, 0).tap()
    choice(page, 1, 1).tap()
    page.clock.run_for(LONGER_THAN_ANY_PAUSE_MS)

    assert visible_steps(page) == ["q1"]
    Finger(page).tap(NEXT)
    assert visible_steps(page) == ["q2"]


def test_going_back_shows_what_was_chosen_and_takes_a_change_of_mind(
    poster: Poster, open_phone: Callable[..., Page]
) -> None:
    page = open_phone()
    finger = Finger(page)
    page.goto(f"/q/{poster.code}")
    finger.answer()
    expect(page.locator(HAND_IN)).to_be_visible()

    for number in (5, 4, 3, 2, 1):
        finger.tap(BACK)
        expect(page.locator(f"#q{number}")).to_be_visible()
        expect(box(choice(page, number))).to_be_checked()
    wanted = questions_of(page)[0].choices[1]
    finger.tap(choice(page, 1, 1))
    for number in (2, 3, 4, 5):
        expect(page.locator(f"#q{number}")).to_be_visible()
        finger.tap(NEXT)
    finger.hand_in()

    first = page.locator("#a1 .answer__choice:has(.answer__tag)").filter(has_text="你的选择")
    expect(first.locator("span").first).to_have_text(wanted)


def test_what_is_missing_is_listed_and_shown_before_anything_is_sent(
    poster: Poster, rows: Callable[..., list[Any]], open_phone: Callable[..., Page]
) -> None:
    page = open_phone()
    finger = Finger(page)
    page.goto(f"/q/{poster.code}")
    for number in range(1, 6):
        expect(page.locator(f"#q{number}")).to_be_visible()
        finger.tap(NEXT if number in {2, 4} else choice(page, number))
    expect(page.locator("[data-state]")).to_have_text("尚未作答：第 2、4 题")

    finger.tap(HAND_IN)

    expect(page.locator("#q2")).to_be_visible()
    assert visible_steps(page) == ["q2"]
    assert rows(attempts(poster)) == [(0,)]


def test_after_filling_what_was_missing_the_paper_can_be_handed_in(
    poster: Poster, open_phone: Callable[..., Page]
) -> None:
    page = open_phone()
    finger = Finger(page)
    page.goto(f"/q/{poster.code}")
    finger.tap(NEXT)
    for number in range(2, 6):
        expect(page.locator(f"#q{number}")).to_be_visible()
        finger.tap(choice(page, number))
    finger.tap(HAND_IN)
    expect(page.locator("#q1")).to_be_visible()

    finger.tap(choice(page, 1))
    for number in range(2, 6):
        expect(page.locator(f"#q{number}")).to_be_visible()
        finger.tap(NEXT)
    finger.hand_in()

    expect(page.locator(".score__where")).to_contain_text("计入晋江市")


def test_online_the_numbers_of_missing_questions_are_those_on_the_page(
    single_choices: None, save: Callable[..., Any], open_phone: Callable[..., Page]
) -> None:
    event = an_event(kind="online", region_code="350500", quiz_id=DAILY_QUIZ_ID)
    poster = save(a_poster(event))
    page = open_phone()
    finger = Finger(page)
    page.goto(f"/q/{poster.code}")
    page.locator("#region-select").select_option(JINJIANG)
    finger.tap(NEXT)

    for number in range(1, 6):
        expect(page.locator(f"#q{number}")).to_be_visible()
        finger.tap(NEXT if number == 3 else choice(page, number))

    expect(page.locator("[data-state]")).to_have_text("尚未作答：第 3 题")
    expect(page.locator(".progress__text")).to_have_text("已答 4 / 5")


def test_answers_survive_a_reload(poster: Poster, open_phone: Callable[..., Page]) -> None:
    page = open_phone()
    finger = Finger(page)
    page.goto(f"/q/{poster.code}")
    asked = questions_of(page)
    for number in (1, 2):
        finger.tap(choice(page, number, 1))
        expect(page.locator(f"#q{number + 1}")).to_be_visible()

    page.reload()

    assert questions_of(page) == asked
    expect(page.locator("#q3")).to_be_visible()
    expect(page.locator(".progress__text")).to_have_text("已答 2 / 5")
    for number in (1, 2):
        expect(box(choice(page, number, 1))).to_be_checked()


def test_answers_survive_leaving_and_scanning_again(
    poster: Poster, open_phone: Callable[..., Page]
) -> None:
    page = open_phone()
    page.goto(f"/q/{poster.code}")
    asked = questions_of(page)
    choice(page, 1, 1).tap()
    expect(page.locator("#q2")).to_be_visible()

    page.goto("/")
    page.goto(f"/q/{poster.code}")

    assert questions_of(page) == asked
    expect(box(choice(page, 1, 1))).to_be_checked()


@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
def test_answers_survive_a_change_of_language(
    poster: Poster, open_phone: Callable[..., Page], script: bool
) -> None:
    page = open_phone(java_script_enabled=script)
    finger = Finger(page)
    page.goto(f"/q/{poster.code}")
    for number in (1, 2):
        finger.tap(choice(page, number, 1))
        if script:
            expect(page.locator(f"#q{number + 1}")).to_be_visible()

    finger.tap("button[name=show_in][value=en]")

    expect(page.locator("html")).to_have_attribute("lang", "en")
    for number in (1, 2):
        expect(box(choice(page, number, 1))).to_be_checked()
    expect(page.locator("fieldset.question:has(:checked)")).to_have_count(2)
    for number in (3, 4, 5):
        finger.tap(choice(page, number))
    finger.hand_in()
    expect(page.locator(".score__where")).to_contain_text("counted for Jinjiang")


def test_answers_survive_a_lost_signal(
    poster: Poster, rows: Callable[..., list[Any]], open_phone: Callable[..., Page]
) -> None:
    page = open_phone()
    finger = Finger(page)
    page.goto(f"/q/{poster.code}")
    finger.answer()
    page.context.set_offline(True)
    with page.expect_event("requestfailed"):
        finger.tap(HAND_IN)

    page.context.set_offline(False)  # it is handed in by itself

    expect(page).to_have_url(re.compile("/r/"))
    assert rows(attempts(poster)) == [(1,)]


def test_two_tabs_share_one_paper_and_give_one_row(
    poster: Poster, rows: Callable[..., list[Any]], open_phone: Callable[..., Page]
) -> None:
    first = open_phone()
    first.goto(f"/q/{poster.code}")
    choice(first, 1, 1).tap()
    expect(first.locator("#q2")).to_be_visible()
    second = first.context.new_page()
    second.goto(f"/q/{poster.code}")
    assert questions_of(second) == questions_of(first)
    expect(box(choice(second, 1, 1))).to_be_checked()
    for page in (first, second):
        page.bring_to_front()
        for number in (2, 3, 4, 5):
            expect(page.locator(f"#q{number}")).to_be_visible()
            choice(page, number).tap()

    Finger(second).hand_in()
    first.bring_to_front()
    Finger(first).hand_in()

    assert first.url == second.url
    assert rows(attempts(poster)) == [(1,)]


def test_a_second_tab_with_other_answers_is_told_that_the_first_stand(
    poster: Poster, rows: Callable[..., list[Any]], open_phone: Callable[..., Page]
) -> None:
    first = open_phone()
    first.goto(f"/q/{poster.code}")
    second = first.context.new_page()
    second.goto(f"/q/{poster.code}")
    Finger(second).answer(second_choice)
    first.bring_to_front()
    Finger(first).answer()
    Finger(first).hand_in()

    second.bring_to_front()
    second.locator(HAND_IN).tap()

    expect(second.locator("h1")).to_have_text("这份答卷已经提交过")
    second.locator(".button--main").tap()
    second.wait_for_url(RECEIPT)
    assert second.url == first.url
    assert rows(attempts(poster)) == [(1,)]


@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
def test_two_quick_taps_on_hand_in_give_one_row(
    poster: Poster,
    rows: Callable[..., list[Any]],
    open_phone: Callable[..., Page],
    script: bool,
) -> None:
    page = open_phone(java_script_enabled=script)
    page.goto(f"/q/{poster.code}")
    Finger(page).answer()

    page.locator(HAND_IN).dblclick()

    expect(page).to_have_url(re.compile("/r/"))
    assert rows(attempts(poster)) == [(1,)]


def test_the_back_button_after_the_result_sends_nothing_again(
    poster: Poster, rows: Callable[..., list[Any]], open_phone: Callable[..., Page]
) -> None:
    page = open_phone()
    finger = Finger(page)
    page.goto(f"/q/{poster.code}")
    finger.answer()
    finger.hand_in()
    result = page.url

    page.go_back()
    page.go_forward()

    assert page.url == result
    assert rows(attempts(poster)) == [(1,)]


@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
def test_the_back_button_after_the_result_shows_no_answers_to_other_questions(
    poster: Poster, open_phone: Callable[..., Page], script: bool
) -> None:
    page = open_phone(java_script_enabled=script)
    finger = Finger(page)
    page.goto(f"/q/{poster.code}")
    asked = questions_of(page)
    finger.answer()
    finger.hand_in()

    page.go_back()

    shows_another_paper = questions_of(page) != asked
    checked = page.locator("#paper :checked").count()
    assert checked == (0 if shows_another_paper else 5)
