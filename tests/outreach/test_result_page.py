"""Around the result: what was known, what to remember, where it was counted, what to keep."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import time_machine
from flask import Flask

from tests.builders import a_poster, an_event
from tests.conftest import csrf_token
from tests.outreach.attempts import some_attempts
from tests.outreach.pages import queries_of
from tests.outreach.papers import right_answers, wrong_answers
from tests.phone import Phone

LESSON = re.compile(r'<li class="lesson">')
KNOWN = re.compile(r'class="knew__count">(\d+) / (\d+)<')
SO_FAR = re.compile(r'class="score__so-far">(.*?)</p>')
POLICY = "Content-Security-Policy"
LATER = timedelta(seconds=11)


def take(app: Flask, visitor: Phone, code: str, wrong: int) -> str:
    """Hand in a paper with so many wrong answers; return the page of its result."""
    paper = visitor.scan(code)
    right, others = right_answers(app, paper), wrong_answers(app, paper)
    answers = right | {name: others[name] for name in list(right)[:wrong]}
    receipt = visitor.send(paper, answers).headers["Location"]
    return visitor.client.get(receipt, headers=visitor.headers).text


def test_at_most_three_cards_say_what_to_remember(
    app: Flask, save: Callable[..., Any], phone: Callable[..., Phone]
) -> None:
    poster = save(a_poster(an_event()))

    cards = {n: len(LESSON.findall(take(app, phone(), poster.code, n))) for n in (0, 1, 3, 10)}

    assert cards == {0: 0, 1: 1, 3: 3, 10: 3}


def test_what_was_known_is_told_by_topic_and_what_was_not_is_left_out(
    app: Flask, save: Callable[..., Any], phone: Callable[..., Phone]
) -> None:
    poster = save(a_poster(an_event()))

    told = {n: KNOWN.findall(take(app, phone(), poster.code, n)) for n in (0, 4, 10)}

    assert {n: sum(int(known) for known, _ in topics) for n, topics in told.items()} == {
        0: 10,
        4: 6,
        10: 0,
    }
    assert all(known == asked for known, asked in told[0])
    assert all(known != "0" for known, _ in told[4])


def test_a_result_says_how_many_its_region_counts_by_now_and_never_too_many(
    app: Flask, save: Callable[..., Any], phone: Callable[..., Phone]
) -> None:
    event, elsewhere = an_event(), an_event(region_code="350203")
    event, poster, elsewhere, other = save(event, a_poster(event), elsewhere, a_poster(elsewhere))
    save(*some_attempts(event, poster, 1283), *some_attempts(elsewhere, other, 20))
    visitor = phone(Accept_Language="en")

    first = SO_FAR.findall(take(app, visitor, poster.code, 0))
    practice = SO_FAR.findall(take(app, visitor, poster.code, 0))

    assert first == [
        "So far at least 1,284 attempts have been counted in Jinjiang City, yours among them."
    ]
    assert practice == []  # it was not counted


def test_the_first_of_a_region_are_told_so_and_the_number_follows_within_seconds(
    app: Flask, save: Callable[..., Any], phone: Callable[..., Phone]
) -> None:
    event = an_event(closes_at=datetime.now(UTC) + timedelta(days=1))
    event, poster = save(event, a_poster(event))
    visitor = phone(Accept_Language="en")
    receipt = visitor.take(poster.code)

    before = visitor.client.get(receipt, headers=visitor.headers).text
    save(*some_attempts(event, poster, 11))
    with time_machine.travel(datetime.now(UTC) + LATER, tick=False):
        after = visitor.client.get(receipt, headers=visitor.headers).text

    assert SO_FAR.findall(before) == ["Yours is among the first in Jinjiang City."]
    assert "at least 12 attempts" in SO_FAR.findall(after)[0]
    assert SO_FAR.sub("", after) == SO_FAR.sub("", before)  # the result itself never changes


def test_many_results_ask_for_the_number_once(
    app: Flask, save: Callable[..., Any], phone: Callable[..., Phone]
) -> None:
    poster = save(a_poster(an_event()))
    visitor = phone()
    receipt = visitor.take(poster.code)
    visitor.client.get(receipt)

    with queries_of(app) as queries:
        visitor.client.get(receipt)

    assert queries == []  # its own row is asked for past SQLAlchemy


def test_only_a_result_may_show_pictures_that_its_script_draws(
    save: Callable[..., Any], phone: Callable[..., Phone]
) -> None:
    poster = save(a_poster(an_event()))
    visitor = phone()
    receipt = visitor.take(poster.code)

    policies = {
        path: visitor.client.get(path).headers[POLICY]
        for path in (receipt, "/", f"/q/{poster.code}", "/r/1-none")
    }

    assert "img-src 'self' data:;" in policies.pop(receipt)
    assert all("img-src 'self';" in policy for policy in policies.values())


def test_the_buttons_of_language_and_letters_lead_back_to_ones_own_result(
    app: Flask, save: Callable[..., Any], phone: Callable[..., Phone]
) -> None:
    poster = save(a_poster(an_event()))

    for _ in range(2):  # alike but for whose they are
        visitor = phone()
        paper = visitor.scan(poster.code)
        receipt = visitor.send(paper, right_answers(app, paper)).headers["Location"]
        html = visitor.client.get(receipt).text

        assert re.findall(r'name="next" value="([^"]*)"', html) == [receipt]
        assert re.findall(r'"(/r/[^"]*)"', html) == [receipt]


def test_what_a_result_is_kept_from_holds_nobodys_messages(
    app: Flask, save: Callable[..., Any], phone: Callable[..., Phone], sign_in: Callable[..., Any]
) -> None:
    event = an_event()
    poster = save(event, a_poster(event))[1]
    organizer = sign_in()
    page = f"/organize/events/{event.id}/posters"
    form = {"csrf_token": csrf_token(organizer.get(page).text)}
    visitor = phone()
    receipt = visitor.take(poster.code)
    organizer.post(f"/organize/posters/{poster.code}/withdraw", data=form)  # has something to say

    theirs = organizer.get(receipt).text
    ours = visitor.client.get(receipt).text

    assert "message" not in theirs
    assert "message" not in ours
