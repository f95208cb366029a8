"""Wall posters and table signs: A4, A3 and A5 share one composition.

Read in this order: title, slogan, code, how to scan it, the facts. All is drawn on white, so that
any office printer can print it and nothing is lost in black and white.
"""

from dataclasses import dataclass

from core import pdf
from core.pdf import Document, Style
from outreach.posters import motif
from outreach.posters.composition import (
    OTHERWISE,
    PRIVACY,
    call_of,
    draw_code,
    facts_of,
    within,
    write_fitted,
    write_in_line,
)
from outreach.posters.sheet import Sheet, Words


@dataclass(frozen=True, slots=True)
class Format:
    """The measures of a page, in millimetres; letters and gaps are those of A4 times a scale.

    :param field: side of the code with its quiet zone
    :param roof: radius of the tulou around it
    :param ground: where the tulou stands, from the top
    :param scale: of the title and all above the ground
    :param fact_scale: of the words below it, which are read from nearer
    """

    width: float
    height: float
    field: float
    roof: float
    ground: float
    scale: float
    fact_scale: float


A4 = Format(210.0, 297.0, 148.0, 95.0, 236.5, 1.0, 1.0)
A3 = Format(297.0, 420.0, 209.0, 134.0, 334.5, 2**0.5, 2**0.5)
A5 = Format(148.0, 210.0, 98.0, 62.0, 159.0, 0.72, 0.8)
MARGIN = 15.0  # mm on A4
COLUMNS = (0.36, 0.3, 0.34)
GAP = 5.0
TITLES_END = 66.0  # mm from the top of A4: there the roof begins
RAFTERS = 132


