"""Archives: attempts of a campaign that is over leave for a file and come back; no number moves."""

import csv
import io
import json
import re
import zipfile
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import sqlalchemy as sa
from click.testing import Result
from flask import Flask
from flask.testing import FlaskClient

from core.audit import AuditEntry
from core.db import db, read, write
from outreach.campaigns.models import Campaign
from outreach.events.models import Event, EventKind, Team
from outreach.participation.models import Attempt
from outreach.participation.ticket import write_receipt
from outreach.posters.models import Poster
from outreach.tally import archive_rows, archiving
from outreach.tally.archive_file import Reader
from outreach.tally.knowledge_models import UnreadAttempt
from outreach.tally.rollup_models import DayTally, FreshAttempt
from tests.builders import CAMPAIGN_ID, DAILY_QUIZ_ID, PINGTAN, QUANZHOU, a_poster, an_event
from tests.conftest import csrf_token
from tests.outreach.answered import counted, rightly, some_answered
from tests.outreach.known import again, by_chance, learn
from tests.outreach.papers import ATTEMPTS, at_rest

MakeApp = Callable[..., Flask]
Save = Callable[..., Any]
SLUG = "fujian-demo"
OF_TALLIES = ("day_tally", "hour_tally", "answer_tally", "group_tally", "again_tally")
PAGES = (
    "/",
    "/participation",
    "/participation.json",
    "/participation.csv",
    "/participation/350500",
    "/participation/350500.json",
)
ORGANIZERS_PAGES = (
    "/organize/",
    "/organize/figures",
    "/organize/figures/figures.csv",
    "/organize/figures/events.csv",
    "/organize/knowledge.csv",
    "/organize/counts.csv",
)
OF_AN_EVENT = ("", "/posters", "/counts.csv", "/teams")
NOT_THE_SAME_TWICE = re.compile(
    r'name="csrf_token"[^>]*>|"as_of":"[^"]*"|\d\d:\d\d(:\d\d)?|[^\n]*(?:as of|截至)[^\n]*'
)


class KilledError(Exception):
    """Stands for a process that is killed between two transactions."""


class Held(NamedTuple):
    """A campaign that is over: its events with their posters, and all attempts."""

    places: Sequence[tuple[Event, Poster]]
    attempts: Sequence[Attempt]

    @property
    def receipt(self) -> str:
        """The path of a result."""
        attempt = self.attempts[0]
        return f"/r/{write_receipt(attempt.event_id, attempt.id)}"


def run(app: Flask, *arguments: object) -> Result:
    """Run a command."""
    return app.test_cli_runner().invoke(args=[str(argument) for argument in arguments])


def number(app: Flask) -> int:
    """Count the attempts that are in the database."""
    with app.app_context(), read() as connection:
        return connection.scalar(ATTEMPTS) or 0


def tallies(app: Flask) -> dict[str, Any]:
    """Return all that the rollups hold."""
    rows = at_rest(app)
    return {name: rows[name] for name in OF_TALLIES}


def questions(app: Flask) -> dict[str, Any]:
    """Count anew what the questions did and return it."""
    result = run(app, "tally", "items")
    assert result.exit_code == 0, result.output
    return counted(app)


@pytest.fixture
def held(app: Flask, save: Save) -> Held:
    """A campaign that ended ten days ago, with everything counted."""
    closed = datetime.now(UTC) - timedelta(days=10)
    with app.app_context():
        campaign = db.session.get_one(Campaign, CAMPAIGN_ID)
        campaign.last_on = closed.date()
        campaign.first_on = campaign.last_on - timedelta(days=30)
        db.session.commit()
    times = {"opens_at": closed - timedelta(days=8), "closes_at": closed}
    on = {"submitted_at": closed - timedelta(days=2, minutes=7), "local_day": date(2026, 9, 1)}
    factory = an_event(**times)
    team = Team(event=factory, name="一班", roster_size=30)
    online = an_event(kind=EventKind.ONLINE, region_code=QUANZHOU, quiz_id=DAILY_QUIZ_ID, **times)
    door, gate, link = a_poster(factory), a_poster(factory, team=team), a_poster(online)
    save(factory, online, team, door, gate, link)
    first = some_answered(app, factory, door, 34, by_chance(1), passed=True, **on)
    second = some_answered(app, factory, gate, 6, rightly, first=40, team_id=team.id, **on)
    third = some_answered(app, online, link, 9, first=60, region_code=PINGTAN, **on)
    twice = [again(app, (factory, door), one, 2, **on) for one in first[:3]]
    thrice = [again(app, (factory, door), first[0], 3, **on)]
    later = on | {"local_day": date(2026, 9, 2)}
    next_day = [again(app, (online, link), third[0], 2, counted=True, region_code=PINGTAN, **later)]
    attempts = [*first, *second, *third, *twice, *thrice, *next_day]
    save(*attempts)
    learn(app)
    return Held([(factory, door), (online, link)], attempts)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "demo.zip"


