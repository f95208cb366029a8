"""Organizers: signing in and out, sessions that can be ended, and the commands."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine
from click.testing import Result
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from core.db import db
from core.throttle import TooManyTriesError
from outreach.organizers import service
from outreach.organizers.models import Organizer, OrganizerSession
from tests.builders import FUJIAN, QUANZHOU
from tests.conftest import csrf_token
from tests.outreach.pages import ENGLISH, text_of

AddOrganizer = Callable[..., int]
Rows = Callable[[sa.Select[Any]], list[Any]]
SignIn = Callable[..., FlaskClient]

DESK = "/organize/"
PAGE = "/organize/sign-in"
COOKIE = "__Host-session"
PASSWORD = "correct horse"


def browser(app: Flask, address: str = "192.0.2.1") -> FlaskClient:
    """Return a browser at an address."""
    client = app.test_client()
    client.environ_base |= {
        "HTTP_REFERER": "https://localhost/",
        "REMOTE_ADDR": address,
    }
    return client


def enter(
    client: FlaskClient,
    name: str = "chen",
    password: str = PASSWORD,
    *,
    query: str = "",
    **headers: str,
) -> TestResponse:
    """Fill in the sign-in form."""
    token = csrf_token(client.get(PAGE).text)
    form = {"csrf_token": token, "name": name, "password": password}
    return client.post(PAGE + query, data=form, headers=headers)


def is_signed_in(client: FlaskClient) -> bool:
    """Tell whether a browser is let in."""
    return client.get(DESK).status_code == 200


def copy_of(client: FlaskClient, app: Flask) -> FlaskClient:
    """Return another browser with a copied session cookie."""
    cookie = client.get_cookie(COOKIE)
    assert cookie
    thief = browser(app)
    thief.set_cookie(COOKIE, cookie.value)
    return thief


def run(app: Flask, *args: str) -> Result:
    return app.test_cli_runner().invoke(args=["organizers", *args])


@pytest.fixture
def chen(app: Flask, add_organizer: AddOrganizer) -> FlaskClient:
    """Chen's browser, before signing in."""
    add_organizer()
    return browser(app)


def test_name_and_password_open_the_desk(chen: FlaskClient) -> None:
    assert not is_signed_in(chen)

    response = enter(chen)

    assert (response.status_code, response.headers["Location"]) == (303, DESK)
    assert is_signed_in(chen)


@pytest.mark.parametrize("name", ["chen", "CHEN", "  Chen "])
def test_case_and_spaces_around_a_name_do_not_matter(chen: FlaskClient, name: str) -> None:
    assert enter(chen, name).status_code == 303


@pytest.mark.parametrize(
    "password", ["correct horse ", "Correct horse", "correct", "correct horse" * 30]
)
def test_a_wrong_password_opens_nothing(chen: FlaskClient, password: str) -> None:
    response = enter(chen, password=password)

    assert response.status_code == 422
    assert not is_signed_in(chen)


def test_wrong_password_unknown_account_and_closed_account_look_alike(
    app: Flask, chen: FlaskClient, add_organizer: AddOrganizer
) -> None:
    add_organizer("lin")
    run(app, "deactivate", "lin")

    def seen(name: str, password: str) -> tuple[int, str]:
        response = enter(browser(app), name, password)
        return response.status_code, text_of(response.text)

    assert seen("chen", "wrong horse") == seen("nobody", PASSWORD) == seen("lin", PASSWORD)


def test_the_refusal_says_what_is_wrong_in_both_languages(chen: FlaskClient) -> None:
    assert "账号或密码不正确" in enter(chen, password="wrong horse").text
    assert "do not match" in enter(chen, password="wrong horse", **ENGLISH).text


def test_the_form_never_shows_a_password_again(chen: FlaskClient) -> None:
    page = enter(chen, password="wrong horse").text

    assert "wrong horse" not in page
    assert 'value="chen"' in page


@pytest.mark.parametrize(
    ("name", "password"),
    [("", PASSWORD), ("chen", ""), ("c" * 81, PASSWORD), ("chen", "p" * 257), ("", "")],
)
def test_an_incomplete_or_overlong_form_is_refused(
    chen: FlaskClient, name: str, password: str
) -> None:
    assert enter(chen, name, password).status_code == 422


