"""Printed pages: our fonts and colours, text set in lines, and what stands on every page."""

import unicodedata
import weakref
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from fontTools.ttLib import TTFont
from fpdf import FPDF
from fpdf.fonts import TTFFont

from core.typesetting import Line, Run, break_lines

FONTS = Path(__file__).parent / "fonts"
IMAGES = Path(__file__).parent.parent / "static" / "img"
FAMILY = "NotoSansSC"
POINT = 25.4 / 72  # millimetres
ABOVE_BASELINE = 0.88  # em, of a Chinese character
MOST_SPREAD = 0.1  # em, how far the characters of a justified line may move apart
ROUNDING = 1e-6
SHRINK = 0.94  # how much smaller the next size is that a long title is tried in
UNKNOWN_SIGN = "□"  # printed for a character that our fonts lack

# The light colours of static/css/tokens.css.
PAPER = "#f7f1e5"
SHEET = "#fffdf8"
INK = "#22282b"
INK_SOFT = "#5a6062"
LINE = "#ddd0b8"
OCHRE = "#9c4a1a"
OCHRE_DEEP = "#7d3810"
OCHRE_WASH = "#f6e7d6"
ON_OCHRE = "#fffaf2"
TEA = "#2d6539"
TEA_WASH = "#e6f0e0"
SEAL = "#a52a1b"
STRAIT = "#1c5a7d"


@dataclass(frozen=True, slots=True)
class Style:
    """How a text looks.

    `size` is in points; `leading`, from line to line, in em. `stress` is the colour of the bold
    parts of a text that is not bold as a whole.
    """

    size: float
    leading: float = 1.6
    colour: str = INK
    stress: str = OCHRE_DEEP
    is_bold: bool = False

    @property
    def em(self) -> float:
        """The size in millimetres."""
        return self.size * POINT

    @property
    def line_height(self) -> float:
        """From baseline to baseline, in millimetres."""
        return self.em * self.leading


def colour_operator(colour: str, *, is_line: bool = False) -> str:
    """Return the PDF operator that sets the colour of areas, or of lines, from "#rrggbb"."""
    parts = (int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5))
    return " ".join(f"{part:.3f}" for part in parts) + (" RG" if is_line else " rg")


@cache
def _known() -> frozenset[int]:
    """Return the characters that our fonts have, both weights the same."""
    with TTFont(FONTS / "NotoSansSC-Regular.ttf", lazy=True) as font:
        return frozenset(font.getBestCmap())


def unknown_in(text: str) -> str:
    """Return the characters of a text that our fonts lack, each once, in order.

    Marks that only change their neighbour or cannot be seen are passed over.
    """
    return "".join(dict.fromkeys(c for c in text if ord(c) not in _known() and not _is_unseen(c)))


def printable(text: str) -> str:
    """Return a text as our fonts can print it, `UNKNOWN_SIGN` for what they lack."""
    seen = (c for c in unicodedata.normalize("NFC", text) if not _is_unseen(c))
    return "".join(c if ord(c) in _known() else UNKNOWN_SIGN for c in seen)


def _is_unseen(character: str) -> bool:
    """Tell whether a character shows nothing of its own: controls, joiners, variants, accents."""
    is_skin_tone = "\U0001f3fb" <= character <= "\U0001f3ff"
    return is_skin_tone or unicodedata.category(character) in {"Cc", "Cf", "Cn", "Co", "Cs", "Mn"}


def _close(fonts: Iterable[TTFont]) -> None:
    for font in fonts:
        font.close()


