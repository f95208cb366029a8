"""What a format can hold comes back as it was, and what it cannot hold is told."""

import dataclasses
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from question_bank import exporter
from question_bank.content import Audience, Kind, Question, Style, Text
from question_bank.formats import aiken, content_files, csv_text, gift, moodle_xml, xlsx
from question_bank.formats.catalogue import FORMATS
from question_bank.formats.exchange import Loss, Parsed, Usual
from question_bank.formats.names import plain
from question_bank.formats.reading import join_lines
from question_bank.importer import read_bank
from tests.question_bank.formats.strategies import (
    TOPICS,
    USUAL,
    few,
    files,
    in_one_language,
    with_made_id,
)
from tests.question_bank.samples import a_question, shipped_bank, some_choices

LOCALES = st.sampled_from(["zh", "en"])


def faultless(parsed: Parsed) -> list[Question]:
    assert not parsed.faults, parsed.faults
    assert list(parsed.places) == [question.id for question in parsed.questions]
    return list(parsed.questions)


@few
@given(files(), LOCALES)
def test_a_workbook_holds_everything(questions, locale):
    written = xlsx.write(questions, locale)

    assert faultless(xlsx.read(written.data, USUAL)) == questions
    assert not written.losses


@few
@given(files(), LOCALES)
def test_a_csv_table_holds_everything(questions, locale):
    written = csv_text.write(questions, locale)

    assert faultless(csv_text.read(written.data, USUAL)) == questions
    assert not written.losses


@few
@given(files())
def test_a_content_file_holds_everything_but_the_topic(questions):
    questions = [dataclasses.replace(q, topic_id=USUAL.topic_id) for q in questions]
    written = content_files.write(questions)

    assert faultless(content_files.read(written.data, USUAL)) == questions
    assert written.losses == {Loss.TOPIC: tuple(q.id for q in questions)}


@few
@given(files(), LOCALES)
def test_gift_holds_one_language_and_every_detail(questions, locale):
    written = gift.write(questions, locale)
    usual = dataclasses.replace(USUAL, locale=locale)

    expected = [in_one_language(question, locale) for question in questions]
    assert faultless(gift.read(written.data, usual)) == expected
    assert written.losses == {Loss.OTHER_LANGUAGE: tuple(q.id for q in questions)}


@few
@given(files(), LOCALES)
def test_moodle_xml_holds_one_language_and_every_detail(questions, locale):
    written = moodle_xml.write(questions, locale)
    usual = dataclasses.replace(USUAL, locale=locale)

    expected = [in_one_language(question, locale) for question in questions]
    assert faultless(moodle_xml.read(written.data, usual)) == expected
    assert written.losses == {Loss.OTHER_LANGUAGE: tuple(q.id for q in questions)}


def says_true_or_false(question: Question, locale: str) -> bool:
    said = {plain(choice.text.in_(locale)) for choice in question.choices}
    return question.kind is Kind.SINGLE and bool(said & {"对", "true", "正确"})


@few
@given(files((Kind.SINGLE, Kind.TRUE_FALSE)), LOCALES)
def test_aiken_holds_stem_choices_and_answer(questions, locale):
    questions = [q for q in questions if not says_true_or_false(q, locale)]
    written = aiken.write(questions, locale)
    usual = dataclasses.replace(USUAL, locale=locale)

    def kept(question: Question) -> Question:
        def on_a_line(text: Text) -> Text:
            return Text(join_lines(text.zh).strip(), join_lines(text.en).strip())

        bare = dataclasses.replace(
            in_one_language(question, locale),
            style=usual.style,
            difficulty=usual.difficulty,
            audience=usual.audience,
            citations=(),
            explanation=Text("", ""),
            family=None,
            is_ordered=question.kind is Kind.TRUE_FALSE,
        )
        choices = (dataclasses.replace(c, text=on_a_line(c.text)) for c in bare.choices)
        bare = dataclasses.replace(bare, stem=on_a_line(bare.stem), choices=tuple(choices))
        return with_made_id(bare, usual.topic_id)

    parsed = aiken.read(written.data, usual)
    assert list(parsed.questions) == [kept(question) for question in questions]


