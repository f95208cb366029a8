"""Headquarters' pages of campaigns: set up, change, copy, bodies; and the commands beside them."""

from collections.abc import Callable
from datetime import date
from html.parser import HTMLParser
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask
from flask.testing import FlaskClient

from core.audit import AuditEntry
from core.db import db
from outreach.campaigns import planning, service
from outreach.campaigns.countdown import Countdown, Phase, countdown, moved
from outreach.campaigns.models import Body, Campaign, SeparateRegion
from outreach.campaigns.planning import Plan
from outreach.events.models import Event
from outreach.organizers import service as organizers
from outreach.organizers.models import Organizer, Role
from tests.builders import BODY_ID, CAMPAIGN_ID, FUJIAN, PINGTAN, an_event
from tests.conftest import csrf_token
from tests.outreach.pages import ENGLISH, send, text_of

Rows = Callable[[sa.Select[Any]], list[Any]]
Save = Callable[..., Any]
SignIn = Callable[..., FlaskClient]
SignInAs = Callable[[Role, str], FlaskClient]

CAMPAIGNS = "/organize/campaigns"
ZHEJIANG = "330000"
FORM = {
    "name_zh": "2027年福建省质量月",
    "name_en": "Fujian Quality Month 2027",
    "year": "2027",
    "first_on": "2027-09-01",
    "last_on": "2027-09-30",
    "theme_zh": "推动质量变革创新",
    "theme_en": "Quality for a better life",
    "slogan_zh": "人人懂质量",
    "slogan_en": "Everybody knows quality",
    "separate": "平潭",
}
SLUGS = sa.select(Campaign.slug).order_by(Campaign.id)
ENTRIES = sa.select(AuditEntry.action, AuditEntry.label).order_by(AuditEntry.id)


@pytest.fixture
def sign_in_as(app: Flask, sign_in: SignIn) -> Callable[[Role, str], FlaskClient]:
    """Sign in somebody of a role, for a region."""

    def sign_in_as(role: Role, region_code: str) -> FlaskClient:
        with app.app_context():
            organizers.add("wang", "correct horse", region_code, role=role)
            db.session.commit()
        client = sign_in("wang", add=False)
        with app.app_context():  # headquarters are led nowhere else before they have one
            db.session.execute(sa.update(Organizer).values(totp_secret="their authenticator's"))
            db.session.commit()
        return client

    return sign_in_as


@pytest.fixture
def headquarters(sign_in_as: SignInAs) -> FlaskClient:
    """Sign in Fujian's headquarters."""
    return sign_in_as(Role.HEADQUARTERS, FUJIAN)


class Fields(HTMLParser):
    """The fields of a page's form, as a browser would send them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.values: dict[str, str] = {}
        self._area: str | None = None
        self.feed(page[page.index("<main") :])

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "input":
            self.values[given["name"]] = given.get("value", "")
        self._area = given["name"] if tag == "textarea" else None

    def handle_data(self, data: str) -> None:
        if self._area is not None:
            self.values[self._area] = data.strip()

    def handle_endtag(self, _tag: str) -> None:
        self._area = None


def fields_of(page: str) -> dict[str, str]:
    """Return the fields of a page's form without its token, which a session gives anew."""
    return {name: value for name, value in Fields(page).values.items() if name != "csrf_token"}


def set_up(client: FlaskClient, rows: Rows) -> int:
    """Set up a campaign without bodies and return its key."""
    assert send(client, f"{CAMPAIGNS}/new", FORM).status_code == 303
    return int(rows(sa.select(sa.func.max(Campaign.id)))[0][0])


def plan(**changes: Any) -> Plan:
    """Plan September 2030."""
    words = {
        f"{part}_{language}": f"{part} {language}"
        for part in ("name", "theme", "slogan")
        for language in ("zh", "en")
    }
    days = {"year": 2030, "first_on": date(2030, 9, 1), "last_on": date(2030, 9, 30)}
    return Plan(**(words | days | {"separate": ()} | changes))


