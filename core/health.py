"""Whether the process lives and whether it can serve."""

import shutil
import time
from collections.abc import Callable
from pathlib import Path

import sqlalchemy as sa
from alembic.script import ScriptDirectory
from flask import Blueprint, Flask, current_app
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import SQLAlchemyError

from core import clock
from core.db import UTCDateTime, db, read

bp = Blueprint("health", __name__)

LEAST_FREE_BYTES = 64 * 2**20
MOST_SKEW_SECONDS = 5.0

Check = Callable[[], str | None]


@bp.get("/healthz")
def process() -> ResponseReturnValue:
    """Answer as long as the process can."""
    return "ok\n", 200, {"Content-Type": "text/plain; charset=utf-8", "Cache-Control": "no-store"}


@bp.get("/readyz")
def ready() -> ResponseReturnValue:
    """Answer 200 if database, schema and everything registered are there, else 503 with why.

    `remarks` tell what an operator should look at although the site serves.
    """
    checks: dict[str, Check] = {"database": _database, "schema": unusable_schema, "disk": disk}
    checks |= current_app.extensions["ready_checks"]
    faults = _faults(checks)
    remarks = _faults({} if faults else {"schema": schema, "clock": skew})
    body = {
        "ready": not faults,
        "checks": {name: faults.get(name, "ok") for name in checks},
        "remarks": remarks,
    }
    return body, 503 if faults else 200, {"Cache-Control": "no-store"}


def _faults(checks: dict[str, Check]) -> dict[str, str]:
    faults = {}
    for name, check in checks.items():
        try:
            fault = check()
        except (SQLAlchemyError, OSError) as error:
            db.session.rollback()
            fault = type(error).__name__
        if fault:
            faults[name] = fault
    return faults


def _database() -> str | None:
    db.session.execute(sa.text("SELECT 1"))
    return None


def schema() -> str | None:
    """Say if the tables are not those of this version of the program, and what to do."""
    known, found = _revisions(), _revision_found()
    if found == known[0]:
        return None
    if found in known:
        return f"at {found}, needs {known[0]}: flask --app app db upgrade"
    return (
        f"at {found}, which this version of the program does not know (it knows {known[0]}): update"
    )


def unusable_schema() -> str | None:
    """Say if the tables are more than one step before or after those of this version.

    One step is what happens during an upgrade while machines of both versions serve: each
    migration leaves the version before at work, and each version works before its migration.
    """
    known, found = _revisions(), _revision_found()
    one_step = {*known[:2], f"{int(known[0]) + 1:04}"}
    return None if found in one_step else schema()


def _revisions() -> list[str]:
    """List the revisions that this version knows, the newest first; they are numbers in order."""
    scripts = ScriptDirectory(current_app.extensions["migrate"].directory)
    return [script.revision for script in scripts.walk_revisions()]


def _revision_found() -> str | None:
    found: str | None = db.session.scalar(sa.text("SELECT version_num FROM alembic_version"))
    return found


def skew() -> str | None:
    """Say if this machine's clock was set, or is not the database's.

    Days are counted by it: what is handed in meanwhile is counted for the day that it shows.
    """
    set_by = _zero() - current_app.extensions["clock's zero"]
    if abs(set_by) > MOST_SKEW_SECONDS:
        return f"set by {set_by:+.0f} s since the start: keep it by NTP"
    if db.engine.dialect.name != "postgresql":
        return None
    theirs = sa.select(sa.type_coerce(sa.func.clock_timestamp(), UTCDateTime))
    with read() as connection:
        before = clock.now()
        there = connection.execute(theirs).scalar_one()
        after = clock.now()
    # How long the question took is nobody's fault.
    off_by = (min(max(there, before), after) - there).total_seconds()
    if abs(off_by) > MOST_SKEW_SECONDS:
        return f"{off_by:+.0f} s off the database's: keep both by NTP"
    return None


def _zero() -> float:
    """Return when, by the clock as it is now, the count of seconds began that nobody can set."""
    return clock.now().timestamp() - time.clock_gettime(_STEADY)


# Goes on while the machine sleeps, where there is such a clock.
_STEADY: int = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


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
    app.extensions["clock's zero"] = _zero()
    app.register_blueprint(bp)
