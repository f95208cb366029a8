"""The regions of a campaign as it reports them, and how counts add up in them."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import sqlalchemy as sa

from core.db import db
from core.i18n import pick
from outreach.campaigns.models import Campaign
from outreach.campaigns.service import separate_regions
from outreach.regions.models import Level, Region
from outreach.tally.count import Count

KEPT = 32
OWN = " itself"


def own_place(code: str) -> str:
    """Name the part of a region that belongs to none of its parts: its own events."""
    return f"{code}{OWN}"


class Division(NamedTuple):
    """What the tables say of a region, apart from numbers."""

    code: str
    level: Level
    parent_code: str | None
    name_zh: str
    name_en: str | None
    population: int | None
    population_year: int | None
    population_source: str | None


@dataclass(frozen=True, slots=True)
class Tree:
    """The campaign's regions as it reports them: separate ones stand directly below the root."""

    root: str
    regions: Mapping[str, Division]
    children: Mapping[str, list[str]]
    separate: frozenset[str]

    @classmethod
    def of(cls, campaign: Campaign) -> "Tree":
        root = campaign.province_code
        columns = [getattr(Region, name) for name in Division._fields]
        query = sa.select(*columns).where(Region.code.startswith(root[:2])).order_by(Region.code)
        rows = tuple(map(Division._make, db.session.execute(query)))
        return cls.grown(root, rows, separate_regions(campaign.id))

    @classmethod
    @lru_cache(maxsize=KEPT)
    def grown(cls, root: str, rows: tuple[Division, ...], separate: frozenset[str]) -> "Tree":
        regions = {region.code: region for region in rows}
        separate &= regions.keys()
        children: dict[str, list[str]] = {code: [] for code in regions}
        for code, region in regions.items():
            if code != root and code not in separate:
                children[region.parent_code or root].append(code)
        children[root] += sorted(separate)
        return cls(root, regions, children, separate)

    def add_up(self, own: Mapping[str, Count]) -> dict[str, Count]:
        """Add every region's own count to all above it; `own_place` keeps a region's own."""
        totals: dict[str, Count] = {}

        def visit(code: str) -> Count:
            total = own.get(code, Count())
            if self.children[code]:
                totals[own_place(code)] = total
            for child in self.children[code]:
                total += visit(child)
            totals[code] = total
            return total

        visit(self.root)
        return totals

    def line(self, code: str) -> tuple[str, ...]:
        """List the places that attempts of a region count for, the root last."""
        places = [own_place(code)] if self.children[code] else []
        places.append(code)
        at = code
        while at != self.root:
            at = self.above(at)
            places.append(at)
        return tuple(places)

    def line_of_place(self, place: str) -> tuple[str, ...]:
        """List a place (a region, or what is its own) and all places above it."""
        code = place.removesuffix(OWN)
        return self.line(code) if place != code or not self.children[code] else self.line(code)[1:]

    def above(self, code: str) -> str:
        """Return the region that one stands directly below."""
        return self.root if code in self.separate else self.regions[code].parent_code or self.root

    def apart(self, code: str) -> list[Division]:
        """List the separate regions that belong to a region, but are not counted in it."""
        if code == self.root:
            return []
        return [
            self.regions[other]
            for other in self.separate
            if self.regions[other].parent_code == code
        ]

    def population(self, code: str) -> int | None:
        """Return the residents of a region without those of regions apart, if known."""
        population = self.regions[code].population
        others = [other.population for other in self.apart(code)]
        if population is None or None in others:
            return None
        return population - sum(number for number in others if number is not None)

    def name(self, code: str, *, says_apart: bool = True) -> str:
        """Name a region in the reader's language, with what is not counted in it."""
        region, apart = self.regions[code], self.apart(code) if says_apart else []
        zh, en = region.name_zh, region.name_en or region.name_zh
        if apart:
            zh += f"（不含{'、'.join(_short_zh(other.name_zh) for other in apart)}）"
            en += f" (without {', '.join(_short_en(other) for other in apart)})"
        elif code in self.separate and region.level is Level.COUNTY:
            zh, en = _short_zh(zh), _short_en(region)
        return pick(zh, en)

    def line_above(self, code: str) -> list[tuple[str, str]]:
        """List code and name of those above a region, the root first."""
        line: list[tuple[str, str]] = []
        at = code
        while at != self.root:
            at = self.above(at)
            line.insert(0, (at, pick(self.regions[at].name_zh, self.regions[at].name_en)))
        return line


def _short_zh(name: str) -> str:
    return name.removesuffix("县")


def _short_en(region: Division) -> str:
    return (region.name_en or region.name_zh).removesuffix(" County")
