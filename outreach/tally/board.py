"""What the big screen of an event shows.

A hall may have many screens that ask every few seconds, so each process keeps what it counted for
a moment: at least `FRESH_SECONDS`, and longer where counting takes long, so that counting never
takes more than a twentieth of a processor.
"""

import gzip
import hashlib
import json
import re
import time
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock
from typing import Any

import sqlalchemy as sa
from flask import Flask, current_app

from core import clock
from core.config import Settings
from core.db import read
from outreach.campaigns.models import Body, Campaign
from outreach.events.archived import is_archived
from outreach.events.models import Event, EventState, Team, state_at
from outreach.participation.models import Attempt
from outreach.posters import service as posters
from outreach.posters.models import Poster
from outreach.regions.models import Region
from outreach.tally.event_counts import SCREEN_PLACEMENTS
from outreach.tally.missed import Missed, most_missed
from outreach.tally.rollup_models import HourTally

FRESH_SECONDS = 2.0
MISSED_SECONDS = 60.0
# While one thread counts, the others may be given what was fresh so long ago.
BEHIND_SECONDS = 10.0
COST_FACTOR = 20
BOARDS_IN_MEMORY = 256
TEAMS_SHOWN = 6
MINUTE = timedelta(seconds=60)
CODE = re.compile(r"[A-Za-z0-9_-]{1,16}")
PAUSE_SECONDS = {
    EventState.OPEN: 5,
    EventState.PLANNED: 20,
    EventState.CLOSED: 60,
    EventState.CANCELLED: 60,
}

Shown = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A board at one moment: plain values, as JSON, and packed; `tag` changes with the content."""

    shown: Shown
    body: bytes
    packed: bytes
    tag: str


@dataclass(slots=True)
class _Held:
    """What a process knows of one board; the moments are of the monotonic clock."""

    lock: Lock = field(default_factory=Lock)
    snapshot: Snapshot | None = None
    fresh_until: float = 0.0
    missed: Missed | None = None
    missed_until: float = 0.0


class Boards:
    """The boards that a process was asked for lately."""

    def __init__(self) -> None:
        self._held: OrderedDict[str, _Held] = OrderedDict()
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._held)

    def fresh(self, code: str) -> Snapshot | None:
        """Return a board that need not be counted anew yet, or None."""
        held = self._held.get(code)
        return held.snapshot if held and time.monotonic() < held.fresh_until else None

    def get(self, code: str) -> Snapshot | None:
        """Return a board as it was at most a moment ago, or None for an unknown code.

        While one thread counts, the others are given what was counted shortly before.
        """
        fresh = self.fresh(code)
        if fresh is not None:
            return fresh
        if not CODE.fullmatch(code):
            return None
        with self._lock:
            held = self._held.setdefault(code, _Held())
            self._held.move_to_end(code)
            while len(self._held) > BOARDS_IN_MEMORY:
                self._held.popitem(last=False)
        is_old = time.monotonic() > held.fresh_until + BEHIND_SECONDS
        if not held.lock.acquire(blocking=is_old):
            return held.snapshot
        try:
            if time.monotonic() >= held.fresh_until:
                self._count(code, held)
        finally:
            held.lock.release()
        return held.snapshot

    def _count(self, code: str, held: _Held) -> None:
        started = time.monotonic()
        row = _event(code)
        if row is None:
            held.snapshot = None
            with self._lock:
                self._held.pop(code, None)
            return
        if started >= held.missed_until:
            held.missed = most_missed(row.id)
            held.missed_until = started + max(MISSED_SECONDS, _pause(started))
            started = time.monotonic()
        held.snapshot = _renewed(held.snapshot, _shown(row, held.missed))
        held.fresh_until = time.monotonic() + max(FRESH_SECONDS, _pause(started))


def snapshot(code: str) -> Snapshot | None:
    """Return the board of a code, or None for an unknown one."""
    boards: Boards = current_app.extensions["boards"]
    return boards.get(code)


def address(code: str) -> str:
    """Return where a board stands, as one types it into the computer of a hall."""
    settings: Settings = current_app.config["SETTINGS"]
    return f"{settings.public_url}/board/{code}"


def _pause(started: float) -> float:
    return COST_FACTOR * (time.monotonic() - started)


def _renewed(before: Snapshot | None, shown: Shown) -> Snapshot:
    """Make a snapshot, or keep the one before with its moment if nothing changed."""
    tag = hashlib.sha256(json.dumps(shown, sort_keys=True).encode()).hexdigest()[:20]
    if before is not None and before.tag == tag:
        return before
    as_of = clock.now().astimezone(clock.campaign_zone()).isoformat(timespec="seconds")
    shown = {"as_of": as_of} | shown
    body = json.dumps(shown, ensure_ascii=False, separators=(",", ":")).encode()
    return Snapshot(shown, body, gzip.compress(body, mtime=0), tag)


_EVENT = (
    sa.select(
        Event.id,
        Event.title_zh,
        Event.title_en,
        Event.site,
        Event.opens_at,
        Event.closes_at,
        Event.cancelled_at,
        Region.name_zh.label("region_zh"),
        Region.name_en.label("region_en"),
        Body.name_zh.label("body_zh"),
        Body.name_en.label("body_en"),
        Campaign.slogan_zh,
        Campaign.slogan_en,
    )
    .join(Region, Event.region_code == Region.code)
    .join(Body, Event.body_id == Body.id)
    .join(Campaign, Event.campaign_id == Campaign.id)
    .where(Event.board_code == sa.bindparam("code"))
)


def _event(code: str) -> Any:
    """Return the row of a board's event, or None."""
    with read() as connection:
        return connection.execute(_EVENT, {"code": code}).first()


