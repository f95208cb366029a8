"""flask campaign: load a campaign's file, list what there is, copy one to a later year."""

from pathlib import Path

import click
from flask import Flask
from flask.cli import AppGroup

from core import audit, clock
from core.db import db
from core.words import counted
from outreach.campaigns import planning, service
from outreach.campaigns.countdown import countdown
from outreach.campaigns.models import Campaign
from outreach.regions import service as regions

cli = AppGroup("campaign", help="Campaigns and their bodies.")


@cli.command("load")
@click.argument("path", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def load(path: Path) -> None:
    """Load the campaign in PATH with its bodies; loading again brings it up to date."""
    regions.load_divisions()
    try:
        campaign = service.load(path, clock.local_day(clock.now()))
    except service.BadPlanError as error:
        raise click.ClickException(f"{path}: {error}") from None
    _record("campaign.load", campaign)
    db.session.commit()
    click.echo(f"{campaign.name_zh}: {counted(len(campaign.bodies), 'body', 'bodies')}")


@cli.command("list")
def list_() -> None:
    """List the campaigns, the latest first: slug, days, state, bodies, events, name.

    An asterisk marks the one that the public pages show.
    """
    today = clock.local_day(clock.now())
    listed = service.of_all()
    events = service.events_of([campaign.id for campaign in listed])
    shown = service.current(today)
    for campaign in listed:
        mark = "*" if campaign is shown else " "
        phase = countdown(campaign.first_on, campaign.last_on, today).phase
        click.echo(
            f"{mark} {campaign.slug}  {campaign.first_on} to {campaign.last_on}  {phase}  "
            f"{len(campaign.bodies)} bodies  {events.get(campaign.id, 0)} events  "
            f"{campaign.name_zh}"
        )


@cli.command("copy")
@click.argument("slug")
@click.option(
    "--year", type=click.IntRange(2000, 2100), help="The new year; without it the next one."
)
@click.option("--as", "new_slug", help="The new campaign's slug; province and year without it.")
def copy(slug: str, year: int | None, new_slug: str | None) -> None:
    """Set up the campaign SLUG anew for a later year: words, days, bodies, no events.

    A second time refuses: there is a copy already.
    """
    source = service.named(slug)
    if source is None:
        raise click.ClickException(f"no campaign is called {slug}")
    later = 1 if year is None else year - source.year
    wanted = new_slug or planning.usual_slug(source.province_code, source.year + later)
    try:
        plan = planning.copied(source, service.separate_regions(source.id), years_later=later)
        campaign = planning.add_named(wanted, source.province_code, plan, like=source)
    except planning.SlugTakenError:
        raise click.ClickException(f"there is a campaign called {wanted} already") from None
    _record("campaign.copy", campaign, source=source.slug)
    db.session.commit()
    click.echo(f"{campaign.slug}: {campaign.name_zh}, {campaign.first_on} to {campaign.last_on}")


def _record(action: str, campaign: Campaign, **detail: str) -> None:
    audit.record(
        action,
        f"campaign:{campaign.id}",
        campaign.name_zh,
        region_code=campaign.province_code,
        **detail,
    )


def init_app(app: Flask) -> None:
    """Register the commands."""
    app.cli.add_command(cli)
