"""Elder mode (大字版): larger letters and larger targets, by one tap, remembered for a year.

The mode is one class on `<html>`; all that it changes are tokens (`static/css/tokens.css`).
"""

from flask import Blueprint, Flask, g, redirect, request
from flask.typing import ResponseReturnValue
from markupsafe import Markup
from werkzeug.wrappers import Response

from core.security import csrf, get_cookie, local_path, set_cookie

ELDER, USUAL = "elder", "usual"
MODES = (ELDER, USUAL)
COOKIE = "display"
COOKIE_SECONDS = 365 * 24 * 3600

bp = Blueprint("display", __name__)


def mode() -> str:
    """Return the mode of this request: just chosen, kept by the phone, or the usual one."""
    chosen: str | None = g.get("display_mode") or get_cookie(COOKIE)
    return ELDER if chosen == ELDER else USUAL


def use(choice: str) -> None:
    """Show this request's page in a mode, before the phone has kept the choice."""
    g.display_mode = choice


def html_mode(shown: str) -> Markup:
    """Return what a mode adds to the tag `<html>`."""
    return Markup(' class="elder"') if shown == ELDER else Markup()


def remember(response: Response, choice: str) -> None:
    """Keep the visitor's choice."""
    set_cookie(response, COOKIE, choice, max_age=COOKIE_SECONDS)


@bp.post("/display")
def choose() -> ResponseReturnValue:
    """Keep the visitor's choice of letters and go back."""
    choice = request.form.get("display", "")
    response = redirect(local_path(request.form.get("next")), 303)
    if choice in MODES:
        remember(response, choice)
    return response


# It keeps nothing but the size of letters, and pages without a session offer it.
csrf.exempt(choose)


def init_app(app: Flask) -> None:
    """Let templates show the mode and offer the other one."""
    app.register_blueprint(bp)
    app.jinja_env.globals["html_mode"] = lambda: html_mode(mode())
