"""flask tally: numbers derived from attempts."""

import sys

import click
from flask import Flask
from flask.cli import AppGroup

from core.db import db
from core.words import counted
from outreach.tally import (
    archive_counting,
    items,
    knowledge_reading,
    knowledge_recount,
    knowledge_sums,
    rollup,
)

cli = AppGroup("tally", help="Numbers derived from attempts.")


@cli.command("items")
def items_() -> None:
    """Count anew what every question did, from all attempts.

    Attempts that do not fit their paper are left out and told on stderr, with exit code 1.
    """
    try:
        done = items.recount()
    except items.OvertakenError:
        raise click.ClickException(
            "another recount ended at the same moment; its numbers stand"
        ) from None
    db.session.commit()
    attempts, questions = counted(done.attempts, "attempt"), counted(done.questions, "question")
    click.echo(f"{attempts} counted, {questions} answered")
    if done.unfit:
        click.echo(f"{counted(done.unfit, 'attempt')} left out: no fit for the paper", err=True)
        sys.exit(1)


@cli.command("fold")
def fold() -> None:
    """Move queued attempts into the rollups and read their answers; the server does so too."""
    _fold_and_read()


@cli.command("verify")
@click.option(
    "--quick", is_flag=True, help="Leave out the answers: drawing every paper takes long."
)
def verify(quick: bool) -> None:
    """Recount everything from the attempts; exit 1 on any difference.

    Archived events must still be what was counted from their archive.
    """
    archived = archive_counting.differences(with_answers=not quick)
    found = list(rollup.differences())
    told = "the rollups hold what the attempts say"
    if not quick:
        answers = _recount()
        found += answers.differences
        told = "the rollups and answers hold what the attempts say"
        if answers.unfit:
            told += f"; {counted(answers.unfit, 'attempt')} left out: no fit for the paper"
    for difference in [*found, *archived]:
        cell = " ".join(str(part) for part in difference.cell)
        click.echo(f"{cell}: kept {difference.kept}, counted {difference.counted}", err=True)
    if found:
        cells = counted(len(found), "cell")
        click.echo(f"{cells} to mend: flask --app app tally rebuild", err=True)
    if archived:
        cells = counted(len(archived), "archived event")
        click.echo(f"{cells} to mend: campaign restore, then tally rebuild", err=True)
    if found or archived:
        sys.exit(1)
    click.echo(told)


@cli.command("rebuild")
def rebuild() -> None:
    """Empty all tallies and count everything anew; attempts wait while they are emptied."""
    rollup.rebuild()
    _fold_and_read()


def _fold_and_read() -> None:
    folded = rollup.fold_all()
    read = 0
    with click.progressbar(
        length=knowledge_reading.unread(most=None),
        label="reading",
        file=sys.stderr,
        hidden=_is_unseen(),
    ) as bar:
        while number := _read_batch():
            read += number
            bar.update(number)
    knowledge_sums.prepare()
    while knowledge_sums.renew():
        pass
    click.echo(f"{counted(folded, 'attempt')} folded, {read:,} read")


def _read_batch() -> int:
    """Read a batch; a server that reads at the same time is let first."""
    while True:
        try:
            return knowledge_reading.read_batch()
        except knowledge_reading.OvertakenError:
            continue


def _recount() -> knowledge_recount.Recount:
    with click.progressbar(length=0, label="drawing", file=sys.stderr, hidden=_is_unseen()) as bar:

        def tell(done: int, total: int) -> None:
            bar.length = total
            bar.update(done - bar.pos)

        return knowledge_recount.recount(tell)


def _is_unseen() -> bool:
    return not sys.stderr.isatty()


def init_app(app: Flask) -> None:
    """Register the commands."""
    app.cli.add_command(cli)
