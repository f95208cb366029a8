"""Attempts as rows, for tests of numbers: quicker than handing in a thousand papers."""

import secrets
import uuid
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from typing import Any

from outreach.events.models import Event
from outreach.participation.models import Attempt
from outreach.posters.models import Poster
from tests.builders import a_poster, an_event


def an_attempt(event: Event, poster: Poster, **changes: Any) -> Attempt:
    """Build a counted attempt of a new device that did not pass, over a saved event and poster."""
    now = datetime.now(UTC)
    values: dict[str, Any] = {
        "event_id": event.id,
        "id": uuid.uuid4(),
        "poster_code": poster.code,
        "team_id": poster.team_id,
        "region_code": event.region_code,
        "region_zh": "那时的名字",
        "region_en": "Its name then",
        "edition": 1,
        "quiz_id": event.quiz_id,
        "seed": 0,
        "answers": "0",
        "points": 0,
        "size": 10,
        "passed": False,
        "device_key": secrets.token_bytes(16),
        "sequence": 1,
        "counted": True,
        "local_day": date(2026, 9, 1),
        "submitted_at": now,
    }
    return Attempt(**(values | changes))


def some_attempts(
    event: Event, poster: Poster, devices: int, passed: int = 0, **changes: Any
) -> list[Attempt]:
    """Build one attempt for each of some devices, the first ones passed."""
    return [an_attempt(event, poster, passed=n < passed, **changes) for n in range(devices)]


def hold_event(
    save: Callable[..., Any], region_code: str, devices: int, passed: int = 0, **changes: Any
) -> tuple[Event, Poster, Sequence[Attempt]]:
    """Save an event in a region with so many devices, of which so many passed."""
    event = an_event(region_code=region_code, **changes)
    event, poster = save(event, a_poster(event))
    attempts = some_attempts(event, poster, devices, passed)
    if attempts:
        save(*attempts)
    return event, poster, attempts
