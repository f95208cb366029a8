"""What a result may say of its region: how many attempts were counted there so far.

Attempts do not count themselves. Whoever counts them (`outreach.tally`) offers the number here.
"""

from collections.abc import Callable

from flask import Flask, current_app

KEY = "participation.counted_so_far"

CountedSoFar = Callable[[int, str], int | None]


def offer(app: Flask, counted: CountedSoFar) -> None:
    """Take the numbers of an event's region from `counted(event_id, region_code)`."""
    app.extensions[KEY] = counted


def counted_so_far(event_id: int, region_code: str) -> int | None:
    """Return how many attempts the region counts by now in the event's campaign, if known."""
    counted: CountedSoFar | None = current_app.extensions.get(KEY)
    return counted(event_id, region_code) if counted else None
