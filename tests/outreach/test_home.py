"""The home page: the campaign, its open events by region, and a box for a poster's code."""

import gzip
import re
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask, request_started
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from outreach.events.models import EventKind
from outreach.home.kept import KEPT_FOR, KeptPages
from tests.builders import FUJIAN, FUZHOU, JINJIANG, MINHOU, PINGTAN, QUANZHOU, a_poster, an_event
from tests.outreach.attempts import hold_event
from tests.outreach.pages import ENGLISH, queries_of, text_of
from tests.phone import Phone

Save = Callable[..., Any]


def groups(page: str) -> dict[str, list[str]]:
    """Read the open events: region -> titles."""
    found = {}
    for part in page.split("<h3>")[1:]:
        name, _, rest = part.partition("</h3>")
        listed = rest.partition("</ul>")[0]
        titles = re.findall(r"<h4[^>]*>(.*?)</h4>", listed)
        found[text_of(name)] = [text_of(title) for title in titles]
    return found


def test_the_home_page_says_what_the_campaign_is(client: FlaskClient) -> None:
    words = text_of(client.get("/").text)

    for wanted in (
        "福建省“质量月”活动（演示）",
        "懂质量，会维权，好生活",
        "扫一扫，十道题，质量知识带回家",
        "省市场监督管理局",
    ):
        assert wanted in words, wanted


def test_the_home_page_is_in_the_readers_language(client: FlaskClient) -> None:
    page = client.get("/", headers=ENGLISH).text

    assert '<html lang="en">' in page
    assert "Fujian Quality Month (demo)" in page
    assert "Know quality, know your rights, live well" in page


def test_the_home_page_leads_to_study_participation_and_the_organizers(
    client: FlaskClient,
) -> None:
    page = client.get("/").text

    for path in ("/learn", "/participation", "/organize/sign-in"):
        assert f'href="{path}"' in page
        assert client.get(path).status_code == 200


def test_open_events_stand_under_their_prefecture(client: FlaskClient, save: Save) -> None:
    save(
        an_event(title_zh="闽侯场", region_code=MINHOU),
        an_event(title_zh="福州场", region_code=FUZHOU),
        an_event(title_zh="晋江场", region_code=JINJIANG),
        an_event(title_zh="泉州场", region_code=QUANZHOU),
        an_event(title_zh="全省场", region_code=FUJIAN, kind=EventKind.ONLINE),
    )

    assert groups(client.get("/").text) == {
        "福建省": ["全省场"],
        "福州市": ["福州场", "闽侯场"],
        "泉州市": ["泉州场", "晋江场"],
    }


def test_pingtan_is_a_group_of_its_own(client: FlaskClient, save: Save) -> None:
    save(
        an_event(title_zh="平潭场", region_code=PINGTAN),
        an_event(title_zh="闽侯场", region_code=MINHOU),
        an_event(title_zh="福清场", region_code="350181"),
    )

    found = groups(client.get("/").text)

    assert found.pop("福州市") == ["闽侯场", "福清场"]
    ((name, titles),) = found.items()
    assert titles == ["平潭场"]
    assert name in {"平潭", "平潭县"}


def test_groups_are_named_in_the_readers_language(client: FlaskClient, save: Save) -> None:
    save(an_event(region_code=JINJIANG), an_event(region_code=FUZHOU, title_en=None))

    page = client.get("/", headers=ENGLISH).text

    assert groups(page) == {"Fuzhou": ["质量月进工厂"], "Quanzhou": ["Quality Month at work"]}
    assert '<h4 class="card__title" lang="zh-CN">质量月进工厂</h4>' in page


def test_only_events_of_this_campaign_that_are_open_now_are_listed(
    client: FlaskClient, save: Save
) -> None:
    now = datetime.now(UTC)
    hour = timedelta(hours=1)
    save(
        an_event(title_zh="进行的"),
        an_event(title_zh="未来的", opens_at=now + hour, closes_at=now + 2 * hour),
        an_event(title_zh="过去的", opens_at=now - 2 * hour, closes_at=now - hour),
        an_event(title_zh="别的活动", campaign_id=1, body_id=1),
    )

    assert groups(client.get("/").text) == {"泉州市": ["进行的"]}


def test_an_open_event_says_where_and_until_when(client: FlaskClient, save: Save) -> None:
    save(an_event(closes_at=datetime(2090, 9, 1, 10, 5, tzinfo=UTC)))

    words = text_of(client.get("/").text)

    for wanted in ("工厂", "晋江市", "晋江鞋厂食堂", "2090年9月1日 18:05"):
        assert wanted in words, wanted


def test_without_open_events_the_page_says_so_and_offers_study(client: FlaskClient) -> None:
    page = client.get("/").text

    assert groups(page) == {}
    assert "现在没有" in page
    assert 'href="/learn"' in page


