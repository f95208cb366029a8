"""Whatever comes in, a reader gives questions and faults; it never raises."""

import io
import time
import zipfile
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from question_bank.content import Choice, Kind, Text
from question_bank.formats.catalogue import FORMATS
from question_bank.formats.exchange import Parsed
from question_bank.formats.reading import FORBIDDEN, MAX_FAULTS, MAX_QUESTIONS, MAX_TEXT
from question_bank.formats.words import FAULTS
from tests.question_bank.formats.strategies import TROUBLE, USUAL, few
from tests.question_bank.samples import a_question, some_choices, some_questions

# Of computing; what takes the square of the size takes hours.
MAX_SECONDS = 20
QUESTIONS = [
    a_question("pq-one", is_ordered=True, family="some-family"),
    a_question("pq-two", kind=Kind.MULTIPLE, choices=some_choices(right=(0, 2))),
    a_question("pq-three", stem=Text("**不**对？\n=1+1", "Is it **not**? <b> & {~=#}")),
]
SOUND = {name: form.write(QUESTIONS, "zh").data for name, form in FORMATS.items()}
TOKENS = {
    "xlsx": ["<c", "</c>", "<v>", 't="s"', 't="b"', "<f>1+1</f>", "999999999", 'r="XFD1"', "<si>"],
    "csv": ['"', '""', ",", "\r\n", "\t", ";", "=", "'", "题干", "单选题"],
    "gift": ["{", "}", "~", "=", "#", "####", "::", "\\", "//", "[tag:cites:x]", "[html]", "%",
             "\n\n"],
    "aiken": ["A) ", "B. ", "ANSWER: ", "ANSWER:", "答案：", "\n", "\n\n", "Ｚ）"],
    "moodle-xml": ["<", ">", "</", "<!DOCTYPE a>", "<!ENTITY", "&x;", "<![CDATA[", "]]>", "<text>",
                   "<question type='essay'>", "<quiz>", "fraction='1e9'", "<img>"],
    "yaml": ["&a ", "*a", "- ", "? ", ": ", "[", "{", "]", "}", "!!python/object:os.system ", "|\n",
             ">-\n", "---\n", "...\n", '"', "'", "#", "%YAML 9", "\t", "zh:", "right: true"],
}  # fmt: skip


def is_sound(parsed: Parsed) -> bool:
    """Tell whether a reader kept its word."""
    assert parsed.questions or parsed.faults
    assert len(parsed.questions) <= MAX_QUESTIONS
    assert len(parsed.faults) <= MAX_FAULTS + 1
    assert set(parsed.places) == {question.id for question in parsed.questions}
    for question in parsed.questions:
        assert question.right_choices
        assert 2 <= len(question.choices) <= 26
        assert question.stem.zh or question.stem.en
        for text in (question.stem, question.explanation, *(c.text for c in question.choices)):
            assert not FORBIDDEN.search(text.zh + text.en)
            assert max(len(text.zh), len(text.en)) <= MAX_TEXT
    for fault in parsed.faults:
        assert fault.row >= 0
        assert not FORBIDDEN.search("".join(fault.facts.values()).replace("\ufffd", ""))
        assert str(FAULTS[fault.code]) % fault.facts
    return True


def spoiled(whole: bytes, tokens: list[str]) -> st.SearchStrategy[bytes]:
    """Take a good file and replace, remove or repeat parts of it."""
    place = st.integers(0, len(whole))
    junk = st.one_of(
        st.sampled_from([token.encode() for token in [*tokens, *TROUBLE]]),
        st.binary(max_size=6),
        st.text(max_size=6).map(lambda text: text.encode("utf-8", "surrogatepass")),
        st.builds(lambda a, b: whole[min(a, b) : max(a, b)][:400], place, place),
    )
    change = st.tuples(place, st.integers(0, 40), st.lists(junk, max_size=3).map(b"".join))

    def apply(changes: list[tuple[int, int, bytes]]) -> bytes:
        data = whole
        for start, length, new in changes:
            data = data[:start] + new + data[start + length :]
        return data

    return st.lists(change, min_size=1, max_size=4).map(apply)


def fragments(name: str) -> st.SearchStrategy[bytes]:
    """Make files out of the format's own marks, and out of nothing but bytes."""
    marks = st.sampled_from([*TOKENS[name], *TROUBLE, "题", "a"])
    return st.lists(marks, max_size=30).map(lambda some: "".join(some).encode()) | st.binary(
        max_size=200
    )


