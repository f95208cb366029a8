"""What people know: by topic, statute and article; the least-known rules."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Blueprint, Flask, abort, make_response, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from core import clock
from core.access import requires
from core.i18n import locale, pick
from outreach.campaigns import service as campaigns
from outreach.campaigns.models import Campaign
from outreach.campaigns.reach import Reach, current_reach
from outreach.events import service as events
from outreach.events.forms import KIND_LABELS
from outreach.events.models import Event, EventKind
from outreach.regions import service as regions
from outreach.regions.service import Place, is_within
from outreach.tally import (
    knowledge_reading,
    knowledge_sheets,
    knowledge_sums,
    sheets,
)
from outreach.tally.knowledge import LEAST_KNOWN, Knowledge, Rule
from outreach.tally.knowledge_answers import FEWEST_DEVICES
from outreach.tally.knowledge_forms import KnowledgeForm, filled
from outreach.tally.knowledge_sums import Scope
from outreach.tally.tree import Tree
from question_bank import service as bank
from question_bank.items import FEWEST_ANSWERS

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CSV = "text/csv; charset=utf-8"

bp = Blueprint("knowledge", __name__, url_prefix="/organize")


@dataclass(frozen=True, slots=True)
class Seen:
    """What somebody asked for, and what is known there; `event` is that of a helper."""

    form: KnowledgeForm
    campaign: Campaign
    event: Event | None
    scope: Scope
    names: dict[str, str]
    as_of: datetime
    is_renewed: bool
    known: Knowledge

    @property
    def query(self) -> dict[str, str]:
        """The filter as an address has it."""
        return {field.name: field.data for field in self.form if field.data}

    @property
    def region(self) -> str:
        """The region's name."""
        return self.names.get(self.scope.region_code) or regions.label(self.scope.region_code)


@bp.get("/knowledge")
@requires("events.see")
def index() -> ResponseReturnValue:
    """Show what is known in a region: all parts, and the rules that are known least."""
    seen = _seen()
    if not isinstance(seen, Seen):
        return seen
    return _page(
        "outreach/tally/knowledge.html",
        seen,
        least=seen.known.least_known(clock.local_day(clock.now())),
        by_region=seen.known.by_region(),
        by_kind=seen.known.by_kind(),
        may_print=_may_print(),
    )


@bp.get("/knowledge/topics/<topic_id>")
@requires("events.see")
def topic(topic_id: str) -> ResponseReturnValue:
    """Show a topic by statute, article and question."""
    seen = _seen()
    if not isinstance(seen, Seen):
        return seen
    found = seen.known.edition.topics_by_id.get(topic_id)
    if found is None:
        abort(404)
    rules = [
        rule
        for rule in seen.known.rules
        if any(question.topic_id == topic_id for question, _share in rule.questions)
    ]
    return _page(
        "outreach/tally/knowledge_rules.html",
        seen,
        title=found.name.in_(locale()),
        total=seen.known.by_topic.get(topic_id),
        statutes=_by_statute(rules),
        by_region=seen.known.by_region(topic_id),
        by_kind=seen.known.by_kind(topic_id),
        may_print=_may_print(),
        address=("knowledge.topic", {"topic_id": topic_id}),
    )


@bp.get("/knowledge/statutes/<statute_id>")
@requires("events.see")
def statute(statute_id: str) -> ResponseReturnValue:
    """Show a statute by article and question."""
    seen = _seen()
    if not isinstance(seen, Seen):
        return seen
    found = seen.known.edition.statutes.get(statute_id)
    if found is None:
        abort(404)
    return _page(
        "outreach/tally/knowledge_rules.html",
        seen,
        title=found.title.in_(locale()),
        total=seen.known.by_statute.get(statute_id),
        statutes=_by_statute([r for r in seen.known.rules if r.statute_id == statute_id]),
        by_region={},
        by_kind={},
        may_print=_may_print(),
        address=("knowledge.statute", {"statute_id": statute_id}),
    )


def _by_statute(rules: list[Rule]) -> dict[str, list[Rule]]:
    """Group rules by statute, the statute of the least known rule first."""
    found: dict[str, list[Rule]] = {}
    for rule in rules:
        found.setdefault(rule.statute_id, []).append(rule)
    return found


