"""The organizer's event form: plan and change."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine
from flask.testing import FlaskClient

from outreach.events.models import Event, EventKind, EventState, state_at
from question_bank.models import Quiz
from tests.builders import (
    BODY_ID,
    CAMPAIGN_ID,
    DAILY_QUIZ_ID,
    FUJIAN,
    FUZHOU,
    JINJIANG,
    MINHOU,
    QUANZHOU,
    QUIZ_ID,
    a_poster,
    an_event,
)
from tests.outreach.attempts import hold_event
from tests.outreach.pages import ENGLISH, event_fields, send
from tests.phone import Phone

Rows = Callable[[sa.Select[Any]], list[Any]]
SignIn = Callable[..., FlaskClient]
Save = Callable[..., Any]

NEW = "/organize/events/new"
INPUT = re.compile(r"<input[^>]*>")
EVENT = sa.select(*Event.__table__.columns).order_by(Event.id.desc())


def value_of(html: str, name: str) -> str:
    """Return what stands in a field of a form."""
    for tag in INPUT.findall(html):
        if f' name="{name}"' in tag:
            found = re.search(r'value="([^"]*)"', tag)
            return unescape(found[1]) if found else ""
    raise AssertionError(f"no field {name}")


def faulty_fields(html: str) -> set[str]:
    """Return the fields that a form's summary of faults leads to."""
    summary = re.search(r'role="alert".*?</ul>', html, re.DOTALL)
    assert summary, html
    return set(re.findall(r'href="#(\w+)"', summary[0]))


def test_planning_an_event_leads_to_its_posters(
    sign_in: SignIn, rows: Rows, add_organizer: Callable[..., int]
) -> None:
    organizer_id = add_organizer()

    response = send(sign_in(add=False), NEW, event_fields())

    (event,) = rows(EVENT)
    assert response.status_code == 303
    assert response.headers["Location"] == f"/organize/events/{event.id}/posters"
    assert (event.campaign_id, event.body_id, event.quiz_id) == (CAMPAIGN_ID, BODY_ID, QUIZ_ID)
    assert (event.kind, event.region_code) == (EventKind.FACTORY, JINJIANG)
    assert (event.title_zh, event.title_en) == ("质量月进工厂", "Quality Month at work")
    assert (event.site, event.created_by) == ("晋江鞋厂食堂", organizer_id)


def test_times_are_beijing_time_and_kept_in_utc(sign_in: SignIn, rows: Rows) -> None:
    send(sign_in(), NEW, event_fields(opens_at="2026-09-01T07:30", closes_at="2026-09-01T18:00"))

    (event,) = rows(EVENT)
    assert event.opens_at == datetime(2026, 8, 31, 23, 30, tzinfo=UTC)
    assert event.closes_at == datetime(2026, 9, 1, 10, 0, tzinfo=UTC)


def test_an_events_form_shows_what_was_planned(sign_in: SignIn, rows: Rows) -> None:
    organizer = sign_in()
    send(organizer, NEW, event_fields())
    (event,) = rows(EVENT)

    form = organizer.get(f"/organize/events/{event.id}/edit").text

    for name in ("title_zh", "title_en", "site", "opens_at", "closes_at"):
        assert value_of(form, name) == event_fields()[name]
    assert value_of(form, "region") == "泉州市 晋江市"
    assert re.search(r'<input checked [^>]*value="factory"', form)


def test_an_unchanged_form_can_be_saved_in_both_languages(
    sign_in: SignIn, save: Save, rows: Rows
) -> None:
    opens_at = datetime(2026, 9, 1, tzinfo=UTC)
    event = save(an_event(opens_at=opens_at, closes_at=opens_at + timedelta(days=1)))
    organizer = sign_in()
    before = rows(EVENT)

    for headers in ({}, ENGLISH):
        form = organizer.get(f"/organize/events/{event.id}/edit", headers=headers).text
        names = ("title_zh", "title_en", "site", "region", "opens_at", "closes_at")
        unchanged = event_fields() | {name: value_of(form, name) for name in names}
        response = send(organizer, f"/organize/events/{event.id}/edit", unchanged, headers=headers)
        assert response.status_code == 303, response.text

    assert rows(EVENT) == before


