"""Questions as hypothesis makes them up, with every character that means something somewhere."""

import dataclasses
import os
from collections.abc import Sequence

from hypothesis import HealthCheck
from hypothesis import settings as examples
from hypothesis import strategies as st

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
from question_bank.formats.exchange import Usual
from question_bank.formats.names import folded
from question_bank.formats.reading import FORBIDDEN, tidy
from question_bank.formats.record import POINTS, made_id
from question_bank.register import Topic

TOPICS = (
    Topic("product-quality", Text("产品质量法", "Product Quality Law"), Text("", "")),
    Topic("food-safety", Text("食品安全", "Food safety"), Text("", "")),
)
USUAL = Usual(topics=TOPICS, topic_id="product-quality")
TROUBLE = [
    "=", "+", "-", "@", "\t", "＝", "＋", "'", '"', ",", ";", "；", "\n", "  ", "**", "*", "\\",
    "~", "#", "####", "{", "}", ":", "::", "//", "$CATEGORY: x", "[html]", "[plain]", "[id:a-b]",
    "%50%", "->", "<b>", "</b>", "<br>", "<p", "&lt;", "&amp;", "&nbsp;", "]]>", "A) ",
    "ANSWER: B", "答案：A", "- ", "? ", "null", "~", "true", "2024-01-01", "0x1", "中文", "，",
    "质量", "a", "1", "😀", "𠮷",
]  # fmt: skip
# Of each test. `FORMAT_EXAMPLES=3400` makes more than 20,000 files for all readers together.
EXAMPLES = int(os.environ.get("FORMAT_EXAMPLES", "30"))
few = examples(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))


def texts(max_size: int = 12) -> st.SearchStrategy[str]:
    """Make texts that a bank may hold, none of them empty."""
    character = st.characters(exclude_categories=("Cs", "Cc", "Co"))
    pieces = st.lists(st.one_of(st.sampled_from(TROUBLE), character), min_size=1, max_size=max_size)
    return pieces.map(lambda some: tidy(FORBIDDEN.sub("", "".join(some)))).filter(bool)


def both() -> st.SearchStrategy[Text]:
    """Make texts in both languages."""
    return st.builds(Text, texts(), texts())


CITATIONS = st.builds(
    Citation,
    st.sampled_from(["product-quality-law", "food-safety-law", "a1"]),
    st.integers(1, 200).map(str) | st.just("12-1"),
    st.none() | st.integers(1, 9),
)
SLUGS = st.from_regex(r"[a-z0-9]{1,8}(-[a-z0-9]{1,8}){1,3}", fullmatch=True)


@st.composite
def questions(draw: st.DrawFn, kinds: Sequence[Kind] = tuple(Kind)) -> Question:
    """Make a question without faults."""
    kind = draw(st.sampled_from(kinds))
    if kind is Kind.TRUE_FALSE:
        answer = draw(st.booleans())
        choices = tuple(
            Choice(text, value is answer)
            for text, value in zip(TRUE_FALSE, (True, False), strict=True)
        )
    else:
        words = draw(st.lists(both(), min_size=2, max_size=7))
        most = 1 if kind is Kind.SINGLE else len(words)
        right = draw(st.sets(st.integers(0, len(words) - 1), min_size=min(2, most), max_size=most))
        choices = tuple(Choice(text, index in right) for index, text in enumerate(words))
    return Question(
        id=draw(SLUGS),
        topic_id=draw(st.sampled_from([topic.id for topic in TOPICS])),
        kind=kind,
        style=draw(st.sampled_from(Style)),
        difficulty=draw(st.integers(1, 3)),
        audience=draw(st.frozensets(st.sampled_from(Audience), min_size=1)),
        citations=tuple(draw(st.lists(CITATIONS, max_size=3))),
        stem=draw(both()),
        choices=choices,
        explanation=draw(both() | st.just(Text("", ""))),
        is_ordered=kind is Kind.TRUE_FALSE or draw(st.booleans()),
        family=draw(st.none() | SLUGS),
    )


def files(kinds: Sequence[Kind] = tuple(Kind)) -> st.SearchStrategy[list[Question]]:
    """Make a few questions that no reader takes for one another."""
    unique = (lambda q: q.id, lambda q: _key(q.stem.zh), lambda q: _key(q.stem.en))
    return st.lists(questions(kinds), min_size=1, max_size=4, unique_by=unique)


def _key(stem: str) -> str:
    return POINTS.sub("", folded(stem))


def in_one_language(question: Question, locale: str) -> Question:
    """Return what a format of one language keeps at best."""

    def only(text: Text) -> Text:
        return Text("", text.en) if locale == "en" else Text(text.zh, "")

    choices = question.choices
    if question.kind is not Kind.TRUE_FALSE:
        choices = tuple(Choice(only(choice.text), choice.is_right) for choice in choices)
    return dataclasses.replace(
        question, stem=only(question.stem), choices=choices, explanation=only(question.explanation)
    )


def with_made_id(question: Question, topic_id: str) -> Question:
    """Return a question under the id that readers make."""
    return dataclasses.replace(question, id=made_id(topic_id, question.stem), topic_id=topic_id)
