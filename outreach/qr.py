"""A link -> a QR code as SVG, PNG or text for a terminal. Pure."""

import io
from dataclasses import dataclass

import qrcode
from qrcode.image.pil import PilImage

QUIET_ZONE = 4  # modules, ISO/IEC 18004
PNG_PIXELS_PER_MODULE = 24


@dataclass(frozen=True, slots=True)
class Drawn:
    """A code as dark boxes, in modules from the upper left corner of its quiet zone.

    `modules` counts one side without the quiet zone. Boxes are (x, y, width, height) and do not
    overlap.
    """

    modules: int
    boxes: tuple[tuple[int, int, int, int], ...]

    @property
    def side(self) -> int:
        """The modules of one side with the quiet zone on both ends."""
        return self.modules + 2 * QUIET_ZONE


def drawn(link: str) -> Drawn:
    """Return a code as few boxes: dark modules beside and below each other are one."""
    code = _code(link)
    open_boxes: dict[tuple[int, int], int] = {}  # first and last column -> first row
    boxes: list[tuple[int, int, int, int]] = []
    for y, row in enumerate([*code.modules, []]):
        runs = set(_dark_runs([bool(module) for module in row]))
        for run in [run for run in open_boxes if run not in runs]:
            top = open_boxes.pop(run)
            boxes.append(
                (run[0] + QUIET_ZONE, top + QUIET_ZONE, run[1] - run[0], y - top),
            )
        for run in runs:
            open_boxes.setdefault(run, y)
    return Drawn(code.modules_count, tuple(sorted(boxes)))


def _dark_runs(row: list[bool]) -> list[tuple[int, int]]:
    """List where the dark stretches of a row begin and end; the end is exclusive."""
    edges = [x for x in range(len(row) + 1) if _dark(row, x) != _dark(row, x - 1)]
    return list(zip(edges[::2], edges[1::2], strict=True))


def _dark(row: list[bool], x: int) -> bool:
    return 0 <= x < len(row) and row[x]


def _code(link: str) -> "qrcode.QRCode[PilImage]":
    # Level Q survives a quarter of the code being dirty or torn.
    code = qrcode.QRCode(error_correction=qrcode.constants.ERROR_CORRECT_Q, border=QUIET_ZONE)
    code.add_data(link, optimize=0)
    code.make(fit=True)
    return code


def svg(link: str) -> str:
    """Draw a vector image, black on white, one unit a module, that scales to any size."""
    code = _code(link)
    side = code.modules_count + 2 * QUIET_ZONE
    path = "".join(
        f"M{x + QUIET_ZONE} {y + QUIET_ZONE}h1v1h-1z"
        for y, row in enumerate(code.modules)
        for x, dark in enumerate(row)
        if dark
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}" '
        f'width="{side * 8}" height="{side * 8}" shape-rendering="crispEdges">'
        f'<rect width="{side}" height="{side}" fill="#fff"/><path d="{path}" fill="#000"/></svg>'
    )


def png(link: str) -> bytes:
    """Draw a pixel image for word processors and chats, sharp up to about 10 cm in print."""
    code = _code(link)
    code.box_size = PNG_PIXELS_PER_MODULE
    out = io.BytesIO()
    code.make_image(image_factory=PilImage).save(out, "PNG")
    return out.getvalue()


def terminal(link: str) -> str:
    """Draw a code that a phone can scan from a dark terminal: two modules a character."""
    code = qrcode.QRCode(error_correction=qrcode.constants.ERROR_CORRECT_L, border=QUIET_ZONE)
    code.add_data(link)
    code.make(fit=True)
    out = io.StringIO()
    code.print_ascii(out=out, invert=True)
    return out.getvalue()
