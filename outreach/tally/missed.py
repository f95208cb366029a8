"""What people at an event get wrong most, for its big screen.

Papers are not kept, so the newest attempts are drawn again. Who got which questions is known to
nobody but the phone, so a share of right answers to one question says nothing about a person;
still there is none from few answers or few devices, and it is told in tenths only.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

import sqlalchemy as sa

from core.db import read
from outreach.participation.models import Attempt
from outreach.tally.disclosure import FEWEST_DEVICES
from outreach.tally.items import Kept, UnfitError, read_attempt
from question_bank import service as bank
from question_bank.content import EMPHASIS, Text
from question_bank.items import FEWEST_ANSWERS

LOOKED_AT = 2000
TENTHS = 10


@dataclass(frozen=True, slots=True)
class Missed:
    """A topic with its most missed question's explanation.

    Without an explanation too few answered any one question, and the topic as a whole is meant.
    `of_ten` tells how many of ten answers were wrong, rounded.
    """

    topic_id: str
    topic: Text
    explanation: Text | None
    of_ten: int


@dataclass(slots=True)
class _Sum:
    answers: int = 0
    right: int = 0
    devices: set[bytes] = field(default_factory=set)

    @property
    def is_enough(self) -> bool:
        return self.answers >= FEWEST_ANSWERS and len(self.devices) >= FEWEST_DEVICES

    @property
    def wrong(self) -> float:
        return 1 - self.right / self.answers


def most_missed(event_id: int, looked_at: int = LOOKED_AT) -> Missed | None:
    """Return what was missed most in the newest counted attempts, or None from too few.

    :param looked_at: how many attempts are drawn again, about 30 microseconds each
    """
    latest = bank.latest()
    if latest is None:
        return None
    by_question: dict[str, _Sum] = {}
    by_topic: dict[str, _Sum] = {}
    for question_id, is_right, device in _answers(event_id, looked_at):
        question = latest.questions.get(question_id)
        if question is None:  # meanwhile taken out of the bank
            continue
        for total in (
            by_question.setdefault(question_id, _Sum()),
            by_topic.setdefault(question.topic_id, _Sum()),
        ):
            total.answers += 1
            total.right += is_right
            total.devices.add(device)
    worst = _worst(by_question)
    if worst is not None:
        question = latest.questions[worst]
        topic_id, explanation, wrong = (
            question.topic_id,
            question.explanation.changed(_plain),
            by_question[worst].wrong,
        )
    else:
        worst = _worst(by_topic)
        if worst is None:
            return None
        topic_id, explanation, wrong = worst, None, by_topic[worst].wrong
    of_ten = max(round(wrong * TENTHS), 1)
    return Missed(topic_id, latest.topics_by_id[topic_id].name, explanation, of_ten)


def _answers(event_id: int, looked_at: int) -> Iterable[tuple[str, bool, bytes]]:
    """Yield question, whether it was right, and device of each answer."""
    columns = [getattr(Attempt, name) for name in Kept._fields]
    query = (
        sa.select(Attempt.edition, Attempt.device_key, *columns)
        .where(Attempt.event_id == event_id, Attempt.counted)
        .order_by(Attempt.submitted_at.desc(), Attempt.id)
        .limit(looked_at)
    )
    with read() as connection:
        rows = connection.execute(query).all()
    for edition, device, *kept in rows:
        try:
            paper, _chosen, result = read_attempt(bank.edition(edition), Kept._make(kept))
        except UnfitError:
            continue
        for item, is_right in zip(paper, result.right, strict=True):
            yield item.question.id, is_right, device


def _worst(sums: dict[str, _Sum]) -> str | None:
    enough = [key for key, total in sums.items() if total.is_enough and total.wrong > 0]
    return max(enough, key=lambda key: (sums[key].wrong, key), default=None)


def _plain(text: str) -> str:
    return EMPHASIS.sub(r"\1", text)
