"""Maps of tiles and lines: what is drawn says what was counted."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from html import unescape
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine
from flask.testing import FlaskClient

from outreach.campaigns.models import Campaign
from outreach.events.models import EventKind
from outreach.tally import charts, tilemap
from tests.builders import CAMPAIGN_ID, FUJIAN, FUZHOU, JINJIANG, MINHOU, PINGTAN, QUANZHOU
from tests.outreach.attempts import hold_event, some_attempts
from tests.outreach.pages import table_rows, text_of

Save = Callable[..., Any]

DAY = timedelta(days=1)
SANMING, NANPING, LONGYAN, NINGDE, XIAMEN = "350400", "350700", "350800", "350900", "350200"
PUTIAN, ZHANGZHOU = "350300", "350600"
PLACES = [
    FUZHOU, XIAMEN, PUTIAN, SANMING, QUANZHOU, ZHANGZHOU, NANPING, LONGYAN, NINGDE, PINGTAN,
]  # fmt: skip
TILE = re.compile(r'<a class="tile tile--(\d)" href="([^"]+)" aria-label="([^"]+)"')
PRODUCT_QUALITY_QUIZ = 2
SECTIONS = ("regions", "days", "kinds", "topics", "bodies")


def section(page: str, name: str) -> list[list[str]]:
    """Read the table of a page's section, without its head."""
    rest = page.partition(f'<section aria-labelledby="{name}"')[2]
    return table_rows(rest.partition("</section>")[0])[1:]


def tiles(page: str) -> dict[str, tuple[int, str]]:
    """Read step and name with value of a map's tiles, by address."""
    found = TILE.findall(page)
    return {href: (int(step), unescape(name)) for step, href, name in found}


@pytest.fixture
def first_on(rows: Callable[..., list[Any]]) -> date:
    """The campaign's first day."""
    query = sa.select(Campaign.first_on).where(Campaign.id == CAMPAIGN_ID)
    day: date = rows(query)[0][0]
    return day


@pytest.fixture
def days(save: Save, first_on: date) -> None:
    """Three, one and five attempts on the campaign's first, third and fourth day."""
    event, poster, _attempts = hold_event(save, JINJIANG, 0)
    for number, devices in ((0, 3), (2, 1), (3, 5)):
        save(*some_attempts(event, poster, devices, local_day=first_on + number * DAY))


def noon(day: date) -> datetime:
    """Return a moment of that day in the campaign's zone."""
    return datetime.combine(day, time(4), UTC)


@pytest.mark.parametrize(
    ("value", "size"),
    [(0, 1), (0.3, 0.3), (1, 1), (7.1, 8), (8, 8), (22, 25), (0.013, 0.015), (10_001, 15_000)],
)
def test_a_scale_ends_at_the_next_round_number(value: float, size: float) -> None:
    assert charts.round_up(value) == pytest.approx(size)


@pytest.mark.parametrize("most", [1, 2, 3, 7, 11, 99, 100, 101, 12_345])
def test_a_scale_of_whole_numbers_has_whole_steps_that_reach_the_greatest(most: int) -> None:
    scale = tilemap.drawn([("1", "a", most), ("2", "b", 0)]).scale

    assert all(top == int(top) for top in scale.tops)
    assert len(set(scale.tops)) == tilemap.STEPS
    assert scale.tops[-1] >= most


def test_a_step_ends_with_its_top_and_nothing_is_a_step_of_its_own() -> None:
    scale = tilemap.Scale(20)

    assert [scale.step(n) for n in (0, 0.01, 20, 20.1, 40, 80.5, 100)] == [0, 1, 1, 2, 2, 5, 5]


def test_the_prefectures_of_fujian_and_pingtan_lie_as_they_do() -> None:
    places = tilemap.placed(PLACES)

    def is_north(one: str, other: str) -> bool:
        return places[one][1] < places[other][1]

    def is_west(one: str, other: str) -> bool:
        return places[one][0] < places[other][0]

    assert len(set(places.values())) == len(PLACES)
    assert is_west(NANPING, NINGDE)
    assert is_north(NANPING, SANMING)
    assert is_north(NINGDE, FUZHOU)
    assert is_west(SANMING, FUZHOU)
    assert is_west(FUZHOU, PINGTAN)
    assert is_north(FUZHOU, PUTIAN)
    assert is_west(QUANZHOU, PUTIAN)
    assert is_west(LONGYAN, QUANZHOU)
    assert is_north(LONGYAN, ZHANGZHOU)
    assert is_west(ZHANGZHOU, XIAMEN)
    assert is_north(QUANZHOU, XIAMEN)


