"""Handing in with a bad signal: said plainly, sent again, counted once."""

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from playwright.sync_api import Page, Route, expect

from outreach.participation.models import Attempt
from outreach.posters.models import Poster
from tests.browser.bad_signal import ANSWER
from tests.browser.conftest import Ear
from tests.browser.walk import HAND_IN, Finger
from tests.builders import a_poster, an_event

pytestmark = pytest.mark.browser

PANEL = "[data-sending]"
SEND_NOW = f"{PANEL} button"
NOT_YET = "未提交"
RESULT = "[data-paper-done]"
LONG_ENOUGH_MS = 90_000
SEEDS = range(6)
FAULTS = ("lost request", "lost reply", "busy", "reload")

Rows = Callable[..., list[Any]]


def attempts(poster: Poster) -> sa.Select[Any]:
    return sa.select(sa.func.count()).select_from(Attempt).where(Attempt.poster_code == poster.code)


class Air:
    """What stands between phone and server: it loses what it is told to lose."""

    def __init__(self, page: Page, poster: Poster) -> None:
        self.fault: str | None = None
        self.sent = 0
        page.route(f"**/q/{poster.code}", self._carry)

    def _carry(self, route: Route) -> None:
        if route.request.method != "POST":
            route.continue_()
            return
        self.sent += 1
        if self.fault == "lost request":
            route.abort("internetdisconnected")
        elif self.fault == "lost reply":
            route.fetch(max_redirects=0)
            route.abort("connectionreset")
        elif self.fault == "busy":
            route.fulfill(status=503, body="busy")
        elif self.fault == "broken":
            route.fulfill(status=500, body="broken")
        elif self.fault == "hotspot":
            route.fulfill(status=200, content_type="text/html", body="<p>Welcome to this café")
        else:
            route.continue_()


@pytest.fixture
def poster(save: Callable[..., Any]) -> Poster:
    poster: Poster = save(a_poster(an_event()))
    return poster


@pytest.fixture
def page(open_phone: Callable[..., Page], ear: Ear) -> Any:
    """A phone whose clock the test turns; what was lost on the way is no fault of the page."""
    page = open_phone()
    page.clock.install()
    yield page
    ear.complaints = [line for line in ear.complaints if "Failed to load resource" not in line]


@pytest.fixture
def answered(page: Page, poster: Poster) -> Finger:
    finger = Finger(page)
    page.goto(f"/q/{poster.code}")
    finger.answer()
    page.clock.pause_at(datetime.now(UTC) + timedelta(hours=1))  # from here on the test turns it
    return finger


@pytest.mark.parametrize("fault", ["lost request", "lost reply", "busy"])
def test_what_did_not_arrive_is_said_plainly_and_sent_again_by_itself(
    page: Page, poster: Poster, answered: Finger, rows: Rows, fault: str
) -> None:
    air = Air(page, poster)
    air.fault = fault
    answered.tap(HAND_IN)
    expect(page.locator(PANEL)).to_contain_text(NOT_YET)
    air.fault = None

    page.clock.fast_forward(LONG_ENOUGH_MS)

    expect(page.locator(RESULT)).to_be_visible()
    assert rows(attempts(poster)) == [(1,)]
    assert air.sent == 2


def test_it_is_sent_at_once_by_the_button_and_when_the_signal_comes_back(
    page: Page, poster: Poster, answered: Finger, rows: Rows
) -> None:
    air = Air(page, poster)
    air.fault = "lost request"
    answered.tap(HAND_IN)
    expect(page.locator(SEND_NOW)).to_be_visible()
    with page.expect_event("requestfailed"):
        page.locator(SEND_NOW).tap()
    expect(page.locator(SEND_NOW)).to_be_visible()
    air.fault = None

    page.evaluate("dispatchEvent(new Event('online'))")

    expect(page.locator(RESULT)).to_be_visible()
    assert rows(attempts(poster)) == [(1,)]


def test_the_pauses_grow(page: Page, poster: Poster, answered: Finger) -> None:
    air = Air(page, poster)
    air.fault = "busy"
    answered.tap(HAND_IN)
    sent = []

    for _pause in range(4):
        expect(page.locator(SEND_NOW)).to_be_visible()
        sent.append(air.sent)
        page.clock.fast_forward(5_500)

    assert sent[:2] == [1, 2]  # after 2 to 2.5 s, then after 4 to 5 s
    assert sent[-1] <= 3


def test_a_reload_goes_on_sending_and_shows_what_was_accepted(
    page: Page, poster: Poster, answered: Finger, rows: Rows
) -> None:
    air = Air(page, poster)
    air.fault = "lost reply"
    answered.tap(HAND_IN)
    expect(page.locator(PANEL)).to_contain_text(NOT_YET)
    air.fault = None

    page.reload()

    expect(page.locator(RESULT)).to_be_visible()
    assert rows(attempts(poster)) == [(1,)]


