"""Picture every page in every state, mode, size and language into screenshots/.

Starts a server over a database of its own with believable events and attempts. Beside the single
pictures it lays those of a phone side by side on sheets, one for each mode and language:

    python tools/screenshots.py [--only phone|sizes|desk]
"""

import argparse
import contextlib
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from flask import Flask, render_template
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from playwright.sync_api import Error as BrowserError

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from app import create_app  # noqa: E402 -- found through the line above
from core.db import db  # noqa: E402
from outreach.events.models import Team  # noqa: E402
from outreach.home import believable  # noqa: E402
from outreach.organizers import service as organizers  # noqa: E402
from tests.builders import FUJIAN, QUANZHOU, a_poster, an_event  # noqa: E402
from tests.conftest import (  # noqa: E402
    CHROMIUM,
    CHROMIUM_FLAGS,
    Server,
    SqliteDatabases,
    settings_for,
)
from tests.outreach.known import learn  # noqa: E402
from tests.outreach.papers import right_answers  # noqa: E402
from tests.phone import read_paper  # noqa: E402

OUT = ROOT / "screenshots"
PHONE, NARROW = {"width": 360, "height": 740}, {"width": 320, "height": 640}
TABLET, DESK = {"width": 820, "height": 1180}, {"width": 1280, "height": 900}
HALL, PROJECTOR = {"width": 1920, "height": 1080}, {"width": 1024, "height": 768}
LOCALES = {"zh": "zh-CN", "zh_Hant": "zh-TW", "en": "en"}
MODES = ("light", "dark", "elder")
EVENTS, ATTEMPTS, SEED = 60, 6_000, 1
SHEET_HEIGHT, SHEET_WIDTH = 1_480, 24
NAME, PASSWORD = "lin", "correct horse"
NEXT = ".quiz__steps button:last-child"
MENU = ".top__menu summary"
DONE = "**/r/*"

Look = Callable[[Page], None]


@dataclass(frozen=True)
class Shop:
    """What there is to be pictured."""

    app: Flask
    url: str
    codes: dict[str, str]
    event_id: int
    board_code: str

    def path(self, path: str) -> Look:
        """Open an address."""
        return lambda page: _open(page, path)

    def paper(self, page: Page, name: str = "open") -> None:
        """Open a paper."""
        _open(page, f"/q/{self.codes[name]}")

    def tick(self, page: Page, *, right: int = 10, skip: tuple[int, ...] = ()) -> None:
        """Answer an open paper, the first questions rightly, and go to its end."""
        key = right_answers(self.app, read_paper("", page.content()))
        for n, (name, places) in enumerate(key.items(), 1):
            boxes = page.locator(f"#{name} input")
            count = boxes.count()
            wrong = [str(p) for p in range(1, count + 1) if str(p) not in places][:1] or ["1"]
            for place in places if n <= right else wrong:
                if n not in skip:
                    boxes.nth(int(place) - 1).evaluate("box => box.click()")
        for _ in key:
            page.locator(NEXT).click()

    def result(self, page: Page, *, right: int = 10, name: str = "open") -> None:
        """Hand a paper in."""
        self.paper(page, name)
        self.tick(page, right=right)
        page.locator(".quiz__end [type=submit]").click()
        page.wait_for_url(DONE)

    def answering(self, page: Page) -> None:
        """Stop in the middle of a paper."""
        self.paper(page)
        page.locator("#q1 input").first.evaluate("box => box.click()")
        page.locator(NEXT).click()
        page.locator("#q2 input").nth(1).evaluate("box => box.click()")

    def looking_over(self, page: Page) -> None:
        """Come to the end with questions left out."""
        self.paper(page)
        self.tick(page, skip=(3, 7))

    def offline(self, page: Page) -> None:
        """Hand in without a signal."""
        self.paper(page)
        self.tick(page)
        page.context.set_offline(True)
        page.locator(".quiz__end [type=submit]").click()
        page.wait_for_timeout(1_000)

    def incomplete(self, page: Page) -> None:
        """Hand in with answers missing, past the script."""
        self.paper(page)
        page.locator("#q1 input").first.evaluate("box => box.click()")
        page.locator("#paper").evaluate("form => form.submit()")
        page.wait_for_selector("[data-notice]")

    def practice(self, page: Page) -> None:
        """Hand in a second time."""
        self.result(page)
        self.result(page, right=7)

    def certificate(self, page: Page) -> None:
        """Make a picture of the certificate."""
        self.result(page, right=9)
        page.locator("#holder").fill("林小茶")
        page.locator("[data-certificate] button").click()
        page.wait_for_selector("[data-certificate] img:not([hidden])")
        page.locator("[data-certificate]").scroll_into_view_if_needed()

    def fault(self, page: Page, name: str, **values: object) -> None:
        """Show the page of a fault that the server does not have now, as it would send it."""
        (mode,) = [c["value"] for c in page.context.cookies() if c["name"] == "display"] or [""]
        headers = {
            "Accept-Language": page.evaluate("navigator.language"),
            "Cookie": f"display={mode}; __Host-display={mode}",
        }
        with self.app.test_request_context("/fault", headers=headers):
            html = render_template(name, **values)
        page.route("**/fault", lambda route: route.fulfill(body=html, content_type="text/html"))
        _open(page, "/fault")

    def looks(self) -> dict[str, Look]:
        """Return what a participant may see, by name."""
        return {
            "home": self.path("/"),
            "home-bad-code": self.path("/?code=nonsense"),
            "paper": self.paper,
            "paper-answering": self.answering,
            "paper-looking-over": self.looking_over,
            "paper-offline": self.offline,
            "paper-incomplete": self.incomplete,
            "paper-online": lambda page: self.paper(page, "online"),
            "result-all-right": self.result,
            "result-half": lambda page: self.result(page, right=5),
            "result-practice": self.practice,
            "certificate": self.certificate,
            "planned": self.path(f"/q/{self.codes['planned']}"),
            "closed": self.path(f"/q/{self.codes['closed']}"),
            "cancelled": self.path(f"/q/{self.codes['cancelled']}"),
            "withdrawn": self.path(f"/q/{self.codes['withdrawn']}"),
            "unknown": self.path("/q/AAAAAAAA"),
            "not-there": self.path("/nothing-here"),
            "fault-500": lambda page: self.fault(page, "errors/500.html"),
            "fault-503": lambda page: self.fault(page, "errors/503.html"),
            "fault-busy": lambda page: self.fault(
                page,
                "outreach/participation/busy.html",
                code=self.codes["open"],
                ticket="",
                kept=[],
            ),
            "calendar": self.path("/calendar"),
            "topics": self.path("/learn"),
            "topic": self.path("/learn/food-waste"),
            "participation": self.path("/participation"),
            "prefecture": self.path(f"/participation/{QUANZHOU}"),
            "sign-in": self.path("/organize/sign-in"),
        }


