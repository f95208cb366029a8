"""Languages: which one a visitor reads, and how the choice is remembered."""

from functools import lru_cache

from flask import Blueprint, Flask, current_app, has_request_context, redirect, request
from flask.typing import ResponseReturnValue
from flask_babel import Babel, get_locale
from werkzeug.wrappers import Response

from core.security import csrf, get_cookie, local_path, set_cookie

LOCALES = ("zh", "en")
DEFAULT_LOCALE = "zh"
HTML_LANG = {"zh": "zh-CN", "en": "en"}
NATIVE_NAMES = {"zh": "中文", "en": "English"}
COOKIE = "locale"
COOKIE_SECONDS = 365 * 24 * 3600

bp = Blueprint("i18n", __name__)
babel = Babel()


@lru_cache(maxsize=1024)
def negotiate(accept_language: str) -> str:
    """Choose the locale for an `Accept-Language` header.

    Every Chinese (zh, zh-CN, zh-Hans, zh-HK, zh-TW ...) gets Chinese, every English English, the
    one with the greater weight; everybody else the campaign's language.
    """
    best, best_weight = DEFAULT_LOCALE, 0.0
    for entry in accept_language.split(","):
        tag, _, rest = entry.strip().partition(";")
        language = tag.strip().lower().replace("_", "-").split("-")[0]
        if language in LOCALES and (weight := _weight(rest)) > best_weight:
            best, best_weight = language, weight
    return best


def _weight(parameters: str) -> float:
    name, _, value = parameters.strip().partition("=")
    if name.strip().lower() != "q":
        return 1.0
    try:
        return min(max(float(value), 0.0), 1.0)
    except ValueError:
        return 0.0


def chosen_locale() -> str:
    """Return the visitor's choice if there is one, else what the browser asks for.

    Where nobody visits, as in a command, it is the campaign's language.
    """
    if not has_request_context():
        return DEFAULT_LOCALE
    return locale_for(get_cookie(COOKIE), request.headers.get("Accept-Language", ""))


def locale_for(chosen: str | None, accept_language: str) -> str:
    """Return the locale that a visitor chose, or else what their browser asks for."""
    return chosen if chosen in LOCALES else negotiate(accept_language[:200])


def requested_locale() -> str:
    """Return the locale that the request itself asks for, whatever a cookie remembers."""
    return locale_for(None, request.headers.get("Accept-Language", ""))


def locale() -> str:
    """Return the locale of this request, `zh` or `en`."""
    return str(get_locale() or DEFAULT_LOCALE)


def way_back() -> str:
    """Return where the language button leads: to this page, or home if no GET ever opens it."""
    adapter = current_app.create_url_adapter(request)
    methods = list(adapter.allowed_methods()) if adapter else []
    if methods and "GET" not in methods:
        return "/"
    return request.full_path if request.query_string else request.path


def remember(response: Response, choice: str) -> None:
    """Keep the visitor's choice for a year."""
    set_cookie(response, COOKIE, choice, max_age=COOKIE_SECONDS)


@bp.post("/locale")
def choose() -> ResponseReturnValue:
    """Keep the visitor's choice of language and go back."""
    choice = request.form.get("locale", "")
    response = redirect(local_path(request.form.get("next")), 303)
    if choice in LOCALES:
        remember(response, choice)
    return response


# It keeps nothing but a language, and pages without a session offer it.
csrf.exempt(choose)


def init_app(app: Flask) -> None:
    """Connect Flask-Babel and give templates what they need to offer languages."""
    babel.init_app(app, locale_selector=chosen_locale)
    app.register_blueprint(bp)
    current: dict[str, object] = {
        "locale": locale,
        "pick": pick,
        "way_back": way_back,
        "LOCALES": LOCALES,
        "HTML_LANG": HTML_LANG,
        "NATIVE_NAMES": NATIVE_NAMES,
    }
    app.jinja_env.globals.update(current)
    app.jinja_env.policies["ext.i18n.trimmed"] = True  # as babel.cfg collects the words


def pick(zh: str, en: str | None) -> str:
    """Return the text of this request's locale; Chinese stands in for a missing English one.

    Outside a request it is the text in Chinese.
    """
    return en if en and locale() == "en" else zh