def test_what_the_server_refuses_is_explained_on_its_page(
    page: Page, poster: Poster, answered: Finger, rows: Rows
) -> None:
    page.locator("input[name=ticket]").evaluate("field => field.value = 'nonsense'")

    answered.tap(HAND_IN)

    expect(page.locator("[data-notice]")).to_be_visible()
    assert rows(attempts(poster)) == [(0,)]


def test_a_phone_that_keeps_nothing_is_told_so_and_sends_all_the_same(
    page: Page, poster: Poster, answered: Finger, rows: Rows
) -> None:
    page.evaluate("() => { Storage.prototype.setItem = () => { throw new Error('full'); }; }")
    air = Air(page, poster)
    air.fault = "busy"
    answered.tap(HAND_IN)
    expect(page.locator(SEND_NOW)).to_be_visible()
    words = page.locator(PANEL).get_attribute("data-unkept")
    assert words
    expect(page.locator(f"{PANEL} p")).to_have_text(words)
    air.fault = None

    page.clock.fast_forward(LONG_ENOUGH_MS)

    expect(page.locator(RESULT)).to_be_visible()
    assert rows(attempts(poster)) == [(1,)]


@pytest.mark.parametrize("fault", ["hotspot", "broken"])
def test_what_is_no_word_of_the_server_ends_nothing(
    page: Page, poster: Poster, answered: Finger, rows: Rows, fault: str
) -> None:
    air = Air(page, poster)
    air.fault = fault
    answered.tap(HAND_IN)
    expect(page.locator(PANEL)).to_contain_text(NOT_YET)
    air.fault = None

    page.reload()

    expect(page.locator(RESULT)).to_be_visible()
    assert rows(attempts(poster)) == [(1,)]


def test_answers_that_came_back_under_a_fresh_ticket_survive_a_reload(
    page: Page, poster: Poster, answered: Finger
) -> None:
    page.locator("input[name=ticket]").evaluate("field => field.value += 'x'")
    answered.tap(HAND_IN)
    expect(page.locator("[data-notice]")).to_be_visible()
    expect(page.locator("fieldset.question:has(:checked)")).to_have_count(10)

    page.goto(f"/q/{poster.code}")

    expect(page.locator("fieldset.question:has(:checked)")).to_have_count(10)


def test_a_paper_that_waits_survives_another_one_of_the_same_poster(
    page: Page, poster: Poster, answered: Finger, rows: Rows
) -> None:
    page.context.clear_cookies()  # as another poster's paper takes the place of this one's ticket
    second = page.context.new_page()
    second.goto(f"/q/{poster.code}")
    airs = [Air(tab, poster) for tab in (page, second)]
    second.evaluate(ANSWER, [[0]] * 10)
    for air, tab in zip(airs, (page, second), strict=True):
        air.fault = "busy"
        tab.locator(HAND_IN).evaluate("button => button.click()")
        expect(tab.locator(PANEL)).to_contain_text(NOT_YET)
    page.close()
    airs[1].fault = None

    second.locator(SEND_NOW).tap()

    expect(second.locator(RESULT)).to_be_visible()
    assert rows(attempts(poster)) == [(2,)]


def test_another_language_is_no_handing_in(
    page: Page, poster: Poster, answered: Finger, rows: Rows
) -> None:
    page.locator("button[name=show_in][value=en]").tap()

    expect(page.locator("html")).to_have_attribute("lang", "en")
    assert rows(attempts(poster)) == [(0,)]


@pytest.mark.parametrize("seed", SEEDS)
def test_whatever_is_lost_in_whatever_order_there_is_one_row_in_the_end(
    page: Page, poster: Poster, answered: Finger, rows: Rows, seed: int
) -> None:
    chance = random.Random(seed)  # noqa: S311 -- the same every time
    air = Air(page, poster)
    faults = [chance.choice(FAULTS) for _turn in range(chance.randrange(1, 5))]
    air.fault = "lost request"
    answered.tap(HAND_IN)
    for fault in faults:
        expect(page.locator(SEND_NOW)).to_be_visible()
        if fault == "reload":
            air.fault = "lost request"
            page.reload()
        else:
            air.fault = fault
            with page.expect_request(lambda request: request.method == "POST"):
                page.locator(SEND_NOW).tap()
    expect(page.locator(SEND_NOW)).to_be_visible()
    air.fault = None

    page.locator(SEND_NOW).tap()

    expect(page.locator(RESULT)).to_be_visible()
    assert rows(attempts(poster)) == [(1,)], faults
