"""Counts of events as tables for spreadsheets: text stays text, numbers are numbers. Pure."""

import codecs
import csv
import io
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

import xlsxwriter

from question_bank.formats.csv_text import ARMED
from question_bank.formats.xlsx import MADE, OPTIONS

Cell = str | int | float | Decimal | date | datetime | None
"""A float is a share, shown as percent; a Decimal is any other number that is not whole."""
SHARE = "0%"
MAX_SHEET_NAME = 31
WIDTHS = {str: 26, datetime: 17, date: 12}
NUMBER_WIDTH = 12


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table under a name; every row has a cell for each head."""

    name: str
    heads: Sequence[str]
    rows: Sequence[Sequence[Cell]]


def as_xlsx(sheets: Iterable[Sheet]) -> bytes:
    """Write a workbook; no cell is a formula or a link, whatever it says."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, OPTIONS | {"remove_timezone": True}) as workbook:
        workbook.set_properties({"created": MADE})
        head = workbook.add_format(
            {"bold": True, "text_wrap": True, "bg_color": "#F6E7D6", "bottom": 1, "valign": "top"}
        )
        formats = {
            str: workbook.add_format({"num_format": "@"}),
            int: workbook.add_format({"num_format": "#,##0"}),
            float: workbook.add_format({"num_format": SHARE}),
            Decimal: workbook.add_format({"num_format": "#,##0.00"}),
            date: workbook.add_format({"num_format": "yyyy-mm-dd", "align": "left"}),
            datetime: workbook.add_format({"num_format": "yyyy-mm-dd hh:mm", "align": "left"}),
        }
        for one in sheets:
            sheet = workbook.add_worksheet(one.name[:MAX_SHEET_NAME])
            sheet.freeze_panes(1, 1)
            for column, words in enumerate(one.heads):
                kind = next((type(r[column]) for r in one.rows if r[column] is not None), str)
                sheet.set_column(column, column, WIDTHS.get(kind, NUMBER_WIDTH))
                sheet.write_string(0, column, words, head)
            writers: dict[type, Callable[..., int]] = {
                str: sheet.write_string,
                int: sheet.write_number,
                float: sheet.write_number,
                Decimal: sheet.write_number,
                date: sheet.write_datetime,
                datetime: sheet.write_datetime,
            }
            for number, row in enumerate(one.rows, 1):
                for column, value in enumerate(row):
                    if value is not None:
                        writers[type(value)](number, column, value, formats[type(value)])
    return out.getvalue()


def as_csv(heads: Sequence[str], rows: Iterable[Sequence[Cell]]) -> bytes:
    """Write UTF-8 with a mark, so that Excel reads Chinese, in which no cell is a formula."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(heads)
    for row in rows:
        writer.writerow([_plain(value) for value in row])
    return codecs.BOM_UTF8 + out.getvalue().encode()


def _plain(value: Cell) -> str | int | Decimal:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.0%}"
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, str) and ARMED.match(value):
        return f"'{value}"
    return value
