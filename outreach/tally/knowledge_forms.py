"""What an organizer may ask of what people know."""

from collections.abc import Iterable

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from werkzeug.datastructures import MultiDict
from wtforms import SelectField
from wtforms.fields import SelectChoice

from core.i18n import pick
from outreach.campaigns.models import Campaign
from outreach.events.forms import KIND_LABELS
from outreach.regions.service import Place

OTHERWISE = _l("There is no such choice. Choose one of the list.")
OUTSIDE = _l("This region is not among yours. Choose one of the list.")


class KnowledgeForm(FlaskForm):
    """Campaign, region within reach, and kind of event; sent by GET."""

    class Meta:
        """Looking changes nothing."""

        csrf = False

    campaign = SelectField(_l("Campaign"), invalid_choice_message=OTHERWISE)
    region = SelectField(_l("Region"), invalid_choice_message=OUTSIDE)
    kind = SelectField(_l("Kind"), invalid_choice_message=OTHERWISE)

    def offer(self, campaigns: Iterable[Campaign], places: Iterable[Place]) -> None:
        """Fill in what can be chosen."""
        self.campaign.choices = [
            SelectChoice(str(one.id), pick(one.name_zh, one.name_en)) for one in campaigns
        ]
        self.region.choices = [SelectChoice(place.code, place.label) for place in places]
        self.kind.choices = [
            SelectChoice("", _("all")),
            *(SelectChoice(kind.value, str(label)) for kind, label in KIND_LABELS.items()),
        ]


def filled(values: MultiDict[str, str], usual: dict[str, str]) -> MultiDict[str, str]:
    """Return what was asked, with what is usual where nothing was said."""
    return MultiDict({name: values.get(name, usual[name]) for name in usual})
