"""What is known adds up at every level, is told from enough answers, and is kept ready."""

import json
import math
import random
from collections import Counter
from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from core.db import db
from outreach.events.models import Event, EventKind
from outreach.tally import knowledge_sums
from outreach.tally.knowledge_answers import Share, estimate, worth_of
from outreach.tally.knowledge_models import (
    KnowledgeSum,
)
from outreach.tally.knowledge_sums import Scope
from question_bank import service as bank
from question_bank.items import wilson
from tests.builders import (
    CAMPAIGN_ID,
    FUJIAN,
    FUZHOU,
    JINJIANG,
    MINHOU,
    PINGTAN,
    QUANZHOU,
    a_poster,
    an_event,
)
from tests.outreach.answered import some_answered
from tests.outreach.known import (
    Place,
    Rows,
    Save,
    by_chance,
    known,
    learn,
    renew,
)
from tests.outreach.pages import queries_of
from tests.outreach.papers import publish_changed


@pytest.fixture
def place(save: Save) -> Place:
    event = an_event()
    return save(event, a_poster(event))


def test_questions_add_up_to_kinds_regions_and_all_at_every_level(app: Flask, save: Save) -> None:
    total = 0
    for seed, (region, kind) in enumerate(
        [(JINJIANG, EventKind.FACTORY), (MINHOU, EventKind.CAMPUS), (PINGTAN, EventKind.CAMPUS)]
    ):
        event = an_event(region_code=region, kind=kind)
        made = some_answered(app, *save(event, a_poster(event)), 12, by_chance(seed))
        save(*made)
        total += sum(attempt.points for attempt in made)
    learn(app)
    apart = frozenset({PINGTAN})

    whole = known(app, apart=apart)
    prefecture = known(app, FUZHOU, apart=apart)

    assert (whole.total.answers, whole.total.right, whole.total.devices) == (360, total, 36)
    assert list(whole.by_region()) == [FUZHOU, PINGTAN, QUANZHOU]
    for parts in (whole.by_region(), whole.by_kind(), whole.by_topic, whole.by_question):
        assert sum(one.answers for one in parts.values()) == 360
        assert sum(one.right for one in parts.values()) == total
    assert whole.by_kind()["campus"].devices == 24
    assert list(prefecture.by_region()) == [MINHOU]
    assert prefecture.total == whole.by_region()[FUZHOU]
    assert known(app, PINGTAN, apart=apart).total.devices == 12
    assert known(app, kind="factory").total == known(app, QUANZHOU).total
    for topic_id, share in whole.by_topic.items():
        cells = whole.by_region(topic_id).values()
        assert sum(cell.right for cell in cells) == share.right
        assert sum(cell.devices for cell in cells) == share.devices <= 36


def test_a_question_counts_under_each_article_that_it_cites(
    app: Flask, save: Save, place: Place
) -> None:
    save(*some_answered(app, *place, 40, by_chance(5)))
    learn(app)

    found = known(app)

    expected: Counter[tuple[str, str]] = Counter()
    for question_id, share in found.by_question.items():
        citations = found.edition.questions[question_id].citations
        expected.update(dict.fromkeys({(c.statute_id, c.article) for c in citations}, share.right))
    assert {(r.statute_id, r.article): r.share.right for r in found.rules} == expected
    assert max(len(rule.questions) for rule in found.rules) > 1


def test_answers_to_an_older_edition_count_where_the_question_is_the_same(
    app: Flask, save: Save, place: Place
) -> None:
    save(*some_answered(app, *place, 30, by_chance(6)))
    learn(app)
    before = known(app).by_question
    changed, reworded = list(before)[:2]

    def change(values: dict[str, Any]) -> None:
        for question in values["questions"]:
            if question["id"] == changed:
                question["choices"][0]["zh"] += "（新）"
            if question["id"] == reworded:
                question["stem"]["en"] = "Asked in other words?"

    publish_changed(app, change)

    assert known(app).by_question == {k: v for k, v in before.items() if k != changed}


def test_the_least_known_rules_are_in_force_and_have_enough_answers(
    app: Flask, save: Save, place: Place
) -> None:
    hard = {"product-quality-law"}

    def choose(item: Any, number: int) -> Any:
        if item.question.citations[0].statute_id in hard and number % 4:
            return set(range(len(item.order))) - item.question.right_choices
        return item.question.right_choices

    save(*some_answered(app, *place, 700, choose))
    learn(app)
    found = known(app)

    least = found.least_known(date(2026, 11, 22))

    shown = [together[0].share for together in least]
    ends = [share.first.high for share in shown if share.first]
    assert len(ends) == len(least) == 10
    assert ends == sorted(ends)
    assert all(share.answers >= 30 and share.devices >= 10 for share in shown)
    assert all(any(rule.statute_id in hard for rule in together) for together in least[:3])
    assert found.least_known(date(1990, 1, 1)) == []


