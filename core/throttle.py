"""How often someone may try; kept in the process, or in Valkey when machines share limits."""

from flask import Flask, current_app
from limits import RateLimitItem, parse
from limits.storage import storage_from_string
from limits.strategies import MovingWindowRateLimiter

from core.config import Settings


class TooManyTriesError(Exception):
    """The limit is reached; trying again helps later."""


def try_once(limit: str, *key: str) -> None:
    """Count a try.

    :param limit: such as "10/5minutes"
    :param key: what is counted, for instance ("sign-in", "account", name)
    :raises TooManyTriesError: the limit was reached before this try
    """
    limiter: MovingWindowRateLimiter = current_app.extensions["throttle"]
    item: RateLimitItem = parse(limit)
    if not limiter.hit(item, *key):
        raise TooManyTriesError


def init_app(app: Flask) -> None:
    """Open the place where tries are counted."""
    settings: Settings = app.config["SETTINGS"]
    url = settings.valkey_url or "memory://"
    if url.startswith(("valkey://", "valkeys://")):  # the protocol and its client are Redis's
        url = f"redis{url.removeprefix('valkey')}"
    app.extensions["throttle"] = MovingWindowRateLimiter(storage_from_string(url))
