"""What a request may hold at all: numbers that a key can be, text that a database can keep.

Set once for every page, so that none of them meets what PostgreSQL or SQLite would choke on.
"""

import re
from typing import Any

from flask import Flask, Request, abort
from werkzeug.datastructures import ImmutableMultiDict
from werkzeug.routing import BaseConverter, IntegerConverter

NUL = "\0"


class KeyConverter(IntegerConverter):
    """A row's number in an address: from 1, of at most nine digits, as an INTEGER column holds.

    Anything else fits no rule and is 404 for every method. The `max` of Werkzeug's own converter
    looks after the method was matched, and answers 405 where GET and POST are two rules.
    """

    regex = r"[1-9][0-9]{0,8}"


def key_of(text: str) -> int | None:
    """Return a row's number from a field, as `KeyConverter` takes it from an address, or None."""
    return int(text) if re.fullmatch(KeyConverter.regex, text) else None


class TextConverter(BaseConverter):
    """A part of an address: no slash and no NUL, which PostgreSQL's text cannot hold."""

    regex = r"[^/\0]+"
    part_isolating = True


class Parameters(ImmutableMultiDict[str, Any]):
    """Fields of a query or a form; with a NUL in one, 400 as soon as somebody reads them."""

    def __init__(self, mapping: Any = None) -> None:
        super().__init__(mapping)
        for name, value in self.items(multi=True):
            if NUL in name or (isinstance(value, str) and NUL in value):
                abort(400)


class BoundedRequest(Request):
    """A request whose fields are `Parameters`."""

    parameter_storage_class = Parameters


def init_app(app: Flask) -> None:
    """Bound what addresses and forms hold; before any address with a hole is registered."""
    app.request_class = BoundedRequest
    app.url_map.converters |= {"key": KeyConverter, "default": TextConverter}
