"""What links open without an account: an invitation to make one, and a new password."""

from flask import Blueprint, abort, flash, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from core import audit
from core.db import db
from outreach.organizers import events_named, login, people_service, service
from outreach.organizers import invitation_service as invitations
from outreach.organizers.forms import JoinForm, NewPasswordForm
from outreach.organizers.models import Invitation, Organizer, PasswordReset
from outreach.organizers.password_words import weakness
from outreach.organizers.people_forms import ROLE_NAMES

bp = Blueprint("links", __name__, url_prefix="/organize")


@bp.get("/invitation/<token>")
def invitation(token: str) -> ResponseReturnValue:
    """Show what an invitation is for, and ask for a name and a password."""
    found = _invitation(token)
    if not invitations.is_open(found):
        return _spent()
    return _invitation_page(found, JoinForm())


@bp.post("/invitation/<token>")
def join(token: str) -> ResponseReturnValue:
    """Make the account and sign it in."""
    found = _invitation(token)
    if not invitations.is_open(found):
        return _spent()
    form = JoinForm()
    if form.validate_on_submit():
        try:
            organizer = invitations.accept(token, form.name.data, form.password.data)
        except invitations.InvitationSpentError:
            db.session.rollback()
            return _spent()
        except service.BadNameError:
            form.name.errors = [
                _("Use 2 to 40 small letters a to z, digits, dots, dashes or underscores.")
            ]
        except service.NameTakenError:
            form.name.errors = [_("This name is taken. Choose another one.")]
        except service.WeakPasswordError as error:
            form.password.errors = [weakness(error)]
        else:
            return _let_in(organizer, "invitation.accept")
        db.session.rollback()  # the invitation can still be used
        found = _invitation(token)
    return _invitation_page(found, form), 422


@bp.get("/reset/<token>")
def reset(token: str) -> ResponseReturnValue:
    """Ask for a new password."""
    found = people_service.reset_of(token)
    if found is None:
        return _spent()
    return _reset_page(found, NewPasswordForm())


@bp.post("/reset/<token>")
def choose_password(token: str) -> ResponseReturnValue:
    """Set the new password; with an authenticator set up, its code is asked for as usual."""
    found = people_service.reset_of(token)
    if found is None:
        return _spent()
    form = NewPasswordForm()
    if form.validate_on_submit():
        try:
            organizer = people_service.use_reset(token, form.password.data)
        except people_service.ResetSpentError:
            db.session.rollback()
            return _spent()
        except service.WeakPasswordError as error:
            form.password.errors = [weakness(error)]
            db.session.rollback()  # the link can still be used
            found = people_service.reset_of(token)
            if found is None:
                return _spent()
        else:
            g.actor = organizer
            _record("organizer.reset", organizer)
            db.session.commit()
            flash(_("Your new password is set. Sign in with it."), "success")
            return redirect(url_for("organizers.sign_in"), 303)
    return _reset_page(found, form), 422


def _let_in(organizer: Organizer, action: str) -> Response:
    g.actor = organizer
    _record(action, organizer)
    entry = service.open_session(organizer)
    db.session.commit()
    login.keep(entry, organizer)
    flash(_("Welcome! Your account is ready: “%(name)s”.", name=organizer.name), "success")
    endpoint = "desk.index" if organizer.may("events.see") else "bank.index"
    return redirect(url_for(endpoint), 303)


def _record(action: str, organizer: Organizer) -> None:
    subject = f"organizer:{organizer.id}"
    audit.record(action, subject, organizer.name, region_code=organizer.region_code)


def _invitation(token: str) -> Invitation:
    found = invitations.of_token(token)
    if found is None:
        abort(404)
    return found


def _spent() -> ResponseReturnValue:
    return render_template("outreach/organizers/spent.html"), 410


def _invitation_page(found: Invitation, form: JoinForm) -> str:
    return render_template(
        "outreach/organizers/invitation.html",
        invitation=found,
        form=form,
        role_names=ROLE_NAMES,
        event_titles=events_named.titles([found.event_id]),
        body_names=events_named.bodies(found.region_code) if found.body_slug else {},
    )


def _reset_page(found: PasswordReset, form: NewPasswordForm) -> str:
    return render_template("outreach/organizers/reset.html", person=found.organizer, form=form)
