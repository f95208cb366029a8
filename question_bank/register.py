"""The register of statutes: versions of legal texts and when each is in force. Pure."""

from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Self

from core.traditional import Usage
from question_bank.content import Citation, Text

REPUBLIC = {"zh": "中华人民共和国", "zh_Hant": "中華人民共和國"}


@dataclass(frozen=True, slots=True)
class Statute:
    """A legal text in one version.

    `in_force_from` is the first day of this wording, `in_force_until` its last. `articles` is the
    number of the last article, or None where the register knows only some (`known_articles`).
    """

    id: str
    title: Text
    version: str
    in_force_from: date
    in_force_until: date | None
    articles: int | None
    known_articles: frozenset[str] = frozenset()

    def is_in_force(self, day: date) -> bool:
        """Tell whether this wording is law on a day."""
        until = self.in_force_until
        return self.in_force_from <= day and (until is None or day <= until)

    def has_article(self, article: str) -> bool:
        """Tell whether the register knows an article of this number."""
        if self.articles is None:
            return article in self.known_articles
        return article.isdigit() and 1 <= int(article) <= self.articles

    def cite(self, citation: Citation, locale: str) -> str:
        """Write a citation as people read it, such as 《产品质量法》第35条."""
        if locale == "en":
            paragraph = f", paragraph {citation.paragraph}" if citation.paragraph else ""
            return f"{self.title.en}, article {citation.article}{paragraph}"
        is_traditional = locale == "zh_Hant" and self.title.speaks(locale)
        script = "zh_Hant" if is_traditional else "zh"
        article = "條" if is_traditional else "条"
        paragraph = f"第{citation.paragraph}款" if citation.paragraph else ""
        title = self.title.in_(script).removeprefix(REPUBLIC[script])
        return f"《{title}》第{citation.article}{article}{paragraph}"

    def in_traditional(self) -> Self:
        """Return the entry with its Chinese title in Traditional characters too."""
        return replace(self, title=self.title.in_traditional(Usage.NAMES))

    def as_json(self) -> dict[str, Any]:
        """Return plain values for an edition's snapshot."""
        return {
            "id": self.id,
            "title": self.title.as_json(),
            "version": self.version,
            "from": self.in_force_from.isoformat(),
            "until": self.in_force_until.isoformat() if self.in_force_until else None,
            "articles": self.articles,
            "known": sorted(self.known_articles),
        }

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Self:
        """Read what `as_json` wrote."""
        until = values["until"]
        return cls(
            id=values["id"],
            title=Text.from_json(values["title"]),
            version=values["version"],
            in_force_from=date.fromisoformat(values["from"]),
            in_force_until=date.fromisoformat(until) if until else None,
            articles=values["articles"],
            known_articles=frozenset(values["known"]),
        )


@dataclass(frozen=True, slots=True)
class Topic:
    """A subject of the bank as its content file names it."""

    id: str
    name: Text
    summary: Text

    def in_traditional(self) -> Self:
        """Return the topic with its Chinese in Traditional characters too."""
        name, summary = self.name.in_traditional(), self.summary.in_traditional()
        return replace(self, name=name, summary=summary)

    def as_json(self) -> dict[str, Any]:
        """Return plain values for an edition's snapshot."""
        return {"id": self.id, "name": self.name.as_json(), "summary": self.summary.as_json()}

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Self:
        """Read what `as_json` wrote."""
        name, summary = Text.from_json(values["name"]), Text.from_json(values["summary"])
        return cls(values["id"], name, summary)
