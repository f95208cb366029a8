"""For what an organizer may ask a closing report."""

from collections.abc import Iterable

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import SelectField
from wtforms.fields import SelectChoice

from core.i18n import pick
from outreach.campaigns.models import Campaign
from outreach.regions.service import Place


class ReportForm(FlaskForm):
    """Which campaign, and which region within reach."""

    campaign = SelectField(_l("Campaign"), coerce=int)
    region = SelectField(_l("Region"))

    def offer(self, campaigns: Iterable[Campaign], places: Iterable[Place]) -> None:
        """Fill in what can be chosen."""
        self.campaign.choices = [
            SelectChoice(one.id, pick(one.name_zh, one.name_en)) for one in campaigns
        ]
        self.region.choices = [SelectChoice(place.code, place.label) for place in places]
