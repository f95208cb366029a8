"""Nobody reads or changes what lies outside their rights: every guarded page, one by one."""

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from outreach.events.models import Event, Team
from outreach.posters.models import Poster
from tests.builders import FUJIAN, FUZHOU, JINJIANG, QUANZHOU, a_poster, an_event
from tests.conftest import csrf_token
from tests.outreach.pages import event_fields

Rows = Callable[[sa.Select[Any]], list[Any]]
Save = Callable[..., Any]
SignIn = Callable[..., FlaskClient]

SIGN_IN = "/organize/sign-in"
OF_AN_EVENT = {
    "desk.event": "/organize/events/{event}",
    "events.edit": "/organize/events/{event}/edit",
    "events.change": "/organize/events/{event}/edit",
    "events.copy": "/organize/events/{event}/copy",
    "events.plan_copy": "/organize/events/{event}/copy",
    "teams.index": "/organize/events/{event}/teams",
    "teams.save": "/organize/events/{event}/teams",
    "teams.remove": "/organize/events/{event}/teams/1/remove",
    "opening.show": "/organize/events/{event}/opening",
    "opening.until": "/organize/events/{event}/opening/until",
    "opening.longer": "/organize/events/{event}/opening/longer/hour",
    "opening.close": "/organize/events/{event}/opening/close",
    "opening.reopen": "/organize/events/{event}/opening/reopen",
    "opening.cancel": "/organize/events/{event}/opening/cancel",
    "opening.restore": "/organize/events/{event}/opening/restore",
    "posters.of_event": "/organize/events/{event}/posters",
    "posters.add": "/organize/events/{event}/posters",
    "posters.add_for_teams": "/organize/events/{event}/posters/teams",
    "poster_orders.of_event": "/organize/events/{event}/posters.pdf",
    "board.prepare": "/organize/events/{event}/board",
    "offline.index": "/organize/events/{event}/offline",
    "rule_posters.page": "/organize/knowledge/poster/pq-label-required-items/{event}.pdf",
    "reports.event_xlsx": "/organize/events/{event}/counts.xlsx",
    "reports.event_csv": "/organize/events/{event}/counts.csv",
    "reports.event_report": "/organize/events/{event}/report.pdf",
}
OF_A_POSTER = {
    "posters.print_page": "/organize/posters/{poster}/print",
    "posters.withdraw": "/organize/posters/{poster}/withdraw",
    "posters.restore": "/organize/posters/{poster}/restore",
    "posters.rename": "/organize/posters/{poster}/rename",
    "repointing.choose": "/organize/posters/{poster}/repoint",
    "repointing.move": "/organize/posters/{poster}/repoint",
    "posters.svg": "/organize/posters/{poster}.svg",
    "posters.png": "/organize/posters/{poster}.png",
}
OF_NOTHING = {
    "desk.index": "/organize/",
    "figures.index": "/organize/figures",
    "figures.index_xlsx": "/organize/figures/figures.xlsx",
    "figures.index_csv": "/organize/figures/figures.csv",
    "figures.compare": "/organize/figures/compare",
    "figures.events": "/organize/figures/events",
    "figures.events_xlsx": "/organize/figures/events.xlsx",
    "figures.events_csv": "/organize/figures/events.csv",
    "events.new": "/organize/events/new",
    "events.plan": "/organize/events/new",
    "events.region_suggestions": "/organize/regions.json",
    "poster_orders.choose": "/organize/posters",
    "knowledge.index": "/organize/knowledge",
    "knowledge.topic": "/organize/knowledge/topics/food-safety",
    "knowledge.statute": "/organize/knowledge/statutes/food-safety-law",
    "knowledge.xlsx": "/organize/knowledge.xlsx",
    "knowledge.csv": "/organize/knowledge.csv",
    "rule_posters.choose": "/organize/knowledge/poster/pq-label-required-items",
    "reports.index": "/organize/reports",
    "reports.all_xlsx": "/organize/counts.xlsx",
    "reports.all_csv": "/organize/counts.csv",
    "quizzes.index": "/organize/quizzes/",
    "quizzes.new": "/organize/quizzes/new",
    "quizzes.show": "/organize/quizzes/1",
    "quiz_preview.show": "/organize/quizzes/1/preview",
    "batch.upload_page": "/organize/events/import",
    "batch.template_xlsx": "/organize/events/import/template.xlsx",
    "batch.template_csv": "/organize/events/import/template.csv",
    "batch.make": "/organize/events/import/make",
}
# Theirs is not an event's reach: test_quizzes, test_event_import, test_campaign_pages,
# test_people, test_second_factor, test_audit, test_offline_counts, test_reports, test_figures try
# them.
OF_ITS_OWN = {
    "quizzes.compose", "quizzes.edit", "quizzes.change", "quizzes.withdraw", "quizzes.offer",
    "batch.upload", "batch.made", "batch.again", "poster_orders.order",
    "campaigns.index", "campaigns.new", "campaigns.create", "campaigns.edit", "campaigns.change",
    "campaigns.copy_form", "campaigns.copy", "campaigns.bodies", "campaigns.add_bodies",
    "campaigns.body", "campaigns.change_body", "campaigns.raise_body", "campaigns.lower_body",
    "campaigns.remove_body",
    "account.index", "account.change_password", "account.end_session",
    "account.end_other_sessions", "account.totp", "account.totp_code", "account.switch_totp_on",
    "account.switch_totp_off", "account.renew_recovery_codes", "account.recovery_codes",
    "account.put_codes_away", "people.index", "people.invite", "people.make_invitation",
    "people.event_suggestions", "people.link", "people.link_code", "people.put_link_away",
    "people.withdraw", "people.show", "people.deactivate", "people.reactivate",
    "people.offer_reset", "charges.edit", "charges.change", "files.index", "files.show",
    "files.progress", "files.download", "files.again", "audit.index", "audit.csv", "audit.xlsx",
    "offline.enter", "offline.withdraw", "offline.restore", "reports.ask",
    "figures.compare_xlsx", "figures.compare_csv",
}  # fmt: skip
OF_SOMETHING = OF_AN_EVENT | OF_A_POSTER
GUARDED = OF_NOTHING | OF_SOMETHING
SENT = {
    "events.plan", "events.change", "events.plan_copy", "posters.add", "posters.withdraw",
    "posters.restore", "teams.save", "teams.remove", "opening.until", "opening.longer",
    "opening.close", "opening.reopen", "opening.cancel", "opening.restore", "batch.make",
    "posters.add_for_teams", "posters.rename", "repointing.move", "board.prepare",
}  # fmt: skip
FORM = event_fields(closes_at="2027-06-30T18:00") | {
    "placement": "东门", "team": "一班", "confirmed": "y", "event_id": "1", "team_id": "0",
}  # fmt: skip
EVENTS = sa.select(*Event.__table__.columns)
POSTERS = sa.select(*Poster.__table__.columns)

