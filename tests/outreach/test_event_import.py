"""Many events at once from a spreadsheet: checked without saving, then all or none."""

import io
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import openpyxl
import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from core.audit import AuditEntry
from core.db import db
from outreach.events.models import Event, EventKind, Team
from outreach.organizers import service as organizers
from outreach.organizers.models import Role
from outreach.posters.models import Poster
from tests.builders import BODY_ID, FUJIAN, JINJIANG, QUANZHOU, QUIZ_ID, an_event
from tests.outreach.pages import table_rows, text_of
from tests.outreach.sheets import HEADINGS, IMPORT, a_line, check, make, workbook
from tests.phone import Phone

Rows = Callable[[sa.Select[Any]], list[Any]]
SignIn = Callable[..., FlaskClient]
EVENTS = sa.select(*Event.__table__.columns).order_by(Event.id)
TEAMS = sa.select(*Team.__table__.columns).order_by(Team.id)
POSTERS = sa.select(*Poster.__table__.columns).order_by(Poster.event_id)


def faults_of(html: str) -> list[tuple[str, str]]:
    """Return row and column of each fault."""
    return [(row[0], row[1].split()[0] if row[1] else "") for row in table_rows(html)[1:]]


def test_500_rows_become_500_events_each_with_its_teams_and_a_poster_that_works(
    app: Flask, sign_in: SignIn, rows: Rows, phone: Callable[..., Phone]
) -> None:
    organizer = sign_in()
    lines = [a_line(n, closes="2099-09-30") for n in range(500)]

    checked = check(organizer, workbook(lines))
    saved_by_checking = rows(EVENTS)
    made = make(app, organizer, checked)

    assert (checked.status_code, saved_by_checking) == (200, [])
    assert "500" in text_of(checked.text)
    assert made.status_code == 303
    events, teams, posters = rows(EVENTS), rows(TEAMS), rows(POSTERS)
    assert (len(events), len(teams), len(posters)) == (500, 2000, 500)
    assert [event.title_zh for event in events] == [line[0] for line in lines]
    first = events[0]
    assert (first.kind, first.region_code, first.site) == (EventKind.FACTORY, JINJIANG, "0号厂食堂")
    assert (first.body_id, first.quiz_id) == (BODY_ID, QUIZ_ID)
    assert first.opens_at == datetime(2026, 9, 1, tzinfo=UTC)
    assert first.closes_at == datetime(2099, 9, 30, 15, 59, tzinfo=UTC)
    of_first = [(t.name, t.roster_size) for t in teams if t.event_id == first.id]
    assert of_first == [("一车间", 120), ("二车间", 80), ("三车间", 60), ("夜班", None)]
    assert {p.event_id for p in posters} == {e.id for e in events}
    assert {p.placement for p in posters} == {"入口"}
    assert "499号厂食堂" in phone().scan(posters[-1].code).html


def test_the_list_of_what_was_made_names_every_code(
    app: Flask, sign_in: SignIn, rows: Rows
) -> None:
    organizer = sign_in()

    made = make(app, organizer, check(organizer, workbook([a_line(n) for n in range(3)])))
    page = organizer.get(made.headers["Location"])
    path = f"/organize/files/{made.headers['Location'].rsplit('/', 1)[1]}/file"
    sheet = openpyxl.load_workbook(io.BytesIO(organizer.get(path).data)).worksheets[0]

    assert path in page.text
    links = [str(row[-1].value) for row in sheet.iter_rows(min_row=2)]
    codes = [poster.code for poster in rows(POSTERS)]
    assert [link.rsplit("/", 1)[1] for link in links] == codes


def test_the_same_file_twice_makes_nothing_twice(app: Flask, sign_in: SignIn, rows: Rows) -> None:
    organizer = sign_in()
    data = workbook([a_line(n) for n in range(3)])
    checked = check(organizer, data)
    make(app, organizer, checked)

    make(app, organizer, checked)  # the page of the first check, sent again
    again = check(organizer, data)

    assert "planned already" in again.text
    assert 'name="kept"' not in again.text
    assert len(rows(EVENTS)) == len(rows(POSTERS)) == 3


