"""The empty workbook."""

import io

import openpyxl

from question_bank.content import Kind
from question_bank.formats import xlsx
from question_bank.formats.columns import columns
from question_bank.formats.template import write_template
from tests.question_bank.formats.strategies import TOPICS, USUAL


def load(data: bytes) -> openpyxl.Workbook:
    return openpyxl.load_workbook(io.BytesIO(data))


def test_an_untouched_template_holds_headings_and_no_questions():
    parsed = xlsx.read(write_template(TOPICS), USUAL)

    assert [fault.code for fault in parsed.faults] == ["no-questions"]


def test_every_column_is_explained_in_both_languages():
    questions, explanations, _lists = load(write_template(TOPICS)).worksheets

    headings = [cell.value for cell in questions[1]]
    explained = {row[0]: row[1:3] for row in explanations.iter_rows(values_only=True) if row[0]}
    assert headings == [column.heading for column in columns()] == list(explained)
    assert all(zh and en and zh != en for zh, en in explained.values())


def test_lists_offer_what_the_reader_understands():
    for locale in ("zh", "en"):
        book = load(write_template(TOPICS, locale))
        questions, lists = book.worksheets[0], book.worksheets[2]

        offered = {
            questions.cell(1, min(r.min_col for r in rule.sqref.ranges)).value: rule.formula1
            for rule in questions.data_validations.dataValidation
        }
        assert [heading.split()[0] for heading in offered] == [
            "主题", "题型", "考查方式", "难度", "选项顺序固定",
        ]  # fmt: skip
        assert offered["主题 Topic"].endswith("!$A$1:$A$2")
        kinds = [cell.value for cell in lists["B"]][: len(Kind)]
        columns_filled = {"题型 Kind": kinds[0], "主题 Topic": lists["A2"].value}
        filled = {
            "题干（中文） Stem (Chinese)": "哪个？",
            "选项A（中文） Choice A (Chinese)": "甲",
            "选项B（中文） Choice B (Chinese)": "乙",
            "正确答案 Right answer": "A",
            "考查方式 Style": lists["C1"].value,
            "难度 Difficulty": lists["D3"].value,
            "选项顺序固定 Fixed order": lists["E1"].value,
        } | columns_filled
        for cell in questions[1]:
            questions.cell(2, cell.column, filled.get(cell.value))
        out = io.BytesIO()
        book.save(out)

        parsed = xlsx.read(out.getvalue(), USUAL)

        assert not parsed.faults
        (question,) = parsed.questions
        assert (question.topic_id, question.kind) == ("food-safety", Kind.SINGLE)
        assert (question.difficulty, question.is_ordered) == (3, True)


def test_cells_to_fill_in_are_text_so_that_excel_turns_nothing_into_dates():
    sheet = load(write_template(TOPICS)).worksheets[0]

    assert {column.number_format for column in sheet.column_dimensions.values()} == {"@"}


def test_a_template_without_topics_offers_no_empty_list():
    rules = load(write_template(())).worksheets[0].data_validations.dataValidation

    assert len(rules) == 4
