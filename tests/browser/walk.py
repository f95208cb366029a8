"""What a participant does: scan, tap choices, hand in."""

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import resvg_py
import zxingcpp
from PIL import Image
from playwright.sync_api import APIRequestContext, Locator, Page

from question_bank.content import Text

READ_QUESTIONS = """() =>
  [...document.querySelectorAll("fieldset.question:not(.place)")].map((question) => ({
    id: question.id,
    stem: question.querySelector("legend").textContent.replace(/^\\s*\\d+\\.\\s*/, "").trim(),
    isMultiple: question.querySelector("input").type === "checkbox",
    choices: [...question.querySelectorAll("label")].map((label) => label.textContent.trim()),
  }))
"""
HAND_IN = ".quiz__end [type=submit]"
NEXT = ".quiz__steps button:last-child"
BACK = ".quiz__steps button:first-child"


@dataclass(frozen=True)
class Shown:
    """A question as it stands on the page."""

    id: str
    stem: str
    is_multiple: bool
    choices: tuple[str, ...]


Choose = Callable[[Shown], Sequence[int]]


def first_choice(_question: Shown) -> Sequence[int]:
    """Choose the first, whatever it says."""
    return [0]


def second_choice(_question: Shown) -> Sequence[int]:
    """Choose the second, whatever it says."""
    return [1]


def questions_of(page: Page) -> list[Shown]:
    """Read the questions of an open paper."""
    return [
        Shown(found["id"], found["stem"], found["isMultiple"], tuple(found["choices"]))
        for found in page.evaluate(READ_QUESTIONS)
    ]


def choice(page: Page, number: int, place: int = 0) -> Locator:
    """Find the row of a choice: question from 1, place from 0."""
    return page.locator(f"#q{number} label").nth(place)


@dataclass
class Finger:
    """Taps on a phone and counts the taps."""

    page: Page
    taps: int = field(default=0, init=False)

    def tap(self, place: str | Locator) -> None:
        """Tap once."""
        locator = self.page.locator(place) if isinstance(place, str) else place
        locator.tap()
        self.taps += 1

    def answer(self, choose: Choose = first_choice) -> None:
        """Answer every question from the first to the last."""
        is_stepped = self.page.locator(NEXT).is_visible()
        for question in questions_of(self.page):
            for place in choose(question):
                self.tap(self.page.locator(f"#{question.id} label").nth(place))
            if is_stepped and question.is_multiple:
                self.tap(NEXT)

    def hand_in(self) -> None:
        """Hand in and wait for the result."""
        self.tap(HAND_IN)
        self.page.wait_for_url("**/r/*")


def plain(text: Text, language: str) -> str:
    """Return an author's text as it reads on the page."""
    return text.in_(language).replace("**", "").strip()


def scan(image: Image.Image) -> str:
    """Read the one code in a picture, as a phone's camera does."""
    (found,) = zxingcpp.read_barcodes(image)
    return found.text


def scan_png(content: bytes) -> str:
    """Read the code in a PNG."""
    return scan(Image.open(io.BytesIO(content)))


def scan_files(organizer: APIRequestContext, code: str) -> str:
    """Read a poster's files and return the link that both hold."""
    png = organizer.get(f"/organize/posters/{code}.png")
    svg = organizer.get(f"/organize/posters/{code}.svg")
    assert (png.headers["content-type"], svg.headers["content-type"].partition(";")[0]) == (
        "image/png",
        "image/svg+xml",
    )
    drawn = bytes(resvg_py.svg_to_bytes(svg_string=svg.text()))
    assert scan_png(drawn) == scan_png(png.body())
    return scan_png(drawn)
