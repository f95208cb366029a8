"""The desk of headquarters and region organizers: figures, comparisons, and how events went."""

import csv
import io
import random
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import openpyxl
import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient

from core.db import db
from outreach.campaigns.models import Body, Campaign
from outreach.events.models import Event, EventKind, Team
from outreach.organizers import service as organizers
from outreach.organizers.models import Role
from outreach.participation.models import Attempt
from outreach.tally import rollup
from outreach.tally.models import Channel, OfflineCount
from tests.builders import (
    BODY_ID,
    CAMPAIGN_ID,
    FUJIAN,
    FUZHOU,
    JINJIANG,
    MINHOU,
    PINGTAN,
    QUANZHOU,
    QUIZ_ID,
    a_poster,
    an_event,
)
from tests.outreach.attempts import an_attempt, hold_event
from tests.outreach.pages import ENGLISH, queries_of, table_rows, text_of

Save = Callable[..., Any]
SignIn = Callable[..., FlaskClient]
Charge = Callable[..., FlaskClient]

FIGURES = "/organize/figures"
DAYS = (date(2026, 9, 1), date(2026, 9, 2), date(2026, 9, 5))
TOPIC_QUIZ_ID = 3
BEIJING = ZoneInfo("Asia/Shanghai")
EVENING = datetime(2026, 9, 10, 20, tzinfo=BEIJING)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def number(cell: str) -> int:
    return int(cell.replace(",", ""))


def tables_of(page: str) -> list[list[list[str]]]:
    """Return the tables of a page that have a total at their foot."""
    return [table_rows(part) for part in page.split("<table")[1:] if "<tfoot>" in part]


def total_of(page: str) -> list[str]:
    """Return the figures that stand large above the tables."""
    parts = page.split('<p class="figure__value">')[1:]
    return [part.partition("</p>")[0] for part in parts]


def lines_of(data: bytes) -> list[dict[str, str]]:
    """Read a CSV file."""
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"))))


def sheets_of(data: bytes) -> dict[str, list[tuple[Any, ...]]]:
    """Read a workbook."""
    book = openpyxl.load_workbook(io.BytesIO(data))
    return {sheet.title: list(sheet.values) for sheet in book.worksheets}


def an_entry(event: Event, people: int, **changes: Any) -> OfflineCount:
    """Build people on paper at a saved event."""
    values: dict[str, Any] = {
        "event_id": event.id,
        "channel": Channel.PAPER,
        "people": people,
        "local_day": DAYS[0],
        "reason": "没有信号",
        "entered_by_name": "chen",
        "entered_at": datetime.now(UTC),
    }
    return OfflineCount(**(values | changes))


@pytest.fixture
def charged(app: Flask, sign_in: SignIn) -> Charge:
    """Sign in somebody who answers for a part."""

    def charged(region: str, **charge: Any) -> FlaskClient:
        with app.app_context():
            organizers.add("lin", "correct horse", region, **charge)
            db.session.commit()
        return sign_in("lin", add=False)

    return charged


@pytest.fixture
def held(app: Flask, save: Save) -> tuple[dict[int, Event], list[Attempt]]:
    """Five events of all sorts with 120 attempts on three days, some folded and some queued.

    That of the province is online: its attempts count in several counties.
    """
    chance = random.Random(7)  # noqa: S311 -- the same every time
    events = [
        an_event(region_code=JINJIANG, title_zh="晋江场"),
        an_event(region_code=MINHOU, kind=EventKind.CAMPUS, body_id=BODY_ID + 3),
        an_event(region_code=PINGTAN, kind=EventKind.COMMUNITY, quiz_id=TOPIC_QUIZ_ID),
        an_event(region_code=FUJIAN, kind=EventKind.ONLINE, quiz_id=TOPIC_QUIZ_ID),
        an_event(region_code=QUANZHOU, body_id=BODY_ID + 3, quiz_id=TOPIC_QUIZ_ID),
    ]
    posters = [a_poster(event) for event in events]
    save(*events, *posters)
    pairs = list(zip(events, posters, strict=True))
    attempts = []
    for _ in range(120):
        event, poster = chance.choice(pairs)
        is_online = event.kind is EventKind.ONLINE
        attempts.append(
            an_attempt(
                event,
                poster,
                region_code=chance.choice((JINJIANG, PINGTAN)) if is_online else event.region_code,
                local_day=chance.choice(DAYS),
                passed=chance.random() < 0.5,
                counted=chance.random() < 0.8,
                sequence=chance.choice((1, 1, 2)),
            )
        )
    save(*attempts, an_entry(events[0], 40), an_entry(events[1], 7, channel=Channel.SPOKEN))
    with app.app_context():
        rollup.fold(80)
    return {event.id: event for event in events}, attempts


