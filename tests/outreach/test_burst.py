"""Many phones at once, against the production server with two processes."""

import re
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlencode

import sqlalchemy as sa

from outreach.participation.models import Attempt
from tests.builders import a_poster, an_event
from tests.conftest import Server
from tests.outreach.papers import ATTEMPTS
from tests.phone import Paper, read_paper

AT_ONCE = 50
PATIENCE_SECONDS = 60
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
DEVICE = re.compile(r"device=([^;]+)")


@dataclass(frozen=True)
class Answer:
    """What a server answered."""

    status: int
    location: str | None
    cookies: str
    text: str


def ask(
    server: Server, method: str, path: str, body: bytes | None = None, **headers: str
) -> Answer:
    """Ask a server over a connection of its own."""
    connection = HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE_SECONDS)
    try:
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        text = response.read().decode()
    finally:
        connection.close()
    cookies = "; ".join(response.headers.get_all("Set-Cookie", []))
    return Answer(response.status, response.headers["Location"], cookies, text)


def all_at_once(calls: Sequence[Callable[[], Answer]]) -> list[Answer]:
    """Make all calls at the same instant."""
    ready = threading.Barrier(len(calls))

    def wait_and_call(call: Callable[[], Answer]) -> Answer:
        ready.wait(PATIENCE_SECONDS)
        return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(wait_and_call, calls))


def hand_in(server: Server, paper: Paper, cookie: str = "", place: int = 0) -> Callable[[], Answer]:
    """Prepare the handing in of a paper."""
    body = urlencode({"ticket": paper.ticket} | paper.answers(place), doseq=True).encode()
    headers = FORM | ({"Cookie": cookie} if cookie else {})
    return lambda: ask(server, "POST", f"/q/{paper.code}", body, **headers)


def scan(server: Server, code: str, cookie: str = "") -> tuple[Paper, Answer]:
    """Open a paper."""
    answer = ask(server, "GET", f"/q/{code}", **({"Cookie": cookie} if cookie else {}))
    return read_paper(code, answer.text), answer


def new_device(server: Server, code: str) -> str:
    """Return the cookie of a new phone."""
    _paper, answer = scan(server, code)
    found = DEVICE.search(answer.cookies)
    assert found
    return f"device={found[1]}"


def test_fifty_identical_submissions_at_once_are_one_row_and_fifty_same_answers(
    save: Callable[..., Any], rows: Callable[..., Any], server: Server
) -> None:
    poster = save(a_poster(an_event()))
    paper, _answer = scan(server, poster.code)

    answers = all_at_once([hand_in(server, paper)] * AT_ONCE)

    assert {answer.status for answer in answers} == {303}
    assert len({answer.location for answer in answers}) == 1
    assert rows(ATTEMPTS) == [(1,)]


def test_of_fifty_papers_of_one_phone_at_once_exactly_one_counts(
    save: Callable[..., Any], rows: Callable[..., Any], server: Server
) -> None:
    poster = save(a_poster(an_event()))
    cookie = new_device(server, poster.code)
    papers = [scan(server, poster.code, cookie)[0] for _ in range(AT_ONCE)]

    answers = all_at_once([hand_in(server, paper, cookie) for paper in papers])

    assert {answer.status for answer in answers} == {303}
    found = rows(sa.select(Attempt.sequence, Attempt.counted).order_by(Attempt.sequence))
    assert [sequence for sequence, _counted in found] == list(range(1, AT_ONCE + 1))
    assert [counted for _sequence, counted in found] == [True] + [False] * (AT_ONCE - 1)


def test_fifty_phones_at_once_all_count(
    save: Callable[..., Any], rows: Callable[..., Any], server: Server
) -> None:
    poster = save(a_poster(an_event()))
    papers = [scan(server, poster.code)[0] for _ in range(AT_ONCE)]

    answers = all_at_once([hand_in(server, paper) for paper in papers])

    assert {answer.status for answer in answers} == {303}
    assert len({answer.location for answer in answers}) == AT_ONCE
    assert rows(ATTEMPTS.where(Attempt.counted)) == [(AT_ONCE,)]


def test_one_paper_with_two_sets_of_answers_at_once_keeps_one_of_them(
    save: Callable[..., Any], rows: Callable[..., Any], server: Server
) -> None:
    poster = save(a_poster(an_event()))
    paper, _answer = scan(server, poster.code)
    calls = [hand_in(server, paper, place=n % 2) for n in range(20)]

    answers = all_at_once(calls)

    by_choice = [{answer.status for answer in answers[place::2]} for place in (0, 1)]
    assert sorted(by_choice, key=sorted) == [{303}, {409}]
    assert rows(ATTEMPTS) == [(1,)]


def test_looking_while_others_hand_in_never_fails(
    save: Callable[..., Any], rows: Callable[..., Any], server: Server
) -> None:
    poster = save(a_poster(an_event()))
    papers = [scan(server, poster.code)[0] for _ in range(25)]
    receipt = hand_in(server, papers[0])().location
    assert receipt

    paths = (f"/q/{poster.code}", receipt, "/participation.json", "/")
    looks = [lambda path=path: ask(server, "GET", path) for path in paths * 6]
    answers = all_at_once([*looks, *(hand_in(server, paper) for paper in papers[1:])])

    assert {answer.status for answer in answers[: len(looks)]} == {200}
    assert {answer.status for answer in answers[len(looks) :]} == {303}
    assert rows(ATTEMPTS) == [(25,)]


def test_a_body_too_large_is_refused_by_the_production_server(
    save: Callable[..., Any], rows: Callable[..., Any], server: Server
) -> None:
    poster = save(a_poster(an_event()))
    paper, _answer = scan(server, poster.code)
    body = urlencode({"ticket": paper.ticket} | paper.answers() | {"x": "x" * 20_000}, doseq=True)

    answer = ask(server, "POST", f"/q/{poster.code}", body.encode(), **FORM)

    assert answer.status == 413
    assert "<h1" in answer.text
    assert rows(ATTEMPTS) == [(0,)]


def test_the_servers_log_names_no_participant(save: Callable[..., Any], server: Server) -> None:
    poster = save(a_poster(an_event()))
    cookie = new_device(server, poster.code)
    paper, _answer = scan(server, poster.code, cookie)
    receipt = hand_in(server, paper, cookie)().location
    assert receipt
    ask(server, "GET", receipt, **{"User-Agent": "TestPhone/9"})

    server.stop()

    log = server.log.read_text()
    for mark in (receipt, paper.ticket, cookie.partition("=")[2], "TestPhone"):
        assert mark not in log
