"""Languages: Chinese in both scripts and English, by choice and by `Accept-Language`."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from core.i18n import pick
from tests.builders import a_poster, an_event
from tests.conftest import csrf_token
from tests.phone import Phone

HTML_LANG = re.compile(r'<html lang="([^"]*)">')
BUTTON = re.compile(r'name="locale" value="(\w+)" lang="([\w-]+)">([^<]+)<')
COOKIE = "__Host-locale"
YEAR = 365 * 24 * 3600

ACCEPT_LANGUAGE = [
    # every Chinese is Chinese
    ("zh", "zh-CN"),
    ("zh-CN", "zh-CN"),
    ("zh-Hans", "zh-CN"),
    ("zh-Hans-CN", "zh-CN"),
    ("zh-SG", "zh-CN"),
    ("zh-MY", "zh-CN"),
    # in the script that its region writes, unless it names one
    ("zh-TW", "zh-Hant"),
    ("zh-HK", "zh-Hant"),
    ("zh-MO", "zh-Hant"),
    ("zh-Hant", "zh-Hant"),
    ("zh-Hant-TW", "zh-Hant"),
    ("zh-Hant-CN", "zh-Hant"),
    ("zh-Hans-HK", "zh-CN"),
    ("ZH-tw", "zh-Hant"),
    ("zh_TW", "zh-Hant"),
    ("zh_Hant", "zh-Hant"),
    ("zh-TWX", "zh-CN"),
    ("ZH-cn", "zh-CN"),
    ("zh_CN", "zh-CN"),
    # every English is English
    ("en", "en"),
    ("en-US", "en"),
    ("en-GB-oed", "en"),
    ("EN-us", "en"),
    # as phones and browsers send it
    ("zh-CN,zh;q=0.9,en;q=0.8", "zh-CN"),
    ("zh-CN,en-US;q=0.9", "zh-CN"),
    ("en-US,en;q=0.9,zh-CN;q=0.8,zh;q=0.7", "en"),
    ("en-US,en;q=0.5", "en"),
    ("zh-TW,zh;q=0.9,en-US;q=0.8,en;q=0.7", "zh-Hant"),
    ("zh-HK,zh-TW;q=0.9,zh-CN;q=0.8,en;q=0.7", "zh-Hant"),
    ("en-US,en;q=0.9,zh-TW;q=0.8,zh;q=0.7", "en"),
    ("zh-CN,zh-TW;q=0.9", "zh-CN"),
    # the greater weight wins, wherever it stands
    ("en;q=0.3,zh;q=0.9", "zh-CN"),
    ("zh;q=0.3,en;q=0.9", "en"),
    ("zh;q=0.5, en", "en"),
    ("en ; q=0.2 , zh ; q=0.4", "zh-CN"),
    ("en;Q=0.2,zh;q=0.4", "zh-CN"),
    ("en;q=0.001,fr", "en"),
    # of two alike the first
    ("en,zh", "en"),
    ("zh,en", "zh-CN"),
    # a weight of nothing is a refusal
    ("zh;q=0,en;q=0.1", "en"),
    ("zh-TW;q=0,zh;q=0.1", "zh-CN"),
    ("en;q=0,zh;q=0.1", "zh-CN"),
    ("en;q=0", "zh-CN"),
    ("en;q=0.000", "zh-CN"),
    # other languages: what is second best, else the campaign's language
    ("fr-FR,fr;q=0.9,en;q=0.8", "en"),
    ("ja,en-US;q=0.5", "en"),
    ("ko,zh-CN;q=0.5,en;q=0.3", "zh-CN"),
    ("fr", "zh-CN"),
    ("de-DE,de;q=0.9", "zh-CN"),
    ("*", "zh-CN"),
    ("fr,*;q=0.5", "zh-CN"),
    # no other language begins with the same letters
    ("eng", "zh-CN"),
    ("enm,fr", "zh-CN"),
    # garbage
    ("", "zh-CN"),
    (",;,;;==", "zh-CN"),
    ("q=1", "zh-CN"),
    ("en;q=", "zh-CN"),
    ("en;q=much", "zh-CN"),
    ("en;q=nan,zh;q=0.1", "zh-CN"),
    ("en;q=-1", "zh-CN"),
    ("zh;q=1,en;q=7", "zh-CN"),
    ("<script>", "zh-CN"),
    ("\u00e9\u00ff", "zh-CN"),
    ("fr," * 2000 + "en", "zh-CN"),
]


def lang_of(html: str) -> str:
    """Return the language that a page says it is in."""
    found = HTML_LANG.search(html)
    assert found, html
    return found[1]


def choose(client: FlaskClient, locale: str, **more: str) -> Any:
    """Press the button of a language."""
    return client.post("/locale", data={"locale": locale} | more)


@pytest.mark.parametrize(("accept_language", "lang"), ACCEPT_LANGUAGE)
def test_the_browser_decides_the_first_language(
    client: FlaskClient, accept_language: str, lang: str
) -> None:
    page = client.get("/organize/sign-in", headers={"Accept-Language": accept_language})

    assert page.status_code == 200
    assert lang_of(page.text) == lang


def test_without_a_wish_the_page_is_chinese(client: FlaskClient) -> None:
    assert lang_of(client.get("/").text) == "zh-CN"


@pytest.mark.parametrize(
    ("lang", "word"), [("zh-CN", "无需账号"), ("zh-Hant", "無需帳號"), ("en", "No account")]
)
def test_the_words_are_in_the_language_that_the_page_says(
    client: FlaskClient, lang: str, word: str
) -> None:
    page = client.get("/", headers={"Accept-Language": lang})

    assert word in page.text
    assert lang_of(page.text) == lang


@pytest.mark.parametrize(
    ("locale", "lang"), [("en", "en"), ("zh", "zh-CN"), ("zh_Hant", "zh-Hant")]
)
def test_a_choice_wins_over_the_browser_on_every_later_page(
    client: FlaskClient, locale: str, lang: str
) -> None:
    other = {"Accept-Language": "zh-CN" if locale != "zh" else "en-US"}

    choose(client, locale)

    for path in ("/", "/learn", "/participation", "/organize/sign-in", "/no-such-page"):
        assert lang_of(client.get(path, headers=other).text) == lang


def test_a_choice_lasts_a_year(client: FlaskClient) -> None:
    choose(client, "en")

    cookie = client.get_cookie(COOKIE)
    assert cookie is not None
    assert cookie.value == "en"
    assert cookie.max_age == YEAR


def test_a_choice_can_be_taken_back(client: FlaskClient) -> None:
    choose(client, "en")
    choose(client, "zh")

    page = client.get("/", headers={"Accept-Language": "en"})

    assert lang_of(page.text) == "zh-CN"


def test_looking_keeps_nothing(client: FlaskClient) -> None:
    client.get("/", headers={"Accept-Language": "en"})

    assert client.get_cookie(COOKIE) is None


@pytest.mark.parametrize("locale", ["", "fr", "zh-CN", "zh-Hant", "../zh", "en\r\nSet-Cookie: a=b"])
def test_an_unknown_language_changes_nothing(client: FlaskClient, locale: str) -> None:
    response = choose(client, locale)

    assert response.status_code == 303
    assert client.get_cookie(COOKIE) is None


@pytest.mark.parametrize("kept", ["fr", "", "zh-CN", "%E4%B8%AD", "zh,en"])
def test_a_damaged_cookie_is_no_choice(client: FlaskClient, kept: str) -> None:
    headers = {"Accept-Language": "en", "Cookie": f"{COOKIE}={kept}"}

    page = client.get("/organize/sign-in", headers=headers)

    assert page.status_code == 200
    assert lang_of(page.text) == "en"


@pytest.mark.parametrize(
    "path", ["/", "/learn", "/participation/350500", "/?code=ABCD%20EFGH", "/organize/events/1?a=b"]
)
def test_after_the_choice_one_is_back_on_the_same_page(client: FlaskClient, path: str) -> None:
    response = choose(client, "en", next=path)

    assert response.status_code == 303
    assert response.headers["Location"] == path


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example/",
        "///evil.example/",
        "/\\evil.example/",
        "\\\\evil.example/",
        "/\t/evil.example/",
        "/\n/evil.example/",
        "javascript:alert(1)",
        "evil.example",
        "",
        " /learn",
        "/learn\r\nSet-Cookie: a=b",
        "/\x7f/evil.example",
    ],
)
def test_the_choice_leads_nowhere_else(client: FlaskClient, target: str) -> None:
    response = choose(client, "en", next=target)

    assert response.status_code == 303
    assert response.headers["Location"] == "/"


def test_the_choice_without_a_way_back_leads_home(client: FlaskClient) -> None:
    response = choose(client, "en")

    assert response.status_code == 303
    assert response.headers["Location"] == "/"


@pytest.mark.parametrize("path", ["/learn", "/participation", "/no-such-page", "/?code=zzz"])
def test_the_buttons_for_the_other_languages_lead_back_to_the_page(
    client: FlaskClient, path: str
) -> None:
    page = client.get(path)
    back = re.search(r'name="next" value="([^"]*)"', page.text)
    buttons = BUTTON.findall(page.text)

    assert back
    assert back[1] == path
    assert buttons == [("zh_Hant", "zh-Hant", "繁體"), ("en", "en", "English")]


@pytest.mark.parametrize(
    ("asked", "offered"),
    [
        ("zh-TW", [("zh", "zh-CN", "简体"), ("en", "en", "English")]),
        ("en", [("zh", "zh-CN", "简体"), ("zh_Hant", "zh-Hant", "繁體")]),
    ],
)
def test_every_page_offers_the_languages_it_is_not_in(
    client: FlaskClient, asked: str, offered: list[tuple[str, str, str]]
) -> None:
    page = client.get("/learn", headers={"Accept-Language": asked})

    assert BUTTON.findall(page.text) == offered


@pytest.mark.parametrize(
    ("method", "path"),
    [("get", "/organize/sign-out"), ("post", "/organize/sign-out"), ("get", "/locale")],
)
def test_the_button_leads_home_from_an_address_that_nobody_can_open(
    client: FlaskClient, method: str, path: str
) -> None:
    refused = getattr(client, method)(path)
    back = re.search(r'name="next" value="([^"]*)"', refused.text)

    assert refused.status_code in {400, 405}
    assert back
    chosen = choose(client, "en", next=back[1])
    assert lang_of(client.get(chosen.headers["Location"]).text) == "en"
    assert client.get(chosen.headers["Location"]).status_code == 200


def test_the_button_of_a_form_with_faults_leads_back_to_the_form(client: FlaskClient) -> None:
    token = csrf_token(client.get("/organize/sign-in").text)

    refused = client.post("/organize/sign-in?next=/learn", data={"csrf_token": token})

    assert refused.status_code == 422
    assert 'name="next" value="/organize/sign-in?next=/learn"' in refused.text


def test_a_get_chooses_nothing(client: FlaskClient) -> None:
    response = client.get("/locale?locale=en")

    assert response.status_code == 405
    assert client.get_cookie(COOKIE) is None


def test_a_paper_is_in_the_language_of_the_phone(
    save: Callable[..., Any], phone: Callable[..., Phone]
) -> None:
    poster = save(a_poster(an_event()))

    chinese = phone(Accept_Language="zh-CN").scan(poster.code)
    traditional = phone(Accept_Language="zh-TW").scan(poster.code)
    english = phone(Accept_Language="en-US").scan(poster.code)

    assert lang_of(chinese.html) == "zh-CN"
    assert lang_of(traditional.html) == "zh-Hant"
    assert lang_of(english.html) == "en"


def test_a_choice_made_on_the_paper_lasts(
    save: Callable[..., Any], phone: Callable[..., Phone]
) -> None:
    poster = save(a_poster(an_event()))
    visitor = phone(Accept_Language="zh-CN")
    paper = visitor.scan(poster.code)

    shown = visitor.send(paper, {}, show_in="en")

    assert lang_of(shown.text) == "en"
    assert lang_of(visitor.scan(poster.code).html) == "en"


def test_one_visitors_language_is_not_anothers(app: Flask) -> None:
    first, second = app.test_client(), app.test_client()

    choose(first, "en")

    assert lang_of(second.get("/").text) == "zh-CN"
    assert lang_of(first.get("/").text) == "en"


def test_numbers_for_programs_name_regions_in_the_language_asked_for(client: FlaskClient) -> None:
    chinese = client.get("/participation.json", headers={"Accept-Language": "zh-CN"})
    traditional = client.get("/participation.json", headers={"Accept-Language": "zh-TW"})
    english = client.get("/participation.json", headers={"Accept-Language": "en"})

    assert chinese.json["region"]["name"] == "福建省"
    assert traditional.json["region"]["name"] == "福建省"
    assert "龍岩市" in {region["name"] for region in traditional.json["regions"]}
    assert english.json["region"]["name"] == "Fujian"
    assert "Accept-Language" in english.headers["Vary"]


def test_numbers_for_spreadsheets_say_that_they_differ_by_language(client: FlaskClient) -> None:
    sheet = client.get("/participation.csv", headers={"Accept-Language": "en"})

    assert "Fuzhou" in sheet.text
    assert "Accept-Language" in sheet.headers["Vary"]


def test_where_nobody_visits_words_are_chinese(app_ctx: None) -> None:
    assert pick("莆田", "Putian") == "莆田"
    assert pick("莆田", None) == "莆田"
