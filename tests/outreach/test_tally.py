"""Counting: the parts of an event add up to it, and events to their region."""

import random
from collections.abc import Callable, Iterable
from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from flask_babel import force_locale

from core.db import db
from outreach.campaigns.models import Campaign
from outreach.events.models import Event, EventKind, Team
from outreach.participation.models import Attempt
from outreach.tally import event_counts, service
from outreach.tally.count import Count
from tests.builders import (
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
from tests.outreach.attempts import an_attempt, hold_event
from tests.outreach.pages import queries_of

REGIONS = [FUJIAN, FUZHOU, MINHOU, "350181", PINGTAN, QUANZHOU, JINJIANG, "350583", "350902"]
PREFECTURES = [f"350{n}00" for n in range(1, 10)]
FIRST = date(2026, 9, 1)


@pytest.fixture
def campaign(app_ctx: None) -> Campaign:
    return db.session.get_one(Campaign, CAMPAIGN_ID)


@pytest.fixture
def counted_events(campaign: Campaign) -> list[Event]:
    """Some events all over Fujian with teams, posters and many kinds of attempts."""
    dice = random.Random(2013)  # noqa: S311 -- only has to be the same each time
    events = [
        an_event(region_code=code, kind=kind)
        for code in REGIONS
        for kind in (EventKind.FACTORY, EventKind.ONLINE)
    ]
    posters = {}
    for event in events:
        teams = [Team(event=event, name=f"{n}班") for n in range(2)]
        posters[id(event)] = [a_poster(event, team=team) for team in (*teams, None)]
        db.session.add_all([event, *posters[id(event)]])
    db.session.flush()
    for event in events:
        for _n in range(dice.randrange(30)):
            add_attempts(dice, event, dice.choice(posters[id(event)]))
    db.session.flush()
    return events


def add_attempts(dice: random.Random, event: Event, poster: Any) -> None:
    """Add the attempts of one device: one to three."""
    places = [event.region_code]
    if event.kind is EventKind.ONLINE:
        places = [code for code in REGIONS if code.startswith(event.region_code.rstrip("0"))]
    device = dice.randbytes(16)
    for sequence in range(1, dice.randrange(2, 5)):
        db.session.add(
            an_attempt(
                event,
                poster,
                region_code=dice.choice(places),
                device_key=device,
                sequence=sequence,
                counted=sequence == 1 or dice.random() < 0.3,
                passed=dice.random() < 0.6,
                local_day=FIRST + timedelta(days=dice.randrange(5)),
            )
        )


def added(counts: Iterable[Count]) -> Count:
    return sum(counts, Count())


def everything(*conditions: sa.ColumnElement[bool]) -> Count:
    """Count attempts one by one, the slow and plain way."""
    attempts = db.session.scalars(sa.select(Attempt).where(*conditions)).all()
    return Count(
        attempts=len(attempts),
        counted=sum(attempt.counted for attempt in attempts),
        devices=len({(attempt.event_id, attempt.device_key) for attempt in attempts}),
        passed=sum(attempt.counted and attempt.passed for attempt in attempts),
    )


def test_an_event_counts_attempts_devices_and_what_was_counted(
    counted_events: list[Event],
) -> None:
    for event in counted_events:
        assert event_counts.of_event(event.id) == everything(Attempt.event_id == event.id)


def test_only_counted_attempts_can_pass(campaign: Campaign) -> None:
    event = an_event()
    poster = a_poster(event)
    db.session.add(poster)
    db.session.flush()
    db.session.add(an_attempt(event, poster, counted=False, passed=True))

    assert event_counts.of_event(event.id) == Count(attempts=1, counted=0, devices=1, passed=0)


def test_posters_teams_days_and_hours_add_up_to_their_event(counted_events: list[Event]) -> None:
    for event in counted_events:
        counts = event_counts.breakdown(event)
        assert counts.total == event_counts.of_event(event.id)
        assert added(part.count for part in counts.placements) == counts.total
        assert added(count for _day, count in counts.days) == counts.total
        assert added(count for _hour, count in counts.hours) == counts.total
        assert added(counts.hours_of_day) == counts.total
        if event.teams:
            assert added(part.count for part in counts.teams) == counts.total


def test_each_team_is_counted_and_the_rest_as_no_team(counted_events: list[Event]) -> None:
    for event in counted_events:
        for part in event_counts.breakdown(event).teams:
            theirs = Attempt.team_id == part.id if part.id else Attempt.team_id.is_(None)
            assert part.count == everything(Attempt.event_id == event.id, theirs)


def test_several_events_are_counted_as_each_alone(counted_events: list[Event]) -> None:
    ids = [event.id for event in counted_events]

    together = event_counts.of_events(ids)

    for event_id in ids:
        assert together.get(event_id, Count()) == event_counts.of_event(event_id)


def test_nothing_is_counted_of_no_events(campaign: Campaign) -> None:
    assert event_counts.of_events([]) == {}
    assert event_counts.of_event(999_999) == Count()
    assert event_counts.breakdowns([]) == {}


def test_events_add_up_to_the_province(campaign: Campaign, counted_events: list[Event]) -> None:
    with force_locale("zh"):
        province = service.table(campaign, FUJIAN).total.count

    events = event_counts.of_events([event.id for event in counted_events])
    assert province == added(events.values()) == everything()


@pytest.mark.parametrize("region", [FUJIAN, *PREFECTURES])
def test_the_lines_of_a_region_add_up_to_its_total(
    campaign: Campaign, counted_events: list[Event], region: str
) -> None:
    with force_locale("zh"):
        table = service.table(campaign, region)

    assert added(row.count for row in table.rows) == table.total.count


def test_a_line_of_the_province_is_the_total_of_its_own_table(
    campaign: Campaign, counted_events: list[Event]
) -> None:
    with force_locale("zh"):
        for row in service.table(campaign, FUJIAN).rows:
            if not row.is_rest:
                assert service.table(campaign, row.code).total == row


def test_attempts_are_counted_where_they_belong(
    campaign: Campaign, counted_events: list[Event]
) -> None:
    with force_locale("zh"):
        county = service.table(campaign, JINJIANG)
        prefecture = service.table(campaign, QUANZHOU)
        fuzhou = service.table(campaign, FUZHOU)

    assert county.total.count.attempts == everything(Attempt.region_code == JINJIANG).attempts > 0
    assert prefecture.total.count.attempts == (
        everything(Attempt.region_code.startswith("3505")).attempts
    )
    assert fuzhou.total.count.attempts == (
        everything(Attempt.region_code.startswith("3501"), Attempt.region_code != PINGTAN).attempts
    )


def test_what_belongs_to_no_part_of_a_region_has_a_line_of_its_own(
    campaign: Campaign, counted_events: list[Event]
) -> None:
    for region in (FUJIAN, FUZHOU, QUANZHOU):
        with force_locale("zh"):
            rests = [row for row in service.table(campaign, region).rows if row.is_rest]
        own = everything(Attempt.region_code == region)
        assert [row.count.attempts for row in rests] == [own.attempts]


def test_another_campaigns_attempts_are_not_counted_in_this_one(
    campaign: Campaign, counted_events: list[Event]
) -> None:
    with force_locale("zh"):
        before = service.table(campaign, FUJIAN).total.count
        counted_events[0].campaign_id = 1
        moved = event_counts.of_event(counted_events[0].id)

        after = service.table(campaign, FUJIAN).total.count

    assert added([after, moved]) == before
    assert moved.attempts > 0


@pytest.mark.parametrize("region", ["110000", "000000", "999999", "350199", ""])
def test_a_region_outside_the_campaign_has_no_table(campaign: Campaign, region: str) -> None:
    with force_locale("zh"), pytest.raises(service.OutsideCampaignError):
        service.table(campaign, region)


def test_a_table_costs_the_same_however_many_events_and_attempts(
    app: Flask, client: FlaskClient, save: Callable[..., Any]
) -> None:
    hold_event(save, JINJIANG, 1)
    client.get("/participation")

    with queries_of(app) as for_one:
        client.get("/participation")
    for region in REGIONS * 2:
        hold_event(save, region, 3)
    client.get("/participation")  # records what is told of who passed
    with queries_of(app) as for_many:
        client.get("/participation")

    assert len(for_many) == len(for_one) <= 9


def test_all_numbers_of_a_table_come_from_one_look_at_the_attempts(
    app: Flask, client: FlaskClient, save: Callable[..., Any]
) -> None:
    hold_event(save, JINJIANG, 1)

    for path in ("/participation", "/participation.json", "/participation.csv", "/"):
        with queries_of(app) as asked:
            client.get(path)
        assert len([statement for statement in asked if "FROM attempt" in statement]) == 1
