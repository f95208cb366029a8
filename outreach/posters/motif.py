"""The picture of our posters: a tulou seen from above, its round roof around the square code.

Round as heaven, square as earth; as on old coins. Drawn in PDF's own operators, in millimetres
from the upper left corner, so that a page costs little.
"""

import math
from collections.abc import Iterator
from functools import cache

from core import pdf
from core.pdf import colour_operator

ARC = 0.5522847  # how far the handles of a quarter circle stand from its ends, in radii
WAVE = 6.0  # mm from crest to crest


def circle(x: float, y: float, radius: float) -> str:
    """Return the path of a circle."""
    r, c = radius, radius * ARC
    return (
        f"{x + r:.3f} {y:.3f} m "
        f"{x + r:.3f} {y + c:.3f} {x + c:.3f} {y + r:.3f} {x:.3f} {y + r:.3f} c "
        f"{x - c:.3f} {y + r:.3f} {x - r:.3f} {y + c:.3f} {x - r:.3f} {y:.3f} c "
        f"{x - r:.3f} {y - c:.3f} {x - c:.3f} {y - r:.3f} {x:.3f} {y - r:.3f} c "
        f"{x + c:.3f} {y - r:.3f} {x + r:.3f} {y - c:.3f} {x + r:.3f} {y:.3f} c h"
    )


def ring(x: float, y: float, outer: float, inner: float) -> str:
    """Return a filled ring."""
    return f"{circle(x, y, outer)} {circle(x, y, inner)} f*"


@cache
def tulou(x: float, y: float, radius: float, court: float, rafters: int) -> str:
    """Draw a tulou around a square court whose half side is `court`: walls, tiles, galleries."""
    ochre, paper = colour_operator(pdf.OCHRE), colour_operator("#ffffff")
    unit = (radius - court) / 21  # the parts below are given for a roof 21 mm deep
    edge = court + 0.25 * unit
    yard = f"{x - court:.3f} {y - court:.3f} {2 * court:.3f} {2 * court:.3f}"
    frame = f"{x - edge:.3f} {y - edge:.3f} {2 * edge:.3f} {2 * edge:.3f}"
    parts = [
        ochre,
        ring(x, y, radius, radius - 0.5 * unit),
        ring(x, y, radius - 1.7 * unit, radius - 15.5 * unit),
        ring(x, y, radius - 17.2 * unit, radius - 18 * unit),
        colour_operator("#ffffff", is_line=True),
        f"{0.34 * unit:.3f} w",
        *_rays(x, y, radius - 15.6 * unit, radius - 1.6 * unit, rafters),
        "S",
        paper,
        ring(x, y, radius - 6.6 * unit, radius - 7.5 * unit),
        ring(x, y, radius - 13.2 * unit, radius - 13.8 * unit),
        f"{yard} re f",
        f"{colour_operator(pdf.OCHRE, is_line=True)} {0.5 * unit:.3f} w {frame} re S",
    ]
    return " ".join(parts)


def _rays(x: float, y: float, inner: float, outer: float, number: int) -> Iterator[str]:
    for n in range(number):
        angle = 2 * math.pi * (n + 0.5) / number
        cos, sin = math.cos(angle), math.sin(angle)
        yield (
            f"{x + inner * cos:.3f} {y + inner * sin:.3f} m "
            f"{x + outer * cos:.3f} {y + outer * sin:.3f} l"
        )


@cache
def seal(x: float, y: float, side: float) -> str:
    """Draw the seal of the Quality Month: a tick in a frame, white on vermilion."""
    u = side / 32
    return " ".join(
        [
            colour_operator(pdf.SEAL),
            _rounded(x, y, side, 5 * u),
            "f",
            colour_operator("#ffffff", is_line=True),
            f"{1.6 * u:.3f} w {x + 5.5 * u:.3f} {y + 5.5 * u:.3f} {21 * u:.3f} {21 * u:.3f} re S",
            f"1 J 1 j {3.2 * u:.3f} w {x + 10 * u:.3f} {y + 16.6 * u:.3f} m",
            f"{x + 14.2 * u:.3f} {y + 21 * u:.3f} l {x + 22.4 * u:.3f} {y + 11 * u:.3f} l S",
        ]
    )


def _rounded(x: float, y: float, side: float, radius: float) -> str:
    """Return the path of a square with round corners."""
    far_x, far_y, r, c = x + side, y + side, radius, radius * (1 - ARC)
    return (
        f"{x + r:.3f} {y:.3f} m {far_x - r:.3f} {y:.3f} l "
        f"{far_x - c:.3f} {y:.3f} {far_x:.3f} {y + c:.3f} {far_x:.3f} {y + r:.3f} c "
        f"{far_x:.3f} {far_y - r:.3f} l "
        f"{far_x:.3f} {far_y - c:.3f} {far_x - c:.3f} {far_y:.3f} {far_x - r:.3f} {far_y:.3f} c "
        f"{x + r:.3f} {far_y:.3f} l "
        f"{x + c:.3f} {far_y:.3f} {x:.3f} {far_y - c:.3f} {x:.3f} {far_y - r:.3f} c "
        f"{x:.3f} {y + r:.3f} l {x:.3f} {y + c:.3f} {x + c:.3f} {y:.3f} {x + r:.3f} {y:.3f} c h"
    )


@cache
def strait(left: float, y: float, width: float, scale: float) -> str:
    """Draw the sea between two shores: two lines of waves."""
    number = round(width / (WAVE * scale))
    step = width / number
    height = 0.9 * scale
    lines = []
    for row, weight in ((0.0, 0.5), (1.9 * scale, 0.28)):
        at = y + row
        waves = [f"{left:.3f} {at:.3f} m"]
        for n in range(number):
            x = left + n * step
            waves.append(
                f"{x + step * 0.3:.3f} {at - height:.3f} {x + step * 0.7:.3f} {at + height:.3f} "
                f"{x + step:.3f} {at:.3f} c"
            )
        lines.append(f"{weight * scale:.3f} w {' '.join(waves)} S")
    return f"{colour_operator(pdf.STRAIT, is_line=True)} {' '.join(lines)}"
