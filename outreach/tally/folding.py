"""When attempts are folded and read: soon after they come, in a thread of the server.

Nothing depends on it but speed: pages of counts add what is still queued, and those of knowledge
say as of when they are. So a process that dies with attempts queued needs no care; whichever
process takes the next attempt folds and reads them too.

Whoever submits must not wait for this. Folding is a few statements. Reading draws papers, so it
sleeps after each of them: other threads never wait longer than for one paper, and all of it takes
about a tenth of a processor.
"""

import os
import threading
import time

from flask import Flask, request
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.wrappers import Response

from core.config import Settings
from outreach.participation.attempt_service import attempt_written
from outreach.tally import knowledge_reading, knowledge_sums, rollup

KNOWLEDGE = "knowledge."
# Every fold makes each process add up its kept sums anew; a page counts what is queued meanwhile.
PAUSE_SECONDS = 10.0
READING_SECONDS = 3.0
BREATH_SECONDS = 0.001
RENEWING_PAUSE_SECONDS = 0.1
READ_AT_ONCE = 100


class Folder:
    """Folds in a thread of its own, a moment after it was woken; sleeps while nothing comes."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._something_came = threading.Event()
        self._start = threading.Lock()
        self._process: int | None = None

    def wake(self) -> None:
        """Say that there is work. The thread starts with the first call: a fork keeps none."""
        self._something_came.set()
        if self._process == os.getpid():
            return
        with self._start:
            if self._process != os.getpid():
                self._process = os.getpid()
                threading.Thread(target=self._run, daemon=True, name="folding").start()

    def _run(self) -> None:
        pause = threading.Event()
        while self._something_came.wait():
            pause.wait(PAUSE_SECONDS)
            self._something_came.clear()
            with self._app.app_context():
                if self._work(pause):
                    self._something_came.set()

    def _work(self, pause: threading.Event) -> bool:
        """Fold all that is queued, then read for a while; tell whether more is left to read."""
        try:
            while rollup.fold() == rollup.BATCH:
                pass
            is_left = self._read(pause)
            knowledge_sums.prepare()
            while knowledge_sums.renew():
                pause.wait(RENEWING_PAUSE_SECONDS)
        except SQLAlchemyError as error:  # busy, or another process was first
            self._app.logger.warning("attempts stay queued until more come: %s", error)
            return False
        return is_left

    def _read(self, pause: threading.Event) -> bool:
        def breathe() -> None:
            pause.wait(BREATH_SECONDS)

        end = time.monotonic() + READING_SECONDS
        try:
            while time.monotonic() < end:
                if knowledge_reading.read_batch(READ_AT_ONCE, breathe) < READ_AT_ONCE:
                    return False
        except knowledge_reading.OvertakenError:  # another process reads: after a pause again
            pass
        return True


def init_app(app: Flask) -> None:
    """Fold and read after submissions and looks at knowledge; tests do so when they want to."""
    settings: Settings = app.config["SETTINGS"]
    if not settings.folds_attempts:
        return
    folder = Folder(app)

    def wake(_app: Flask) -> None:
        folder.wake()

    attempt_written.connect(wake, app, weak=False)

    @app.after_request
    def _wake(response: Response) -> Response:
        if (request.endpoint or "").startswith(KNOWLEDGE):
            folder.wake()
        return response
