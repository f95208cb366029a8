"""Scans answered before Flask wakes: a phone's first look at a paper, as a hall asks for it.

What a code leads to is learned from the usual view and kept for a moment; time passes and states
change by the clock as ever. Whatever is not plain (a paper in hand, a closed event, a question not
rendered yet, anything but a GET) is passed on to Flask, which answers the same page. When an
organizer changes something, a stamp on a file tells every process of this machine at once; other
machines notice when the moment is over. Handing in always asks the database.
"""

import os
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple
from wsgiref.types import StartResponse, WSGIEnvironment
from zoneinfo import ZoneInfo

from flask import Flask, current_app, request
from werkzeug.http import dump_cookie
from werkzeug.wrappers import Response

from core import clock, display, front, packing
from core.config import Settings
from core.front import Headers
from core.security import host_bound
from core.traffic import RULE as ANSWERED_BY
from outreach.participation import rendering, visitor
from outreach.participation import ticket as tickets
from outreach.participation.rendering import Cache
from outreach.participation.service import Scan
from outreach.participation.ticket import Ticket
from question_bank import service as bank
from question_bank.edition import Edition
from question_bank.selection import Blueprint, draw, new_seed

PREFIX, RULE = "/q/", "/q/<code>"
WAYS_KEPT = 4096
STAMP = "changed"
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
# What these are sent changes nothing that a code leads to.
UNCHANGING = frozenset({"participation", "i18n", "display"})


class Shell(NamedTuple):
    """A page around its questions: before the ticket, up to the questions, after them."""

    head: str
    middle: str
    tail: str


@dataclass(frozen=True, slots=True)
class Way:
    """What a code leads to in a language: all that a fresh paper needs."""

    scan: Scan
    opens_at: float
    closes_at: float
    edition: Edition
    blueprint: Blueprint
    shells: dict[str, Shell]
    stamp: int
    learned_at: float


class Express:
    """The application in front of Flask's."""

    def __init__(self, app: Flask) -> None:
        settings: Settings = app.config["SETTINGS"]
        self._app = app.wsgi_app
        self._flask = app
        self._settings = settings
        self._zone = ZoneInfo(settings.campaign_timezone)
        self._stamp_file = Path(settings.instance_path) / STAMP
        self._ways = Cache(WAYS_KEPT)
        self._headers = front.page_headers(settings)
        self._cookies: tuple[int, dict[str, tuple[str, str]]] = (0, {})

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer or pass on."""
        path = environ["PATH_INFO"]
        if path.startswith(PREFIX) and environ["REQUEST_METHOD"] == "GET":
            answer = self._paper(environ, path[len(PREFIX) :])
            if answer is not None:
                headers, body = answer
                environ[ANSWERED_BY] = RULE
                start_response("200 OK", headers)
                return (body,)
        return self._app(environ, start_response)

    def stamp(self) -> int:
        """Return what changes whenever somebody of this machine changes something."""
        try:
            return self._stamp_file.stat().st_mtime_ns
        except OSError:
            return 0

    def touch(self) -> None:
        """Say that something was changed; the folder may be read only, then the moment passes."""
        now = int(clock.now().timestamp() * 1e9)
        try:
            self._stamp_file.parent.mkdir(parents=True, exist_ok=True)
            self._stamp_file.touch()
            os.utime(self._stamp_file, ns=(now, now))
        except OSError:
            self._flask.logger.warning("cannot touch %s", self._stamp_file)

    def learn(self, scan: Scan, locale: str, stamp: int) -> None:
        """Keep for a moment what a code leads to.

        :param scan: of an open event
        :param locale: of the request
        :param stamp: as it was before the database was asked
        """
        if not self._settings.scan_seconds or scan.edition is None:
            return
        blueprint, shells = bank.quiz(scan.quiz_id).blueprint, {}
        for mode in display.MODES:
            text = rendering.shell(scan, blueprint.size, locale, mode)
            head, rest = text.split(rendering.TICKET)
            shells[mode] = Shell(head, *rest.split(rendering.QUESTIONS))
        way = Way(
            scan=scan,
            opens_at=scan.opens_at.timestamp(),
            closes_at=scan.closes_at.timestamp(),
            edition=bank.edition(scan.edition),
            blueprint=blueprint,
            shells=shells,
            stamp=stamp,
            learned_at=clock.now().timestamp(),
        )
        self._ways.put((scan.poster_code, locale), way)

    def _paper(self, environ: WSGIEnvironment, code: str) -> tuple[Headers, bytes] | None:
        asking = front.visitor(environ, self._settings)
        if asking is None:
            return None
        way: Way | None = self._ways.peek((code, asking.locale))
        at = clock.now()
        now = at.timestamp()
        if (
            way is None
            or not 0 <= now - way.learned_at < self._settings.scan_seconds
            or not way.opens_at <= now < way.closes_at
            or environ.get("QUERY_STRING")
            or self._name(tickets.COOKIE) in asking.cookies
            or way.stamp != self.stamp()
        ):
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
        body = "".join((shell.head, text, shell.middle, *asked, shell.tail)).encode()
        headers = self._headers.copy()
        if asking.reads_gzip:
            body = packing.pack(body)
            headers.append(("Content-Encoding", "gzip"))
        headers.append(("Content-Length", str(len(body))))
        headers.append(self._set_cookie(tickets.COOKIE, text))
        if not visitor.is_device(asking.cookies.get(self._name(visitor.COOKIE))):
            headers.append(self._set_cookie(visitor.COOKIE, visitor.new_device()))
        return headers, body

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

    def _name(self, cookie: str) -> str:
        return host_bound(cookie, is_secure=self._settings.is_secure)

    def _set_cookie(self, name: str, value: str) -> tuple[str, str]:
        """Write a cookie as `core.security.set_cookie` does; all but its value once a second."""
        second = int(clock.now().timestamp())
        if self._cookies[0] != second:
            self._cookies = second, {}
        made = self._cookies[1]
        if name not in made:
            seconds = {
                tickets.COOKIE: int(tickets.LIFETIME.total_seconds()),
                visitor.COOKIE: visitor.COOKIE_SECONDS,
            }[name]
            line = dump_cookie(
                self._name(name),
                "*",
                max_age=seconds,
                secure=self._settings.is_secure,
                httponly=True,
                samesite="Lax",
            )
            before, after = line.split("*", 1)
            made[name] = before, after
        before, after = made[name]
        return "Set-Cookie", f"{before}{value}{after}"


def of_app() -> Express:
    """Return the current app's."""
    express: Express = current_app.extensions["express"]
    return express


def init_app(app: Flask) -> None:
    """Stand in front of the app, and hear of every change that a page makes."""
    express = app.extensions["express"] = Express(app)
    app.wsgi_app = express  # type: ignore[method-assign]

    @app.after_request
    def _tell(response: Response) -> Response:
        if request.method not in SAFE and request.blueprint not in UNCHANGING:
            express.touch()
        return response
