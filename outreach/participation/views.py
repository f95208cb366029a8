"""The participant's path: /q/<code> and /r/<receipt>."""

from dataclasses import dataclass

from flask import (
    Blueprint,
    abort,
    current_app,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_babel import force_locale
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.wrappers import Response

from core import clock, display, front, i18n
from core.config import Settings
from core.errors import is_busy
from core.security import WITH_DRAWN_PICTURES, csrf, get_cookie, set_cookie
from outreach.events.archived import is_archived
from outreach.participation import (
    answers,
    outcomes,
    rendering,
    service,
    standing,
    state_pages,
    visitor,
    ways,
)
from outreach.participation import attempt_service as attempts
from outreach.participation import ticket as tickets
from outreach.participation.answers import Filled
from outreach.participation.result_rendering import result_page
from outreach.participation.service import Place, Scan
from outreach.participation.ticket import Ticket
from outreach.posters import codes
from question_bank import service as bank
from question_bank.grading import Chosen
from question_bank.selection import Paper, QuizNotFillableError

JSON = "application/json"
MAX_FORM_BYTES = 16 * 1024

bp = Blueprint("participation", __name__)


@dataclass(frozen=True, slots=True)
class _Page:
    """A paper to show: with the answers given so far, if any."""

    scan: Scan
    ticket: Ticket
    filled: Filled | None = None
    region_code: str = ""


@bp.get("/q/<code>")
def paper(code: str) -> ResponseReturnValue:
    """Send the whole paper; writes nothing."""
    stamp = ways.of_app().stamp()
    scan = _scan(code)
    if refused := state_pages.refusal(scan):
        return refused
    try:
        ticket = _kept_ticket(scan) or service.new_ticket(scan)
        page = _show(_Page(scan, ticket))
    except (service.NothingPublishedError, QuizNotFillableError):
        return state_pages.unready(scan)
    ways.of_app().learn(scan, i18n.locale(), stamp)
    return page


@bp.post("/q/<code>")
def submit(code: str) -> ResponseReturnValue:
    """Grade a paper, write one row, answer with the receipt."""
    request.max_content_length = MAX_FORM_BYTES
    text = request.form.get("ticket", "")
    try:
        front.raise_failure(request.environ)
        return _submit(code, text)
    except (service.NothingPublishedError, QuizNotFillableError):
        return state_pages.unready(_scan(code))
    except SQLAlchemyError as error:
        if not is_busy(error):
            raise
        return state_pages.busy(code, text)


# The signed ticket is the token against forgery: without one of this poster nothing is written.
csrf.exempt(submit)


def _submit(code: str, text: str) -> ResponseReturnValue:
    scan = _scan(code)
    ticket, problem = _read_ticket(scan, text)
    if ticket and problem != "forged" and ticket.event_id != scan.event_id:
        scan = service.find_former(scan, ticket.event_id)
    if (refused := state_pages.refusal(scan)) and not _was_accepted(ticket, problem):
        return refused
    if problem or ticket is None:
        return _again(scan, ticket, problem)
    drawn = service.paper_of(ticket)
    filled = answers.read(drawn, request.form.getlist)
    page = _Page(scan, ticket, filled, region_code=request.form.get("region", "")[:20])
    if shown := _shown_otherwise(page):
        return shown
    try:
        place = service.place_of(scan, page.region_code)
    except service.UnknownPlaceError:
        return _show(page, "incomplete", lacks_region=True)
    if filled.missing:
        return _show(page, "incomplete")
    return _hand_in(page, drawn, answers.chosen(drawn, filled), place)


def _shown_otherwise(page: _Page) -> Response | None:
    """Show the paper as it is in other letters or another language, if that was asked for."""
    wanted_mode = request.form.get("display")
    if wanted_mode in display.MODES:
        display.use(wanted_mode)
        response = _show(page)
        display.remember(response, wanted_mode)
        return response
    wanted_locale = request.form.get("show_in")
    if wanted_locale in i18n.LOCALES:
        with force_locale(wanted_locale):
            return _show(page)
    return None


def _was_accepted(ticket: Ticket | None, problem: str) -> bool:
    """Tell whether this paper was handed in before: then its receipt is found, come what may."""
    return bool(ticket and not problem and attempts.is_known(ticket.event_id, ticket.attempt_id))


def _read_ticket(scan: Scan, text: str) -> tuple[Ticket | None, str]:
    """Return the ticket and, if it cannot be used as it is, the problem with it."""
    try:
        ticket = tickets.read(text, _secret_key(), clock.now())
    except tickets.TicketExpiredError as error:
        if error.ticket.poster_code != scan.poster_code:
            return None, "forged"
        if attempts.is_known(error.ticket.event_id, error.ticket.attempt_id):
            return error.ticket, ""  # handed in long ago: sending again leads to the same receipt
        return error.ticket.renewed(clock.now()), "expired"
    except tickets.TicketForgedError as error:
        return error.claim and service.reissue(scan, error.claim), "forged"
    if ticket.poster_code != scan.poster_code:
        return None, "forged"
    return ticket, ""


def _hand_in(page: _Page, drawn: Paper, choices: Chosen, place: Place) -> ResponseReturnValue:
    scan, ticket = page.scan, page.ticket
    key = visitor.key_of(_device(), ticket, scan.event_id, _secret_key())
    receipt = tickets.write_receipt(scan.event_id, ticket.attempt_id)
    try:
        is_new = attempts.submit(scan, ticket, drawn, choices, place=place, device_key=key)
    except attempts.OtherAnswersError:
        return _conflict(scan, receipt)
    outcomes.tell(is_new=is_new)
    return _receipt(receipt)


def _conflict(scan: Scan, receipt: str) -> Response:
    """Say that the answers sent first stand."""
    html = render_template("outreach/participation/conflict.html", scan=scan, receipt=receipt)
    return _forget_paper(make_response(html, 409))


def _receipt(receipt: str) -> Response:
    """Lead to the result; a script that sends for the phone is told where it is."""
    address = url_for(".result", receipt=receipt)
    if request.headers.get("Accept") == JSON:
        return _forget_paper(make_response({"receipt": address}))
    return _forget_paper(redirect(address, 303))


@bp.get("/r/<receipt>")
def result(receipt: str) -> ResponseReturnValue:
    """Show score, answers, reasons and where the attempt was counted."""
    front.raise_failure(request.environ)
    key = tickets.read_receipt(receipt)
    found = attempts.result(*key) if key else None
    if found is None:
        if key and is_archived(key[0]):
            return render_template("outreach/participation/archived.html"), 410
        abort(404)
    kept = found.attempt
    numbers = standing.of_app()
    so_far = numbers.counted(key[0], kept.region_code) if numbers and kept.counted and key else None
    html = result_page(
        found,
        bank.edition(kept.edition),
        locale=i18n.locale(),
        mode=display.mode(),
        address=request.path,
        so_far=so_far,
    )
    response = make_response(html)
    response.headers["Content-Security-Policy"] = WITH_DRAWN_PICTURES
    return response


def _scan(code: str) -> Scan:
    known = codes.normal(code)
    scan = service.find(known) if known else None
    if scan is None:
        response = make_response(render_template("outreach/participation/unknown.html"), 404)
        abort(response)
    return scan


def _kept_ticket(scan: Scan) -> Ticket | None:
    """Return the ticket that this phone holds: a reload or a second tab is no new paper."""
    text = get_cookie(tickets.COOKIE)
    if text is None:
        return None
    try:
        ticket = tickets.read(text, _secret_key(), clock.now())
    except (tickets.TicketExpiredError, tickets.TicketForgedError):
        return None
    kept = (ticket.poster_code, ticket.event_id, ticket.quiz_id)
    return ticket if kept == (scan.poster_code, scan.event_id, scan.quiz_id) else None


def _again(scan: Scan, ticket: Ticket | None, problem: str) -> ResponseReturnValue:
    """Show the paper again with a fresh ticket and what was answered."""
    if ticket is None:
        return _show(_Page(scan, service.new_ticket(scan)), problem)
    filled = answers.read(service.paper_of(ticket), request.form.getlist)
    region_code = request.form.get("region", "")[:20]
    return _show(_Page(scan, ticket, filled, region_code), problem)


def _show(page: _Page, problem: str = "", *, lacks_region: bool = False) -> Response:
    """Show a paper; with a problem, say above it what to do."""
    locale = i18n.locale()
    drawn = service.paper_of(page.ticket)
    notice = region_fault = ""
    if problem:
        missing = sorted(page.filled.missing) if page.filled and problem == "incomplete" else []
        notice = render_template(
            "outreach/participation/_notice.html",
            problem=problem,
            missing=[n + 1 for n in missing],
            lacks_region=lacks_region,
        )
    if lacks_region:
        region_fault = render_template("outreach/participation/_region_fault.html")
    text = tickets.write(page.ticket, _secret_key())
    html = rendering.paper_page(
        page.scan,
        bank.edition(page.ticket.edition),
        drawn,
        text,
        locale=locale,
        filled=page.filled,
        notice=notice,
        marks_missing=problem == "incomplete",
        region_code=page.region_code,
        region_fault=region_fault,
    )
    status = {"": 200, "incomplete": 422}.get(problem, 400)
    response = make_response(html, status)
    if get_cookie(tickets.COOKIE) != text:
        seconds = int(tickets.LIFETIME.total_seconds())
        set_cookie(response, tickets.COOKIE, text, max_age=seconds)
    if _device() is None:
        new = visitor.new_device()
        set_cookie(response, visitor.COOKIE, new, max_age=visitor.COOKIE_SECONDS)
    if locale != i18n.chosen_locale():
        i18n.remember(response, locale)
    return response


def _device() -> str | None:
    """Return the cookie that tells this phone from others, if it has a proper one."""
    device = get_cookie(visitor.COOKIE)
    return device if visitor.is_device(device) else None


def _forget_paper(response: Response) -> Response:
    set_cookie(response, tickets.COOKIE, "", max_age=0)
    return response


def _secret_key() -> str:
    settings: Settings = current_app.config["SETTINGS"]
    return settings.secret_key
