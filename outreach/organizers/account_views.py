"""One's own account: password, sign-ins, and the second step."""

from flask import (
    Blueprint,
    Response,
    abort,
    flash,
    make_response,
    redirect,
    render_template,
    session,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_wtf import FlaskForm

from core import audit
from core.access import requires, signed_in
from core.db import db
from core.throttle import TooManyTriesError
from outreach import qr
from outreach.organizers import login, service, shown_once, totp_service
from outreach.organizers.forms import (
    ChangePasswordForm,
    ConfirmForm,
    SessionForm,
    SetUpForm,
)
from outreach.organizers.models import Organizer
from outreach.organizers.password_words import weakness
from outreach.organizers.people_forms import ROLE_NAMES

RECOVERY = "recovery codes"

bp = Blueprint("account", __name__, url_prefix="/organize/account")


@bp.get("")
@requires("account.own")
def index() -> ResponseReturnValue:
    """Show what one may do, where one is signed in, and how."""
    return _page(ChangePasswordForm())


@bp.post("/password")
@requires("account.own")
def change_password() -> ResponseReturnValue:
    """Set a new password; every other session ends."""
    form = ChangePasswordForm()
    status = 422
    if form.validate_on_submit():
        try:
            service.change_password(_own(), form.old.data, form.password.data, _token())
        except TooManyTriesError:
            form.old.errors = [_("Too many tries. Wait a quarter of an hour, then try again.")]
            status = 429
        except service.WrongSignInError:
            form.old.errors = [_("This is not your present password.")]
        except service.WeakPasswordError as error:
            form.password.errors = [weakness(error)]
        else:
            _record("organizer.password")
            db.session.commit()
            flash(
                _("Your password is changed. Wherever else you were signed in, you are out."),
                "success",
            )
            return redirect(url_for(".index"), 303)
    return _page(form), status


@bp.post("/sessions/end")
@requires("account.own")
def end_session() -> ResponseReturnValue:
    """Sign out on one other machine."""
    form = SessionForm()
    if not form.validate_on_submit():
        return _page(ChangePasswordForm()), 422
    service.end_session(_own(), bytes.fromhex(form.key.data))
    _record("organizer.session_end")
    db.session.commit()
    flash(_("Signed out there."), "success")
    return redirect(url_for(".index"), 303)


@bp.post("/sessions/end-others")
@requires("account.own")
def end_other_sessions() -> ResponseReturnValue:
    """Sign out everywhere but here."""
    service.end_sessions(_own(), but=_token())
    _record("organizer.session_end")
    db.session.commit()
    flash(_("Wherever else you were signed in, you are out."), "success")
    return redirect(url_for(".index"), 303)


@bp.get("/second-step")
@requires("account.own")
def totp() -> ResponseReturnValue:
    """Show how to set up an authenticator, or that it is on."""
    return _totp_page(SetUpForm(), ConfirmForm())


@bp.get("/second-step.svg")
@requires("account.own")
def totp_code() -> ResponseReturnValue:
    """Draw what the authenticator scans; only while none is set up."""
    organizer = _own()
    if organizer.totp_secret is not None:
        abort(404)
    secret = totp_service.offered_secret(organizer, _token())
    return _private(qr.svg(totp_service.link(organizer, secret)), "image/svg+xml")


@bp.post("/second-step/on")
@requires("account.own")
def switch_totp_on() -> ResponseReturnValue:
    """Ask for a code from now on, once the authenticator has shown that it works."""
    organizer = _own()
    if organizer.totp_secret is not None:
        return redirect(url_for(".totp"), 303)
    form = SetUpForm()
    if form.validate_on_submit():
        secret = totp_service.offered_secret(organizer, _token())
        try:
            codes = totp_service.switch_on(organizer, secret, form.code.data or "")
        except totp_service.WrongCodeError:
            form.code.errors = [
                _("This is not the code. Is the clock of your phone right? Try the next one.")
            ]
        else:
            service.end_sessions(organizer, but=_token())
            _record("organizer.totp_on")
            db.session.commit()
            shown_once.put(RECOVERY, *codes)
            return redirect(url_for(".recovery_codes"), 303)
    return _totp_page(form, ConfirmForm()), 422


@bp.post("/second-step/off")
@requires("account.own")
def switch_totp_off() -> ResponseReturnValue:
    """Ask for the password alone from now on; headquarters set up another one at once."""
    form = ConfirmForm()
    status = _confirm(form)
    if status is not None:
        return _totp_page(SetUpForm(), form), status
    totp_service.switch_off(_own())
    _record("organizer.totp_off")
    db.session.commit()
    flash(_("The second step is off. Your password alone lets you in."), "success")
    return redirect(url_for(".totp"), 303)


@bp.post("/recovery-codes")
@requires("account.own")
def renew_recovery_codes() -> ResponseReturnValue:
    """Make new recovery codes; the old ones are worth nothing."""
    organizer = _own()
    if organizer.totp_secret is None:
        return redirect(url_for(".totp"), 303)
    form = ConfirmForm()
    status = _confirm(form)
    if status is not None:
        return _totp_page(SetUpForm(), form), status
    codes = totp_service.new_recovery_codes(organizer)
    _record("organizer.recovery_renew")
    db.session.commit()
    shown_once.put(RECOVERY, *codes)
    return redirect(url_for(".recovery_codes"), 303)


@bp.get("/recovery-codes")
@requires("account.own")
def recovery_codes() -> ResponseReturnValue:
    """Show fresh recovery codes, to be printed or written down."""
    codes = shown_once.look(RECOVERY)
    if codes is None:
        return redirect(url_for(".totp"), 303)
    return render_template(
        "outreach/organizers/recovery_codes.html", codes=codes, form=FlaskForm(), me=_own()
    )


@bp.post("/recovery-codes/kept")
@requires("account.own")
def put_codes_away() -> ResponseReturnValue:
    """Show the codes no more."""
    shown_once.forget()
    return redirect(url_for(".index"), 303)


def _confirm(form: ConfirmForm) -> int | None:
    """Return the status of the refusal, or None if the password is right."""
    if not form.validate_on_submit():
        return 422
    try:
        service.check_password(_own(), form.password.data)
    except TooManyTriesError:
        form.password.errors = [_("Too many tries. Wait a quarter of an hour, then try again.")]
        return 429
    except service.WrongSignInError:
        form.password.errors = [_("This is not your present password.")]
        return 422
    return None


def _own() -> Organizer:
    return db.session.get_one(Organizer, signed_in().id)


def _token() -> str:
    token: str = session[login.TOKEN]
    return token


def _record(action: str) -> None:
    me = _own()
    audit.record(action, f"organizer:{me.id}", me.name, region_code=me.region_code)


def _page(form: ChangePasswordForm) -> str:
    me = _own()
    return render_template(
        "outreach/organizers/account.html",
        me=me,
        form=form,
        sessions=service.sessions(me),
        this_one=service.token_hash(_token()),
        action=FlaskForm(),
        codes_left=totp_service.unused_recovery_codes(me),
        role_names=ROLE_NAMES,
    )


def _totp_page(form: SetUpForm, confirm: ConfirmForm) -> str:
    me = _own()
    secret = totp_service.offered_secret(me, _token())
    return render_template(
        "outreach/organizers/totp.html",
        me=me,
        form=form,
        confirm=confirm,
        secret=None
        if me.totp_secret
        else " ".join(secret[n : n + 4] for n in range(0, len(secret), 4)),
        link=totp_service.link(me, secret),
        codes_left=totp_service.unused_recovery_codes(me),
    )


def _private(content: str, mimetype: str) -> Response:
    response = make_response(content)
    response.mimetype = mimetype
    response.headers["Cache-Control"] = "no-store"
    return response
