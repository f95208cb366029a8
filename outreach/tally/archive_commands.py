"""flask campaign archive SLUG FILE, flask campaign restore SLUG FILE."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from flask import Flask
from flask.cli import AppGroup, with_appcontext

from core import audit
from core.db import db
from core.words import counted
from outreach.campaigns.commands import cli
from outreach.tally import archiving
from outreach.tally.archive_file import DamagedFileError, Reader
from outreach.tally.archiving import Subject

FILE = click.Path(dir_okay=False, path_type=Path)


@click.command("archive")
@click.argument("slug")
@click.argument("file", type=FILE)
@click.option("--remove", is_flag=True, help="Then delete the attempts; their tallies stay.")
@with_appcontext
def archive(slug: str, file: Path, remove: bool) -> None:
    """Write the attempts of the campaign SLUG, which is over, into FILE and prove it by reading.

    If FILE is there already it is proved again, so the command can be run again whenever it died.
    With --remove the attempts leave the database: all numbers stay, but a participant's result is
    no longer shown. `campaign restore` puts them back.
    """
    campaign = _campaign(slug)
    if campaign.removed_at is not None:
        click.echo(f"{slug} is archived already")
        return
    try:
        if campaign.sha256 is None:
            reader = _archived(campaign, file, remove=remove)
        elif remove:
            reader = _reader(campaign, file)
            _prove(reader)
        else:
            raise click.ClickException(
                "the attempts are half removed: run it again with --remove, or campaign restore"
            )
        if remove:
            _remove(campaign, reader)
    except archiving.RefusedError as error:
        raise click.ClickException(f"nothing was removed from {slug}: {error}") from None
    except (DamagedFileError, OSError) as error:
        raise click.ClickException(f"{file}: {error}") from None


@click.command("restore")
@click.argument("slug")
@click.argument("file", type=FILE)
@with_appcontext
def restore(slug: str, file: Path) -> None:
    """Put the attempts that FILE holds back into the campaign SLUG, and compare all of them."""
    campaign = _campaign(slug)
    if campaign.sha256 is None:
        click.echo(f"{slug} is not archived: its attempts are all here")
        return
    try:
        reader = _reader(campaign, file)
        _prove(reader)
        with _progress("restoring", reader.number) as tell:
            archiving.put_back(reader, tell)
        archiving.finish_return(campaign, reader)
    except (DamagedFileError, OSError) as error:
        raise click.ClickException(f"{file}: {error}") from None
    except archiving.RefusedError as error:
        raise click.ClickException(f"{slug} stays archived: {error}") from None
    _record("campaign.archive_restore", campaign, file)
    click.echo(f"{counted(reader.number, 'attempt')} restored; all of them are those in {file}")


def _archived(campaign: Subject, file: Path, *, remove: bool) -> Reader:
    """Write the file if it is not there, and prove it; record what was counted before it goes."""
    if not file.exists():
        with _progress("writing", 0) as tell:
            archiving.save(campaign, file, tell)
        _record("campaign.archive", campaign, file)
    reader = _reader(campaign, file)
    with _progress("proving", reader.number) as tell:
        recount = archiving.check(campaign, reader, tell)
    click.echo(_proved(reader))
    if remove:
        archiving.begin_removal(campaign, reader, recount)
        db.session.commit()
    return reader


def _remove(campaign: Subject, reader: Reader) -> None:
    with _progress("removing", reader.number) as tell:
        archiving.remove(reader, tell)
    archiving.finish_removal(campaign)
    _record("campaign.archive_remove", campaign, reader.path)
    click.echo(f"{counted(reader.number, 'attempt')} removed; keep {reader.path} safe")


def _campaign(slug: str) -> Subject:
    campaign = archiving.subject(slug)
    if campaign is None:
        raise click.ClickException(f"no campaign is called {slug}")
    return campaign


def _reader(campaign: Subject, file: Path) -> Reader:
    """Open a file that belongs to the campaign.

    :raises DamagedFileError: it is no archive, or another one
    """
    reader = Reader(file)
    if reader.slug != campaign.slug:
        raise DamagedFileError(f"it holds the campaign {reader.slug}")
    if campaign.sha256 not in {None, reader.sha256}:
        raise DamagedFileError(f"the attempts of {campaign.slug} went into another file")
    return reader


def _prove(reader: Reader) -> None:
    """Read a file to its end.

    :raises DamagedFileError: it is not what was written
    """
    with _progress("proving", reader.number) as tell:
        for _row in reader.rows():
            tell(1)


def _proved(reader: Reader) -> str:
    events = counted(len(reader.manifest["events"]), "event")
    size = reader.path.stat().st_size / 1e6
    return (
        f"{counted(reader.number, 'attempt')} of {events} in {reader.path}, {size:.1f} MB; "
        "read again: they add up to the tallies"
    )


def _record(action: str, campaign: Subject, file: Path) -> None:
    """Write the deed into the log, with what was done in the session."""
    audit.record(
        action,
        f"campaign:{campaign.id}",
        campaign.name,
        region_code=campaign.region_code,
        file=file.name,
    )
    db.session.commit()


@contextmanager
def _progress(label: str, length: int) -> Iterator[archiving.Tell]:
    """Show how far it is to whoever watches."""
    unseen = not sys.stderr.isatty()
    with click.progressbar(length=length, label=label, file=sys.stderr, hidden=unseen) as bar:

        def tell(number: int) -> None:
            if not unseen:
                bar.update(number)

        yield tell


def init_app(app: Flask) -> None:
    """Add the commands to those of campaigns; `app` has that group already."""
    group = app.cli.commands[cli.name or ""]
    assert isinstance(group, AppGroup)  # noqa: S101 -- says the type to mypy
    group.add_command(archive)
    group.add_command(restore)
