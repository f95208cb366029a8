"""The public calendar of the current campaign: a page by day, and a feed for calendar programs."""

import calendar as weeks
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Response, abort, current_app, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import force_locale, get_locale
from flask_babel import gettext as _

from core import clock
from core.config import Settings
from core.i18n import DEFAULT_LOCALE, LOCALES, as_entered, locale, pick
from outreach.campaigns import service as campaigns
from outreach.campaigns.models import Campaign
from outreach.events import calendar, ical
from outreach.events.calendar import Wanted
from outreach.events.forms import KIND_LABELS
from outreach.events.models import Event, EventKind
from outreach.regions import service as regions
from outreach.regions.service import Place

FEED_SECONDS = 300

bp = Blueprint("calendar", __name__)


@dataclass(frozen=True, slots=True)
class Month:
    """A month of the calendar: its weeks from Monday on, and what opens on its days.

    `earlier` and `later` are days in the months beside it, if the campaign reaches there.
    """

    first: date
    weeks: Sequence[Sequence[date]]
    openings: dict[date, int]
    earlier: date | None
    later: date | None


@bp.get("/calendar")
def page() -> ResponseReturnValue:
    """Show the events from a day on, by default from today or the campaign's first day."""
    campaign = _campaign()
    at = clock.now()
    today = clock.local_day(at)
    wanted = _wanted(campaign)
    usual = today if campaign.first_on <= today <= campaign.last_on else campaign.first_on
    day = _asked_day(campaign) or usual
    number = max(request.args.get("page", 1, type=int), 1)
    listed, has_more = calendar.from_day(wanted, day, number)
    chosen = _chosen(wanted)
    feed_link = _public(url_for(".feed", **chosen, lang=locale()))
    return render_template(
        "outreach/events/calendar.html",
        campaign=campaign,
        days=_by_day(listed, day),
        day=day,
        usual=usual,
        today=today,
        now=at,
        month=_month(campaign, wanted, day),
        page=number,
        has_more=has_more,
        chosen=chosen,
        choices=_choices(campaign, wanted.separate),
        kinds=KIND_LABELS,
        weekdays=_weekdays(),
        chips=_chips(campaign, wanted),
        feed=feed_link,
        webcal=f"webcal:{feed_link.partition(':')[2]}",
    )


@bp.get("/calendar.ics")
def feed() -> ResponseReturnValue:
    """Give a calendar program the same events; `lang` says in which language.

    A program has no cookie and forgets nothing: the address alone says what it gets.
    """
    language = request.args.get("lang", DEFAULT_LOCALE)
    if language not in LOCALES:
        abort(404)
    campaign = _campaign()
    wanted = _wanted(campaign)
    with force_locale(language):
        body = _feed(campaign, wanted)
    response = Response(body, content_type="text/calendar; charset=utf-8")
    response.headers["Content-Disposition"] = f'inline; filename="{campaign.slug}.ics"'
    response.headers["Cache-Control"] = f"public, max-age={FEED_SECONDS}"
    response.set_etag(hashlib.sha256(body).hexdigest()[:32])
    return response.make_conditional(request)


def _campaign() -> Campaign:
    campaign = campaigns.current(clock.local_day(clock.now()))
    if campaign is None:
        abort(404)
    return campaign


def _wanted(campaign: Campaign) -> Wanted:
    """Read the filters; one that names nothing of the campaign is an address of nothing: 404."""
    region_code = request.args.get("region", "")
    body_slug = request.args.get("body", "")
    kind = request.args.get("kind", "")
    if region_code and not regions.exists(region_code, campaign.province_code):
        abort(404)
    if body_slug and body_slug not in {body.slug for body in campaign.bodies}:
        abort(404)
    if kind and kind not in set(EventKind):
        abort(404)
    return Wanted(
        campaign_id=campaign.id,
        region_code=region_code if region_code != campaign.province_code else "",
        body_slug=body_slug,
        kind=EventKind(kind) if kind else None,
        separate=campaigns.separate_regions(campaign.id),
    )


def _asked_day(campaign: Campaign) -> date | None:
    """Return the day that was asked for, brought into the campaign's months."""
    try:
        day = date.fromisoformat(request.args.get("from", ""))
    except ValueError:
        return None
    return min(max(day, campaign.first_on.replace(day=1)), _last_of_month(campaign.last_on))


def _last_of_month(day: date) -> date:
    return day.replace(day=weeks.monthrange(day.year, day.month)[1])


