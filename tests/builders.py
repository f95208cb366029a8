"""Unsaved objects with usual values, over what every test database holds.

It holds all regions, the campaigns of 2013 and of the demonstration, and the whole question bank.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from outreach.events.models import Event, EventKind
from outreach.posters.codes import new_code
from outreach.posters.models import Poster

CAMPAIGN_ID = 2  # the demo campaign: loaded after that of 2013
BODY_ID = 27  # its leading body: 26 belong to 2013
QUIZ_ID = 1  # the core quiz: ten questions, once
DAILY_QUIZ_ID = 5
JINJIANG, QUANZHOU, FUJIAN, PINGTAN, FUZHOU = "350582", "350500", "350000", "350128", "350100"
MINHOU = "350121"


def an_event(**changes: Any) -> Event:
    """Build an event that opened an hour ago and closes in eight."""
    now = datetime.now(UTC)
    values: dict[str, Any] = {
        "campaign_id": CAMPAIGN_ID,
        "kind": EventKind.FACTORY,
        "title_zh": "质量月进工厂",
        "title_en": "Quality Month at work",
        "site": "晋江鞋厂食堂",
        "region_code": JINJIANG,
        "body_id": BODY_ID,
        "quiz_id": QUIZ_ID,
        "opens_at": now - timedelta(hours=1),
        "closes_at": now + timedelta(hours=8),
        "created_at": now,
    }
    return Event(**(values | changes))


def a_poster(event: Event, **changes: Any) -> Poster:
    """Build a poster of an event."""
    values: dict[str, Any] = {
        "code": new_code(),
        "event": event,
        "placement": "食堂门口",
        "created_at": datetime.now(UTC),
    }
    return Poster(**(values | changes))
