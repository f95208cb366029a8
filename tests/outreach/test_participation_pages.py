"""Public numbers by region: the page, the JSON and the CSV say the same."""

import csv
import io
import re
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask
from flask.testing import FlaskClient

from core.db import db
from outreach.events.models import EventKind
from outreach.participation.models import Attempt
from outreach.regions.models import Region
from tests.builders import (
    FUJIAN,
    FUZHOU,
    JINJIANG,
    MINHOU,
    PINGTAN,
    QUANZHOU,
    a_poster,
    an_event,
)
from tests.outreach.attempts import an_attempt, hold_event, some_attempts
from tests.outreach.pages import ENGLISH, table_rows, text_of
from tests.phone import Phone

Save = Callable[..., Any]

PREFECTURES = [f"350{n}00" for n in range(1, 10)]
EVERYWHERE = [FUJIAN, *PREFECTURES, PINGTAN, JINJIANG, MINHOU]
NUMBERS = ("attempts", "counted", "devices")
COLUMNS = (
    "code", "name", "attempts", "counted", "devices",
    "passed", "suppressed", "population", "per_10k", "passed_of",
)  # fmt: skip
HIDDEN = "–"


def path_of(region: str) -> str:
    return "/participation" if region == FUJIAN else f"/participation/{region}"


def as_json(client: FlaskClient, region: str = FUJIAN, **kwargs: Any) -> dict[str, Any]:
    response = client.get(f"{path_of(region)}.json", **kwargs)
    assert (response.status_code, response.mimetype) == (200, "application/json")
    return dict(response.get_json())


def as_csv(client: FlaskClient, region: str = FUJIAN, **kwargs: Any) -> list[dict[str, str]]:
    response = client.get(f"{path_of(region)}.csv", **kwargs)
    assert (response.status_code, response.mimetype) == (200, "text/csv")
    return list(csv.DictReader(io.StringIO(response.data.decode("utf-8-sig"))))


def as_page(client: FlaskClient, region: str = FUJIAN, **kwargs: Any) -> str:
    response = client.get(path_of(region), **kwargs)
    assert (response.status_code, response.mimetype) == (200, "text/html")
    return response.text


def figures(page: str) -> list[str]:
    """Read a page's large figures: attempts, counted, devices, share passed, per 10,000."""
    found = re.findall(r'figure__value">(.*?)</p>', page, re.DOTALL)
    return [text_of(figure).split()[0] for figure in found]


def rows_of(page: str, section: str) -> list[list[str]]:
    """Read the table of a page's section, such as `regions`, without its head."""
    _before, _mark, rest = page.partition(f'<section aria-labelledby="{section}"')
    return table_rows(rest.partition("</section>")[0])[1:]


def share_of(line: dict[str, Any]) -> str:
    """Write the share that passed as the page does."""
    if line["passed"] is None or not line["passed_of"]:
        return HIDDEN
    return f"{round(100 * line['passed'] / line['passed_of'])}%"


@pytest.fixture
def attempts_everywhere(save: Save) -> None:
    """Attempts at every level: county, prefecture, province, Pingtan and online."""
    hold_event(save, JINJIANG, 14, passed=9)
    hold_event(save, JINJIANG, 3, passed=1)
    hold_event(save, QUANZHOU, 12, passed=2)
    hold_event(save, MINHOU, 2, passed=2)
    hold_event(save, "350102", 11, passed=7)
    hold_event(save, FUZHOU, 1, passed=0)
    hold_event(save, PINGTAN, 4, passed=3)
    hold_event(save, FUJIAN, 15, passed=8)
    event = an_event(region_code=FUJIAN, kind=EventKind.ONLINE)
    event, poster = save(event, a_poster(event))
    save(
        *some_attempts(event, poster, 6, 5, region_code=JINJIANG),
        *some_attempts(event, poster, 2, 1, region_code=PINGTAN),
        *some_attempts(event, poster, 20, 20, region_code="350902"),
        an_attempt(event, poster, region_code=MINHOU, sequence=2, counted=False),
    )


