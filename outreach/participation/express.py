"""The participant's path answered before Flask wakes: scan, handing in, result.

Here stands only what nearly every phone does. Whatever is not plain (a paper in hand, an answer
that is missing, a closed event, a part not rendered yet, a fault) is passed on to Flask, whose view
answers the same. What a code leads to is known for a moment (`outreach.participation.ways`);
attempts are written and read as in the views, by the same functions.
"""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from io import BytesIO
from urllib.parse import parse_qs
from wsgiref.types import StartResponse, WSGIEnvironment
from zoneinfo import ZoneInfo

from flask import Flask, json
from sqlalchemy.exc import SQLAlchemyError

from core import clock, front
from core.config import Settings
from core.front import Answer
from core.security import WITH_DRAWN_PICTURES
from core.traffic import RULE as ANSWERED_BY
from outreach.events.models import EventKind
from outreach.participation import answers, outcomes, rendering, service, standing, visitor
from outreach.participation import attempt_service as attempts
from outreach.participation import ticket as tickets
from outreach.participation.rendering import Cache, NotRenderedError
from outreach.participation.result_rendering import result_page
from outreach.participation.ticket import Ticket
from outreach.participation.ways import Way, Ways
from question_bank import service as bank
from question_bank.selection import draw, new_seed

PAPER, PAPER_RULE = "/q/", "/q/<code>"
RESULT, RESULT_RULE = "/r/", "/r/<receipt>"
FORM, JSON = "application/x-www-form-urlencoded", "application/json"
MAX_FORM_BYTES, MAX_FIELDS = 16 * 1024, 200
# Fields that ask for the paper in other letters or another language.
SHOWN_OTHERWISE = frozenset({"display", "show_in"})

Form = Mapping[str, Sequence[str]]


