"""What stands in the tables that an organizer takes home: one event in parts, or many events.

Counts only. Hours are the finest moments; there are no attempts, devices' keys or receipts.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import joinedload

from core import clock
from core.db import db
from core.i18n import pick
from outreach.campaigns.reach import Reach
from outreach.events import service as events
from outreach.events.forms import KIND_LABELS, STATE_LABELS
from outreach.events.models import Event, Team
from outreach.tally import event_counts, offline
from outreach.tally.count import Count
from outreach.tally.event_counts import Breakdown
from outreach.tally.models import Channel, OfflineCount
from outreach.tally.offline_forms import CHANNEL_LABELS
from outreach.tally.sheets import Cell, Sheet

MAX_EVENTS = 10_000
BATCH = 500


def count_heads() -> list[str]:
    """Name the columns of a count."""
    return [_("Attempts"), _("Counted"), _("Devices"), _("Passed")]


def of_event(event: Event, counts: Breakdown, entries: Sequence[OfflineCount]) -> tuple[Sheet, ...]:
    """Return the sheets of one event."""
    return (
        Sheet(_("Event"), [_("What"), _("Value")], _facts(event, counts.total, entries)),
        Sheet(_("By poster"), [*_placement_heads(), *count_heads()], _placements(counts)),
        Sheet(
            _("By team"), [*_team_heads(), *count_heads(), _("Devices by roster")], _teams(counts)
        ),
        Sheet(
            _("By day"),
            [_("Day"), *count_heads()],
            [[day, *_numbers(count)] for day, count in counts.days],
        ),
        Sheet(
            _("By hour"),
            [_("Hour"), *count_heads()],
            [[hour.replace(tzinfo=None), *_numbers(count)] for hour, count in counts.hours],
        ),
        Sheet(_("Without a phone"), _entry_heads(), [_entry(entry) for entry in entries]),
    )


def flat(event: Event, counts: Breakdown, entries: Sequence[OfflineCount]) -> list[list[Cell]]:
    """Return one event as lines for a single table, each part under its kind.

    People without a phone have a column of their own.
    """
    lines: list[list[Cell]] = [[_("event"), event.title_zh, *_numbers(counts.total), None]]
    for place in counts.placements:
        name = " · ".join(filter(None, [place.placement, place.team_name, place.code]))
        lines.append([_("poster"), name, *_numbers(place.count), None])
    lines += [
        [_("team"), team.name or _("no team"), *_numbers(team.count), None] for team in counts.teams
    ]
    lines += [[_("day"), day.isoformat(), *_numbers(count), None] for day, count in counts.days]
    lines += [
        [_("hour"), f"{hour:%Y-%m-%d %H:%M}", *_numbers(count), None]
        for hour, count in counts.hours
    ]
    for channel, label in CHANNEL_LABELS.items():
        people = sum(e.people for e in entries if e.channel is channel and e.withdrawn_at is None)
        lines.append([_("without a phone"), str(label), None, None, None, None, people])
    return lines


def flat_heads() -> list[str]:
    """Name the columns of `flat`."""
    return [_("Part"), _("Name"), *count_heads(), _("People without a phone")]


def of_reach(reach: Reach, most: int = MAX_EVENTS) -> Sheet:
    """Return one line for each event within reach, by number; cut off, the last line says so.

    :param most: how many events are listed
    """
    lines: list[list[Cell]] = []
    last = 0
    while len(lines) <= most:
        found = _batch(reach, last)
        if not found:
            break
        lines += _event_lines(found)
        last = found[-1].id
    heads = [
        _("Number"), _("Event"), _("Title in English"), _("State"), _("Kind"), _("Region code"),
        _("Region"), _("Place"), _("Host"), _("Opens"), _("Closes"), _("Teams"), _("Roster"),
        *count_heads(),
        *(str(label) for label in CHANNEL_LABELS.values()),
    ]  # fmt: skip
    if len(lines) > most:
        cut_off = _("There are more events: this table ends after %(limit)d.", limit=most)
        lines[most:] = [[None, cut_off, *[None] * (len(heads) - 2)]]
    return Sheet(_("Events"), heads, lines)


def _batch(reach: Reach, after: int) -> Sequence[Event]:
    query = sa.select(Event).where(events.within(reach), Event.id > after).order_by(Event.id)
    options = joinedload(Event.region), joinedload(Event.body)
    return db.session.scalars(query.limit(BATCH).options(*options)).all()


def _event_lines(found: Sequence[Event]) -> list[list[Cell]]:
    ids = [event.id for event in found]
    counts, people = event_counts.of_events(ids), offline.of_events(ids)
    query = (
        sa.select(Team.event_id, sa.func.count(), sa.func.sum(Team.roster_size))
        .where(Team.event_id.in_(ids))
        .group_by(Team.event_id)
    )
    teams = {event_id: sizes for event_id, *sizes in db.session.execute(query)}
    at, zone = clock.now(), clock.campaign_zone()
    lines: list[list[Cell]] = []
    for event in found:
        number, roster = teams.get(event.id, (0, None))
        sums = people.get(event.id, offline.NONE)
        lines.append(
            [
                event.id,
                event.title_zh,
                event.title_en,
                str(STATE_LABELS[event.state(at)]),
                str(KIND_LABELS[event.kind]),
                event.region_code,
                pick(event.region.name_zh, event.region.name_en),
                event.site,
                pick(event.body.name_zh, event.body.name_en),
                event.opens_at.astimezone(zone).replace(tzinfo=None),
                event.closes_at.astimezone(zone).replace(tzinfo=None),
                number,
                None if roster is None else int(roster),
                *_numbers(counts.get(event.id, Count())),
                *(sums.get(channel, 0) for channel in Channel),
            ]
        )
    return lines


def _facts(event: Event, total: Count, entries: Sequence[OfflineCount]) -> list[list[Cell]]:
    zone = clock.campaign_zone()
    facts: list[list[Cell]] = [
        [_("Event"), event.title_zh],
        [_("Title in English"), event.title_en],
        [_("Kind"), str(KIND_LABELS[event.kind])],
        [_("Region"), pick(event.region.name_zh, event.region.name_en)],
        [_("Place"), event.site],
        [_("Host"), pick(event.body.name_zh, event.body.name_en)],
        [_("Opens"), f"{event.opens_at.astimezone(zone):%Y-%m-%d %H:%M}"],
        [_("Closes"), f"{event.closes_at.astimezone(zone):%Y-%m-%d %H:%M}"],
        [_("As of"), f"{clock.now().astimezone(zone):%Y-%m-%d %H:%M}"],
    ]
    facts += [[name, number] for name, number in zip(count_heads(), _numbers(total), strict=True)]
    for channel, label in CHANNEL_LABELS.items():
        people = sum(e.people for e in entries if e.channel is channel and e.withdrawn_at is None)
        facts.append([_("%(channel)s, people (not among the attempts)", channel=label), people])
    facts.append(
        [_("Note"), _("Attempts and devices, not people. Scanning a poster is not counted.")]
    )
    return facts


def _placement_heads() -> list[str]:
    return [_("Where it hangs"), _("Team"), _("Code"), _("State")]


def _placements(counts: Breakdown) -> list[list[Cell]]:
    return [
        [
            part.placement,
            part.team_name,
            part.code,
            _("withdrawn")
            if part.is_withdrawn
            else _("now leads to another event")
            if part.is_moved
            else _("in use"),
            *_numbers(part.count),
        ]
        for part in counts.placements
    ]


def _team_heads() -> list[str]:
    return [_("Team or class"), _("Roster")]


def _teams(counts: Breakdown) -> list[list[Cell]]:
    return [
        [part.name or _("no team"), part.roster_size, *_numbers(part.count), part.share]
        for part in counts.teams
    ]


def _entry_heads() -> list[str]:
    return [
        _("Day"), _("How"), _("Team"), _("Number of people"), _("Why, and how it is known"),
        _("Entered by"), _("Entered at"), _("State"),
    ]  # fmt: skip


def _entry(entry: OfflineCount) -> list[Cell]:
    entered_at = entry.entered_at.astimezone(clock.campaign_zone()).replace(tzinfo=None)
    return [
        entry.local_day,
        str(CHANNEL_LABELS[entry.channel]),
        entry.team.name if entry.team else None,
        entry.people,
        entry.reason,
        entry.entered_by_name,
        entered_at.replace(minute=0, second=0, microsecond=0),
        _("withdrawn") if entry.withdrawn_at else _("counts"),
    ]


def _numbers(count: Count) -> list[Cell]:
    return [count.attempts, count.counted, count.devices, count.passed]