def counted(attempts: Iterable[Attempt]) -> list[int]:
    """Count in Python what the page counts: attempts, counted, devices, passed."""
    known = list(attempts)
    return [
        len(known),
        sum(a.counted for a in known),
        sum(a.sequence == 1 for a in known),
        sum(a.counted and a.passed for a in known),
    ]


def test_the_parts_add_up_to_the_total_under_every_filter(
    sign_in: SignIn, app: Flask, held: tuple[dict[int, Event], list[Attempt]]
) -> None:
    events, attempts = held
    with app.app_context():
        slug = db.session.get_one(Body, BODY_ID + 3).slug
    client = sign_in()
    meant: dict[str, Callable[[Attempt, Event], bool]] = {
        "": lambda _a, _e: True,
        f"region={QUANZHOU}": lambda a, _e: a.region_code.startswith("3505"),
        f"region={FUZHOU}": lambda a, _e: a.region_code == MINHOU,
        f"region={PINGTAN}": lambda a, _e: a.region_code == PINGTAN,
        "kind=online": lambda _a, e: e.kind is EventKind.ONLINE,
        f"body={slug}": lambda _a, e: e.body_id == BODY_ID + 3,
        "topic=several": lambda _a, e: e.quiz_id == QUIZ_ID,
        "first=2026-09-02": lambda a, _e: a.local_day >= DAYS[1],
        "last=2026-09-02": lambda a, _e: a.local_day <= DAYS[1],
        f"first=2026-09-02&last=2026-09-04&region={QUANZHOU}&kind=online": lambda a, e: (
            a.local_day == DAYS[1] and a.region_code == JINJIANG and e.kind is EventKind.ONLINE
        ),
        "channel=phones": lambda _a, _e: True,
    }

    for query, is_meant in meant.items():
        page = client.get(f"{FIGURES}?{query}").text
        expected = counted(a for a in attempts if is_meant(a, events[a.event_id]))

        assert [number(cell) for cell in total_of(page)[:4]] == expected, query
        tables = tables_of(page)
        assert tables, query
        for _head, *rows, foot in tables:
            parts = [[number(cell) for cell in row[1:5]] for row in rows]
            assert [number(cell) for cell in foot[1:5]] == expected, query
            assert [sum(column) for column in zip(*parts, strict=True)] == expected, query


def test_a_file_holds_the_filter_and_the_numbers_of_the_page(
    sign_in: SignIn, held: tuple[dict[int, Event], list[Attempt]]
) -> None:
    client = sign_in()
    query = f"region={QUANZHOU}&first=2026-09-02"
    page = client.get(f"{FIGURES}?{query}", headers=ENGLISH).text
    workbook = client.get(f"{FIGURES}/figures.xlsx?{query}", headers=ENGLISH)
    text = client.get(f"{FIGURES}/figures.csv?{query}", headers=ENGLISH)

    sheets, lines = sheets_of(workbook.data), lines_of(text.data)

    asked = dict(row[:2] for row in sheets["Filter"])
    assert next(iter(sheets)) == "Filter"
    assert (asked["Region"], asked["First day"]) == ("Quanzhou", "2026-09-02")
    assert asked["Campaign"] == "Fujian Quality Month (demo)"
    assert asked["As of"]
    assert {(line["Region"], line["First day"]) for line in lines} == {("Quanzhou", "2026-09-02")}
    by_kind = next(t for t in tables_of(page) if t[0][0] == "Kind")
    shown = [[row[0], *map(number, row[1:5])] for row in by_kind[1:-1]]
    assert [list(row[1:6]) for row in sheets["By kind"][1:]] == shown
    of_kind = [line for line in lines if line["Part"] == "By kind"]
    names = ("Attempts", "Counted", "Devices", "Passed")
    assert [[line["Name"], *(int(line[n]) for n in names)] for line in of_kind] == shown
    assert workbook.headers["Content-Disposition"] == "attachment; filename=figures.xlsx"