def test_the_numbers_for_programs_have_the_contracts_fields(
    client: FlaskClient, attempts_everywhere: None
) -> None:
    body = as_json(client)

    assert set(body) == {
        "as_of", "campaign", "region", "totals", "regions", "days", "kinds", "topics", "bodies",
    }  # fmt: skip
    assert body["campaign"] == "fujian-demo"
    assert body["region"] == {"code": FUJIAN, "name": "福建省"}
    assert set(body["totals"]) - {"suppressed"} == {*NUMBERS, "passed", "passed_of"}
    for line in body["regions"]:
        assert set(line) - {"suppressed", "rest"} == {
            "code", "name", *NUMBERS, "passed", "passed_of", "population", "per_10k",
        }  # fmt: skip
        assert (line["passed"] is None) is (line.get("suppressed") is True)


def test_the_moment_of_the_numbers_is_named_with_its_zone(client: FlaskClient) -> None:
    with time_machine.travel("2026-11-22T08:00:00Z", tick=False):
        moment = as_json(client)["as_of"]

    assert moment == "2026-11-22T16:00:00+08:00"


def test_the_numbers_are_those_of_the_attempts(
    client: FlaskClient, attempts_everywhere: None
) -> None:
    assert as_json(client)["totals"] == {
        "attempts": 91,
        "counted": 90,
        "devices": 90,
        "passed": 58,
        "passed_of": 90,
    }
    assert as_json(client, JINJIANG)["totals"]["attempts"] == 23
    assert as_json(client, JINJIANG)["regions"] == []


def test_the_numbers_follow_an_attempt_at_once(
    client: FlaskClient, save: Save, phone: Callable[..., Phone]
) -> None:
    poster = save(a_poster(an_event(region_code=JINJIANG)))
    visitor = phone()

    seen = []
    for _n in range(2):
        visitor.take(poster.code)
        seen.append([as_json(client, r)["totals"] for r in (FUJIAN, QUANZHOU, JINJIANG)])

    for totals in seen[0]:
        assert [totals[name] for name in NUMBERS] == [1, 1, 1]
    for totals in seen[1]:
        assert [totals[name] for name in NUMBERS] == [2, 1, 1]  # the second was practice


def test_an_online_attempt_is_counted_in_the_county_chosen(
    client: FlaskClient, save: Save, phone: Callable[..., Phone]
) -> None:
    poster = save(a_poster(an_event(region_code=FUJIAN, kind=EventKind.ONLINE)))
    visitor = phone()

    sent = visitor.send(visitor.scan(poster.code), region=JINJIANG)

    assert sent.status_code == 303
    for region in (FUJIAN, QUANZHOU, JINJIANG):
        assert as_json(client, region)["totals"]["attempts"] == 1
    assert [line["code"] for line in as_json(client)["regions"] if line["attempts"]] == [QUANZHOU]


@pytest.mark.parametrize("region", EVERYWHERE)
def test_the_parts_add_up_to_the_total_at_every_level(
    client: FlaskClient, attempts_everywhere: None, region: str
) -> None:
    body = as_json(client, region)

    if body["regions"]:
        for name in NUMBERS:
            assert sum(line[name] for line in body["regions"]) == body["totals"][name]


@pytest.mark.parametrize("region", EVERYWHERE)
def test_page_json_and_csv_say_the_same(
    client: FlaskClient, attempts_everywhere: None, region: str
) -> None:
    body, lines, page = as_json(client, region), as_csv(client, region), as_page(client, region)

    parts = [dict(line) for line in body["regions"]]
    total = body["totals"] | body["region"]
    for given, line in zip([*parts, total], lines, strict=True):
        for name in ("code", "name", *NUMBERS):
            assert line[name] == str(given[name])
        assert line["passed"] == ("" if given["passed"] is None else str(given["passed"]))
        assert line["suppressed"] == str(given.get("suppressed", False))
    shown = rows_of(page, "regions")
    assert [row[1:4] for row in shown] == [
        [line[name] for name in NUMBERS] for line in (lines if parts else [])
    ]
    assert [row[4].split()[0] for row in shown] == [
        share_of(line) for line in ([*parts, total] if parts else [])
    ]
    expected = [*(str(total[name]) for name in NUMBERS), share_of(total)]
    assert figures(page)[:4] == (expected if total["attempts"] else [])


def test_a_region_has_the_same_line_above_as_it_has_for_itself(
    client: FlaskClient, attempts_everywhere: None
) -> None:
    for line in as_json(client)["regions"]:
        if "rest" not in line:
            own = as_json(client, line["code"])
            assert own["region"] == {"code": line["code"], "name": line["name"]}
            assert own["totals"] == {
                name: line[name]
                for name in (*NUMBERS, "passed", "passed_of", "suppressed")
                if name in line
            }


