"""The empty workbook that people fill in: lists to choose from, and a sheet that explains. Pure."""

import io
from collections.abc import Sequence
from typing import Any

import xlsxwriter

from question_bank.content import Text
from question_bank.formats import names
from question_bank.formats.columns import Column, columns
from question_bank.formats.reading import MAX_BYTES, MAX_QUESTIONS
from question_bank.formats.sheet import letter
from question_bank.formats.xlsx import OPTIONS, write_sheet
from question_bank.register import Topic

HELP_SHEET = "说明 Explanations"
LIST_SHEET = "列表 Lists"
NOTES = (
    Text(
        "在第一张表里填写，一行一道题。第一行的标题不要改，用不到的列可以删掉。",
        "Fill in the first sheet, one question a row. Leave the headings as they are; columns that "
        "you do not need may go.",
    ),
    Text(
        f"一个文件最多 {MAX_QUESTIONS} 道题、{MAX_BYTES // 1024 // 1024} MB，不能有公式和图片。",
        f"At most {MAX_QUESTIONS} questions and {MAX_BYTES // 1024 // 1024} MB a file, without "
        "formulas and pictures.",
    ),
    Text(
        "导入时先试运行：错误会按行和列逐条列出，改好以前什么都不保存。",
        "Importing begins with a trial: faults are listed by row and column, and nothing is saved "
        "before they are mended.",
    ),
)


def write_template(topics: Sequence[Topic], locale: str = "zh") -> bytes:
    """Write a workbook without questions.

    Cells that take a name offer a list in `locale`; the lists stand on a sheet of their own,
    because Excel holds no long ones in a rule.
    """
    lists = {
        "topic": [topic.name.in_(locale) for topic in topics],
        "kind": [name.in_(locale) for name in names.KINDS.values()],
        "style": [name.in_(locale) for name in names.STYLES.values()],
        "difficulty": ["1", "2", "3"],
        "ordered": [names.YES.in_(locale)],
    }
    shown = columns()
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, OPTIONS) as workbook:
        sheet = write_sheet(workbook, shown, iter(()))
        _explain(workbook, shown)
        _offer(workbook, sheet, shown, lists)
    return out.getvalue()


def _explain(workbook: Any, shown: Sequence[Column]) -> None:
    sheet = workbook.add_worksheet(HELP_SHEET)
    bold = workbook.add_format({"bold": True, "valign": "top"})
    wrapped = workbook.add_format({"text_wrap": True, "valign": "top"})
    sheet.set_column(0, 0, 34, bold)
    sheet.set_column(1, 2, 60, wrapped)
    row = 0
    for note in NOTES:
        sheet.write_string(row, 1, note.zh, wrapped)
        sheet.write_string(row, 2, note.en, wrapped)
        row += 1
    for column in shown:
        row += 1
        sheet.write_string(row, 0, column.heading, bold)
        sheet.write_string(row, 1, column.hint.zh, wrapped)
        sheet.write_string(row, 2, column.hint.en, wrapped)


def _offer(workbook: Any, sheet: Any, shown: Sequence[Column], lists: dict[str, list[str]]) -> None:
    kept = workbook.add_worksheet(LIST_SHEET)
    for place, (key, entries) in enumerate(lists.items()):
        for row, entry in enumerate(entries):
            kept.write_string(row, place, entry)
        if not entries:
            continue
        column = next(index for index, column in enumerate(shown) if column.key == key)
        source = f"='{LIST_SHEET}'!${letter(place)}$1:${letter(place)}${len(entries)}"
        # A warning, not a wall: other spellings are understood too.
        rule = {"validate": "list", "source": source, "error_type": "warning"}
        sheet.data_validation(1, column, MAX_QUESTIONS, column, rule)
