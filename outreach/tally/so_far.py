"""How many attempts a region counts by now, for every result that is shown.

A rush of results must not ask the database each time, so the sums of a campaign are kept for some
seconds in the process; the number may lag by that much, and the page says "so far".
"""

import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import sqlalchemy as sa
from flask import Flask

from core import clock
from core.db import db
from outreach.events.models import Event
from outreach.participation import standing
from outreach.regions.service import prefix_of
from outreach.tally.sums import NoSteadyMomentError, Wanted, sums

KEPT_FOR = timedelta(seconds=10)
PREFIX_LENGTHS = (2, 4, 6)
"""Of a province, a prefecture and a county (GB/T 2260)."""


@dataclass(slots=True)
class _Kept:
    """What a campaign's regions counted at a moment, by what their codes begin with."""

    counted: Mapping[str, int] = field(default_factory=dict)
    made_at: datetime | None = None
    making: threading.Lock = field(default_factory=threading.Lock)


class SoFar:
    """The numbers kept in this process; an event belongs to its campaign for ever."""

    def __init__(self) -> None:
        self._campaigns: dict[int, int] = {}
        self._kept: dict[int, _Kept] = {}
        self._adding = threading.Lock()

    def at_hand(self, event_id: int, region_code: str) -> int | None:
        """Return what `counted` would without asking the database, or None."""
        kept = self._kept.get(self._campaigns.get(event_id, 0))
        if kept is None or not _is_fresh(kept, clock.now()):
            return None
        return _number(kept, region_code)

    def counted(self, event_id: int, region_code: str) -> int | None:
        """Return the counted attempts of a region in the event's campaign, some seconds old."""
        campaign_id = self._campaign_of(event_id)
        with self._adding:
            kept = self._kept.setdefault(campaign_id, _Kept())
        at = clock.now()
        # The others take what there is.
        if not _is_fresh(kept, at) and kept.making.acquire(blocking=False):
            try:
                kept.counted, kept.made_at = _counted(campaign_id), at
            except NoSteadyMomentError:
                pass
            finally:
                kept.making.release()
        return None if kept.made_at is None else _number(kept, region_code)

    def _campaign_of(self, event_id: int) -> int:
        if event_id not in self._campaigns:
            query = sa.select(Event.campaign_id).where(Event.id == event_id)
            self._campaigns[event_id] = db.session.scalars(query).one()
        return self._campaigns[event_id]


def _is_fresh(kept: _Kept, at: datetime) -> bool:
    return kept.made_at is not None and timedelta() <= at - kept.made_at < KEPT_FOR


def _number(kept: _Kept, region_code: str) -> int:
    return kept.counted.get(prefix_of(region_code), 0)


def _counted(campaign_id: int) -> Mapping[str, int]:
    """Add up a campaign's regions, each with those within it."""
    found: Counter[str] = Counter()
    rows = sums(Wanted(by=("region_code",), campaign_id=campaign_id))
    for (code,), (_attempts, counted, *_rest) in rows.items():
        for prefix in {code[:length] for length in PREFIX_LENGTHS}:
            found[prefix] += counted
    return found


def init_app(app: Flask) -> None:
    """Offer the numbers to the pages of results."""
    standing.offer(app, SoFar())