def test_the_province_has_ten_lines_of_which_pingtan_is_the_last(client: FlaskClient) -> None:
    lines = as_json(client)["regions"]

    assert [line["code"] for line in lines] == [*PREFECTURES, PINGTAN]
    assert lines[0]["name"] == "福州市（不含平潭）"
    assert lines[9]["name"] == "平潭"


def test_pingtan_is_counted_once_and_not_in_fuzhou(client: FlaskClient, save: Save) -> None:
    hold_event(save, PINGTAN, 3)
    hold_event(save, MINHOU, 2)

    lines = {line["code"]: line for line in as_json(client)["regions"]}
    fuzhou = as_json(client, FUZHOU)

    assert (lines[PINGTAN]["attempts"], lines[FUZHOU]["attempts"]) == (3, 2)
    assert as_json(client)["totals"]["attempts"] == 5
    assert fuzhou["totals"]["attempts"] == 2
    assert PINGTAN not in {line["code"] for line in fuzhou["regions"]}
    assert len(fuzhou["regions"]) == 12


def test_pingtan_has_a_page_of_its_own_directly_below_the_province(client: FlaskClient) -> None:
    page = as_page(client, PINGTAN)

    crumbs = page[page.index('class="crumbs"') : page.index("</nav>", page.index('class="crumbs"'))]
    assert text_of(crumbs.partition(">")[2]) == "福建省 平潭"


def test_a_county_stands_below_its_prefecture_and_province(client: FlaskClient) -> None:
    page = as_page(client, JINJIANG)

    crumbs = page[page.index('class="crumbs"') : page.index("</nav>", page.index('class="crumbs"'))]
    assert text_of(crumbs.partition(">")[2]) == "福建省 泉州市 晋江市"
    assert f'href="/participation/{QUANZHOU}"' in crumbs


def test_the_residents_of_the_lines_add_up_to_those_of_the_province(client: FlaskClient) -> None:
    lines = {line["code"]: line["population"] for line in as_json(client)["regions"]}

    assert sum(lines.values()) == 41_540_086
    assert lines[FUZHOU] + lines[PINGTAN] == 8_291_268
    assert lines[QUANZHOU] == 8_782_285
    assert as_csv(client)[-1]["population"] == "41540086"


def test_the_page_names_the_source_of_the_residents(client: FlaskClient) -> None:
    assert "第七次全国人口普查" in as_page(client)
    assert "2020" in as_page(client)


def test_attempts_are_related_to_ten_thousand_residents(client: FlaskClient, save: Save) -> None:
    hold_event(save, JINJIANG, 878)
    _event, _poster, (one, *_more) = hold_event(save, PINGTAN, 386)
    save(an_attempt_again(one))

    lines = {line["code"]: line for line in as_json(client)["regions"]}

    assert lines[QUANZHOU]["per_10k"] == 1.0  # 878 of 8,782,285
    assert lines[PINGTAN]["per_10k"] == 10.0  # 386 counted, 387 attempts, of 385,981
    assert lines["350200"]["per_10k"] == 0.0
    assert as_csv(client)[-1]["per_10k"] == "0.3"  # 1,264 of 41,540,086


def an_attempt_again(attempt: Attempt) -> Attempt:
    """Build a further attempt of the same device that does not count."""
    columns = {column.name: getattr(attempt, column.name) for column in Attempt.__table__.columns}
    again = {"id": uuid.uuid4(), "sequence": 2, "counted": False}
    return Attempt(**(columns | again))


def test_a_region_of_unknown_residents_has_no_denominator(client: FlaskClient, save: Save) -> None:
    hold_event(save, JINJIANG, 1)

    line = next(a for a in as_json(client, QUANZHOU)["regions"] if a["code"] == JINJIANG)
    above, own = as_page(client, QUANZHOU), as_page(client, JINJIANG)

    assert (line["population"], line["per_10k"]) == (None, None)
    assert {len(row) for row in rows_of(above, "regions")} == {5}
    assert "无人口数据" in above
    assert figures(above)[4] == "0"
    assert figures(own)[4] == HIDDEN
    assert "无人口数据" in own


