"""Printed codes: making, printing, withdrawing; what they hold and how they are typed."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.exc import IntegrityError

from outreach.events.models import Event, Team
from outreach.posters import codes, service
from outreach.posters.models import Poster
from tests.builders import DAILY_QUIZ_ID, a_poster, an_event
from tests.conftest import PUBLIC_URL
from tests.outreach.pages import ENGLISH, queries_of, send, text_of
from tests.outreach.printed import words_on
from tests.outreach.scanner import draw_svg, open_png, scan
from tests.phone import Phone

Rows = Callable[[sa.Select[Any]], list[Any]]
SignIn = Callable[..., FlaskClient]
Save = Callable[..., Any]

LOOK_ALIKES = set("0O1IL2Z5S8BGUV")
WITHDRAWN = '<span class="tag">已停用</span>'
CODES = sa.select(Poster.code).order_by(Poster.created_at, Poster.code)


@pytest.fixture
def event(save: Save) -> Event:
    saved: Event = save(an_event())
    return saved


@pytest.fixture
def poster(save: Save) -> Poster:
    saved: Poster = save(a_poster(an_event()))
    return saved


def make(client: FlaskClient, event: Event, placement: str = "东门", team: str = "") -> Any:
    path = f"/organize/events/{event.id}/posters"
    return send(client, path, {"placement": placement, "team": team})


def press(client: FlaskClient, poster: Poster, what: str) -> Any:
    """Press a poster's button on the page of its event."""
    page = f"/organize/events/{poster.event_id}/posters"
    return send(client, f"/organize/posters/{poster.code}/{what}", {}, page=page)


def test_a_poster_is_made_for_a_placement(sign_in: SignIn, event: Event, rows: Rows) -> None:
    organizer = sign_in()

    response = make(organizer, event, "  食堂  门口 ")

    (made,) = rows(
        sa.select(Poster.event_id, Poster.team_id, Poster.placement, Poster.withdrawn_at)
    )
    assert response.headers["Location"] == f"/organize/events/{event.id}/posters"
    assert tuple(made) == (event.id, None, "食堂 门口", None)
    assert "食堂 门口" in organizer.get(response.headers["Location"]).text


def test_a_fresh_poster_opens_its_events_paper(
    sign_in: SignIn, event: Event, rows: Rows, phone: Callable[..., Phone]
) -> None:
    make(sign_in(), event)

    ((code,),) = rows(CODES)
    assert "晋江鞋厂食堂" in phone().scan(code).html


def test_a_team_is_made_once_and_shared_by_its_posters(
    sign_in: SignIn, event: Event, rows: Rows
) -> None:
    organizer = sign_in()

    for placement, team in (("东门", "一班"), ("西门", " 一班 "), ("南门", "二班"), ("北门", "")):
        make(organizer, event, placement, team)

    posters = sa.select(Poster.placement, Team.name).outerjoin(Poster.team)
    assert dict(map(tuple, rows(posters))) == {
        "东门": "一班",
        "西门": "一班",
        "南门": "二班",
        "北门": None,
    }
    assert [name for (name,) in rows(sa.select(Team.name).order_by(Team.id))] == ["一班", "二班"]


def test_two_events_may_have_teams_of_the_same_name(
    sign_in: SignIn, save: Save, rows: Rows
) -> None:
    organizer = sign_in()
    first, second = save(an_event(), an_event())

    make(organizer, first, team="一班")
    make(organizer, second, team="一班")

    assert sorted(map(tuple, rows(sa.select(Team.event_id, Team.name)))) == [
        (first.id, "一班"),
        (second.id, "一班"),
    ]


@pytest.mark.parametrize(
    ("placement", "team"),
    [("", ""), ("   ", "一班"), ("长" * 41, ""), ("东门", "长" * 41)],
)
def test_a_form_with_a_fault_makes_nothing_and_keeps_what_was_entered(
    sign_in: SignIn, event: Event, rows: Rows, placement: str, team: str
) -> None:
    response = make(sign_in(), event, placement, team)

    assert response.status_code == 422
    assert f'value="{placement.strip()}"' in response.text
    assert f'value="{team}"' in response.text
    assert 'aria-invalid="true"' in response.text
    assert rows(CODES) == rows(sa.select(Team.id)) == []


