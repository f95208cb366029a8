"""What a sheet may name, and making all its events in one transaction."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from core import audit, clock
from core.audit import Deed
from core.db import db
from outreach.batch.checking import Key, Known, Planned
from outreach.campaigns.models import Campaign
from outreach.campaigns.reach import Reach
from outreach.events.models import Event, Team
from outreach.posters.codes import new_code
from outreach.posters.models import Poster
from outreach.regions.service import Resolver, upwards
from question_bank import service as bank

ACTION = "event.import"


def known(campaign: Campaign, reach: Reach) -> Known:
    """Look up all that a sheet may name within a reach."""
    regions = Resolver(reach.region_code)
    bodies = [b for b in campaign.bodies if reach.body_slug in {None, b.slug}]
    return Known(
        regions=regions,
        reach_name=regions.label(reach.region_code),
        bodies={body.id: (body.name_zh, body.name_en, body.slug) for body in bodies},
        may_choose_body=reach.body_slug is None,
        quizzes={
            quiz.id: (quiz.name_zh, quiz.name_en, quiz.slug)
            for quiz in bank.offered_quizzes(upwards(reach.region_code))
        },
        events=_keys(campaign.id),
        zone=clock.campaign_zone(),
    )


def _keys(campaign_id: int) -> frozenset[Key]:
    columns = (Event.title_zh, Event.site, Event.region_code, Event.opens_at)
    query = sa.select(*columns).where(Event.campaign_id == campaign_id)
    return frozenset((t, s, r, at) for t, s, r, at in db.session.execute(query))


def make(
    connection: sa.Connection,
    campaign_id: int,
    planned: Sequence[Planned],
    *,
    actor_id: int,
    actor_name: str,
) -> list[tuple[int, str]]:
    """Add events with their teams and a first poster each; return id and code of each."""
    at = clock.now()
    events = _insert(
        connection,
        Event,
        [_event(one, campaign_id) | {"created_at": at, "created_by": actor_id} for one in planned],
    )
    made = [(event_id, new_code()) for event_id in events]
    teams = [
        {"event_id": event_id, "name": roster.name, "roster_size": roster.size}
        for event_id, one in zip(events, planned, strict=True)
        for roster in one.teams
    ]
    posters = [
        {"code": code, "event_id": event_id, "placement": one.placement, "created_at": at}
        for (event_id, code), one in zip(made, planned, strict=True)
    ]
    for model, rows in ((Team, teams), (Poster, posters)):
        if rows:
            connection.execute(sa.insert(model), rows)
    deeds = [
        Deed(ACTION, f"event:{event_id}", one.plan.title_zh, one.plan.region_code)
        for event_id, one in zip(events, planned, strict=True)
    ]
    audit.record_all(connection, actor_id, actor_name, deeds)
    return made


def _event(planned: Planned, campaign_id: int) -> dict[str, Any]:
    plan = planned.plan
    return {
        "campaign_id": campaign_id,
        "kind": plan.kind,
        "title_zh": plan.title_zh,
        "title_en": plan.title_en,
        "site": plan.site,
        "region_code": plan.region_code,
        "body_id": plan.body_id,
        "quiz_id": plan.quiz_id,
        "opens_at": plan.opens_at,
        "closes_at": plan.closes_at,
    }


def _insert(connection: sa.Connection, model: type[Event], rows: list[dict[str, Any]]) -> list[int]:
    """Insert rows and return their ids in the same order."""
    if not rows:
        return []
    statement = sa.insert(model).returning(model.id, sort_by_parameter_order=True)
    return list(connection.scalars(statement, rows))
