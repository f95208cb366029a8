"""flask organizers: add, invite, list, set a password, deactivate, take off the second step."""

import secrets

import click
import sqlalchemy as sa
from flask import Flask
from flask.cli import AppGroup

from core import audit
from core.db import db
from outreach.organizers import invitation_service as invitations
from outreach.organizers import service, totp_service
from outreach.organizers.granting import Grant
from outreach.organizers.models import Organizer, Role
from outreach.regions.models import Region

LISTED = 10_000
MAX_NOTE = 60
cli = AppGroup("organizers", help="People who plan events.")

password_option = click.option(
    "--password", help="Without it a random one is made and printed once.", default=None
)
role_option = click.option(
    "--role",
    type=click.Choice([role.value for role in Role if role is not Role.HELPER]),
    default=Role.REGION.value,
    show_default=True,
    help="What the account is for; none leaves the question bank only.",
)
body_option = click.option("--body", help="Short name of the body that a body organizer works for.")


@cli.command("add")
@click.argument("name")
@click.option("--region", default="350000", show_default=True, help="Six-digit code of the region.")
@click.option("--editor", is_flag=True, help="May write questions.")
@click.option("--reviewer", is_flag=True, help="May approve what others wrote, and publish.")
@role_option
@body_option
@password_option
def add(  # noqa: PLR0917 -- click passes by name
    name: str,
    region: str,
    editor: bool,
    reviewer: bool,
    role: str,
    body: str | None,
    password: str | None,
) -> None:
    """Add organizer NAME for a region and all below it."""
    _check_charge(region, role, body)
    chosen = secrets.token_urlsafe(12) if password is None else password
    try:
        organizer = service.add(
            name,
            chosen,
            region,
            role=Role(role),
            body_slug=body,
            edits_questions=editor,
            reviews_questions=reviewer,
        )
    except service.NameTakenError:
        raise click.ClickException(f"an organizer {name} exists already") from None
    except service.BadNameError:
        raise click.ClickException("a name has 2 to 40 of a-z 0-9 . - _") from None
    except service.WeakPasswordError as error:
        raise click.ClickException(_weakness(error)) from None
    _record("organizer.add", organizer, role=organizer.role.value)
    db.session.commit()
    click.echo(f"organizer {organizer.name} added")
    if password is None:
        click.echo(f"password: {chosen}")


@cli.command("invite")
@click.argument("note")
@click.option("--region", default="350000", show_default=True, help="Six-digit code of the region.")
@click.option("--editor", is_flag=True, help="May write questions.")
@click.option("--reviewer", is_flag=True, help="May approve what others wrote, and publish.")
@role_option
@body_option
def invite(  # noqa: PLR0917 -- click passes by name
    note: str, region: str, editor: bool, reviewer: bool, role: str, body: str | None
) -> None:
    """Print a link by which one person makes an account; NOTE says for whom it is."""
    _check_charge(region, role, body)
    if not 1 <= len(note) <= MAX_NOTE:
        raise click.ClickException(f"a note has 1 to {MAX_NOTE} characters")
    grant = Grant(
        role=Role(role),
        region_code=region,
        body_slug=body,
        edits_questions=editor,
        reviews_questions=reviewer,
    )
    invitation, token = invitations.invite(None, grant, note)
    audit.record(
        "invitation.make",
        f"invitation:{invitation.id}",
        note,
        region_code=region,
        role=invitation.role.value,
    )
    db.session.commit()
    click.echo(invitations.link(token))
    click.echo(f"works once, for {invitations.LIFETIME.days} days")


@cli.command("list")
def list_() -> None:
    """List the accounts: name, role, region, state, second step."""
    query = sa.select(Organizer).order_by(Organizer.name).limit(LISTED)
    for organizer in db.session.scalars(query):
        state = "open" if organizer.is_active else "closed"
        steps = "two steps" if organizer.totp_secret else "one step"
        click.echo(f"{organizer.name}\t{organizer.role}\t{organizer.region_code}\t{state}\t{steps}")


@cli.command("reset-totp")
@click.argument("name")
def reset_totp(name: str) -> None:
    """Take the authenticator of NAME off and end all sessions, for somebody who lost the phone."""
    organizer = _find(name)
    totp_service.switch_off(organizer)
    service.end_sessions(organizer)
    _record("organizer.totp_reset", organizer)
    db.session.commit()
    click.echo(f"{organizer.name} signs in without a code")


@cli.command("password")
@click.argument("name")
@password_option
def password(name: str, password: str | None) -> None:
    """Set a new password for NAME and end all sessions."""
    organizer = _find(name)
    chosen = secrets.token_urlsafe(12) if password is None else password
    try:
        service.set_password(organizer, chosen)
    except service.WeakPasswordError as error:
        raise click.ClickException(_weakness(error)) from None
    _record("organizer.password_set", organizer)
    db.session.commit()
    click.echo(f"new password: {chosen}" if password is None else "password changed")


@cli.command("deactivate")
@click.argument("name")
def deactivate(name: str) -> None:
    """Close the account NAME and end all its sessions."""
    organizer = _find(name)
    service.deactivate(organizer)
    _record("organizer.deactivate", organizer)
    db.session.commit()
    click.echo(f"organizer {name} deactivated")


def _check_charge(region: str, role: str, body: str | None) -> None:
    if (role == Role.BODY) != (body is not None):
        raise click.ClickException("--body belongs to --role body, and only there")
    if db.session.get(Region, region) is None:
        raise click.ClickException(f"no region has the code {region}")


def _record(action: str, organizer: Organizer, **detail: str) -> None:
    subject = f"organizer:{organizer.id}"
    audit.record(action, subject, organizer.name, region_code=organizer.region_code, **detail)


def _weakness(error: service.WeakPasswordError) -> str:
    if isinstance(error, service.CommonPasswordError):
        return "this password is among the first that others try; choose another one"
    return f"a password has {service.MIN_PASSWORD} to {service.MAX_PASSWORD} characters"


def _find(name: str) -> Organizer:
    organizer = service.find(name)
    if organizer is None:
        raise click.ClickException(f"no organizer is called {name}")
    return organizer


def init_app(app: Flask) -> None:
    """Register the commands."""
    app.cli.add_command(cli)
