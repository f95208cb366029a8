"""The home page answered before Flask wakes, as long as it is kept: the same for everybody."""

from collections.abc import Iterable
from wsgiref.types import StartResponse, WSGIEnvironment

from flask import Flask

from core import clock, front
from core.config import Settings
from core.traffic import RULE as ANSWERED_BY
from outreach.home.kept import KEPT, KeptPages, key


class Express:
    """The application in front of Flask's."""

    def __init__(self, app: Flask) -> None:
        self._settings: Settings = app.config["SETTINGS"]
        self._app = app.wsgi_app
        self._kept: KeptPages = app.extensions[KEPT]
        self._headers = front.page_headers(self._settings)
        self._session: str = app.config["SESSION_COOKIE_NAME"]

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer or pass on."""
        is_home = environ["PATH_INFO"] == "/" and environ["REQUEST_METHOD"] == "GET"
        if not is_home or environ.get("QUERY_STRING"):
            return self._app(environ, start_response)
        asking = front.visitor(environ, self._settings)
        # A session may hold a message for this visitor alone.
        if asking is None or self._session in asking.cookies:
            return self._app(environ, start_response)
        page = self._kept.fresh(key(asking.locale, asking.mode), clock.now())
        if page is None:
            return self._app(environ, start_response)
        text, body = page
        headers = self._headers.copy()
        if asking.reads_gzip:
            headers.append(("Content-Encoding", "gzip"))
        else:
            body = text.encode()
        headers.append(("Content-Length", str(len(body))))
        environ[ANSWERED_BY] = "/"
        start_response("200 OK", headers)
        return (body,)


def init_app(app: Flask) -> None:
    """Stand in front of the app; the home page's blueprint is registered already."""
    app.wsgi_app = Express(app)  # type: ignore[method-assign]
