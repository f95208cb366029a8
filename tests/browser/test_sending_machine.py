"""Handing in keeps its rules in whatever order things happen."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test
from playwright.sync_api import Browser

from tests.browser.sending_machine import Sending
from tests.builders import a_poster, an_event
from tests.conftest import Server

pytestmark = pytest.mark.browser

# The same every time, and without a search for the shortest story, which takes minutes here.
BOUNDED = settings(
    max_examples=10,
    stateful_step_count=20,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def test_in_whatever_order_things_happen_a_phone_says_what_is_true_and_loses_nothing(
    browser: Browser, server: Server, save: Callable[..., Any], rows: Callable[..., list[Any]]
) -> None:
    poster = save(a_poster(an_event()))
    surroundings = {
        "browser": browser,
        "server": server,
        "code": poster.code,
        "rows": staticmethod(rows),
        "total": [],
    }
    machine = type("Sending", (Sending,), surroundings)

    run_state_machine_as_test(machine, settings=BOUNDED)
