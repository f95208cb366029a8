"""What is measured on a page: widths, targets, colours, letters, and what axe-core finds."""

from dataclasses import dataclass, field
from importlib.resources import files

from playwright.sync_api import Page

from tests.browser.conftest import PHONE, Ear

NARROW = {"width": 320, "height": 640}
LARGE_LETTERS = "200%"
TARGET, ELDER_TARGET, ELDER_TEXT = 44, 60, 18
TEXT_CONTRAST = 4.5
LARGE_TEXT_CONTRAST = 3
AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# All else that axe-core looks at is the same in every mode: modes are tokens. In forced colours it
# takes the page's own for the system's, so contrast is measured here.
RULES_OF_LOOKS = ["color-contrast", "link-in-text-block", "target-size"]
BARRIERS = """async (only) => {
  const { violations } = await axe.run(document, { runOnly: only, resultTypes: ["violations"] });
  const shown = ({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html.slice(0, 120)}`);
  return violations.flatMap(shown);
}"""

WIDER_THAN_THE_PAGE = """() => {
  const page = document.documentElement;
  if (page.scrollWidth <= page.clientWidth) return [];
  const sticksOut = (element) => element.getBoundingClientRect().right > page.clientWidth + 0.5;
  const wide = [...document.body.querySelectorAll("*")].filter(
    (element) => sticksOut(element) && ![...element.children].some(sticksOut)
  );
  const names = wide.map((element) => `${element.localName}.${element.getAttribute("class")}`);
  return [`${page.scrollWidth} of ${page.clientWidth} px`, ...new Set(names)];
}"""
# A box counts with its whole row, and links within a sentence are as high as its line.
SMALL_TARGETS = """(least) => {
  const controls = [...document.querySelectorAll("a, button, select, summary, input, label")];
  const small = controls.filter((control) => {
    if (!control.checkVisibility() || control.matches(".skip, input[type=hidden], label input")) {
      return false;
    }
    if (control.matches("label") && !control.querySelector("input")) return false;
    const paragraph = control.matches("a") && control.closest("p");
    if (paragraph && paragraph.textContent.trim() !== control.textContent.trim()) return false;
    const { width, height } = control.getBoundingClientRect();
    return height < least - 0.5 || width < 24;
  });
  return small.map((control) => control.outerHTML.slice(0, 120));
}"""
# For each text its colour and that of the nearest ground behind it; pictures are left out.
COLOURS = """() => {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const found = new Map();
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.textContent.trim() || !element.checkVisibility()) continue;
    if (element.closest(".unseen, .skip, :disabled, option, script")) continue;
    let ground = element;
    while (ground !== document.body && getComputedStyle(ground).backgroundColor.endsWith(", 0)")) {
      ground = ground.parentElement;
    }
    const { color, fontSize, fontWeight } = getComputedStyle(element);
    const size = parseFloat(fontSize);
    const isLarge = size >= 24 || (size >= 18.66 && fontWeight >= 700);
    const colours = [color, getComputedStyle(ground).backgroundColor, isLarge];
    found.set(colours.join(), [...colours, element.outerHTML.slice(0, 90)]);
  }
  return [...found.values()];
}"""
SMALL_TEXT = """(least) => {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const found = new Set();
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.textContent.trim() || !element.checkVisibility()) continue;
    if (element.closest(".unseen, .skip, svg, script, sup")) continue;
    const size = parseFloat(getComputedStyle(element).fontSize);
    if (size < least) found.add(element.outerHTML.slice(0, 90));
  }
  return [...found];
}"""


def luminance(colour: str) -> float:
    """Return the relative luminance of `rgb(…)` or `rgba(…)`, as WCAG 2.2 defines it."""
    shares = [float(part) / 255 for part in colour.split("(")[1].rstrip(")").split(",")[:3]]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in shares)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours, from 1 to 21."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def pale_texts(page: Page) -> list[str]:
    """Return the texts that stand out too little from their ground."""
    return [
        f"{contrast(colour, ground):.2f} {html}"
        for colour, ground, is_large, html in page.evaluate(COLOURS)
        if contrast(colour, ground) < (LARGE_TEXT_CONTRAST if is_large else TEXT_CONTRAST)
    ]


@dataclass
class Survey:
    """What was found on each page: a line for each fault."""

    too_wide: list[str] = field(default_factory=list)
    too_wide_in_large_letters: list[str] = field(default_factory=list)
    small_targets: list[str] = field(default_factory=list)
    pale: list[str] = field(default_factory=list)
    pale_at_night: list[str] = field(default_factory=list)
    light_at_night: list[str] = field(default_factory=list)
    small_targets_for_elders: list[str] = field(default_factory=list)
    small_text_for_elders: list[str] = field(default_factory=list)
    barriers: list[str] = field(default_factory=list)
    ear: Ear = field(default_factory=Ear)

    def look(
        self, page: Page, name: str, *, has_script: bool = True, has_elder: bool = True
    ) -> None:
        """Measure a page that is open.

        :param has_script: a browser without scripts runs no axe-core either
        :param has_elder: whether the page has a mode of large letters
        """
        if has_script:
            page.evaluate(AXE)
            self._note_barriers(page, name, TAGS)
        self._note(self.small_targets, name, page.evaluate(SMALL_TARGETS, TARGET))
        self._note(self.pale, name, pale_texts(page))
        page.emulate_media(color_scheme="dark")
        self._note(self.pale_at_night, name, pale_texts(page))
        if luminance(page.evaluate("getComputedStyle(document.body).backgroundColor")) > 0.2:
            self.light_at_night.append(name)
        if has_script:
            self._note_barriers(page, f"{name} in the dark", RULES_OF_LOOKS)
        page.emulate_media(color_scheme="light", forced_colors="active")
        self._note(self.pale, f"{name} in forced colours", pale_texts(page))
        page.emulate_media(color_scheme="light", forced_colors="none")
        page.set_viewport_size(NARROW)
        self._note(self.too_wide, name, page.evaluate(WIDER_THAN_THE_PAGE))
        page.set_viewport_size(PHONE)
        page.evaluate("size => document.documentElement.style.fontSize = size", LARGE_LETTERS)
        self._note(self.too_wide_in_large_letters, name, page.evaluate(WIDER_THAN_THE_PAGE))
        page.evaluate("() => document.documentElement.removeAttribute('style')")
        if has_elder:
            self._look_as_elders_do(page, name, has_script=has_script)

    def _look_as_elders_do(self, page: Page, name: str, *, has_script: bool) -> None:
        page.evaluate("() => document.documentElement.classList.add('elder')")
        self._note(self.small_targets_for_elders, name, page.evaluate(SMALL_TARGETS, ELDER_TARGET))
        self._note(self.small_text_for_elders, name, page.evaluate(SMALL_TEXT, ELDER_TEXT))
        if has_script:
            self._note_barriers(page, f"{name} in elder mode", RULES_OF_LOOKS)
        page.set_viewport_size(NARROW)
        self._note(self.too_wide, f"{name} in elder mode", page.evaluate(WIDER_THAN_THE_PAGE))
        page.set_viewport_size(PHONE)

    def _note_barriers(self, page: Page, name: str, only: list[str]) -> None:
        self._note(self.barriers, name, page.evaluate(BARRIERS, only))

    @staticmethod
    def _note(faults: list[str], name: str, found: list[str]) -> None:
        if found:
            faults.append(f"{name}: {'; '.join(found)}")
