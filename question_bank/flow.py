"""An author's texts flowing over the pages of a PDF, in one language."""

from collections.abc import Sequence

from core.pdf import Document, Style
from core.typesetting import Line, Run
from question_bank.content import EMPHASIS

EPSILON = 1e-6  # mm
NARROW = str.maketrans("“”‘’", "\"\"''")


class Flow:
    """Text between the margins, from where the page stands (`y`) down and on to the next page."""

    def __init__(self, pages: Document, locale: str) -> None:
        self.pages, self.locale = pages, locale

    @property
    def width(self) -> float:
        """From margin to margin, in millimetres."""
        return self.pages.w - self.pages.l_margin - self.pages.r_margin

    def break_text(self, text: str, width: float, style: Style) -> list[Line]:
        """Break a text into lines; `**…**` stresses."""
        if self.locale == "en":  # the font's curly quotation marks are as wide as Chinese ones
            text = text.translate(NARROW)
        runs, end = [], 0
        for found in EMPHASIS.finditer(text):
            runs += [Run(text[end : found.start()]), Run(found[1], is_bold=True)]
            end = found.end()
        runs.append(Run(text[end:]))
        return self.pages.break_text((run for run in runs if run.text), width, style)

    def paragraph(self, text: str, style: Style, *, indent: float = 0, after: float = 0) -> None:
        """Write a text and leave some room after it."""
        width = self.width - indent
        self.write(self.break_text(text, width, style), self.pages.l_margin + indent, width, style)
        self.pages.y += after

    def write(self, lines: Sequence[Line], x: float, width: float, style: Style) -> None:
        """Write lines, on the next page what this one has no room for."""
        rest = list(lines)
        while rest:
            self.make_room(style.line_height)
            room = int((self.pages.bottom - self.pages.y) / style.line_height + EPSILON)
            self.pages.y = self.place(rest[:room], x, self.pages.y, width, style)
            rest = rest[room:]

    def place(self, lines: Sequence[Line], x: float, y: float, width: float, style: Style) -> float:
        """Write lines here and return where they end; Chinese ones are spread to the width."""
        spread_to = width if self.locale == "zh" else None
        return self.pages.write_lines(lines, x, y, style, width=spread_to)

    def make_room(self, height: float) -> None:
        """Go on to a new page if this one has too little room left."""
        if self.pages.y + height > self.pages.bottom + EPSILON:
            self.pages.new_page(self.pages.running_head)
