"""Closed unless named public."""

import re
from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule

from core.db import db
from outreach.organizers import service as organizers
from outreach.organizers.models import Role
from outreach.posters.codes import new_code
from tests.builders import FUJIAN, a_poster, an_event
from tests.conftest import csrf_token

PUBLIC = {
    "static",
    "assets.file",
    "board.code",
    "board.json",
    "board.screen",
    "calendar.feed",
    "calendar.page",
    "display.choose",
    "health.process",
    "health.ready",
    "home.index",
    "i18n.choose",
    "links.choose_password",
    "links.invitation",
    "links.join",
    "links.reset",
    "metrics.figures",
    "open_data.csv",
    "open_data.document",
    "open_data.json",
    "open_data.region_csv",
    "open_data.region_json",
    "organizers.code",
    "organizers.enter",
    "organizers.enter_code",
    "organizers.sign_in",
    "organizers.sign_out",
    "participation.paper",
    "participation.result",
    "participation.submit",
    "study.booklet",
    "study.question",
    "study.topic",
    "study.topics",
    "styleguide.page",
    "tally.page",
    "tally.region",
}
# What a stranger may send; everything else that is sent needs a session and its token.
SENT_BY_STRANGERS = {
    "display.choose",
    "i18n.choose",
    "participation.submit",
    "links.choose_password",
    "links.join",
    "organizers.enter",
    "organizers.enter_code",
    "organizers.sign_out",
}
# What a person can hold, and which pages that opens.
RIGHTS = {
    "headquarters": {
        "account.own", "events.see", "events.manage", "campaigns.manage", "people.manage",
        "audit.read",
    },
    "region": {"account.own", "events.see", "events.manage", "people.manage"},
    "edits_questions": {"account.own", "bank.edit"},
    "reviews_questions": {"account.own", "bank.edit", "bank.review"},
}  # fmt: skip
SIGN_IN = "/organize/sign-in"
HOLE = re.compile(r"<(?:(\w+)(?:\([^)]*\))?:)?(\w+)>")


def address(rule: Rule) -> str:
    """Return an address of a rule, of things that do not exist."""
    return HOLE.sub(lambda hole: "1" if hole[1] in {"int", "key"} else new_code(), rule.rule)


def guarded(app: Flask, method: str) -> Iterator[Rule]:
    """Yield the rules of views that ask for a right."""
    for rule in app.url_map.iter_rules():
        is_guarded = hasattr(app.view_functions[rule.endpoint], "action")
        if is_guarded and method in (rule.methods or set()):
            yield rule


def token(client: FlaskClient, path: str = SIGN_IN) -> str:
    """Return the token against forgery that a page gives."""
    return csrf_token(client.get(path).text)


@pytest.fixture
def client_with(app: Flask, sign_in: Callable[..., FlaskClient]) -> Callable[..., FlaskClient]:
    """Sign in somebody who holds these rights and no others."""

    def client_with(**rights: bool) -> FlaskClient:
        role = next((Role(name) for name in rights if name in set(Role)), Role.NONE)
        of_bank = {name: True for name in rights if name not in set(Role)}
        with app.app_context():
            organizers.add("lin", "correct horse", FUJIAN, role=role, **of_bank)
            db.session.commit()
        return sign_in("lin", add=False)

    return client_with


def test_every_page_is_guarded_unless_it_is_named_public(app: Flask) -> None:
    unguarded = {name for name, view in app.view_functions.items() if not hasattr(view, "action")}

    assert unguarded == PUBLIC


