"""Campaigns and their bodies: what the files say, which one is on, and loading them."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine
import yaml
from flask import Flask
from flask.testing import FlaskClient

from core.db import db
from outreach.campaigns import service
from outreach.campaigns.models import Body, Campaign, SeparateRegion
from tests.builders import CAMPAIGN_ID, FUJIAN, PINGTAN
from tests.outreach.pages import ENGLISH

FOUNDERS = [
    "省质监局", "省委宣传部", "省经贸委", "省教育厅",
    "省人力资源和社会保障厅", "省农业厅", "省林业厅", "省海洋与渔业厅",
    "省外经贸厅", "省卫生厅", "省政府国资委", "省广电局",
    "省新闻出版局", "省知识产权局", "省旅游局", "省食品药品监管局",
    "福州海关", "福建出入境检验检疫局", "厦门出入境检验检疫局", "福建银监局",
    "省总工会", "团省委", "省妇联", "福建贸促会",
    "省工商联", "各有关行业协会",
]  # fmt: skip
SUCCESSORS = {
    "省质监局": "省市场监督管理局",
    "省经贸委": "省工业和信息化厅",
    "省农业厅": "省农业农村厅",
    "省林业厅": "省林业局",
    "省海洋与渔业厅": "省海洋与渔业局",
    "省外经贸厅": "省商务厅",
    "省卫生厅": "省卫生健康委员会",
    "省广电局": "省广播电视局",
    "省旅游局": "省文化和旅游厅",
    "省食品药品监管局": "省药品监督管理局",
    "厦门出入境检验检疫局": "厦门海关",
    "福建出入境检验检疫局": "福州海关",
    "福建银监局": "国家金融监督管理总局福建监管局",
}
PLAN: dict[str, Any] = {
    "slug": "fujian-2030",
    "year": 2030,
    "province": FUJIAN,
    "name": {"zh": "二〇三〇年质量月", "en": "Quality Month 2030"},
    "theme": {"zh": "主题", "en": "Theme"},
    "slogan": {"zh": "口号", "en": "Slogan"},
    "first_on": date(2030, 9, 1),
    "last_on": date(2030, 9, 30),
    "separate_regions": [PINGTAN],
    "bodies": [
        {"slug": "one", "name": {"zh": "一局", "en": "Bureau one"}},
        {"slug": "two", "name": {"zh": "二局", "en": "Bureau two"}},
    ],
}


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Write a campaign's file: the plan above with changes."""

    def write(**changes: Any) -> Path:
        path = tmp_path / "campaign.yaml"
        path.write_text(yaml.safe_dump(PLAN | changes, allow_unicode=True), encoding="utf-8")
        return path

    return write


def bodies_of(slug: str) -> list[tuple[str, str]]:
    query = sa.select(Body.name_zh, Body.name_en).join(Body.campaign)
    rows = db.session.execute(query.where(Campaign.slug == slug).order_by(Body.position))
    return [(zh, en) for zh, en in rows]


def test_the_founding_plan_has_its_26_bodies_in_order(app_ctx: None) -> None:
    assert [zh for zh, _en in bodies_of("fujian-2013")] == FOUNDERS


def test_the_demo_campaign_has_the_bodies_that_succeeded_the_founders(app_ctx: None) -> None:
    names = [zh for zh, _en in bodies_of("fujian-demo")]

    assert set(names) == {SUCCESSORS.get(founder, founder) for founder in FOUNDERS}
    assert len(names) == len(set(names))
    assert names[0] == "省市场监督管理局"


@pytest.mark.parametrize("slug", ["fujian-2013", "fujian-demo"])
def test_bodies_and_the_campaigns_words_are_in_both_languages(app_ctx: None, slug: str) -> None:
    campaign = db.session.scalars(sa.select(Campaign).where(Campaign.slug == slug)).one()
    pairs = [
        *bodies_of(slug),
        (campaign.name_zh, campaign.name_en),
        (campaign.theme_zh, campaign.theme_en),
        (campaign.slogan_zh, campaign.slogan_en),
    ]

    for zh, en in pairs:
        assert any("\u4e00" <= character <= "\u9fff" for character in zh), zh
        assert en.isascii(), en
        assert en
    assert len({en for _zh, en in pairs}) == len(pairs)


