"""Tickets and receipts: read back as written, old or forged ones cost nobody's answers."""

import string
import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from outreach.participation import ticket as tickets
from outreach.participation.models import Attempt
from outreach.participation.ticket import Ticket
from outreach.posters.codes import ALPHABET, CODE_LENGTH
from tests.builders import a_poster, an_event
from tests.conftest import SECRET_KEY
from tests.outreach.pages import text_of
from tests.outreach.papers import (
    ATTEMPTS,
    LANGUAGES,
    at_rest,
    right_answers,
    ticket_of,
    wrong_answers,
)
from tests.phone import Paper, Phone, read_paper

OTHER_KEY = "another key for tests: " + "o" * 40
NOON = datetime(2026, 12, 1, 4, tzinfo=UTC)
DAY_AND_A_BIT = timedelta(hours=24, seconds=2)
BASE64 = string.ascii_uppercase + string.ascii_lowercase + string.digits + "-_"
EXPIRED = {
    "zh": "这份试卷打开已超过一天。答案已为你保留，请检查后重新交卷。",
    "en": "This paper was opened more than a day ago and has not been handed in.",
}
FORGED = {
    "zh": "未提交：系统没能识别这份试卷。",
    "en": "Not handed in: this paper could not be recognised.",
}

moments = st.integers(1_704_067_200, 3_786_912_000).map(lambda at: datetime.fromtimestamp(at, UTC))
some_tickets = st.builds(
    Ticket,
    poster_code=st.text(ALPHABET, min_size=CODE_LENGTH, max_size=CODE_LENGTH),
    edition=st.integers(1, 10**6),
    event_id=st.integers(1, 2**31 - 1),
    quiz_id=st.integers(1, 2**31 - 1),
    seed=st.integers(0, 2**63 - 1),
    issued_at=moments,
    attempt_id=st.uuids(),
)


def other_character(text: str, index: int) -> str:
    """Change one character into another one of the alphabet of its kind.

    The last character of a signature holds bits that mean nothing; this changes those that do.
    """
    old = text[index]
    new = BASE64[BASE64.index(old) ^ 32] if old in BASE64 else "-"
    return text[:index] + new + text[index + 1 :]


@given(some_tickets, st.integers(0, 24 * 3600))
@settings(deadline=None)
def test_a_ticket_reads_as_it_was_written_for_a_day(ticket: Ticket, seconds: int) -> None:
    at = ticket.issued_at + timedelta(seconds=seconds)

    text = tickets.write(ticket, SECRET_KEY)

    assert tickets.read(text, SECRET_KEY, at) == ticket
    assert len(text) <= tickets.MAX_LENGTH
    assert set(text) <= set(BASE64) | {"."}


@given(some_tickets, st.integers(24 * 3600 + 1, 10 * 365 * 24 * 3600))
@settings(deadline=None)
def test_a_ticket_older_than_a_day_has_expired_and_still_says_what_it_was(
    ticket: Ticket, seconds: int
) -> None:
    text = tickets.write(ticket, SECRET_KEY)

    with pytest.raises(tickets.TicketExpiredError) as caught:
        tickets.read(text, SECRET_KEY, ticket.issued_at + timedelta(seconds=seconds))

    assert caught.value.ticket == ticket


@given(some_tickets)
@settings(deadline=None)
def test_a_ticket_of_another_key_is_forged_and_only_claims_what_it_says(ticket: Ticket) -> None:
    text = tickets.write(ticket, OTHER_KEY)

    with pytest.raises(tickets.TicketForgedError) as caught:
        tickets.read(text, SECRET_KEY, ticket.issued_at)

    assert caught.value.claim == ticket


@given(some_tickets, st.data())
@settings(deadline=None)
def test_a_ticket_with_one_other_character_is_forged(ticket: Ticket, data: st.DataObject) -> None:
    text = tickets.write(ticket, SECRET_KEY)
    index = data.draw(st.integers(0, len(text) - 1))

    with pytest.raises(tickets.TicketForgedError):
        tickets.read(other_character(text, index), SECRET_KEY, ticket.issued_at)


