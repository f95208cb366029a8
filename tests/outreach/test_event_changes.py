"""Events copied, closed early, extended, cancelled; their teams: posters obey at once."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask
from flask.testing import FlaskClient

from core.audit import AuditEntry
from core.db import db
from outreach.events.models import Event, EventKind, Team
from outreach.organizers import service as organizers
from outreach.organizers.models import Role
from outreach.posters.models import Poster
from tests.builders import BODY_ID, FUJIAN, FUZHOU, JINJIANG, MINHOU, a_poster, an_event
from tests.outreach.attempts import an_attempt
from tests.outreach.pages import ENGLISH, event_fields, send, table_rows, text_of
from tests.phone import Phone

Rows = Callable[[sa.Select[Any]], list[Any]]
Save = Callable[..., Any]
SignIn = Callable[..., FlaskClient]
EVENT = sa.select(*Event.__table__.columns).order_by(Event.id.desc())
TEAMS = sa.select(*Team.__table__.columns).order_by(Team.id)
DEEDS = (
    sa.select(AuditEntry.action)
    .where(AuditEntry.action.startswith("event."))
    .order_by(AuditEntry.id)
)


@pytest.fixture
def poster(save: Save) -> Poster:
    """A poster of an open event in Jinjiang."""
    saved: Poster = save(a_poster(an_event(region_code=JINJIANG)))
    return saved


@pytest.fixture
def status(app: Flask) -> Callable[[Poster], int]:
    """Tell how a phone that scans a poster is answered."""
    return lambda poster: app.test_client().get(f"/q/{poster.code}").status_code


Status = Callable[[Poster], int]


def opening_of(poster: Poster) -> str:
    """Return the page of an event's opening hours."""
    return f"/organize/events/{poster.event_id}/opening"


def press(client: FlaskClient, poster: Poster, button: str, **fields: str) -> int:
    """Press a button of the page of opening hours."""
    page = opening_of(poster)
    return send(client, f"{page}/{button}", fields, page=page).status_code


def test_an_event_is_closed_early_and_opened_again_by_one_button_each(
    sign_in: SignIn, poster: Poster, status: Status, rows: Rows
) -> None:
    organizer = sign_in()
    planned = rows(EVENT)[0].closes_at

    pressed = press(organizer, poster, "close")
    closed = status(poster)
    again = press(organizer, poster, "reopen")

    assert (pressed, closed, again, status(poster)) == (303, 410, 303, 200)
    assert rows(EVENT)[0].closes_at == planned
    assert [row.action for row in rows(DEEDS)] == ["event.close", "event.reopen"]


def test_a_paper_under_way_is_told_that_the_event_closed(
    sign_in: SignIn, poster: Poster, phone: Callable[..., Phone]
) -> None:
    visitor = phone()
    paper = visitor.scan(poster.code)

    press(sign_in(), poster, "close")

    assert visitor.send(paper).status_code == 410


@pytest.mark.parametrize(("step", "hours"), [("hour", 1), ("three-hours", 3), ("day", 24)])
def test_an_open_event_is_extended_from_its_end(
    sign_in: SignIn, poster: Poster, rows: Rows, step: str, hours: int
) -> None:
    planned = rows(EVENT)[0].closes_at

    press(sign_in(), poster, f"longer/{step}")

    assert rows(EVENT)[0].closes_at == planned + timedelta(hours=hours)


def test_a_closed_event_opens_again_from_now_on(
    sign_in: SignIn, save: Save, status: Status, rows: Rows
) -> None:
    now = datetime.now(UTC)
    day = timedelta(days=1)
    poster = save(a_poster(an_event(opens_at=now - 3 * day, closes_at=now - 2 * day)))
    before = status(poster)

    press(sign_in(), poster, "longer/hour")

    assert (before, status(poster)) == (410, 200)
    assert rows(EVENT)[0].closes_at > now + timedelta(minutes=59)


def test_an_event_may_be_given_another_end(sign_in: SignIn, poster: Poster, rows: Rows) -> None:
    press(sign_in(), poster, "until", closes_at="2026-12-31T20:00")

    assert rows(EVENT)[0].closes_at == datetime(2026, 12, 31, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    "moment", ["", "soon", "2020-01-01T00:00", "2099-01-01T00:00", "0001-01-01T00:00"]
)
def test_an_end_that_cannot_be_is_refused(
    sign_in: SignIn, poster: Poster, rows: Rows, moment: str
) -> None:
    before = rows(EVENT)

    assert press(sign_in(), poster, "until", closes_at=moment) == 422
    assert rows(EVENT) == before


def test_what_is_not_open_cannot_be_closed(sign_in: SignIn, save: Save, rows: Rows) -> None:
    now = datetime.now(UTC)
    hour = timedelta(hours=1)
    poster = save(a_poster(an_event(opens_at=now + hour, closes_at=now + 2 * hour)))
    before = rows(EVENT)

    press(sign_in(), poster, "close")

    assert rows(EVENT) == before


