"""Nothing is lost and nothing doubled, whatever the signal, the pages and the workers do."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser

from tests.browser.bad_signal import BadSignal
from tests.builders import a_poster, an_event
from tests.conftest import Server

pytestmark = pytest.mark.browser

RUNS, SEED = 15, 3


def test_every_run_through_a_bad_signal_ends_at_one_receipt_with_the_answers_chosen(
    app: Flask, browser: Browser, server: Server, save: Callable[..., Any]
) -> None:
    poster = save(a_poster(an_event()))
    air = BadSignal(browser, app, server, poster.code, SEED)

    for number in range(RUNS):
        air.run(number)

    assert air.faults() == []
    runner = app.test_cli_runner()
    assert runner.invoke(args=["tally", "fold"]).exit_code == 0
    verified = runner.invoke(args=["tally", "verify"])
    assert verified.exit_code == 0, verified.output
