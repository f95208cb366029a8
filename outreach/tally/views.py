"""Participation by region as pages for everybody."""

from flask import Blueprint, abort, render_template
from flask.typing import ResponseReturnValue

from core import clock
from outreach.campaigns import service as campaigns
from outreach.tally import charts, parts, service, tilemap
from outreach.tally.service import Look, Table

bp = Blueprint("tally", __name__)


@bp.get("/participation")
@bp.get("/participation/<int:region_code>", endpoint="region")
def page(region_code: int | None = None) -> ResponseReturnValue:
    """Show a region's numbers, map and charts; without a code the whole province's."""
    campaign = campaigns.current(clock.local_day(clock.now()))
    if campaign is None:
        abort(404)
    code = campaign.province_code if region_code is None else f"{region_code:06d}"
    try:
        seen = service.look(campaign, code, *parts.WAYS, is_public=True)
    except service.OutsideCampaignError:
        abort(404)
    table = service.table_of(seen, code)
    found = parts.of(seen, code)
    is_by_residents, tiles = _tiles(seen, table)
    days = [(day, count.attempts) for day, count in found.days.counts]
    return render_template(
        "outreach/tally/participation.html",
        table=table,
        parts=found,
        tiles=tiles,
        is_by_residents=is_by_residents,
        line=charts.line(days, is_open=found.days.is_open) if days else None,
    )


def _tiles(seen: Look, table: Table) -> tuple[bool, tilemap.TileMap | None]:
    """Lay out a region's parts by counted attempts: per 10,000 residents if all are known."""
    rows = [row for row in table.rows if not row.is_rest]
    if not rows:
        return False, None
    is_by_residents = all(row.population for row in rows)
    regions = []
    for row in rows:
        value = row.per_10k if is_by_residents else row.count.counted
        regions.append((row.code, seen.tree.name(row.code, says_apart=False), value or 0))
    return is_by_residents, tilemap.drawn(regions)
