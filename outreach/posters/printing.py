"""From posters in the database to a PDF, at once or as a job."""

from collections.abc import Callable, Sequence
from typing import Any

import sqlalchemy as sa
from flask import Flask
from flask_babel import gettext as _
from sqlalchemy.orm import joinedload

from core import clock, jobs
from core.db import db, reading
from core.jobs import CannotDoError, File, NotYoursError, Progress
from outreach import qr
from outreach.campaigns.reach import current_reach
from outreach.events.models import Event, Team
from outreach.posters import choosing, codes, service
from outreach.posters.drawing import Size, make
from outreach.posters.models import Poster
from outreach.posters.sheet import Sheet, Words
from question_bank import service as bank

KIND = "posters"
PDF = "application/pdf"
AT_ONCE = 30  # posters that somebody may wait for
MOST_IN_FILE = 3_000


def count(event_ids: Sequence[int]) -> int:
    """Count the posters of events that are in use."""
    query = sa.select(sa.func.count()).select_from(Poster).where(_in_use(event_ids))
    return db.session.scalar(query) or 0


def _in_use(event_ids: Sequence[int]) -> sa.ColumnElement[bool]:
    return sa.and_(Poster.event_id.in_(event_ids), Poster.withdrawn_at.is_(None))


def sheets(event_ids: Sequence[int]) -> list[Sheet]:
    """List what the posters of events say, withdrawn ones left out: by region, event and team."""
    query = (
        sa.select(Poster)
        .join(Poster.event)
        .outerjoin(Poster.team)
        .where(_in_use(event_ids))
        .order_by(Event.region_code, Event.id, Team.id.is_not(None), Team.id, Poster.created_at)
        .order_by(Poster.code)
        .limit(MOST_IN_FILE)
    )
    event = joinedload(Poster.event)
    related = (event.joinedload(part) for part in (Event.region, Event.body, Event.campaign))
    return [
        _sheet(poster)
        for poster in db.session.scalars(query.options(*related, joinedload(Poster.team)))
    ]


def _sheet(poster: Poster) -> Sheet:
    event, zone = poster.event, clock.campaign_zone()
    link = service.link(poster.code)
    return Sheet(
        code=qr.drawn(link),
        link=link,
        typed=codes.spaced(poster.code),
        campaign=Words(event.campaign.name_zh, event.campaign.name_en),
        slogan=Words(event.campaign.slogan_zh, event.campaign.slogan_en),
        title=Words(event.title_zh, event.title_en or ""),
        team=poster.team.name if poster.team else "",
        site=event.site,
        region=Words(event.region.name_zh, event.region.name_en or ""),
        host=Words(event.body.name_zh, event.body.name_en),
        opens=event.opens_at.astimezone(zone),
        closes=event.closes_at.astimezone(zone),
        questions=bank.quiz(event.quiz_id).blueprint.size,
        placement=poster.placement,
    )


def document(
    drawn: Sequence[Sheet], size: Size, tell: Callable[[int], None] = lambda _done: None
) -> bytes:
    """Return posters as a PDF."""
    return make(drawn, size, title=_("Posters"), made_at=clock.now(), tell=tell)


def file_name(size: Size, event_id: int | None = None) -> str:
    """Name a file of posters, of one event or of several."""
    return f"posters-{event_id or 'events'}-{size.value}.pdf"


def renew(asked: dict[str, Any]) -> dict[str, Any]:
    """Return what is asked for again: the posters of those events that are who asks' now.

    :raises NotYoursError: none of the events is
    """
    event_ids = list(choosing.within_reach(current_reach(), asked["event_ids"]))
    if not event_ids:
        raise NotYoursError
    return asked | {"event_ids": event_ids}


def work(asked: dict[str, Any], progress: Progress) -> File:
    """Draw the posters of the events that were asked for.

    :raises CannotDoError: no poster is left of them
    """
    size = Size(asked["size"])
    with reading():
        listed = sheets(asked["event_ids"])
    if not listed:
        raise CannotDoError(_("None of these events has a poster in use any more."))
    total = len(listed)
    progress(0, total)
    content = document(listed, size, lambda done: progress(done, total))
    return File(file_name(size), PDF, content)


def init_app(app: Flask) -> None:
    """Register who draws posters in the background."""
    jobs.register(app, KIND, jobs.Kind(work, "events.manage", renew))
