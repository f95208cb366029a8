"""What passes: each request gets an id, is counted with the time it took, and may be logged.

Nothing of a person is kept: neither what was asked nor who asked, but the rule that answered (such
as `/r/<receipt>`) and an address without its end.
"""

import ipaddress
import itertools
import re
import secrets
import sys
import time
from bisect import bisect_left
from collections.abc import Iterable
from contextlib import suppress
from functools import lru_cache
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

from flask import Flask, request

from core import clock
from core.config import Settings
from core.counters import Counters

HEADER = "X-Request-ID"
KEY = "request_id"
GIVEN = re.compile(r"[A-Za-z0-9._-]{8,64}", re.ASCII)
UNKNOWN = "unknown"
RULE = "answered_by_rule"
"""Whoever answers before Flask wakes writes the rule that would have answered into the environ."""
REQUESTS, MICROSECONDS = "requests", "microseconds"
BOUNDS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""In seconds."""
BUCKETS = (*map(str, BOUNDS), "+Inf")


class Traffic:
    """Stands around the whole app.

    It costs each request a few microseconds: nothing here may ask, wait or allocate much.
    """

    def __init__(self, app: Flask) -> None:
        settings: Settings = app.config["SETTINGS"]
        self._inner = app.wsgi_app
        self._counters: Counters = app.extensions["counters"]
        self._trusts_ids = settings.trusted_proxies > 0
        self._logs = settings.logs_requests
        self._ids = itertools.count(1)
        self._process = ""
        self._cells: dict[tuple[str, str, str, int], tuple[int, int]] = {}

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Pass a request on; the time ends when the answer begins."""
        begun = time.perf_counter()
        given = environ.get("HTTP_X_REQUEST_ID") if self._trusts_ids else None
        name = given if given and GIVEN.fullmatch(given) else self._new_id()
        environ[KEY] = name
        status = "500"

        def start(line: str, headers: list[tuple[str, str]], *error: Any) -> Any:
            nonlocal status
            status = line[:3]
            if RULE not in environ:
                asked = environ.get("werkzeug.request")  # until Flask has answered
                if rule := getattr(asked, "url_rule", None):
                    environ[RULE] = rule.rule
            headers.append((HEADER, name))
            return start_response(line, headers, *error)

        try:
            return self._inner(environ, start)
        finally:
            self._saw(environ, status, time.perf_counter() - begun)

    def _new_id(self) -> str:
        """Return an id that no other request has: of this process and its requests so far."""
        if not self._process:  # not before a fork
            self._process = secrets.token_hex(5)
        return f"{self._process}-{next(self._ids):x}"

    def _saw(self, environ: WSGIEnvironment, status: str, seconds: float) -> None:
        route = environ.get(RULE, UNKNOWN)
        method = environ["REQUEST_METHOD"] if route is not UNKNOWN else UNKNOWN
        kind = (route, method, status, bisect_left(BOUNDS, seconds))
        cells = self._cells.get(kind)
        if cells is None:
            cells = self._cells[kind] = self._cells_of(*kind)
        self._counters.add_to_both(*cells, int(seconds * 1e6))
        if self._logs:
            self._log(environ, route, method, status, seconds)

    def _cells_of(self, route: str, method: str, status: str, bucket: int) -> tuple[int, int]:
        part = part_of(route)
        counted = (REQUESTS, part, method, status[0], BUCKETS[bucket])
        cell_of = self._counters.cell_of
        return cell_of(counted), cell_of((MICROSECONDS, part, method))

    def _log(
        self, environ: WSGIEnvironment, route: str, method: str, status: str, seconds: float
    ) -> None:
        """Write a line; nothing in it was sent by anybody, so nothing needs quoting."""
        at = clock.now().isoformat(timespec="milliseconds")
        sender = shortened(environ.get("REMOTE_ADDR") or "")
        line = (
            f'{{"at": "{at}", "level": "info", "event": "request", "request_id": "{environ[KEY]}", '
            f'"method": "{method}", "route": "{route}", "status": {status}, '
            f'"ms": {seconds * 1000:.1f}, "from": "{sender}"}}\n'
        )
        with suppress(OSError):  # such as a disk without room for it
            sys.stderr.write(line)


def part_of(route: str) -> str:
    """Return the part of the site that a rule belongs to: its first word, such as `/q`."""
    if route == UNKNOWN:
        return route
    return "/" + route.split("/")[1].partition("<")[0].partition(".")[0]


@lru_cache(maxsize=4096)
def shortened(address: str) -> str:
    """Return an address without its end: that of a network, not of somebody's phone.

    IPv4 keeps 24 bits, IPv6 48.
    """
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return ""
    if isinstance(known, ipaddress.IPv6Address):
        mapped = known.ipv4_mapped
        if mapped is None:
            return str(ipaddress.ip_network((known, 48), strict=False).network_address)
        known = mapped
    return str(ipaddress.ip_network((known, 24), strict=False).network_address)


def request_id() -> str:
    """Return the id of this request, by which its lines in the log are found."""
    return str(request.environ.get(KEY, ""))


def init_app(app: Flask) -> None:
    """Stand around the app; after everything else that does."""
    app.wsgi_app = Traffic(app)  # type: ignore[method-assign]
    app.jinja_env.globals["request_id"] = request_id
