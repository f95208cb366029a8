"""Workbooks and CSV tables as people fill them in."""

import csv
import io
import zipfile

import pytest
import xlsxwriter

from question_bank.content import Audience, Citation, Kind, Question, Style, Text
from question_bank.formats import csv_text, xlsx
from question_bank.formats.exchange import FormatFault, Parsed, Usual
from tests.question_bank.formats.strategies import TOPICS, USUAL
from tests.question_bank.samples import a_question

HEADINGS = ["题型", "题干（中文）", "选项A（中文）", "选项B（中文）", "选项C（中文）", "正确答案"]
ROW = ["单选题", "哪一个对？", "甲", "乙", "丙", "B"]


def table(*rows: list[str], encoding: str = "utf-8") -> bytes:
    out = io.StringIO(newline="")
    csv.writer(out).writerows(rows)
    return out.getvalue().encode(encoding)


def one_row(headings: dict[str, str]) -> bytes:
    """Write the usual question with columns changed or added."""
    cells = dict(zip(HEADINGS, ROW, strict=True)) | headings
    return table(list(cells), list(cells.values()))


def read_csv(data: bytes, usual: Usual = USUAL) -> Parsed:
    return csv_text.read(data, usual)


def the_question(data: bytes) -> Question:
    parsed = read_csv(data)
    assert not parsed.faults, parsed.faults
    (question,) = parsed.questions
    return question


def the_fault(parsed: Parsed) -> FormatFault:
    assert not parsed.questions
    (fault,) = parsed.faults
    return fault


def test_a_question_needs_kind_stem_choices_and_answer_only():
    question = the_question(table(HEADINGS, ROW))

    assert (question.kind, question.stem.zh, question.stem.en) == (Kind.SINGLE, "哪一个对？", "")
    assert [choice.text.zh for choice in question.choices] == ["甲", "乙", "丙"]
    assert question.right_choices == {1}
    assert question.topic_id == "product-quality"
    assert question.difficulty == 1
    assert question.explanation == Text("", "")


def test_what_a_row_leaves_out_is_as_usual():
    usual = Usual(TOPICS, "food-safety", "zh", Style.STORY, 3, frozenset({Audience.PUPIL}))

    (question,) = read_csv(table(HEADINGS, ROW), usual).questions

    assert (question.topic_id, question.style, question.difficulty, question.audience) == (
        "food-safety",
        Style.STORY,
        3,
        {Audience.PUPIL},
    )


@pytest.mark.parametrize(
    "names",
    [
        ["题型", "题干（中文）", "选项A（中文）", "选项B（中文）", "选项C（中文）", "正确答案"],
        ["Kind", "Stem (Chinese)", "Choice A (Chinese)", "choice b (chinese)",
         "Choice C (Chinese)", "Right answer"],
        ["题型 Kind", "题干(中文)", " 选项Ａ（中文）", "选项B（中文） Choice B (Chinese)",
         "选项C（中文）", "正确答案\nRight answer"],
        ["kind", "stem_zh", "choice_a_zh", "choice_b_zh", "CHOICE_C_ZH", "right"],
    ],
)  # fmt: skip
def test_headings_are_understood_in_either_language(names):
    assert the_question(table(names, ROW)).right_choices == {1}


def test_columns_may_stand_in_any_order_and_empty_rows_between():
    order = [5, 1, 0, 4, 3, 2]
    shuffled = [[row[n] for n in order] for row in (HEADINGS, ROW)]

    parsed = read_csv(table([], shuffled[0], [], ["", " "], shuffled[1], []))

    assert not parsed.faults
    assert list(parsed.places.values()) == [5]
    assert parsed.questions[0].right_choices == {1}


@pytest.mark.parametrize(
    ("written", "kind"),
    [
        ("单选题", Kind.SINGLE), ("单选", Kind.SINGLE), ("单项选择题", Kind.SINGLE),
        ("single", Kind.SINGLE), ("Single Choice", Kind.SINGLE),
        ("多选题", Kind.MULTIPLE), ("multiple", Kind.MULTIPLE), ("Multiple-choice", Kind.MULTIPLE),
        ("判断题", Kind.TRUE_FALSE), ("是非题", Kind.TRUE_FALSE), ("True/False", Kind.TRUE_FALSE),
        ("truefalse", Kind.TRUE_FALSE),
    ],
)  # fmt: skip
def test_a_kind_has_many_names(written, kind):
    changes = {"题型": written, "正确答案": "AC" if kind is Kind.MULTIPLE else "A"}
    if kind is Kind.TRUE_FALSE:
        changes = {"题型": written, "正确答案": "对"} | dict.fromkeys(HEADINGS[2:5], "")

    assert the_question(one_row(changes)).kind is kind