def test_new_rows_beside_known_ones_are_made(app: Flask, sign_in: SignIn, rows: Rows) -> None:
    organizer = sign_in()
    make(app, organizer, check(organizer, workbook([a_line(1)])))

    make(app, organizer, check(organizer, workbook([a_line(1), a_line(2)])))

    assert [event.site for event in rows(EVENTS)] == ["1号厂食堂", "2号厂食堂"]


FAULTY: list[tuple[dict[str, Any], str]] = [
    ({"title": ""}, "A"),
    ({"title": "长" * 61}, "A"),
    ({"title": "=1+1"}, "A"),
    ({"kind": "婚礼"}, "B"),
    ({"site": None}, "C"),
    ({"region": "没有这个地方"}, "D"),
    ({"region": "北京市"}, "D"),
    ({"opens": "soon"}, "E"),
    ({"opens": "2026-13-45 08:00"}, "E"),
    ({"opens": "0026-09-01"}, "E"),
    ({"closes": "2026-08-01"}, "F"),
    ({"teams": "一车间:0"}, "G"),
    ({"teams": "一车间;一车间"}, "G"),
    ({"teams": ";".join(f"第{n}班" for n in range(101))}, "G"),
    ({"placement": "长" * 41}, "H"),
]


@pytest.mark.parametrize(("change", "column"), FAULTY)
def test_one_fault_among_many_rows_is_named_by_row_and_column_and_nothing_is_saved(
    sign_in: SignIn, rows: Rows, change: dict[str, Any], column: str
) -> None:
    lines = [a_line(1), a_line(2, **change), a_line(3)]

    response = check(sign_in(), workbook(lines))

    assert response.status_code == 422
    assert faults_of(response.text) == [("3", column)]
    assert 'name="kept"' not in response.text
    assert rows(EVENTS) == []


def test_every_fault_of_a_file_is_told_at_once(sign_in: SignIn) -> None:
    lines = [a_line(1, kind=""), a_line(2, region="x", opens="y"), a_line(3), a_line(3)]

    response = check(sign_in(), workbook(lines))

    assert faults_of(response.text) == [("2", "B"), ("3", "D"), ("3", "E"), ("5", "A")]


def test_a_region_that_fits_several_is_answered_with_the_candidates(sign_in: SignIn) -> None:
    response = check(sign_in(), workbook([a_line(1, region="Licheng District")]))

    assert "Licheng District, Putian / Licheng District, Quanzhou" in text_of(response.text)


def test_dates_are_read_as_excel_keeps_them_and_as_people_write_them(
    app: Flask, sign_in: SignIn, rows: Rows
) -> None:
    organizer = sign_in()
    kept_by_excel = datetime(2026, 9, 1, 8)  # noqa: DTZ001 -- a sheet knows no time zones
    ways = [kept_by_excel, "2026-09-01 08:00", "2026/9/1 8:00", "2026年9月1日 8时"]
    lines = [a_line(n, opens=opens) for n, opens in enumerate(ways)]

    make(app, organizer, check(organizer, workbook(lines)))

    assert {event.opens_at for event in rows(EVENTS)} == {datetime(2026, 9, 1, tzinfo=UTC)}
    assert len(rows(EVENTS)) == len(ways)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030"])
def test_a_csv_does_as_well(app: Flask, sign_in: SignIn, rows: Rows, encoding: str) -> None:
    organizer = sign_in()
    lines = [HEADINGS, ["# 说明", *[""] * 7], a_line(1), a_line(2)]
    text = "\r\n".join(",".join(map(str, line)) for line in lines)

    make(app, organizer, check(organizer, text.encode(encoding), "events.csv"))

    assert [event.title_zh for event in rows(EVENTS)] == ["质量月进工厂1", "质量月进工厂2"]


