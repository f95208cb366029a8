"""Elder mode: one tap, remembered, without losing what was answered."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.builders import a_poster, an_event
from tests.phone import Phone, read_paper

ELDER = re.compile(r'<html lang="[^"]*" class="elder">')
COOKIE = "__Host-display"
YEAR = 365 * 24 * 3600
PAGES = ("/", "/learn", "/participation", "/calendar", "/organize/sign-in", "/no-such-page")


def choose(client: FlaskClient, mode: str, **more: str) -> Any:
    """Press the button of a mode."""
    return client.post("/display", data={"display": mode} | more)


def test_letters_are_usual_until_somebody_wants_them_large(client: FlaskClient) -> None:
    pages = [client.get(path).text for path in PAGES]

    assert [path for path, page in zip(PAGES, pages, strict=True) if ELDER.search(page)] == []


def test_a_choice_holds_on_every_later_page_and_can_be_taken_back(client: FlaskClient) -> None:
    choose(client, "elder")
    large = [path for path in PAGES if ELDER.search(client.get(path).text)]
    choose(client, "usual")

    assert large == list(PAGES)
    assert not ELDER.search(client.get("/").text)


def test_a_choice_lasts_a_year(client: FlaskClient) -> None:
    choose(client, "elder")

    cookie = client.get_cookie(COOKIE)
    assert cookie is not None
    assert (cookie.value, cookie.max_age, cookie.http_only) == ("elder", YEAR, True)


@pytest.mark.parametrize("mode", ["", "huge", "ELDER", "elder\r\nSet-Cookie: a=b"])
def test_an_unknown_mode_changes_nothing(client: FlaskClient, mode: str) -> None:
    response = choose(client, mode)

    assert response.status_code == 303
    assert client.get_cookie(COOKIE) is None


@pytest.mark.parametrize("kept", ["huge", "", "elder,usual", '" onload="x'])
def test_a_damaged_cookie_is_no_choice(client: FlaskClient, kept: str) -> None:
    page = client.get("/", headers={"Cookie": f"{COOKIE}={kept}"})

    assert page.status_code == 200
    assert not ELDER.search(page.text)


@pytest.mark.parametrize(
    ("target", "leads_to"),
    [("/learn?q=ice", "/learn?q=ice"), ("//evil.example/", "/"), ("https://evil.example/", "/")],
)
def test_after_the_choice_one_is_back_on_a_page_of_ours(
    client: FlaskClient, target: str, leads_to: str
) -> None:
    assert choose(client, "elder", next=target).headers["Location"] == leads_to


def test_a_paper_keeps_its_answers_and_its_questions_when_letters_grow(
    save: Callable[..., Any], phone: Callable[..., Phone]
) -> None:
    poster = save(a_poster(an_event()))
    visitor = phone()
    paper = visitor.scan(poster.code)
    some = {name: values for name, values in paper.answers(1).items() if name in {"q2", "q5"}}

    response = visitor.send(paper, some, display="elder")

    shown = read_paper(poster.code, response.text)
    assert response.status_code == 200
    assert ELDER.search(response.text)
    assert (shown.ticket, shown.choices, shown.checked) == (paper.ticket, paper.choices, some)
    assert ELDER.search(visitor.scan(poster.code).html)


def test_papers_and_results_of_two_phones_do_not_share_their_letters(
    save: Callable[..., Any], phone: Callable[..., Phone]
) -> None:
    poster = save(a_poster(an_event()))
    old, young = phone(), phone()
    choose(old.client, "elder")
    receipt = old.take(poster.code)

    assert ELDER.search(old.client.get(receipt).text)
    assert ELDER.search(old.scan(poster.code).html)
    assert not ELDER.search(young.client.get(receipt).text)
    assert not ELDER.search(young.scan(poster.code).html)