@given(
    st.one_of(
        st.text(),
        st.text(alphabet=BASE64 + ".-", max_size=220),
        st.lists(st.text(alphabet="0123456789abcdef-+_ x.", max_size=40), max_size=9).map(".".join),
        st.lists(st.from_regex(r"-?[0-9a-f]{1,30}", fullmatch=True), min_size=6, max_size=7).map(
            lambda fields: "1." + ".".join(fields)
        ),
    )
)
@settings(deadline=None)
def test_whatever_stands_in_for_a_ticket_is_forged_and_nothing_worse(text: str) -> None:
    with pytest.raises(tickets.TicketForgedError):
        tickets.read(text, SECRET_KEY, NOON)


@given(st.integers(0, 2**31 - 1), st.uuids())
@settings(deadline=None)
def test_a_receipt_reads_as_it_was_written(event_id: int, attempt_id: uuid.UUID) -> None:
    text = tickets.write_receipt(event_id, attempt_id)

    assert tickets.read_receipt(text) == (event_id, attempt_id)
    assert set(text) <= set(BASE64)


@given(
    st.one_of(
        st.text(),
        st.from_regex(r"[0-9a-fA-F]{0,10}-[A-Za-z0-9_-]{20,24}", fullmatch=True),
        st.from_regex(r"-?[0-9a-f+_ ]{1,4}-[A-Za-z0-9_=-]{22}", fullmatch=True),
    )
)
@settings(deadline=None)
def test_a_receipt_has_one_spelling_and_anything_else_is_none(text: str) -> None:
    receipt = tickets.read_receipt(text)

    assert receipt is None or tickets.write_receipt(*receipt) == text


@given(st.integers(0, 2**31 - 1), st.uuids(), st.data())
@settings(deadline=None)
def test_a_receipt_with_another_spelling_of_the_same_bits_is_none(
    event_id: int, attempt_id: uuid.UUID, data: st.DataObject
) -> None:
    text = tickets.write_receipt(event_id, attempt_id)
    other = data.draw(
        st.sampled_from([f"0{text}", f"{text}=", f"{text}==", text.upper(), f"+{text}", f" {text}"])
    )
    assume(other != text)

    assert tickets.read_receipt(other) in {None, tickets.read_receipt(text.upper())}
    assert tickets.read_receipt(other) != (event_id, attempt_id)


def forgeries(paper: Paper) -> dict[str, str]:
    """Return texts that are no tickets of this poster."""
    ticket = ticket_of(paper)
    fields = paper.ticket.split(".")
    signed = {
        "another key": tickets.write(ticket, OTHER_KEY),
        "another poster": tickets.write(replace(ticket, poster_code="34679ACD"), SECRET_KEY),
        "another key, another edition": tickets.write(replace(ticket, edition=7), OTHER_KEY),
        "another key, no edition": tickets.write(replace(ticket, edition=-1), OTHER_KEY),
        "another key, another quiz": tickets.write(replace(ticket, quiz_id=3), OTHER_KEY),
        "another key, no quiz": tickets.write(replace(ticket, quiz_id=2**70), OTHER_KEY),
        "another key, seed 0": tickets.write(replace(ticket, seed=0), OTHER_KEY),
        "another key, seed below 0": tickets.write(replace(ticket, seed=-(2**41)), OTHER_KEY),
        "another key, seed too large": tickets.write(replace(ticket, seed=2**120), OTHER_KEY),
        "another key, seed of next year": tickets.write(
            replace(ticket, seed=ticket.seed + (365 << 40)), OTHER_KEY
        ),
    }
    return signed | {
        "nothing": "",
        "a dot": ".",
        "dots": "." * 7,
        "one field less": ".".join(fields[:-2] + fields[-1:]),
        "no signature": ".".join(fields[:-1]) + ".",
        "a signature only": fields[-1],
        "numbers below zero": "1.34679ACD.-1.-1.-1.-1.AAAAAAAAAAAAAAAAAAAAAA.x",
        "huge numbers": f"1.34679ACD.{'f' * 30}.{'f' * 30}.{'f' * 60}.{'f' * 30}.A.x",
        "not ASCII": "１.试卷.é.\u202e",
        "very long": "1." * 4000,
        "our own with more behind": paper.ticket + "x",
        "our own twice": paper.ticket * 2,
        "markup": '"><script>x</script>',
    }