def test_a_formula_in_a_title_stays_text_in_every_file(sign_in: SignIn, save: Save) -> None:
    hold_event(save, JINJIANG, 1, title_zh="=1+1", title_en="=1+1")
    client = sign_in()

    for name in ("figures", "events"):
        book = openpyxl.load_workbook(io.BytesIO(client.get(f"{FIGURES}/{name}.xlsx").data))
        cells = [c for sheet in book for row in sheet.iter_rows() for c in row if c.value == "=1+1"]
        assert cells
        assert {cell.data_type for cell in cells} == {"s"}
        assert "'=1+1" in client.get(f"{FIGURES}/{name}.csv").text


def test_nobody_sees_figures_beyond_their_reach(
    app: Flask, charged: Charge, held: tuple[dict[int, Event], list[Attempt]]
) -> None:
    events, attempts = held
    ids = list(events)
    with app.app_context():
        slug = db.session.get_one(Body, BODY_ID + 3).slug
    reaches: dict[str, tuple[dict[str, Any], set[int]]] = {
        "prefecture": ({"region": QUANZHOU, "role": Role.REGION}, {ids[0], ids[4]}),
        "county": ({"region": JINJIANG, "role": Role.REGION}, {ids[0]}),
        "other county": ({"region": "350502", "role": Role.REGION}, set()),
        "body": ({"region": FUJIAN, "role": Role.BODY, "body_slug": slug}, {ids[1], ids[4]}),
        "helper": ({"region": MINHOU, "role": Role.HELPER, "event_id": ids[1]}, {ids[1]}),
    }

    for name, (charge, own) in reaches.items():
        with app.app_context():
            before = organizers.find("lin")
            if before is not None:
                before.name = f"was {name}"
                db.session.commit()
        client = charged(**charge)
        page = client.get(FIGURES).text
        tables = tables_of(page)

        expected = counted(a for a in attempts if a.event_id in own)
        assert [number(cell) for cell in total_of(page)[:4]] == expected, name
        assert {f"/organize/events/{key}" in page for key in own} <= {True}, name
        assert not any(f'/organize/events/{key}"' in page for key in set(ids) - own), name
        for _head, *_rows, foot in tables:
            assert [number(cell) for cell in foot[1:5]] == expected, name
        went = client.get(f"{FIGURES}/events").text
        assert not any(f'/organize/events/{key}"' in went for key in set(ids) - own), name
        file = lines_of(client.get(f"{FIGURES}/figures.csv", headers=ENGLISH).data)
        assert int(file[0]["Attempts"]) == expected[0], name


@pytest.mark.parametrize("page", ["", "/compare", "/events"])
def test_another_region_or_host_cannot_be_asked_for(
    app: Flask, charged: Charge, held: object, page: str
) -> None:
    with app.app_context():
        own, other = (db.session.get_one(Body, BODY_ID + n).slug for n in (3, 0))
    client = charged(QUANZHOU, role=Role.BODY, body_slug=own)

    for query in (f"region={MINHOU}", "region=440000", f"body={other}", "campaign=guangdong"):
        answer = client.get(f"{FIGURES}{page}?{query}")

        assert answer.status_code == 422, query
        assert "figure__value" not in answer.text
        assert "<table" not in answer.text
    if page == "/compare":
        assert client.get(f"{FIGURES}/compare?other_region={FUZHOU}").status_code == 422
        assert client.get(f"{FIGURES}/compare.csv?other_region={FUZHOU}").status_code == 303


def test_a_filter_that_makes_no_sense_is_told_beside_its_field_and_stays_as_entered(
    sign_in: SignIn,
) -> None:
    client = sign_in()
    faulty = {
        "first": "30.9.2026", "last": "1890-01-01", "region": "Atlantis", "kind": "party",
        "topic": "x", "channel": "radio", "body": "nobody", "campaign": "none",
    }  # fmt: skip

    answer = client.get(FIGURES, query_string=faulty, headers=ENGLISH)

    assert answer.status_code == 422
    fields = answer.text.split('<div class="field')[1:]
    assert len(fields) == len(faulty)
    for field in fields:
        assert "field__fault" in field
    for value in faulty.values():
        assert value in answer.text
    file = client.get(f"{FIGURES}/figures.csv", query_string=faulty)
    assert file.status_code == 303
    assert client.get(file.headers["Location"]).status_code == 422
    reversed_days = client.get(f"{FIGURES}?first=2026-09-02&last=2026-09-01", headers=ENGLISH)
    assert "The last day comes before the first." in reversed_days.text


