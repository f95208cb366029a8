"""Where a campaign stands on a day. Pure."""

import enum
from dataclasses import dataclass
from datetime import date


class Phase(enum.StrEnum):
    """Before, during or after a campaign."""

    COMING = "coming"
    ON = "on"
    OVER = "over"


@dataclass(frozen=True, slots=True)
class Countdown:
    """A phase with its number of days.

    `number` is the days still to go before the first, or the day that it is, from 1; after the
    last day it is `total`, the length of the campaign in days.
    """

    phase: Phase
    number: int
    total: int


def countdown(first_on: date, last_on: date, today: date) -> Countdown:
    """Count the days to a campaign or within it; its first and last day belong to it."""
    total = (last_on - first_on).days + 1
    if today < first_on:
        return Countdown(Phase.COMING, (first_on - today).days, total)
    if today > last_on:
        return Countdown(Phase.OVER, total, total)
    return Countdown(Phase.ON, (today - first_on).days + 1, total)


def moved(day: date, years: int) -> date:
    """Return the same day some years later; 29 February becomes the 28th where there is none."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)