def bodies_of(rows: Rows, campaign_id: int) -> list[str]:
    """Return the bodies' names in their order."""
    query = sa.select(Body.name_zh).where(Body.campaign_id == campaign_id)
    return [name for (name,) in rows(query.order_by(Body.position))]


def deeds(rows: Rows) -> list[str]:
    """Return what the audit trail says was done to campaigns."""
    return [action for action, _label in rows(ENTRIES) if action.startswith(("campaign", "body"))]


def test_a_campaign_is_set_up_with_a_slug_of_province_and_year(
    headquarters: FlaskClient, rows: Rows
) -> None:
    response = send(headquarters, f"{CAMPAIGNS}/new", FORM)

    made = rows(sa.select(Campaign.id, Campaign.slug, Campaign.province_code))[-1]
    assert response.status_code == 303
    assert response.headers["Location"] == f"{CAMPAIGNS}/{made.id}/bodies"
    assert (made.slug, made.province_code) == ("fujian-2027", FUJIAN)
    query = sa.select(SeparateRegion.region_code).where(SeparateRegion.campaign_id == made.id)
    assert rows(query) == [(PINGTAN,)]
    assert rows(ENTRIES)[-1] == ("campaign.create", FORM["name_zh"])


def test_several_campaigns_of_a_year_stand_side_by_side(
    headquarters: FlaskClient, rows: Rows
) -> None:
    for _ in range(3):
        assert send(headquarters, f"{CAMPAIGNS}/new", FORM).status_code == 303

    assert [slug for (slug,) in rows(SLUGS)][2:] == [
        "fujian-2027", "fujian-2027-2", "fujian-2027-3",
    ]  # fmt: skip


def test_the_province_is_ones_own_whatever_is_sent(headquarters: FlaskClient, rows: Rows) -> None:
    send(headquarters, f"{CAMPAIGNS}/new", FORM | {"province_code": ZHEJIANG, "slug": "mine"})

    assert rows(sa.select(Campaign.slug, Campaign.province_code))[-1] == ("fujian-2027", FUJIAN)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name_en", ""),
        ("theme_zh", " "),
        ("slogan_zh", "长" * 121),
        ("year", "next"),
        ("year", "2031"),
        ("first_on", "2027-13-01"),
        ("last_on", "2027-08-31"),
        ("last_on", "2062-09-30"),
        ("separate", "亚特兰蒂斯"),
        ("separate", "福州市"),
        ("separate", FUJIAN),
        ("separate", "杭州市 上城区"),
        ("separate", "\n".join(["平潭"] * 21)),
    ],
)
def test_a_fault_is_shown_beside_its_field_and_nothing_is_lost(
    headquarters: FlaskClient, rows: Rows, field: str, value: str
) -> None:
    response = send(headquarters, f"{CAMPAIGNS}/new", FORM | {field: value})

    assert response.status_code == 422
    assert f'id="{field}-fault1"' in response.text
    for name, kept in FORM.items():
        if name != field:
            assert kept in response.text
    assert len(rows(SLUGS)) == 2
    assert deeds(rows) == []


def test_a_changed_campaign_keeps_its_slug_bodies_and_events(
    headquarters: FlaskClient, rows: Rows, save: Save
) -> None:
    save(an_event())
    before = bodies_of(rows, CAMPAIGN_ID)

    response = send(headquarters, f"{CAMPAIGNS}/{CAMPAIGN_ID}/edit", FORM | {"separate": ""})

    (row,) = rows(sa.select(Campaign.slug, Campaign.name_zh).where(Campaign.id == CAMPAIGN_ID))
    assert response.status_code == 303
    assert row == ("fujian-demo", FORM["name_zh"])
    assert bodies_of(rows, CAMPAIGN_ID) == before
    assert rows(sa.select(Event.campaign_id)) == [(CAMPAIGN_ID,)]
    query = sa.select(SeparateRegion).where(SeparateRegion.campaign_id == CAMPAIGN_ID)
    assert rows(query) == []
    assert deeds(rows) == ["campaign.change"]


