"""flask questions: check the content files, load them, publish an edition."""

import sys
from pathlib import Path

import click
from flask import Flask
from flask.cli import AppGroup

from core import clock
from core.db import db
from core.words import counted
from question_bank import exporter, loading, service
from question_bank.check import check as check_bank
from question_bank.check import is_ended, measure
from question_bank.importer import Bank, read_bank

CONTENT = Path(__file__).parent / "content"

cli = AppGroup("questions", help="The question bank: check, load, publish.")

folder = click.option(
    "--folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=CONTENT,
    show_default="question_bank/content",
    help="The content files.",
)


@cli.command("check")
@folder
@click.option("--numbers", is_flag=True, help="Also print how the bank is made up.")
def check(folder: Path, numbers: bool) -> None:
    """Report every fault of the content files by file and line; exit 1 if there is any."""
    bank = _read(folder)
    if numbers:
        for name, counts in measure(bank.questions).items():
            click.echo(f"{name}: " + ", ".join(f"{key} {n}" for key, n in counts.items()))
    click.echo(f"{counted(len(bank.questions), 'question')}, no faults")


@cli.command("load")
@folder
@click.option("--summary", default="内容文件 Content files", help="What this edition brings.")
@click.option("--overwrite", is_flag=True, help="Let the files win over editors' changes.")
def load(folder: Path, summary: str, overwrite: bool) -> None:
    """Load the content files and publish an edition if anything changed."""
    load_and_publish(folder, summary, overwrite=overwrite)


def load_and_publish(folder: Path, summary: str, *, overwrite: bool = False) -> None:
    """Do what `flask questions load` does; stops with exit code 1 on faults."""
    bank = _read(folder, may_be_ended=True)
    loaded = loading.load(bank, overwrite=overwrite)
    number = service.publish(summary)
    db.session.commit()
    for question_id in loaded.kept:
        click.echo(
            f"{question_id}: changed by an editor and in the files; the editor's words stay "
            "(--overwrite lets the files win)",
            err=True,
        )
    click.echo(
        f"{counted(loaded.added, 'question')} added, {loaded.changed} changed, "
        f"{loaded.retired} retired; "
        + (f"edition {number} published" if number else "nothing new to publish")
    )


@cli.command("export")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
def export(folder: Path) -> None:
    """Write what the next edition would publish as content files into FOLDER.

    So editors' work returns to where it is reviewed in pull requests.
    """
    questions = service.live_questions()
    for name, text in exporter.to_folder(sorted(questions, key=lambda q: q.id)).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    click.echo(f"{counted(len(questions), 'question')} written to {folder}")


def _read(folder: Path, *, may_be_ended: bool = False) -> Bank:
    bank, faults = read_bank(folder)
    faults += check_bank(bank, clock.local_day(clock.now()))
    for fault in sorted(faults):
        click.echo(str(fault), err=True)
    if faults and not (may_be_ended and all(is_ended(fault) for fault in faults)):
        click.echo(counted(len(faults), "fault"), err=True)
        sys.exit(1)
    return bank


def init_app(app: Flask) -> None:
    """Register the commands."""
    app.cli.add_command(cli)
