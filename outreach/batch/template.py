"""The empty sheet that organizers fill in: a workbook with lists, or a CSV. Pure."""

import codecs
import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any

import xlsxwriter

from outreach.batch.columns import COLUMNS
from question_bank.content import Text
from question_bank.formats.sheet import letter
from question_bank.formats.xlsx import OPTIONS

EVENTS_SHEET = "场次 Events"
HELP_SHEET = "填写说明 How to"
LIST_SHEET = "列表 Lists"
NOTES = (
    Text(
        "在第一张表里填写，一行一个场次。第一行的标题不要改，用不到的列可以删掉，"
        "以 # 开头的行不会读取。",
        "Fill in the first sheet, one event a row. Leave the headings; columns that you do not "
        "need may go. Rows that begin with # are not read.",
    ),
    Text(
        "上传后先检查，有问题会逐行逐列列出，改好以前什么都不会保存。同一份表格传两次，不会重复生成。",
        "The file is checked first; faults are listed by row and column, and nothing is saved "
        "before they are mended. Sending the same file twice makes nothing twice.",
    ),
)
EXAMPLE = {
    "title_zh": "质量月进工厂：晋江鞋业园站",
    "title_en": "Quality Month at work: Jinjiang Shoe Park",
    "kind": "工厂",
    "site": "鞋业园食堂",
    "region": "晋江市",
    "opens_at": "2026-09-01 08:00",
    "closes_at": "2026-09-30 18:00",
    "teams": "一车间:120; 二车间:80; 夜班",
    "placement": "食堂门口",
}
LIST_ROWS = 1000


def workbook(lists: Mapping[str, Sequence[str]]) -> bytes:
    """Write a workbook without events.

    :param lists: what can be chosen, by column
    """
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, OPTIONS) as book:
        head = book.add_format(
            {"bold": True, "bg_color": "#F6E7D6", "border": 1, "text_wrap": True, "valign": "top"}
        )
        text = book.add_format({"num_format": "@"})
        sheet = book.add_worksheet(EVENTS_SHEET)
        sheet.freeze_panes(1, 1)
        for index, column in enumerate(COLUMNS):
            sheet.set_column(index, index, column.width, text)
            sheet.write_string(0, index, column.heading, head)
        _explain(book)
        _offer(book, sheet, lists)
    return out.getvalue()


def _explain(book: Any) -> None:
    sheet = book.add_worksheet(HELP_SHEET)
    bold = book.add_format({"bold": True, "valign": "top"})
    wrapped = book.add_format({"text_wrap": True, "valign": "top"})
    sheet.set_column(0, 0, 28, bold)
    sheet.set_column(1, 2, 52, wrapped)
    sheet.set_column(3, 3, 34, wrapped)
    for row, note in enumerate(NOTES):
        sheet.write_string(row, 1, note.zh, wrapped)
        sheet.write_string(row, 2, note.en, wrapped)
    first = len(NOTES) + 1
    sheet.write_string(first, 3, "例 Example", bold)
    for row, column in enumerate(COLUMNS, first + 1):
        sheet.write_string(row, 0, column.heading, bold)
        sheet.write_string(row, 1, column.hint.zh, wrapped)
        sheet.write_string(row, 2, column.hint.en, wrapped)
        sheet.write_string(row, 3, EXAMPLE.get(column.key, ""), wrapped)


def _offer(book: Any, sheet: Any, lists: Mapping[str, Sequence[str]]) -> None:
    """Let cells choose from lists; they stand on a sheet of their own, for Excel holds no long
    ones in a rule."""
    kept = book.add_worksheet(LIST_SHEET)
    keys = [column.key for column in COLUMNS]
    for place, (key, entries) in enumerate(lists.items()):
        for row, entry in enumerate(entries):
            kept.write_string(row, place, entry)
        if entries:
            source = f"='{LIST_SHEET}'!${letter(place)}$1:${letter(place)}${len(entries)}"
            # A warning, not a wall: other spellings are understood too.
            rule = {"validate": "list", "source": source, "error_type": "warning"}
            column = keys.index(key)
            sheet.data_validation(1, column, LIST_ROWS, column, rule)


def csv_text(locale: str) -> bytes:
    """Write headings and a row of explanations, in UTF-8 with a mark for Excel."""
    out = io.StringIO(newline="")
    rows = csv.writer(out, lineterminator="\r\n")
    rows.writerow([column.heading for column in COLUMNS])
    hints = [column.hint.in_(locale) for column in COLUMNS]
    rows.writerow([f"# {hints[0]}", *hints[1:]])
    return codecs.BOM_UTF8 + out.getvalue().encode()
