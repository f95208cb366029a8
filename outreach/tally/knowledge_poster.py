"""A rule on an A4 page: a question, its answer, the law behind it, and an event's code to scan."""

from dataclasses import dataclass
from datetime import datetime

from core import pdf
from core.pdf import Document, Style
from outreach.posters import motif
from outreach.posters.composition import (
    PRIVACY,
    call_of,
    draw_code,
    facts_of,
    within,
    write_fitted,
    write_in_line,
)
from outreach.posters.sheet import Sheet, Words
from question_bank.content import EMPHASIS, Kind, Question, Text
from question_bank.register import Statute

WIDTH, HEIGHT, MARGIN = 210.0, 297.0, 18.0
ROOM = WIDTH - 2 * MARGIN
CODE_SIDE = 76.0
GROUND = 198.0  # where the lower part begins, from the top
ASKED = Words("你知道吗？", "Did you know?")
TRUE_OR_FALSE = Words("对还是错？", "True or false?")
ANSWER = Words("答案", "Answer")
REASON = Words("依据", "The law")
PAD = 6.0


@dataclass(frozen=True, slots=True)
class RulePage:
    """What the page says; `laws` are the articles as they are cited, in both languages."""

    asked: Words
    stem: Words
    answers: Words
    explanation: Words
    laws: Words
    sheet: Sheet


def page_of(question: Question, statutes: dict[str, Statute], sheet: Sheet) -> RulePage:
    """Gather what a question's page says, with the poster whose code stands below."""
    right = [choice.text for choice in question.choices if choice.is_right]
    cited = question.citations

    def laws(locale: str, sign: str) -> str:
        return sign.join(statutes[one.statute_id].cite(one, locale) for one in cited)

    return RulePage(
        asked=TRUE_OR_FALSE if question.kind is Kind.TRUE_FALSE else ASKED,
        stem=_plain(question.stem),
        answers=Words("；".join(one.zh for one in right), "; ".join(one.en for one in right)),
        explanation=_plain(question.explanation),
        laws=Words(laws("zh", "；"), laws("en", "; ")),
        sheet=sheet,
    )


def _plain(text: Text) -> Words:
    return Words(EMPHASIS.sub(r"\1", text.zh), EMPHASIS.sub(r"\1", text.en))


def make(page: RulePage, *, title: str, made_at: datetime) -> bytes:
    """Draw the page and return the file."""
    pages = Document((WIDTH, HEIGHT), margin=MARGIN, lang="zh-CN", title=title)
    pages.set_creation_date(made_at)
    pages.new_page()
    _head(pages, page.sheet)
    y = _asked(pages, page)
    _answered(pages, page, y)
    _way_in(pages, page.sheet)
    return bytes(pages.output())


def _head(pages: Document, sheet: Sheet) -> None:
    pages.paint(motif.seal(MARGIN, 14, 11))
    x, width = MARGIN + 14.5, ROOM * 0.85
    write_in_line(pages, sheet.campaign.zh, (x, 13.8), width, Style(11.5, 1.35, is_bold=True))
    write_in_line(pages, sheet.campaign.en, (x, 20), width, Style(7.8, 1.4, pdf.INK_SOFT))


def _asked(pages: Document, page: RulePage) -> float:
    """Write the question and return where it ends."""
    y = 34.0
    own, english = Style(17, 1.3, pdf.OCHRE, is_bold=True), Style(11, 1.3, pdf.OCHRE)
    taken = pages.write_line(page.asked.zh, MARGIN, y, own)
    lower = own.line_height - english.line_height - 0.8
    pages.write_line(page.asked.en, MARGIN + taken + 3, y + lower, english)
    y += own.line_height + 3
    stem = Style(26, 1.35, is_bold=True)
    y = write_fitted(pages, page.stem.zh, (MARGIN, y), (ROOM, 40), stem, smallest=0.5)
    english = Style(11.5, 1.4, pdf.INK_SOFT)
    return write_fitted(pages, page.stem.en, (MARGIN, y + 2), (ROOM, 17), english, smallest=0.6)


def _answered(pages: Document, page: RulePage, y: float) -> None:
    """Fill the middle with the answer, why, and the law."""
    top = y + 6
    room, x, width = GROUND - 8 - top, MARGIN + PAD, ROOM - 2 * PAD
    pages.fill(MARGIN, top, ROOM, room, pdf.OCHRE_WASH)
    pages.fill(MARGIN, top, 1.6, room, pdf.OCHRE)
    y = _label(pages, ANSWER, (x, top + PAD))
    right = Style(16, 1.35, pdf.OCHRE_DEEP, is_bold=True)
    y = write_fitted(pages, page.answers.zh, (x, y), (width, room * 0.17), right, smallest=0.5)
    english = Style(10, 1.35, pdf.OCHRE_DEEP)
    y = write_fitted(pages, page.answers.en, (x, y + 1), (width, room * 0.1), english) + 3
    law_top = top + room - PAD - 17
    height = law_top - y - 3
    y = write_fitted(
        pages, page.explanation.zh, (x, y), (width, height * 0.6), Style(14, 1.55), smallest=0.5
    )
    english = Style(9.5, 1.45, pdf.INK_SOFT)
    write_fitted(pages, page.explanation.en, (x, y + 2), (width, law_top - y - 4), english)
    y = _label(pages, REASON, (x, law_top))
    law, english = Style(11.5, 1.35, is_bold=True), Style(8, 1.35, pdf.INK_SOFT)
    y = write_in_line(pages, page.laws.zh, (x, y), width, law)
    write_in_line(pages, page.laws.en, (x, y), width, english)


def _label(pages: Document, words: Words, at: tuple[float, float]) -> float:
    style = Style(8.5, 1.5, pdf.OCHRE, is_bold=True)
    pages.write_line(f"{words.zh} {words.en}", *at, style)
    return at[1] + style.line_height


def _way_in(pages: Document, sheet: Sheet) -> None:
    """Say below how to find out what else one knows: the event and its code."""
    draw_code(pages, sheet.code, MARGIN, GROUND, CODE_SIDE)
    x, width = MARGIN + CODE_SIDE + 7, ROOM - CODE_SIDE - 7
    call, near = call_of(sheet), within(sheet, CODE_SIDE)
    y = write_in_line(pages, call.zh, (x, GROUND + 2), width, Style(17, 1.3, is_bold=True))
    soft = Style(9, 1.4, pdf.INK_SOFT)
    y = write_in_line(pages, call.en, (x, y), width, soft)
    ochre = Style(9, 1.4, pdf.OCHRE, is_bold=True)
    y = write_in_line(pages, f"{near.zh}  {near.en}", (x, y), width, ochre)
    y = write_in_line(pages, f"{sheet.link}   {sheet.typed}", (x, y + 1), width, Style(9, 1.4)) + 2
    title = Style(12, 1.3, is_bold=True)
    y = write_fitted(pages, sheet.title.zh, (x, y), (width, 11), title) + 1
    for name, value in facts_of(sheet):
        label = f"{name.zh} {name.en}"
        pages.write_line(label, x, y, Style(7.5, 1.6, pdf.INK_SOFT))
        y = write_in_line(pages, value.zh, (x + 17, y), width - 17, Style(9.5, 1.5))
    pages.fill(MARGIN, HEIGHT - 20, ROOM, 0.35, pdf.LINE)
    words = f"{PRIVACY.zh}  {PRIVACY.en}"
    write_in_line(pages, words, (MARGIN, HEIGHT - 17), ROOM, Style(7.8, 1.4, pdf.TEA))
