"""Rows of the log -> a file in which no cell is a formula. Pure."""

import codecs
import csv
import io
from collections.abc import Iterable, Sequence

import xlsxwriter

from question_bank.formats.csv_text import ARMED
from question_bank.formats.xlsx import OPTIONS

WIDTHS = (18, 16, 30, 70, 30, 12, 50)


def csv_text(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    """Write UTF-8 with a mark, so that Excel reads Chinese, in which no cell is a formula."""
    out = io.StringIO(newline="")
    lines = csv.writer(out, lineterminator="\r\n")
    lines.writerow(headings)
    lines.writerows([f"'{cell}" if ARMED.match(cell) else cell for cell in row] for row in rows)
    return codecs.BOM_UTF8 + out.getvalue().encode()


def workbook(title: str, headings: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    """Write a workbook of one sheet, all of it text."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, OPTIONS) as book:
        head = book.add_format({"bold": True, "bottom": 1})
        sheet = book.add_worksheet(title)
        sheet.freeze_panes(1, 0)
        for column, heading in enumerate(headings):
            sheet.set_column(column, column, WIDTHS[column])
            sheet.write_string(0, column, heading, head)
        for number, row in enumerate(rows, 1):
            for column, cell in enumerate(row):
                sheet.write_string(number, column, cell)
        sheet.autofilter(0, 0, max(1, sheet.dim_rowmax or 0), len(headings) - 1)
    return out.getvalue()
