"""Questions -> content files: what `importer` reads back as the same questions. Pure."""

from collections.abc import Iterable, Sequence
from itertools import groupby
from operator import attrgetter
from typing import Any

import yaml

from question_bank.content import CITATION, Audience, Kind, Question

# A file of so many stays far below what the importer takes, and readable in a pull request.
QUESTIONS_A_FILE = 60


class _Flow(list[str]):
    """A list that is written within brackets on one line."""


class _Dumper(yaml.SafeDumper):
    """Writes as the authors of the bank do: lists set in, short ones on one line, no wrapping."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002
        super().increase_indent(flow, indentless=False)

    def analyze_scalar(self, scalar: str) -> Any:
        analysis = super().analyze_scalar(scalar)
        if CITATION.fullmatch(scalar):  # a colon without a space needs no quotes
            analysis.allow_flow_plain = True
        return analysis

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 -- the importer takes none
        return True


_Dumper.add_representer(
    _Flow,
    lambda dumper, items: dumper.represent_sequence(
        "tag:yaml.org,2002:seq", items, flow_style=True
    ),
)


def to_yaml(questions: Iterable[Question]) -> str:
    """Write a content file; the topic is not in it, but in the name of its folder."""
    entries = [
        yaml.dump(
            [_entry(question)], Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=10**9
        )
        for question in questions
    ]
    return "\n".join(entries) or "[]\n"


def to_folder(questions: Sequence[Question]) -> dict[str, str]:
    """Write content files by topic, under their paths in a content folder."""
    files = {}
    by_topic = attrgetter("topic_id")
    for topic_id, group in groupby(sorted(questions, key=by_topic), by_topic):
        listed = list(group)
        for first in range(0, len(listed), QUESTIONS_A_FILE):
            number = first // QUESTIONS_A_FILE + 1
            part = listed[first : first + QUESTIONS_A_FILE]
            files[f"questions/{topic_id}/{topic_id}-{number:02}.yaml"] = to_yaml(part)
    return files


def _entry(question: Question) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "id": question.id,
        "kind": question.kind.value,
        "style": question.style.value,
        "difficulty": question.difficulty,
        "audience": _Flow(one.value for one in Audience if one in question.audience),
        "cites": _Flow(str(citation) for citation in question.citations),
    }
    if question.is_ordered and question.kind is not Kind.TRUE_FALSE:
        entry["ordered"] = True
    if question.family:
        entry["family"] = question.family
    if question.kind is Kind.TRUE_FALSE:
        entry["answer"] = question.choices[0].is_right
    entry["stem"] = question.stem.as_json()
    if question.kind is not Kind.TRUE_FALSE:
        entry["choices"] = [
            choice.text.as_json() | ({"right": True} if choice.is_right else {})
            for choice in question.choices
        ]
    entry["explanation"] = question.explanation.as_json()
    return entry
