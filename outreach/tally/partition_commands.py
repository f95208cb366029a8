"""flask db-partition."""

import sys

import click
from flask import Flask
from flask.cli import with_appcontext
from sqlalchemy.exc import OperationalError

from core.words import counted
from outreach.tally import partitions


@click.command("db-partition")
@click.option("--detach", metavar="SLUG", help="Take this campaign's partition out instead.")
@with_appcontext
def db_partition(detach: str | None) -> None:
    """Keep the attempts of each campaign in a partition of its own (PostgreSQL).

    Run it before a campaign, once its events are planned: what came is moved, and what will come
    goes there by itself. Run again it only does what is left; a detached partition is put back.
    While rows are moved pages are shown, and phones that hand in send again by themselves.
    """
    try:
        if detach:
            click.echo(f"{partitions.detach(detach)} holds its attempts; the tallies stay")
            return
        moved = partitions.split(_tell)
    except partitions.NotPostgresqlError:
        raise click.ClickException("SQLite has no partitions; see docs/operate.md") from None
    except partitions.NoPartitionError as error:
        raise click.ClickException(f"{error} has no partition that is attached") from None
    except partitions.StillQueuedError as error:
        raise click.ClickException(
            f"attempts of {error} are not counted yet: flask --app app tally fold"
        ) from None
    except OperationalError as error:
        raise click.ClickException(
            f"somebody holds what this needs; run it again when it is quieter: {error.orig}"
        ) from None
    for partition in partitions.listing():
        events = counted(len(partition.event_ids), "event")
        state = events if partition.campaign_id is not None else "all other events"
        click.echo(f"{partition.name}: {state if partition.is_attached else 'detached'}")
    click.echo(f"{counted(moved, 'attempt')} moved")


def _tell(said: str) -> None:
    if sys.stderr.isatty():
        click.echo(f"  {said} ...", err=True)


def init_app(app: Flask) -> None:
    """Register the command."""
    app.cli.add_command(db_partition)