def test_the_form_of_a_campaign_sent_back_unchanged_changes_nothing(
    headquarters: FlaskClient, rows: Rows
) -> None:
    everything = (
        sa.select(*Campaign.__table__.columns),
        sa.select(*SeparateRegion.__table__.columns),
    )
    before = [rows(query) for query in everything]
    fields = fields_of(headquarters.get(f"{CAMPAIGNS}/{CAMPAIGN_ID}/edit", headers=ENGLISH).text)

    response = send(headquarters, f"{CAMPAIGNS}/{CAMPAIGN_ID}/edit", fields, headers=ENGLISH)

    assert response.status_code == 303, response.text
    assert [rows(query) for query in everything] == before


def test_last_years_campaign_is_copied_with_its_bodies_and_days_a_year_later(
    sign_in_as: SignInAs, rows: Rows, save: Save
) -> None:
    save(an_event(campaign_id=1, body_id=1))
    with time_machine.travel("2014-03-01T00:00:00Z", tick=False):
        headquarters = sign_in_as(Role.HEADQUARTERS, FUJIAN)
        fields = fields_of(headquarters.get(f"{CAMPAIGNS}/1/copy").text)
        response = send(headquarters, f"{CAMPAIGNS}/1/copy", fields)

    columns = (Campaign.id, Campaign.slug, Campaign.name_zh, Campaign.first_on, Campaign.last_on)
    made = rows(sa.select(*columns).order_by(Campaign.id))[-1]
    assert response.headers["Location"] == f"{CAMPAIGNS}/{made.id}/bodies"
    assert made.slug == "fujian-2014"
    assert made.name_zh == "2014年福建省“质量月”活动"
    assert (made.first_on, made.last_on) == (date(2014, 9, 1), date(2014, 9, 30))
    slugs = sa.select(Body.slug).order_by(Body.position)
    copied = rows(slugs.where(Body.campaign_id == made.id))
    assert copied == rows(slugs.where(Body.campaign_id == 1))
    assert rows(sa.select(Event.campaign_id)) == [(1,)]
    assert rows(ENTRIES)[-1] == ("campaign.copy", made.name_zh)


def test_a_copy_of_a_long_past_campaign_lies_ahead(sign_in_as: SignInAs) -> None:
    with time_machine.travel("2026-10-15T00:00:00Z", tick=False):
        headquarters = sign_in_as(Role.HEADQUARTERS, FUJIAN)
        fields = fields_of(headquarters.get(f"{CAMPAIGNS}/1/copy").text)

    assert (fields["year"], fields["first_on"]) == ("2027", "2027-09-01")


def test_bodies_are_added_many_at_once_in_their_order(
    headquarters: FlaskClient, rows: Rows, save: Save
) -> None:
    campaign_id = set_up(headquarters, rows)

    response = send(
        headquarters,
        f"{CAMPAIGNS}/{campaign_id}/bodies",
        {"bodies": "省教育厅 | Education\n\n省新设厅｜New Office\n省妇联 | Women's Federation"},
    )

    assert response.status_code == 303
    assert bodies_of(rows, campaign_id) == ["省教育厅", "省新设厅", "省妇联"]
    assert deeds(rows)[-1] == "body.add"


def test_a_body_known_in_the_province_keeps_its_slug_and_no_other_body_gets_it(
    app: Flask, headquarters: FlaskClient, rows: Rows
) -> None:
    campaign_id = set_up(headquarters, rows)

    lines = "省教育厅 | Whatever\n省教育局 | Education\n省教育处 | Education"
    send(headquarters, f"{CAMPAIGNS}/{campaign_id}/bodies", {"bodies": lines})

    query = sa.select(Body.slug).where(Body.campaign_id == campaign_id).order_by(Body.position)
    assert [slug for (slug,) in rows(query)] == ["education", "education-2", "education-3"]


