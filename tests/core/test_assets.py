"""One stylesheet and one script per page, kept by browsers for as long as they don't change."""

import gzip
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from core import assets
from tests.builders import a_poster, an_event
from tests.conftest import ROOT

STATIC = ROOT / "static"
NAMES = ["phone.css", "phone.js", "site.css", "site.js"]
LINKED = re.compile(r'<(?:link rel="stylesheet"|script type="module") (?:href|src)="([^"]+)">')
ROOM_ON_THE_PHONE = 12 * 1024  # of the 30 KB of a scan; the paper itself takes up to 14
VERSION = re.compile(r"/assets/(\w+)/")


@pytest.fixture
def linked(client: FlaskClient) -> Callable[[str], list[str]]:
    """Return the stylesheets and scripts that a page names."""
    return lambda path: LINKED.findall(client.get(path).text)


def app_over(static: Path) -> Flask:
    """Make a bare app that joins the files of a folder."""
    app = Flask("shop", static_folder=str(static))
    assets.init_app(app)
    return app


def address(app: Flask, name: str) -> str:
    """Return the address of a joined file."""
    with app.test_request_context():
        return assets.asset_url(name)


def test_a_page_names_one_stylesheet_and_one_script(linked: Callable[[str], list[str]]) -> None:
    for path in ("/", "/learn", "/participation", "/organize/sign-in", "/no-such-page"):
        names = [file.rsplit("/", 1)[1] for file in linked(path)]
        assert names == ["site.css", "site.js"], path


def test_a_scan_names_the_small_stylesheet_and_script_only(
    save: Callable[..., Any], linked: Callable[[str], list[str]]
) -> None:
    poster = save(a_poster(an_event()))

    names = [file.rsplit("/", 1)[1] for file in linked(f"/q/{poster.code}")]

    assert names == ["phone.css", "phone.js"]


@pytest.mark.parametrize(("name", "kind"), [("site.css", "text/css"), ("site.js", "javascript")])
def test_a_named_file_is_there_and_kept_for_ever(
    client: FlaskClient, linked: Callable[[str], list[str]], name: str, kind: str
) -> None:
    [path] = [file for file in linked("/") if file.endswith(name)]

    response = client.get(path)

    assert response.status_code == 200
    assert kind in response.mimetype
    assert "immutable" in response.headers["Cache-Control"]
    assert "max-age=31536000" in response.headers["Cache-Control"]
    assert "Set-Cookie" not in response.headers


@pytest.mark.parametrize(
    "path",
    [
        "/assets/000000000000/site.css",
        "/assets/{version}/site.js.map",
        "/assets/{version}/phone.css",
        "/assets/{version}/../../app.py",
        "/assets/{version}/%2e%2e%2fapp.py",
        "/assets/{version}/",
    ],
)
def test_an_address_of_other_content_is_unknown_and_not_kept(
    client: FlaskClient, linked: Callable[[str], list[str]], path: str
) -> None:
    [known] = [file for file in linked("/") if file.endswith("site.css")]

    response = client.get(path.format(version=VERSION.findall(known)[0]))

    assert response.status_code == 404
    assert "immutable" not in response.headers["Cache-Control"]


def test_the_address_changes_with_the_content_and_only_then(tmp_path: Path) -> None:
    static = tmp_path / "static"
    shutil.copytree(STATIC, static)
    before = {name: address(app_over(static), name) for name in NAMES}
    again = {name: address(app_over(static), name) for name in NAMES}

    with (static / "js" / "quiz.js").open("a") as file:
        file.write("// changed\n")

    after = {name: address(app_over(static), name) for name in NAMES}
    assert again == before
    assert [name for name in NAMES if after[name] != before[name]] == ["phone.js"]


@pytest.mark.parametrize("name", NAMES)
def test_a_joined_file_holds_its_parts_whole_and_in_order(app: Flask, name: str) -> None:
    stem, kind = name.split(".")
    parts = (assets.SHEETS if kind == "css" else assets.SCRIPTS)[stem]

    text = app.test_client().get(address(app, name)).text

    places = [text.find((STATIC / kind / f"{part}.{kind}").read_text()) for part in parts]
    assert -1 not in places
    assert places == sorted(places)


@pytest.mark.parametrize("kind", ["css", "js"])
def test_no_file_lies_around_unused(kind: str) -> None:
    bundles = assets.SHEETS if kind == "css" else assets.SCRIPTS

    used = {part for parts in bundles.values() for part in parts}

    assert {path.stem for path in (STATIC / kind).glob(f"*.{kind}")} == used


@pytest.mark.parametrize("encoding", ["gzip", "br", "zstd"])
def test_joined_files_travel_compressed(app: Flask, encoding: str) -> None:
    path = address(app, "phone.css")

    packed = app.test_client().get(path, headers={"Accept-Encoding": encoding})

    assert packed.headers["Content-Encoding"] == encoding
    assert "Accept-Encoding" in packed.headers["Vary"]
    assert len(packed.data) < len(app.test_client().get(path).data) / 2


def test_stylesheet_and_script_leave_the_phone_room_for_the_paper(app: Flask) -> None:
    files = [app.test_client().get(address(app, name)).data for name in ("phone.css", "phone.js")]

    assert sum(len(gzip.compress(file)) for file in files) < ROOM_ON_THE_PHONE


def test_the_phones_stylesheet_fetches_nothing_more() -> None:
    for part in assets.SHEETS["phone"]:
        text = (STATIC / "css" / f"{part}.css").read_text(encoding="utf-8")
        for fetching in ("url(", "@import", "@font-face", "image-set("):
            assert fetching not in text, part


@pytest.mark.parametrize("path", sorted(STATIC.glob("css/*.css")), ids=lambda path: path.name)
def test_a_stylesheet_fetches_only_pictures_of_ours_that_exist(path: Path) -> None:
    text = path.read_text(encoding="utf-8")

    assert "@import" not in text
    assert "@font-face" not in text
    for fetched in re.findall(r"url\(\s*[\"']?([^\"')]*)", text):
        assert fetched.startswith("/static/")
        assert (ROOT / fetched.removeprefix("/")).is_file()


@pytest.mark.parametrize("path", sorted(STATIC.glob("js/*.js")), ids=lambda path: path.name)
def test_a_script_needs_no_other_host_and_no_inline_code(path: Path) -> None:
    text = path.read_text(encoding="utf-8")

    assert not re.search(r"https?:", text)
    for forbidden in ("eval(", "new Function", "document.write", 'setAttribute("style"'):
        assert forbidden not in text


@pytest.mark.parametrize("path", sorted(STATIC.glob("js/*.js")), ids=lambda path: path.name)
def test_a_script_holds_no_words_for_people(path: Path) -> None:
    code = re.sub(r"//.*|/\*.*?\*/", "", path.read_text(encoding="utf-8"))

    assert not re.search(r"[\u4e00-\u9fff]", code)


def test_raw_colours_stand_in_the_tokens_only() -> None:
    raw = re.compile(r"#[0-9a-fA-F]{3,8}\b|\brgba?\(|\bhsla?\(")

    found = {
        path.name: raw.findall(path.read_text(encoding="utf-8"))
        for path in STATIC.glob("css/*.css")
        if path.name != "tokens.css"
    }

    assert {name: colours for name, colours in found.items() if colours} == {}
