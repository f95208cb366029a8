"""Printed posters: every size is read by a phone, says what it must, and holds what it says."""

import itertools
import logging
import random
import re
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime

import pypdfium2
import pytest
import zxingcpp

from core import pdf
from outreach.posters import cards, wall
from outreach.posters.codes import ALPHABET, CODE_LENGTH
from outreach.posters.drawing import Size, make
from outreach.posters.sheet import Sheet, Words
from tests.outreach.printed import (
    DOTS_PER_MM,
    POINTS_PER_MM,
    a_sheet,
    boxes_on,
    pictures,
    read,
    views_of,
    words_on,
)

MADE_AT = datetime(2026, 9, 1, tzinfo=UTC)
MILLIMETRES = {
    Size.A4: (210, 297),
    Size.A3: (297, 420),
    Size.A5: (148, 210),
    Size.CARDS: (210, 297),
}
CODES_ON_PAGE = {Size.A4: 1, Size.A3: 1, Size.A5: 1, Size.CARDS: 8}
FIELDS = {
    Size.A4: wall.A4.field,
    Size.A3: wall.A3.field,
    Size.A5: wall.A5.field,
    Size.CARDS: cards.FIELD,
}
HOSTILE = {
    "short": {"title": Words("质", "Q"), "team": "甲"},
    "long Chinese": {
        "title": Words("福建省质量强省建设领导小组办公室主题宣传活动启动仪式" * 3)._replace(en="")
    },
    "long English": {"title": Words("质量月", "W" * 120)},
    "everything long": {
        "campaign": Words("福建省“质量月”活动" * 8, "Fujian Quality Month " * 8),
        "slogan": Words("质量强国，人人有责；" * 12, "Quality is everybody’s business. " * 7),
        "title": Words("质量" * 30, "Quality Month in all factories " * 4),
        "team": "二车间早班" * 8,
        "site": "陈埭镇鞋业园区三号厂房" * 5 + "东门入口",
        "host": Words("省市场监督管理局" * 10, "Fujian Administration " * 7),
        "placement": "食堂门口" * 10,
    },
    "emoji": {"title": Words("质量月🎉进校园👩‍🏭", "Quality 🎉"), "team": "🐉班"},
    "right to left": {"title": Words("جودة 质量月", "שבוע איכות")},
    "formula": {"title": Words('=HYPERLINK("http://evil.example")', "=1+1")},
    "markup": {"title": Words("<b>质量</b> (a) \\( Tj ET", "%PDF-1.7 endobj")},
}
by_size = pytest.mark.parametrize("size", Size)


def printed(size: Size, *sheets: Sheet) -> bytes:
    """Make a file of these posters."""
    return make(sheets or (a_sheet(),), size, title="海报", made_at=MADE_AT)


def some_codes(number: int, seed: int = 20_260_901) -> list[str]:
    """Draw codes, the same in every run."""
    chance = random.Random(seed)  # noqa: S311 -- nothing to guess here
    return ["".join(chance.choices(ALPHABET, k=CODE_LENGTH)) for _n in range(number)]


@by_size
def test_ninety_nine_of_a_hundred_pictures_are_read(size: Size) -> None:
    codes = some_codes(2)
    file = printed(size, *map(a_sheet, codes))
    wanted, found, missed = 0, 0, []

    for code, picture in zip(codes, pictures(file), strict=True):
        link = f"https://zl.example.cn/q/{code}"
        for name, view in views_of(picture):
            texts = read(view)
            assert set(texts) <= {link}
            wanted += CODES_ON_PAGE[size]
            found += len(texts)
            if len(texts) < CODES_ON_PAGE[size]:
                missed.append((code, name, len(texts)))

    assert found >= 0.99 * wanted, missed


