"""For what answers before Flask wakes: who asks, as far as pages depend on it, and headers."""

from typing import NamedTuple
from wsgiref.types import WSGIEnvironment

from werkzeug.http import parse_cookie

from core import display, i18n, packing
from core.config import Settings
from core.security import HEADERS, HSTS, host_bound

Headers = list[tuple[str, str]]


class Visitor(NamedTuple):
    """What a request says of how its page should look; cookies by the names they travel under."""

    cookies: dict[str, str]
    locale: str
    mode: str
    reads_gzip: bool


def visitor(environ: WSGIEnvironment, settings: Settings) -> Visitor | None:
    """Read a request as Flask would, or return None where that is not plain."""
    try:
        cookies = parse_cookie(environ).to_dict() if "HTTP_COOKIE" in environ else {}
    except UnicodeError:
        return None
    chosen = cookies.get(host_bound(i18n.COOKIE, is_secure=settings.is_secure))
    mode = cookies.get(host_bound(display.COOKIE, is_secure=settings.is_secure))
    return Visitor(
        cookies=cookies,
        locale=i18n.locale_for(chosen, environ.get("HTTP_ACCEPT_LANGUAGE", "")),
        mode=display.ELDER if mode == display.ELDER else display.USUAL,
        reads_gzip=packing.is_understood(environ.get("HTTP_ACCEPT_ENCODING", "")),
    )


def page_headers(settings: Settings) -> Headers:
    """Return the headers of every page but its length and how it is packed."""
    secure = {"Strict-Transport-Security": HSTS} if settings.is_secure else {}
    fixed = HEADERS | secure | {"Cache-Control": "no-store"}
    return [
        ("Content-Type", "text/html; charset=utf-8"),
        ("Vary", "Accept-Encoding"),
        *fixed.items(),
    ]