def test_an_early_closing_is_not_undone_over_a_later_change(
    sign_in: SignIn, poster: Poster, rows: Rows
) -> None:
    organizer = sign_in()
    press(organizer, poster, "close")

    press(organizer, poster, "longer/hour")
    before = rows(EVENT)
    press(organizer, poster, "reopen")

    assert "/reopen" not in organizer.get(opening_of(poster)).text
    assert rows(EVENT) == before


def test_cancelling_asks_first_and_says_how_many_posters_tell_so(
    sign_in: SignIn, poster: Poster, status: Status
) -> None:
    organizer = sign_in()

    page = organizer.get(opening_of(poster), headers=ENGLISH)
    unasked = press(organizer, poster, "cancel")

    assert "Its poster will say: “This event was cancelled.”" in text_of(page.text)
    assert (unasked, status(poster)) == (422, 200)


def test_a_cancelled_event_says_so_and_takes_place_after_all(
    app: Flask, sign_in: SignIn, poster: Poster, status: Status, rows: Rows
) -> None:
    organizer = sign_in()

    press(organizer, poster, "cancel", confirmed="y")
    told = app.test_client().get(f"/q/{poster.code}", headers=ENGLISH)
    desk = organizer.get("/organize/", headers=ENGLISH).text
    press(organizer, poster, "restore")

    assert told.status_code == 410
    assert "This event was cancelled" in told.text
    assert table_rows(desk)[1][2] == "cancelled"
    assert status(poster) == 200
    assert [row.action for row in rows(DEEDS)] == ["event.cancel", "event.restore"]


def test_the_form_asks_before_it_stops_printed_posters(
    sign_in: SignIn, poster: Poster, status: Status, rows: Rows
) -> None:
    organizer = sign_in()
    path = f"/organize/events/{poster.event_id}/edit"
    past = event_fields(opens_at="2020-09-01T09:00", closes_at="2020-09-01T18:00")

    asked = send(organizer, path, past, headers=ENGLISH)
    still = status(poster)
    confirmed = send(organizer, path, past | {"confirmed": "y"})

    assert asked.status_code == 422
    assert "its poster stops leading to the quiz" in text_of(asked.text)
    assert (still, confirmed.status_code, status(poster)) == (200, 303, 410)


def test_a_copy_has_the_plan_and_the_teams_but_no_posters(
    sign_in: SignIn, save: Save, rows: Rows
) -> None:
    opens_at = datetime(2025, 9, 1, 1, tzinfo=UTC)
    event = an_event(opens_at=opens_at, closes_at=opens_at + timedelta(hours=8))
    event, *_ = save(event, Team(event=event, name="一车间", roster_size=120), a_poster(event))
    path = f"/organize/events/{event.id}/copy"

    with time_machine.travel("2026-11-22T08:00:00Z", tick=False):
        organizer = sign_in()
        shown = organizer.get(path).text
        response = send(organizer, path, event_fields(title_zh="第二次"))

    copied, original = rows(EVENT)
    assert 'value="2026-11-23T09:00"' in shown
    assert 'value="2026-11-23T17:00"' in shown
    assert response.headers["Location"] == f"/organize/events/{copied.id}/posters"
    assert (copied.title_zh, original.title_zh) == ("第二次", event.title_zh)
    assert copied.board_code != original.board_code
    of_copy = [(t.name, t.roster_size) for t in rows(TEAMS) if t.event_id == copied.id]
    assert of_copy == [("一车间", 120)]
    assert len(rows(sa.select(Poster.code))) == 1


def test_a_body_organizer_plans_for_their_body_and_finds_no_other(
    app: Flask, sign_in: SignIn, save: Save, rows: Rows
) -> None:
    other = save(an_event(body_id=BODY_ID))
    with app.app_context():
        organizers.add("wang", "correct horse", FUJIAN, role=Role.BODY, body_slug="education")
        db.session.commit()
    organizer = sign_in("wang", add=False)
    form = organizer.get("/organize/events/new").text
    own_id = form.partition('name="body_id"')[2].partition('value="')[2].partition('"')[0]

    foreign = send(organizer, "/organize/events/new", event_fields(body_id=str(BODY_ID)))
    own = send(organizer, "/organize/events/new", event_fields(body_id=own_id))

    assert form.partition('name="body_id"')[2].partition("</select>")[0].count("<option") == 1
    assert (foreign.status_code, own.status_code) == (422, 303)
    for page in ("edit", "copy", "teams", "opening"):
        assert organizer.get(f"/organize/events/{other.id}/{page}").status_code == 404
    assert {event.body_id for event in rows(EVENT)} == {BODY_ID, int(own_id)}


def teams_fields(*lines: tuple[Any, str, str], more: str = "") -> dict[str, str]:
    """Fill in the form of an event's teams."""
    fields = {"more": more}
    for n, (team_id, name, size) in enumerate(lines):
        row = {"team_id": str(team_id), "name": name, "size": size}
        fields |= {f"teams-{n}-{key}": value for key, value in row.items()}
    return fields