@pytest.mark.parametrize("number", [1, 4, 5, 26])
def test_regions_that_nobody_placed_stand_in_rows_on_the_ground(number: int) -> None:
    drawn = tilemap.drawn([(f"4401{n:02}", "区", n) for n in range(number)])

    corners = {(tile.x, tile.y) for tile in drawn.tiles}
    assert len(corners) == number
    assert all(0 <= x <= drawn.width - tilemap.WIDTH for x, _y in corners)
    assert all(0 <= y <= drawn.height - tilemap.HEIGHT for _x, y in corners)


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("福州市", ["福州市"]),
        ("Zhangping City", ["Zhangping", "City"]),
        ("Licheng District", ["Licheng", "District"]),
        ("喀喇沁左翼县", ["喀喇沁左翼", "县"]),
        ("积石山保安族东乡族撒拉族自治县", ["积石山保安", "族东乡族…"]),
    ],
)
def test_a_name_is_broken_into_two_lines_at_most(name: str, lines: list[str]) -> None:
    assert tilemap.broken(name) == lines


def test_a_line_runs_from_edge_to_edge_and_what_is_not_over_stands_apart() -> None:
    first = date(2026, 9, 1)

    line = charts.line([(first, 4), (first + DAY, 16), (first + 2 * DAY, 0)], is_open=True)

    assert line.top == 16
    assert line.path == "M0 75L150 0"
    assert line.open_path == "M150 0L300 100"
    assert line.area == "M0 75L150 0L300 100V100H0z"
    assert line.peak.day == first + DAY


@pytest.mark.parametrize("value", [0, 1])
def test_a_line_of_one_day_is_a_point_on_the_ground(value: int) -> None:
    line = charts.line([(date(2026, 9, 1), value)], is_open=True)

    assert (line.path, line.open_path) == ("", "")
    assert (line.peak.x, line.peak.y) == (0, 100 - 50 * value)


def test_the_map_has_a_tile_for_each_region_with_its_number_and_step(
    client: FlaskClient, save: Save
) -> None:
    hold_event(save, JINJIANG, 88)  # of 8,782,285 residents
    hold_event(save, PINGTAN, 39)  # of 385,981

    shown = tiles(client.get("/participation").text)

    assert set(shown) == {f"/participation/{code}" for code in PLACES}
    assert shown[f"/participation/{PINGTAN}"] == (5, "平潭：1.01")
    assert shown[f"/participation/{QUANZHOU}"] == (1, "泉州市：0.1")
    assert shown[f"/participation/{FUZHOU}"] == (0, "福州市：0")


def test_where_residents_are_unknown_the_map_shows_attempts_and_says_so(
    client: FlaskClient, save: Save
) -> None:
    hold_event(save, MINHOU, 7)

    page = client.get(f"/participation/{FUZHOU}").text

    shown = tiles(page)
    assert len(shown) == 12
    assert f"/participation/{PINGTAN}" not in shown
    assert shown[f"/participation/{MINHOU}"] == (4, "闽侯县：7")
    assert "计入统计人次，各档上限" in text_of(page)
    assert "闽侯县最高（7）" in text_of(page)


