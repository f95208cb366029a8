"""What became of the papers that were sent, counted for whoever operates the server."""

from flask import Flask, g, request
from werkzeug.wrappers import Response

from core import counters, metrics

SUBMIT = "participation.submit"
ATTEMPTS = "attempts"
OUTCOMES = ("accepted", "repeated", "conflict", "refused", "busy", "failed")
BY_STATUS = {409: "conflict", 503: "busy"}


def tell(*, is_new: bool) -> None:
    """Say whether the paper in this request became an attempt now or had become one before."""
    g.is_new_attempt = is_new


def count(*, is_new: bool) -> None:
    """Count a paper that Flask never sees."""
    counters.count(ATTEMPTS, "accepted" if is_new else "repeated")


def _outcome(status: int) -> str | None:
    """Return what became of a paper; None if it was only shown in another language."""
    if status in BY_STATUS:
        return BY_STATUS[status]
    if status >= 400:  # noqa: PLR2004
        return "failed" if status >= 500 else "refused"  # noqa: PLR2004
    is_new: bool | None = g.get("is_new_attempt")
    if is_new is None:
        return None
    return "accepted" if is_new else "repeated"


def init_app(app: Flask) -> None:
    """Count each paper that is sent."""
    metrics.tell_counted(app, ATTEMPTS, "Papers sent, by what became of them.", "outcome", OUTCOMES)

    @app.after_request
    def _count(response: Response) -> Response:
        if request.endpoint == SUBMIT and (outcome := _outcome(response.status_code)):
            counters.count(ATTEMPTS, outcome)
        return response
