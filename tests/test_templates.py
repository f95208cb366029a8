"""Templates arrange: nothing inline, nothing trusted blindly, every page complete and labelled."""

import itertools
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from app import create_app
from core.db import db, reading
from outreach.events.models import EventKind
from outreach.organizers import service as organizers
from outreach.posters.codes import new_code
from outreach.posters.models import Poster
from question_bank.models import Question
from tests.builders import FUJIAN, a_poster, an_event
from tests.conftest import ROOT, Databases, csrf_token, settings_for
from tests.phone import Phone
from tests.written import not_traditional

TEMPLATES = ROOT / "templates"
SOURCES = {
    path.relative_to(TEMPLATES).as_posix(): path.read_text(encoding="utf-8")
    for path in sorted(TEMPLATES.rglob("*.html"))
}
BILINGUAL = {"outreach/posters/print.html"}
COMMENT = re.compile(r"\{#.*?#\}", re.DOTALL)
EXTENDS = re.compile(r'\{%-?\s*extends\s+"([^"]+)"\s*-?%\}')
CHINESE = re.compile(r"[\u3400-\u9fff]")
ENGLISH = re.compile(r"[A-Za-z]{4,}")
# What has no Chinese name: file formats, our codes and links, the button of the other language.
NOT_ENGLISH = re.compile(
    r"https?://\S+|\b(?:English|JSON|YAML|Excel|Moodle|GIFT|Aiken)\b"
    r"|\b[A-Z0-9]{4} ?[A-Z0-9]{4}\b|\b[a-z0-9]+(?:-[a-z0-9]+)+\b"
)
UNSPOKEN = {"", "title", "code"}  # a title has one language, a command none
VOID = {"area", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"}


def faults(rule: Callable[[str, str], Iterable[str]]) -> dict[str, list[str]]:
    """Return what breaks a rule, by template."""
    found = {name: list(rule(name, COMMENT.sub("", text))) for name, text in SOURCES.items()}
    return {name: broken for name, broken in found.items() if broken}


def matches(pattern: str) -> dict[str, list[str]]:
    """Return where a pattern occurs, by template."""
    return faults(lambda _name, text: re.findall(pattern, text, re.IGNORECASE))


def is_part(name: str) -> bool:
    """Tell whether a template is only a part of pages."""
    return name.startswith("partials/") or name.rsplit("/", 1)[-1].startswith("_")


@dataclass
class Element:
    """An element with what stands in it."""

    tag: str
    attributes: dict[str, str]
    lang: str
    text: str = ""
    within: tuple[str, ...] = ()


@dataclass
class Page(HTMLParser):
    """A rendered page, read as a browser reads it."""

    html: str
    elements: list[Element] = field(default_factory=list)
    spoken: list[tuple[str, str]] = field(default_factory=list)  # language and text
    crooked: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()
        self._open: list[Element] = []
        self.feed(self.html)
        self.close()
        self.crooked += [f"never closed: {element.tag}" for element in self._open]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        outer = self._open[-1].lang if self._open else ""
        lang = attributes.get("lang", outer)
        element = Element(tag, attributes, lang, within=tuple(e.tag for e in self._open))
        self.elements.append(element)
        self.spoken += [
            (lang, attributes[name])
            for name in ("alt", "aria-label", "placeholder", "title")
            if attributes.get(name)
        ]
        if tag not in VOID:
            self._open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self._open or self._open[-1].tag != tag:
            self.crooked.append(
                f"</{tag}> closes {self._open[-1].tag if self._open else 'nothing'}"
            )
            return
        self._open.pop()

    def handle_data(self, data: str) -> None:
        for element in self._open:
            element.text += data
        innermost = self._open[-1].tag if self._open else ""
        if data.strip() and innermost not in UNSPOKEN:
            self.spoken.append((self._open[-1].lang, data.strip()))

    def all(self, *tags: str) -> list[Element]:
        """Return the elements of some kinds."""
        return [element for element in self.elements if element.tag in tags]


def signed_in(app: Flask) -> FlaskClient:
    """Return the browser of somebody who may open every page."""
    with app.app_context():
        organizers.add("lin", "correct horse", FUJIAN, edits_questions=True, reviews_questions=True)
        db.session.commit()
    client = app.test_client()
    client.environ_base["HTTP_REFERER"] = "https://localhost/"
    token = csrf_token(client.get("/organize/sign-in").text)
    form = {"csrf_token": token, "name": "lin", "password": "correct horse"}
    assert client.post("/organize/sign-in", data=form).status_code == 303
    return client


def add_posters(app: Flask) -> list[Poster]:
    """Add a poster of an open, an online and a closed event."""
    now = datetime.now(UTC)
    posters = [
        a_poster(an_event()),
        a_poster(an_event(kind=EventKind.ONLINE, region_code=FUJIAN)),
        a_poster(an_event(opens_at=now - timedelta(hours=2), closes_at=now - timedelta(hours=1))),
    ]
    with app.app_context():
        db.session.add_all(posters)
        db.session.commit()
        for poster in posters:
            db.session.refresh(poster)
        db.session.expunge_all()
    return posters


def addresses(app: Flask, posters: list[Poster], receipt: str) -> list[str]:
    """Return the pages without a hole in their address, and one of each kind with a hole."""
    live, online, closed = posters
    whole = {
        rule.rule
        for rule in app.url_map.iter_rules()
        if "GET" in (rule.methods or set()) and not rule.arguments
    }
    with app.app_context(), reading():
        topic_id, question_id = db.session.execute(
            sa.select(Question.topic_id, Question.id).order_by(Question.id).limit(1)
        ).one()
    event = f"/organize/events/{live.event_id}"
    return [
        *sorted(whole),
        "/?code=zzz",
        f"/learn/{topic_id}",
        f"/learn/{topic_id}/{question_id}",
        "/participation/350500",
        f"/q/{live.code}",
        f"/q/{online.code}",
        f"/q/{closed.code}",
        f"/q/{new_code()}",
        receipt,
        "/no-such-page",
        event,
        f"{event}/edit",
        f"{event}/posters",
        f"/organize/posters/{live.code}/print",
        f"/bank/questions/{question_id}",
        f"/bank/questions/{question_id}/edit",
        f"/bank/questions/{question_id}/revisions/1",
    ]


@dataclass(frozen=True)
class Rendered:
    """A page of every kind, in one language."""

    lang: str
    pages: dict[str, Page]


@pytest.fixture(scope="module", params=["zh-CN", "zh-Hant", "en"])
def rendered(
    request: pytest.FixtureRequest,
    databases: Databases,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Rendered]:
    """Render a page of every kind, once for all tests here: they only look."""
    folder = tmp_path_factory.mktemp("rendered")
    database_url = databases.fresh(folder)
    app = create_app(settings_for(database_url, folder))
    insider = signed_in(app)
    posters = add_posters(app)
    headers = {"Accept-Language": request.param}
    visitor = Phone(app, headers)
    paths = addresses(app, posters, visitor.take(posters[0].code))
    answers = {path: insider.get(path, headers=headers) for path in paths}
    pages = {
        path: Page(answer.text)
        for path, answer in answers.items()
        if answer.mimetype == "text/html" and not answer.location
    }
    sign_in = app.test_client().get("/organize/sign-in", headers=headers)
    incomplete = visitor.send(visitor.scan(posters[1].code), {})
    pages |= {"sign-in": Page(sign_in.text), "incomplete": Page(incomplete.text)}
    yield Rendered(request.param, pages)
    with app.app_context():
        db.engine.dispose()
    databases.drop(database_url)


def broken(rendered: Rendered, rule: Callable[[Page], Iterable[object]]) -> dict[str, list[object]]:
    """Return what breaks a rule, by page."""
    found = {path: list(rule(page)) for path, page in rendered.pages.items()}
    return {path: faults for path, faults in found.items() if faults}


def has_name(page: Page, control: Element) -> bool:
    """Tell whether a screen reader can say what a control is."""
    labels = page.all("label")
    return bool(
        control.attributes.get("aria-label")
        or control.attributes.get("aria-labelledby")
        or any(
            label.attributes.get("for") == control.attributes.get("id") and label.text.strip()
            for label in labels
            if "for" in label.attributes
        )
        or "label" in control.within
    )


def test_no_template_styles_an_element() -> None:
    assert matches(r"\sstyle\s*=") == {}
    assert matches(r"<style\b") == {}


def test_no_template_holds_a_script() -> None:
    assert matches(r"<script\b(?![^>]*\ssrc=)[^>]*>") == {}
    assert matches(r"\son[a-z]+\s*=") == {}
    assert matches(r"javascript:") == {}


def test_no_template_trusts_text_as_html() -> None:
    assert matches(r"\|\s*safe\b") == {}
    assert matches(r"autoescape") == {}
    assert matches(r"\bMarkup\b") == {}


def test_no_template_names_another_host() -> None:
    assert matches(r"(?:src|href|action)\s*=\s*[\"'](?:https?:)?//") == {}


def test_no_template_stops_a_reader_from_zooming() -> None:
    assert matches(r"user-scalable|maximum-scale") == {}


def test_every_page_extends_the_base() -> None:
    def base_of(name: str) -> str:
        found = EXTENDS.match(SOURCES[name].lstrip())
        return base_of(found[1]) if found else name

    roots = {name: base_of(name) for name in SOURCES if not is_part(name)}

    assert {name: root for name, root in roots.items() if root != "base.html"} == {}


def test_every_page_has_a_title_of_its_own() -> None:
    def lacks_title(name: str) -> bool:
        found = EXTENDS.match(SOURCES[name].lstrip())
        if found is None or "{% block title %}" in SOURCES[name]:
            return "{% block title" not in SOURCES[name]
        return lacks_title(found[1])

    inherited = {found[1] for text in SOURCES.values() if (found := EXTENDS.match(text.lstrip()))}
    shown = [name for name in SOURCES if not is_part(name) and name not in inherited]

    assert "{% block title required %}" in SOURCES["base.html"]
    assert [name for name in shown if lacks_title(name)] == []


def test_templates_hold_no_chinese_but_where_both_languages_are_printed() -> None:
    found = faults(lambda _name, text: CHINESE.findall(text))

    assert set(found) == BILINGUAL


def test_templates_ask_no_database() -> None:
    assert (
        matches(r"\b(?:db|session|query)\.(?:session|execute|scalar|scalars|get|all|filter)") == {}
    )


def test_every_template_is_used() -> None:
    python = "".join(
        path.read_text(encoding="utf-8")
        for package in ("core", "question_bank", "outreach")
        for path in (ROOT / package).rglob("*.py")
    )
    everything = python + "".join(SOURCES.values())

    def is_used(name: str) -> bool:
        return f'"{name}"' in everything or name.startswith("errors/")

    assert [name for name in SOURCES if not is_used(name)] == []


def test_a_page_has_one_heading_one_main_part_and_a_title(rendered: Rendered) -> None:
    def lacks(page: Page) -> Iterable[str]:
        for tag in ("h1", "main", "title"):
            found = [element for element in page.all(tag) if "svg" not in element.within]
            if len(found) != 1 or not found[0].text.strip():
                yield f"{len(found)} {tag}"
        levels = [int(e.tag[1]) for e in page.all("h1", "h2", "h3", "h4", "h5", "h6")]
        for above, below in itertools.pairwise(levels):
            if below > above + 1:
                yield f"h{below} after h{above}"

    assert broken(rendered, lacks) == {}


def test_a_page_is_well_formed_and_its_ids_are_unique(rendered: Rendered) -> None:
    def crooked(page: Page) -> Iterable[str]:
        yield from page.crooked
        ids = [e.attributes["id"] for e in page.elements if "id" in e.attributes]
        yield from {f"twice: {name}" for name in ids if ids.count(name) > 1}
        for element in page.elements:
            for name in ("for", "aria-describedby", "aria-labelledby", "form"):
                for target in element.attributes.get(name, "").split():
                    if target not in ids:
                        yield f"{name} points nowhere: {target}"

    assert broken(rendered, crooked) == {}


def test_every_control_picture_and_button_has_a_name(rendered: Rendered) -> None:
    def nameless(page: Page) -> Iterable[str]:
        for control in page.all("input", "select", "textarea"):
            if control.attributes.get("type") != "hidden" and not has_name(page, control):
                yield str(control.attributes)
        for picture in page.all("img"):
            if "alt" not in picture.attributes:
                yield str(picture.attributes)
        for pressed in page.all("a", "button"):
            if not (pressed.text.strip() or pressed.attributes.get("aria-label")):
                yield str(pressed.attributes)
        for group in page.all("fieldset"):
            if "<legend" not in page.html:
                yield str(group.attributes)

    assert broken(rendered, nameless) == {}


def test_rendered_pages_hold_nothing_inline(rendered: Rendered) -> None:
    def inline(page: Page) -> Iterable[str]:
        for element in page.elements:
            if element.tag == "style" or (
                element.tag == "script" and not element.attributes["src"]
            ):
                yield element.tag
            for name in element.attributes:
                if name == "style" or name.startswith("on"):
                    yield f"{element.tag} {name}"

    assert broken(rendered, inline) == {}


def test_a_page_says_its_language(rendered: Rendered) -> None:
    said = {
        path: html.attributes.get("lang")
        for path, page in rendered.pages.items()
        for html in page.all("html")
    }

    assert said == dict.fromkeys(rendered.pages, rendered.lang)


def test_a_passage_in_chinese_is_never_announced_as_english(rendered: Rendered) -> None:
    def foreign(page: Page) -> Iterable[str]:
        yield from (text for lang, text in page.spoken if lang == "en" and CHINESE.search(text))

    assert broken(rendered, foreign) == {}


def test_a_passage_in_english_is_never_announced_as_chinese(rendered: Rendered) -> None:
    def foreign(page: Page) -> Iterable[str]:
        for lang, text in page.spoken:
            if lang in {"zh-CN", "zh-Hant"} and not CHINESE.search(text):
                yield from ENGLISH.findall(NOT_ENGLISH.sub("", text))

    assert broken(rendered, foreign) == {}


def test_a_passage_in_one_script_is_never_announced_as_in_the_other(rendered: Rendered) -> None:
    def foreign(page: Page) -> Iterable[str]:
        for lang, text in page.spoken:
            if lang == "zh-Hant" and not_traditional(text):
                yield text

    assert broken(rendered, foreign) == {}
