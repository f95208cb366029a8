"""Every page on a narrow phone, in large letters, in the dark, by finger and by keyboard."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Browser, Page, expect

from app import create_app
from core.db import db
from outreach.events.models import Team
from outreach.organizers import service as organizers
from question_bank import service as bank
from question_bank.content import Question
from tests.browser.conftest import PHONE, Ear, sign_in
from tests.browser.surveying import SMALL_TARGETS, TARGET, Survey
from tests.browser.walk import HAND_IN, NEXT, Finger, choice, questions_of
from tests.builders import FUJIAN, JINJIANG, a_poster, an_event
from tests.conftest import Server, settings_for
from tests.outreach.answered import some_answered
from tests.outreach.known import by_chance, learn

pytestmark = pytest.mark.browser

ORGANIZER = "lin"
DEVICES = 40
# Neither patience nor a pause ends; axe-core needs the short ones.
NO_LONG_WAITS = """() => {
  const start = window.setTimeout;
  window.setTimeout = (run, wait) => (wait > 1000 ? 0 : start(run, wait));
}"""
# The longest that the forms take, and a word that cannot be broken at a space.
LONG_ZH, LONG_EN, LONG_SITE = (
    "质量强国进万家" * 8,
    "Quality in every workshop " * 4,
    "晋江鞋厂" * 15,
)
LONG_PLACEMENT, LONG_TEAM = "二号车间北门考勤机旁边" * 3, "second workshop, early shift, line three"
ONE_WORD = "https://live.example.cn/rooms/quality-month-2026-final"


class Pages:
    """All pages by name; each is opened by calling it with a page of a browser."""

    def __init__(self, codes: dict[str, str], events: dict[str, int], question: Question) -> None:
        self.codes = codes
        self.public = {
            "home": self.path("/"),
            "home, no code": self.path("/?code=nonsense"),
            "calendar": self.path("/calendar"),
            "topics": self.path("/learn"),
            "topic": self.path(f"/learn/{question.topic_id}"),
            "question": self.path(f"/learn/{question.topic_id}/{question.id}"),
            "province": self.path("/participation"),
            "prefecture": self.path("/participation/350500"),
            "county": self.path(f"/participation/{JINJIANG}"),
            "sign in": self.path("/organize/sign-in"),
            "sign in, empty": self.sent("/organize/sign-in", "main form"),
            "not there": self.path("/nothing-here", 404),
            "not that way": self.path("/locale", 405),
            "paper": self.path(f"/q/{codes['open']}"),
            "paper online": self.path(f"/q/{codes['online']}"),
            "paper, answers missing": self.sent(f"/q/{codes['open']}", "#paper"),
            "paper online, answers missing": self.sent(f"/q/{codes['online']}", "#paper"),
            "paper, not recognised": self.not_recognised,
            "planned": self.path(f"/q/{codes['planned']}"),
            "closed": self.path(f"/q/{codes['closed']}", 410),
            "withdrawn": self.path(f"/q/{codes['withdrawn']}", 410),
            "unknown": self.path("/q/AAAAAAAA", 404),
            "result": self.result,
            "handed in before": self.handed_in_before,
            "handing in": lambda page: self.handing_in(page, "now"),
            "not handed in, no signal": lambda page: self.handing_in(page, "waiting"),
            "handed in, result not seen": lambda page: self.handing_in(page, "done"),
        }
        event = events["open"]
        topic, asked = question.topic_id, f"/bank/questions/{question.id}"
        self.organizers = {
            "desk": self.path("/organize/"),
            "event": self.path(f"/organize/events/{event}"),
            "new event": self.path("/organize/events/new"),
            "new event, empty": self.sent("/organize/events/new", "main form"),
            "change event": self.path(f"/organize/events/{event}/edit"),
            "posters": self.path(f"/organize/events/{event}/posters"),
            "posters, empty": self.sent(f"/organize/events/{event}/posters", "main form.card"),
            "no poster": self.path(f"/organize/events/{events['online']}/posters"),
            "print": self.path(f"/organize/posters/{codes['open']}/print"),
            "figures": self.path("/organize/figures"),
            "figures compared": self.path("/organize/figures/compare"),
            "figures of events": self.path("/organize/figures/events"),
            "knowledge": self.path("/organize/knowledge"),
            "knowledge of a topic": self.path(f"/organize/knowledge/topics/{topic}"),
            "people": self.path("/organize/people"),
            "invite": self.path("/organize/people/invite"),
            "account": self.path("/organize/account"),
            "board": self.path(f"/board/{codes['board']}"),
            "bank": self.path("/bank/"),
            "bank's question": self.path(asked),
            "bank's question, changing": self.path(f"{asked}/edit"),
            "review": self.path("/bank/review"),
            "publish": self.path("/bank/publish"),
            "statistics": self.path("/bank/statistics"),
        }

    @staticmethod
    def path(path: str, status: int = 200) -> Callable[[Page], None]:
        """Open an address."""

        def open_(page: Page) -> None:
            response = page.goto(path)
            assert response
            assert response.status == status

        return open_

    @staticmethod
    def sent(path: str, form: str) -> Callable[[Page], None]:
        """Send a form as it is, past the script and the browser's own checks."""

        def open_(page: Page) -> None:
            page.goto(path)
            with page.expect_navigation() as navigation:
                page.locator(form).evaluate("form => form.submit()")
            assert navigation.value.status == 422

        return open_

    def not_recognised(self, page: Page) -> None:
        """Hand in with a ticket that is not ours."""
        page.goto(f"/q/{self.codes['open']}")
        with page.expect_navigation() as navigation:
            page.locator("#paper").evaluate("form => { form.ticket.value = 'x'; form.submit(); }")
        assert navigation.value.status == 400

    def result(self, page: Page) -> None:
        """Answer a paper and look at the result."""
        page.goto(f"/q/{self.codes['open']}")
        self._answer(page, 0)
        with page.expect_navigation(url="**/r/*"):
            page.locator("#paper").evaluate("form => form.submit()")

    def handed_in_before(self, page: Page) -> None:
        """Send the same paper with other answers."""
        page.goto(f"/q/{self.codes['open']}")
        first = page.context.new_page()
        first.goto(page.url)
        for tab, place in ((first, 0), (page, 1)):
            self._answer(tab, place)
            with tab.expect_navigation() as navigation:
                tab.locator("#paper").evaluate("form => form.submit()")
        first.close()
        assert navigation.value.status == 409

    def handing_in(self, page: Page, state: str) -> None:
        """Hand in and stop in a state of the panel, which stays."""
        path = f"/q/{self.codes['signal']}"
        page.goto("/")
        page.evaluate("localStorage.clear()")
        if state == "done":
            kept = f"sending:{self.codes['signal']}", '{"papers": [], "receipt": "/r/1"}'
            page.evaluate("([key, value]) => localStorage.setItem(key, value)", kept)
        page.goto(path)
        if state != "done":
            page.evaluate(NO_LONG_WAITS)
            answer = {
                "now": lambda _route: None,
                "waiting": lambda route: route.fulfill(status=503),
            }
            page.route(f"**{path}", answer[state], times=1)
            self._answer(page, 0)
            page.locator("#paper").evaluate(
                "form => form.querySelector('.quiz__end button.button').click()"
            )
        shown = {"now": "正在|Handing", "waiting": "未提交|Not handed", "done": "已提交|Handed in"}
        expect(page.locator("[data-sending] p")).to_have_text(re.compile(shown[state]))

    @staticmethod
    def _answer(page: Page, place: int) -> None:
        page.locator("#paper").evaluate(
            """(form, place) => form.querySelectorAll("fieldset").forEach(
              (question) => (question.querySelectorAll("input")[place].checked = true))""",
            place,
        )


