"""The closing report: pages that add up, honest words, in the reader's language."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pypdfium2
import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from core import jobs
from core.db import db
from outreach.campaigns.models import Body
from outreach.events.models import Event, Team
from outreach.organizers import service as organizers
from outreach.organizers.models import Organizer, Role
from outreach.tally import report
from outreach.tally.models import Channel, OfflineCount
from outreach.tally.report import Bar
from tests.builders import (
    BODY_ID,
    CAMPAIGN_ID,
    FUJIAN,
    FUZHOU,
    JINJIANG,
    MINHOU,
    PINGTAN,
    QUANZHOU,
    a_poster,
    an_event,
)
from tests.outreach.attempts import hold_event, some_attempts
from tests.outreach.pages import ENGLISH, send

Save = Callable[..., Any]
SignIn = Callable[..., FlaskClient]


def texts(content: bytes) -> list[str]:
    """Return the text of each page of a PDF."""
    pages = pypdfium2.PdfDocument(content)
    return [page.get_textpage().get_text_bounded().replace("\r\n", "\n") for page in pages]


def attempts_on(page: str) -> int:
    """Read the first figure of a page's row of figures, which stands before all charts."""
    found = re.search(r"^([\d,]+)$", page, re.MULTILINE)
    assert found, page
    return int(found[1].replace(",", ""))


def report_of(
    app: Flask, client: FlaskClient, region: str, *, headers: dict[str, str] | None = None
) -> list[str]:
    """Ask for a region's report, let it be made, and read it."""
    form = {"campaign": str(CAMPAIGN_ID), "region": region}
    asked = send(client, "/organize/reports", form, headers=headers or ENGLISH)
    assert asked.status_code == 303, asked.text
    with app.app_context():
        assert jobs.work_off() == 1
    made = client.get(f"{asked.headers['Location']}/file")
    assert made.mimetype == "application/pdf"
    return texts(made.data)


def test_one_event_has_a_title_page_and_a_page_with_its_parts(sign_in: SignIn, save: Save) -> None:
    event = an_event()
    team = Team(event=event, name="早班", roster_size=20)
    event, poster, _team, _entry = save(
        event,
        a_poster(event, placement="大门", team=team),
        team,
        OfflineCount(
            event_id=1, channel=Channel.PAPER, people=42, local_day=date(2026, 9, 1),
            reason="没有信号", entered_by_name="chen", entered_at=datetime.now(UTC),
        ),
    )  # fmt: skip
    save(*some_attempts(event, poster, 13, passed=4))
    path = f"/organize/events/{event.id}/report.pdf"

    response = sign_in().get(path, headers=ENGLISH)

    cover, page = texts(response.data)
    assert "attachment" in response.headers["Content-Disposition"]
    for words in (
        "Fujian Quality Month (demo)",
        "Closing report",
        "Quality Month at work",
        "Devices are phones, not people",
        "They stand apart",
        "Numbers as of",
    ):
        assert words in " ".join(cover.split()), words
    for words in ("13", "42", "早班", "65%", "大门", "Attempts by day", "as of"):
        assert words in page, words
    assert attempts_on(page) == 13


def test_a_report_is_in_the_readers_language(sign_in: SignIn, save: Save) -> None:
    event, _poster, _attempts = hold_event(save, JINJIANG, 1)

    cover, page = texts(sign_in().get(f"/organize/events/{event.id}/report.pdf").data)

    assert "质量月进工厂" in cover
    assert "Closing" not in cover + page


def test_an_event_that_nobody_came_to_has_a_report_too(sign_in: SignIn, save: Save) -> None:
    event = save(an_event(title_zh="没人来的活动👨‍👩‍👧", title_en=None))

    response = sign_in().get(f"/organize/events/{event.id}/report.pdf", headers=ENGLISH)

    assert "No paper was handed in here." in texts(response.data)[1]


def test_regions_add_up_to_those_above_them_and_events_to_their_region(
    app: Flask, sign_in: SignIn, save: Save
) -> None:
    held = {JINJIANG: 3, QUANZHOU: 2, MINHOU: 4, FUJIAN: 1, PINGTAN: 5}
    for n, (region, devices) in enumerate(held.items()):
        hold_event(save, region, devices, title_en=f"Event {n}")

    pages = report_of(app, sign_in(), FUJIAN)

    found = {page.splitlines()[1].strip(): attempts_on(page) for page in pages[1:]}
    assert attempts_on(pages[0]) == found["Fujian"] == 15
    assert found["Quanzhou"] == 5
    assert found["Jinjiang City"] == 3
    assert found["Fuzhou"] == found["Minhou County"] == 4
    assert found["Pingtan County"] == 5
    assert [found[f"Event {n}"] for n in range(5)] == list(held.values())
    assert len(pages) == 1 + 6 + 5


