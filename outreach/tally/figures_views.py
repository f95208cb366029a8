"""The desk of headquarters and region organizers: figures, comparisons, and how events went."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from core import clock
from core.access import requires, signed_in
from outreach.campaigns import service as campaigns
from outreach.campaigns.models import Campaign
from outreach.campaigns.reach import Reach, current_reach
from outreach.events import service as events_service
from outreach.events.forms import KIND_LABELS
from outreach.regions import service as regions
from outreach.regions.service import Place
from outreach.tally import (
    figures,
    figures_columns,
    figures_compare,
    figures_events,
    figures_sheets,
    topics,
)
from outreach.tally.figures import Part
from outreach.tally.figures_compare import Comparison
from outreach.tally.figures_events import Order
from outreach.tally.figures_forms import CompareForm, EventsForm, FiguresForm, FilterForm
from outreach.tally.figures_scope import Scope, topics_of_quizzes
from outreach.tally.figures_sheets import Asked
from outreach.tally.sheets import Cell, Sheet
from outreach.tally.tree import Tree

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CSV = "text/csv; charset=utf-8"

F = TypeVar("F", bound=FilterForm)

bp = Blueprint("figures", __name__, url_prefix="/organize/figures")


@dataclass(frozen=True, slots=True)
class Question(Generic[F]):
    """What somebody asks: their form, and what it means; None if it has faults."""

    form: F
    campaigns: Sequence[Campaign]
    scope: Scope | None


@bp.get("")
@requires("events.see")
def index() -> ResponseReturnValue:
    """Show the totals of what is asked for, and their parts."""
    question = _question(FiguresForm)
    if question is None:
        return _no_campaign()
    found = None if question.scope is None else figures.of(question.scope)
    page = render_template(
        "outreach/tally/figures.html",
        form=question.form,
        query=question.form.query(),
        found=found,
        columns=figures_columns,
        parts=figures_sheets.part_names(),
        heads_of=figures_sheets.part_heads(),
        shown=figures_columns.shown,
        fields={Part.REGION: "region", Part.KIND: "kind", Part.BODY: "body", Part.TOPIC: "topic"},
    )
    return page, 200 if found else 422


@bp.get("/figures.xlsx", endpoint="index_xlsx", defaults={"suffix": "xlsx"})
@bp.get("/figures.csv", endpoint="index_csv", defaults={"suffix": "csv"})
@requires("events.see")
def index_file(suffix: str) -> ResponseReturnValue:
    """Hand out the figures that the page shows."""
    question = _question(FiguresForm)
    if question is None or question.scope is None:
        return _page_of("index")
    found = figures.of(question.scope)
    asked = _asked(question.form, question.scope)
    return _file(suffix, "figures", asked, figures_sheets.of_figures(found))


@bp.get("/compare")
@requires("events.see")
def compare() -> ResponseReturnValue:
    """Show two campaigns or two regions side by side."""
    question = _question(CompareForm)
    if question is None:
        return _no_campaign()
    found = _comparison(question)
    page = render_template(
        "outreach/tally/figures_compare.html",
        form=question.form,
        query=question.form.query(),
        found=found,
        columns=figures_columns,
        parts=figures_sheets.part_names(),
        heads_of=figures_sheets.part_heads(),
        shown=figures_columns.shown,
        gap=figures_columns.gap,
    )
    return page, 200 if question.scope else 422


@bp.get("/compare.xlsx", endpoint="compare_xlsx", defaults={"suffix": "xlsx"})
@bp.get("/compare.csv", endpoint="compare_csv", defaults={"suffix": "csv"})
@requires("events.see")
def compare_file(suffix: str) -> ResponseReturnValue:
    """Hand out the comparison that the page shows."""
    question = _question(CompareForm)
    found = None if question is None else _comparison(question)
    if question is None or question.scope is None or found is None:
        return _page_of("compare")
    asked = [*_asked(question.form, question.scope), (_("Compared with"), found.names[1])]
    return _file(suffix, "comparison", asked, figures_sheets.of_comparison(found))


@bp.get("/events")
@requires("events.see")
def events() -> ResponseReturnValue:
    """Show which events went well or stayed empty, where there was none, and what is next."""
    question = _question(EventsForm)
    if question is None:
        return _no_campaign()
    scope, form = question.scope, question.form
    found = None if scope is None else figures_events.of(scope, Order(form.order.data))
    page = render_template(
        "outreach/tally/figures_events.html",
        form=form,
        query=form.query(),
        found=found,
        scope=scope,
        channels=figures_columns.of_events(found) if found else (),
        shown=figures_columns.shown,
        kinds=KIND_LABELS,
        may_manage=signed_in().may("events.manage"),
        may_plan=scope is not None and _may_plan(scope),
    )
    return page, 200 if found else 422


@bp.get("/events.xlsx", endpoint="events_xlsx", defaults={"suffix": "xlsx"})
@bp.get("/events.csv", endpoint="events_csv", defaults={"suffix": "csv"})
@requires("events.see")
def events_file(suffix: str) -> ResponseReturnValue:
    """Hand out all events of the lists that the page begins."""
    question = _question(EventsForm)
    if question is None or question.scope is None:
        return _page_of("events")
    order = Order(question.form.order.data)
    found = figures_events.of(question.scope, order, listed=figures_events.MOST)
    asked = _asked(question.form, question.scope)
    return _file(suffix, "events", asked, figures_sheets.of_events(found))


def _question(kind_of_form: type[F]) -> Question[F] | None:
    """Read what is asked for; None where there is no campaign to ask about."""
    reach = current_reach()
    found = campaigns.of_province(f"{reach.region_code[:2]}0000")
    if not found:
        return None
    form = kind_of_form(request.args)
    by_slug = {campaign.slug: campaign for campaign in found}
    campaign = by_slug.get(form.campaign.data or "", _usual(found))
    tree = Tree.of(campaign)
    form.offer(campaign, found, _places(tree, reach), topics.names(), reach)
    scope = None
    if form.validate():
        scope = form.scope(campaign, reach, tree, topics_of_quizzes())
    return Question(form, found, scope)


def _usual(found: Sequence[Campaign]) -> Campaign:
    """Return the campaign that is on, the one that began last leading; else the last that was."""
    today = clock.local_day(clock.now())
    begun = [campaign for campaign in found if campaign.first_on <= today]
    is_on = [campaign for campaign in begun if campaign.last_on >= today]
    return [*is_on, *begun, *found][0]


def _places(tree: Tree, reach: Reach) -> list[Place]:
    """List the regions within reach, the whole reach first, as the campaign reports them."""
    places = regions.places(reach.region_code)
    whole = next(place for place in places if place.code == reach.region_code)
    rest = [place for place in places if place is not whole]
    if tree.apart(whole.code):  # without the ones on lines of their own it can be asked for too
        rest.insert(0, whole)
    return [whole, *(_place(tree, place) for place in rest)]


def _place(tree: Tree, place: Place) -> Place:
    if not tree.apart(place.code):
        return place
    name = tree.name(place.code)
    return Place(place.code, name, name)


def _comparison(question: Question[CompareForm]) -> Comparison | None:
    """Compare what is asked for, or return None if nothing is to be compared with yet."""
    form, scope = question.form, question.scope
    if scope is None:
        return None
    if form.other_campaign.data:
        other = next(one for one in question.campaigns if one.slug == form.other_campaign.data)
        names = form.words("campaign"), form.words("other_campaign")
        return figures_compare.of_campaigns(scope, other, names)
    if form.other_region.data:
        names = _region(form), form.words("other_region")
        return figures_compare.of_regions(scope, form.other_region.data, names)
    return None


def _region(form: FilterForm) -> str:
    whole = regions.label(current_reach().region_code)
    return form.words("region") if form.region.data else whole


def _host(form: FilterForm, scope: Scope) -> str:
    """Name the host that is asked for, or the only one that somebody answers for."""
    names = {choice.value: str(choice.label) for choice in form.body.choices}
    return names.get(scope.body_slug or scope.reach.body_slug or "", "")


def _may_plan(scope: Scope) -> bool:
    is_over = scope.campaign.last_on < clock.local_day(clock.now())
    return signed_in().may("events.manage") and not is_over


def _asked(form: FilterForm, scope: Scope) -> Asked:
    """Put the filter into words for a file."""
    at = clock.now().astimezone(clock.campaign_zone()).replace(tzinfo=None, second=0, microsecond=0)
    whole = {"region": _region(form), "body": _host(form, scope)}
    asked: list[tuple[str, Cell]] = [
        (str(field.label.text), whole.get(field.name) or form.words(field.name) or _("all"))
        for field in form
        if not field.name.startswith("other_")
    ]
    if scope.reach.event_id is not None:
        event = events_service.find(scope.reach.event_id, scope.reach)
        asked.append((_("Event"), event.title_zh if event else None))
    return [*asked, (_("As of"), at)]


def _file(suffix: str, name: str, asked: Asked, tables: Sequence[Sheet]) -> ResponseReturnValue:
    writers = {"xlsx": (figures_sheets.as_xlsx, XLSX), "csv": (figures_sheets.as_csv, CSV)}
    write, media_type = writers[suffix]
    response = make_response(write(asked, tables))
    response.headers["Content-Type"] = media_type
    response.headers.set("Content-Disposition", "attachment", filename=f"{name}.{suffix}")
    response.headers["Cache-Control"] = "private, no-store"
    return response


def _page_of(endpoint: str) -> ResponseReturnValue:
    """Lead from a file that cannot be made to the page, which says why."""
    return redirect(f"{url_for(f'.{endpoint}')}?{request.query_string.decode('latin-1')}", 303)


def _no_campaign() -> ResponseReturnValue:
    return render_template("outreach/tally/figures_none.html")
