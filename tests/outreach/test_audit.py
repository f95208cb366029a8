"""The log: every deed in words, in both languages, found again, and taken home without formulas."""

import io
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import openpyxl
import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask, g

from core import audit
from core.audit import AuditEntry
from core.db import db
from outreach.organizers import audit_words
from outreach.organizers.models import Organizer, Role
from tests.builders import FUJIAN, QUANZHOU
from tests.conftest import ROOT
from tests.outreach.pages import ENGLISH, text_of
from tests.outreach.signing_in import (
    ACCOUNT,
    CODE,
    PASSWORD,
    add,
    add_with_authenticator,
    browser,
    enter,
    fresh_link,
    headquarters,
    send,
)

Rows = Callable[[sa.Select[Any]], list[Any]]

LOG = "/organize/audit"
PEOPLE = "/organize/people"
RECORDED = re.compile(r'(?:record|_record\w*|Deed)\(\s*"([a-z]+\.[a-z_-]+)"')


def log(app: Flask, *deeds: tuple[str, str], region: str | None = QUANZHOU) -> None:
    """Write entries: an action and a label each."""
    with app.app_context():
        for action, label in deeds:
            audit.record(action, "event:1", label, region_code=region)
        db.session.commit()


def actions(rows: Rows) -> list[str]:
    """List what was recorded, in order."""
    return [action for (action,) in rows(sa.select(AuditEntry.action).order_by(AuditEntry.id))]


def test_signing_in_and_failing_to_is_recorded_without_an_address(app: Flask, rows: Rows) -> None:
    authenticator = add_with_authenticator(app, "chen")
    client = browser(app, "203.0.113.9")
    enter(client, "chen", "wrong horse")
    enter(client, "nobody")
    enter(client, "chen")
    send(client, CODE, code="abc")
    send(client, CODE, code=authenticator.now())

    assert actions(rows) == [
        "organizer.sign_in_failed",
        "organizer.code_failed",
        "organizer.sign_in",
    ]
    assert "203.0.113.9" not in str(rows(sa.select(*AuditEntry.__table__.columns)))
    assert rows(sa.select(AuditEntry.actor_name).order_by(AuditEntry.id)) == [
        ("",),
        ("",),
        ("chen",),
    ]


def test_what_is_done_with_accounts_is_recorded_with_who_did_it(app: Flask, rows: Rows) -> None:
    add(app, "chen")
    client = browser(app)
    enter(client, "chen")
    send(client, f"{PEOPLE}/invite", note="Ms Lin", role="region", region="泉州市")
    send(browser(app), fresh_link(client), name="lin", password=PASSWORD)
    send(client, f"{PEOPLE}/2/reset", f"{PEOPLE}/2")
    send(browser(app), fresh_link(client), password="battery staple")
    send(client, f"{PEOPLE}/2/deactivate", f"{PEOPLE}/2", name="lin")
    send(client, f"{PEOPLE}/2/reactivate", f"{PEOPLE}/2")
    send(client, f"{ACCOUNT}/password", ACCOUNT, old=PASSWORD, password="battery staple")
    app.test_cli_runner().invoke(args=["organizers", "deactivate", "lin"])

    done = rows(sa.select(AuditEntry.actor_name, AuditEntry.action).order_by(AuditEntry.id))
    assert [tuple(row) for row in done] == [
        ("chen", "organizer.sign_in"),
        ("chen", "invitation.make"),
        ("lin", "invitation.accept"),
        ("chen", "organizer.reset_offer"),
        ("lin", "organizer.reset"),
        ("chen", "organizer.deactivate"),
        ("chen", "organizer.reactivate"),
        ("chen", "organizer.password"),
        ("command line", "organizer.deactivate"),
    ]


def test_no_password_and_no_token_stands_in_the_log(app: Flask, rows: Rows) -> None:
    add(app, "chen")
    client = browser(app)
    enter(client, "chen")
    send(client, f"{PEOPLE}/invite", note="Ms Lin", role="region", region="泉州市")
    token = fresh_link(client).rpartition("/")[2]

    kept = str(rows(sa.select(*AuditEntry.__table__.columns)))

    assert token not in kept
    assert PASSWORD not in kept


def test_the_log_reads_as_sentences_in_both_languages(app: Flask) -> None:
    client = headquarters(app)
    log(app, ("event.cancel", "质量月进校园"), ("something.new", "x"))

    chinese = text_of(client.get(LOG).text)
    english = text_of(client.get(LOG, headers=ENGLISH).text)

    assert "cancelled “质量月进校园”." in english
    assert "something.new “x”" in english
    assert "“hq” signed in" not in english
    assert "hq signed in." in english
    assert "something.new" in chinese


