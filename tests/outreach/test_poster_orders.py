"""Posters of events as one file, several at once, renamed, and pointed elsewhere."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pypdfium2
import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from core import jobs
from core.audit import AuditEntry
from core.db import db
from core.jobs import Job, JobFile
from outreach.events.models import Event, Team
from outreach.organizers import service as organizers
from outreach.organizers.models import Organizer, Role
from outreach.participation.models import Attempt
from outreach.posters import choosing, printing, service
from outreach.posters.models import Poster
from tests.builders import FUZHOU, JINJIANG, MINHOU, QUANZHOU, a_poster, an_event
from tests.conftest import csrf_token
from tests.outreach.pages import ENGLISH, queries_of, send, text_of
from tests.outreach.printed import pictures, read, words_on
from tests.phone import Phone

Rows = Callable[[sa.Select[Any]], list[Any]]
Save = Callable[..., Any]
SignIn = Callable[..., FlaskClient]

ORDER = "/organize/posters"
OPENED = datetime(2026, 9, 1, 1, tzinfo=UTC)
POSTERS = sa.select(*Poster.__table__.columns).order_by(Poster.code)
FILES = sa.select(JobFile.content)
PAGES = {
    "pdf": ("GET", "/organize/events/{event}/posters.pdf"),
    "teams": ("POST", "/organize/events/{event}/posters/teams"),
    "rename": ("POST", "/organize/posters/{poster}/rename"),
    "choose": ("GET", "/organize/posters/{poster}/repoint"),
    "confirm": ("GET", "/organize/posters/{poster}/repoint?to={event}"),
    "repoint": ("POST", "/organize/posters/{poster}/repoint"),
}


@pytest.fixture
def event(save: Save) -> Event:
    """An open event in Jinjiang with two teams and no poster."""
    event = an_event()
    saved: Event = save(event, Team(event=event, name="早班"), Team(event=event, name="晚班"))[0]
    return saved


@pytest.fixture
def poster(save: Save) -> Poster:
    """A poster of an event in Jinjiang."""
    saved: Poster = save(a_poster(an_event()))
    return saved


def order(client: FlaskClient, query: str = "", **fields: Any) -> TestResponse:
    """Ask for a file of posters."""
    form = {"size": "a4", "which": "ticked", "adds_missing": "y"} | fields
    return send(client, ORDER + query, form)


def work_off(app: Flask) -> None:
    with app.app_context():
        jobs.work_off()


def change(app: Flask, model: type[Any], key: int, **values: Any) -> None:
    """Change a row, as others do meanwhile."""
    with app.app_context():
        db.session.execute(sa.update(model).where(model.id == key).values(**values))
        db.session.commit()


def page_of(event: Event | Poster) -> str:
    number = event.event_id if isinstance(event, Poster) else event.id
    return f"/organize/events/{number}/posters"


@pytest.mark.parametrize(
    ("size", "codes"), [("a4", 1), ("a3", 1), ("a5", 1), ("cards", 8), ("", 1)]
)
def test_every_page_of_the_file_opens_its_own_event(
    *, sign_in: SignIn, save: Save, phone: Callable[..., Phone], size: str, codes: int
) -> None:
    organizer = sign_in()
    event = an_event(site="三号厂食堂")
    save(event, a_poster(event), a_poster(event, team=Team(event=event, name="早班")))
    save(a_poster(an_event(site="别处")))

    response = organizer.get(f"{page_of(event)}.pdf" + (f"?size={size}" if size else ""))

    links = [read(page) for page in pictures(response.data)]
    assert (response.status_code, response.mimetype) == (200, "application/pdf")
    assert [len(found) for found in links] == [codes, codes]
    assert len({link for found in links for link in found}) == 2
    for found in links:
        (link,) = set(found)
        assert "三号厂食堂" in phone().client.get(urlsplit(link).path).text


def test_a_page_for_each_team_and_none_for_what_was_withdrawn(sign_in: SignIn, save: Save) -> None:
    event = an_event()
    early, late = (Team(event=event, name=name) for name in ("早班", "晚班"))
    old = a_poster(event, placement="旧墙", withdrawn_at=datetime.now(UTC))
    save(event, a_poster(event, team=late), a_poster(event, team=early), old)

    file = sign_in().get(f"{page_of(event)}.pdf").data

    pages = [words_on(file, n) for n in range(len(pypdfium2.PdfDocument(file)))]
    assert ["早班" in page for page in pages] == [True, False]
    assert ["晚班" in page for page in pages] == [False, True]
    assert not any("旧墙" in page for page in pages)


def test_an_event_without_posters_leads_to_where_they_are_made(
    sign_in: SignIn, event: Event
) -> None:
    response = sign_in().get(f"{page_of(event)}.pdf")

    assert response.status_code == 303
    assert response.headers["Location"] == page_of(event)


def test_an_unknown_size_is_not_found(sign_in: SignIn, poster: Poster) -> None:
    assert sign_in().get(f"{page_of(poster)}.pdf?size=a0").status_code == 404


def test_many_posters_are_offered_as_a_file_made_in_the_background(
    app: Flask, sign_in: SignIn, event: Event, save: Save, rows: Rows
) -> None:
    save(event, *(a_poster(event) for _n in range(printing.AT_ONCE + 1)))
    organizer = sign_in()

    led = organizer.get(f"{page_of(event)}.pdf?size=a5")
    shown = organizer.get(led.headers["Location"])
    asked = rows(sa.select(Job.id))
    ordered = order(
        organizer, "?" + urlsplit(led.headers["Location"]).query, size="a5", events=[event.id]
    )
    work_off(app)

    assert led.status_code == 303
    assert f'value="{event.id}" checked' in shown.text
    assert asked == []
    path = ordered.headers["Location"]
    assert (ordered.status_code, path.startswith("/organize/files/")) == (303, True)
    file = organizer.get(f"{path}/file").data
    assert len(pypdfium2.PdfDocument(file)) == printing.AT_ONCE + 3  # the teams' were made first
    assert f'href="{path}/file"' in organizer.get(path).text


def test_all_that_is_found_is_printed_together_and_what_lacks_posters_gets_them(
    app: Flask, sign_in: SignIn, save: Save, rows: Rows
) -> None:
    with_poster, bare = an_event(site="晋江一厂"), an_event(site="晋江二厂")
    over = an_event(
        site="晋江三厂",
        opens_at=datetime.now(UTC) - timedelta(days=2),
        closes_at=datetime.now(UTC) - timedelta(days=1),
    )
    elsewhere = an_event(site="闽侯厂", region_code=MINHOU)
    save(with_poster, a_poster(with_poster), bare, over, elsewhere)

    order(sign_in("lin", QUANZHOU), "?region=350582", which="all")
    work_off(app)

    ((content,),) = rows(FILES)
    words = words_on(content, 0) + words_on(content, 1)
    assert len(pypdfium2.PdfDocument(content)) == 2
    assert ("晋江一厂" in words, "晋江二厂" in words) == (True, True)
    made = sa.select(Poster.placement).where(Poster.event_id == bare.id)
    assert rows(made) == [("晋江二厂",)]
    assert rows(sa.select(Poster.code).where(Poster.event_id.in_([over.id, elsewhere.id]))) == []
    (entry,) = rows(sa.select(AuditEntry.detail).where(AuditEntry.action == "poster.print"))
    assert entry[0] == {"events": 2, "posters": 2, "made": 1}


def test_events_out_of_reach_are_not_printed_however_they_are_named(
    sign_in: SignIn, save: Save, rows: Rows
) -> None:
    theirs = save(an_event(region_code=MINHOU))

    response = order(sign_in("lin", QUANZHOU), events=[theirs.id])

    assert response.status_code == 422
    assert rows(sa.select(Job.id)) == rows(POSTERS) == []


def test_ordering_nothing_asks_to_tick_and_forgets_nothing(
    sign_in: SignIn, event: Event, rows: Rows
) -> None:
    organizer = sign_in()

    nothing = order(organizer, size="a3")
    no_size = order(organizer, size="a0", events=[event.id])

    assert (nothing.status_code, no_size.status_code) == (422, 422)
    assert f'value="{event.id}" checked' in no_size.text
    assert 'role="alert"' in nothing.text
    assert rows(sa.select(Job.id)) == rows(POSTERS) == []


def test_a_file_whose_posters_were_all_withdrawn_meanwhile_says_so(
    app: Flask, sign_in: SignIn, poster: Poster
) -> None:
    organizer = sign_in()
    path = order(organizer, events=[poster.event_id]).headers["Location"]
    send(organizer, f"/organize/posters/{poster.code}/withdraw", {}, page=page_of(poster))

    work_off(app)

    assert organizer.get(f"{path}/file").status_code == 404
    assert "海报" in text_of(organizer.get(path).text)


def test_asked_again_a_file_holds_what_is_within_reach_by_then(
    app: Flask, sign_in: SignIn, save: Save, rows: Rows
) -> None:
    stays, goes = an_event(site="晋江一厂"), an_event(site="晋江二厂")
    save(stays, goes, a_poster(stays), a_poster(goes))
    organizer = sign_in("lin", QUANZHOU)
    path = order(organizer, which="all").headers["Location"]
    work_off(app)

    change(app, Event, goes.id, region_code=MINHOU)
    again = send(organizer, f"{path}/again", {}, page=ORDER).headers["Location"]
    work_off(app)
    change(app, Event, stays.id, region_code=MINHOU)
    refused = send(organizer, f"{path}/again", {}, page=ORDER).headers["Location"]

    file = organizer.get(f"{again}/file").data
    assert len(pypdfium2.PdfDocument(file)) == 1
    assert "晋江一厂" in words_on(file, 0)
    assert refused == path
    assert len(rows(sa.select(Job.id))) == 2


def test_who_plans_no_events_any_more_cannot_ask_for_posters_again(
    app: Flask, sign_in: SignIn, poster: Poster, rows: Rows
) -> None:
    organizer = sign_in("lin", QUANZHOU)
    path = order(organizer, events=[poster.event_id]).headers["Location"]

    change(app, Organizer, 1, role=Role.HELPER, event_id=poster.event_id)
    refused = send(organizer, f"{path}/again", {}, page="/organize/files/")

    assert refused.headers["Location"] == path
    assert len(rows(sa.select(Job.id))) == 1


def test_asking_what_to_print_writes_nothing(sign_in: SignIn, poster: Poster, rows: Rows) -> None:
    organizer = sign_in()
    before = rows(POSTERS), rows(sa.select(AuditEntry.id)), rows(sa.select(Job.id))

    for path in (ORDER, f"{ORDER}?q=工厂&region=350500&kind=factory", f"{page_of(poster)}.pdf"):
        assert organizer.get(path).status_code == 200

    assert (rows(POSTERS), rows(sa.select(AuditEntry.id)), rows(sa.select(Job.id))) == before


def test_listing_what_can_be_printed_costs_the_same_for_one_event_as_for_thirty(
    app: Flask, sign_in: SignIn, save: Save
) -> None:
    organizer = sign_in()
    save(an_event())
    organizer.get(ORDER)

    with queries_of(app) as for_one:
        organizer.get(ORDER)
    save(*(an_event() for _n in range(29)))
    with queries_of(app) as for_thirty:
        page = organizer.get(ORDER).text

    assert page.count('name="events"') == 30
    assert len(for_thirty) == len(for_one)


def test_making_what_is_missing_costs_the_same_queries_for_one_event_as_for_thirty(
    app: Flask, sign_in: SignIn, save: Save, rows: Rows
) -> None:
    organizer = sign_in()
    save(an_event())
    order(organizer, which="all")
    save(Team(event=an_event(), name="早班"))

    with queries_of(app) as for_one:
        order(organizer, which="all")
    save(*(Team(event=an_event(), name="早班") for _n in range(30)))
    with queries_of(app) as for_thirty:
        order(organizer, which="all")

    assert len(rows(POSTERS)) == 32
    assert len(for_thirty) == len(for_one)


def test_an_event_with_as_many_posters_as_it_may_have_holds_no_other_up(
    sign_in: SignIn, save: Save, rows: Rows
) -> None:
    full, all_withdrawn, bare = an_event(), an_event(), an_event()
    save(
        full,
        all_withdrawn,
        bare,
        a_poster(all_withdrawn, withdrawn_at=OPENED),
        *(a_poster(full, withdrawn_at=OPENED) for _n in range(service.MAX_POSTERS_OF_EVENT)),
    )

    order(sign_in(), which="all")

    in_use = sa.select(Poster.event_id).where(Poster.withdrawn_at.is_(None))
    assert {event_id for (event_id,) in rows(in_use)} == {all_withdrawn.id, bare.id}


def test_more_events_than_fit_one_file_are_refused_instead_of_cut_off(
    app: Flask, sign_in: SignIn, save: Save, rows: Rows
) -> None:
    with app.app_context():
        db.session.add_all(an_event() for _n in range(choosing.MOST_EVENTS + 1))
        db.session.commit()
    organizer = sign_in()

    shown = organizer.get(ORDER, headers=ENGLISH)
    refused = order(organizer, which="all")

    assert "prints at most 2000 events at once" in text_of(shown.text)
    assert (refused.status_code, 'role="alert"' in refused.text) == (422, True)
    assert rows(sa.select(Job.id)) == rows(POSTERS) == []


@pytest.mark.parametrize(
    "typed", ["食堂门口; 2号门；公告栏;;食堂门口", " 食堂门口 ；2号门 ; 公告栏"]
)
def test_several_placements_are_typed_at_once(
    sign_in: SignIn, event: Event, rows: Rows, typed: str
) -> None:
    response = send(sign_in(), page_of(event), {"placement": typed, "team": "早班"})

    made = rows(sa.select(Poster.placement, Team.name).join(Poster.team))
    assert response.status_code == 303
    assert sorted(made) == [("2号门", "早班"), ("公告栏", "早班"), ("食堂门口", "早班")]


@pytest.mark.parametrize("typed", ["; ；", "东门;" + "长" * 41, ";".join(map(str, range(51)))])
def test_placements_with_a_fault_make_no_poster_at_all(
    sign_in: SignIn, event: Event, rows: Rows, typed: str
) -> None:
    response = send(sign_in(), page_of(event), {"placement": typed})

    assert response.status_code == 422
    assert rows(POSTERS) == []


def test_one_click_makes_a_poster_for_each_team_that_has_none(
    sign_in: SignIn, event: Event, rows: Rows
) -> None:
    organizer = sign_in()
    press = f"{page_of(event)}/teams"

    for _twice in range(2):
        response = send(organizer, press, {}, page=page_of(event))

    made = rows(sa.select(Poster.placement, Team.name).join(Poster.team).order_by(Team.id))
    assert response.status_code == 303
    assert made == [("晋江鞋厂食堂", "早班"), ("晋江鞋厂食堂", "晚班")]


def test_a_poster_is_renamed_and_keeps_its_code(
    sign_in: SignIn, poster: Poster, rows: Rows
) -> None:
    organizer = sign_in()
    path = f"/organize/posters/{poster.code}/rename"

    renamed = send(organizer, path, {"placement": " 北门 "}, page=page_of(poster))
    too_long = send(organizer, path, {"placement": "长" * 41}, page=page_of(poster))

    assert (renamed.status_code, too_long.status_code) == (303, 422)
    assert "长" * 41 in too_long.text
    assert rows(sa.select(Poster.code, Poster.placement)) == [(poster.code, "北门")]
    ((before,),) = rows(sa.select(AuditEntry.detail).where(AuditEntry.action == "poster.rename"))
    assert before == {"before": "食堂门口"}


def test_before_withdrawing_one_reads_how_many_attempts_came_through(
    sign_in: SignIn, poster: Poster, phone: Callable[..., Phone]
) -> None:
    for _n in range(2):
        phone().take(poster.code)

    page = text_of(sign_in().get(page_of(poster), headers=ENGLISH).text)

    assert "2 attempts came through this code; they stay counted." in page


def test_a_title_that_our_font_cannot_print_is_named_beforehand(
    sign_in: SignIn, save: Save
) -> None:
    event = save(an_event(title_zh="质量月🎉进校园"))

    assert "🎉" in sign_in().get(page_of(event)).text.partition("message--error")[2][:200]


@pytest.fixture
def target(save: Save) -> Event:
    """Another event in Jinjiang, with a team."""
    event = an_event(title_zh="新的场次", title_en="Another one", site="新址")
    saved: Event = save(event, Team(event=event, name="新班"))[0]
    return saved


@pytest.fixture
def new_team(target: Event, rows: Rows) -> int:
    """The id of its team."""
    ((team_id,),) = rows(sa.select(Team.id).where(Team.event_id == target.id))
    return int(team_id)


def move(client: FlaskClient, poster: Poster, target: Event, team_id: int = 0) -> TestResponse:
    """Confirm that a poster shall lead elsewhere."""
    path = f"/organize/posters/{poster.code}/repoint"
    form = {"event_id": str(target.id), "team_id": str(team_id)}
    return send(client, path, form, page=f"{path}?to={target.id}")


def test_a_repointed_code_opens_the_other_event_and_old_counts_stay(
    *,
    sign_in: SignIn,
    poster: Poster,
    target: Event,
    new_team: int,
    phone: Callable[..., Phone],
    rows: Rows,
) -> None:
    phone().take(poster.code)
    organizer = sign_in()

    response = move(organizer, poster, target, new_team)
    phone().take(poster.code)

    attempts = rows(sa.select(Attempt.event_id, Attempt.team_id).order_by(Attempt.event_id))
    assert response.headers["Location"] == page_of(target)
    assert "新址" in phone().scan(poster.code).html
    assert attempts == [(poster.event_id, None), (target.id, new_team)]
    ((detail,),) = rows(sa.select(AuditEntry.detail).where(AuditEntry.action == "poster.repoint"))
    assert detail == {"from_event": poster.event_id, "to_event": target.id, "team": "新班"}


def test_a_phone_that_holds_a_paper_of_the_old_event_is_counted_there(
    *, sign_in: SignIn, poster: Poster, target: Event, phone: Callable[..., Phone], rows: Rows
) -> None:
    slow, done = phone(), phone()
    held, handed_in = slow.scan(poster.code), done.scan(poster.code)
    receipt = done.send(handed_in).headers["Location"]

    move(sign_in(), poster, target)
    late = slow.send(held)
    next_one = slow.send(slow.scan(poster.code))
    repeated = done.send(handed_in)
    changed = done.send(handed_in, handed_in.answers(1))

    assert (late.status_code, next_one.status_code, changed.status_code) == (303, 303, 409)
    assert repeated.headers["Location"] == receipt
    counted = rows(sa.select(Attempt.event_id).order_by(Attempt.event_id))
    assert counted == [(poster.event_id,), (poster.event_id,), (target.id,)]


def test_before_repointing_one_reads_what_changes_and_nothing_has(
    sign_in: SignIn, poster: Poster, target: Event, phone: Callable[..., Phone], rows: Rows
) -> None:
    phone().take(poster.code)
    organizer = sign_in()
    before = rows(POSTERS)

    offered = organizer.get(f"/organize/posters/{poster.code}/repoint").text
    path = f"/organize/posters/{poster.code}/repoint?to={target.id}"
    asked = text_of(organizer.get(path, headers=ENGLISH).text)

    assert f"?to={target.id}" in offered
    for words in ("Now Quality Month at work", "Another one", "1 attempt that came", "新班"):
        assert words in asked, words
    assert rows(POSTERS) == before


def test_no_code_is_pointed_to_what_is_over_foreign_or_not_its_team(
    *, sign_in: SignIn, poster: Poster, target: Event, new_team: int, save: Save, rows: Rows
) -> None:
    organizer = sign_in("lin", QUANZHOU)
    now = datetime.now(UTC)
    over = save(an_event(opens_at=now - timedelta(days=2), closes_at=now - timedelta(days=1)))
    theirs = save(an_event(region_code=MINHOU))
    before = rows(POSTERS)
    path = f"/organize/posters/{poster.code}/repoint"
    token = csrf_token(organizer.get(f"{path}?to={target.id}").text)

    statuses = [
        organizer.post(
            path, data={"csrf_token": token, "event_id": event, "team_id": team}
        ).status_code
        for event, team in ((over.id, 0), (theirs.id, 0), (poster.event_id, new_team))
    ]

    assert statuses == [422, 404, 422]
    assert rows(POSTERS) == before


@pytest.fixture
def helper(app: Flask, poster: Poster, sign_in: SignIn) -> FlaskClient:
    """Somebody who looks after the poster's event, but plans nothing."""
    with app.app_context():
        organizers.add("wu", "correct horse", JINJIANG, role=Role.HELPER, event_id=poster.event_id)
        db.session.commit()
    return sign_in("wu", add=False)


