"""The pages for what goes wrong: in both languages, with a way on."""

from flask import Flask, json, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from werkzeug.exceptions import HTTPException, InternalServerError, ServiceUnavailable

from core.db import db

RETRY_AFTER_SECONDS = 5
# For programs, and for those who look for what ails them.
DETAILS = {
    400: _l("This address does not understand what was sent with the request."),
    403: _l("This is not open to whoever asks. Signing in may help."),
    404: _l("There is nothing under this address. Check how it is written."),
    405: _l("This address does not know this method; the header Allow names those it knows."),
    410: _l("What was here is gone and does not come back."),
    413: _l("What was sent is too large. Send less."),
    429: _l("There were too many requests. Wait a while, then ask again."),
    500: _l("Something broke on our side. Ask again later."),
    503: _l("The server is busy. Ask again after the seconds that the header Retry-After names."),
}


def _show(error: HTTPException) -> ResponseReturnValue:
    if error.code is None or error.response is not None:
        return error
    code = error.code if error.code in DETAILS else (500 if error.code >= 500 else 400)  # noqa: PLR2004
    headers = {k: v for k, v in error.get_headers() if k.lower() in {"allow", "retry-after"}}
    headers["Cache-Control"] = "no-store"
    if request.path.endswith(".json"):
        headers["Content-Type"] = "application/problem+json"
        return json.dumps(_problem(error, code)), error.code, headers
    if request.path.endswith((".csv", ".svg", ".png")):
        headers["Content-Type"] = "text/plain; charset=utf-8"
        return f"{error.code} {error.name}\n{_detail(error, code)}\n", error.code, headers
    return render_template(f"errors/{code}.html"), error.code, headers


def _problem(error: HTTPException, code: int) -> dict[str, object]:
    """Say for programs what went wrong, as RFC 9457 has it; `instance` says where."""
    return {
        "type": "about:blank",
        "title": error.name,
        "status": error.code,
        "detail": _detail(error, code),
        "instance": request.path,
    }


def _detail(error: HTTPException, code: int) -> str:
    """Return what the view said, else what can be done about faults of this kind."""
    said = error.description
    return said if said and said != type(error).description else str(DETAILS[code])


def _busy(error: Exception) -> ResponseReturnValue:
    """Answer 503 when the database cannot be asked now; anything else of it is our fault."""
    if isinstance(error, DBAPIError) and not is_busy(error):
        raise error
    db.session.rollback()
    return _show(ServiceUnavailable(retry_after=RETRY_AFTER_SECONDS))


def is_busy(error: Exception) -> bool:
    """Tell whether a later try may succeed: locked, full, starting up, out of reach."""
    return isinstance(error, OperationalError | PoolTimeoutError) or (
        isinstance(error, DBAPIError) and error.connection_invalidated
    )


def _failed(error: Exception) -> ResponseReturnValue:
    db.session.rollback()
    return _show(InternalServerError(original_exception=error))


def init_app(app: Flask) -> None:
    """Show our own pages instead of the framework's."""
    app.register_error_handler(HTTPException, _show)
    app.register_error_handler(OperationalError, _busy)
    app.register_error_handler(PoolTimeoutError, _busy)
    app.register_error_handler(InternalServerError, _failed)
