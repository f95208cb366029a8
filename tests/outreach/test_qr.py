"""A link becomes a code that a phone reads: SVG, PNG and text for a terminal."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from outreach import qr
from tests.outreach.scanner import draw_svg, open_png, photograph, scan

USUAL = "https://zl.example.cn/q/ACDE3467"
LINKS = [
    USUAL,
    "http://localhost:5000/q/34679ACD",
    "https://quality-month.fujian.gov.cn/q/YXWTRQPN",
]


def side_of(svg: str) -> int:
    """Return the modules along one side, quiet zone included."""
    found = re.search(r'viewBox="0 0 (\d+) \1"', svg)
    assert found, svg
    return int(found[1])


def dark_pixels(image: Image.Image) -> tuple[int, int, int, int]:
    """Return the box around all that is not white."""
    box = image.convert("L").point(lambda value: 255 if value < 255 else 0).getbbox()
    assert box is not None
    return box


@pytest.mark.parametrize("link", LINKS)
def test_the_vector_image_is_read_as_exactly_the_link(link: str) -> None:
    code = scan(draw_svg(qr.svg(link)))

    assert code.text == link
    assert code.symbology_identifier.startswith("]Q")
    assert code.ec_level == "Q"


@pytest.mark.parametrize("link", LINKS)
def test_the_pixel_image_is_read_as_exactly_the_link(link: str) -> None:
    code = scan(open_png(qr.png(link)))

    assert (code.text, code.ec_level) == (link, "Q")


def test_a_usual_link_of_32_bytes_fits_a_code_of_version_3() -> None:
    assert len(USUAL.encode()) == 32

    assert side_of(qr.svg(USUAL)) == 29 + 2 * 4  # version 3 has 29 modules


def test_the_quiet_zone_is_four_modules_on_every_side_of_the_vector_image() -> None:
    image = draw_svg(qr.svg(USUAL))
    side = side_of(qr.svg(USUAL))
    module = image.width // side

    left, upper, right, lower = dark_pixels(image)

    assert image.size == (side * module, side * module)
    assert (left, upper) == (4 * module, 4 * module)
    assert (image.width - right, image.height - lower) == (4 * module, 4 * module)


def test_the_quiet_zone_is_four_modules_on_every_side_of_the_pixel_image() -> None:
    image = open_png(qr.png(USUAL))
    module = image.width // 37

    left, upper, right, lower = dark_pixels(image)

    assert image.size == (37 * module, 37 * module)
    assert (left, upper) == (4 * module, 4 * module)
    assert (image.width - right, image.height - lower) == (4 * module, 4 * module)


def test_codes_are_black_on_white_and_nothing_else() -> None:
    for image in (draw_svg(qr.svg(USUAL)), open_png(qr.png(USUAL))):
        colours = image.convert("RGBA").getcolors()

        assert {colour for _count, colour in colours} == {(0, 0, 0, 255), (255, 255, 255, 255)}


def test_vector_and_pixels_show_the_same_modules() -> None:
    vector = draw_svg(qr.svg(USUAL)).convert("1").resize((37, 37), Image.Resampling.NEAREST)
    pixels = open_png(qr.png(USUAL)).convert("1").resize((37, 37), Image.Resampling.NEAREST)

    assert vector.tobytes() == pixels.tobytes()


@pytest.mark.parametrize("link", LINKS)
def test_the_boxes_of_a_printed_code_cover_its_dark_modules_once(link: str) -> None:
    drawn = qr.drawn(link)
    image = Image.new("L", (drawn.side, drawn.side), 255)
    covered = [
        (column, row)
        for x, y, width, height in drawn.boxes
        for column in range(x, x + width)
        for row in range(y, y + height)
    ]

    for module in covered:
        image.putpixel(module, 0)

    assert len(covered) == len(set(covered))
    assert len(drawn.boxes) < len(covered) / 2
    vector = draw_svg(qr.svg(link)).convert("L").resize(image.size, Image.Resampling.NEAREST)
    assert image.tobytes() == vector.tobytes()


def test_the_pixel_image_prints_sharply_at_ten_centimetres() -> None:
    assert open_png(qr.png(USUAL)).width >= 10 / 2.54 * 200  # 200 dots an inch


def test_the_same_link_always_gives_the_same_files() -> None:
    assert qr.svg(USUAL) == qr.svg(USUAL)
    assert qr.png(USUAL) == qr.png(USUAL)
    assert qr.svg(USUAL) != qr.svg(USUAL[:-1] + "9")


def test_the_vector_image_holds_no_script_style_or_link_elsewhere() -> None:
    names = set(re.findall(r"<(\w+)", qr.svg(USUAL)))

    assert names == {"svg", "rect", "path"}
    assert "href" not in qr.svg(USUAL)


@pytest.mark.parametrize("spoilt", range(4))
def test_a_dirty_corner_does_not_make_a_code_unreadable(spoilt: int) -> None:
    image = open_png(qr.png(USUAL)).convert("L")
    module = image.width // 37
    column, row = [(14, 20), (20, 14), (24, 20), (16, 26)][spoilt]
    image.paste(255, (column * module, row * module, (column + 5) * module, (row + 5) * module))

    assert scan(image).text == USUAL


@pytest.mark.parametrize("link", LINKS)
def test_a_phone_reads_the_code_from_a_dark_terminal(link: str) -> None:
    assert scan(photograph(qr.terminal(link))).text == link


@settings(max_examples=25, deadline=None)
@given(st.text("34679ACDEFHJKMNPQRTWXY", min_size=8, max_size=8))
def test_every_code_is_read_back(code: str) -> None:
    link = f"https://zl.example.cn/q/{code}"

    assert scan(draw_svg(qr.svg(link))).text == link
