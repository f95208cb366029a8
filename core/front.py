"""For what answers before Flask wakes: who asks, as far as pages depend on it, and headers."""

from typing import NamedTuple
from wsgiref.types import WSGIEnvironment

from werkzeug.http import dump_cookie, parse_cookie

from core import clock, display, i18n, packing
from core.config import Settings
from core.security import HEADERS, HSTS, host_bound

HTML = "text/html; charset=utf-8"
FAILURE = "failed_before_flask"

Headers = list[tuple[str, str]]


class Answer(NamedTuple):
    """What is answered in front of Flask."""

    status: str
    headers: Headers
    body: bytes


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


def plain_headers(settings: Settings, **changes: str) -> Headers:
    """Return the headers of every answer to a person but its type, its length and its packing.

    :param changes: other values, by names with underscores
    """
    secure = {"Strict-Transport-Security": HSTS} if settings.is_secure else {}
    fixed = HEADERS | secure | {"Cache-Control": "no-store"}
    fixed |= {name.replace("_", "-"): value for name, value in changes.items()}
    return list(fixed.items())


def page_headers(settings: Settings, **changes: str) -> Headers:
    """Return the headers of every page but its length and how it is packed."""
    first = [("Content-Type", HTML), ("Vary", "Accept-Encoding")]
    return first + plain_headers(settings, **changes)


def page(text: str, headers: Headers, *, packed: bool) -> Answer:
    """Answer with a page; packs it if the phone can read that."""
    body, headers = text.encode(), headers.copy()
    if packed:
        body = packing.pack(body)
        headers.append(("Content-Encoding", "gzip"))
    headers.append(("Content-Length", str(len(body))))
    return Answer("200 OK", headers, body)


class CookieWriter:
    """Writes cookies as `core.security.set_cookie` does; all but their values once a second."""

    def __init__(self, settings: Settings) -> None:
        self._is_secure = settings.is_secure
        self._written: tuple[int, dict[tuple[str, int], tuple[str, str]]] = (0, {})

    def name(self, cookie: str) -> str:
        """Return the name under which a cookie travels."""
        return host_bound(cookie, is_secure=self._is_secure)

    def write(self, cookie: str, value: str, *, max_age: int) -> tuple[str, str]:
        """Return the header that sets a cookie.

        :param value: of letters that a cookie holds as they are
        """
        second = int(clock.now().timestamp())
        if self._written[0] != second:
            self._written = second, {}
        made = self._written[1]
        if (cookie, max_age) not in made:
            line = dump_cookie(
                self.name(cookie),
                "*",
                max_age=max_age,
                secure=self._is_secure,
                httponly=True,
                samesite="Lax",
            )
            before, after = line.split("*", 1)
            made[cookie, max_age] = before, after
        before, after = made[cookie, max_age]
        return "Set-Cookie", f"{before}{value}{after}"


def pass_failure(environ: WSGIEnvironment, error: Exception) -> None:
    """Let Flask answer for what failed in front of it, without trying and waiting once more."""
    environ[FAILURE] = error


def raise_failure(environ: WSGIEnvironment) -> None:
    """Fail as what stood in front of Flask did, if it failed."""
    if error := environ.get(FAILURE):
        raise error
