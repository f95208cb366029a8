"""What an editor may send."""

from collections.abc import Mapping, Sequence
from typing import Any

from flask_babel import LazyString
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired
from wtforms import (
    BooleanField,
    FieldList,
    FormField,
    HiddenField,
    IntegerField,
    RadioField,
    SelectChoice,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
    ValidationError,
)
from wtforms import Form as PlainForm
from wtforms.validators import DataRequired, Length, Optional, Regexp
from wtforms.widgets import CheckboxInput, ListWidget

from core.i18n import pick
from question_bank.content import (
    TRUE_FALSE,
    Audience,
    Choice,
    Citation,
    Kind,
    Question,
    Style,
    Text,
)
from question_bank.formats.catalogue import FORMATS
from question_bank.models import QuestionState

KINDS = {
    Kind.SINGLE: _l("Single choice"),
    Kind.MULTIPLE: _l("Multiple choice"),
    Kind.TRUE_FALSE: _l("True or false"),
}
STYLES = {
    Style.STORY: _l("Story"),
    Style.NUMBER: _l("Number"),
    Style.RULE: _l("Rule"),
}
AUDIENCES = {
    Audience.PUPIL: _l("Pupils"),
    Audience.STUDENT: _l("Students"),
    Audience.WORKER: _l("Workers"),
    Audience.CONSUMER: _l("Consumers"),
    Audience.BUSINESS: _l("Businesses"),
}
STATES = {
    QuestionState.DRAFT: _l("Draft"),
    QuestionState.SUBMITTED: _l("Waiting for review"),
    QuestionState.LIVE: _l("Live"),
    QuestionState.RETIRED: _l("Retired"),
}
ORDERS = {"ordered": _l("as written"), "shuffled": _l("shuffled by the phone")}
VALUE_WORDS = {str(value): word for value, word in (KINDS | STYLES | AUDIENCES | ORDERS).items()}
MAX_CHOICES = 5
MAX_TEXT = 1000


def _stripped(text: str | None) -> str:
    return (text or "").strip()


def _offer(words: Mapping[Any, Any]) -> list[SelectChoice]:
    return [SelectChoice(member.value, label) for member, label in words.items()]


def _formats() -> list[SelectChoice]:
    return [
        SelectChoice(name, LazyString(pick, form.name.zh, form.name.en))
        for name, form in FORMATS.items()
    ]


def _languages() -> list[SelectChoice]:
    return [SelectChoice("zh", _l("Chinese")), SelectChoice("en", _l("English"))]


class ChoiceForm(PlainForm):
    """One choice in both languages."""

    zh = StringField(_l("Chinese"), [Length(max=200)], [_stripped])
    en = StringField(_l("English"), [Length(max=300)], [_stripped])
    is_right = BooleanField(_l("Right"))