@given(
    st.lists(
        st.integers(1, 10).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n))),
        min_size=2,
        max_size=30,
    )
)
def test_an_interval_holds_its_share_and_is_never_narrower_than_of_free_answers(
    papers: list[tuple[int, int]],
) -> None:
    answers, right = sum(n for n, _r in papers), sum(r for _n, r in papers)
    spread = (
        len(papers),
        sum(n * n for n, _r in papers),
        sum(n * r for n, r in papers),
        sum(r * r for _n, r in papers),
    )

    worth = worth_of(right, answers, spread)
    found, free = estimate(right, answers, worth), wilson(right, answers)

    assert 0 < worth <= 1
    assert 0 <= found.low <= found.value == right / answers <= found.high <= 1
    assert found.high - found.low >= free.high - free.low - 1e-9


def test_papers_all_right_or_all_wrong_are_worth_one_answer_each() -> None:
    papers, size = 40, 10
    right = 30 * size

    worth = worth_of(right, papers * size, (papers, papers * 100, 30 * 100, 30 * 100))
    found = estimate(right, papers * size, worth)

    alone = wilson(30 * 39 / 40, 39)  # 39: the variance of 40 devices has so many degrees
    assert worth == pytest.approx(39 / 40 / size)
    assert found.high - found.low == pytest.approx(alone.high - alone.low, rel=1e-6)


def test_answers_that_do_not_go_together_are_worth_themselves() -> None:
    chance = random.Random(8)  # noqa: S311 -- the same every time
    rights = [sum(chance.random() < 0.6 for _ in range(10)) for _ in range(5_000)]
    spread = (5_000, 500_000, 10 * sum(rights), sum(r * r for r in rights))

    assert math.isclose(worth_of(sum(rights), 50_000, spread), 1, abs_tol=0.05)


@pytest.mark.parametrize(
    ("answers", "devices", "is_told"),
    [(30, 10, True), (29, 29, False), (300, 9, False), (0, 0, False)],
)
def test_a_share_is_told_from_ten_devices_and_thirty_answers_up(
    answers: int, devices: int, is_told: bool
) -> None:
    share = Share(answers, answers // 2, devices=devices)

    assert (share.first is not None) is is_told
    assert share.later is None


def kept(app: Flask, region: str = FUJIAN) -> tuple[knowledge_sums.Kept, bool]:
    """Ask for the sums of a region as a page does."""
    with app.app_context():
        now = bank.latest()
        assert now
        return knowledge_sums.of(Scope(campaign_id=CAMPAIGN_ID, region_code=region), now)


def plain(one: tuple[knowledge_sums.Kept, bool]) -> str:
    """Return sums as they are stored."""
    return json.dumps(one[0].sums.as_json(), sort_keys=True)


def test_sums_are_kept_and_made_anew_beside_the_pages_once_they_are_old(
    app: Flask, save: Save, place: Place, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(*some_answered(app, *place, 5))
    learn(app)
    first = kept(app)
    renew(app)
    save(*some_answered(app, *place, 5, first=5))
    learn(app)

    young = kept(app)
    monkeypatch.setattr(knowledge_sums, "FRESH", knowledge_sums.FRESH * 0)
    old = kept(app)
    renewed = renew(app)
    new = kept(app)

    assert plain(young) == plain(old) == plain(first)
    assert [one[1] for one in (first, young, old, new)] == [False, False, True, False]
    assert renewed == 1
    assert plain(new) != plain(old)
    kept_of = {scope.split("/")[1] for (scope,) in rows(sa.select(KnowledgeSum.scope))}
    assert kept_of == {FUJIAN, QUANZHOU, JINJIANG}  # the parts are looked at next


def test_an_event_that_becomes_another_kind_takes_its_answers_along(
    app: Flask, save: Save, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(*some_answered(app, *place, 5))
    learn(app)
    kept(app)
    renew(app)
    with app.app_context():
        db.session.get_one(Event, place[0].id).kind = EventKind.CAMPUS
        db.session.commit()
    monkeypatch.setattr(knowledge_sums, "FRESH", knowledge_sums.FRESH * 0)

    assert list(kept(app)[0].sums.questions) == ["factory"]
    renew(app)
    assert list(kept(app)[0].sums.questions) == ["campus"]


def test_sums_of_the_campaign_that_is_on_are_ready_before_anybody_looks(
    app: Flask, save: Save, place: Place
) -> None:
    save(*some_answered(app, *place, 5))
    learn(app)
    with app.app_context():
        knowledge_sums.prepare()
    renew(app)

    with queries_of(app) as statements:
        for region in (FUJIAN, QUANZHOU, JINJIANG):
            kept(app, region)

    assert not any("answer_tally" in text for text in statements)
