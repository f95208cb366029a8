"""What a page says of faults in a sheet of events, in the language of its reader."""

from collections.abc import Mapping

from flask_babel import LazyString
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from core.i18n import locale
from outreach.batch.checking import heading
from outreach.batch.reading import Code, Fault
from outreach.events.forms import ROSTER_FAULTS
from question_bank.formats.exchange import FaultCode
from question_bank.formats.words import FAULTS as FAULTS_OF_FILES

FAULTS: Mapping[str, LazyString] = {
    Code.NO_ROWS: _l("There is no event in this file. Write one in each row below the headings."),
    Code.TOO_MANY_ROWS: _l("A file may hold %(limit)s events. Put the rest into another file."),
    Code.HEADING_MISSING: _l("The column “%(field)s” is missing. Begin with our template."),
    Code.HEADING_REPEATED: _l("The column “%(field)s” is there twice."),
    Code.MISSING: _l("“%(field)s” is empty."),
    Code.TOO_LONG: _l("%(length)s characters, more than %(limit)s."),
    Code.KIND_UNKNOWN: _l("“%(value)s” is no kind: write campus, factory, community or online."),
    Code.REGION_UNKNOWN: _l("There is no “%(value)s” in %(reach)s. Check the name."),
    Code.REGION_SEVERAL: _l("“%(value)s” fits several regions. Which one: %(names)s?"),
    Code.BODY_UNKNOWN: _l("“%(value)s” is not among the hosts. Choose one from the template."),
    Code.BODY_NOT_YOURS: _l("You plan for your own body. Leave this cell empty."),
    Code.QUIZ_UNKNOWN: _l("“%(value)s” is not among the quizzes. Choose one from the template."),
    Code.MOMENT_UNKNOWN: _l("“%(value)s” is no time: write it as 2026-09-01 08:00."),
    Code.YEAR: _l("Check the year of “%(value)s”."),
    Code.CLOSES_BEFORE: _l("The event must close after it opens."),
    Code.TWICE_IN_FILE: _l(
        "The same as row %(first)s: title, place, region and opening. Delete one of them."
    ),
    FaultCode.UNPACKS_TOO_LARGE: _l(
        "The workbook is far larger than a list of events. Copy the rows into our template."
    ),
    FaultCode.CELL_CONVERTED: _l(
        "Excel has turned this into something else (%(value)s). Format the cell as text and write "
        "it again."
    ),
}


def sentence(fault: Fault) -> str:
    """Say a fault to the reader of this request."""
    if fault.code == Code.TEAMS:
        return str(ROSTER_FAULTS[fault.facts["why"]]) % {"text": fault.facts["value"]}
    words = FAULTS.get(fault.code)
    if words is None:
        words = FAULTS_OF_FILES[FaultCode(fault.code)]
    return str(words) % (fault.facts | {"field": heading(fault.key, locale())})


def place(fault: Fault) -> str:
    """Say where a fault is: the column's letter and name."""
    name = heading(fault.key, locale())
    if fault.column and name:
        return str(_("%(letter)s (%(name)s)", letter=fault.column, name=name))
    return fault.column or name
