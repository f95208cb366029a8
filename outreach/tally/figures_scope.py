"""What figures are asked for: which attempts and which events, never beyond somebody's reach."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import sqlalchemy as sa

from core.db import db
from outreach.campaigns.models import Campaign
from outreach.campaigns.reach import Reach
from outreach.events import service as events
from outreach.events.calendar import start_of
from outreach.events.models import Event, EventKind
from outreach.regions.service import is_within, prefix_of
from outreach.tally import topics
from outreach.tally.models import Channel, OfflineCount
from outreach.tally.sums import Wanted
from outreach.tally.tree import Tree
from question_bank.models import Quiz

PHONES = "phones"
ELSEWHERE = "elsewhere"
OWN = "own"
DAY = timedelta(days=1)


@dataclass(frozen=True, kw_only=True, slots=True)
class Scope:
    """A filter within a reach; an empty value asks for everything.

    Attempts belong to the region they count for, events to the one where they are held: of an
    online event of the province each county has its own attempts. A region is meant as the
    campaign reports it, without those that stand on lines of their own.

    :param topics: the topic of each quiz, `topics.SEVERAL` for a quiz of several
    :param channel: `PHONES`, a `Channel`, or empty for each in a column of its own
    """

    campaign: Campaign
    reach: Reach
    tree: Tree
    topics: Mapping[int, str]
    region_code: str = ""
    since: date | None = None
    until: date | None = None
    body_slug: str = ""
    kind: EventKind | None = None
    topic: str = ""
    channel: str = ""

    @property
    def root(self) -> str:
        """The region whose parts are shown."""
        return self.region_code or self.reach.region_code

    @property
    def has_phones(self) -> bool:
        """Whether attempts are asked for."""
        return self.channel in {"", PHONES}

    @property
    def channels(self) -> Sequence[Channel]:
        """The channels away from phones that are asked for."""
        return [channel for channel in Channel if self.channel in {"", channel.value}]

    @property
    def is_whole(self) -> bool:
        """Whether everything that was counted in a region is asked for, so that its residents are
        an honest denominator."""
        filters = (self.since, self.until, self.body_slug, self.kind, self.topic)
        is_part = self.reach.body_slug is not None or self.reach.event_id is not None
        return self.has_phones and not any(filters) and not is_part

    def wanted(self) -> Wanted:
        """Return which attempts are meant."""
        reach = self.reach
        is_helper = reach.event_id is not None
        is_province = reach.region_code == self.tree.root
        return Wanted(
            by=(),
            campaign_id=self.campaign.id,
            region_code=self.region_code or None,
            without=tuple(self._apart()),
            held_in=None if is_helper or is_province else reach.region_code,
            event_id=reach.event_id,
            since=self.since,
            until=self.until,
            kind=self.kind,
            body_id=self._body_id(),
            quiz_ids=self._quiz_ids(),
        )

    def of_events(self) -> list[sa.ColumnElement[bool]]:
        """Return the conditions for the events that are meant, whatever their days."""
        conditions = [Event.campaign_id == self.campaign.id, events.within(self.reach)]
        if self.region_code:
            conditions.append(Event.region_code.startswith(prefix_of(self.region_code)))
        if apart := self._apart():
            conditions.append(Event.region_code.not_in(apart))
        if (body_id := self._body_id()) is not None:
            conditions.append(Event.body_id == body_id)
        if self.kind is not None:
            conditions.append(Event.kind == self.kind)
        if (quiz_ids := self._quiz_ids()) is not None:
            conditions.append(Event.quiz_id.in_(quiz_ids))
        return conditions

    def of_open_events(self) -> list[sa.ColumnElement[bool]]:
        """Return the conditions for the events that are meant and were open on the days meant."""
        conditions = self.of_events()
        if self.since is not None:
            conditions.append(Event.closes_at > start_of(self.since))
        if self.until is not None:
            conditions.append(Event.opens_at < start_of(self.until + DAY))
        return conditions

    def of_entries(self) -> list[sa.ColumnElement[bool]]:
        """Return the conditions for what was entered of people away from phones."""
        conditions = self.of_events()
        if self.since is not None:
            conditions.append(OfflineCount.local_day >= self.since)
        if self.until is not None:
            conditions.append(OfflineCount.local_day <= self.until)
        return conditions

    def part_of(self, region_code: str) -> str:
        """Return the part of the shown region that another one belongs to: a region's code, `OWN`
        for the shown one itself, or `ELSEWHERE`."""
        tree, at, below = self.tree, region_code, OWN
        while at in tree.regions:
            if at == self.root:
                return below
            if at == tree.root:
                break
            at, below = tree.above(at), at
        is_apart = region_code in tree.separate and is_within(region_code, self.root)
        return region_code if is_apart else ELSEWHERE

    def residents(self, region_code: str) -> int | None:
        """Return how many people live in a region as it is meant here, if that is known."""
        if region_code == self.reach.region_code and not self.region_code:
            return self.tree.regions[region_code].population  # with those on lines of their own
        return self.tree.population(region_code)

    def _apart(self) -> list[str]:
        return [region.code for region in self.tree.apart(self.region_code or self.tree.root)]

    def _body_id(self) -> int | None:
        slug = self.body_slug or self.reach.body_slug
        if not slug:
            return None
        # Another campaign may lack the body; then it hosted nothing there.
        return next((body.id for body in self.campaign.bodies if body.slug == slug), 0)

    def _quiz_ids(self) -> tuple[int, ...] | None:
        if not self.topic:
            return None
        return tuple(sorted(quiz for quiz, topic in self.topics.items() if topic == self.topic))


def topics_of_quizzes() -> dict[int, str]:
    """Return the topic of every quiz."""
    return topics.of_quizzes(db.session.scalars(sa.select(Quiz.id)).all())