@pytest.fixture
def look(
    make_app: MakeApp, database_url: str, held: Held, add_organizer: Callable[..., int]
) -> Callable[[], dict[str, str]]:
    """Look at all pages that show numbers, as a process does that remembers nothing."""
    add_organizer("liu")

    def look() -> dict[str, str]:
        app = make_app(database_url)
        stranger, organizer = app.test_client(), app.test_client()
        organizer.environ_base["HTTP_REFERER"] = "https://localhost/"
        sign_in(organizer, "liu")
        stranger.get("/participation")  # whoever looks first may record what is told from then on
        seen = {path: stranger.get(path) for path in PAGES}
        seen |= {path: organizer.get(path) for path in ORGANIZERS_PAGES}
        boards = {}
        for event, _poster in held.places:
            address = f"/organize/events/{event.id}"
            seen |= {address + path: organizer.get(address + path) for path in OF_AN_EVENT}
            board = stranger.get(f"/board/{event.board_code}.json").get_json()
            boards[address] = {name: board[name] for name in ("attempts", "devices", "race")}
        assert {path: answer.status_code for path, answer in seen.items()} == dict.fromkeys(
            seen, 200
        )
        found = {path: NOT_THE_SAME_TWICE.sub("", answer.text) for path, answer in seen.items()}
        return found | {"boards": json.dumps(boards)}

    return look


def sign_in(client: FlaskClient, name: str) -> None:
    page = client.get("/organize/sign-in")
    form = {"csrf_token": csrf_token(page.text), "name": name, "password": "correct horse"}
    assert client.post("/organize/sign-in", data=form).status_code == 303


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive_rows, "BATCH", 10)


def removed(app: Flask, file: Path) -> Result:
    """Archive the campaign and remove its attempts."""
    result = run(app, "campaign", "archive", SLUG, file, "--remove")
    assert result.exit_code == 0, result.output
    return result


def die_while_removing(app: Flask, file: Path) -> int:
    """Archive the campaign, and die after some of its attempts went; return how many are left."""
    assert run(app, "campaign", "archive", SLUG, file).exit_code == 0
    turns: Iterator[int] = iter(range(2))

    def tell(_number: int) -> None:
        if next(turns, None) is None:
            raise KilledError

    with app.app_context():
        campaign = archiving.subject(SLUG)
        assert campaign
        reader = Reader(file)
        archiving.begin_removal(
            campaign, reader, archiving.check(campaign, reader, lambda _n: None)
        )
        db.session.commit()
        with pytest.raises(KilledError):
            archiving.remove(reader, tell)
    return number(app)


def test_a_campaign_that_is_not_over_is_not_archived(app: Flask, file: Path) -> None:
    result = run(app, "campaign", "archive", SLUG, file)

    assert result.exit_code == 1
    assert "it is not over: it lasts until" in result.stderr
    assert not file.exists()


def test_an_event_that_closed_lately_keeps_its_campaign(
    app: Flask, held: Held, save: Save, file: Path
) -> None:
    save(an_event(closes_at=datetime.now(UTC) - timedelta(minutes=5)))

    result = run(app, "campaign", "archive", SLUG, file, "--remove")

    assert result.exit_code == 1
    assert "papers are taken a day longer" in result.stderr
    assert number(app) == len(held.attempts)


