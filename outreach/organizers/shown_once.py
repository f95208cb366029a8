"""What is shown to one person and kept nowhere else: fresh links and recovery codes.

It waits in the session's signed cookie from the answer that made it until its page was put away.
"""

from datetime import datetime, timedelta

from flask import session

from core import clock

KEY = "shown_once"
SHOWN_FOR = timedelta(minutes=10)


def put(kind: str, *parts: str) -> None:
    """Keep something for its page; what was kept before is dropped."""
    session[KEY] = {"kind": kind, "parts": parts, "at": clock.now().isoformat()}


def look(kind: str) -> list[str] | None:
    """Return what was kept of this kind, if its time is not over."""
    kept = session.get(KEY)
    if kept is None or kept["kind"] != kind:
        return None
    if clock.now() - datetime.fromisoformat(kept["at"]) > SHOWN_FOR:
        forget()
        return None
    parts: list[str] = kept["parts"]
    return list(parts)


def forget() -> None:
    """Drop what was kept."""
    session.pop(KEY, None)
