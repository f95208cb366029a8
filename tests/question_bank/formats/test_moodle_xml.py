"""Moodle XML as Moodle exports it, and XML that means harm."""

import dataclasses

import pytest

from question_bank.content import Citation, Kind, Question
from question_bank.formats import moodle_xml
from question_bank.formats.exchange import FormatFault, Parsed
from tests.question_bank.formats.strategies import USUAL

ENGLISH = dataclasses.replace(USUAL, locale="en")
# Every kind and format of the documentation, in our own words.
QUIZ = """\
<?xml version="1.0" encoding="UTF-8"?>
<quiz>
<!-- a comment -->
  <question type="category">
    <category><text>$course$/top/Food safety</text></category>
    <info format="html"><text></text></info>
  </question>
  <question type="multichoice">
    <name><text>Kettle</text></name>
    <questiontext format="html">
      <text><![CDATA[<p>Which is <strong>not</strong>&nbsp;a label?<br /></p>]]></text>
    </questiontext>
    <generalfeedback format="html"><text>&lt;p&gt;Article 27.&lt;/p&gt;</text></generalfeedback>
    <defaultgrade>1.0000000</defaultgrade>
    <penalty>0.3333333</penalty>
    <hidden>0</hidden>
    <idnumber>food-kettle-label</idnumber>
    <single>true</single>
    <shuffleanswers>false</shuffleanswers>
    <answernumbering>abc</answernumbering>
    <correctfeedback format="html"><text>Your answer is correct.</text></correctfeedback>
    <answer fraction="100" format="html">
      <text><![CDATA[a poem & a song]]></text>
      <feedback format="html"><text>Yes.</text></feedback>
    </answer>
    <answer fraction="0" format="plain_text"><text>a &lt;b&gt; name</text>
      <feedback format="html"><text></text></feedback></answer>
    <tags><tag><text>difficulty:2</text></tag><tag><text>spring</text></tag>
      <tag><text>cites:food-safety-law:67</text></tag></tags>
  </question>
  <question type="multichoice">
    <name><text>Two</text></name>
    <questiontext format="moodle_auto_format"><text>Which
two?</text></questiontext>
    <single>0</single>
    <shuffleanswers>1</shuffleanswers>
    <answer fraction="50"><text>one</text></answer>
    <answer fraction="50.00000"><text>two</text></answer>
    <answer fraction="-100"><text>three</text></answer>
  </question>
  <question type="truefalse">
    <name><text>Truth</text></name>
    <questiontext format="markdown"><text>It is **so**.</text></questiontext>
    <answer fraction="0"><text>true</text><feedback><text>Look again.</text></feedback></answer>
    <answer fraction="100"><text>false</text></answer>
  </question>
</quiz>
"""


def read(text: str) -> Parsed:
    return moodle_xml.read(text.encode(), ENGLISH)


def a_quiz(question: str) -> str:
    return f"<quiz>\n{question}\n</quiz>"


def multichoice(inside: str, stem: str = "Which?") -> str:
    text = f'<questiontext format="html"><text><![CDATA[{stem}]]></text></questiontext>'
    return a_quiz(f'<question type="multichoice">\n{text}\n{inside}\n</question>')


def answers(*fractions: object) -> str:
    lines = [f'<answer fraction="{f}"><text>a{n}</text></answer>' for n, f in enumerate(fractions)]
    return "\n".join(lines)


def the_fault(text: str) -> FormatFault:
    parsed = read(text)
    assert not parsed.questions
    (fault,) = parsed.faults
    return fault


def test_what_moodle_exports_is_read():
    parsed = read(QUIZ)

    assert not parsed.faults
    single, multiple, truth = parsed.questions
    assert (single.id, single.topic_id, single.kind) == (
        "food-kettle-label",
        "food-safety",
        Kind.SINGLE,
    )
    assert single.stem.en == "Which is **not** a label?"
    assert single.explanation.en == "Article 27.\na poem & a song: Yes."
    assert [choice.text.en for choice in single.choices] == ["a poem & a song", "a <b> name"]
    assert (single.difficulty, single.is_ordered) == (2, True)
    assert single.citations == (Citation("food-safety-law", "67"),)
    assert (multiple.kind, multiple.right_choices) == (Kind.MULTIPLE, {0, 1})
    assert not multiple.is_ordered
    assert (truth.kind, truth.right_choices) == (Kind.TRUE_FALSE, {1})
    assert truth.stem.en == "It is **so**."
    assert truth.explanation.en == "Look again."
    lines = [n for n, line in enumerate(QUIZ.splitlines(), 1) if "<question " in line]
    assert list(parsed.places.values()) == lines[1:]