@pytest.mark.parametrize("name", ["ch\ud83d", "陈", "' OR 1=1 --", "%"])
def test_any_name_typed_is_answered_with_a_page(chen: FlaskClient, name: str) -> None:
    typed = name.encode("utf-8", "surrogatepass").decode("utf-8", "replace")

    assert enter(chen, typed).status_code == 422


def test_a_sign_in_without_the_token_against_forgery_is_refused(chen: FlaskClient) -> None:
    response = chen.post(PAGE, data={"name": "chen", "password": PASSWORD})

    assert response.status_code == 400
    assert not is_signed_in(chen)


def test_somebody_signed_in_needs_no_sign_in_page(chen: FlaskClient) -> None:
    enter(chen)

    response = chen.get(PAGE)

    assert (response.status_code, response.headers["Location"]) == (303, DESK)


def test_an_account_is_closed_for_a_while_after_ten_tries(app: Flask, chen: FlaskClient) -> None:
    with time_machine.travel(datetime(2026, 9, 1, 1, tzinfo=UTC), tick=False) as clock:
        for n in range(10):
            wrong = enter(browser(app, f"192.0.2.{n}"), password="wrong horse")
            assert wrong.status_code == 422

        blocked = enter(browser(app, "192.0.2.77"))
        clock.shift(timedelta(minutes=15, seconds=1))
        later = enter(browser(app, "192.0.2.77"))

    assert blocked.status_code == 429
    assert later.status_code == 303


def test_a_closed_account_does_not_close_others(app: Flask, add_organizer: AddOrganizer) -> None:
    add_organizer("lin")
    for n in range(11):
        enter(browser(app, f"192.0.2.{n}"), "nobody")

    assert enter(browser(app), "lin").status_code == 303


def test_an_address_is_closed_after_sixty_tries_whatever_it_claims_to_be(
    app: Flask, chen: FlaskClient
) -> None:
    token = csrf_token(chen.get(PAGE).text)
    for n in range(60):
        form = {"csrf_token": token, "name": f"nobody{n}", "password": PASSWORD}
        claimed = {"X-Forwarded-For": f"198.51.100.{n}"}
        assert chen.post(PAGE, data=form, headers=claimed).status_code == 422

    blocked = enter(chen)
    elsewhere = enter(browser(app, "192.0.2.2"))

    assert blocked.status_code == 429
    assert elsewhere.status_code == 303


def test_a_closed_address_cannot_close_accounts(app_ctx: None) -> None:
    service.add("chen", PASSWORD, FUJIAN)
    db.session.commit()
    for n in range(60):
        with pytest.raises(service.WrongSignInError):
            service.sign_in(f"nobody{n}", "p" * 300, "192.0.2.1")

    for _n in range(20):
        with pytest.raises(TooManyTriesError):
            service.sign_in("chen", "p" * 300, "192.0.2.1")

    assert service.sign_in("chen", PASSWORD, "192.0.2.2")


def test_signing_out_ends_the_session_for_a_copied_cookie_too(
    app: Flask, chen: FlaskClient, rows: Rows
) -> None:
    enter(chen)
    thief = copy_of(chen, app)
    assert is_signed_in(thief)

    response = chen.post("/organize/sign-out", data={"csrf_token": csrf_token(chen.get(DESK).text)})

    assert (response.status_code, response.headers["Location"]) == (303, PAGE)
    assert not is_signed_in(chen)
    assert not is_signed_in(thief)
    assert rows(sa.select(OrganizerSession.organizer_id)) == []


def test_signing_out_on_one_machine_leaves_the_other_signed_in(
    app: Flask, chen: FlaskClient
) -> None:
    other = browser(app)
    enter(chen)
    enter(other)

    chen.post("/organize/sign-out", data={"csrf_token": csrf_token(chen.get(DESK).text)})

    assert not is_signed_in(chen)
    assert is_signed_in(other)


def test_no_link_and_no_foreign_form_signs_anybody_out(chen: FlaskClient) -> None:
    enter(chen)

    assert chen.get("/organize/sign-out").status_code == 405
    assert chen.post("/organize/sign-out").status_code == 400
    assert is_signed_in(chen)


@pytest.mark.parametrize(
    "args",
    [("deactivate", "chen"), ("password", "chen"), ("password", "chen", "--password", "n" * 9)],
)
def test_deactivation_and_a_new_password_end_every_session(
    app: Flask, chen: FlaskClient, add_organizer: AddOrganizer, args: tuple[str, ...]
) -> None:
    add_organizer("lin")
    other, lin = browser(app), browser(app)
    enter(chen)
    enter(other)
    enter(lin, "lin")

    result = run(app, *args)

    assert result.exit_code == 0
    assert not is_signed_in(chen)
    assert not is_signed_in(other)
    assert is_signed_in(lin)


