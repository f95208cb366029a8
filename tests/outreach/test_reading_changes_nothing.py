"""Opening any page, any number of times, by anyone or any robot, changes no number."""

import re
from collections import Counter, deque
from collections.abc import Callable
from html import unescape
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.exceptions import HTTPException

from outreach.events.models import EventKind
from tests.builders import FUJIAN, JINJIANG, a_poster, an_event
from tests.outreach.papers import at_rest, questions_of
from tests.phone import Phone

LINK = re.compile(r'(?:href|src|action)="([^"#]+)')
ARGUMENT = re.compile(r"<(?:[^:>]+:)?([^>]+)>")
PAGES_OF_A_KIND = 2
READERS = (
    {},
    {"User-Agent": "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"},
    {"User-Agent": "Mozilla/5.0 MicroMessenger/8.0.50 WeChatLinkPreview", "Accept-Language": "en"},
    {"Purpose": "prefetch", "Sec-Purpose": "prefetch;prerender", "X-Moz": "prefetch"},
)
PUBLIC_PATHS = (
    "/",
    "/learn",
    "/learn/food-safety",
    "/participation",
    "/participation.json",
    "/participation.csv",
    f"/participation/{FUJIAN}",
    f"/participation/{JINJIANG}.json",
    f"/participation/{JINJIANG}.csv",
    "/organize/sign-in",
    "/healthz",
    "/readyz",
)


@pytest.fixture
def samples(app: Flask, save: Callable[..., Any], phone: Callable[..., Phone]) -> dict[str, str]:
    """Values for the parts of addresses, over an event with attempts."""
    event = an_event()
    poster, _online = save(
        a_poster(event), a_poster(an_event(kind=EventKind.ONLINE, region_code=FUJIAN))
    )
    visitor = phone()
    receipts = [visitor.take(poster.code), visitor.take(poster.code), phone().take(poster.code)]
    questions = questions_of(app, phone().scan(poster.code)).values()
    question = next(q for q, _order in questions if q.topic_id == "food-safety")
    return {
        "code": poster.code,
        "receipt": receipts[0].removeprefix("/r/"),
        "region_code": JINJIANG,
        "topic_id": question.topic_id,
        "question_id": question.id,
        "event_id": str(poster.event_id),
        "filename": "img/seal.svg",
    }


def pages_of(app: Flask, samples: dict[str, str]) -> list[str]:
    """Return an address of every page there is; a robot guesses what no sample says."""
    rules = [rule for rule in app.url_map.iter_rules() if rule.methods and "GET" in rule.methods]
    return [ARGUMENT.sub(lambda found: samples.get(found[1], "1"), rule.rule) for rule in rules]


def crawl(app: Flask, client: FlaskClient, seeds: list[str]) -> Counter[str]:
    """Follow links from some pages, a few of each kind; return how many of each were opened."""
    opened: Counter[str] = Counter()
    seen, waiting = set(seeds), deque(seeds)
    adapter = app.url_map.bind("localhost")
    while waiting:
        address = waiting.popleft()
        try:
            endpoint, _values = adapter.match(urlsplit(address).path, method="GET")
        except HTTPException:
            continue
        if opened[endpoint] >= PAGES_OF_A_KIND:
            continue
        opened[endpoint] += 1
        response = client.get(address, buffered=True)
        assert response.status_code < 500, address
        if response.mimetype == "text/html":
            for link in LINK.findall(response.text):
                target = urljoin(address, unescape(link))
                if target.startswith("/") and target not in seen:
                    seen.add(target)
                    waiting.append(target)
    return opened


def test_the_pages_meant_here_do_open(samples: dict[str, str], phone: Callable[..., Phone]) -> None:
    statuses = {path: phone().client.get(path).status_code for path in PUBLIC_PATHS}

    assert set(statuses.values()) == {200}, statuses


def test_no_stranger_and_no_robot_changes_anything_by_opening_every_page(
    app: Flask, samples: dict[str, str], phone: Callable[..., Phone]
) -> None:
    addresses = pages_of(app, samples)
    visitor = phone()
    before = at_rest(app)

    for address in addresses:
        for headers in READERS:
            for reader in (visitor, phone()):
                response = reader.client.get(address, headers=headers, buffered=True)
                assert response.status_code < 500, address
        visitor.client.head(address, buffered=True)
        visitor.client.options(address)

    assert len(addresses) > len(PUBLIC_PATHS)
    assert len(before["attempt"]) == 3
    assert at_rest(app) == before


def test_no_crawler_changes_anything_by_following_every_link(
    app: Flask, samples: dict[str, str], client: FlaskClient
) -> None:
    seeds = ["/", f"/q/{samples['code']}", f"/r/{samples['receipt']}"]
    before = at_rest(app)

    opened = crawl(app, client, seeds)

    for endpoint in ("participation.paper", "participation.result", "study.topic", "tally.region"):
        assert opened[endpoint], endpoint
    assert at_rest(app) == before


def test_no_organizer_changes_anything_by_opening_every_page(
    app: Flask, samples: dict[str, str], sign_in: Callable[..., FlaskClient]
) -> None:
    organizer = sign_in()
    before = at_rest(app)

    for address in pages_of(app, samples):
        assert organizer.get(address, buffered=True).status_code < 500, address
    opened = crawl(app, organizer, ["/organize/"])

    assert opened["desk.index"]
    assert opened["desk.event"]
    assert at_rest(app) == before


def test_five_hundred_looks_at_a_paper_and_a_result_move_no_number(
    app: Flask, samples: dict[str, str], phone: Callable[..., Phone]
) -> None:
    numbers = "/participation.json"
    before = at_rest(app), phone().client.get(numbers).get_json()["totals"]

    for _ in range(250):
        phone().scan(samples["code"])
        phone().client.get(f"/r/{samples['receipt']}")

    assert before[1]["attempts"] == 3
    assert (at_rest(app), phone().client.get(numbers).get_json()["totals"]) == before
