"""A phone's camera: reads QR codes from images, files and a terminal."""

import io

import resvg_py
import zxingcpp
from PIL import Image

PIXELS = 8
HALVES = {"█": (0, 1), "▀": (0,), "▄": (1,)}


def scan(image: Image.Image) -> zxingcpp.Barcode:
    """Read the only code of an image."""
    (found,) = zxingcpp.read_barcodes(image)
    return found


def open_png(png: bytes) -> Image.Image:
    """Open a pixel image."""
    return Image.open(io.BytesIO(png))


def draw_svg(svg: str) -> Image.Image:
    """Draw a vector image as a browser or a printer would."""
    return open_png(resvg_py.svg_to_bytes(svg_string=svg))


def photograph(terminal: str) -> Image.Image:
    """Draw what stands in a dark terminal: light blocks, two to a character."""
    lines = terminal.rstrip("\n").split("\n")
    width = max(map(len, lines))
    image = Image.new("L", (width * PIXELS, 2 * len(lines) * PIXELS), 0)
    for row, line in enumerate(lines):
        for column, character in enumerate(line):
            for half in HALVES.get(character, ()):
                x, y = column * PIXELS, (2 * row + half) * PIXELS
                image.paste(255, (x, y, x + PIXELS, y + PIXELS))
    return image
