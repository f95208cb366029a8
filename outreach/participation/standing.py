"""What a result may say of its region: how many attempts were counted there so far.

Attempts do not count themselves. Whoever counts them (`outreach.tally`) offers the number here.
"""

from typing import Protocol

from flask import Flask, current_app

KEY = "participation.standing"


class Standing(Protocol):
    """Knows how many attempts the region of an event counts by now in the event's campaign."""

    def counted(self, event_id: int, region_code: str) -> int | None:
        """Return the number, asking for it if need be; None if it cannot be told."""

    def at_hand(self, event_id: int, region_code: str) -> int | None:
        """Return the number if it is known without asking anybody."""


def offer(app: Flask, standing: Standing) -> None:
    """Take the numbers from whoever knows them."""
    app.extensions[KEY] = standing


def of_app() -> Standing | None:
    """Return whoever knows the numbers of the current app, if anybody does."""
    return current_app.extensions.get(KEY)