def test_people_without_a_phone_stand_in_columns_of_their_own(sign_in: SignIn, save: Save) -> None:
    event, _poster, _attempts = hold_event(save, JINJIANG, 3)
    save(
        an_entry(event, 40),
        an_entry(event, 7, channel=Channel.SPOKEN, local_day=DAYS[1]),
        an_entry(event, 99, withdrawn_at=datetime.now(UTC)),
    )
    client = sign_in()

    each = lines_of(client.get(f"{FIGURES}/figures.csv", headers=ENGLISH).data)
    paper = lines_of(client.get(f"{FIGURES}/figures.csv?channel=paper", headers=ENGLISH).data)
    later = lines_of(client.get(f"{FIGURES}/figures.csv?first=2026-09-02", headers=ENGLISH).data)

    total = each[0]
    assert (total["Attempts"], total["On paper, people"], total["By word of mouth, people"]) == (
        "3", "40", "7",
    )  # fmt: skip
    for part in ("By region", "By day", "By kind", "By host", "By topic"):
        lines = [line for line in each if line["Part"] == part]
        assert sum(int(line["Attempts"]) for line in lines) == 3
        assert sum(int(line["On paper, people"]) for line in lines) == 40
        assert sum(int(line["By word of mouth, people"]) for line in lines) == 7
    assert "Attempts" not in paper[0]
    assert paper[0]["On paper, people"] == "40"
    assert "By word of mouth, people" not in paper[0]
    assert (later[0]["On paper, people"], later[0]["By word of mouth, people"]) == ("0", "7")


def test_residents_are_a_denominator_only_for_a_whole_region(sign_in: SignIn, save: Save) -> None:
    hold_event(save, JINJIANG, 30)
    hold_event(save, PINGTAN, 20)
    client = sign_in()

    def rate(query: str) -> str | None:
        line = lines_of(client.get(f"{FIGURES}/figures.csv?{query}", headers=ENGLISH).data)[0]
        return line.get("Counted per 10,000 residents")

    assert rate(f"region={QUANZHOU}") == f"{30 * 10_000 / 8_782_285:.2f}"
    assert rate(f"region={PINGTAN}") == f"{20 * 10_000 / 385_981:.2f}"
    assert rate(f"region={JINJIANG}") == ""  # nobody said how many live there
    assert rate(f"region={QUANZHOU}&kind=factory") is None
    assert rate(f"region={QUANZHOU}&first=2026-09-01") is None


def test_campaigns_are_compared_day_by_day_of_each(app: Flask, sign_in: SignIn, save: Save) -> None:
    with app.app_context():
        old, new = (db.session.get_one(Campaign, key) for key in (CAMPAIGN_ID - 1, CAMPAIGN_ID))
        days, slugs = (old.first_on, new.first_on), (old.slug, new.slug)
    for campaign_id, body_id, first_on, devices in (
        (CAMPAIGN_ID - 1, 1, days[0], 2),
        (CAMPAIGN_ID, BODY_ID, days[1], 5),
    ):
        event = an_event(campaign_id=campaign_id, body_id=body_id)
        event, poster = save(event, a_poster(event))
        save(
            *(an_attempt(event, poster, local_day=first_on + DAY) for _ in range(devices)),
            an_attempt(event, poster, local_day=first_on + 4 * DAY),
        )
    client = sign_in()
    query = f"campaign={slugs[1]}&other_campaign={slugs[0]}"

    page = client.get(f"{FIGURES}/compare?{query}", headers=ENGLISH).text
    lines = lines_of(client.get(f"{FIGURES}/compare.csv?{query}", headers=ENGLISH).data)
    limited = client.get(f"{FIGURES}/compare.csv?{query}&last={days[1] + 2 * DAY}", headers=ENGLISH)

    sides = [name for name in lines[0] if name.startswith("Attempts · ")]
    by_part = {
        part: {line["Name"]: [int(line[side]) for side in sides] for line in lines
               if line["Part"] == part}
        for part in ("Total", "By day", "By region")
    }  # fmt: skip
    assert by_part["Total"]["Total"] == [6, 3, 3]
    assert by_part["By day"] == {
        "Day 2": [5, 2, 3], "Day 3": [0, 0, 0], "Day 4": [0, 0, 0], "Day 5": [1, 1, 0],
    }  # fmt: skip
    assert by_part["By region"]["Quanzhou"] == [6, 3, 3]
    assert "<polyline" in page
    assert [int(lines_of(limited.data)[0][side]) for side in sides] == [5, 2, 3]


