"""One entry of a content file -> a topic, statute, quiz or question. Pure."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

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
from question_bank.register import Statute, Topic
from question_bank.selection import Blueprint, Counting, Part
from question_bank.yaml_lines import LINE

QUESTION_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)+")
NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
MAX_ID = 80
DIFFICULTIES = (1, 2, 3)
STATUTE_KEYS = {
    "id", "title", "version", "in_force_from", "in_force_until", "articles", "known_articles",
}  # fmt: skip
QUESTION_KEYS = {
    "id", "kind", "style", "difficulty", "audience", "cites", "ordered", "family", "stem",
    "choices", "answer", "explanation",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class QuizEntry:
    """A ready quiz as its content file describes it."""

    slug: str
    name: Text
    blueprint: Blueprint
    pass_mark: int
    counting: Counting
    line: int = 1


class RefusedError(Exception):
    """A key or value of an entry cannot be used; the message says which."""


def _known_keys(entry: dict[str, Any], known: set[str], where: str = "") -> None:
    unknown = sorted(str(key) for key in entry.keys() - known - {LINE})
    if unknown:
        raise RefusedError(f"{where}unknown key: {', '.join(unknown)}")


def read_question(entry: dict[str, Any], topic_id: str) -> Question:
    """Read one question of a content file.

    :raises RefusedError: a key or value cannot be used; the message says which
    """
    _known_keys(entry, QUESTION_KEYS)
    question_id = entry.get("id")
    if not isinstance(question_id, str) or not QUESTION_ID.fullmatch(question_id):
        raise RefusedError(f"id must be like pq-label-date, not {question_id!r}")
    if len(question_id) > MAX_ID:
        raise RefusedError(f"id is longer than {MAX_ID} characters")
    kind = _member(entry, "kind", Kind)
    difficulty = entry.get("difficulty")
    if type(difficulty) is not int or difficulty not in DIFFICULTIES:
        raise RefusedError(f"difficulty must be 1, 2 or 3, not {difficulty!r}")
    audience = entry.get("audience")
    if not isinstance(audience, list) or not audience:
        raise RefusedError("audience must be a list of one or more")
    ordered, family = entry.get("ordered", False), entry.get("family")
    if not isinstance(ordered, bool):
        raise RefusedError(f"ordered must be true or false, not {ordered!r}")
    if family is not None and not isinstance(family, str):
        raise RefusedError(f"family must be a name, not {family!r}")
    return Question(
        id=question_id,
        topic_id=topic_id,
        kind=kind,
        style=_member(entry, "style", Style),
        difficulty=difficulty,
        audience=frozenset(_as_member(name, "audience", Audience) for name in audience),
        citations=tuple(_citations(entry)),
        stem=_text(entry, "stem"),
        choices=_choices(entry, kind),
        explanation=_text(entry, "explanation"),
        is_ordered=kind is Kind.TRUE_FALSE or ordered,
        family=family,
    )


def _choices(entry: dict[str, Any], kind: Kind) -> tuple[Choice, ...]:
    if kind is Kind.TRUE_FALSE:
        answer = entry.get("answer")
        if not isinstance(answer, bool) or entry.get("choices"):
            raise RefusedError("a true/false question has answer: true or false, and no choices")
        return tuple(Choice(t, a is answer) for t, a in zip(TRUE_FALSE, (True, False), strict=True))
    listed = entry.get("choices")
    if not isinstance(listed, list) or not all(isinstance(choice, dict) for choice in listed):
        raise RefusedError("choices must be a list, each with zh and en")
    choices = tuple(_choice(choice, f"choice {n}") for n, choice in enumerate(listed, 1))
    right = sum(choice.is_right for choice in choices)
    if kind is Kind.SINGLE and right != 1:
        raise RefusedError(f"a single choice question has one right choice, not {right}")
    if kind is Kind.MULTIPLE and right < 2:  # noqa: PLR2004
        raise RefusedError(f"a multiple choice question has two or more right choices, not {right}")
    return choices


def _choice(entry: dict[str, Any], name: str) -> Choice:
    _known_keys(entry, {"zh", "en", "right"}, f"{name}: ")
    right = entry.get("right", False)
    if not isinstance(right, bool):
        raise RefusedError(f"{name}: right must be true or false, not {right!r}")
    return Choice(_as_text(entry, name), right)


def _citations(entry: dict[str, Any]) -> Iterator[Citation]:
    listed = entry.get("cites")
    if not isinstance(listed, list):
        raise RefusedError("cites must be a list (it may be empty)")
    for text in listed:
        try:
            yield Citation.parse(str(text))
        except ValueError:
            raise RefusedError(
                f"a citation is statute:article or statute:article/paragraph: {text!r}"
            ) from None


def _member(entry: dict[str, Any], key: str, kind: Any) -> Any:
    return _as_member(entry.get(key), key, kind)


def _as_member(value: object, key: str, kind: Any) -> Any:
    try:
        return kind(value)
    except ValueError:
        known = ", ".join(member.value for member in kind)
        raise RefusedError(f"{key} must be one of {known}, not {value!r}") from None


def _text(entry: dict[str, Any], key: str) -> Text:
    return _as_text(entry.get(key), key)


def _as_text(value: object, key: str) -> Text:
    texts = value if isinstance(value, dict) else {}
    for language in ("zh", "en"):
        text = texts.get(language)
        if not isinstance(text, str) or not text.strip():
            raise RefusedError(f"{key}: the text in {language} is missing")
        if any(unicodedata.category(sign) in {"Cc", "Cs"} and sign != "\n" for sign in text):
            raise RefusedError(f"{key}: the text in {language} holds a character no page can show")
    return Text(texts["zh"].strip(), texts["en"].strip())


def _name(entry: dict[str, Any], key: str) -> str:
    value = entry.get(key)
    if not isinstance(value, str) or not NAME.fullmatch(value):
        raise RefusedError(f"{key} must be small letters, digits and hyphens, not {value!r}")
    return value


def _number(entry: dict[str, Any], key: str) -> int:
    value = entry.get(key)
    if type(value) is not int or value < 1:
        raise RefusedError(f"{key} must be a number from 1, not {value!r}")
    return value


def _list(entry: dict[str, Any], key: str) -> list[Any]:
    value = entry.get(key, [])
    if not isinstance(value, list):
        raise RefusedError(f"{key} must be a list, not {value!r}")
    return value


def read_topic(entry: dict[str, Any]) -> Topic:
    """Read one entry of topics.yaml.

    :raises RefusedError: a key or value cannot be used; the message says which
    """
    _known_keys(entry, {"id", "name", "summary"})
    return Topic(_name(entry, "id"), _text(entry, "name"), _text(entry, "summary"))


def read_statute(entry: dict[str, Any]) -> Statute:
    """Read one entry of statutes.yaml.

    :raises RefusedError: a key or value cannot be used; the message says which
    """
    _known_keys(entry, STATUTE_KEYS)
    if not entry.get("version"):
        raise RefusedError("version is missing")
    begin, end = _day(entry, "in_force_from"), None
    if "in_force_until" in entry:
        end = _day(entry, "in_force_until")
        if end < begin:
            raise RefusedError("in_force_until is before in_force_from")
    return Statute(
        id=_name(entry, "id"),
        title=_text(entry, "title"),
        version=str(entry["version"]),
        in_force_from=begin,
        in_force_until=end,
        articles=_number(entry, "articles") if "articles" in entry else None,
        known_articles=frozenset(str(number) for number in _list(entry, "known_articles")),
    )


def _day(entry: dict[str, Any], key: str) -> date:
    value = entry.get(key)
    if type(value) is not date:
        raise RefusedError(f"{key} must be a day like 2026-11-22, not {value!r}")
    return value


def read_quiz(entry: dict[str, Any]) -> QuizEntry:
    """Read one entry of quizzes.yaml.

    :raises RefusedError: a key or value cannot be used; the message says which
    """
    _known_keys(entry, {"slug", "name", "parts", "pass_mark", "counting"})
    parts = _list(entry, "parts")
    if not parts:
        raise RefusedError("parts must be a list of one or more")
    return QuizEntry(
        slug=_name(entry, "slug"),
        name=_text(entry, "name"),
        blueprint=Blueprint(tuple(_part(part) for part in parts)),
        pass_mark=_number(entry, "pass_mark"),
        counting=_member(entry, "counting", Counting),
        line=entry[LINE],
    )


def _part(entry: object) -> Part:
    if not isinstance(entry, dict):
        raise RefusedError(f"a part has count and topics, not {entry!r}")
    _known_keys(entry, {"count", "topics", "difficulty", "audience"}, "part: ")
    topics, difficulty = _list(entry, "topics"), _list(entry, "difficulty")
    if not topics or not all(isinstance(topic, str) for topic in topics):
        raise RefusedError("part: topics must be a list of one or more")
    if not all(type(level) is int and level in DIFFICULTIES for level in difficulty):
        raise RefusedError(f"part: difficulty must be a list of 1, 2, 3, not {difficulty!r}")
    audience = frozenset(_as_member(n, "audience", Audience) for n in _list(entry, "audience"))
    return Part(_number(entry, "count"), tuple(topics), frozenset(difficulty), audience)