def test_every_action_that_is_recorded_has_a_sentence() -> None:
    files = [
        path
        for name in ("core", "outreach", "question_bank")
        for path in (ROOT / name).rglob("*.py")
    ]
    recorded = {
        action
        for path in files
        if path.name != "audit_words.py"
        for action in RECORDED.findall(path.read_text(encoding="utf-8"))
    }

    assert recorded - set(audit_words.DEEDS) == set()
    assert "organizer.sign_in" in recorded


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", {"东门", "西门"}),
        ("q=东门", {"东门"}),
        ("q=EVENT:1", {"东门", "西门"}),
        ("q=%25", set()),
        ("action=event.cancel", {"西门"}),
        ("action=no.such", set()),
        ("first=2026-09-02", {"西门"}),
        ("last=2026-09-01", {"东门"}),
        ("first=2026-09-01&last=2026-09-01", {"东门"}),
        ("first=crooked", {"东门", "西门"}),
        ("before=99999999999999999999", {"东门", "西门"}),
    ],
)
def test_entries_are_found_by_words_action_and_days(
    app: Flask, query: str, found: set[str]
) -> None:
    client = headquarters(app)
    for label, action, at in (
        ("东门", "event.change", datetime(2026, 9, 1, 15, 59, tzinfo=UTC)),
        ("西门", "event.cancel", datetime(2026, 9, 1, 16, 0, tzinfo=UTC)),
    ):
        with time_machine.travel(at):
            log(app, (action, label))

    pages = [client.get(f"{LOG}?{query}").text, client.get(f"{LOG}/log.csv?{query}").text]

    for page in pages:
        assert {label for label in ("东门", "西门") if label in page} == found


def test_pages_follow_each_other_without_gap_or_repeat(app: Flask) -> None:
    client = headquarters(app)
    log(app, *(("event.change", f"E{n:03}") for n in range(120)))
    seen: list[str] = []
    path = f"{LOG}?action=event.change"
    while path:
        page = client.get(path).text
        seen += re.findall(r"E\d{3}", page)
        older = re.search(r'href="([^"]*before=\d+[^"]*)"', page)
        path = older[1].replace("&amp;", "&") if older else ""

    assert seen == [f"E{n:03}" for n in reversed(range(120))]


def test_headquarters_read_what_happened_in_their_province_only(app: Flask) -> None:
    client = headquarters(app)
    log(app, ("event.change", "本省"), region=QUANZHOU)
    log(app, ("event.change", "外省"), region="440300")

    page = client.get(LOG).text

    assert "本省" in page
    assert "外省" not in page


def test_a_deed_without_a_region_is_read_where_who_did_it_belongs(app: Flask) -> None:
    regions = {"hq.gd": "440000", "hq.qz": QUANZHOU, "hq.fj": FUJIAN}
    readers = {name: headquarters(app, name, region) for name, region in regions.items()}
    log(app, ("campaign.load", "值守人员"), region=None)
    with app.app_context():
        for organizer in db.session.scalars(sa.select(Organizer)).all():
            g.actor = organizer
            audit.record("quiz.change", "quiz:1", f"组卷 {organizer.name}")
        db.session.commit()

    read = {
        name: set(re.findall(r"值守人员|组卷 [a-z.]+", client.get(LOG).text))
        for name, client in readers.items()
    }

    assert read == {
        "hq.fj": {"值守人员", "组卷 hq.fj", "组卷 hq.qz"},
        "hq.qz": {"组卷 hq.qz"},
        "hq.gd": {"值守人员", "组卷 hq.gd"},
    }


@pytest.mark.parametrize("role", [Role.REGION, Role.NONE])
@pytest.mark.parametrize("path", [LOG, f"{LOG}/log.csv", f"{LOG}/log.xlsx"])
def test_only_headquarters_read_the_log(app: Flask, role: Role, path: str) -> None:
    add(app, "chen", FUJIAN, role=role)
    client = browser(app)
    enter(client, "chen")

    assert client.get(path).status_code == 403


@pytest.mark.parametrize("label", ["=1+1", "+1", "-1+1", "@SUM(A1)", "＝1+1", "\t=1+1"])
def test_no_cell_of_an_export_is_a_formula(app: Flask, label: str) -> None:
    client = headquarters(app)
    with app.app_context():
        audit.record("event.change", label, label, note=label)
        db.session.commit()

    lines = client.get(f"{LOG}/log.csv").data.decode("utf-8-sig").splitlines()
    book = openpyxl.load_workbook(io.BytesIO(client.get(f"{LOG}/log.xlsx").data))

    cells = [cell for row in book.worksheets[0].iter_rows() for cell in row if cell.value]
    assert {cell.data_type for cell in cells} == {"s"}
    assert any(label.strip() in str(cell.value) for cell in cells)
    assert not any(re.search(r'(?:^|,)"?[=+@＝\t-]', line) for line in lines)


def test_a_page_of_the_log_costs_few_queries_whatever_it_holds(app: Flask) -> None:
    client = headquarters(app)
    log(app, *(("event.change", f"E{n}") for n in range(60)))

    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=1)):
        response = client.get(LOG)

    assert response.text.count("log__entry") == audit.PAGE_SIZE
