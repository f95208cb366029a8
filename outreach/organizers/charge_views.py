"""Changing what an account is for: its role, and what it answers for."""

from typing import cast

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from core import audit
from core.access import current_actor, requires
from core.db import db
from outreach.organizers import granting, people_service
from outreach.organizers.granting import Grant
from outreach.organizers.models import Organizer, Role
from outreach.organizers.people_forms import ChargeForm

# Fields of a grant, by the words that the log keeps for them.
RECORDED = {
    "role": "role",
    "region_code": "region",
    "body_slug": "body",
    "event_id": "event",
    "edits_questions": "writes",
    "reviews_questions": "reviews",
}

bp = Blueprint("charges", __name__, url_prefix="/organize/people")


@bp.get("/<key:organizer_id>/charge")
@requires("people.manage")
def edit(organizer_id: int) -> ResponseReturnValue:
    """Show what an account is for, to be changed."""
    person, form = _person(organizer_id), _form()
    form.show(person)
    return _page(person, form)


@bp.post("/<key:organizer_id>/charge")
@requires("people.manage")
def change(organizer_id: int) -> ResponseReturnValue:
    """Change it; whoever holds the account signs in anew."""
    person, form = _person(organizer_id), _form()
    if not form.validate_on_submit():
        return _page(person, form), 422
    before = Grant.of(person)
    try:
        is_changed = people_service.change_charge(_me(), person, form.grant())
    except granting.NotYoursToGiveError:
        abort(403)
    except people_service.LastHeadquartersError:
        form.role.errors = [_("This is the last headquarters account. Invite another one first.")]
        return _page(person, form), 422
    if is_changed:
        _record(person, before)
        db.session.commit()
        flash(_("“%(name)s” has a new task and signs in anew.", name=person.name), "success")
    return redirect(url_for("people.show", organizer_id=person.id), 303)


def _me() -> Organizer:
    """Return who asks; behind `requires` it is one of ours."""
    return cast("Organizer", current_actor())


def _person(organizer_id: int) -> Organizer:
    """Return somebody else's open account within reach; any other is as good as unknown."""
    person = people_service.find_person(organizer_id, _me())
    if person is None or not person.is_active or person.id == _me().id:
        abort(404)
    return person


def _form() -> ChargeForm:
    me = _me()
    return ChargeForm(reach=me.reach, roles=granting.GRANTABLE[me.role])


def _page(person: Organizer, form: ChargeForm) -> str:
    return render_template(
        "outreach/organizers/charge.html",
        person=person,
        form=form,
        gives_bank=_me().role is Role.HEADQUARTERS,
    )


def _record(person: Organizer, before: Grant) -> None:
    after = Grant.of(person)
    detail = {
        word: f"{_plain(getattr(before, field))} → {_plain(getattr(after, field))}"
        for field, word in RECORDED.items()
        if getattr(before, field) != getattr(after, field)
    }
    audit.record(
        "organizer.charge",
        f"organizer:{person.id}",
        person.name,
        region_code=person.region_code,
        **detail,
    )


def _plain(value: object) -> str:
    return "–" if value is None else str(value)
