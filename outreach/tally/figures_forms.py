"""What an organizer may ask of the figures; sent by GET, so that every answer has an address."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import DateField, SelectField, ValidationError
from wtforms.fields import SelectChoice
from wtforms.validators import Optional

from core.i18n import pick
from outreach.campaigns.models import Campaign
from outreach.campaigns.reach import Reach
from outreach.events.forms import KIND_LABELS
from outreach.events.models import EventKind
from outreach.events.service import FIRST_YEAR, LAST_YEAR
from outreach.regions.service import Place
from outreach.tally.figures_events import Order
from outreach.tally.figures_scope import PHONES, Scope
from outreach.tally.offline_forms import CHANNEL_LABELS
from outreach.tally.tree import Tree

FIELDS = ("campaign", "first", "last", "region", "body", "kind", "topic", "channel")


class ChoiceField(SelectField):
    """A choice that keeps what was asked for, even if it is not offered, and says so plainly."""

    choices: Sequence[SelectChoice]

    def pre_validate(self, form: FlaskForm) -> None:  # noqa: ARG002 -- WTForms' signature
        """The choice is offered."""
        if self.data not in {choice.value for choice in self.choices}:
            self.choices = [*self.choices, SelectChoice(self.data, self.data[:60])]
            raise ValidationError(_("This is not offered here. Choose from the list."))


class DayField(DateField):
    """A day that says how to write one."""

    def process_formdata(self, valuelist: Sequence[str]) -> None:
        """Read a day such as 2026-09-01."""
        try:
            super().process_formdata(valuelist)
        except ValueError:
            typed = valuelist[0][:60]  # a browser's field for days shows nothing else
            message = _("“%(typed)s” is no day. Write one such as 2026-09-01.", typed=typed)
            raise ValueError(message) from None


class FilterForm(FlaskForm):
    """Which part of which campaign."""

    class Meta:
        """A question changes nothing."""

        csrf = False

    campaign = ChoiceField(_l("Campaign"))
    first = DayField(_l("First day"), [Optional()])
    last = DayField(_l("Last day"), [Optional()])
    region = ChoiceField(_l("Region"), default="")
    body = ChoiceField(_l("Host"), default="")
    kind = ChoiceField(_l("Kind"), default="")
    topic = ChoiceField(_l("Topic"), default="")

    def offer(
        self,
        campaign: Campaign,
        campaigns: Iterable[Campaign],
        places: Sequence[Place],
        topics: Mapping[str, str],
        reach: Reach,
    ) -> None:
        """Fill in what can be chosen; the first of `places` is the whole reach."""
        everything = SelectChoice("", _("all"))
        kinds = [SelectChoice(kind.value, label) for kind, label in KIND_LABELS.items()]
        self.campaign.choices = [
            SelectChoice(one.slug, pick(one.name_zh, one.name_en)) for one in campaigns
        ]
        if not self.campaign.data:
            self.campaign.data = campaign.slug
        self.region.choices = [
            SelectChoice("", _("all: %(region)s", region=places[0].label)),
            *(SelectChoice(place.code, place.label) for place in places[1:]),
        ]
        self.body.choices = [
            everything,
            *(
                SelectChoice(body.slug, pick(body.name_zh, body.name_en))
                for body in campaign.bodies
                if reach.body_slug in {None, body.slug}
            ),
        ]
        self.kind.choices = [everything, *kinds]
        self.topic.choices = [
            everything,
            *(SelectChoice(*topic) for topic in topics.items()),
        ]

    def validate_first(self, field: DayField) -> None:
        """The year is not mistyped."""
        _check_year(field)

    def validate_last(self, field: DayField) -> None:
        """The year is not mistyped, and the days are in order."""
        _check_year(field)
        if self.first.data and field.data and field.data < self.first.data:
            raise ValidationError(_("The last day comes before the first."))

    def scope(
        self, campaign: Campaign, reach: Reach, tree: Tree, topics: Mapping[int, str]
    ) -> Scope:
        """Return what is asked for; only after validation."""
        return Scope(
            campaign=campaign,
            reach=reach,
            tree=tree,
            topics=topics,
            region_code=self.region.data,
            since=self.first.data,
            until=self.last.data,
            body_slug=self.body.data,
            kind=EventKind(self.kind.data) if self.kind.data else None,
            topic=self.topic.data,
            channel=self["channel"].data if "channel" in self else "",
        )

    def query(self) -> dict[str, str]:
        """Return the filled-in fields for links that keep them."""
        return {name: _plain(self[name].data) for name in self.data if self[name].data}

    def chips(self) -> list[tuple[str, str, str]]:
        """List the filters in use but the campaign: field, its label, and what it asks for."""
        return [
            (name, str(self[name].label.text), self.words(name))
            for name in FIELDS
            if name != "campaign" and name in self and self[name].data
        ]

    def words(self, name: str) -> str:
        """Return what a field asks for, in the reader's words."""
        value = self[name].data
        if isinstance(value, date) or value is None:
            return _plain(value)
        labels = {choice.value: str(choice.label) for choice in self[name].choices}
        return labels.get(value, "")


class FiguresForm(FilterForm):
    """The filter, and which channel to show."""

    channel = ChoiceField(
        _l("Channel"),
        choices=[
            SelectChoice("", _l("each apart")),
            SelectChoice(PHONES, _l("On phones")),
            *(SelectChoice(channel.value, label) for channel, label in CHANNEL_LABELS.items()),
        ],
        default="",
    )


class CompareForm(FiguresForm):
    """The filter, and with what to compare: another campaign or another region."""

    other_campaign = ChoiceField(_l("Compare with the campaign"), default="")
    other_region = ChoiceField(_l("Compare with the region"), default="")

    def offer(
        self,
        campaign: Campaign,
        campaigns: Iterable[Campaign],
        places: Sequence[Place],
        topics: Mapping[str, str],
        reach: Reach,
    ) -> None:
        """Fill in what can be chosen."""
        super().offer(campaign, campaigns, places, topics, reach)
        nothing = SelectChoice("", _("none"))
        labels = {place.code: place.label for place in places}
        self.other_campaign.choices = [nothing, *self.campaign.choices]
        self.other_region.choices = [
            nothing, *(SelectChoice(*labelled) for labelled in labels.items())
        ]  # fmt: skip
        self._whole = places[0].code

    def validate_other_campaign(self, field: ChoiceField) -> None:
        """It is another one."""
        if field.data and field.data == self.campaign.data:
            raise ValidationError(_("Choose another campaign than the first."))

    def validate_other_region(self, field: ChoiceField) -> None:
        """One comparison at a time, with another region."""
        if field.data and self.other_campaign.data:
            raise ValidationError(_("Compare with a campaign or with a region, not with both."))
        if field.data and field.data == (self.region.data or self._whole):
            raise ValidationError(_("Choose another region than the first."))


class EventsForm(FilterForm):
    """The filter, and the order of the events that went well."""

    order = ChoiceField(
        _l("Order of the events"),
        choices=[
            SelectChoice(Order.ATTEMPTS.value, _l("Most attempts first")),
            SelectChoice(Order.ROSTER.value, _l("Highest share of the roster first")),
        ],
        default=Order.ATTEMPTS.value,
    )


def _check_year(field: DayField) -> None:
    if field.data and not FIRST_YEAR <= field.data.year <= LAST_YEAR:
        raise ValidationError(_("Check the year."))


def _plain(value: date | str | None) -> str:
    return value.isoformat() if isinstance(value, date) else value or ""
