"""The divisions of GB/T 2260: what is loaded, and finding the one that a person means."""

import csv
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask_babel import force_locale

from core.db import db
from outreach.regions import service
from outreach.regions.models import Level, Region
from tests.builders import FUJIAN, FUZHOU, JINJIANG, MINHOU, PINGTAN, QUANZHOU

CENSUS_2020 = {
    "350100": 8_291_268,
    "350200": 5_163_970,
    "350300": 3_210_714,
    "350400": 2_486_450,
    "350500": 8_782_285,
    "350600": 5_054_328,
    "350700": 2_680_645,
    "350800": 2_723_637,
    "350900": 3_146_789,
}
PUTIAN_LICHENG, QUANZHOU_LICHENG, GULOU = "350304", "350502", "350102"
NATION = ""


@pytest.fixture
def regions(app_ctx: None) -> Sequence[Region]:
    return db.session.scalars(sa.select(Region)).all()


def write_divisions(path: Path, *changed: dict[str, str]) -> Path:
    """Write the project's file with other rows, or further ones, by code."""
    with service.DIVISIONS.open(encoding="utf-8", newline="") as file:
        rows = {row["code"]: row for row in csv.DictReader(file)}
    for change in changed:
        rows[change["code"]] = rows.get(change["code"], rows[JINJIANG]) | change
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[JINJIANG]))
        writer.writeheader()
        writer.writerows(rows.values())
    return path


def test_the_whole_of_china_is_there_in_three_levels(regions: Sequence[Region]) -> None:
    counted = Counter(region.level for region in regions)

    assert counted[Level.PROVINCE] == 34
    assert 330 <= counted[Level.PREFECTURE] <= 350
    assert 2_900 <= counted[Level.COUNTY] <= 3_050
    assert len(regions) == len({region.code for region in regions}) == counted.total()


def test_every_region_but_a_province_lies_in_one_a_level_above(
    regions: Sequence[Region],
) -> None:
    level_of = {region.code: region.level for region in regions}
    above = {Level.PROVINCE: None, Level.PREFECTURE: Level.PROVINCE, Level.COUNTY: Level.PREFECTURE}

    for region in regions:
        assert level_of.get(region.parent_code or "") is above[region.level], region.code


def test_a_code_says_where_its_region_lies(regions: Sequence[Region]) -> None:
    for region in regions:
        assert len(region.code) == 6
        assert region.code.isdigit()
        assert service.is_within(region.code, region.parent_code or region.code), region.code
        if region.parent_code:
            assert not service.is_within(region.parent_code, region.code), region.code


def test_every_region_names_its_edition_and_source(regions: Sequence[Region]) -> None:
    assert {region.edition_year for region in regions} == {2023}
    assert all(region.source for region in regions)


def test_every_population_has_a_year_and_a_source(regions: Sequence[Region]) -> None:
    for region in regions:
        known = region.population is not None
        assert (region.population_year is not None) is known, region.code
        assert (region.population_source is not None) is known, region.code


def test_fujian_has_the_residents_of_the_census_of_2020(regions: Sequence[Region]) -> None:
    fujian = {r.code: r for r in regions if service.is_within(r.code, FUJIAN)}
    prefectures = {
        code: region.population
        for code, region in fujian.items()
        if region.level is Level.PREFECTURE
    }

    assert prefectures == CENSUS_2020
    assert fujian[FUJIAN].population == sum(CENSUS_2020.values()) == 41_540_086
    assert {fujian[code].population_year for code in [FUJIAN, *prefectures]} == {2020}


def test_pingtan_is_a_county_of_fuzhou_in_the_code(regions: Sequence[Region]) -> None:
    pingtan = next(region for region in regions if region.code == PINGTAN)

    assert (pingtan.level, pingtan.parent_code) == (Level.COUNTY, FUZHOU)
    assert pingtan.population is not None
    assert pingtan.population < CENSUS_2020[FUZHOU]


def test_provinces_and_all_of_fujian_have_english_names(regions: Sequence[Region]) -> None:
    named = [
        region
        for region in regions
        if region.level is Level.PROVINCE or service.is_within(region.code, FUJIAN)
    ]

    assert len([region for region in named if service.is_within(region.code, FUJIAN)]) == 94
    for region in named:
        assert region.name_en, region.code
        assert region.name_en.isascii(), region.name_en


def test_the_full_names_within_a_province_are_unique_in_both_languages(
    regions: Sequence[Region],
) -> None:
    for province in [r.code for r in regions if r.level is Level.PROVINCE]:
        listed = service.places(province)
        assert len({place.zh for place in listed}) == len(listed)
        assert len({place.en for place in listed}) == len(listed)


def test_loading_the_divisions_twice_is_once(app_ctx: None) -> None:
    query = sa.select(Region.code, Region.name_zh, Region.parent_code).order_by(Region.code)
    before = db.session.execute(query).all()

    number = service.load_divisions()

    assert number == len(before)
    assert db.session.execute(query).all() == before