class Poster:
    """One page in the making."""

    def __init__(self, pages: Document, form: Format, sheet: Sheet) -> None:
        self.pages, self.form, self.sheet = pages, form, sheet
        self.k, self.f = form.scale, form.fact_scale
        self.left = MARGIN * self.k
        self.width = form.width - 2 * self.left

    def draw(self) -> None:
        """Draw all."""
        self._picture()
        self._head()
        self._titles()
        y = self.form.ground + 7 * self.f
        self._call(y)
        self._address(y)
        self._facts(y + 20.5 * self.f)
        self._foot()

    def _picture(self) -> None:
        form, half = self.form, self.form.field / 2
        x, y = form.width / 2, form.ground - half
        clip = f"0 0 {form.width:.3f} {form.ground:.3f} re W n"
        self.pages.paint(f"{clip} {motif.tulou(x, y, form.roof, half, RAFTERS)}")
        self.pages.paint(motif.strait(self.left, form.ground + 1.6 * self.k, self.width, self.k))
        draw_code(self.pages, self.sheet.code, x - half, y - half, form.field)

    def _head(self) -> None:
        pages, k, sheet = self.pages, self.k, self.sheet
        y, x = 13 * k, self.left + 14.5 * k
        share = 0.55 if sheet.team else 0.9
        pages.paint(motif.seal(self.left, y, 11 * k))
        name = Style(11.5 * k, leading=1.35, is_bold=True)
        english = Style(7.8 * k, leading=1.4, colour=pdf.INK_SOFT)
        write_in_line(pages, sheet.campaign.zh, (x, y - 0.2 * k), self.width * share, name)
        write_in_line(pages, sheet.campaign.en, (x, y + 6.2 * k), self.width * share, english)
        if sheet.team:
            right, width = self.left + self.width, self.width * 0.34
            label = Style(7.8 * k, leading=1.4, colour=pdf.INK_SOFT)
            team = Style(15 * k, leading=1.3, colour=pdf.TEA, is_bold=True)
            write_in_line(pages, "班组 Team", (right, y - 0.4 * k), width, label, align="end")
            write_in_line(pages, sheet.team, (right, y + 3.6 * k), width, team, align="end")

    def _titles(self) -> None:
        pages, k, sheet = self.pages, self.k, self.sheet
        x, width = self.left, self.width
        title = Style(36 * k, leading=1.2, is_bold=True)
        y = write_fitted(
            pages, sheet.title.zh, (x, 27.5 * k), (width, 20.5 * k), title, smallest=0.4
        )
        if sheet.title.en:
            english = Style(13 * k, leading=1.25, colour=pdf.INK_SOFT)
            box = width, 6.4 * k
            y = write_fitted(pages, sheet.title.en, (x, y + 0.4 * k), box, english, smallest=0.55)
        self._slogan(y)

    def _slogan(self, y: float) -> None:
        """Set the slogan, its English beside it if there is room, else below."""
        pages, k, slogan = self.pages, self.k, self.sheet.slogan
        own = Style(13.5 * k, leading=1.3, colour=pdf.OCHRE, is_bold=True)
        translated = Style(8.5 * k, leading=1.3, colour=pdf.OCHRE)
        taken = pages.measure(pdf.printable(slogan.zh), is_bold=True) * own.em + 4 * k
        needed = pages.measure(pdf.printable(slogan.en), is_bold=False) * translated.em
        is_beside = taken + needed <= self.width
        height = own.line_height + (0.0 if is_beside else translated.line_height)
        y = max(y + k, min(y + 4 * k, TITLES_END * k - height))
        end = write_in_line(pages, slogan.zh, (self.left, y), self.width, own)
        if is_beside:
            middle = y + (own.line_height - translated.line_height) / 2 + 0.3 * k
            write_in_line(pages, slogan.en, (self.left + taken, middle), needed * 1.01, translated)
        else:
            write_in_line(pages, slogan.en, (self.left, end), self.width, translated)

    def _call(self, y: float) -> None:
        """Say how to scan, and from how far."""
        pages, f = self.pages, self.f
        call, near = call_of(self.sheet), within(self.sheet, self.form.field)
        width = self.width * 0.56
        first = Style(20 * f, leading=1.28, is_bold=True)
        second = Style(9.5 * f, leading=1.45, colour=pdf.INK_SOFT)
        y = write_in_line(pages, call.zh, (self.left, y), width, first)
        y = write_in_line(pages, call.en, (self.left, y + 0.3 * f), width, second)
        third = Style(9.5 * f, leading=1.45, colour=pdf.OCHRE, is_bold=True)
        write_in_line(pages, f"{near.zh}  {near.en}", (self.left, y), width, third)

    def _address(self, y: float) -> None:
        """Say how to come in without a camera."""
        pages, f, sheet = self.pages, self.f, self.sheet
        right, width = self.left + self.width, self.width * 0.42
        typed = Style(20 * f, leading=1.28, is_bold=True)
        small = Style(8 * f, leading=1.4, colour=pdf.INK_SOFT)
        link = Style(9 * f, leading=1.3)
        y = write_in_line(pages, sheet.typed, (right, y), width, typed, align="end")
        way = f"{OTHERWISE.zh} {OTHERWISE.en}"
        y = write_in_line(pages, way, (right, y - 0.2 * f), width, small, align="end")
        write_in_line(pages, sheet.link, (right, y), width, link, align="end")

    def _facts(self, y: float) -> None:
        pages, f = self.pages, self.f
        pages.fill(self.left, y, self.width, 0.35 * f, pdf.LINE)
        x = self.left
        for share, (name, value) in zip(COLUMNS, facts_of(self.sheet), strict=True):
            self._fact(name, value, (x, y + 2.2 * f), self.width * share - GAP * f)
            x += self.width * share

    def _fact(self, name: Words, value: Words, at: tuple[float, float], width: float) -> None:
        pages, f = self.pages, self.f
        x, y = at
        label = Style(7.5 * f, leading=1.4, colour=pdf.INK_SOFT)
        own = Style(10.5 * f, leading=1.22, is_bold=True)
        english = Style(7.8 * f, leading=1.25, colour=pdf.INK_SOFT)
        y = write_in_line(pages, f"{name.zh} {name.en}", (x, y), width, label)
        end = write_fitted(pages, value.zh, (x, y), (width, 9.1 * f), own, smallest=0.55)
        rest = y + 12.6 * f - end
        if value.en:
            write_fitted(pages, value.en, (x, end + 0.2 * f), (width, rest), english, smallest=0.7)

    def _foot(self) -> None:
        """Promise privacy, and tell the organizer on which wall it hangs."""
        pages, f = self.pages, self.f
        y = self.form.height - self.left * 0.54 - 4.1 * f
        privacy = Style(7.8 * f, leading=1.4, colour=pdf.TEA)
        where = Style(6.5 * f, leading=1.4, colour=pdf.INK_SOFT)
        words = f"{PRIVACY.zh}  {PRIVACY.en}"
        write_in_line(pages, words, (self.left, y), self.width * 0.72, privacy)
        right = self.left + self.width
        write_in_line(
            pages, self.sheet.placement, (right, y), self.width * 0.25, where, align="end"
        )