@pytest.mark.parametrize("letters", ["AC", "ca", "A,C", "A、C", "Ａ；Ｃ", "A C", "A，C"])
def test_right_choices_are_letters_however_set_apart(letters):
    question = the_question(one_row({"题型": "多选题", "正确答案": letters}))

    assert question.right_choices == {0, 2}


@pytest.mark.parametrize(
    ("written", "is_true"),
    [
        ("对", True), ("正确", True), ("是", True), ("√", True), ("T", True), ("true", True),
        ("TRUE", True), ("Y", True), ("1", True), ("Ｔ", True), ("错", False), ("错误", False),
        ("否", False), ("×", False), ("F", False), ("False", False), ("N", False), ("0", False),
        ("不正确", False),
    ],
)  # fmt: skip
def test_true_and_false_have_many_spellings(written, is_true):
    empty = dict.fromkeys(HEADINGS[2:5], "")

    question = the_question(one_row({"题型": "判断题", "正确答案": written} | empty))

    assert question.choices[0].text == Text("正确", "True")
    assert question.choices[0].is_right is is_true
    assert question.is_ordered


def test_a_true_false_question_may_spell_out_its_two_choices():
    said = dict(zip(HEADINGS[2:], ["错误", "正确", "", "B"], strict=True))

    question = the_question(one_row({"题型": "判断题"} | said))

    assert question.choices[0].is_right


def test_lists_and_names_are_read_in_either_language():
    question = the_question(
        one_row(
            {
                "主题": "食品安全",
                "适合人群": "消费者；职工、pupils, Businesses",
                "法条依据": "food-safety-law:34；product-quality-law：49/1\nfood-safety-law:35",
                "难度": "较难",
                "考查方式": "Story",
                "题组": "some-family",
                "选项顺序固定": "是",
            }
        )
    )

    assert question.topic_id == "food-safety"
    assert question.audience == set(Audience) - {Audience.STUDENT}
    assert question.citations == (
        Citation("food-safety-law", "34"),
        Citation("product-quality-law", "49", 1),
        Citation("food-safety-law", "35"),
    )
    assert (question.difficulty, question.style) == (3, Style.STORY)
    assert (question.family, question.is_ordered) == ("some-family", True)


@pytest.mark.parametrize(
    ("heading", "written", "code"),
    [
        ("题号", "PQ 1", "id-form"),
        ("题号", "pq", "id-form"),
        ("题号", "a-" * 50 + "b", "id-form"),
        ("主题", "钓鱼", "topic-unknown"),
        ("题型", "", "kind-missing"),
        ("题型", "填空题", "kind-unknown"),
        ("题干（中文）", " ", "stem-missing"),
        ("题干（中文）", "题" * 4001, "too-long"),
        ("题干（中文）", "响\x07", "character"),
        ("题干（中文）", "字\ue123", "character"),
        ("题干（中文）", "翻\u202e转", "character"),
        ("题干（中文）", "坏\ufffd了", "character"),
        ("选项B（中文）", "", "choice-missing"),
        ("选项B（中文）", "=HYPERLINK(1)", "formula"),
        ("正确答案", "", "right-missing"),
        ("正确答案", "乙", "right-unknown"),
        ("正确答案", "E", "right-not-a-choice"),
        ("正确答案", "AB", "right-not-one"),
        ("适合人群", "消费者；外星人", "audience-unknown"),
        ("法条依据", "产品质量法第35条", "citation-form"),
        ("法条依据", "product-quality-law:35/", "citation-form"),
        ("法条依据", "product-quality-law:35/0", "citation-form"),
        ("难度", "4", "difficulty-unknown"),
        ("考查方式", "随便", "style-unknown"),
        ("题组", "甲组", "family-form"),
        ("选项顺序固定", "也许", "yes-no-unknown"),
    ],
)  # fmt: skip
def test_a_fault_says_row_and_column(heading, written, code):
    data = one_row({heading: written})

    fault = the_fault(read_csv(data))

    index = list(dict.fromkeys([*HEADINGS, heading])).index(heading)
    assert (fault.row, fault.column, fault.code) == (2, "ABCDEFG"[index], code)


