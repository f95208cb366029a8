"""Rows of cells under a row of headings -> questions; what workbooks and CSV share. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from string import ascii_uppercase
from typing import Self

from question_bank.content import Question
from question_bank.formats.columns import BY_HEADING, USUAL_CHOICES, Column, columns
from question_bank.formats.exchange import FaultCode, Usual
from question_bank.formats.names import plain
from question_bank.formats.reading import Reading, UnreadableError
from question_bank.formats.record import Record, read_record
from question_bank.formats.writing import write_record

# So many columns are looked at: all there are, twice over.
MAX_COLUMNS = 150
NEEDED = ("kind", "right")
STEMS = ("stem_zh", "stem_en")


class BadCell(str):
    """A cell that holds no text of its own, such as a formula; `code` tells which."""

    __slots__ = ("code",)
    code: FaultCode

    def __new__(cls, code: FaultCode, shown: str) -> Self:
        """Make one that is shown in the report as `shown`."""
        cell = super().__new__(cls, shown)
        cell.code = code
        return cell


def read_rows(rows: Iterable[tuple[int, Sequence[str]]], usual: Usual, reading: Reading) -> None:
    """Read numbered rows, the first that is not empty being the headings.

    :raises UnreadableError: there are no headings, or too many questions
    """
    filled = ((number, cells) for number, cells in rows if any(cell.strip() for cell in cells))
    for number, cells in filled:
        sheet = _Sheet(number, cells, usual, reading)
        if sheet.is_usable:
            for row, values in filled:
                sheet.read_row(row, values)
        return


class _Sheet:
    """A sheet whose headings are known."""

    def __init__(self, row: int, headings: Sequence[str], usual: Usual, reading: Reading) -> None:
        self.usual, self.reading = usual, reading
        self.keys: dict[int, str] = {}
        self.strangers: set[int] = set()
        for index, heading in enumerate(headings):
            if heading.strip():
                self._take_heading(row, index, heading.strip())
        if not self.keys:
            raise UnreadableError(FaultCode.NO_HEADINGS, row)
        self.letters = {key: letter(index) for index, key in self.keys.items()}
        needed = [*NEEDED, *([] if usual.topic_id else ["topic"])]
        missing = [key for key in needed if key not in self.letters]
        if not self.letters.keys() & set(STEMS):
            missing.append(STEMS[0])
        for key in missing:
            reading.fault(row, "", FaultCode.HEADING_MISSING, field=key)
        self.is_usable = not missing

    def _take_heading(self, row: int, index: int, heading: str) -> None:
        key = BY_HEADING.get(plain(heading))
        if key is not None and key not in self.keys.values():
            self.keys[index] = key
            return
        code = FaultCode.HEADING_REPEATED if key else FaultCode.HEADING_UNKNOWN
        self.reading.fault(row, letter(index), code, value=heading)
        self.strangers.add(index)

    def read_row(self, row: int, cells: Sequence[str]) -> None:
        """Read one question; a cell under no heading is a fault, told once a column."""
        before = self.reading.fault_count
        for index, cell in enumerate(cells):
            if isinstance(cell, BadCell):
                key = self.keys.get(index, "")
                self.reading.fault(row, letter(index), cell.code, field=key, value=str(cell))
            elif cell.strip() and index not in self.keys and index not in self.strangers:
                self.reading.fault(row, letter(index), FaultCode.HEADING_NONE)
                self.strangers.add(index)
        if self.reading.fault_count == before:
            filled = {key: cells[n] if n < len(cells) else "" for n, key in self.keys.items()}
            read_record(Record(row, filled, self.letters), self.usual, self.reading)


def letter(index: int) -> str:
    """Return the letter of a sheet's column, counted from 0: A, ... Z, AA, ..."""
    first, last = divmod(index, len(ascii_uppercase))
    return (letter(first - 1) if first else "") + ascii_uppercase[last]


def table(questions: Sequence[Question]) -> tuple[Column, ...]:
    """List the columns that these questions need, at least those of the template."""
    return columns(max([USUAL_CHOICES, *(len(question.choices) for question in questions)]))


def write_rows(
    questions: Sequence[Question], shown: Sequence[Column], locale: str
) -> Iterator[list[str]]:
    """Write the row of each question under these columns."""
    for question in questions:
        values = write_record(question, locale)
        yield [values.get(column.key, "") for column in shown]
