"""Events -> an iCalendar file (RFC 5545) that a calendar program subscribes to. Pure."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from icalendar import Calendar, Event, vText

PRODUCT = "-//Quality Month//Calendar//ZH"
REFRESHED_EACH = timedelta(hours=6)
REFRESHED_EACH_TEXT = "PT6H"
# Control characters but the line feed, and halves of surrogate pairs, which UTF-8 cannot write.
UNFIT = re.compile(r"[\x00-\x09\x0b-\x1f\x7f\ud800-\udfff]")


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One event as a calendar shows it; words are in the subscriber's language.

    :param uid: the same for ever, so that a program knows the event again
    :param changed_at: tells a program that it holds an older version
    """

    uid: str
    title: str
    place: str
    words: str
    kind: str
    url: str
    opens_at: datetime
    closes_at: datetime
    created_at: datetime
    changed_at: datetime
    is_cancelled: bool


def write(name: str, about: str, zone: str, entries: Iterable[Entry]) -> bytes:
    """Write a calendar; the same entries give the same bytes.

    :param zone: name of the zone that a program shows days in, such as Asia/Shanghai; the moments
        themselves are in UTC
    """
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    # RFC 7986 names and refresh; Apple's and Microsoft's older words for the same beside them.
    for key in ("name", "x-wr-calname"):
        calendar.add(key, vText(plain(name)))
    for key in ("description", "x-wr-caldesc"):
        calendar.add(key, vText(plain(about)))
    calendar.add("x-wr-timezone", zone)
    calendar.add("refresh-interval", REFRESHED_EACH, parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", REFRESHED_EACH_TEXT)
    for entry in entries:
        calendar.add_component(_component(entry))
    written: bytes = calendar.to_ical()
    return written


def _component(entry: Entry) -> Event:
    event = Event()
    event.add("uid", entry.uid)
    # Without a METHOD, DTSTAMP is the moment of the last change, as RFC 5545 (3.8.7.2) says.
    event.add("dtstamp", entry.changed_at)
    event.add("created", entry.created_at)
    event.add("last-modified", entry.changed_at)
    event.add("sequence", max(0, int((entry.changed_at - entry.created_at).total_seconds())))
    event.add("summary", plain(entry.title))
    event.add("location", plain(entry.place))
    event.add("description", plain(entry.words))
    event.add("categories", [plain(entry.kind)])
    event.add("url", entry.url)
    event.add("dtstart", entry.opens_at)
    event.add("dtend", entry.closes_at)
    event.add("status", "CANCELLED" if entry.is_cancelled else "CONFIRMED")
    event.add("transp", "TRANSPARENT")  # a quiz makes nobody busy
    return event


def plain(text: str) -> str:
    """Return a text as iCalendar can hold it: line feeds, no other control character.

    A backslash before N would come out as a new line (the library takes it for one), so it is
    written full width.
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return UNFIT.sub("", lines).replace("\\N", "＼N")