def test_what_is_in_no_part_of_a_region_has_a_line_of_its_own(
    client: FlaskClient, save: Save
) -> None:
    hold_event(save, FUJIAN, 3)

    *parts, rest = as_json(client)["regions"]

    assert (rest["code"], rest["rest"], rest["attempts"]) == (FUJIAN, True, 3)
    assert (rest["population"], rest["per_10k"]) == (None, None)
    assert len(parts) == 10
    assert "rest" not in parts[0]
    shown = rows_of(as_page(client), "regions")
    assert len(shown) == 11 + 1
    assert shown[10] == ["福建省（未归入以上地区）", "3", "3", "3", HIDDEN, "无人口数据"]


@pytest.mark.parametrize(("devices", "is_shown"), [(9, False), (10, True)])
def test_what_people_knew_is_shown_from_ten_devices_on(
    client: FlaskClient, save: Save, devices: int, is_shown: bool
) -> None:
    hold_event(save, JINJIANG, devices, passed=4)
    share = "40%"

    for region in (FUJIAN, QUANZHOU, JINJIANG):
        totals = as_json(client, region)["totals"]
        assert totals["attempts"] == totals["devices"] == devices
        assert totals["passed"] == (4 if is_shown else None)
        assert totals.get("suppressed", False) is not is_shown
        assert as_csv(client, region)[-1]["passed"] == ("4" if is_shown else "")
        assert figures(as_page(client, region))[3] == (share if is_shown else HIDDEN)


def test_attempts_and_devices_are_shown_however_few(client: FlaskClient, save: Save) -> None:
    hold_event(save, JINJIANG, 1, passed=1)

    totals = as_json(client, JINJIANG)["totals"]

    assert totals == {
        "attempts": 1, "counted": 1, "devices": 1, "passed": None, "passed_of": 0,
        "suppressed": True,
    }  # fmt: skip
    assert figures(as_page(client, JINJIANG)) == ["1", "1", "1", HIDDEN, HIDDEN]


def test_a_second_figure_is_hidden_where_the_first_could_be_got_by_subtraction(
    client: FlaskClient, save: Save
) -> None:
    hold_event(save, JINJIANG, 3, passed=1)
    hold_event(save, "350583", 20, passed=11)
    hold_event(save, "350581", 30, passed=12)

    lines = {line["code"]: line for line in as_json(client, QUANZHOU)["regions"]}

    assert as_json(client, QUANZHOU)["totals"]["passed"] == 24
    assert (lines[JINJIANG]["passed"], lines["350583"]["passed"]) == (None, None)
    assert lines["350581"]["passed"] == 12


def test_the_spreadsheet_has_the_contracts_columns_and_the_total_last(
    client: FlaskClient, attempts_everywhere: None
) -> None:
    lines = as_csv(client)

    assert tuple(lines[0]) == COLUMNS
    assert lines[-1]["code"] == FUJIAN
    assert lines[-1]["attempts"] == "91"


def test_the_spreadsheet_is_read_as_utf_8_and_saved_under_a_telling_name(
    client: FlaskClient,
) -> None:
    with time_machine.travel("2026-11-22T08:00:00Z", tick=False):
        response = client.get(f"/participation/{QUANZHOU}.csv")

    assert response.data.startswith(b"\xef\xbb\xbfcode,name,")
    assert response.headers["Content-Type"] == "text/csv; charset=utf-8"
    disposition = response.headers["Content-Disposition"]
    assert disposition == 'attachment; filename="participation-350500-20261122T0800Z.csv"'


@pytest.mark.parametrize(
    "name",
    ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1+1", "\r=1+1", "\n=1+1", "＝1+1", "＋1", "－1", "＠SUM"],
)
def test_no_cell_of_the_spreadsheet_is_a_formula(
    app: Flask, client: FlaskClient, name: str
) -> None:
    with app.app_context():
        db.session.execute(sa.update(Region).values(name_zh=name).where(Region.code == JINJIANG))
        db.session.commit()

    cells = [cell for line in as_csv(client, QUANZHOU) for cell in line.values()]

    assert f"'{name}" in cells
    assert not [c for c in cells if c and c[0] in "=+-@\t\r\n＝＋－＠"]