def parts(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def zipped(contents: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in contents.items():
            archive.writestr(name, content)
    return out.getvalue()


WORKBOOK = parts(SOUND["xlsx"])


@st.composite
def spoiled_workbooks(draw: st.DrawFn) -> bytes:
    name = draw(st.sampled_from(sorted(WORKBOOK)))
    return zipped(WORKBOOK | {name: draw(spoiled(WORKBOOK[name], TOKENS["xlsx"]))})


@few
@given(spoiled_workbooks() | spoiled(SOUND["xlsx"], []) | fragments("xlsx"))
def test_no_workbook_breaks_its_reader(data):
    assert is_sound(FORMATS["xlsx"].read(data, USUAL))


@pytest.mark.parametrize("name", ["csv", "gift", "aiken", "moodle-xml", "yaml"])
def test_no_text_breaks_its_reader(name):
    @few
    @given(spoiled(SOUND[name], TOKENS[name]) | fragments(name))
    def check(data: bytes) -> None:
        assert is_sound(FORMATS[name].read(data, USUAL))

    check()


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("other", FORMATS)
def test_a_file_of_another_format_is_a_fault_and_no_question(name, other):
    parsed = FORMATS[name].read(SOUND[other], USUAL)

    assert is_sound(parsed)
    assert bool(parsed.questions) == (name == other)


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize(
    "data", [b"", b"\x00", b"\xff\xfe", b"\xef\xbb\xbf", b" \n\r\n", b"PK\x03\x04", b"\x00" * 4096]
)
def test_an_empty_or_binary_file_is_a_fault(name, data):
    parsed = FORMATS[name].read(data, USUAL)

    assert is_sound(parsed)
    assert not parsed.questions


@pytest.mark.parametrize("name", FORMATS)
def test_a_file_beyond_two_megabytes_is_not_looked_at(name):
    parsed = FORMATS[name].read(SOUND[name] + b" " * 2 * 1024 * 1024, USUAL)

    assert [(fault.row, fault.code) for fault in parsed.faults] == [(0, "file-too-large")]


@pytest.mark.parametrize("name", ["csv", "gift", "aiken", "moodle-xml", "yaml"])
def test_more_than_two_thousand_questions_are_a_fault(name):
    short = {"choices": tuple(Choice(Text(t, ""), t == "甲") for t in "甲乙")}
    crowd = some_questions(MAX_QUESTIONS + 1, explanation=Text("", ""), **short)
    if name == "yaml":
        lines = (
            f"- {{id: {q.id}, kind: 判断题, answer: true, stem: {{zh: 第{q.id}题}}}}" for q in crowd
        )
        data = "\n".join(lines).encode()
    else:
        named = [replace(q, stem=Text(f"第{q.id}题", "")) for q in crowd]
        data = FORMATS[name].write(named, "zh").data

    parsed = FORMATS[name].read(data, USUAL)

    assert len(parsed.questions) == MAX_QUESTIONS
    assert [fault.code for fault in parsed.faults] == ["too-many-questions"]


@pytest.mark.parametrize(
    ("name", "line"),
    [("csv", "x,y\n"), ("gift", "x\n\n"), ("aiken", "ANSWER: B\n"), ("yaml", "- 1\n")],
)
def test_a_thousand_faults_are_enough(name, line):
    heading = "kind,right,stem_zh\n" if name == "csv" else ""

    parsed = FORMATS[name].read((heading + line * 5000).encode(), USUAL)

    assert len(parsed.faults) == MAX_FAULTS + 1
    assert parsed.faults[-1].code == "too-many-faults"


@pytest.mark.parametrize("name", ["gift", "csv", "aiken", "moodle-xml", "yaml"])
@pytest.mark.parametrize(
    "token", [" ", "\n", "\n ", "<b ", "<p>", "[tag:", "{", "::", "**", '"', "[", "&a ", "A) a\n"]
)
def test_two_megabytes_of_one_mark_are_read_in_seconds(name, token):
    data = SOUND[name][:200] + token.encode() * (1_900_000 // len(token))

    begin = time.process_time()
    assert is_sound(FORMATS[name].read(data, USUAL))

    assert time.process_time() - begin < MAX_SECONDS
