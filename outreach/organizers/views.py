"""Signing in and out; who asks is set before each page under /organize/ and
/bank/."""

from flask import Blueprint, Flask, flash, g, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response

from core import audit
from core.db import db
from core.security import local_path
from core.throttle import TooManyTriesError
from outreach.organizers import login, service, totp_service
from outreach.organizers.forms import CodeForm, SignInForm
from outreach.organizers.models import Organizer

PREFIXES = ("/organize/", "/bank/")
HALF = "awaits_code"  # the key under which the session keeps what awaits its code
# What headquarters may open before an authenticator is set up.
BEFORE_TOTP = {
    "account.totp",
    "account.totp_code",
    "account.switch_totp_on",
    "organizers.sign_out",
}

bp = Blueprint("organizers", __name__, url_prefix="/organize")


def identify() -> Response | None:
    """Set `g.actor` for pages of organizers; others neither need nor pay for it.

    Headquarters without an authenticator are led to set one up, whatever they ask for.
    """
    if not request.path.startswith(PREFIXES):
        return None
    organizer: Organizer | None = current_user.organizer if current_user.is_authenticated else None
    g.actor = organizer
    g.reach = organizer.reach if organizer else None
    if organizer is None or not organizer.needs_totp or request.endpoint in {None, *BEFORE_TOTP}:
        return None
    return redirect(url_for("account.totp"), 303)


@bp.get("/sign-in")
def sign_in() -> ResponseReturnValue:
    """Ask for name and password."""
    if current_user.is_authenticated:
        return redirect(_first_page(current_user.organizer), 303)
    return render_template("outreach/organizers/sign_in.html", form=SignInForm())


@bp.post("/sign-in")
def enter() -> ResponseReturnValue:
    """Open a session, or ask for the authenticator's code first."""
    form = SignInForm()
    status = 422
    if form.validate_on_submit():
        try:
            entry = service.sign_in(
                form.name.data or "", form.password.data or "", request.remote_addr or ""
            )
        except TooManyTriesError:
            form.password.errors = [_("Too many tries. Wait a quarter of an hour, then try again.")]
            status = 429
        except service.WrongSignInError as error:
            form.password.errors = [_("Account and password do not match.")]
            if error.organizer_id is not None:
                _record(
                    "organizer.sign_in_failed", db.session.get_one(Organizer, error.organizer_id)
                )
                db.session.commit()
        else:
            if not entry.awaits_code:
                return _let_in(entry)
            db.session.commit()
            session.clear()
            session[HALF] = entry.token
            return redirect(url_for(".code", next=request.args.get("next")), 303)
    return render_template("outreach/organizers/sign_in.html", form=form), status


@bp.get("/sign-in/code")
def code() -> ResponseReturnValue:
    """Ask for the authenticator's code."""
    if _half_signed_in() is None:
        return redirect(url_for(".sign_in", next=request.args.get("next")), 303)
    return render_template("outreach/organizers/code.html", form=CodeForm())


@bp.post("/sign-in/code")
def enter_code() -> ResponseReturnValue:
    """Open a session if the code is right."""
    organizer = _half_signed_in()
    if organizer is None:
        flash(_("That took more than five minutes. Please sign in again."), "error")
        return redirect(url_for(".sign_in", next=request.args.get("next")), 303)
    form = CodeForm()
    status = 422
    if form.validate_on_submit():
        try:
            entry, is_recovery = totp_service.enter_code(
                organizer, session[HALF], form.code.data or "", request.remote_addr or ""
            )
        except TooManyTriesError:
            form.code.errors = [_("Too many tries. Wait a quarter of an hour, then try again.")]
            status = 429
        except totp_service.WrongCodeError:
            form.code.errors = [
                _("This code is wrong or was used already. Wait for the next one and try again.")
            ]
            _record("organizer.code_failed", organizer)
            db.session.commit()
        else:
            if is_recovery:
                left = totp_service.unused_recovery_codes(organizer)
                _record("organizer.recovery_code", organizer, left=left)
            return _let_in(entry)
    return render_template("outreach/organizers/code.html", form=form), status


@bp.post("/sign-out")
def sign_out() -> ResponseReturnValue:
    """End the session."""
    for token in (session.get(login.TOKEN), session.get(HALF)):
        if isinstance(token, str):
            service.sign_out(token)
            db.session.commit()
    session.clear()
    flash(_("You are signed out."), "success")
    return redirect(url_for(".sign_in"), 303)


def _half_signed_in() -> Organizer | None:
    """Return who has given the password and must still give a code."""
    token = session.get(HALF)
    return service.of_session(token, awaits_code=True) if isinstance(token, str) else None


def _let_in(entry: service.Entry) -> ResponseReturnValue:
    organizer = db.session.get_one(Organizer, entry.organizer_id)
    g.actor = organizer
    _record("organizer.sign_in", organizer)
    db.session.commit()
    login.keep(entry, organizer)
    return redirect(local_path(request.args.get("next"), _first_page(organizer)), 303)


def _record(action: str, organizer: Organizer, **detail: int) -> None:
    subject = f"organizer:{organizer.id}"
    audit.record(action, subject, organizer.name, region_code=organizer.region_code, **detail)


def _first_page(organizer: Organizer) -> str:
    """Return the address where this person's work begins."""
    if organizer.may("events.see"):
        return url_for("desk.index")
    return url_for("bank.index" if organizer.may("bank.edit") else "account.index")


def init_app(app: Flask) -> None:
    """Register the pages and the guard's helper."""
    app.config["SIGN_IN_ENDPOINT"] = "organizers.sign_in"
    login.Manager().init_app(app)
    app.before_request(identify)
    app.register_blueprint(bp)
