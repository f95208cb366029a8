"""Work too long for one answer: done by a process of its own, with progress, its file kept.

The job and its file stand in the database, so that any machine may do it and hand it out. The
process is started by the web process that was asked and works off whatever waits; one that dies
leaves a job without a sign of life, which the next process takes over.
"""

import os
import secrets
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import click
import sqlalchemy as sa
from flask import Flask, current_app
from flask_babel import force_locale
from sqlalchemy.orm import Mapped, mapped_column

from core import clock
from core.access import signed_in
from core.config import ROOT, Settings
from core.db import Model, db, read, write
from core.i18n import locale
from core.words import counted

SIGN_OF_LIFE = timedelta(seconds=1)
DEAD_AFTER = timedelta(seconds=60)
KEPT_FOR = timedelta(days=30)
LISTED = 50
MAX_FAULT = 400
NICENESS = 10


class Job(Model):
    """Something asked for; `id` is unguessable. It has a file once `finished_at` is set.

    `done` of `total` steps are made; `fault` says why it failed.
    """

    id: Mapped[str] = mapped_column(sa.String(22), primary_key=True)
    kind: Mapped[str] = mapped_column(sa.String(40))
    title: Mapped[str] = mapped_column(sa.String(120))
    params: Mapped[dict[str, Any]] = mapped_column(sa.JSON)
    locale: Mapped[str] = mapped_column(sa.String(8))
    asked_by: Mapped[int | None] = mapped_column(sa.ForeignKey("organizer.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(index=True)
    beat_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    done: Mapped[int]
    total: Mapped[int]
    fault: Mapped[str | None] = mapped_column(sa.String(MAX_FAULT))
    file_name: Mapped[str | None] = mapped_column(sa.String(160))
    media_type: Mapped[str | None] = mapped_column(sa.String(120))

    def is_stuck(self, at: datetime) -> bool:
        """Tell whether nobody works on it any more although it is not finished."""
        latest = self.beat_at or self.created_at
        return self.finished_at is None and abs(at - latest) > DEAD_AFTER


class JobFile(Model):
    """What a job made."""

    job_id: Mapped[str] = mapped_column(sa.ForeignKey("job.id"), primary_key=True)
    content: Mapped[bytes] = mapped_column(sa.LargeBinary)


@dataclass(frozen=True, slots=True)
class File:
    """A file to hand out."""

    name: str
    media_type: str
    content: bytes


class NotYoursError(Exception):
    """What was asked for earlier lies outside the rights that whoever asks again has now."""


class CannotDoError(Exception):
    """A job's work is not possible; the message is for the person who asked, in their language."""


Progress = Callable[[int, int], None]
Work = Callable[[dict[str, Any], Progress], File]
Renew = Callable[[dict[str, Any]], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Kind:
    """What is to be known of a kind of jobs.

    :param work: makes the file
    :param right: what one must hold to ask again
    :param renew: returns what the work needs, for the reach that whoever asks again has now, or
        raises `NotYoursError`
    """

    work: Work
    right: str
    renew: Renew


def start(kind: str, title: str, params: dict[str, Any], asked_by: int | None) -> Job:
    """Ask for a file; call `wake` once this is committed.

    :param params: plain values, all that the work needs
    """
    db.session.execute(sa.delete(JobFile).where(JobFile.job_id.in_(_outdated())))
    db.session.execute(sa.delete(Job).where(Job.created_at < clock.now() - KEPT_FOR))
    job = Job(
        id=secrets.token_urlsafe(16),
        kind=kind,
        title=title,
        params=params,
        locale=locale(),
        asked_by=asked_by,
        created_at=clock.now(),
        done=0,
        total=0,
    )
    db.session.add(job)
    db.session.flush()
    return job


def again(job: Job) -> Job:
    """Ask once more for what a job was to make, within what who asks may do now; then `wake`.

    :raises NotYoursError: none of it is theirs to ask for any more
    """
    known: dict[str, Kind] = current_app.extensions["jobs"]
    kind, actor = known[job.kind], signed_in()
    if not actor.may(kind.right):
        raise NotYoursError
    return start(job.kind, job.title, kind.renew(job.params), actor.id)


def let_go(actor_id: int) -> None:
    """Take from somebody all that they asked for, such as when they answer for something else.

    What waits is not made any more.
    """
    theirs = sa.update(Job).where(Job.asked_by == actor_id)
    at = clock.now()
    db.session.execute(theirs.where(Job.finished_at.is_(None)).values(finished_at=at, fault=""))
    db.session.execute(theirs.values(asked_by=None))


def _outdated() -> sa.Select[str]:
    return sa.select(Job.id).where(Job.created_at < clock.now() - KEPT_FOR)


def of_actor(job_id: str, actor_id: int) -> Job | None:
    """Return a job if this person asked for it."""
    return db.session.scalar(sa.select(Job).where(Job.id == job_id, Job.asked_by == actor_id))


def asked_by(actor_id: int) -> Sequence[Job]:
    """List what a person asked for, the newest first."""
    query = sa.select(Job).where(Job.asked_by == actor_id).order_by(Job.created_at.desc())
    return db.session.scalars(query.limit(LISTED)).all()


def content(job_id: str) -> bytes | None:
    """Return a finished job's file."""
    return db.session.scalar(sa.select(JobFile.content).where(JobFile.job_id == job_id))


def wake() -> None:
    """Start a process that works off what waits, unless tests do so themselves.

    It runs at low priority, so that phones do not wait for posters.
    """
    settings: Settings = current_app.config["SETTINGS"]
    if settings.testing:
        return
    process = subprocess.Popen(
        [sys.executable, "-m", "flask", "--app", "app", "work"],
        cwd=ROOT,
        env=settings.for_process(),
        stdin=subprocess.DEVNULL,
        start_new_session=True,
    )
    threading.Thread(target=process.wait, daemon=True).start()


def work_off() -> int:
    """Do what waits, one job after the other, and return how many were done.

    Does nothing while another process is at work: that one looks again before it ends.
    """
    number = 0
    while (job := _claim()) is not None:
        _do(*job)
        number += 1
    return number


def _claim() -> tuple[str, str, dict[str, Any], str] | None:
    """Take the oldest job that waits or whose worker died; None if there is none to take."""
    at = clock.now()
    # A sign of life from later than now was given while the clock was ahead: it says nothing.
    lives = Job.beat_at.between(at - DEAD_AFTER, at + DEAD_AFTER)
    waits = sa.and_(Job.finished_at.is_(None), sa.or_(Job.beat_at.is_(None), sa.not_(lives)))
    works = sa.and_(Job.finished_at.is_(None), lives)
    columns = (Job.id, Job.kind, Job.params, Job.locale)
    with write() as connection:
        if connection.scalar(sa.select(sa.func.count()).select_from(Job).where(works)):
            return None
        query = sa.select(*columns).where(waits).order_by(Job.created_at).limit(1)
        row = connection.execute(query.with_for_update(skip_locked=True)).first()
        if row is None:
            return None
        connection.execute(sa.update(Job).where(Job.id == row.id).values(beat_at=at))
    return row.id, row.kind, row.params, row.locale


def _do(job_id: str, kind: str, params: dict[str, Any], in_locale: str) -> None:
    known: dict[str, Kind] = current_app.extensions["jobs"]
    changes: dict[str, Any]
    made: File | None = None
    try:
        with force_locale(in_locale):
            made = known[kind].work(params, _progress_of(job_id))
        changes = {"file_name": made.name, "media_type": made.media_type, "fault": None}
    except CannotDoError as error:
        changes = {"fault": str(error)[:MAX_FAULT]}
    except Exception:  # whatever it is, the person who waits must be told, and the next served
        current_app.logger.exception("job %s of kind %s failed", job_id, kind)
        changes = {"fault": ""}
    with write() as connection:
        if made is not None:
            connection.execute(sa.delete(JobFile).where(JobFile.job_id == job_id))
            connection.execute(sa.insert(JobFile).values(job_id=job_id, content=made.content))
        update = sa.update(Job).where(Job.id == job_id)
        connection.execute(update.values(finished_at=clock.now(), **changes))


def _progress_of(job_id: str) -> Progress:
    """Return the function by which work tells how far it is; it writes at most once a second."""
    told: list[datetime] = []

    def tell(done: int, total: int) -> None:
        at = clock.now()
        if told and at - told[0] < SIGN_OF_LIFE and done < total:
            return
        told[:] = [at]
        with write() as connection:
            update = sa.update(Job).where(Job.id == job_id)
            connection.execute(update.values(done=done, total=total, beat_at=at))

    return tell


def waiting() -> int:
    """Count jobs that are not finished."""
    with read() as connection:
        query = sa.select(sa.func.count()).select_from(Job).where(Job.finished_at.is_(None))
        return connection.scalar(query) or 0


def register(app: Flask, name: str, kind: Kind) -> None:
    """Tell who does jobs of a kind."""
    app.extensions.setdefault("jobs", {})[name] = kind


@click.command("work")
def work() -> None:
    """Make the files that were asked for, then end."""
    os.nice(NICENESS)
    click.echo(f"{counted(work_off(), 'file')} made")


def init_app(app: Flask) -> None:
    """Register the command."""
    app.extensions.setdefault("jobs", {})
    app.cli.add_command(work)
