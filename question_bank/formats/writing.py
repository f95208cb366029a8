"""What every writer asks first: which questions fit, and what of them is lost. Pure."""

import dataclasses
from collections.abc import Callable, Sequence
from string import ascii_uppercase

from question_bank.content import Choice, Kind, Question, Text
from question_bank.formats import names
from question_bank.formats.columns import LOCALES, choice_key
from question_bank.formats.exchange import Loss, Written
from question_bank.formats.reading import FORBIDDEN
from question_bank.formats.record import MAX_CHOICES

# What of a question is missing from a file that lacks a loss's field.
IS_LOST: dict[Loss, Callable[[Question], bool]] = {
    Loss.ID: lambda _question: True,
    Loss.TOPIC: lambda _question: True,
    Loss.STYLE: lambda _question: True,
    Loss.DIFFICULTY: lambda _question: True,
    Loss.AUDIENCE: lambda question: bool(question.audience),
    Loss.CITATIONS: lambda question: bool(question.citations),
    Loss.FAMILY: lambda question: question.family is not None,
    Loss.ORDER: lambda question: question.is_ordered and question.kind is not Kind.TRUE_FALSE,
    Loss.EXPLANATION: lambda question: bool(question.explanation.zh or question.explanation.en),
    Loss.LINE_BREAKS: lambda question: any("\n" in t.zh + t.en for t in all_texts(question)),
}


class Writing:
    """What is lost of the questions of a file so far."""

    def __init__(self, lacks: Sequence[Loss] = ()) -> None:
        self._lacks = lacks
        self._losses: dict[Loss, list[str]] = {}

    def lose(self, loss: Loss, question: Question) -> None:
        """Note that a question loses something."""
        self._losses.setdefault(loss, []).append(question.id)

    def fit(self, questions: Sequence[Question]) -> list[Question]:
        """Return the questions that fit, without characters that no file may carry."""
        fitting = []
        for question in questions:
            if len(question.choices) > MAX_CHOICES:
                self.lose(Loss.LEFT_OUT_CHOICES, question)
                continue
            fitting.append(self._shareable(question))
            for loss in self._lacks:
                if IS_LOST[loss](question):
                    self.lose(loss, question)
        return fitting

    def fit_language(self, questions: Sequence[Question], locale: str) -> list[Question]:
        """Return the questions that are whole in one language; the other language is lost."""
        whole = []
        for question in questions:
            parts = [question.stem, *(choice.text for choice in question.choices)]
            if all(text.in_(locale) for text in parts):
                whole.append(question)
            else:
                self.lose(Loss.LEFT_OUT_LANGUAGE, question)
        for question in whole:
            if question.stem.in_(other_locale(locale)):
                self.lose(Loss.OTHER_LANGUAGE, question)
        return self.fit(whole)

    def written(self, data: bytes) -> Written:
        """Return the file with what it lost."""
        return Written(data, {loss: tuple(ids) for loss, ids in self._losses.items()})

    def _shareable(self, question: Question) -> Question:
        if not any(FORBIDDEN.search(text.zh + text.en) for text in all_texts(question)):
            return question
        self.lose(Loss.CHARACTERS, question)
        return dataclasses.replace(
            question,
            stem=_without_forbidden(question.stem),
            choices=tuple(Choice(_without_forbidden(c.text), c.is_right) for c in question.choices),
            explanation=_without_forbidden(question.explanation),
        )


def all_texts(question: Question) -> list[Text]:
    """List the texts of a question."""
    return [question.stem, *(choice.text for choice in question.choices), question.explanation]


def other_locale(locale: str) -> str:
    """Return the language that a file of one language leaves out."""
    return "zh" if locale == "en" else "en"


def _without_forbidden(text: Text) -> Text:
    return Text(FORBIDDEN.sub("", text.zh), FORBIDDEN.sub("", text.en))


def write_record(question: Question, locale: str) -> dict[str, str]:
    """Return the words of a question by column key; names of kinds and the like in a locale."""
    separator = "；" if locale == "zh" else "; "
    audience = [
        name.in_(locale) for one, name in names.AUDIENCES.items() if one in question.audience
    ]
    values = {
        "id": question.id,
        "topic": question.topic_id,
        "kind": names.KINDS[question.kind].in_(locale),
        "style": names.STYLES[question.style].in_(locale),
        "difficulty": str(question.difficulty),
        "audience": separator.join(audience),
        "cites": separator.join(str(citation) for citation in question.citations),
        "family": question.family or "",
        "ordered": "",
        "right": right_letters(question),
    }
    for code in LOCALES:
        values[f"stem_{code}"] = question.stem.in_(code)
        values[f"explanation_{code}"] = question.explanation.in_(code)
    if question.kind is Kind.TRUE_FALSE:
        values["right"] = (names.TRUE if question.choices[0].is_right else names.FALSE).in_(locale)
        return values
    if question.is_ordered:
        values["ordered"] = names.YES.in_(locale)
    for index, choice in enumerate(question.choices):
        for code in LOCALES:
            values[choice_key(index, code)] = choice.text.in_(code)
    return values


def right_letters(question: Question) -> str:
    """Write the right choices as letters, as AC."""
    return "".join(ascii_uppercase[index] for index in sorted(question.right_choices))
