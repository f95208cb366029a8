"""Maps of tiles: one for each region, alike in size, without any border line. Pure.

`data/tiles.csv` says which regions lie where; all others stand in rows, in the order given. A tile
has one of five steps of equal width, so that twice as dark is about twice as many.
"""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from outreach.tally.charts import round_up

PLACES = Path(__file__).parent / "data" / "tiles.csv"
COLUMNS = 4
STEPS = 5
# In units of the drawing: on a phone one is about a pixel.
WIDTH, HEIGHT, GAP = 78, 66, 5
# A name has two lines, each so long, in letters that are as wide as they are high.
LINES, ROOM = 2, 5.2
WIDE_FROM, NARROW = "\u2e80", 0.56

Place = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Scale:
    """Five steps of `size` each, upwards from nothing."""

    size: float

    @property
    def tops(self) -> list[float]:
        """The highest value of each step."""
        return [round(self.size * step, 6) for step in range(1, STEPS + 1)]

    def step(self, value: float) -> int:
        """Return the step of a value from 1 to 5, or 0 for nothing at all."""
        return next((n for n, top in enumerate((0, *self.tops)) if value <= top), STEPS)


@dataclass(frozen=True, slots=True)
class Tile:
    """A region's tile; `x` and `y` are its corner, `lines` its name as it fits in."""

    code: str
    name: str
    lines: Sequence[str]
    value: float
    step: int
    x: int
    y: int


@dataclass(frozen=True, slots=True)
class TileMap:
    """Tiles with their scale, on a ground of `width` by `height`."""

    tiles: Sequence[Tile]
    scale: Scale
    width: int
    height: int

    @property
    def most(self) -> Tile:
        """The tile of the greatest value, the first of several."""
        return max(self.tiles, key=lambda tile: tile.value)

    @property
    def least(self) -> Tile:
        """The tile of the smallest value, the last of several."""
        return min(reversed(self.tiles), key=lambda tile: tile.value)


def drawn(regions: Sequence[tuple[str, str, float]]) -> TileMap:
    """Lay out code, name and value of regions beside each other, at least one."""
    places = placed([code for code, _name, _value in regions])
    values = [value for _code, _name, value in regions]
    is_whole = all(value == int(value) for value in values)
    scale = Scale(round_up(max(values) / STEPS, is_whole=is_whole))
    tiles = [
        Tile(
            code=code,
            name=name,
            lines=broken(name),
            value=value,
            step=scale.step(value),
            x=places[code][0] * (WIDTH + GAP),
            y=places[code][1] * (HEIGHT + GAP),
        )
        for code, name, value in regions
    ]
    rows = max(row for _column, row in places.values()) + 1
    return TileMap(tiles, scale, COLUMNS * (WIDTH + GAP) - GAP, rows * (HEIGHT + GAP) - GAP)


def placed(codes: Sequence[str]) -> dict[str, Place]:
    """Return column and row of each region: as they lie, if that is known of all of them."""
    known = _places()
    if all(code in known for code in codes):
        return {code: known[code] for code in codes}
    return {code: (number % COLUMNS, number // COLUMNS) for number, code in enumerate(codes)}


@cache
def _places() -> Mapping[str, Place]:
    with PLACES.open(encoding="utf-8", newline="") as file:
        return {row["code"]: (int(row["column"]), int(row["row"])) for row in csv.DictReader(file)}


def broken(name: str) -> list[str]:
    """Break a name into two lines that fit into a tile; what is too long ends in an ellipsis."""
    lines = [""]
    for word in _words(name):
        if lines[-1] and _width(lines[-1] + word.rstrip()) > ROOM:
            lines.append("")
        lines[-1] += word
    lines = [line.strip() for line in lines]
    if len(lines) > LINES:
        lines = [*lines[: LINES - 1], "".join(lines[LINES - 1 :])]
        while _width(lines[-1]) > ROOM - 1:
            lines[-1] = lines[-1][:-1]
        lines[-1] += "…"
    return lines


def _words(name: str) -> list[str]:
    """Split where a line may end: after spaces, and after each Chinese character."""
    words = [""]
    for letter in name:
        words[-1] += letter
        if letter == " " or letter >= WIDE_FROM:
            words.append("")
    return [word for word in words if word]


def _width(text: str) -> float:
    """Return about how wide a text is, in letters as wide as they are high."""
    return sum(1 if letter >= WIDE_FROM else NARROW for letter in text)
