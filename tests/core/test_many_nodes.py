"""Three servers that share nothing but PostgreSQL and Valkey, behind nginx.

Each request may meet another server: nginx hands them out in turn.
"""

import os
import shutil
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
import sqlalchemy as sa
from flask import Flask

from app import create_app
from core.db import db
from outreach.organizers import service as organizers
from outreach.organizers.models import Role
from outreach.participation.models import Attempt
from question_bank.models import Question, QuestionState
from tests.builders import FUJIAN, a_poster, an_event
from tests.conftest import (
    PUBLIC_URL,
    ROOT,
    PostgresqlDatabases,
    Server,
    csrf_token,
    free_port,
    settings_for,
)
from tests.core.nodes import PATIENCE_SECONDS, Proxy, Valkey, Visitor, running, until
from tests.outreach.test_burst import FORM
from tests.phone import Paper, read_paper

NODES = 3
PHONES = 15
PASSWORD = "correct horse"
TRIES_OF_ACCOUNT = 10
SIGN_IN = "/organize/sign-in"
SHOWN = ("outreach", "question_bank", "templates", "static", "translations", "migrations", "app.py")


class Node:
    """A server in a folder of its own, where it can keep nothing: `instance` is no folder."""

    def __init__(self, site: "Site", folder: Path) -> None:
        self.site, self.folder, self.port = site, folder, free_port()
        shutil.copytree(
            ROOT / "core", folder / "core"
        )  # the settings look for `instance` beside it
        (folder / "instance").touch()
        for part in SHOWN:
            (folder / part).symlink_to(ROOT / part)
        self.files = self._files()

    def start(self) -> None:
        """Start it; it is ready once it answers."""
        settings = {
            "PUBLIC_URL": PUBLIC_URL,
            "TRUSTED_PROXIES": "1",
            "WORKERS": "1",
            "VALKEY_URL": self.site.valkey.url,
        }
        logs = self.site.folder
        self.server = Server(
            self.site.database_url, logs, root=self.folder, port=self.port, **settings
        )

    def kill(self) -> None:
        """End all its processes at once."""
        os.killpg(self.server.process.pid, signal.SIGKILL)
        self.server.process.wait()

    def left_behind(self) -> set[Path]:
        """Return the files that it made in its folder."""
        return self._files() - self.files

    def _files(self) -> set[Path]:
        return {path for path in self.folder.rglob("*") if "__pycache__" not in path.parts}


@dataclass
class Site:
    """Nodes, what they share, and the proxy in front."""

    folder: Path
    database_url: str
    app: Flask
    valkey: Valkey

    def __post_init__(self) -> None:
        self.nodes = [Node(self, self.folder / f"node{number}") for number in range(NODES)]
        self.proxy = Proxy(self.folder, [node.port for node in self.nodes])

    def save(self, *objects: Any) -> Any:
        """Save objects and return the first, readable without a session."""
        with self.app.app_context():
            db.session.add_all(objects)
            db.session.commit()
            for thing in objects:
                db.session.refresh(thing)
            db.session.expunge_all()
        return objects[0]

    def rows(self, event_id: int) -> int:
        """Count an event's attempts."""
        query = sa.select(sa.func.count()).select_from(Attempt).where(Attempt.event_id == event_id)
        with self.app.app_context():
            return db.session.scalar(query) or 0

    def add_organizer(self, name: str, **charge: Any) -> None:
        """Add somebody who may sign in."""
        with self.app.app_context():
            organizers.add(name, PASSWORD, FUJIAN, **charge)
            db.session.commit()


class Browser(Visitor):
    """Keeps cookies, and which server gave each answer."""

    def __init__(self, site: Site) -> None:
        super().__init__(site.proxy)
        self.cookies: dict[str, str] = {}
        self.met: list[str] = []

    def ask(self, method: str, path: str, body: bytes | None = None, **headers: str) -> Any:
        """Ask, as a browser does."""
        kept = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        sent = {"Cookie": kept, "Referer": f"{PUBLIC_URL}/"} | headers
        answer = super().ask(method, path, body, **sent)
        for cookie in answer.headers.get_all("Set-Cookie", []):
            name, _, value = cookie.partition(";")[0].partition("=")
            self.cookies[name] = value
        self.met.append(answer.headers["X-Node"].rpartition(", ")[2])
        return answer

    def post(self, path: str, **fields: Any) -> Any:
        """Send a form."""
        return self.ask("POST", path, urlencode(fields, doseq=True).encode(), **FORM)

    def of_every_node(self, path: str) -> list[Any]:
        """Ask until every server has answered, and return the answer of each."""
        answers: dict[str, Any] = {}

        def is_complete() -> bool:
            answer = self.ask("GET", path)
            answers[self.met[-1]] = answer
            return len(answers) == NODES

        until(is_complete, f"{path} from every server")
        return list(answers.values())

    def scan(self, code: str) -> Paper:
        """Open a paper."""
        page = self.ask("GET", f"/q/{code}")
        assert page.status == 200, page.text
        return read_paper(code, page.text)

    def hand_in(self, paper: Paper, place: int = 0) -> Any:
        """Hand a paper in."""
        return self.post(f"/q/{paper.code}", ticket=paper.ticket, **paper.answers(place))

    def enter(self, name: str, password: str = PASSWORD) -> Any:
        """Sign in."""
        return self.enter_often(name, password, 1)[0]

    def enter_often(self, name: str, password: str, times: int) -> list[Any]:
        """Send the form for signing in again and again."""
        token = csrf_token(self.ask("GET", SIGN_IN).text)
        form = {"csrf_token": token, "name": name, "password": password}
        return [self.post(SIGN_IN, **form) for _ in range(times)]


