"""The organizer's path: sign in, plan, print, be answered through, count."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pypdfium2
import pytest
import zxingcpp
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from tests.browser.walk import Finger, scan, scan_png
from tests.builders import JINJIANG, QUANZHOU
from tests.conftest import Server

pytestmark = pytest.mark.browser

QUIET_ZONE = 4
SCALE = 3  # pixels a point
PIXELS_PER_CENTIMETRE = SCALE * 72 / 2.54
MOMENT = "%Y-%m-%dT%H:%M"


@dataclass(frozen=True)
class Language:
    """What an organizer of this language types and reads."""

    locale: str
    typed: str
    suggested: str
    shown: str
    print: str


CHINESE = Language("zh-CN", "晋江", "泉州市 晋江市", "晋江市", "打印")
ENGLISH = Language("en-GB", "jinj", "Jinjiang City, Quanzhou", "Jinjiang City", "Print")


def moment(hours: int) -> str:
    """Write a moment from now as the form takes it: campaign time, to the minute."""
    return (datetime.now(ZoneInfo("Asia/Shanghai")) + timedelta(hours=hours)).strftime(MOMENT)


def counts(row: Locator) -> list[int]:
    """Read attempts, counted and devices of a table's row."""
    return [int(text) for text in row.locator("td").all_inner_texts()[:3]]


def plan(page: Page, title: str, english: str, site: str) -> None:
    """Plan an event that is open, and go on to its posters."""
    page.goto("/organize/events/new")
    page.locator("#title_zh").fill(title)
    page.locator("#title_en").fill(english)
    page.locator("input[name=kind][value=campus]").check()
    page.locator("#site").fill(site)
    page.locator("#region").fill(JINJIANG)
    page.locator("#opens_at").fill(moment(-1))
    page.locator("#closes_at").fill(moment(8))
    page.locator("main form .button--main").click()
    page.wait_for_url("**/posters")


def make_poster(page: Page, placement: str) -> None:
    """Make a poster on the page of an event's posters."""
    page.locator("#placement").fill(placement)
    page.locator("#placement").press("Enter")
    expect(page.locator(".message--success")).to_contain_text(placement)


def print_on_paper(page: Page) -> list[Image.Image]:
    """Print a page as its style sheet says, and return pictures of the sheets."""
    with pypdfium2.PdfDocument(page.pdf(prefer_css_page_size=True)) as printed:
        return [sheet.render(scale=SCALE).to_pil() for sheet in printed]


@pytest.mark.parametrize("language", [CHINESE, ENGLISH], ids=["zh", "en"])
@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
def test_from_the_plan_to_the_counts_of_each_poster(
    *,
    server: Server,
    open_desk: Callable[..., Page],
    open_phone: Callable[..., Page],
    language: Language,
    script: bool,
) -> None:
    page = open_desk(language.locale, QUANZHOU, java_script_enabled=script)

    page.locator("main .button--main").click()
    page.locator("#title_zh").fill("质量月进工厂")
    page.locator("#title_en").fill("Quality Month at work")
    page.locator("input[name=kind][value=factory]").check()
    page.locator("#site").fill("晋江鞋厂食堂")
    page.locator("#region").press_sequentially(language.typed)
    if script:
        expect(page.locator(f'datalist option[value="{language.suggested}"]')).to_be_attached()
    page.locator("#opens_at").fill(moment(-1))
    page.locator("#closes_at").fill(moment(8))
    page.locator("main form .button--main").click()
    page.wait_for_url("**/posters")
    event_page = page.url.removesuffix("/posters")
    for placement in ("食堂门口", "北门"):
        make_poster(page, placement)

    card = page.locator(".poster-list .card").filter(has_text="北门")
    card.get_by_role("link", name=language.print, exact=True).click()
    page.wait_for_url("**/print")
    printed = page.locator("img.poster__code")
    link = scan_png(printed.screenshot())
    assert link.startswith(f"{server.url}/q/")
    assert page.locator(".poster").inner_text().count(link) == 1

    phone = open_phone(language.locale)
    phone.goto(link)
    finger = Finger(phone)
    finger.answer()
    finger.hand_in()

    expect(phone.locator(".score__where")).to_contain_text(language.shown)
    page.goto(event_page)
    rows = page.locator("table").first.locator("tr")
    assert counts(rows.filter(has_text="北门")) == [1, 1, 1]
    assert counts(rows.filter(has_text="食堂门口")) == [0, 0, 0]
    assert counts(page.locator("table").first.locator("tfoot tr")) == [1, 1, 1]
    page.goto("/organize/")
    listed = page.locator("tbody tr").filter(has_text=language.shown).locator("td")
    assert listed.all_inner_texts()[-3:] == ["1", "1", "1"]


