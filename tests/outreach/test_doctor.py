"""`flask doctor` says what keeps an installation from serving, and what mends it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from core import pdf
from core.db import db
from outreach.participation.models import Attempt
from question_bank.models import Edition
from tests.builders import FUJIAN
from tests.conftest import free_port
from tests.outreach.attempts import hold_event

SOUND = {"trusted_proxies": 1}
CHECKED = {
    "key", "address", "proxies", "workers", "folder", "database", "schema", "disk", "edition",
    "campaign", "fonts", "clock", "figures",
}  # fmt: skip


def faults(app: Flask) -> dict[str, str]:
    """Let it look and return what it calls a fault; its exit code must say the same."""
    result = app.test_cli_runner().invoke(args=["doctor"])
    lines = [line.split(maxsplit=2) for line in result.stdout.splitlines()]
    assert {name for _word, name, _rest in lines} == CHECKED, result.output
    found = {name: rest for word, name, rest in lines if word == "FAULT"}
    assert result.exit_code == bool(found)
    return found


def change(app: Flask, statement: sa.Executable) -> None:
    """Change the database behind the app's back."""
    with app.app_context():
        db.session.execute(statement)
        db.session.commit()


@pytest.fixture
def sound(database_url: str, make_app: Callable[..., Flask]) -> Flask:
    return make_app(database_url, **SOUND)


def test_a_sound_installation_has_no_fault(sound: Flask) -> None:
    assert faults(sound) == {}


@pytest.mark.parametrize(
    ("changes", "name", "advice"),
    [
        ({"secret_key_is_given": False}, "key", ".env.example"),
        ({"public_url": "http://localhost:5000"}, "address", "no phone reaches that"),
        ({"public_url": "http://zl.example.cn"}, "address", "https"),
        ({"trusted_proxies": 0}, "proxies", "TRUSTED_PROXIES=1"),
        ({"workers": 200}, "workers", "set WORKERS="),
        ({"instance_path": Path("/nowhere")}, "folder", "/nowhere"),
    ],
)
def test_a_setting_that_cannot_be_meant_is_told_with_what_to_do(
    database_url: str,
    make_app: Callable[..., Flask],
    changes: dict[str, Any],
    name: str,
    advice: str,
) -> None:
    found = faults(make_app(database_url, **(SOUND | changes)))

    assert set(found) == {name}
    assert advice in found[name]


@pytest.mark.parametrize(
    ("statement", "name", "advice"),
    [
        (sa.delete(Edition), "edition", "questions load"),
        (sa.update(Edition).values(snapshot=Edition.snapshot + " "), "edition", "not what was"),
        (sa.text("UPDATE alembic_version SET version_num = '0001'"), "schema", "db upgrade"),
        (sa.text("DROP TABLE alembic_version"), "schema", "cannot be looked at"),
        (sa.text("ALTER TABLE campaign RENAME TO gone"), "campaign", "cannot be looked at"),
    ],
)
def test_a_fault_of_the_database_is_told_and_hides_no_other(
    sound: Flask, statement: sa.Executable, name: str, advice: str
) -> None:
    change(sound, statement)

    found = faults(sound)

    assert set(found) == {name}
    assert advice in found[name]


def test_attempts_from_the_future_betray_a_wrong_clock(
    sound: Flask, save: Callable[..., Any]
) -> None:
    hold_event(save, FUJIAN, 1)
    later = datetime.now(UTC) + timedelta(days=1)

    change(sound, sa.update(Attempt).values(submitted_at=later))

    assert set(faults(sound)) == {"clock"}


def test_an_empty_database_is_told_what_it_needs(
    empty_database_url: str, make_app: Callable[..., Flask]
) -> None:
    found = faults(make_app(empty_database_url, **SOUND))

    assert set(found) == {"schema", "edition", "campaign", "clock"}


def test_a_database_out_of_reach_is_told_without_its_password(
    make_app: Callable[..., Flask],
) -> None:
    url = f"postgresql+psycopg://nobody:hunter2@127.0.0.1:{free_port()}/none"

    found = faults(make_app(url, **SOUND))

    assert "database" in found
    assert "hunter2" not in str(found)


def test_fonts_without_a_chinese_sign_are_a_fault(
    sound: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pdf, "_known", lambda: frozenset(map(ord, "abc")))

    assert set(faults(sound)) == {"fonts"}
