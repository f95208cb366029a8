"""What people knew is told in blocks of at least ten devices, whatever is added or subtracted.

The public tables are read as an attacker would: every figure of every refresh is an equation over
the attempts. What the equations determine must rest on at least ten devices.
"""

import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import example, given, settings
from hypothesis import strategies as st

from core.db import db
from outreach.events.models import Event, EventKind
from outreach.tally import disclosure, released
from outreach.tally.disclosure import FEWEST_DEVICES, Block, Part
from tests.builders import (
    DAILY_QUIZ_ID,
    FUJIAN,
    FUZHOU,
    JINJIANG,
    MINHOU,
    QUANZHOU,
    a_poster,
    an_event,
)
from tests.outreach.attempts import an_attempt, hold_event, some_attempts

Save = Callable[..., Any]
Rows = Callable[[sa.Select[Any]], list[Any]]
Vector = tuple[Fraction, ...]

LINES = {
    "own": ("Fujian itself", "Fujian"),
    "jinjiang": ("Jinjiang", "Quanzhou", "Fujian"),
    "licheng": ("Licheng", "Quanzhou", "Fujian"),
    "minhou": ("Minhou", "Fuzhou", "Fujian"),
    "pingtan": ("Pingtan", "Fujian"),
}
PLACES = sorted({place for line in LINES.values() for place in line})
EVENTS = [
    Part(number, region, line, kind, body_id, quiz_id, 0, 0, 0)
    for number, (region, line, kind, body_id, quiz_id) in enumerate(
        (region, LINES[region], kind, body_id, quiz_id)
        for region, kind, body_id, quiz_id in (
            ("jinjiang", "factory", 1, 1),
            ("jinjiang", "factory", 1, 1),
            ("jinjiang", "campus", 2, 1),
            ("licheng", "factory", 1, 2),
            ("minhou", "campus", 2, 2),
            ("minhou", "community", 1, 1),
            ("pingtan", "campus", 2, 1),
            ("own", "online", 1, 2),
        )
    )
]
growth = st.lists(st.integers(0, 14), min_size=len(EVENTS), max_size=len(EVENTS))


@dataclass
class Telling:
    """A campaign whose figures are told refresh by refresh, as `released` does it."""

    devices: list[int] = field(default_factory=lambda: [0] * len(EVENTS))
    told: list[int] = field(default_factory=lambda: [0] * len(EVENTS))
    blocks: list[Block] = field(default_factory=list)

    def refresh(self, more: Sequence[int], *, is_over: bool = False) -> list[Block]:
        """Let devices come and tell what may be told; return the new blocks."""
        self.devices = [a + b for a, b in zip(self.devices, more, strict=True)]
        parts = []
        for event, devices, told in zip(EVENTS, self.devices, self.told, strict=True):
            new = devices - told
            if new:
                is_patient = told > 0 and not is_over
                parts.append(
                    replace(event, counted=new, devices=new, passed=0, is_patient=is_patient)
                )
        known = {place for block in self.blocks for place in above(block)}
        made = disclosure.blocks(parts, known)
        for block in made:
            for part in block.parts:
                self.told[part.event_id] += part.devices
        self.blocks += made
        return made


def above(block: Block) -> tuple[str, ...]:
    """Return a block's place and all above it."""
    line = next(part.line for part in block.parts if block.place in part.line)
    return line[line.index(block.place) :]


def figures(blocks: Sequence[Block]) -> Iterator[tuple[str, frozenset[int]]]:
    """Yield every figure that pages may show, as the blocks in it."""
    for place in PLACES:
        inside = [n for n, block in enumerate(blocks) if place in above(block)]
        yield place, frozenset(inside)
        for name in ("kind", "body_id", "quiz_id"):
            values = {getattr(part, name) for n in inside for part in blocks[n].parts}
            for value in values:
                those = [
                    n for n in inside if {getattr(p, name) for p in blocks[n].parts} == {value}
                ]
                yield f"{place} {name} {value}", frozenset(those)


def rank(rows: Sequence[Vector]) -> int:
    """Return how many independent equations there are (Gauss, in exact fractions)."""
    matrix, at = [list(row) for row in rows], 0
    for column in range(len(matrix[0]) if matrix else 0):
        found = next((n for n in range(at, len(matrix)) if matrix[n][column]), None)
        if found is None:
            continue
        matrix[at], matrix[found] = matrix[found], matrix[at]
        for n in range(at + 1, len(matrix)):
            times = matrix[n][column] / matrix[at][column]
            if times:
                matrix[n] = [a - times * b for a, b in zip(matrix[n], matrix[at], strict=True)]
        at += 1
    return at


