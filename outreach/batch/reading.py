"""A workbook or CSV -> rows of texts by column, plus faults by row and column. Pure."""

import enum
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time

from core.words import plain_line
from outreach.batch.columns import BY_HEADING, NEEDED
from question_bank.formats import csv_text, xlsx
from question_bank.formats.names import plain
from question_bank.formats.reading import UnreadableError, decode, text_fault
from question_bank.formats.sheet import BadCell, letter
from question_bank.formats.xlsx import Cell

MAX_ROWS = 1000
MAX_FAULTS = 300
ZIP_FILE = b"PK"
OLE_FILE = bytes.fromhex("d0cf11e0")
REMARK = ("#", "＃")
MULTILINE = {"teams"}


class Code(enum.StrEnum):
    """What is wrong in a sheet of events; `words` holds the sentence of each."""

    NO_ROWS = "no-rows"
    TOO_MANY_ROWS = "too-many-rows"
    HEADING_MISSING = "heading-missing"
    HEADING_REPEATED = "heading-repeated"
    MISSING = "missing"
    TOO_LONG = "too-long"
    KIND_UNKNOWN = "kind-unknown"
    REGION_UNKNOWN = "region-unknown"
    REGION_SEVERAL = "region-several"
    BODY_UNKNOWN = "body-unknown"
    BODY_NOT_YOURS = "body-not-yours"
    QUIZ_UNKNOWN = "quiz-unknown"
    MOMENT_UNKNOWN = "moment-unknown"
    YEAR = "year"
    CLOSES_BEFORE = "closes-before"
    TEAMS = "teams"
    TWICE_IN_FILE = "twice-in-file"


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong, and where.

    `row` is that of the sheet, from 1; 0 is the file as a whole. `column` is a letter, `key` that
    of the column meant, either may be empty. `code` is ours or one of `FaultCode`.
    """

    row: int
    column: str
    key: str
    code: str
    facts: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Row:
    """A row as it was written: texts by column."""

    number: int
    values: dict[str, str]


@dataclass(slots=True)
class Sheet:
    """What a file holds; `letters` by column, `unread` are headings that mean nothing to us."""

    rows: list[Row] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    letters: dict[str, str] = field(default_factory=dict)
    unread: list[str] = field(default_factory=list)


def read(data: bytes) -> Sheet:
    """Read a file; a fault of the file as a whole stands alone."""
    sheet = Sheet()
    try:
        if data.startswith((ZIP_FILE, OLE_FILE)):
            _read_rows(xlsx.rows(data, _moment), sheet)
        else:
            _read_rows(csv_text.rows(decode(data)), sheet)
    except UnreadableError as error:
        facts = {name: str(value) for name, value in error.facts.items()}
        sheet.rows.clear()
        sheet.faults = [Fault(error.row, error.column, "", error.code.value, facts)]
    if not sheet.rows and not sheet.faults:
        sheet.faults.append(Fault(0, "", "", Code.NO_ROWS))
    return sheet


def _moment(cell: Cell) -> str | None:
    """Write a cell that Excel keeps as a date; leave all others."""
    value = cell.value
    if isinstance(value, datetime):
        has_time = value.time() != time()
        return value.strftime("%Y-%m-%d %H:%M" if has_time else "%Y-%m-%d")
    return value.isoformat() if isinstance(value, date) else None


def _read_rows(rows: Iterable[tuple[int, Sequence[str]]], sheet: Sheet) -> None:
    filled = ((n, cells) for n, cells in rows if any(cell.strip() for cell in cells))
    keys: dict[int, str] = {}
    for number, cells in filled:
        if _is_remark(cells):
            continue
        if not keys:
            keys = _headings(number, cells, sheet)
            if sheet.faults:
                return
        elif len(sheet.rows) >= MAX_ROWS:
            fault = Fault(number, "", "", Code.TOO_MANY_ROWS, {"limit": str(MAX_ROWS)})
            sheet.faults.append(fault)
            return
        elif len(sheet.faults) < MAX_FAULTS:
            sheet.rows.append(Row(number, _values(number, cells, keys, sheet)))


def _is_remark(cells: Sequence[str]) -> bool:
    return next(cell for cell in cells if cell.strip()).lstrip().startswith(REMARK)


def _headings(number: int, cells: Sequence[str], sheet: Sheet) -> dict[int, str]:
    keys: dict[int, str] = {}
    for index, cell in enumerate(cells):
        key = BY_HEADING.get(plain(cell))
        if key in sheet.letters:
            sheet.faults.append(Fault(number, letter(index), key or "", Code.HEADING_REPEATED))
        elif key is not None:
            keys[index] = key
            sheet.letters[key] = letter(index)
        elif cell.strip():
            sheet.unread.append(cell.strip()[:40])
    sheet.faults += [
        Fault(number, "", key, Code.HEADING_MISSING) for key in NEEDED if key not in sheet.letters
    ]
    return keys


def _values(
    number: int, cells: Sequence[str], keys: dict[int, str], sheet: Sheet
) -> dict[str, str]:
    values: dict[str, str] = {}
    for index, key in keys.items():
        cell = cells[index] if index < len(cells) else ""
        at = sheet.letters[key]
        if isinstance(cell, BadCell):
            sheet.faults.append(Fault(number, at, key, cell.code.value, {"value": str(cell)[:60]}))
            continue
        text = cell.strip() if key in MULTILINE else plain_line(cell) or ""
        if found := text_fault(text.replace("\r", "")):
            code, facts = found
            shown = {name: str(value) for name, value in facts.items()}
            sheet.faults.append(Fault(number, at, key, code.value, shown))
        elif text:
            values[key] = text
    return values
