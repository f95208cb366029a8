"""The home page on a wide screen."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.builders import an_event
from tests.conftest import Server

pytestmark = pytest.mark.browser


def test_events_of_one_prefecture_alone_use_the_whole_width(
    save: Callable[..., Any], server: Server, browser: Browser
) -> None:
    save(an_event(), an_event(), an_event())
    page = browser.new_page(viewport={"width": 1280, "height": 800})

    page.goto(server.url)

    tops, right = page.locator(".open-row__events > li").evaluate_all(
        "cards => cards.map(card => card.getBoundingClientRect())"
        ".reduce(([tops, right], box) => [[...tops, box.top], Math.max(right, box.right)], [[], 0])"
    )
    whole = page.locator(".hero").evaluate("hero => hero.getBoundingClientRect().right")
    page.close()
    assert len(tops) == 3
    assert len(set(tops)) == 1
    assert abs(right - whole) < 2
