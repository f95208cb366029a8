"""What codes lead to, known for a moment: so that a hall that scans one asks the database once.

What a code leads to is learned from the usual view. Time passes and states change by the clock as
ever. When an organizer changes something, a stamp on a file tells every process of this machine at
once; other machines notice when the moment is over.
"""

import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from flask import Flask, current_app, request
from werkzeug.wrappers import Response

from core import clock, display
from core.config import Settings
from outreach.participation import rendering
from outreach.participation.rendering import Cache
from outreach.participation.service import Scan
from question_bank import service as bank
from question_bank.edition import Edition
from question_bank.selection import Blueprint

KEPT = 4096
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


class Ways:
    """The ways that this process knows."""

    def __init__(self, app: Flask) -> None:
        settings: Settings = app.config["SETTINGS"]
        self._flask = app
        self._seconds = settings.scan_seconds
        self._stamp_file = Path(settings.instance_path) / STAMP
        self._ways = Cache(KEPT)

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
        if not self._seconds or scan.edition is None:
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
        self._ways.put(scan.poster_code, way)

    def to_paper(self, code: str, locale: str, at: datetime) -> Way | None:
        """Return the way of a code in a language, if it is known and its event is open."""
        return self._current((code, locale), at)

    def to_event(self, code: str, at: datetime) -> Way | None:
        """Return the way of a code in whatever language, if it is known and its event is open."""
        return self._current(code, at)

    def _current(self, key: str | tuple[str, str], at: datetime) -> Way | None:
        way: Way | None = self._ways.peek(key)
        now = at.timestamp()
        is_current = (
            way is not None
            and 0 <= now - way.learned_at < self._seconds
            and way.opens_at <= now < way.closes_at
            and way.stamp == self.stamp()
        )
        return way if is_current else None


def of_app() -> Ways:
    """Return the current app's."""
    ways: Ways = current_app.extensions["ways"]
    return ways


def init_app(app: Flask) -> None:
    """Know no way yet, and hear of every change that a page makes."""
    ways = app.extensions["ways"] = Ways(app)

    @app.after_request
    def _tell(response: Response) -> Response:
        if request.method not in SAFE and request.blueprint not in UNCHANGING:
            ways.touch()
        return response
