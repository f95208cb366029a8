"""The second step: nothing opens before the code, and no code works twice."""

import html
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pyotp
import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask
from flask.testing import FlaskClient

from outreach.organizers.models import Organizer, OrganizerSession, RecoveryCode, Role
from tests.conftest import csrf_token
from tests.outreach.scanner import draw_svg, scan
from tests.outreach.signing_in import (
    ACCOUNT,
    CODE,
    PASSWORD,
    SIGN_IN,
    add,
    add_with_authenticator,
    browser,
    enter,
    headquarters,
    is_signed_in,
    send,
)

Rows = Callable[[sa.Select[Any]], list[Any]]

SET_UP = "/organize/account/second-step"
CODES = re.compile(r"<code>([A-Z2-7]{4}(?:-[A-Z2-7]{4}){3})</code>")
KEY = re.compile(r'secret__text">([A-Z2-7 ]+)<')
MORNING = datetime(2026, 9, 1, 1, tzinfo=UTC)


def set_up(client: FlaskClient) -> tuple[pyotp.TOTP, list[str]]:
    """Set up an authenticator and return it with the recovery codes."""
    key = KEY.search(client.get(SET_UP).text)
    assert key
    authenticator = pyotp.TOTP(key[1].replace(" ", ""))
    response = send(client, f"{SET_UP}/on", SET_UP, code=authenticator.now())
    assert response.status_code == 303, response.text
    return authenticator, CODES.findall(client.get(response.headers["Location"]).text)


def signed_in(app: Flask, name: str = "chen") -> FlaskClient:
    """Return the browser of somebody with a password only."""
    add(app, name)
    client = browser(app)
    assert enter(client, name).status_code == 303
    return client


def test_the_password_alone_opens_nothing(app: Flask) -> None:
    add_with_authenticator(app, "chen")
    client = browser(app)

    response = enter(client, "chen")

    assert response.headers["Location"] == CODE
    for path in (ACCOUNT, "/organize/people", SET_UP, "/organize/events/new"):
        assert client.get(path).headers["Location"].startswith(SIGN_IN), path


def test_password_and_code_open_the_page_that_was_wanted(app: Flask) -> None:
    authenticator = add_with_authenticator(app, "chen")
    client = browser(app)
    at_code = enter(client, "chen", query="?next=/organize/people").headers["Location"]

    response = send(client, at_code, code=authenticator.now())

    assert response.headers["Location"] == "/organize/people"
    assert is_signed_in(client)


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example", "/\\evil.example"])
def test_the_code_leads_nowhere_but_to_this_site(app: Flask, target: str) -> None:
    authenticator = add_with_authenticator(app, "chen")
    client = browser(app)
    enter(client, "chen")

    form = {"csrf_token": csrf_token(client.get(CODE).text), "code": authenticator.now()}
    response = client.post(CODE, query_string={"next": target}, data=form)

    assert (response.status_code, response.headers["Location"]) == (303, "/organize/")


def test_a_code_works_once(app: Flask) -> None:
    authenticator = add_with_authenticator(app, "chen")
    one, other = browser(app), browser(app)
    enter(one, "chen")
    enter(other, "chen")
    with time_machine.travel(datetime.now(UTC), tick=False):
        code = authenticator.now()
        assert send(one, CODE, code=code).status_code == 303

        again = send(other, CODE, code=code)

    assert again.status_code == 422
    assert not is_signed_in(other)


@pytest.mark.parametrize(
    ("seconds", "status"), [(-90, 422), (-30, 303), (0, 303), (30, 303), (90, 422)]
)
def test_a_clock_may_be_off_by_one_step(app: Flask, seconds: int, status: int) -> None:
    with time_machine.travel(MORNING, tick=False):
        authenticator = add_with_authenticator(app, "chen")
        client = browser(app)
        enter(client, "chen")

        code = authenticator.at(MORNING + timedelta(seconds=seconds))
        response = send(client, CODE, code=code)

    assert response.status_code == status


def test_a_code_older_than_the_last_one_used_is_refused(app: Flask) -> None:
    with time_machine.travel(MORNING, tick=False):
        authenticator = add_with_authenticator(app, "chen")
        one, other = browser(app), browser(app)
        enter(one, "chen")
        enter(other, "chen")
        send(one, CODE, code=authenticator.at(MORNING + timedelta(seconds=30)))

        response = send(other, CODE, code=authenticator.at(MORNING))

    assert response.status_code == 422


