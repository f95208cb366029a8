"""Posters as a PDF: one page for each, in a size that an office can print."""

import enum
from collections.abc import Callable, Iterable
from datetime import datetime

from core.pdf import Document
from outreach.posters import cards, wall
from outreach.posters.sheet import Sheet
from outreach.posters.wall import Format, Poster


class Size(enum.StrEnum):
    """What posters are printed on: walls, tables, or eight cards on A4 to hand out."""

    A4 = "a4"
    A3 = "a3"
    A5 = "a5"
    CARDS = "cards"


FORMATS: dict[Size, Format] = {Size.A4: wall.A4, Size.A3: wall.A3, Size.A5: wall.A5}


def make(
    sheets: Iterable[Sheet],
    size: Size,
    *,
    title: str,
    made_at: datetime,
    tell: Callable[[int], None] = lambda _done: None,
) -> bytes:
    """Draw a page for each poster and return the file.

    :param tell: called with the number of pages after each
    """
    form = FORMATS.get(size, wall.A4)
    pages = Document((form.width, form.height), margin=wall.MARGIN, lang="zh-CN", title=title)
    pages.set_creation_date(made_at)
    for done, sheet in enumerate(sheets, 1):
        pages.new_page()
        if size is Size.CARDS:
            cards.draw(pages, sheet)
        else:
            Poster(pages, form, sheet).draw()
        tell(done)
    return bytes(pages.output())