def test_a_campaign_with_very_many_open_events_hides_none_of_its_regions(
    client: FlaskClient, save: Save
) -> None:
    save(*(an_event(title_zh=f"第{n}场") for n in range(200)), an_event(region_code="350902"))

    page = client.get("/").text

    found = groups(page)
    assert list(found) == ["泉州市", "宁德市"]
    assert len(found["泉州市"]) < 10
    assert 'href="/calendar?region=350500"' in page
    assert "201" in text_of(page[page.index('id="open-title"') :].partition("</h2>")[0])


def test_the_home_page_shows_what_was_counted_so_far(client: FlaskClient, save: Save) -> None:
    hold_event(save, JINJIANG, 1_234)

    page = client.get("/").text

    assert re.findall(r'figure__value">([^<]+)<', page) == ["1,234"] * 3


def test_the_home_page_costs_the_same_for_one_event_as_for_thirty(
    app: Flask, client: FlaskClient, save: Save
) -> None:
    save(an_event(region_code="350902"))
    client.get("/?first")  # reads what this process keeps from then on
    with queries_of(app) as for_one:
        client.get("/?one")
    regions = [JINJIANG, MINHOU, PINGTAN, FUJIAN, "350902"]
    save(*(an_event(region_code=regions[n % 5], body_id=27 + n % 9) for n in range(29)))
    with queries_of(app) as for_thirty:
        page = client.get("/?new").text

    assert sum(map(len, groups(page).values())) == 30
    assert len(for_thirty) == len(for_one) <= 10


def test_a_rush_of_visitors_costs_the_database_one_page_a_second(
    app: Flask, client: FlaskClient, save: Save
) -> None:
    save(an_event(title_zh="第一场"))
    now = datetime.now(UTC)
    with time_machine.travel(now, tick=False):
        first = client.get("/")
        with queries_of(app) as for_twenty:
            pages = {client.get("/").text for _ in range(20)}
        english = client.get("/", headers=ENGLISH).text
    save(an_event(title_zh="第二场"))
    with time_machine.travel(now + timedelta(seconds=1), tick=False):
        later = client.get("/").text

    assert pages == {first.text}
    assert for_twenty == []
    assert first.headers["Cache-Control"] == "no-store"
    assert '<html lang="en">' in english
    assert groups(later)["泉州市"] == ["第一场", "第二场"]


def test_what_one_visitor_typed_is_shown_to_nobody_else(client: FlaskClient) -> None:
    client.get("/", query_string={"code": "nonsense"})

    assert "nonsense" not in client.get("/").text


def test_a_page_is_made_by_one_while_the_others_show_the_one_before() -> None:
    pages, at = KeptPages(), datetime.now(UTC)
    began, may_end = threading.Event(), threading.Event()
    pages.get("zh", at, lambda: "old")

    def make_slowly() -> str:
        began.set()
        may_end.wait(10)
        return "new"

    later = at + KEPT_FOR
    with ThreadPoolExecutor(1) as others:
        made = others.submit(pages.get, "zh", later, make_slowly)
        began.wait(10)
        meanwhile = pages.get("zh", later, lambda: "made twice")
        may_end.set()
        new = made.result(10)

    assert (meanwhile, new) == ("old", "new")
    assert pages.get("zh", later, lambda: "made twice") == "new"