@settings(max_examples=40, deadline=None)
@given(st.lists(growth, min_size=1, max_size=4), st.booleans())
@example([[3, 0, 0, 4, 25, 0, 0, 0]], False)
@example([[12, 0, 0, 0, 0, 0, 3, 0], [1] * 8, [9] * 8], False)
@example([[9] * 8, [1] * 8, [0] * 8], True)
def test_no_figure_of_few_devices_can_be_got_along_any_total_and_any_refresh(
    refreshes: list[list[int]], is_over: bool
) -> None:
    telling = Telling()
    shown: list[frozenset[int]] = []

    for number, more in enumerate(refreshes):
        telling.refresh(more, is_over=is_over and number == len(refreshes) - 1)
        shown += [blocks for _name, blocks in figures(telling.blocks)]

    # One unknown for each device: what it adds to each figure. Every figure lies in the space that
    # the blocks span, and blocks share no device: so does all that can be worked out of figures.
    starts = [0]
    for devices in telling.devices:
        starts.append(starts[-1] + devices)
    used = [0] * len(EVENTS)
    of_block: list[Vector] = []
    for block in telling.blocks:
        vector = [Fraction(0)] * starts[-1]
        for part in block.parts:
            first = starts[part.event_id] + used[part.event_id]
            vector[first : first + part.devices] = [Fraction(1)] * part.devices
            used[part.event_id] += part.devices
        of_block.append(tuple(vector))
    assert all(sum(vector) >= FEWEST_DEVICES for vector in of_block)
    assert all(sum(column) <= 1 for column in zip(*of_block, strict=True))
    equations = [
        tuple(sum((of_block[n][d] for n in blocks), Fraction(0)) for d in range(starts[-1]))
        for blocks in set(shown)
    ]
    assert rank([*of_block, *equations]) == len(of_block)


@settings(max_examples=40, deadline=None)
@given(growth)
def test_what_is_told_first_is_told_whole_wherever_ten_devices_stand_behind(
    devices: list[int],
) -> None:
    telling = Telling()

    telling.refresh(devices)

    shown = {name: blocks for name, blocks in figures(telling.blocks) if name in PLACES}
    for place, blocks in shown.items():
        there = sum(n for event, n in zip(EVENTS, devices, strict=True) if place in event.line)
        told = sum(telling.blocks[n].devices for n in blocks)
        assert told <= there
        if place == "Fujian" and there >= FEWEST_DEVICES:
            assert told == there
    if all(n == 0 or n >= FEWEST_DEVICES for n in devices):
        assert telling.told == devices


@given(st.lists(growth, min_size=2, max_size=5), st.randoms(use_true_random=False))
def test_blocks_do_not_hang_on_the_order_of_the_events(
    refreshes: list[list[int]], chance: random.Random
) -> None:
    parts = [
        replace(event, counted=n, devices=n)
        for event, n in zip(EVENTS, refreshes[0], strict=True)
        if n
    ]
    turned = chance.sample(parts, len(parts))

    def told(blocks: Sequence[Block]) -> Counter[tuple[str, frozenset[int]]]:
        return Counter((b.place, frozenset(p.event_id for p in b.parts)) for b in blocks)

    assert told(disclosure.blocks(parts, ())) == told(disclosure.blocks(turned, ()))


def test_an_open_event_that_was_told_waits_for_ten_devices_of_its_own() -> None:
    telling = Telling()
    telling.refresh([12, 11, 0, 0, 0, 0, 0, 0])

    assert telling.refresh([9, 9, 0, 0, 0, 0, 0, 0]) == []
    (block,) = telling.refresh([1, 0, 0, 0, 0, 0, 0, 0])
    (leftover,) = telling.refresh([0, 1, 0, 0, 0, 0, 0, 0], is_over=True)

    assert (block.place, block.devices) == ("Jinjiang", 10)
    assert leftover.devices == 10


def totals(client: FlaskClient, region_code: str = "") -> dict[str, Any]:
    path = f"/participation/{region_code}.json" if region_code else "/participation.json"
    found: dict[str, Any] = client.get(path).get_json()
    return found


def passed(client: FlaskClient, region_code: str = "") -> int | None:
    number: int | None = totals(client, region_code)["totals"]["passed"]
    return number


