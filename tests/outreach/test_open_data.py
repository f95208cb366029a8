"""Figures for programs: cheap to ask again, in a language of their own, for every site, told apart.

What they say is held against the page in test_participation_pages.py, and against their description
in test_openapi.py.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from html import unescape
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule

from outreach.campaigns.models import Campaign
from outreach.events.models import EventKind
from outreach.posters.codes import new_code
from tests.builders import (
    CAMPAIGN_ID,
    DAILY_QUIZ_ID,
    FUJIAN,
    JINJIANG,
    MINHOU,
    QUANZHOU,
)
from tests.outreach.attempts import hold_event, some_attempts
from tests.outreach.pages import ENGLISH

Save = Callable[..., Any]

ORIGIN = {"Origin": "https://elsewhere.example"}
OPEN_ADDRESSES = [
    "/participation.json",
    "/participation.csv",
    f"/participation/{QUANZHOU}.json",
    f"/participation/{QUANZHOU}.csv",
    "/api/openapi.json",
]
FIGURES = OPEN_ADDRESSES[:-1]
HOLE = re.compile(r"<(?:(\w+)(?:\([^)]*\))?:)?\w+>")


def address(rule: Rule) -> str:
    """Return an address of a rule, of things that do not exist."""
    return HOLE.sub(lambda hole: "1" if hole[1] in {"int", "key"} else new_code(), rule.rule)


def tag_of(client: FlaskClient, path: str, **headers: str) -> str:
    return client.get(path, headers=headers).headers["ETag"]


def region_name(client: FlaskClient, query: str = "", language: str = "") -> str:
    answer = client.get(f"/participation.json{query}", headers={"Accept-Language": language})
    return str(answer.get_json()["region"]["name"])


@pytest.mark.parametrize("region", [FUJIAN, QUANZHOU, JINJIANG])
def test_whatever_a_region_is_told_apart_by_the_parts_add_up(
    client: FlaskClient, save: Save, region: str
) -> None:
    hold_event(save, JINJIANG, 12)
    hold_event(save, JINJIANG, 5, kind=EventKind.CAMPUS, quiz_id=DAILY_QUIZ_ID)
    hold_event(save, QUANZHOU, 3, kind=EventKind.ONLINE)
    hold_event(save, MINHOU, 2)

    told = client.get(f"/participation/{region}.json").get_json()

    for way in ("days", "kinds", "topics", "bodies"):
        for name in ("attempts", "counted", "devices"):
            assert sum(part[name] for part in told[way]) == told["totals"][name] > 0
    kinds = [part["code"] for part in told["kinds"]]
    assert kinds == ["factory", "campus", "online"][: 2 if region == JINJIANG else 3]


def test_days_are_told_in_order_and_those_outside_the_campaign_together_at_the_end(
    client: FlaskClient, save: Save, rows: Callable[..., list[Any]]
) -> None:
    ((first_on, last_on),) = rows(
        sa.select(Campaign.first_on, Campaign.last_on).where(Campaign.id == CAMPAIGN_ID)
    )
    event, poster, _none = hold_event(save, JINJIANG, 0)
    save(
        *some_attempts(event, poster, 1, local_day=first_on),
        *some_attempts(event, poster, 2, local_day=last_on),
        *some_attempts(event, poster, 3, local_day=last_on + timedelta(days=1)),
        *some_attempts(event, poster, 4, local_day=first_on - timedelta(days=9)),
    )

    with time_machine.travel(datetime.combine(last_on, time(4), UTC), tick=False):
        *days, outside = client.get("/participation.json").get_json()["days"]

    starts = [day["first_on"] for day in days]
    assert starts == sorted(starts)
    assert (starts[0], days[-1]["last_on"]) == (first_on.isoformat(), last_on.isoformat())
    assert (days[0]["attempts"], days[-1]["attempts"]) == (1, 2)
    assert outside == {
        "first_on": None, "last_on": None, "attempts": 7, "counted": 7, "devices": 7,
    }  # fmt: skip


@pytest.mark.parametrize("path", OPEN_ADDRESSES)
def test_whoever_has_the_newest_figures_is_told_so_and_sent_nothing(
    client: FlaskClient, save: Save, path: str
) -> None:
    hold_event(save, JINJIANG, 12)
    first = client.get(path)

    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=1)):
        again = client.get(path, headers={"If-None-Match": first.headers["ETag"]})
        packed = client.get(
            path, headers={"If-None-Match": first.headers["ETag"], "Accept-Encoding": "gzip, br"}
        )

    assert (first.status_code, again.status_code, packed.status_code) == (200, 304, 304)
    assert again.data == b""
    assert again.headers["ETag"] == first.headers["ETag"]
    assert again.headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize("path", FIGURES)
def test_one_more_attempt_changes_the_tag(client: FlaskClient, save: Save, path: str) -> None:
    before = tag_of(client, path)

    hold_event(save, JINJIANG, 1)

    answer = client.get(path, headers={"If-None-Match": before})
    assert answer.status_code == 200
    assert answer.headers["ETag"] != before


def test_the_language_is_that_of_the_address_then_of_the_request_and_never_of_a_cookie(
    client: FlaskClient,
) -> None:
    client.post("/locale", data={"locale": "en"})

    assert "Fujian" in client.get("/participation").text
    assert region_name(client) == "福建省"
    assert region_name(client, language="en-GB, zh;q=0.5") == "Fujian"
    assert region_name(client, "?lang=zh", "en") == "福建省"
    assert region_name(client, "?lang=en", "zh-CN") == "Fujian"
    assert tag_of(client, "/participation.json?lang=en") != tag_of(client, "/participation.json")
    for path in FIGURES:
        vary = {name.strip() for name in client.get(path).headers["Vary"].split(",")}
        assert vary == {"Accept-Language", "Accept-Encoding"}


def test_asking_for_the_head_alone_gives_the_same_headers(client: FlaskClient) -> None:
    with time_machine.travel("2026-11-22T08:00:00Z", tick=False):
        for path in OPEN_ADDRESSES:
            whole, head = client.get(path), client.head(path)

            assert (head.status_code, head.data) == (200, b"")
            assert {name for name, _value in head.headers} == {name for name, _v in whole.headers}
            for name in ("ETag", "Vary", "Cache-Control", "Content-Type", "Content-Length"):
                assert head.headers.get(name) == whole.headers.get(name)


@pytest.mark.parametrize("accept", ["text/html", "application/xml", "*/*;q=0", "nonsense"])
def test_the_address_decides_the_format_whatever_a_program_says_it_accepts(
    client: FlaskClient, accept: str
) -> None:
    headers = {"Accept": accept}

    assert client.get("/participation.json", headers=headers).mimetype == "application/json"
    assert client.get("/participation.csv", headers=headers).mimetype == "text/csv"


@pytest.mark.parametrize(
    "code", ["0350500", "35050", "350500%20", "３５０５００", "350500.0", "110000"]
)
def test_a_code_is_six_digits_and_nothing_else(client: FlaskClient, code: str) -> None:
    for ending in (".json", ".csv"):
        assert client.get(f"/participation/{code}{ending}").status_code == 404


@pytest.mark.parametrize(("lang", "word"), [("zh", "/participation.json"), ("en", "No region")])
def test_a_program_is_told_what_is_wrong_where_and_what_to_do(
    client: FlaskClient, lang: str, word: str
) -> None:
    json = client.get(f"/participation/999999.json?lang={lang}")
    sheet = client.get(f"/participation/999999.csv?lang={lang}")

    assert json.mimetype == "application/problem+json"
    told = json.get_json(force=True)
    assert (told["status"], told["title"]) == (404, "Not Found")
    assert told["instance"] == "/participation/999999.json"
    assert word in told["detail"]
    assert "/participation.json" in told["detail"]
    assert sheet.mimetype == "text/plain"
    assert sheet.text == f"404 Not Found\n{told['detail']}\n"
    for answer in (json, sheet):
        assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("path", FIGURES)
def test_an_unknown_language_is_refused_and_the_known_ones_are_named(
    client: FlaskClient, path: str
) -> None:
    answer = client.get(f"{path}?lang=fr")

    assert answer.status_code == 400
    assert "zh" in answer.text
    assert "en" in answer.text


def test_scripts_of_other_sites_may_read_public_figures_and_nothing_else(
    app: Flask, client: FlaskClient, save: Save
) -> None:
    event, _poster, _attempts = hold_event(save, JINJIANG, 1)
    board = f"/board/{event.board_code}.json"
    paths = {address(rule) for rule in app.url_map.iter_rules()} | {board, *OPEN_ADDRESSES}
    is_open = set()

    for path in sorted(paths):
        for method in ("OPTIONS", "GET"):
            answer = client.open(path, method=method, headers=ORIGIN)
            assert "Access-Control-Allow-Credentials" not in answer.headers
            if "Access-Control-Allow-Origin" in answer.headers:
                assert answer.headers["Access-Control-Allow-Origin"] == "*"
                assert answer.headers["Access-Control-Expose-Headers"] == "ETag"
                assert "Set-Cookie" not in answer.headers
                is_open.add((path, method))
            answer.close()

    known = {path for path, method in is_open if path in {board, *OPEN_ADDRESSES}}
    assert known == {board, *OPEN_ADDRESSES}
    figures = re.compile(
        r"/(participation(/\w+)?\.(json|csv)|board/[\w-]+\.json|api/openapi\.json)"
    )
    assert [path for path, _method in is_open if not figures.fullmatch(path)] == []
    assert {(path, method) for path in known for method in ("GET", "OPTIONS")} <= is_open


def test_scripts_of_other_sites_may_ask_whether_figures_changed(
    client: FlaskClient, save: Save
) -> None:
    event, _poster, _attempts = hold_event(save, JINJIANG, 1)
    asked = {
        "Access-Control-Request-Method": "GET",
        "Access-Control-Request-Headers": "if-none-match",
    }

    for path in (f"/board/{event.board_code}.json", *OPEN_ADDRESSES):
        allowed = client.options(path, headers=ORIGIN | asked)
        tag = tag_of(client, path)
        unchanged = client.get(path, headers=ORIGIN | {"If-None-Match": tag})

        assert allowed.headers["Access-Control-Allow-Headers"] == "If-None-Match"
        assert allowed.headers["Access-Control-Allow-Methods"] == "GET, HEAD, OPTIONS"
        assert unchanged.status_code == 304
        assert unchanged.headers["Access-Control-Allow-Origin"] == "*"


def test_the_page_leads_to_its_figures_in_the_same_language_and_to_what_they_mean(
    client: FlaskClient,
) -> None:
    for headers, name in (({}, "泉州市"), (ENGLISH, "Quanzhou")):
        page = client.get(f"/participation/{QUANZHOU}", headers=headers).text
        links = {unescape(link) for link in re.findall(r'href="([^"]+)"', page)}

        for ending in (".json", ".csv"):
            (link,) = (one for one in links if f"/{QUANZHOU}{ending}" in one)
            assert name in client.get(link).text
        assert "/api/openapi.json" in links