@pytest.mark.parametrize(
    "written",
    ["", "省教育厅", "省教育厅 | ", "长" * 81 + " | Long", "新厅 | New\n省教育厅 | Again"],
)
def test_bodies_with_a_fault_are_shown_again_and_none_is_added(
    headquarters: FlaskClient, rows: Rows, written: str
) -> None:
    before = bodies_of(rows, CAMPAIGN_ID)

    response = send(headquarters, f"{CAMPAIGNS}/{CAMPAIGN_ID}/bodies", {"bodies": written})

    assert response.status_code == 422
    assert 'id="bodies-fault1"' in response.text
    assert written in response.text
    assert bodies_of(rows, CAMPAIGN_ID) == before


def test_a_body_is_renamed_and_moved_and_its_events_stay(
    headquarters: FlaskClient, rows: Rows, save: Save
) -> None:
    save(an_event(body_id=BODY_ID))
    before = bodies_of(rows, CAMPAIGN_ID)
    fields = {"name_zh": "省市监局", "name_en": "Market Regulation", "place": "3"}

    response = send(headquarters, f"{CAMPAIGNS}/{CAMPAIGN_ID}/bodies/{BODY_ID}", fields)

    assert response.status_code == 303
    assert bodies_of(rows, CAMPAIGN_ID) == [*before[1:3], "省市监局", *before[3:]]
    assert rows(sa.select(Event.body_id)) == [(BODY_ID,)]
    assert deeds(rows) == ["body.change"]


@pytest.mark.parametrize("change", [{"name_zh": "省教育厅"}, {"name_en": ""}, {"place": "0"}])
def test_a_body_with_a_fault_is_shown_again(
    headquarters: FlaskClient, rows: Rows, change: dict[str, str]
) -> None:
    before = bodies_of(rows, CAMPAIGN_ID)
    fields = {"name_zh": "省市监局", "name_en": "Market Regulation", "place": "3"} | change

    response = send(headquarters, f"{CAMPAIGNS}/{CAMPAIGN_ID}/bodies/{BODY_ID}", fields)

    assert response.status_code == 422
    assert bodies_of(rows, CAMPAIGN_ID) == before


def test_a_body_moves_up_and_down_and_not_over_the_ends(
    headquarters: FlaskClient, rows: Rows
) -> None:
    first, second, *rest = bodies_of(rows, CAMPAIGN_ID)
    page = f"{CAMPAIGNS}/{CAMPAIGN_ID}/bodies"

    send(headquarters, f"{page}/{BODY_ID}/up", {}, page=page)
    at_the_top = bodies_of(rows, CAMPAIGN_ID)
    response = send(headquarters, f"{page}/{BODY_ID}/down", {}, page=page)

    assert response.headers["Location"] == f"{page}#body-{BODY_ID}"
    assert at_the_top == [first, second, *rest]
    assert bodies_of(rows, CAMPAIGN_ID) == [second, first, *rest]
    assert deeds(rows) == ["body.move"]


def test_a_body_is_removed_unless_it_hosts_events(
    headquarters: FlaskClient, rows: Rows, save: Save
) -> None:
    save(an_event(body_id=BODY_ID))
    host, _other, *rest = bodies_of(rows, CAMPAIGN_ID)
    page = f"{CAMPAIGNS}/{CAMPAIGN_ID}/bodies"

    kept = send(headquarters, f"{page}/{BODY_ID}/remove", {}, page=page)
    said = text_of(headquarters.get(page).text)
    gone = send(headquarters, f"{page}/{BODY_ID + 1}/remove", {}, page=page)

    assert (kept.status_code, gone.status_code) == (303, 303)
    assert bodies_of(rows, CAMPAIGN_ID) == [host, *rest]
    assert deeds(rows) == ["body.remove"]
    assert f"“{host}”" in said


