"""Counting attempts by region, for everybody.

All numbers come from one look at sums by county, so that the parts of every table and its total
belong to the same moment; how many passed is what `released` tells of them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from core import clock
from outreach.campaigns.models import Campaign
from outreach.tally import released
from outreach.tally.count import Count
from outreach.tally.released import Figure, Released
from outreach.tally.sums import Sums, Wanted, sums_by
from outreach.tally.tree import Division, Tree, own_place

PER = 10_000
BY_REGION = (("region_code",),)


@dataclass(frozen=True, slots=True)
class Row:
    """A region's line in a table; `population` is that of the people counted in this line.

    `told` is what may be told of who passed, or None.
    """

    code: str
    name: str
    count: Count
    told: Figure | None
    population: int | None
    population_source: str | None
    is_rest: bool = False

    @property
    def is_hidden(self) -> bool:
        """Whether something is known of who passed that must not be told."""
        return self.told is None and self.count.counted > 0

    @property
    def passed(self) -> int | None:
        """Attempts that passed out of `passed_of`; None if that is hidden."""
        if self.told is None:
            return None if self.is_hidden else 0
        return self.told.passed

    @property
    def passed_of(self) -> int:
        """How many counted attempts `passed` rests on: the newest wait for more devices."""
        return 0 if self.told is None else self.told.counted

    @property
    def per_10k(self) -> float | None:
        """Counted attempts per 10,000 residents, if their number is known."""
        if not self.population:
            return None
        return round(self.count.counted * PER / self.population, 2)


@dataclass(frozen=True, slots=True)
class Table:
    """A region and its parts at one moment; the parts add up to the total."""

    as_of: datetime
    campaign: Campaign
    total: Row
    rows: Sequence[Row]
    parents: Sequence[tuple[str, str]]


class OutsideCampaignError(Exception):
    """The region does not take part in the campaign."""


@dataclass(frozen=True, slots=True)
class Look:
    """A campaign's numbers at one moment.

    :param counts: by region with all below it, and by `tree.own_place`
    :param ways: the same attempts, as they were asked for in further ways
    """

    as_of: datetime
    campaign: Campaign
    tree: Tree
    told: Released
    counts: Mapping[str, Count]
    ways: Sequence[Sums]


def look(
    campaign: Campaign, region_code: str, *ways: tuple[str, ...], is_public: bool = False
) -> Look:
    """Count a campaign's attempts by region, and in other ways as `sums_by` takes them.

    :param ways: each tells them apart by region first
    :param is_public: everybody sees it: then what is told of who passed is brought up to date
    :raises OutsideCampaignError: the region is not in the campaign's province
    """
    tree = Tree.of(campaign)
    if region_code not in tree.regions:
        raise OutsideCampaignError(region_code)
    now = _look(campaign, tree, ways)
    if is_public and released.renew(campaign, tree, now.counts[tree.root].devices):
        now = _look(campaign, tree, ways)
    return now


def _look(campaign: Campaign, tree: Tree, ways: Sequence[tuple[str, ...]]) -> Look:
    told = released.of(campaign, tree)
    wanted = Wanted(by=(), campaign_id=campaign.id)
    found = sums_by(wanted, *(ways or BY_REGION))
    counts = tree.add_up(_by_region(found[0]))
    return Look(clock.now(), campaign, tree, told, counts, found)


def _by_region(found: Sums) -> dict[str, Count]:
    """Add up sums by their first key, a region's code."""
    own: dict[str, list[int]] = {}
    for key, numbers in found.items():
        summed = own.setdefault(key[0], [0, 0, 0, 0])
        for place, number in enumerate(numbers):
            summed[place] += number
    return {code: Count(*numbers) for code, numbers in own.items()}


def table(campaign: Campaign, region_code: str, *, is_public: bool = False) -> Table:
    """Count a region of a campaign and its parts, as `look` does.

    :raises OutsideCampaignError: the region is not in the campaign's province
    """
    return table_of(look(campaign, region_code, is_public=is_public), region_code)


def table_of(seen: Look, region_code: str) -> Table:
    """Return a region of the campaign and its parts."""
    tree, told, counts = seen.tree, seen.told, seen.counts
    rows = [_row(tree, code, counts[code], told) for code in tree.children[region_code]]
    own = own_place(region_code)
    if own in counts and counts[own].attempts:
        name = tree.name(region_code, says_apart=False)
        figure = told.figure(own)
        rows.append(Row(region_code, name, counts[own], figure, None, None, is_rest=True))
    return Table(
        as_of=seen.as_of,
        campaign=seen.campaign,
        total=_row(tree, region_code, counts[region_code], told),
        rows=rows,
        parents=tree.line_above(region_code),
    )


def _row(tree: Tree, code: str, count: Count, told: Released) -> Row:
    population = tree.population(code)
    return Row(
        code=code,
        name=tree.name(code),
        count=count,
        told=told.figure(code),
        population=population,
        population_source=None if population is None else _source(tree.regions[code]),
    )


def _source(region: Division) -> str:
    return f"{region.population_source} ({region.population_year})"
