"""Breaking a text into lines as Chinese and English printers do. Pure.

The library that knows all rules of Unicode line breaking (uniseg) takes five seconds for the
20,000 characters of the largest booklet; the rules that matter to us take a tenth of one.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

NO_START = frozenset(
    "!%),.:;?]}¨·ˇˉ―‖’”…‰′″›℃℉™、。〃〉》」』】〕〗〞！＂％＇），．：；？］｀｜｝～￠—–~"
)
NO_END = frozenset("$([{£¥‘“〈《「『【〔〖〝（［｛￡￥＄")
HALF_EMPTY = frozenset("、。》」』】〕”’！），：；？，．")
HALF_EM = 0.5
CLUSTER = re.compile(
    r"(?P<space>[ \t\n\u3000]+)"
    r"|(?P<word>[!-~\u00a0\u00b0-\u024f’]+?[-/](?=[^\d\s])|[!-~\u00a0\u00b0-\u024f’]+)"
    r"|(?P<pair>—+|…+)|(?P<single>.)"
)

Measure = Callable[[str, bool], float]


@dataclass(frozen=True, slots=True)
class Run:
    """A piece of text; a stressed one is set bold."""

    text: str
    is_bold: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """What stands on one line; `width` is in em, without the empty half of a 。 at its end."""

    runs: tuple[Run, ...]
    width: float
    is_last: bool

    @property
    def text(self) -> str:
        """The words of the line."""
        return "".join(run.text for run in self.runs)


@dataclass(slots=True)
class _Unit:
    """What is never torn apart, and the space after it, which vanishes at the end of a line."""

    runs: list[Run]
    space: Run | None = None

    @property
    def last(self) -> str:
        return self.runs[-1].text[-1]

    @property
    def trailing(self) -> float:
        return HALF_EM if self.last in HALF_EMPTY else 0.0


def break_lines(runs: Iterable[Run], measure: Measure, width: float) -> list[Line]:
    """Fill lines of a width in em, each as full as it may be.

    No line begins with 。 or ） nor ends with （; English words stay whole if they fit at all.

    :param measure: the width in em of a text, bold or not
    """
    lines: list[list[_Unit]] = [[]]
    filled = 0.0
    for unit in _fitting(_units(runs), measure, width):
        size = sum(measure(run.text, run.is_bold) for run in unit.runs)
        if lines[-1] and filled + size - unit.trailing > width:
            lines.append([])
            filled = 0.0
        lines[-1].append(unit)
        filled += size
        if unit.space:
            filled += measure(unit.space.text, unit.space.is_bold)
    last = len(lines) - 1
    return [_line(units, measure, is_last=n == last) for n, units in enumerate(lines) if units]


def _units(runs: Iterable[Run]) -> Iterator[_Unit]:
    unit: _Unit | None = None
    for run in runs:
        for found in CLUSTER.finditer(run.text):
            piece = Run(" " if found["space"] else found[0], run.is_bold)
            if found["space"]:
                if unit:
                    unit.space = piece
                continue
            if unit and not unit.space and _sticks(unit.last, piece.text[0]):
                unit.runs.append(piece)
                continue
            if unit:
                yield unit
            unit = _Unit([piece])
    if unit:
        yield unit


def _sticks(before: str, after: str) -> bool:
    return before in NO_END or after in NO_START


def _fitting(units: Iterable[_Unit], measure: Measure, width: float) -> Iterator[_Unit]:
    """Tear what is wider than a line, such as a long address, where the line ends."""
    for unit in units:
        if sum(measure(run.text, run.is_bold) for run in unit.runs) - unit.trailing <= width:
            yield unit
            continue
        letters = [Run(letter, run.is_bold) for run in unit.runs for letter in run.text]
        for letter in letters[:-1]:
            yield _Unit([letter])
        yield _Unit([letters[-1]], unit.space)


def _line(units: list[_Unit], measure: Measure, *, is_last: bool) -> Line:
    pieces: list[Run] = []
    for place, unit in enumerate(units):
        pieces += unit.runs
        if unit.space and place < len(units) - 1:
            pieces.append(unit.space)
    joined: list[Run] = []
    for piece in pieces:
        if joined and joined[-1].is_bold == piece.is_bold:
            joined[-1] = Run(joined[-1].text + piece.text, piece.is_bold)
        else:
            joined.append(piece)
    width = sum(measure(run.text, run.is_bold) for run in joined) - units[-1].trailing
    return Line(tuple(joined), width, is_last)
