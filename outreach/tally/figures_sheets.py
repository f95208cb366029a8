"""What stands in the files of the figures: the page's own lines and columns, and what was asked.

A workbook begins with the filter on a sheet of its own. A CSV file has no second sheet, and lines
before its head would break every program that reads it; so each of its lines carries the filter in
its first columns. A line that is cut out, sorted or put together with another file then still says
what it counts.
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

from flask_babel import gettext as _

from core import clock
from core.i18n import as_entered, pick
from outreach.events.forms import KIND_LABELS, STATE_LABELS
from outreach.events.models import Event
from outreach.tally import figures_columns, sheets
from outreach.tally.event_sheets import count_heads
from outreach.tally.figures import Figures, Line, Part
from outreach.tally.figures_columns import Column, Value
from outreach.tally.figures_compare import Comparison, Pair
from outreach.tally.figures_events import Overview, Ranked
from outreach.tally.sheets import Cell, Sheet

Asked = Sequence[tuple[str, Cell]]
"""The filter in words: what, and what was chosen."""


def part_names() -> dict[Part, str]:
    """Name the tables by part."""
    return {
        Part.REGION: _("By region"),
        Part.DAY: _("By day"),
        Part.KIND: _("By kind"),
        Part.BODY: _("By host"),
        Part.TOPIC: _("By topic"),
    }


def part_heads() -> dict[Part, str]:
    """Name what stands in the first column of each table."""
    return {
        Part.REGION: _("Region"),
        Part.DAY: _("Day"),
        Part.KIND: _("Kind"),
        Part.BODY: _("Host"),
        Part.TOPIC: _("Topic"),
    }


def as_xlsx(asked: Asked, tables: Iterable[Sheet]) -> bytes:
    """Write a workbook: the filter first, then a sheet for each table."""
    first = Sheet(_("Filter"), [_("What"), _("Value")], [[name, _text(v)] for name, v in asked])
    return sheets.as_xlsx([first, *tables])


def as_csv(asked: Asked, tables: Sequence[Sheet]) -> bytes:
    """Write one table of all lines: the filter, the part, and a column for every head there is."""
    heads = list(dict.fromkeys(head for table in tables for head in table.heads))
    filters: list[Cell] = [value for _name, value in asked]
    lines = []
    for table in tables:
        for row in table.rows:
            cells = dict(zip(table.heads, row, strict=True))
            lines.append([*filters, table.name, *(cells.get(head) for head in heads)])
    return sheets.as_csv([*(name for name, _value in asked), _("Part"), *heads], lines)


def of_figures(figures: Figures) -> list[Sheet]:
    """Return the total, each part, and the events with the most and the fewest attempts."""
    names = part_names()
    tables = [_table(_("Total"), figures_columns.of_total(figures.scope), [figures.total])]
    for part, lines in figures.tables.items():
        tables.append(_table(names[part], figures_columns.of_part(part, figures), lines))
    columns = figures_columns.of_part(Part.BODY, figures)
    for name, listed in (
        (_("Most attempts"), figures.best),
        (_("Fewest attempts"), figures.emptiest),
    ):
        tables.append(_table(name, columns, [one.line for one in listed]))
    return tables


def _table(name: str, columns: Sequence[Column], lines: Iterable[Line]) -> Sheet:
    heads = [_("Code"), _("Name"), *(column.label for column in columns)]
    rows = [[line.key, line.name, *(column.of(line) for column in columns)] for line in lines]
    return Sheet(name, heads, rows)


def of_comparison(found: Comparison) -> list[Sheet]:
    """Return the total and each part that both sides have."""
    names, of_total = part_names(), figures_columns.of_total(found.first.scope)
    columns = figures_columns.of_pairs(found.first, found.second)
    tables = [_pairs(_("Total"), of_total, [found.total], found.names)]
    for part, lines in found.tables.items():
        tables.append(_pairs(names[part], columns, lines, found.names))
    return tables


def _pairs(
    name: str, columns: Sequence[Column], lines: Iterable[Pair], sides: tuple[str, str]
) -> Sheet:
    heads = [_("Name")]
    for column in columns:
        heads += [f"{column.label} · {side}" for side in (*sides, _("difference"))]
    rows: list[list[Cell]] = []
    for line in lines:
        values: list[Value] = [value for column in columns for value in line.values(column)]
        rows.append([line.name, *values])
    return Sheet(name, heads, rows)


def of_events(found: Overview) -> list[Sheet]:
    """Return the events that went well, the empty ones, the bare counties, and tomorrow."""
    heads = [
        *_event_heads(),
        *count_heads(),
        _("Roster"),
        _("Devices by roster"),
        *(column.label for column in figures_columns.of_events(found)),
    ]
    return [
        Sheet(_("Went well"), heads, [_ranked(found, one) for one in found.well]),
        Sheet(_("Stayed empty"), heads, [_ranked(found, one) for one in found.empty]),
        Sheet(
            _("Counties without an event"),
            [_("Region code"), _("Region"), _("First event opens")],
            [[one.code, one.name, _local(one.opens_at)] for one in found.bare],
        ),
        Sheet(_("Tomorrow"), _event_heads(), [_event(found, one) for one in found.coming]),
    ]


def _event_heads() -> list[str]:
    return [
        _("Number"), _("Event"), _("State"), _("Kind"), _("Region code"), _("Region"), _("Place"),
        _("Host"), _("Opens"), _("Closes"),
    ]  # fmt: skip


def _event(found: Overview, event: Event) -> list[Cell]:
    return [
        event.id,
        as_entered(event.title_zh, event.title_en),
        str(STATE_LABELS[event.state(found.as_of)]),
        str(KIND_LABELS[event.kind]),
        event.region_code,
        pick(event.region.name_zh, event.region.name_en),
        event.site,
        pick(event.body.name_zh, event.body.name_en),
        _local(event.opens_at),
        _local(event.closes_at),
    ]


def _ranked(found: Overview, one: Ranked) -> list[Cell]:
    count = one.line.count
    return [
        *_event(found, one.event),
        *(count.attempts, count.counted, count.devices, count.passed),
        one.roster,
        one.share,
        *(column.of(one.line) for column in figures_columns.of_events(found)),
    ]


def _local(at: datetime | None) -> datetime | None:
    return None if at is None else at.astimezone(clock.campaign_zone()).replace(tzinfo=None)


def _text(value: Any) -> Cell:
    """Write days and moments of the filter as text: a column of one sheet has one kind."""
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    return value.isoformat() if isinstance(value, date) else value
