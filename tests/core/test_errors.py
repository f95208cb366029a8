"""The pages for what goes wrong: understandable, in both languages, with a way on."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import werkzeug.exceptions
from flask import Flask, abort
from flask.testing import FlaskClient
from werkzeug.test import EnvironBuilder, TestResponse, run_wsgi_app

from core.config import MAX_BODY_BYTES
from core.db import db
from outreach.events.models import EventKind
from outreach.organizers import service as organizers
from outreach.organizers.models import Role
from outreach.posters.codes import new_code
from tests.builders import FUJIAN, a_poster, an_event
from tests.conftest import csrf_token, free_port
from tests.phone import Phone

CODES = [400, 403, 404, 405, 410, 413, 429, 500, 503]
CHINESE = re.compile(r"[\u4e00-\u9fff]")
HEADING = re.compile(r"<h1>(.*?)</h1>", re.DOTALL)
MAIN = re.compile(r"<main.*?</main>", re.DOTALL)
TOO_MUCH = MAX_BODY_BYTES + 1
NUMBER_TOO_LARGE = 2**63


@pytest.fixture
def failing(database_url: str, make_app: Callable[..., Flask]) -> FlaskClient:
    """Return the browser of a stranger at a server with pages that fail on demand."""
    app = make_app(database_url, testing=False)
    app.add_url_rule("/probe/<int:code>", "probe", abort)
    app.add_url_rule("/probe/<int:code>.json", "probe_json", abort)
    app.add_url_rule("/crash", "crash", lambda: {}["the password is hunter2"])
    return app.test_client()


@pytest.fixture(params=["sqlite", "postgresql"])
def cut_off(
    request: pytest.FixtureRequest, tmp_path: Path, make_app: Callable[..., Flask]
) -> FlaskClient:
    """Return the browser of a stranger at a server whose database is out of reach."""
    if request.param == "postgresql":
        url = f"postgresql+psycopg://nobody@127.0.0.1:{free_port()}/none"
        return make_app(url, testing=False).test_client()
    folder = tmp_path / "disk"
    app = make_app(f"sqlite:///{folder / 'outreach.sqlite'}", testing=False)
    shutil.rmtree(folder)
    folder.touch()
    return app.test_client()


@pytest.fixture
def insider(app: Flask, sign_in: Callable[..., FlaskClient]) -> FlaskClient:
    """Return the browser of somebody who may open every page."""
    with app.app_context():
        organizers.add(
            "lin",
            "correct horse",
            FUJIAN,
            role=Role.REGION,
            edits_questions=True,
            reviews_questions=True,
        )
        db.session.commit()
    return sign_in("lin", add=False)


def heading(page: TestResponse) -> str:
    """Return a page's one heading."""
    found = HEADING.findall(page.text)
    assert len(found) == 1, page.text
    return str(found[0])


@pytest.mark.parametrize("code", CODES)
def test_each_fault_has_a_page_in_chinese(failing: FlaskClient, code: int) -> None:
    page = failing.get(f"/probe/{code}", headers={"Accept-Language": "zh-CN"})

    assert page.status_code == code
    assert page.mimetype == "text/html"
    assert '<html lang="zh-CN">' in page.text
    assert CHINESE.search(heading(page))
    assert 'href="/"' in MAIN.findall(page.text)[0]


@pytest.mark.parametrize("code", CODES)
def test_each_fault_has_a_page_in_english(failing: FlaskClient, code: int) -> None:
    page = failing.get(f"/probe/{code}", headers={"Accept-Language": "en"})

    assert page.status_code == code
    assert page.mimetype == "text/html"
    assert '<html lang="en">' in page.text
    assert not CHINESE.search(MAIN.findall(page.text)[0])
    assert 'href="/"' in MAIN.findall(page.text)[0]


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_no_two_faults_are_told_in_the_same_words(failing: FlaskClient, language: str) -> None:
    told = {
        heading(failing.get(f"/probe/{code}", headers={"Accept-Language": language}))
        for code in CODES
    }

    assert len(told) == len(CODES)


@pytest.mark.parametrize(
    "code",
    sorted(code for code in werkzeug.exceptions.default_exceptions if code not in CODES),
)
def test_a_fault_without_a_page_of_its_own_keeps_its_code(failing: FlaskClient, code: int) -> None:
    page = failing.get(f"/probe/{code}")

    assert page.status_code == code
    assert heading(page)


