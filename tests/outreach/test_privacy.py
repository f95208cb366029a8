"""No trace of a person at rest: only a keyed hash of a random cookie, another one per event."""

import re
from base64 import urlsafe_b64decode
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from core.db import db
from outreach.participation import visitor as visitors
from outreach.participation.models import Attempt
from tests.builders import a_poster, an_event
from tests.conftest import SECRET_KEY
from tests.outreach.papers import ATTEMPT, at_rest
from tests.phone import Phone

COLUMNS = {
    "event_id",
    "id",
    "poster_code",
    "team_id",
    "region_code",
    "region_zh",
    "region_en",
    "edition",
    "quiz_id",
    "seed",
    "answers",
    "points",
    "size",
    "passed",
    "device_key",
    "sequence",
    "counted",
    "local_day",
    "submitted_at",
}
PERSONAL = re.compile(
    r"phone|mobile|openid|unionid|address|agent|(^|_)ip(_|$)|cookie|email|device_id"
)
ADDRESS, FORWARDED = "203.0.113.77", "198.51.100.23"
AGENT = "MicroMessenger/8.0.99 Huawei-TestPhone"
MARKS = {
    "User-Agent": AGENT,
    "X-Forwarded-For": FORWARDED,
    "X-Real-IP": FORWARDED,
    "Referer": "https://mp.example.cn/secret-referer",
    "Accept-Language": "zh-CN,x-private-mark",
    "X-Openid": "o6_bmjrPTlm6_openid",
}


def texts(value: Any) -> Iterator[str]:
    """Return a stored value as text and, of bytes, in the spellings that they may have."""
    yield str(value)
    if isinstance(value, bytes):
        yield value.hex()
        yield value.decode("latin-1")


def everything(app: Flask) -> str:
    """Return all that is at rest as one text."""
    return "\n".join(
        text
        for listed in at_rest(app).values()
        for row in listed
        for value in row
        for text in texts(value)
    )


@pytest.fixture
def taken(app: Flask, save: Callable[..., Any]) -> Phone:
    """A phone with many marks that has handed in at two events, once as practice."""
    one, other = save(a_poster(an_event()), a_poster(an_event()))
    visitor = Phone(app, MARKS)
    visitor.client.environ_base["REMOTE_ADDR"] = ADDRESS
    for poster in (one, one, other):
        visitor.take(poster.code)
    return visitor


def test_an_attempt_has_these_columns_and_no_others() -> None:
    assert set(ATTEMPT.columns.keys()) == COLUMNS


def test_the_database_has_the_same_columns_as_the_model(app: Flask) -> None:
    with app.app_context():
        found = {column["name"] for column in sa.inspect(db.engine).get_columns("attempt")}

    assert found == COLUMNS


def test_no_table_beside_the_organizers_has_a_place_for_personal_data(app: Flask) -> None:
    with app.app_context():
        inspector = sa.inspect(db.engine)
        columns = {
            f"{table}.{column['name']}"
            for table in inspector.get_table_names()
            if not table.startswith("organizer")
            for column in inspector.get_columns(table)
            if PERSONAL.search(column["name"])
        }

    assert columns == set()


def test_nothing_that_the_phone_sent_about_itself_is_at_rest(app: Flask, taken: Phone) -> None:
    stored = everything(app)

    for mark in (ADDRESS, FORWARDED, "MicroMessenger", "secret-referer", "private-mark", "bmjrPT"):
        assert mark not in stored


def test_no_cookie_value_is_at_rest(app: Flask, taken: Phone) -> None:
    device = taken.client.get_cookie("__Host-device").value
    stored = everything(app)

    assert device not in stored
    assert urlsafe_b64decode(device + "==").hex() not in stored
    assert len(stored) > 1000


def test_the_keys_of_one_phone_are_alike_within_an_event_and_differ_between_two(
    taken: Phone, rows: Callable[..., Any]
) -> None:
    query = sa.select(Attempt.event_id, Attempt.device_key).order_by(Attempt.submitted_at)

    (one, first), (_one, second), (other, third) = rows(query)

    assert one != other
    assert first == second
    assert first != third


def test_the_key_is_that_of_the_secret_the_event_and_the_cookie(
    taken: Phone, rows: Callable[..., Any]
) -> None:
    device = taken.client.get_cookie("__Host-device").value

    for event_id, key in rows(sa.select(Attempt.event_id, Attempt.device_key)):
        assert key == visitors.device_key(device, event_id, SECRET_KEY)
        assert key != visitors.device_key(device, event_id, SECRET_KEY + "x")
        assert key != visitors.device_key(device, event_id + 1, SECRET_KEY)


def test_an_attempt_without_cookies_leaves_no_bare_id_as_its_key(
    app: Flask, save: Callable[..., Any], rows: Callable[..., Any]
) -> None:
    poster = save(a_poster(an_event()))
    paper = Phone(app).scan(poster.code)

    Phone(app).send(paper)

    ((attempt_id, key),) = rows(sa.select(Attempt.id, Attempt.device_key))
    assert key != attempt_id.bytes


def test_our_cookies_are_bound_to_the_host_and_hidden_from_scripts(
    app: Flask, save: Callable[..., Any]
) -> None:
    poster = save(a_poster(an_event()))

    response = Phone(app).client.get(f"/q/{poster.code}")

    cookies = response.headers.getlist("Set-Cookie")
    assert len(cookies) >= 2
    for cookie in cookies:
        assert cookie.startswith("__Host-")
        for attribute in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/"):
            assert attribute in cookie
        assert "Domain" not in cookie


def test_a_device_cookie_is_random_and_long() -> None:
    drawn = {visitors.new_device() for _ in range(1000)}

    assert len(drawn) == 1000
    assert all(visitors.is_device(device) for device in drawn)
    assert {len(urlsafe_b64decode(device + "==")) for device in drawn} == {16}
