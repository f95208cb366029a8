"""A scan that is answered before Flask wakes is the same scan."""

import gzip
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask, request_started
from werkzeug.test import TestResponse

from core import i18n, sqlite
from core.db import db, write
from outreach.events.models import Event
from outreach.participation import rendering
from outreach.posters.models import Poster
from question_bank import service as bank
from tests.builders import a_poster, an_event
from tests.conftest import csrf_token
from tests.outreach.papers import ATTEMPTS, at_rest
from tests.phone import Phone

Save = Callable[..., Any]
A_WHILE = 3600.0
GZIP = {"Accept-Encoding": "gzip"}


@pytest.fixture
def scan_seconds() -> float:
    return A_WHILE


@pytest.fixture
def unhurried(database_url: str, make_app: Callable[..., Flask]) -> Flask:
    """Flask alone, over the same database."""
    return make_app(database_url)


@pytest.fixture
def poster(save: Save) -> Poster:
    poster: Poster = save(a_poster(an_event()))
    return poster


@pytest.fixture
def woken(app: Flask) -> Iterator[list[str]]:
    """Every path that Flask was asked for."""
    paths: list[str] = []

    def note(_app: Flask, **_more: Any) -> None:
        paths.append("asked")

    with request_started.connected_to(note, app):
        yield paths


def warm(app: Flask, code: str, **headers: str) -> None:
    """Scan until the code is known and every question was rendered, as after some hundred scans."""
    with app.test_request_context(headers=headers):
        edition = bank.edition(1)
        for question in edition.questions.values():
            rendering.question_parts(edition, question, i18n.locale())
    look(app, code, **headers)


def look(app: Flask, code: str, **headers: str) -> TestResponse:
    """Scan with a phone that holds just the cookies it is told."""
    return app.test_client(use_cookies=False).get(f"/q/{code}", headers=headers)


@pytest.mark.parametrize(
    "headers",
    [{}, {"Accept-Language": "en"}, {"Cookie": "__Host-locale=en; __Host-display=elder"}],
)
def test_the_page_is_what_flask_would_answer(
    app: Flask, poster: Poster, woken: list[str], headers: dict[str, str]
) -> None:
    warm(app, poster.code, **headers)
    woken.clear()

    quick = look(app, poster.code, **headers)
    cookies = "; ".join(cookie.partition(";")[0] for cookie in quick.headers.getlist("Set-Cookie"))
    kept = "; ".join(filter(None, [headers.get("Cookie"), cookies]))
    again = look(app, poster.code, **(headers | {"Cookie": kept}))

    assert len(woken) == 1  # only for the paper in hand
    assert quick.text == again.text
    unlike = {"Set-Cookie", "Content-Length", "X-Request-ID"}
    assert {k: v for k, v in quick.headers.items() if k not in unlike} == {
        k: v for k, v in again.headers.items() if k not in unlike
    }


def test_its_cookies_are_those_of_flask(app: Flask, poster: Poster, woken: list[str]) -> None:
    usual = look(app, poster.code)
    warm(app, poster.code)
    woken.clear()

    quick = look(app, poster.code)

    def shapes(response: TestResponse) -> list[list[str]]:
        return [
            [part.partition("=")[0] if n == 0 or "Expires" in part else part for n, part in
             enumerate(cookie.split("; "))]
            for cookie in response.headers.getlist("Set-Cookie")
        ]  # fmt: skip

    assert woken == []
    assert shapes(quick) == shapes(usual)


def test_packed_or_not_as_the_phone_can_read_it(app: Flask, poster: Poster) -> None:
    warm(app, poster.code)

    packed = look(app, poster.code, **GZIP)
    plain = look(app, poster.code)

    assert packed.headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in plain.headers
    assert gzip.decompress(packed.data)[:200] == plain.data[:200]
    assert int(packed.headers["Content-Length"]) == len(packed.data)


def test_a_paper_from_it_is_handed_in_and_counted(
    app: Flask, poster: Poster, woken: list[str], rows: Callable[..., list[Any]]
) -> None:
    warm(app, poster.code)
    woken.clear()
    phone = Phone(app)
    paper = phone.scan(poster.code)
    assert woken == []

    receipt = phone.send(paper).headers["Location"]

    assert phone.send(paper).headers["Location"] == receipt
    assert phone.client.get(receipt).status_code == 200
    assert rows(ATTEMPTS) == [(1,)]


def test_every_phone_gets_a_paper_of_its_own_and_nothing_is_written(
    app: Flask, poster: Poster
) -> None:
    warm(app, poster.code)
    before = at_rest(app)

    tickets = {Phone(app).scan(poster.code).ticket for _phone in range(20)}

    assert len(tickets) == 20
    assert at_rest(app) == before


def test_what_an_organizer_changes_holds_at_once_in_every_process(
    app: Flask,
    database_url: str,
    make_app: Callable[..., Flask],
    poster: Poster,
    sign_in: Callable[..., Any],
) -> None:
    other = make_app(database_url, scan_seconds=A_WHILE)
    warm(app, poster.code)
    warm(other, poster.code)
    organizer = sign_in()
    page = organizer.get(f"/organize/events/{poster.event_id}/posters").text

    done = organizer.post(
        f"/organize/posters/{poster.code}/withdraw", data={"csrf_token": csrf_token(page)}
    )

    assert done.status_code == 303
    assert look(app, poster.code).status_code == look(other, poster.code).status_code == 410


