"""What somebody sends about others: whom they let in, and what becomes of an account."""

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    IntegerField,
    RadioField,
    SelectChoice,
    SelectField,
    StringField,
    ValidationError,
)
from wtforms.validators import DataRequired, InputRequired, Length, Optional

from core.words import plain_line
from outreach.campaigns.reach import Reach
from outreach.organizers import events_named
from outreach.organizers.granting import Grant
from outreach.organizers.models import Organizer, Role
from outreach.regions import service as regions

ROLE_LABELS = {
    Role.HEADQUARTERS: _l("Headquarters: the whole province, its campaigns and the log"),
    Role.REGION: _l("Region organizer: events of a region and all below it"),
    Role.BODY: _l("Body organizer: one body's events in a region"),
    Role.HELPER: _l("Event helper: one event, its counts and big screen"),
    Role.NONE: _l("Question bank only"),
}
ROLE_NAMES = {
    Role.HEADQUARTERS: _l("Headquarters"),
    Role.REGION: _l("Region organizer"),
    Role.BODY: _l("Body organizer"),
    Role.HELPER: _l("Event helper"),
    Role.NONE: _l("Question bank"),
}


class InviteForm(FlaskForm):
    """For whom an account is, and what it may do; who invites must hold all of it."""

    note = StringField(
        _l("For whom"),
        [DataRequired(_l("Note for whom it is.")), Length(max=60)],
        [plain_line],
        description=_l(
            "Only you and those above you see it, for example: Ms Chen, Jinjiang office"
        ),
    )
    role = RadioField(_l("What the account is for"), [InputRequired(_l("Choose one."))])
    region = StringField(
        _l("Region"),
        [Length(max=60)],
        [plain_line],
        description=_l("Type a name or a six-digit code, for example: Jinjiang"),
    )
    body = SelectField(_l("Body"), default="")
    event = StringField(
        _l("Event"),
        [Length(max=200)],
        [plain_line],
        description=_l("Words of its title, or its number"),
    )
    edits_questions = BooleanField(_l("Also writes questions"))
    reviews_questions = BooleanField(_l("Also reviews and publishes questions"))

    def __init__(self, *, reach: Reach, roles: tuple[Role, ...], **kwargs: object) -> None:
        super().__init__(**kwargs)
        self._reach = reach
        self._region_code = reach.region_code
        self._event_id: int | None = None
        self.role.choices = [SelectChoice(role.value, ROLE_LABELS[role]) for role in roles]
        bodies = events_named.bodies(reach.region_code)
        self.body.choices = [SelectChoice("", _("Choose …"))]
        self.body.choices += [SelectChoice(*body) for body in bodies.items()]

    def validate_region(self, field: StringField) -> None:
        """Find the one region that is meant, within reach, where the role has one."""
        if self.role.data not in {Role.REGION, Role.BODY}:
            return
        if not field.data:
            raise ValidationError(_("Say for which region."))
        try:
            self._region_code = regions.resolve(field.data, self._reach.region_code)
        except regions.RegionNotFoundError as error:
            if not error.candidates:
                reach = regions.label(self._reach.region_code)
                raise ValidationError(
                    _("No such region in %(reach)s. Check the name.", reach=reach)
                ) from None
            names = _(", ").join(place.label for place in error.candidates)
            raise ValidationError(
                _("Several regions fit. Which one: %(names)s?", names=names)
            ) from None

    def validate_body(self, field: SelectField) -> None:
        """A body organizer works for a body."""
        if self.role.data == Role.BODY and not field.data:
            raise ValidationError(_("Choose the body."))

    def validate_event(self, field: StringField) -> None:
        """Find the one event that a helper looks after."""
        if self.role.data != Role.HELPER:
            return
        try:
            event = events_named.resolve(field.data or "", self._reach)
        except events_named.EventNotFoundError as error:
            if not error.candidates:
                raise ValidationError(_("No event of yours fits. Check the title.")) from None
            names = _(", ").join(event.label for event in error.candidates)
            raise ValidationError(
                _("Several events fit. Which one: %(names)s?", names=names)
            ) from None
        self._event_id, self._region_code = event.id, event.region_code

    def validate_reviews_questions(self, _field: BooleanField) -> None:
        """An account without a role is for the question bank."""
        if self.role.data == Role.NONE and not self.gives_bank:
            raise ValidationError(_("Choose whether the account writes or reviews questions."))

    @property
    def gives_bank(self) -> bool:
        """Whether a right of the question bank was ticked."""
        return bool(self.edits_questions.data or self.reviews_questions.data)

    def grant(self) -> Grant:
        """Return what was said; only after validation."""
        role = Role(self.role.data)
        return Grant(
            role=role,
            region_code=self._region_code,
            body_slug=self.body.data if role is Role.BODY else None,
            event_id=self._event_id,
            edits_questions=bool(self.edits_questions.data),
            reviews_questions=bool(self.reviews_questions.data),
        )


class ChargeForm(InviteForm):
    """What an account shall be for from now on."""

    def __init__(self, *, reach: Reach, roles: tuple[Role, ...], **kwargs: object) -> None:
        super().__init__(reach=reach, roles=roles, **kwargs)
        del self.note

    def show(self, person: Organizer) -> None:
        """Fill in what it is for now."""
        self.role.data = person.role.value
        self.edits_questions.data = person.edits_questions
        self.reviews_questions.data = person.reviews_questions
        if person.role in {Role.REGION, Role.BODY}:
            self.region.data = regions.label(person.region_code)
        self.body.data = person.body_slug or ""
        if person.event_id is not None:
            self.event.data = events_named.resolve(str(person.event_id), self._reach).label


class PeopleSearchForm(FlaskForm):
    """Which accounts to list."""

    class Meta:
        """A search changes nothing, so it needs no token."""

        csrf = False

    q = StringField(_l("Name, region or note"), [Optional(), Length(max=60)], [plain_line])
    page = IntegerField(validators=[Optional()])


class CloseForm(FlaskForm):
    """The name of the account to close, typed by hand."""

    name = StringField(
        _l("Type the account's name to close it"),
        [DataRequired(_l("Type the name.")), Length(max=40)],
        render_kw={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"},
    )


class ResetForm(FlaskForm):
    """What a link to a new password also drops."""

    drops_totp = BooleanField(_l("The authenticator is lost too: sign in without a code"))
