"""Whether the process lives and whether it can serve."""

import shutil
from collections.abc import Callable
from pathlib import Path

import sqlalchemy as sa
from alembic.script import ScriptDirectory
from flask import Blueprint, Flask, current_app
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import SQLAlchemyError

from core.db import db

bp = Blueprint("health", __name__)

LEAST_FREE_BYTES = 64 * 2**20

Check = Callable[[], str | None]


@bp.get("/healthz")
def process() -> ResponseReturnValue:
    """Answer as long as the process can."""
    return "ok\n", 200, {"Content-Type": "text/plain; charset=utf-8", "Cache-Control": "no-store"}


@bp.get("/readyz")
def ready() -> ResponseReturnValue:
    """Answer 200 if database, schema and everything registered are there, else 503 with why."""
    checks: dict[str, Check] = {"database": _database, "schema": schema, "disk": disk}
    checks |= current_app.extensions["ready_checks"]
    faults = {}
    for name, check in checks.items():
        try:
            fault = check()
        except (SQLAlchemyError, OSError) as error:
            db.session.rollback()
            fault = type(error).__name__
        if fault:
            faults[name] = fault
    body = {"ready": not faults, "checks": {name: faults.get(name, "ok") for name in checks}}
    return body, 503 if faults else 200, {"Cache-Control": "no-store"}


def _database() -> str | None:
    db.session.execute(sa.text("SELECT 1"))
    return None


def schema() -> str | None:
    """Say if the tables are not those of this version of the program, and what to do."""
    scripts = ScriptDirectory(current_app.extensions["migrate"].directory)
    head = scripts.get_current_head()
    found = db.session.scalar(sa.text("SELECT version_num FROM alembic_version"))
    if found == head:
        return None
    if found in {script.revision for script in scripts.walk_revisions()}:
        return f"at {found}, needs {head}: flask --app app db upgrade"
    return f"at {found}, which this version of the program does not know (it knows {head}): update"


def disk() -> str | None:
    """Say if what is handed in will soon find no room, where the database is a file of ours."""
    file = db.engine.url.database
    if db.engine.dialect.name != "sqlite" or not file:
        return None
    free = shutil.disk_usage(Path(file).parent).free
    if free >= LEAST_FREE_BYTES:
        return None
    return f"{free / 2**20:.0f} MiB free, needs {LEAST_FREE_BYTES / 2**20:.0f}: make room"


def init_app(app: Flask) -> None:
    """Register the pages; packages add their own checks to `ready_checks`."""
    app.extensions.setdefault("ready_checks", {})
    app.register_blueprint(bp)