def _open(page: Page, path: str) -> None:
    page.goto(path, wait_until="load")


def fill(app: Flask) -> tuple[dict[str, str], int, str]:
    """Add events in every state; return codes by state, and the open event's id and board."""
    now = datetime.now(UTC)
    past = {"opens_at": now - timedelta(days=2), "closes_at": now - timedelta(days=1)}
    future = {"opens_at": now + timedelta(days=3), "closes_at": now + timedelta(days=4)}
    event = an_event(site="晋江市陈埭镇第一鞋业有限公司食堂")
    team = Team(event=event, name="二车间早班", roster_size=40)
    posters = {
        "open": a_poster(event, team=team),
        "withdrawn": a_poster(event, withdrawn_at=now),
        "online": a_poster(an_event(kind="online", region_code=FUJIAN, site="live.example.cn")),
        "planned": a_poster(an_event(**future)),
        "closed": a_poster(an_event(**past)),
        "cancelled": a_poster(an_event(cancelled_at=now)),
    }
    with app.app_context():
        believable.fill(EVENTS, ATTEMPTS, SEED)
        db.session.add_all(posters.values())
        organizers.add(NAME, PASSWORD, QUANZHOU, edits_questions=True, reviews_questions=True)
        db.session.commit()
        codes = {name: poster.code for name, poster in posters.items()}
        found = codes, event.id, event.board_code
        db.session.remove()
    learn(app)
    return found


