"""A region's numbers for programs and spreadsheets: the same as its page shows.

`data/openapi.yaml` says what each field means. Names, once given, stay, and columns keep their
place: new ones come after the others.
"""

from datetime import timedelta
from typing import Any

from core import clock
from outreach.tally import sheets
from outreach.tally.count import Count
from outreach.tally.parts import Days, Parts
from outreach.tally.service import Row, Table

COLUMNS = (
    "code", "name", "attempts", "counted", "devices", "passed", "suppressed", "population",
    "per_10k", "passed_of",
)  # fmt: skip


def as_json(table: Table, parts: Parts) -> dict[str, Any]:
    """Return a region's numbers as programs get them, all of the moment `as_of`."""
    return {
        "as_of": table.as_of.astimezone(clock.campaign_zone()).isoformat(timespec="seconds"),
        "campaign": table.campaign.slug,
        "region": {"code": table.total.code, "name": table.total.name},
        "totals": _totals(table.total),
        "regions": [_line(row) for row in table.rows],
        "days": _days(table, parts.days),
        "kinds": [_part(row) for row in parts.kinds],
        "topics": [_part(row) for row in parts.topics],
        "bodies": [_part(row) for row in parts.bodies],
    }


def as_csv(table: Table) -> bytes:
    """Return a table as spreadsheets get it: a line for each part, the total last."""
    lines = [_line(row) | {"suppressed": row.is_hidden} for row in (*table.rows, table.total)]
    return sheets.as_csv(COLUMNS, [[_cell(line[name]) for name in COLUMNS] for line in lines])


def _counted(count: Count) -> dict[str, Any]:
    return {"attempts": count.attempts, "counted": count.counted, "devices": count.devices}


def _totals(row: Row) -> dict[str, Any]:
    told = {"passed": row.passed, "passed_of": row.passed_of}
    return _counted(row.count) | told | ({"suppressed": True} if row.is_hidden else {})


def _part(row: Row) -> dict[str, Any]:
    return {"code": row.code, "name": row.name, **_totals(row)}


def _line(row: Row) -> dict[str, Any]:
    residents = {"population": row.population, "per_10k": row.per_10k}
    return _part(row) | residents | ({"rest": True} if row.is_rest else {})


def _days(table: Table, days: Days) -> list[dict[str, Any]]:
    """List the spans of time, then what lies outside the campaign, if anything does."""
    length = timedelta(days=6 if days.is_by_week else 0)
    spans = [
        {
            "first_on": first.isoformat(),
            "last_on": min(first + length, table.campaign.last_on).isoformat(),
            **_counted(count),
        }
        for first, count in days.counts
    ]
    if days.others.attempts:
        spans.append({"first_on": None, "last_on": None, **_counted(days.others)})
    return spans


def _cell(value: Any) -> sheets.Cell:
    """Keep decimals as they are: a table for people would round them to a share."""
    return str(value) if isinstance(value, float) else value