def test_a_crash_tells_the_visitor_nothing_of_its_inside(failing: FlaskClient) -> None:
    page = failing.get("/crash")

    assert page.status_code == 500
    assert "hunter2" not in page.text
    assert "KeyError" not in page.text
    assert heading(page)


def test_a_crash_tells_the_operator_everything(
    failing: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    failing.get("/crash")

    assert "hunter2" in caplog.text
    assert "Traceback" in caplog.text


@pytest.mark.parametrize("code", CODES)
def test_programs_are_told_the_fault_as_data(failing: FlaskClient, code: int) -> None:
    path = f"/probe/{code}.json"
    chinese = failing.get(path, headers={"Accept-Language": "zh-CN"})
    english = failing.get(path, headers={"Accept-Language": "en"})

    assert chinese.status_code == english.status_code == code
    for answer in (chinese, english):
        assert answer.mimetype == "application/problem+json"
        assert answer.headers["Cache-Control"] == "no-store"
        told = answer.get_json(force=True)
        assert (told["status"], told["instance"]) == (code, path)
        assert bool(CHINESE.search(told["detail"])) == (answer is chinese)


def test_a_page_asked_for_in_the_wrong_way_says_which_ways_it_knows(client: FlaskClient) -> None:
    response = client.delete("/participation")

    assert response.status_code == 405
    assert "GET" in response.headers["Allow"]
    assert heading(response)


@pytest.mark.parametrize("path", ["/locale", "/organize/sign-in", "/organize/events/new"])
def test_a_body_that_is_too_large_gets_a_page_that_says_so(client: FlaskClient, path: str) -> None:
    expected = heading(client.get("/no-such-page"))

    response = client.post(path, data={"next": "x" * TOO_MUCH})

    assert response.status_code == 413
    assert heading(response) != expected


class EndlessBody:
    """A body as a client can send it that tells no size and never stops."""

    sent = 0

    def read(self, size: int = -1) -> bytes:
        assert size >= 0, "the server would read for ever"
        piece = b"x" * min(size, 65536)
        self.sent += len(piece)
        return piece

    readline = read


def test_a_body_that_tells_no_size_is_read_no_further_than_the_limit(app: Flask) -> None:
    body = EndlessBody()
    environ = EnvironBuilder(
        "/locale", method="POST", content_type="application/x-www-form-urlencoded"
    ).get_environ()
    del environ["CONTENT_LENGTH"]
    environ |= {"wsgi.input": body, "wsgi.input_terminated": True}

    run_wsgi_app(app, environ)

    assert 0 < body.sent <= MAX_BODY_BYTES


def test_a_body_of_too_many_parts_is_refused(client: FlaskClient) -> None:
    parts = {f"part{n}": "x" for n in range(1500)}

    response = client.post("/locale", data=parts, content_type="multipart/form-data")

    assert response.status_code == 413


def test_handed_in_answers_are_bounded_more_tightly(
    save: Callable[..., Any], phone: Callable[..., Phone]
) -> None:
    poster = save(a_poster(an_event()))
    visitor = phone()

    response = visitor.send(visitor.scan(poster.code), more="x" * 20_000)

    assert response.status_code == 413
    assert heading(response)


@pytest.mark.parametrize("path", ["/", "/learn", "/participation", "/q/ACDE3467"])
@pytest.mark.parametrize(("language", "lang"), [("zh-CN", "zh-CN"), ("en-US", "en")])
def test_a_database_out_of_reach_is_told_as_passing(
    cut_off: FlaskClient, path: str, language: str, lang: str
) -> None:
    page = cut_off.get(path, headers={"Accept-Language": language})

    assert page.status_code == 503
    assert int(page.headers["Retry-After"]) > 0
    assert f'<html lang="{lang}">' in page.text
    assert bool(CHINESE.search(heading(page))) == (lang == "zh-CN")
    assert page.headers["Cache-Control"] == "no-store"


def test_a_database_out_of_reach_is_told_to_programs_too(cut_off: FlaskClient) -> None:
    answer = cut_off.get("/participation.json")

    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert answer.mimetype == "application/problem+json"


def test_a_database_out_of_reach_costs_nobody_their_answers(cut_off: FlaskClient) -> None:
    answers = {"ticket": "of some paper", "q1": "3", "q2": ["1", "4"], "region": "350582"}

    page = cut_off.post(f"/q/{new_code()}", data=answers)

    assert page.status_code == 503
    assert int(page.headers["Retry-After"]) > 0
    kept = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', page.text)
    for expected in (
        ("ticket", "of some paper"),
        ("q1", "3"),
        ("q2", "1"),
        ("q2", "4"),
        ("region", "350582"),
    ):
        assert expected in kept


def test_a_database_out_of_reach_lets_nobody_in_and_says_so(cut_off: FlaskClient) -> None:
    token = csrf_token(cut_off.get("/organize/sign-in").text)
    form = {"csrf_token": token, "name": "chen", "password": "correct horse"}
    headers = {"Referer": "https://localhost/organize/sign-in"}

    page = cut_off.post("/organize/sign-in", data=form, headers=headers)

    assert page.status_code == 503
    assert int(page.headers["Retry-After"]) > 0


@pytest.mark.parametrize(("path", "status"), [("/healthz", 200), ("/no-such-page", 404)])
def test_what_needs_no_database_works_without_one(
    cut_off: FlaskClient, path: str, status: int
) -> None:
    assert cut_off.get(path).status_code == status


@pytest.mark.parametrize(
    "path",
    [
        "/%00",
        "/%ff%fe",
        "/q/%00",
        "/q/%ff",
        "/q/" + "A" * 5000,
        "/r/%00",
        f"/r/{NUMBER_TOO_LARGE:x}-AAAAAAAAAAAAAAAAAAAAAA",
        "/learn/%00",
        "/learn/food-safety/%00",
        "/participation/%00",
        f"/participation/{NUMBER_TOO_LARGE}",
        f"/participation/{NUMBER_TOO_LARGE}.json",
        f"/participation/{NUMBER_TOO_LARGE}.csv",
        "/assets/%00/site.css",
        "/assets/x/../../app.py",
        "/static/../app.py",
        "/static/%2e%2e/app.py",
        "/static/%00",
        f"/organize/events/{NUMBER_TOO_LARGE}",
        f"/organize/events/{NUMBER_TOO_LARGE}/edit",
        f"/organize/events/{NUMBER_TOO_LARGE}/posters",
        "/organize/posters/%00.svg",
        "/organize/posters/%00/print",
        "/organize/posters/%ff.png",
        "/bank/questions/%00",
        "/bank/questions/%00/edit",
        "/bank/questions/%ff",
        f"/bank/questions/x/revisions/{NUMBER_TOO_LARGE}",
        f"/bank/questions/%00/revisions/{NUMBER_TOO_LARGE}",
    ],
)
def test_a_senseless_address_is_the_askers_fault(insider: FlaskClient, path: str) -> None:
    assert insider.get(path).status_code in {400, 404}


@pytest.mark.parametrize(
    "path",
    [
        "/?code=%00",
        "/?code=%ff",
        "/?code=" + "A" * 5000,
        "/organize/sign-in?next=%00",
        "/organize/?page=-1",
        "/organize/?page=x",
        f"/organize/?page={2**31}",
        f"/organize/?page={NUMBER_TOO_LARGE}",
        "/organize/regions.json?q=%00",
        "/organize/regions.json?q=%25",
        "/organize/regions.json?q=%ff",
        "/organize/regions.json",
        "/bank/?q=%00",
        "/bank/?q=%25%5F%5C",
        "/bank/?topic=%00",
        "/bank/?page=x",
        "/bank/?page=-1",
        f"/bank/?page={NUMBER_TOO_LARGE}",
    ],
)
def test_a_senseless_question_is_no_crash(insider: FlaskClient, path: str) -> None:
    assert insider.get(path).status_code in {200, 303, 400, 404}


@pytest.mark.parametrize("name", ["a\x00b", "\x00", "\ud7ff\uffff", "x" * 10_000, "陈" * 300])
def test_a_senseless_name_lets_nobody_in(client: FlaskClient, name: str) -> None:
    token = csrf_token(client.get("/organize/sign-in").text)
    form = {"csrf_token": token, "name": name, "password": "wrong\x00horse"}

    page = client.post("/organize/sign-in", data=form)

    assert page.status_code in {400, 422}


@pytest.mark.parametrize("region", ["\x00", "x" * 5000, "-1", "３５０５８２", "350000"])
def test_a_senseless_region_is_not_taken(
    save: Callable[..., Any], phone: Callable[..., Phone], region: str
) -> None:
    poster = save(a_poster(an_event(kind=EventKind.ONLINE, region_code="350000")))
    visitor = phone()

    response = visitor.send(visitor.scan(poster.code), region=region)

    assert response.status_code in {400, 422}
