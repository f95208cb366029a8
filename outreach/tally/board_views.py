"""The big screen of an event: for everybody who has its address, without signing in."""

from collections.abc import Iterable
from datetime import datetime
from wsgiref.types import StartResponse, WSGIEnvironment

from flask import (
    Blueprint,
    Flask,
    Response,
    abort,
    flash,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_babel import force_locale, format_datetime
from flask_babel import gettext as _

from core import audit, clock
from core.access import requires
from core.config import Settings
from core.db import db
from core.i18n import LOCALES, chosen_locale, pick
from core.security import HEADERS as SECURITY_HEADERS
from core.security import HSTS, OPEN_HEADERS, open_to_every_site
from outreach import qr
from outreach.campaigns.reach import current_reach
from outreach.events import service as events
from outreach.posters import codes
from outreach.posters import service as posters
from outreach.tally import board
from outreach.tally.board import Boards, Snapshot
from outreach.tally.event_counts import SCREEN_PLACEMENTS

HEADERS = {
    "Content-Type": "application/json",
    "Cache-Control": "no-cache",
    "Vary": "Accept-Encoding",
}
REFRESH_SECONDS = 15
PREFIX, SUFFIX = "/board/", ".json"

bp = Blueprint("board", __name__)


@bp.get("/board/<code>")
def screen(code: str) -> ResponseReturnValue:
    """Show the board in the language asked for by `lang`, else in the visitor's."""
    snapshot = _snapshot(code)
    asked = request.args.get("lang", "")
    with force_locale(asked if asked in LOCALES else chosen_locale()):
        joined = snapshot.shown["join"]
        return render_template(
            "outreach/tally/board.html",
            code=code,
            board=snapshot.shown,
            tag=snapshot.tag,
            opens_at=datetime.fromisoformat(snapshot.shown["event"]["opens_at"]),
            closes_at=datetime.fromisoformat(snapshot.shown["event"]["closes_at"]),
            typed=codes.spaced(joined["code"]) if joined else "",
            refresh=REFRESH_SECONDS,
            time=format_datetime(clock.now(), "HH:mm:ss"),
        )


@bp.get("/board/<code>.json", endpoint="json")
@open_to_every_site
def as_json(code: str) -> Response:
    """Return the same numbers for the screen's script; 304 if it has them already."""
    snapshot = _snapshot(code)
    # As a piece of text: whatever stands between us may mark the tag as weak or packed.
    if snapshot.tag in request.headers.get("If-None-Match", ""):
        response = Response(status=304)
    elif "gzip" in request.headers.get("Accept-Encoding", ""):
        response = Response(snapshot.packed, headers=HEADERS)
        response.headers["Content-Encoding"] = "gzip"
    else:
        response = Response(snapshot.body, headers=HEADERS)
    response.headers["ETag"] = f'W/"{snapshot.tag}"'
    response.headers["Cache-Control"] = "no-cache"
    return response


@bp.get("/board/<code>.svg")
def code(code: str) -> ResponseReturnValue:
    """Draw the code by which people in the room join."""
    joined = _snapshot(code).shown["join"]
    if joined is None:
        abort(404)
    response = make_response(qr.svg(joined["link"]))
    response.mimetype = "image/svg+xml"
    response.headers["Cache-Control"] = "public, max-age=60"
    return response


@bp.post("/organize/events/<key:event_id>/board")
@requires("events.manage")
def prepare(event_id: int) -> ResponseReturnValue:
    """Make the poster that the board shows, so that joining there is counted apart."""
    event = events.find(event_id, current_reach())
    if event is None:
        abort(404)
    try:
        poster = posters.add_poster(event, pick(SCREEN_PLACEMENTS["zh"], SCREEN_PLACEMENTS["en"]))
    except posters.TooManyPostersError:
        flash(_("This event has all the posters it may have. Withdrawn ones count too."), "error")
    else:
        audit.record(
            "poster.add",
            f"poster:{poster.code}",
            poster.placement,
            region_code=event.region_code,
            event=event.id,
        )
        db.session.commit()
        flash(_("The big screen now shows a code of its own."), "success")
    return redirect(url_for("desk.event", event_id=event.id), 303)


def _snapshot(code: str) -> Snapshot:
    snapshot = board.snapshot(code)
    if snapshot is None:
        abort(404)
    return snapshot


class Unchanged:
    """Tells a screen that it has the numbers already, before the application is woken.

    It is what screens are told most of the time, and so it costs next to nothing. Everything else
    is passed on.
    """

    def __init__(self, app: Flask) -> None:
        self._app = app.wsgi_app
        self._boards: Boards = app.extensions["boards"]
        settings: Settings = app.config["SETTINGS"]
        secure = {"Strict-Transport-Security": HSTS} if settings.is_secure else {}
        headers = SECURITY_HEADERS | secure | OPEN_HEADERS | {"Cache-Control": "no-cache"}
        self._headers = list(headers.items())

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer 304 or pass on."""
        tag, path = environ.get("HTTP_IF_NONE_MATCH"), environ["PATH_INFO"]
        if tag and path.startswith(PREFIX) and path.endswith(SUFFIX):
            held = self._boards.fresh(path[len(PREFIX) : -len(SUFFIX)])
            if held is not None and held.tag in tag and environ["REQUEST_METHOD"] == "GET":
                start_response("304 NOT MODIFIED", [*self._headers, ("ETag", f'W/"{held.tag}"')])
                return ()
        return self._app(environ, start_response)


def init_app(app: Flask) -> None:
    """Give the process a place for its boards, and register the pages."""
    board.init_app(app)
    app.register_blueprint(bp)
    app.wsgi_app = Unchanged(app)  # type: ignore[method-assign]