@pytest.mark.parametrize("field", ["placement", "team"])
def test_a_nul_which_postgresql_cannot_keep_is_refused(
    sign_in: SignIn, event: Event, rows: Rows, field: str
) -> None:
    response = make(sign_in(), event, **{field: "东\0门"})

    assert response.status_code == 400
    assert rows(sa.select(Poster.code)) == []


def test_an_event_has_at_most_two_hundred_posters(
    sign_in: SignIn, event: Event, save: Save, rows: Rows
) -> None:
    organizer = sign_in()
    save(event, *(a_poster(event) for _n in range(service.MAX_POSTERS_OF_EVENT - 1)))

    last = make(organizer, event, "最后一面墙", "一班")
    too_many = make(organizer, event, "再来一面墙", "二班")

    assert (last.status_code, too_many.status_code) == (303, 422)
    assert "200" in text_of(too_many.text)
    assert 'value="再来一面墙"' in too_many.text
    assert len(rows(CODES)) == 200
    assert [name for (name,) in rows(sa.select(Team.name))] == ["一班"]


def test_a_withdrawn_poster_says_so_and_takes_no_paper(
    sign_in: SignIn, poster: Poster, phone: Callable[..., Phone], rows: Rows
) -> None:
    visitor = phone()
    paper = visitor.scan(poster.code)
    organizer = sign_in()
    assert WITHDRAWN not in organizer.get(f"/organize/events/{poster.event_id}/posters").text

    response = press(organizer, poster, "withdraw")

    assert response.headers["Location"] == f"/organize/events/{poster.event_id}/posters"
    assert visitor.client.get(f"/q/{poster.code}").status_code == 410
    assert visitor.send(paper).status_code == 410
    assert WITHDRAWN in organizer.get(response.headers["Location"]).text
    assert rows(sa.select(Poster.code)) == [(poster.code,)]


def test_a_restored_poster_works_again_under_the_same_code(
    sign_in: SignIn, poster: Poster, phone: Callable[..., Phone]
) -> None:
    organizer = sign_in()
    press(organizer, poster, "withdraw")

    response = press(organizer, poster, "restore")

    assert response.status_code == 303
    assert phone().scan(poster.code).ticket


def test_withdrawing_twice_keeps_the_first_moment(
    sign_in: SignIn, poster: Poster, rows: Rows
) -> None:
    organizer = sign_in()
    press(organizer, poster, "withdraw")
    first = rows(sa.select(Poster.withdrawn_at))

    response = press(organizer, poster, "withdraw")

    assert response.status_code == 303
    assert rows(sa.select(Poster.withdrawn_at)) == first


@pytest.mark.parametrize("what", ["withdraw", "restore"])
def test_no_link_and_no_foreign_form_changes_a_poster(
    sign_in: SignIn, poster: Poster, rows: Rows, what: str
) -> None:
    organizer = sign_in()
    path = f"/organize/posters/{poster.code}/{what}"

    assert organizer.get(path).status_code == 405
    assert organizer.post(path).status_code == 400
    assert rows(sa.select(Poster.withdrawn_at)) == [(None,)]


def test_the_files_are_read_as_exactly_the_public_link(sign_in: SignIn, poster: Poster) -> None:
    organizer = sign_in()

    svg = organizer.get(f"/organize/posters/{poster.code}.svg")
    png = organizer.get(f"/organize/posters/{poster.code}.png")

    link = f"{PUBLIC_URL}/q/{poster.code}"
    assert (svg.mimetype, png.mimetype) == ("image/svg+xml", "image/png")
    assert scan(draw_svg(svg.text)).text == link
    assert scan(open_png(png.data)).text == link


def test_a_scanned_code_opens_its_own_event(
    sign_in: SignIn, save: Save, phone: Callable[..., Phone]
) -> None:
    organizer = sign_in()
    sites = {}
    for n in range(5):
        poster = save(a_poster(an_event(site=f"第{n}食堂")))
        png = organizer.get(f"/organize/posters/{poster.code}.png").data
        link = scan(open_png(png)).text
        sites[f"第{n}食堂"] = phone().client.get(urlsplit(link).path).text

    for site, page in sites.items():
        assert [other for other in sites if other in page] == [site]


