"""CSRF, headers, cookies, proxies and safe links: security as data."""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from flask import Flask, current_app, request
from flask.typing import ResponseReturnValue
from flask_wtf import CSRFProtect
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.wrappers import Response

from core.config import Settings

CONTENT_POLICY = {
    "default-src": ["'none'"],
    "script-src": ["'self'"],
    "style-src": ["'self'"],
    "img-src": ["'self'"],
    "connect-src": ["'self'"],
    "form-action": ["'self'"],
    "base-uri": ["'none'"],
    "frame-ancestors": ["'none'"],
}


def _policy(rules: Mapping[str, Sequence[str]]) -> str:
    return "; ".join(f"{name} {' '.join(sources)}" for name, sources in rules.items())


# For a page whose script draws a picture to be kept: no other source can name it.
WITH_DRAWN_PICTURES = _policy({**CONTENT_POLICY, "img-src": ["'self'", "data:"]})
HEADERS = {
    "Content-Security-Policy": _policy(CONTENT_POLICY),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
HSTS = "max-age=31536000; includeSubDomains"
# What lets scripts of every other site read an answer. Never beside it: leave for credentials.
OPEN_HEADERS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "ETag",
}
PREFLIGHT_HEADERS = {
    "Access-Control-Allow-Methods": "GET, HEAD, OPTIONS",
    "Access-Control-Allow-Headers": "If-None-Match",
    "Access-Control-Max-Age": "86400",
}

csrf = CSRFProtect()
View = TypeVar("View", bound=Callable[..., ResponseReturnValue])


def open_to_every_site(view: View) -> View:
    """Let scripts of other sites read what a view answers: for public figures only."""
    view.is_open = True  # type: ignore[attr-defined]
    return view


def local_path(target: str | None, default: str = "/") -> str:
    """Return `target` if it is a path on this site, else `default`.

    Browsers read backslashes as slashes and drop control characters, so neither is allowed.
    """
    if not target or not target.startswith("/") or target.startswith("//"):
        return default
    if "\\" in target or any(ord(c) < ord(" ") or ord(c) == 127 for c in target):  # noqa: PLR2004
        return default
    return target


def cookie_name(name: str) -> str:
    """Return the name under which a cookie travels: bound to this host when that is possible."""
    settings: Settings = current_app.config["SETTINGS"]
    return host_bound(name, is_secure=settings.is_secure)


def host_bound(name: str, *, is_secure: bool) -> str:
    """Return a cookie's name with the prefix by which browsers bind it to this host."""
    return f"__Host-{name}" if is_secure else name


def set_cookie(response: Response, name: str, value: str, *, max_age: int) -> None:
    """Set a cookie that only this site's server reads."""
    settings: Settings = current_app.config["SETTINGS"]
    response.set_cookie(
        cookie_name(name),
        value,
        max_age=max_age,
        secure=settings.is_secure,
        httponly=True,
        samesite="Lax",
    )


def get_cookie(name: str) -> str | None:
    """Return the value of one of our cookies."""
    return request.cookies.get(cookie_name(name))


def init_app(app: Flask) -> None:
    """Set headers on every answer, CSRF on every form, and trust as many proxies as told."""
    settings: Settings = app.config["SETTINGS"]
    csrf.init_app(app)
    headers = dict(HEADERS)
    if settings.is_secure:
        headers["Strict-Transport-Security"] = HSTS

    @app.after_request
    def _protect(response: Response) -> Response:
        for name, value in headers.items():
            response.headers.setdefault(name, value)
        if response.mimetype == "text/html":
            response.headers["Cache-Control"] = "no-store"
        if hasattr(app.view_functions.get(request.endpoint or ""), "is_open"):
            response.headers.update(OPEN_HEADERS)
            if request.method == "OPTIONS":
                response.headers.update(PREFLIGHT_HEADERS)
        return response

    if settings.trusted_proxies:
        count = settings.trusted_proxies
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=count, x_proto=count, x_host=count
        )
