"""Attempts between the database and an archive: read in the archive's order, found by its rows."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import Any

import sqlalchemy as sa

from core.db import db
from outreach.participation.models import Attempt
from outreach.participation.visitor import KEY_BYTES
from outreach.tally.archive_file import Row

BATCH = 500
FETCHED = 2_000


@contextmanager
def snapshot() -> Iterator[sa.Connection]:
    """Open a connection whose reads all see the same moment and keep nobody from writing."""
    options: dict[str, Any] = {"writing": False}
    if db.engine.dialect.name == "postgresql":
        options["isolation_level"] = "REPEATABLE READ"
    with db.engine.connect().execution_options(**options) as connection, connection.begin():
        yield connection


def rows_of(connection: sa.Connection, event_ids: Iterable[int]) -> Iterator[Row]:
    """Yield the attempts of events as they are archived.

    Each event is read along the index of its devices, so that neither sorting nor numbering them
    takes memory. A device's number says nothing: its key is a hash.
    """
    device_key, submitted_at = Attempt.device_key, Attempt.submitted_at
    same = [name for name in Row._fields if name not in {"device", "hour_at"}]
    columns = [device_key, submitted_at, *(getattr(Attempt, name) for name in same)]
    event = sa.bindparam("event", type_=sa.Integer)
    query = sa.select(*columns).where(Attempt.event_id == event)
    query = query.order_by(device_key, Attempt.sequence).execution_options(yield_per=FETCHED)
    for event_id in event_ids:
        key, device = b"", 0
        for its_key, moment, *values in connection.execute(query, {"event": event_id}):
            device += its_key != key
            key = its_key
            yield Row(
                device=device,
                hour_at=moment.replace(minute=0, second=0, microsecond=0),
                **dict(zip(same, values, strict=True)),
            )


def values_of(row: Row) -> dict[str, Any]:
    """Return a row as the table holds it.

    Keys of devices that come back stand in the order of their numbers; they are no secret.
    """
    values = row._asdict()
    device, hour_at = values.pop("device"), values.pop("hour_at")
    return values | {"device_key": device.to_bytes(KEY_BYTES, "big"), "submitted_at": hour_at}


def batches(rows: Iterator[Row]) -> Iterator[list[Row]]:
    """Take the rows by so many as one transaction deals with."""
    while batch := list(islice(rows, BATCH)):
        yield batch


def among(columns: Any, batch: Sequence[Row]) -> sa.ColumnElement[bool]:
    """Return the condition for the attempts of some rows."""
    pair = sa.tuple_(columns["event_id"], columns["id"])
    return pair.in_([(row.event_id, row.id) for row in batch])
