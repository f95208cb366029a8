"""flask questions check and load: faults to stderr with exit code 1, and twice does no harm."""

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine
from click.testing import Result
from flask import Flask

from question_bank import models
from tests.question_bank.samples import (
    FILES,
    QUESTION_FILE,
    a_stem,
    an_entry,
    as_yaml,
    shipped_bank,
    write_content,
)

Run = Callable[..., Result]
WRITTEN = dt.datetime(2026, 11, 22, 4, 0, tzinfo=dt.UTC)
A_NEW_LAW_LATER = dt.datetime(2027, 1, 2, 4, 0, tzinfo=dt.UTC)


@pytest.fixture
def run(app: Flask) -> Run:
    """Run `flask questions ...`."""
    runner = app.test_cli_runner()
    return lambda *args: runner.invoke(args=["questions", *map(str, args)])


def entries(count: int) -> list[dict[str, Any]]:
    return [an_entry(f"pq-{n}", stem=a_stem(n).as_json()) for n in range(count)]


def latest(rows: Callable[[sa.Select[Any]], list[Any]]) -> tuple[int, str]:
    columns = models.Edition.number, models.Edition.summary
    number, summary = rows(sa.select(*columns).order_by(models.Edition.number.desc()))[0]
    return number, summary


def test_a_clean_folder_is_said_to_be_clean(run: Run, tmp_path: Path) -> None:
    folder = write_content(tmp_path, entries(3))

    result = run("check", "--folder", folder)

    assert (result.exit_code, result.stdout) == (0, "3 questions, no faults\n")


def test_the_shipped_bank_is_clean(run: Run) -> None:
    with time_machine.travel(WRITTEN, tick=False):
        result = run("check")

    assert result.exit_code == 0, result.output
    assert result.stdout == f"{len(shipped_bank().questions)} questions, no faults\n"


def test_the_numbers_of_a_bank_are_printed_when_asked_for(run: Run, tmp_path: Path) -> None:
    folder = write_content(tmp_path, entries(3))

    result = run("check", "--numbers", "--folder", folder)

    assert result.exit_code == 0
    assert "topic: product-quality 3" in result.stdout.splitlines()
    assert "kind: single 3" in result.stdout.splitlines()


def test_faults_go_to_stderr_by_file_and_line(run: Run, tmp_path: Path) -> None:
    broken = [an_entry("pq-a", difficulty=9), an_entry("pq-b", cites=["magic-law:1"])]
    folder = write_content(tmp_path, broken)

    result = run("check", "--folder", folder)

    assert result.exit_code == 1
    assert result.stdout == ""
    told = result.stderr.splitlines()
    assert told[0] == f"{QUESTION_FILE}:1: difficulty must be 1, 2 or 3, not 9"
    assert told[1].startswith(f"{QUESTION_FILE}:")
    assert told[1].endswith("pq-b: unknown statute: magic-law")
    assert told[2:] == ["2 faults"]


def test_checking_saves_nothing(
    run: Run, tmp_path: Path, rows: Callable[[sa.Select[Any]], list[Any]]
) -> None:
    before = latest(rows)

    run("check", "--folder", write_content(tmp_path, entries(3)))

    assert latest(rows) == before


@pytest.mark.parametrize("command", ["check", "load"])
def test_a_folder_that_is_not_there_is_told_in_one_line(
    run: Run, tmp_path: Path, command: str
) -> None:
    result = run(command, "--folder", tmp_path / "nowhere")

    assert result.exit_code == 2
    assert "does not exist" in result.stderr.splitlines()[-1]


@pytest.mark.parametrize("command", ["check", "load"])
def test_an_empty_folder_is_a_folder_with_faults(run: Run, tmp_path: Path, command: str) -> None:
    result = run(command, "--folder", tmp_path)

    assert result.exit_code == 1
    assert "topics.yaml:1: cannot be read" in result.stderr


def test_loading_publishes_an_edition(
    run: Run, tmp_path: Path, rows: Callable[[sa.Select[Any]], list[Any]]
) -> None:
    folder = write_content(tmp_path, entries(3))
    number, _summary = latest(rows)

    result = run("load", "--folder", folder, "--summary", "Three new ones")

    retired = len(shipped_bank().questions)
    assert (result.exit_code, result.stdout) == (
        0,
        f"3 questions added, 0 changed, {retired} retired; edition {number + 1} published\n",
    )
    assert latest(rows) == (number + 1, "Three new ones")


def test_loading_twice_does_no_harm(
    run: Run, tmp_path: Path, rows: Callable[[sa.Select[Any]], list[Any]]
) -> None:
    folder = write_content(tmp_path, entries(3))
    run("load", "--folder", folder)
    before = latest(rows)

    result = run("load", "--folder", folder)

    assert result.exit_code == 0
    assert result.stdout == ("0 questions added, 0 changed, 0 retired; nothing new to publish\n")
    assert latest(rows) == before


def test_loading_a_folder_with_a_fault_saves_nothing(
    run: Run, tmp_path: Path, rows: Callable[[sa.Select[Any]], list[Any]]
) -> None:
    folder = write_content(tmp_path, [*entries(3), an_entry("pq-bad", difficulty=9)])
    before = latest(rows)

    result = run("load", "--folder", folder)

    assert result.exit_code == 1
    assert result.stderr.splitlines()[-1] == "1 fault"
    assert latest(rows) == before
    assert rows(sa.select(models.Question.id).where(models.Question.id == "pq-0")) == []


def test_the_editor_is_told_of_a_question_whose_version_has_ended(run: Run, tmp_path: Path) -> None:
    ended = FILES["statutes.yaml"][0] | {"in_force_until": dt.date(2026, 12, 31)}
    folder = write_content(tmp_path, statutes=as_yaml([ended]), quizzes="[]")

    with time_machine.travel(WRITTEN, tick=False):
        before = run("check", "--folder", folder)
    with time_machine.travel(A_NEW_LAW_LATER, tick=False):
        after = run("check", "--folder", folder)

    reason = "pq-sample: rests on a version that has ended: product-quality-law"
    assert before.exit_code == 0
    assert (after.exit_code, after.stderr) == (1, f"{QUESTION_FILE}:1: {reason}\n1 fault\n")


def test_the_shipped_bank_still_loads_after_a_statute_has_ended(run: Run) -> None:
    with time_machine.travel(A_NEW_LAW_LATER, tick=False):
        result = run("load")

    assert result.exit_code == 0, result.stderr
    assert result.stdout == "0 questions added, 0 changed, 0 retired; nothing new to publish\n"
