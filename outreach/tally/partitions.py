"""Attempts in partitions: one table per campaign instead of one for all, on PostgreSQL.

`attempt` becomes a table partitioned by lists of events. Each campaign has a partition with its
events' ids; whatever has none yet goes to `attempt_rest`. To the program nothing changes: keys
begin with the event, so every statement finds its partition. The partitions stand in a schema of
their own, where neither migrations nor backups take them for further tables.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from core.db import db
from outreach.campaigns.models import Campaign
from outreach.events.models import Event
from outreach.tally.knowledge_models import UnreadAttempt
from outreach.tally.rollup_models import FreshAttempt

SCHEMA = "partitions"
REST = f"{SCHEMA}.attempt_rest"
SWITCH_SECONDS = 60
"""How long the switch waits for pages that read; attempts handed in wait as long."""

# In the words of PostgreSQL, as whatever made them would say them again; keys before references.
CONSTRAINTS = """
SELECT quote_ident(conname), pg_get_constraintdef(oid) FROM pg_constraint
WHERE conrelid = 'attempt'::regclass AND contype IN ('p', 'u', 'c', 'f')
ORDER BY contype = 'f', conname
"""
INDEXES = """
SELECT pg_get_indexdef(indexrelid) FROM pg_index
WHERE indrelid = 'attempt'::regclass
AND indexrelid NOT IN (SELECT conindid FROM pg_constraint WHERE conrelid = 'attempt'::regclass)
"""
TRIGGERS = """
SELECT quote_ident(tgname), pg_get_triggerdef(oid) FROM pg_trigger
WHERE tgrelid = 'attempt'::regclass AND NOT tgisinternal
"""
IS_PARTITIONED = "SELECT relkind = 'p' FROM pg_class WHERE oid = 'attempt'::regclass"
PARTITIONS = """
SELECT child.relname, pg_get_expr(child.relpartbound, child.oid), child.relispartition
FROM pg_class child JOIN pg_namespace ON pg_namespace.oid = child.relnamespace
WHERE nspname = 'partitions' AND child.relkind = 'r' ORDER BY child.relname
"""

Tell = Callable[[str], None]
"""Is told what begins, since it may take minutes."""


class NotPostgresqlError(Exception):
    """SQLite has no partitions."""


class NoPartitionError(Exception):
    """The campaign has no partition that could be detached."""


class StillQueuedError(Exception):
    """Attempts of the campaign are not folded and read yet: out of sight they never would be."""


@dataclass(frozen=True, slots=True)
class Partition:
    """One table of attempts.

    :param campaign_id: None for the one that takes what has no place of its own
    :param event_ids: of the list by which rows come to it
    """

    name: str
    campaign_id: int | None
    event_ids: frozenset[int]
    is_attached: bool


def split(tell: Tell) -> int:
    """Put every campaign's attempts into its partition, and return how many rows were moved.

    Can be run again whenever there are new events, and after it was broken off: each campaign is
    moved in a transaction of its own. Pages are read meanwhile; attempts handed in wait until a
    campaign is moved (after some seconds phones are told so, and send again by themselves).

    :raises NotPostgresqlError: the database is another one
    :raises sqlalchemy.exc.OperationalError: somebody holds a lock; run it when it is quieter
    """
    _refuse_others()
    with db.engine.begin() as connection:
        if not connection.scalar(sa.text(IS_PARTITIONED)):
            tell("partitions are introduced")
            _introduce(connection)
    moved = 0
    for campaign_id, slug, event_ids in _campaigns():
        known = {partition.campaign_id: partition for partition in listing()}.get(campaign_id)
        if known and known.is_attached and known.event_ids >= event_ids:
            continue
        tell(f"{slug}: {len(event_ids)} events")
        with db.engine.begin() as connection:
            moved += _place(connection, campaign_id, event_ids, known)
    if moved:
        tell("space is given back")
        _tidy()
    return moved


def detach(slug: str) -> str:
    """Take a campaign's partition out and return its name; `split` puts it back.

    Its tallies stay; its attempts are kept in a table of their own that no page reads.

    :raises NoPartitionError: it has none
    :raises NotPostgresqlError: the database is another one
    :raises StillQueuedError: `tally fold` comes first
    """
    _refuse_others()
    with db.engine.begin() as connection:
        campaign_id = connection.scalar(sa.select(Campaign.id).where(Campaign.slug == slug))
        known = next((p for p in listing() if p.campaign_id == campaign_id), None)
        if campaign_id is None or known is None or not known.is_attached:
            raise NoPartitionError(slug)
        _run(connection, f"ALTER TABLE attempt DETACH PARTITION {SCHEMA}.{known.name}")
        for queue in (FreshAttempt, UnreadAttempt):
            if connection.scalar(sa.select(sa.exists().where(queue.event_id.in_(known.event_ids)))):
                raise StillQueuedError(slug)
    return f"{SCHEMA}.{known.name}"


def listing() -> Sequence[Partition]:
    """List the partitions there are, also those detached."""
    with db.engine.connect() as connection:
        rows = connection.execute(sa.text(PARTITIONS)).all()
    return [
        Partition(
            name=name,
            campaign_id=int(name.rpartition("_")[2]) if name != "attempt_rest" else None,
            event_ids=_ids(bound or ""),
            is_attached=attached,
        )
        for name, bound, attached in rows
    ]


def _ids(bound: str) -> frozenset[int]:
    """Read PostgreSQL's "FOR VALUES IN (1, 2)"; nothing of "DEFAULT"."""
    _before, opened, listed = bound.partition("(")
    return frozenset(map(int, listed.rstrip(")").split(", "))) if opened else frozenset()