def test_regions_are_compared_by_residents_too(sign_in: SignIn, save: Save) -> None:
    hold_event(save, JINJIANG, 30)
    hold_event(save, PINGTAN, 20, kind=EventKind.CAMPUS)
    client = sign_in()
    query = f"region={QUANZHOU}&other_region={PINGTAN}"

    page = client.get(f"{FIGURES}/compare?{query}", headers=ENGLISH).text
    total, *_rest = lines_of(client.get(f"{FIGURES}/compare.csv?{query}", headers=ENGLISH).data)

    sides = ("Quanzhou", "Pingtan County, Fuzhou", "difference")
    rates = [total[f"Counted per 10,000 residents · {side}"] for side in sides]
    assert [total[f"Attempts · {side}"] for side in sides] == ["30", "20", "10"]
    assert rates == ["0.03", "0.52", "-0.49"]
    assert "−0.49" in text_of(page)
    kinds = next(table_rows(p) for p in page.split("<table")[1:] if ">Kind<" in p)
    assert [row[:4] for row in kinds if row[0] in {"Factory", "Campus"}] == [
        ["Campus", "0", "20", "−20"],
        ["Factory", "30", "0", "+30"],
    ]


def test_only_two_different_things_are_compared(sign_in: SignIn) -> None:
    client = sign_in()
    asked = {
        f"region={QUANZHOU}&other_region={QUANZHOU}": "Choose another region than the first.",
        f"other_region={FUJIAN}": "Choose another region than the first.",
        "other_campaign=fujian-2013&campaign=fujian-2013": "Choose another campaign",
        f"other_campaign=fujian-2013&other_region={QUANZHOU}": "not with both",
    }

    for query, words in asked.items():
        answer = client.get(f"{FIGURES}/compare?{query}", headers=ENGLISH)
        assert (answer.status_code, words in answer.text) == (422, True), query
    nothing = client.get(f"{FIGURES}/compare", headers=ENGLISH)
    assert (nothing.status_code, "<table" in nothing.text) == (200, False)


def test_events_stand_by_attempts_or_by_share_of_their_roster(sign_in: SignIn, save: Save) -> None:
    small, _poster, _ = hold_event(save, JINJIANG, 3, title_zh="小的")
    large, _poster, _ = hold_event(save, MINHOU, 5, title_zh="大的")
    hold_event(save, MINHOU, 4, title_zh="没名册的")
    save(
        Team(event_id=small.id, name="一班", roster_size=4),
        Team(event_id=small.id, name="二班"),
        Team(event_id=large.id, name="一班", roster_size=50),
    )
    client = sign_in()

    def order(query: str) -> list[str]:
        page = client.get(f"{FIGURES}/events?{query}").text
        well = page.partition('id="well"')[2].partition("</section>")[0]
        return [row[0].split()[0] + " " + row[4] for row in table_rows(well)[1:]]

    assert order("") == ["大的 10%", "没名册的 –", "小的 75%"]
    assert order("order=roster") == ["小的 75%", "大的 10%"]
    assert order(f"region={FUZHOU}") == ["大的 10%", "没名册的 –"]


def test_an_event_that_has_been_open_without_an_attempt_is_listed_as_empty(
    sign_in: SignIn, save: Save
) -> None:
    now = datetime.now(UTC)
    hold_event(save, JINJIANG, 1, title_zh="有的")
    hold_event(save, JINJIANG, 0, title_zh="空的")
    hold_event(save, JINJIANG, 0, title_zh="未到的", opens_at=now + HOUR, closes_at=now + 2 * HOUR)
    hold_event(save, JINJIANG, 0, title_zh="取消的", cancelled_at=now)
    over = {"opens_at": now - 3 * HOUR, "closes_at": now - HOUR}
    paper, _poster, _ = hold_event(save, JINJIANG, 0, title_zh="纸上的", **over)
    save(an_entry(paper, 12))

    lines = lines_of(sign_in().get(f"{FIGURES}/events.csv", headers=ENGLISH).data)

    empty = [line for line in lines if line["Part"] == "Stayed empty"]
    assert [line["On paper, people"] for line in empty] == ["0", "12"]
    assert [line["State"] for line in empty] == ["open", "closed"]
    assert [line["Number"] for line in empty][1] == str(paper.id)