def test_a_forged_ticket_writes_nothing_and_leads_to_a_paper_that_can_be_handed_in(
    app: Flask, save: Callable[..., Any], phone: Callable[..., Phone], rows: Callable[..., Any]
) -> None:
    poster = save(a_poster(an_event()))
    opened = phone().scan(poster.code)

    for written, (name, text) in enumerate(forgeries(opened).items()):
        visitor = phone()

        refused = visitor.send(replace(opened, ticket=text))

        shown = read_paper(poster.code, refused.text)
        assert refused.status_code == 400, name
        assert FORGED["zh"] in refused.text, name
        assert "<script>x" not in refused.text, name
        assert rows(ATTEMPTS) == [(written,)], name
        assert visitor.send(shown).status_code == 303, name


def test_an_old_ticket_of_another_poster_leads_to_a_paper_that_can_be_handed_in(
    save: Callable[..., Any], phone: Callable[..., Phone], rows: Callable[..., Any]
) -> None:
    visitor = phone()
    with time_machine.travel(NOON, tick=False):
        event = an_event(closes_at=NOON + timedelta(days=9))
        canteen, gate = save(a_poster(event), a_poster(event, placement="厂门口"))
        old = visitor.scan(canteen.code)

    with time_machine.travel(NOON + DAY_AND_A_BIT, tick=False):
        refused = visitor.send(replace(old, code=gate.code))
        shown = read_paper(gate.code, refused.text)
        response = visitor.send(shown)

    assert refused.status_code == 400
    assert response.status_code == 303
    assert rows(sa.select(Attempt.poster_code)) == [(gate.code,)]


def test_a_ticket_with_a_flipped_character_writes_nothing(
    app: Flask, save: Callable[..., Any], phone: Callable[..., Phone]
) -> None:
    poster = save(a_poster(an_event()))
    visitor = phone()
    paper = visitor.scan(poster.code)
    before = at_rest(app)

    statuses = {
        visitor.send(replace(paper, ticket=other_character(paper.ticket, index))).status_code
        for index in range(len(paper.ticket))
    }

    assert statuses == {400}
    assert at_rest(app) == before


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_ticket_of_another_event_is_told_in_the_readers_language(
    app: Flask, save: Callable[..., Any], phone: Callable[..., Phone], language: str
) -> None:
    one, other = save(a_poster(an_event()), a_poster(an_event()))
    visitor = phone(Accept_Language=language)
    paper = visitor.scan(one.code)
    before = at_rest(app)

    refused = visitor.send(replace(paper, code=other.code))

    assert refused.status_code == 400
    assert FORGED[language] in text_of(refused.text)
    assert ticket_of(read_paper(other.code, refused.text)).poster_code == other.code
    assert at_rest(app) == before


@pytest.mark.parametrize("language", LANGUAGES)
def test_after_a_change_of_the_key_the_answers_are_kept(
    app: Flask,
    make_app: Callable[..., Flask],
    database_url: str,
    save: Callable[..., Any],
    language: str,
) -> None:
    poster = save(a_poster(an_event()))
    old = Phone(app, {"Accept-Language": language})
    paper = old.scan(poster.code)
    answers = right_answers(app, paper)
    before = at_rest(app)
    new = Phone(make_app(database_url, secret_key=OTHER_KEY), old.headers)

    refused = new.send(paper, answers)

    shown = read_paper(poster.code, refused.text)
    assert refused.status_code == 400
    assert FORGED[language] in text_of(refused.text)
    assert shown.checked == answers
    assert at_rest(app) == before


