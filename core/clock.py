"""The one place that asks what time it is."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from flask import current_app


def now() -> datetime:
    """Return this moment, aware, in UTC."""
    return datetime.now(UTC)


def campaign_zone() -> ZoneInfo:
    """Return the zone that local days are counted in (`CAMPAIGN_TIMEZONE`)."""
    return ZoneInfo(current_app.config["SETTINGS"].campaign_timezone)


def local_day(at: datetime) -> date:
    """Return the campaign's calendar day of a moment."""
    return at.astimezone(campaign_zone()).date()
