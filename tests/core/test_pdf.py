"""Printed pages: the site's colours, fonts that know every character of ours, text that is text."""

import gc
import re
import warnings
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pypdfium2
import pytest
from babel.messages.pofile import read_po
from fontTools.ttLib import TTFont

from core import pdf
from core.pdf import Document, Style
from core.typesetting import Run
from tests.conftest import ROOT

CONTENT = [
    *(ROOT / "question_bank" / "content").rglob("*.yaml"),
    *(ROOT / "outreach").rglob("data/*.yaml"),
    *(ROOT / "outreach").rglob("data/*.csv"),
]
WEIGHTS = ("Regular", "Bold")
LIGHT = re.compile(r"--([a-z-]+): (#[0-9a-f]{6});")
TOTAL_BYTES = 6_000_000
PARAGRAPH = (
    "合格证明，中文的产品名称、生产厂厂名和厂址，是产品标识的基本内容。缺了它们的“三无产品”，"
    "出了问题很难找到人负责。买东西先看这几项，找不到厂名厂址的不要买，也不要图便宜。"
) * 3


def a_document() -> Document:
    return Document((148, 210), margin=16, lang="zh-CN", title="试印")


def characters_of(weight: str) -> set[str]:
    with closing(TTFont(pdf.FONTS / f"NotoSansSC-{weight}.ttf")) as font:
        return {chr(code) for code in font.getBestCmap()}


def printable(text: str) -> set[str]:
    return {character for character in text if character.isprintable()}


