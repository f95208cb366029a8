"""How people write down teams with their roster sizes: "一车间:120; 二车间:80". Pure."""

import re
from dataclasses import dataclass

from core.words import plain_line

MAX_TEAMS = 100
MAX_NAME = 40
MAX_ROSTER = 100_000
SEPARATORS = re.compile(r"[;；\n]+")
# A colon, or brackets, between the name and the number; 人 or 名 may follow it.
SIZED = re.compile(r"(?P<name>.*?)\s*[:：（(]\s*(?P<size>\d{1,9})\s*[人名]?\s*[)）]?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Roster:
    """A team as it was written down; `size` in persons, if stated."""

    name: str
    size: int | None = None


class BadRosterError(Exception):
    """What was written down cannot be kept; `code` says why, `text` is the part it is about."""

    def __init__(self, code: str, text: str = "") -> None:
        super().__init__(code, text)
        self.code, self.text = code, text


def read(text: str) -> tuple[Roster, ...]:
    """Read teams, one a line or parted by semicolons; empty parts are left out.

    :raises BadRosterError: `long`, `size`, `twice` or `many`
    """
    found: list[Roster] = []
    for part in SEPARATORS.split(text):
        written = plain_line(part) or ""
        if written:
            roster = _read_one(written)
            if roster.name in {other.name for other in found}:
                raise BadRosterError("twice", roster.name)
            found.append(roster)
    if len(found) > MAX_TEAMS:
        raise BadRosterError("many")
    return tuple(found)


def _read_one(written: str) -> Roster:
    sized = SIZED.fullmatch(written)
    name = sized["name"] if sized else written
    if not name or len(name) > MAX_NAME:
        raise BadRosterError("long", written[:MAX_NAME])
    size = int(sized["size"]) if sized else None
    if size is not None and not 1 <= size <= MAX_ROSTER:
        raise BadRosterError("size", written[:MAX_NAME])
    return Roster(name, size)


def write(rosters: tuple[Roster, ...]) -> str:
    """Write teams as `read` reads them."""
    return "; ".join(r.name if r.size is None else f"{r.name}:{r.size}" for r in rosters)
