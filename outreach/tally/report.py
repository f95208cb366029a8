"""The closing report: A4 pages that an organizer hands upward, each with its numbers and charts."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from flask_babel import gettext as _
from flask_babel import ngettext

from core import pdf
from core.filters import day as day_words
from core.filters import moment, number
from core.i18n import HTML_LANG, pick
from core.pdf import Document, Style, printable
from core.typesetting import Run
from outreach.campaigns.models import Campaign
from outreach.tally.count import Count
from outreach.tally.models import Channel
from outreach.tally.offline_forms import CHANNEL_LABELS

A4 = (210.0, 297.0)
MARGIN = 20.0
BAND = 128.0
GAP = 5.0
MAX_BARS = 12
MAX_DAYS = 62
CHART_HEIGHT = 34.0
NAME_WIDTH, LABEL_WIDTH = 52.0, 42.0
BAR_HEIGHT, BAR_STEP = 3.2, 6.2

ON_BAND = Style(12, colour=pdf.ON_OCHRE)
COVER_TITLE = Style(30, leading=1.35, colour=pdf.ON_OCHRE, is_bold=True)
COVER_SUBTITLE = Style(17, leading=1.45, colour=pdf.ON_OCHRE)
TITLE = Style(19, leading=1.35, colour=pdf.OCHRE_DEEP, is_bold=True)
FACT = Style(9.5, leading=1.55, colour=pdf.INK_SOFT)
FIGURE = Style(21, leading=1.25, is_bold=True)
FIGURE_NAME = Style(9, colour=pdf.INK_SOFT)
HEADING = Style(11.5, colour=pdf.OCHRE_DEEP, is_bold=True)
BODY = Style(10.5, leading=1.7)
BAR_NAME = Style(9, leading=1.3)
BAR_LABEL = Style(9, leading=1.3, is_bold=True)
SMALL = Style(8, leading=1.5, colour=pdf.INK_SOFT)
SMALLEST = 7.5

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Bar:
    """One line of a chart; `length` is a share of the longest possible bar, from 0 to 1."""

    name: str
    length: float
    label: str
    value: int


@dataclass(frozen=True, slots=True)
class Chart:
    """Lines under a heading, the longest first, with a word on how to read them."""

    heading: str
    bars: Sequence[Bar]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Leaf:
    """What one page says about an event or a region."""

    title: str
    facts: Sequence[str]
    count: Count
    people: Mapping[Channel, int]
    days: Sequence[tuple[date, int]]
    charts: Sequence[Chart]


@dataclass(frozen=True, slots=True)
class Cover:
    """What the title page says; `number_of_events` is None for the report of one event."""

    campaign: Campaign
    subject: str
    scope: str
    as_of: datetime
    count: Count
    people: Mapping[Channel, int]
    number_of_events: int | None


def make(cover: Cover, leaves: Sequence[Leaf], locale: str, progress: Progress) -> bytes:
    """Draw a title page and a page for each leaf.

    :param progress: is told how many pages of all are drawn
    """
    heading = printable(pick(cover.campaign.name_zh, cover.campaign.name_en))
    title = _("Closing report")
    pages = _Pages(A4, margin=MARGIN, lang=HTML_LANG[locale], title=f"{heading} · {title}")
    pages.draw_cover(cover)
    head = f"{heading} · {title}", _("as of %(moment)s", moment=moment(cover.as_of))
    for done, leaf in enumerate(leaves, 1):
        pages.draw_leaf(leaf, head)
        progress(done, len(leaves))
    return bytes(pages.output())


class _Pages(Document):
    """The report's pages; `y` moves down as they fill."""

    @property
    def _room(self) -> float:
        return self.w - 2 * MARGIN

    def draw_cover(self, cover: Cover) -> None:
        self.new_page()
        self.fill(0, 0, self.w, BAND, pdf.OCHRE)
        with self.rect_clip(0, 0, self.w, BAND):
            self.image(pdf.IMAGES / "tulou-light.svg", self.w - 88, BAND - 92, 112)
        campaign = cover.campaign
        self.image(pdf.IMAGES / "seal.svg", x=MARGIN, y=18, w=14)
        self.y = 40.0
        self._paragraph(pick(campaign.name_zh, campaign.name_en), ON_BAND, after=3)
        self._paragraph(_("Closing report"), COVER_TITLE, after=4)
        self._title(cover.subject, COVER_SUBTITLE, height=26)
        self.y = BAND - 18
        self._paragraph(pick(campaign.slogan_zh, campaign.slogan_en), ON_BAND)
        self.y = BAND + 14
        self._figures(cover.count, cover.people)
        days = _("Campaign from %(first)s to %(last)s", first=day_words(campaign.first_on),
                 last=day_words(campaign.last_on))  # fmt: skip
        lines = [cover.scope, days, _("Numbers as of %(moment)s", moment=moment(cover.as_of))]
        if cover.number_of_events is not None:
            held = ngettext("%(num)d event", "%(num)d events", cover.number_of_events)
            lines.insert(1, held)
        for line in lines:
            self._paragraph(line, BODY)
        self.y += 6
        self._heading(_("How to read the numbers"))
        for words in (
            _("An attempt is one paper handed in; several may come from one phone. Counted are "
              "those that the event's rule admits, such as one for each phone."),
            _("Devices are phones, not people: a phone may be shared, a person may have two, and a "
              "phone whose memory was cleared counts again."),
            _("Passed are counted attempts that reached the pass mark of the event's quiz."),
            _("People on paper or asked in person are what organizers entered and vouch for. They "
              "stand apart and are in none of the other numbers."),
            _("Opening a page or scanning a poster is not counted."),
        ):  # fmt: skip
            self._paragraph(f"· {words}", BODY, after=0.8)

    def draw_leaf(self, leaf: Leaf, head: tuple[str, str]) -> None:
        self.new_page(head)
        self.y = MARGIN + 2
        self._title(leaf.title, TITLE, height=19)
        for fact in leaf.facts:
            self._paragraph(fact, FACT)
        self.y += 4
        self._figures(leaf.count, leaf.people)
        if leaf.days:
            self._days(leaf.days)
        for chart in leaf.charts:
            if chart.bars:
                self._chart(chart)
        if not leaf.count.attempts:
            self._paragraph(_("No paper was handed in here."), BODY)

    def _title(self, text: str, style: Style, height: float) -> None:
        box = (self._room, height)
        lines, fitting = self.fit_text(printable(text), box, style, style.size * 0.6)
        self.y = self.write_lines(lines, MARGIN, self.y, fitting)

    def _paragraph(self, text: str, style: Style, after: float = 0.0) -> None:
        lines = self.break_text([Run(printable(text))], self._room, style)
        self.y = self.write_lines(lines, MARGIN, self.y, style) + after

    def _heading(self, text: str) -> None:
        self.write_line(text, MARGIN, self.y, HEADING)
        self.y += HEADING.line_height + 1

    def _figures(self, count: Count, people: Mapping[Channel, int]) -> None:
        """Write the figures in a row; people without a phone stand apart in a frame."""
        figures = [
            (count.attempts, _("Attempts")),
            (count.counted, _("Counted")),
            (count.devices, _("Devices")),
            (count.passed, _("Passed")),
        ]
        apart = [(people.get(channel, 0), str(label)) for channel, label in CHANNEL_LABELS.items()]
        step = self._room / (len(figures) + len(apart))
        height = FIGURE.line_height + FIGURE_NAME.line_height + 5
        left = MARGIN + step * len(figures)
        self.fill(left, self.y, step * len(apart), height, pdf.OCHRE_WASH)
        for place, (value, name) in enumerate([*figures, *apart]):
            x = MARGIN + step * place + (3 if place >= len(figures) else 0)
            self._short(number(value), x, self.y + 2, step - 4, FIGURE)
            self._short(name, x, self.y + 2 + FIGURE.line_height, step - 4, FIGURE_NAME)
        self.y += height + GAP

    def _short(self, text: str, x: float, y: float, width: float, style: Style) -> None:
        """Write one line within a width, in smaller letters or cut if need be."""
        lines, fitting = self.fit_text(printable(text), (width, style.line_height), style, SMALLEST)
        self.write_lines(lines[:1], x, y + (style.line_height - fitting.line_height) / 2, fitting)

    def _days(self, days: Sequence[tuple[date, int]]) -> None:
        shown, is_by_week = calendar(days)
        self._heading(_("Attempts by week") if is_by_week else _("Attempts by day"))
        most = max(value for _day, value in shown)
        step = self._room / max(len(shown), 14)
        base = self.y + CHART_HEIGHT
        room = CHART_HEIGHT - 5
        for place, (_day, value) in enumerate(shown):
            height = room * value / most if most else 0.0
            x = MARGIN + step * place
            if height:
                self.fill(x + step * 0.15, base - height, step * 0.7, height, pdf.OCHRE)
            if value and (value == most or len(shown) <= 14):  # noqa: PLR2004 -- room for all
                y = base - height - SMALL.line_height
                self.write_line(number(value), x + step / 2, y, SMALL, "middle")
        self.rule(base, pdf.INK_SOFT)
        edges = [(0, "start"), (len(shown) - 1, "end")] if len(shown) > 1 else [(0, "start")]
        for place, align in edges:
            x = MARGIN + step * (place + (align == "end"))
            self.write_line(day_words(shown[place][0]), x, base + 1, SMALL, align)
        self.y = base + SMALL.line_height + GAP

    def _chart(self, chart: Chart) -> None:
        bars = folded(chart.bars, self._lines_left_for(chart))
        self._heading(chart.heading)
        width = self._room - NAME_WIDTH - LABEL_WIDTH - 6
        for bar in bars:
            y = self.y + (BAR_STEP - BAR_HEIGHT) / 2
            x = MARGIN + NAME_WIDTH + 3
            text_y = self.y + (BAR_STEP - BAR_NAME.line_height) / 2
            self._short(bar.name, MARGIN, text_y, NAME_WIDTH, BAR_NAME)
            self.fill(x, y, width, BAR_HEIGHT, pdf.PAPER)
            if bar.length > 0:
                self.fill(x, y, max(width * min(bar.length, 1), 0.3), BAR_HEIGHT, pdf.TEA)
            self._short(bar.label, x + width + 3, text_y, LABEL_WIDTH, BAR_LABEL)
            self.y += BAR_STEP
        if chart.note:
            self._paragraph(chart.note, SMALL)
        self.y += GAP - 1

    def _lines_left_for(self, chart: Chart) -> int:
        """Return how many lines of a chart fit on the rest of the page."""
        taken = HEADING.line_height + 1 + GAP + (2 * SMALL.line_height if chart.note else 0)
        return max(int((self.bottom - self.y - taken) / BAR_STEP), 2)


