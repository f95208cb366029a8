"""Finding questions by words in either language, by statute and by article. Pure."""

import enum
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Self

from question_bank.content import EMPHASIS, Question
from question_bank.edition import Edition
from question_bank.register import REPUBLIC, Topic

LONGEST_QUERY = 100
MOST_WORDS = 8
LOCALES = ("zh", "zh_Hant", "en")

_SEPARATORS = re.compile(r"[\s\x00-\x1f\"'`“”‘’《》〈〉「」()\[\]【】。、;:?!|…]+|(?<!\d),|,(?!\d)")
_ARTICLE = re.compile(r"(第\d+[条條](?:第\d+款)?)")
_NUMBERED = re.compile(r"第([〇零一二两兩三四五六七八九十百千]+)([条條款])")
_DIGITS = {digit: value for value, digit in enumerate("零一二三四五六七八九")} | {
    "〇": 0,
    "两": 2,
    "兩": 2,
}
_TENS = {"十": 10, "百": 100, "千": 1000}


class Place(enum.IntEnum):
    """Where in a question a text stands; the lower, the more a hit there tells."""

    STEM = 0
    CITATION = 1
    CHOICE = 2
    EXPLANATION = 3


@dataclass(frozen=True, slots=True)
class Field:
    """One text of a question in one language, and the same folded: as long, letter by letter."""

    place: Place
    locale: str
    text: str
    folded: str


