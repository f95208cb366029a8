"""Traditional characters: OpenCC's, with the reviewed list of terms before it."""

import csv

import pytest

from core.traditional import TERMS, Usage, name, traditional
from outreach.regions.service import DIVISIONS
from tests.written import not_traditional


def rows_of_terms() -> list[dict[str, str]]:
    """Read the list as it is kept."""
    with TERMS.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize(
    ("simplified", "expected"),
    [
        ("福建省质量月", "福建省質量月"),
        ("泉州市 丰泽区", "泉州市 豐澤區"),
        ("厦门市 湖里区", "廈門市 湖里區"),
        ("龙岩市", "龍岩市"),
        ("福州市 台江区", "福州市 台江區"),
        ("网络餐饮服务食品安全监督管理办法", "網絡餐飲服務食品安全監督管理辦法"),
        ("Fujian 2026", "Fujian 2026"),
        ("", ""),
    ],
)
def test_a_name_changes_its_characters_and_never_its_words(simplified: str, expected: str) -> None:
    assert name(simplified) == expected


@pytest.mark.parametrize(
    ("simplified", "expected"),
    [
        # one character, several meanings
        ("不干净的干货，厂里干部不准出厂", "不乾淨的乾貨，廠裡幹部不准出廠"),
        ("秤准不准，签合同前先看标签", "秤準不準，簽合同前先看標籤"),
        ("开了5公里，更换发动机和洗发水", "開了5公里，更換發動機和洗髮水"),
        ("一只鸡，别只看价格", "一隻雞，別只看價格"),
        # words of the other side of the strait
        ("在网络上发视频", "在網路上發影片"),
        ("打印的短信", "列印的簡訊"),
        # words of the law
        ("产品质量", "產品質量"),
        ("法定程序和随车文件", "法定程序和隨車文件"),
        ("个人信息", "個人信息"),
        ("召回信息", "召回資訊"),
        # quotation marks
        ("印着“最‘好’的茶”", "印著「最『好』的茶」"),
    ],
)
def test_a_question_keeps_the_words_of_the_law_and_says_the_others_as_its_reader(
    simplified: str, expected: str
) -> None:
    assert traditional(simplified, Usage.BANK) == expected


@pytest.mark.parametrize("usage", [Usage.BANK, Usage.INTERFACE])
def test_the_title_of_a_law_stays_its_own_name(usage: Usage) -> None:
    text = "依照《网络餐饮服务食品安全监督管理办法》，网络上的"

    assert traditional(text, usage) == "依照《網絡餐飲服務食品安全監督管理辦法》，網路上的"


def test_a_page_speaks_of_computers_as_its_reader() -> None:
    text = "设备登录后打印文件，再导出“%(name)s”"

    assert traditional(text, Usage.INTERFACE) == "裝置登入後列印檔案，再匯出「%(name)s」"


def test_a_row_and_a_column_are_what_they_are_called_there() -> None:
    assert traditional("行", Usage.INTERFACE) == "列"
    assert traditional("列", Usage.INTERFACE) == "欄"


def test_every_term_is_listed_once_and_says_where_it_applies() -> None:
    rows = rows_of_terms()
    usages = {usage.value for usage in Usage}

    assert len(rows) > 100
    assert len({row["simplified"] for row in rows}) == len(rows)
    assert all(row["simplified"] and row["traditional"] for row in rows)
    assert [row for row in rows if not usages.issuperset(row["used_in"].split())] == []
    assert [row for row in rows if not row["used_in"].split()] == []


def test_no_term_puts_simplified_characters_in() -> None:
    assert not_traditional("".join(row["traditional"] for row in rows_of_terms())) == set()


def test_every_division_of_fujian_is_named_in_traditional_characters() -> None:
    with DIVISIONS.open(encoding="utf-8", newline="") as file:
        names = [row["name_zh"] for row in csv.DictReader(file) if row["code"].startswith("35")]

    assert len(names) > 90
    assert not_traditional("".join(map(name, names))) == set()
