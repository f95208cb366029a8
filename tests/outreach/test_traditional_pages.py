"""The way of a participant who reads Traditional Chinese, from the scan to the receipt."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient

from outreach.regions import service as regions
from outreach.regions.service import RegionNotFoundError
from tests.builders import FUJIAN, a_poster, an_event
from tests.outreach.papers import publish_changed, right_answers, wrong_answers
from tests.phone import Phone
from tests.written import not_traditional

HANT = "zh-TW"
ASKING = {"Accept-Language": HANT}
MARKED = re.compile(r'<(\w+)[^>]*\slang="zh-CN"[^>]*>.*?</\1>', re.DOTALL)
TITLE = re.compile(r"<title>[^<]*</title>|data-title=\"[^\"]*\"")
FIELDSET = re.compile(r"<fieldset[^>]*>")
SITE = "晋江鞋业园"
BOARD = "board-of-halls-1"


def simplified(html: str) -> set[str]:
    """Return the Simplified characters of a Traditional page but for what it says is in them."""
    assert '<html lang="zh-Hant">' in html
    return not_traditional(MARKED.sub("", TITLE.sub("", html)))


@pytest.fixture
def reader(phone: Callable[..., Phone]) -> Phone:
    """Take a phone from across the strait."""
    return phone(Accept_Language=HANT)


def test_a_paper_is_in_traditional_characters_but_for_what_was_typed(
    save: Callable[..., Any], reader: Phone
) -> None:
    poster = save(a_poster(an_event(title_zh="质量月进工厂", site=SITE)))

    html = reader.scan(poster.code).html

    assert simplified(html) == set()
    assert '<html lang="zh-Hant">' in html
    assert f'<span lang="zh-CN">{SITE}</span>' in html
    assert re.search(r'<h1[^>]* lang="zh-CN">质量月进工厂</h1>', html)
    assert "晉江市" in html


def test_the_answer_before_flask_is_the_same(
    app: Flask, save: Callable[..., Any], phone: Callable[..., Phone]
) -> None:
    poster = save(a_poster(an_event(site=SITE)))

    pages = [phone(Accept_Language=HANT).scan(poster.code).html for _ in range(12)]
    usual = phone(Accept_Language="zh-CN").scan(poster.code).html

    assert [simplified(page) for page in pages] == [set()] * 12
    assert '<html lang="zh-Hant">' in pages[-1]
    assert '<html lang="zh-CN">' in usual
    assert "晋江市" in usual


@pytest.mark.parametrize("answers", [right_answers, wrong_answers])
def test_a_receipt_is_in_traditional_characters(
    app: Flask, save: Callable[..., Any], reader: Phone, answers: Callable[..., Any]
) -> None:
    poster = save(a_poster(an_event()))
    paper = reader.scan(poster.code)

    receipt = reader.send(paper, answers(app, paper)).headers["Location"]
    page = reader.client.get(receipt, headers=ASKING).text

    assert simplified(page) == set()
    assert re.search(r"《[^》]+》第\d+條", page)
    assert "晉江市" in page
    assert not re.search(r"第\d+条", page)


def test_one_button_on_the_paper_changes_the_script_and_keeps_the_answers(
    save: Callable[..., Any], phone: Callable[..., Phone]
) -> None:
    poster = save(a_poster(an_event()))
    visitor = phone(Accept_Language="zh-CN")
    paper = visitor.scan(poster.code)
    name, places = next(iter(paper.choices.items()))

    shown = visitor.send(paper, {name: places[:1]}, show_in="zh_Hant").text

    assert simplified(shown) == set()
    assert re.search(rf'name="{name}" value="{places[0]}"[^>]*checked', shown)
    assert '<html lang="zh-Hant">' in visitor.scan(poster.code).html


def test_a_paper_of_an_edition_from_before_is_simplified_and_says_so(
    app: Flask, save: Callable[..., Any], reader: Phone
) -> None:
    def forget(values: dict[str, Any]) -> None:
        plain = json.loads(
            json.dumps(values), object_hook=lambda o: {k: v for k, v in o.items() if k != "zh_hant"}
        )
        values.clear()
        values.update(plain)

    publish_changed(app, forget)
    poster = save(a_poster(an_event()))

    paper = reader.scan(poster.code)
    receipt = reader.send(paper, wrong_answers(app, paper)).headers["Location"]
    page = reader.client.get(receipt, headers=ASKING)

    assert all('lang="zh-CN"' in field for field in FIELDSET.findall(paper.html) if "q" in field)
    assert simplified(paper.html) == set()
    assert page.status_code == 200
    assert re.search(r'<article class="answer" id="a1" lang="zh-CN">', page.text)


@pytest.mark.parametrize("shift", [timedelta(days=-400), timedelta(days=400)])
def test_a_poster_out_of_season_speaks_to_its_reader(
    client: FlaskClient, save: Callable[..., Any], shift: timedelta
) -> None:
    poster = save(a_poster(an_event()))

    with time_machine.travel(datetime.now(UTC) + shift, tick=False):
        page = client.get(f"/q/{poster.code}", headers=ASKING)

    assert simplified(page.text) == set()
    assert '<span lang="zh-CN">质量月进工厂</span>' in page.text


@pytest.mark.parametrize("path", ["/", "/calendar", "/participation", "/learn", "/no-such-page"])
def test_public_pages_are_in_traditional_characters(
    client: FlaskClient, save: Callable[..., Any], path: str
) -> None:
    save(a_poster(an_event(site=SITE)))

    html = client.get(path, headers=ASKING).text

    assert simplified(html) == set()


def test_the_home_page_kept_for_one_script_is_not_shown_in_the_other(
    client: FlaskClient, save: Callable[..., Any]
) -> None:
    save(a_poster(an_event()))

    first, second = (client.get("/", headers=ASKING).text for _ in range(2))
    usual = client.get("/", headers={"Accept-Language": "zh-CN"}).text

    assert '<html lang="zh-Hant">' in first
    assert '<html lang="zh-Hant">' in second
    assert '<html lang="zh-CN">' in usual


def test_programs_may_ask_for_the_script(client: FlaskClient) -> None:
    table = client.get("/participation.csv?lang=zh_Hant")
    calendar = client.get("/calendar.ics?lang=zh_Hant")

    assert "龍岩市" in table.text
    assert calendar.status_code == 200
    assert client.get("/participation.json?lang=zh_TW").status_code == 400


def test_the_big_screen_speaks_traditional_chinese(
    client: FlaskClient, save: Callable[..., Any]
) -> None:
    save(a_poster(an_event(site=SITE, board_code=BOARD)))

    page = client.get(f"/board/{BOARD}?lang=zh_Hant").text

    assert simplified(page) == set()
    assert "晉江市" in page
    assert 'lang=zh"' in page
    assert 'lang=en"' in page


def test_a_region_is_found_by_the_name_that_the_page_shows(app: Flask) -> None:
    with app.test_request_context(headers=ASKING):
        label = regions.label("350582")

        assert label == "泉州市 晉江市"
        assert regions.resolve(label, FUJIAN) == "350582"
        assert [place.code for place in regions.search("晉江", FUJIAN)] == ["350582"]
        with pytest.raises(RegionNotFoundError):
            regions.resolve("晉北市", FUJIAN)


def test_a_report_is_printed_in_the_script_of_its_fonts(
    sign_in: Callable[..., FlaskClient], save: Callable[..., Any]
) -> None:
    poster = save(a_poster(an_event()))
    organizer, path = sign_in(), f"/organize/events/{poster.event_id}/report.pdf"

    asked = organizer.get(path, headers=ASKING)
    usual = organizer.get(path, headers={"Accept-Language": "zh-CN"})

    assert asked.status_code == usual.status_code == 200
    assert len(asked.data) == pytest.approx(len(usual.data), rel=0.02)
