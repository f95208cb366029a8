"""Rows of a sheet -> what would be planned, plus faults by row and column."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

from outreach.batch.columns import (
    BY_KEY,
    MAX_PLACEMENT,
    MAX_SITE,
    MAX_TITLE_EN,
    MAX_TITLE_ZH,
    NEEDED,
    USUAL_PLACEMENT,
)
from outreach.batch.reading import MAX_FAULTS, Code, Fault, Row, Sheet
from outreach.events import rosters
from outreach.events.models import EventKind
from outreach.events.rosters import BadRosterError, Roster
from outreach.events.service import FIRST_YEAR, LAST_YEAR, Plan
from outreach.regions.service import RegionNotFoundError, Resolver
from question_bank.content import Text
from question_bank.formats.names import member, plain

KINDS = {
    EventKind.CAMPUS: Text("校园", "Campus"),
    EventKind.FACTORY: Text("工厂", "Factory"),
    EventKind.COMMUNITY: Text("社区", "Community"),
    EventKind.ONLINE: Text("线上", "Online"),
}
OTHER_KINDS = {
    "学校": EventKind.CAMPUS, "高校": EventKind.CAMPUS, "进校园": EventKind.CAMPUS,
    "school": EventKind.CAMPUS, "企业": EventKind.FACTORY, "车间": EventKind.FACTORY,
    "进工厂": EventKind.FACTORY, "进企业": EventKind.FACTORY, "company": EventKind.FACTORY,
    "街道": EventKind.COMMUNITY, "进社区": EventKind.COMMUNITY, "村": EventKind.COMMUNITY,
    "网上": EventKind.ONLINE, "网络": EventKind.ONLINE, "线上答题": EventKind.ONLINE,
}  # fmt: skip
LENGTHS = {
    "title_zh": MAX_TITLE_ZH,
    "title_en": MAX_TITLE_EN,
    "site": MAX_SITE,
    "placement": MAX_PLACEMENT,
}
MOMENT = re.compile(
    r"(?P<year>\d{4})\s*[-/.年]\s*(?P<month>\d{1,2})\s*[-/.月]\s*(?P<day>\d{1,2})\s*日?"
    r"(?:[\sT]*(?P<hour>\d{1,2})\s*[:：时点]\s*(?P<minute>\d{1,2})?(?::\d{2})?\s*分?)?",
    re.ASCII,
)
LAST_MINUTE = time(23, 59)

# What makes two events the same: title, place, region, opening.
Key = tuple[str, str, str, datetime]


@dataclass(frozen=True, slots=True)
class Known:
    """What the rows may name, and what is there already.

    `bodies` and `quizzes` hold the names of each by id, the usual one first.
    """

    regions: Resolver
    reach_name: str
    bodies: Mapping[int, Sequence[str]]
    may_choose_body: bool
    quizzes: Mapping[int, Sequence[str]]
    events: frozenset[Key]
    zone: ZoneInfo


@dataclass(frozen=True, slots=True)
class Planned:
    """What a row asks for; `is_there` if an event like it was planned before."""

    row: int
    plan: Plan
    teams: tuple[Roster, ...]
    placement: str
    is_there: bool

    @property
    def key(self) -> Key:
        """Return what makes it the same as another."""
        plan = self.plan
        return plan.title_zh, plan.site, plan.region_code, plan.opens_at


@dataclass(slots=True)
class Checked:
    """The faultless rows and what is wrong with the others."""

    planned: list[Planned] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)

    @property
    def fresh(self) -> list[Planned]:
        """List what is not there yet."""
        return [planned for planned in self.planned if not planned.is_there]


def check(sheet: Sheet, known: Known) -> Checked:
    """Check every row; what is wrong with the sheet itself comes first."""
    checked = Checked(faults=list(sheet.faults))
    places: dict[Key, int] = {}
    unreadable = {(fault.row, fault.key) for fault in sheet.faults}
    for row in sheet.rows:
        if len(checked.faults) >= MAX_FAULTS:
            break
        reader = _RowReader(row, known, sheet.letters, unreadable)
        planned = reader.planned()
        if planned is not None and planned.key in places:
            reader.fault("title_zh", Code.TWICE_IN_FILE, first=str(places[planned.key]))
        elif planned is not None and not reader.faults:
            places[planned.key] = row.number
            checked.planned.append(planned)
        checked.faults += reader.faults
    checked.faults.sort(key=lambda fault: fault.row)
    return checked


class _RowReader:
    """Reads one row; notes every fault it meets."""

    def __init__(
        self,
        row: Row,
        known: Known,
        letters: Mapping[str, str],
        unreadable: Collection[tuple[int, str]],
    ) -> None:
        self.row, self.known, self.letters, self.unreadable = row, known, letters, unreadable
        self.faults: list[Fault] = []

    def fault(self, key: str, code: Code, **facts: str) -> None:
        shown = {name: value[:60] for name, value in facts.items()}
        self.faults.append(Fault(self.row.number, self.letters.get(key, ""), key, code, shown))

    def planned(self) -> Planned | None:
        """Return what the row asks for, or None after noting what is wrong."""
        self._check_texts()
        kind, region_code = self._kind(), self._region()
        body_id, quiz_id = self._body(), self._quiz()
        opens_at, closes_at = self._moment("opens_at"), self._moment("closes_at")
        if opens_at and closes_at and closes_at <= opens_at:
            self.fault("closes_at", Code.CLOSES_BEFORE)
        teams = self._teams()
        if self.faults or not (kind and opens_at and closes_at):
            return None
        plan = Plan(
            kind=kind,
            title_zh=self._value("title_zh"),
            title_en=self._value("title_en") or None,
            site=self._value("site"),
            region_code=region_code,
            body_id=body_id,
            quiz_id=quiz_id,
            opens_at=opens_at,
            closes_at=closes_at,
        )
        placement = self._value("placement") or USUAL_PLACEMENT
        key = plan.title_zh, plan.site, plan.region_code, plan.opens_at
        return Planned(self.row.number, plan, teams, placement, key in self.known.events)

    def _value(self, key: str) -> str:
        return self.row.values.get(key, "")

    def _check_texts(self) -> None:
        for key in NEEDED:
            if not self._value(key) and (self.row.number, key) not in self.unreadable:
                self.fault(key, Code.MISSING)
        for key, limit in LENGTHS.items():
            if len(self._value(key)) > limit:
                length = str(len(self._value(key)))
                self.fault(key, Code.TOO_LONG, length=length, limit=str(limit))

    def _kind(self) -> EventKind | None:
        value = self._value("kind")
        found = member(value, KINDS, OTHER_KINDS) if value else None
        if value and found is None:
            self.fault("kind", Code.KIND_UNKNOWN, value=value)
        return found

    def _region(self) -> str:
        value = self._value("region")
        if not value:
            return ""
        try:
            return self.known.regions.resolve(value)
        except RegionNotFoundError as error:
            names = " / ".join(place.label for place in error.candidates[:3])
            code = Code.REGION_SEVERAL if names else Code.REGION_UNKNOWN
            self.fault("region", code, value=value, names=names, reach=self.known.reach_name)
        return ""

    def _body(self) -> int:
        value = self._value("body")
        found = _named(value, self.known.bodies)
        if found is None:
            is_own = not self.known.may_choose_body
            self.fault("body", Code.BODY_NOT_YOURS if is_own else Code.BODY_UNKNOWN, value=value)
        return found or 0

    def _quiz(self) -> int:
        value = self._value("quiz")
        found = _named(value, self.known.quizzes)
        if found is None:
            self.fault("quiz", Code.QUIZ_UNKNOWN, value=value)
        return found or 0

    def _moment(self, key: str) -> datetime | None:
        value = self._value(key)
        if not value:
            return None
        found = MOMENT.fullmatch(value)
        try:
            local = _local(found, key) if found else None
        except ValueError:
            local = None
        if local is None:
            self.fault(key, Code.MOMENT_UNKNOWN, value=value)
            return None
        if not FIRST_YEAR <= local.year <= LAST_YEAR:
            self.fault(key, Code.YEAR, value=value)
            return None
        return local.replace(tzinfo=self.known.zone).astimezone(UTC)

    def _teams(self) -> tuple[Roster, ...]:
        try:
            return rosters.read(self._value("teams"))
        except BadRosterError as error:
            self.fault("teams", Code.TEAMS, why=error.code, value=error.text)
            return ()


def _local(found: re.Match[str], key: str) -> datetime:
    day = datetime(int(found["year"]), int(found["month"]), int(found["day"]))  # noqa: DTZ001 -- local, as written
    if found["hour"] is None:
        return datetime.combine(day, LAST_MINUTE) if key == "closes_at" else day
    return day.replace(hour=int(found["hour"]), minute=int(found["minute"] or 0))


def _named(value: str, names: Mapping[int, Sequence[str]]) -> int | None:
    """Find what a cell names, wholly or by a part that only one has; empty means the first."""
    if not value:
        return next(iter(names), None)
    wanted = plain(value)
    exact = [key for key, own in names.items() if wanted in {plain(name) for name in own}]
    partly = [key for key, own in names.items() if any(wanted in plain(name) for name in own)]
    for found in (exact, partly):
        if len(found) == 1 and wanted:
            return found[0]
    return None


def heading(key: str, locale: str) -> str:
    """Name a column, "" for none."""
    return BY_KEY[key].name.in_(locale) if key in BY_KEY else ""