@pytest.mark.parametrize("weight", WEIGHTS)
@pytest.mark.parametrize("path", CONTENT, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_fonts_have_every_character_of_our_content(path: Path, weight: str) -> None:
    missing = printable(path.read_text(encoding="utf-8")) - characters_of(weight)

    assert missing == set()


@pytest.mark.parametrize("weight", WEIGHTS)
def test_the_fonts_have_every_character_of_the_catalogs(weight: str) -> None:
    texts = ""
    for path in (ROOT / "translations" / "zh").rglob("*.po"):  # paper has no Traditional characters
        with path.open("rb") as file:
            for message in read_po(file):
                texts += str(message.id) + str(message.string)

    assert len(printable(texts)) > 400
    assert printable(texts) - characters_of(weight) == set()


@pytest.mark.parametrize("weight", WEIGHTS)
def test_the_fonts_have_all_of_gb_2312(weight: str) -> None:
    rows = range(0xB0, 0xF8)
    cells = range(0xA1, 0xFF)
    gb2312 = "".join(bytes((r, c)).decode("gb2312", "ignore") for r in rows for c in cells)

    assert len(gb2312) == 6763
    assert set(gb2312) - characters_of(weight) == set()


def test_the_fonts_have_rare_characters_of_names() -> None:
    assert set("㛃䶮𬭎𬀩堃喆暅旸昇璟") <= characters_of("Regular")


def test_both_weights_have_the_same_characters() -> None:
    assert characters_of("Regular") == characters_of("Bold")


def test_the_fonts_stay_small_and_bring_their_licence() -> None:
    sizes = [path.stat().st_size for path in pdf.FONTS.glob("*.ttf")]

    assert len(sizes) == 2
    assert sum(sizes) < TOTAL_BYTES
    licence = (pdf.FONTS / "OFL.txt").read_text(encoding="utf-8")
    assert "SIL OPEN FONT LICENSE Version 1.1" in licence
    assert "Reserved Font Name 'Source'" in licence  # ours keeps the name Noto, which is free


def test_the_colours_are_those_of_the_site_in_light() -> None:
    tokens = (ROOT / "static/css/tokens.css").read_text(encoding="utf-8").split("@media")[0]
    colours = {name.upper().replace("-", "_"): value for name, value in LIGHT.findall(tokens)}

    ours = {name: value for name, value in vars(pdf).items() if name in colours}

    assert len(ours) >= 10
    assert ours == {name: colours[name] for name in ours}


@pytest.fixture(scope="module")
def paragraph() -> Iterator[pypdfium2.PdfDocument]:
    document, style = a_document(), Style(10)
    document.new_page(("左", "右"))
    lines = document.break_text([Run(PARAGRAPH)], 116, style)
    document.write_lines(lines, 16, 40, style, width=116)
    with closing(pypdfium2.PdfDocument(bytes(document.output()))) as read:
        yield read


def text_of(document: pypdfium2.PdfDocument) -> str:
    return "".join(document[0].get_textpage().get_text_range().split())


def test_text_can_be_selected_and_searched(paragraph: pypdfium2.PdfDocument) -> None:
    assert PARAGRAPH in text_of(paragraph)


def test_a_page_has_its_running_head_and_number(paragraph: pypdfium2.PdfDocument) -> None:
    text = text_of(paragraph)

    assert text.startswith("左右")
    assert text.endswith("1")


def test_a_page_without_running_head_has_no_number() -> None:
    document = a_document()
    document.new_page()
    document.new_page(("左", "右"))

    with closing(pypdfium2.PdfDocument(bytes(document.output()))) as read:
        texts = [page.get_textpage().get_text_range().split() for page in read]

    assert texts == [[], ["左", "右", "2"]]


def test_spread_lines_end_at_the_margin(paragraph: pypdfium2.PdfDocument) -> None:
    page = paragraph[0].get_textpage()
    right_ends: dict[int, tuple[float, str]] = {}
    for place in range(page.count_chars()):
        character = page.get_text_range(place, 1)
        _left, bottom, right, _top = page.get_charbox(place, loose=True)
        if character.strip() and 40 < 210 - bottom * pdf.POINT < 150:
            row = round(bottom)
            right_ends[row] = max(right_ends.get(row, (0.0, "")), (right * pdf.POINT, character))

    *full, _last = sorted(right_ends.items(), reverse=True)
    half = 10 * pdf.POINT / 2
    for _row, (right, character) in full:
        hangs = half if character in "，。、；”" else 0
        assert right == pytest.approx(148 - 16 + hangs, abs=0.4)
    assert len(full) >= 5


def test_fonts_are_embedded_and_only_in_part(paragraph: pypdfium2.PdfDocument) -> None:
    document = a_document()
    document.new_page()
    document.write_line("质量", 10, 10, Style(10))

    file = bytes(document.output())

    assert b"/FontFile2" in file
    assert len(file) < 100_000


def test_a_reader_is_told_language_and_title() -> None:
    document = a_document()
    document.new_page()

    file = bytes(document.output())

    assert b"/Lang (zh-CN)" in file
    with closing(pypdfium2.PdfDocument(file)) as read:
        assert read.get_metadata_dict()["Title"] == "试印"


@pytest.mark.parametrize(
    ("text", "shown", "unknown"),
    [
        ("质量月：Café · 100 ℃ №1", "质量月：Café · 100 ℃ №1", ""),
        ("质量🎉月🎉", "质量□月□", "🎉"),
        ("👩\u200d🏭\ufe0f 👍🏽", "□□ □", "👩🏭👍"),
        ("جودة", "□□□□", "جودة"),
        ("e\u0301\u202e质\0", "é质", ""),
    ],
)
def test_what_the_fonts_lack_is_printed_as_a_box_and_can_be_named(
    text: str, shown: str, unknown: str
) -> None:
    assert pdf.printable(text) == shown
    assert pdf.unknown_in(text) == unknown


@pytest.mark.parametrize("text", ["质量月", "质量月进工厂" * 4, "质量月" * 40, "W" * 200])
def test_a_text_fits_its_box_in_smaller_letters_or_is_cut(text: str) -> None:
    document, style = a_document(), Style(30, leading=1.2)

    lines, used = document.fit_text(text, (80.0, 20.0), style, 12.0)

    whole = "".join(line.text for line in lines)
    assert 12.0 <= used.size <= style.size
    assert len(lines) * used.line_height <= 20.0
    assert all(document.measure(line.text, is_bold=False) * used.em <= 80.1 for line in lines)
    assert whole == text or (whole[-1] == "…" and text.startswith(whole[:-1]) and used.size == 12.0)


def test_a_document_that_is_thrown_away_leaves_no_file_open() -> None:
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        for is_written in (True, False):
            document = pdf.Document((148, 210), margin=10, lang="zh", title="标题")
            if is_written:
                document.new_page()
                document.output()
        del document
        gc.collect()

    assert [str(warning.message) for warning in told] == []
