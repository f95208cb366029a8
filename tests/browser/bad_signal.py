"""Phones that hand in through a bad signal: replies lost, pages killed, workers killed, at random.

Chromium itself loses and delays what it is told to (the DevTools protocol's network conditions);
the server is the production server. All chance comes from a seed, all waiting is for a condition.
"""

import contextlib
import os
import random
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, CDPSession, Page, Route
from playwright.sync_api import Error as BrowserError
from werkzeug.datastructures import MultiDict

from core import clock
from core.db import read
from outreach.participation import answers, service
from outreach.participation import ticket as tickets
from outreach.participation.models import Attempt
from tests.conftest import SECRET_KEY, Server

PATIENCE_MS = 60_000
GLANCE_MS = 15
BETWEEN_KILLS_SECONDS = 8
LONGEST_PAUSE_MS = 90_000  # of the page's clock: longer than any pause between two tries
PATIENCE_OF_THE_PAGE_MS = 21_000  # of its clock; send.js gives up a try after 20 s
HELD_MS = 20_000  # longer than what is done meanwhile; a page caught in it is free again then
GOOD = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
GONE = GOOD | {"offline": True}
# The request reaches the server at once; what it says is held back.
HELD = GOOD | {"latency": HELD_MS}
SLOW = {"offline": False, "latency": 150, "downloadThroughput": 6_000, "uploadThroughput": 3_000}
PHONE = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "reduced_motion": "reduce"}

# Tick by places drawn beforehand, return what a form would send, and turn to the end.
ANSWER = """(draws) => {
  const form = document.querySelector("#paper");
  const questions = [...form.querySelectorAll(".question:not(.place)")];
  questions.forEach((question, n) => {
    const boxes = [...question.querySelectorAll("input")];
    const places = boxes[0].type === "radio" ? draws[n].slice(0, 1) : draws[n];
    for (const place of new Set(places.map((draw) => draw % boxes.length))) boxes[place].click();
  });
  for (const _ of questions) form.querySelector(".quiz__steps button:last-child").click();
  return [...new FormData(form)];
}"""
# Whatever button the page offers for handing in, in one breath: it may change at any moment.
PRESS = """() => {
  const form = document.querySelector("#paper");
  if (!form) return "";
  const again = form.querySelector("[data-sending] button");
  if (!again.hidden) return again.click() || "again";
  if (form.classList.contains("quiz--sending")) return "";
  return form.querySelector(".quiz__end [type=submit]").click() || "hand in";
}"""
OPEN_RESULT = "() => document.querySelector('[data-sending] a').click()"
STATE = """() => {
  if (document.readyState !== "complete") return "";
  if (document.querySelector("[data-paper-done]")) return "result";
  const form = document.querySelector("#paper");
  if (!form) return "elsewhere";
  if (!form.classList.contains("quiz--sending")) return "open";
  if (!form.querySelector("[data-sending] a").hidden) return "done";
  return form.querySelector("[data-sending] button").hidden ? "" : "waiting";
}"""
LEFT = "Object.keys(localStorage).filter((key) => key.startsWith('sending:'))"


@dataclass
class Run:
    """One participation: what was chosen, what went wrong, where it ended."""

    number: int
    ticket: str = ""
    fields: list[tuple[str, str]] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    receipt: str = ""
    left: list[str] = field(default_factory=list)


