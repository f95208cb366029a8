"""People on paper and by word of mouth: a channel of its own, with who entered it and why."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from core.audit import AuditEntry
from core.db import db
from outreach.events.models import Event, Team
from outreach.organizers import service as organizers
from outreach.organizers.models import Role
from outreach.tally.models import OfflineCount
from tests.builders import FUJIAN, JINJIANG, MINHOU, an_event
from tests.outreach.attempts import hold_event
from tests.outreach.pages import send, table_rows, text_of

Save = Callable[..., Any]
SignIn = Callable[..., FlaskClient]
Rows = Callable[[sa.Select[Any]], list[Any]]


def offline_page(event: Event) -> str:
    return f"/organize/events/{event.id}/offline"


def fields(**changes: str) -> dict[str, str]:
    """Fill in the form as somebody who collected paper would."""
    today = datetime.now(UTC).date() - timedelta(days=1)
    return {
        "channel": "paper",
        "people": "42",
        "local_day": today.isoformat(),
        "team": "",
        "reason": "三车间没有信号",
    } | changes


@pytest.fixture
def helper(app: Flask, sign_in: SignIn) -> Callable[[Event], FlaskClient]:
    """Sign in the helper of an event."""

    def helper(event: Event) -> FlaskClient:
        with app.app_context():
            organizers.add("ahui", "correct horse", FUJIAN, role=Role.HELPER, event_id=event.id)
            db.session.commit()
        return sign_in("ahui", add=False)

    return helper


def test_people_without_a_phone_stand_beside_the_attempts_with_who_and_why(
    sign_in: SignIn, save: Save
) -> None:
    event, _poster, _attempts = hold_event(save, JINJIANG, 3)
    organizer = sign_in()

    sent = send(organizer, offline_page(event), fields())
    send(organizer, offline_page(event), fields(channel="spoken", people="15"))

    assert sent.status_code == 303
    listed = text_of(organizer.get(offline_page(event)).text)
    assert "chen" in listed
    assert "三车间没有信号" in listed
    page = organizer.get(f"/organize/events/{event.id}").text
    assert 'offline-sums__number">42<' in page
    assert 'offline-sums__number">15<' in page
    assert [line[1:] for line in table_rows(page) if line[-1] == "0"][-1] == ["3", "3", "3", "0"]


def test_a_withdrawn_entry_counts_no_more_stays_readable_and_can_be_restored(
    sign_in: SignIn, save: Save, rows: Rows
) -> None:
    event = save(an_event())
    organizer = sign_in()
    send(organizer, offline_page(event), fields())
    [(entry_id,)] = rows(sa.select(OfflineCount.id))
    path = f"{offline_page(event)}/{entry_id}"

    send(organizer, f"{path}/withdraw", {}, page=offline_page(event))

    withdrawn = organizer.get(offline_page(event)).text
    assert 'offline-sums__number">0<' in withdrawn
    assert "<del>42</del>" in withdrawn
    send(organizer, f"{path}/restore", {}, page=offline_page(event))
    assert 'offline-sums__number">42<' in organizer.get(offline_page(event)).text


def test_each_change_is_written_into_the_log(sign_in: SignIn, save: Save, rows: Rows) -> None:
    event = save(an_event())
    organizer = sign_in()

    send(organizer, offline_page(event), fields())
    [(entry_id,)] = rows(sa.select(OfflineCount.id))
    for step in ("withdraw", "restore"):
        send(organizer, f"{offline_page(event)}/{entry_id}/{step}", {}, page=offline_page(event))

    entries = rows(
        sa.select(AuditEntry.action, AuditEntry.actor_name, AuditEntry.detail)
        .where(AuditEntry.subject == f"offline:{entry_id}")
        .order_by(AuditEntry.id)
    )
    assert [entry.action for entry in entries] == [
        "offline.enter", "offline.withdraw", "offline.restore",
    ]  # fmt: skip
    assert {entry.actor_name for entry in entries} == {"chen"}
    assert entries[0].detail["people"] == 42


@pytest.mark.parametrize(
    "wrong",
    [
        {"people": "0"},
        {"people": "-3"},
        {"people": "100001"},
        {"people": "many"},
        {"reason": "  "},
        {"reason": "很" * 121},
        {"channel": "phone"},
        {"local_day": "2099-01-01"},
        {"local_day": "yesterday"},
        {"team": "999999"},
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_lost(
    sign_in: SignIn, save: Save, rows: Rows, wrong: dict[str, str]
) -> None:
    event = save(an_event())

    response = send(sign_in(), offline_page(event), fields(**wrong))

    assert response.status_code == 422
    assert 'role="alert"' in response.text
    assert rows(sa.select(OfflineCount)) == []


def test_a_team_of_another_event_cannot_be_chosen(sign_in: SignIn, save: Save, rows: Rows) -> None:
    event, other = an_event(), an_event()
    event, _theirs, other, team = save(
        event, Team(event=event, name="早班"), other, Team(event=other, name="晚班")
    )

    response = send(sign_in(), offline_page(event), fields(team=str(team.id)))

    assert response.status_code == 422
    assert rows(sa.select(OfflineCount)) == []


def test_entries_of_other_regions_and_other_events_are_unknown(
    sign_in: SignIn, save: Save, rows: Rows
) -> None:
    mine, other = save(an_event(region_code=MINHOU), an_event())
    send(sign_in(), offline_page(other), fields())
    [(entry_id,)] = rows(sa.select(OfflineCount.id))
    organizer = sign_in("lin", MINHOU)

    assert organizer.get(offline_page(other)).status_code == 404
    for event in (mine, other):
        path = f"{offline_page(event)}/{entry_id}/withdraw"
        assert send(organizer, path, {}, page=offline_page(mine)).status_code == 404
    assert rows(sa.select(OfflineCount.withdrawn_at)) == [(None,)]


def test_a_helper_reads_the_entries_of_the_event_and_changes_nothing(
    sign_in: SignIn, save: Save, rows: Rows, helper: Callable[[Event], FlaskClient]
) -> None:
    event, other = save(an_event(), an_event())
    send(sign_in(), offline_page(event), fields())
    [(entry_id,)] = rows(sa.select(OfflineCount.id))
    browser = helper(event)

    page = browser.get(offline_page(event))

    assert "三车间没有信号" in page.text
    assert 'name="people"' not in page.text
    assert "/withdraw" not in page.text
    assert browser.get(offline_page(other)).status_code == 404
    for path in (offline_page(event), f"{offline_page(event)}/{entry_id}/withdraw"):
        assert send(browser, path, fields(), page=offline_page(event)).status_code == 403
    assert rows(sa.select(OfflineCount.people, OfflineCount.withdrawn_at)) == [(42, None)]