def test_every_fault_of_a_row_is_told_at_once():
    parsed = read_csv(one_row({"正确答案": "E", "难度": "9", "法条依据": "x"}))

    assert {fault.code for fault in parsed.faults} == {
        "right-not-a-choice",
        "difficulty-unknown",
        "citation-form",
    }


def test_a_multiple_choice_with_one_right_answer_is_a_fault():
    assert the_fault(read_csv(one_row({"题型": "多选题"}))).code == "right-not-several"


def test_a_true_false_question_with_choices_of_its_own_is_a_fault():
    fault = the_fault(read_csv(one_row({"题型": "判断题", "正确答案": "对"})))

    assert (fault.code, fault.column) == ("choices-of-true-false", "C")


def test_a_question_without_a_topic_is_a_fault_where_none_was_chosen():
    usual = Usual(TOPICS)

    missing_column = read_csv(table(HEADINGS, ROW), usual)
    empty_cell = read_csv(one_row({"主题": ""}), usual)

    assert the_fault(missing_column).code == "heading-missing"
    assert (the_fault(empty_cell).code, the_fault(empty_cell).column) == ("topic-missing", "G")


def test_headings_are_checked():
    unknown = read_csv(one_row({"备注": "x"}))
    repeated = read_csv(table([*HEADINGS, "题型"], [*ROW, "x"]))
    nameless = read_csv(table(HEADINGS, [*ROW, "x"]))
    none = read_csv(table(["甲", "乙"], ["1", "2"]))
    missing = read_csv(table(HEADINGS[:2], ROW[:2]))

    (fault,) = unknown.faults
    assert (fault.row, fault.column, fault.code) == (1, "G", "heading-unknown")
    (fault,) = repeated.faults
    assert (fault.row, fault.column, fault.code) == (1, "G", "heading-repeated")
    (fault,) = nameless.faults
    assert (fault.row, fault.column, fault.code) == (2, "G", "heading-none")
    assert [fault.code for fault in none.faults][-1] == "no-headings"
    assert [(f.code, f.facts["field"]) for f in missing.faults] == [("heading-missing", "right")]


def test_the_same_question_twice_is_a_fault_of_the_second():
    parsed = read_csv(table(HEADINGS, ROW, [*ROW[:1], "哪一个　对?", *ROW[2:]]))

    assert [question.stem.zh for question in parsed.questions] == ["哪一个对？"]
    (fault,) = parsed.faults
    assert (fault.row, fault.code, fault.facts["first"]) == (3, "id-taken", "2")


def test_a_made_id_stays_when_points_change_and_differs_by_topic_and_words():
    def made(stem: str, **changes: str) -> str:
        return the_question(one_row({"题干（中文）": stem} | changes)).id

    assert made("哪一个对？") == made("哪一个 对 ?") != made("哪一个错？")
    assert made("零下18℃") != made("零下-18℃")
    assert made("哪一个对？", 主题="食品安全").startswith("food-safety-")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "gbk", "utf-16"])
def test_a_table_is_read_in_the_encodings_that_chinese_excel_writes(encoding):
    assert the_question(table(HEADINGS, ROW, encoding=encoding)).stem.zh == "哪一个对？"


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_table_may_be_set_apart_by_semicolons_or_tabs(delimiter):
    data = "\n".join(delimiter.join(row) for row in (HEADINGS, ROW)).encode()

    assert the_question(data).right_choices == {1}


def test_damaged_utf8_is_a_fault_and_not_read_as_another_encoding():
    data = table(HEADINGS, ROW, ROW).replace("甲".encode(), "甲".encode()[:2], 1)

    fault = the_fault(read_csv(data))

    assert (fault.row, fault.code) == (2, "encoding")


def test_an_open_quotation_mark_is_a_fault_with_its_row():
    fault = the_fault(read_csv(table(HEADINGS) + b'single,"never closed\n'))

    assert (fault.row, fault.code) == (2, "csv-quotes")


ARMED = ["=1+1", "+1+1|cmd", "-1+2|cmd", "@SUM(A1)", "＝1+1", "＋SUM(A1)", "－A1", "＠A1"]


