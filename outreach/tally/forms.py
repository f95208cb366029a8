"""What an editor may ask of the item statistics."""

from collections.abc import Iterable

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import IntegerField, SelectField, StringField
from wtforms.fields import SelectChoice
from wtforms.validators import Length, NumberRange, Optional

from outreach.tally.item_table import ANY_WARNING, Search, Sort
from question_bank.items import ItemWarning

WARNING_LABELS = {
    ItemWarning.NEARLY_ALL: _l("Nearly everybody gets it"),
    ItemWarning.NEARLY_NONE: _l("Nearly nobody gets it"),
    ItemWarning.NEGATIVE: _l("Misleads those who know more"),
    ItemWarning.DEAD_CHOICE: _l("A wrong choice that nobody takes"),
}
SORT_LABELS = {
    Sort.HARDEST: _l("Lowest share right first"),
    Sort.EASIEST: _l("Highest share right first"),
    Sort.LEAST_TELLING: _l("Lowest discrimination first"),
    Sort.MOST_TELLING: _l("Highest discrimination first"),
}
MAX_PAGE = 10_000


class ItemSearchForm(FlaskForm):
    """Words, topic, warning and order; sent by GET."""

    class Meta:
        """A search changes nothing."""

        csrf = False

    q = StringField(_l("Words"), [Length(max=100)])
    topic = SelectField(_l("Topic"), default="")
    warning = SelectField(_l("Warning"), default="")
    sort = SelectField(_l("Order"), default=Sort.HARDEST.value)
    page = IntegerField(default=1, validators=[Optional(), NumberRange(1, MAX_PAGE)])

    def offer(self, topics: Iterable[tuple[str, str]]) -> None:
        """Fill in what can be chosen; topics as id and name."""
        everything = SelectChoice("", _("all"))
        self.topic.choices = [everything, *(SelectChoice(*topic) for topic in topics)]
        self.warning.choices = [
            everything,
            SelectChoice(ANY_WARNING, _("any warning")),
            *(SelectChoice(kind.value, str(label)) for kind, label in WARNING_LABELS.items()),
        ]
        self.sort.choices = [
            SelectChoice(sort.value, str(label)) for sort, label in SORT_LABELS.items()
        ]

    def search(self) -> Search:
        """Return what is asked for; only after validation."""
        return Search(
            text=self.q.data or "",
            topic_id=self.topic.data,
            warning=self.warning.data,
            sort=Sort(self.sort.data),
            page=self.page.data or 1,
        )
