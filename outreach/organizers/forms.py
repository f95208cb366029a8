"""What somebody sends to sign in, and about their own account."""

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import HiddenField, PasswordField, StringField, ValidationError
from wtforms.validators import DataRequired, Length

from outreach.organizers.service import MAX_PASSWORD

SECRET_KEYS = {"autocapitalize": "none", "spellcheck": "false"}


def _name_field() -> StringField:
    return StringField(
        _l("Account"),
        [DataRequired(_l("Enter your account.")), Length(max=80)],
        render_kw={"autocomplete": "username", **SECRET_KEYS},
    )


def _new_password_field() -> PasswordField:
    return PasswordField(
        _l("New password"),
        [DataRequired(_l("Choose a password.")), Length(max=MAX_PASSWORD)],
        description=_l(
            "At least 8 characters. Three or four words that only you would put together are good."
        ),
        render_kw={"autocomplete": "new-password", "data-reveal": _l("Show the password")},
    )


def _password_field() -> PasswordField:
    return PasswordField(
        _l("Password"),
        [DataRequired(_l("Enter your password.")), Length(max=MAX_PASSWORD)],
        render_kw={"autocomplete": "current-password"},
    )


class SignInForm(FlaskForm):
    """Name and password."""

    name = _name_field()
    password = _password_field()


class CodeForm(FlaskForm):
    """An authenticator's code, or a recovery code."""

    code = StringField(
        _l("Code"),
        [DataRequired(_l("Enter the code.")), Length(max=40)],
        description=_l("Six digits from your authenticator app, or one of your recovery codes."),
        render_kw={"autocomplete": "one-time-code", **SECRET_KEYS},
    )


class SetUpForm(FlaskForm):
    """The first code of an authenticator, to see that it works."""

    code = StringField(
        _l("Code that the app shows now"),
        [DataRequired(_l("Enter the code.")), Length(max=40)],
        render_kw={"autocomplete": "one-time-code", "inputmode": "numeric", **SECRET_KEYS},
    )


class ConfirmForm(FlaskForm):
    """One's own password once more."""

    password = _password_field()


class ChangePasswordForm(FlaskForm):
    """The old password and a new one."""

    old = PasswordField(
        _l("Present password"),
        [DataRequired(_l("Enter your password.")), Length(max=MAX_PASSWORD)],
        render_kw={"autocomplete": "current-password"},
    )
    password = _new_password_field()


class JoinForm(FlaskForm):
    """The name and password of a new account."""

    name = StringField(
        _l("Account"),
        [DataRequired(_l("Choose a name to sign in with.")), Length(max=80)],
        description=_l("2 to 40 small letters a to z, digits, dots, dashes: for example chen.qz"),
        render_kw={"autocomplete": "username", **SECRET_KEYS},
    )
    password = _new_password_field()


class NewPasswordForm(FlaskForm):
    """A password chosen by a link."""

    password = _new_password_field()


class SessionForm(FlaskForm):
    """Which session to end, by the hexadecimal form of its key."""

    key = HiddenField(validators=[DataRequired(), Length(min=64, max=64)])

    def validate_key(self, field: HiddenField) -> None:
        """The key is hexadecimal."""
        if not field.data.isascii() or not field.data.isalnum():
            raise ValidationError(_("Choose a sign-in from the list."))
        try:
            bytes.fromhex(field.data)
        except ValueError:
            raise ValidationError(_("Choose a sign-in from the list.")) from None
