"""An event's counts in parts, on its page and in the tables to take home."""

import csv
import io
import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import openpyxl
import pytest
from flask import Flask
from flask.testing import FlaskClient

from core.db import db
from outreach.campaigns.reach import Reach
from outreach.events.models import Event, Team
from outreach.organizers import service as organizers
from outreach.organizers.models import Role
from outreach.tally import event_sheets
from outreach.tally.models import Channel, OfflineCount
from tests.builders import FUJIAN, FUZHOU, JINJIANG, MINHOU, a_poster, an_event
from tests.outreach.attempts import an_attempt, hold_event, some_attempts
from tests.outreach.pages import ENGLISH, send, table_rows, text_of

Save = Callable[..., Any]
SignIn = Callable[..., FlaskClient]
Table = list[list[Any]]

HOSTILE = ["=1+1", "＝1+1", "@SUM(A1)", "+1", "-1", '=HYPERLINK("http://x")', "\t=1+1", "'=1+1"]
NOON_IN_UTC = datetime(2026, 9, 1, 4, 25, 31, tzinfo=UTC)  # 12:25 in the campaign's zone


def page_of(event: Event, name: str = "") -> str:
    return f"/organize/events/{event.id}{name}"


def workbook(client: FlaskClient, path: str) -> dict[str, Table]:
    """Read a workbook by sheet, formulas as formulas."""
    response = client.get(path, headers=ENGLISH)
    assert response.status_code == 200
    book = openpyxl.load_workbook(io.BytesIO(response.data))
    return {
        sheet.title: [[cell.value for cell in row] for row in sheet.iter_rows()] for sheet in book
    }


def read_csv(client: FlaskClient, path: str) -> list[list[str]]:
    response = client.get(path, headers=ENGLISH)
    assert response.mimetype == "text/csv"
    return list(csv.reader(io.StringIO(response.data.decode("utf-8-sig"))))


def added(lines: Table) -> list[int]:
    """Add up attempts, counted, devices and passed, wherever they stand in a sheet."""
    head = lines[0].index("Attempts")
    return [sum(row[head + n] for row in lines[1:]) for n in range(4)]


@pytest.fixture
def event(save: Save) -> Event:
    """Two teams, one with a roster; three walls; two days; paper and a withdrawn entry."""
    event = an_event()
    early, late = Team(event=event, name="早班", roster_size=10), Team(event=event, name="晚班")
    event, gate, door, wall, *_rest = save(
        event,
        a_poster(event, placement="大门", team=early),
        a_poster(event, placement="后门", team=late),
        a_poster(event, placement="围墙"),
        early,
        late,
        OfflineCount(
            event_id=1, channel=Channel.PAPER, people=42, local_day=date(2026, 9, 1),
            reason="没有信号", entered_by_name="chen", entered_at=NOON_IN_UTC,
        ),
        OfflineCount(
            event_id=1, channel=Channel.SPOKEN, people=7, local_day=date(2026, 9, 1),
            reason="写错了", entered_by_name="chen", entered_at=NOON_IN_UTC,
            withdrawn_at=NOON_IN_UTC,
        ),
    )  # fmt: skip
    save(
        *some_attempts(event, gate, 5, passed=2, submitted_at=NOON_IN_UTC),
        *some_attempts(event, door, 3, submitted_at=NOON_IN_UTC, local_day=date(2026, 9, 2)),
        *some_attempts(event, wall, 2, passed=2),
        an_attempt(event, gate, sequence=2, counted=False, passed=True, submitted_at=NOON_IN_UTC),
    )
    found: Event = event
    return found


def test_a_team_shows_its_share_of_the_roster(sign_in: SignIn, event: Event) -> None:
    page = sign_in().get(page_of(event)).text

    shares = {row[0].split()[0]: row[-1] for row in table_rows(page) if len(row) == 6}
    assert shares["早班"] == "50%"
    assert shares["晚班"] == "–"


def test_more_phones_than_people_are_explained(sign_in: SignIn, save: Save) -> None:
    event = an_event()
    event, poster, _team = save(
        event, a_poster(event, team=(team := Team(event=event, name="早班", roster_size=2))), team
    )
    save(*some_attempts(event, poster, 3))

    page = text_of(sign_in().get(page_of(event), headers=ENGLISH).text)

    assert "150%: more phones than people" in page


def test_the_page_says_that_scans_are_not_counted_and_what_is(
    sign_in: SignIn, event: Event
) -> None:
    words = text_of(sign_in().get(page_of(event), headers=ENGLISH).text)

    assert "Opening or scanning a poster is not counted." in words
    assert "Counts are of attempts and devices, not of people." in words


def test_hours_are_those_of_the_campaigns_clock(sign_in: SignIn, event: Event) -> None:
    page = sign_in().get(page_of(event)).text

    lines = {row[0]: row[1] for row in table_rows(page)}
    assert lines["12:00 – 13:00"] == "9"


def test_attempts_of_a_poster_that_moved_on_stay_with_their_event(
    sign_in: SignIn, save: Save
) -> None:
    event, poster, _attempts = hold_event(save, JINJIANG, 4)
    other = save(an_event())
    with_new_home = save(poster, other)[0]
    assert with_new_home.event_id == event.id
    moved = a_poster(other, code="ACDE3467")
    saved = save(moved)
    save(*some_attempts(event, saved, 3))

    page = sign_in().get(page_of(event)).text

    walls = table_rows(page.split("<table")[1])
    assert [row[1] for row in walls[1:]] == ["4", "3", "7"]
    assert "ACDE3467" not in page


