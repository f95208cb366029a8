"""Accounts and invitations within one's own reach."""

from typing import cast

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_wtf import FlaskForm
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from core import audit
from core.access import current_actor, requires
from core.db import db
from outreach import qr
from outreach.campaigns.reach import current_reach
from outreach.organizers import events_named, granting, people_service, shown_once
from outreach.organizers import invitation_service as invitations
from outreach.organizers.models import Charge, Invitation, Organizer, Role
from outreach.organizers.people_forms import (
    ROLE_NAMES,
    CloseForm,
    InviteForm,
    PeopleSearchForm,
    ResetForm,
)

LINK = "link"

bp = Blueprint("people", __name__, url_prefix="/organize/people")


@bp.get("")
@requires("people.manage")
def index() -> ResponseReturnValue:
    """List accounts and open invitations."""
    form = PeopleSearchForm(request.args)
    if not form.validate():
        form = PeopleSearchForm(MultiDict())
    page = max(form.page.data or 1, 1)
    words = form.q.data or ""
    people, has_more = people_service.people(_me(), words, page=page)
    still_open = invitations.still_open(_me())
    return render_template(
        "outreach/organizers/people.html",
        form=form,
        words=words,
        page=page,
        people=people,
        has_more=has_more,
        invitations=still_open,
        notes=invitations.notes(people),
        me=_me(),
        action=FlaskForm(),
        **_charge_words([*people, *still_open]),
    )


@bp.get("/invite")
@requires("people.manage")
def invite() -> ResponseReturnValue:
    """Ask for whom and for what."""
    form = _invite_form()
    wanted = request.args.get("role", "")
    form.role.data = wanted if wanted in {choice.value for choice in form.role.choices} else None
    if form.role.data is None and len(form.role.choices) == 1:
        form.role.data = form.role.choices[0].value
    number = request.args.get("event", "")
    if number:
        try:
            form.event.data = events_named.resolve(number[:60], current_reach()).label
        except events_named.EventNotFoundError:
            abort(404)
    return _invite_page(form)


@bp.post("/invite")
@requires("people.manage")
def make_invitation() -> ResponseReturnValue:
    """Make the link."""
    form = _invite_form()
    if not form.validate_on_submit():
        return _invite_page(form), 422
    try:
        invitation, token = invitations.invite(_me(), form.grant(), form.note.data or "")
    except granting.NotYoursToGiveError:
        abort(403)
    _record_invitation("invitation.make", invitation)
    db.session.commit()
    shown_once.put(LINK, invitations.link(token), "yes", invitation.note)
    return redirect(url_for(".link"), 303)


@bp.get("/events.json")
@requires("people.manage")
def event_suggestions() -> ResponseReturnValue:
    """Suggest events within reach for what is typed."""
    found = events_named.search(request.args.get("q", "")[:60], current_reach())
    return {"names": [event.label for event in found]}


@bp.get("/link")
@requires("people.manage")
def link() -> ResponseReturnValue:
    """Show a fresh link, the only time that it is seen."""
    fresh = shown_once.look(LINK)
    if fresh is None:
        flash(_("A link is shown once only. Make a new one if it was lost."), "error")
        return redirect(url_for(".index"), 303)
    address, is_invitation, whom = fresh
    return render_template(
        "outreach/organizers/link.html",
        link=address,
        is_invitation=bool(is_invitation),
        whom=whom,
        form=FlaskForm(),
    )


@bp.get("/link.svg")
@requires("people.manage")
def link_code() -> ResponseReturnValue:
    """Draw the fresh link as a code."""
    fresh = shown_once.look(LINK)
    if fresh is None:
        abort(404)
    response = Response(qr.svg(fresh[0]), mimetype="image/svg+xml")
    response.headers["Cache-Control"] = "no-store"
    return response


@bp.post("/link/done")
@requires("people.manage")
def put_link_away() -> ResponseReturnValue:
    """Show the link no more."""
    shown_once.forget()
    return redirect(url_for(".index"), 303)


@bp.post("/invitations/<key:invitation_id>/withdraw")
@requires("people.manage")
def withdraw(invitation_id: int) -> ResponseReturnValue:
    """Make an invitation's link worth nothing."""
    invitation = invitations.find(invitation_id, _me())
    if invitation is None:
        abort(404)
    try:
        invitations.withdraw(invitation)
    except invitations.InvitationSpentError:
        flash(_("This invitation was used or had expired already."), "error")
    else:
        _record_invitation("invitation.withdraw", invitation)
        db.session.commit()
        flash(_("The invitation is withdrawn. Its link opens nothing."), "success")
    return redirect(url_for(".index"), 303)