@pytest.mark.parametrize("region", [FUJIAN, QUANZHOU, FUZHOU, JINJIANG])
def test_every_table_of_a_page_adds_up_to_the_same_total(
    client: FlaskClient, save: Save, first_on: date, region: str
) -> None:
    hold_event(save, JINJIANG, 12, passed=5)
    hold_event(save, QUANZHOU, 5, kind=EventKind.CAMPUS, quiz_id=PRODUCT_QUALITY_QUIZ)
    hold_event(save, MINHOU, 3, kind=EventKind.CAMPUS, body_id=28)
    hold_event(save, PINGTAN, 4)
    event, poster, _none = hold_event(save, FUJIAN, 2, kind=EventKind.ONLINE)
    save(
        *some_attempts(event, poster, 6, region_code=JINJIANG, local_day=first_on),
        *some_attempts(event, poster, 1, region_code=MINHOU, sequence=2, counted=False),
    )

    page = client.get(f"/participation/{region}").text

    totals = set()
    for name in SECTIONS:
        *parts, total = section(page, name) or [["", "0", "0", "0"]]
        sums = [sum(int(row[n]) for row in parts) for n in (1, 2, 3)]
        if parts:
            assert [int(number) for number in total[1:4]] == sums
            totals.add(tuple(sums))
    expected = {
        FUJIAN: (33, 32, 32), QUANZHOU: (23, 23, 23), FUZHOU: (4, 3, 3), JINJIANG: (18, 18, 18),
    }  # fmt: skip
    assert totals == {expected[region]}


def test_a_quiz_of_one_topic_counts_for_it_and_one_of_several_for_none(
    client: FlaskClient, save: Save
) -> None:
    hold_event(save, JINJIANG, 20, passed=5)
    hold_event(save, JINJIANG, 10, passed=9, quiz_id=PRODUCT_QUALITY_QUIZ)
    hold_event(save, JINJIANG, 2, quiz_id=PRODUCT_QUALITY_QUIZ)

    shown = section(client.get("/participation").text, "topics")

    assert [row[0] for row in shown] == ["多个主题", "产品质量法", "合计"]
    assert [row[2] for row in shown] == ["20", "12", "32"]
    assert shown[0][4] == "25%"


def test_the_days_run_from_the_first_to_today_which_is_not_over(
    client: FlaskClient, days: None, first_on: date
) -> None:
    with time_machine.travel(noon(first_on + 4 * DAY), tick=False):
        page = client.get("/participation").text

    *shown, total = section(page, "days")
    assert [row[1] for row in shown] == ["3", "0", "1", "5", "0"]
    assert shown[-1][0].endswith("截至目前")
    assert total[1] == "9"
    assert f"{first_on + 3 * DAY:%Y}年" in text_of(page.partition('id="days-gist"')[2])[:20]
    assert "days__line--open" in page


def test_a_long_campaign_is_shown_by_weeks(client: FlaskClient, days: None, first_on: date) -> None:
    with time_machine.travel(noon(first_on + 70 * DAY), tick=False):
        page = client.get("/participation").text

    *shown, total = section(page, "days")
    assert [row[1] for row in shown] == ["9", *["0"] * 10]
    assert total[1] == "9"


def test_after_the_campaign_the_days_end_with_its_last(
    client: FlaskClient, days: None, rows: Callable[..., list[Any]], save: Save
) -> None:
    last_on = rows(sa.select(Campaign.last_on).where(Campaign.id == CAMPAIGN_ID))[0][0]
    event, poster, _none = hold_event(save, JINJIANG, 0)
    save(*some_attempts(event, poster, 2, local_day=last_on + DAY))

    with time_machine.travel(noon(last_on + 5 * DAY), tick=False):
        page = client.get(f"/participation/{JINJIANG}").text

    *shown, total = section(page, "days")
    assert shown[-1][:2] == ["活动日之外", "2"]
    assert total[1] == "11"
    assert "days__line--open" not in page


@pytest.mark.parametrize("region", [FUJIAN, QUANZHOU, JINJIANG])
def test_where_nothing_was_handed_in_kind_words_stand_instead_of_charts(
    client: FlaskClient, region: str
) -> None:
    page = client.get(f"/participation/{region}").text

    assert "这里还没有答卷" in page
    assert f"/calendar?region={region}" in page
    assert 'role="img"' not in page
    assert tiles(page) == {}


def test_a_picture_says_what_it_shows_and_its_numbers_stand_beside_it(
    client: FlaskClient, save: Save
) -> None:
    hold_event(save, JINJIANG, 12)

    page = client.get("/participation").text

    for picture in re.findall(r'<svg[^>]* role="(?:img|group)"[^>]*>', page):
        named = re.search(r'aria-labelledby="([^"]+)"', picture)
        assert named
        for key in named[1].split():
            assert text_of(page.partition(f'id="{key}"')[2].partition("</")[0])
    assert section(page, "regions")
    assert section(page, "days")
