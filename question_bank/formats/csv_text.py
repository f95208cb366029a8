"""Questions in a table of comma-separated values, as Excel, WPS and Numbers save one. Pure."""

import codecs
import csv
import io
import re
from collections.abc import Iterator, Sequence

from question_bank.content import Question
from question_bank.formats.exchange import FaultCode, Parsed, Usual, Written
from question_bank.formats.reading import Reading, UnreadableError, decode
from question_bank.formats.sheet import MAX_COLUMNS, BadCell, read_rows, table, write_rows
from question_bank.formats.writing import Writing

# What a spreadsheet takes for a formula, in half and full width, however often disarmed already.
# defusedcsv, the library for this, misses full-width signs.
ARMED = re.compile(r"'*[=+\-@\t\r\n＝＋－＠]")
FORMULA = re.compile(r"[=@\t\r\n＝＠]|[+\-＋－](?![\d０-９][^|]*$)", re.DOTALL)
DELIMITERS = (",", ";", "\t")


def read(data: bytes, usual: Usual) -> Parsed:
    """Read questions and faults; the row is the record's, as a spreadsheet numbers it."""
    reading = Reading()
    try:
        read_rows(rows(decode(data)), usual, reading)
    except UnreadableError as error:
        reading.stop(error)
    return reading.parsed()


def rows(text: str) -> Iterator[tuple[int, list[str]]]:
    """Yield numbered rows; a cell may be a `BadCell`.

    :raises UnreadableError: quotation marks do not fit
    """
    heading = text.lstrip().partition("\n")[0]
    delimiter = max(DELIMITERS, key=heading.count)
    table = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    row = 0
    while True:
        row += 1
        try:
            cells = next(table)
        except StopIteration:
            return
        except csv.Error:
            raise UnreadableError(FaultCode.CSV_QUOTES, row, line=table.line_num) from None
        yield row, [_cell(cell) for cell in cells[:MAX_COLUMNS]]


def _cell(cell: str) -> str:
    if cell.startswith("'") and ARMED.match(cell):
        return cell[1:]
    if FORMULA.match(cell) and cell.strip():
        return BadCell(FaultCode.FORMULA, cell)
    return cell


def write(questions: Sequence[Question], locale: str = "zh") -> Written:
    """Write UTF-8 with a mark, so that Excel reads Chinese, in which no cell is a formula.

    A cell that would be one gets an apostrophe before it, which `read` takes off again. `locale`
    is the language of names such as those of kinds; texts are there in both.
    """
    writing = Writing()
    fitting = writing.fit(questions)
    shown = table(fitting)
    out = io.StringIO(newline="")
    lines = csv.writer(out, lineterminator="\r\n")
    lines.writerow([column.heading for column in shown])
    for values in write_rows(fitting, shown, locale):
        lines.writerow([f"'{value}" if ARMED.match(value) else value for value in values])
    return writing.written(codecs.BOM_UTF8 + out.getvalue().encode())
