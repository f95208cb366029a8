"""The participant's path as a state machine: whatever phones, organizers and days do in any order.

A model in plain Python says what each answer must be and what must be at rest afterwards.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import sqlalchemy as sa
import time_machine
from flask import Flask
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    MultipleResults,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    precondition,
    rule,
)
from werkzeug.test import TestResponse

from core.db import db, reading, write
from outreach.events.models import Event, EventState, Team, state_at
from outreach.participation import ticket as tickets
from outreach.participation.models import Attempt
from outreach.participation.ticket import LIFETIME
from outreach.tally import event_counts, rollup
from outreach.tally.count import Count
from outreach.tally.sums import Wanted, sums
from tests.builders import CAMPAIGN_ID, DAILY_QUIZ_ID, QUIZ_ID, a_poster, an_event
from tests.outreach.papers import publish_changed, right_answers, turn_answers, wrong_answers
from tests.phone import Paper, Phone, read_paper

START = datetime(2026, 12, 1, 2, tzinfo=UTC)
ZONE = ZoneInfo("Asia/Shanghai")
FOR_LONG = timedelta(days=60)
SECRET_FIELDS = {"event": 2, "edition": 3, "quiz": 4, "seed": 5, "issued": 6, "attempt": 7}
MOST_EDITIONS = 3
PERSONS, EVENTS = st.integers(0, 2), st.integers(0, 1)
POINTS = st.sampled_from([0, 3, 5])
DECISIONS = ("open", "open", "open", "draft", "close", "cancel")
PASS_MARKS = {QUIZ_ID: 6, DAILY_QUIZ_ID: 3}
REFUSED = {EventState.PLANNED: 403, EventState.CLOSED: 410, EventState.CANCELLED: 410}
SHOWN = {
    EventState.OPEN: 200,
    EventState.PLANNED: 200,
    **dict.fromkeys(("closed", "cancelled"), 410),
}


@dataclass
class Happening:
    """An event as the model knows it."""

    id: int
    quiz_id: int
    codes: Sequence[str]
    opens_at: datetime
    closes_at: datetime
    cancelled_at: datetime | None = None

    def state(self, at: datetime) -> EventState:
        """Return what it is at a moment."""
        return state_at(self.opens_at, self.closes_at, self.cancelled_at, at)


@dataclass
class Person:
    """A phone with what the model knows of its cookies."""

    phone: Phone
    name: str
    has_device: bool = False
    kept: "Held | None" = None


@dataclass(frozen=True)
class Held:
    """A paper that somebody opened."""

    event: Happening
    paper: Paper
    issued_at: datetime
    attempt: str
    right: dict[str, list[str]]
    wrong: dict[str, list[str]]

    def answers(self, points: int) -> dict[str, list[str]]:
        """Answer the first questions rightly and the others wrongly."""
        names = list(self.right)
        return {name: self.right[name] for name in names[:points]} | {
            name: self.wrong[name] for name in names[points:]
        }


@dataclass(frozen=True)
class Accepted:
    """An attempt as the model knows it."""

    event_id: int
    attempt: str
    device: str
    day: date
    points: int
    sequence: int
    is_counted: bool
    receipt: str = field(compare=False)
    answers: dict[str, list[str]] = field(compare=False)
    page: str = field(compare=False, repr=False)


class ParticipantPath(RuleBasedStateMachine):
    """What phones and organizers may do; `app` is set by a subclass over a database of its own."""

    app: Flask
    editions = 0

    papers = Bundle("papers")

    def __init__(self) -> None:
        super().__init__()
        self.at = START
        self.clock = time_machine.travel(START, tick=False)
        self.traveller = self.clock.start()
        self.people = [Person(Phone(self.app), f"phone {n}") for n in range(3)]
        self.accepted: dict[str, Accepted] = {}
        self.events: list[Happening] = []

    def teardown(self) -> None:
        """Go back to the present."""
        self.clock.stop()

    @initialize()
    def plan(self) -> None:
        """Plan an event whose phones count once, with a team, and one where they count daily."""
        times = {"opens_at": START - timedelta(hours=1), "closes_at": START + FOR_LONG}
        with self.app.app_context():
            self.before = self._total()
            for quiz_id in (QUIZ_ID, DAILY_QUIZ_ID):
                event = an_event(quiz_id=quiz_id, **times)
                team = Team(event=event, name="一班")
                posters = [a_poster(event), a_poster(event, team=None, placement="大门")]
                db.session.add_all([event, team, *posters])
                db.session.flush()
                posters[1].team_id = team.id
                db.session.commit()
                codes = [poster.code for poster in posters]
                self.events.append(Happening(event.id, quiz_id, codes, **times))

    # What phones do.

    @rule(target=papers, person=PERSONS, event=EVENTS, poster=st.integers(0, 1))
    def scan(self, person: int, event: int, poster: int) -> Held | MultipleResults[Held]:
        """Open what a poster leads to."""
        someone, happening = self.people[person], self.events[event]
        code = happening.codes[poster]
        response = someone.phone.client.get(f"/q/{code}")
        state = happening.state(self.at)
        assert response.status_code == SHOWN[state]
        if state is not EventState.OPEN:
            assert not read_paper(code, response.text).ticket
            return multiple()
        kept = someone.kept
        held = self._opened(someone, happening, read_paper(code, response.text))
        if kept and kept.paper.code == code and self.at - kept.issued_at <= LIFETIME:
            assert held.paper.ticket == kept.paper.ticket
        else:
            assert held.attempt not in self.accepted
        return held

    @rule(target=papers, person=PERSONS, event=EVENTS, points=POINTS)
    def take(self, person: int, event: int, points: int) -> Held | MultipleResults[Held]:
        """Open a paper and hand it in at once, as most people do."""
        held = self.scan(person, event, 0)
        if isinstance(held, Held):
            self.hand_in(person, held, points)
        return held

    @rule(target=papers, person=PERSONS, held=papers, points=POINTS)
    def hand_in(self, person: int, held: Held, points: int) -> Held | MultipleResults[Held]:
        """Hand in a paper, one's own or another's, for the first time or again."""
        someone = self.people[person]
        answers = held.answers(points)
        response = someone.phone.send(held.paper, answers)
        known = self.accepted.get(held.attempt)
        state = held.event.state(self.at)
        if known is not None:
            someone.kept = None
            is_same = known.answers == answers
            assert response.status_code == (303 if is_same else 409)
            assert not is_same or response.headers["Location"] == known.receipt
            assert known.receipt in (response.headers.get("Location", ""), *_links(response))
            return multiple()
        if state is not EventState.OPEN:
            assert response.status_code == REFUSED[state]
            return multiple()
        if self.at - held.issued_at > LIFETIME:
            return self._shown_again(someone, held, response, 400)
        assert response.status_code == 303
        someone.kept = None
        self._accept(someone, held, answers, points, response.headers["Location"])
        return multiple()

    @rule(target=papers, person=PERSONS, held=papers)
    def hand_in_incomplete(self, person: int, held: Held) -> Held | MultipleResults[Held]:
        """Leave the last question out."""
        if held.attempt in self.accepted:
            return multiple()
        answers = held.answers(0)
        answers.popitem()
        someone = self.people[person]
        response = someone.phone.send(held.paper, answers)
        state = held.event.state(self.at)
        if state is not EventState.OPEN:
            assert response.status_code == REFUSED[state]
            return multiple()
        is_expired = self.at - held.issued_at > LIFETIME
        return self._shown_again(someone, held, response, 400 if is_expired else 422)

    @rule(person=PERSONS, held=papers, name=st.sampled_from(sorted(SECRET_FIELDS)))
    def forge(self, person: int, held: Held, name: str) -> None:
        """Send a ticket in which a field was changed."""
        fields = held.paper.ticket.split(".")
        place = SECRET_FIELDS[name]
        fields[place] = fields[place][1:] + fields[place][0] + "1"
        self._refused(self.people[person], held, ".".join(fields), held.paper.code)

    @rule(person=PERSONS, held=papers, event=EVENTS, poster=st.integers(0, 1))
    def use_elsewhere(self, person: int, held: Held, event: int, poster: int) -> None:
        """Send a good ticket to another poster, of the same event or another."""
        code = self.events[event].codes[poster]
        if code != held.paper.code:
            self._refused(self.people[person], held, held.paper.ticket, code)

    @rule(
        person=PERSONS,
        held=papers,
        wanted=st.sampled_from([{"show_in": "en"}, {"show_in": "zh"}, {"display": "elder"}]),
    )
    def change_looks(self, person: int, held: Held, wanted: dict[str, str]) -> None:
        """Ask for another language or larger letters in the middle of a paper."""
        if held.attempt in self.accepted:
            return
        is_good = self.at - held.issued_at <= LIFETIME
        if held.event.state(self.at) is EventState.OPEN and is_good:
            someone = self.people[person]
            response = someone.phone.send(held.paper, held.answers(1), **wanted)
            again = self._shown_again(someone, held, response, 200)
            assert again.paper.ticket == held.paper.ticket
            assert again.paper.checked == held.answers(1)

    @precondition(lambda self: self.accepted)
    @rule(person=PERSONS, which=st.integers(0, 30))
    def look_at_receipt(self, person: int, which: int) -> None:
        """Look at somebody's result: it is what it was."""
        attempt = list(self.accepted.values())[which % len(self.accepted)]
        client = self.people[person].phone.client
        client.delete_cookie("__Host-locale")
        client.delete_cookie("__Host-display")
        assert _result(client.get(attempt.receipt)) == attempt.page

    # What organizers, editors, servers and the sun do.

    @rule(event=EVENTS, how=st.sampled_from(DECISIONS))
    def decide(self, event: int, how: str) -> None:
        """Open, close or cancel an event, or put it off."""
        happening = self.events[event]
        long = timedelta(days=1)
        opens, closes = {
            "draft": (self.at + timedelta(hours=5), self.at + FOR_LONG),
            "close": (self.at - long, self.at),
        }.get(how, (self.at - long, self.at + FOR_LONG))
        happening.opens_at, happening.closes_at = opens, closes
        happening.cancelled_at = self.at if how == "cancel" else None
        values = {
            "opens_at": opens,
            "closes_at": closes,
            "cancelled_at": happening.cancelled_at,
        }
        with self.app.app_context(), write() as connection:
            connection.execute(sa.update(Event).where(Event.id == happening.id).values(values))

    @rule(hours=st.sampled_from([1, 2, 5, 14, 25]))
    def pass_time(self, hours: int) -> None:
        """Let hours pass."""
        self.at += timedelta(hours=hours)
        self.traveller.move_to(self.at)

    @precondition(lambda self: self.accepted)
    @rule(batch=st.integers(1, 4))
    def fold(self, batch: int) -> None:
        """Move some attempts into the rollups."""
        with self.app.app_context():
            rollup.fold(batch)

    @precondition(lambda self: self.accepted and type(self).editions < MOST_EDITIONS)
    @rule()
    def publish(self) -> None:
        """Publish an edition in which other choices are right."""
        type(self).editions += 1
        publish_changed(self.app, turn_answers)

    # What must hold at every moment.

    @invariant()
    def what_is_at_rest_is_what_was_acknowledged(self) -> None:
        """Compare every row and every count with the model."""
        if not self.events:
            return
        ids = [happening.id for happening in self.events]
        columns = (
            Attempt.event_id,
            Attempt.id,
            Attempt.local_day,
            Attempt.points,
            Attempt.sequence,
            Attempt.counted,
            Attempt.passed,
        )
        with self.app.app_context(), reading():
            rows = db.session.execute(sa.select(*columns).where(Attempt.event_id.in_(ids))).all()
            counts = event_counts.of_events(ids)
            total = self._total()
        assert sorted((r[0], tickets.short_id(r[1]), *r[2:]) for r in rows) == sorted(
            (a.event_id, a.attempt, a.day, a.points, a.sequence, a.is_counted, self._passed(a))
            for a in self.accepted.values()
        )
        assert counts == {i: n for i in ids if (n := self._count(i)) != Count()}
        assert total == self.before + self._count(ids[0]) + self._count(ids[1])

    def _total(self) -> Count:
        found = sums(Wanted(by=(), campaign_id=CAMPAIGN_ID))
        return Count(*found.get((), (0, 0, 0, 0)))

    def _count(self, event_id: int) -> Count:
        mine = [a for a in self.accepted.values() if a.event_id == event_id]
        return Count(
            attempts=len(mine),
            counted=sum(a.is_counted for a in mine),
            devices=len({a.device for a in mine}),
            passed=sum(a.is_counted and self._passed(a) for a in mine),
        )

    def _passed(self, attempt: Accepted) -> bool:
        quiz_id = next(e.quiz_id for e in self.events if e.id == attempt.event_id)
        return attempt.points >= PASS_MARKS[quiz_id]

    def _opened(self, someone: Person, event: Happening, paper: Paper) -> Held:
        """Note what a page with a paper tells and leaves on the phone."""
        someone.has_device = True
        fields = paper.ticket.split(".")
        held = Held(
            event=event,
            paper=paper,
            issued_at=datetime.fromtimestamp(int(fields[6], 16), UTC),
            attempt=fields[7],
            right=right_answers(self.app, paper),
            wrong=wrong_answers(self.app, paper),
        )
        someone.kept = held
        return held

    def _shown_again(
        self, someone: Person, held: Held, response: TestResponse, status: int
    ) -> Held:
        assert response.status_code == status
        again = self._opened(someone, held.event, read_paper(held.paper.code, response.text))
        assert again.attempt == held.attempt
        return again

    def _refused(self, someone: Person, held: Held, ticket: str, code: str) -> None:
        """Send what must not be accepted; a page with a fresh paper is the answer, if any."""
        paper = replace(held.paper, ticket=ticket, code=code)
        response = someone.phone.send(paper, held.answers(2))
        event = next(e for e in self.events if code in e.codes)
        state = event.state(self.at)
        assert response.status_code == REFUSED.get(state, 400)
        if state is EventState.OPEN:
            fresh = self._opened(someone, event, read_paper(code, response.text))
            assert fresh.attempt != held.attempt
            assert fresh.attempt not in self.accepted

    def _accept(
        self,
        someone: Person,
        held: Held,
        answers: dict[str, list[str]],
        points: int,
        receipt: str,
    ) -> None:
        device = someone.name if someone.has_device else f"attempt {held.attempt}"
        earlier = [
            a for a in self.accepted.values() if (a.event_id, a.device) == (held.event.id, device)
        ]
        day = self.at.astimezone(ZONE).date()
        barring = [a for a in earlier if held.event.quiz_id == QUIZ_ID or a.day == day]
        self.accepted[held.attempt] = Accepted(
            event_id=held.event.id,
            attempt=held.attempt,
            device=device,
            day=day,
            points=points,
            sequence=len(earlier) + 1,
            is_counted=not any(a.is_counted for a in barring),
            receipt=receipt,
            answers=answers,
            page=_result(Phone(self.app).client.get(receipt)),
        )


def _result(response: TestResponse) -> str:
    """Return what a page of a result says of the answers; how many came since stands beside it."""
    assert response.status_code == 200
    html = response.text
    return html[html.index("<ol") : html.rindex("</ol>")]


def _links(response: TestResponse) -> list[str]:
    """Return the receipts that a page leads to."""
    return [part.split('"')[0] for part in response.text.split('href="') if part.startswith("/r/")]
