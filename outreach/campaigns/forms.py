"""CampaignForm, BodiesForm, BodyForm."""

from datetime import date

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import DateField, IntegerField, StringField, TextAreaField, ValidationError
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange

from core.words import plain_line
from outreach.campaigns.models import Body
from outreach.campaigns.planning import MAX_BODIES, Plan
from outreach.regions import service as regions
from outreach.regions.models import Level

FIRST_YEAR, LAST_YEAR = 2000, 2100
MAX_DAYS = 400
MAX_SEPARATE = 20
LONGEST_ZH, LONGEST_EN = 80, 160
BAR = "|"

in_chinese = DataRequired(_l("Write it in Chinese."))
in_english = DataRequired(_l("Write it in English too: all public pages come in both languages."))


class CampaignForm(FlaskForm):
    """What headquarters says about a campaign; `province_code` says whose it is."""

    name_zh = StringField(_l("Name in Chinese"), [in_chinese, Length(max=LONGEST_ZH)], [plain_line])
    name_en = StringField(_l("Name in English"), [in_english, Length(max=LONGEST_EN)], [plain_line])
    year = IntegerField(
        _l("Year"),
        [
            InputRequired(_l("Say which year it belongs to.")),
            NumberRange(FIRST_YEAR, LAST_YEAR, _l("Check the year.")),
        ],
        render_kw={"inputmode": "numeric"},
    )
    first_on = DateField(_l("First day"), [InputRequired(_l("Say on which day it begins."))])
    last_on = DateField(_l("Last day"), [InputRequired(_l("Say on which day it ends."))])
    theme_zh = StringField(_l("Theme in Chinese"), [in_chinese, Length(max=120)], [plain_line])
    theme_en = StringField(_l("Theme in English"), [in_english, Length(max=240)], [plain_line])
    slogan_zh = StringField(_l("Slogan in Chinese"), [in_chinese, Length(max=120)], [plain_line])
    slogan_en = StringField(_l("Slogan in English"), [in_english, Length(max=240)], [plain_line])
    separate = TextAreaField(
        _l("Counties reported on a line of their own (optional)"),
        [Length(max=1000)],
        description=_l(
            "One on each line. They stand beside the prefectures in every table and are left out "
            "of the prefecture above them, such as Pingtan in Fujian."
        ),
        render_kw={"rows": 3},
    )

    def __init__(self, *, province_code: str, **kwargs: object) -> None:
        super().__init__(**kwargs)
        self._province_code = province_code
        self._separate: list[str] = []

    def validate_year(self, field: IntegerField) -> None:
        """The year is one of those that its days lie in."""
        first_on, last_on = self.first_on.data, self.last_on.data
        if field.data and first_on and last_on and first_on <= last_on:
            _check_within(field.data, first_on.year, last_on.year)

    def validate_first_on(self, field: DateField) -> None:
        """The year is not mistyped."""
        _check_day(field)

    def validate_last_on(self, field: DateField) -> None:
        """The year is not mistyped, and the days are in order and not too many."""
        _check_day(field)
        first_on, last_on = self.first_on.data, field.data
        if first_on and last_on and last_on < first_on:
            raise ValidationError(_("The last day cannot come before the first."))
        if first_on and last_on and (last_on - first_on).days >= MAX_DAYS:
            raise ValidationError(
                _("A campaign lasts at most %(days)s days. Check the year.", days=MAX_DAYS)
            )

    def validate_separate(self, field: TextAreaField) -> None:
        """Find the county that each line means."""
        lines = [plain_line(line) or "" for line in (field.data or "").splitlines()]
        named = [line for line in lines if line]
        if len(named) > MAX_SEPARATE:
            raise ValidationError(_("At most %(number)s counties.", number=MAX_SEPARATE))
        self._separate = [_county(line, self._province_code) for line in named]

    def plan(self) -> Plan:
        """Return what was said; only after validation."""
        return Plan(
            name_zh=self.name_zh.data,
            name_en=self.name_en.data,
            theme_zh=self.theme_zh.data,
            theme_en=self.theme_en.data,
            slogan_zh=self.slogan_zh.data,
            slogan_en=self.slogan_en.data,
            year=self.year.data,
            first_on=self.first_on.data,
            last_on=self.last_on.data,
            separate=self._separate,
        )

    def show(self, plan: Plan) -> None:
        """Fill in what is known of a campaign."""
        for name in ("name", "theme", "slogan"):
            for language in ("zh", "en"):
                self[f"{name}_{language}"].data = getattr(plan, f"{name}_{language}")
        self.year.data = plan.year
        self.first_on.data, self.last_on.data = plan.first_on, plan.last_on
        self.separate.data = "\n".join(regions.label(code) for code in plan.separate)

    def suggest(self, today: date) -> None:
        """Fill in the days of the next September, when Quality Month is held."""
        september = 9
        year = today.year if today.month < september else today.year + 1
        self.year.data = year
        self.first_on.data, self.last_on.data = date(year, september, 1), date(year, september, 30)


