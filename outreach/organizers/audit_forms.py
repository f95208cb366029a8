"""AuditForm."""

from datetime import UTC, date, datetime, time, timedelta

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import DateField, IntegerField, SelectField, StringField
from wtforms.validators import Length, NumberRange, Optional

from core import clock
from core.audit import Wanted
from core.words import plain_line
from outreach.regions.service import prefix_of

FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2100, 12, 31)


class AuditForm(FlaskForm):
    """Which entries of the log to list."""

    class Meta:
        """A search changes nothing, so it needs no token."""

        csrf = False

    q = StringField(_l("Who or what"), [Optional(), Length(max=60)], [plain_line])
    action = SelectField(_l("What happened"), [Optional()], validate_choice=False)
    first = DateField(_l("From"), [Optional()])
    last = DateField(_l("Until"), [Optional()])
    before = IntegerField(validators=[Optional(), NumberRange(1, 2**31 - 1)])

    def wanted(self, region_code: str) -> Wanted:
        """Return the search; days are the campaign's and the last one counts in full.

        What the server's operator did is for those who answer for a whole province.
        """
        return Wanted(
            within=prefix_of(region_code),
            of_operator=region_code.endswith("0000"),
            words=self.q.data or "",
            action=self.action.data or "",
            since=_midnight(self.first.data),
            until=_midnight(self.last.data, days_later=1),
        )


def _midnight(day: date | None, days_later: int = 0) -> datetime | None:
    if day is None or not FIRST_DAY <= day <= LAST_DAY:
        return None
    local = datetime.combine(day + timedelta(days_later), time.min, clock.campaign_zone())
    return local.astimezone(UTC)