of_something = pytest.mark.parametrize("endpoint", OF_SOMETHING)
guarded = pytest.mark.parametrize("endpoint", GUARDED)


@pytest.fixture
def poster(save: Save) -> Poster:
    """A poster of an event in Jinjiang, a county of Quanzhou."""
    event = an_event(region_code=JINJIANG)
    saved: Poster = save(a_poster(event), Team(event=event, name="二班"))[0]
    return saved


def ask(client: FlaskClient, endpoint: str, event: object = 1, poster: str = "") -> TestResponse:
    """Ask for a guarded page, as a link or as a well-filled form of one's own session."""
    path = GUARDED[endpoint].format(event=event, poster=poster)
    if endpoint not in SENT:
        return client.get(path)
    shown = client.get("/organize/account", follow_redirects=True)
    client.environ_base["HTTP_REFERER"] = "https://localhost/"
    return client.post(path, data=FORM | {"csrf_token": csrf_token(shown.text)})


def test_this_list_names_every_guarded_page_under_organize(app: Flask) -> None:
    found = {
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if hasattr(app.view_functions[rule.endpoint], "action")
        and rule.rule.startswith("/organize/")
    }

    assert found == set(GUARDED) | OF_ITS_OWN


def test_nothing_under_organize_is_open_but_signing_in_and_out(app: Flask) -> None:
    unguarded = {
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/organize")
        and not hasattr(app.view_functions[rule.endpoint], "action")
    }

    assert unguarded == {
        "links.choose_password",
        "links.invitation",
        "links.join",
        "links.reset",
        "organizers.code",
        "organizers.enter",
        "organizers.enter_code",
        "organizers.sign_in",
        "organizers.sign_out",
    }


