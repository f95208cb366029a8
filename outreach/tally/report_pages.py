"""What a closing report says: one event, or a region with its parts and all their events."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy.orm import joinedload

from core import clock, jobs
from core.db import db, reading
from core.filters import moment, number, percent
from core.i18n import as_entered, locale, on_paper, pick
from core.jobs import CannotDoError, File, Progress
from outreach.campaigns.models import Body, Campaign
from outreach.campaigns.reach import Reach
from outreach.campaigns.service import separate_regions
from outreach.events import service as events
from outreach.events.forms import KIND_LABELS
from outreach.events.models import Event
from outreach.regions.models import Level, Region
from outreach.tally import event_counts, offline, report
from outreach.tally.count import Count
from outreach.tally.event_counts import Breakdown, TeamPart
from outreach.tally.models import Channel
from outreach.tally.report import Bar, Chart, Cover, Leaf

KIND = "closing-report"
PDF = "application/pdf"
MAX_EVENTS = 3000
BATCH = 100

People = dict[Channel, int]


@dataclass(slots=True)
class _Sum:
    """What is added up over the events of a region."""

    count: Count = field(default_factory=Count)
    people: People = field(default_factory=dict)
    days: dict[date, int] = field(default_factory=dict)
    events: int = 0

    def add(self, other: "_Sum") -> None:
        self.count += other.count
        self.events += other.events
        for channel, people in other.people.items():
            self.people[channel] = self.people.get(channel, 0) + people
        for day, attempts in other.days.items():
            self.days[day] = self.days.get(day, 0) + attempts


@dataclass(slots=True)
class _Node:
    """A region with its own events and its parts, as the campaign reports them."""

    region: Region
    total: _Sum = field(default_factory=_Sum)
    leaves: list[Leaf] = field(default_factory=list)
    parts: list["_Node"] = field(default_factory=list)

    @property
    def name(self) -> str:
        return pick(self.region.name_zh, self.region.name_en)


def of_event(event: Event) -> File:
    """Make the report of one event."""
    counts = event_counts.breakdown(event)
    people = offline.of_events([event.id]).get(event.id, {})
    cover = Cover(
        campaign=event.campaign,
        subject=as_entered(event.title_zh, event.title_en),
        scope=_place(event),
        as_of=clock.now(),
        count=counts.total,
        people=people,
        number_of_events=None,
    )
    content = report.make(cover, [_leaf(event, counts, people)], locale(), lambda _n, _of: None)
    return File(f"report-event-{event.id}.pdf", PDF, content)


def of_region(params: dict[str, Any], progress: Progress) -> File:
    """Make the report of a region: the work of a job.

    :param params: `campaign_id`, `region_code`, `body_slug` and `event_id`, as in a `Reach`
    :raises CannotDoError: there are no events, or too many
    """
    with reading(), on_paper():
        return _of_region(params, progress)


def _of_region(params: dict[str, Any], progress: Progress) -> File:
    campaign = db.session.get_one(Campaign, params["campaign_id"])
    reach = Reach(params["region_code"], params["body_slug"], params["event_id"])
    separate = separate_regions(campaign.id)
    found = _events(campaign, reach, separate)
    if not found:
        raise CannotDoError(_("There is no event in this region to report on."))
    if len(found) > MAX_EVENTS:
        limit = number(MAX_EVENTS)
        raise CannotDoError(
            _("More than %(limit)s events: ask for its parts one by one.", limit=limit)
        )
    root = _tree(reach.region_code, found, separate)
    nodes = {node.region.code: node for node in _walk(root)}
    for first in range(0, len(found), BATCH):
        batch = found[first : first + BATCH]
        progress(first, 2 * len(found))
        counts = event_counts.breakdowns(batch)
        people = offline.of_events([event.id for event in batch])
        for event in batch:
            _put(nodes[event.region_code], event, counts[event.id], people.get(event.id, {}))
        db.session.expunge_all()  # what was counted is kept; memory must not grow with the rows
    _add_up(root)
    leaves = list(_leaves(root))
    cover = Cover(
        campaign=db.session.get_one(Campaign, campaign.id),
        subject=_named(root, separate),
        scope=_scope(reach),
        as_of=clock.now(),
        count=root.total.count,
        people=root.total.people,
        number_of_events=root.total.events,
    )

    def drawn(done: int, total: int) -> None:
        progress(len(found) + done * len(found) // total, 2 * len(found))

    content = report.make(cover, leaves, locale(), drawn)
    return File(f"report-{reach.region_code}.pdf", PDF, content)


def start(campaign_id: int, reach: Reach, title: str, asked_by: int) -> jobs.Job:
    """Ask for the report of a region; call `jobs.wake` once this is committed."""
    params = {
        "campaign_id": campaign_id,
        "region_code": reach.region_code,
        "body_slug": reach.body_slug,
        "event_id": reach.event_id,
    }
    return jobs.start(KIND, title, params, asked_by)


def _events(campaign: Campaign, reach: Reach, separate: frozenset[str]) -> Sequence[Event]:
    """List the events of a report, the first to open first."""
    query = sa.select(Event).where(Event.campaign_id == campaign.id, events.within(reach))
    apart = _apart(reach.region_code, separate)
    if apart:
        query = query.where(Event.region_code.not_in(apart))
    query = query.order_by(Event.opens_at, Event.id).limit(MAX_EVENTS + 1)
    return db.session.scalars(query.options(joinedload(Event.region), joinedload(Event.body))).all()


def _apart(code: str, separate: frozenset[str]) -> list[str]:
    """List the regions within a prefecture that the campaign reports beside it."""
    is_prefecture = code.endswith("00") and not code.endswith("0000")
    return sorted(s for s in separate if is_prefecture and s.startswith(code[:4]))


def _tree(code: str, found: Iterable[Event], separate: frozenset[str]) -> _Node:
    """Return the region with those of its parts that have events."""
    wanted = {code}
    for event in found:
        at = event.region_code
        wanted.add(at)
        if at != code and at not in separate and not at.endswith("00"):
            wanted.add(f"{at[:4]}00")
    query = sa.select(Region).where(Region.code.in_(wanted)).order_by(Region.code)
    nodes = {region.code: _Node(region) for region in db.session.scalars(query)}
    for at, node in nodes.items():
        if at == code:
            continue
        above = f"{at[:4]}00"
        is_direct = at in separate or node.region.level is not Level.COUNTY or above not in nodes
        nodes[code if is_direct else above].parts.append(node)
    return nodes[code]


def _walk(node: _Node) -> Iterable[_Node]:
    yield node
    for part in node.parts:
        yield from _walk(part)


def _put(node: _Node, event: Event, counts: Breakdown, people: People) -> None:
    days = {day: count.attempts for day, count in counts.days}
    node.total.add(_Sum(counts.total, people, days, 1))
    node.leaves.append(_leaf(event, counts, people))


def _add_up(node: _Node) -> None:
    for part in node.parts:
        _add_up(part)
        node.total.add(part.total)


def _leaves(node: _Node) -> Iterable[Leaf]:
    """Yield a region's page, its own events, then its parts in the same way."""
    total = node.total
    charts = [
        Chart(
            _("Attempts by region"),
            report.ranked([(part.name, part.total.count.attempts) for part in node.parts]),
            _("Each event counts in the region where it is held; online events in their host's."),
        )
        if node.parts
        else Chart(
            _("Attempts by event"),
            report.ranked([(leaf.title, leaf.count.attempts) for leaf in node.leaves]),
        )
    ]
    held = ngettext("%(num)d event", "%(num)d events", total.events)
    days = sorted(total.days.items())
    yield Leaf(node.name, [held], total.count, total.people, days, charts)
    yield from node.leaves
    for part in node.parts:
        yield from _leaves(part)