class BodiesForm(FlaskForm):
    """Bodies to add, one on each line."""

    bodies = TextAreaField(
        _l("Bodies to add"),
        [DataRequired(_l("Write at least one body.")), Length(max=20_000)],
        description=_l(
            "One on each line: the Chinese name, a bar, the English name. The order here is the "
            "order in which they are named everywhere; the first one leads."
        ),
        render_kw={"rows": 4, "placeholder": "省教育厅 | Department of Education"},
    )

    def validate_bodies(self, field: TextAreaField) -> None:
        """Each line has both names, none of them too long."""
        lines = _lines(field.data)
        if len(lines) > MAX_BODIES:
            raise ValidationError(_("At most %(number)s bodies.", number=MAX_BODIES))
        for line in lines:
            zh, _bar, en = (part.strip() for part in line.partition(BAR))
            if not zh or not en:
                raise ValidationError(
                    _("Write “Chinese name | English name” on this line: %(line)s", line=line)
                )
            _check_length(zh, LONGEST_ZH)
            _check_length(en, LONGEST_EN)

    def names(self) -> list[tuple[str, str]]:
        """Return Chinese and English names; only after validation."""
        pairs = [line.partition(BAR) for line in _lines(self.bodies.data)]
        return [(zh.strip(), en.strip()) for zh, _bar, en in pairs]


class BodyForm(FlaskForm):
    """A body's names and its place, counted from 1."""

    name_zh = StringField(_l("Name in Chinese"), [in_chinese, Length(max=LONGEST_ZH)], [plain_line])
    name_en = StringField(_l("Name in English"), [in_english, Length(max=LONGEST_EN)], [plain_line])
    place = IntegerField(
        _l("Place in the list"),
        [InputRequired(_l("Say at which place it stands.")), NumberRange(1, MAX_BODIES)],
        description=_l("The first body leads."),
        render_kw={"inputmode": "numeric"},
    )

    def show(self, body: Body) -> None:
        """Fill in what is known of a body."""
        self.name_zh.data, self.name_en.data = body.name_zh, body.name_en
        self.place.data = body.position + 1


def _lines(text: str) -> list[str]:
    lines = (plain_line(line.replace("｜", BAR)) or "" for line in text.splitlines())
    return [line for line in lines if line]


def _check_length(text: str, most: int) -> None:
    if len(text) > most:
        raise ValidationError(_("This name is too long: %(name)s", name=text))


def _check_day(field: DateField) -> None:
    if field.data:
        _check_within(field.data.year, FIRST_YEAR, LAST_YEAR)


def _check_within(year: int, first: int, last: int) -> None:
    if not first <= year <= last:
        raise ValidationError(_("Check the year."))


def _county(name: str, province_code: str) -> str:
    try:
        code = regions.resolve(name, province_code)
    except regions.RegionNotFoundError as error:
        if not error.candidates:
            raise ValidationError(
                _("No such county in this province: %(name)s", name=name)
            ) from None
        names = _(", ").join(place.label for place in error.candidates)
        raise ValidationError(
            _("Several regions fit “%(name)s”. Which one: %(names)s?", name=name, names=names)
        ) from None
    if regions.level_of(code) is not Level.COUNTY:
        raise ValidationError(_("This is not a county: %(name)s", name=name))
    return code
