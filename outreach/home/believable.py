"""flask demo-campaign: a campaign that looks like a real one, for screenshots, tests and practice.

Every row could have been written by a phone and an organizer: papers are drawn and marked by the
rules of the bank, and the rollups learn of the attempts as they do of any.
"""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from core import clock
from core.db import db
from outreach.campaigns import service as campaigns
from outreach.campaigns.models import Campaign
from outreach.events.models import Event, Team
from outreach.home import believable_people as people
from outreach.home import believable_plan as plan
from outreach.home import believable_words as words
from outreach.home.believable_people import Bank
from outreach.home.believable_plan import Outline
from outreach.participation.models import Attempt
from outreach.posters.codes import new_code
from outreach.posters.models import Poster
from outreach.regions.models import Region
from outreach.regions.service import prefix_of
from question_bank import service as bank
from question_bank.edition import Edition

SLUG = "fujian-demo"
BATCH = 5_000
EVENTS, ATTEMPTS = 500, 300_000
SMALLEST_TEAM = 5

_TABLE: sa.Table = sa.inspect(Attempt).local_table  # type: ignore[assignment]
COLUMNS = (
    "event_id", "id", "poster_code", "team_id", "region_code", "region_zh", "region_en", "edition",
    "quiz_id", "seed", "answers", "points", "size", "passed", "device_key", "sequence", "counted",
    "local_day", "submitted_at",
)  # fmt: skip


class NotPreparedError(Exception):
    """There is no demo campaign yet, or no edition of the question bank."""


class HoldsAttemptsError(Exception):
    """Somebody took part here already."""


@dataclass(frozen=True, slots=True)
class Filled:
    """How much was made."""

    events: int
    attempts: int


@dataclass(frozen=True, slots=True)
class _Made:
    """An event in the database with its posters and how likely each is scanned."""

    outline: Outline
    event: Event
    posters: Sequence[Poster]
    shares: Sequence[float]


def fill(events: int, attempts: int, seed: int, *, anyway: bool = False) -> Filled:
    """Plan events in the demo campaign and let people take part, up to now.

    The campaign begins `believable_plan.DAYS` days ago, if it began later. The same seed
    at the same moment gives the same figures.

    :param anyway: add to attempts that are there already
    :raises NotPreparedError: `flask demo` did not run yet
    :raises HoldsAttemptsError: there are attempts, and they are not to be mixed with made-up ones
    """
    campaign, edition = campaigns.named(SLUG), bank.latest()
    if campaign is None or edition is None:
        raise NotPreparedError
    if not anyway and db.session.scalar(sa.select(sa.exists(sa.select(Attempt.id)))):
        raise HoldsAttemptsError
    chance = random.Random(seed)  # noqa: S311 -- a demonstration's chance
    at, zone = clock.now(), clock.campaign_zone()
    planner = plan.Planner(_land(campaign, chance), at, zone, chance)
    campaign.first_on = min(campaign.first_on, planner.days[0])
    made = _make(campaign, planner.outlines(events, attempts), chance)
    _insert(_rows(made, edition, seed, chance))
    return Filled(len(made), sum(one.outline.attempts for one in made))


def _land(campaign: Campaign, chance: random.Random) -> plan.Land:
    query = (
        sa.select(Region.code, Region.name_zh, Region.name_en, Region.population)
        .where(Region.code.startswith(prefix_of(campaign.province_code)))
        .order_by(Region.code)
    )
    rows = [
        (r.code, r.name_zh, r.name_en or r.name_zh, r.population) for r in db.session.execute(query)
    ]
    return plan.land(rows, campaigns.separate_regions(campaign.id), chance)


def _make(campaign: Campaign, outlines: Sequence[Outline], chance: random.Random) -> list[_Made]:
    """Add the events with their teams and posters."""
    bodies = {body.slug: body.id for body in campaign.bodies}
    offered = bank.offered_quizzes()
    quizzes = {quiz.slug: quiz.id for quiz in offered}
    made = []
    for outline in outlines:
        event = Event(
            campaign_id=campaign.id,
            kind=outline.kind,
            title_zh=outline.title[0],
            title_en=outline.title[1],
            site=outline.site,
            region_code=outline.area.code,
            body_id=bodies.get(outline.host, campaign.bodies[0].id),
            quiz_id=quizzes.get(outline.quiz, offered[0].id),
            opens_at=outline.opens_at,
            closes_at=outline.closes_at,
            cancelled_at=outline.cancelled_at,
            created_at=outline.created_at,
            changed_at=outline.cancelled_at or outline.created_at,
        )
        made.append(_with_posters(outline, event, chance))
    db.session.add_all(one.event for one in made)
    db.session.add_all(poster for one in made for poster in one.posters)
    db.session.flush()
    return made


def _with_posters(outline: Outline, event: Event, chance: random.Random) -> _Made:
    """Give an event its teams, a poster each, and those that hang for everybody."""
    hung_at = outline.created_at + timedelta(hours=1)
    shares = [share for _name, share in (*outline.teams, *outline.placements)]
    devices = outline.attempts / (1 + people.AGAIN)
    posters = []
    for name, share in outline.teams:
        # Between a third and all of a roster take part.
        part = devices * share / sum(shares) / chance.uniform(0.33, 1)
        team = Team(event=event, name=name, roster_size=max(round(part), SMALLEST_TEAM))
        posters.append(_poster(event, team, words.TEAM_PLACEMENT, hung_at))
    posters += [_poster(event, None, label, hung_at) for label, _share in outline.placements]
    return _Made(outline, event, posters, shares)


def _poster(event: Event, team: Team | None, placement: str, at: datetime) -> Poster:
    return Poster(code=new_code(), event=event, team=team, placement=placement, created_at=at)


def _rows(
    made: Sequence[_Made], edition: Edition, seed: int, chance: random.Random
) -> Iterator[tuple[Any, ...]]:
    """Yield the attempts, each as `COLUMNS`."""
    asked = Bank(edition, seed)
    for one in made:
        quiz = bank.quiz(one.event.quiz_id)
        posters = [(poster.code, poster.team_id) for poster in one.posters]
        event_id = one.event.id
        for visit in people.visits(one.outline, one.shares, asked, quiz, chance):
            code, team_id = posters[visit.place]
            area, is_passed = visit.area, visit.points >= quiz.pass_mark
            yield (
                event_id, visit.id, code, team_id, area.code, area.zh, area.en, edition.number,
                quiz.id, visit.seed, visit.answers, visit.points, visit.size, is_passed,
                visit.device_key, visit.sequence, visit.counted, visit.local_day,
                visit.submitted_at,
            )  # fmt: skip


def _insert(rows: Iterator[tuple[Any, ...]]) -> None:
    """Write rows in the session's transaction, in bulk."""
    connection = db.session.connection()
    if connection.dialect.name == "postgresql":
        names = ", ".join(COLUMNS)
        cursor: Any = connection.connection.cursor()
        with cursor, cursor.copy(f"COPY attempt ({names}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
        return
    batch: list[Mapping[str, Any]] = []
    for row in rows:
        batch.append(dict(zip(COLUMNS, row, strict=True)))
        if len(batch) == BATCH:
            connection.execute(_TABLE.insert(), batch)
            batch = []
    if batch:
        connection.execute(_TABLE.insert(), batch)
