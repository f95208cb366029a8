"""The organizer's event pages: plan and change. Lists and counts are the tally's (desk)."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from wtforms import SelectChoice

from core import audit, clock
from core.access import requires, signed_in
from core.db import db
from core.i18n import pick
from outreach.campaigns import service as campaigns
from outreach.campaigns.models import Campaign
from outreach.campaigns.reach import current_reach
from outreach.events import service
from outreach.events.archived import ArchivedError
from outreach.events.forms import EventForm
from outreach.events.models import Event, EventState, state_at
from outreach.regions import service as regions
from question_bank import service as bank

bp = Blueprint("events", __name__, url_prefix="/organize")

USUAL_HOURS = 8
DAY = timedelta(days=1)


@bp.get("/events/new")
@requires("events.manage")
def new() -> ResponseReturnValue:
    """Show an empty form with usual times."""
    campaign = _campaign()
    form = _form(campaign)
    reach, wanted = current_reach(), request.args.get("region", "")
    form.region.data = regions.label(wanted) if regions.exists(wanted, reach.region_code) else ""
    opening = clock.now().astimezone(clock.campaign_zone()).replace(minute=0, tzinfo=None)
    form.opens_at.data = opening + timedelta(hours=1)
    form.closes_at.data = opening + timedelta(hours=1 + USUAL_HOURS)
    return _page(form, campaign)


@bp.post("/events/new")
@requires("events.manage")
def plan() -> ResponseReturnValue:
    """Add an event."""
    campaign = _campaign()
    form = _form(campaign)
    if not form.validate_on_submit():
        return _page(form, campaign), 422
    return _planned(service.plan_event(campaign, form.plan(), signed_in().id), "event.plan")


@bp.get("/events/<key:event_id>/copy")
@requires("events.manage")
def copy(event_id: int) -> ResponseReturnValue:
    """Show the form of a new event, filled in from another, moved to a day that is to come."""
    source, campaign = _event(event_id), _campaign()
    form = _form(campaign, source)
    form.show(source)
    days = max((clock.now() - source.opens_at) // DAY + 1, 0) * DAY
    form.opens_at.data += days
    form.closes_at.data += days
    slugs = {body.slug: body.id for body in campaign.bodies}
    form.body_id.data = slugs.get(source.body.slug, form.body_id.data)
    return _page(form, campaign, source=source)


@bp.post("/events/<key:event_id>/copy")
@requires("events.manage")
def plan_copy(event_id: int) -> ResponseReturnValue:
    """Add an event with the teams of another."""
    source, campaign = _event(event_id), _campaign()
    form = _form(campaign, source)
    if not form.validate_on_submit():
        return _page(form, campaign, source=source), 422
    event = service.plan_event(campaign, form.plan(), signed_in().id)
    service.copy_teams(source, event)
    return _planned(event, "event.copy", source=source.id)


@bp.get("/events/<key:event_id>/edit")
@requires("events.manage")
def edit(event_id: int) -> ResponseReturnValue:
    """Show an event's form."""
    event = _event(event_id)
    form = _form(event.campaign, event)
    form.show(event)
    return _page(form, event.campaign, event=event)


@bp.post("/events/<key:event_id>/edit")
@requires("events.manage")
def change(event_id: int) -> ResponseReturnValue:
    """Change an event; its posters obey at once, so closing them asks first."""
    event = _event(event_id)
    form = _form(event.campaign, event)
    stopped = 0
    if form.validate_on_submit():
        stopped = 0 if form.confirmed.data else _posters_stopped(event, form)
        if _change(event, form) and not stopped:
            db.session.commit()
            flash(_("Saved."), "success")
            return redirect(url_for("desk.event", event_id=event.id), 303)
        db.session.rollback()
    return _page(form, event.campaign, event=event, stopped=stopped), 422