@guarded
def test_a_stranger_is_led_to_the_sign_in_page(
    client: FlaskClient, poster: Poster, rows: Rows, endpoint: str
) -> None:
    before = rows(EVENTS), rows(POSTERS)

    response = ask(client, endpoint, poster.event_id, poster.code)

    leads_to = urlsplit(response.headers["Location"])
    wanted = GUARDED[endpoint].format(event=poster.event_id, poster=poster.code)
    assert (response.status_code, leads_to.path) == (303, SIGN_IN)
    assert parse_qs(leads_to.query) == ({} if endpoint in SENT else {"next": [wanted]})
    assert (rows(EVENTS), rows(POSTERS)) == before


@of_something
@pytest.mark.parametrize("region", [FUZHOU, "350583"])
def test_an_organizer_of_another_region_finds_nothing(
    sign_in: SignIn, poster: Poster, rows: Rows, endpoint: str, region: str
) -> None:
    stranger = sign_in("lin", region)
    before = rows(EVENTS), rows(POSTERS)

    response = ask(stranger, endpoint, poster.event_id, poster.code)

    assert response.status_code == 404
    assert "晋江鞋厂" not in response.text
    assert (rows(EVENTS), rows(POSTERS)) == before


@of_something
def test_an_organizer_of_a_county_finds_nothing_of_the_prefecture_above(
    sign_in: SignIn, save: Save, endpoint: str
) -> None:
    poster = save(a_poster(an_event(region_code=QUANZHOU)))

    response = ask(sign_in("lin", JINJIANG), endpoint, poster.event_id, poster.code)

    assert response.status_code == 404


@of_something
@pytest.mark.parametrize("region", [JINJIANG, QUANZHOU, FUJIAN])
def test_an_organizer_of_the_region_or_one_above_it_is_let_in(
    sign_in: SignIn, poster: Poster, endpoint: str, region: str
) -> None:
    response = ask(sign_in("lin", region), endpoint, poster.event_id, poster.code)

    assert response.status_code == (303 if endpoint in SENT else 200)
    if endpoint in SENT:
        assert urlsplit(response.headers["Location"]).path != SIGN_IN


@pytest.mark.parametrize("endpoint", OF_NOTHING)
def test_pages_that_belong_to_no_event_are_open_to_every_organizer(
    sign_in: SignIn, endpoint: str
) -> None:
    response = ask(sign_in("lin", JINJIANG), endpoint)

    assert response.status_code == (303 if endpoint in SENT else 200)


def test_the_desk_lists_only_what_lies_within_reach(sign_in: SignIn, save: Save) -> None:
    within = {
        QUANZHOU: {"泉州市级", "晋江县级"},
        JINJIANG: {"晋江县级"},
        FUZHOU: {"闽侯县级"},
        FUJIAN: {"省级", "泉州市级", "晋江县级", "闽侯县级"},
    }
    save(
        an_event(title_zh="省级", region_code=FUJIAN),
        an_event(title_zh="泉州市级", region_code=QUANZHOU),
        an_event(title_zh="晋江县级", region_code=JINJIANG),
        an_event(title_zh="闽侯县级", region_code="350121"),
    )

    for region, titles in within.items():
        desk = sign_in(f"of{region}", region).get("/organize/").text
        assert {title for title in within[FUJIAN] if f">{title}<" in desk} == titles


@of_something
def test_what_does_not_exist_is_not_found(sign_in: SignIn, endpoint: str) -> None:
    response = ask(sign_in(), endpoint, 999_999, "ACDE3467")

    assert response.status_code == 404


@pytest.mark.parametrize("endpoint", OF_AN_EVENT)
def test_a_number_too_large_for_any_event_is_not_found(sign_in: SignIn, endpoint: str) -> None:
    organizer = sign_in()

    for event in (2**31, 2**63, 10**30):
        assert ask(organizer, endpoint, event).status_code == 404


@pytest.mark.parametrize("endpoint", OF_A_POSTER)
def test_what_is_no_code_is_not_found(sign_in: SignIn, endpoint: str) -> None:
    organizer = sign_in()

    for code in ("%00", "ACDE346%00", "a" * 500, "%F0%9F%90%9B", "'", "%25"):
        assert ask(organizer, endpoint, poster=code).status_code == 404


def test_an_event_cannot_be_moved_out_of_its_organizers_reach(
    sign_in: SignIn, poster: Poster, rows: Rows
) -> None:
    organizer = sign_in("lin", QUANZHOU)
    path = f"/organize/events/{poster.event_id}/edit"
    form = event_fields(region="福州市", csrf_token=csrf_token(organizer.get(path).text))

    response = organizer.post(path, data=form)

    assert response.status_code == 422
    assert rows(sa.select(Event.region_code)) == [(JINJIANG,)]