def _month(campaign: Campaign, wanted: Wanted, day: date) -> Month:
    first, last = day.replace(day=1), _last_of_month(day)
    earlier = first - timedelta(days=1)
    later = last + timedelta(days=1)
    return Month(
        first=first,
        weeks=weeks.Calendar().monthdatescalendar(day.year, day.month),
        openings=calendar.openings(wanted, first, last),
        earlier=earlier.replace(day=1) if earlier >= campaign.first_on.replace(day=1) else None,
        later=later if later <= campaign.last_on else None,
    )


def _by_day(listed: Sequence[Event], day: date) -> list[tuple[date | None, list[Event]]]:
    """Group events by the day they open on; None stands for those that began before `day`."""

    def opening(event: Event) -> date | None:
        opens_on = clock.local_day(event.opens_at)
        return opens_on if opens_on >= day else None

    return [(opens_on, list(events)) for opens_on, events in groupby(listed, opening)]


def _chosen(wanted: Wanted) -> dict[str, Any]:
    """Return the filters as an address carries them."""
    chosen = {"region": wanted.region_code, "body": wanted.body_slug, "kind": wanted.kind}
    return {name: value for name, value in chosen.items() if value}


def _chips(campaign: Campaign, wanted: Wanted) -> list[tuple[str, str]]:
    """List the filters in use, each with what it stands for."""
    hosts = {body.slug: pick(body.name_zh, body.name_en) for body in campaign.bodies}
    chips = [
        ("region", regions.label(wanted.region_code) if wanted.region_code else ""),
        ("body", hosts.get(wanted.body_slug, "")),
        ("kind", str(KIND_LABELS[wanted.kind]) if wanted.kind else ""),
    ]
    return [(name, label) for name, label in chips if label]


def _choices(campaign: Campaign, separate: frozenset[str]) -> list[tuple[Place, list[Place]]]:
    """List the rows of the campaign, each with the counties below it."""
    rows: dict[str, tuple[Place, list[Place]]] = {}
    for place in regions.places(campaign.province_code):
        if place.code == campaign.province_code:
            continue
        if place.code.endswith("00") or place.code in separate:
            rows[place.code] = (place, [])
        else:
            rows.setdefault(f"{place.code[:4]}00", (place, []))[1].append(place)
    return list(rows.values())


def _weekdays() -> list[tuple[str, str]]:
    """List the days of a week from Monday on, short and in full."""
    names = get_locale().days["stand-alone"]
    return [(names["narrow"][number], names["wide"][number]) for number in range(7)]


def _public(path: str) -> str:
    settings: Settings = current_app.config["SETTINGS"]
    return f"{settings.public_url}{path}"


def _feed(campaign: Campaign, wanted: Wanted) -> bytes:
    names = {place.code: place.label for place in regions.places(campaign.province_code)}
    host = urlsplit(_public("/")).hostname
    listed = calendar.fed(wanted, clock.now())
    entries = [_entry(event, names.get(event.region_code, ""), host) for event in listed]
    name = pick(campaign.name_zh, campaign.name_en)
    about = pick(campaign.theme_zh, campaign.theme_en)
    return ical.write(name, about, str(clock.campaign_zone()), entries)


def _entry(event: Event, region: str, host: str | None) -> ical.Entry:
    title = as_entered(event.title_zh, event.title_en)
    is_cancelled = event.cancelled_at is not None
    there: dict[str, Any] = {
        "from": clock.local_day(event.opens_at).isoformat(),
        "region": event.region_code,
    }
    if event.kind is EventKind.ONLINE:
        how = _("Open the link of the poster and answer a few questions. No account, no name.")
    else:
        how = _("Scan the poster there and answer a few questions. No account, no name.")
    words = [_("Host: %(body)s", body=pick(event.body.name_zh, event.body.name_en)), how]
    return ical.Entry(
        uid=f"event-{event.id}@{host}",
        title=_("Cancelled: %(title)s", title=title) if is_cancelled else title,
        place=_("%(site)s (%(region)s)", site=event.site, region=region),
        words="\n".join(words),
        kind=str(KIND_LABELS[event.kind]),
        url=_public(url_for(".page", **there)),
        opens_at=event.opens_at,
        closes_at=event.closes_at,
        created_at=event.created_at,
        changed_at=event.changed_at,
        is_cancelled=is_cancelled,
    )
