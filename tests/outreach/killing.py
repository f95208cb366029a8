"""Phones that hand in while the server's processes are killed, again and again."""

import os
import secrets
import signal
import threading
from collections.abc import Callable
from http.client import HTTPException
from pathlib import Path
from urllib.parse import urlencode

from tests.conftest import Server
from tests.outreach.test_burst import FORM, Answer, ask
from tests.phone import Paper, read_paper

PHONES = 6
BETWEEN_KILLS = 8
"""Papers acknowledged between one kill and the next."""
PATIENCE_SECONDS = 90


class Storm:
    """Hands in from several phones, each of which repeats a paper until it is acknowledged."""

    def __init__(self, database_url: str, folder: Path, code: str) -> None:
        self.database_url, self.folder, self.code = database_url, folder, code
        self.acknowledged: list[str] = []
        self.repeated = 0
        self.faults: list[str] = []
        self._over = threading.Event()
        self._news = threading.Condition()
        self._server = self._started()

    def rage(self, kills: int, tell: Callable[[int], None] = lambda _kill: None) -> None:
        """Kill so many times, alternately a worker and everything, and stop in the end."""
        phones = [threading.Thread(target=self._hand_in, daemon=True) for _ in range(PHONES)]
        for phone in phones:
            phone.start()
        try:
            for kill in range(kills):
                self._wait_for_news()
                if kill % 2:
                    os.killpg(self._server.process.pid, signal.SIGKILL)
                    self._server.process.wait()
                    self._server = self._started()
                else:
                    os.kill(secrets.choice(self._server.workers()), signal.SIGKILL)
                tell(kill + 1)
            self._wait_for_news()
        finally:
            self._over.set()
            for phone in phones:
                phone.join(PATIENCE_SECONDS)
            self._server.stop()

    def _started(self) -> Server:
        server = Server(self.database_url, self.folder)
        server.wait()
        return server

    def _wait_for_news(self) -> None:
        with self._news:
            goal = len(self.acknowledged) + BETWEEN_KILLS
            got_there = self._news.wait_for(
                lambda: self.faults or len(self.acknowledged) >= goal, PATIENCE_SECONDS
            )
        assert got_there, "no paper was acknowledged any more"
        assert not self.faults, self.faults

    def _hand_in(self) -> None:
        while not self._over.is_set():
            paper = self._until_answered("GET", f"/q/{self.code}", b"", 200)
            if paper is None:
                return
            read = read_paper(self.code, paper.text)
            receipt = self._until_answered("POST", f"/q/{self.code}", _form(read), 303)
            if receipt is None:
                return
            with self._news:
                self.acknowledged.append(str(receipt.location))
                self._news.notify_all()

    def _until_answered(self, method: str, path: str, body: bytes, status: int) -> Answer | None:
        """Ask until there is an answer, as a phone does; the same paper with the same ticket."""
        pause = threading.Event()
        for _ in range(PATIENCE_SECONDS * 20):
            try:
                answer = ask(self._server, method, path, body or None, **(FORM if body else {}))
            except (OSError, HTTPException):
                self.repeated += 1
            else:
                if answer.status == status:
                    return answer
                if answer.status != 503:
                    break
            pause.wait(0.05)
        with self._news:
            self.faults.append(f"{method} {path} was never answered well")
            self._news.notify_all()
        return None


def _form(paper: Paper) -> bytes:
    return urlencode({"ticket": paper.ticket} | paper.answers(), doseq=True).encode()
