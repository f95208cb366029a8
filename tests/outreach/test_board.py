"""The big screen: public, cheap to ask, honest about shares, kind when it is over."""

import gzip
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from outreach.events.models import Event, Team
from outreach.participation import answers
from outreach.posters.models import Poster
from outreach.tally import board
from question_bank import service as bank
from question_bank.grading import Chosen
from question_bank.selection import draw, new_seed
from tests.builders import a_poster, an_event
from tests.conftest import PUBLIC_URL
from tests.outreach.attempts import an_attempt, hold_event, some_attempts
from tests.outreach.pages import ENGLISH, queries_of, send, text_of
from tests.phone import Phone

Save = Callable[..., Any]
SignIn = Callable[..., FlaskClient]

HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def count_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nothing be fresh for a moment, so that a test need not wait."""
    for name in ("FRESH_SECONDS", "MISSED_SECONDS", "COST_FACTOR"):
        monkeypatch.setattr(board, name, 0)


def path_of(event: Event, kind: str = "") -> str:
    return f"/board/{event.board_code}{kind}"


def shown(client: FlaskClient, event: Event) -> dict[str, Any]:
    return dict(client.get(path_of(event, ".json")).get_json())


def again(client: FlaskClient, event: Event, answer: TestResponse) -> TestResponse:
    """Ask as a screen does that has an answer already."""
    headers = {"If-None-Match": answer.headers["ETag"]}
    return client.get(path_of(event, ".json"), headers=headers)


def with_teams(save: Save, *sizes: int | None) -> tuple[Event, list[Poster]]:
    """Save an event with a team and its poster for each roster size."""
    event = an_event()
    teams = [Team(event=event, name=f"{n}班", roster_size=size) for n, size in enumerate(sizes, 1)]
    saved = save(event, *(a_poster(event, team=team) for team in teams))
    return saved[0], list(saved[1:])


def papers(
    app: Flask, save: Save, event: Event, poster: Poster, *, number: int, devices: int
) -> None:
    """Save handed-in papers on which all of food safety is wrong and the rest right."""
    with app.app_context():
        edition = bank.latest()
        assert edition is not None
        blueprint = bank.quiz(event.quiz_id).blueprint
        rows = []
        for n in range(number):
            seed = new_seed(datetime.now(UTC).date())
            paper = draw(edition, blueprint, seed)
            chosen: Chosen = tuple(
                frozenset({min(set(item.order) - item.question.right_choices)})
                if item.question.topic_id == "food-safety"
                else item.question.right_choices
                for item in paper
            )
            wrong = sum(item.question.topic_id == "food-safety" for item in paper)
            rows.append(
                an_attempt(
                    event,
                    poster,
                    edition=edition.number,
                    seed=seed,
                    answers=answers.write(chosen),
                    points=len(paper) - wrong,
                    device_key=(n % devices).to_bytes(16, "big"),
                    sequence=n // devices + 1,
                )
            )
    save(*rows)


def test_anybody_with_its_address_sees_the_board_in_either_language(
    client: FlaskClient, save: Save
) -> None:
    event, poster, _attempts = hold_event(save, "350582", 3)

    chinese = client.get(path_of(event), query_string={"lang": "zh"}, headers=ENGLISH).text
    english = client.get(path_of(event), query_string={"lang": "en"}).text

    assert '<html lang="zh-CN">' in chinese
    assert '<html lang="en">' in english
    for words in ("质量月进工厂", "晋江市", "晋江鞋厂食堂"):
        assert words in text_of(chinese)
    assert "Quality Month at work" in text_of(english)
    for page in (chinese, english):
        assert 'data-number="attempts">3<' in page
        assert 'data-number="devices">3<' in page
        assert f"p={poster.code}" in page


def test_without_scripts_the_page_asks_again_by_itself(client: FlaskClient, save: Save) -> None:
    page = client.get(path_of(save(an_event()))).text

    assert re.search(r'<noscript><meta http-equiv="refresh" content="\d+"></noscript>', page)


@pytest.mark.parametrize("kind", ["", ".json", ".svg"])
@pytest.mark.parametrize("code", ["no-such-board", "a" * 17, "%00", "..%2f", "x" * 3000])
def test_an_unknown_board_is_unknown(client: FlaskClient, code: str, kind: str) -> None:
    assert client.get(f"/board/{code}{kind}").status_code == 404


def test_the_code_on_the_screen_opens_the_event(
    client: FlaskClient, save: Save, phone: Callable[..., Phone]
) -> None:
    event, _poster, _attempts = hold_event(save, "350582", 0)

    joined = shown(client, event)["join"]

    assert joined["link"] == f"{PUBLIC_URL}/q/{joined['code']}"
    assert client.get(path_of(event, ".svg")).mimetype == "image/svg+xml"
    phone().take(joined["code"])
    assert shown(client, event)["attempts"] == 1


def test_a_poster_for_the_screen_goes_before_others_and_none_of_a_team_is_shown(
    client: FlaskClient, sign_in: SignIn, save: Save
) -> None:
    event, [of_team] = with_teams(save, 30)
    assert shown(client, event)["join"] is None
    path, now = path_of(event, ".json"), datetime.now(UTC)
    event, *_posters = save(
        event,
        a_poster(event, placement="围墙", withdrawn_at=now, created_at=now - HOUR),
        a_poster(event, placement="大门"),
    )
    at_the_gate = client.get(path).get_json()["join"]["code"]

    made = send(
        sign_in(), f"/organize/events/{event.id}/board", {}, page=f"/organize/events/{event.id}"
    )

    assert made.status_code == 303
    assert shown(client, event)["join"]["code"] not in {of_team.code, at_the_gate}


def test_a_screen_that_has_the_numbers_is_told_so_without_asking_the_database(
    app: Flask, client: FlaskClient, save: Save, monkeypatch: pytest.MonkeyPatch
) -> None:
    event, poster, _attempts = hold_event(save, "350582", 2)
    monkeypatch.setattr(board, "FRESH_SECONDS", 3600)
    first = client.get(path_of(event, ".json"))

    with queries_of(app) as queries:
        answer = again(client, event, first)

    assert (answer.status_code, answer.data) == (304, b"")
    assert answer.headers["ETag"] == first.headers["ETag"]
    assert answer.headers["Content-Security-Policy"] == first.headers["Content-Security-Policy"]
    assert "Set-Cookie" not in answer.headers
    assert "Cookie" not in answer.headers.get("Vary", "")
    assert queries == []
    assert poster.event_id == event.id


def test_the_tag_changes_with_the_numbers_and_only_with_them(
    client: FlaskClient, save: Save
) -> None:
    event, poster, _attempts = hold_event(save, "350582", 0)
    first = client.get(path_of(event, ".json"))

    assert again(client, event, first).status_code == 304
    save(an_attempt(event, poster))
    changed = again(client, event, first)
    assert changed.status_code == 200
    assert changed.get_json()["attempts"] == 1


def test_the_answer_is_packed_for_those_who_can_unpack(client: FlaskClient, save: Save) -> None:
    event = save(an_event())

    plain = client.get(path_of(event, ".json"))
    packed = client.get(path_of(event, ".json"), headers={"Accept-Encoding": "gzip, br"})

    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.data) == plain.data
    assert again(client, event, packed).status_code == 304
    assert len(packed.data) < 1500


def test_many_screens_are_counted_for_once(
    app: Flask, client: FlaskClient, save: Save, monkeypatch: pytest.MonkeyPatch
) -> None:
    event, _poster, _attempts = hold_event(save, "350582", 2)
    monkeypatch.setattr(board, "FRESH_SECONDS", 3600)
    client.get(path_of(event, ".json"))

    with queries_of(app) as queries:
        for _screen in range(50):
            client.get(path_of(event, ".json"))
            client.get(path_of(event))

    assert queries == []


def test_the_newest_minute_counts_what_came_in_it(client: FlaskClient, save: Save) -> None:
    event, poster, _attempts = hold_event(save, "350582", 0)
    now = datetime.now(UTC)
    save(
        an_attempt(event, poster, submitted_at=now - timedelta(seconds=5)),
        an_attempt(event, poster, submitted_at=now - timedelta(seconds=50)),
        an_attempt(event, poster, submitted_at=now - timedelta(seconds=70)),
    )

    assert shown(client, event)["newest_minute"] == 2


def test_teams_race_by_share_of_their_roster(client: FlaskClient, save: Save) -> None:
    event, [large, small, _idle] = with_teams(save, 100, 10, None)
    save(*some_attempts(event, large, 30), *some_attempts(event, small, 8))

    race = shown(client, event)["race"]

    assert race["by"] == "roster"
    assert [(team["name"], team["share"]) for team in race["teams"]] == [
        ("2班", 0.8), ("1班", 0.3), ("3班", None),
    ]  # fmt: skip


def test_a_second_attempt_of_a_phone_moves_no_team_forward(client: FlaskClient, save: Save) -> None:
    event, [poster] = with_teams(save, 10)
    first = an_attempt(event, poster)
    save(first, an_attempt(event, poster, device_key=first.device_key, sequence=2, counted=False))

    [team] = shown(client, event)["race"]["teams"]

    assert (team["attempts"], team["devices"], team["share"]) == (2, 1, 0.1)


def test_more_phones_than_people_are_never_shown_as_more_than_everybody(
    client: FlaskClient, save: Save
) -> None:
    event, [crowded, full] = with_teams(save, 4, 10)
    save(*some_attempts(event, crowded, 9), *some_attempts(event, full, 10))

    page = client.get(path_of(event), headers=ENGLISH).text

    assert [team["name"] for team in shown(client, event)["race"]["teams"]] == ["2班", "1班"]
    assert "225%" not in page
    assert "&gt;100%" in page
    assert "roster of 4" in page or "在册 4 人" in page


def test_without_rosters_teams_race_by_attempts_and_the_page_says_so(
    client: FlaskClient, save: Save
) -> None:
    event, [first, second] = with_teams(save, None, None)
    save(*some_attempts(event, first, 1), *some_attempts(event, second, 5))

    race = shown(client, event)["race"]
    page = client.get(path_of(event, "?lang=en")).text

    assert race["by"] == "attempts"
    assert [team["name"] for team in race["teams"]] == ["2班", "1班"]
    assert "Roster sizes are not stated" in page


def test_of_many_teams_the_first_are_shown_and_the_rest_are_numbered(
    client: FlaskClient, save: Save
) -> None:
    event, _posters = with_teams(save, *range(1, 21))

    race = shown(client, event)["race"]

    assert len(race["teams"]) + race["more"] == 20
    assert len(race["teams"]) == board.TEAMS_SHOWN


def test_what_is_missed_most_is_told_with_its_reason_in_tenths(
    app: Flask, client: FlaskClient, save: Save
) -> None:
    event, poster, _attempts = hold_event(save, "350582", 0)
    papers(app, save, event, poster, number=1500, devices=300)

    missed = shown(client, event)["missed"]

    assert missed["topic"] == {"zh": "食品安全", "zh_hant": "食品安全", "en": "Food safety"}
    assert missed["of_ten"] == 10
    with app.app_context():
        edition = bank.latest()
        assert edition is not None
        reasons = {
            question.explanation.zh.replace("**", "")
            for question in edition.questions.values()
            if question.topic_id == "food-safety"
        }
    assert missed["explanation"]["zh"] in reasons
    assert missed["explanation"]["zh"] in text_of(client.get(path_of(event)).text)


@pytest.mark.parametrize(("number", "devices"), [(9, 9), (40, 9)])
def test_nothing_is_told_of_what_few_answers_or_few_phones_missed(
    app: Flask, client: FlaskClient, save: Save, number: int, devices: int
) -> None:
    event, poster, _attempts = hold_event(save, "350582", 0)
    papers(app, save, event, poster, number=number, devices=devices)

    assert shown(client, event)["missed"] is None


def test_from_enough_answers_the_topic_is_told_before_any_question_is(
    app: Flask, client: FlaskClient, save: Save
) -> None:
    event, poster, _attempts = hold_event(save, "350582", 0)
    papers(app, save, event, poster, number=12, devices=12)

    missed = shown(client, event)["missed"]

    assert missed["topic"]["en"] == "Food safety"
    assert missed["explanation"] is None


def test_no_board_tells_how_many_passed(client: FlaskClient, save: Save) -> None:
    event, _poster, _attempts = hold_event(save, "350582", 30, passed=17)

    told = client.get(path_of(event, ".json")).text + client.get(path_of(event)).text

    assert "passed" not in told
    assert "17" not in re.sub(r"\d{2}:\d{2}|\d{4}-\S+|data-\w+=\"[^\"]*\"|/\S+", "", text_of(told))


@pytest.mark.parametrize(
    ("changes", "state", "word"),
    [
        ({"opens_at": HOUR, "closes_at": 2 * HOUR}, "planned", "Opens on"),
        ({"opens_at": -2 * HOUR, "closes_at": -HOUR}, "closed", "Thank you for taking part"),
    ],
)
def test_before_and_after_the_event_the_board_says_so_and_asks_nobody_to_scan(
    client: FlaskClient, save: Save, changes: dict[str, timedelta], state: str, word: str
) -> None:
    now = datetime.now(UTC)
    event, _poster, _attempts = hold_event(
        save, "350582", 2, **{name: now + delta for name, delta in changes.items()}
    )

    numbers = shown(client, event)

    assert (numbers["state"], numbers["join"], numbers["attempts"]) == (state, None, 2)
    assert word in client.get(path_of(event, "?lang=en")).text
    assert client.get(path_of(event, ".svg")).status_code == 404


def test_a_cancelled_event_apologizes(client: FlaskClient, save: Save) -> None:
    event = save(an_event(cancelled_at=datetime.now(UTC)))

    page = client.get(path_of(event, "?lang=en")).text

    assert shown(client, event)["state"] == "cancelled"
    assert "does not take place" in page
    assert 'data-number="attempts"' not in page


def test_the_board_closes_at_its_moment(client: FlaskClient, save: Save) -> None:
    event = save(an_event())
    first = client.get(path_of(event, ".json"))

    with time_machine.travel(event.closes_at, tick=False):
        later = again(client, event, first)

    assert (later.status_code, later.get_json()["state"]) == (200, "closed")


def test_a_process_remembers_no_more_boards_than_it_may(
    app: Flask, client: FlaskClient, save: Save, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(board, "BOARDS_IN_MEMORY", 3)
    events = save(*(an_event() for _n in range(6)))

    for event in events:
        assert client.get(path_of(event, ".json")).status_code == 200
    for n in range(10):
        client.get(f"/board/nobody{n}.json")

    assert len(app.extensions["boards"]) <= 3
