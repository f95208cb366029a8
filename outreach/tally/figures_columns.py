"""Which numbers stand in a table of figures: one list for pages, workbooks and CSV alike."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from flask_babel import gettext as _

from core.filters import percent
from outreach.tally.figures import Figures, Line, Part
from outreach.tally.figures_events import Overview
from outreach.tally.figures_scope import Scope
from outreach.tally.models import Channel
from outreach.tally.offline_forms import CHANNEL_LABELS

Value = int | float | Decimal | None
"""A float is a share."""


@dataclass(frozen=True, slots=True)
class Column:
    """A number of each line under a name."""

    label: str
    of: Callable[[Line], Value]


def of_total(scope: Scope) -> Sequence[Column]:
    """Return the columns of a total."""
    found = _of_phones() if scope.has_phones else []
    if scope.is_whole:
        found.append(per_10k())
    return [*found, *of_channels(scope.channels)]


def of_part(part: Part, found: Figures) -> Sequence[Column]:
    """Return the columns of a part's table: no channel of which the total says nothing came."""
    columns = _of_phones() if found.scope.has_phones else []
    if found.scope.is_whole and part is Part.REGION:
        columns.append(per_10k())
    return [*columns, *of_channels(_used(found))]


def of_pairs(first: Figures, second: Figures) -> Sequence[Column]:
    """Return the few columns by which parts are compared."""
    columns = [_attempts()] if first.scope.has_phones else []
    if first.scope.is_whole:
        columns.append(per_10k())
    used = {*_used(first), *_used(second)}
    return [*columns, *of_channels([channel for channel in Channel if channel in used])]


def of_events(found: Overview) -> Sequence[Column]:
    """Return the channels away from phones by which people came to any of the events listed."""
    people = [event.line.people for event in (*found.well, *found.empty)]
    return of_channels([one for one in Channel if any(known.get(one) for known in people)])


def _used(found: Figures) -> list[Channel]:
    """List the channels away from phones that are asked for by name or by which people came."""
    scope, people = found.scope, found.total.people
    return [channel for channel in scope.channels if scope.channel or people.get(channel)]


def per_10k() -> Column:
    """Return the column that makes regions of any size comparable."""
    return Column(_("Counted per 10,000 residents"), lambda line: line.per_10k)


def of_channels(channels: Sequence[Channel]) -> list[Column]:
    """Return a column for each channel away from phones: people, never added to attempts."""
    return [
        Column(
            _("%(channel)s, people", channel=CHANNEL_LABELS[channel]),
            lambda line, channel=channel: line.people.get(channel, 0),  # type: ignore[misc]
        )
        for channel in channels
    ]


def _attempts() -> Column:
    return Column(_("Attempts"), lambda line: line.count.attempts)


def _of_phones() -> list[Column]:
    return [
        _attempts(),
        Column(_("Counted"), lambda line: line.count.counted),
        Column(_("Devices"), lambda line: line.count.devices),
        Column(_("Passed"), lambda line: line.count.passed),
        Column(_("Share passed"), lambda line: line.passed_share),
    ]


def shown(value: Value) -> str:
    """Write a value as pages do; what is not known is a dash.

    Both languages group digits alike, so Python does it: a page has hundreds of numbers.
    """
    if value is None:
        return "–"
    if isinstance(value, float):
        return percent(value)
    return f"{value:,}"


def gap(value: Value) -> str:
    """Write a difference with its sign; one of shares in percentage points."""
    if value is None:
        return "–"
    if isinstance(value, float):
        return str(_("%(number)s points", number=_signed(round(Decimal(value * 100), 1))))
    return _signed(value)


def _signed(value: int | Decimal) -> str:
    """Write a number with its sign; zero has none."""
    sign = "+" if value > 0 else "−" if value < 0 else ""
    return f"{sign}{abs(value):,}"