@by_size
def test_the_distance_that_it_promises_holds(size: Size) -> None:
    file = printed(size)

    number, unit = re.findall(r"scan within ([\d.]+) (m|cm)\b", words_on(file))[0]
    promised = float(number) * {"m": 1000, "cm": 10}[unit]
    corners = zxingcpp.read_barcodes(pictures(file)[0])[0].position
    side = (corners.top_right.x - corners.top_left.x) / DOTS_PER_MM

    # A printed code is read from ten times its side, if it has 25 modules; this one has 29.
    assert promised <= (side + 1 / DOTS_PER_MM) * 10 * 25 / 29
    assert promised >= side * 10 * 25 / 29 * 0.85


@by_size
def test_a_page_has_the_size_of_its_paper(size: Size) -> None:
    with closing(pypdfium2.PdfDocument(printed(size, a_sheet(), a_sheet()))) as document:
        sizes = {page.get_size() for page in document}
        number = len(document)

    (found,) = sizes
    assert number == 2
    assert [round(side / POINTS_PER_MM) for side in found] == list(MILLIMETRES[size])


@by_size
def test_all_that_stands_beside_the_code_can_be_selected(size: Size) -> None:
    words = words_on(printed(size, a_sheet(team="早班"))).replace("\u00a0", " ")

    for wanted in (
        "福建省“质量月”活动",
        "质量月进工厂",
        "Quality Month at work",
        "晋江鞋厂食堂",
        "早班",
        "省市场监督管理局",
        "2026.09.01 07:30",
        "09.30 18:05",
        "微信扫一扫，答 10 道题",
        "answer 10 questions",
        "内可扫",
        "ACDE 3467",
        "https://zl.example.cn/q/ACDE3467",
        "匿名答题：不需要姓名、手机号或账号",
        "Anonymous: no name, phone number or account",
    ):
        assert wanted in words, wanted


@by_size
def test_a_poster_carries_slogan_place_and_host_in_both_languages(size: Size) -> None:
    words = words_on(printed(size))

    assert "扫一扫，十道题，质量知识带回家" in words
    assert "Scan, answer, take quality home" in words
    assert "Jinjiang" in words
    assert "Fujian Administration for Market Regulation" in words


@by_size
def test_both_fonts_are_embedded_once_however_many_pages(
    size: Size, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "fpdf"):
        file = printed(size, *map(a_sheet, some_codes(5)))

    names = set(re.findall(rb"/BaseFont /([\w+-]+)", file))
    assert file.count(b"/FontFile2") == 2
    assert {name.partition(b"+")[2] for name in names} == {
        b"NotoSansSC",
        b"NotoSansSCBold",
    }
    assert caplog.records == []  # the library warns of every missing glyph


@pytest.mark.parametrize("size", [Size.A4, Size.A5, Size.CARDS])  # A3 is composed as A4 is
@pytest.mark.parametrize("kind", HOSTILE)
def test_no_words_break_the_page(size: Size, kind: str, caplog: pytest.LogCaptureFixture) -> None:
    width, height = MILLIMETRES[size]
    with caplog.at_level(logging.WARNING, "fpdf"):
        file = printed(size, a_sheet(**HOSTILE[kind]))

    (picture,) = pictures(file)
    assert len(read(picture)) == CODES_ON_PAGE[size]
    assert caplog.records == []
    boxes = [box for _character, box in boxes_on(file)]
    for left, top, right, bottom in boxes:
        assert left >= 5, kind
        assert top >= 5
        assert right <= width - 5, kind
        assert bottom <= height - 5
    if size is Size.CARDS:
        x, y = cards.LEFT + cards.CARD[0], cards.TOP + cards.CARD[1]
        boxes = [box for box in boxes if box[2] < x and box[3] < y]
    assert not any(itertools.starmap(lie_over_each_other, itertools.combinations(boxes, 2)))
    assert not any(lie_over_each_other(box, field) for field in fields(size) for box in boxes)


