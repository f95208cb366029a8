"""Which events are archived: their attempts lie in a file, and they stay as they were counted."""

import sqlalchemy as sa

from core.db import read
from outreach.events.archive_models import ArchivedEvent


class ArchivedError(Exception):
    """The event's attempts are in an archive, so what they are counted by stays."""


def event_ids() -> sa.ScalarSelect[int]:
    """Return the query for the ids of archived events, to stand inside another query."""
    return sa.select(ArchivedEvent.event_id).scalar_subquery()


def is_archived(event_id: int) -> bool:
    """Tell whether the attempts of an event are in an archive."""
    query = sa.select(sa.exists().where(ArchivedEvent.event_id == event_id))
    with read() as connection:
        return bool(connection.scalar(query))