class BadSignal:
    """Takes runs, each with a phone of its own, and afterwards compares with the database."""

    def __init__(self, browser: Browser, app: Flask, server: Server, code: str, seed: int) -> None:
        self.browser, self.app, self.server, self.code = browser, app, server, code
        self.runs: list[Run] = []
        self.kills = 0
        self._seed = seed
        self._may_kill_at = 0.0

    def run(self, number: int) -> Run:
        """Scan, answer, hand in through faults, and come to a receipt when the signal is back."""
        run = Run(number)
        self.runs.append(run)
        context = self.browser.new_context(base_url=self.server.url, locale="zh-CN", **PHONE)
        context.set_default_timeout(PATIENCE_MS)
        context.clock.install()
        try:
            _Phone(self, context, run, random.Random(f"{self._seed} {number}")).take_part()  # noqa: S311 -- the same every time
        finally:
            context.close()
        return run

    def is_kept(self, ticket: str) -> bool:
        """Tell whether the server has accepted a paper."""
        attempt_id = tickets.read(ticket, SECRET_KEY, clock.now()).attempt_id
        with self.app.app_context(), read() as connection:
            query = sa.select(Attempt.id).where(Attempt.id == attempt_id)
            return connection.scalar(query) is not None

    def kill_a_worker(self, chance: random.Random) -> None:
        """Kill one, unless the last one died just now: then the server would give up as a whole.

        Which is right where workers die by themselves: systemd then starts it anew.
        """
        now = time.monotonic()
        if now > self._may_kill_at:
            self._may_kill_at = now + BETWEEN_KILLS_SECONDS
            self.kills += 1
            os.kill(chance.choice(self.server.workers()), signal.SIGKILL)

    def faults(self) -> list[str]:
        """Return what was lost, doubled or altered; nothing, if all is well."""
        expected = {self._key(run): self._answers(run) for run in self.runs}
        with self.app.app_context(), read() as connection:
            query = sa.select(Attempt.event_id, Attempt.id, Attempt.answers)
            kept = connection.execute(query.where(Attempt.poster_code == self.code)).all()
        found = {tickets.write_receipt(event, attempt): text for event, attempt, text in kept}
        faults = [f"lost: {key}" for key in expected.keys() - found.keys()]
        faults += [f"doubled: {key}" for key in found.keys() - expected.keys()]
        for run in self.runs:
            key, name = self._key(run), f"run {run.number} ({', '.join(run.faults)})"
            if found.get(key) != expected[key]:
                faults.append(f"{name}: kept {found.get(key)}, chosen {expected[key]}")
            if run.receipt != f"/r/{key}":
                faults.append(f"{name}: ended at {run.receipt} instead of /r/{key}")
            if run.left:
                faults.append(f"{name}: the phone still holds {run.left}")
        if not len(kept) == len(found) == len(expected) == len(self.runs):
            faults.append(f"{len(self.runs)} runs, {len(expected)} papers, {len(kept)} rows")
        return faults

    @staticmethod
    def _key(run: Run) -> str:
        ticket = tickets.read(run.ticket, SECRET_KEY, clock.now())
        return tickets.write_receipt(ticket.event_id, ticket.attempt_id)

    def _answers(self, run: Run) -> str:
        with self.app.app_context():
            paper = service.paper_of(tickets.read(run.ticket, SECRET_KEY, clock.now()))
        filled = answers.read(paper, MultiDict(run.fields).getlist)
        return answers.write(answers.chosen(paper, filled))


