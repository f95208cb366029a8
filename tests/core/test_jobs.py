"""Work too long for one answer: asked for, done once, handed out to who asked only."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from flask_babel import gettext as _

from core import jobs
from core.db import db
from core.jobs import CannotDoError, File, Job, JobFile, Kind, Progress
from outreach.organizers.models import Organizer
from tests.conftest import csrf_token

NOON = datetime(2026, 9, 3, 4, 0, tzinfo=UTC)
SignIn = Callable[..., FlaskClient]
Rows = Callable[[sa.Select[Any]], list[Any]]


def greeting(params: dict[str, Any], progress: Progress) -> File:
    """Make a small file, or fail as told."""
    if params.get("refused"):
        raise CannotDoError("no posters there")
    if params.get("broken"):
        raise ZeroDivisionError
    progress(1, 2)
    progress(2, 2)
    return File("问候.txt", "text/plain", _("Save").encode())


@pytest.fixture
def ask(app: Flask) -> Iterator[Callable[..., str]]:
    """Ask for a file and return the job's id."""
    jobs.register(app, "greeting", Kind(greeting, "events.see", dict))

    def ask(asked_by: int | None = None, **params: Any) -> str:
        with app.test_request_context(headers={"Accept-Language": "zh-CN"}):
            job = jobs.start("greeting", "问候", params, asked_by)
            db.session.commit()
            return job.id

    return ask


def work_off(app: Flask) -> int:
    """Do what waits, as the process of its own does."""
    with app.app_context():
        return jobs.work_off()


def test_a_file_is_made_once_in_the_language_of_who_asked(
    app: Flask, ask: Callable[..., str], rows: Rows
) -> None:
    ask()

    done = [work_off(app), work_off(app)]

    assert done == [1, 0]
    assert rows(sa.select(JobFile.content)) == [("保存".encode(),)]
    assert rows(sa.select(Job.done, Job.total, Job.fault)) == [(2, 2, None)]


def test_who_asked_gets_the_file_and_nobody_else(
    app: Flask, ask: Callable[..., str], sign_in: SignIn, rows: Rows
) -> None:
    owner, other = sign_in("lin"), sign_in("wang")
    [(owner_id,)] = rows(sa.select(Organizer.id).where(Organizer.name == "lin"))
    page = f"/organize/files/{ask(owner_id)}"
    waiting = owner.get(page)
    work_off(app)

    got = owner.get(f"{page}/file")
    refused = [other.get(page + end).status_code for end in ("", ".json", "/file")]

    assert "data-progress" in waiting.text
    assert got.data == "保存".encode()
    assert "attachment" in got.headers["Content-Disposition"]
    assert refused == [404, 404, 404]
    assert owner.get(f"{page}.json").json["is_finished"] is True
    assert page in owner.get("/organize/files/").text
    assert page not in other.get("/organize/files/").text


@pytest.mark.parametrize(
    ("params", "said"),
    [({"refused": True}, "no posters there"), ({"broken": True}, "制作这个文件时出了问题")],
)
def test_a_failure_is_told_holds_nobody_up_and_can_be_tried_again(
    app: Flask,
    ask: Callable[..., str],
    sign_in: SignIn,
    rows: Rows,
    *,
    params: dict[str, bool],
    said: str,
) -> None:
    owner = sign_in("lin")
    [(owner_id,)] = rows(sa.select(Organizer.id).where(Organizer.name == "lin"))
    page = f"/organize/files/{ask(owner_id, **params)}"
    ask()

    done = work_off(app)
    failed = owner.get(page)
    again = owner.post(f"{page}/again", data={"csrf_token": csrf_token(failed.text)})

    assert done == 2
    assert said in failed.text
    assert owner.get(f"{page}/file").status_code == 404
    assert again.status_code == 303
    assert work_off(app) == 1


def test_a_second_process_leaves_work_to_the_first_until_that_one_is_dead(
    app: Flask, ask: Callable[..., str]
) -> None:
    with time_machine.travel(NOON, tick=False) as now:
        ask()
        with app.app_context():
            assert jobs._claim() is not None  # the first process, which dies here
        held = work_off(app)
        now.shift(timedelta(minutes=2))

        assert (held, work_off(app)) == (0, 1)


def test_old_files_go_when_a_new_one_is_asked_for(
    app: Flask, ask: Callable[..., str], rows: Rows
) -> None:
    with time_machine.travel(NOON, tick=False) as now:
        ask()
        work_off(app)
        now.shift(timedelta(days=31))
        fresh = ask()

    assert rows(sa.select(Job.id)) == [(fresh,)]
    assert rows(sa.select(JobFile.job_id)) == []