@pytest.mark.parametrize("text", [*ARMED, "'=1+1", "''=1", "-18℃", "+86"])
def test_no_table_and_no_workbook_carries_a_formula(text):
    question = a_question(stem=Text(text, text))

    written = csv_text.write([question]).data
    workbook = xlsx.write([question]).data

    for row in csv.reader(io.StringIO(written.decode("utf-8-sig"))):
        assert not any(cell.startswith(tuple("=+-@＝＋－＠\t")) for cell in row)
    with zipfile.ZipFile(io.BytesIO(workbook)) as archive:
        assert not any(b"<f>" in archive.read(name) for name in archive.namelist())
    assert read_csv(written).questions[0].stem == question.stem
    assert xlsx.read(workbook, USUAL).questions[0].stem == question.stem


@pytest.mark.parametrize("text", ARMED)
def test_a_formula_in_a_table_is_a_fault(text):
    fault = the_fault(read_csv(one_row({"题干（中文）": text})))

    assert (fault.row, fault.column, fault.code) == (2, "B", "formula")


@pytest.mark.parametrize("text", ["-18℃ 以下", "+86 电话", "－5℃", "'tis so", "1=1"])
def test_text_that_only_looks_like_a_formula_is_text(text):
    assert the_question(one_row({"题干（中文）": text})).stem.zh == text


def workbook(write, row=ROW) -> bytes:
    """Make a workbook as a person does: headings, a row, and what `write` changes."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, HEADINGS)
        sheet.write_row(1, 0, row)
        write(book, sheet)
    return out.getvalue()


def test_numbers_dates_and_errors_of_a_workbook_are_text_or_faults():
    def number(book, sheet):
        sheet.write_number(1, 2, 30)
        sheet.write_number(1, 3, 0.5, book.add_format({"num_format": "0%"}))
        sheet.write_number(1, 4, 0.1 + 0.2)

    def date(book, sheet):
        sheet.write_number(1, 2, 45000, book.add_format({"num_format": "yyyy-mm-dd"}))

    def money(book, sheet):
        sheet.write_number(1, 2, 5, book.add_format({"num_format": "¥0.00"}))

    (question,) = xlsx.read(workbook(number), USUAL).questions
    assert [choice.text.zh for choice in question.choices] == ["30", "50%", "0.3"]
    for change in (date, money):
        fault = the_fault(xlsx.read(workbook(change), USUAL))
        assert (fault.row, fault.column, fault.code) == (2, "C", "cell-converted")


def test_a_truth_value_of_a_workbook_answers_a_true_false_question():
    row = ["判断题", "对不对？", "", "", ""]

    data = workbook(lambda _book, sheet: sheet.write_boolean(1, 5, True), row)
    (question,) = xlsx.read(data, USUAL).questions

    assert question.choices[0].is_right


@pytest.mark.parametrize("formula", ["=1+1", '=HYPERLINK("http://x","y")', "{=SUM(A1:A2)}"])
def test_a_formula_in_a_workbook_is_a_fault(formula):
    data = workbook(lambda _book, sheet: sheet.write_formula(1, 3, formula, value="乙"))

    fault = the_fault(xlsx.read(data, USUAL))

    assert (fault.row, fault.column, fault.code) == (2, "D", "formula")


def test_only_the_first_sheet_of_a_workbook_is_read():
    def another(book, _sheet):
        book.add_worksheet().write_row(0, 0, ["x"])

    assert len(xlsx.read(workbook(another), USUAL).questions) == 1


def test_a_workbook_of_two_hundred_rows_is_mended_from_its_report():
    """The newcomer's case: 200 rows, five faults, each found by row and column."""
    rows = [[*ROW[:1], f"第{n}题", *ROW[2:]] for n in range(200)]
    spoil = {(3, 0): "选择", (50, 5): "D", (99, 2): "", (150, 1): "", (199, 5): "AB"}
    mended = [row.copy() for row in rows]
    for (row, column), wrong in spoil.items():
        rows[row][column] = wrong

    def fill(some):
        def write(_book, sheet):
            for number, row in enumerate(some, 1):
                sheet.write_row(number, 0, row)

        return xlsx.read(workbook(write), USUAL)

    parsed = fill(rows)
    where = {(fault.row - 2, "ABCDEF".index(fault.column)) for fault in parsed.faults}
    assert where == set(spoil)
    assert len(parsed.questions) == 195

    parsed = fill(mended)
    assert not parsed.faults
    assert len(parsed.questions) == 200
