"""Questions in an Excel workbook: its first sheet. Pure."""

import io
import math
import re
import threading
import warnings
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any

import openpyxl
import xlsxwriter
from openpyxl.cell.read_only import EmptyCell, ReadOnlyCell

from question_bank.content import Question
from question_bank.formats.archive import check_archive
from question_bank.formats.columns import Column
from question_bank.formats.exchange import FaultCode, Parsed, Usual, Written
from question_bank.formats.reading import Reading, UnreadableError, bounded
from question_bank.formats.sheet import MAX_COLUMNS, BadCell, read_rows, table, write_rows
from question_bank.formats.writing import Writing

Cell = ReadOnlyCell | EmptyCell
MAX_ROWS = 1_048_576  # of Excel itself; empty ones cost nothing
PERCENT = re.compile(r"0(\.0+)?%")
PLAIN_NUMBER = re.compile(r"General|@|0(\.0+)?|#,##0(\.0+)?|")
# How a workbook writes the line ends and tabs that its XML cannot carry as they are.
ESCAPED_BLANK = {"_x000D_": "\r", "_x000A_": "\n", "_x0009_": "\t"}
BAD_TYPES = {"f": FaultCode.FORMULA, "e": FaultCode.CELL_ERROR}
MADE = datetime(2000, 1, 1)  # noqa: DTZ001 -- the same questions make the same file
OPTIONS = {
    "in_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}
ARMED = re.compile(r"[=+\-@\t＝＋－＠]")
# `warnings.catch_warnings` belongs to one thread at a time.
_one_at_a_time = threading.Lock()


def read(data: bytes, usual: Usual) -> Parsed:
    """Read the questions and faults of the first sheet."""
    reading = Reading()
    try:
        read_rows(rows(data), usual, reading)
    except UnreadableError as error:
        reading.stop(error)
    return reading.parsed()


def rows(
    data: bytes, text_of: Callable[[Cell], str | None] = lambda _cell: None
) -> Sequence[tuple[int, list[str]]]:
    """Return the filled rows of the first sheet with their numbers; a cell may be a `BadCell`.

    :param text_of: reads cells that need another rule than texts, and returns None for the others
    :raises UnreadableError: it is no workbook, or one too large
    """
    check_archive(bounded(data))
    try:
        with _one_at_a_time, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return list(_filled_rows(data, text_of))
    except Exception:  # noqa: BLE001 -- openpyxl raises whatever a crooked workbook trips over
        raise UnreadableError(FaultCode.NOT_A_WORKBOOK) from None


def _filled_rows(
    data: bytes, text_of: Callable[[Cell], str | None]
) -> Iterator[tuple[int, list[str]]]:
    # Formulas are to be seen, not their last results; nothing is fetched from anywhere.
    workbook = openpyxl.load_workbook(
        io.BytesIO(data), read_only=True, data_only=False, keep_links=False
    )
    sheet: Any = workbook.worksheets[0]
    sheet.reset_dimensions()
    blank = None  # openpyxl puts one and the same row into every gap, and there may be a million
    for number, cells in enumerate(sheet.iter_rows(max_row=MAX_ROWS, max_col=MAX_COLUMNS), 1):
        if cells is blank:
            continue
        if any(cell.value is not None for cell in cells):
            yield number, [_text(cell) if (t := text_of(cell)) is None else t for cell in cells]
        else:
            blank = cells


def _text(cell: Cell) -> str:
    value = cell.value
    if value is None:
        return ""
    if cell.data_type in BAD_TYPES:
        return BadCell(BAD_TYPES[cell.data_type], str(value))
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, int | float):
        return _number(value, cell.number_format)
    if not isinstance(value, str):
        return BadCell(FaultCode.CELL_CONVERTED, str(value))
    for written, meant in ESCAPED_BLANK.items():
        value = value.replace(written, meant)
    return value


def _number(value: float, number_format: str) -> str:
    """Write a number as Excel shows it; where that takes more than a guess, the cell is bad."""
    if not math.isfinite(value):
        return BadCell(FaultCode.CELL_ERROR, str(value))
    if PLAIN_NUMBER.fullmatch(number_format):
        return format(value, ".15g")
    if found := PERCENT.fullmatch(number_format):
        return f"{value:.{len(found[1] or '.') - 1}%}"
    return BadCell(FaultCode.CELL_CONVERTED, format(value, ".15g"))


def write(questions: Sequence[Question], locale: str = "zh") -> Written:
    """Write one sheet in which every cell is text, never a formula or a link.

    `locale` is the language of names such as those of kinds; texts are there in both.
    """
    writing = Writing()
    fitting = writing.fit(questions)
    shown = table(fitting)
    return writing.written(workbook_of(shown, write_rows(fitting, shown, locale)))


def workbook_of(shown: Sequence[Column], rows: Iterator[list[str]]) -> bytes:
    """Write a workbook of one sheet."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, OPTIONS) as workbook:
        write_sheet(workbook, shown, rows)
    return out.getvalue()


def write_sheet(workbook: Any, shown: Sequence[Column], rows: Iterator[list[str]]) -> Any:
    """Add the sheet of questions to a workbook and return it."""
    workbook.set_properties({"created": MADE})
    head = workbook.add_format(
        {"bold": True, "text_wrap": True, "bg_color": "#E8EEF7", "border": 1}
    )
    cell = workbook.add_format({"num_format": "@", "text_wrap": True, "valign": "top"})
    # Excel shows such a cell as it is, and keeps it text when somebody edits it.
    armed = workbook.add_format(
        {"num_format": "@", "text_wrap": True, "valign": "top", "quote_prefix": True}
    )
    sheet = workbook.add_worksheet("题目 Questions")
    sheet.freeze_panes(1, 0)
    for index, column in enumerate(shown):
        sheet.set_column(index, index, column.width, cell)
        sheet.write_string(0, index, column.heading, head)
    for number, values in enumerate(rows, 1):
        for index, value in enumerate(values):
            if value:
                sheet.write_string(number, index, value, armed if ARMED.match(value) else cell)
    return sheet