def test_the_founding_campaign_was_september_2013(app_ctx: None) -> None:
    campaign = db.session.scalars(sa.select(Campaign).where(Campaign.slug == "fujian-2013")).one()

    assert (campaign.year, campaign.province_code) == (2013, FUJIAN)
    assert (campaign.first_on, campaign.last_on) == (date(2013, 9, 1), date(2013, 9, 30))


@pytest.mark.parametrize(
    ("today", "slug"),
    [
        (date(2012, 1, 1), "fujian-2013"),  # the next one, not the one after it
        (date(2013, 9, 1), "fujian-2013"),
        (date(2013, 9, 30), "fujian-2013"),
        (date(2013, 10, 1), "fujian-2030"),
        (date(2030, 9, 1), "fujian-2030"),
        (date(2030, 10, 1), "fujian-2030"),  # over, and nothing comes
    ],
)
def test_the_current_campaign_is_on_or_else_the_next_or_else_the_last(
    app_ctx: None, write: Callable[..., Path], today: date, slug: str
) -> None:
    db.session.execute(sa.delete(SeparateRegion).where(SeparateRegion.campaign_id == CAMPAIGN_ID))
    db.session.execute(sa.delete(Body).where(Body.campaign_id == CAMPAIGN_ID))
    db.session.execute(sa.delete(Campaign).where(Campaign.id == CAMPAIGN_ID))
    service.load(write(), today)

    current = service.current(today)

    assert current is not None
    assert current.slug == slug


@pytest.mark.parametrize(
    ("moment", "is_2013"),
    [
        ("2013-08-31T15:59:59Z", True),  # not yet, but it comes next
        ("2013-08-31T16:00:00Z", True),
        ("2013-09-30T15:59:59Z", True),
        ("2013-09-30T16:00:00Z", False),  # October has begun in Beijing
    ],
)
def test_a_campaigns_days_are_days_in_beijing(
    client: FlaskClient, moment: str, is_2013: bool
) -> None:
    with time_machine.travel(moment, tick=False):
        home = client.get("/").text

    assert ("2013年福建省“质量月”活动" in home) is is_2013


def test_the_home_page_names_every_body_in_the_readers_language(client: FlaskClient) -> None:
    with time_machine.travel("2013-09-15T04:00:00Z", tick=False):
        chinese = client.get("/").text
        english = client.get("/", headers=ENGLISH).text

    for name in FOUNDERS:
        assert name in chinese
    assert "Fujian Bureau of Quality and Technical Supervision" in english
    assert "Industry associations concerned" in english


def test_a_campaign_without_days_runs_a_year_from_its_first_loading(app_ctx: None) -> None:
    demo = service.DATA / "demo.yaml"
    days = sa.select(Campaign.first_on, Campaign.last_on).where(Campaign.slug == "fujian-demo")
    first_on, last_on = db.session.execute(days).one()

    service.load(demo, date(2040, 1, 1))

    assert (last_on - first_on).days == service.DEMO_DAYS
    assert tuple(db.session.execute(days).one()) == (first_on, last_on)


@pytest.mark.parametrize("name", ["fujian-2013", "demo"])
def test_loading_a_campaign_twice_is_once(
    app: Flask, rows: Callable[[sa.Select[Any]], list[Any]], name: str
) -> None:
    everything = [
        sa.select(*model.__table__.columns).order_by(*model.__table__.primary_key.columns)
        for model in (Campaign, Body, SeparateRegion)
    ]
    before = [rows(query) for query in everything]

    result = app.test_cli_runner().invoke(
        args=["campaign", "load", str(service.DATA / f"{name}.yaml")]
    )

    assert result.exit_code == 0, result.output
    assert [rows(query) for query in everything] == before