def fields(size: Size) -> list[tuple[float, float, float, float]]:
    """Return the boxes of the codes with their quiet zones, a hair smaller."""
    side, hair = FIELDS[size], 0.1
    if size is Size.CARDS:
        corners = [
            (cards.LEFT + column * cards.CARD[0], cards.TOP + (row + 1) * cards.CARD[1] - side)
            for row in range(cards.ROWS)
            for column in range(cards.COLUMNS)
        ]
    else:
        form = {Size.A4: wall.A4, Size.A3: wall.A3, Size.A5: wall.A5}[size]
        corners = [((form.width - side) / 2, form.ground - side)]
    return [(x + hair, y + hair, x + side - hair, y + side - hair) for x, y in corners]


def lie_over_each_other(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    """Tell whether two boxes share more than a tenth of the smaller one."""
    wide = min(one[2], other[2]) - max(one[0], other[0])
    high = min(one[3], other[3]) - max(one[1], other[1])
    if wide <= 0 or high <= 0:
        return False
    smaller = min((box[2] - box[0]) * (box[3] - box[1]) for box in (one, other))
    return wide * high > smaller / 10


@by_size
def test_what_our_fonts_lack_is_seen_as_a_box_and_named_before_printing(size: Size) -> None:
    title = "质量月🎉进校园👩‍🏭"

    words = words_on(printed(size, a_sheet(title=Words(title, ""))))

    assert "质量月□进校园□□" in words
    assert pdf.unknown_in(title) == "🎉👩🏭"
    assert pdf.unknown_in("质量月进工厂：Café · 100 ℃") == ""


@by_size
def test_the_code_is_black_on_white_with_a_clean_quiet_zone(size: Size) -> None:
    (picture,) = pictures(printed(size))

    left, top, right, bottom = (round(side * DOTS_PER_MM) for side in fields(size)[0])
    quiet = round(4 * FIELDS[size] / 37 * DOTS_PER_MM) - 2
    field = picture.crop((left, top, right, bottom))
    edges = [
        (0, 0, field.width, quiet),
        (0, 0, quiet, field.height),
        (field.width - quiet, 0, field.width, field.height),
        (0, field.height - quiet, field.width, field.height),
    ]

    assert {field.crop(edge).getextrema() for edge in edges} == {(255, 255)}
    assert field.getextrema() == (0, 255)


def test_nothing_but_vectors_and_letters_is_drawn() -> None:
    for size in Size:
        assert b"/Subtype /Image" not in printed(size)


@pytest.mark.parametrize(
    ("opens", "closes", "written"),
    [
        ((2026, 9, 1, 7, 30), (2026, 9, 1, 18, 0), "2026.09.01 07:30–18:00"),
        ((2026, 9, 1, 7, 30), (2026, 9, 30, 18, 5), "2026.09.01 07:30 – 09.30 18:05"),
        ((2026, 12, 1, 7, 30), (2027, 1, 3, 18, 5), "2026.12.01 07:30 – 2027.01.03 18:05"),
    ],
)
def test_times_say_no_day_or_year_twice(
    opens: tuple[int, ...], closes: tuple[int, ...], written: str
) -> None:
    sheet = a_sheet(opens=datetime(*opens), closes=datetime(*closes))  # type: ignore[misc,arg-type] # noqa: DTZ001

    assert sheet.times.replace("\u00a0", " ") == written


@by_size
def test_three_hundred_posters_take_a_fraction_of_a_minute_and_of_a_disk(
    size: Size, measured: Callable[[], float]
) -> None:
    sheets = [a_sheet(code) for code in some_codes(60)]

    measured()
    file = printed(size, *sheets)
    seconds = measured()

    assert 5 * seconds < 30
    assert 5 * len(file) < 10_000_000


@pytest.fixture
def measured() -> Callable[[], float]:
    """Return the seconds of this processor's work since the last call."""
    last = [time.process_time()]

    def measured() -> float:
        before, last[0] = last[0], time.process_time()
        return last[0] - before

    return measured