def test_loading_a_newer_file_renames_and_adds(app_ctx: None, tmp_path: Path) -> None:
    newer = write_divisions(
        tmp_path / "newer.csv",
        {"code": JINJIANG, "name_zh": "晋江新区", "edition_year": "2024"},
        {"code": "350599", "name_zh": "新县", "name_en": "Xin County", "edition_year": "2024"},
    )

    service.load_divisions(newer)

    db.session.expire_all()
    assert db.session.get_one(Region, JINJIANG).name_zh == "晋江新区"
    assert db.session.get_one(Region, JINJIANG).edition_year == 2024
    assert db.session.get_one(Region, "350599").parent_code == QUANZHOU


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("350582", JINJIANG),
        ("晋江市", JINJIANG),
        ("泉州市 晋江市", JINJIANG),
        ("Jinjiang City", JINJIANG),
        ("Jinjiang City, Quanzhou", JINJIANG),
        ("  晋江市  ", JINJIANG),
        ("晋江", JINJIANG),
        ("jinjiang", JINJIANG),
        ("jinjiang, quanzhou", JINJIANG),
        ("泉州，晋江", JINJIANG),
        ("泉州市", QUANZHOU),
        ("Quanzhou", QUANZHOU),
        ("福建省", FUJIAN),
        ("Fujian", FUJIAN),
        ("平潭", PINGTAN),
        ("鼓楼区", GULOU),
        ("荔城区", PUTIAN_LICHENG),
        ("鲤城区", QUANZHOU_LICHENG),
        ("Licheng District, Putian", PUTIAN_LICHENG),
        ("licheng quanzhou", QUANZHOU_LICHENG),
        ("闽侯", MINHOU),
    ],
)
def test_a_region_is_found_by_code_name_or_a_part_that_fits_only_one(
    app_ctx: None, typed: str, code: str
) -> None:
    assert service.resolve(typed, FUJIAN) == code


@pytest.mark.parametrize("typed", ["泉州市晋江市", "福建省泉州市晋江市", "福建省晋江市"])
def test_a_full_chinese_name_is_found_written_without_spaces(app_ctx: None, typed: str) -> None:
    assert service.resolve(typed, FUJIAN) == JINJIANG


@pytest.mark.parametrize(
    ("typed", "outer", "codes"),
    [
        ("Licheng District", FUJIAN, {PUTIAN_LICHENG, QUANZHOU_LICHENG}),
        ("licheng", FUJIAN, {PUTIAN_LICHENG, QUANZHOU_LICHENG}),
        ("鼓楼区", "320000", {"320106", "320302"}),
        ("鼓楼区", NATION, {GULOU, "320106", "320302", "410204"}),
    ],
)
def test_a_name_that_fits_several_regions_is_answered_with_all_of_them(
    app_ctx: None, typed: str, outer: str, codes: set[str]
) -> None:
    with pytest.raises(service.RegionNotFoundError) as refusal:
        service.resolve(typed, outer)

    assert {place.code for place in refusal.value.candidates} == codes
    assert len({place.zh for place in refusal.value.candidates}) == len(codes)


def test_at_most_a_dozen_candidates_are_offered(app_ctx: None) -> None:
    with pytest.raises(service.RegionNotFoundError) as refusal:
        service.resolve("县", FUJIAN)

    assert len(refusal.value.candidates) == service.SUGGESTIONS


@pytest.mark.parametrize("typed", ["北京市", "110000", "福州市", "350100", "Fuzhou", "福建省"])
def test_a_region_outside_reach_is_not_found(app_ctx: None, typed: str) -> None:
    with pytest.raises(service.RegionNotFoundError) as refusal:
        service.resolve(typed, QUANZHOU)

    assert refusal.value.candidates == ()


@pytest.mark.parametrize("typed", ["", "   ", "，", "没有这个地方", "%", "_", "35058"])
def test_what_names_no_region_is_not_taken_for_one(app_ctx: None, typed: str) -> None:
    with pytest.raises(service.RegionNotFoundError):
        service.resolve(typed, FUJIAN)


def test_every_region_of_fujian_is_found_by_its_full_name_in_both_languages(
    app_ctx: None,
) -> None:
    for place in service.places(FUJIAN):
        assert service.resolve(place.zh, FUJIAN) == place.code
        assert service.resolve(place.en, FUJIAN) == place.code


def test_search_lists_what_holds_every_word_the_shortest_name_first(app_ctx: None) -> None:
    found = service.search("泉州", FUJIAN)

    assert found[0].code == QUANZHOU
    assert {place.code[:4] for place in found} == {"3505"}
    assert len(found) == 13
    assert service.search("泉州 晋江", FUJIAN) == [p for p in found if p.code == JINJIANG]


def test_search_reaches_only_what_lies_within(app_ctx: None) -> None:
    assert service.search("晋江", FUZHOU) == []
    assert [place.code for place in service.search("晋江", JINJIANG)] == [JINJIANG]


def test_nothing_typed_finds_nothing(app_ctx: None) -> None:
    assert service.search("", FUJIAN) == service.search(" ,，", FUJIAN) == []


@pytest.mark.parametrize(
    ("locale", "labels"),
    [
        ("zh", ["泉州市 晋江市", "泉州市", "福建省"]),
        ("en", ["Jinjiang City, Quanzhou", "Quanzhou", "Fujian"]),
    ],
)
def test_a_label_names_the_region_and_the_one_above_it_in_the_readers_language(
    app_ctx: None, locale: str, labels: list[str]
) -> None:
    with force_locale(locale):
        assert [service.label(code) for code in (JINJIANG, QUANZHOU, FUJIAN)] == labels


def test_an_unknown_code_has_an_empty_label(app_ctx: None) -> None:
    assert service.label("999999") == ""