class QuestionForm(FlaskForm):
    """A question; `base` is the revision that the editor began from."""

    base = HiddenField(default="0")
    topic_id = SelectField(_l("Topic"))
    kind = RadioField(_l("Type"), choices=_offer(KINDS))
    style = RadioField(_l("Style"), choices=_offer(STYLES))
    difficulty = RadioField(
        _l("Difficulty"),
        coerce=int,
        choices=[SelectChoice(n, str(n)) for n in (1, 2, 3)],
        default=2,
    )
    audience = SelectMultipleField(
        _l("Audience"),
        [DataRequired(_l("Choose at least one audience."))],
        choices=_offer(AUDIENCES),
        option_widget=CheckboxInput(),
        widget=ListWidget(prefix_label=False),
    )
    stem_zh = TextAreaField(_l("Stem (Chinese)"), [Length(max=MAX_TEXT)], [_stripped])
    stem_en = TextAreaField(_l("Stem (English)"), [Length(max=MAX_TEXT)], [_stripped])
    choices = FieldList(FormField(ChoiceForm), min_entries=MAX_CHOICES, max_entries=MAX_CHOICES)
    answer = RadioField(
        _l("The statement is"),
        [Optional()],
        choices=[SelectChoice("true", _l("true")), SelectChoice("false", _l("false"))],
        description=_l("Only for true or false"),
    )
    explanation_zh = TextAreaField(_l("Explanation (Chinese)"), [Length(max=MAX_TEXT)], [_stripped])
    explanation_en = TextAreaField(_l("Explanation (English)"), [Length(max=MAX_TEXT)], [_stripped])
    citations = TextAreaField(
        _l("Citations"),
        [Length(max=MAX_TEXT)],
        [_stripped],
        description=_l("One a line: statute:article or statute:article/paragraph"),
    )
    is_ordered = BooleanField(_l("Keep the order of the choices"))
    family = StringField(
        _l("Family"),
        [Optional(), Length(max=80), Regexp(r"[a-z0-9-]*$")],
        [_stripped],
        description=_l("Questions of one family never meet in one paper"),
    )
    reason = StringField(
        _l("Why this change"),
        [DataRequired(_l("Say in a few words why.")), Length(max=200)],
        [_stripped],
    )

    def validate_citations(self, field: TextAreaField) -> None:
        """Each line names an article."""
        for line in field.data.split():
            try:
                Citation.parse(line)
            except ValueError:
                raise ValidationError(_("Not statute:article: %(line)s", line=line[:60])) from None

    def question(self, question_id: str) -> Question:
        """Return what was written, however incomplete; only after validation."""
        kind = Kind(self.kind.data)
        return Question(
            id=question_id,
            topic_id=self.topic_id.data,
            kind=kind,
            style=Style(self.style.data),
            difficulty=self.difficulty.data,
            audience=frozenset(Audience(name) for name in self.audience.data),
            citations=tuple(Citation.parse(line) for line in self.citations.data.split()),
            stem=Text(self.stem_zh.data, self.stem_en.data),
            choices=self._choices(kind),
            explanation=Text(self.explanation_zh.data, self.explanation_en.data),
            is_ordered=kind is Kind.TRUE_FALSE or self.is_ordered.data,
            family=self.family.data or None,
        )

    def _choices(self, kind: Kind) -> tuple[Choice, ...]:
        if kind is Kind.TRUE_FALSE:
            is_true = self.answer.data == "true"
            return tuple(
                Choice(text, right is is_true)
                for text, right in zip(TRUE_FALSE, (True, False), strict=True)
            )
        return tuple(
            Choice(Text(entry.zh.data, entry.en.data), entry.is_right.data)
            for entry in self.choices
            if entry.zh.data or entry.en.data
        )

    def show(self, question: Question, base: int) -> None:
        """Fill in a question."""
        self.base.data = str(base)
        self.topic_id.data = question.topic_id
        self.kind.data, self.style.data = question.kind.value, question.style.value
        self.difficulty.data = question.difficulty
        self.audience.data = [member.value for member in question.audience]
        self.stem_zh.data, self.stem_en.data = question.stem.zh, question.stem.en
        self.explanation_zh.data = question.explanation.zh
        self.explanation_en.data = question.explanation.en
        self.citations.data = "\n".join(str(citation) for citation in question.citations)
        self.is_ordered.data, self.family.data = question.is_ordered, question.family
        if question.kind is Kind.TRUE_FALSE:
            self.answer.data = "true" if question.choices[0].is_right else "false"
            return
        for entry, choice in zip(self.choices, question.choices, strict=False):
            entry.zh.data, entry.en.data = choice.text.zh, choice.text.en
            entry.is_right.data = choice.is_right


class ReviewForm(FlaskForm):
    """A reviewer's note."""

    note = TextAreaField(_l("Note to the author"), [Length(max=400)], [_stripped])


class PublishForm(FlaskForm):
    """What an edition brings."""

    summary = TextAreaField(
        _l("What this edition brings"),
        [DataRequired(_l("Say in a sentence what changed.")), Length(max=400)],
        [_stripped],
    )


class ActionForm(FlaskForm):
    """Nothing but the token against forgery."""


class SearchForm(FlaskForm):
    """What an editor looks for."""

    class Meta:
        """A search is a GET."""

        csrf = False

    q = StringField(_l("Words"), [Length(max=100)])
    topic = SelectField(_l("Topic"), default="")
    state = SelectField(_l("State"), default="")
    audience = SelectField(_l("Audience"), default="")
    page = IntegerField(default=1)

    def offer(self, topics: Sequence[tuple[str, str]]) -> None:
        """Fill in what can be chosen."""
        everything = [SelectChoice("", _("all"))]
        self.topic.choices = everything + [SelectChoice(*topic) for topic in topics]
        self.state.choices = everything + _offer(STATES)
        self.audience.choices = everything + _offer(AUDIENCES)


class ImportForm(FlaskForm):
    """A file of another program."""

    format = SelectField(_l("Format"), choices=_formats(), default="xlsx")
    file = FileField(_l("File"), [FileRequired(_l("Choose a file."))])
    topic_id = SelectField(_l("Topic, where the file names none"))
    language = RadioField(
        _l("Language of a file that holds one"), choices=_languages(), default="zh"
    )
    reason = StringField(
        _l("Where the questions come from"),
        [DataRequired(_l("Say in a few words where they come from.")), Length(max=200)],
        [_stripped],
    )
    dry_run = BooleanField(_l("Only check, save nothing"), default=True)
    skip_faults = BooleanField(_l("Save the faultless ones although others have faults"))


class ExportForm(FlaskForm):
    """Which questions in which format."""

    class Meta:
        """An export is a GET."""

        csrf = False

    format = SelectField(_l("Format"), choices=_formats(), default="xlsx")
    topic_id = SelectField(_l("Topic"), default="")
    language = RadioField(
        _l("Language of a file that holds one"), choices=_languages(), default="zh"
    )

    def offer(self, topics: Sequence[tuple[str, str]]) -> None:
        """Fill in what can be chosen."""
        listed = [SelectChoice(*topic) for topic in topics]
        self.topic_id.choices = [SelectChoice("", _("all")), *listed]
