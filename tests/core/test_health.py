"""Whether the process lives, and whether it can serve."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask
from flask.testing import FlaskClient

from core import health
from core.db import db
from question_bank.models import Edition
from tests.conftest import free_port
from tests.test_migrations import head


def change(app: Flask, statement: sa.Executable) -> None:
    """Change the database behind the app's back."""
    with app.app_context():
        db.session.execute(statement)
        db.session.commit()


def test_a_filled_database_is_ready(client: FlaskClient) -> None:
    response = client.get("/readyz")

    assert response.status_code == 200
    assert response.json == {
        "ready": True,
        "checks": {"database": "ok", "schema": "ok", "disk": "ok", "edition": "ok"},
        "remarks": {},
    }


def test_a_living_process_says_so(client: FlaskClient) -> None:
    response = client.get("/healthz")

    assert response.status_code == 200
    assert response.text == "ok\n"


def test_an_empty_database_is_not_ready_and_its_process_lives(
    empty_database_url: str, make_app: Callable[..., Flask]
) -> None:
    client = make_app(empty_database_url).test_client()

    response = client.get("/readyz")

    assert response.status_code == 503
    assert response.json["ready"] is False
    assert response.json["checks"]["database"] == "ok"
    assert response.json["checks"]["schema"] != "ok"
    assert client.get("/healthz").status_code == 200


def test_a_bank_without_an_edition_is_not_ready(app: Flask, client: FlaskClient) -> None:
    change(app, sa.delete(Edition))

    response = client.get("/readyz")

    assert response.status_code == 503
    checks: dict[str, Any] = response.json["checks"]
    assert (checks["database"], checks["schema"]) == ("ok", "ok")
    assert "questions load" in checks["edition"]


@pytest.mark.parametrize(("found", "advice"), [("0001", "db upgrade"), ("9999", "does not know")])
def test_a_schema_of_another_version_is_not_ready_and_says_what_to_do(
    app: Flask, client: FlaskClient, found: str, advice: str
) -> None:
    change(app, sa.text("UPDATE alembic_version SET version_num = :v").bindparams(v=found))

    response = client.get("/readyz")

    assert response.status_code == 503
    checks: dict[str, Any] = response.json["checks"]
    assert (checks["database"], checks["edition"]) == ("ok", "ok")
    assert found in checks["schema"]
    assert advice in checks["schema"]


@pytest.mark.parametrize(("step", "advice"), [(-1, "db upgrade"), (1, "does not know")])
def test_a_schema_one_step_off_is_ready_and_remarked_as_during_an_upgrade(
    app: Flask, client: FlaskClient, step: int, advice: str
) -> None:
    found = f"{int(head()) + step:04}"
    change(app, sa.text("UPDATE alembic_version SET version_num = :v").bindparams(v=found))

    response = client.get("/readyz")

    assert response.status_code == 200
    assert response.json["checks"]["schema"] == "ok"
    assert found in response.json["remarks"]["schema"]
    assert advice in response.json["remarks"]["schema"]


def test_a_clock_set_by_a_day_is_remarked_until_it_is_right_again(client: FlaskClient) -> None:
    with time_machine.travel(datetime.now(UTC) + timedelta(days=1)):
        off = client.get("/readyz")
    right = client.get("/readyz")

    assert (off.status_code, right.status_code) == (200, 200)
    assert re.match(r"set by \+86\d{3} s", off.json["remarks"]["clock"])
    assert right.json["remarks"] == {}


def test_a_disk_without_room_is_not_ready_before_anything_is_refused(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "LEAST_FREE_BYTES", 2**62)

    response = client.get("/readyz")

    with app.app_context():
        is_ours = db.engine.dialect.name == "sqlite"
    assert response.status_code == (503 if is_ours else 200)
    assert ("make room" in response.json["checks"]["disk"]) == is_ours


def test_a_missing_schema_version_hides_no_other_answer(app: Flask, client: FlaskClient) -> None:
    change(app, sa.text("DROP TABLE alembic_version"))

    response = client.get("/readyz")

    assert response.status_code == 503
    checks: dict[str, Any] = response.json["checks"]
    assert checks["schema"] != "ok"
    assert checks["edition"] == "ok"


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_database_out_of_reach_is_not_ready_and_its_process_lives(
    tmp_path: Path, make_app: Callable[..., Flask], kind: str
) -> None:
    url = f"sqlite:///{tmp_path}"  # a folder, not a file
    if kind == "postgresql":
        url = f"postgresql+psycopg://nobody:hunter2@127.0.0.1:{free_port()}/none"
    client = make_app(url).test_client()

    response = client.get("/readyz")

    assert response.status_code == 503
    assert response.json["checks"]["database"] != "ok"
    assert "hunter2" not in response.text
    assert client.get("/healthz").status_code == 200


def test_ready_again_as_soon_as_the_fault_is_mended(app: Flask, client: FlaskClient) -> None:
    change(app, sa.text("UPDATE alembic_version SET version_num = 'x' || version_num"))
    assert client.get("/readyz").status_code == 503

    change(app, sa.text("UPDATE alembic_version SET version_num = substr(version_num, 2)"))

    assert client.get("/readyz").status_code == 200


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_nobody_keeps_an_answer_about_health(client: FlaskClient, path: str) -> None:
    response = client.get(path)

    assert response.headers["Cache-Control"] == "no-store"
    assert "Set-Cookie" not in response.headers


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_health_is_asked_without_signing_in_and_also_without_a_body(
    client: FlaskClient, path: str
) -> None:
    response = client.head(path)

    assert response.status_code == 200
    assert response.data == b""
