"""Passwords: long enough, not what everybody uses, and no other rule."""

from collections.abc import Callable

import pytest
from flask import Flask

from tests.builders import FUJIAN

COMMON = ["password", "12345678", "Password1", " iloveyou ", "WOAINI1314", "#1stunna"]
GOOD = ["correct horse", "十年树木百年树人", "passwordpasswordpassword", "x" * 64 + "yz" * 40]


def run(app: Flask, *arguments: str) -> tuple[int, str]:
    """Run a command about organizers."""
    result = app.test_cli_runner().invoke(args=["organizers", *arguments])
    return result.exit_code, result.stderr


@pytest.mark.parametrize("password", COMMON)
def test_a_common_password_is_refused_and_the_reason_told(app: Flask, password: str) -> None:
    code, told = run(app, "add", "wu", "--region", FUJIAN, "--password", password)

    assert code == 1
    assert told.count("\n") == 1
    assert "among the first that others try" in told


@pytest.mark.parametrize("password", GOOD)
def test_any_other_password_is_taken_whatever_it_is_made_of(app: Flask, password: str) -> None:
    assert run(app, "add", "wu", "--region", FUJIAN, "--password", password) == (0, "")


def test_no_account_changes_to_a_common_password(
    app: Flask, add_organizer: Callable[..., int]
) -> None:
    add_organizer("chen")

    code, told = run(app, "password", "chen", "--password", "password123")

    assert code == 1
    assert "among the first that others try" in told


def test_a_short_password_is_told_to_be_short(app: Flask) -> None:
    code, told = run(app, "add", "wu", "--region", FUJIAN, "--password", "1234567")

    assert code == 1
    assert "8 to 256" in told
