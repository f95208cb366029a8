"""What an organizer may enter about participation away from phones."""

from collections.abc import Iterable

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import DateField, IntegerField, RadioField, SelectField, StringField
from wtforms.fields import SelectChoice
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange

from core.words import plain_line
from outreach.events.models import Team
from outreach.tally.models import Channel
from outreach.tally.offline import MAX_PEOPLE, Entry

CHANNEL_LABELS = {Channel.PAPER: _l("On paper"), Channel.SPOKEN: _l("By word of mouth")}
NO_TEAM = ""


class OfflineForm(FlaskForm):
    """How many people took part how, on which day, and how the organizer knows."""

    channel = RadioField(
        _l("How they took part"),
        [InputRequired(_l("Choose how they took part."))],
        choices=[SelectChoice(channel.value, label) for channel, label in CHANNEL_LABELS.items()],
        default=Channel.PAPER.value,
    )
    people = IntegerField(
        _l("Number of people"),
        [
            InputRequired(_l("Say how many people took part.")),
            NumberRange(1, MAX_PEOPLE, _l("Enter a whole number from 1 to 100,000.")),
        ],
        description=_l("Only those who did not answer on a phone: nobody twice."),
    )
    local_day = DateField(_l("Day"), [InputRequired(_l("Choose the day."))])
    team = SelectField(_l("Team or class"), default=NO_TEAM)
    reason = StringField(
        _l("Why not on a phone, and how you know the number"),
        [
            DataRequired(_l("Say why, and how you know the number.")),
            Length(max=120, message=_l("At most 120 characters, please.")),
        ],
        [plain_line],
        description=_l("For example: no signal in workshop 3; 42 paper sheets collected"),
    )

    def offer(self, teams: Iterable[Team]) -> None:
        """Fill in the teams that can be chosen."""
        self.team.choices = [
            SelectChoice(NO_TEAM, _("none")),
            *(SelectChoice(str(team.id), team.name) for team in teams),
        ]

    def entry(self) -> Entry:
        """Return what was entered; only after validation."""
        assert self.people.data is not None and self.local_day.data is not None  # noqa: S101, PT018 -- says the types to mypy
        return Entry(
            channel=Channel(self.channel.data),
            people=self.people.data,
            local_day=self.local_day.data,
            reason=self.reason.data or "",
            team_id=int(self.team.data) if self.team.data else None,
        )


class TokenForm(FlaskForm):
    """Nothing but the token against forgery."""
