"""Lines over time as shapes to be drawn, and scales that end at round numbers. Pure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

# In units of the drawing, which is stretched to the room that there is.
WIDTH, HEIGHT = 300, 100
ROUND = (1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10)


@dataclass(frozen=True, slots=True)
class Point:
    """A day, or a week by its first day, with its value; `x` and `y` lie on the ground."""

    day: date
    value: int
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Line:
    """A line over time on a ground of `WIDTH` by `HEIGHT`; `top` is the value of its upper edge."""

    points: Sequence[Point]
    top: int
    is_open: bool

    @property
    def path(self) -> str:
        """What is over, as an SVG path."""
        return _path(self.points[:-1] if self.is_open else self.points)

    @property
    def open_path(self) -> str:
        """What leads to the last point, if that is not over yet."""
        return _path(self.points[-2:]) if self.is_open and len(self.points) > 1 else ""

    @property
    def area(self) -> str:
        """What lies under the line, as an SVG path."""
        return f"{_path(self.points)}V{HEIGHT}H{self.points[0].x:g}z"

    @property
    def peak(self) -> Point:
        """The greatest value, the first of several."""
        return max(self.points, key=lambda point: point.value)


def line(values: Sequence[tuple[date, int]], *, is_open: bool) -> Line:
    """Draw the values of successive days or weeks, at least one.

    :param is_open: the last one is not over yet
    """
    top = int(round_up(max(value for _day, value in values) / 2, is_whole=True)) * 2
    step = WIDTH / (len(values) - 1) if len(values) > 1 else 0
    points = [
        Point(day, value, round(number * step, 1), round(HEIGHT * (1 - value / top), 1))
        for number, (day, value) in enumerate(values)
    ]
    return Line(points, top, is_open)


def _path(points: Sequence[Point]) -> str:
    return "M" + "L".join(f"{point.x:g} {point.y:g}" for point in points) if points else ""


def round_up(value: float, *, is_whole: bool = False) -> float:
    """Return the next round number from a value on, 1 for nothing.

    :param is_whole: only whole numbers will do
    """
    if value <= 0:
        return 1
    unit = 10.0 ** math.floor(math.log10(value))
    size = next(round(n * unit, 9) for n in ROUND if n * unit >= value * (1 - 1e-9))
    return math.ceil(size) if is_whole else size
