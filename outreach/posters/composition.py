"""What posters of all sizes are composed of: the code, fitted lines, facts in two languages."""

from core import pdf
from core.pdf import Document, Style
from core.typesetting import Run
from outreach.posters.sheet import Sheet, Words
from outreach.qr import Drawn

PRIVACY = Words(
    "匿名答题：不需要姓名、手机号或账号",
    "Anonymous: no name, phone number or account",
)
OTHERWISE = Words("扫不了码？打开", "No camera? Open")
WHITE, BLACK = "#ffffff", "#000000"
ONE_LINE = 1.01  # line heights


def draw_code(pages: Document, code: Drawn, x: float, y: float, side: float) -> None:
    """Draw a code as vectors, black on white; `side` includes the quiet zone."""
    unit = side / code.side
    pages.fill_boxes([(x, y, side, side)], WHITE)
    boxes = ((x + bx * unit, y + by * unit, w * unit, h * unit) for bx, by, w, h in code.boxes)
    pages.fill_boxes(boxes, BLACK)


def write_fitted(
    pages: Document,
    text: str,
    at: tuple[float, float],
    box: tuple[float, float],
    style: Style,
    *,
    smallest: float = 0.62,
) -> float:
    """Write a text into a box and return where it ends.

    :param smallest: the smallest letters, as a share of the style's
    """
    shown = pdf.printable(text)
    lines, used = pages.fit_text(shown, box, style, style.size * smallest)
    narrower = box[0]
    while len(lines) > 1 and lines[-1].text[-1] != "…":  # no short last line if it can be helped
        narrower -= 2 * used.em
        tried = pages.break_text([Run(shown)], narrower, used)
        if len(tried) > len(lines):
            break
        lines = tried
    return pages.write_lines(lines, *at, used)


def write_in_line(
    pages: Document,
    text: str,
    at: tuple[float, float],
    width: float,
    style: Style,
    *,
    align: str = "start",
) -> float:
    """Write a text in one line, smaller if need be, and return where the next would begin."""
    box = width, style.line_height * ONE_LINE
    lines, used = pages.fit_text(pdf.printable(text), box, style, style.size * 0.6)
    x, y = at
    lower = (style.line_height - used.line_height) / 2
    for line in lines:
        pages.write_line(line.text, x, y + lower, used, align)
    return y + style.line_height


def call_of(sheet: Sheet) -> Words:
    """Return the words that ask to scan."""
    noun = "question" if sheet.questions == 1 else "questions"
    return Words(
        f"微信扫一扫，答 {sheet.questions} 道题",
        f"Scan with WeChat and answer {sheet.questions} {noun}",
    )


def within(sheet: Sheet, side: float) -> Words:
    """Return from how far away the code can be scanned; `side` includes the quiet zone."""
    distance = sheet.distance(side)
    return Words(f"{distance.zh}内可扫", f"scan within {distance.en}")


def facts_of(sheet: Sheet) -> list[tuple[Words, Words]]:
    """List what stands below the code: its name and its value in both languages."""
    return [
        (Words("地点", "Place"), Words(sheet.site, f"{sheet.region.zh} {sheet.region.en}".strip())),
        (Words("时间", "Time"), Words(sheet.times)),
        (Words("主办", "Host"), sheet.host),
    ]
