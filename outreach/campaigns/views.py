"""Headquarters' pages of campaigns: set up, change, copy last year's, and keep the bodies.

Who asks sees the campaigns of their own province; another's is as unknown as none.
"""

from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from core import audit, clock
from core.access import requires
from core.db import db
from outreach.campaigns import planning, service
from outreach.campaigns.countdown import Phase, countdown, moved
from outreach.campaigns.forms import BodiesForm, BodyForm, CampaignForm
from outreach.campaigns.models import Body, Campaign
from outreach.campaigns.reach import current_reach
from outreach.regions import service as regions

bp = Blueprint("campaigns", __name__, url_prefix="/organize/campaigns")


@bp.get("")
@requires("campaigns.manage")
def index() -> ResponseReturnValue:
    """List the province's campaigns: those that are on, to come, and over."""
    province_code = _province_code()
    today = clock.local_day(clock.now())
    listed = service.of_province(province_code)
    grouped: dict[Phase, list[Campaign]] = {phase: [] for phase in Phase}
    countdowns = {c.id: countdown(c.first_on, c.last_on, today) for c in listed}
    for campaign in listed:
        grouped[countdowns[campaign.id].phase].append(campaign)
    grouped[Phase.COMING].reverse()
    return render_template(
        "outreach/campaigns/index.html",
        groups=[(phase.value, grouped[phase]) for phase in (Phase.ON, Phase.COMING, Phase.OVER)],
        countdowns=countdowns,
        events=service.events_of([campaign.id for campaign in listed]),
        shown=service.current(today),
        province=regions.label(province_code),
    )


@bp.get("/new")
@requires("campaigns.manage")
def new() -> ResponseReturnValue:
    """Show an empty form with usual days."""
    form = CampaignForm(province_code=_province_code())
    form.suggest(clock.local_day(clock.now()))
    return _edit_page(form)


@bp.post("/new")
@requires("campaigns.manage")
def create() -> ResponseReturnValue:
    """Set up a campaign; its bodies come next."""
    form = CampaignForm(province_code=_province_code())
    if not form.validate_on_submit():
        return _edit_page(form), 422
    campaign = planning.add(_province_code(), form.plan())
    _record("campaign.create", campaign)
    db.session.commit()
    flash(_("The campaign is set up. Now say which bodies hold it."), "success")
    return redirect(url_for(".bodies", campaign_id=campaign.id), 303)


@bp.get("/<key:campaign_id>/edit")
@requires("campaigns.manage")
def edit(campaign_id: int) -> ResponseReturnValue:
    """Show a campaign's form."""
    campaign = _campaign(campaign_id)
    form = CampaignForm(province_code=campaign.province_code)
    form.show(planning.copied(campaign, service.separate_regions(campaign.id), years_later=0))
    return _edit_page(form, campaign)


@bp.post("/<key:campaign_id>/edit")
@requires("campaigns.manage")
def change(campaign_id: int) -> ResponseReturnValue:
    """Change a campaign; every page obeys at once, events keep their times."""
    campaign = _campaign(campaign_id)
    form = CampaignForm(province_code=campaign.province_code)
    if not form.validate_on_submit():
        return _edit_page(form, campaign), 422
    planning.change(campaign, form.plan())
    _record("campaign.change", campaign)
    db.session.commit()
    flash(_("Saved."), "success")
    return redirect(url_for(".index"), 303)


@bp.get("/<key:campaign_id>/copy")
@requires("campaigns.manage")
def copy_form(campaign_id: int) -> ResponseReturnValue:
    """Show the form of a later year: the same words and bodies, the days moved."""
    campaign = _campaign(campaign_id)
    form = CampaignForm(province_code=campaign.province_code)
    separate = service.separate_regions(campaign.id)
    form.show(planning.copied(campaign, separate, years_later=_years_later(campaign)))
    return _edit_page(form, campaign, is_copy=True)


@bp.post("/<key:campaign_id>/copy")
@requires("campaigns.manage")
def copy(campaign_id: int) -> ResponseReturnValue:
    """Set up a campaign with the bodies of another one; events are not copied."""
    source = _campaign(campaign_id)
    form = CampaignForm(province_code=source.province_code)
    if not form.validate_on_submit():
        return _edit_page(form, source, is_copy=True), 422
    campaign = planning.add(source.province_code, form.plan(), like=source)
    _record("campaign.copy", campaign, source=source.slug)
    db.session.commit()
    flash(
        _("“%(name)s” is set up. Check its bodies: offices change names.", name=campaign.name_zh),
        "success",
    )
    return redirect(url_for(".bodies", campaign_id=campaign.id), 303)


@bp.get("/<key:campaign_id>/bodies")
@requires("campaigns.manage")
def bodies(campaign_id: int) -> ResponseReturnValue:
    """List a campaign's bodies in their order."""
    return _bodies_page(_campaign(campaign_id), BodiesForm())