Browse = Callable[[], Browser]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("site")
    databases = PostgresqlDatabases(folder)
    url = databases.fresh(folder)
    app = create_app(settings_for(url, folder))
    with ExitStack() as stack:
        stack.callback(databases.close)
        valkey = Valkey(folder)
        stack.callback(valkey.stop)
        site = Site(folder, url, app, valkey)
        for node in site.nodes:
            node.start()
            stack.callback(lambda node=node: node.server.stop())
        stack.callback(lambda: [node.server.process.terminate() for node in site.nodes])
        for node in site.nodes:
            node.server.wait()
        stack.enter_context(running(site.proxy.command, folder / "nginx.log"))
        visitor = Visitor(site.proxy)
        stack.callback(visitor.connection.close)
        visitor.wait()
        yield site
        with app.app_context():
            db.engine.dispose()


@pytest.fixture
def browse(site: Site) -> Iterator[Browse]:
    """Open browsers."""
    with ExitStack() as stack:

        def browse() -> Browser:
            browser = Browser(site)
            stack.callback(browser.connection.close)
            return browser

        yield browse


def test_a_phone_that_meets_another_server_each_time_hands_in_once(
    site: Site, browse: Browse
) -> None:
    poster = site.save(a_poster(an_event()))
    phone = browse()

    paper = phone.scan(poster.code)
    sent = [phone.hand_in(paper) for _ in range(NODES + 1)]
    others = phone.hand_in(paper, place=1)
    receipts = phone.of_every_node(sent[0].headers["Location"])
    second = phone.hand_in(phone.scan(poster.code))

    assert {answer.status for answer in sent} == {303}
    assert len({answer.headers["Location"] for answer in sent}) == 1
    assert others.status == 409
    assert {answer.status for answer in receipts} == {200}
    assert second.status == 303
    assert site.rows(poster.event_id) == 2
    assert len(set(phone.met[:4])) > 1


def test_every_server_tells_the_same_numbers_at_once(site: Site, browse: Browse) -> None:
    poster = site.save(a_poster(an_event()))
    for _ in range(4):
        phone = browse()
        assert phone.hand_in(phone.scan(poster.code)).status == 303

    told = browse().of_every_node("/participation.json")

    with site.app.app_context():
        rows = db.session.scalar(sa.select(sa.func.count()).select_from(Attempt))
    assert [answer.status for answer in told] == [200] * NODES
    assert f'"attempts":{rows}' in told[0].text.replace(" ", "")
    assert len({answer.text.partition('"campaign"')[2] for answer in told}) == 1


def test_who_signs_in_at_one_server_is_known_to_all_until_they_leave(
    site: Site, browse: Browse
) -> None:
    site.add_organizer("lin")
    browser, copy = browse(), browse()

    entered = browser.enter("lin")
    copy.cookies = dict(browser.cookies)
    inside = browser.of_every_node("/organize/")
    left = browser.post("/organize/sign-out", csrf_token=csrf_token(inside[0].text))
    outside = copy.of_every_node("/organize/")

    assert (entered.status, left.status) == (303, 303)
    assert {answer.status for answer in inside} == {200}
    assert {answer.headers["Location"].partition("?")[0] for answer in outside} == {SIGN_IN}


def test_guessing_at_several_servers_gives_no_more_tries(site: Site, browse: Browse) -> None:
    site.add_organizer("wu")
    browser = browse()

    wrong = browser.enter_often("wu", "no horse", TRIES_OF_ACCOUNT)
    refused = browser.enter_often("wu", PASSWORD, NODES)

    assert [answer.status for answer in wrong] == [422] * TRIES_OF_ACCOUNT
    assert [answer.status for answer in refused] == [429] * NODES


def test_the_language_chosen_at_one_server_holds_at_all(site: Site, browse: Browse) -> None:
    browser = browse()
    before = browser.of_every_node("/")

    chosen = browser.post("/locale", locale="en", next="/")
    after = browser.of_every_node("/")

    assert chosen.status == 303
    assert all('<html lang="zh' in answer.text for answer in before)
    assert all('<html lang="en' in answer.text for answer in after)