def bomb() -> bytes:
    """Build a workbook that unpacks to gigabytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"<row/>" * 6_000_000)
    return out.getvalue()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"PK\x03\x04 no workbook",
        bytes.fromhex("d0cf11e0a1b11ae1"),
        b"\x00\xff\xfe\x80",
        bomb(),
        b"a,b\r\n1,2\r\n",
        workbook([]),
        workbook([a_line(1)], ("场次名称", "场次名称", *HEADINGS[2:])),
        workbook([a_line(n, teams="") for n in range(1001)]),
    ],
    ids=["empty", "broken", "old", "binary", "bomb", "other", "no rows", "headings", "1001 rows"],
)
def test_a_hostile_or_useless_file_is_told_apart_and_saves_nothing(
    sign_in: SignIn, rows: Rows, data: bytes
) -> None:
    response = check(sign_in(), data)

    assert response.status_code == 422
    assert rows(EVENTS) == []


def test_what_was_checked_cannot_be_changed_nor_used_by_another(
    app: Flask, sign_in: SignIn, rows: Rows
) -> None:
    chen, lin = sign_in(), sign_in("lin", QUANZHOU)
    checked = check(chen, workbook([a_line(1, region="350121")]))
    kept = checked.text.partition('name="kept"')[2].partition('value="')[2].partition('"')[0]
    token = lin.get(IMPORT).text.partition('name="csrf_token"')[2].split('value="')[1]

    stolen = lin.post(f"{IMPORT}/make", data={"csrf_token": token.split('"')[0], "kept": kept})
    own = chen.get(IMPORT).text.partition('name="csrf_token"')[2].split('value="')[1].split('"')[0]
    forged = chen.post(f"{IMPORT}/make", data={"csrf_token": own, "kept": f"{kept[:-2]}xx"})

    assert [r.headers["Location"].split("?")[0] for r in (stolen, forged)] == [IMPORT] * 2
    assert rows(EVENTS) == []


def test_a_body_organizer_plans_for_their_body_only(
    app: Flask, sign_in: SignIn, rows: Rows
) -> None:
    with app.app_context():
        rights = {"role": Role.BODY, "body_slug": "education"}
        organizers.add("wang", "correct horse", FUJIAN, **rights)
        db.session.commit()
    organizer = sign_in("wang", add=False)
    headings = (*HEADINGS, "主办单位")

    refused = check(organizer, workbook([[*a_line(1), "market-regulation"]], headings))
    make(app, organizer, check(organizer, workbook([[*a_line(1), ""]], headings)))

    assert faults_of(refused.text) == [("2", "I")]
    (event,) = rows(EVENTS)
    assert event.body_id != BODY_ID
    assert event.title_zh in organizer.get("/organize/").text


def test_who_made_what_is_written_down(app: Flask, sign_in: SignIn, rows: Rows) -> None:
    organizer = sign_in()

    make(app, organizer, check(organizer, workbook([a_line(1)])))

    (event,) = rows(EVENTS)
    entries = rows(
        sa.select(AuditEntry.subject, AuditEntry.actor_name).where(
            AuditEntry.action == "event.import"
        )
    )
    assert (f"event:{event.id}", "chen") in [tuple(entry) for entry in entries]


def test_another_organizer_finds_nothing_of_an_import(app: Flask, sign_in: SignIn) -> None:
    chen, lin = sign_in(), sign_in("lin")
    made = make(app, chen, check(chen, workbook([a_line(1)])))

    assert lin.get(made.headers["Location"]).status_code == 404


@pytest.mark.parametrize("kind", ["xlsx", "csv"])
def test_a_template_as_it_is_says_that_it_is_empty_and_filled_in_is_understood(
    app: Flask, sign_in: SignIn, rows: Rows, kind: str
) -> None:
    organizer = sign_in()
    empty = organizer.get(f"{IMPORT}/template.{kind}").data

    told = check(organizer, empty)
    if kind == "xlsx":
        book = openpyxl.load_workbook(io.BytesIO(empty))
        title, kind_, site, region, opens, closes, teams, placement = a_line(1)
        book.worksheets[0].append(
            [title, None, kind_, site, region, None, None, opens, closes, teams, placement]
        )
        out = io.BytesIO()
        book.save(out)
        make(app, organizer, check(organizer, out.getvalue()))

    assert told.status_code == 422
    assert "no event in this file" in text_of(told.text)
    assert len(rows(EVENTS)) == (kind == "xlsx")


def test_an_event_like_another_in_another_place_is_no_repetition(
    app: Flask, sign_in: SignIn, save: Callable[..., Any], rows: Rows
) -> None:
    opens_at = datetime(2026, 9, 1, tzinfo=UTC)
    line = a_line(1, region="晋江市")
    save(an_event(title_zh=line[0], site=line[2], region_code="350121", opens_at=opens_at))
    organizer = sign_in()

    make(app, organizer, check(organizer, workbook([line])))

    assert len(rows(EVENTS)) == 2