def test_after_a_change_of_the_key_sending_again_is_one_row(
    app: Flask,
    make_app: Callable[..., Flask],
    database_url: str,
    save: Callable[..., Any],
    rows: Callable[..., Any],
) -> None:
    poster = save(a_poster(an_event()))
    paper = Phone(app).scan(poster.code)
    answers = right_answers(app, paper)
    new = Phone(make_app(database_url, secret_key=OTHER_KEY))
    shown = read_paper(poster.code, new.send(paper, answers).text)

    answered = [new.send(shown, shown.checked) for _ in range(2)]

    assert [response.status_code for response in answered] == [303, 303]
    assert rows(sa.select(Attempt.points)) == [(10,)]


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_expired_ticket_keeps_the_answers_and_can_be_sent_again(
    app: Flask,
    save: Callable[..., Any],
    phone: Callable[..., Phone],
    rows: Callable[..., Any],
    language: str,
) -> None:
    visitor = phone(Accept_Language=language)
    with time_machine.travel(NOON, tick=False):
        poster = save(a_poster(an_event(closes_at=NOON + timedelta(days=9))))
        paper = visitor.scan(poster.code)
        answers = right_answers(app, paper)

    with time_machine.travel(NOON + DAY_AND_A_BIT, tick=False):
        refused = visitor.send(paper, answers)
        written = rows(ATTEMPTS)
        shown = read_paper(poster.code, refused.text)
        answered = [visitor.send(shown, shown.checked) for _ in range(2)]

    assert refused.status_code == 400
    assert EXPIRED[language] in text_of(refused.text)
    assert shown.checked == answers
    assert written == [(0,)]
    assert [response.status_code for response in answered] == [303, 303]
    assert rows(sa.select(Attempt.points)) == [(10,)]


def test_both_the_expired_and_the_renewed_ticket_stand_for_one_attempt(
    app: Flask, save: Callable[..., Any], phone: Callable[..., Phone], rows: Callable[..., Any]
) -> None:
    visitor = phone()
    with time_machine.travel(NOON, tick=False):
        poster = save(a_poster(an_event(closes_at=NOON + timedelta(days=9))))
        paper = visitor.scan(poster.code)

    with time_machine.travel(NOON + DAY_AND_A_BIT, tick=False):
        renewed = read_paper(poster.code, visitor.send(paper).text)
        first = visitor.send(renewed)
        again = visitor.send(paper)

    assert first.status_code == again.status_code == 303
    assert first.headers["Location"] == again.headers["Location"]
    assert rows(ATTEMPTS) == [(1,)]


def test_an_expired_ticket_that_was_accepted_before_leads_to_its_receipt(
    save: Callable[..., Any], phone: Callable[..., Phone], rows: Callable[..., Any]
) -> None:
    visitor = phone()
    with time_machine.travel(NOON, tick=False):
        poster = save(a_poster(an_event(closes_at=NOON + timedelta(days=9))))
        paper = visitor.scan(poster.code)
        first = visitor.send(paper)

    with time_machine.travel(NOON + timedelta(days=5), tick=False):
        again = visitor.send(paper)

    assert again.status_code == 303
    assert again.headers["Location"] == first.headers["Location"]
    assert rows(ATTEMPTS) == [(1,)]


def test_an_expired_ticket_that_was_accepted_before_takes_no_other_answers(
    app: Flask, save: Callable[..., Any], phone: Callable[..., Phone]
) -> None:
    visitor = phone()
    with time_machine.travel(NOON, tick=False):
        poster = save(a_poster(an_event(closes_at=NOON + timedelta(days=9))))
        paper = visitor.scan(poster.code)
        right, wrong = right_answers(app, paper), wrong_answers(app, paper)
        visitor.send(paper, wrong)
    before = at_rest(app)

    with time_machine.travel(NOON + timedelta(days=5), tick=False):
        refused = visitor.send(paper, right)

    assert refused.status_code == 409
    assert at_rest(app) == before


def test_a_ticket_lives_for_exactly_a_day(
    save: Callable[..., Any], phone: Callable[..., Phone], rows: Callable[..., Any]
) -> None:
    visitor = phone()
    with time_machine.travel(NOON, tick=False):
        poster = save(a_poster(an_event(closes_at=NOON + timedelta(days=9))))
        paper = visitor.scan(poster.code)

    with time_machine.travel(NOON + timedelta(hours=24), tick=False):
        response = visitor.send(paper)

    assert response.status_code == 303
    assert rows(ATTEMPTS) == [(1,)]