@pytest.mark.parametrize("region", ["350582", "晋江", "Jinjiang", "泉州市 晋江市"])
def test_a_region_is_named_as_one_likes(sign_in: SignIn, rows: Rows, region: str) -> None:
    send(sign_in(), NEW, event_fields(region=region))

    (event,) = rows(EVENT)
    assert event.region_code == JINJIANG


@pytest.mark.parametrize("kind", list(EventKind))
def test_each_kind_of_event_can_be_planned(sign_in: SignIn, rows: Rows, kind: EventKind) -> None:
    send(sign_in(), NEW, event_fields(kind=kind.value))

    (event,) = rows(EVENT)
    assert event.kind is kind


def test_an_event_may_lack_an_english_title(sign_in: SignIn, rows: Rows) -> None:
    response = send(sign_in(), NEW, event_fields(title_en="  "))

    (event,) = rows(EVENT)
    assert (response.status_code, event.title_en) == (303, None)


def test_spaces_too_many_are_left_out(sign_in: SignIn, rows: Rows) -> None:
    send(sign_in(), NEW, event_fields(title_zh="  质量月\t\n 进工厂 "))

    (event,) = rows(EVENT)
    assert event.title_zh == "质量月 进工厂"


WRONG = [
    ("title_zh", ""),
    ("title_zh", "   "),
    ("title_zh", "长" * 61),
    ("title_en", "l" * 121),
    ("kind", "wedding"),
    ("site", ""),
    ("site", "长" * 61),
    ("region", ""),
    ("region", "没有这个地方"),
    ("body_id", "1"),  # a body of the campaign of 2013
    ("body_id", "999999"),
    ("body_id", "nobody"),
    ("quiz_id", "999999"),
    ("opens_at", ""),
    ("opens_at", "soon"),
    ("opens_at", "2026-13-45T99:99"),
    ("opens_at", "0001-01-01T00:00"),  # before the calendar's first moment in UTC
    ("closes_at", ""),
    ("closes_at", "2026-08-01T09:00"),  # before it opens
    ("closes_at", "2026-09-01T09:00"),  # as it opens
]


@pytest.mark.parametrize(("name", "value"), WRONG)
def test_a_form_with_a_fault_is_shown_again_and_names_the_field(
    sign_in: SignIn, rows: Rows, name: str, value: str
) -> None:
    response = send(sign_in(), NEW, event_fields(**{name: value}))

    assert response.status_code == 422
    assert name in {re.sub(r"-\d+$", "", field) for field in faulty_fields(response.text)}
    assert rows(EVENT) == []


def test_a_missing_choice_is_a_fault(sign_in: SignIn, rows: Rows) -> None:
    fields = event_fields()
    del fields["kind"]

    response = send(sign_in(), NEW, fields)

    assert response.status_code == 422
    assert faulty_fields(response.text) == {"kind"}


def test_a_form_with_faults_keeps_what_was_entered(sign_in: SignIn) -> None:
    entered = event_fields(
        title_zh='质量"月"<1>',
        title_en="",
        kind="campus",
        site="东门 & 西门",
        region="没有这个地方",
        quiz_id=str(DAILY_QUIZ_ID),
        body_id=str(BODY_ID + 3),
        opens_at="2026-09-01T09:00",
        closes_at="not a time",
    )

    page = send(sign_in(), NEW, entered).text

    for name in ("title_zh", "title_en", "site", "region", "opens_at", "closes_at"):
        assert value_of(page, name) == entered[name]
    assert re.search(r'<input checked [^>]*value="campus"', page)
    assert f'<option selected value="{DAILY_QUIZ_ID}">' in page
    assert f'<option selected value="{BODY_ID + 3}">' in page
    assert faulty_fields(page) == {"region", "closes_at"}