def test_a_page_that_failed_is_tried_again() -> None:
    pages, at = KeptPages(), datetime.now(UTC)

    with pytest.raises(ZeroDivisionError):
        pages.get("zh", at, lambda: str(1 // 0))

    assert pages.get("zh", at, lambda: "good") == "good"


@pytest.mark.parametrize(
    ("moment", "chinese", "english"),
    [
        ("2013-08-20T04:00:00Z", "还有 12 天", "12 days to go"),
        ("2013-08-30T16:00:00Z", "还有 1 天", "1 day to go"),
        ("2013-08-31T16:00:00Z", "第 1 天，共 30 天", "Day 1 of 30"),
        ("2013-09-30T15:59:59Z", "第 30 天，共 30 天", "Day 30 of 30"),
    ],
)
def test_the_days_are_counted_in_words_by_the_server(
    client: FlaskClient, moment: str, chinese: str, english: str
) -> None:
    with time_machine.travel(moment, tick=False):
        assert chinese in text_of(client.get("/").text)
        assert english in text_of(client.get("/", headers=ENGLISH).text)


def test_after_the_last_day_the_page_says_that_it_is_over_and_thanks(client: FlaskClient) -> None:
    with time_machine.travel("2090-01-01T00:00:00Z", tick=False):
        words = text_of(client.get("/").text), text_of(client.get("/", headers=ENGLISH).text)

    assert "已结束" in words[0]
    assert "Thank you" in words[1]


def test_the_next_few_events_are_announced_but_no_cancelled_one(
    client: FlaskClient, save: Save
) -> None:
    now, hour = datetime.now(UTC), timedelta(hours=1)

    def later(hours: int, **changes: Any) -> Any:
        return an_event(opens_at=now + hours * hour, closes_at=now + (hours + 1) * hour, **changes)

    save(
        *(later(30 + n, title_zh=f"第{n}场") for n in range(8, 0, -1)),
        later(29, title_zh="取消的", cancelled_at=now),
    )

    page = client.get("/").text

    titles = re.findall(r'<h3 class="happening__title"[^>]*>(.*?)</h3>', page)
    assert titles == [f"第{n}场" for n in range(1, 7)]
    assert 'href="/calendar"' in page


@pytest.mark.parametrize("typed", ["{}", " {} ", "lower", "spaced", "link"])
def test_a_code_typed_leads_to_its_paper(
    client: FlaskClient, save: Save, phone: Callable[..., Phone], typed: str
) -> None:
    code = save(a_poster(an_event())).code
    as_typed = {
        "lower": code.lower(),
        "spaced": f"{code[:4]} {code[4:]}",
        "link": f"https://zl.example.cn/q/{code}",
    }.get(typed, typed.format(code))

    response = client.get("/", query_string={"code": as_typed})

    assert (response.status_code, response.headers["Location"]) == (303, f"/q/{code}")
    assert client.get(response.headers["Location"]).status_code == 200


def test_a_code_of_the_right_form_that_nobody_printed_is_explained(client: FlaskClient) -> None:
    response = client.get("/", query_string={"code": "ACDE3467"}, follow_redirects=True)

    assert response.status_code == 404
    assert response.request.path == "/q/ACDE3467"


@pytest.mark.parametrize("typed", ["ACDE346", "ACDE346O", "你好", '"><b>', "x" * 1000])
def test_what_is_no_code_is_explained_and_kept_in_the_box(client: FlaskClient, typed: str) -> None:
    response = client.get("/", query_string={"code": typed})

    page = response.text
    box = re.search(r'<input[^>]*id="code"[^>]*>', page)
    assert response.status_code == 200
    assert box
    assert 'aria-invalid="true"' in box[0]
    assert 'aria-describedby="code-fault"' in box[0]
    assert 'id="code-fault"' in page
    assert "<b>" not in page


def test_an_empty_box_is_no_fault(client: FlaskClient) -> None:
    for path in ("/", "/?code="):
        page = client.get(path).text
        assert "code-fault" not in page
        assert "aria-invalid" not in page


def test_the_box_works_as_a_plain_form(client: FlaskClient) -> None:
    page = client.get("/").text

    form = page[page.index("<form", page.index('id="code-title"')) :].partition("</form>")[0]
    assert 'method="get"' in form
    assert 'action="/"' in form
    assert 'name="code"' in form
    assert '<label class="field__label" for="code">' in form


@pytest.fixture
def empty(make_app: Callable[..., Flask], empty_database_url: str) -> FlaskClient:
    """A browser before a server whose database has tables and nothing in them."""
    app = make_app(empty_database_url)
    migrated = app.test_cli_runner().invoke(args=["db", "upgrade"])
    assert migrated.exit_code == 0, migrated.output
    return app.test_client()


def test_before_anything_is_loaded_the_home_page_says_how_to_begin(empty: FlaskClient) -> None:
    chinese, english = empty.get("/"), empty.get("/", headers=ENGLISH)

    assert (chinese.status_code, english.status_code) == (200, 200)
    for page in (chinese, english):
        assert "flask --app app campaign load" in page.text
    assert "No campaign has been set up yet" in english.text


def test_before_anything_is_loaded_no_public_page_fails(empty: FlaskClient) -> None:
    answers = {
        path: empty.get(path).status_code
        for path in (
            "/learn",
            "/participation",
            "/participation.json",
            "/participation.csv",
            "/participation/350582",
            "/q/ACDE3467",
            "/r/1-AAAAAAAAAAAAAAAAAAAAAA",
            "/organize/sign-in",
        )
    }

    assert answers == {
        "/learn": 200,
        "/participation": 404,
        "/participation.json": 404,
        "/participation.csv": 404,
        "/participation/350582": 404,
        "/q/ACDE3467": 404,
        "/r/1-AAAAAAAAAAAAAAAAAAAAAA": 404,
        "/organize/sign-in": 200,
    }


def test_a_kept_page_is_answered_without_waking_flask_and_is_the_same(
    app: Flask, save: Save
) -> None:
    save(an_event())
    headers = {"Accept-Encoding": "gzip", "Cookie": "__Host-locale=en; __Host-display=elder"}
    woken: list[str] = []

    def look(**more: str) -> TestResponse:
        return app.test_client(use_cookies=False).get("/", headers=headers | more)

    def note(_app: Flask, **_more: Any) -> None:
        woken.append("asked")

    with (
        time_machine.travel(datetime.now(UTC), tick=False),
        request_started.connected_to(note, app),
    ):
        first, kept, plain = look(), look(), look(**{"Accept-Encoding": "identity"})
        look(Cookie=headers["Cookie"] + "; __Host-session=a")

    assert len(woken) == 2  # the first one, and whoever may have a message waiting
    assert kept.data == first.data
    assert gzip.decompress(kept.data) == plain.data
    unlike = {"X-Request-ID", "Vary"}  # Flask looked for a session
    assert {k: v for k, v in kept.headers.items() if k not in unlike} == {
        k: v for k, v in first.headers.items() if k not in unlike
    }
