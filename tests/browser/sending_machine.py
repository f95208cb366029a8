"""The rules by which a phone hands in, against a model of what it must hold, say and send.

The page is the real one over the production server. What stands between them is played here: each
try of the script is held until a rule says how it ends; the page's clock stands still until a rule
moves it. So nothing depends on how fast the machine is.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar
from urllib.parse import parse_qsl
from uuid import UUID

import sqlalchemy as sa
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from playwright.sync_api import Browser, BrowserContext, Page, Route
from playwright.sync_api import Error as BrowserError

from core import clock
from outreach.participation import ticket as tickets
from outreach.participation.models import Attempt
from tests.browser.bad_signal import GLANCE_MS, OPEN_RESULT, PATIENCE_MS, PHONE, PRESS, STATE
from tests.conftest import SECRET_KEY, Server

PAUSES_MS = [2_000, 4_000, 8_000, 15_000, 30_000, 60_000]
JITTER = 1.25  # a pause may be longer by a quarter
GIVEN_UP_AFTER_MS = 20_000
NOT_YET, HANDED_IN = "未提交", "已提交"
ON_THE_PAPER = ("open", "under way", "waiting", "done")
LOST = ("lost", "reply lost", "hotspot", "cut short", "empty", 408, 429, 500, 502, 503, 504)
FINAL = (400, 403, 409, 410, 413, 422)

LOOK = f"""() => {{
  const form = document.querySelector("#paper");
  const kept = form && localStorage.getItem(`sending:${{form.dataset.quiz}}`);
  const sending = JSON.parse(kept) || {{}};
  return {{
    state: ({STATE})(),
    words: form ? form.querySelector("[data-sending] p").textContent : "",
    ticket: form ? form.ticket.value : "",
    checked: form ? [...new FormData(form)].filter(([name]) => /^q/.test(name)).sort() : [],
    held: sending.papers || [],
    receipt: sending.receipt || "",
  }};
}}"""
# Exactly one choice of each question, also where several may be ticked. Which papers are drawn is
# chance; the story must not depend on it, so places are those that every question has.
TICK = """(places) => {
  places.forEach((place, n) => {
    const boxes = [...document.querySelectorAll(`#q${n + 1} input`)];
    const others = boxes.filter((box, m) => m !== place && box.checked && box.type === "checkbox");
    for (const box of others) box.click();
    if (!boxes[place].checked) boxes[place].click();
  });
}"""


Answers = frozenset[tuple[str, str]]


@dataclass
class Tab:
    """A page of the phone, and what the model says of it."""

    page: Page
    state: str = "open"  # open, under way, waiting, done, elsewhere, result
    ticket: str = ""
    checked: Answers = frozenset()
    paper: str = ""  # the ticket of what it hands in
    answers: Answers = frozenset()  # and the answers in it
    failures: int = 0
    elapsed_ms: float = 0  # of the page's clock, since the try or the pause began

    @property
    def pause_ms(self) -> int:
        """The least pause after the last failure."""
        return PAUSES_MS[min(self.failures, len(PAUSES_MS)) - 1]


class Sending(RuleBasedStateMachine):
    """Up to two tabs of one phone at one poster; the class attributes are set by the test."""

    browser: ClassVar[Browser]
    server: ClassVar[Server]
    code: ClassVar[str]
    rows: ClassVar[Callable[..., list[Any]]]
    total: ClassVar[list[UUID]]  # attempts of all examples so far

    def __init__(self) -> None:
        super().__init__()
        self.context: BrowserContext
        self.tabs: list[Tab] = []
        self.on_the_way: list[Route] = []
        self.sent: list[tuple[Page, str, Answers]] = []
        self.tries = 0
        self.is_online = True
        self.refusal = 0
        self.loses_result = False
        self.cookie = ""  # the ticket that the phone brings along
        self.held: dict[str, Answers] = {}  # by ticket, in the phone, to be handed in
        self.has_receipt = False
        self.remembered: tuple[str, Answers] = ("", frozenset())  # ticket and answers of a form
        self.accepted: dict[str, Answers] = {}  # by ticket, at the server

    # What happens

    @initialize()
    def scan(self) -> None:
        self.context = self.browser.new_context(base_url=self.server.url, locale="zh-CN", **PHONE)
        self.context.set_default_timeout(PATIENCE_MS)
        self.context.clock.install()
        self.context.clock.pause_at(clock.now())
        self.context.route(f"**/q/{self.code}", self._carry)
        self.context.route("**/r/*", self._carry_result)
        self.open_tab()

    @precondition(lambda self: self.is_online and len(self.tabs) == 1)
    @rule()
    def open_tab(self) -> None:
        """Scan, or scan again while the first page is open."""
        tab = Tab(self.context.new_page())
        self.tabs.append(tab)
        self._load(tab, lambda: tab.page.goto(f"/q/{self.code}"))

    @precondition(lambda self: self._in("open"))
    @rule(which=st.integers(0, 1), places=st.lists(st.integers(0, 1), min_size=10, max_size=10))
    def answer(self, which: int, places: list[int]) -> None:
        """Choose for every question; a second time it is a change of mind."""
        tab = self._pick(which, "open")
        tab.page.evaluate(TICK, places)
        tab.checked = frozenset((f"q{n}", str(place + 1)) for n, place in enumerate(places, 1))
        self.remembered = tab.ticket, tab.checked

    @precondition(lambda self: self._in("open"))
    @rule(which=st.integers(0, 1))
    def hand_in(self, which: int) -> None:
        tab = self._pick(which, "open")
        tab.page.evaluate(PRESS)
        if tab.checked:  # else the page stays and says what lacks
            tab.paper, tab.answers = tab.ticket, frozenset(tab.checked)
            self._tried(tab)

    @precondition(lambda self: self._in("waiting"))
    @rule(which=st.integers(0, 1))
    def press_send_now(self, which: int) -> None:
        tab = self._pick(which, "waiting")
        tab.page.evaluate(PRESS)
        self._tried(tab)

    @precondition(lambda self: self._in("under way"))
    @rule(which=st.integers(0, 1), how=st.sampled_from(LOST))
    def fail(self, which: int, how: str | int) -> None:
        """No word of our server's comes back, or that it will have time later."""
        tab = self._pick(which, "under way")
        route = self._take(tab)
        if how == "lost":
            route.abort("internetdisconnected")
        elif how == "reply lost":
            answer = route.fetch(max_redirects=0)
            assert answer.status == (200 if self._is_accepted(tab) else 409)
            route.abort("connectionreset")
        elif how == "hotspot":
            route.fulfill(status=200, content_type="text/html", body="<p>Welcome to this café")
        elif how in {"cut short", "empty"}:
            body = '{"receipt": "/r/1-' if how == "cut short" else "{}"
            route.fulfill(status=200, content_type="application/json", body=body)
        else:
            route.fulfill(status=int(how), content_type="text/html", body="<p>later")
        self._failed(tab)

    @precondition(lambda self: self.is_online and self._in("under way"))
    @rule(
        which=st.integers(0, 1),
        how=st.sampled_from(["to a script", "to a browser", "but its page is lost"]),
    )
    def reach_the_server(self, which: int, how: str) -> None:
        """Let the real server answer; something in between may make a browser of the script."""
        tab = self._pick(which, "under way")
        route = self._take(tab)
        is_accepted = self._is_accepted(tab)
        self.refusal, self.loses_result = 0, how == "but its page is lost"
        self.held.pop(tab.paper, None)
        if how == "to a browser":
            route.continue_(headers=route.request.headers | {"accept": "text/html"})
        else:
            route.continue_()
        if is_accepted and how != "to a browser" and self.held:
            self.has_receipt = True
            tab.paper, tab.answers = next(iter(self.held.items()))
            self._tried(tab)  # the next one
        elif is_accepted and how != "but its page is lost":
            tab.state = "result"
            self.has_receipt, self.remembered = False, ("", frozenset())
        else:
            tab.state = "elsewhere"
            self.has_receipt = is_accepted

    @precondition(lambda self: self.is_online and self._in("under way"))
    @rule(which=st.integers(0, 1), status=st.sampled_from(FINAL))
    def refuse(self, which: int, status: int) -> None:
        """Answer for good: the form is sent as any form, and its page explains."""
        tab = self._pick(which, "under way")
        self.refusal = status
        self.held.pop(tab.paper, None)
        self._take(tab).fulfill(status=status, content_type="text/html", body="<p>no")
        tab.state = "elsewhere"

    @precondition(lambda self: self.is_online and self._in("done"))
    @rule(which=st.integers(0, 1))
    def open_the_result(self, which: int) -> None:
        tab = self._pick(which, "done")
        self.loses_result = False
        tab.page.evaluate(OPEN_RESULT)
        tab.state = "result"
        self.has_receipt, self.remembered = False, ("", frozenset())

    @precondition(lambda self: self._in(*ON_THE_PAPER))
    @rule(seconds=st.sampled_from([1, 3, 7, 19, 40, 100]))
    def let_time_pass(self, seconds: int) -> None:
        """Turn the clock forward, but not into the quarter in which a pause may end or not."""
        step = seconds * 1000
        for tab in self.tabs:
            reached = tab.elapsed_ms + step
            if tab.state == "waiting" and tab.pause_ms <= reached < tab.pause_ms * JITTER + 1:
                return
        ends = [tab for tab in self.tabs if self._is_over(tab, step)]
        for tab in self.tabs:
            tab.elapsed_ms += step
        for tab in ends:
            if tab.state == "under way":
                self._take(tab)  # nobody waits for it any more
        self.context.clock.fast_forward(step)
        for tab in ends:
            if tab.state == "under way":
                self._failed(tab)
            else:
                self._tried(tab)

    @precondition(lambda self: self.is_online)
    @rule()
    def lose_the_signal(self) -> None:
        self.is_online = False
        self.context.set_offline(True)

    @precondition(lambda self: not self.is_online)
    @rule()
    def find_the_signal(self) -> None:
        self.is_online = True
        self.context.set_offline(False)
        for tab in self.tabs:
            if tab.state == "waiting":
                self._tried(tab)

    @precondition(lambda self: self.is_online)
    @rule(which=st.integers(0, 1))
    def come_back(self, which: int) -> None:
        """Reload, scan again, or go back from the result."""
        tab = self.tabs[which % len(self.tabs)]
        if tab.state == "under way":
            self._take(tab)
        if tab.state == "result":
            self._load(tab, tab.page.go_back)
        elif tab.state == "elsewhere":
            self._load(tab, lambda: tab.page.goto(f"/q/{self.code}"))
        else:
            self._load(tab, tab.page.reload)

    @precondition(lambda self: self._in(*ON_THE_PAPER))
    @rule(which=st.integers(0, 1))
    def clear_the_store(self, which: int) -> None:
        """Somebody empties the phone's store; what a page is handing in, it still knows."""
        self._pick(which, *ON_THE_PAPER).page.evaluate("localStorage.clear()")
        self.held, self.remembered, self.has_receipt = {}, ("", frozenset()), False

    # What must hold

    @invariant()
    def each_page_comes_to_say_what_is_true_and_to_hold_what_is_not_known_to_be_accepted(
        self,
    ) -> None:
        for tab in self.tabs:
            looks: list[dict[str, Any]] = []

            def is_so(tab: Tab = tab, looks: list[dict[str, Any]] = looks) -> bool:
                looks.append(self._seen(tab))
                return self._is_true(tab, looks[-1])

            self._until(tab, is_so, lambda tab=tab, looks=looks: (tab, looks[-1]))

    def _is_true(self, tab: Tab, seen: dict[str, Any]) -> bool:
        if seen["state"] != ("" if tab.state == "under way" else tab.state):
            return False
        if tab.state not in ON_THE_PAPER:
            return True
        is_open = tab.state == "open"
        return (
            dict(map(read, seen["held"])) == self.held
            and bool(seen["receipt"]) == self.has_receipt
            and seen["words"].startswith(NOT_YET) == (tab.state == "waiting")
            and seen["words"].startswith(HANDED_IN) == (tab.state == "done")
            and (not is_open or seen["ticket"] == tab.ticket)
            and (not is_open or frozenset(map(tuple, seen["checked"])) == tab.checked)
        )

    @invariant()
    def each_page_sends_one_request_at_a_time_and_none_unasked(self) -> None:
        assert len(self.sent) == self.tries
        pages = [route.request.frame.page for route in self.on_the_way]
        under_way = [tab.page for tab in self.tabs if tab.state == "under way"]
        assert len(pages) == len(under_way)
        assert set(pages) == set(under_way)

    def teardown(self) -> None:
        """Each accepted paper is one row, and there is no other."""
        if not self.tabs:
            return
        self.context.close()
        accepted = [tickets.read(t, SECRET_KEY, clock.now()).attempt_id for t in self.accepted]
        query = sa.select(Attempt.id).where(Attempt.poster_code == self.code)
        self.total.extend(accepted)
        assert sorted(row[0] for row in self.rows(query)) == sorted(self.total)

    # How it is played

    def _carry(self, route: Route) -> None:
        request = route.request
        is_try = request.method == "POST" and request.headers.get("accept") == "application/json"
        if is_try:
            self.sent.append((request.frame.page, *read(request.post_data or "")))
        if is_try and self.is_online:
            self.on_the_way.append(route)
        elif is_try:
            route.abort("internetdisconnected")
        elif request.method == "POST" and self.refusal:
            route.fulfill(status=self.refusal, content_type="text/html", body="<p>no")
        else:
            route.continue_()

    def _carry_result(self, route: Route) -> None:
        if self.loses_result:
            route.abort("internetdisconnected")
        else:
            route.continue_()

    def _load(self, tab: Tab, how: Callable[[], Any]) -> None:
        how()
        tab.failures = 0
        tab.ticket = tab.page.locator("#paper [name=ticket]").first.input_value()
        assert not self.cookie or tab.ticket == self.cookie
        self.cookie = tab.ticket
        ticket, answers = self.remembered
        tab.checked = answers if ticket == tab.ticket else frozenset()
        if self.held:
            tab.paper, tab.answers = next(iter(self.held.items()))
            self._tried(tab)
        else:
            tab.state = "done" if self.has_receipt else "open"

    def _tried(self, tab: Tab) -> None:
        """Wait for what the page sends now."""
        self.tries += 1
        self.held.pop(tab.paper, None)
        self.held[tab.paper] = tab.answers
        self.has_receipt = False
        tab.state, tab.elapsed_ms = "under way", 0
        self._until(tab, lambda: (tab.page, tab.paper, tab.answers) in self.sent[self.tries - 1 :])
        if not self.is_online:
            self._failed(tab)

    @staticmethod
    def _failed(tab: Tab) -> None:
        tab.failures += 1
        tab.state, tab.elapsed_ms = "waiting", 0

    def _is_accepted(self, tab: Tab) -> bool:
        """Tell what the server says to what a page hands in, and note it."""
        self.cookie = ""
        return self.accepted.setdefault(tab.paper, tab.answers) == tab.answers

    @staticmethod
    def _is_over(tab: Tab, step: int) -> bool:
        reached = tab.elapsed_ms + step
        if tab.state == "under way":
            return reached >= GIVEN_UP_AFTER_MS
        return tab.state == "waiting" and reached >= tab.pause_ms * JITTER

    def _in(self, *states: str) -> list[Tab]:
        return [tab for tab in self.tabs if tab.state in states]

    def _pick(self, which: int, *states: str) -> Tab:
        tabs = self._in(*states)
        return tabs[which % len(tabs)]

    def _take(self, tab: Tab) -> Route:
        (route,) = (r for r in self.on_the_way if r.request.frame.page == tab.page)
        self.on_the_way.remove(route)
        return route

    @staticmethod
    def _seen(tab: Tab) -> dict[str, Any]:
        try:
            seen: dict[str, Any] = tab.page.evaluate(LOOK)
        except BrowserError:  # a new page comes in between
            return {"state": None}
        return seen

    def _until(
        self, tab: Tab, is_so: Callable[[], bool], tell: Callable[[], Any] = lambda: ""
    ) -> None:
        deadline = time.monotonic() + PATIENCE_MS / 1000
        while not is_so():
            assert time.monotonic() < deadline, tell()
            tab.page.wait_for_timeout(GLANCE_MS)


def read(paper: str) -> tuple[str, Answers]:
    """Return ticket and answers of what is handed in."""
    pairs = parse_qsl(paper)
    return dict(pairs)["ticket"], frozenset(pair for pair in pairs if pair[0] != "ticket")