@pytest.mark.parametrize(
    "kind", ["shortanswer", "matching", "numerical", "essay", "cloze", "description", "ddwtos", ""]
)
def test_another_kind_is_a_fault_at_its_line(kind):
    fault = the_fault(a_quiz(f'\n<question type="{kind}"><name><text>x</text></name></question>'))

    assert (fault.row, fault.code, fault.facts["kind"]) == (3, "kind-not-held", kind or "?")


@pytest.mark.parametrize(
    ("text", "row", "code"),
    [
        (multichoice("<single>true</single>" + answers(100, 50, 0)), 5, "partial-credit"),
        (multichoice("<single>true</single>" + answers(100, 100)), 2, "right-not-one"),
        (multichoice("<single>false</single>" + answers(50, 25, 0)), 2, "weights"),
        (multichoice(answers(0, 0)), 2, "right-missing"),
        (multichoice(answers(100)), 2, "choices-too-few"),
        (multichoice(answers(*[100, *[0] * 26])), 2, "choices-too-many"),
        (multichoice(answers("nan", 0)), 4, "weights"),
        (multichoice(answers(100, 0), stem=""), 2, "stem-missing"),
        (multichoice(answers(100, 0), stem='<img src="@@PLUGINFILE@@/x.png">'), 3, "picture"),
        (multichoice(answers(100, 0), stem="<svg></svg>x"), 3, "picture"),
        (multichoice(answers(100, 0), stem="&#xe000;x"), 2, "character"),
        (
            a_quiz(
                '<question type="truefalse"><questiontext><text>x</text></questiontext>'
                '<answer fraction="100"><text>maybe</text></answer></question>'
            ),
            2,
            "right-unknown",
        ),
    ],
)
def test_what_cannot_be_held_is_a_fault_at_its_line(text, row, code):
    fault = the_fault(text)

    assert (fault.row, fault.code) == (row, code)


def test_a_picture_beside_the_text_is_a_fault():
    picture = '<file name="x.png" encoding="base64">AAAA</file>'
    text = multichoice(answers(100, 0)).replace("</questiontext>", f"{picture}</questiontext>")

    assert the_fault(text).code == "picture"


BOMB = "".join(f'<!ENTITY a{n} "&a{n - 1};&a{n - 1};">' for n in range(1, 40))


@pytest.mark.parametrize(
    "doctype",
    [
        "<!DOCTYPE quiz>",
        f'<!DOCTYPE quiz [<!ENTITY a0 "bomb">{BOMB}]>',
        '<!DOCTYPE quiz [<!ENTITY a39 SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE quiz SYSTEM "http://example.org/quiz.dtd">',
        '<!DOCTYPE quiz [<!ENTITY % p SYSTEM "http://example.org/p"> %p;]>',
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_no_entity_is_expanded_and_nothing_fetched(doctype, encoding):
    text = f'<?xml version="1.0"?>{doctype}<quiz><question type="essay">&a39;</question></quiz>'

    parsed = moodle_xml.read(text.encode(encoding), ENGLISH)

    assert [fault.code for fault in parsed.faults] == ["xml-doctype"]


def test_broken_foreign_and_deep_xml_are_faults():
    broken = the_fault("<quiz>\n<question>\n</quiz>")
    assert (broken.row, broken.code) == (3, "xml-form")
    assert the_fault("<html></html>").code == "xml-not-a-quiz"
    assert the_fault(a_quiz("<a>" * 100)).code == "too-deep"
    assert the_fault(a_quiz(f"<question>{'<a/>' * 2000}</question>")).code == "choices-too-many"


def test_questions_before_a_break_are_kept():
    parsed = read(QUIZ.replace("</quiz>", "<oops"))

    assert len(parsed.questions) == 3
    assert [fault.code for fault in parsed.faults] == ["xml-form"]


def test_gb18030_is_read_whatever_the_declaration_says():
    text = '<?xml version="1.0" encoding="gb2312"?>\n' + multichoice(answers(100, 0), stem="哪个？")

    (question,) = moodle_xml.read(text.encode("gb18030"), USUAL).questions

    assert isinstance(question, Question)
    assert question.stem.zh == "哪个？"
