"""When an event is open, and whether it takes place at all; its posters obey at once."""

from datetime import datetime, timedelta

from core import clock
from core.db import db
from outreach.events.archived import ArchivedError, is_archived
from outreach.events.models import Event, EventState

LONGEST = timedelta(days=366)


class NotOpenError(Exception):
    """Only an open event can be closed early."""


class TooLongError(Exception):
    """An event is open for at most `LONGEST` from now on."""


class AlreadyPastError(Exception):
    """The wanted closing moment has passed or is not after the opening."""


def cancel(event: Event) -> None:
    """Say that an event does not take place; its posters tell so."""
    if event.cancelled_at is None:
        event.cancelled_at = clock.now()
        db.session.flush()


def restore(event: Event) -> None:
    """Let a cancelled event take place after all, at the times planned."""
    event.cancelled_at = None
    db.session.flush()


def close_now(event: Event) -> datetime:
    """Close an open event early and return when it was to close.

    :raises NotOpenError: it is not open
    """
    at = clock.now()
    if event.state(at) is not EventState.OPEN or at <= event.opens_at:
        raise NotOpenError
    planned, event.closes_at = event.closes_at, at
    db.session.flush()
    return planned


def close_at(event: Event, closes_at: datetime) -> None:
    """Let an event be open until another moment, also if it has closed before.

    :raises AlreadyPastError: the moment has passed, or is not after the opening
    :raises TooLongError: it is too far away
    :raises ArchivedError: its attempts are in an archive
    """
    if is_archived(event.id):
        raise ArchivedError
    at = clock.now()
    if closes_at <= max(at, event.opens_at):
        raise AlreadyPastError
    if closes_at > max(at, event.opens_at) + LONGEST:
        raise TooLongError
    event.closes_at = closes_at
    db.session.flush()
