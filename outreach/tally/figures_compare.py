"""Two campaigns or two regions side by side, under the same filter."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from flask_babel import gettext as _

from outreach.campaigns.models import Campaign
from outreach.tally import figures
from outreach.tally.figures import Figures, Line, Part
from outreach.tally.figures_columns import Column, Value
from outreach.tally.figures_scope import Scope
from outreach.tally.tree import Tree

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Pair:
    """The same part of both sides."""

    name: str
    first: Line
    second: Line

    def values(self, column: Column) -> tuple[Value, Value, Value]:
        """Return a number of both sides and the first minus the second."""
        first, second = column.of(self.first), column.of(self.second)
        return first, second, None if first is None or second is None else _minus(first, second)


@dataclass(frozen=True, slots=True)
class Comparison:
    """Both sides with their names; parts that only one side can have are left out."""

    names: tuple[str, str]
    first: Figures
    second: Figures
    total: Pair
    tables: Mapping[Part, Sequence[Pair]]


def of_campaigns(scope: Scope, other: Campaign, names: tuple[str, str]) -> Comparison:
    """Compare a campaign with another one, the days of both by their number in the campaign."""
    moved = other.first_on - scope.campaign.first_on
    second = replace(
        scope,
        campaign=other,
        tree=Tree.of(other),
        since=_moved(scope.since, moved),
        until=_moved(scope.until, moved),
    )
    both = [figures.of(one, with_events=False) for one in (scope, second)]
    days = [
        [_numbered(line, one.scope.campaign.first_on) for line in one.tables[Part.DAY]]
        for one in both
    ]
    return _compared(both[0], both[1], names, days, tuple(Part))


def of_regions(scope: Scope, other_code: str, names: tuple[str, str]) -> Comparison:
    """Compare a region with another one on the same days."""
    sides = [figures.of(one, with_events=False)
             for one in (scope, replace(scope, region_code=other_code))]  # fmt: skip
    days = [side.tables[Part.DAY] for side in sides]
    parts = [part for part in Part if part is not Part.REGION]
    return _compared(sides[0], sides[1], names, days, parts)


def _moved(day: date | None, by: timedelta) -> date | None:
    return None if day is None else day + by


def _numbered(line: Line, first_on: date) -> Line:
    """Name a day by its number in the campaign, the first day being 1."""
    number = (date.fromisoformat(line.key) - first_on) // DAY + 1
    return replace(line, key=str(number), name=_("Day %(number)d", number=number))


def _compared(
    first: Figures,
    second: Figures,
    names: tuple[str, str],
    days: Sequence[Sequence[Line]],
    parts: Sequence[Part],
) -> Comparison:
    tables = {}
    for part in parts:
        sides = days if part is Part.DAY else [first.tables[part], second.tables[part]]
        tables[part] = _paired(sides, is_day=part is Part.DAY)
        if part is not Part.REGION:  # parts that are no regions share the residents of the whole
            tables[part] = [
                Pair(
                    pair.name,
                    replace(pair.first, residents=first.total.residents),
                    replace(pair.second, residents=second.total.residents),
                )
                for pair in tables[part]
            ]
    total = Pair(first.total.name, first.total, second.total)
    return Comparison(names, first, second, total, tables)


def _paired(sides: Sequence[Sequence[Line]], *, is_day: bool) -> list[Pair]:
    """Put lines of the same key beside each other, those of the first side leading."""
    first, second = ({line.key or line.name: line for line in side} for side in sides)
    keys = list(dict.fromkeys([*first, *second]))
    if is_day:
        keys.sort(key=_day_order)
    pairs = []
    for key in keys:
        nothing = Line(key, (first.get(key) or second[key]).name)
        pairs.append(Pair(nothing.name, first.get(key, nothing), second.get(key, nothing)))
    return pairs


def _day_order(key: str) -> int:
    return date.fromisoformat(key).toordinal() if "-" in key[1:] else int(key)


def _minus(first: Value, second: Value) -> Value:
    return first - second  # type: ignore[operator]
