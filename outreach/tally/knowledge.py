"""What people know: answers added up by topic, statute and article, with intervals. Pure.

A share counts first attempts only: whoever tries again has seen the answers. It is told from
`FEWEST_DEVICES` devices and `FEWEST_ANSWERS` answers up. A question that cites several articles
counts under each of them, so articles do not add up to a statute, nor statutes to all.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from outreach.tally.knowledge_answers import (
    ALL,
    FEWEST_DEVICES,
    NO_SPREAD,
    NOTHING,
    Numbers,
    Share,
    Spread,
    Sums,
    estimate,
    plus,
    statute_group,
    topic_group,
    worth_of,
)
from question_bank.content import Citation, Question
from question_bank.edition import Edition
from question_bank.items import FEWEST_ANSWERS, Estimate

LEAST_KNOWN = 10


@dataclass(frozen=True, slots=True)
class Rule:
    """An article of law with the questions that rest on it, the least known first."""

    statute_id: str
    article: str
    share: Share
    questions: Sequence[tuple[Question, Share]]

    @property
    def citation(self) -> Citation:
        """The article as it is cited."""
        return Citation(self.statute_id, self.article)


@dataclass(frozen=True, slots=True)
class Again:
    """The first and the second paper of the phones that came again to the same event."""

    devices: int
    first: Estimate
    second: Estimate


@dataclass(frozen=True)
class Knowledge:
    """What is known within a scope, of one kind of event or of all, in terms of an edition."""

    edition: Edition
    sums: Sums
    kind: str | None = None

    @cached_property
    def _kinds(self) -> list[str]:
        return [kind for kind in self.sums.questions if self.kind in {None, kind}]

    def _together(self, question_ids: Iterable[str], group_id: str | None = None) -> Share:
        """Add up questions; those of a group with what is known of its papers."""
        ids = list(question_ids)
        found = [
            [of_kind[one] for one in ids if one in of_kind]
            for of_kind in (self.sums.questions[kind] for kind in self._kinds)
        ]
        numbers, devices = _added(found)
        if group_id is None:
            return Share(*numbers, devices)
        spreads = (
            groups[group_id]
            for kind in self._kinds
            for groups in self.sums.spreads.get(kind, {}).values()
            if group_id in groups
        )
        return _share(numbers, spreads)

    @cached_property
    def by_question(self) -> dict[str, Share]:
        """Shares of the questions that were answered."""
        ids = {one for kind in self._kinds for one in self.sums.questions[kind]}
        return {one: self._together((one,)) for one in sorted(ids & self.edition.questions.keys())}

    @cached_property
    def total(self) -> Share:
        """Share of all answers."""
        return self._together(self.by_question, ALL)

    @cached_property
    def by_topic(self) -> dict[str, Share]:
        """Shares of the topics that were asked for, in their order."""
        return {
            topic.id: self._together(ids, topic_group(topic.id))
            for topic in self.edition.topics
            if (
                ids := [one for one in self.by_question if self._question(one).topic_id == topic.id]
            )
        }

    @cached_property
    def by_statute(self) -> dict[str, Share]:
        """Shares of the statutes that were asked for, the least known first."""
        cited: dict[str, list[str]] = {}
        for question_id in self.by_question:
            for statute_id in {c.statute_id for c in self._question(question_id).citations}:
                cited.setdefault(statute_id, []).append(question_id)
        found = {one: self._together(ids, statute_group(one)) for one, ids in cited.items()}
        return dict(sorted(found.items(), key=lambda pair: (*_rank(pair[1]), pair[0])))

    @cached_property
    def rules(self) -> list[Rule]:
        """All articles that were asked for, the least known first."""
        cited: dict[tuple[str, str], list[str]] = {}
        for question_id in self.by_question:
            citations = self._question(question_id).citations
            for article in {(c.statute_id, c.article) for c in citations}:
                cited.setdefault(article, []).append(question_id)
        found = [self._rule(*article, ids) for article, ids in cited.items()]
        return sorted(found, key=lambda rule: (*_rank(rule.share), rule.statute_id, rule.article))

    def _rule(self, statute_id: str, article: str, question_ids: Sequence[str]) -> Rule:
        asked = [(self._question(one), self.by_question[one]) for one in question_ids]
        asked.sort(key=lambda pair: (*_rank(pair[1]), pair[0].id))
        return Rule(statute_id, article, self._together(question_ids), asked)

    def least_known(self, day: date) -> list[list[Rule]]:
        """Return the rules that people know least, of those in force on a day and still asked.

        Articles that rest on the same questions stand together: nothing tells them apart.

        They are ranked by the upper end of the interval: a rule that few answers make look bad by
        chance does not come before one that is surely little known.
        """
        together: dict[tuple[str, ...], list[Rule]] = {}
        for rule in self.rules:
            if (
                rule.share.is_enough
                and self.edition.statutes[rule.statute_id].is_in_force(day)
                and any(self.edition.is_drawable(question, day) for question, _ in rule.questions)
            ):
                same = tuple(question.id for question, _share in rule.questions)
                together.setdefault(same, []).append(rule)
        return list(together.values())[:LEAST_KNOWN]

    def by_region(self, topic_id: str | None = None) -> dict[str, Share]:
        """Return shares by the parts of the scope's region, of a topic or of all, by code."""
        kinds = self._kinds
        regions = {region for kind in kinds for region in self.sums.parts.get(kind, {})}
        found = {region: self._cell(kinds, {region}, topic_id) for region in sorted(regions)}
        return {region: share for region, share in found.items() if share.answers}

    def by_kind(self, topic_id: str | None = None) -> dict[str, Share]:
        """Return shares by kind of event, of a topic or of all."""
        found = {kind: self._cell([kind], None, topic_id) for kind in sorted(self._kinds)}
        return {kind: share for kind, share in found.items() if share.answers}

    def _cell(
        self, kinds: Sequence[str], regions: Collection[str] | None, topic_id: str | None
    ) -> Share:
        """Add up some kinds and regions (None: all), of a topic or of all."""
        numbers, spreads = NOTHING, []
        group_id = ALL if topic_id is None else topic_group(topic_id)
        for kind in kinds:
            for region, topics in self.sums.parts.get(kind, {}).items():
                if regions is None or region in regions:
                    for name, one in topics.items():
                        numbers = plus(numbers, one) if topic_id in {None, name} else numbers
            for region, groups in self.sums.spreads.get(kind, {}).items():
                if group_id in groups and (regions is None or region in regions):
                    spreads.append(groups[group_id])
        return _share(numbers, spreads)

    @cached_property
    def again_devices(self) -> int:
        """How many devices came a second time."""
        return sum(self.sums.again[kind][0] for kind in self._again_kinds)

    @property
    def _again_kinds(self) -> list[str]:
        return [kind for kind in self.sums.again if self.kind in {None, kind}]

    @cached_property
    def again(self) -> Again | None:
        """First beside second papers of the same devices, or None from too few."""
        numbers: tuple[int, ...] = (0, 0, 0, 0, 0)
        for kind in self._again_kinds:
            numbers = plus(numbers, self.sums.again[kind])
        devices, first, first_right, second, second_right = numbers
        if devices < FEWEST_DEVICES or min(first, second) < FEWEST_ANSWERS:
            return None
        worth = self.total.worth  # as in all papers
        return Again(
            devices, estimate(first_right, first, worth), estimate(second_right, second, worth)
        )

    def _question(self, question_id: str) -> Question:
        return self.edition.questions[question_id]


def _added(kinds: Iterable[Iterable[Sequence[int]]]) -> tuple[Numbers, int]:
    """Add up numbers by kind, and the least number of devices behind the first attempts.

    A device answers a question once in its first attempt, and belongs to one kind of event.
    """
    answers = right = later_answers = later_right = devices = 0
    for numbers in kinds:
        most = 0
        for first, first_right, later, right_later in numbers:
            answers += first
            right += first_right
            later_answers += later
            later_right += right_later
            most = max(most, first)
        devices += most
    return (answers, right, later_answers, later_right), devices


def _share(numbers: Numbers, spreads: Iterable[Sequence[int]]) -> Share:
    spread: Spread = NO_SPREAD
    for one in spreads:
        spread = plus(spread, one)
    # Answers that speak no more of today's questions are in the papers still.
    devices = min(spread[0], numbers[0])
    return Share(*numbers, devices, worth_of(numbers[1], numbers[0], spread))


def _rank(share: Share) -> tuple[bool, float]:
    """Return what to sort by: surely little known first, too few answers last."""
    first = share.first
    return (True, 0.0) if first is None else (False, first.high)