def test_a_session_ends_after_twelve_hours(chen: FlaskClient) -> None:
    with time_machine.travel(datetime(2026, 9, 1, 1, tzinfo=UTC), tick=False) as clock:
        enter(chen)
        clock.shift(timedelta(hours=12, seconds=-1))
        before = is_signed_in(chen)
        clock.shift(timedelta(seconds=1))
        after = is_signed_in(chen)

    assert (before, after) == (True, False)


def test_ended_sessions_are_cleared_away(app: Flask, chen: FlaskClient, rows: Rows) -> None:
    with time_machine.travel(datetime(2026, 9, 1, 1, tzinfo=UTC), tick=False) as clock:
        enter(chen)
        clock.shift(timedelta(hours=13))
        enter(browser(app))

    assert len(rows(sa.select(OrganizerSession.organizer_id))) == 1


def test_signing_in_makes_a_new_session_so_that_a_planted_one_is_worth_nothing(
    app: Flask, chen: FlaskClient, add_organizer: AddOrganizer
) -> None:
    add_organizer("mallory")
    attacker = browser(app)
    attacker.get(PAGE)
    planted_stranger = copy_of(attacker, app)
    enter(attacker, "mallory")
    victim = copy_of(attacker, app)
    token = csrf_token(victim.get(DESK).text)

    victim.post(PAGE, data={"csrf_token": token, "name": "chen", "password": PASSWORD})

    assert not is_signed_in(planted_stranger)
    planted, own = attacker.get_cookie(COOKIE), victim.get_cookie(COOKIE)
    assert planted
    assert own
    assert planted.value != own.value
    assert signed_in_name(app, own.value) == "chen"
    assert signed_in_name(app, planted.value) == "mallory"


def signed_in_name(app: Flask, cookie: str) -> str:
    """Return the account that a session cookie belongs to."""
    with app.test_request_context(headers={"Cookie": f"{COOKIE}={cookie}"}, path=DESK) as context:
        token = context.session["_user_id"]
        organizer = service.of_session(token)
        assert organizer
        return organizer.name


def test_the_token_in_the_cookie_is_not_at_rest(app: Flask, chen: FlaskClient, rows: Rows) -> None:
    enter(chen)
    cookie = chen.get_cookie(COOKIE)
    assert cookie

    with app.test_request_context(headers={"Cookie": f"{COOKIE}={cookie.value}"}) as context:
        token = context.session["_user_id"]

    ((token_hash,),) = rows(sa.select(OrganizerSession.token_hash))
    assert len(token) >= 43
    assert token.encode() not in bytes(token_hash)


def test_the_session_cookie_is_bound_to_this_host_and_hidden_from_scripts(
    chen: FlaskClient,
) -> None:
    cookie = next(c for c in enter(chen).headers.getlist("Set-Cookie") if c.startswith(COOKIE))

    assert "; Secure" in cookie
    assert "; HttpOnly" in cookie
    assert "; SameSite=Lax" in cookie
    assert "; Path=/" in cookie
    assert "Domain" not in cookie


@pytest.mark.parametrize("cookie", ["", "x", "eyJvcmdhbml6ZXIiOiJ4In0.abc.def", "\x7f", "a" * 3000])
def test_a_forged_cookie_opens_nothing(app: Flask, cookie: str) -> None:
    client = browser(app)
    client.set_cookie(COOKIE, cookie)

    assert not is_signed_in(client)


def test_somebody_turned_away_comes_back_to_the_page_they_wanted(chen: FlaskClient) -> None:
    wanted = chen.get("/organize/regions.json?q=晋江")
    assert wanted.status_code == 303
    at_sign_in = wanted.headers["Location"]
    token = csrf_token(chen.get(at_sign_in).text)

    response = chen.post(
        at_sign_in, data={"csrf_token": token, "name": "chen", "password": PASSWORD}
    )

    assert chen.get(response.headers["Location"]).get_json() == {"regions": ["泉州市 晋江市"]}


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example/",
        "///evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "\n//evil.example",
        "javascript:alert(1)",
        "evil.example",
        "",
    ],
)
def test_signing_in_leads_nowhere_but_to_this_site(chen: FlaskClient, target: str) -> None:
    client = chen
    token = csrf_token(client.get(PAGE).text)
    form = {"csrf_token": token, "name": "chen", "password": PASSWORD}

    response = client.post(PAGE, query_string={"next": target}, data=form)

    assert (response.status_code, response.headers["Location"]) == (303, DESK)


