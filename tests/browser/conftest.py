"""Browsers of their own for each test, with an ear at every console.

A production server takes a second to start, so the tests of a module share one, and its database:
each makes events of its own and counts those only.
"""

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Response, expect

from tests.builders import FUJIAN
from tests.conftest import Databases, Server

PHONE = {"width": 360, "height": 740}
PATIENCE_MS = 60_000  # for a machine that is busy with other tests
NUMBERS = itertools.count(1)

expect.set_options(timeout=PATIENCE_MS)


def sign_in(page: Page, name: str) -> None:
    """Sign an organizer in."""
    page.goto("/organize/")
    page.locator("#name").fill(name)
    page.locator("#password").fill("correct horse")
    page.locator("#password").press("Enter")
    page.wait_for_url("**/organize/")


class Ear:
    """Hears what pages complain of: scripts that fail, files that are missing or forbidden.

    A page that answers 404 or 422 is no fault by itself, though Chromium writes it down.
    """

    def __init__(self) -> None:
        self.complaints: list[str] = []
        self._navigated: set[str] = set()

    def listen(self, context: BrowserContext) -> None:
        """Hear all pages of a browser."""
        context.on("response", self._note_page)
        context.on("console", self._hear)
        context.on("weberror", lambda error: self.complaints.append(str(error.error)))

    def _note_page(self, response: Response) -> None:
        if response.request.is_navigation_request():
            self._navigated.add(response.url)

    def _hear(self, message: ConsoleMessage) -> None:
        url = message.location["url"]
        is_status = message.text.startswith("Failed to load resource") and url in self._navigated
        if message.type in {"error", "warning"} and not is_status:
            self.complaints.append(f"{message.type} on {url}: {message.text}")


@pytest.fixture(scope="module")
def database_url(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Fill the one database of a module, for `server` as for `save` and `rows`."""
    url = databases.fresh(tmp_path_factory.mktemp("browser"))
    yield url
    databases.drop(url)


@pytest.fixture(scope="module")
def server(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(database_url, tmp_path_factory.mktemp("server"))
    server.wait()
    yield server
    server.stop()


@pytest.fixture
def ear() -> Ear:
    """Listen to all browsers of a test."""
    return Ear()


@pytest.fixture
def open_browser(
    browser: Browser, server: Server, ear: Ear
) -> Iterator[Callable[..., BrowserContext]]:
    """Open browsers that remember nothing; at the end no console may have complained."""
    contexts = []

    def open_browser(**options: Any) -> BrowserContext:
        context = browser.new_context(base_url=server.url, **options)
        context.set_default_timeout(PATIENCE_MS)
        ear.listen(context)
        contexts.append(context)
        return context

    yield open_browser
    for context in contexts:
        context.close()
    assert not ear.complaints


@pytest.fixture
def open_phone(open_browser: Callable[..., BrowserContext]) -> Callable[..., Page]:
    """Take new phones, 360 px wide, that ask for Chinese unless told otherwise."""

    def open_phone(locale: str = "zh-CN", **options: Any) -> Page:
        usual = {
            "viewport": PHONE,
            "has_touch": True,
            "is_mobile": True,
            "reduced_motion": "reduce",  # nothing to wait for
        }
        return open_browser(locale=locale, **(usual | options)).new_page()

    return open_phone


@pytest.fixture
def open_desk(
    open_browser: Callable[..., BrowserContext], add_organizer: Callable[..., int]
) -> Callable[..., Page]:
    """Sign an organizer in, in a browser that asks for Chinese unless told otherwise."""

    def open_desk(locale: str = "zh-CN", region_code: str = FUJIAN, **options: Any) -> Page:
        name = f"organizer{next(NUMBERS)}"
        add_organizer(name, region_code)
        page = open_browser(locale=locale, **options).new_page()
        sign_in(page, name)
        return page

    return open_desk
