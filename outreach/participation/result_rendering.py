"""The page of a result, joined from parts that templates rendered once, as a paper's page is.

What belongs to one question is rendered once per edition and language; what the participant did
only chooses among the parts.
"""

import re
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from flask import render_template, url_for
from markupsafe import escape

from core import display
from core.i18n import pick_in
from outreach.participation.attempt_service import Kept, Result
from outreach.participation.rendering import (
    CUT,
    MODE,
    NUMBER,
    PAGES_KEPT,
    QUESTIONS_KEPT,
    cache,
)
from question_bank.content import Question
from question_bank.edition import Edition
from question_bank.register import Topic
from question_bank.selection import Item

ANSWERS, DOTS, LESSONS, TOPICS, SO_FAR = "\ue020", "\ue021", "\ue022", "\ue023", "\ue024"
REGION = "\ue025"
ADDRESS, REGION_ADDRESS = "\ue026", "\ue027"
POSTER = "-code-of-poster-"
"""Stands in an address, which would write a character of the private use area otherwise."""
HOLE = re.compile(f"([{MODE}{ANSWERS}-{REGION_ADDRESS}]|{POSTER})")
MOST_LESSONS = 3
AMONG_FIRST = 10
"""Attempts of a region below which a number says less than that one is among the first."""


def result_page(
    found: Result,
    edition: Edition,
    *,
    locale: str,
    mode: str,
    address: str,
    so_far: int | None,
) -> str:
    """Write the page of a receipt.

    :param locale: of the request, where there is one
    :param address: the page's own
    :param so_far: counted attempts of the attempt's region by now, if anybody counts them; it
        stands beside the result, which itself never changes
    :raises NotRenderedError: without a request, if a part was never rendered
    """
    outcomes = list(zip(found.paper, found.mark.right, strict=True))
    answers = "".join(
        _answer(edition, item, n, locale, found.choices[n], is_right=is_right)
        for n, (item, is_right) in enumerate(outcomes)
    )
    dots = "".join(_dot(n, locale, is_right=right) for n, right in enumerate(found.mark.right))
    missed = [item.question for item, is_right in outcomes if not is_right]
    lessons = "".join(_lesson(edition, question, locale) for question in missed[:MOST_LESSONS])
    attempt = found.attempt
    region = escape(pick_in(locale, attempt.region_zh, attempt.region_en))
    holes = {
        MODE: display.html_mode(mode),
        ADDRESS: address,
        SO_FAR: _so_far(so_far, locale, region) if attempt.counted and so_far is not None else "",
        REGION: region,
        POSTER: attempt.poster_code,
        REGION_ADDRESS: _region_address(attempt.region_code),
        DOTS: dots,
        TOPICS: _topics(edition, found, locale),
        LESSONS: lessons,
        ANSWERS: answers,
    }
    shell = _shell(attempt, locale, has_lessons=bool(missed))
    return "".join(holes.get(piece, piece) for piece in shell)


def _shell(attempt: Kept, locale: str, *, has_lessons: bool) -> Sequence[str]:
    """Write what surrounds the parts, cut at its holes, which are among the pieces.

    It is alike wherever and by whomever so many points were made.
    """
    alike = attempt._replace(
        poster_code=POSTER,
        region_code="",
        region_zh=REGION,
        region_en=REGION,
        quiz_id=0,
        seed=0,
        answers="",
    )
    return cache("result_pages", PAGES_KEPT).get(
        (alike, locale),
        lambda: HOLE.split(
            render_template(
                "outreach/participation/result.html",
                attempt=alike,
                address=ADDRESS,
                region_address=REGION_ADDRESS,
                has_lessons=has_lessons,
                answers=ANSWERS,
                dots=DOTS,
                lessons=LESSONS,
                topics=TOPICS,
                so_far=SO_FAR,
                mode=MODE,
            )
        ),
    )


def _region_address(code: str) -> str:
    return cache("region_addresses", PAGES_KEPT).get(
        code, lambda: url_for("tally.region", region_code=code)
    )


def _so_far(number: int, locale: str, region: str) -> str:
    is_among_first = number < AMONG_FIRST
    return (
        cache("result_so_far", PAGES_KEPT)
        .get(
            (is_among_first, locale),
            lambda: render_template(
                "outreach/participation/_so_far.html",
                is_among_first=is_among_first,
                region=REGION,
                number=NUMBER,
            ),
        )
        .replace(NUMBER, f"{number:,}")
        .replace(REGION, region)
    )


def _topics(edition: Edition, found: Result, locale: str) -> str:
    """Write the topics of a paper, what was known best first."""
    asked: Counter[str] = Counter()
    known: Counter[str] = Counter()
    for item, is_right in zip(found.paper, found.mark.right, strict=True):
        asked[item.question.topic_id] += 1
        known[item.question.topic_id] += is_right
    ranked = sorted(asked, key=lambda topic_id: (-known[topic_id] / asked[topic_id], topic_id))
    return "".join(
        _topic(edition, edition.topics_by_id[topic_id], locale).replace(
            NUMBER, f"{known[topic_id]} / {asked[topic_id]}"
        )
        for topic_id in ranked
        if known[topic_id]
    )


def _topic(edition: Edition, topic: Topic, locale: str) -> str:
    return cache("result_topics", PAGES_KEPT).get(
        (edition.number, topic.id, locale),
        lambda: render_template(
            "outreach/participation/_topic.html", topic=topic, locale_code=locale, number=NUMBER
        ),
    )


def _lesson(edition: Edition, question: Question, locale: str) -> str:
    return cache("result_lessons", QUESTIONS_KEPT).get(
        (edition.number, question.id, locale),
        lambda: render_template(
            "outreach/participation/_lesson.html",
            question=question,
            topic=edition.topics_by_id[question.topic_id],
            statutes=edition.statutes,
            locale_code=locale,
        ),
    )


def _dot(index: int, locale: str, *, is_right: bool) -> str:
    dot = cache("result_dots", PAGES_KEPT).get(
        (is_right, locale),
        lambda: render_template(
            "outreach/participation/_dot.html", is_right=is_right, number=NUMBER
        ),
    )
    return dot.replace(NUMBER, str(index + 1))


@dataclass(frozen=True, slots=True)
class AnswerParts:
    """A rendered answer: its head if right and if wrong, each choice in the author's order as it
    looks chosen and not chosen, and the reasons."""

    heads: tuple[str, str]
    choices: tuple[tuple[str, str], ...]
    tail: str


def _answer(
    edition: Edition,
    item: Item,
    index: int,
    locale: str,
    chosen: Collection[int],
    *,
    is_right: bool,
) -> str:
    parts = cache("answer_parts", QUESTIONS_KEPT).get(
        (edition.number, item.question.id, locale),
        lambda: _answer_parts(edition, item.question, locale),
    )
    choices = "".join(parts.choices[i][i in chosen] for i in item.order)
    return (parts.heads[is_right] + choices + parts.tail).replace(NUMBER, str(index + 1))


def _answer_parts(edition: Edition, question: Question, locale: str) -> AnswerParts:
    html = render_template(
        "outreach/participation/_answer.html",
        question=question,
        statutes=edition.statutes,
        locale_code=locale,
        number=NUMBER,
        cut=CUT,
    )
    wrong, right, *choices, tail = html.split(CUT)
    pairs = zip(choices[::2], choices[1::2], strict=True)
    return AnswerParts((wrong, right), tuple(pairs), tail)