def test_the_command_says_what_was_loaded(app: Flask, write: Callable[..., Path]) -> None:
    result = app.test_cli_runner().invoke(args=["campaign", "load", str(write())])

    assert (result.exit_code, result.output) == (0, "二〇三〇年质量月: 2 bodies\n")


def test_loading_a_changed_file_brings_the_campaign_up_to_date(
    app_ctx: None, write: Callable[..., Path]
) -> None:
    first = service.load(write(), date(2030, 1, 1))
    ids = {body.slug: body.id for body in first.bodies}
    two, one = PLAN["bodies"][1], {"slug": "one", "name": {"zh": "一厅", "en": "Department one"}}

    again = service.load(write(bodies=[two, one], last_on=date(2030, 10, 7)), date(2030, 1, 1))

    assert again.id == first.id
    assert again.last_on == date(2030, 10, 7)
    assert bodies_of("fujian-2030") == [("二局", "Bureau two"), ("一厅", "Department one")]
    assert {body.slug: body.id for body in again.bodies} == ids


def test_a_body_that_left_the_file_no_longer_hosts_the_campaign(
    app_ctx: None, write: Callable[..., Path]
) -> None:
    service.load(write(), date(2030, 1, 1))

    service.load(write(bodies=PLAN["bodies"][:1]), date(2030, 1, 1))

    db.session.expire_all()
    assert bodies_of("fujian-2030") == [("一局", "Bureau one")]


def test_a_region_that_left_the_file_is_no_longer_reported_separately(
    app_ctx: None, write: Callable[..., Path]
) -> None:
    campaign = service.load(write(), date(2030, 1, 1))

    service.load(write(separate_regions=[]), date(2030, 1, 1))

    assert service.separate_regions(campaign.id) == frozenset()


WRONG_VALUES: dict[str, dict[str, Any]] = {
    "no slug": {"slug": None},
    "no English": {"name": {"zh": "只有中文"}},
    "words for a pair": {"name": "质量月"},
    "no theme": {"theme": None},
    "unknown province": {"province": "999999"},
    "words for a day": {"first_on": "soon"},
    "words for a year": {"year": "two thousand"},
    "ends first": {"first_on": date(2030, 9, 30), "last_on": date(2030, 9, 1)},
    "no bodies": {"bodies": None},
    "words for bodies": {"bodies": "一局"},
    "nameless body": {"bodies": [{"slug": "one"}]},
    "same body twice": {"bodies": PLAN["bodies"] * 2},
    "unknown separate region": {"separate_regions": ["999999"]},
    "number for regions": {"separate_regions": 350128},
}


@pytest.mark.parametrize("changes", WRONG_VALUES.values(), ids=WRONG_VALUES)
def test_a_file_with_a_wrong_value_gives_one_line_and_changes_nothing(
    app: Flask,
    rows: Callable[[sa.Select[Any]], list[Any]],
    write: Callable[..., Path],
    changes: dict[str, Any],
) -> None:
    path = write(**changes)

    result = app.test_cli_runner().invoke(args=["campaign", "load", str(path)])

    assert_one_line_names(path, result)
    assert [name for (name,) in rows(sa.select(Campaign.slug).order_by(Campaign.id))] == [
        "fujian-2013",
        "fujian-demo",
    ]


@pytest.mark.parametrize(
    "content",
    [b"", b"- a list\n", b"words only\n", b"slug: [unclosed\n", b"\tslug: tab\n", b"\xff\xfe\x00"],
    ids=["empty", "list", "words", "unclosed", "tab", "not text"],
)
def test_a_file_that_is_no_campaign_gives_one_line(
    app: Flask, tmp_path: Path, content: bytes
) -> None:
    path = tmp_path / "broken.yaml"
    path.write_bytes(content)

    result = app.test_cli_runner().invoke(args=["campaign", "load", str(path)])

    assert_one_line_names(path, result)


def assert_one_line_names(path: Path, result: Any) -> None:
    """Expect exit code 1 and one line of words that names the file, not a traceback."""
    assert result.exit_code == 1, result.output
    assert isinstance(result.exception, SystemExit), repr(result.exception)
    assert str(path) in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1, result.stderr