def test_posters_and_tables_made_by_one_server_come_from_every_other(
    site: Site, browse: Browse
) -> None:
    site.add_organizer("he")
    event = an_event(site="六号厂")
    site.save(event, *(a_poster(event, placement=f"门{number}") for number in range(3)))
    browser = browse()
    browser.enter("he")
    token = csrf_token(browser.ask("GET", "/organize/posters").text)

    asked = browser.post(
        "/organize/posters", csrf_token=token, size="a4", which="ticked", events=[event.id]
    )
    page = asked.headers["Location"]
    until(
        lambda: '"is_finished":true' in browser.ask("GET", f"{page}.json").text.replace(" ", ""),
        "the posters are made",
    )
    files = browser.of_every_node(f"{page}/file")
    posters = browser.of_every_node(f"/organize/events/{event.id}/posters.pdf")
    tables = browser.of_every_node("/organize/figures/events.csv")

    assert asked.status == 303
    assert len({answer.content for answer in files}) == 1
    assert all(answer.content.startswith(b"%PDF") for answer in (*files, *posters))
    assert {answer.status for answer in tables} == {200}
    assert [node.left_behind() for node in site.nodes] == [set()] * NODES


def test_an_edition_published_at_one_server_reaches_all(site: Site, browse: Browse) -> None:
    charge = {"role": Role.NONE, "edits_questions": True, "reviews_questions": True}
    site.add_organizer("zhou", **charge)
    poster = site.save(a_poster(an_event()))
    with site.app.app_context():
        one = sa.select(Question.id).where(Question.state != QuestionState.RETIRED).limit(1)
        retired = db.session.scalar(one)
        change = sa.update(Question).where(Question.id == retired)
        db.session.execute(change.values(state=QuestionState.RETIRED))
        db.session.commit()
    browser = browse()
    browser.enter("zhou")
    first = {_edition_of(page.text) for page in browser.of_every_node(f"/q/{poster.code}")}
    token = csrf_token(browser.ask("GET", "/bank/publish").text)

    published = browser.post("/bank/publish", csrf_token=token, summary="one less")

    assert published.status == 303
    assert len(first) == 1
    (number,) = first

    def all_know() -> bool:
        pages = browse().of_every_node(f"/q/{poster.code}")
        return {_edition_of(page.text) for page in pages} == {number + 1}

    until(all_know, "the new edition everywhere")


def _edition_of(page: str) -> int:
    """Return the edition of a paper, which its ticket names in fourth place."""
    return int(read_paper("", page).ticket.split(".")[3], 16)


def test_without_valkey_people_still_sign_in_and_tries_stay_bounded(
    site: Site, browse: Browse
) -> None:
    site.add_organizer("deng")
    site.add_organizer("sun")
    site.valkey.stop()
    try:
        entered = [browse().enter("deng").status for _ in range(NODES)]
        browser = browse()
        tries = browser.enter_often("sun", "no horse", (TRIES_OF_ACCOUNT + 5) * NODES)
        refused = browser.enter_often("sun", PASSWORD, NODES)
    finally:
        site.valkey.start()

    assert entered == [303] * NODES
    assert {answer.status for answer in tries} <= {422, 429}
    assert [answer.status for answer in refused] == [429] * NODES


def test_a_server_that_dies_loses_nothing_and_the_others_go_on(site: Site, browse: Browse) -> None:
    poster = site.save(a_poster(an_event()))
    acknowledged: list[str] = []
    some, is_dead = threading.Event(), threading.Event()

    def hand_in(number: int) -> None:
        phone = browse()
        if number >= 6:
            is_dead.wait(PATIENCE_SECONDS)
        paper: Paper = _patiently(lambda: phone.scan(poster.code))
        answer = _patiently(lambda: phone.hand_in(paper))
        assert answer.status == 303, answer.text
        acknowledged.append(answer.headers["Location"])
        if len(acknowledged) == 3:
            some.set()

    with ThreadPoolExecutor(6) as pool:
        phones = [pool.submit(hand_in, number) for number in range(PHONES)]
        assert some.wait(PATIENCE_SECONDS)
        site.nodes[0].kill()
        is_dead.set()
        for phone in phones:
            phone.result(PATIENCE_SECONDS)
    try:
        visitor = browse()
        looks = [visitor.ask("GET", path).status for path in acknowledged]
    finally:
        site.nodes[0].start()
        site.nodes[0].server.wait()

    assert looks == [200] * PHONES
    assert len(set(acknowledged)) == site.rows(poster.event_id) == PHONES


def _patiently(ask: Callable[[], Any]) -> Any:
    """Ask again, as a phone does, until no server dies over it."""
    answers: list[Any] = []

    def is_answered() -> bool:
        try:
            answer = ask()
        except (OSError, HTTPException):
            return False
        if getattr(answer, "status", 200) in {502, 503, 504}:
            return False
        answers.append(answer)
        return True

    until(is_answered, "an answer")
    return answers[0]
