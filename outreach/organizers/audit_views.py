"""The log: who did what to what, when; to be read, searched and taken home."""

from datetime import datetime

from flask import Blueprint, make_response, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response
from wtforms import SelectChoice

from core import audit, clock
from core.access import requires
from core.audit import AuditEntry
from outreach.campaigns.reach import current_reach
from outreach.organizers import audit_file, audit_words
from outreach.organizers.audit_forms import AuditForm

MOMENT = "%Y-%m-%d %H:%M:%S"
MEDIA_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}

bp = Blueprint("audit", __name__, url_prefix="/organize/audit")


@bp.get("")
@requires("audit.read")
def index() -> ResponseReturnValue:
    """List what fits a search, the newest first."""
    form = _form()
    entries = audit.search(
        form.wanted(_region()), before_id=form.before.data, limit=audit.PAGE_SIZE + 1
    )
    shown = entries[: audit.PAGE_SIZE]
    asked = {
        key: value
        for key, value in request.args.items()
        if key in {"q", "action", "first", "last"} and value
    }
    return render_template(
        "outreach/organizers/audit.html",
        form=form,
        entries=shown,
        asked=asked,
        older=shown[-1].id if len(entries) > len(shown) else None,
        is_first=form.before.data is None,
        words=audit_words,
        most=audit.MAX_EXPORTED,
    )


@bp.get("/log.csv")
@requires("audit.read")
def csv() -> ResponseReturnValue:
    """Hand out what fits a search as CSV."""
    return _file("csv", audit_file.csv_text(_headings(), _rows()))


@bp.get("/log.xlsx")
@requires("audit.read")
def xlsx() -> ResponseReturnValue:
    """Hand out what fits a search as a workbook."""
    return _file("xlsx", audit_file.workbook(_("Log"), _headings(), _rows()))


def _file(kind: str, content: bytes) -> Response:
    response = make_response(content)
    response.headers["Content-Type"] = MEDIA_TYPES[kind]
    day = clock.local_day(clock.now()).isoformat()
    response.headers.set("Content-Disposition", "attachment", filename=f"log-{day}.{kind}")
    response.headers["Cache-Control"] = "private, no-store"
    return response


def _headings() -> list[str]:
    return [
        _("When"), _("Who"), _("What happened"), _("In words"), _("To what"), _("Region"),
        _("Details"),
    ]  # fmt: skip


def _rows() -> list[list[str]]:
    """Write the entries that fit, up to `MAX_EXPORTED`, the newest first."""
    entries = audit.search(_form().wanted(_region()), limit=audit.MAX_EXPORTED)
    return [_row(entry) for entry in entries]


def _row(entry: AuditEntry) -> list[str]:
    return [
        _local(entry.at),
        audit_words.who(entry),
        audit_words.name(entry.action),
        audit_words.sentence(entry),
        f"{entry.subject} {entry.label}",
        entry.region_code or "",
        audit_words.detail(entry),
    ]


def _local(at: datetime) -> str:
    return at.astimezone(clock.campaign_zone()).strftime(MOMENT)


def _region() -> str:
    return current_reach().region_code


def _form() -> AuditForm:
    form = AuditForm(request.args)
    if not form.validate():
        form = AuditForm(MultiDict())
    named = sorted((audit_words.name(action), action) for action in audit_words.DEEDS)
    form.action.choices = [
        SelectChoice("", _("Everything")),
        *(SelectChoice(action, words) for words, action in named),
    ]
    return form
