"""Import and export of questions in the editors' pages."""

import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from core.db import db
from outreach.organizers import service as organizers
from question_bank.commands import CONTENT
from question_bank.formats.catalogue import FORMATS
from question_bank.importer import read_bank
from question_bank.models import Question, QuestionState
from tests.builders import a_poster, an_event
from tests.conftest import csrf_token
from tests.phone import Phone

REASON = {"reason": "from the training department"}


@pytest.fixture
def editor(app: Flask, sign_in: Callable[..., FlaskClient]) -> Callable[[str], FlaskClient]:
    """Sign in somebody who edits and reviews."""

    def editor(name: str) -> FlaskClient:
        with app.app_context():
            rights = {"edits_questions": True, "reviews_questions": True}
            organizers.add(name, "correct horse", "350000", **rights)
            db.session.commit()
        return sign_in(name, add=False)

    return editor


def workbook(count: int) -> "openpyxl.Workbook":
    """Build a workbook of so many questions of the shipped bank under new ids and stems."""
    bank, _faults = read_bank(CONTENT)
    chosen = [question for question in bank.questions if question.topic_id == "food-safety"]
    chosen += [question for question in bank.questions if question.topic_id == "product-quality"]
    data = FORMATS["xlsx"].write(chosen[:count], "en").data
    book = openpyxl.load_workbook(io.BytesIO(data))
    sheet = book.worksheets[0]
    columns = {cell.value: cell.column for cell in sheet[1]}
    column = next(number for name, number in columns.items() if str(name).endswith("ID"))
    for row in range(2, sheet.max_row + 1):
        sheet.cell(row, column).value = f"imported-{row}"
    return book


def as_bytes(book: "openpyxl.Workbook") -> bytes:
    """Save a workbook."""
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def send(client: FlaskClient, data: bytes, name: str = "q.xlsx", **form: Any) -> Any:
    """Send a file to the import page."""
    token = csrf_token(client.get("/bank/import").text)
    fields = {"format": "xlsx", "topic_id": "food-safety", "language": "zh"} | REASON | form
    return client.post(
        "/bank/import",
        data=fields | {"csrf_token": token, "file": (io.BytesIO(data), name)},
        headers={"Accept-Language": "en"},
    )


def imported(rows: Callable[..., list[Any]]) -> int:
    """Count the questions that came by import."""
    query = sa.select(sa.func.count()).where(Question.id.startswith("imported-"))
    return int(rows(query)[0][0])


def test_a_newcomer_mends_five_faults_of_200_rows_from_the_report_and_the_next_scan_draws(
    editor: Callable[[str], FlaskClient],
    rows: Callable[..., list[Any]],
    app: Flask,
    save: Callable[..., Any],
    phone: Callable[..., Phone],
) -> None:
    author, reviewer = editor("author"), editor("reviewer")
    book = workbook(200)
    sheet = book.worksheets[0]
    column = next(cell.column for cell in sheet[1] if str(cell.value).endswith("Difficulty"))
    whole = {row: sheet.cell(row, column).value for row in (3, 50, 90, 120, 201)}
    for row in whole:
        sheet.cell(row, column).value = 7

    refused = send(author, as_bytes(book))
    for row, value in whole.items():
        sheet.cell(row, column).value = value
    saved_before = imported(rows)
    checked = send(author, as_bytes(book), dry_run="y")
    saved = send(author, as_bytes(book))

    assert refused.status_code == 422
    assert all(f"<td>{row}</td>" in refused.text for row in whole)
    assert saved_before == 0
    assert checked.status_code == 200
    assert saved.status_code == 303
    assert imported(rows) == 200
    with app.app_context():
        names = db.session.scalars(sa.select(Question.id).where(Question.id.startswith("imported")))
        ids = list(names)
    for question_id in ids[:3]:
        page = f"/bank/questions/{question_id}"
        token = csrf_token(author.get(page).text)
        author.post(f"{page}/submit", data={"csrf_token": token})
        reviewer.post(f"{page}/approve", data={"csrf_token": csrf_token(reviewer.get(page).text)})
    token = csrf_token(reviewer.get("/bank/publish").text)
    reviewer.post("/bank/publish", data={"csrf_token": token, "summary": "imported"})
    live = rows(sa.select(Question.id).where(Question.state == QuestionState.LIVE))
    assert {question_id for (question_id,) in live} >= set(ids[:3])
    assert ".2." in phone().scan(save(a_poster(an_event())).code).ticket