def test_campaigns_are_listed_by_what_is_on_comes_and_is_over(
    headquarters: FlaskClient, rows: Rows
) -> None:
    send(
        headquarters,
        f"{CAMPAIGNS}/new",
        FORM | {"year": "2099", "first_on": "2099-09-01", "last_on": "2099-09-30"},
    )

    page = headquarters.get(CAMPAIGNS).text

    on, coming, over = (page.index(f'id="phase-{name}"') for name in ("on", "coming", "over"))
    assert on < coming < over
    assert page.index("（演示）", on) < coming
    assert coming < page.index(FORM["name_zh"], coming) < over
    assert page.index("2013年福建省", over) > over


def test_without_a_campaign_the_page_says_what_to_do(sign_in_as: SignInAs) -> None:
    page = sign_in_as(Role.HEADQUARTERS, ZHEJIANG).get(CAMPAIGNS, headers=ENGLISH).text

    assert "No campaign yet" in page
    assert f'href="{CAMPAIGNS}/new"' in page


PAGES = [
    ("get", CAMPAIGNS),
    ("get", f"{CAMPAIGNS}/new"),
    ("post", f"{CAMPAIGNS}/new"),
    *(
        (method, f"{CAMPAIGNS}/{CAMPAIGN_ID}/{page}")
        for page in ("edit", "copy", "bodies", f"bodies/{BODY_ID}")
        for method in ("get", "post")
    ),
    *(
        ("post", f"{CAMPAIGNS}/{CAMPAIGN_ID}/bodies/{BODY_ID}/{deed}")
        for deed in ("up", "down", "remove")
    ),
]
OF_A_CAMPAIGN = [(method, path) for method, path in PAGES if f"/{CAMPAIGN_ID}/" in path]
WELL_FILLED = FORM | {"bodies": "新厅 | New", "place": "2"}


def ask(client: FlaskClient, method: str, path: str) -> Any:
    """Open a page, or send it a well-filled form with a token of one's own."""
    if method == "get":
        return client.get(path)
    token = csrf_token(client.get("/organize/", follow_redirects=True).text)
    client.environ_base["HTTP_REFERER"] = "https://localhost/"
    return client.post(path, data=WELL_FILLED | {"csrf_token": token})


def at_rest(rows: Rows) -> list[Any]:
    """Return all that these pages can change."""
    tables = (Campaign, Body, SeparateRegion, AuditEntry)
    return [
        rows(sa.select(*m.__table__.columns).order_by(*m.__table__.primary_key)) for m in tables
    ]


@pytest.mark.parametrize(("method", "path"), PAGES)
def test_a_stranger_is_led_to_the_sign_in_page(
    client: FlaskClient, rows: Rows, method: str, path: str
) -> None:
    before = at_rest(rows)

    response = ask(client, method, path)

    assert response.status_code == 303
    assert response.headers["Location"].startswith("/organize/sign-in")
    assert at_rest(rows) == before


def test_a_region_organizer_is_refused_even_one_of_the_whole_province(
    sign_in_as: SignInAs, rows: Rows
) -> None:
    organizer = sign_in_as(Role.REGION, FUJIAN)
    before = at_rest(rows)

    statuses = {ask(organizer, method, path).status_code for method, path in PAGES}

    assert statuses == {403}
    assert at_rest(rows) == before


def test_another_provinces_headquarters_finds_nothing(sign_in_as: SignInAs, rows: Rows) -> None:
    stranger = sign_in_as(Role.HEADQUARTERS, ZHEJIANG)
    before = at_rest(rows)

    statuses = {ask(stranger, method, path).status_code for method, path in OF_A_CAMPAIGN}

    assert statuses == {404}
    assert "福建" not in text_of(stranger.get(CAMPAIGNS).text)
    assert at_rest(rows) == before


