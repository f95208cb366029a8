"""The pages and files of what people know, and who may see them."""

import io
from collections.abc import Callable
from typing import Any

import openpyxl
import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from outreach.organizers.models import Role
from tests.builders import (
    FUJIAN,
    MINHOU,
    QUANZHOU,
    a_poster,
    an_event,
)
from tests.outreach.answered import rightly, some_answered
from tests.outreach.known import (
    PAGE,
    Place,
    Save,
    again,
    by_chance,
    known,
    learn,
    renew,
)
from tests.outreach.pages import ENGLISH, queries_of, table_rows, text_of
from tests.outreach.signing_in import add, browser, enter


@pytest.fixture
def place(save: Save) -> Place:
    event = an_event()
    return save(event, a_poster(event))


@pytest.fixture
def answered(app: Flask, save: Save, place: Place) -> Place:
    """Answers of forty phones in Jinjiang, three of which came again."""
    firsts = some_answered(app, *place, 40, by_chance(9))
    save(*firsts, *(again(app, place, firsts[n], 2) for n in range(12)))
    learn(app)
    return place


def get(client: FlaskClient, path: str = PAGE, **query: Any) -> TestResponse:
    return client.get(path, query_string=query, headers=ENGLISH)


def test_the_page_shows_what_was_read_with_intervals(
    app: Flask, answered: Place, sign_in: Callable[..., FlaskClient]
) -> None:
    page = get(sign_in())

    found = known(app)
    total = found.total.first
    assert total
    assert page.status_code == 200
    shown = text_of(page.text)
    assert f"{total.value:.1%} ({total.low:.1%} to {total.high:.1%})" in shown
    assert "Right of 400 answers" in shown
    assert "12 devices handed in a second paper" in shown
    assert "no proof of it" in shown
    rows = [row for row in table_rows(page.text) if len(row) == 4 and row[2].isdigit()]
    listed = {row[0]: row[2] for row in rows}
    for topic_id, share in found.by_topic.items():
        assert listed[found.edition.topics_by_id[topic_id].name.en] == str(share.answers)


def test_every_question_leads_to_study_and_to_a_poster(
    answered: Place, sign_in: Callable[..., FlaskClient], app: Flask
) -> None:
    client = sign_in()
    topic_id = next(iter(known(app).by_topic))

    page = get(client, f"{PAGE}/topics/{topic_id}")

    questions = [q for q in known(app).by_question if f"/learn/{topic_id}/{q}" in page.text]
    assert questions
    assert get(client, f"/learn/{topic_id}/{questions[0]}").status_code == 200
    chosen = get(client, f"{PAGE}/poster/{questions[0]}")
    pdf = f"{PAGE}/poster/{questions[0]}/{answered[0].id}.pdf"
    assert pdf in chosen.text
    assert client.get(pdf).data.startswith(b"%PDF-")


def test_few_answers_give_a_number_and_no_share(
    app: Flask, save: Save, place: Place, sign_in: Callable[..., FlaskClient]
) -> None:
    save(*some_answered(app, *place, 9, rightly))
    learn(app)
    client = sign_in()

    pages = [get(client), get(client, f"{PAGE}.csv")]

    assert "too few answers yet: 90, from 9 devices" in text_of(pages[0].text)
    for page in pages:
        assert "100" not in text_of(page.text).replace("https", "")


@pytest.mark.parametrize("query", [{"region": "110000"}, {"kind": "school"}, {"campaign": "99"}])
def test_a_bad_filter_is_told_beside_its_field(
    answered: Place, sign_in: Callable[..., FlaskClient], query: dict[str, str]
) -> None:
    page = get(sign_in(), **query)

    assert page.status_code == 422
    assert "field--wrong" in page.text
    assert "%" not in text_of(page.text.split("<main")[1])


def test_nobody_sees_what_lies_outside_their_reach(
    app: Flask, save: Save, answered: Place, sign_in: Callable[..., FlaskClient]
) -> None:
    other = an_event(region_code=MINHOU)
    elsewhere = save(other, a_poster(other))
    save(*some_answered(app, *elsewhere, 20, rightly))
    learn(app)
    add(app, "body", role=Role.BODY, body_slug="nobody")
    add(app, "helper", role=Role.HELPER, event_id=other.id)

    def seen(name: str, **query: Any) -> str:
        client = browser(app)
        enter(client, name)
        return text_of(get(client, **query).text)

    stranger = browser(app).get(PAGE)
    quanzhou = sign_in("quanzhou", QUANZHOU)

    assert (stranger.status_code, "sign-in" in stranger.headers["Location"]) == (303, True)
    assert "Right of 400 answers" in text_of(get(quanzhou).text)
    assert get(quanzhou, region=MINHOU).status_code == 422
    assert get(quanzhou, region=FUJIAN).status_code == 422
    assert "Right of 600 answers" in text_of(get(sign_in("whole")).text)
    assert "Nothing was answered here yet" in seen("body")
    assert "Right of 200 answers" in seen("helper")
    helper = browser(app)
    enter(helper, "helper")
    question = next(iter(known(app).by_question))
    assert get(helper, f"{PAGE}/poster/{question}").status_code == 403
    assert get(quanzhou, f"{PAGE}/poster/{question}/{other.id}.pdf").status_code == 404


def test_files_hold_the_filter_and_the_numbers_of_the_page(
    app: Flask, answered: Place, sign_in: Callable[..., FlaskClient]
) -> None:
    client = sign_in()

    book = get(client, f"{PAGE}.xlsx", region=QUANZHOU, kind="factory").data
    table = get(client, f"{PAGE}.csv", region=QUANZHOU, kind="factory").text

    sheets = openpyxl.load_workbook(io.BytesIO(book))
    filter_ = {row[0]: row[1] for row in sheets["Filter"].iter_rows(values_only=True)}
    assert (filter_["Region code"], filter_["Kind"]) == (QUANZHOU, "Factory")
    found = known(app, QUANZHOU, "factory")
    in_book = {row[0]: row[2] for row in sheets["Questions"].iter_rows(2, values_only=True)}
    assert in_book == {name: share.answers for name, share in found.by_question.items()}
    lines = [line.split(",") for line in table.splitlines()[1:]]
    assert all(QUANZHOU in line for line in lines)
    assert len(lines) == 1 + sum(
        map(len, (found.by_topic, found.by_statute, found.rules, found.by_question))
    ) + len(found.by_region()) + len(found.by_kind())


def test_a_page_of_kept_sums_reads_no_answers_one_by_one_and_writes_nothing(
    app: Flask, answered: Place, sign_in: Callable[..., FlaskClient]
) -> None:
    client = sign_in()
    get(client)
    renew(app)

    with queries_of(app) as statements:
        assert get(client).status_code == 200

    assert len(statements) < 20
    assert not any("answer_tally" in text or "FROM attempt" in text for text in statements)
    assert all(text.startswith(("SELECT", "BEGIN", "PRAGMA", "SET")) for text in statements)