@pytest.mark.parametrize("trusted_proxies", [0, 1])
def test_a_code_holds_the_public_address_whatever_host_was_asked(
    make_app: Callable[..., Flask],
    database_url: str,
    sign_in: SignIn,
    poster: Poster,
    trusted_proxies: int,
) -> None:
    session = sign_in().get_cookie("__Host-session")
    assert session
    client = make_app(database_url, trusted_proxies=trusted_proxies).test_client(use_cookies=False)
    headers = {
        "Cookie": f"__Host-session={session.value}",
        "Host": "evil.example",
        "X-Forwarded-Host": "evil.example",
        "X-Forwarded-Proto": "gopher",
        "Forwarded": "host=evil.example",
    }

    svg = client.get(f"/organize/posters/{poster.code}.svg", headers=headers)
    png = client.get(f"/organize/posters/{poster.code}.png", headers=headers)
    page = client.get(f"/organize/posters/{poster.code}/print", headers=headers)

    link = f"{PUBLIC_URL}/q/{poster.code}"
    assert scan(draw_svg(svg.text)).text == scan(open_png(png.data)).text == link
    assert link in page.text
    assert "evil.example" not in page.text


def test_a_code_follows_the_public_address_of_the_settings(
    make_app: Callable[..., Flask], database_url: str
) -> None:
    app = make_app(database_url, public_url="http://quality.example:8080/month")

    with app.app_context():
        assert service.link("ACDE3467") == "http://quality.example:8080/month/q/ACDE3467"


def test_the_printed_page_says_all_that_stands_beside_the_code(sign_in: SignIn, save: Save) -> None:
    event = an_event(title_zh="质量月进工厂：三号厂", quiz_id=DAILY_QUIZ_ID)
    poster = save(a_poster(event, team=Team(event=event, name="早班")))

    page = sign_in().get(f"/organize/posters/{poster.code}/print").text

    words = text_of(page)
    assert f'src="/organize/posters/{poster.code}.svg"' in page
    assert f"{PUBLIC_URL}/q/{poster.code}" in words
    assert f"{poster.code[:4]} {poster.code[4:]}" in words
    for wanted in (
        "质量月进工厂：三号厂",
        "Quality Month at work",
        "晋江鞋厂食堂",
        "早班",
        "省市场监督管理局",
        "Fujian Administration for Market Regulation",
        "答 5 道题",
        "Scan for 5 questions",
        "米内可扫",
        "scan within",
        "匿名答题",
        "Anonymous: no name",
        "开放时间",
    ):
        assert wanted in words, wanted


def test_the_printed_times_are_beijing_time(sign_in: SignIn, save: Save) -> None:
    event, poster = save(event := an_event(), a_poster(event))
    organizer = sign_in()
    path = f"/organize/events/{event.id}/edit"
    times = {"opens_at": "2026-09-01T07:30", "closes_at": "2026-09-30T18:05", "confirmed": "y"}
    fields = {"title_zh": "质量月", "kind": "factory", "site": "食堂", "region": "晋江市"}
    ids = {"body_id": str(event.body_id), "quiz_id": str(event.quiz_id)}

    send(organizer, path, fields | ids | times)

    page = text_of(organizer.get(f"/organize/posters/{poster.code}/print").text)
    file = organizer.get(f"/organize/events/{event.id}/posters.pdf").data
    assert "2026.09.01 07:30 – 2026.09.30 18:05" in page
    assert "2026.09.01 07:30 – 09.30 18:05" in words_on(file).replace("\u00a0", " ")


def test_a_poster_reads_the_same_whatever_language_its_organizer_reads(
    sign_in: SignIn, poster: Poster
) -> None:
    organizer = sign_in()
    path = f"/organize/posters/{poster.code}/print"

    def printed(**kwargs: Any) -> str:
        page = organizer.get(path, **kwargs).text
        return page[page.index("<article") : page.index("</article>")]

    assert printed() == printed(headers=ENGLISH)


