"""flask doctor: what could keep this installation from serving."""

import sys

import click
from flask import Flask
from flask.cli import with_appcontext

from core.words import counted
from outreach.home import doctor as checks


@click.command("doctor")
@with_appcontext
def doctor() -> None:
    """Check settings, database, bank, fonts, clock and disk; say what to mend, with exit code 1."""
    faults = 0
    for finding in checks.look():
        faults += finding.is_fault
        click.echo(f"{'FAULT' if finding.is_fault else 'ok   '}  {finding.name:<9} {finding.words}")
    if faults:
        click.echo(f"{counted(faults, 'fault')} to mend", err=True)
        sys.exit(1)


def init_app(app: Flask) -> None:
    """Register the command."""
    app.cli.add_command(doctor)
