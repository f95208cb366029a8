"""What operators read: figures, request ids and lines in the log, none of them about a person."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from core.config import ConfigError
from core.traffic import shortened
from tests.builders import a_poster, an_event
from tests.conftest import Server
from tests.outreach.test_burst import ask, hand_in, scan
from tests.phone import Phone

TOKEN = "a token for the figures"
BEARER = {"Authorization": f"Bearer {TOKEN}"}
LOOPBACK = {"REMOTE_ADDR": "127.0.0.1"}
ELSEWHERE = {"REMOTE_ADDR": "203.0.113.77"}
LINE = re.compile(r'quality_month_\w+(\{(\w+="[^"\\]*",?)+\})? -?[0-9.e+]+')


def figures(text: str) -> dict[str, float]:
    """Read the figures of a page."""
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    assert all(LINE.fullmatch(line) for line in lines), text
    return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines)}


def read(app: Flask) -> dict[str, float]:
    """Read the figures of an app."""
    return figures(app.test_client().get("/metrics", environ_base=LOOPBACK).text)


def of(outcome: str) -> str:
    """Name the figure of an outcome."""
    return f'quality_month_attempts_total{{outcome="{outcome}"}}'


@pytest.fixture
def guarded(database_url: str, make_app: Callable[..., Flask]) -> FlaskClient:
    """A client of an app behind a proxy, with a token."""
    return make_app(database_url, metrics_token=TOKEN, trusted_proxies=1).test_client()


@pytest.mark.parametrize(
    ("headers", "sender", "status"),
    [
        ({}, LOOPBACK, 200),
        ({}, ELSEWHERE, 404),
        ({}, {"REMOTE_ADDR": "::1"}, 200),
        ({}, {"REMOTE_ADDR": ""}, 404),
        (BEARER, ELSEWHERE, 200),
        ({"Authorization": f"Bearer {TOKEN}x"}, ELSEWHERE, 404),
        ({"Authorization": f"bearer {TOKEN}"}, ELSEWHERE, 404),
        ({"Authorization": "Bearer é"}, ELSEWHERE, 404),
        # Through a proxy on this machine, and by somebody who says that a proxy said so.
        ({"X-Forwarded-For": "203.0.113.77"}, LOOPBACK, 404),
        ({"X-Forwarded-For": "127.0.0.1"}, ELSEWHERE, 404),
        ({"X-Forwarded-For": "127.0.0.1"}, LOOPBACK, 404),
        ({"X-Forwarded-For": "127.0.0.1"} | BEARER, LOOPBACK, 200),
    ],
)
def test_figures_are_for_holders_of_the_token_and_for_this_machine(
    guarded: FlaskClient, headers: dict[str, str], sender: dict[str, str], status: int
) -> None:
    response = guarded.get("/metrics", headers=headers, environ_base=sender)

    assert response.status_code == status


def test_without_a_token_in_the_settings_no_token_opens_the_figures(client: FlaskClient) -> None:
    for token in ("", "None", "Bearer None", "Bearer "):
        headers = {"Authorization": token}

        assert client.get("/metrics", headers=headers, environ_base=ELSEWHERE).status_code == 404


def test_a_token_that_can_be_guessed_stops_the_start(
    database_url: str, make_app: Callable[..., Flask]
) -> None:
    with pytest.raises(ConfigError, match="METRICS_TOKEN"):
        make_app(database_url, metrics_token="short")


def test_each_paper_sent_is_counted_by_what_became_of_it(
    app: Flask, save: Callable[..., Any], phone: Callable[..., Phone]
) -> None:
    poster = save(a_poster(an_event()))
    visitor = phone()
    paper = visitor.scan(poster.code)

    visitor.send(paper, {})
    visitor.send(paper)
    visitor.send(paper)
    visitor.send(paper, paper.answers(1))
    visitor.send(paper, {"show_in": "en"})

    found = read(app)
    assert found[of("accepted")] == 1
    assert found[of("repeated")] == 1
    assert found[of("conflict")] == 1
    assert found[of("refused")] == 1
    assert found[of("busy")] == found[of("failed")] == 0
    assert found["quality_month_unfolded_attempts"] == 1
    assert found["quality_month_edition_number"] == 1
    assert found["quality_month_edition_age_seconds"] >= 0
    assert found["quality_month_database_up"] == 1


def test_a_histogram_adds_up_and_names_parts_of_the_site_only(
    app: Flask, save: Callable[..., Any], phone: Callable[..., Phone]
) -> None:
    poster = save(a_poster(an_event()))
    receipt = phone().take(poster.code)
    for path in (receipt, "/wp-login.php?user=x", "/q/NOSUCHCODE", "/participation/350582.json"):
        app.test_client().get(path)

    text = app.test_client().get("/metrics", environ_base=LOOPBACK).text

    found = figures(text)
    paper = 'part="/q",method="GET"'
    assert found[f"quality_month_request_seconds_count{{{paper}}}"] == 2
    assert found[f'quality_month_request_seconds_bucket{{{paper},le="+Inf"}}'] == 2
    assert found['quality_month_requests_total{part="/q",method="GET",status="4xx"}'] == 1
    assert found['quality_month_requests_total{part="unknown",method="unknown",status="4xx"}'] == 1
    for sent in (poster.code, receipt.rpartition("/")[2], "wp-login", "NOSUCHCODE", "350582"):
        assert sent not in text


def test_figures_are_told_while_the_database_is_away(
    tmp_path: Path, make_app: Callable[..., Flask]
) -> None:
    found = read(make_app(f"sqlite:///{tmp_path}"))

    assert found["quality_month_database_up"] == 0
    assert "quality_month_edition_number" not in found
    assert found[of("accepted")] == 0


def test_two_processes_count_together_and_the_log_names_nobody(
    save: Callable[..., Any], database_url: str, tmp_path: Path
) -> None:
    poster = save(a_poster(an_event()))
    server = Server(database_url, tmp_path, LOG_REQUESTS="1", TRUSTED_PROXIES="1")
    server.wait()
    sender = {"X-Forwarded-For": "203.0.113.77", "X-Request-ID": "of-the-proxy.1"}
    receipts = []
    for _ in range(20):  # over as many connections, so that both processes answer
        paper, _answer = scan(server, poster.code)
        receipts.append(hand_in(server, paper)().location)
    ask(server, "GET", f"{receipts[0]}?name=lin", **sender)

    found = figures(ask(server, "GET", "/metrics").text)
    server.stop()

    assert found[of("accepted")] == 20
    assert found["quality_month_workers"] == 2
    assert found["quality_month_resident_bytes"] > 2**20
    log = server.log.read_text()
    lines = [json.loads(line) for line in log.splitlines() if line.startswith("{")]
    receipt = next(line for line in lines if line.get("request_id") == "of-the-proxy.1")
    assert receipt["route"] == "/r/<receipt>"
    assert receipt["from"] == "203.0.113.0"
    assert receipt["status"] == 200
    assert sum(line["route"] == "/q/<code>" for line in lines if "route" in line) == 40
    for mark in (*receipts, "name=lin", "203.0.113.77", poster.code):
        assert mark not in log


def test_every_answer_has_an_id_of_its_own_and_a_strangers_is_not_taken(
    client: FlaskClient,
) -> None:
    answers = [client.get(path, headers={"X-Request-ID": "given"}) for path in ("/", "/", "/x")]

    ids = [answer.headers["X-Request-ID"] for answer in answers]
    assert len(set(ids)) == 3
    assert "given" not in ids


@pytest.mark.parametrize(
    ("given", "is_taken"), [("0af7651916cd43dd", True), ("short", False), ('x" , "y": "z', False)]
)
def test_a_trusted_proxys_id_is_taken_if_it_is_one(
    guarded: FlaskClient, given: str, is_taken: bool
) -> None:
    response = guarded.get("/healthz", headers={"X-Request-ID": given})

    assert (response.headers["X-Request-ID"] == given) == is_taken


def test_an_unexpected_error_shows_the_number_under_which_the_log_tells_it(
    app: Flask, client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    app.testing = False
    app.config["PROPAGATE_EXCEPTIONS"] = False

    @app.get("/breaks/<receipt>")
    def breaks(receipt: str) -> str:
        raise ValueError(receipt)

    response = client.get("/breaks/secret-receipt")

    assert response.status_code == 500
    assert response.headers["X-Request-ID"] in response.text
    assert [record.getMessage() for record in caplog.records] == [
        "unexpected error at GET /breaks/<receipt>"
    ]


@pytest.mark.parametrize(
    ("address", "kept"),
    [
        ("203.0.113.77", "203.0.113.0"),
        ("2001:db8:1:2:3::4", "2001:db8:1::"),
        ("::ffff:203.0.113.77", "203.0.113.0"),
        ("unix:", ""),
        ("", ""),
    ],
)
def test_an_address_is_kept_without_its_end(address: str, kept: str) -> None:
    assert shortened(address) == kept