def test_everything_under_organize_is_closed_but_the_way_in_and_out(app: Flask) -> None:
    open_here = {
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/organize") and rule.endpoint in PUBLIC
    }

    assert open_here == {
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


def test_everything_that_is_closed_stands_under_organize_or_bank(app: Flask) -> None:
    elsewhere = {
        rule.rule
        for method in ("GET", "POST")
        for rule in guarded(app, method)
        if not rule.rule.startswith(("/organize/", "/bank/"))
    }

    assert elsewhere == set()


def test_a_stranger_who_opens_a_closed_page_is_sent_to_sign_in(
    app: Flask, client: FlaskClient
) -> None:
    for rule in guarded(app, "GET"):
        path = address(rule)

        response = client.get(path)

        assert response.status_code == 303, path
        where, _, question = response.headers["Location"].partition("?")
        assert where == SIGN_IN
        assert question == f"next={path}"


def test_a_stranger_who_sends_to_a_closed_page_is_sent_to_sign_in(
    app: Flask, client: FlaskClient
) -> None:
    form = {"csrf_token": token(client)}
    for rule in guarded(app, "POST"):
        path = address(rule)

        response = client.post(path, data=form)

        assert response.status_code == 303, path
        assert response.headers["Location"] == SIGN_IN


def test_whoever_was_sent_to_sign_in_comes_back_to_the_page(
    client: FlaskClient, add_organizer: Callable[..., int]
) -> None:
    add_organizer()
    sent = client.get("/organize/events/new?kind=campus").headers["Location"]
    form = {"csrf_token": token(client), "name": "chen", "password": "correct horse"}

    response = client.post(sent, data=form)

    assert response.status_code == 303
    assert response.headers["Location"] == "/organize/events/new?kind=campus"


def test_a_closed_page_tells_a_stranger_not_whether_the_thing_exists(
    save: Callable[..., object], client: FlaskClient
) -> None:
    poster = save(a_poster(an_event()))

    there = client.get(f"/organize/posters/{poster.code}.svg")
    not_there = client.get(f"/organize/posters/{new_code()}.svg")

    assert there.status_code == not_there.status_code == 303


def test_nothing_is_taken_without_a_token_but_what_strangers_send_with_another_proof(
    app: Flask, sign_in: Callable[..., FlaskClient]
) -> None:
    organizer = sign_in()

    taken = {
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if "POST" in (rule.methods or set())
        and organizer.post(address(rule), data={"name": "x"}).status_code != 400
    }

    assert taken == {"display.choose", "i18n.choose", "participation.submit"}


def test_nothing_changes_by_other_methods_than_post(app: Flask) -> None:
    methods = {method for rule in app.url_map.iter_rules() for method in rule.methods or set()}

    assert methods == {"GET", "HEAD", "OPTIONS", "POST"}


def test_strangers_can_send_to_few_pages_only(app: Flask) -> None:
    sent = {
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if "POST" in (rule.methods or set()) and rule.endpoint in PUBLIC
    }

    assert sent == SENT_BY_STRANGERS


@pytest.mark.parametrize("held", RIGHTS)
def test_whoever_lacks_a_right_is_refused_on_all_its_pages(
    app: Flask, client_with: Callable[..., FlaskClient], held: str
) -> None:
    browser = client_with(**{held: True})
    opened = RIGHTS[held]

    for rule in guarded(app, "GET"):
        expected = app.view_functions[rule.endpoint].action in opened
        assert (browser.get(address(rule)).status_code != 403) == expected, rule

    form = {
        "csrf_token": token(browser, f"/{'organize' if 'events.manage' in opened else 'bank'}/")
    }
    for rule in guarded(app, "POST"):
        expected = app.view_functions[rule.endpoint].action in opened
        assert (browser.post(address(rule), data=form).status_code != 403) == expected, rule


def test_whoever_holds_no_right_is_refused_everywhere_but_at_their_own_account(
    app: Flask, client_with: Callable[..., FlaskClient]
) -> None:
    browser = client_with()
    others = [
        rule
        for rule in guarded(app, "GET")
        if app.view_functions[rule.endpoint].action != "account.own"
    ]

    statuses = {browser.get(address(rule)).status_code for rule in others}

    assert statuses == {403}


def test_every_page_asks_for_a_right_that_somebody_can_hold(app: Flask) -> None:
    asked = {
        app.view_functions[rule.endpoint].action
        for method in ("GET", "POST")
        for rule in guarded(app, method)
    }

    assert asked == set().union(*RIGHTS.values())


@pytest.mark.parametrize("path", ["/organize/no-such-page", "/organize/events/x", "/bank/x"])
def test_an_unknown_closed_address_is_unknown(client: FlaskClient, path: str) -> None:
    assert client.get(path).status_code == 404


@pytest.mark.parametrize("path", ["/organize/", "/organize/events/new", "/organize/regions.json"])
def test_a_forged_session_opens_nothing(client: FlaskClient, path: str) -> None:
    client.set_cookie(
        "__Host-session", "eyJvcmdhbml6ZXIiOiJhYmMifQ.aaaaaa.bbbbbbbbbbbbbbbbbbbbbbbbbbb"
    )

    response = client.get(path)

    assert response.status_code == 303
    assert response.headers["Location"].startswith(SIGN_IN)


def test_a_session_with_an_unknown_token_opens_nothing(client: FlaskClient) -> None:
    with client.session_transaction() as session:
        session["organizer"] = "a" * 43

    assert client.get("/organize/").status_code == 303


@pytest.mark.parametrize("token", [1, None, ["a"], {"a": "b"}, ""])
def test_a_session_with_a_senseless_token_opens_nothing(client: FlaskClient, token: object) -> None:
    with client.session_transaction() as session:
        session["organizer"] = token

    assert client.get("/organize/").status_code == 303
