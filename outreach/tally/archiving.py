"""Moving the attempts of a campaign that is over into a file, and back; no figure changes.

The file is complete and was read again before anything goes. Then what was counted of its events is
recorded (`archived_event`), and from that moment on the rollups are what is left of them. Attempts
go in batches, by the ids that the file holds: what is not in it stays. Whatever dies in between,
the same command goes on where it ended.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from core import clock
from core.backup import revision_of
from core.db import db, read, write
from outreach.campaigns.models import Campaign
from outreach.events.archive_models import ArchivedEvent, CampaignArchive
from outreach.events.models import Event
from outreach.participation.models import Attempt
from outreach.participation.ticket import LIFETIME
from outreach.tally import archive_counting, archive_file
from outreach.tally.archive_counting import ANSWERS, COUNTS, NOTHING, Recount
from outreach.tally.archive_file import NUMBERS, Reader, Row
from outreach.tally.archive_models import ArchivedItem
from outreach.tally.archive_rows import among, batches, rows_of, snapshot, values_of
from outreach.tally.knowledge_models import UnreadAttempt
from outreach.tally.knowledge_reading import table_of
from outreach.tally.rollup_models import FreshAttempt

ONLY_OWNER = 0o600

Tell = Callable[[int], None]
"""Is told how many attempts were dealt with since the last time."""


class RefusedError(Exception):
    """It cannot be done now; the message says why and what to do."""


class NotOverError(RefusedError):
    """The campaign or an event of it is not over yet, or was a moment ago."""


class NothingToArchiveError(RefusedError):
    """The campaign has no attempts."""


class NotCountedError(RefusedError):
    """Attempts are not folded and read yet, or the rollups say something else than they do."""


class OtherAttemptsError(RefusedError):
    """The file does not hold the campaign's attempts as they are in the database."""


@dataclass(frozen=True, slots=True)
class Subject:
    """A campaign to archive, readable without a session; `sha256` is set once its removal began."""

    id: int
    slug: str
    name: str
    name_en: str
    year: int
    region_code: str
    last_on: date
    sha256: str | None
    removed_at: datetime | None


def subject(slug: str) -> Subject | None:
    """Return the campaign of a slug."""
    query = sa.select(
        Campaign.id,
        Campaign.slug,
        Campaign.name_zh,
        Campaign.name_en,
        Campaign.year,
        Campaign.province_code,
        Campaign.last_on,
        CampaignArchive.sha256,
        CampaignArchive.removed_at,
    ).outerjoin(CampaignArchive, CampaignArchive.campaign_id == Campaign.id)
    with read() as connection:
        row = connection.execute(query.where(Campaign.slug == slug)).first()
    return Subject(*row) if row else None


def save(campaign: Subject, path: Path, tell: Tell) -> None:
    """Write a campaign's attempts into a new file that no reader sees before it is complete.

    :raises NotOverError: somebody might still hand in
    :raises NothingToArchiveError: there are no attempts
    """
    _refuse_unless_over(campaign)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with snapshot() as connection:
            event_ids = _event_ids(connection, campaign)
            about = {
                "campaign": {
                    "slug": campaign.slug,
                    "name_zh": campaign.name,
                    "name_en": campaign.name_en,
                    "year": campaign.year,
                },
                "revision": revision_of(connection),
                "made_at": clock.now().isoformat(timespec="seconds"),
            }
            archive_file.write(draft, _told(rows_of(connection, event_ids), tell), about)
        draft.chmod(ONLY_OWNER)
        _sync(draft)
        os.link(draft, path)
        _sync(path.parent)
    finally:
        draft.unlink(missing_ok=True)


def check(campaign: Subject, reader: Reader, tell: Tell) -> Recount:
    """Read a file again and count everything anew from it; the rollups must say the same.

    :raises DamagedFileError: the file is not what was written
    :raises NotCountedError: the rollups say something else
    """
    recount = archive_counting.recount(reader.rows(), tell)
    with snapshot() as connection:
        for queue in (FreshAttempt, UnreadAttempt):
            if connection.scalar(sa.select(sa.exists().where(queue.event_id.in_(_of(campaign))))):
                raise NotCountedError("attempts wait to be counted: flask --app app tally fold")
        counts = archive_counting.kept(connection, _of(campaign), COUNTS)
        answers = archive_counting.kept(connection, _of(campaign), ANSWERS)
    for event_id, told in recount.events.items():
        if (counts.get(event_id, NOTHING), answers.get(event_id, NOTHING)) != (
            told.counts_sha256,
            told.answers_sha256,
        ):
            raise NotCountedError(
                f"event {event_id} is counted otherwise than its attempts say: "
                "flask --app app tally verify"
            )
    return recount


