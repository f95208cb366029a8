"""What an organizer may send to compose a quiz."""

from collections.abc import Iterable

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import (
    FieldList,
    Form,
    FormField,
    IntegerField,
    RadioField,
    SelectChoice,
    SelectMultipleField,
    StringField,
    ValidationError,
)
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, Optional
from wtforms.widgets import CheckboxInput, ListWidget

from core.words import plain_line
from question_bank.composing import MAX_SIZE, Draft, NoRoomError
from question_bank.content import Audience, Text
from question_bank.forms import AUDIENCES
from question_bank.models import Quiz
from question_bank.selection import Blueprint, Counting, Part

MAX_PARTS = 4
DIFFICULTIES = {1: _l("easy"), 2: _l("medium"), 3: _l("hard")}
COUNTING_LABELS = {
    Counting.ONCE: _l("Once: further attempts are practice"),
    Counting.DAILY: _l("Once a day"),
    Counting.ALWAYS: _l("Every time"),
}


def _boxes(label: object, choices: list[SelectChoice], hint: object = "") -> SelectMultipleField:
    return SelectMultipleField(
        label,
        choices=choices,
        description=hint,
        option_widget=CheckboxInput(),
        widget=ListWidget(prefix_label=False),
    )


class PartForm(Form):
    """So many questions out of some topics; a part without a number is left out."""

    count = IntegerField(
        _l("How many questions"), [Optional(), NumberRange(1, MAX_SIZE)], default=None
    )
    topics = _boxes(_l("Out of these topics"), [])
    difficulty = SelectMultipleField(
        _l("How difficult (none ticked: any)"),
        coerce=int,
        choices=[SelectChoice(level, label) for level, label in DIFFICULTIES.items()],
        option_widget=CheckboxInput(),
        widget=ListWidget(prefix_label=False),
    )
    audience = _boxes(
        _l("Fit for (none ticked: anybody)"),
        [SelectChoice(member.value, label) for member, label in AUDIENCES.items()],
    )

    def validate_topics(self, field: SelectMultipleField) -> None:
        """A part with a number says out of what."""
        if self.count.data and not field.data:
            raise ValidationError(_("Tick at least one topic."))

    def part(self) -> Part:
        """Return what was said; only after validation."""
        return Part(
            count=self.count.data,
            topics=tuple(self.topics.data),
            difficulty=frozenset(self.difficulty.data),
            audience=frozenset(Audience(name) for name in self.audience.data),
        )


class QuizForm(FlaskForm):
    """A quiz."""

    name_zh = StringField(
        _l("Name"), [DataRequired(_l("Give the quiz a name.")), Length(max=60)], [plain_line]
    )
    name_en = StringField(
        _l("Name in English (optional)"), [Optional(), Length(max=120)], [plain_line]
    )
    parts = FieldList(FormField(PartForm), min_entries=MAX_PARTS, max_entries=MAX_PARTS)
    pass_mark = IntegerField(
        _l("Passed from how many right answers"),
        [InputRequired(_l("Say how many right answers pass.")), NumberRange(1, MAX_SIZE)],
        default=6,
    )
    counting = RadioField(
        _l("How often one phone counts at an event"),
        choices=[SelectChoice(kind.value, label) for kind, label in COUNTING_LABELS.items()],
        default=Counting.ONCE.value,
    )

    def offer(self, topics: Iterable[tuple[str, str]]) -> None:
        """Fill in the topics that can be chosen, as id and label."""
        choices = [SelectChoice(*topic) for topic in topics]
        for entry in self.parts:
            entry.topics.choices = choices

    def validate_parts(self, field: FieldList) -> None:
        """There is something to ask, and not more than a phone's page may hold."""
        size = sum(entry.form.count.data or 0 for entry in field)
        if not size:
            field[0].form.count.errors = [_("Say how many questions a paper has.")]
            raise ValidationError(_("Say how many questions a paper has."))
        if size > MAX_SIZE:
            raise ValidationError(
                _(
                    "A paper has at most %(limit)d questions, not %(size)d.",
                    limit=MAX_SIZE,
                    size=size,
                )
            )

    def validate_pass_mark(self, field: IntegerField) -> None:
        """Nobody is asked for more right answers than there are questions."""
        size = sum(entry.form.count.data or 0 for entry in self.parts)
        if size and field.data and field.data > size:
            raise ValidationError(_("There are only %(size)d questions on a paper.", size=size))

    def draft(self) -> Draft:
        """Return what was composed; only after validation."""
        name = self.name_zh.data or ""
        return Draft(
            name=Text(name, self.name_en.data or name),
            blueprint=Blueprint(tuple(e.form.part() for e in self.parts if e.form.count.data)),
            pass_mark=self.pass_mark.data,
            counting=Counting(self.counting.data),
        )

    def refuse(self, error: NoRoomError) -> None:
        """Say which part has no room."""
        if error.index is None:
            self.parts[0].form.count.errors = [
                _("The parts take each other's questions. Ask for fewer, or tick more topics.")
            ]
            return
        filled = [entry for entry in self.parts if entry.form.count.data]
        filled[error.index].form.count.errors = [
            _(
                "Only %(found)d questions fit, and there should be %(wanted)d, so that papers "
                "differ. Ask for fewer, or tick more topics.",
                found=error.found,
                wanted=error.wanted,
            )
        ]

    def show(self, quiz: Quiz) -> None:
        """Fill in a quiz."""
        self.name_zh.data = quiz.name_zh
        self.name_en.data = "" if quiz.name_en == quiz.name_zh else quiz.name_en
        self.pass_mark.data, self.counting.data = quiz.pass_mark, quiz.counting.value
        for entry, part in zip(self.parts, Blueprint.from_json(quiz.parts).parts, strict=False):
            entry.form.count.data, entry.topics.data = part.count, list(part.topics)
            entry.difficulty.data = sorted(part.difficulty)
            entry.audience.data = [member.value for member in part.audience]