def test_the_parts_of_a_workbook_add_up_to_the_event(sign_in: SignIn, event: Event) -> None:
    book = workbook(sign_in(), page_of(event, "/counts.xlsx"))

    facts = {row[0]: row[1] for row in book["Event"][1:]}
    total = [facts[name] for name in ("Attempts", "Counted", "Devices", "Passed")]
    assert total == [11, 10, 10, 4]
    for name in ("By poster", "By team", "By day", "By hour"):
        assert added(book[name]) == total, name


def test_people_without_a_phone_stand_in_cells_of_their_own(sign_in: SignIn, event: Event) -> None:
    organizer = sign_in()

    book = workbook(organizer, page_of(event, "/counts.xlsx"))
    [head, line] = workbook(organizer, "/organize/counts.xlsx")["Events"]

    assert {row[0]: row[1] for row in book["Event"]}[
        "On paper, people (not among the attempts)"
    ] == 42
    assert [row[3:6] + row[7:] for row in book["Without a phone"][1:]] == [
        [7, "写错了", "chen", "withdrawn"],
        [42, "没有信号", "chen", "counts"],
    ]
    values = dict(zip(head, line, strict=True))
    assert (values["Attempts"], values["On paper"], values["By word of mouth"]) == (11, 42, 0)


@pytest.mark.parametrize("path", ["counts.xlsx", "counts.csv"])
def test_no_table_leads_to_a_person_a_phone_or_a_minute(
    sign_in: SignIn, save: Save, path: str
) -> None:
    event, poster, _attempts = hold_event(save, JINJIANG, 0)
    attempt = an_attempt(event, poster, submitted_at=NOON_IN_UTC)
    key, attempt_id = attempt.device_key, attempt.id
    save(attempt)
    organizer = sign_in()

    if path.endswith("xlsx"):
        tables = workbook(organizer, page_of(event, f"/{path}"))
        # The moment at which the table was made may be any.
        tables["Event"] = [line for line in tables["Event"] if line[0] != "As of"]
        told = str(tables)
    else:
        told = str(read_csv(organizer, page_of(event, f"/{path}")))

    assert key.hex() not in told
    assert str(attempt_id) not in told
    assert attempt_id.hex not in told
    assert re.search(r"12:00|\b12, 0\b", told)
    assert not re.search(r"12:25|\b12, 25\b|04:25", told)


@pytest.mark.parametrize("name", HOSTILE)
def test_no_name_becomes_a_formula(sign_in: SignIn, save: Save, name: str) -> None:
    event = an_event(title_zh=name, title_en=name, site=name)
    team = Team(event=event, name=name, roster_size=3)
    event, poster, _team = save(event, a_poster(event, placement=name, team=team), team)
    save(an_attempt(event, poster))
    organizer = sign_in()
    for path in (page_of(event, "/counts.xlsx"), "/organize/counts.xlsx"):
        book = openpyxl.load_workbook(io.BytesIO(organizer.get(path).data))
        cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
        assert {cell.data_type for cell in cells} <= {"s", "n", "d", "inlineStr"}
        assert name in {str(cell.value).replace("_x0009_", "\t") for cell in cells}
    for path in (page_of(event, "/counts.csv"), "/organize/counts.csv"):
        armed = [
            cell
            for row in read_csv(organizer, path)
            for cell in row
            if cell.startswith(("=", "+", "-", "@", "\t", "＝"))
        ]
        assert armed == []


def test_the_table_of_all_events_holds_those_within_reach_and_their_sums(
    sign_in: SignIn, save: Save
) -> None:
    hold_event(save, JINJIANG, 3, title_zh="晋江的")
    hold_event(save, MINHOU, 2, title_zh="闽侯的")
    hold_event(save, FUZHOU, 1, title_zh="福州的")

    whole = workbook(sign_in(), "/organize/counts.xlsx")["Events"]
    part = read_csv(sign_in("lin", FUZHOU), "/organize/counts.csv")

    assert added(whole) == [6, 6, 6, 0]
    assert {row[1] for row in part[1:]} == {"闽侯的", "福州的"}


@pytest.mark.parametrize(("most", "told"), [(2, ["A", "B", "2"]), (3, ["A", "B", "C"])])
def test_a_table_that_cannot_hold_all_events_says_so_in_its_last_line(
    app: Flask, save: Save, most: int, told: list[str]
) -> None:
    save(*(an_event(title_zh=title) for title in "ABC"))

    with app.test_request_context(headers=ENGLISH):
        lines = event_sheets.of_reach(Reach(FUJIAN), most).rows

    assert [str(line[1]).rpartition("after ")[2].rstrip(".") for line in lines] == told
    assert len({len(line) for line in lines}) == 1


def test_a_helper_takes_home_the_one_event_and_finds_no_button_to_change_it(
    app: Flask, sign_in: SignIn, save: Save, event: Event
) -> None:
    other = save(an_event(title_zh="别人的"))
    with app.app_context():
        organizers.add("ahui", "correct horse", FUJIAN, role=Role.HELPER, event_id=event.id)
        db.session.commit()
    helper = sign_in("ahui", add=False)

    page = helper.get(page_of(event))

    assert page.status_code == 200
    assert f"/board/{event.board_code}" in page.text
    assert helper.get(f"/board/{event.board_code}").status_code == 200
    links = set(re.findall(r'(?:href|action)="(/organize/[^"]*)"', page.text))
    statuses = {link: helper.get(link).status_code for link in links if "sign-out" not in link}
    assert {link: status for link, status in statuses.items() if status != 200} == {}
    for name in ("", "/counts.xlsx", "/counts.csv", "/report.pdf", "/offline"):
        assert helper.get(page_of(other, name)).status_code == 404
    assert [row[1] for row in read_csv(helper, "/organize/counts.csv")[1:]] == [event.title_zh]
    sent = send(helper, page_of(event, "/board"), {}, page="/organize/reports")
    assert sent.status_code == 403