def test_names_are_in_the_readers_language_and_the_headings_of_files_are_stable(
    client: FlaskClient, attempts_everywhere: None
) -> None:
    page = as_page(client, headers=ENGLISH)
    lines = as_csv(client, headers=ENGLISH)
    body = as_json(client, headers=ENGLISH)

    assert body["region"]["name"] == "Fujian"
    assert [line["name"] for line in body["regions"]][:2] == ["Fuzhou (without Pingtan)", "Xiamen"]
    assert [line["name"] for line in lines] == [
        *(line["name"] for line in body["regions"]), "Fujian",
    ]  # fmt: skip
    assert tuple(lines[0]) == COLUMNS
    assert "Fuzhou (without Pingtan)" in page
    assert "Participation: Fujian" in page


def test_every_line_leads_to_its_region(client: FlaskClient) -> None:
    page = as_page(client)

    for code in (*PREFECTURES, PINGTAN):
        assert f'href="/participation/{code}"' in page
        assert client.get(f"/participation/{code}").status_code == 200
    assert 'href="/participation/350000.csv?lang=zh"' in page
    assert 'href="/participation/350000.json?lang=zh"' in page


def test_the_province_has_the_same_numbers_under_its_code(
    client: FlaskClient, attempts_everywhere: None
) -> None:
    with time_machine.travel(datetime.fromisoformat("2026-11-22T08:00:00+00:00"), tick=False):
        assert client.get("/participation/350000.json").data == (
            client.get("/participation.json").data
        )
        assert client.get("/participation/350000.csv").data == (
            client.get("/participation.csv").data
        )


@pytest.mark.parametrize("region", ["110000", "999999", "350199", "1", "9" * 30, "fujian", "-1"])
@pytest.mark.parametrize("ending", ["", ".json", ".csv"])
def test_a_region_that_takes_no_part_is_not_found(
    client: FlaskClient, region: str, ending: str
) -> None:
    assert client.get(f"/participation/{region}{ending}").status_code == 404


def test_numbers_are_never_kept_by_caches_between(client: FlaskClient) -> None:
    for ending in ("", ".json", ".csv"):
        control = client.get(f"/participation{ending}").headers["Cache-Control"]
        assert "no-store" in control or "no-cache" in control


def test_the_numbers_are_those_of_the_current_campaign_alone(
    client: FlaskClient, save: Save
) -> None:
    hold_event(save, JINJIANG, 2)
    hold_event(save, JINJIANG, 5, campaign_id=1, body_id=1)

    now = as_json(client)
    with time_machine.travel("2013-09-15T04:00:00Z", tick=False):
        then = as_json(client)

    assert (now["campaign"], now["totals"]["attempts"]) == ("fujian-demo", 2)
    assert (then["campaign"], then["totals"]["attempts"]) == ("fujian-2013", 5)


def test_attempts_stay_counted_after_their_event_has_closed(
    client: FlaskClient, save: Save
) -> None:
    event, _poster, _attempts = hold_event(save, JINJIANG, 2)

    with time_machine.travel(event.closes_at + timedelta(days=1), tick=False):
        totals = as_json(client)["totals"]

    assert totals["attempts"] == 2


def test_a_campaign_elsewhere_reports_its_own_province(
    make_app: Callable[..., Flask], empty_database_url: str, tmp_path: Any
) -> None:
    app = make_app(empty_database_url)
    run = app.test_cli_runner().invoke
    client = app.test_client()
    plan = tmp_path / "zhejiang.yaml"
    plan.write_text(
        "slug: zhejiang\nyear: 2030\nprovince: '330000'\nname: {zh: 浙江, en: Zhejiang}\n"
        "theme: {zh: 主题, en: Theme}\nslogan: {zh: 口号, en: Slogan}\n"
        "first_on: 2030-09-01\nlast_on: 2030-09-30\n"
        "bodies: [{slug: one, name: {zh: 一局, en: Bureau}}]\n",
        encoding="utf-8",
    )
    assert run(args=["db", "upgrade"]).exit_code == 0
    assert run(args=["campaign", "load", str(plan)]).exit_code == 0

    with time_machine.travel("2030-09-15T04:00:00Z", tick=False):
        response = client.get("/participation.json")
        outside = client.get(f"/participation/{JINJIANG}.json")

    assert response.get_json()["region"] == {"code": "330000", "name": "浙江省"}
    assert len(response.get_json()["regions"]) == 11
    assert outside.status_code == 404
