"""What a page says of faults and losses, in the language of its reader."""

from collections.abc import Mapping

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l

from core.i18n import locale
from question_bank.formats.columns import BY_KEY
from question_bank.formats.exchange import FaultCode, FormatFault, Loss

FAULTS: Mapping[FaultCode, LazyString] = {
    FaultCode.FILE_TOO_LARGE: _l("The file is larger than %(limit)s MB. Split it."),
    FaultCode.ENCODING: _l(
        "The file is neither UTF-8 nor GB 18030 text from here on. Save it again as UTF-8."
    ),
    FaultCode.NO_QUESTIONS: _l("There are no questions in this file."),
    FaultCode.TOO_MANY_QUESTIONS: _l(
        "A file may hold %(limit)s questions. The rest was not read; put it into another file."
    ),
    FaultCode.TOO_MANY_FAULTS: _l(
        "More than %(limit)s faults: the rest was not read. Is this the right file?"
    ),
    FaultCode.TOO_DEEP: _l(
        "More than %(limit)s levels within one another: no question needs that."
    ),
    FaultCode.NOT_A_WORKBOOK: _l(
        "This is no Excel workbook, or a damaged one. Save it again as .xlsx."
    ),
    FaultCode.OLD_OR_LOCKED_WORKBOOK: _l(
        "The workbook is in the old .xls format or has a password. Save it as .xlsx without one."
    ),
    FaultCode.UNPACKS_TOO_LARGE: _l(
        "The workbook unpacks to far more than %(limit)s MB of questions. Copy the questions into "
        "the template."
    ),
    FaultCode.CSV_QUOTES: _l(
        "A quotation mark is missing or too many, at line %(line)s of the text."
    ),
    FaultCode.NO_HEADINGS: _l(
        "The first row holds no heading of ours. Begin with the headings of the template."
    ),
    FaultCode.HEADING_NONE: _l(
        "There is something under no heading. Delete it or name the column."
    ),
    FaultCode.HEADING_UNKNOWN: _l(
        "There is no column “%(value)s”. Delete it, or write its heading as in the template."
    ),
    FaultCode.HEADING_REPEATED: _l("The column “%(value)s” is there twice."),
    FaultCode.HEADING_MISSING: _l("The column “%(field)s” is missing."),
    FaultCode.FORMULA: _l("This is a formula (%(value)s). Write the text itself into the cell."),
    FaultCode.CELL_ERROR: _l("The cell shows an error (%(value)s). Write the text itself into it."),
    FaultCode.CELL_CONVERTED: _l(
        "Excel has turned this into a date or a formatted number (%(value)s). Format the cell as "
        "text and write it again."
    ),
    FaultCode.CHARACTER: _l(
        "The character %(character)s cannot be seen or not be shown on every phone. Delete it."
    ),
    FaultCode.TOO_LONG: _l("%(length)s characters, more than %(limit)s."),
    FaultCode.PICTURE: _l("The text shows a picture, a film or a formula; only text can be kept."),
    FaultCode.ID_FORM: _l(
        "“%(value)s” is no id: it takes small letters, digits and at least one hyphen, as "
        "pq-label-date."
    ),
    FaultCode.ID_TAKEN: _l(
        "The question %(value)s is already in row %(first)s: the same id, or the same stem."
    ),
    FaultCode.TOPIC_MISSING: _l("The topic is missing."),
    FaultCode.TOPIC_UNKNOWN: _l("There is no topic “%(value)s”."),
    FaultCode.KIND_MISSING: _l(
        "The kind is missing: single choice, multiple choice or true/false."
    ),
    FaultCode.KIND_UNKNOWN: _l(
        "“%(value)s” is no kind of question: write single choice, multiple choice or true/false."
    ),
    FaultCode.KIND_NOT_HELD: _l(
        "This is a question of the kind “%(kind)s”. Only single choice, multiple choice and "
        "true/false can be kept."
    ),
    FaultCode.STYLE_UNKNOWN: _l("“%(value)s” is no style: write story, number or rule."),
    FaultCode.DIFFICULTY_UNKNOWN: _l("The difficulty is 1, 2 or 3, not “%(value)s”."),
    FaultCode.AUDIENCE_UNKNOWN: _l(
        "“%(value)s” is no audience: write pupils, students, workers, consumers or businesses."
    ),
    FaultCode.CITATION_FORM: _l(
        "“%(value)s” is no citation: write statute:article or statute:article/paragraph, as "
        "product-quality-law:35."
    ),
    FaultCode.FAMILY_FORM: _l(
        "“%(value)s” is no family: it takes small letters, digits and hyphens."
    ),
    FaultCode.YES_NO_UNKNOWN: _l("Write yes or no, not “%(value)s”."),
    FaultCode.STEM_MISSING: _l("The stem is missing."),
    FaultCode.CHOICES_TOO_FEW: _l("At least %(limit)s choices are needed, not %(count)s."),
    FaultCode.CHOICES_TOO_MANY: _l("A question holds at most %(limit)s choices."),
    FaultCode.CHOICE_MISSING: _l("Choice %(letter)s is empty, but a later one is not."),
    FaultCode.CHOICES_OF_TRUE_FALSE: _l(
        "A true/false question has no choices of its own. Delete them, or make it single choice."
    ),
    FaultCode.RIGHT_MISSING: _l("The right answer is missing."),
    FaultCode.RIGHT_UNKNOWN: _l(
        "“%(value)s” is no right answer: write letters as B or AC, or true or false."
    ),
    FaultCode.RIGHT_NOT_A_CHOICE: _l("%(letter)s is marked as right, but there is no such choice."),
    FaultCode.RIGHT_NOT_ONE: _l(
        "A single choice question has one right answer; here %(count)s are marked."
    ),
    FaultCode.RIGHT_NOT_SEVERAL: _l(
        "A multiple choice question has two or more right answers; here one is marked."
    ),
    FaultCode.GIFT_BRACES: _l(
        "The braces do not fit: answers stand once between { and }, without an empty line, and a "
        "brace in a text is written with a backslash before it."
    ),
    FaultCode.GIFT_MARK: _l("Every answer begins with = or ~, but this does not: %(value)s"),
    FaultCode.PARTIAL_CREDIT: _l(
        "“%(value)s” earns %(weight)s per cent of the mark. Here an answer is right or wrong."
    ),
    FaultCode.WEIGHTS: _l(
        "The shares of the right answers add up to %(value)s per cent instead of 100."
    ),
    FaultCode.AIKEN_STRAY_LINE: _l("This line belongs to no question: %(value)s"),
    FaultCode.AIKEN_NO_ANSWER: _l("This question has no line ANSWER: %(value)s"),
    FaultCode.AIKEN_ORDER: _l("Choice %(letter)s should stand here, not: %(value)s"),
    FaultCode.XML_FORM: _l("This is no well-formed XML from here on."),
    FaultCode.XML_DOCTYPE: _l(
        "The file declares a document type or entities; that is not allowed."
    ),
    FaultCode.XML_NOT_A_QUIZ: _l("This is no Moodle XML: it begins with %(value)s, not with quiz."),
    FaultCode.YAML_FORM: _l("This is no YAML from here on. Are the spaces before the line right?"),
    FaultCode.YAML_ALIAS: _l("References (* and &) are not used in content files."),
    FaultCode.YAML_SHAPE: _l(
        "Something else is expected here. A content file is a list of questions as in the others."
    ),
    FaultCode.KEY_UNKNOWN: _l("There is no key “%(value)s”."),
    FaultCode.KEY_REPEATED: _l("The key “%(value)s” is there twice."),
}