def test_half_a_sign_in_ends_after_five_minutes(app: Flask) -> None:
    with time_machine.travel(MORNING, tick=False) as clock:
        authenticator = add_with_authenticator(app, "chen")
        client = browser(app)
        enter(client, "chen")
        token = csrf_token(client.get(CODE).text)
        clock.shift(timedelta(minutes=5, seconds=1))

        form = {"csrf_token": token, "code": authenticator.at(MORNING + timedelta(minutes=5))}
        response = client.post(CODE, data=form)

    assert response.headers["Location"] == SIGN_IN
    assert not is_signed_in(client)


@pytest.mark.parametrize("command", ["deactivate", "password"])
def test_half_a_sign_in_ends_with_the_account_and_with_its_password(
    app: Flask, command: str
) -> None:
    add_with_authenticator(app, "chen")
    client = browser(app)
    enter(client, "chen")

    app.test_cli_runner().invoke(args=["organizers", command, "chen"])

    assert client.get(CODE).headers["Location"] == SIGN_IN


def test_an_account_takes_five_codes_in_a_quarter_of_an_hour_from_wherever(app: Flask) -> None:
    with time_machine.travel(MORNING, tick=False) as clock:
        authenticator = add_with_authenticator(app, "chen")
        wrong = f"{(int(authenticator.now()) + 500_000) % 1_000_000:06}"
        for n in range(5):
            client = browser(app, f"192.0.2.{n}")
            enter(client, "chen")
            assert send(client, CODE, code=wrong).status_code == 422
        client = browser(app, "192.0.2.77")
        enter(client, "chen")

        blocked = send(client, CODE, code=authenticator.now())
        clock.shift(timedelta(minutes=16))
        later = browser(app, "192.0.2.78")
        enter(later, "chen")
        taken = send(later, CODE, code=authenticator.at(MORNING + timedelta(minutes=16)))

    assert blocked.status_code == 429
    assert taken.status_code == 303


def test_codes_of_one_account_do_not_close_another(app: Flask) -> None:
    add_with_authenticator(app, "chen")
    lin = add_with_authenticator(app, "lin")
    client = browser(app)
    enter(client, "chen")
    for _n in range(6):
        send(client, CODE, code="abc")

    other = browser(app)
    enter(other, "lin")

    assert send(other, CODE, code=lin.now()).status_code == 303


def test_a_recovery_code_replaces_the_phone_once(app: Flask) -> None:
    _authenticator, codes = set_up(signed_in(app))
    one, other = browser(app), browser(app)
    enter(one, "chen")
    enter(other, "chen")

    first = send(one, CODE, code=codes[0].lower().replace("-", " "))
    second = send(other, CODE, code=codes[0])
    third = send(other, CODE, code=codes[1])

    assert (first.status_code, second.status_code, third.status_code) == (303, 422, 303)


def test_there_are_ten_recovery_codes_hashed_at_rest_and_shown_until_put_away(
    app: Flask, rows: Rows
) -> None:
    client = signed_in(app)

    _authenticator, codes = set_up(client)
    send(client, "/organize/account/recovery-codes/kept", "/organize/account/recovery-codes")
    after = client.get("/organize/account/recovery-codes")

    assert len(set(codes)) == 10
    hashes = b"".join(bytes(h) for (h,) in rows(sa.select(RecoveryCode.code_hash)))
    assert not any(code.replace("-", "").encode() in hashes for code in codes)
    assert after.headers["Location"] == SET_UP


def test_new_recovery_codes_ask_for_the_password_and_replace_the_old_ones(app: Flask) -> None:
    client = signed_in(app)
    _authenticator, old = set_up(client)
    renew = "/organize/account/recovery-codes"
    assert send(client, renew, SET_UP, password="wrong horse").status_code == 422

    response = send(client, renew, SET_UP, password=PASSWORD)

    fresh = CODES.findall(client.get(response.headers["Location"]).text)
    other = browser(app)
    enter(other, "chen")
    assert send(other, CODE, code=old[0]).status_code == 422
    assert send(other, CODE, code=fresh[0]).status_code == 303


