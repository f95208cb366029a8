"""Loading the divisions and finding one."""

import csv
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from core.db import db
from core.i18n import pick
from outreach.regions.models import Level, Region

DIVISIONS = Path(__file__).parent / "data" / "divisions.csv"
SUGGESTIONS = 12
DIGITS_OF_LEVEL = {Level.PROVINCE: 2, Level.PREFECTURE: 4, Level.COUNTY: 6}


class RegionNotFoundError(Exception):
    """No region in reach fits what was typed; `candidates` holds those that might be meant."""

    def __init__(self, text: str, candidates: Sequence["Place"]) -> None:
        super().__init__(text)
        self.text, self.candidates = text, candidates


@dataclass(frozen=True, slots=True)
class Place:
    """A region with the names of those above it, for lists and search."""

    code: str
    zh: str
    en: str

    @property
    def label(self) -> str:
        """Name in the reader's language, from the largest to the smallest division."""
        return pick(self.zh, self.en)


def load_divisions(path: Path = DIVISIONS) -> int:
    """Bring the regions to what the file says and return their number. Twice is once."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    known = {region.code: region for region in db.session.scalars(sa.select(Region))}
    for row in sorted(rows, key=lambda row: list(Level).index(Level(row["level"]))):
        region = known.get(row["code"]) or Region(code=row["code"])
        region.level = Level(row["level"])
        region.parent_code = row["parent_code"] or None
        region.name_zh = row["name_zh"]
        region.name_en = row["name_en"] or None
        region.edition_year = int(row["edition_year"])
        region.source = row["source"]
        region.population = int(row["population"]) if row["population"] else None
        region.population_year = int(row["population_year"]) if row["population_year"] else None
        region.population_source = row["population_source"] or None
        if region.code not in known:
            db.session.add(region)
    db.session.flush()
    return len(rows)


def prefix_of(code: str) -> str:
    """Return the digits that every division below (and this one) begins with."""
    if code.endswith("0000"):
        return code[:2]
    return code[:4] if code.endswith("00") else code


def upwards(code: str) -> frozenset[str]:
    """Return the codes of a region and of all above it."""
    return frozenset({f"{code[:2]}0000", f"{code[:4]}00", code})


def is_within(code: str, outer: str) -> bool:
    """Tell whether a region is `outer` or lies below it."""
    return code.startswith(prefix_of(outer))


def below(code: str) -> sa.ColumnElement[bool]:
    """Return the condition for a region and all below it."""
    return Region.code.startswith(prefix_of(code))


def places(outer: str, level: Level | None = None) -> list[Place]:
    """List a region and all below it (or those of one level) with full names, by code."""
    rows = db.session.scalars(sa.select(Region).where(below(outer)).order_by(Region.code)).all()
    known = {region.code: region for region in rows}
    above = {f"{outer[:2]}0000", f"{outer[:4]}00"} - known.keys()
    if above:
        query = sa.select(Region).where(Region.code.in_(above))
        known |= {region.code: region for region in db.session.scalars(query)}
    return [_place(region, known) for region in rows if level in (None, region.level)]


def _place(region: Region, known: dict[str, Region]) -> Place:
    """Name a region with those above it, the province left out: everybody knows theirs."""
    line = [region]
    parent = known.get(region.parent_code or "")
    if parent is not None and parent.level is Level.PREFECTURE:
        line.insert(0, parent)
    zh = " ".join(part.name_zh for part in line)
    en = ", ".join(part.name_en or part.name_zh for part in reversed(line))
    return Place(region.code, zh, en)


def search(text: str, outer: str) -> list[Place]:
    """List regions within `outer` whose code or names hold every word of the text."""
    return _fitting(text, places(outer))


def _fitting(text: str, listed: Sequence[Place]) -> list[Place]:
    words = text.casefold().replace("，", " ").replace(",", " ").split()
    if not words:
        return []
    found = [
        place
        for place in listed
        if all(
            word in f"{place.code} {place.zh} {place.en} {place.label}".casefold() for word in words
        )
    ]
    return sorted(found, key=lambda place: (len(place.zh), place.code))


def resolve(text: str, outer: str) -> str:
    """Return the code of the one region that a person means.

    :raises RegionNotFoundError: none fits, or several
    """
    return Resolver(outer).resolve(text)


class Resolver:
    """Tells which region within `outer` people mean; asks the database once for all of them."""

    def __init__(self, outer: str) -> None:
        self._places = places(outer)
        query = sa.select(Region.name_zh).where(Region.code == f"{outer[:2]}0000")
        self._province = db.session.scalar(query) or ""
        self._known: dict[str, str] = {}

    def resolve(self, text: str) -> str:
        """Return the code of the one region that is meant.

        An exact code, full label or name wins; else the text must fit one region only.

        :raises RegionNotFoundError: none fits, or several
        """
        wanted = text.strip()
        if wanted not in self._known:
            self._known[wanted] = self._find(wanted)
        return self._known[wanted]

    def label(self, code: str) -> str:
        """Return the full name of a region within `outer`, or an empty text."""
        return next((place.label for place in self._places if place.code == code), "")

    def _find(self, wanted: str) -> str:
        listed = self._places
        for exact in (
            [p for p in listed if wanted in {p.code, p.zh, p.en, p.label}],
            [p for p in listed if wanted == p.zh.split()[-1] or wanted == p.en.split(",")[0]],
            [p for p in listed if _joined(wanted) in _written(p.zh, self._province)],
            _fitting(wanted, listed),
        ):
            if len(exact) == 1:
                return exact[0].code
            if exact:
                raise RegionNotFoundError(wanted, exact[:SUGGESTIONS])
        raise RegionNotFoundError(wanted, ())


def _joined(name: str) -> str:
    return "".join(name.split())


def _written(name: str, province: str) -> set[str]:
    """List the ways in which people write a full name without spaces."""
    return {_joined(name), province + _joined(name), province + name.rsplit(maxsplit=1)[-1]}


def names_of(codes: Collection[str]) -> dict[str, str]:
    """Return regions' own names in the reader's language, without those above them, by code."""
    query = sa.select(Region).where(Region.code.in_(codes))
    return {r.code: pick(r.name_zh, r.name_en) for r in db.session.scalars(query)}


def exists(code: str, outer: str) -> bool:
    """Tell whether there is a region of this code within `outer`."""
    return is_within(code, outer) and db.session.get(Region, code) is not None


def level_of(code: str) -> Level:
    """Return the level of a region that exists."""
    return db.session.get_one(Region, code).level


def label(code: str) -> str:
    """Return the full name of a region, or an empty text for an unknown code."""
    found = [place for place in places(code) if place.code == code]
    return found[0].label if found else ""
