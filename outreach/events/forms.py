"""What an organizer may send about events."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    DateTimeLocalField,
    FieldList,
    FormField,
    HiddenField,
    IntegerField,
    RadioField,
    SelectChoice,
    SelectField,
    StringField,
    TextAreaField,
    ValidationError,
)
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, Optional

from core import clock
from core.words import plain_line
from outreach.events import rosters
from outreach.events.models import Event, EventKind, EventState
from outreach.events.rosters import BadRosterError, Roster
from outreach.events.service import FIRST_YEAR, LAST_YEAR, Plan, Wanted
from outreach.regions import service as regions

KIND_LABELS = {
    EventKind.CAMPUS: _l("Campus"),
    EventKind.FACTORY: _l("Factory"),
    EventKind.COMMUNITY: _l("Community"),
    EventKind.ONLINE: _l("Online"),
}
STATE_LABELS = {
    EventState.OPEN: _l("open"),
    EventState.PLANNED: _l("planned"),
    EventState.CLOSED: _l("closed"),
    EventState.CANCELLED: _l("cancelled"),
}
ROSTER_FAULTS = {
    "long": _l("A team needs a name of at most 40 characters: “%(text)s”."),
    "size": _l("A team has 1 to 100,000 people: “%(text)s”."),
    "twice": _l("The team “%(text)s” is there twice."),
    "many": _l("An event has at most 100 teams."),
}
MOMENT = "%Y-%m-%dT%H:%M"


class EventForm(FlaskForm):
    """What an organizer says about an event; moments are local in the form, UTC outside."""

    title_zh = StringField(
        _l("Title"), [DataRequired(_l("Give the event a title.")), Length(max=60)], [plain_line]
    )
    title_en = StringField(
        _l("Title in English (optional)"), [Optional(), Length(max=120)], [plain_line]
    )
    kind = RadioField(
        _l("Kind"),
        [InputRequired(_l("Choose a kind."))],
        choices=[SelectChoice(kind.value, label) for kind, label in KIND_LABELS.items()],
    )
    site = StringField(
        _l("Place"),
        [DataRequired(_l("Say where it takes place.")), Length(max=60)],
        [plain_line],
        description=_l("As people there call it, for example: canteen of the shoe factory"),
    )
    region = StringField(
        _l("Region"),
        [DataRequired(_l("Say in which county, district or city.")), Length(max=60)],
        [plain_line],
        description=_l("Type a name or a six-digit code, for example: Jinjiang"),
    )
    body_id = SelectField(_l("Host"), coerce=int)
    quiz_id = SelectField(_l("Quiz"), coerce=int)
    opens_at = DateTimeLocalField(
        _l("Opens"), [InputRequired(_l("Say when it opens."))], format=[MOMENT, f"{MOMENT}:%S"]
    )
    closes_at = DateTimeLocalField(
        _l("Closes"), [InputRequired(_l("Say when it closes."))], format=[MOMENT, f"{MOMENT}:%S"]
    )

    confirmed = BooleanField(_l("Yes, change it all the same"))

    region_code: str | None = None

    def __init__(self, *, reach: str, **kwargs: object) -> None:
        super().__init__(**kwargs)
        self._reach = reach

    def validate_opens_at(self, field: DateTimeLocalField) -> None:
        """The year is not mistyped."""
        _check_year(field)

    def validate_closes_at(self, field: DateTimeLocalField) -> None:
        """The year is not mistyped, and opening comes first."""
        _check_year(field)
        if self.opens_at.data and field.data and field.data <= self.opens_at.data:
            raise ValidationError(_("The event must close after it opens."))

    def validate_region(self, field: StringField) -> None:
        """Find the one region that is meant, within reach."""
        try:
            self.region_code = regions.resolve(field.data or "", self._reach)
        except regions.RegionNotFoundError as error:
            if not error.candidates:
                reach = regions.label(self._reach)
                raise ValidationError(
                    _("No such region in %(reach)s. Check the name.", reach=reach)
                ) from None
            names = _(", ").join(place.label for place in error.candidates)
            raise ValidationError(
                _("Several regions fit. Which one: %(names)s?", names=names)
            ) from None

    def plan(self) -> Plan:
        """Return what was said; only after validation."""
        return Plan(
            kind=EventKind(self.kind.data),
            title_zh=self.title_zh.data or "",
            title_en=self.title_en.data or None,
            site=self.site.data or "",
            region_code=self.region_code or "",
            body_id=self.body_id.data,
            quiz_id=self.quiz_id.data,
            opens_at=_utc(self.opens_at.data),
            closes_at=_utc(self.closes_at.data),
        )

    def show(self, event: Event) -> None:
        """Fill in what is known of an event."""
        self.title_zh.data, self.title_en.data = event.title_zh, event.title_en
        self.kind.data, self.site.data = event.kind.value, event.site
        self.region.data = regions.label(event.region_code)
        self.body_id.data, self.quiz_id.data = event.body_id, event.quiz_id
        self.opens_at.data, self.closes_at.data = _local(event.opens_at), _local(event.closes_at)


class TeamForm(FlaskForm):
    """One team: its name and how many people are in it."""

    class Meta:
        """It stands inside `TeamsForm`, which carries the token."""

        csrf = False

    team_id = HiddenField()
    name = StringField(
        _l("Name of the team"),
        [DataRequired(_l("Give the team a name.")), Length(max=rosters.MAX_NAME)],
        [plain_line],
    )
    size = IntegerField(
        _l("People in it (optional)"), [Optional(), NumberRange(1, rosters.MAX_ROSTER)]
    )


class TeamsForm(FlaskForm):
    """The teams that an event has, and more of them as lines of text."""

    teams = FieldList(FormField(TeamForm), max_entries=rosters.MAX_TEAMS)
    more = TextAreaField(
        _l("Add teams, one a line"),
        [Optional(), Length(max=8000)],
        description=_l("With the number of people if you know it, for example: Workshop 1: 120"),
    )

    rosters: tuple[Roster, ...] = ()

    def validate_more(self, field: TextAreaField) -> None:
        """Each line is a team."""
        try:
            self.rosters = rosters.read(field.data or "")
        except BadRosterError as error:
            raise ValidationError(roster_fault(error)) from None


class ClosingForm(FlaskForm):
    """Until when an event is open."""

    closes_at = DateTimeLocalField(
        _l("Open until"),
        [InputRequired(_l("Say when it closes."))],
        format=[MOMENT, f"{MOMENT}:%S"],
    )

    def validate_closes_at(self, field: DateTimeLocalField) -> None:
        """The year is not mistyped."""
        _check_year(field)

    def moment(self) -> datetime:
        """Return what was said; only after validation."""
        return _utc(self.closes_at.data)

    def show(self, event: Event) -> None:
        """Fill in when the event closes."""
        self.closes_at.data = _local(event.closes_at)


class CancelForm(FlaskForm):
    """That an event does not take place."""

    confirmed = BooleanField(
        _l("Yes, this event does not take place"),
        [InputRequired(_l("Tick this to cancel the event."))],
    )


class DeskForm(FlaskForm):
    """Which events the desk lists; sent by GET."""

    class Meta:
        """A search changes nothing."""

        csrf = False

    q = StringField(_l("Words in title or place"), [Length(max=100)], [plain_line])
    state = SelectField(_l("State"), default="")
    kind = SelectField(_l("Kind"), default="")
    region = SelectField(_l("Region"), default="")

    def offer(self, places: Sequence[regions.Place]) -> None:
        """Fill in what can be chosen."""
        everything = SelectChoice("", _("all"))
        self.state.choices = [everything, *_choices(STATE_LABELS)]
        self.kind.choices = [everything, *_choices(KIND_LABELS)]
        self.region.choices = [
            everything, *(SelectChoice(place.code, place.label) for place in places)
        ]  # fmt: skip

    def wanted(self) -> Wanted:
        """Return what is asked for; what is not offered counts as not asked."""
        faulty = self.errors
        return Wanted(
            words="" if "q" in faulty else self.q.data or "",
            state=EventState(self.state.data) if self._names("state") else None,
            kind=EventKind(self.kind.data) if self._names("kind") else None,
            region_code=self.region.data if self._names("region") else "",
        )

    def _names(self, name: str) -> bool:
        return bool(self[name].data) and name not in self.errors

    def query(self) -> dict[str, str]:
        """Return the filled-in fields for links that keep them."""
        return {
            name: self[name].data for name in ("q", "state", "kind", "region") if self[name].data
        }


def _choices(labels: Mapping[Any, Any]) -> list[SelectChoice]:
    return [SelectChoice(member.value, label) for member, label in labels.items()]


def roster_fault(error: BadRosterError) -> str:
    """Say what is wrong with teams that were written down."""
    return str(ROSTER_FAULTS[error.code]) % {"text": error.text}


def _check_year(field: DateTimeLocalField) -> None:
    if field.data and not FIRST_YEAR <= field.data.year <= LAST_YEAR:
        raise ValidationError(_("Check the year."))


def _utc(local: datetime | None) -> datetime:
    assert local is not None  # noqa: S101 -- InputRequired saw to it
    return local.replace(tzinfo=clock.campaign_zone()).astimezone(UTC)


def _local(at: datetime) -> datetime:
    return at.astimezone(clock.campaign_zone()).replace(tzinfo=None)
