"""What a poster says, in both languages, whatever language its organizer reads. Pure."""

import math
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from outreach.qr import Drawn

USUAL_MODULES = 25  # of the code that the rule of reading distances speaks of
DISTANCE_PER_SIDE = 10
NO_BREAK = "\u00a0"


class Words(NamedTuple):
    """The same in Chinese and English; English may be missing."""

    zh: str
    en: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Sheet:
    """One poster's words and its code.

    `opens` and `closes` are local moments. `team` and `placement` may be empty; `typed` is the
    code as one types it.
    """

    code: Drawn
    link: str
    typed: str
    campaign: Words
    slogan: Words
    title: Words
    team: str
    site: str
    region: Words
    host: Words
    opens: datetime
    closes: datetime
    questions: int
    placement: str

    @property
    def times(self) -> str:
        """When one can take part, without saying the same day or year twice; breaks at the dash."""
        form = "%Y.%m.%d %H:%M"
        first = f"{self.opens:{form}}"
        if self.opens.date() == self.closes.date():
            return f"{first}–{self.closes:%H:%M}"
        if self.opens.year == self.closes.year:
            form = "%m.%d %H:%M"
        return f"{first} – {self.closes:{form}}".replace(" ", NO_BREAK).replace(
            f"–{NO_BREAK}", "– "
        )

    def distance(self, side: float) -> Words:
        """Return how far away a code is read whose side (quiet zone included) is so many mm."""
        return distance_words(reading_distance(side, self.code))


def reading_distance(side: float, code: Drawn) -> float:
    """Return how far away a code can be read, in the unit of `side`, its quiet zone included."""
    own_side = side * code.modules / code.side
    return own_side * DISTANCE_PER_SIDE * USUAL_MODULES / code.modules


def distance_words(millimetres: float) -> Words:
    """Write a distance, rounded down, so that it holds."""
    decimetres = math.floor(millimetres / 100 + 1e-6)
    if decimetres < 10:  # noqa: PLR2004 -- a metre
        return Words(f"{decimetres * 10} 厘米", f"{decimetres * 10} cm")
    metres = f"{decimetres / 10:g}"
    return Words(f"{metres} 米", f"{metres} m")