def _change(event: Event, form: EventForm) -> bool:
    """Change an event, or say in the form why not."""
    before = {
        name: str(getattr(event, name))
        for name in ("title_zh", "site", "region_code", "quiz_id", "opens_at", "closes_at")
    }
    try:
        service.change_event(event, form.plan())
    except service.RegionFixedError:
        form.region.errors = [
            _("Attempts were counted in this region already, so it stays. Plan a new event.")
        ]
        return False
    except ArchivedError:
        form.closes_at.errors = [_("Its attempts are in an archive, so it stays closed.")]
        return False
    changed = {name: was for name, was in before.items() if was != str(getattr(event, name))}
    _record("event.change", event, was=changed)
    return True


def _posters_stopped(event: Event, form: EventForm) -> int:
    """Count the posters that lead to the paper now and would not with the times of the form."""
    at, wanted = clock.now(), form.plan()
    after = state_at(wanted.opens_at, wanted.closes_at, event.cancelled_at, at)
    if event.state(at) is not EventState.OPEN or after is EventState.OPEN:
        return 0
    return service.posters_in_use(event.id)


@bp.get("/regions.json")
@requires("events.manage")
def region_suggestions() -> ResponseReturnValue:
    """Suggest regions within reach for what is typed."""
    found = regions.search(request.args.get("q", "")[:60], current_reach().region_code)
    return {"regions": [place.label for place in found[: regions.SUGGESTIONS]]}


def _planned(event: Event, action: str, **detail: Any) -> ResponseReturnValue:
    """Keep a new event and lead to its first poster."""
    _record(action, event, **detail)
    db.session.commit()
    flash(_("“%(title)s” is planned. Now make a poster for it.", title=event.title_zh), "success")
    return redirect(url_for("posters.of_event", event_id=event.id), 303)


def _record(action: str, event: Event, **detail: Any) -> None:
    audit.record(
        action, f"event:{event.id}", event.title_zh, region_code=event.region_code, **detail
    )


def _plannable() -> Sequence[Campaign]:
    """List the campaigns for which events can be planned, the usual one first."""
    today = clock.local_day(clock.now())
    return campaigns.plannable(f"{current_reach().region_code[:2]}0000", today)


def _campaign() -> Campaign:
    """Return the campaign that is asked for, or the usual one."""
    offered = {campaign.slug: campaign for campaign in _plannable()}
    if not offered:
        flash(
            _("There is no campaign to plan events for. Headquarters sets one up first."), "error"
        )
        abort(redirect(url_for("desk.index"), 303))
    wanted = request.args.get("campaign") or next(iter(offered))
    if wanted not in offered:
        abort(404)
    return offered[wanted]


def _event(event_id: int) -> Event:
    """Return an event within reach; one outside is as unknown as one that does not exist."""
    event = service.find(event_id, current_reach())
    if event is None:
        abort(404)
    return event


def _form(campaign: Campaign, event: Event | None = None) -> EventForm:
    reach = current_reach()
    form = EventForm(reach=reach.region_code)
    form.body_id.choices = [
        SelectChoice(body.id, pick(body.name_zh, body.name_en))
        for body in campaign.bodies
        if reach.body_slug in {None, body.slug}
    ]
    offered = bank.offered_quizzes(regions.upwards(reach.region_code))
    quizzes = {quiz.id: pick(quiz.name_zh, quiz.name_en) for quiz in offered}
    if event is not None and event.quiz_id not in quizzes:
        kept = bank.quiz(event.quiz_id).name
        quizzes[event.quiz_id] = pick(kept.zh, kept.en)
    form.quiz_id.choices = [SelectChoice(*quiz) for quiz in quizzes.items()]
    return form


def _page(
    form: EventForm,
    campaign: Campaign,
    *,
    event: Event | None = None,
    source: Event | None = None,
    stopped: int = 0,
) -> str:
    return render_template(
        "outreach/events/edit.html",
        form=form,
        campaign=campaign,
        campaigns=[] if event else _plannable(),
        event=event,
        source=source,
        stopped=stopped,
    )
