"""How often someone may try; kept in the process, or in Valkey when machines share limits.

While Valkey does not answer, each process counts for itself: people still sign in, and whoever
guesses gets at most as many tries as there are processes.
"""

import threading
import time
from typing import Any

from flask import Flask, current_app
from limits import RateLimitItem, parse
from limits.errors import StorageError
from limits.storage import MemoryStorage, storage_from_string
from limits.strategies import MovingWindowRateLimiter
from redis.backoff import NoBackoff
from redis.retry import Retry

from core.config import Settings

ANSWER_SECONDS = 1.0
"""How long Valkey may take to connect or to answer."""
LOOK_AGAIN_SECONDS = 10.0
"""How long nobody waits for a Valkey that did not answer."""


class TooManyTriesError(Exception):
    """The limit is reached; trying again helps later."""


class Limiter:
    """Counts tries where all machines see them if it can, else in this process."""

    def __init__(self, app: Flask, shared: MovingWindowRateLimiter | None) -> None:
        self._app = app
        self._own = MovingWindowRateLimiter(MemoryStorage())
        self._shared = shared
        self._silent_until = 0.0
        self._falling_silent = threading.Lock()

    def hit(self, item: RateLimitItem, *key: str) -> bool:
        """Count a try and tell whether it is within the limit."""
        if self._shared is not None and time.monotonic() >= self._silent_until:
            try:
                return self._shared.hit(item, *key)
            except StorageError as error:
                self._fall_silent(error.storage_error)
        return self._own.hit(item, *key)

    def _fall_silent(self, error: Exception) -> None:
        with self._falling_silent:
            is_first = time.monotonic() >= self._silent_until
            self._silent_until = time.monotonic() + LOOK_AGAIN_SECONDS
        if is_first:
            kind = type(error).__name__
            self._app.logger.warning("limits are kept in this process for now: %s", kind)


def try_once(limit: str, *key: str) -> None:
    """Count a try.

    :param limit: such as "10/5minutes"
    :param key: what is counted, for instance ("sign-in", "account", name)
    :raises TooManyTriesError: the limit was reached before this try
    """
    limiter: Limiter = current_app.extensions["throttle"]
    item: RateLimitItem = parse(limit)
    if not limiter.hit(item, *key):
        raise TooManyTriesError


def init_app(app: Flask) -> None:
    """Open the place where tries are counted, without asking it anything."""
    settings: Settings = app.config["SETTINGS"]
    shared = _shared(settings.valkey_url) if settings.valkey_url else None
    app.extensions["throttle"] = Limiter(app, shared)


def _shared(url: str) -> MovingWindowRateLimiter:
    if url.startswith(("valkey://", "valkeys://")):  # the protocol and its client are Redis's
        url = f"redis{url.removeprefix('valkey')}"
    options: dict[str, Any] = {
        "wrap_exceptions": True,
        "socket_connect_timeout": ANSWER_SECONDS,
        "socket_timeout": ANSWER_SECONDS,
        "retry": Retry(NoBackoff(), 1),  # a connection that broke since it was last used
    }
    return MovingWindowRateLimiter(storage_from_string(url, **options))
