"""The public calendar: a page by day, filters, and the feed that a phone subscribes to."""

import re
import string
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar
from icalendar import Event as Occasion

from core.db import db
from outreach.events import ical
from outreach.events.calendar import PAGE_SIZE
from outreach.events.models import Event, EventKind
from tests.builders import BODY_ID, FUJIAN, FUZHOU, JINJIANG, MINHOU, PINGTAN, QUANZHOU, an_event
from tests.outreach.pages import ENGLISH, queries_of, text_of

Save = Callable[..., Any]

# Within the demonstration's campaign, which begins on the day of the test; nine in the morning.
BEIJING = ZoneInfo("Asia/Shanghai")
TODAY = datetime.combine(datetime.now(BEIJING), time(9), BEIJING).astimezone(UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def on_day(number: int, **changes: Any) -> Event:
    """Build an event of eight hours, some days from today."""
    opens_at = TODAY + number * DAY
    return an_event(**({"opens_at": opens_at, "closes_at": opens_at + 8 * HOUR} | changes))


def days_of(page: str) -> list[tuple[str, list[str]]]:
    """Read the list: each day's name with the titles below it."""
    parts = re.findall(r'<h2 class="day__name"[^>]*>(.*?)</h2>(.*?)</section>', page, re.DOTALL)
    titles = re.compile(r'<h3 class="happening__title"[^>]*>(.*?)</h3>', re.DOTALL)
    return [(text_of(name), [text_of(t) for t in titles.findall(part)]) for name, part in parts]


def titles_of(page: str) -> list[str]:
    """Read the titles alone, in their order."""
    return [title for _name, titles in days_of(page) for title in titles]


def read_feed(client: FlaskClient, query: str = "") -> dict[str, Occasion]:
    """Subscribe as a calendar program does; events by title."""
    response = client.get(f"/calendar.ics{query}")
    assert response.status_code == 200
    calendar = Calendar.from_ical(response.data)
    assert not calendar.errors
    return {str(event["summary"]): event for event in calendar.walk("VEVENT")}


@pytest.fixture
def noon() -> Any:
    """Make it noon of the first day."""
    with time_machine.travel(TODAY + 3 * HOUR, tick=False):
        yield


@pytest.fixture
def varied(save: Save) -> None:
    """Events of several regions, bodies and kinds on one day."""
    save(
        on_day(
            1, title_zh="闽侯场", region_code=MINHOU, kind=EventKind.CAMPUS, body_id=BODY_ID + 3
        ),
        on_day(1, title_zh="福州场", region_code=FUZHOU),
        on_day(1, title_zh="平潭场", region_code=PINGTAN),
        on_day(1, title_zh="晋江场", region_code=JINJIANG),
        on_day(1, title_zh="全省场", region_code=FUJIAN, kind=EventKind.ONLINE),
        an_event(title_zh="别的活动", campaign_id=1, body_id=1),
    )


def test_events_stand_under_the_day_they_open_on_the_soonest_first(
    client: FlaskClient, save: Save, noon: None
) -> None:
    save(
        on_day(2, title_zh="后天"),
        on_day(1, title_zh="明天下午", opens_at=TODAY + DAY + 5 * HOUR),
        on_day(1, title_zh="明天上午"),
        on_day(-2, title_zh="还开着", closes_at=TODAY + 5 * DAY),
        on_day(-2, title_zh="过去了"),
        on_day(0, title_zh="今天"),
    )

    days = days_of(client.get("/calendar").text)

    assert [titles for _name, titles in days] == [
        ["还开着"], ["今天"], ["明天上午", "明天下午"], ["后天"],
    ]  # fmt: skip


def test_a_day_is_a_day_in_beijing(client: FlaskClient, save: Save, noon: None) -> None:
    midnight = TODAY + 15 * HOUR  # it was nine in the morning there
    save(
        on_day(0, title_zh="午夜前", opens_at=midnight - timedelta(minutes=1), closes_at=midnight),
        on_day(0, title_zh="午夜", opens_at=midnight, closes_at=midnight + HOUR),
    )

    days = days_of(client.get("/calendar").text)

    assert [titles for _name, titles in days] == [["午夜前"], ["午夜"]]


def test_another_day_can_be_chosen_without_a_script(
    client: FlaskClient, save: Save, noon: None
) -> None:
    save(on_day(1, title_zh="明天"), on_day(2, title_zh="后天"))
    page = client.get("/calendar").text
    chosen = (TODAY + 2 * DAY + 8 * HOUR).date().isoformat()

    link = f"/calendar?from={chosen}"

    assert titles_of(page) == ["明天", "后天"]
    assert (chosen[:7] != (TODAY + 8 * HOUR).date().isoformat()[:7]) or f'href="{link}"' in page
    assert titles_of(client.get(link).text) == ["后天"]


@pytest.mark.parametrize("asked", ["", "soon", "0001-01-01", "9999-12-31", "2026-02-30", "²"])
def test_a_senseless_day_or_page_still_shows_a_calendar(client: FlaskClient, asked: str) -> None:
    for query in ({"from": asked}, {"page": asked}, {"page": "-1"}, {"page": "9" * 30}):
        assert client.get("/calendar", query_string=query).status_code == 200


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (f"?region={FUZHOU}", {"福州场", "闽侯场"}),
        (f"?region={MINHOU}", {"闽侯场"}),
        (f"?region={PINGTAN}", {"平潭场"}),
        (f"?region={QUANZHOU}", {"晋江场"}),
        (f"?region={FUJIAN}", {"闽侯场", "福州场", "平潭场", "晋江场", "全省场"}),
        ("?body=education", {"闽侯场"}),
        ("?kind=online", {"全省场"}),
        (f"?region={FUZHOU}&kind=factory", {"福州场"}),
        ("?region=&body=&kind=", {"闽侯场", "福州场", "平潭场", "晋江场", "全省场"}),
    ],
)
def test_page_and_feed_show_what_was_chosen_alone(
    client: FlaskClient, varied: None, noon: None, query: str, expected: set[str]
) -> None:
    assert set(titles_of(client.get(f"/calendar{query}").text)) == expected
    assert set(read_feed(client, query)) == expected