def test_a_body_of_another_campaign_is_not_reached_through_ones_own(
    headquarters: FlaskClient, rows: Rows
) -> None:
    page = f"{CAMPAIGNS}/{CAMPAIGN_ID}/bodies"

    response = send(headquarters, f"{page}/1/remove", {}, page=page)

    assert response.status_code == 404
    assert len(bodies_of(rows, 1)) == 26


def test_the_installations_province_is_shown_whatever_others_prepare(app_ctx: None) -> None:
    today = date(2030, 9, 5)
    planning.add(ZHEJIANG, plan())

    own = service.current(today)

    assert own is not None
    assert own.province_code == FUJIAN


def test_of_campaigns_that_are_on_the_one_that_began_last_is_shown(app_ctx: None) -> None:
    year = {"first_on": date(2030, 1, 1), "last_on": date(2030, 12, 31)}
    september, whole_year = planning.add(FUJIAN, plan()), planning.add(FUJIAN, plan(**year))

    shown = [service.current(date(2030, month, 5)) for month in (8, 9, 10)]

    assert shown == [whole_year, september, whole_year]


def test_events_can_be_planned_in_what_is_on_and_what_comes(app_ctx: None) -> None:
    on = planning.add(FUJIAN, plan())
    later = planning.add(
        FUJIAN, plan(year=2032, first_on=date(2032, 9, 1), last_on=date(2032, 9, 30))
    )
    soon = planning.add(
        FUJIAN, plan(year=2031, first_on=date(2031, 9, 1), last_on=date(2031, 9, 30))
    )
    planning.add(ZHEJIANG, plan())

    assert list(service.plannable(FUJIAN, date(2030, 9, 30))) == [on, soon, later]
    assert list(service.plannable(FUJIAN, date(2030, 10, 1))) == [soon, later]
    assert list(service.plannable(FUJIAN, date(2033, 1, 1))) == []


@pytest.mark.parametrize(
    ("today", "expected"),
    [
        (date(2026, 8, 20), Countdown(Phase.COMING, 12, 30)),
        (date(2026, 8, 31), Countdown(Phase.COMING, 1, 30)),
        (date(2026, 9, 1), Countdown(Phase.ON, 1, 30)),
        (date(2026, 9, 30), Countdown(Phase.ON, 30, 30)),
        (date(2026, 10, 1), Countdown(Phase.OVER, 30, 30)),
    ],
)
def test_days_are_counted_to_the_first_and_within_the_campaign(
    today: date, expected: Countdown
) -> None:
    assert countdown(date(2026, 9, 1), date(2026, 9, 30), today) == expected


def test_a_leap_day_moved_to_a_year_without_one_is_the_day_before() -> None:
    assert moved(date(2028, 2, 29), 1) == date(2029, 2, 28)
    assert moved(date(2028, 2, 29), 4) == date(2032, 2, 29)


def test_the_command_lists_every_campaign_and_marks_the_shown_one(app: Flask) -> None:
    result = app.test_cli_runner().invoke(args=["campaign", "list"])

    lines = result.output.splitlines()
    assert [line.split()[:2] for line in lines] == [
        ["*", "fujian-demo"],
        ["fujian-2013", "2013-09-01"],
    ]
    assert "26 bodies" in lines[1]


def test_the_command_copies_a_campaign_once(app: Flask, rows: Rows) -> None:
    copy = ["campaign", "copy", "fujian-2013", "--year", "2027"]

    first, second = (app.test_cli_runner().invoke(args=copy) for _ in range(2))

    assert (first.exit_code, second.exit_code) == (0, 1)
    assert first.output.startswith("fujian-2027: 2027年")
    assert "fujian-2027" in second.output
    assert [slug for (slug,) in rows(SLUGS)][2:] == ["fujian-2027"]
    assert deeds(rows) == ["campaign.copy"]


def test_the_command_says_in_one_line_that_there_is_no_such_campaign(app: Flask) -> None:
    result = app.test_cli_runner().invoke(args=["campaign", "copy", "nowhere-1999"])

    assert (result.exit_code, len(result.output.splitlines())) == (1, 1)