@few
@given(files())
def test_the_importer_reads_exported_files_as_the_same_questions(tmp_path_factory, questions):
    folder = tmp_path_factory.mktemp("content")
    (folder / "topics.yaml").write_text(
        "".join(
            f"- id: {topic.id}\n  name: {{zh: 主题, en: t}}\n  summary: {{zh: 主题, en: t}}\n"
            for topic in TOPICS
        )
    )
    for name in ("statutes.yaml", "quizzes.yaml"):
        (folder / name).write_text("[]\n")
    explained = [
        dataclasses.replace(q, explanation=q.explanation if q.explanation.zh else Text("因", "why"))
        for q in questions
    ]

    for name, content in exporter.to_folder(explained).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content, encoding="utf-8")
    bank, faults = read_bank(folder)

    assert faults == []
    assert sorted(bank.questions, key=lambda q: q.id) == sorted(explained, key=lambda q: q.id)


@pytest.mark.parametrize("name", ["xlsx", "csv"])
def test_the_bank_of_the_project_survives_a_sheet(name):
    questions = list(shipped_bank().questions)
    usual = Usual(topics=tuple(shipped_bank().topics))

    written = FORMATS[name].write(questions, "zh")

    assert faultless(FORMATS[name].read(written.data, usual)) == questions


@pytest.mark.parametrize("name", ["gift", "moodle-xml"])
@pytest.mark.parametrize("locale", ["zh", "en"])
def test_the_bank_of_the_project_survives_moodle_in_one_language(name, locale):
    questions = list(shipped_bank().questions)
    usual = Usual(topics=tuple(shipped_bank().topics), locale=locale)

    written = FORMATS[name].write(questions, locale)

    assert faultless(FORMATS[name].read(written.data, usual)) == [
        in_one_language(question, locale) for question in questions
    ]


@pytest.mark.parametrize("name", FORMATS)
def test_the_same_questions_make_the_same_file(name):
    questions = [a_question("pq-one"), a_question("pq-two", stem=Text("另一道", "Another"))]

    assert FORMATS[name].write(questions, "zh") == FORMATS[name].write(questions, "zh")


@pytest.mark.parametrize("name", FORMATS)
def test_no_questions_make_a_file_without_questions(name):
    parsed = FORMATS[name].read(FORMATS[name].write([], "zh").data, USUAL)

    assert parsed.questions == []
    assert [fault.code for fault in parsed.faults] == ["no-questions"]


def test_aiken_tells_all_that_it_loses():
    question = a_question(
        is_ordered=True, family="some", audience=frozenset(Audience), style=Style.STORY,
        stem=Text("一\n二", "one\ntwo"),
    )  # fmt: skip
    multiple = a_question("pq-several", kind=Kind.MULTIPLE, choices=some_choices(right=(0, 1)))

    losses = aiken.write([question, multiple]).losses

    assert losses.pop(Loss.LEFT_OUT_KIND) == ("pq-several",)
    assert set(losses) == {
        Loss.OTHER_LANGUAGE, Loss.ID, Loss.TOPIC, Loss.STYLE, Loss.DIFFICULTY, Loss.AUDIENCE,
        Loss.CITATIONS, Loss.FAMILY, Loss.ORDER, Loss.EXPLANATION, Loss.LINE_BREAKS,
    }  # fmt: skip
    assert set(losses.values()) == {("pq-sample",)}


@pytest.mark.parametrize("name", ["gift", "aiken", "moodle-xml"])
def test_a_question_not_yet_written_in_a_language_is_left_out_of_its_file(name):
    draft = a_question(stem=Text("只有中文", ""))

    english, chinese = (FORMATS[name].write([draft], locale) for locale in ("en", "zh"))

    assert english.losses == {Loss.LEFT_OUT_LANGUAGE: ("pq-sample",)}
    assert "只有中文".encode() in chinese.data


@pytest.mark.parametrize("name", FORMATS)
def test_characters_that_no_file_may_carry_are_dropped_and_told(name):
    question = a_question(stem=Text("响\x07铃\ue000", "bell\x00"))

    written = FORMATS[name].write([question], "zh")

    assert written.losses[Loss.CHARACTERS] == ("pq-sample",)
    stems = [q.stem.zh for q in FORMATS[name].read(written.data, USUAL).questions]
    assert stems == ["响铃"]


def test_a_question_with_more_choices_than_letters_is_left_out(tmp_path: Path):
    crowd = tuple(some_choices()[1] for _ in range(27))
    question = a_question(choices=(some_choices()[0], *crowd))

    assert xlsx.write([question]).losses == {Loss.LEFT_OUT_CHOICES: ("pq-sample",)}