def test_teams_are_added_as_lines_and_changed_in_place(
    sign_in: SignIn, poster: Poster, rows: Rows
) -> None:
    organizer = sign_in()
    path = f"/organize/events/{poster.event_id}/teams"
    send(organizer, path, teams_fields(more="一车间：120\n二车间:80\n夜班"))
    first, second, night = rows(TEAMS)

    swapped = teams_fields(
        (first.id, "二车间", "120"), (second.id, "一车间", ""), (night.id, "夜班", "33")
    )
    response = send(organizer, path, swapped)

    assert response.status_code == 303
    assert [(first.name, first.roster_size), (night.name, night.roster_size)] == [
        ("一车间", 120),
        ("夜班", None),
    ]
    assert [(t.id, t.name, t.roster_size) for t in rows(TEAMS)] == [
        (first.id, "二车间", 120),
        (second.id, "一车间", None),
        (night.id, "夜班", 33),
    ]


@pytest.mark.parametrize(
    "more", ["一车间:0", "长" * 41, "二车间\n二车间", "早班", "\n".join(map(str, range(101)))]
)
def test_teams_with_a_fault_change_nothing(
    sign_in: SignIn, save: Save, rows: Rows, more: str
) -> None:
    event = an_event()
    team = save(Team(event=event, name="早班"))
    path = f"/organize/events/{team.event_id}/teams"

    response = send(sign_in(), path, teams_fields((team.id, "晚班", "5"), more=more + "\n晚班"))

    assert response.status_code == 422
    assert [(t.name, t.roster_size) for t in rows(TEAMS)] == [("早班", None)]


def test_a_team_is_removed_unless_it_has_posters_or_attempts(
    sign_in: SignIn, save: Save, rows: Rows
) -> None:
    event = an_event()
    teams = [Team(event=event, name=name) for name in ("空班", "有海报", "有答卷")]
    gate = a_poster(event, team=teams[1])
    wall = a_poster(event)
    event, *teams, gate, wall = save(event, *teams, gate, wall)
    save(an_attempt(event, wall, team_id=teams[2].id))
    organizer = sign_in()
    path = f"/organize/events/{event.id}/teams"

    for team in teams:
        send(organizer, f"{path}/{team.id}/remove", {}, page=path)

    assert [team.name for team in rows(TEAMS)] == ["有海报", "有答卷"]


def test_a_team_of_another_event_is_not_reached_through_ones_own(
    sign_in: SignIn, save: Save, rows: Rows
) -> None:
    mine = save(an_event(region_code=JINJIANG))
    other = an_event(region_code=MINHOU)
    team = save(Team(event=other, name="一班"))
    organizer = sign_in("lin", JINJIANG)
    path = f"/organize/events/{mine.id}/teams"

    removed = send(organizer, f"{path}/{team.id}/remove", {}, page=path)
    send(organizer, path, teams_fields((team.id, "改名", "1")))

    assert removed.status_code == 404
    assert [t.name for t in rows(TEAMS)] == ["一班"]


def test_the_desk_finds_events_by_words_state_kind_and_region(sign_in: SignIn, save: Save) -> None:
    now = datetime.now(UTC)
    past = {"opens_at": now - timedelta(days=2), "closes_at": now - timedelta(days=1)}
    save(
        an_event(title_zh="鞋厂", site="食堂"),
        an_event(title_zh="大学", site="广场", kind=EventKind.CAMPUS, region_code=MINHOU),
        an_event(title_zh="老厂", site="广场", **past),
        an_event(title_zh="取消的", site="广场", cancelled_at=now),
    )
    organizer = sign_in()

    def found(query: str) -> set[str]:
        page = organizer.get(f"/organize/?{query}").text
        return {row[0].split()[0] for row in table_rows(page)[1:]}

    assert found("q=厂") == {"鞋厂", "老厂"}
    assert found("q=鞋 食堂") == {"鞋厂"}
    assert found("q=%25") == set()
    assert found("state=closed") == {"老厂"}
    assert found("state=cancelled") == {"取消的"}
    assert found("state=open&kind=campus") == {"大学"}
    assert found(f"region={FUZHOU}") == {"大学"}
    assert found("state=nonsense&kind=x&region=9") == {"鞋厂", "大学", "老厂", "取消的"}


def test_a_newcomer_is_led_to_the_first_printed_poster(sign_in: SignIn, save: Save) -> None:
    organizer = sign_in()

    empty = organizer.get("/organize/", headers=ENGLISH).text
    event = save(an_event())
    planned = organizer.get("/organize/", headers=ENGLISH).text
    event, poster = save(event, a_poster(event))
    hung = organizer.get("/organize/", headers=ENGLISH).text
    save(an_attempt(event, poster))
    used = organizer.get("/organize/", headers=ENGLISH).text

    assert [page.count("steps__item--done") for page in (empty, planned, hung, used)] == [
        0,
        1,
        2,
        0,
    ]
    assert f"/organize/events/{event.id}/posters" in planned
    assert "Three steps" in hung
    assert "Three steps" not in used
