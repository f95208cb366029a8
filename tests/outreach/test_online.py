"""Online events ask for the county and count there; nowhere else is anybody asked."""

import re
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from outreach.events.models import EventKind
from outreach.participation.models import Attempt
from outreach.regions.models import Level, Region
from tests.builders import FUJIAN, JINJIANG, PINGTAN, QUANZHOU, a_poster, an_event
from tests.outreach.pages import queries_of, text_of
from tests.outreach.papers import LANGUAGES, at_rest, right_answers
from tests.phone import Phone, read_paper

OPTION = re.compile(r'<option value="(\d+)"( selected)?>')
CHOOSE = {"zh": "请选择你所在的县（市、区）。", "en": "Please choose your county or district."}
NOT_OFFERED = {
    "elsewhere": ("110101", "350102"),
    "above the counties": (QUANZHOU, FUJIAN, "35", "3505"),
    "unknown": ("999999", "350599", "0350582", "x", "晋江市", "<b>", "3505８2", "9" * 5000),
}
COUNTED = {"zh": "已提交，计入晋江市。", "en": "Handed in and counted for Jinjiang"}


def online(region_code: str = FUJIAN) -> Any:
    """Build the poster of an online event."""
    return a_poster(an_event(kind=EventKind.ONLINE, region_code=region_code))


def test_an_online_event_offers_every_county_of_its_region(
    save: Callable[..., Any], phone: Callable[..., Phone], rows: Callable[..., Any]
) -> None:
    poster = save(online())

    offered = [code for code, _selected in OPTION.findall(phone().scan(poster.code).html)]

    counties = sa.select(Region.code).where(
        Region.code.startswith("35"), Region.level == Level.COUNTY
    )
    assert sorted(offered) == sorted(code for (code,) in rows(counties))
    assert PINGTAN in offered


@pytest.mark.parametrize("region_code", [QUANZHOU, JINJIANG, "441900", "110000"])
def test_every_online_event_has_a_region_to_choose_and_takes_it(
    save: Callable[..., Any],
    phone: Callable[..., Phone],
    rows: Callable[..., Any],
    region_code: str,
) -> None:
    poster = save(online(region_code))
    visitor = phone()
    paper = visitor.scan(poster.code)
    offered = [code for code, _selected in OPTION.findall(paper.html)]

    response = visitor.send(paper, region=offered[-1])

    assert response.status_code == 303
    assert rows(sa.select(Attempt.region_code)) == [(offered[-1],)]


def test_an_event_at_a_site_asks_for_no_region(
    save: Callable[..., Any], phone: Callable[..., Phone]
) -> None:
    poster = save(a_poster(an_event()))

    paper = phone().scan(poster.code)

    assert 'name="region"' not in paper.html


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_online_attempt_counts_in_the_county_chosen(
    save: Callable[..., Any], phone: Callable[..., Phone], rows: Callable[..., Any], language: str
) -> None:
    poster = save(online())
    visitor = phone(Accept_Language=language)

    response = visitor.send(visitor.scan(poster.code), region=JINJIANG)

    result = visitor.client.get(response.headers["Location"], headers=visitor.headers)
    totals = visitor.client.get(f"/participation/{JINJIANG}.json").get_json()["totals"]
    assert COUNTED[language] in text_of(result.text)
    assert rows(sa.select(Attempt.region_code, Attempt.region_zh)) == [(JINJIANG, "晋江市")]
    assert (totals["attempts"], totals["counted"]) == (1, 1)


@pytest.mark.parametrize("language", LANGUAGES)
def test_without_a_region_the_page_asks_for_it_and_keeps_the_answers(
    app: Flask, save: Callable[..., Any], phone: Callable[..., Phone], language: str
) -> None:
    poster = save(online())
    visitor = phone(Accept_Language=language)
    paper = visitor.scan(poster.code)
    answers = right_answers(app, paper)
    before = at_rest(app)

    response = visitor.send(paper, answers, region="")

    assert response.status_code == 422
    assert CHOOSE[language] in text_of(response.text)
    assert 'href="#region"' in response.text
    assert read_paper(poster.code, response.text).checked == answers
    assert at_rest(app) == before


@pytest.mark.parametrize("kind", list(NOT_OFFERED))
def test_a_region_that_was_not_offered_is_refused(
    app: Flask, save: Callable[..., Any], phone: Callable[..., Phone], kind: str
) -> None:
    poster = save(online(QUANZHOU))
    visitor = phone()
    paper = visitor.scan(poster.code)
    answers = right_answers(app, paper)
    before = at_rest(app)

    for value in NOT_OFFERED[kind]:
        response = visitor.send(paper, answers, region=value)

        assert response.status_code == 422, value
        assert CHOOSE["zh"] in text_of(response.text), value
        assert read_paper(poster.code, response.text).checked == answers, value
    assert at_rest(app) == before


def test_a_region_above_the_counties_is_refused_for_the_whole_province_too(
    app: Flask, save: Callable[..., Any], phone: Callable[..., Phone]
) -> None:
    poster = save(online())
    visitor = phone()
    paper = visitor.scan(poster.code)
    before = at_rest(app)

    statuses = {visitor.send(paper, region=code).status_code for code in (FUJIAN, QUANZHOU)}

    assert statuses == {422}
    assert at_rest(app) == before


def test_the_region_chosen_is_kept_when_answers_are_missing(
    save: Callable[..., Any], phone: Callable[..., Phone]
) -> None:
    poster = save(online())
    visitor = phone()
    paper = visitor.scan(poster.code)

    response = visitor.send(paper, {"q1": "1"}, region=JINJIANG)

    assert response.status_code == 422
    assert CHOOSE["zh"] not in text_of(response.text)
    selected = [code for code, is_selected in OPTION.findall(response.text) if is_selected]
    assert selected == [JINJIANG]


def test_the_region_chosen_is_kept_when_the_language_is_switched(
    save: Callable[..., Any], phone: Callable[..., Phone]
) -> None:
    poster = save(online())
    visitor = phone()
    paper = visitor.scan(poster.code)

    response = visitor.send(paper, region=JINJIANG, show_in="en")

    assert response.status_code == 200
    selected = [code for code, is_selected in OPTION.findall(response.text) if is_selected]
    assert selected == [JINJIANG]


def test_the_region_of_one_page_is_not_shown_to_the_next_phone(
    save: Callable[..., Any], phone: Callable[..., Phone]
) -> None:
    poster = save(online())
    visitor = phone()
    visitor.send(visitor.scan(poster.code), {"q1": "1"}, region=JINJIANG)

    html = phone().scan(poster.code).html

    assert not any(is_selected for _code, is_selected in OPTION.findall(html))


def test_the_same_paper_sent_again_for_another_county_moves_nothing(
    save: Callable[..., Any], phone: Callable[..., Phone], rows: Callable[..., Any]
) -> None:
    poster = save(online())
    visitor = phone()
    paper = visitor.scan(poster.code)
    first = visitor.send(paper, region=JINJIANG)

    again = visitor.send(paper, region=PINGTAN)

    assert again.headers.get("Location") in {None, first.headers["Location"]}
    assert rows(sa.select(Attempt.region_code)) == [(JINJIANG,)]


def test_handing_in_online_takes_at_most_three_statements(
    app: Flask, save: Callable[..., Any], phone: Callable[..., Phone]
) -> None:
    poster = save(online())
    phone().send(phone().scan(poster.code), region=JINJIANG)
    visitor = phone()
    paper = visitor.scan(poster.code)

    with queries_of(app) as statements:
        visitor.send(paper, region=JINJIANG)

    assert len(statements) <= 3, statements
