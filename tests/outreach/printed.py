"""Printed sheets as a phone's camera meets them: pictures of pages, spoilt in every usual way."""

import io
import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from datetime import datetime
from typing import Any

import pypdfium2
import zxingcpp
from PIL import Image, ImageFilter

from outreach import qr
from outreach.posters.codes import spaced
from outreach.posters.sheet import Sheet, Words

DOTS_PER_MM = 5.0  # 127 dots an inch: coarser than a phone sees a sheet that fills its picture
POINTS_PER_MM = 72 / 25.4
CAMERA = 2.2  # distance of the camera from the sheet, in widths of the sheet


def a_sheet(code: str = "ACDE3467", **changes: Any) -> Sheet:
    """Describe a usual poster."""
    link = f"https://zl.example.cn/q/{code}"
    values: dict[str, Any] = {
        "code": qr.drawn(link),
        "link": link,
        "typed": spaced(code),
        "campaign": Words("福建省“质量月”活动", "Fujian Quality Month"),
        "slogan": Words("扫一扫，十道题，质量知识带回家", "Scan, answer, take quality home"),
        "title": Words("质量月进工厂", "Quality Month at work"),
        "team": "",
        "site": "晋江鞋厂食堂",
        "region": Words("晋江市", "Jinjiang"),
        "host": Words("省市场监督管理局", "Fujian Administration for Market Regulation"),
        "opens": datetime(2026, 9, 1, 7, 30),  # noqa: DTZ001 -- a local moment
        "closes": datetime(2026, 9, 30, 18, 5),  # noqa: DTZ001
        "questions": 10,
        "placement": "食堂门口",
    }
    return Sheet(**(values | changes))


def pictures(pdf: bytes) -> list[Image.Image]:
    """Print the pages of a file, in shades of grey."""
    scale = DOTS_PER_MM / POINTS_PER_MM
    with closing(pypdfium2.PdfDocument(pdf)) as document:
        return [page.render(scale=scale, grayscale=True).to_pil().convert("L") for page in document]


def words_on(pdf: bytes, page: int = 0) -> str:
    """Return the text of a page as one selects it, in one line."""
    with closing(pypdfium2.PdfDocument(pdf)) as document:
        return " ".join(document[page].get_textpage().get_text_range().split())


def boxes_on(pdf: bytes, page: int = 0) -> list[tuple[str, tuple[float, float, float, float]]]:
    """Return each visible character of a page with its box (left, top, right, bottom) in mm."""
    with closing(pypdfium2.PdfDocument(pdf)) as document:
        height = document[page].get_height()
        text = document[page].get_textpage()
        found = []
        for n in range(text.count_chars()):
            character = text.get_text_range(n, 1)
            left, bottom, right, top = text.get_charbox(n)
            if character.strip():
                box = (left, height - top, right, height - bottom)
                found.append((character, tuple(side / POINTS_PER_MM for side in box)))
        return found  # type: ignore[return-value]


def read(picture: Image.Image) -> list[str]:
    """Read all codes of a picture."""
    return [found.text for found in zxingcpp.read_barcodes(picture)]


def tilted(picture: Image.Image, degrees: float, *, is_upright: bool) -> Image.Image:
    """Look at a sheet from the side (or, upright, from above or below)."""
    width, height = picture.size
    angle, camera = math.radians(degrees), CAMERA * width

    def seen(x: float, y: float) -> tuple[float, float]:
        x, y = x - width / 2, y - height / 2
        deep = (y if is_upright else x) * math.sin(angle)
        x, y = (x, y * math.cos(angle)) if is_upright else (x * math.cos(angle), y)
        near = camera / (camera + deep)
        return x * near + width / 2, y * near + height / 2

    corners = [(0, 0), (width, 0), (width, height), (0, height)]
    numbers = _perspective([seen(*corner) for corner in corners], corners)
    return picture.transform(
        picture.size,
        Image.Transform.PERSPECTIVE,
        numbers,
        Image.Resampling.BILINEAR,
        fillcolor=255,
    )


def _perspective(
    target: Sequence[tuple[float, float]], source: Sequence[tuple[float, float]]
) -> list[float]:
    """Solve for the eight numbers that carry four points to four others."""
    rows = []
    for (x, y), (u, v) in zip(target, source, strict=True):
        rows.append([x, y, 1, 0, 0, 0, -u * x, -u * y, u])
        rows.append([0, 0, 0, x, y, 1, -v * x, -v * y, v])
    for n in range(8):
        pivot = max(range(n, 8), key=lambda row: abs(rows[row][n]))
        rows[n], rows[pivot] = rows[pivot], rows[n]
        rows[n] = [value / rows[n][n] for value in rows[n]]
        for other in range(8):
            if other != n:
                share = rows[other][n]
                rows[other] = [a - share * b for a, b in zip(rows[other], rows[n], strict=True)]
    return [row[8] for row in rows]


def turned(picture: Image.Image, degrees: float) -> Image.Image:
    """Turn a sheet."""
    return picture.rotate(degrees, Image.Resampling.BILINEAR, expand=True, fillcolor=255)


def pressed(picture: Image.Image, quality: int) -> Image.Image:
    """Save a picture as a poor JPEG."""
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=quality)
    return Image.open(file)


SPOILT: dict[str, Callable[[Image.Image], Image.Image]] = {
    "plain": lambda picture: picture,
    "blurred": lambda picture: picture.filter(ImageFilter.GaussianBlur(1.5)),
    "from the left": lambda picture: tilted(picture, 30, is_upright=False),
    "from the right": lambda picture: tilted(picture, -30, is_upright=False),
    "from above": lambda picture: tilted(picture, 30, is_upright=True),
    "from below": lambda picture: tilted(picture, -30, is_upright=True),
    "turned a little": lambda picture: turned(picture, 17),
    "turned halfway": lambda picture: turned(picture, 45),
    "on its side": lambda picture: turned(picture, 90),
    "upside down": lambda picture: turned(picture, 180),
    "poor jpeg": lambda picture: pressed(picture, 20),
}


def views_of(picture: Image.Image) -> Iterator[tuple[str, Image.Image]]:
    """Yield a picture as it is and spoilt in each way."""
    for name, spoil in SPOILT.items():
        yield name, spoil(picture)
