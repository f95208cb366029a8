"""Sheets of events as organizers fill them in."""

import io
from typing import Any

import openpyxl
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from core import jobs
from tests.conftest import csrf_token
from tests.outreach.pages import ENGLISH

IMPORT = "/organize/events/import"
HEADINGS = (
    "场次名称 Title", "类型", "地点", "Region", "开始时间", "Closes", "班组", "海报张贴处",
)  # fmt: skip


def a_line(number: int = 0, **changes: Any) -> list[Any]:
    """Fill in one event."""
    values = {
        "title": f"质量月进工厂{number}",
        "kind": "工厂",
        "site": f"{number}号厂食堂",
        "region": ["晋江市", "350121", "鼓楼区", "Jinjiang"][number % 4],
        "opens": "2026-09-01 08:00",
        "closes": "2026-09-30 18:00",
        "teams": "一车间:120; 二车间：80；三车间（60人）; 夜班",
        "placement": "",
    }
    return list((values | changes).values())


def workbook(lines: list[list[Any]], headings: tuple[Any, ...] = HEADINGS) -> bytes:
    """Save lines below headings as Excel would."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for line in [list(headings), *lines]:
        sheet.append(line)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def check(client: FlaskClient, data: bytes, name: str = "events.xlsx") -> TestResponse:
    """Send a file to be checked."""
    token = csrf_token(client.get(IMPORT).text)
    fields = {"csrf_token": token, "file": (io.BytesIO(data), name)}
    return client.post(IMPORT, data=fields, headers=ENGLISH)


def make(app: Flask, client: FlaskClient, checked: TestResponse) -> TestResponse:
    """Ask for all events of a checked file, and let them be made."""
    kept = checked.text.partition('name="kept"')[2].partition('value="')[2].partition('"')[0]
    fields = {"csrf_token": csrf_token(checked.text), "kept": kept}
    response = client.post(f"{IMPORT}/make", data=fields, headers=ENGLISH)
    with app.app_context():
        jobs.work_off()
    return response