def _leaf(event: Event, counts: Breakdown, people: People) -> Leaf:
    opening = _("%(first)s to %(last)s", first=moment(event.opens_at), last=moment(event.closes_at))
    if event.cancelled_at is not None:
        opening = f"{opening} · {_('cancelled')}"
    placements = [
        (" · ".join(filter(None, [part.placement, part.team_name])), part.count.attempts)
        for part in counts.placements
    ]
    return Leaf(
        title=as_entered(event.title_zh, event.title_en),
        facts=[_place(event), opening],
        count=counts.total,
        people=people,
        days=[(day, count.attempts) for day, count in counts.days],
        charts=[
            _team_chart(counts),
            Chart(_("Attempts by poster"), report.ranked(placements)),
        ],
    )


def _team_chart(counts: Breakdown) -> Chart:
    if not counts.has_rosters:
        named = [(team.name or _("no team"), team.count.attempts) for team in counts.teams]
        return Chart(_("Attempts by team"), report.ranked(named))
    return Chart(
        _("Teams by share of their roster"),
        [_team_bar(team) for team in counts.teams],
        _("Devices divided by the people on the roster, with the attempts."),
    )


def _team_bar(team: TeamPart) -> Bar:
    attempts = number(team.count.attempts)
    bar = Bar(team.name or _("no team"), 0, attempts, team.count.attempts)
    if team.id is None:
        return bar
    if team.share is None:
        return report.with_label(bar, _("roster not stated · %(attempts)s", attempts=attempts), 0)
    share = percent(min(team.share, 1.0))
    words = f">{share} · {attempts}" if team.share > 1 else f"{share} · {attempts}"
    return report.with_label(bar, words, min(team.share, 1.0))


def _place(event: Event) -> str:
    body = pick(event.body.name_zh, event.body.name_en)
    region = pick(event.region.name_zh, event.region.name_en)
    return f"{KIND_LABELS[event.kind]} · {region} · {event.site} · {body}"


def _named(root: _Node, separate: frozenset[str]) -> str:
    apart = _apart(root.region.code, separate)
    if not apart:
        return root.name
    query = sa.select(Region).where(Region.code.in_(apart)).order_by(Region.code)
    others = _(", ").join(pick(r.name_zh, r.name_en) for r in db.session.scalars(query))
    return str(_("%(region)s (without %(others)s)", region=root.name, others=others))


def _scope(reach: Reach) -> str:
    if reach.event_id is not None:
        return str(_("One event only"))
    if reach.body_slug is None:
        return str(_("All events of the region"))
    query = sa.select(Body).where(Body.slug == reach.body_slug).order_by(Body.id.desc()).limit(1)
    body = db.session.scalars(query).one()
    return str(_("Only events of %(body)s", body=pick(body.name_zh, body.name_en)))