class Express:
    """The application in front of Flask's."""

    def __init__(self, app: Flask) -> None:
        settings: Settings = app.config["SETTINGS"]
        self._app = app.wsgi_app
        self._flask = app
        self._ways: Ways = app.extensions["ways"]
        self._is_on = settings.scan_seconds > 0
        self._settings = settings
        self._zone = ZoneInfo(settings.campaign_timezone)
        self._cookies = front.CookieWriter(settings)
        self._plain_headers = front.plain_headers(settings)
        self._paper_headers = front.page_headers(settings)
        self._result_headers = front.page_headers(
            settings, **{"Content-Security-Policy": WITH_DRAWN_PICTURES}
        )

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer or pass on."""
        path, method = environ["PATH_INFO"], environ["REQUEST_METHOD"]
        answer = None
        if self._is_on and path.startswith((PAPER, RESULT)) and not environ.get("QUERY_STRING"):
            if path.startswith(RESULT):
                rule, answer = RESULT_RULE, self._result(environ, path) if method == "GET" else None
            elif method == "GET":
                rule, answer = PAPER_RULE, self._paper(environ, path[len(PAPER) :])
            elif method == "POST":
                rule, answer = PAPER_RULE, self._submit(environ, path[len(PAPER) :])
        if answer is None:
            return self._app(environ, start_response)
        environ[ANSWERED_BY] = rule
        start_response(answer.status, answer.headers)
        return (answer.body,)

    def _paper(self, environ: WSGIEnvironment, code: str) -> Answer | None:
        """Give a fresh paper to a phone that holds none."""
        asking = front.visitor(environ, self._settings)
        at = clock.now()
        if asking is None or self._cookies.name(tickets.COOKIE) in asking.cookies:
            return None
        way = self._ways.to_paper(code, asking.locale, at)
        if way is None:
            return None
        ticket = Ticket(
            poster_code=way.scan.poster_code,
            event_id=way.scan.event_id,
            edition=way.edition.number,
            quiz_id=way.scan.quiz_id,
            seed=new_seed(at.astimezone(self._zone).date()),
            issued_at=at,
            attempt_id=uuid.uuid4(),
        )
        asked = self._questions(way, ticket, asking.locale)
        if asked is None:
            return None
        text = tickets.write(ticket, self._settings.secret_key)
        shell = way.shells[asking.mode]
        page = "".join((shell.head, text, shell.middle, *asked, shell.tail))
        answer = front.page(page, self._paper_headers, packed=asking.reads_gzip)
        seconds = int(tickets.LIFETIME.total_seconds())
        answer.headers.append(self._cookies.write(tickets.COOKIE, text, max_age=seconds))
        if self._device(asking) is None:
            device, year = visitor.new_device(), visitor.COOKIE_SECONDS
            answer.headers.append(self._cookies.write(visitor.COOKIE, device, max_age=year))
        return answer

    def _questions(self, way: Way, ticket: Ticket, locale: str) -> Sequence[str] | None:
        """Write the questions, or return None if one of them was not rendered yet."""
        kept: Cache = self._flask.extensions[rendering.QUESTION_PARTS]
        number = way.edition.number
        written = []
        for n, item in enumerate(draw(way.edition, way.blueprint, ticket.seed)):
            parts = kept.peek((number, item.question.id, locale))
            if parts is None:
                return None
            written.append(rendering.fresh_question(parts, item, n))
        return written

    def _submit(self, environ: WSGIEnvironment, code: str) -> Answer | None:
        """Take a whole paper of an open event."""
        at = clock.now()
        way = self._ways.to_event(code, at)
        asking = front.visitor(environ, self._settings)
        if way is None or asking is None or way.scan.kind is EventKind.ONLINE:
            return None  # online, the county chosen must be looked up
        form = _read_form(environ)
        if form is None or not SHOWN_OTHERWISE.isdisjoint(form):
            return None
        ticket = self._ticket(way, form, at)
        if ticket is None:
            return None
        with self._flask.app_context():
            try:
                is_new = self._write(way, ticket, form, self._device(asking))
            except SQLAlchemyError as error:
                front.pass_failure(environ, error)
                return None
            if is_new is None:
                return None
            outcomes.count(is_new=is_new)
        receipt = RESULT + tickets.write_receipt(ticket.event_id, ticket.attempt_id)
        return self._receipt(receipt, as_json=environ.get("HTTP_ACCEPT") == JSON)

    def _ticket(self, way: Way, form: Form, at: datetime) -> Ticket | None:
        """Return the ticket of a form, if it is good and leads where its code leads now."""
        try:
            ticket = tickets.read("".join(form.get("ticket", ())), self._settings.secret_key, at)
        except (tickets.TicketExpiredError, tickets.TicketForgedError):
            return None
        place = ticket.poster_code, ticket.event_id
        return ticket if place == (way.scan.poster_code, way.scan.event_id) else None

    def _write(self, way: Way, ticket: Ticket, form: Form, device: str | None) -> bool | None:
        """Write the attempt and tell whether it is new; None if the paper is not plain."""
        paper = service.paper_of(ticket)
        filled = answers.read(paper, lambda name: form.get(name, ()))
        if filled.missing:
            return None
        try:
            return attempts.submit(
                way.scan,
                ticket,
                paper,
                answers.chosen(paper, filled),
                place=service.place_of(way.scan),
                device_key=visitor.key_of(
                    device, ticket, way.scan.event_id, self._settings.secret_key
                ),
            )
        except attempts.OtherAnswersError:
            return None

    def _receipt(self, address: str, *, as_json: bool) -> Answer:
        """Lead to the result, and let the phone forget the paper."""
        status, body, headers = "303 SEE OTHER", b"", [("Location", address)]
        if as_json:
            status, body = "200 OK", json.dumps({"receipt": address}).encode()
            headers = [("Content-Type", JSON)]
        headers += [*self._plain_headers, ("Content-Length", str(len(body)))]
        headers.append(self._cookies.write(tickets.COOKIE, "", max_age=0))
        return Answer(status, headers, body)

    def _result(self, environ: WSGIEnvironment, path: str) -> Answer | None:
        """Show a result of which every part was rendered before."""
        key = tickets.read_receipt(path[len(RESULT) :])
        asking = front.visitor(environ, self._settings)
        if key is None or asking is None:
            return None
        with self._flask.app_context():
            try:
                found = attempts.result(*key)
                if found is None:
                    return None
                kept, so_far = found.attempt, None
                if kept.counted and (numbers := standing.of_app()):
                    so_far = numbers.at_hand(key[0], kept.region_code)
                    if so_far is None:
                        return None
                edition = bank.edition(kept.edition)
                page = result_page(
                    found,
                    edition,
                    locale=asking.locale,
                    mode=asking.mode,
                    address=path,
                    so_far=so_far,
                )
            except NotRenderedError:
                return None
            except SQLAlchemyError as error:
                front.pass_failure(environ, error)
                return None
        return front.page(page, self._result_headers, packed=asking.reads_gzip)

    def _device(self, asking: front.Visitor) -> str | None:
        """Return the cookie that tells this phone from others, if it has a proper one."""
        device = asking.cookies.get(self._cookies.name(visitor.COOKIE))
        return device if visitor.is_device(device) else None


def _read_form(environ: WSGIEnvironment) -> Form | None:
    """Read a plain form, and put it back for whoever may read it after us."""
    kind, length = environ.get("CONTENT_TYPE", ""), environ.get("CONTENT_LENGTH", "")
    if kind.partition(";")[0] != FORM or not length.isdecimal() or int(length) > MAX_FORM_BYTES:
        return None
    body = environ["wsgi.input"].read(int(length))
    environ["wsgi.input"] = BytesIO(body)
    if b"%00" in body:
        return None
    try:
        return parse_qs(
            body.decode("ascii"), keep_blank_values=True, max_num_fields=MAX_FIELDS, errors="strict"
        )
    except ValueError:
        return None


def init_app(app: Flask) -> None:
    """Stand in front of the app."""
    app.wsgi_app = Express(app)  # type: ignore[method-assign]
