"""The job that makes the events of a checked sheet, and the list of what was made."""

import io
from collections.abc import Sequence
from typing import Any

import xlsxwriter
from flask import Flask
from flask_babel import gettext as _

from core import jobs
from core.db import db, reading, write
from core.filters import poster_moment
from core.jobs import CannotDoError, File, Progress
from outreach.batch import service
from outreach.batch.checking import KINDS, Planned, check
from outreach.batch.reading import Row, Sheet
from outreach.campaigns.models import Campaign
from outreach.campaigns.reach import Reach, current_reach
from outreach.events import rosters
from outreach.posters.codes import spaced
from outreach.posters.service import link
from question_bank.formats.xlsx import OPTIONS

KIND = "events.import"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
HEADINGS = (
    "场次名称 Title", "类型 Kind", "地点 Place", "地区 Region", "开始时间 Opens", "结束时间 Closes",
    "班组 Teams", "海报张贴处 Poster hangs at", "海报码 Code", "链接 Link",
)  # fmt: skip
WIDTHS = (30, 10, 24, 22, 18, 18, 36, 18, 12, 40)


def params(
    campaign_id: int, reach: Reach, actor: tuple[int, str], rows: Sequence[Row]
) -> dict[str, Any]:
    """Return what `make` needs, as plain values."""
    return {
        "campaign_id": campaign_id,
        "region_code": reach.region_code,
        "body_slug": reach.body_slug,
        "actor": list(actor),
        "rows": [[row.number, row.values] for row in rows],
    }


def renew(asked: dict[str, Any]) -> dict[str, Any]:
    """Return what is asked for again, to be checked against the present reach."""
    reach = current_reach()
    return asked | {"region_code": reach.region_code, "body_slug": reach.body_slug}


def make(asked: dict[str, Any], progress: Progress) -> File:
    """Make all events that are not there yet, or none; return a workbook that lists them.

    :raises CannotDoError: something that the sheet names has gone since it was checked
    """
    rows = [Row(number, values) for number, values in asked["rows"]]
    progress(0, len(rows))
    with reading():
        campaign = db.session.get(Campaign, asked["campaign_id"])
        if campaign is None:
            raise CannotDoError(_("The campaign is gone. Check the file again."))
        known = service.known(campaign, Reach(asked["region_code"], asked["body_slug"]))
    checked = check(Sheet(rows=rows), known)
    if checked.faults:
        raise CannotDoError(
            _("Something that the file names has changed meanwhile. Check the file again.")
        )
    progress(len(rows) // 2, len(rows))
    actor_id, actor_name = asked["actor"]
    with write() as connection:
        made = service.make(
            connection,
            asked["campaign_id"],
            checked.fresh,
            actor_id=actor_id,
            actor_name=actor_name,
        )
    progress(len(rows), len(rows))
    codes = [code for _event_id, code in made]
    content = _list(checked.fresh, codes, known.regions.label)
    return File(_("events.xlsx"), XLSX, content)


def _list(planned: Sequence[Planned], codes: Sequence[str], label: Any) -> bytes:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, OPTIONS) as workbook:
        sheet = workbook.add_worksheet("场次 Events")
        head = workbook.add_format({"bold": True, "bg_color": "#F6E7D6", "border": 1})
        for column, (heading, width) in enumerate(zip(HEADINGS, WIDTHS, strict=True)):
            sheet.set_column(column, column, width)
            sheet.write_string(0, column, heading, head)
        sheet.freeze_panes(1, 0)
        for number, (one, code) in enumerate(zip(planned, codes, strict=True), 1):
            plan = one.plan
            values = (
                plan.title_zh, KINDS[plan.kind].zh, plan.site, label(plan.region_code),
                poster_moment(plan.opens_at), poster_moment(plan.closes_at),
                rosters.write(one.teams), one.placement, spaced(code), link(code),
            )  # fmt: skip
            for column, value in enumerate(values):
                sheet.write_string(number, column, value)
    return out.getvalue()


def init_app(app: Flask) -> None:
    """Tell who makes events of a sheet."""
    jobs.register(app, KIND, jobs.Kind(make, "events.manage", renew))