class Document(FPDF):
    """Pages of one size in our fonts; all lengths in millimetres.

    Only what a page shows of the fonts is embedded; its text can be selected and searched.
    """

    def __init__(self, size: tuple[float, float], *, margin: float, lang: str, title: str) -> None:
        super().__init__(unit="mm", format=size)
        self.set_margin(margin)
        self.set_auto_page_break(auto=False, margin=margin)
        self.set_lang(lang)
        self.set_title(title)
        self.add_font(FAMILY, "", FONTS / "NotoSansSC-Regular.ttf")
        self.add_font(FAMILY, "B", FONTS / "NotoSansSC-Bold.ttf")
        # fpdf2 leaves the files open until somebody collects them.
        fonts = [font.ttfont for font in self.fonts.values() if isinstance(font, TTFFont)]
        weakref.finalize(self, _close, fonts)
        self.running_head: tuple[str, str] | None = None
        self._numbered: set[int] = set()
        self._widths: dict[tuple[str, bool], float] = {}

    def new_page(self, running_head: tuple[str, str] | None = None) -> None:
        """Begin a page; with a running head (for its left and right end) it is also numbered."""
        self.running_head = running_head
        self.add_page()

    def header(self) -> None:
        """Draw the running head of a page that has one."""
        if self.running_head is None:
            return
        self._numbered.add(self.page)
        style, y = Style(7.5, colour=INK_SOFT), self.t_margin - 8
        left, right = self.running_head
        self.write_line(left, self.l_margin, y, style)
        self.write_line(right, self.w - self.r_margin, y, style, align="end")
        self.rule(y + style.line_height + 0.6)

    def footer(self) -> None:
        """Draw the number of a page that has one."""
        if self.page in self._numbered:
            style = Style(8, colour=INK_SOFT)
            self.write_line(str(self.page), self.w / 2, self.h - self.b_margin + 5, style, "middle")

    def measure(self, text: str, is_bold: bool) -> float:
        """Return the width of a text in em."""
        return sum(self._width(character, is_bold) for character in text)

    def _width(self, character: str, is_bold: bool) -> float:
        key = character, is_bold
        if key not in self._widths:
            self.set_font(FAMILY, "B" if is_bold else "", 1 / POINT)
            self._widths[key] = self.get_string_width(character)
        return self._widths[key]

    def break_text(self, runs: Iterable[Run], width: float, style: Style) -> list[Line]:
        """Break a text into lines of this width."""
        whole = [Run(run.text, run.is_bold or style.is_bold) for run in runs]
        return break_lines(whole, self.measure, width / style.em)

    def fit_text(
        self, text: str, box: tuple[float, float], style: Style, smallest: float
    ) -> tuple[list[Line], Style]:
        """Break a text so that it fits a box (width and height), in smaller letters if need be.

        What does not fit even in the smallest size (in points) ends with “…”.
        """
        width, height = box
        while True:
            lines = self.break_text([Run(text)], width, style)
            most_lines = max(int(height / style.line_height + ROUNDING), 1)
            if len(lines) <= most_lines:
                return lines, style
            if style.size <= smallest:
                return self._cut(lines, most_lines, width, style), style
            style = replace(style, size=max(style.size * SHRINK, smallest))

    def _cut(self, lines: list[Line], most_lines: int, width: float, style: Style) -> list[Line]:
        text = lines[most_lines - 1].text
        while self.measure(text + "…", style.is_bold) * style.em > width:
            text = text[:-1]
        return [*lines[: most_lines - 1], *self.break_text([Run(text + "…")], width * 2, style)]

    def write_lines(
        self, lines: Sequence[Line], x: float, y: float, style: Style, *, width: float | None = None
    ) -> float:
        """Write lines below each other and return where the next one would begin.

        With a width, all lines but the last are spread to it where that takes little.
        """
        for line in lines:
            spread = 0.0 if width is None or line.is_last else width / style.em - line.width
            gaps = len(line.text) - 1
            if gaps < 1 or not 0 < spread <= MOST_SPREAD * gaps:
                spread = 0.0
            self._write(line.runs, x, y, style, spread / max(gaps, 1))
            y += style.line_height
        return y

    def write_line(
        self, text: str, x: float, y: float, style: Style, align: str = "start"
    ) -> float:
        """Write one line, its start, middle or end at x; return its width."""
        width = self.measure(text, style.is_bold) * style.em
        left = x - {"start": 0.0, "middle": width / 2, "end": width}[align]
        self._write([Run(text, style.is_bold)], left, y, style, 0.0)
        return width

    def _write(self, runs: Iterable[Run], x: float, y: float, style: Style, spread: float) -> None:
        baseline = y + (style.line_height - style.em) / 2 + ABOVE_BASELINE * style.em
        widths = [(run, self.measure(run.text, run.is_bold)) for run in runs]
        self.set_char_spacing(spread * style.size)  # the PDF operator counts in points
        for run, width in widths:
            is_stressed = run.is_bold and not style.is_bold
            self.set_font(FAMILY, "B" if run.is_bold else "", style.size)
            self.set_text_color(style.stress if is_stressed else style.colour)
            self.text(x, baseline, run.text)
            x += (width + spread * len(run.text)) * style.em
        self.set_char_spacing(0)

    def rule(self, y: float, colour: str = LINE) -> None:
        """Draw a thin line from margin to margin."""
        self.set_draw_color(colour)
        self.set_line_width(0.25)
        self.line(self.l_margin, y, self.w - self.r_margin, y)

    def fill(self, x: float, y: float, width: float, height: float, colour: str) -> None:
        """Fill a box."""
        self.set_fill_color(colour)
        self.rect(x, y, width, height, style="F")

    def fill_boxes(self, boxes: Iterable[tuple[float, float, float, float]], colour: str) -> None:
        """Fill boxes (x, y, width, height) as one shape, so that no seam shows between them."""
        listed = " ".join(f"{x:.3f} {y:.3f} {w:.3f} {h:.3f} re" for x, y, w, h in boxes)
        self.paint(f"{colour_operator(colour)} {listed} f")

    def paint(self, operators: str) -> None:
        """Add PDF's own drawing operators, in millimetres from the upper left corner."""
        self._out(f"q {self.k:.5f} 0 0 {-self.k:.5f} 0 {self.h * self.k:.3f} cm {operators} Q")

    @property
    def bottom(self) -> float:
        """Where the text of a page ends."""
        return self.h - self.b_margin
