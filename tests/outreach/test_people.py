"""Who lets whom in: nobody gives more than they hold, each link works once."""

import re
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask
from flask.testing import FlaskClient

from core import jobs
from core.audit import AuditEntry
from core.db import db
from outreach.events.models import Event
from outreach.organizers import invitation_service, people_service
from outreach.organizers.granting import Grant, NotYoursToGiveError
from outreach.organizers.models import Invitation, Organizer, Role
from tests.builders import BODY_ID, FUJIAN, FUZHOU, JINJIANG, QUANZHOU, an_event
from tests.outreach.pages import queries_of, text_of
from tests.outreach.scanner import draw_svg, scan
from tests.outreach.signing_in import (
    ACCOUNT,
    PASSWORD,
    add,
    add_with_authenticator,
    browser,
    enter,
    fresh_link,
    headquarters,
    is_signed_in,
    send,
)

Rows = Callable[[sa.Select[Any]], list[Any]]
Save = Callable[..., Any]

PEOPLE = "/organize/people"
INVITE = "/organize/people/invite"
CHARGES = sa.select(Organizer.role, Organizer.region_code, Organizer.body_slug, Organizer.event_id)
MORNING = datetime(2026, 9, 1, 1, tzinfo=UTC)


def signed_in(app: Flask, name: str = "chen", region: str = QUANZHOU, **charge: Any) -> FlaskClient:
    """Return the browser of a new account."""
    add(app, name, region, **charge)
    client = browser(app)
    assert enter(client, name).status_code == 303
    return client


def invite(client: FlaskClient, **form: Any) -> str:
    """Invite somebody and return the path of the link."""
    response = send(
        client, INVITE, **({"note": "三班", "role": "region", "region": "泉州市"} | form)
    )
    assert response.status_code == 303, response.text
    return fresh_link(client)


def join(app: Flask, link: str, name: str = "lin", password: str = PASSWORD) -> FlaskClient:
    """Make an account by a link, and return its browser."""
    client = browser(app)
    response = send(client, link, name=name, password=password)
    assert response.status_code == 303, response.text
    return client


@pytest.fixture
def event(save: Save) -> Event:
    """An event in Jinjiang, whose host is the leading body."""
    saved: Event = save(an_event(region_code=JINJIANG))
    return saved


@pytest.fixture
def slug(rows: Rows) -> str:
    """The short name of the leading body."""
    return str(rows(sa.text(f"SELECT slug FROM body WHERE id = {BODY_ID}"))[0][0])  # type: ignore[arg-type]  # noqa: S608


def test_an_invitation_makes_an_account_that_is_signed_in_at_once(app: Flask, rows: Rows) -> None:
    link = invite(signed_in(app), region="晋江市")

    client = join(app, link)

    assert is_signed_in(client)
    assert (Role.REGION, JINJIANG, None, None) in [tuple(row) for row in rows(CHARGES)]


def test_a_link_is_shown_once_and_its_code_leads_to_it(app: Flask) -> None:
    client = signed_in(app)
    link = invite(client)

    drawn = scan(draw_svg(client.get("/organize/people/link.svg").text)).text
    send(client, "/organize/people/link/done", "/organize/people/link")

    assert drawn == f"https://zl.example.cn{link}"
    assert client.get("/organize/people/link").headers["Location"] == PEOPLE
    assert client.get("/organize/people/link.svg").status_code == 404


def test_a_links_token_is_not_at_rest(app: Flask, rows: Rows) -> None:
    token = invite(signed_in(app)).rpartition("/")[2]

    ((kept,),) = rows(sa.select(Invitation.token_hash))

    assert token.encode() not in bytes(kept)


def test_a_link_makes_one_account(app: Flask) -> None:
    link = invite(signed_in(app))
    join(app, link)

    again = browser(app).get(link)

    assert again.status_code == 410


