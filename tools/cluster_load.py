"""Phones that hand in through several web servers and never give a paper up."""

import itertools
import random
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from http.client import HTTPException
from urllib.parse import urlencode

from tests.conftest import Server
from tests.outreach.test_burst import FORM, ask
from tests.phone import read_paper

PHONES = 12
THINK_SECONDS = 0.1
GIVE_UP_SECONDS = 120.0


@dataclass
class Load:
    """Phones that hand in one paper after the other, each until it is acknowledged."""

    servers: list[Server]
    code: str
    acknowledged: list[tuple[float, str]] = field(default_factory=list)
    after_errors: int = 0
    errors: Counter[str] = field(default_factory=Counter)
    slowest: float = 0.0
    given_up: int = 0

    def __post_init__(self) -> None:
        self._over = threading.Event()
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._phone, args=(n,)) for n in range(PHONES)]

    def start(self) -> None:
        """Let the phones begin."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Let each phone finish its paper."""
        self._over.set()
        for thread in self._threads:
            thread.join()

    def longest_silence(self, since: float, until: float) -> float:
        """Return the longest time, in seconds, in which no paper was acknowledged."""
        with self._lock:
            at = [since, *sorted(t for t, _ in self.acknowledged if since < t < until), until]
        return max(later - earlier for earlier, later in itertools.pairwise(at))

    def count(self) -> int:
        """Return how many papers were acknowledged so far."""
        with self._lock:
            return len(self.acknowledged)

    def _phone(self, number: int) -> None:
        chance = random.Random(number)  # noqa: S311 -- which server, nothing secret
        while not self._over.is_set():
            page, _failed = self._until_answered(chance, "GET", b"", 200)
            if page is None:
                return
            paper = read_paper(self.code, page[0])
            time.sleep(THINK_SECONDS)
            body = urlencode({"ticket": paper.ticket} | paper.answers(), doseq=True).encode()
            answer, failed = self._until_answered(chance, "POST", body, 303)
            if answer is None:
                return
            with self._lock:
                self.acknowledged.append((time.monotonic(), str(answer[1])))
                self.after_errors += failed

    def _until_answered(
        self, chance: random.Random, method: str, body: bytes, status: int
    ) -> tuple[tuple[str, str | None] | None, bool]:
        """Ask a server, after an error another one, and tell whether there was an error."""
        path, end = f"/q/{self.code}", time.monotonic() + GIVE_UP_SECONDS
        failed = False
        while time.monotonic() < end:
            begun = time.monotonic()
            try:
                answer = ask(
                    chance.choice(self.servers),
                    method,
                    path,
                    body or None,
                    **(FORM if body else {}),
                )
                fault = str(answer.status)
            except (OSError, HTTPException) as error:
                fault = type(error).__name__
            with self._lock:
                self.slowest = max(self.slowest, time.monotonic() - begun)
            if fault == str(status):
                return (answer.text, answer.location), failed
            failed = True
            with self._lock:
                self.errors[f"{method} {fault}"] += 1
            time.sleep(chance.uniform(0.2, 0.6))
        with self._lock:
            self.given_up += 1
        return None, failed
