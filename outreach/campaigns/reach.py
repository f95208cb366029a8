"""Which part of a campaign somebody answers for."""

from dataclasses import dataclass

from flask import abort, g


@dataclass(frozen=True, slots=True)
class Reach:
    """The events of a region and all below it; or of these only one body's, or only one event.

    :param region_code: six-digit code
    :param body_slug: the body that is meant, in every campaign
    :param event_id: the event that a helper looks after
    """

    region_code: str
    body_slug: str | None = None
    event_id: int | None = None


def current_reach() -> Reach:
    """Return the reach of who asks; only behind `requires`."""
    reach: Reach | None = g.get("reach")
    if reach is None:
        abort(403)
    return reach