def test_each_fault_stands_beside_its_field_and_is_tied_to_it(sign_in: SignIn) -> None:
    page = send(sign_in(), NEW, event_fields(site="", closes_at="2026-08-01T09:00")).text

    for name in ("site", "closes_at"):
        tag = next(tag for tag in INPUT.findall(page) if f' name="{name}"' in tag)
        described = re.search(r'aria-describedby="([^"]+)"', tag)
        assert 'aria-invalid="true"' in tag
        assert described
        assert f'id="{described[1].split()[-1]}"' in page
    assert 'class="field__fault" id="site-fault1"' in page


@pytest.mark.parametrize("field", ["title_zh", "title_en", "site", "region"])
def test_a_nul_which_postgresql_cannot_keep_is_refused(
    sign_in: SignIn, rows: Rows, field: str
) -> None:
    response = send(sign_in(), NEW, event_fields(**{field: event_fields()[field] + "\0"}))

    assert response.status_code == 400
    assert rows(EVENT) == []


@pytest.mark.parametrize("region", [MINHOU, FUZHOU, FUJIAN, "福州市", "北京市", "110101"])
def test_a_region_outside_reach_is_refused_and_the_reach_named(
    sign_in: SignIn, rows: Rows, region: str
) -> None:
    organizer = sign_in("lin", QUANZHOU)

    response = send(organizer, NEW, event_fields(region=region))

    assert response.status_code == 422
    assert faulty_fields(response.text) == {"region"}
    assert "泉州市" in response.text
    assert rows(EVENT) == []


def test_a_region_that_fits_several_is_answered_with_the_candidates(
    sign_in: SignIn, rows: Rows
) -> None:
    response = send(sign_in(), NEW, event_fields(region="Licheng District"), headers=ENGLISH)

    assert response.status_code == 422
    assert "Licheng District, Putian" in response.text
    assert "Licheng District, Quanzhou" in response.text
    assert rows(EVENT) == []


def test_an_offered_candidate_is_understood(sign_in: SignIn, rows: Rows) -> None:
    send(sign_in(), NEW, event_fields(region="Licheng District, Putian"), headers=ENGLISH)

    (event,) = rows(EVENT)
    assert event.region_code == "350304"


def test_suggestions_lie_within_reach_and_are_few(sign_in: SignIn) -> None:
    organizer = sign_in("lin", QUANZHOU)

    def suggested(typed: str) -> list[str]:
        answer = organizer.get("/organize/regions.json", query_string={"q": typed})
        assert answer.status_code == 200
        return list(answer.get_json()["regions"])

    assert suggested("晋江") == ["泉州市 晋江市"]
    assert suggested("福州") == suggested("") == []
    assert len(suggested("3")) == 12


def test_suggestions_are_in_the_readers_language(sign_in: SignIn) -> None:
    answer = sign_in().get("/organize/regions.json?q=jinj", headers=ENGLISH)

    assert answer.get_json() == {"regions": ["Jinjiang City, Quanzhou"]}


def test_a_change_is_kept(sign_in: SignIn, save: Save, rows: Rows) -> None:
    event = save(an_event())
    changed = event_fields(
        title_zh="新题目",
        kind="campus",
        site="新地点",
        region="闽侯县",
        body_id=str(BODY_ID + 1),
        quiz_id=str(DAILY_QUIZ_ID),
    )

    response = send(sign_in(), f"/organize/events/{event.id}/edit", changed)

    (kept,) = rows(EVENT)
    assert response.headers["Location"] == f"/organize/events/{event.id}"
    assert (kept.id, kept.created_at) == (event.id, event.created_at)
    assert (kept.title_zh, kept.kind, kept.site) == ("新题目", EventKind.CAMPUS, "新地点")
    assert (kept.region_code, kept.body_id, kept.quiz_id) == (MINHOU, BODY_ID + 1, DAILY_QUIZ_ID)
    assert kept.opens_at == datetime(2026, 9, 1, 1, 0, tzinfo=UTC)


def test_a_change_with_a_fault_changes_nothing(sign_in: SignIn, save: Save, rows: Rows) -> None:
    event = save(an_event())
    before = rows(EVENT)

    response = send(
        sign_in(), f"/organize/events/{event.id}/edit", event_fields(title_zh="新题目", site="")
    )

    assert response.status_code == 422
    assert value_of(response.text, "title_zh") == "新题目"
    assert rows(EVENT) == before