@pytest.mark.parametrize(
    "query",
    ["?region=330100", "?region=359999", "?region=x", "?body=nobody", "?kind=party", "?lang=fr"],
)
def test_a_filter_that_names_nothing_is_unknown(client: FlaskClient, query: str) -> None:
    assert client.get(f"/calendar.ics{query}").status_code == 404
    if "lang" not in query:
        assert client.get(f"/calendar{query}").status_code == 404


def test_what_was_chosen_goes_along_to_other_days_and_into_the_feed(
    client: FlaskClient, varied: None, noon: None
) -> None:
    page = client.get(f"/calendar?region={QUANZHOU}&kind=factory", headers=ENGLISH).text

    feed = f"zl.example.cn/calendar.ics?region={QUANZHOU}&amp;kind=factory&amp;lang=en"
    assert f'href="webcal://{feed}"' in page
    assert f'href="https://{feed}"' in page
    days = re.findall(r'href="(/calendar\?[^"]*from=[^"]*)"', page)
    assert len(days) > 10
    assert sum("region=" in day and "kind=factory" in day for day in days) >= len(days) - 3


def test_a_cancelled_event_stays_and_says_so(client: FlaskClient, save: Save, noon: None) -> None:
    save(on_day(1, title_zh="取消的", cancelled_at=TODAY))

    page = client.get("/calendar", headers=ENGLISH).text
    (title,) = read_feed(client)

    assert "happening--cancelled" in page
    assert "cancelled" in text_of(page[page.index("happening--cancelled") :])
    assert title.endswith("取消的")
    assert title != "取消的"


def test_a_long_calendar_is_turned_page_by_page_and_loses_nothing(
    client: FlaskClient, save: Save, noon: None
) -> None:
    save(*(on_day(1, title_zh=f"第{n}场") for n in range(2 * PAGE_SIZE + 1)))

    pages = [titles_of(client.get(f"/calendar?page={number}").text) for number in (1, 2, 3, 4)]

    assert [len(titles) for titles in pages] == [PAGE_SIZE, PAGE_SIZE, 1, 0]
    assert len({title for titles in pages for title in titles}) == 2 * PAGE_SIZE + 1


def test_the_calendar_costs_the_same_for_one_event_as_for_fifty(
    app: Flask, client: FlaskClient, save: Save, noon: None
) -> None:
    save(on_day(1))
    costs = []
    for path in ("/calendar", "/calendar.ics"):
        with queries_of(app) as for_one:
            client.get(path)
        costs.append(len(for_one))
    regions = [JINJIANG, MINHOU, PINGTAN, FUJIAN, "350902"]
    save(*(on_day(n % 9, region_code=regions[n % 5], body_id=27 + n % 9) for n in range(49)))

    for path, cost in zip(("/calendar", "/calendar.ics"), costs, strict=True):
        with queries_of(app) as for_fifty:
            client.get(path)
        assert len(for_fifty) == cost <= 8


def test_without_events_the_calendar_says_what_to_do(client: FlaskClient, noon: None) -> None:
    page = client.get("/calendar", headers=ENGLISH).text

    assert "No event from" in page
    assert 'href="/learn"' in page