@pytest.fixture(autouse=True)
def _looks_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two refreshes of a test may come within the pause."""
    monkeypatch.setattr(released, "PAUSE_SECONDS", 0.0)


def test_between_two_refreshes_passed_moves_by_ten_devices_or_not_at_all(
    client: FlaskClient, save: Save
) -> None:
    event, poster, _attempts = hold_event(save, JINJIANG, 12, 5)
    seen = [passed(client, JINJIANG)]

    for _more in range(3):
        save(*some_attempts(event, poster, 4, 4))
        seen.append(passed(client, JINJIANG))

    assert seen == [5, 5, 5, 17]
    table = totals(client, JINJIANG)["totals"]
    assert (table["attempts"], table["devices"], table["passed_of"]) == (24, 24, 24)


def test_nine_devices_are_hidden_and_ten_are_not(client: FlaskClient, save: Save) -> None:
    event, poster, _attempts = hold_event(save, JINJIANG, 9, 3)
    before = totals(client)["totals"]
    save(*some_attempts(event, poster, 1, 1))

    after = totals(client)["totals"]

    assert (before["passed"], before["suppressed"]) == (None, True)
    assert after["passed"] == 4
    assert "suppressed" not in after


def test_a_second_figure_is_hidden_with_the_first(client: FlaskClient, save: Save) -> None:
    hold_event(save, JINJIANG, 12, 5)
    hold_event(save, MINHOU, 3, 2)

    table = totals(client)

    assert table["totals"]["passed"] == 7
    assert [row["passed"] for row in table["regions"] if row["counted"]] == [None, None]
    assert passed(client, JINJIANG) is passed(client, QUANZHOU) is passed(client, FUZHOU) is None


def test_pages_files_and_json_are_told_the_same_by_every_process(
    app: Flask, database_url: str, make_app: Callable[..., Flask], save: Save
) -> None:
    event, poster, _attempts = hold_event(save, JINJIANG, 15, 6)
    one, other = app.test_client(), make_app(database_url).test_client()

    first = passed(one, JINJIANG)
    save(*some_attempts(event, poster, 9, 9))
    again, elsewhere = passed(one, JINJIANG), passed(other, JINJIANG)
    save(*some_attempts(event, poster, 1, 1))
    later, by_then = passed(other, JINJIANG), passed(one, JINJIANG)
    csv = one.get(f"/participation/{QUANZHOU}.csv").get_data(as_text=True)

    assert (first, again, elsewhere, later, by_then) == (6, 6, 6, 16, 16)
    line = next(line for line in csv.splitlines() if line.startswith(f"{JINJIANG},"))
    assert line.split(",")[2:6] == ["25", "25", "25", "16"]


def test_what_is_recorded_adds_up_to_what_was_told(
    client: FlaskClient, save: Save, rows: Rows
) -> None:
    for region, devices in (
        (JINJIANG, 14),
        ("350502", 6),
        ("350581", 7),
        (MINHOU, 25),
        (FUJIAN, 2),
    ):
        hold_event(save, region, devices, devices // 2)

    told = totals(client)["totals"]

    for name in ("released_part", "released_block"):
        table = db.metadata.tables[name]
        (sums,) = rows(sa.select(sa.func.sum(table.c.devices), sa.func.sum(table.c.passed)))
        assert tuple(sums) == (54, told["passed"]) == (54, 7 + 3 + 3 + 12 + 1)


def test_opening_a_page_again_and_again_records_nothing_more(
    client: FlaskClient, save: Save, rows: Rows
) -> None:
    hold_event(save, JINJIANG, 14, 4)
    state = db.metadata.tables["released_state"]
    totals(client)
    (before,) = rows(sa.select(state.c.serial))

    for path in ("/participation", "/participation.json", "/participation.csv", "/") * 5:
        client.get(path)

    assert rows(sa.select(state.c.serial)) == [before]


def test_a_place_that_a_phone_reached_only_on_its_second_day_is_hidden_too(
    client: FlaskClient, save: Save
) -> None:
    event = an_event(region_code=FUJIAN, kind=EventKind.ONLINE, quiz_id=DAILY_QUIZ_ID)
    event, poster = save(event, a_poster(event))
    first = some_attempts(event, poster, 12, 4, region_code=JINJIANG)
    save(*first)
    moved = {"region_code": MINHOU, "device_key": first[0].device_key, "sequence": 2}
    save(an_attempt(event, poster, passed=True, local_day=date(2026, 9, 2), **moved))

    there = totals(client, MINHOU)["totals"]

    assert (there["attempts"], there["counted"]) == (1, 1)
    assert (there["passed"], there["suppressed"]) == (None, True)


def test_what_is_left_when_events_are_over_is_told_together(
    app: Flask, client: FlaskClient, save: Save
) -> None:
    held = [hold_event(save, JINJIANG, 10, 5) for _event in range(2)]
    passed(client, JINJIANG)
    for event, poster, _attempts in held:
        save(*some_attempts(event, poster, 6, 6))
    while_open = passed(client, JINJIANG)
    with app.app_context():
        for event, _poster, _attempts in held:
            db.session.get_one(Event, event.id).closes_at = datetime.now(UTC) - timedelta(seconds=1)
        db.session.commit()

    assert (while_open, passed(client, JINJIANG)) == (10, 22)


@pytest.mark.parametrize(
    ("rows_", "expected"),
    [([(1, 0), (0, 1)], 2), ([(1, 1), (1, 1)], 1), ([(1, 1), (1, 0), (0, 1)], 2)],
)
def test_the_attacker_of_these_tests_can_subtract(
    rows_: list[tuple[int, int]], expected: int
) -> None:
    assert rank([tuple(map(Fraction, row)) for row in rows_]) == expected