def test_what_is_not_known_or_empty_is_said(app: Flask, file: Path) -> None:
    unknown = run(app, "campaign", "archive", "nothing", file)
    empty = run(app, "campaign", "archive", "fujian-2013", file)
    unarchived = run(app, "campaign", "restore", SLUG, file)

    assert (unknown.exit_code, unknown.stderr) == (1, "Error: no campaign is called nothing\n")
    assert (empty.exit_code, "it has no attempts" in empty.stderr) == (1, True)
    assert (unarchived.exit_code, "its attempts are all here" in unarchived.output) == (0, True)
    assert list(file.parent.glob("*.zip*")) == []


def test_an_archive_tells_what_it_holds_and_no_key_of_a_device_and_no_minute(
    app: Flask, held: Held, file: Path
) -> None:
    result = run(app, "campaign", "archive", SLUG, file)

    with zipfile.ZipFile(file) as archive:
        text = archive.read("attempts.csv").decode()
        manifest = json.loads(archive.read("manifest.json"))
    lines = list(csv.DictReader(io.StringIO(text)))
    assert f"{len(held.attempts)} attempts of 2 events" in result.output
    assert len(lines) == manifest["rows"] == len(held.attempts) == number(app)
    assert manifest["campaign"]["slug"] == SLUG
    assert (manifest["first_on"], manifest["last_on"]) == ("2026-09-01", "2026-09-02")
    assert manifest["tally"] == {
        "attempts": len(held.attempts),
        "counted": sum(one.counted for one in held.attempts),
        "devices": sum(one.sequence == 1 for one in held.attempts),
        "passed": sum(one.counted and one.passed for one in held.attempts),
    }
    assert {line["hour_at"][13:] for line in lines} == {":00:00+00:00"}
    for attempt in held.attempts:
        assert attempt.device_key.hex() not in text
    assert file.stat().st_mode & 0o077 == 0


def test_without_the_flag_nothing_leaves_the_database(app: Flask, held: Held, file: Path) -> None:
    before = at_rest(app)

    first = run(app, "campaign", "archive", SLUG, file)
    second = run(app, "campaign", "archive", SLUG, file)

    after = at_rest(app)
    assert (first.exit_code, second.exit_code) == (0, 0)
    assert {name for name in before if before[name] != after[name]} == {"audit_entry"}
    assert len(after["audit_entry"]) == len(before["audit_entry"]) + 1


def test_removed_attempts_leave_every_number_of_every_page(
    app: Flask, held: Held, file: Path, look: Callable[[], dict[str, str]]
) -> None:
    before, kept, of_questions = look(), tallies(app), questions(app)

    removed(app, file)

    assert number(app) == 0
    assert tallies(app) == kept
    assert questions(app) == of_questions
    after = look()
    assert {path for path in before if before[path] != after[path]} == set()
    assert str(len(held.attempts)) in before["/participation.json"]


def test_archived_numbers_are_verified_and_a_rebuild_leaves_them(
    app: Flask, held: Held, file: Path
) -> None:
    removed(app, file)
    kept = tallies(app)

    verified = run(app, "tally", "verify")
    rebuilt = run(app, "tally", "rebuild")

    assert (verified.exit_code, verified.stderr) == (0, "")
    assert rebuilt.exit_code == 0
    assert tallies(app) == kept
    assert run(app, "tally", "verify").exit_code == 0


@pytest.mark.parametrize("name", OF_TALLIES)
def test_an_archived_number_that_was_tampered_with_is_found(
    app: Flask, held: Held, file: Path, name: str
) -> None:
    removed(app, file)
    table = db.metadata.tables[name]
    last = list(table.columns)[-1]
    with app.app_context(), write() as connection:
        one = connection.execute(sa.select(*table.primary_key).limit(1)).one()
        at = sa.and_(*(column == one[n] for n, column in enumerate(table.primary_key)))
        connection.execute(sa.update(table).where(at).values({last.name: last + 1}))

    result = run(app, "tally", "verify")

    assert result.exit_code == 1
    assert f"archived event {one[0]}" in result.stderr
    assert "1 archived event to mend" in result.stderr


def test_a_result_that_is_archived_says_so_kindly_and_comes_back(
    app: Flask, client: FlaskClient, held: Held, file: Path
) -> None:
    before = client.get(held.receipt).text

    removed(app, file)
    gone, unknown = client.get(held.receipt), client.get("/r/ffff-AAAAAAAAAAAAAAAAAAAAAA")
    restored = run(app, "campaign", "restore", SLUG, file)

    assert gone.status_code == 410
    assert "归档" in gone.text or "archive" in gone.text
    assert unknown.status_code == 404
    assert restored.exit_code == 0, restored.output
    assert client.get(held.receipt).text == before


