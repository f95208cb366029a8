"""Pages for a code that leads to no paper now, and for a paper that cannot be taken now."""

from flask import render_template, request
from flask.typing import ResponseReturnValue

from core import clock
from core.errors import RETRY_AFTER_SECONDS
from outreach.events.models import EventState
from outreach.participation.service import Scan


def unready(scan: Scan) -> ResponseReturnValue:
    """Answer when the bank cannot fill a paper."""
    return render_template("outreach/participation/unready.html", scan=scan), 503


def refusal(scan: Scan) -> ResponseReturnValue | None:
    """Answer for a poster that leads to no paper now, or return None."""
    if scan.withdrawn_at is not None:
        return render_template("outreach/participation/withdrawn.html", scan=scan), 410
    state = scan.state(clock.now())
    if state is EventState.CANCELLED:
        return render_template("outreach/participation/cancelled.html", scan=scan), 410
    if state is EventState.CLOSED:
        return render_template("outreach/participation/closed.html", scan=scan), 410
    if state is EventState.PLANNED:
        status = 200 if request.method == "GET" else 403
        return render_template("outreach/participation/planned.html", scan=scan), status
    return None


def busy(code: str, ticket: str) -> ResponseReturnValue:
    """Say that nothing was lost, and hold the answers in a form that sends them again."""
    kept = [
        (name, value)
        for name in request.form
        if name != "ticket"
        for value in request.form.getlist(name)
    ]
    html = render_template("outreach/participation/busy.html", code=code, ticket=ticket, kept=kept)
    return html, 503, {"Retry-After": str(RETRY_AFTER_SECONDS)}
