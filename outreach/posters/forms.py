"""PosterForm, RenameForm, RepointForm, OrderForm."""

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    IntegerField,
    RadioField,
    SelectChoice,
    SelectField,
    SelectMultipleField,
    StringField,
    ValidationError,
)
from wtforms.validators import DataRequired, InputRequired, Length, Optional

from core.words import plain_line
from outreach.posters.drawing import Size
from outreach.posters.models import MAX_PLACEMENT
from outreach.posters.service import placements_in

MAX_PLACEMENTS = 50
MAX_TYPED = MAX_PLACEMENTS * (MAX_PLACEMENT + 1)
SIZE_LABELS = {
    Size.A4: _l("A4 poster"),
    Size.A3: _l("A3 poster"),
    Size.A5: _l("A5 table sign"),
    Size.CARDS: _l("Sheet of 8 cards (A4)"),
}
TICKED, ALL = "ticked", "all"


class PosterForm(FlaskForm):
    """Where posters hang, and whose count they serve."""

    placement = StringField(
        _l("Where it hangs"),
        [DataRequired(_l("Say where the poster hangs.")), Length(max=MAX_TYPED)],
        [plain_line],
        description=_l(
            "So that you learn which wall works. Several at once: canteen door; gate 2; stairs"
        ),
    )
    team = StringField(
        _l("Team or class (optional)"),
        [Optional(), Length(max=40)],
        [plain_line],
        description=_l("Only if it wants a count of its own, for example: workshop 2, early shift"),
    )

    @property
    def placements(self) -> list[str]:
        """The labels, each once."""
        return placements_in(self.placement.data or "")

    def validate_placement(self, _field: StringField) -> None:
        """Refuse labels that are too long or too many."""
        if not self.placements:
            raise ValidationError(_("Say where the poster hangs."))
        if len(self.placements) > MAX_PLACEMENTS:
            raise ValidationError(_("At most %(limit)d places at once.", limit=MAX_PLACEMENTS))
        for label in self.placements:
            if len(label) > MAX_PLACEMENT:
                raise ValidationError(
                    _(
                        "“%(label)s…” is too long: at most %(limit)d characters.",
                        label=label[:12],
                        limit=MAX_PLACEMENT,
                    )
                )


class RenameForm(FlaskForm):
    """Another label for a place."""

    placement = StringField(
        _l("Where it hangs"),
        [
            DataRequired(_l("Say where the poster hangs.")),
            Length(max=MAX_PLACEMENT, message=_l("At most 40 characters.")),
        ],
        [plain_line],
    )


class WithdrawForm(FlaskForm):
    """Nothing but the token against forgery."""


class RepointForm(FlaskForm):
    """Where a printed code shall lead; `team_id` 0 stands for no team."""

    event_id = IntegerField(validators=[InputRequired()])
    team_id = SelectField(_l("Team or class (optional)"), coerce=int)


class OrderForm(FlaskForm):
    """Posters of which events, and on what."""

    size = RadioField(
        _l("Size"),
        [InputRequired(_l("Choose a size."))],
        choices=[SelectChoice(size.value, label) for size, label in SIZE_LABELS.items()],
        default=Size.A4.value,
    )
    which = RadioField(
        _l("Which events"),
        [InputRequired(_l("Choose which events."))],
        choices=[
            SelectChoice(TICKED, _l("Those that are ticked")),
            SelectChoice(ALL, _l("All that are found, also those not listed")),
        ],
        default=TICKED,
    )
    events = SelectMultipleField(coerce=int, validate_choice=False)
    adds_missing = BooleanField(
        _l("First make a poster for every event and every team that has none"), default=True
    )