@bp.post("/<key:campaign_id>/bodies")
@requires("campaigns.manage")
def add_bodies(campaign_id: int) -> ResponseReturnValue:
    """Add bodies as the last ones; all of those written, or none."""
    campaign = _campaign(campaign_id)
    form = BodiesForm()
    if form.validate_on_submit():
        names = form.names()
        try:
            with db.session.begin_nested():
                for zh, en in names:
                    planning.add_body(campaign, zh, en)
        except planning.BodyNameTakenError as error:
            form.bodies.errors = [
                _("This body is on the list already: %(name)s", name=error.args[0])
            ]
        except planning.TooManyBodiesError:
            form.bodies.errors = [_("At most %(number)s bodies.", number=planning.MAX_BODIES)]
        else:
            _record("body.add", campaign, names=[zh for zh, _en in names])
            db.session.commit()
            count = len(names)
            flash(ngettext("%(num)d body added.", "%(num)d bodies added.", count), "success")
            return redirect(url_for(".bodies", campaign_id=campaign.id), 303)
    return _bodies_page(campaign, form), 422


@bp.get("/<key:campaign_id>/bodies/<key:body_id>")
@requires("campaigns.manage")
def body(campaign_id: int, body_id: int) -> ResponseReturnValue:
    """Show a body's form."""
    found = _body(campaign_id, body_id)
    form = BodyForm()
    form.show(found)
    return _body_page(found, form)


@bp.post("/<key:campaign_id>/bodies/<key:body_id>")
@requires("campaigns.manage")
def change_body(campaign_id: int, body_id: int) -> ResponseReturnValue:
    """Rename a body or put it at another place."""
    found = _body(campaign_id, body_id)
    form = BodyForm()
    if form.validate_on_submit():
        before = found.name_zh
        place = min(form.place.data, len(found.campaign.bodies)) - 1
        try:
            planning.change_body(found, form.name_zh.data, form.name_en.data, place)
        except planning.BodyNameTakenError:
            form.name_zh.errors = [_("Another body of this campaign has this name.")]
        else:
            _record("body.change", found.campaign, name=found.name_zh, before=before)
            db.session.commit()
            flash(_("Saved."), "success")
            return redirect(url_for(".bodies", campaign_id=campaign_id), 303)
    return _body_page(found, form), 422


@bp.post("/<key:campaign_id>/bodies/<key:body_id>/up")
@requires("campaigns.manage")
def raise_body(campaign_id: int, body_id: int) -> ResponseReturnValue:
    """Put a body one place higher."""
    return _shift(_body(campaign_id, body_id), -1)


@bp.post("/<key:campaign_id>/bodies/<key:body_id>/down")
@requires("campaigns.manage")
def lower_body(campaign_id: int, body_id: int) -> ResponseReturnValue:
    """Put a body one place lower."""
    return _shift(_body(campaign_id, body_id), 1)


@bp.post("/<key:campaign_id>/bodies/<key:body_id>/remove")
@requires("campaigns.manage")
def remove_body(campaign_id: int, body_id: int) -> ResponseReturnValue:
    """Take a body out of the campaign unless it hosts events."""
    found = _body(campaign_id, body_id)
    campaign, name = found.campaign, found.name_zh
    try:
        planning.remove_body(found)
    except planning.BodyHostsEventsError:
        flash(
            _("“%(name)s” hosts events, so it stays. Give them another host first.", name=name),
            "error",
        )
    else:
        _record("body.remove", campaign, name=name)
        db.session.commit()
        flash(_("“%(name)s” is off the list.", name=name), "success")
    return redirect(url_for(".bodies", campaign_id=campaign_id), 303)


def _shift(body: Body, by: int) -> ResponseReturnValue:
    place = body.position + by
    if 0 <= place < len(body.campaign.bodies):
        planning.change_body(body, body.name_zh, body.name_en, place)
        _record("body.move", body.campaign, name=body.name_zh, place=place + 1)
        db.session.commit()
    where = url_for(".bodies", campaign_id=body.campaign_id, _anchor=f"body-{body.id}")
    return redirect(where, 303)


def _province_code() -> str:
    return f"{current_reach().region_code[:2]}0000"


def _campaign(campaign_id: int) -> Campaign:
    campaign = service.find(campaign_id, _province_code())
    if campaign is None:
        abort(404)
    return campaign


def _body(campaign_id: int, body_id: int) -> Body:
    bodies = {body.id: body for body in _campaign(campaign_id).bodies}
    if body_id not in bodies:
        abort(404)
    return bodies[body_id]


def _years_later(campaign: Campaign) -> int:
    """Return how many years to move a campaign so that it lies ahead: one, or more for old ones."""
    today = clock.local_day(clock.now())
    years = max(1, today.year - campaign.last_on.year)
    return years if moved(campaign.last_on, years) >= today else years + 1


def _record(action: str, campaign: Campaign, **detail: Any) -> None:
    audit.record(
        action,
        f"campaign:{campaign.id}",
        campaign.name_zh,
        region_code=campaign.province_code,
        **detail,
    )


def _edit_page(
    form: CampaignForm, campaign: Campaign | None = None, *, is_copy: bool = False
) -> str:
    return render_template(
        "outreach/campaigns/edit.html",
        form=form,
        campaign=campaign,
        is_copy=is_copy,
        province=regions.label(_province_code()),
    )


def _bodies_page(campaign: Campaign, form: BodiesForm) -> str:
    return render_template(
        "outreach/campaigns/bodies.html",
        campaign=campaign,
        form=form,
        hosted=service.events_of_bodies([body.id for body in campaign.bodies]),
    )


def _body_page(body: Body, form: BodyForm) -> str:
    return render_template(
        "outreach/campaigns/body.html",
        body=body,
        form=form,
        hosted=service.events_of_bodies([body.id]).get(body.id, 0),
    )
