"""Languages: which one a visitor reads, and how the choice is remembered."""

from contextlib import AbstractContextManager
from functools import lru_cache

from flask import Blueprint, Flask, current_app, has_request_context, redirect, request
from flask.typing import ResponseReturnValue
from flask_babel import Babel, force_locale, get_locale
from werkzeug.wrappers import Response

from core import traditional
from core.security import csrf, get_cookie, local_path, set_cookie

LOCALES = ("zh", "zh_Hant", "en")
DEFAULT_LOCALE = "zh"
TRADITIONAL = "zh_Hant"
HTML_LANG = {"zh": "zh-CN", "zh_Hant": "zh-Hant", "en": "en"}
SPOKEN_LANG = HTML_LANG | {"zh_Hant": "zh-TW"}  # voices are named by region
NATIVE_NAMES = {"zh": "简体", "zh_Hant": "繁體", "en": "English"}
TRADITIONAL_REGIONS = frozenset({"tw", "hk", "mo"})
COOKIE = "locale"
COOKIE_SECONDS = 365 * 24 * 3600

bp = Blueprint("i18n", __name__)
babel = Babel()


@lru_cache(maxsize=1024)
def negotiate(accept_language: str) -> str:
    """Choose the locale for an `Accept-Language` header.

    Every Chinese gets Chinese, in the script that it names (zh-Hant, zh-Hans-HK ...) or that its
    region writes (zh-TW, zh-HK, zh-MO; elsewhere Simplified); every English English; the one with
    the greater weight; everybody else the campaign's language.
    """
    best, best_weight = DEFAULT_LOCALE, 0.0
    for entry in accept_language.split(","):
        tag, _, rest = entry.strip().partition(";")
        found = _locale_of(tag.strip().lower().replace("_", "-").split("-"))
        if found and (weight := _weight(rest)) > best_weight:
            best, best_weight = found, weight
    return best


def _locale_of(subtags: list[str]) -> str | None:
    """Return the locale for a language tag, or None if it is no language of ours."""
    language, *rest = subtags
    if language != "zh":
        return language if language in LOCALES else None
    if "hans" in rest or ("hant" not in rest and TRADITIONAL_REGIONS.isdisjoint(rest)):
        return "zh"
    return TRADITIONAL


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
    """Return the locale of this request, one of `LOCALES`."""
    return str(get_locale() or DEFAULT_LOCALE)


def language() -> str:
    """Return the language of this request, `zh` or `en`: for what is alike in both scripts."""
    return "en" if locale() == "en" else "zh"


def on_paper() -> AbstractContextManager[None]:
    """Write in the reader's language what is printed: its fonts have no Traditional characters."""
    in_one_script: AbstractContextManager[None] = force_locale(language())
    return in_one_script


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
        "as_entered": as_entered,
        "is_foreign": is_foreign,
        "way_back": way_back,
        "LOCALES": LOCALES,
        "HTML_LANG": HTML_LANG,
        "SPOKEN_LANG": SPOKEN_LANG,
        "NATIVE_NAMES": NATIVE_NAMES,
    }
    app.jinja_env.globals.update(current)
    app.jinja_env.policies["ext.i18n.trimmed"] = True  # as babel.cfg collects the words


def pick(zh: str, en: str | None) -> str:
    """Return a name of this request's locale; Chinese stands in for a missing English one.

    Outside a request it is in Chinese, in Simplified characters.
    """
    return pick_in(locale(), zh, en)


def pick_in(wanted: str, zh: str, en: str | None) -> str:
    """Return a name of a locale; Chinese stands in for a missing English one."""
    if en and wanted == "en":
        return en
    return traditional.name(zh) if wanted == TRADITIONAL else zh


def as_entered(zh: str, en: str | None) -> str:
    """Return what an organizer typed, such as an event's title, in this request's language.

    Its characters stay those that were typed: what hangs on the wall is found again on the phone,
    and no name of a school or a person is rewritten by a program.
    """
    return en if en and locale() == "en" else zh


def is_foreign(en: str | None = None) -> bool:
    """Tell whether what somebody typed is not in the page's own language and script.

    :param en: the English of it, if there is one
    """
    return locale() == TRADITIONAL or (locale() == "en" and not en)
