"""What was counted in a region told apart by day, kind of event, topic and host, at one moment."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from core import clock
from core.i18n import pick
from outreach.campaigns.models import Campaign
from outreach.events.forms import KIND_LABELS
from outreach.tally import topics
from outreach.tally.count import Count
from outreach.tally.released import Figure, Released
from outreach.tally.service import Look, Row
from outreach.tally.sums import Sums
from outreach.tally.tree import Tree

# The further ways in which `service.look` has to count.
WAYS = (("region_code", "local_day"), ("region_code", "kind", "body_id", "quiz_id"))
# Longer than this, days are added up to weeks.
MAX_DAYS = 62
DAY, WEEK = timedelta(days=1), timedelta(weeks=1)


@dataclass(frozen=True, slots=True)
class Days:
    """Every day of the campaign so far, or every week by its first day.

    :param others: what was counted before the campaign or after it
    :param is_open: the last one is not over yet
    """

    counts: Sequence[tuple[date, Count]]
    others: Count
    is_by_week: bool
    is_open: bool


@dataclass(frozen=True, slots=True)
class Parts:
    """A region's total told apart in several ways; the rows of each add up to it.

    Rows have the kind, the topic's id or the body's slug for a code; the largest come first. They
    hold no zeros.
    """

    days: Days
    kinds: Sequence[Row]
    topics: Sequence[Row]
    bodies: Sequence[Row]


def of(seen: Look, region_code: str) -> Parts:
    """Tell a region's total apart; the look must have counted in `WAYS`."""
    by_day, by_event = seen.ways
    inside = _inside(seen.tree, region_code)
    days = _added(by_day, inside)
    cells = _added(by_event, inside)
    told = _told(seen.told, region_code)
    topic_of = topics.of_quizzes({quiz_id for _kind, _body_id, quiz_id in cells})
    bodies = {body.id: body for body in seen.campaign.bodies}

    def rows(key_of: Callable[..., str], names: Mapping[str, str]) -> list[Row]:
        counts: dict[str, Count] = defaultdict(Count)
        for cell, count in cells.items():
            counts[key_of(*cell)] += count
        figures: dict[str, Figure] = defaultdict(lambda: Figure(0, 0))
        for cell, (counted, passed) in told.items():
            known = figures[key_of(*cell)]
            figures[key_of(*cell)] = Figure(known.counted + counted, known.passed + passed)
        found = [Row(k, names[k], n, figures.get(k), None, None) for k, n in counts.items()]
        return sorted(found, key=lambda row: (-row.count.counted, -row.count.attempts, row.name))

    return Parts(
        days=_days(seen.campaign, days),
        kinds=rows(
            lambda kind, _body, _quiz: str(kind),
            {kind.value: str(label) for kind, label in KIND_LABELS.items()},
        ),
        topics=rows(lambda _kind, _body, quiz: topic_of.get(quiz, ""), topics.names()),
        bodies=rows(
            lambda _kind, body, _quiz: bodies[body].slug if body else "",
            {body.slug: pick(body.name_zh, body.name_en) for body in bodies.values()},
        ),
    )


def _inside(tree: Tree, region_code: str) -> set[str]:
    """Return the codes of a region and of all that are counted in it."""
    found, waiting = set(), [region_code]
    while waiting:
        code = waiting.pop()
        found.add(code)
        waiting += tree.children[code]
    return found


def _added(found: Sums, inside: set[str]) -> dict[tuple[Any, ...], Count]:
    """Add up the regions inside, by all keys but the region, which is the first."""
    sums: dict[tuple[Any, ...], list[int]] = {}
    for (code, *rest), (attempts, counted, devices, passed) in found.items():
        if code in inside:
            numbers = sums.setdefault(tuple(rest), [0, 0, 0, 0])
            numbers[0] += attempts
            numbers[1] += counted
            numbers[2] += devices
            numbers[3] += passed
    return {key: Count(*numbers) for key, numbers in sums.items()}


def _told(told: Released, place: str) -> Mapping[tuple[str, int, int], Sequence[int]]:
    """Return counted and passed attempts of what is told of a place, by kind, body and quiz.

    Blocks of several kinds, bodies or quizzes stand under nothing at all, as `released` keeps them.
    """
    inside = told.places_below.get(place, frozenset())
    sums: dict[tuple[str, int, int], list[int]] = {}
    for line in told.lines:
        if line.place in inside:
            numbers = sums.setdefault((line.kind, line.body_id, line.quiz_id), [0, 0])
            numbers[0] += line.counted
            numbers[1] += line.passed
    return sums


def _days(campaign: Campaign, found: Mapping[tuple[Any, ...], Count]) -> Days:
    today = clock.local_day(clock.now())
    first, last = campaign.first_on, min(campaign.last_on, today)
    number = max((last - first).days + 1, 0)
    days = [first + n * DAY for n in range(number)]
    others = sum((n for (day,), n in found.items() if not first <= day <= last), Count())
    if number <= MAX_DAYS:
        counts = [(day, found.get((day,), Count())) for day in days]
        return Days(counts, others, is_by_week=False, is_open=last == today)
    weeks: dict[date, Count] = {}
    for day in days:
        week = first + (day - first) // WEEK * WEEK
        weeks[week] = weeks.get(week, Count()) + found.get((day,), Count())
    return Days(list(weeks.items()), others, is_by_week=True, is_open=last == today)