def test_the_feed_is_a_calendar_with_everything_a_program_asks_for(
    client: FlaskClient, save: Save, noon: None
) -> None:
    event = save(on_day(1, title_en="At work"))

    response = client.get("/calendar.ics?lang=en")

    calendar = Calendar.from_ical(response.data)
    (entry,) = calendar.walk("VEVENT")
    assert response.headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert "no-store" not in response.headers["Cache-Control"]
    assert str(calendar["version"]) == "2.0"
    assert str(calendar["x-wr-timezone"]) == "Asia/Shanghai"
    assert "Quality Month" in str(calendar["x-wr-calname"])
    assert b"REFRESH-INTERVAL;VALUE=DURATION:PT6H" in response.data
    assert str(entry["uid"]) == f"event-{event.id}@zl.example.cn"
    assert str(entry["summary"]) == "At work"
    assert (entry["dtstart"].dt, entry["dtend"].dt) == (event.opens_at, event.closes_at)
    assert "晋江鞋厂食堂" in str(entry["location"])
    assert str(entry["status"]) == "CONFIRMED"
    assert client.get(str(entry["url"]).removeprefix("https://zl.example.cn")).status_code == 200


def test_the_feed_speaks_the_language_of_its_address_whatever_the_program_asks_for(
    client: FlaskClient, save: Save
) -> None:
    save(on_day(1, title_zh="进工厂", title_en="At work"))

    assert set(read_feed(client, "?lang=en")) == {"At work"}
    assert set(read_feed(client, "?lang=zh")) == {"进工厂"}
    assert client.get("/calendar.ics", headers=ENGLISH).data == client.get("/calendar.ics").data


def test_a_changed_event_keeps_its_uid_and_is_newer(
    app: Flask, client: FlaskClient, save: Save
) -> None:
    save(on_day(1, title_zh="旧的"))
    old = read_feed(client)["旧的"]

    with time_machine.travel(datetime.now(UTC) + 2 * HOUR, tick=False), app.app_context():
        event = db.session.scalars(sa.select(Event)).one()
        event.title_zh, event.cancelled_at = "新的", datetime.now(UTC)
        db.session.commit()
    (new,) = read_feed(client).values()

    assert new["uid"] == old["uid"]
    assert new["sequence"] > old["sequence"]
    assert new["last-modified"].dt > old["last-modified"].dt
    assert new["dtstamp"].dt == new["last-modified"].dt
    assert (str(old["status"]), str(new["status"])) == ("CONFIRMED", "CANCELLED")


def test_an_unchanged_feed_is_not_sent_twice(client: FlaskClient, save: Save) -> None:
    save(on_day(1))
    tag = client.get("/calendar.ics").headers["ETag"]

    again = client.get("/calendar.ics", headers={"If-None-Match": tag})
    save(on_day(2))
    changed = client.get("/calendar.ics", headers={"If-None-Match": tag})

    assert (again.status_code, again.data) == (304, b"")
    assert changed.status_code == 200


odd_text = st.text(st.characters(exclude_categories=("Cs",)), max_size=120) | st.text(
    st.sampled_from("，,;；:\\nN\"'\n\r\t\x00^%😀👩‍🏭中 " + string.ascii_letters), max_size=120
)


@given(title=odd_text, place=odd_text, words=odd_text)
def test_whatever_an_organizer_types_comes_out_of_a_calendar_program_as_it_is_shown(
    title: str, place: str, words: str
) -> None:
    entry = ical.Entry(
        uid="event-1@example.cn",
        title=title,
        place=place,
        words=words,
        kind="工厂",
        url="https://example.cn/calendar",
        opens_at=TODAY,
        closes_at=TODAY + HOUR,
        created_at=TODAY,
        changed_at=TODAY,
        is_cancelled=False,
    )

    written = ical.write(title, words, "Asia/Shanghai", [entry])

    lines = written.split(b"\r\n")
    calendar = Calendar.from_ical(written)
    (read,) = calendar.walk("VEVENT")
    found = [str(read[key]) for key in ("summary", "location", "description")]
    assert found == [ical.plain(text) for text in (title, place, words)]
    assert max(map(len, lines)) <= 75
    assert not any(b"\n" in line or b"\r" in line for line in lines)


@given(odd_text)
def test_a_calendar_leaves_out_what_cannot_be_seen_and_nothing_else(text: str) -> None:
    written = ical.plain(text)

    seen = [c for c in text.replace("\\N", "＼N") if c.isprintable()]
    assert [c for c in written if c.isprintable()] == seen or "\\" in text
    assert "\r" not in written
    assert "\x00" not in written