def test_what_somebody_else_changes_holds_after_a_moment(
    database_url: str, make_app: Callable[..., Flask], poster: Poster
) -> None:
    app = make_app(database_url, scan_seconds=1.0)
    with time_machine.travel(datetime.now(UTC), tick=False) as clock:
        warm(app, poster.code)
        with app.app_context(), db.engine.begin() as connection:
            connection.execute(sa.update(Event).values(cancelled_at=datetime.now(UTC)))

        clock.shift(1.5)

        assert look(app, poster.code).status_code == 410


def test_an_event_closes_to_the_second(app: Flask, save: Save, woken: list[str]) -> None:
    now = datetime.now(UTC)
    poster = save(a_poster(an_event(closes_at=now + timedelta(minutes=5))))
    with time_machine.travel(now, tick=False) as clock:
        warm(app, poster.code)
        woken.clear()
        clock.shift(299)
        assert look(app, poster.code).status_code == 200
        assert woken == []

        clock.shift(1)

        assert look(app, poster.code).status_code == 410


@pytest.mark.parametrize(
    "cookie",
    [
        "\x00",
        "caf\xe9",
        "=;=;",
        "__Host-display=../../x",
        "__Host-device=" + "x" * 4000,
        "a" * 9000,
    ],
)
def test_a_nonsense_cookie_does_no_harm(app: Flask, poster: Poster, cookie: str) -> None:
    warm(app, poster.code)

    response = look(app, poster.code, Cookie=cookie)

    assert response.status_code == 200
    assert "data-quiz" in response.text


@pytest.mark.parametrize("path", ["/q/", "/q/AAAAAAAA", "/q/a/b", "/q/%00"])
def test_an_unknown_code_is_unknown(app: Flask, poster: Poster, path: str) -> None:
    warm(app, poster.code)

    assert Phone(app).client.get(path).status_code == 404


@pytest.mark.parametrize("headers", [{}, {"Accept-Language": "en"}, {"Accept-Language": "zh-TW"}])
def test_handing_in_and_the_result_are_what_flask_would_answer(
    app: Flask, unhurried: Flask, poster: Poster, woken: list[str], headers: dict[str, str]
) -> None:
    plain = Phone(unhurried, headers)
    quick = Phone(app, headers)
    warm(app, poster.code, **headers)
    paper = quick.scan(poster.code)
    woken.clear()
    sent = quick.send(paper)
    receipt = sent.headers["Location"]
    assert woken == []
    quick.client.get(receipt, headers=headers)  # renders its parts
    woken.clear()
    shown = quick.client.get(receipt, headers=headers)
    assert woken == []

    by_flask = plain.send(paper)
    shown_by_flask = plain.client.get(receipt, headers=headers)

    assert told(sent) == told(by_flask)
    assert told(shown) == told(shown_by_flask)
    assert shown.text == shown_by_flask.text


def told(response: TestResponse) -> dict[str, str]:
    """Return status and headers, but for what no two answers share and what describes a body that
    no browser shows."""
    unlike = {"X-Request-ID"}
    if response.status_code == 303:
        unlike |= {"Content-Length", "Content-Type", "Vary"}
    headers = {name: value for name, value in response.headers.items() if name not in unlike}
    kept = re.sub(r"Expires=[^;]*", "", headers.get("Set-Cookie", ""))
    return headers | {"Set-Cookie": kept, "status": str(response.status_code)}


def test_a_script_that_sends_is_answered_in_front_too(
    app: Flask, poster: Poster, woken: list[str]
) -> None:
    warm(app, poster.code)
    woken.clear()
    phone = Phone(app, {"Accept": "application/json"})
    paper = phone.scan(poster.code)

    answer = phone.send(paper)

    assert woken == []
    assert answer.get_json() == {"receipt": phone.send(paper).get_json()["receipt"]}


def test_a_number_that_is_not_at_hand_is_asked_for_by_flask(
    app: Flask, poster: Poster, woken: list[str]
) -> None:
    warm(app, poster.code)
    phone = Phone(app)
    now = datetime.now(UTC)
    with time_machine.travel(now, tick=False) as clock:
        receipt = phone.take(poster.code)
        for _ in range(2):
            phone.client.get(receipt)
        woken.clear()
        phone.client.get(receipt)
        assert woken == []

        clock.shift(11)
        phone.client.get(receipt)

    assert len(woken) == 1


def test_a_database_that_cannot_be_written_is_waited_for_once(
    app: Flask, poster: Poster, woken: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "PATIENCE_SECONDS", 0.05)
    warm(app, poster.code)
    phone = Phone(app)
    paper = phone.scan(poster.code)
    asked: list[str] = []
    woken.clear()

    with app.app_context(), write() as connection:
        connection.execute(sa.text("SELECT 1"))
        sa.event.listen(db.engine, "begin", lambda _connection: asked.append("began"))
        answer = phone.send(paper)

    assert answer.status_code == 503
    assert paper.ticket in answer.text
    assert (woken, asked) == (["asked"], [])
    assert phone.send(paper).status_code == 303
