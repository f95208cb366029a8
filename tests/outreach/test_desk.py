"""The organizer's desk: the list of events and one event with its counts."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from outreach.events.models import EventKind, Team
from tests.builders import FUJIAN, JINJIANG, MINHOU, a_poster, an_event
from tests.outreach.attempts import an_attempt, hold_event
from tests.outreach.pages import ENGLISH, queries_of, table_rows, text_of
from tests.phone import Phone

Save = Callable[..., Any]
SignIn = Callable[..., FlaskClient]


def numbers(line: list[str]) -> list[int]:
    """Read the counts of a line: attempts, counted, devices, passed."""
    return [int(cell.replace(",", "")) for cell in line[1:]]


def test_an_empty_desk_says_what_to_do(sign_in: SignIn) -> None:
    desk = sign_in().get("/organize/").text

    assert "/organize/events/new" in desk
    assert "<table" not in desk
    assert "<ol" in desk


def test_the_desk_names_the_organizers_region(sign_in: SignIn) -> None:
    organizer = sign_in("lin", JINJIANG)

    assert "泉州市 晋江市" in organizer.get("/organize/").text
    assert "Jinjiang City, Quanzhou" in organizer.get("/organize/", headers=ENGLISH).text


def test_the_desk_shows_each_events_state_and_counts(sign_in: SignIn, save: Save) -> None:
    now = datetime.now(UTC)
    hour = timedelta(hours=1)
    hold_event(save, JINJIANG, 3, title_zh="进行的")
    hold_event(save, MINHOU, 0, title_zh="未来的", opens_at=now + hour, closes_at=now + 2 * hour)
    hold_event(save, MINHOU, 1, title_zh="过去的", opens_at=now - 2 * hour, closes_at=now - hour)

    lines = table_rows(sign_in().get("/organize/").text)[1:]

    assert [line[0].split()[0] for line in lines] == ["未来的", "进行的", "过去的"]
    assert [line[2] for line in lines] == ["未开始", "进行中", "已结束"]
    assert [line[3:] for line in lines] == [["0"] * 3, ["3"] * 3, ["1"] * 3]


def test_the_desk_shows_fifty_events_a_page(sign_in: SignIn, save: Save) -> None:
    at = datetime(2026, 9, 1, tzinfo=UTC)
    times = [at + timedelta(minutes=n) for n in range(53)]
    save(*(an_event(title_zh=f"第{n}场", opens_at=time) for n, time in enumerate(times)))
    organizer = sign_in()

    first = organizer.get("/organize/").text
    second = organizer.get("/organize/?page=2").text

    titles = [line[0].split()[0] for page in (first, second) for line in table_rows(page)[1:]]
    assert titles == [f"第{n}场" for n in reversed(range(53))]
    assert len(table_rows(second)) == 1 + 3
    assert 'href="/organize/?page=2"' in first
    assert 'href="/organize/?page=1"' in second
    assert "page=3" not in second


@pytest.mark.parametrize("page", ["0", "-1", "x", "", "3", "99999999", "9" * 30])
def test_any_page_number_is_answered_with_a_page(sign_in: SignIn, save: Save, page: str) -> None:
    save(an_event())

    assert sign_in().get("/organize/", query_string={"page": page}).status_code == 200


def test_the_desk_costs_the_same_for_one_event_as_for_thirty(
    app: Flask, sign_in: SignIn, save: Save
) -> None:
    organizer = sign_in()
    hold_event(save, JINJIANG, 2)
    organizer.get("/organize/")

    with queries_of(app) as for_one:
        organizer.get("/organize/")
    for n in range(29):
        hold_event(save, [JINJIANG, MINHOU, FUJIAN][n % 3], 1, kind=list(EventKind)[n % 4])
    with queries_of(app) as for_thirty:
        desk = organizer.get("/organize/").text

    assert len(table_rows(desk)) == 1 + 30
    assert len(for_thirty) <= len(for_one) <= 8


def test_an_events_page_shows_what_was_planned(sign_in: SignIn, save: Save) -> None:
    event = save(an_event(opens_at=datetime(2026, 9, 1, 1, tzinfo=UTC)))

    words = text_of(sign_in().get(f"/organize/events/{event.id}").text)

    for wanted in (
        "质量月进工厂",
        "工厂",
        "晋江市",
        "晋江鞋厂食堂",
        "省市场监督管理局",
        "2026年9月1日 09:00",
    ):
        assert wanted in words, wanted


def test_an_event_without_a_poster_says_that_nobody_can_scan_it(
    sign_in: SignIn, save: Save
) -> None:
    event = save(an_event())

    page = sign_in().get(f"/organize/events/{event.id}").text

    assert "<table" not in page
    assert 'class="message"' in page


def test_posters_teams_days_and_hours_add_up_to_the_events_figures(
    sign_in: SignIn, save: Save
) -> None:
    event = an_event()
    early, late = Team(event=event, name="早班"), Team(event=event, name="晚班")
    event, gate, door, wall, unused, early, late = save(
        event,
        a_poster(event, placement="大门", team=early),
        a_poster(event, placement="后门", team=late),
        a_poster(event, placement="围墙", withdrawn_at=datetime.now(UTC)),
        a_poster(event, placement="空墙"),
        early,
        late,
    )
    save(
        *(an_attempt(event, gate, passed=n < 2) for n in range(5)),
        *(an_attempt(event, door, passed=True, local_day=date(2026, 9, 2)) for _n in range(3)),
        *(an_attempt(event, wall, local_day=date(2026, 9, 3)) for _n in range(2)),
        an_attempt(event, gate, sequence=2, counted=False, passed=True),
        an_attempt(event, door, sequence=2, counted=False, local_day=date(2026, 9, 3)),
    )

    page = sign_in().get(f"/organize/events/{event.id}").text

    total = [12, 10, 10, 5]
    parts: list[list[list[int]]] = []
    for table in page.split("<table")[1:]:
        lines = table_rows(table)
        assert numbers(lines[-1]) == total
        parts.append([numbers(line) for line in lines[1:-1]])
    assert parts == [
        [[6, 5, 5, 2], [4, 3, 3, 3], [2, 2, 2, 0], [0, 0, 0, 0]],
        [[6, 5, 5, 2], [4, 3, 3, 3], [2, 2, 2, 0]],
        [[6, 5, 5, 2], [3, 3, 3, 3], [3, 2, 2, 0]],
        [total],
    ]
    assert [[sum(column) for column in zip(*table, strict=True)] for table in parts] == [total] * 4
    assert unused.code not in page


def test_an_event_without_teams_shows_no_table_of_teams(sign_in: SignIn, save: Save) -> None:
    event, _poster, _attempts = hold_event(save, JINJIANG, 2)

    page = sign_in().get(f"/organize/events/{event.id}").text

    assert page.count("<table") == 3


def test_the_counts_go_up_by_one_with_an_attempt(
    sign_in: SignIn, save: Save, phone: Callable[..., Phone]
) -> None:
    event, poster = save(event := an_event(), a_poster(event))
    organizer = sign_in()
    path = f"/organize/events/{event.id}"
    before = numbers(table_rows(organizer.get(path).text)[-1])

    phone().take(poster.code)

    after = numbers(table_rows(organizer.get(path).text)[-1])
    assert before == [0] * 4
    assert after[:3] == [1, 1, 1]


def test_an_events_page_costs_the_same_however_many_posters_teams_and_days(
    app: Flask, sign_in: SignIn, save: Save
) -> None:
    event, _poster, _attempts = hold_event(save, JINJIANG, 1)
    organizer = sign_in()
    path = f"/organize/events/{event.id}"
    organizer.get(path)

    with queries_of(app) as for_one:
        organizer.get(path)
    teams = [Team(event_id=event.id, name=f"{n}班") for n in range(20)]
    posters = [a_poster(event, team=team) for team in teams]
    event, *_rest = save(event, *teams, *posters)
    save(*(an_attempt(event, p, local_day=date(2026, 9, n + 1)) for n, p in enumerate(posters)))
    with queries_of(app) as for_many:
        organizer.get(path)

    assert len(for_many) == len(for_one) <= 9
