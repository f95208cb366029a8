"""A sheet of eight cards to hand out: A4, cut along the marks."""

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

COLUMNS, ROWS = 2, 4
CARD = (94.0, 66.0)  # mm
LEFT, TOP = 11.0, 16.5
FIELD = 48.0  # mm, side of the code with its quiet zone
MARK = 5.0  # mm, length of a cut mark
PAD = 5.2
FOOT = 2.4  # mm below the last line
SLOGAN = 6.1  # mm high, in both languages
ENGLISH = Style(5, leading=1.22, colour=pdf.INK_SOFT)
ROOF, COURT, RAFTERS = 20.0, 9.0, 72  # mm, and their number: the tulou in a card's corner


def draw(pages: Document, sheet: Sheet) -> None:
    """Fill a page with cards of one poster."""
    for row in range(ROWS):
        for column in range(COLUMNS):
            _card(pages, sheet, LEFT + column * CARD[0], TOP + row * CARD[1])
    _marks(pages)


def _marks(pages: Document) -> None:
    """Draw where to cut, outside the cards and as crosses where four meet."""
    pages.set_draw_color(pdf.INK_SOFT)
    pages.set_line_width(0.15)
    right, bottom = LEFT + COLUMNS * CARD[0], TOP + ROWS * CARD[1]
    for column in range(COLUMNS + 1):
        x = LEFT + column * CARD[0]
        for y in (TOP - MARK - 1, bottom + 1):
            pages.line(x, y, x, y + MARK)
    for row in range(ROWS + 1):
        y = TOP + row * CARD[1]
        for x in (LEFT - MARK - 1, right + 1):
            pages.line(x, y, x + MARK, y)
    x = LEFT + CARD[0]
    for row in range(1, ROWS):
        y = TOP + row * CARD[1]
        pages.line(x - 1.5, y, x + 1.5, y)
        pages.line(x, y - 1.5, x, y + 1.5)


def _card(pages: Document, sheet: Sheet, x: float, y: float) -> None:
    """Draw one card: title above, code on the left, words on the right, a roof in the corner."""
    pages.paint(
        f"{x:.3f} {y:.3f} {CARD[0]:.3f} {CARD[1]:.3f} re W n "
        + motif.tulou(x + CARD[0], y, ROOF, COURT, RAFTERS)
    )
    left, width = x + PAD, CARD[0] - 2 * PAD - ROOF
    pages.paint(motif.seal(left, y + 3.3, 4.6))
    name = Style(6, leading=1.2, colour=pdf.INK_SOFT)
    end = write_in_line(pages, sheet.campaign.zh, (left + 6, y + 3.2), width - 6, name)
    _in_english(pages, sheet.campaign.en, (left + 6, end), (width - 6, ENGLISH.line_height))
    title = Style(14, leading=1.2, is_bold=True)
    english = Style(6.5, leading=1.25, colour=pdf.INK_SOFT)
    end = write_fitted(pages, sheet.title.zh, (left, y + 9.2), (width, 5.9), title, smallest=0.4)
    write_fitted(pages, sheet.title.en, (left, end), (width, 2.9), english, smallest=0.7)
    draw_code(pages, sheet.code, x, y + CARD[1] - FIELD, FIELD)
    _words(pages, sheet, x + FIELD, y + ROOF + 0.6, y + CARD[1] - FOOT)


def _words(pages: Document, sheet: Sheet, x: float, y: float, end: float) -> None:
    """Write what stands beside the code: the slogan, how to scan, the facts, one promise."""
    width = CARD[0] - FIELD - PAD
    call, near = call_of(sheet), within(sheet, FIELD)
    soft = Style(5.4, leading=1.3, colour=pdf.INK_SOFT)
    promise = Style(5.4, leading=1.28, colour=pdf.TEA)
    slogan = Style(8.5, leading=1.2, colour=pdf.OCHRE, is_bold=True)
    _in_both(pages, sheet.slogan, (x, y), (width, SLOGAN), slogan)
    y += SLOGAN + 0.9
    y = write_in_line(pages, call.zh, (x, y), width, Style(9, leading=1.3, is_bold=True))
    y = write_in_line(pages, call.en, (x, y), width, soft)
    y = write_in_line(pages, f"{near.zh}  {near.en}", (x, y), width, soft) + 0.5
    y = write_in_line(pages, sheet.typed, (x, y), width, Style(12, leading=1.2, is_bold=True))
    y = write_in_line(pages, sheet.link, (x, y), width, Style(6, leading=1.25)) + 0.7
    end -= 2 * promise.line_height
    _facts(pages, sheet, (x, y), (width, end - 0.5 - y))
    end = write_in_line(pages, PRIVACY.zh, (x, end), width, promise)
    write_in_line(pages, PRIVACY.en, (x, end), width, promise)


def _facts(
    pages: Document, sheet: Sheet, at: tuple[float, float], box: tuple[float, float]
) -> None:
    """Write place, time and host: what has two languages shares the height that is left."""
    (x, y), (width, height) = at, box
    own = Style(6, leading=1.28)
    facts = facts_of(sheet)
    share = (height - own.line_height) / (len(facts) - 1)
    for label, value in facts:
        if not value.en:
            line = f"{label.zh} {label.en} {value.zh}"
            y = write_in_line(pages, line, (x, y), width, own)
            continue
        team = f"（{sheet.team}）" if sheet.team and value.zh == sheet.site else ""
        words = Words(f"{label.zh} {value.zh}{team}", f"{label.en} {value.en}")
        _in_both(pages, words, (x, y), (width, share), own)
        y += share


def _in_both(
    pages: Document, words: Words, at: tuple[float, float], box: tuple[float, float], own: Style
) -> None:
    """Write Chinese into a box, and English below it if there is room."""
    (x, y), (width, height) = at, box
    end = write_fitted(pages, words.zh, at, box, own, smallest=0.58)
    _in_english(pages, words.en, (x, end), (width, y + height - end))


def _in_english(
    pages: Document, text: str, at: tuple[float, float], box: tuple[float, float]
) -> None:
    if text and box[1] > ENGLISH.line_height * 0.9:
        write_fitted(pages, text, at, box, ENGLISH, smallest=0.85)
