"""What a question is, and what its author wrote turned into safe HTML. Pure."""

import enum
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Self

from markupsafe import Markup, escape

from core.traditional import Usage, traditional

EMPHASIS = re.compile(r"\*\*(.+?)\*\*")
HAN_RUN = re.compile(r"[\u3000-\u303f\u3400-\u9fff\uff00-\uffef]+")
CITATION = re.compile(
    r"(?P<statute>[a-z0-9-]+):(?P<article>[1-9][0-9]*(?:-[1-9][0-9]*)?)"
    r"(?:/(?P<paragraph>[1-9][0-9]*))?"
)


class Kind(enum.StrEnum):
    """How a question is answered."""

    SINGLE = "single"
    MULTIPLE = "multiple"
    TRUE_FALSE = "truefalse"


class Style(enum.StrEnum):
    """What a question asks for: a decision in a small story, a bare number, or a rule."""

    STORY = "story"
    NUMBER = "number"
    RULE = "rule"


class Audience(enum.StrEnum):
    """Whom a question fits."""

    PUPIL = "pupil"
    STUDENT = "student"
    WORKER = "worker"
    CONSUMER = "consumer"
    BUSINESS = "business"


@dataclass(frozen=True, slots=True)
class Text:
    """A text in both languages.

    `zh_hant` is the Chinese one in Traditional characters, as an edition keeps it: made when it is
    published, never written by an author, and so no part of what makes two texts differ.
    """

    zh: str
    en: str
    zh_hant: str | None = field(default=None, compare=False)

    def in_(self, locale: str) -> str:
        """Return the text of a locale; Simplified characters stand in for Traditional ones."""
        if locale == "en":
            return self.en
        return self.zh_hant if locale == "zh_Hant" and self.zh_hant is not None else self.zh

    def speaks(self, locale: str) -> bool:
        """Tell whether `in_` returns the text in the script that the locale asks for."""
        return locale != "zh_Hant" or self.zh_hant is not None

    def in_traditional(self, usage: Usage = Usage.BANK) -> Self:
        """Return the text with its Chinese in Traditional characters too."""
        return replace(self, zh_hant=traditional(self.zh, usage))

    def changed(self, change: Callable[[str], str]) -> Self:
        """Return the text with the same done to it in each language and script."""
        hant = None if self.zh_hant is None else change(self.zh_hant)
        return replace(self, zh=change(self.zh), en=change(self.en), zh_hant=hant)

    def as_json(self) -> dict[str, str]:
        """Return plain values for an edition's snapshot."""
        values = {"zh": self.zh, "en": self.en}
        return values if self.zh_hant is None else {**values, "zh_hant": self.zh_hant}

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Self:
        """Read what `as_json` wrote, perhaps among other values."""
        return cls(values["zh"], values["en"], values.get("zh_hant"))


@dataclass(frozen=True, slots=True)
class Choice:
    """One possible answer."""

    text: Text
    is_right: bool


@dataclass(frozen=True, slots=True)
class Citation:
    """An article of a statute, perhaps one paragraph (款) of it."""

    statute_id: str
    article: str
    paragraph: int | None = None

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `statute:article` or `statute:article/paragraph`.

        :raises ValueError: the text is of another form
        """
        found = CITATION.fullmatch(text)
        if not found:
            raise ValueError(text)
        paragraph = found["paragraph"]
        return cls(found["statute"], found["article"], int(paragraph) if paragraph else None)

    def __str__(self) -> str:
        suffix = f"/{self.paragraph}" if self.paragraph else ""
        return f"{self.statute_id}:{self.article}{suffix}"


TRUE_FALSE = (Text("正确", "True"), Text("错误", "False"))


@dataclass(frozen=True, slots=True)
class Question:
    """A question as its author wrote it.

    `choices` stand in the author's order, which no phone ever sees unless `is_ordered`. Questions
    of one `family` are so alike that a paper holds at most one of them.
    """

    id: str
    topic_id: str
    kind: Kind
    style: Style
    difficulty: int
    audience: frozenset[Audience]
    citations: tuple[Citation, ...]
    stem: Text
    choices: tuple[Choice, ...]
    explanation: Text
    is_ordered: bool = False
    family: str | None = field(default=None)

    @property
    def right_choices(self) -> frozenset[int]:
        """Indexes of the right choices in the author's order."""
        return frozenset(i for i, choice in enumerate(self.choices) if choice.is_right)

    def in_traditional(self) -> Self:
        """Return the question with its Chinese in Traditional characters too."""
        return replace(
            self,
            stem=self.stem.in_traditional(),
            choices=tuple(Choice(c.text.in_traditional(), c.is_right) for c in self.choices),
            explanation=self.explanation.in_traditional(),
        )

    def as_json(self) -> dict[str, Any]:
        """Return plain values, the same for the same question."""
        return {
            "id": self.id,
            "topic": self.topic_id,
            "kind": self.kind.value,
            "style": self.style.value,
            "difficulty": self.difficulty,
            "audience": sorted(member.value for member in self.audience),
            "cites": [str(citation) for citation in self.citations],
            "stem": self.stem.as_json(),
            "choices": [{**c.text.as_json(), "right": c.is_right} for c in self.choices],
            "explanation": self.explanation.as_json(),
            "ordered": self.is_ordered,
            "family": self.family,
        }

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Self:
        """Read what `as_json` wrote."""
        return cls(
            id=values["id"],
            topic_id=values["topic"],
            kind=Kind(values["kind"]),
            style=Style(values["style"]),
            difficulty=values["difficulty"],
            audience=frozenset(Audience(name) for name in values["audience"]),
            citations=tuple(Citation.parse(text) for text in values["cites"]),
            stem=Text.from_json(values["stem"]),
            choices=tuple(Choice(Text.from_json(c), c["right"]) for c in values["choices"]),
            explanation=Text.from_json(values["explanation"]),
            is_ordered=values["ordered"],
            family=values["family"],
        )


def to_html(text: str, locale: str) -> Markup:
    """Turn an author's text into HTML: `**…**` stresses, Chinese within English says so.

    Everything else is escaped.
    """
    html = EMPHASIS.sub(r"<strong>\1</strong>", str(escape(text)))
    if locale == "en":
        html = HAN_RUN.sub(lambda run: f'<span lang="zh-CN">{run[0]}</span>', html)
    return Markup(html)  # noqa: S704 -- the one place: escaped two lines above