@bp.get("/knowledge.xlsx")
@requires("events.see")
def xlsx() -> ResponseReturnValue:
    """Hand out everything as a workbook."""
    seen = _seen()
    if not isinstance(seen, Seen):
        return seen
    made = knowledge_sheets.workbook(_asked(seen), seen.known, seen.names)
    return _file(sheets.as_xlsx(made), XLSX, "knowledge.xlsx")


@bp.get("/knowledge.csv")
@requires("events.see")
def csv() -> ResponseReturnValue:
    """Hand out everything as one table."""
    seen = _seen()
    if not isinstance(seen, Seen):
        return seen
    rows = knowledge_sheets.flat(_asked(seen), seen.known, seen.names)
    return _file(sheets.as_csv(knowledge_sheets.flat_heads(), rows), CSV, "knowledge.csv")


def _seen() -> Seen | ResponseReturnValue:
    """Return what was asked for, or the page that says why there is nothing."""
    reach, now = current_reach(), bank.latest()
    listed = campaigns.of_province(f"{reach.region_code[:2]}0000")
    event = None if reach.event_id is None else events.find(reach.event_id, reach)
    if now is None or not listed or (reach.event_id is not None and event is None):
        return render_template("outreach/tally/knowledge_none.html", form=None)
    form = _form(reach, listed, event)
    if not form.validate():
        return render_template("outreach/tally/knowledge_none.html", form=form), 422
    campaign = next(one for one in listed if str(one.id) == form.campaign.data)
    tree = Tree.of(campaign)
    scope = Scope(
        campaign_id=campaign.id,
        region_code=form.region.data,
        body_slug=reach.body_slug,
        event_id=reach.event_id,
        apart=frozenset(tree.separate),
    )
    kept, is_old = knowledge_sums.of(scope, now)
    return Seen(
        form=form,
        campaign=campaign,
        event=event,
        scope=scope,
        names={code: tree.name(code) for code in tree.regions},
        as_of=kept.as_of,
        is_renewed=is_old,
        known=kept.of_kind(form.kind.data or None),
    )


def _form(reach: Reach, listed: Any, event: Event | None) -> KnowledgeForm:
    if event is not None:  # a helper sees the whole of one event
        listed = [event.campaign]
        places = [Place(event.region_code, event.region.name_zh, event.region.name_en or "")]
    else:
        found = regions.places(reach.region_code)
        places = [place for place in found if is_within(place.code, reach.region_code)]
    today = campaigns.current(clock.local_day(clock.now()))
    ids = [one.id for one in listed]
    usual = {
        "campaign": str(today.id if today is not None and today.id in ids else ids[0]),
        "region": places[0].code,
        "kind": "",
    }
    form = KnowledgeForm(filled(request.args, usual))
    form.offer(listed, places)
    return form


def _page(template: str, seen: Seen, **more: Any) -> str:
    return render_template(
        template,
        seen=seen,
        known=seen.known,
        edition=seen.known.edition,
        kinds={kind.value: label for kind, label in KIND_LABELS.items()},
        unread=knowledge_reading.unread(),
        most_unread=knowledge_reading.MOST_COUNTED,
        fewest={"devices": FEWEST_DEVICES, "answers": FEWEST_ANSWERS},
        least_known=LEAST_KNOWN,
        **more,
    )


def _asked(seen: Seen) -> knowledge_sheets.Asked:
    kind = seen.form.kind.data
    return knowledge_sheets.Asked(
        campaign=pick(seen.campaign.name_zh, seen.campaign.name_en),
        region=seen.region,
        region_code=seen.scope.region_code,
        kind=str(KIND_LABELS[EventKind(kind)]) if kind else _("all"),
        as_of=seen.as_of.astimezone(clock.campaign_zone()),
    )


def _may_print() -> bool:
    return current_reach().event_id is None


def _file(content: bytes, media_type: str, name: str) -> Response:
    response = make_response(content)
    response.headers["Content-Type"] = media_type
    response.headers.set("Content-Disposition", "attachment", filename=name)
    response.headers["Cache-Control"] = "private, no-store"
    return response


def init_app(app: Flask) -> None:
    """Register the pages, and make room for sums."""
    knowledge_sums.init_app(app)
    app.register_blueprint(bp)