LOSSES: Mapping[Loss, LazyString] = {
    Loss.OTHER_LANGUAGE: _l("The other language: this format holds one."),
    Loss.ID: _l("The id: a later import makes a new one from topic and stem."),
    Loss.TOPIC: _l("The topic: it is chosen anew at an import."),
    Loss.STYLE: _l("The style."),
    Loss.DIFFICULTY: _l("The difficulty."),
    Loss.AUDIENCE: _l("The audience."),
    Loss.CITATIONS: _l("The articles of law."),
    Loss.FAMILY: _l("The family of questions that never meet in one paper."),
    Loss.ORDER: _l("That the choices keep their order."),
    Loss.EXPLANATION: _l("The explanation."),
    Loss.LINE_BREAKS: _l("Line breaks within a text."),
    Loss.CHARACTERS: _l("Characters that cannot be seen or not be shown on every phone."),
    Loss.LEFT_OUT_LANGUAGE: _l("Left out: not written in this language yet."),
    Loss.LEFT_OUT_KIND: _l("Left out: this format holds no multiple choice."),
    Loss.LEFT_OUT_CHOICES: _l("Left out: more choices than there are letters."),
}

# Kinds of other programs' questions; one that is not here is named as its program names it.
OTHER_KINDS: Mapping[str, LazyString] = {
    "description": _l("text without a question"),
    "essay": _l("essay"),
    "numerical": _l("numerical"),
    "matching": _l("matching"),
    "shortanswer": _l("short answer"),
    "cloze": _l("gaps to fill"),
}


def sentence(fault: FormatFault) -> str:
    """Say a fault to the reader of this request."""
    facts = dict(fault.facts)
    if "field" in facts:
        facts["field"] = heading(facts["field"])
    if facts.get("kind") in OTHER_KINDS:
        facts["kind"] = str(OTHER_KINDS[facts["kind"]])
    return str(FAULTS[fault.code]) % facts


def heading(key: str) -> str:
    """Name a column or part of a question, "" for none."""
    column = BY_KEY.get(key)
    return column.name.in_(locale()) if column else ""