@pytest.mark.parametrize(
    ("title", "english", "site"),
    [
        ("质量月进校园", "Quality Month on campus", "晋江一中"),
        ("质量月进校园，答题学法知质量" * 4, "Quality Month, law by law " * 4, "实验小学" * 15),
    ],
    ids=["usual", "longest"],
)
def test_a_printed_poster_is_one_page_that_holds_the_code_and_nothing_of_the_site(
    *, server: Server, open_desk: Callable[..., Page], title: str, english: str, site: str
) -> None:
    page = open_desk()
    plan(page, title, english, site)
    make_poster(page, "校门口")
    page.get_by_role("link", name="打印", exact=True).click()
    page.wait_for_url("**/print")

    pages = print_on_paper(page)
    page.emulate_media(media="print")

    assert len(pages) == 1
    assert scan(pages[0]).startswith(server.url)
    expect(page.locator("header.top")).to_be_hidden()
    expect(page.locator("[data-print]")).to_be_hidden()
    expect(page.locator("footer.foot")).to_be_hidden()


def test_a_printed_code_is_large_enough_for_the_distance_that_the_poster_names(
    open_desk: Callable[..., Page],
) -> None:
    page = open_desk()
    plan(page, "质量月进校园", "Quality Month on campus", "晋江一中")
    make_poster(page, "校门口")
    page.get_by_role("link", name="打印", exact=True).click()
    page.wait_for_url("**/print")
    ((number, unit),) = re.findall(
        r"([\d.]+) (厘米|米)内可扫", page.locator(".poster").inner_text()
    )
    metres = float(number) / (100 if unit == "厘米" else 1)
    svg = page.request.get(page.locator("img.poster__code").get_attribute("src") or "").text()
    modules = int(re.findall(r'viewBox="0 0 (\d+) ', svg)[0]) - 2 * QUIET_ZONE

    (code,) = zxingcpp.read_barcodes(print_on_paper(page)[0])

    side = (code.position.top_right.x - code.position.top_left.x) / PIXELS_PER_CENTIMETRE
    assert side >= metres * 10 * modules / 25


def test_a_form_with_a_fault_keeps_what_was_typed(
    open_desk: Callable[..., Page],
) -> None:
    page = open_desk(region_code=QUANZHOU)
    page.goto("/organize/events/new")
    page.locator("#title_zh").fill("质量月进社区")
    page.locator("input[name=kind][value=community]").check()
    page.locator("#site").fill("社区广场")
    page.locator("#region").fill("思明区")  # in Xiamen, out of reach

    page.locator("main form .button--main").click()

    expect(page.locator("#region-fault1")).to_contain_text("泉州市")
    expect(page.locator("#title_zh")).to_have_value("质量月进社区")
    expect(page.locator("input[name=kind][value=community]")).to_be_checked()
    expect(page.locator("#region")).to_have_value("思明区")
    page.locator("#region").fill("丰泽区")
    page.locator("main form .button--main").click()
    page.wait_for_url("**/posters")


def test_a_withdrawn_poster_tells_so_kindly_and_works_again_when_restored(
    open_desk: Callable[..., Page],
    open_phone: Callable[..., Page],
) -> None:
    page = open_desk()
    plan(page, "质量月进校园", "Quality Month on campus", "晋江一中")
    make_poster(page, "校门口")
    link = scan_png(page.locator("img.poster-list__code").screenshot())
    phone = open_phone()

    page.locator(".poster-more__summary").click()
    page.get_by_role("button", name="停用").click()
    expect(page.locator(".message--success")).to_contain_text("已停用")
    withdrawn = phone.goto(link)
    page.get_by_role("button", name="恢复使用").click()
    expect(page.locator(".message--success")).to_contain_text("已恢复使用")
    restored = phone.goto(link)

    assert withdrawn
    assert restored
    assert (withdrawn.status, restored.status) == (410, 200)


def test_signing_out_closes_the_desk(
    open_desk: Callable[..., Page],
) -> None:
    page = open_desk()

    page.get_by_role("button", name="退出登录").click()
    page.wait_for_url("**/organize/sign-in")
    page.goto("/organize/")

    assert "/organize/sign-in" in page.url
    page.go_back()
    expect(page.locator("#password")).to_be_visible()