def test_what_the_campaign_reports_apart_is_not_in_the_prefectures_report(
    app: Flask, sign_in: SignIn, save: Save
) -> None:
    hold_event(save, MINHOU, 4)
    hold_event(save, PINGTAN, 5)

    pages = report_of(app, sign_in("lin", FUZHOU), FUZHOU)

    assert "without Pingtan County" in " ".join(pages[0].split())
    assert attempts_on(pages[0]) == 4


def test_a_report_holds_only_what_lies_within_reach(
    app: Flask, sign_in: SignIn, save: Save
) -> None:
    mine, _poster, _attempts = hold_event(save, JINJIANG, 3, title_en="Mine")
    hold_event(save, JINJIANG, 2, title_en="Theirs")
    with app.app_context():
        organizers.add("ahui", "correct horse", JINJIANG, role=Role.HELPER, event_id=mine.id)
        db.session.commit()

    pages = report_of(app, sign_in("ahui", add=False), JINJIANG)

    assert attempts_on(pages[0]) == 3
    assert "Theirs" not in "".join(pages)


@pytest.mark.parametrize("region", [QUANZHOU, FUJIAN, "999999", ""])
def test_a_region_out_of_reach_cannot_be_asked_for(
    app: Flask, sign_in: SignIn, save: Save, region: str
) -> None:
    hold_event(save, QUANZHOU, 1)
    form = {"campaign": str(CAMPAIGN_ID), "region": region}

    response = send(sign_in("lin", JINJIANG), "/organize/reports", form)

    assert response.status_code == 422
    with app.app_context():
        assert jobs.work_off() == 0


def test_asked_again_a_report_is_that_of_the_reach_one_has_by_then(
    app: Flask, sign_in: SignIn, save: Save
) -> None:
    hold_event(save, JINJIANG, 3)
    hold_event(save, QUANZHOU, 2)
    hold_event(save, JINJIANG, 4, body_id=BODY_ID + 1)
    organizer = sign_in("lin", QUANZHOU)
    paths = [
        send(
            organizer, "/organize/reports", {"campaign": str(CAMPAIGN_ID), "region": code}
        ).headers["Location"]
        for code in (QUANZHOU, JINJIANG)
    ]
    with app.app_context():
        slug = db.session.get_one(Body, BODY_ID).slug
        charge = {"region_code": JINJIANG, "role": Role.BODY, "body_slug": slug}
        db.session.execute(sa.update(Organizer).values(charge))
        db.session.commit()

    whole, part = (
        send(organizer, f"{path}/again", {}, page="/organize/reports").headers["Location"]
        for path in paths
    )
    with app.app_context():
        jobs.work_off()

    assert whole == paths[0]
    assert attempts_on(texts(organizer.get(f"{part}/file").data)[0]) == 3


def test_a_region_without_events_is_told_so(app: Flask, sign_in: SignIn) -> None:
    organizer = sign_in()
    form = {"campaign": str(CAMPAIGN_ID), "region": JINJIANG}
    asked = send(organizer, "/organize/reports", form, headers=ENGLISH)

    with app.app_context():
        jobs.work_off()

    told = organizer.get(asked.headers["Location"], headers=ENGLISH).text
    assert "There is no event in this region to report on." in told


def test_a_chart_leaves_nothing_out_of_its_sum() -> None:
    bars = [Bar(f"{n}班", 1.0, str(n), n) for n in range(40, 0, -1)]

    for room in (2, 5, 100):
        shown = report.folded(bars, room)
        assert len(shown) <= room
        assert sum(bar.value for bar in shown) == sum(range(41))


def test_a_year_of_days_is_drawn_by_week_and_loses_none() -> None:
    days = [(date(2026, 1, 1), 3), (date(2026, 3, 1), 5), (date(2026, 12, 31), 7)]

    by_day, is_by_week = report.calendar(days[:2])
    by_week, is_long = report.calendar(days)

    assert (is_by_week, is_long) == (False, True)
    assert (len(by_day), sum(value for _day, value in by_day)) == (60, 8)
    assert (len(by_week), sum(value for _day, value in by_week)) == (53, 15)
    assert {day.weekday() for day, _value in by_week} == {0}


def test_a_long_event_fits_on_its_page(sign_in: SignIn, save: Save) -> None:
    event = an_event(title_zh="很" * 60, title_en="W" * 120, site="长" * 60)
    teams = [Team(event=event, name="组" * 38 + f"{n:02}", roster_size=3) for n in range(60)]
    posters = [a_poster(event, placement="门" * 40, team=team) for team in teams]
    event, *saved = save(event, *posters, *teams)
    save(*(a for p in saved[:60] for a in some_attempts(event, p, 1)))

    found: Event = event
    pages = texts(sign_in().get(f"/organize/events/{found.id}/report.pdf").data)

    assert len(pages) == 2