def test_adding_an_organizer_prints_a_random_password_once(app: Flask) -> None:
    result = run(app, "add", "Chen", "--region", QUANZHOU)

    assert result.exit_code == 0
    assert result.output.startswith("organizer chen added\npassword: ")
    password = result.output.strip().rsplit(" ", 1)[1]
    assert len(password) >= 16
    assert enter(browser(app), "chen", password).status_code == 303


def test_two_random_passwords_differ(app: Flask) -> None:
    passwords = {run(app, "add", name).output.split()[-1] for name in ("chen", "lin")}

    assert len(passwords) == 2


def test_a_given_password_is_not_printed(app: Flask) -> None:
    result = run(app, "add", "chen", "--password", PASSWORD)

    assert (result.exit_code, result.output) == (0, "organizer chen added\n")
    assert enter(browser(app)).status_code == 303


def test_an_organizer_answers_for_the_region_given_or_the_province(app: Flask, rows: Rows) -> None:
    run(app, "add", "chen")
    run(app, "add", "lin", "--region", QUANZHOU)

    query = sa.select(Organizer.name, Organizer.region_code)
    assert dict(map(tuple, rows(query))) == {"chen": FUJIAN, "lin": QUANZHOU}


def test_a_password_is_kept_as_argon2id_of_the_recommended_cost(app: Flask, rows: Rows) -> None:
    run(app, "add", "chen", "--password", PASSWORD)

    ((kept,),) = rows(sa.select(Organizer.password_hash))
    assert kept.startswith("$argon2id$v=19$m=19456,t=2,p=1$")


@pytest.mark.parametrize("password", ["密" * 8, "p" * 64, "with spaces and 密码 🙂", "p" * 256])
def test_long_and_unusual_passwords_are_accepted(app: Flask, password: str) -> None:
    run(app, "add", "chen", "--password", password)

    assert enter(browser(app), password=password).status_code == 303


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("add", "chen"), "exists already"),
        (("add", "CHEN"), "exists already"),
        (("add", "x"), "2 to 40"),
        (("add", "n" * 41), "2 to 40"),
        (("add", "陈老师"), "2 to 40"),
        (("add", "two words"), "2 to 40"),
        (("add", "lin", "--region", "999999"), "999999"),
        (("add", "lin", "--region", "福建省"), "福建省"),
        (("add", "lin", "--password", "short"), "8 to 256"),
        (("add", "lin", "--password", "p" * 257), "8 to 256"),
        (("add", "lin", "--password", ""), "8 to 256"),
        (("password", "nobody"), "nobody"),
        (("password", "chen", "--password", "short"), "8 to 256"),
        (("password", "chen", "--password", ""), "8 to 256"),
        (("deactivate", "nobody"), "nobody"),
    ],
)
def test_a_wrong_command_gives_one_line_and_changes_nothing(
    app: Flask, add_organizer: AddOrganizer, rows: Rows, args: tuple[str, ...], words: str
) -> None:
    add_organizer()
    everything = sa.select(*Organizer.__table__.columns)
    before = rows(everything)

    result = run(app, *args)

    assert result.exit_code == 1, result.output
    assert isinstance(result.exception, SystemExit)
    assert words in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert result.stdout == ""
    assert rows(everything) == before


def test_a_new_password_replaces_the_old_one(app: Flask, chen: FlaskClient) -> None:
    given = run(app, "password", "chen", "--password", "battery staple")
    assert given.output == "password changed\n"
    assert enter(chen).status_code == 422
    assert enter(chen, password="battery staple").status_code == 303

    made = run(app, "password", "CHEN")
    fresh = made.output.removeprefix("new password: ").strip()
    assert enter(browser(app), password="battery staple").status_code == 422
    assert enter(browser(app), password=fresh).status_code == 303


def test_deactivating_twice_does_no_harm(app: Flask, chen: FlaskClient) -> None:
    first, second = run(app, "deactivate", "chen"), run(app, "deactivate", "chen")

    assert first.output == second.output == "organizer chen deactivated\n"
    assert enter(chen).status_code == 422