def _refuse_others() -> None:
    if db.engine.dialect.name != "postgresql":
        raise NotPostgresqlError


def _run(connection: sa.Connection, statement: str) -> int:
    return connection.exec_driver_sql(statement).rowcount


def _campaigns() -> Sequence[tuple[int, str, frozenset[int]]]:
    """List the campaigns that have events, with those."""
    query = (
        sa.select(Campaign.id, Campaign.slug, sa.func.array_agg(Event.id))
        .join(Event, Event.campaign_id == Campaign.id)
        .group_by(Campaign.id, Campaign.slug)
        .order_by(Campaign.id)
    )
    with db.engine.connect() as connection:
        return [(key, slug, frozenset(ids)) for key, slug, ids in connection.execute(query)]


def _introduce(connection: sa.Connection) -> None:
    """Let the table as it is become the partition for everything; moves no row."""
    _run(connection, f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}")
    _run(connection, "LOCK TABLE attempt IN ACCESS EXCLUSIVE MODE")
    constraints = connection.execute(sa.text(CONSTRAINTS)).all()
    indexes = connection.scalars(sa.text(INDEXES)).all()
    triggers = connection.execute(sa.text(TRIGGERS)).all()
    for name, _definition in triggers:
        _run(connection, f"DROP TRIGGER {name} ON attempt")
    _run(connection, "ALTER TABLE attempt RENAME TO attempt_rest")
    _run(connection, f"ALTER TABLE attempt_rest SET SCHEMA {SCHEMA}")
    _run(
        connection,
        f"CREATE TABLE attempt (LIKE {REST} INCLUDING DEFAULTS INCLUDING STORAGE)"
        " PARTITION BY LIST (event_id)",
    )
    for name, definition in constraints:
        _run(connection, f"ALTER TABLE attempt ADD CONSTRAINT {name} {definition}")
    for definition in indexes:
        _run(connection, definition)
    _run(connection, f"ALTER TABLE attempt ATTACH PARTITION {REST} DEFAULT")
    for _name, definition in triggers:
        _run(connection, definition)


def _place(
    connection: sa.Connection, campaign_id: int, event_ids: frozenset[int], known: Partition | None
) -> int:
    """Move a campaign's rows into its partition and let its list be that of these events."""
    name = f"{SCHEMA}.attempt_campaign_{campaign_id}"
    listed = ", ".join(map(str, sorted(event_ids)))
    _run(connection, "SET LOCAL maintenance_work_mem = '256MB'")
    _run(connection, "LOCK TABLE attempt IN SHARE ROW EXCLUSIVE MODE")
    if known is None:
        _run(connection, f"CREATE TABLE {name} (LIKE {REST} INCLUDING DEFAULTS INCLUDING STORAGE)")
    _run(connection, f"SET LOCAL lock_timeout = '{SWITCH_SECONDS}s'")
    if known is not None and known.is_attached:
        _run(connection, f"ALTER TABLE attempt DETACH PARTITION {name}")
    theirs = f"FROM {REST} WHERE event_id IN ({listed})"
    # No trigger of a partition sees this: these attempts were queued as they came.
    copied = _run(connection, f"INSERT INTO {name} SELECT * {theirs}")
    _run(connection, f"DELETE {theirs}")
    _run(connection, f"ALTER TABLE attempt ATTACH PARTITION {name} FOR VALUES IN ({listed})")
    return copied


def _tidy() -> None:
    """Give the space of moved rows back, and tell PostgreSQL what is where."""
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        _run(connection, f"VACUUM {REST}")
        _run(connection, f"REINDEX TABLE CONCURRENTLY {REST}")
        for partition in listing():
            if partition.is_attached:
                _run(connection, f"VACUUM ANALYZE {SCHEMA}.{partition.name}")
        _run(connection, "ANALYZE attempt")