def test_two_at_once_make_one_account(app: Flask, rows: Rows) -> None:
    link = invite(signed_in(app))
    browsers = [browser(app), browser(app)]
    pages = [client.get(link) for client in browsers]
    tokens = [page.text.split('name="csrf_token"')[1].split('value="')[1] for page in pages]
    start = threading.Barrier(2)
    statuses: list[int] = []

    def accept(n: int) -> None:
        form = {"csrf_token": tokens[n].split('"')[0], "name": f"lin{n}", "password": PASSWORD}
        start.wait()
        statuses.append(browsers[n].post(link, data=form).status_code)

    threads = [threading.Thread(target=accept, args=(n,)) for n in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(statuses) == [303, 410]
    assert len(rows(sa.select(Organizer.id))) == 2


@pytest.mark.parametrize(("days", "status"), [(6, 200), (8, 410)])
def test_a_link_works_for_seven_days(app: Flask, days: int, status: int) -> None:
    with time_machine.travel(MORNING, tick=False) as clock:
        link = invite(signed_in(app))
        clock.shift(timedelta(days=days))

        response = browser(app).get(link)

    assert response.status_code == status


def test_a_link_that_nobody_made_is_unknown(app: Flask) -> None:
    assert browser(app).get("/organize/invitation/" + "a" * 43).status_code == 404


def test_a_refused_name_leaves_the_link_good(app: Flask) -> None:
    link = invite(signed_in(app))
    client = browser(app)

    refused = [
        send(client, link, name=name, password=password).status_code
        for name, password in (("chen", PASSWORD), ("陈", PASSWORD), ("lin", "short"))
    ]

    assert refused == [422, 422, 422]
    assert is_signed_in(join(app, link))


def test_a_withdrawn_invitation_opens_nothing(app: Flask, rows: Rows) -> None:
    client = signed_in(app)
    link = invite(client)
    ((number,),) = rows(sa.select(Invitation.id))

    send(client, f"{PEOPLE}/invitations/{number}/withdraw", PEOPLE)

    assert browser(app).get(link).status_code == 410
    assert "三班" not in client.get(PEOPLE).text


def test_closing_an_account_kills_the_invitations_it_gave(app: Flask) -> None:
    link = invite(signed_in(app))

    app.test_cli_runner().invoke(args=["organizers", "deactivate", "chen"])

    assert browser(app).get(link).status_code == 410


def test_a_helper_is_for_one_event(app: Flask, event: Event, rows: Rows) -> None:
    link = invite(signed_in(app), role="helper", event=f"{event.title_zh} · 晋江市 ({event.id})")

    helper = join(app, link)

    assert (Role.HELPER, JINJIANG, None, event.id) in [tuple(row) for row in rows(CHARGES)]
    assert helper.get(PEOPLE).status_code == 403


def test_events_are_found_by_words_within_reach(app: Flask, event: Event) -> None:
    found = signed_in(app).get(f"{PEOPLE}/events.json?q=工厂").get_json()
    elsewhere = signed_in(app, "lin", FUZHOU).get(f"{PEOPLE}/events.json?q=工厂").get_json()

    assert found == {"names": [f"质量月进工厂 · 晋江市 ({event.id})"]}
    assert elsewhere == {"names": []}


@pytest.mark.parametrize(
    ("role", "charge"),
    [
        ("headquarters", {}),
        ("none", {"edits_questions": "y"}),
        ("region", {"region": "福州市"}),
        ("region", {"region": FUJIAN}),
        ("region", {"region": ""}),
        ("region", {"edits_questions": "y"}),
        ("region", {"reviews_questions": "y"}),
        ("body", {"region": "福州市"}),
        ("body", {"body": "no-such-body"}),
        ("helper", {"event": "elsewhere"}),
        ("helper", {"event": ""}),
        ("nobody", {}),
        ("", {}),
    ],
)
def test_a_region_organizer_gives_no_more_than_they_hold(
    app: Flask, save: Save, rows: Rows, role: str, charge: dict[str, str]
) -> None:
    elsewhere = save(an_event(region_code=FUZHOU))
    if charge.get("event") == "elsewhere":
        charge = {"event": str(elsewhere.id)}
    client = signed_in(app)

    response = send(client, INVITE, **({"note": "x", "role": role, "region": "泉州市"} | charge))

    assert response.status_code in {403, 422}
    assert rows(sa.select(Invitation.id)) == []


def test_a_body_organizer_gives_helpers_of_the_bodys_events_only(
    app: Flask, save: Save, event: Event, slug: str, rows: Rows
) -> None:
    foreign = save(an_event(region_code=JINJIANG, body_id=BODY_ID + 1))
    client = signed_in(app, role=Role.BODY, body_slug=slug)

    refused = [
        send(client, INVITE, note="x", role="helper", event=str(foreign.id)),
        send(client, INVITE, note="x", role="body", body=slug, region="泉州市"),
        send(client, INVITE, note="x", role="region", region="泉州市"),
    ]
    taken = send(client, INVITE, note="x", role="helper", event=str(event.id))

    assert {response.status_code for response in refused} == {422}
    assert taken.status_code == 303
    assert rows(sa.select(Invitation.event_id)) == [(event.id,)]


def test_headquarters_give_everything(app: Flask, event: Event, slug: str, rows: Rows) -> None:
    client = headquarters(app)
    charges: list[dict[str, Any]] = [
        {"role": "headquarters"},
        {"role": "region", "region": "福州市"},
        {"role": "body", "body": slug, "region": "泉州市"},
        {"role": "helper", "event": str(event.id)},
        {"role": "none", "reviews_questions": "y"},
    ]

    for charge in charges:
        invite(client, **charge)

    given = rows(sa.select(Invitation.role, Invitation.region_code).order_by(Invitation.id))
    assert [tuple(row) for row in given] == [
        (Role.HEADQUARTERS, FUJIAN),
        (Role.REGION, FUZHOU),
        (Role.BODY, QUANZHOU),
        (Role.HELPER, JINJIANG),
        (Role.NONE, FUJIAN),
    ]


def test_a_service_refuses_what_no_form_offers(app: Flask) -> None:
    number = add(app, "chen", QUANZHOU)
    with app.app_context():
        chen = db.session.get_one(Organizer, number)
        wrong = {
            "role": Grant(role=Role.HEADQUARTERS, region_code=QUANZHOU),
            "region": Grant(role=Role.REGION, region_code=FUJIAN),
            "event": Grant(role=Role.HELPER, region_code=QUANZHOU, event_id=9),
            "edits_questions": Grant(role=Role.REGION, region_code=QUANZHOU, edits_questions=True),
        }
        for field, grant in wrong.items():
            with pytest.raises(NotYoursToGiveError) as refused:
                invitation_service.invite(chen, grant, "x")
            assert refused.value.field == field


@pytest.mark.parametrize(
    ("region", "charge"),
    [
        (FUZHOU, {}),
        (FUJIAN, {}),
        (FUJIAN, {"role": Role.HEADQUARTERS}),
        (QUANZHOU, {"role": Role.HEADQUARTERS}),
        (QUANZHOU, {"edits_questions": True}),
        (QUANZHOU, {"role": Role.NONE, "reviews_questions": True}),
    ],
)
def test_accounts_that_hold_more_are_unknown(
    app: Flask, rows: Rows, region: str, charge: dict[str, Any]
) -> None:
    other = add(app, "other", region, **charge)
    client = signed_in(app)
    before = rows(sa.select(*Organizer.__table__.columns))

    listed = client.get(PEOPLE).text
    asked = [client.get(f"{PEOPLE}/{other}{end}").status_code for end in ("", "/charge")] + [
        send(client, f"{PEOPLE}/{other}/{deed}", PEOPLE, name="other", role="body").status_code
        for deed in ("deactivate", "reactivate", "reset", "charge")
    ]

    assert ">other<" not in listed
    assert asked == [404] * 6
    assert rows(sa.select(*Organizer.__table__.columns)) == before


def test_helpers_of_another_bodys_event_are_unknown_to_a_body_organizer(
    app: Flask, save: Save, slug: str
) -> None:
    own = save(an_event(region_code=JINJIANG))
    foreign = save(an_event(region_code=JINJIANG, body_id=BODY_ID + 1))
    add(app, "mine", JINJIANG, role=Role.HELPER, event_id=own.id)
    theirs = add(app, "theirs", JINJIANG, role=Role.HELPER, event_id=foreign.id)
    client = signed_in(app, role=Role.BODY, body_slug=slug)

    page = client.get(PEOPLE).text

    assert ">mine<" in page
    assert ">theirs<" not in page
    assert client.get(f"{PEOPLE}/{theirs}").status_code == 404


def test_an_account_is_closed_by_its_name_and_opened_again(app: Flask) -> None:
    number = add(app, "lin", JINJIANG)
    lin, client = browser(app), signed_in(app)
    enter(lin, "lin")
    page = f"{PEOPLE}/{number}"

    mistyped = send(client, f"{page}/deactivate", page, name="chen")
    still = is_signed_in(lin)
    send(client, f"{page}/deactivate", page, name=" Lin ")
    closed = is_signed_in(lin), enter(browser(app), "lin").status_code
    send(client, f"{page}/reactivate", page)

    assert (mistyped.status_code, still) == (422, True)
    assert closed == (False, 422)
    assert not is_signed_in(lin)
    assert enter(browser(app), "lin").status_code == 303


def test_an_account_given_another_task_signs_in_anew_and_holds_that_alone(
    app: Flask, event: Event, rows: Rows
) -> None:
    number = add(app, "lin", QUANZHOU)
    lin, client = browser(app), headquarters(app)
    enter(lin, "lin")
    link = invite(lin, region="晋江市")
    with app.app_context():
        job = jobs.start("posters", "海报", {"event_ids": [event.id], "size": "a4"}, number).id
        db.session.commit()
    page = f"{PEOPLE}/{number}/charge"

    shown = client.get(page).text
    response = send(client, page, role="helper", event=str(event.id))
    signed_out = not is_signed_in(lin)
    enter(lin, "lin")

    assert re.search(r'<input checked[^>]*value="region"', shown)
    assert "泉州市" in shown
    assert (response.status_code, signed_out) == (303, True)
    assert (Role.HELPER, JINJIANG, None, event.id) in [tuple(row) for row in rows(CHARGES)]
    assert browser(app).get(link).status_code == 410
    assert lin.get(f"/organize/files/{job}").status_code == 404
    assert lin.get(PEOPLE).status_code == 403
    with app.app_context():
        assert jobs.work_off() == 0
    of_charge = sa.select(AuditEntry.actor_name, AuditEntry.subject, AuditEntry.detail)
    ((actor, subject, detail),) = rows(of_charge.where(AuditEntry.action == "organizer.charge"))
    assert (actor, subject) == ("hq", f"organizer:{number}")
    assert detail == {
        "role": "region → helper",
        "region": f"{QUANZHOU} → {JINJIANG}",
        "event": f"– → {event.id}",
    }


def test_saving_a_task_as_it_is_signs_nobody_out(app: Flask, rows: Rows) -> None:
    number = add(app, "lin", JINJIANG)
    lin, client = browser(app), signed_in(app)
    enter(lin, "lin")

    send(client, f"{PEOPLE}/{number}/charge", role="region", region="晋江市")

    assert is_signed_in(lin)
    assert rows(sa.select(AuditEntry.id).where(AuditEntry.action == "organizer.charge")) == []


@pytest.mark.parametrize(
    "charge",
    [
        {"role": "headquarters"},
        {"role": "none", "edits_questions": "y"},
        {"role": "region", "region": "福州市"},
        {"role": "region", "region": FUJIAN},
        {"role": "region", "region": "泉州市", "reviews_questions": "y"},
        {"role": "body", "region": "泉州市"},
        {"role": "helper", "event": "1"},
        {"role": ""},
    ],
)
def test_nobody_gives_another_task_than_they_could_invite_for(
    app: Flask, save: Save, rows: Rows, charge: dict[str, str]
) -> None:
    save(an_event(region_code=FUZHOU))
    number = add(app, "lin", JINJIANG)
    client = signed_in(app)
    before = rows(CHARGES)

    response = send(client, f"{PEOPLE}/{number}/charge", **charge)

    assert response.status_code in {403, 422}
    assert rows(CHARGES) == before


def test_nobody_gives_themselves_or_a_closed_account_another_task(app: Flask, rows: Rows) -> None:
    closed = add(app, "lin", JINJIANG)
    app.test_cli_runner().invoke(args=["organizers", "deactivate", "lin"])
    client = signed_in(app)
    before = rows(CHARGES)

    asked = [
        send(
            client, f"{PEOPLE}/{number}/charge", PEOPLE, role="region", region="晋江市"
        ).status_code
        for number in (closed, closed + 1)
    ]

    assert asked == [404, 404]
    assert rows(CHARGES) == before
    with app.app_context():
        chen = db.session.get_one(Organizer, closed + 1)
        with pytest.raises(people_service.OwnAccountError):
            people_service.change_charge(chen, chen, Grant(role=Role.REGION, region_code=JINJIANG))


def test_two_headquarters_who_give_each_other_another_task_leave_one(app: Flask) -> None:
    numbers = [add(app, name, role=Role.HEADQUARTERS) for name in ("one", "two")]
    task = Grant(role=Role.REGION, region_code=FUJIAN)
    with app.app_context():
        one, two = (db.session.get_one(Organizer, number) for number in numbers)
        actor = Organizer(id=0, role=Role.HEADQUARTERS, region_code=FUJIAN)
        people_service.change_charge(actor, two, task)

        with pytest.raises(people_service.LastHeadquartersError):
            people_service.change_charge(actor, one, task)

        assert (one.role, two.role) == (Role.HEADQUARTERS, Role.REGION)


def test_nobody_closes_their_own_account(app: Flask) -> None:
    client = headquarters(app)
    add_with_authenticator(app, "other", role=Role.HEADQUARTERS)

    response = send(client, f"{PEOPLE}/1/deactivate", PEOPLE, name="hq")

    assert response.status_code == 422
    assert is_signed_in(client)


def test_two_headquarters_who_close_each_other_leave_one(app: Flask) -> None:
    numbers = [add(app, name, role=Role.HEADQUARTERS) for name in ("one", "two")]
    with app.app_context():
        one, two = (db.session.get_one(Organizer, number) for number in numbers)
        people_service.deactivate(one, two)

        with pytest.raises(people_service.LastHeadquartersError):
            people_service.deactivate(two, one)

        assert (one.is_active, two.is_active) == (True, False)


def test_a_reset_link_sets_a_password_once_and_ends_every_session(app: Flask) -> None:
    number = add(app, "lin", JINJIANG)
    lin, client = browser(app), signed_in(app)
    enter(lin, "lin")
    send(client, f"{PEOPLE}/{number}/reset", f"{PEOPLE}/{number}")
    link = fresh_link(client)

    assert is_signed_in(lin)
    done = send(browser(app), link, password="battery staple")

    assert done.headers["Location"] == "/organize/sign-in"
    assert not is_signed_in(lin)
    assert browser(app).get(link).status_code == 410
    assert enter(browser(app), "lin").status_code == 422
    assert enter(browser(app), "lin", "battery staple").status_code == 303


@pytest.mark.parametrize(
    ("form", "leads_to"),
    [({}, "/organize/sign-in/code"), ({"drops_totp": "y"}, "/organize/")],
)
def test_a_reset_link_drops_the_second_step_only_when_told(
    app: Flask, form: dict[str, str], leads_to: str
) -> None:
    add_with_authenticator(app, "lin")
    client = headquarters(app)
    send(client, f"{PEOPLE}/1/reset", f"{PEOPLE}/1", **form)
    send(browser(app), fresh_link(client), password="battery staple")

    assert enter(browser(app), "lin", "battery staple").headers["Location"] == leads_to


def test_a_newer_reset_link_replaces_the_older_and_ends_after_a_day(app: Flask) -> None:
    number = add(app, "lin", JINJIANG)
    with time_machine.travel(MORNING, tick=False) as clock:
        client = signed_in(app)
        links = []
        for _n in range(2):
            send(client, f"{PEOPLE}/{number}/reset", f"{PEOPLE}/{number}")
            links.append(fresh_link(client))
        now = [browser(app).get(link).status_code for link in links]
        clock.shift(timedelta(days=1, seconds=1))
        later = browser(app).get(links[1]).status_code

    assert (now, later) == ([410, 200], 410)


def test_a_closed_accounts_reset_link_opens_nothing(app: Flask) -> None:
    number = add(app, "lin", JINJIANG)
    client = signed_in(app)
    send(client, f"{PEOPLE}/{number}/reset", f"{PEOPLE}/{number}")
    link = fresh_link(client)

    app.test_cli_runner().invoke(args=["organizers", "deactivate", "lin"])

    assert browser(app).get(link).status_code == 410


def test_a_new_password_of_ones_own_ends_every_other_session(app: Flask) -> None:
    client = signed_in(app)
    other = browser(app)
    enter(other, "chen")
    path = f"{ACCOUNT}/password"

    wrong = send(client, path, ACCOUNT, old="wrong horse", password="battery staple")
    right = send(client, path, ACCOUNT, old=PASSWORD, password="battery staple")

    assert (wrong.status_code, right.status_code) == (422, 303)
    assert is_signed_in(client)
    assert not is_signed_in(other)
    assert enter(browser(app), "chen", "battery staple").status_code == 303


def test_one_ends_a_session_elsewhere_or_all_of_them_but_nobody_elses(
    app: Flask, rows: Rows
) -> None:
    lin = signed_in(app, "lin")
    client = signed_in(app)
    others = [browser(app), browser(app)]
    for other in others:
        enter(other, "chen")
    page = client.get(ACCOUNT).text
    keys = [part.split('"')[0] for part in page.split('name="key" value="')[1:]]
    foreign = [part.split('"')[0] for part in lin.get(ACCOUNT).text.split('name="key" value="')[1:]]
    end = f"{ACCOUNT}/sessions/end"

    send(client, end, ACCOUNT, key=keys[0])
    after_one = sum(map(is_signed_in, others))
    crooked = send(client, end, ACCOUNT, key="z" * 64)
    send(client, f"{ACCOUNT}/sessions/end-others", ACCOUNT)

    assert (len(keys), foreign, after_one, crooked.status_code) == (2, [], 1, 422)
    assert sum(map(is_signed_in, others)) == 0
    assert is_signed_in(client)
    assert is_signed_in(lin)


def test_people_are_found_by_name_region_and_note(app: Flask) -> None:
    client = signed_in(app)
    join(app, invite(client, region="晋江市", note="三班王老师"), "wang")
    add(app, "zhao", QUANZHOU)

    found = {
        words: ">wang<" in client.get(PEOPLE, query_string={"q": words}).text
        for words in ("wan", "晋江", "王老师", "zhao", "%")
    }

    assert found == {"wan": True, "晋江": True, "王老师": True, "zhao": False, "%": False}


def test_the_command_line_invites_headquarters(app: Flask, rows: Rows) -> None:
    args = ["organizers", "invite", "省局 陈", "--role", "headquarters"]

    result = app.test_cli_runner().invoke(args=args)
    link = result.output.splitlines()[0].removeprefix("https://zl.example.cn")

    assert result.exit_code == 0
    assert join(app, link, "hq").get(PEOPLE).headers["Location"] == f"{ACCOUNT}/second-step"
    listed = app.test_cli_runner().invoke(args=["organizers", "list"]).output
    assert listed == f"hq\theadquarters\t{FUJIAN}\topen\tone step\n"


def test_the_list_costs_the_same_for_one_account_as_for_thirty(
    app: Flask,
) -> None:
    client = signed_in(app)
    with queries_of(app) as few:
        client.get(PEOPLE)
    for n in range(30):
        add(app, f"lin{n}", JINJIANG)

    with queries_of(app) as many:
        page = client.get(PEOPLE)

    assert "lin29" in text_of(page.text)
    assert len(many) == len(few)