def test_posters_obey_a_change_at_once(
    sign_in: SignIn, save: Save, phone: Callable[..., Phone]
) -> None:
    event, poster = save(event := an_event(), a_poster(event))
    visitor = phone()
    visitor.scan(poster.code)
    closed = event_fields(opens_at="2020-09-01T09:00", closes_at="2020-09-01T18:00", confirmed="y")

    send(sign_in(), f"/organize/events/{event.id}/edit", closed)

    assert visitor.client.get(f"/q/{poster.code}").status_code == 410


def test_the_region_stays_once_attempts_were_counted_there(
    sign_in: SignIn, save: Save, rows: Rows
) -> None:
    event, _poster, _attempts = hold_event(save, JINJIANG, devices=1)
    before = rows(EVENT)

    response = send(sign_in(), f"/organize/events/{event.id}/edit", event_fields(region="闽侯县"))

    assert response.status_code == 422
    assert faulty_fields(response.text) == {"region"}
    assert value_of(response.text, "region") == "闽侯县"
    assert rows(EVENT) == before


def test_the_rest_may_change_after_attempts(sign_in: SignIn, save: Save, rows: Rows) -> None:
    event, _poster, _attempts = hold_event(save, JINJIANG, devices=1)

    changed = event_fields(title_zh="新题目", confirmed="y")

    response = send(sign_in(), f"/organize/events/{event.id}/edit", changed)

    (kept,) = rows(EVENT)
    assert (response.status_code, kept.title_zh) == (303, "新题目")


def test_an_event_keeps_a_quiz_that_is_no_longer_offered(
    sign_in: SignIn, save: Save, rows: Rows
) -> None:
    old = save(
        Quiz(
            slug="old",
            name_zh="旧的组卷",
            name_en="The old quiz",
            parts=[{"count": 1, "topics": ["food-safety"]}],
            pass_mark=1,
            counting="once",
            is_offered=False,
            position=99,
        )
    )
    event = save(an_event(quiz_id=old.id))
    path = f"/organize/events/{event.id}/edit"
    organizer = sign_in()

    kept = send(organizer, path, event_fields(quiz_id=str(old.id)))
    new = send(organizer, NEW, event_fields(quiz_id=str(old.id)))

    assert "旧的组卷" in organizer.get(path).text
    assert (kept.status_code, new.status_code) == (303, 422)
    assert [row.quiz_id for row in rows(EVENT)] == [old.id]


def test_a_new_event_is_proposed_for_the_next_hours_in_beijing(sign_in: SignIn) -> None:
    with time_machine.travel("2026-11-20T20:41:30Z", tick=False):
        form = sign_in().get(NEW).text

    assert value_of(form, "opens_at") == "2026-11-21T05:00"
    assert value_of(form, "closes_at") == "2026-11-21T13:00"


def test_a_form_without_the_token_against_forgery_is_refused(sign_in: SignIn, rows: Rows) -> None:
    organizer = sign_in()

    response = organizer.post(NEW, data=event_fields())

    assert response.status_code == 400
    assert rows(EVENT) == []


def test_what_an_organizer_types_is_shown_as_text(sign_in: SignIn, save: Save) -> None:
    spell = "<b>质量</b>"
    event = save(an_event(title_zh=spell, site=spell))
    organizer = sign_in()

    for path in (
        "/",
        "/organize/",
        f"/organize/events/{event.id}",
        f"/organize/events/{event.id}/edit",
        f"/organize/events/{event.id}/posters",
    ):
        page = organizer.get(path).text
        assert "<b>" not in page
        assert "&lt;b&gt;" in page


def test_an_event_is_open_from_its_opening_until_just_before_its_closing() -> None:
    opens_at = datetime(2026, 9, 1, 1, tzinfo=UTC)
    closes_at = datetime(2026, 9, 1, 10, tzinfo=UTC)
    tick = timedelta(microseconds=1)

    states = [
        state_at(opens_at, closes_at, None, at)
        for at in (opens_at - tick, opens_at, closes_at - tick, closes_at)
    ]

    assert states == [EventState.PLANNED, EventState.OPEN, EventState.OPEN, EventState.CLOSED]