def test_the_faultless_rows_are_saved_when_asked_for(
    editor: Callable[[str], FlaskClient], rows: Callable[..., list[Any]]
) -> None:
    author = editor("author")
    book = workbook(10)
    sheet = book.worksheets[0]
    column = next(cell.column for cell in sheet[1] if str(cell.value).endswith("Difficulty"))
    sheet.cell(4, column).value = 7

    response = send(author, as_bytes(book), skip_faults="y")

    assert response.status_code == 303
    assert imported(rows) == 9


def test_a_malicious_file_is_a_fault_and_no_crash(
    editor: Callable[[str], FlaskClient], rows: Callable[..., list[Any]]
) -> None:
    author = editor("author")
    bomb = b'<!DOCTYPE q [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]><quiz>&b;</quiz>'

    answers = [
        send(author, bomb, "q.xml", format="moodle-xml"),
        send(author, b"PK\x03\x04 not a workbook"),
        send(author, b"\x00\xff\xfe", "q.txt", format="gift"),
    ]

    assert [answer.status_code for answer in answers] == [422] * 3
    assert imported(rows) == 0


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_every_format_can_be_downloaded_and_says_what_it_cannot_hold(
    editor: Callable[[str], FlaskClient], name: str
) -> None:
    author = editor("author")
    query = f"format={name}&topic_id=food-waste&language=zh"

    shown = author.get(f"/bank/export?{query}", headers={"Accept-Language": "en"})
    file = author.get(f"/bank/export?{query}&download=1")

    assert ("This format cannot hold" in shown.text) is (name not in {"xlsx", "csv"})
    assert file.headers["Content-Disposition"].startswith("attachment")
    assert len(file.data) > 1000


def test_the_template_is_a_workbook(editor: Callable[[str], FlaskClient]) -> None:
    response = editor("author").get("/bank/template.xlsx")

    assert openpyxl.load_workbook(io.BytesIO(response.data)).worksheets


def test_exported_content_files_say_the_same_as_the_shipped_ones(
    app: Flask, tmp_path: Path
) -> None:
    result = app.test_cli_runner().invoke(args=["questions", "export", str(tmp_path)])

    assert result.exit_code == 0, result.output
    for name in ("topics.yaml", "statutes.yaml", "quizzes.yaml"):
        (tmp_path / name).write_bytes((CONTENT / name).read_bytes())
    written, faults = read_bank(tmp_path)
    shipped, _none = read_bank(CONTENT)
    assert not faults
    assert sorted(written.questions, key=lambda q: q.id) == sorted(
        shipped.questions, key=lambda q: q.id
    )


def test_the_report_tells_what_drafts_will_lack_before_they_are_saved(
    editor: Callable[[str], FlaskClient],
) -> None:
    author = editor("author")
    book = workbook(10)
    sheet = book.worksheets[0]
    columns = {str(cell.value): cell.column for cell in sheet[1]}
    cites = next(number for name, number in columns.items() if name.endswith("Citations"))
    stem = next(number for name, number in columns.items() if name.endswith("Stem (Chinese)"))
    sheet.cell(4, cites).value = "food-safety-law:999"
    sheet.cell(7, stem).value = None

    report = send(author, as_bytes(book), dry_run="y").text

    assert re.search(r"<td>4</td><td>[^<]*food-safety-law:999", report)
    assert re.search(r"<td>7</td><td>[^<]*Chinese", report)
