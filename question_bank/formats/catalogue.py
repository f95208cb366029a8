"""The formats that there are. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from question_bank.content import Question, Text
from question_bank.formats import aiken, content_files, csv_text, gift, moodle_xml, xlsx
from question_bank.formats.exchange import Parsed, Usual, Written


@dataclass(frozen=True, slots=True)
class Format:
    """A format: its name for people, ending and media type of its files, reader and writer.

    The writer takes the questions and a locale. Where `holds_both` is false that is the language
    of the file, else only that of names such as those of kinds.
    """

    name: Text
    suffix: str
    media_type: str
    holds_both: bool
    read: Callable[[bytes, Usual], Parsed]
    write: Callable[[Sequence[Question], str], Written]


FORMATS = {
    "xlsx": Format(
        Text("Excel 工作簿", "Excel workbook"),
        ".xlsx",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        True,
        xlsx.read,
        xlsx.write,
    ),
    "csv": Format(
        Text("CSV 表格", "CSV table"),
        ".csv",
        "text/csv; charset=utf-8",
        True,
        csv_text.read,
        csv_text.write,
    ),
    "gift": Format(
        Text("GIFT（Moodle 文本）", "GIFT (Moodle text)"),
        ".gift.txt",
        "text/plain; charset=utf-8",
        False,
        gift.read,
        gift.write,
    ),
    "aiken": Format(
        Text("Aiken 文本", "Aiken text"),
        ".aiken.txt",
        "text/plain; charset=utf-8",
        False,
        aiken.read,
        aiken.write,
    ),
    "moodle-xml": Format(
        Text("Moodle XML", "Moodle XML"),
        ".xml",
        "application/xml",
        False,
        moodle_xml.read,
        moodle_xml.write,
    ),
    "yaml": Format(
        Text("题库内容文件（YAML）", "Content file (YAML)"),
        ".yaml",
        "application/yaml",
        True,
        content_files.read,
        lambda questions, _locale: content_files.write(questions),
    ),
}
