"""What goes wrong, told in lines of JSON that programs read, without what anybody sent.

An error's message ends with its first line and its traceback shows code, no values: a database's
second line names the row, and with it a receipt.
"""

import json
import logging
import sys
import traceback
from types import TracebackType
from typing import Any

from flask import Flask, has_request_context, request

from core import clock
from core.config import Settings
from core.traffic import request_id

MAX_MESSAGE = 300
ErrorInfo = tuple[type[BaseException], BaseException, TracebackType | None]


class JsonLines(logging.Formatter):
    """Writes a record as one line."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        line: dict[str, Any] = {
            "at": clock.now().isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "event": record.name,
            "message": first_line(record.getMessage()),
        }
        if has_request_context():
            rule = request.url_rule
            line |= {
                "request_id": request_id(),
                "method": request.method if rule else None,
                "route": rule.rule if rule else None,
            }
        if record.exc_info and record.exc_info[1] is not None:
            line["errors"] = list(_chain(record.exc_info[1]))
        return json.dumps(line, ensure_ascii=False)


def first_line(text: str) -> str:
    """Return the first line of a message, bounded."""
    return next(iter(text.splitlines()), "")[:MAX_MESSAGE]


def _chain(error: BaseException | None) -> Any:
    """Yield an error and those before it, with the lines of code they came through."""
    while error is not None:
        yield {
            "error": f"{type(error).__name__}: {first_line(str(error))}",
            "through": [
                f"{frame.filename}:{frame.lineno} {frame.name}"
                for frame in traceback.extract_tb(error.__traceback__)
            ],
        }
        error = error.__cause__ or error.__context__


def init_app(app: Flask) -> None:
    """Write JSON where a server runs; commands go on speaking to people."""
    settings: Settings = app.config["SETTINGS"]

    def log_exception(error: ErrorInfo) -> None:
        """Tell an unexpected error without the address that was asked for."""
        rule = request.url_rule.rule if request.url_rule else "no rule"
        app.logger.error("unexpected error at %s %s", request.method, rule, exc_info=error)

    app.log_exception = log_exception  # type: ignore[assignment, method-assign]
    if settings.server_folder is None:
        return
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