@pytest.fixture
def ask(poster: Poster, rows: Rows) -> Iterator[Callable[..., TestResponse]]:
    """Ask for a page of a poster or its event; whatever is answered, nothing may change."""
    before = rows(POSTERS)

    def ask(client: FlaskClient, name: str) -> TestResponse:
        method, pattern = PAGES[name]
        path = pattern.format(poster=poster.code, event=poster.event_id)
        if method == "GET":
            return client.get(path)
        token = csrf_token(client.get("/organize/sign-in", follow_redirects=True).text)
        form = {"csrf_token": token, "placement": "北门", "event_id": poster.event_id, "team_id": 0}
        return client.post(path, data=form)

    yield ask
    assert rows(POSTERS) == before


@pytest.mark.parametrize("name", PAGES)
def test_strangers_other_regions_and_helpers_reach_none_of_these_pages(
    *,
    client: FlaskClient,
    helper: FlaskClient,
    sign_in: SignIn,
    ask: Callable[..., TestResponse],
    name: str,
) -> None:
    assert ask(client, name).status_code == 303
    assert ask(sign_in("other", FUZHOU), name).status_code == 404
    assert ask(helper, name).status_code == 403


@pytest.mark.parametrize("method", ["get", "post"])
def test_ordering_is_for_those_who_plan_events(
    client: FlaskClient, helper: FlaskClient, method: str
) -> None:
    def ask(browser: FlaskClient) -> int:
        token = csrf_token(browser.get("/organize/sign-in", follow_redirects=True).text)
        return getattr(browser, method)(ORDER, data={"csrf_token": token}).status_code

    assert ask(client) == 303
    assert ask(helper) == 403