@bp.get("/<key:organizer_id>")
@requires("people.manage")
def show(organizer_id: int) -> ResponseReturnValue:
    """Show an account and what can be done with it."""
    return _person_page(_person(organizer_id), CloseForm())


@bp.post("/<key:organizer_id>/deactivate")
@requires("people.manage")
def deactivate(organizer_id: int) -> ResponseReturnValue:
    """Close an account, once its name was typed."""
    person = _person(organizer_id)
    form = CloseForm()
    if not form.validate_on_submit():
        return _person_page(person, form), 422
    if form.name.data.strip().lower() != person.name:
        form.name.errors = [_("This is not the name of this account.")]
        return _person_page(person, form), 422
    try:
        people_service.deactivate(_me(), person)
    except people_service.OwnAccountError:
        form.name.errors = [_("This is your own account. Somebody else has to close it.")]
        return _person_page(person, form), 422
    except people_service.LastHeadquartersError:
        form.name.errors = [_("This is the last headquarters account. Invite another one first.")]
        return _person_page(person, form), 422
    _record("organizer.deactivate", person)
    db.session.commit()
    flash(_("“%(name)s” is closed and signed out everywhere.", name=person.name), "success")
    return redirect(url_for(".show", organizer_id=person.id), 303)


@bp.post("/<key:organizer_id>/reactivate")
@requires("people.manage")
def reactivate(organizer_id: int) -> ResponseReturnValue:
    """Open a closed account again."""
    person = _person(organizer_id)
    people_service.reactivate(person)
    _record("organizer.reactivate", person)
    db.session.commit()
    flash(_("“%(name)s” can sign in again.", name=person.name), "success")
    return redirect(url_for(".show", organizer_id=person.id), 303)


@bp.post("/<key:organizer_id>/reset")
@requires("people.manage")
def offer_reset(organizer_id: int) -> ResponseReturnValue:
    """Make a link to a new password."""
    person = _person(organizer_id)
    form = ResetForm()
    drops_totp = bool(form.drops_totp.data)
    if not form.validate_on_submit() or not person.is_active:
        return _person_page(person, CloseForm(formdata=None)), 422
    try:
        token = people_service.offer_reset(_me(), person, drops_totp=drops_totp)
    except people_service.OwnAccountError:
        flash(_("Change your own password on the page of your account."), "error")
        return redirect(url_for("account.index"), 303)
    _record("organizer.reset_offer", person, drops_totp=drops_totp)
    db.session.commit()
    shown_once.put(LINK, people_service.reset_link(token), "", person.name)
    return redirect(url_for(".link"), 303)


def _me() -> Organizer:
    """Return who asks; behind `requires` it is one of ours."""
    return cast("Organizer", current_actor())


def _person(organizer_id: int) -> Organizer:
    """Return an account within reach; one outside is as unknown as one that does not exist."""
    person = people_service.find_person(organizer_id, _me())
    if person is None:
        abort(404)
    return person


def _invite_form() -> InviteForm:
    me = _me()
    return InviteForm(reach=me.reach, roles=granting.GRANTABLE[me.role])


def _invite_page(form: InviteForm) -> str:
    return render_template(
        "outreach/organizers/invite.html",
        form=form,
        roles=Role,
        gives_bank=_me().role is Role.HEADQUARTERS,
    )


def _person_page(person: Organizer, form: CloseForm) -> str:
    return render_template(
        "outreach/organizers/person.html",
        person=person,
        me=_me(),
        form=form,
        reset=ResetForm(formdata=None),
        action=FlaskForm(formdata=None),
        note=invitations.notes([person]).get(person.id, ""),
        **_charge_words([person]),
    )


def _charge_words(charges: list[Organizer | Invitation]) -> dict[str, object]:
    """Return what a page needs to say what accounts are for."""
    listed: list[Charge] = [*charges]
    return {
        "role_names": ROLE_NAMES,
        "event_titles": events_named.titles(charge.event_id for charge in listed),
        "body_names": events_named.bodies(_me().region_code),
    }


def _record(action: str, person: Organizer, **detail: bool) -> None:
    subject = f"organizer:{person.id}"
    audit.record(action, subject, person.name, region_code=person.region_code, **detail)


def _record_invitation(action: str, invitation: Invitation) -> None:
    audit.record(
        action,
        f"invitation:{invitation.id}",
        invitation.note,
        region_code=invitation.region_code,
        role=invitation.role.value,
    )