def _shown(event: Any, missed: Missed | None) -> Shown:
    at = clock.now()
    state = state_at(event.opens_at, event.closes_at, event.cancelled_at, at)
    zone = clock.campaign_zone()
    query = _archived(event.id) if is_archived(event.id) else _attempts(event.id, at)
    teams = sa.select(Team.id, Team.name, Team.roster_size).where(Team.event_id == event.id)
    with read() as connection:
        counts = {team: numbers for team, *numbers in connection.execute(query)}
        listed = connection.execute(teams.order_by(Team.id)).all()
        joined = connection.scalar(_POSTER, {"event": event.id})
    totals = [sum(column) for column in zip(*counts.values(), strict=True)] or [0, 0, 0]
    return {
        "state": state.value,
        "event": {
            "title": _pair(event.title_zh, event.title_en),
            "region": _pair(event.region_zh, event.region_en),
            "site": event.site,
            "body": _pair(event.body_zh, event.body_en),
            "slogan": _pair(event.slogan_zh, event.slogan_en),
            "opens_at": event.opens_at.astimezone(zone).isoformat(timespec="minutes"),
            "closes_at": event.closes_at.astimezone(zone).isoformat(timespec="minutes"),
        },
        "attempts": totals[0],
        "devices": totals[1],
        "newest_minute": totals[2],
        "race": _race(listed, counts),
        "missed": None if missed is None else _missed(missed),
        "join": None
        if joined is None or state is not EventState.OPEN
        else {"code": joined, "link": posters.link(joined)},
        "pause_seconds": PAUSE_SECONDS[state],
    }


def _attempts(event_id: int, at: datetime) -> sa.Select[*tuple[Any, ...]]:
    """Return the query for attempts, devices and the newest attempts by team."""
    # What came later than now was handed in while the clock was ahead.
    is_new = sa.and_(Attempt.submitted_at > at - MINUTE, Attempt.submitted_at <= at)
    newest = sa.func.sum(sa.case((is_new, 1), else_=0))
    devices = sa.func.sum(sa.case((Attempt.sequence == 1, 1), else_=0))
    query = sa.select(Attempt.team_id, sa.func.count(), devices, newest)
    return query.where(Attempt.event_id == event_id).group_by(Attempt.team_id)


def _archived(event_id: int) -> sa.Select[*tuple[Any, ...]]:
    """Return the query for the same of attempts that are in an archive, as they were counted."""
    team = sa.func.nullif(HourTally.team_id, 0)
    attempts, devices = (
        sa.cast(sa.func.sum(number), sa.Integer)
        for number in (HourTally.attempts, HourTally.devices)
    )
    query = sa.select(team, attempts, devices, sa.literal(0))
    return query.where(HourTally.event_id == event_id).group_by(HourTally.team_id)


_POSTER = (
    sa.select(Poster.code)
    .where(
        Poster.event_id == sa.bindparam("event"),
        Poster.withdrawn_at.is_(None),
        Poster.team_id.is_(None),
    )
    .order_by(
        sa.case((Poster.placement.in_(SCREEN_PLACEMENTS.values()), 0), else_=1),
        Poster.created_at,
        Poster.code,
    )
    .limit(1)
)


def _race(teams: Any, counts: dict[int | None, list[int]]) -> Shown:
    """Rank teams by share of roster if any states its own; else by attempts.

    A team without a roster then stands below those with one. More devices than people on the roster
    bring nobody further up than everybody does.
    """
    lines = []
    for team in teams:
        attempts, devices, _newest = counts.get(team.id, (0, 0, 0))
        share = None if team.roster_size is None else round(devices / team.roster_size, 3)
        lines.append(
            {
                "id": team.id,
                "name": team.name,
                "attempts": attempts,
                "devices": devices,
                "roster_size": team.roster_size,
                "share": share,
            }
        )
    by_roster = any(line["share"] is not None for line in lines)
    lines.sort(
        key=lambda line: (
            by_roster and line["share"] is None,
            -min(line["share"] or 0, 1) if by_roster else 0,
            -line["attempts"],
        )
    )
    return {
        "by": "roster" if by_roster else "attempts",
        "teams": lines[:TEAMS_SHOWN],
        "more": max(len(lines) - TEAMS_SHOWN, 0),
    }


def _missed(missed: Missed) -> Shown:
    words = missed.explanation
    return {
        "topic": missed.topic.as_json(),
        "explanation": None if words is None else words.as_json(),
        "of_ten": missed.of_ten,
    }


def _pair(zh: str, en: str | None) -> dict[str, str]:
    return {"zh": zh, "en": en or zh}


def init_app(app: Flask) -> None:
    """Give the process a place for its boards."""
    app.extensions["boards"] = Boards()
