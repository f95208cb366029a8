"""What tests of pages need: filling in forms, reading tables, counting queries."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from html import unescape
from typing import Any

import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from core.db import db
from tests.builders import BODY_ID, QUIZ_ID
from tests.conftest import csrf_token

ROW = re.compile(r"<tr>(.*?)</tr>", re.DOTALL)
CELL = re.compile(r"<t[hd][^>]*>(.*?)</t[hd]>", re.DOTALL)
TAG = re.compile(r"<[^>]+>")
ENGLISH = {"Accept-Language": "en"}


def event_fields(**changes: str) -> dict[str, str]:
    """Fill in the event form as an organizer in Jinjiang would."""
    fields = {
        "title_zh": "质量月进工厂",
        "title_en": "Quality Month at work",
        "kind": "factory",
        "site": "晋江鞋厂食堂",
        "region": "晋江市",
        "body_id": str(BODY_ID),
        "quiz_id": str(QUIZ_ID),
        "opens_at": "2026-09-01T09:00",
        "closes_at": "2026-09-30T18:00",
    }
    return fields | changes


def send(
    client: FlaskClient, path: str, fields: dict[str, Any], *, page: str = "", **kwargs: Any
) -> TestResponse:
    """Open the page of a form (by default the one it is sent to) and send the form."""
    shown = client.get(page or path, **kwargs)
    data = {"csrf_token": csrf_token(shown.text)} | fields
    return client.post(path, data=data, **kwargs)


def text_of(html: str) -> str:
    """Return the words of a piece of a page, spaces made single."""
    return " ".join(unescape(TAG.sub(" ", html)).split())


def table_rows(html: str) -> list[list[str]]:
    """Return the cells of every line of a page's tables, heads and feet included."""
    return [[text_of(cell) for cell in CELL.findall(row)] for row in ROW.findall(html)]


@contextmanager
def queries_of(app: Flask) -> Iterator[list[str]]:
    """Note the statements that the database is asked meanwhile."""
    statements: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        statements.append(statement)

    with app.app_context():
        engine = db.engine
    sa.event.listen(engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        sa.event.remove(engine, "before_cursor_execute", note)
