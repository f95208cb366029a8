"""What a checker can see of the quality of a bank: faults by file and line, and a measure. Pure."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import NamedTuple

from core.words import N_
from question_bank.content import Kind, Question, Style, Text
from question_bank.edition import Edition
from question_bank.importer import Bank
from question_bank.register import Statute
from question_bank.selection import Blueprint, QuizNotFillableError
from question_bank.yaml_lines import Fault

# Bounds of a 320 px phone and of a reader's patience, in characters.
MAX_STEM = {"zh": 120, "en": 420}
MAX_CHOICE = {"zh": 36, "en": 130}
EXPLANATION = {"zh": (40, 160), "en": (80, 700)}
CHOICES = (3, 5)
# A right choice this much longer than every wrong one gives itself away.
LONGEST_FACTOR, LONGEST_SLACK = 1.4, 2
# Share of common pairs of characters from which two stems count as the same question.
NEARLY_THE_SAME = 0.75
ALL_OF_THE_ABOVE = re.compile(r"以上(都|均|全|皆)|(all|none) of the above", re.IGNORECASE)
ENDED = "rests on a version that has ended"
WITHOUT_CITATIONS = "quality-methods"  # methods rest on no statute
PRIVATE_USE = re.compile("[\ue000-\uf8ff]")
MARKUP = re.compile(r"\*\*|\s")


class Finding(NamedTuple):
    """What is wrong with a question: a sentence to be translated, and what fills its holes."""

    sentence: str
    facts: dict[str, object] = {}  # noqa: RUF012 -- never changed

    def __str__(self) -> str:
        return self.sentence % self.facts


def is_ended(fault: Fault) -> bool:
    """Tell whether a fault says only that time went on: such questions are not drawn any more."""
    return ENDED in fault.reason


def check(bank: Bank, day: date) -> list[Fault]:
    """List what must be mended before the bank can be published, as of a day."""
    faults: list[Fault] = []
    for question in bank.questions:
        place = bank.places[question.id]
        faults += [
            Fault(place.file, place.line, f"{question.id}: {finding}")
            for finding in findings(question, bank.statutes, day)
        ]
    faults += _near_duplicates(bank)
    faults += _quiz_faults(bank, day)
    return sorted(faults)


def findings(question: Question, statutes: Mapping[str, Statute], day: date) -> list[Finding]:
    """List what must be mended in one question, as of a day."""
    return [*_citation_findings(question, statutes, day), *_form_findings(question)]


def _citation_findings(
    question: Question, statutes: Mapping[str, Statute], day: date
) -> Iterator[Finding]:
    known = True
    for citation in question.citations:
        statute = statutes.get(citation.statute_id)
        if statute is None:
            known = False
            yield Finding(N_("unknown statute: %(id)s"), {"id": citation.statute_id})
        elif not statute.has_article(citation.article):
            yield Finding(N_("no such article: %(citation)s"), {"citation": citation})
    if not question.citations and question.topic_id != WITHOUT_CITATIONS:
        yield Finding(N_("cites no article"))
    if known and (ended := ended_versions(question, statutes, day)):
        yield Finding(N_("rests on a version that has ended: %(ids)s"), {"ids": ", ".join(ended)})


def ended_versions(question: Question, statutes: Mapping[str, Statute], day: date) -> list[str]:
    """List the versions that ended before a day and keep a question from being drawn."""
    edition = Edition(0, "", (), dict(statutes), {})
    cited = [statutes[citation.statute_id] for citation in question.citations]
    ended = [s.id for s in cited if s.in_force_until is not None and s.in_force_until < day]
    return [] if not ended or edition.is_drawable(question, day) else ended


def _form_findings(question: Question) -> Iterator[Finding]:
    texts = [question.stem, question.explanation, *(choice.text for choice in question.choices)]
    for locale in ("zh", "en"):
        if not all(text.in_(locale).strip() for text in texts):
            yield Finding(N_("a text in %(locale)s is missing"), {"locale": locale})
            continue
        yield from _length_findings(question, locale)
    both = "".join(text.zh + text.en for text in texts)
    if ALL_OF_THE_ABOVE.search(both):
        yield Finding(N_("all or none of the above is not a choice"))
    if PRIVATE_USE.search(both):
        yield Finding(N_("a character of the private use area"))
    if question.kind is not Kind.TRUE_FALSE:
        yield from _choice_findings(question)


def _length_findings(question: Question, locale: str) -> Iterator[Finding]:
    stem = _length(question.stem, locale)
    if stem > MAX_STEM[locale]:
        yield Finding(
            N_("the stem (%(locale)s) has %(length)s characters, more than %(limit)s"),
            {"locale": locale, "length": stem, "limit": MAX_STEM[locale]},
        )
    low, high = EXPLANATION[locale]
    explanation = _length(question.explanation, locale)
    if not low <= explanation <= high:
        yield Finding(
            N_("the explanation (%(locale)s) has %(length)s characters, not %(low)s to %(high)s"),
            {"locale": locale, "length": explanation, "low": low, "high": high},
        )
    for choice in question.choices:
        length = _length(choice.text, locale)
        if length > MAX_CHOICE[locale]:
            yield Finding(
                N_("a choice has %(length)s characters, over %(limit)s: %(text)s"),
                {
                    "length": length,
                    "limit": MAX_CHOICE[locale],
                    "text": choice.text.in_(locale),
                },
            )


def _choice_findings(question: Question) -> Iterator[Finding]:
    low, high = CHOICES
    count = len(question.choices)
    if not low <= count <= high:
        yield Finding(
            N_("the number of choices is %(count)s, not %(low)s to %(high)s"),
            {"count": count, "low": low, "high": high},
        )
    for locale in ("zh", "en"):
        if len({choice.text.in_(locale) for choice in question.choices}) < count:
            yield Finding(N_("two equal choices (%(locale)s)"), {"locale": locale})
    right_count = len(question.right_choices)
    if question.kind is Kind.SINGLE and right_count != 1:
        yield Finding(
            N_("a single choice question has one right choice, not %(count)s"),
            {"count": right_count},
        )
    if question.kind is Kind.MULTIPLE and right_count < 2:  # noqa: PLR2004
        yield Finding(
            N_("a multiple choice question has two or more right choices, not %(count)s"),
            {"count": right_count},
        )
    wrong = [_length(c.text, "zh") for c in question.choices if not c.is_right]
    if question.kind is Kind.SINGLE and right_count == 1 and wrong:
        right = max(_length(c.text, "zh") for c in question.choices if c.is_right)
        if right > max(wrong) * LONGEST_FACTOR + LONGEST_SLACK:
            yield Finding(
                N_("the right choice is much the longest (%(right)s characters against %(wrong)s)"),
                {"right": right, "wrong": max(wrong)},
            )


def _near_duplicates(bank: Bank) -> Iterator[Fault]:
    pairs = [(question, _pairs(question.stem.zh)) for question in bank.questions]
    for n, (question, mine) in enumerate(pairs):
        for other, theirs in pairs[:n]:
            if question.family and question.family == other.family:
                continue
            common = len(mine & theirs)
            if common and common / len(mine | theirs) >= NEARLY_THE_SAME:
                place, first = bank.places[question.id], bank.places[other.id]
                where = f"{other.id} ({first.file}:{first.line})"
                yield Fault(
                    place.file, place.line, f"{question.id}: nearly the same stem as {where}"
                )


def _quiz_faults(bank: Bank, day: date) -> Iterator[Fault]:
    questions = {question.id: question for question in bank.questions}
    edition = Edition(0, "", (), bank.statutes, questions)
    known = all(citation_known(bank, question) for question in bank.questions)
    drawable = edition.drawable(day) if known else []
    topics = {topic.id for topic in bank.topics}
    for quiz in bank.quizzes:
        strangers = {name for part in quiz.blueprint.parts for name in part.topics} - topics
        reason = None
        if strangers:
            reason = f"no such topic: {sorted(strangers)}"
        elif not 1 <= quiz.pass_mark <= quiz.blueprint.size:
            reason = "the pass mark cannot be reached"
        elif known:
            reason = _shortage(quiz.blueprint, drawable)
        if reason:
            yield Fault("quizzes.yaml", quiz.line, f"{quiz.slug}: {reason}")


def _shortage(blueprint: Blueprint, drawable: Sequence[Question]) -> str | None:
    """Tell which part may go short, whatever earlier parts happen to take from its pool."""
    earlier: list[tuple[int, set[str]]] = []
    for part in blueprint.parts:
        families = {q.family or q.id for q in drawable if part.admits(q)}
        taken = sum(min(count, len(families & others)) for count, others in earlier)
        if len(families) - taken < part.count:
            error = QuizNotFillableError(part.topics, part.count, len(families) - taken)
            return f"too few questions: {error}"
        earlier.append((part.count, families))
    return None


def citation_known(bank: Bank, question: Question) -> bool:
    """Tell whether the register has every statute that a question cites."""
    return all(citation.statute_id in bank.statutes for citation in question.citations)


def _length(text: Text, locale: str) -> int:
    if locale == "zh":
        return len(MARKUP.sub("", text.zh))
    return len(text.en.replace("**", ""))


def _pairs(text: str) -> frozenset[str]:
    bare = re.sub(r"\W", "", text)
    return frozenset(bare[i : i + 2] for i in range(len(bare) - 1))


def measure(questions: Sequence[Question]) -> dict[str, dict[str, int]]:
    """Count a bank: by topic, kind, style, difficulty and audience, and what betrays an answer.

    `right one strictly longest` and `right one at place N` are over the single choice questions.
    """
    single = [q for q in questions if q.kind is Kind.SINGLE]
    true_false = [q for q in questions if q.kind is Kind.TRUE_FALSE]
    return {
        "topic": dict(Counter(q.topic_id for q in questions)),
        "kind": dict(Counter(q.kind.value for q in questions)),
        "style": dict(Counter(q.style.value for q in questions)),
        "difficulty": {
            str(k): v for k, v in sorted(Counter(q.difficulty for q in questions).items())
        },
        "audience": dict(Counter(member.value for q in questions for member in q.audience)),
        "single: right one strictly longest": {
            locale: sum(_right_is_longest(q, locale) for q in single) for locale in ("zh", "en")
        }
        | {"of": len(single)},
        "single: right one at place": {
            str(place + 1): count
            for place, count in sorted(Counter(min(q.right_choices) for q in single).items())
        },
        "true/false": {
            "true": sum(q.choices[0].is_right for q in true_false),
            "false": sum(q.choices[1].is_right for q in true_false),
        },
        "stories": {
            "stories": sum(q.style is Style.STORY for q in questions),
            "bare numbers": sum(q.style is Style.NUMBER for q in questions),
            "of": len(questions),
        },
    }


def _right_is_longest(question: Question, locale: str) -> bool:
    right = max(_length(c.text, locale) for c in question.choices if c.is_right)
    return right > max(_length(c.text, locale) for c in question.choices if not c.is_right)