@pytest.fixture(scope="module")
def pages(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Pages:
    """Fill the campaign with what stretches a page."""
    now = datetime.now(UTC)
    past = {"opens_at": now - timedelta(days=2), "closes_at": now - timedelta(days=1)}
    future = {"opens_at": now + timedelta(days=1), "closes_at": now + timedelta(days=2)}
    long = {"title_zh": LONG_ZH, "title_en": LONG_EN, "site": LONG_SITE}
    event = an_event(**long)
    team = Team(event=event, name=LONG_TEAM)
    online = an_event(kind="online", region_code=FUJIAN, site=ONE_WORD, title_en=None)
    posters = {
        "open": a_poster(event, placement=LONG_PLACEMENT, team=team),
        "withdrawn": a_poster(event, withdrawn_at=now),
        "online": a_poster(online),
        "planned": a_poster(an_event(**long, **future)),
        "closed": a_poster(an_event(**long, **past)),
        "signal": a_poster(an_event(**long)),
    }
    app = create_app(settings_for(database_url, tmp_path_factory.mktemp("app")))
    with app.app_context():
        db.session.add_all(posters.values())
        organizers.add(
            ORGANIZER, "correct horse", FUJIAN, edits_questions=True, reviews_questions=True
        )
        db.session.commit()
        codes = {name: poster.code for name, poster in posters.items()}
        codes["board"] = event.board_code
        events = {name: poster.event_id for name, poster in posters.items()}
        edition = bank.latest()
        assert edition
        question = next(iter(edition.questions.values()))
        answered = some_answered(app, event, posters["open"], DEVICES, by_chance(9))
        db.session.add_all(answered)
        db.session.commit()
        learn(app)
        db.session.remove()
        db.engine.dispose()
    return Pages(codes, events, question)


WITHOUT_SCRIPT = ("home", "paper", "paper online", "paper, answers missing", "result")
WITHOUT_ELDER = ("board",)  # made for a hall, where all letters are large
Visits = Mapping[str, Callable[[Page], None]]


@pytest.fixture(scope="module", params=["zh-CN", "en"])
def survey(
    request: pytest.FixtureRequest, browser: Browser, server: Server, pages: Pages
) -> dict[str, Survey]:
    """Walk once through all pages in one language: `public` and `organizers`."""
    options = {"base_url": server.url, "locale": request.param, "viewport": PHONE}
    with_script = browser.new_context(**options)
    without = browser.new_context(**options, java_script_enabled=False)
    some = {name: pages.public[name] for name in WITHOUT_SCRIPT}
    public, desk = Survey(), Survey()

    def walk(survey: Survey, page: Page, visits: Visits, note: str = "") -> None:
        survey.ear.listen(page.context)
        for name, open_ in visits.items():
            open_(page)
            survey.look(
                page, f"{name}{note}", has_script=not note, has_elder=name not in WITHOUT_ELDER
            )
        page.close()

    walk(public, with_script.new_page(), pages.public)
    walk(public, without.new_page(), some, " without script")
    page = with_script.new_page()
    sign_in(page, ORGANIZER)
    walk(desk, page, pages.organizers)
    with_script.close()
    without.close()
    return {"public": public, "organizers": desk}


whose = pytest.mark.parametrize("whose", ["public", "organizers"])


def test_the_main_pages_are_as_sound_in_traditional_chinese(
    browser: Browser, server: Server, pages: Pages
) -> None:
    context = browser.new_context(base_url=server.url, locale="zh-TW", viewport=PHONE)
    survey, page = Survey(), context.new_page()
    survey.ear.listen(context)

    for name in ("home", "paper", "result"):
        pages.public[name](page)
        survey.look(page, name)
    context.close()

    assert survey == Survey(ear=survey.ear)
    assert survey.ear.complaints == []


@whose
def test_no_page_scrolls_sideways_on_a_narrow_phone(survey: dict[str, Survey], whose: str) -> None:
    assert survey[whose].too_wide == []


@whose
def test_no_page_scrolls_sideways_in_large_letters(survey: dict[str, Survey], whose: str) -> None:
    assert not survey[whose].too_wide_in_large_letters, "\n".join(
        survey[whose].too_wide_in_large_letters
    )


def test_a_finger_hits_every_control_of_a_public_page(survey: dict[str, Survey]) -> None:
    assert survey["public"].small_targets == []


def test_in_large_letters_a_finger_hits_every_control_even_better(
    survey: dict[str, Survey],
) -> None:
    assert survey["public"].small_targets_for_elders == []


@whose
def test_in_large_letters_no_text_is_small(survey: dict[str, Survey], whose: str) -> None:
    assert survey[whose].small_text_for_elders == []


@whose
def test_a_program_finds_no_barrier_in_any_mode(survey: dict[str, Survey], whose: str) -> None:
    assert survey[whose].barriers == []


@whose
def test_every_text_stands_out_from_its_ground(survey: dict[str, Survey], whose: str) -> None:
    assert survey[whose].pale == []


@whose
def test_at_night_pages_are_dark_and_can_be_read(survey: dict[str, Survey], whose: str) -> None:
    assert survey[whose].light_at_night == []
    assert survey[whose].pale_at_night == []


@whose
def test_no_page_breaks_its_content_policy_or_complains_in_the_console(
    survey: dict[str, Survey], whose: str
) -> None:
    assert survey[whose].ear.complaints == []


def test_a_finger_hits_every_control_of_each_step(
    pages: Pages, open_phone: Callable[..., Page]
) -> None:
    page = open_phone()
    finger = Finger(page)
    page.goto(f"/q/{pages.codes['open']}")

    for question in questions_of(page):
        expect(page.locator(f"#{question.id}")).to_be_visible()
        assert page.evaluate(SMALL_TARGETS, TARGET) == []
        finger.tap(NEXT)

    expect(page.locator(HAND_IN)).to_be_visible()
    assert page.evaluate(SMALL_TARGETS, TARGET) == []


@pytest.mark.parametrize(
    "name",
    [
        "paper, answers missing",
        "paper online, answers missing",
        "paper, not recognised",
        "sign in, empty",
    ],
)
def test_the_focus_goes_to_what_is_wrong(
    pages: Pages, open_phone: Callable[..., Page], name: str
) -> None:
    page = open_phone()

    pages.public[name](page)

    expect(page.locator("[data-notice]")).to_be_focused()


@pytest.mark.parametrize("name", ["new event, empty", "posters, empty"])
def test_the_focus_goes_to_what_is_wrong_for_organizers_too(
    pages: Pages, open_desk: Callable[..., Page], name: str
) -> None:
    page = open_desk()

    pages.organizers[name](page)

    expect(page.locator("[data-notice]")).to_be_focused()


def test_the_links_of_the_notice_lead_to_the_questions_that_lack_an_answer(
    pages: Pages, open_phone: Callable[..., Page]
) -> None:
    page = open_phone()
    pages.public["paper, answers missing"](page)

    page.locator("[data-notice] a[href='#q4']").tap()

    expect(page.locator("#q4")).to_be_visible()
    expect(page.locator("#q4")).to_be_in_viewport()
    expect(page.locator("#q4")).to_be_focused()
    expect(choice(page, 4)).to_be_in_viewport()


@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
def test_on_a_phone_the_pages_of_organizers_open_from_a_menu(
    open_desk: Callable[..., Page], script: bool
) -> None:
    page = open_desk(viewport=PHONE, java_script_enabled=script)
    expect(page.locator(".top__nav")).to_be_hidden()

    page.locator(".top__menu summary").click()
    page.locator(".top__nav").get_by_role("link", name="我的账号").click()

    page.wait_for_url("**/organize/account")
    expect(page.locator(".top__nav")).to_be_hidden()


def test_in_large_letters_a_phone_shows_the_table_instead_of_a_map_wider_than_itself(
    pages: Pages, open_phone: Callable[..., Page]
) -> None:
    page = open_phone()
    pages.public["province"](page)
    expect(page.locator(".tilemap")).to_be_visible()

    page.locator("button[name=display][value=elder]").tap()

    expect(page.locator("html")).to_have_class("elder")
    expect(page.locator(".tilemap")).to_be_hidden()
    expect(page.locator("table").first).to_be_visible()


def test_what_the_policy_forbids_would_be_heard(open_phone: Callable[..., Page], ear: Ear) -> None:
    page = open_phone()
    page.goto("/")

    page.evaluate(
        """() => document.body.insertAdjacentHTML("beforeend", "<p style='color: red'>!</p>")"""
    )

    page.context.close()
    assert any("Content Security Policy" in complaint for complaint in ear.complaints)
    ear.complaints.clear()
