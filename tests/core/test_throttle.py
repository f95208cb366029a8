"""How often someone may try."""

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from flask import Flask

from core import throttle
from core.throttle import TooManyTriesError, try_once
from tests.core.nodes import Valkey

NOON = datetime(2026, 9, 1, 12, tzinfo=UTC)


@pytest.fixture
def valkey(tmp_path: Path) -> Iterator[Valkey]:
    """A real Valkey of the test's own."""
    valkey = Valkey(tmp_path)
    yield valkey
    valkey.stop()


def is_allowed(limit: str, *key: str) -> bool:
    """Try, and tell whether it was allowed."""
    try:
        try_once(limit, *key)
    except TooManyTriesError:
        return False
    return True


def test_the_limit_is_how_many_tries_pass(app_ctx: None) -> None:
    tries = [is_allowed("3/minute", "sign-in", "chen") for _ in range(5)]

    assert tries == [True, True, True, False, False]


def test_a_limit_counts_one_key_and_no_other(app_ctx: None) -> None:
    for _ in range(3):
        is_allowed("3/minute", "sign-in", "account", "chen")

    assert not is_allowed("3/minute", "sign-in", "account", "chen")
    assert is_allowed("3/minute", "sign-in", "account", "lin")
    assert is_allowed("3/minute", "sign-in", "address", "chen")


def test_time_gives_tries_back_one_by_one(app_ctx: None) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        assert is_allowed("2/15minutes", "chen")
        clock.shift(timedelta(minutes=10))
        assert is_allowed("2/15minutes", "chen")
        clock.shift(timedelta(minutes=4))
        before = is_allowed("2/15minutes", "chen")
        clock.shift(timedelta(minutes=2))
        after = [is_allowed("2/15minutes", "chen") for _ in range(2)]

    assert not before
    assert after == [True, False]


def test_refused_tries_do_not_prolong_the_wait(app_ctx: None) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        assert is_allowed("1/minute", "chen")
        for _ in range(5):
            clock.shift(timedelta(seconds=10))
            assert not is_allowed("1/minute", "chen")
        clock.shift(timedelta(seconds=11))

        assert is_allowed("1/minute", "chen")


def test_tries_at_the_same_moment_pass_no_more_than_the_limit(app: Flask) -> None:
    together = threading.Barrier(16)
    allowed: list[bool] = []

    def hurry() -> None:
        with app.app_context():
            together.wait()
            allowed.extend(is_allowed("20/hour", "chen") for _ in range(5))

    threads = [threading.Thread(target=hurry) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert allowed.count(True) == 20


def test_two_apps_in_one_process_count_apart_without_a_shared_place(
    database_url: str, make_app: Callable[..., Flask]
) -> None:
    first, second = make_app(database_url), make_app(database_url)
    with first.app_context():
        assert is_allowed("1/hour", "chen")

    with second.app_context():
        assert is_allowed("1/hour", "chen")


@pytest.mark.parametrize("scheme", ["redis", "rediss", "valkey", "valkeys"])
def test_the_start_asks_nothing_of_the_shared_place(
    database_url: str, make_app: Callable[..., Flask], scheme: str
) -> None:
    app = make_app(database_url, valkey_url=f"{scheme}://127.0.0.1:1/0")

    assert app.test_client().get("/healthz").status_code == 200


def test_machines_with_one_valkey_count_together(
    database_url: str, make_app: Callable[..., Flask], valkey: Valkey
) -> None:
    first, second = (make_app(database_url, valkey_url=valkey.url) for _ in range(2))
    with first.app_context():
        assert is_allowed("1/hour", "chen")

    with second.app_context():
        assert not is_allowed("1/hour", "chen")


def test_without_its_valkey_a_process_counts_for_itself(
    database_url: str,
    make_app: Callable[..., Flask],
    valkey: Valkey,
    caplog: pytest.LogCaptureFixture,
) -> None:
    app = make_app(database_url, valkey_url=valkey.url)
    with app.app_context():
        assert is_allowed("2/hour", "chen")
        valkey.stop()

        tries = [is_allowed("2/hour", "chen") for _ in range(4)]

    assert tries == [True, True, False, False]
    assert [message for message in caplog.messages if "limits" in message] == [
        "limits are kept in this process for now: ConnectionError"
    ]


def test_a_valkey_that_freezes_keeps_nobody_waiting_for_long(
    database_url: str, make_app: Callable[..., Flask], valkey: Valkey
) -> None:
    app = make_app(database_url, valkey_url=valkey.url)
    with app.app_context():
        assert is_allowed("1/hour", "chen")
        valkey.freeze()

        tries = [is_allowed("1/hour", "chen") for _ in range(3)]

    assert tries == [True, False, False]


def test_limits_are_shared_again_once_valkey_is_back(
    database_url: str,
    make_app: Callable[..., Flask],
    valkey: Valkey,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(throttle, "LOOK_AGAIN_SECONDS", 0.0)
    first, second = (make_app(database_url, valkey_url=valkey.url) for _ in range(2))
    valkey.stop()
    with first.app_context():
        assert is_allowed("1/hour", "chen")

    valkey.start()

    with first.app_context():
        assert is_allowed("1/hour", "chen")
    with second.app_context():
        assert not is_allowed("1/hour", "chen")