class _Phone:
    """One phone in one run."""

    def __init__(
        self, air: BadSignal, context: BrowserContext, run: Run, chance: random.Random
    ) -> None:
        self.air, self.context, self.run, self.chance = air, context, run, chance
        self.page: Page
        self.session: CDPSession
        self.ways: dict[str, Callable[[], None]] = {
            "no signal": self.no_signal,
            "reply never came": self.reply_never_came,
            "reply broke off": self.reply_broke_off,
            "result page lost": self.result_page_lost,
            "slow": self.slow,
            "reloaded": self.reloaded,
            "page closed": self.page_closed,
            "page crashed": self.page_crashed,
            "worker killed": self.worker_killed,
        }

    def take_part(self) -> None:
        self._take_up(SLOW if self.chance.random() < 0.05 else GOOD)
        self._open()
        draws = [[self.chance.randrange(60) for _ in range(3)] for _ in range(20)]
        fields = [tuple(pair) for pair in self.page.evaluate(ANSWER, draws)]
        self.run.ticket = dict(fields)["ticket"]
        self.run.fields = [pair for pair in fields if pair[0] != "ticket"]
        for _ in range(self.chance.randint(1, 4)):
            name = self.chance.choice(list(self.ways))
            self.run.faults.append(name)
            self.ways[name]()
            if self._state() in {"result", "elsewhere"}:
                break  # handed in, and its page shown or lost
        self._arrive()

    def no_signal(self) -> None:
        self._weather(GONE)
        self._hand_in()
        self._settle()

    def reply_never_came(self) -> None:
        """The server has it, its reply hangs in the air until the phone's patience ends."""
        self._weather(HELD)
        self._hand_in()
        self._wait_until_kept()
        self.context.clock.fast_forward(PATIENCE_OF_THE_PAGE_MS)
        self._settle()

    def reply_broke_off(self) -> None:
        """The server has it; nothing of its reply comes through, or half."""
        share = self.chance.choice([0, 2])

        def carry(route: Route) -> None:
            if route.request.method != "POST":
                route.continue_()
                return
            try:
                reply = route.fetch(max_redirects=0)
            except BrowserError:  # a worker died meanwhile
                route.abort("connectionreset")
                return
            if share:
                route.fulfill(response=reply, body=reply.body()[: len(reply.body()) // share])
            else:
                route.abort("connectionreset")

        self.page.route("**/q/*", carry)
        self._weather(GOOD)
        self._hand_in()
        self._settle()
        self.page.unroute("**/q/*", carry)

    def result_page_lost(self) -> None:
        """The reply comes, slowly, and then the signal is gone before the result's page."""
        self._weather(SLOW)
        self._hand_in()
        self._weather(GONE)
        self._settle()

    def slow(self) -> None:
        self._weather(SLOW)
        self._hand_in()
        self._settle()

    def reloaded(self) -> None:
        self._start_a_try()
        self._weather(GOOD)
        self._come_back(self.page.reload)

    def page_closed(self) -> None:
        self._start_a_try()
        self.page.close()
        self._take_up(GOOD)
        self._come_back()

    def page_crashed(self) -> None:
        """The renderer dies, as where memory runs out."""
        self._start_a_try()
        with self.page.expect_event("crash"), contextlib.suppress(BrowserError):
            self.page.goto("chrome://crash")
        self.page.close()
        self._take_up(GOOD)
        self._come_back()

    def worker_killed(self) -> None:
        self._weather(GOOD)
        self._hand_in()
        self.air.kill_a_worker(self.chance)
        self._settle()

    def _arrive(self) -> None:
        """Bring the signal back, and come to the result on one of the ways there are."""
        self._weather(GOOD)
        deadline = time.monotonic() + PATIENCE_MS / 1000
        while (state := self._settle()) != "result":
            assert time.monotonic() < deadline, (self.run, state, self.page.url)
            if state == "elsewhere":
                self._open()
                continue
            way = self.chance.choice(["button", "clock", "online", "reload"])
            if way == "clock":
                self.context.clock.fast_forward(LONGEST_PAUSE_MS)
            elif way == "online":
                self._weather(GONE)
                self._weather(GOOD)
            elif way == "reload":
                self._open()
            if way == "button" or state == "open":
                self._hand_in()
        self.run.receipt = self.page.url.removeprefix(self.air.server.url)
        self.run.left = self.page.evaluate(LEFT)

    def _take_up(self, weather: dict[str, Any]) -> None:
        self.page = self.context.new_page()
        self.session = self.context.new_cdp_session(self.page)
        self.session.send("Network.enable")
        self._weather(weather)

    def _weather(self, conditions: dict[str, Any]) -> None:
        self.session.send("Network.emulateNetworkConditions", conditions)

    def _open(self, how: Callable[[], Any] | None = None) -> None:
        """Open the poster's page, as often as it takes: workers are being killed."""
        deadline = time.monotonic() + PATIENCE_MS / 1000
        while True:
            try:
                (how or (lambda: self.page.goto(f"/q/{self.air.code}")))()
            except BrowserError:
                assert time.monotonic() < deadline, self.run
            else:
                return

    def _come_back(self, how: Callable[[], Any] | None = None) -> None:
        """Open the page anew; at times only the page comes through and handing in fails again."""
        is_lost = self.chance.random() < 0.5

        def carry(route: Route) -> None:
            if route.request.method == "POST":
                route.abort("internetdisconnected")
            else:
                route.continue_()

        if is_lost:
            self.page.route("**/q/*", carry)
        self._open(how)
        self._settle()
        if is_lost:
            self.page.unroute("**/q/*", carry)

    def _start_a_try(self) -> None:
        """Hand in, with or without the server having heard of it."""
        self._weather(HELD)
        self._hand_in()
        if self.chance.random() < 0.5:
            self._wait_until_kept()

    def _hand_in(self) -> None:
        self._quietly(lambda: self.page.evaluate(PRESS))

    def _wait_until_kept(self) -> None:
        deadline = time.monotonic() + PATIENCE_MS / 1000
        while not self.air.is_kept(self.run.ticket):
            if self._state() in {"waiting", "open", "elsewhere", "result"}:
                return  # it could not even be sent
            assert time.monotonic() < deadline, self.run
            self._glance()

    def _state(self) -> str:
        return str(self._quietly(lambda: self.page.evaluate(STATE)) or "")

    def _settle(self) -> str:
        """Wait until nothing is under way any more, and return where the phone is then."""
        deadline = time.monotonic() + PATIENCE_MS / 1000
        while (state := self._state()) in {"", "done"}:
            assert time.monotonic() < deadline, (self.run, state)
            if state == "done":  # handed in; a tap on the link does no harm if it opens by itself
                self._quietly(lambda: self.page.evaluate(OPEN_RESULT))
            self._glance()
        return state

    def _glance(self) -> None:
        """Let the page and its requests go on for a moment, between two looks at a condition."""
        self.page.wait_for_timeout(GLANCE_MS)

    @staticmethod
    def _quietly(do: Callable[[], Any]) -> Any:
        """Do what fails harmlessly where a new page comes in between."""
        try:
            return do()
        except BrowserError:
            return None