def test_the_code_on_the_page_holds_the_key_beside_it(app: Flask) -> None:
    client = signed_in(app)
    page = client.get(SET_UP).text

    link = scan(draw_svg(client.get(f"{SET_UP}.svg").text)).text

    key = KEY.search(page)
    assert key
    parsed = pyotp.parse_uri(link)
    assert (parsed.name, parsed.issuer) == ("chen", "Quality Month")
    assert parsed.secret == key[1].replace(" ", "")
    assert html.escape(link) in page


def test_a_wrong_first_code_switches_nothing_on(app: Flask, rows: Rows) -> None:
    client = signed_in(app)

    response = send(client, f"{SET_UP}/on", SET_UP, code="abcdef")

    assert response.status_code == 422
    assert rows(sa.select(Organizer.totp_secret)) == [(None,)]


def test_the_code_that_switched_it_on_does_not_sign_in(app: Flask) -> None:
    with time_machine.travel(MORNING, tick=False):
        client = signed_in(app)
        authenticator, _codes = set_up(client)
        other = browser(app)
        enter(other, "chen")

        response = send(other, CODE, code=authenticator.now())

    assert response.status_code == 422


def test_switching_it_on_ends_sessions_that_had_one_step(app: Flask) -> None:
    client = signed_in(app)
    other = browser(app)
    enter(other, "chen")

    set_up(client)

    assert is_signed_in(client)
    assert not is_signed_in(other)


def test_the_secret_is_encrypted_at_rest(app: Flask, rows: Rows) -> None:
    authenticator, _codes = set_up(signed_in(app))

    ((kept,),) = rows(sa.select(Organizer.totp_secret))

    assert authenticator.secret not in kept


def test_a_later_set_up_offers_another_secret(app: Flask) -> None:
    client = signed_in(app)
    first, _codes = set_up(client)

    response = send(client, f"{SET_UP}/off", SET_UP, password=PASSWORD)

    key = KEY.search(client.get(SET_UP).text)
    assert response.status_code == 303
    assert key
    assert key[1].replace(" ", "") != first.secret


def test_switching_it_off_asks_for_the_password(app: Flask, rows: Rows) -> None:
    client = signed_in(app)
    set_up(client)

    response = send(client, f"{SET_UP}/off", SET_UP, password="wrong horse")

    assert response.status_code == 422
    assert rows(sa.select(Organizer.totp_secret)) != [(None,)]


def test_headquarters_open_nothing_before_the_second_step_is_set_up(app: Flask) -> None:
    add(app, "hq", role=Role.HEADQUARTERS, edits_questions=True)
    client = browser(app)
    enter(client, "hq")
    paths = ["/organize/", "/organize/people", "/organize/audit", "/bank/", ACCOUNT]

    led = {client.get(path).headers.get("Location") for path in paths}
    sent = send(client, "/organize/people/invite", SET_UP, note="x", role="region")
    set_up(client)

    assert led == {SET_UP}
    assert sent.headers["Location"] == SET_UP
    assert client.get("/organize/people").status_code == 200


def test_headquarters_who_switch_it_off_set_up_another_at_once(app: Flask) -> None:
    client = headquarters(app)

    send(client, f"{SET_UP}/off", SET_UP, password=PASSWORD)

    assert client.get("/organize/people").headers["Location"] == SET_UP


def test_the_operator_can_take_it_off(app: Flask, rows: Rows) -> None:
    add_with_authenticator(app, "chen")

    result = app.test_cli_runner().invoke(args=["organizers", "reset-totp", "chen"])

    assert result.exit_code == 0
    assert enter(browser(app), "chen").headers["Location"] == "/organize/"


def test_another_key_of_the_server_lets_recovery_codes_in_only(
    app: Flask, database_url: str, make_app: Callable[..., Flask]
) -> None:
    authenticator, codes = set_up(signed_in(app))
    client = browser(make_app(database_url, secret_key="another key " + "k" * 40))
    later = datetime.now(UTC) + timedelta(seconds=90)
    with time_machine.travel(later, tick=False):
        enter(client, "chen")

        by_phone = send(client, CODE, code=authenticator.at(later))
        by_paper = send(client, CODE, code=codes[0])

    assert (by_phone.status_code, by_paper.status_code) == (422, 303)


def test_a_cookie_of_another_library_signs_nobody_in(app: Flask, rows: Rows) -> None:
    client = browser(app)
    client.set_cookie("remember_token", "1|é")

    assert client.get(ACCOUNT).status_code == 303
    assert rows(sa.select(OrganizerSession.organizer_id)) == []
