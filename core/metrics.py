"""GET /metrics: what the server does, in the text format of Prometheus.

For whoever holds `METRICS_TOKEN`, and for this machine itself where no proxy stands between.
"""

import hmac
import ipaddress
import os
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path

from flask import Blueprint, Flask, Response, abort, current_app, request
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import SQLAlchemyError

from core.config import Settings
from core.counters import Counters
from core.traffic import BUCKETS, MICROSECONDS, REQUESTS

NAMESPACE = "quality_month"
MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
FORWARDED = ("X-Forwarded-For", "Forwarded", "X-Real-Ip")

bp = Blueprint("metrics", __name__)

Numbers = Counter[tuple[str, ...]]
Gauge = Callable[[], float | None]
"""Returns a figure as of now, or None where there is none."""


@bp.get("/metrics")
def figures() -> ResponseReturnValue:
    """Tell the figures; to everybody else this address does not exist."""
    if not _may_read():
        abort(404)
    counters: Counters = current_app.extensions["counters"]
    numbers = counters.totals()
    lines = [
        *_requests(numbers),
        *_counted(numbers),
        *_gauges(),
        *_processes(counters.workers()),
    ]
    text = "".join(f"{line}\n" for line in lines)
    return Response(text, content_type=MEDIA_TYPE, headers={"Cache-Control": "no-store"})


def _may_read() -> bool:
    settings: Settings = current_app.config["SETTINGS"]
    if settings.metrics_token is not None:
        given = request.headers.get("Authorization", "")
        expected = f"Bearer {settings.metrics_token}"
        if hmac.compare_digest(given.encode(), expected.encode()):
            return True
    # What a proxy says of itself can be forged by whoever reaches this port directly.
    return _is_this_machine() and not any(name in request.headers for name in FORWARDED)


def _is_this_machine() -> bool:
    try:
        return ipaddress.ip_address(request.remote_addr or "").is_loopback
    except ValueError:
        return False


def _family(name: str, kind: str, words: str) -> Iterator[str]:
    yield f"# HELP {NAMESPACE}_{name} {words}"
    yield f"# TYPE {NAMESPACE}_{name} {kind}"


def _requests(numbers: Numbers) -> Iterator[str]:
    """Tell requests by part of the site, method and kind of answer, and how long they took."""
    by_status: Numbers = Counter()
    by_bucket: defaultdict[tuple[str, str], Numbers] = defaultdict(Counter)
    for (family, *labels), number in numbers.items():
        if family == REQUESTS:
            part, method, status, bucket = labels
            by_status[part, method, status] += number
            by_bucket[part, method][(bucket,)] += number
    yield from _family("requests_total", "counter", "Requests answered.")
    for (part, method, status), number in sorted(by_status.items()):
        labels_text = f'part="{part}",method="{method}",status="{status}xx"'
        yield f"{NAMESPACE}_requests_total{{{labels_text}}} {number}"
    name = f"{NAMESPACE}_request_seconds"
    yield from _family("request_seconds", "histogram", "Seconds until an answer begins.")
    for (part, method), found in sorted(by_bucket.items()):
        which, total = f'part="{part}",method="{method}"', 0
        for bucket in BUCKETS:
            total += found[bucket,]
            yield f'{name}_bucket{{{which},le="{bucket}"}} {total}'
        yield f"{name}_sum{{{which}}} {numbers[MICROSECONDS, part, method] / 1e6}"
        yield f"{name}_count{{{which}}} {total}"


def _counted(numbers: Numbers) -> Iterator[str]:
    """Tell what subjects counted under names they registered: all values, zeros too."""
    known: dict[str, tuple[str, str, tuple[str, ...]]] = current_app.extensions["counted"]
    for family, (words, label, values) in known.items():
        yield from _family(f"{family}_total", "counter", words)
        for value in values:
            number = numbers[family, value]
            yield f'{NAMESPACE}_{family}_total{{{label}="{value}"}} {number}'


def _gauges() -> Iterator[str]:
    gauges: dict[str, tuple[str, Gauge]] = current_app.extensions["gauges"]
    is_up = True
    for name, (words, gauge) in gauges.items():
        try:
            value = gauge()
        except SQLAlchemyError:
            is_up = False
            continue
        if value is not None:
            yield from _family(name, "gauge", words)
            yield f"{NAMESPACE}_{name} {value}"
    yield from _family("database_up", "gauge", "Whether the database answers these questions.")
    yield f"{NAMESPACE}_database_up {int(is_up)}"


def _processes(workers: list[int]) -> Iterator[str]:
    yield from _family("workers", "gauge", "Processes that answer.")
    yield f"{NAMESPACE}_workers {len(workers)}"
    yield from _family("resident_bytes", "gauge", "Memory of all of them, shared pages twice.")
    yield f"{NAMESPACE}_resident_bytes {sum(map(_resident, workers))}"


def _resident(process: int) -> int:
    """Return the bytes of memory that a process holds; 0 where that cannot be known."""
    try:
        pages = int(Path(f"/proc/{process}/statm").read_text(encoding="ascii").split()[1])
    except (OSError, IndexError, ValueError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")


def tell_counted(app: Flask, family: str, words: str, label: str, values: tuple[str, ...]) -> None:
    """Tell what is counted with `counters.count(family, value)` for each of a few values."""
    app.extensions.setdefault("counted", {})[family] = (words, label, values)


def tell_gauge(app: Flask, name: str, words: str, gauge: Gauge) -> None:
    """Tell a figure that is asked for at each reading; it must be cheap."""
    app.extensions.setdefault("gauges", {})[name] = (words, gauge)


def init_app(app: Flask) -> None:
    """Register the page."""
    app.extensions.setdefault("counted", {})
    app.extensions.setdefault("gauges", {})
    app.register_blueprint(bp)