def test_restored_attempts_are_those_that_were_there_and_are_counted_once(
    app: Flask, held: Held, file: Path, look: Callable[[], dict[str, str]]
) -> None:
    before, kept, pages, of_questions = at_rest(app), tallies(app), look(), questions(app)
    removed(app, file)

    first = run(app, "campaign", "restore", SLUG, file)
    second = run(app, "campaign", "restore", SLUG, file)

    after = at_rest(app)
    assert first.output.startswith(f"{len(held.attempts)} attempts restored")
    assert (second.exit_code, "is not archived" in second.output) == (0, True)
    assert _without_keys(before["attempt"]) == _without_keys(after["attempt"])
    for name in ("fresh_attempt", "unread_attempt", "campaign_archive", "archived_event"):
        assert after[name] == [], name
    assert tallies(app) == kept
    assert look() == pages
    assert run(app, "tally", "verify").exit_code == 0
    assert run(app, "tally", "rebuild").exit_code == 0
    assert tallies(app) == kept
    assert questions(app) == of_questions


def _without_keys(rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Leave out what an archive makes coarser: the devices' keys and the minutes."""
    names = list(Attempt.__table__.columns.keys())
    coarse = {names.index("device_key"), names.index("submitted_at")}
    return [tuple(v for n, v in enumerate(row) if n not in coarse) for row in rows]


def test_a_removal_that_dies_changes_no_number_and_goes_on(
    app: Flask,
    held: Held,
    file: Path,
    small_batches: None,
    look: Callable[[], dict[str, str]],
) -> None:
    pages, kept, of_questions = look(), tallies(app), questions(app)

    left = die_while_removing(app, file)

    assert 0 < left < len(held.attempts)
    assert (look(), tallies(app), questions(app)) == (pages, kept, of_questions)
    assert run(app, "tally", "verify").exit_code == 0
    assert run(app, "tally", "rebuild").exit_code == 0
    assert tallies(app) == kept
    refused = run(app, "campaign", "archive", SLUG, file)
    assert (refused.exit_code, "half removed" in refused.stderr) == (1, True)
    removed(app, file)
    assert number(app) == 0
    assert tallies(app) == kept
    again_ = run(app, "campaign", "archive", SLUG, file, "--remove")
    assert (again_.exit_code, "is archived already" in again_.output) == (0, True)


def test_a_removal_that_died_can_be_taken_back(
    app: Flask, held: Held, file: Path, small_batches: None
) -> None:
    kept = tallies(app)
    die_while_removing(app, file)

    result = run(app, "campaign", "restore", SLUG, file)

    assert result.exit_code == 0, result.output
    assert number(app) == len(held.attempts)
    assert tallies(app) == kept
    assert run(app, "tally", "verify").exit_code == 0


def test_a_return_that_dies_changes_no_number_and_goes_on(
    app: Flask, held: Held, file: Path, small_batches: None
) -> None:
    kept = tallies(app)
    removed(app, file)
    turns = iter(range(2))

    def tell(_number: int) -> None:
        if next(turns, None) is None:
            raise KilledError

    with app.app_context(), pytest.raises(KilledError):
        archiving.put_back(Reader(file), tell)
    assert 0 < number(app) < len(held.attempts)
    assert learn(app) == 0
    assert tallies(app) == kept
    assert run(app, "tally", "verify").exit_code == 0

    assert run(app, "campaign", "restore", SLUG, file).exit_code == 0
    assert number(app) == len(held.attempts)
    assert tallies(app) == kept


@pytest.mark.parametrize(
    ("member", "change"),
    [
        ("attempts.csv", lambda text: text.replace(b"350128", b"350582", 1)),
        ("manifest.json", lambda text: text.replace(b'"passed": ', b'"passed": 1', 1)),
    ],
)
def test_a_damaged_file_removes_nothing_and_restores_nothing(
    app: Flask, held: Held, file: Path, member: str, change: Callable[[bytes], bytes]
) -> None:
    assert run(app, "campaign", "archive", SLUG, file).exit_code == 0
    damaged = _with(file, member, change)

    refused = run(app, "campaign", "archive", SLUG, damaged, "--remove")
    removed(app, file)
    returned = run(app, "campaign", "restore", SLUG, damaged)

    assert refused.exit_code == returned.exit_code == 1
    assert "not what" in refused.stderr
    assert number(app) == 0
    assert run(app, "campaign", "restore", SLUG, file).exit_code == 0


def _with(file: Path, member: str, change: Callable[[bytes], bytes]) -> Path:
    copy = file.with_name("damaged.zip")
    with zipfile.ZipFile(file) as old, zipfile.ZipFile(copy, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            changed = change(content) if name == member else content
            assert name != member or changed != content
            new.writestr(name, changed)
    return copy


def test_attempts_that_wait_to_be_counted_are_not_removed(
    app: Flask, held: Held, save: Save, file: Path
) -> None:
    (event, poster), *_others = held.places
    save(some_answered(app, event, poster, 1, first=90)[0])

    result = run(app, "campaign", "archive", SLUG, file, "--remove")

    assert (result.exit_code, "wait to be counted" in result.stderr) == (1, True)
    assert number(app) == len(held.attempts) + 1


def test_attempts_that_came_after_the_file_was_written_are_not_removed(
    app: Flask, held: Held, save: Save, file: Path
) -> None:
    assert run(app, "campaign", "archive", SLUG, file).exit_code == 0
    (event, poster), *_others = held.places
    save(some_answered(app, event, poster, 1, first=90)[0])
    learn(app)

    result = run(app, "campaign", "archive", SLUG, file, "--remove")

    assert result.exit_code == 1
    assert "nothing was removed" in result.stderr
    assert number(app) == len(held.attempts) + 1


def test_a_tally_that_says_something_else_than_its_attempts_stops_the_archive(
    app: Flask, held: Held, file: Path
) -> None:
    with app.app_context(), write() as connection:
        table = DayTally.__table__
        connection.execute(sa.update(table).values(passed=table.c.passed + 1))

    result = run(app, "campaign", "archive", SLUG, file, "--remove")

    assert (result.exit_code, "tally verify" in result.stderr) == (1, True)
    assert number(app) == len(held.attempts)


def test_a_file_of_another_campaign_is_refused(app: Flask, held: Held, file: Path) -> None:
    assert run(app, "campaign", "archive", SLUG, file).exit_code == 0

    result = run(app, "campaign", "archive", "fujian-2013", file)

    assert (result.exit_code, "it holds the campaign fujian-demo" in result.stderr) == (1, True)


def test_an_archived_event_stays_closed_where_it_was(
    app: Flask, held: Held, file: Path, sign_in: Callable[..., FlaskClient]
) -> None:
    removed(app, file)
    event_id = held.places[0][0].id
    organizer = sign_in("wang")
    address = f"/organize/events/{event_id}"
    token = csrf_token(organizer.get(f"{address}/opening").text)

    longer = organizer.post(f"{address}/opening/longer/day", data={"csrf_token": token})

    assert longer.status_code == 422
    with app.app_context(), read() as connection:
        closes_at = connection.scalar(sa.select(Event.closes_at).where(Event.id == event_id))
    assert closes_at
    assert closes_at < datetime.now(UTC)


def test_the_log_tells_who_archived_what(app: Flask, held: Held, file: Path) -> None:
    removed(app, file)
    run(app, "campaign", "restore", SLUG, file)

    with app.app_context(), read() as connection:
        told = connection.execute(
            sa.select(AuditEntry.action, AuditEntry.detail)
            .where(AuditEntry.action.startswith("campaign.archive"))
            .order_by(AuditEntry.id)
        ).all()

    assert [tuple(row) for row in told] == [
        ("campaign.archive", {"file": "demo.zip"}),
        ("campaign.archive_remove", {"file": "demo.zip"}),
        ("campaign.archive_restore", {"file": "demo.zip"}),
    ]


def test_nothing_waits_after_a_removal(app: Flask, held: Held, file: Path) -> None:
    removed(app, file)

    with app.app_context(), read() as connection:
        for queue in (FreshAttempt, UnreadAttempt):
            assert connection.scalar(sa.select(sa.func.count()).select_from(queue)) == 0