def test_counties_without_an_event_are_listed_with_a_way_to_plan_one(
    charged: Charge, save: Save
) -> None:
    now = datetime.now(UTC)
    hold_event(save, JINJIANG, 0)
    hold_event(save, "350583", 0, opens_at=now + HOUR, closes_at=now + 2 * HOUR)
    hold_event(save, "350502", 0, cancelled_at=now)
    client = charged(QUANZHOU, role=Role.REGION)

    page = client.get(f"{FIGURES}/events", headers=ENGLISH).text

    bare = page.partition('id="bare"')[2].partition("</section>")[0]
    assert "11 of 12" in text_of(bare)
    assert "Jinjiang" not in bare
    nanan = text_of(
        next(part for part in bare.split("<li") if "Nan'an City" in part.replace("&#39;", "'"))
    )
    assert "first one opens" in nanan
    form = client.get("/organize/events/new?region=350583", headers=ENGLISH).text
    assert "Nan&#39;an City, Quanzhou" in form
    elsewhere = client.get(f"/organize/events/new?region={MINHOU}", headers=ENGLISH).text
    assert "Minhou" not in elsewhere


def test_tomorrow_is_a_day_of_the_campaigns_zone(sign_in: SignIn, save: Save) -> None:
    midnight = datetime(2026, 9, 11, tzinfo=BEIJING).astimezone(UTC)
    minute = timedelta(minutes=1)
    spans = {
        "从零点": (midnight, midnight + HOUR),
        "到次日零点": (midnight + DAY - minute, midnight + DAY),
        "整天": (midnight - DAY, midnight + 2 * DAY),
        "零点前止": (midnight - HOUR, midnight),
        "后天": (midnight + DAY, midnight + DAY + HOUR),
    }
    save(*(an_event(title_zh=n, opens_at=a, closes_at=b) for n, (a, b) in spans.items()))

    with time_machine.travel(EVENING, tick=False):
        page = sign_in().get(f"{FIGURES}/events?campaign=fujian-demo").text

    tomorrow = page.partition('id="tomorrow"')[2]
    assert "9月11日" in text_of(tomorrow.partition("</h2>")[0])
    assert [row[0].split()[0] for row in table_rows(tomorrow)[1:]] == [
        "从零点", "到次日零点", "整天",
    ]  # fmt: skip


def test_figures_cost_the_same_for_one_event_as_for_forty(
    app: Flask, sign_in: SignIn, save: Save
) -> None:
    hold_event(save, JINJIANG, 1)
    client = sign_in()
    paths = [FIGURES, f"{FIGURES}/compare?other_region={QUANZHOU}", f"{FIGURES}/events"]
    for path in paths:
        client.get(path)

    def costs() -> list[list[str]]:
        found = []
        for path in paths:
            with queries_of(app) as asked:
                assert client.get(path).status_code == 200
            found.append(asked)
        return found

    with app.app_context():
        rollup.fold_all()
    for_one = costs()
    events = [an_event(region_code=(JINJIANG, MINHOU)[n % 2], quiz_id=n % 4 + 1)
              for n in range(40)]  # fmt: skip
    posters = [a_poster(event) for event in events]
    save(*events, *posters, *(Team(event=event, name="一班", roster_size=9) for event in events))
    pairs = zip(events, posters, strict=True)
    save(*(an_attempt(*pair, local_day=DAYS[n % 3]) for n, pair in enumerate(pairs)))
    with app.app_context():
        rollup.fold_all()
    for_forty = costs()

    assert [len(asked) for asked in for_forty] == [len(asked) for asked in for_one]
    assert max(len(asked) for asked in for_forty) <= 28
    for statement in (statement for asked in for_forty for statement in asked):
        assert "FROM attempt" not in statement or "fresh_attempt" in statement


def test_a_campaign_without_anything_shows_zeros_and_no_fault(sign_in: SignIn) -> None:
    client = sign_in()

    for path in (
        "",
        "/events",
        f"/compare?other_region={QUANZHOU}",
        "/compare?other_campaign=fujian-2013",
    ):
        answer = client.get(f"{FIGURES}{path}", headers=ENGLISH)
        assert answer.status_code == 200, path
    assert total_of(client.get(FIGURES).text)[0] == "0"


def test_the_days_of_a_table_have_no_gap(
    sign_in: SignIn, held: tuple[dict[int, Event], list[Attempt]]
) -> None:
    lines = lines_of(sign_in().get(f"{FIGURES}/figures.csv", headers=ENGLISH).data)

    days = [date.fromisoformat(line["Code"]) for line in lines if line["Part"] == "By day"]

    assert (days[0], days[-1]) == (DAYS[0], DAYS[2])
    assert all(after - before == DAY for before, after in pairwise(days))