def calendar(days: Sequence[tuple[date, int]]) -> tuple[list[tuple[date, int]], bool]:
    """Return every day from the first to the last, or every week (its Monday) if that is long."""
    found = dict(days)
    first, last = min(found), max(found)
    is_by_week = (last - first).days >= MAX_DAYS
    if is_by_week:
        first -= timedelta(days=first.weekday())
    step = timedelta(days=7 if is_by_week else 1)
    shown = []
    while first <= last:
        shown.append((first, sum(n for at, n in found.items() if first <= at < first + step)))
        first += step
    return shown, is_by_week


def folded(bars: Sequence[Bar], room: int) -> list[Bar]:
    """Return as many lines as there is room for; the last one adds up those left out."""
    most = min(MAX_BARS, room)
    if len(bars) <= most:
        return list(bars)
    rest = bars[most - 1 :]
    value = sum(bar.value for bar in rest)
    name = ngettext("%(num)d other", "%(num)d others", len(rest))
    return [*bars[: most - 1], Bar(name, 0, number(value), value)]


def ranked(counts: Sequence[tuple[str, int]]) -> list[Bar]:
    """Return lines whose lengths compare their values, the greatest first."""
    most = max((value for _name, value in counts), default=0)
    bars = [Bar(n, value / most if most else 0.0, number(value), value) for n, value in counts]
    return sorted(bars, key=lambda bar: -bar.value)


def with_label(bar: Bar, label: str, length: float) -> Bar:
    """Return a line that compares something else than its value."""
    return replace(bar, label=label, length=length)