def test_the_list_of_posters_shows_each_with_its_link_files_and_typed_code(
    sign_in: SignIn, save: Save
) -> None:
    event = an_event()
    event, *posters = save(event, *(a_poster(event) for _n in range(3)))

    page = sign_in().get(f"/organize/events/{event.id}/posters").text

    for poster in posters:
        assert f"{PUBLIC_URL}/q/{poster.code}" in page
        assert f"{poster.code[:4]} {poster.code[4:]}" in page
        for path in ("{}.svg", "{}.png", "{}/print", "{}/withdraw"):
            assert f"/organize/posters/{path.format(poster.code)}" in page


def test_listing_posters_costs_the_same_for_one_as_for_thirty(
    app: Flask, sign_in: SignIn, save: Save
) -> None:
    organizer = sign_in()
    event = save(an_event())
    path = f"/organize/events/{event.id}/posters"
    save(event, a_poster(event, team=Team(event_id=event.id, name="零班")))
    organizer.get(path)

    with queries_of(app) as for_one:
        organizer.get(path)
    save(event, *(a_poster(event, team=Team(event_id=event.id, name=f"{n}班")) for n in range(29)))
    with queries_of(app) as for_thirty:
        page = organizer.get(path).text

    assert page.count("poster-list__typed") == 30
    assert len(for_thirty) == len(for_one)


def test_codes_have_eight_signs_none_of_which_looks_like_another() -> None:
    drawn = {codes.new_code() for _n in range(1_000)}

    assert len(drawn) == 1_000
    assert {len(code) for code in drawn} == {8}
    assert set("".join(drawn)) == set(codes.ALPHABET)
    assert not set(codes.ALPHABET) & LOOK_ALIKES
    assert len(codes.ALPHABET) ** codes.CODE_LENGTH > 10**10


def test_a_code_is_never_given_to_a_second_poster(save: Save, poster: Poster) -> None:
    with pytest.raises(IntegrityError):
        save(a_poster(an_event(), code=poster.code))


@pytest.mark.parametrize(
    "typed",
    [
        "ACDE3467",
        "acde3467",
        "ACDE 3467",
        " acde  34 67 ",
        "ACDE-3467",
        "acde　3467",  # the wide space of Chinese keyboards
        "https://zl.example.cn/q/ACDE3467",
        "https://zl.example.cn/q/acde3467/",
        "zl.example.cn/q/ACDE3467",
        "ＡＣＤＥ３４６７",
        "ａｃｄｅ－３４６７",
        "ACDE–3467",
        "https://zl.example.cn/q/ACDE3467?from=singlemessage",
        "https://zl.example.cn/q/ACDE3467/?from=timeline&isappinstalled=0#wechat_redirect",
        "https://zl.example.cn/q/ACDE3467#top",
        "ＨＴＴＰＳ：／／zl.example.cn／q／ACDE3467？from=groupmessage",
    ],
)
def test_a_typed_code_is_understood(typed: str) -> None:
    assert codes.normal(typed) == "ACDE3467"


@pytest.mark.parametrize(
    "typed",
    [
        "",
        " ",
        "ACDE346",
        "ACDE34677",
        "ACDE346O",
        "ACDE3461",
        "扫一扫答十道题",
        "../../etc",
        "ACDE\0467",
        "https://zl.example.cn/?code=ACDE3467",
        "ACDE346①",
    ],
)
def test_what_cannot_be_a_code_is_told_apart(typed: str) -> None:
    assert codes.normal(typed) is None


@given(st.text("34679ACDEFHJKMNPQRTWXY", min_size=8, max_size=8))
def test_a_code_survives_being_printed_and_typed(code: str) -> None:
    assert codes.normal(codes.spaced(code)) == codes.normal(code.lower()) == code


@given(st.text(max_size=60))
def test_any_text_is_a_code_of_the_alphabet_or_none(typed: str) -> None:
    code = codes.normal(typed)

    assert code is None or (len(code) == 8 and set(code) <= set(codes.ALPHABET))
