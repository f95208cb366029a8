"""Questions, statutes and content folders for the tests of the question bank."""

from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from question_bank.commands import CONTENT
from question_bank.content import Audience, Choice, Citation, Kind, Question, Style, Text
from question_bank.edition import Edition, write_snapshot
from question_bank.entries import QuizEntry
from question_bank.importer import Bank, Place, read_bank
from question_bank.register import Statute, Topic
from question_bank.selection import EPOCH, RANDOM_BITS, Blueprint, Counting, Part

SHIPPED_ON = date(2026, 11, 22)
EXPLANATION = Text(
    "厂家和卖家都要对自己卖出的东西负责，买的人留好凭证，就能先找卖家解决，解决不了再向市场监督管理部门投诉。",
    "Maker and seller both answer for what they sell. Keep the receipt, ask the seller first, "
    "and turn to the market regulator if that does not help.",
)


@lru_cache(maxsize=1)
def shipped_bank() -> Bank:
    """Read the bank of the project, once."""
    bank, faults = read_bank(CONTENT)
    assert not faults, faults
    return bank


@lru_cache(maxsize=1)
def shipped_edition() -> Edition:
    """Return an edition of the bank of the project."""
    bank = shipped_bank()
    return edition_of(bank.questions, bank.statutes.values(), bank.topics)


def a_stem(number: int) -> Text:
    """Write a stem that has no pair of characters in common with that of another number."""
    zh = "".join(chr(0x4E00 + 40 * number + place) for place in range(20))
    return Text(zh, f"What does rule {number} ask of a seller?")


def some_choices(count: int = 4, right: tuple[int, ...] = (0,)) -> tuple[Choice, ...]:
    """Write choices of the same length, of which the ones at `right` are right."""
    return tuple(
        Choice(Text(f"第{'甲乙丙丁戊己'[place]}种做法", f"Way {place + 1}"), place in right)
        for place in range(count)
    )


def a_question(question_id: str = "pq-sample", **changes: Any) -> Question:
    """Build a single choice question without faults."""
    values: dict[str, Any] = {
        "topic_id": "product-quality",
        "kind": Kind.SINGLE,
        "style": Style.STORY,
        "difficulty": 1,
        "audience": frozenset({Audience.CONSUMER}),
        "citations": (Citation("product-quality-law", "40"),),
        "stem": a_stem(0),
        "choices": some_choices(),
        "explanation": EXPLANATION,
    }
    return Question(question_id, **(values | changes))


def some_questions(count: int, prefix: str = "pq", **changes: Any) -> list[Question]:
    """Build questions with different ids and stems."""
    return [
        a_question(f"{prefix}-{number:02}", **({"stem": a_stem(number)} | changes))
        for number in range(count)
    ]


def a_statute(statute_id: str = "product-quality-law", **changes: Any) -> Statute:
    """Build a statute that is in force and has 74 articles."""
    values: dict[str, Any] = {
        "title": Text("中华人民共和国产品质量法", "Product Quality Law of the PRC"),
        "version": "2018-12-29",
        "in_force_from": date(2018, 12, 29),
        "in_force_until": None,
        "articles": 74,
    }
    return Statute(statute_id, **(values | changes))


def a_topic(topic_id: str = "product-quality") -> Topic:
    """Build a topic."""
    return Topic(topic_id, Text("产品质量", "Quality"), Text("谁负责", "Who answers"))


def a_quiz(slug: str = "short", count: int = 1, **changes: Any) -> QuizEntry:
    """Build a quiz of so many questions on product quality."""
    values: dict[str, Any] = {
        "name": Text("短卷", "A short one"),
        "blueprint": Blueprint((Part(count, ("product-quality",)),)),
        "pass_mark": 1,
        "counting": Counting.ONCE,
    }
    return QuizEntry(slug, **(values | changes))


def a_bank(*questions: Question, **changes: Any) -> Bank:
    """Build a bank of these questions, each on the line of its number."""
    values: dict[str, Any] = {
        "topics": [a_topic()],
        "statutes": {"product-quality-law": a_statute()},
        "quizzes": [],
        "questions": questions,
        "places": {
            question.id: Place("questions/some.yaml", line)
            for line, question in enumerate(questions, 1)
        },
    }
    return Bank(**(values | changes))


def edition_of(questions: Any, statutes: Any = None, topics: Any = None) -> Edition:
    """Publish questions as an edition that no database knows."""
    statutes = [a_statute()] if statutes is None else statutes
    topics = [a_topic()] if topics is None else topics
    return Edition.from_snapshot(1, write_snapshot(topics, statutes, questions))


def seed_of(day: date, number: int) -> int:
    """Return the seed of a day with these random bits."""
    return ((day - EPOCH).days << RANDOM_BITS) | number


def an_entry(question_id: str = "pq-sample", **changes: Any) -> dict[str, Any]:
    """Build what an author writes for one question, without faults."""
    values: dict[str, Any] = {
        "id": question_id,
        "kind": "single",
        "style": "story",
        "difficulty": 1,
        "audience": ["consumer"],
        "cites": ["product-quality-law:40"],
        "stem": a_stem(0).as_json(),
        "choices": [
            choice.text.as_json() | ({"right": True} if choice.is_right else {})
            for choice in some_choices()
        ],
        "explanation": EXPLANATION.as_json(),
    }
    return values | changes


FILES: dict[str, Any] = {
    "topics.yaml": [
        {
            "id": "product-quality",
            "name": {"zh": "产品质量", "en": "Quality"},
            "summary": {"zh": "谁负责", "en": "Who answers"},
        }
    ],
    "statutes.yaml": [
        {
            "id": "product-quality-law",
            "title": {"zh": "中华人民共和国产品质量法", "en": "Product Quality Law of the PRC"},
            "version": "2018-12-29",
            "in_force_from": date(2018, 12, 29),
            "articles": 74,
        }
    ],
    "quizzes.yaml": [
        {
            "slug": "short",
            "name": {"zh": "短卷", "en": "A short one"},
            "pass_mark": 1,
            "counting": "once",
            "parts": [{"count": 1, "topics": ["product-quality"]}],
        }
    ],
}
QUESTION_FILE = "questions/product-quality/some.yaml"


class _PlainDumper(yaml.SafeDumper):
    """Writes everything out, as authors do."""

    def ignore_aliases(self, _data: Any) -> bool:
        """Never write an alias."""
        return True


def as_yaml(values: Any) -> str:
    """Write values as a content file has them."""
    return yaml.dump(values, Dumper=_PlainDumper, allow_unicode=True, sort_keys=False)


@lru_cache(maxsize=1)
def _good_texts() -> dict[str, str]:
    return {name: as_yaml(values) for name, values in FILES.items()}


def write_content(folder: Path, questions: Any = None, **files: str | bytes) -> Path:
    """Write a content folder; a file's text may be given by its name up to the dot."""
    listed = [an_entry()] if questions is None else questions
    texts: dict[str, str | bytes] = dict(_good_texts())
    texts[QUESTION_FILE] = listed if isinstance(listed, str | bytes) else as_yaml(listed)
    texts |= {f"{name}.yaml": text for name, text in files.items()}
    for name, text in texts.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return folder