@dataclass(frozen=True, slots=True)
class Entry:
    """A question with all its texts."""

    question: Question
    fields: tuple[Field, ...]
    whole: str


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a query.

    Chinese is found anywhere; a Latin word where a word begins, a number only as a whole number:
    "27" is neither in 127 nor in 2027.
    """

    text: str
    pattern: re.Pattern[str]

    @classmethod
    def of(cls, text: str) -> Self:
        """Take a folded text as a word."""
        before, after = "", ""
        if text[0].isdigit():
            before = r"(?<!\d)(?<!\d[.,])"
        elif text[0].isascii() and text[0].isalpha():
            before = "(?<![a-z])"
        if text[-1].isdigit():
            after = r"(?!\d)(?![.,]\d)"
        return cls(text, re.compile(before + re.escape(text) + after))

    @property
    def names_article(self) -> bool:
        """Whether it may be an article of a law: a bare number, or 第 and a number."""
        return self.text.isdigit() or _ARTICLE.match(self.text) is not None

    def is_in(self, folded: str) -> bool:
        """Tell whether a folded text holds the word."""
        return self.text in folded and self.pattern.search(folded) is not None

    def spans(self, folded: str) -> list[tuple[int, int]]:
        """List from where to where the word stands in a folded text."""
        return [found.span() for found in self.pattern.finditer(folded)]


@dataclass(frozen=True, slots=True)
class Hit:
    """A question that was found."""

    question: Question
    fields: tuple[Field, ...]


def fold(text: str) -> str:
    """Make letters alike that a reader takes for the same: Ａ, A and a; ＂７＂ and 7.

    The result has a character for each character of the text, so that places in it are places
    in the text.
    """
    return "".join(map(_fold_character, text))


@lru_cache(maxsize=8192)
def _fold_character(character: str) -> str:
    folded = unicodedata.normalize("NFKC", character).casefold()
    return folded if len(folded) == 1 else character


def words_of(query: str) -> tuple[Word, ...]:
    """Split what somebody typed into words.

    《产品质量法》第二十七条 becomes 产品质量法 and 第27条.
    """
    folded = _NUMBERED.sub(_in_digits, fold(query[:LONGEST_QUERY]))
    texts: dict[str, None] = {}
    for chunk in _SEPARATORS.split(folded):
        for piece in _ARTICLE.split(chunk or ""):
            text = piece.strip(".,-/·*")
            for republic in REPUBLIC.values():
                if text != republic:
                    text = text.removeprefix(republic)
            if text:
                texts[text] = None
    return tuple(Word.of(text) for text in list(texts)[:MOST_WORDS])


def _in_digits(found: re.Match[str]) -> str:
    total = digit = 0
    for character in found[1]:
        if character in _TENS:
            total += (digit or 1) * _TENS[character]
            digit = 0
        else:
            digit = digit * 10 + _DIGITS[character]
    return f"第{total + digit}{found[2]}"


@lru_cache(maxsize=2)
def index_of(edition: Edition, day: date) -> tuple[Entry, ...]:
    """Prepare the questions that may be drawn on a day, in the order of topics and ids."""
    places = {topic.id: place for place, topic in enumerate(edition.topics)}
    questions = sorted(edition.drawable(day), key=lambda q: (places[q.topic_id], q.id))
    return tuple(_entry(edition, question) for question in questions)


def _entry(edition: Edition, question: Question) -> Entry:
    fields = []
    for locale in LOCALES:
        texts = [(Place.STEM, question.stem), (Place.EXPLANATION, question.explanation)]
        texts += [(Place.CHOICE, choice.text) for choice in question.choices]
        for place, text in texts:
            if not text.speaks(locale):
                continue
            plain = EMPHASIS.sub(r"\1", text.in_(locale))
            fields.append(Field(place, locale, plain, fold(plain)))
        for citation in question.citations:
            cited = edition.statutes[citation.statute_id].cite(citation, locale)
            fields.append(Field(Place.CITATION, locale, cited, fold(cited)))
    fields.sort(key=lambda field: field.place)
    return Entry(question, tuple(fields), "\n".join(field.folded for field in fields))


def find(index: Iterable[Entry], words: Sequence[Word], topic_id: str | None = None) -> list[Hit]:
    """Find the questions that hold every word.

    First come those where all words stand together in the stem (or, where a word names an
    article, in one citation), then in a citation, in a choice, in the explanation, and last those
    where they are scattered; otherwise the order of the index stays.
    """
    if not words:
        return []
    ranked = [
        (_rank(entry, words), Hit(entry.question, entry.fields))
        for entry in index
        if topic_id in {None, entry.question.topic_id}
        and all(word.is_in(entry.whole) for word in words)
    ]
    return [hit for _rank_of_hit, hit in sorted(ranked, key=lambda pair: pair[0])]


def _rank(entry: Entry, words: Sequence[Word]) -> int:
    places = {f.place for f in entry.fields if all(word.is_in(f.folded) for word in words)}
    if Place.CITATION in places and any(word.names_article for word in words):
        return -1
    return min(places, default=len(Place))


def find_topics(topics: Iterable[Topic], words: Sequence[Word]) -> list[Topic]:
    """Find the topics whose name and summary, in one of the languages, hold every word."""
    return [topic for topic in topics if words and any(_speaks_of(topic, words))]


def _speaks_of(topic: Topic, words: Sequence[Word]) -> Iterator[bool]:
    for locale in LOCALES:
        folded = fold(f"{topic.name.in_(locale)}\n{topic.summary.in_(locale)}")
        yield all(word.is_in(folded) for word in words)


def telling_fields(hit: Hit, words: Sequence[Word], locale: str) -> list[Field]:
    """Choose the texts that show why a question was found, as few as will do.

    The stem in the reader's language stands on the page anyway, so it is not among them. A text
    that holds more of the words goes first, then one in the reader's language.
    """
    locale = locale if hit.question.stem.speaks(locale) else "zh"
    stem = next(f for f in hit.fields if f.place is Place.STEM and f.locale == locale)
    missing = [word for word in words if not word.is_in(stem.folded)]
    shown: list[Field] = []
    while missing:
        found, field = max(
            (([word for word in missing if word.is_in(f.folded)], f) for f in hit.fields),
            key=lambda pair: (len(pair[0]), pair[1].locale == locale, -pair[1].place),
        )
        shown.append(field)
        missing = [word for word in missing if word not in found]
    return shown