def begin_removal(campaign: Subject, reader: Reader, recount: Recount) -> None:
    """Record what was counted, within the session's transaction; from then on that stands.

    :raises NotOverError: somebody might hand in again
    :raises OtherAttemptsError: the database holds other attempts than the file
    """
    _refuse_unless_over(campaign)
    with snapshot() as connection:
        event_ids = _event_ids(connection, campaign)
        told = archive_file.of_rows(rows_of(connection, event_ids))
    if (told.sha256, told.rows) != (reader.sha256, reader.number):
        raise OtherAttemptsError("its attempts are others than those in the file; name a new one")
    archive = CampaignArchive(
        campaign_id=campaign.id,
        file_name=reader.path.name[:200],
        sha256=reader.sha256,
        attempts=reader.number,
        began_at=clock.now(),
    )
    db.session.add(archive)
    db.session.flush()
    for event_id, event in recount.events.items():
        db.session.add(
            ArchivedEvent(
                event_id=event_id,
                archive_id=campaign.id,
                counts_sha256=event.counts_sha256,
                answers_sha256=event.answers_sha256,
                **{name: getattr(event.tally, name) for name in NUMBERS},
            )
        )
    for edition, counts in recount.items.items():
        for question_id, item in counts.items():
            if item.answers:
                key = {"archive_id": campaign.id, "edition": edition, "question_id": question_id}
                db.session.add(ArchivedItem(**key, body=item.as_json()))
    db.session.flush()


def remove(reader: Reader, tell: Tell) -> int:
    """Delete the attempts that the file holds, in short transactions; return how many went."""
    attempt = table_of(Attempt)
    gone = 0
    for batch in batches(reader.rows()):
        with write() as connection:
            gone += connection.execute(sa.delete(attempt).where(among(attempt.c, batch))).rowcount
        tell(len(batch))
    return gone


def finish_removal(campaign: Subject) -> None:
    """Record that nothing is left to remove, within the session's transaction."""
    table = table_of(CampaignArchive)
    done = sa.update(table).where(table.c.campaign_id == campaign.id)
    db.session.execute(done.values(removed_at=clock.now()))


def put_back(reader: Reader, tell: Tell) -> None:
    """Write the attempts of the file where they are missing; they are counted already.

    A device that is still there in part gets its new key throughout.
    """
    attempt = table_of(Attempt)
    queues = [table_of(queue) for queue in (FreshAttempt, UnreadAttempt)]
    for batch in batches(reader.rows()):
        with write() as connection:
            insert = (sqlite if connection.dialect.name == "sqlite" else postgresql).insert(attempt)
            statement = insert.on_conflict_do_update(
                index_elements=["event_id", "id"], set_={"device_key": insert.excluded.device_key}
            )
            connection.execute(statement, [values_of(row) for row in batch])
            for queue in queues:  # triggers put them there; leaving one queue leads to the next
                connection.execute(sa.delete(queue).where(among(queue.c, batch)))
        tell(len(batch))


def finish_return(campaign: Subject, reader: Reader) -> None:
    """Compare all that is there with the file, and let the attempts be the truth again.

    Within the session's transaction.

    :raises OtherAttemptsError: they are not those of the file
    """
    events, archive = table_of(ArchivedEvent), table_of(CampaignArchive)
    with snapshot() as connection:
        mine = sa.select(events.c.event_id).where(events.c.archive_id == campaign.id)
        event_ids = connection.scalars(mine.order_by(events.c.event_id)).all()
        told = archive_file.of_rows(rows_of(connection, event_ids))
    if (told.sha256, told.rows) != (reader.sha256, reader.number):
        raise OtherAttemptsError("its attempts are others than those in the file")
    for model in (ArchivedItem, ArchivedEvent):
        table = table_of(model)
        db.session.execute(sa.delete(table).where(table.c.archive_id == campaign.id))
    db.session.execute(sa.delete(archive).where(archive.c.campaign_id == campaign.id))


def _refuse_unless_over(campaign: Subject) -> None:
    """A paper may be sent for as long as its ticket lives, and sent again somewhat later.

    :raises NotOverError: the campaign lasts, or an event of it was open until lately
    """
    at = clock.now()
    if campaign.last_on >= clock.local_day(at):
        raise NotOverError(f"it is not over: it lasts until {campaign.last_on}")
    latest = sa.select(sa.func.max(Event.closes_at)).where(Event.campaign_id == campaign.id)
    with read() as connection:
        closes_at = connection.scalar(latest)
    if closes_at is not None and at <= closes_at + LIFETIME:
        closed = clock.local_day(closes_at)
        raise NotOverError(
            f"it is not over: its last event closes on {closed}, and papers are taken a day longer"
        )


def _of(campaign: Subject) -> sa.Select[int]:
    """Return the query for the ids of a campaign's events that are not archived."""
    archived = sa.select(ArchivedEvent.event_id)
    query = sa.select(Event.id).where(Event.campaign_id == campaign.id)
    return query.where(Event.id.not_in(archived))


def _event_ids(connection: sa.Connection, campaign: Subject) -> Sequence[int]:
    """List the campaign's events that have attempts.

    :raises NothingToArchiveError: none has
    """
    query = _of(campaign).where(sa.exists().where(Attempt.event_id == Event.id))
    found = connection.scalars(query.order_by(Event.id)).all()
    if not found:
        raise NothingToArchiveError("it has no attempts")
    return found


def _told(rows: Iterator[Row], tell: Tell) -> Iterator[Row]:
    for row in rows:
        yield row
        tell(1)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
