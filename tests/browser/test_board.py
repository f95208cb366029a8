"""The big screen in a real browser: it keeps up by itself, and says when it cannot."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from outreach.events.models import Event, Team
from outreach.posters.models import Poster
from tests.browser.conftest import Ear
from tests.builders import a_poster, an_event
from tests.outreach.attempts import an_attempt, some_attempts

Save = Callable[..., Any]

HALL = {"width": 1920, "height": 1080}
PROJECTOR = {"width": 1024, "height": 768}
OLD = re.compile("board--old")
REACH_MS = 15_000  # a screen asks every five seconds, the server counts every other one


@pytest.fixture
def event(save: Save) -> tuple[Event, Poster, Poster]:
    """An event with a team of twenty, its poster, and one of no team."""
    event = an_event()
    team = Team(event=event, name="早班", roster_size=20)
    saved = save(event, team, a_poster(event, team=team), a_poster(event))
    save(*some_attempts(saved[0], saved[2], 4))
    return saved[0], saved[2], saved[3]


@pytest.fixture
def open_screen(
    open_browser: Callable[..., BrowserContext], event: tuple[Event, Poster, Poster]
) -> Callable[..., Page]:
    """Hang up a screen that shows the event in English."""

    def open_screen(**options: Any) -> Page:
        page = open_browser(locale="en", **({"viewport": HALL} | options)).new_page()
        page.goto(f"/board/{event[0].board_code}")
        return page

    return open_screen


def attempts(page: Page) -> Any:
    return page.locator('[data-number="attempts"]')


def test_a_screen_keeps_up_loses_its_network_says_so_and_comes_back(
    open_screen: Callable[..., Page], event: tuple[Event, Poster, Poster], save: Save, ear: Ear
) -> None:
    page = open_screen()
    expect(attempts(page)).to_have_text("4")
    save(*some_attempts(event[0], event[1], 6))
    expect(attempts(page)).to_have_text("10", timeout=REACH_MS)
    expect(page.locator("[data-figure]")).to_have_text("50%")

    page.context.set_offline(True)

    expect(page.locator("[data-status]")).to_contain_text("No network since")
    expect(page.locator(".board")).to_have_class(OLD)
    expect(attempts(page)).to_have_text("10")

    save(an_attempt(event[0], event[2]))
    page.context.set_offline(False)

    expect(attempts(page)).to_have_text("11", timeout=REACH_MS)
    expect(page.locator("[data-status]")).to_contain_text("Up to date at")
    expect(page.locator(".board")).not_to_have_class(OLD)
    expected = ("ERR_INTERNET_DISCONNECTED", "favicon.ico")  # Chromium looks for an icon again
    ear.complaints = [line for line in ear.complaints if not any(e in line for e in expected)]


def test_a_screen_says_since_when_the_server_does_not_answer(
    open_screen: Callable[..., Page], ear: Ear
) -> None:
    page = open_screen()

    def refuse(route: Route) -> None:
        route.abort()

    page.clock.install()
    page.reload()
    page.route("**/*.json", refuse)
    page.clock.run_for(60_000)

    expect(page.locator("[data-status]")).to_contain_text("No answer since")
    expect(page.locator(".board")).to_have_class(OLD)
    expect(attempts(page)).to_have_text("4")
    ear.complaints = [line for line in ear.complaints if "ERR_FAILED" not in line]


def test_a_screen_asks_less_often_while_nobody_answers_and_never_twice_at_once(
    open_screen: Callable[..., Page], ear: Ear
) -> None:
    page = open_screen()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.clock.install()
    page.reload()
    page.route("**/*.json", lambda route: route.abort())
    asked.clear()

    for _minute in range(60):
        page.clock.run_for(60_000)

    page.close()
    assert 10 < len(asked) < 90
    ear.complaints = [line for line in ear.complaints if "ERR_FAILED" not in line]


def test_when_the_event_closes_the_screen_thanks_without_being_touched(
    open_screen: Callable[..., Page], event: tuple[Event, Poster, Poster], save: Save
) -> None:
    page = open_screen()
    expect(page.get_by_text("Scan and take part")).to_be_visible()

    event[0].closes_at = datetime.now(UTC)
    save(event[0])

    expect(page.get_by_text("Thank you for taking part")).to_be_visible(timeout=REACH_MS)
    expect(page.get_by_text("Scan and take part")).to_have_count(0)
    expect(attempts(page)).to_have_text("4")


@pytest.mark.parametrize("viewport", [HALL, PROJECTOR])
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_screen_shows_everything_without_scrolling(
    open_screen: Callable[..., Page],
    event: tuple[Event, Poster, Poster],
    viewport: dict[str, int],
    lang: str,
) -> None:
    page = open_screen(viewport=viewport)

    page.goto(f"/board/{event[0].board_code}?lang={lang}")

    beyond = page.evaluate(
        """() => [...document.querySelectorAll('.board *')].filter((element) => {
            const box = element.getBoundingClientRect();
            return box.width && (box.right > innerWidth + 1 || box.bottom > innerHeight + 1);
        }).map((element) => element.className)"""
    )
    assert beyond == []


def test_without_scripts_a_screen_shows_the_numbers(
    open_screen: Callable[..., Page],
) -> None:
    page = open_screen(java_script_enabled=False)

    expect(attempts(page)).to_have_text("4")
    expect(page.locator('meta[http-equiv="refresh"]')).to_have_count(1)