@contextlib.contextmanager
def opened() -> Iterator[Shop]:
    """Open shop over a database of one's own."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        databases = SqliteDatabases(folder)
        (folder / "shop").mkdir()
        url = databases.fresh(folder / "shop")
        app = create_app(settings_for(url, folder))
        codes, event_id, board_code = fill(app)
        server = Server(url, folder)
        server.wait()
        try:
            yield Shop(app, server.url, codes, event_id, board_code)
        finally:
            server.stop()
            with app.app_context():
                db.engine.dispose()


def browser_of(browser: Browser, shop: Shop, lang: str, mode: str, size: dict[str, int]) -> Page:
    """Return a page of a browser that remembers nothing but a mode."""
    is_phone = size["width"] < DESK["width"] // 2
    context: BrowserContext = browser.new_context(
        base_url=shop.url,
        locale=LOCALES[lang],
        viewport=size,
        has_touch=is_phone,
        color_scheme="dark" if mode == "dark" else "light",
        reduced_motion="reduce",
        device_scale_factor=1,
    )
    if mode == "elder":
        context.add_cookies([{"name": "display", "value": "elder", "url": shop.url}])
    context.set_default_timeout(15_000)
    return context.new_page()


def shoot(page: Page, name: str, *, whole: bool = True) -> Path:
    """Save a picture."""
    path = OUT / f"{name}.png"
    page.screenshot(path=path, full_page=whole)
    return path


def phone(browser: Browser, shop: Shop) -> None:
    """Picture all a participant sees, in each mode and language, and lay it on sheets."""
    for lang in LOCALES:
        for mode in MODES:
            pictures = []
            for name, look in shop.looks().items():
                page = browser_of(browser, shop, lang, mode, PHONE)
                try:
                    look(page)
                except BrowserError as error:
                    print(f"{lang} {mode} {name}: {error.message.splitlines()[0]}")
                is_whole = name not in {"certificate", "paper-offline"}
                pictures.append(shoot(page, f"{lang}-phone-{mode}-{name}", whole=is_whole))
                page.context.close()
            lay_out(pictures, OUT / f"sheet-{lang}-{mode}.png")


def lay_out(pictures: list[Path], path: Path) -> None:
    """Put the upper part of pictures side by side."""
    opened = [Image.open(picture) for picture in pictures]
    heights = [min(image.height, SHEET_HEIGHT) for image in opened]
    width = sum(image.width + SHEET_WIDTH for image in opened)
    sheet = Image.new("RGB", (width, max(heights)), "grey")
    at = 0
    for image in opened:
        sheet.paste(image.crop((0, 0, image.width, min(image.height, SHEET_HEIGHT))), (at, 0))
        at += image.width + SHEET_WIDTH
    sheet.save(path)


def sizes(browser: Browser, shop: Shop) -> None:
    """Picture the main pages on the narrowest phone, a tablet and a desk; and the big screen."""
    main = ("home", "paper", "result-half", "participation", "topics", "calendar")
    for lang, locale in LOCALES.items():
        for label, size in (("320", NARROW), ("tablet", TABLET), ("wide", DESK)):
            for name in main:
                page = browser_of(browser, shop, lang, "light", size)
                shop.looks()[name](page)
                shoot(page, f"{lang}-{label}-{name}")
                page.context.close()
        for label, size in (("hall", HALL), ("projector", PROJECTOR), ("phone", PHONE)):
            page = browser_of(browser, shop, lang, "light", size)
            _open(page, f"/board/{shop.board_code}?lang={lang}")
            shoot(page, f"{lang}-board-{label}", whole=False)
            page.context.close()
        bare = browser.new_context(
            base_url=shop.url, locale=locale, viewport=PHONE, java_script_enabled=False
        )
        page = bare.new_page()
        shop.paper(page)
        shoot(page, f"{lang}-phone-paper-without-script")
        bare.close()


def desk(browser: Browser, shop: Shop) -> None:
    """Picture the organizers' and editors' pages on a desk, a phone, and in large letters."""
    event = f"/organize/events/{shop.event_id}"
    paths = {
        "desk": "/organize/",
        "event": event,
        "event-edit": f"{event}/edit",
        "posters": f"{event}/posters",
        "teams": f"{event}/teams",
        "poster-print": f"/organize/posters/{shop.codes['open']}/print",
        "quizzes": "/organize/quizzes/",
        "reports": "/organize/reports",
        "people": "/organize/people",
        "figures": "/organize/figures",
        "knowledge": "/organize/knowledge",
        "account": "/organize/account",
        "bank": "/bank/",
    }
    for lang in LOCALES:
        for label, size, mode in (
            ("wide", DESK, "light"),
            ("phone", PHONE, "light"),
            ("phone-elder", PHONE, "elder"),
            ("wide-dark", DESK, "dark"),
        ):
            page = browser_of(browser, shop, lang, mode, size)
            _open(page, "/organize/")
            page.fill("#name", NAME)
            page.fill("#password", PASSWORD)
            page.press("#password", "Enter")
            page.wait_for_url("**/organize/")
            for name, path in paths.items():
                _open(page, path)
                shoot(page, f"{lang}-{label}-organize-{name}")
            if page.locator(MENU).is_visible():
                page.locator(MENU).click()
                shoot(page, f"{lang}-{label}-organize-menu", whole=False)
            page.context.close()


def main() -> None:
    """Take all pictures anew, or some."""
    parts = {"phone": phone, "sizes": sizes, "desk": desk}
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--only", choices=parts)
    only = arguments.parse_args().only
    if not only:
        shutil.rmtree(OUT, ignore_errors=True)
    OUT.mkdir(exist_ok=True)
    with opened() as shop, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_FLAGS)
        for name, part in parts.items():
            if only in {None, name}:
                part(browser, shop)
        browser.close()
    print(f"{len(list(OUT.glob('*.png')))} pictures in {OUT}")


if __name__ == "__main__":
    main()
