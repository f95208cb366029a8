"""Catalogs: current with the words in the code, complete, and no hole lost."""

import ast
import io
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages import mofile, pofile
from babel.messages.catalog import Catalog, Message

from tests.conftest import ROOT
from tests.written import not_traditional

TRANSLATIONS = ROOT / "translations"
PACKAGES = ("core", "question_bank", "outreach")
GETTEXT = {"_", "_l", "N_", "gettext", "lazy_gettext", "ngettext", "pgettext", "npgettext"}
GLUED = (ast.JoinedStr, ast.BinOp, ast.Call)  # f"...", "..." + "...", "...".format()
COMMAND = re.compile(r"pybabel -q extract (?P<options>.*?) -o \$\(POT\) \.")
PERCENT = re.compile(r"%(?:\(\w+\))?[-#0 +]*\d*(?:\.\d+)?[a-zA-Z]")
BRACES = re.compile(r"\{\w*\}")
TAGS = re.compile(r"</?\w+[^>]*>")
CHINESE = re.compile(r"[\u4e00-\u9fff]")
HALF_WIDTH = re.compile(r"[\u4e00-\u9fff](?:[,;?!]|:\s)|[,;?!][\u4e00-\u9fff]")


def read_catalog(path: Path) -> Catalog:
    """Read a catalog as its translator wrote it."""
    with path.open("rb") as file:
        return pofile.read_po(file)


CATALOGS = {path.parts[-3]: path for path in sorted(TRANSLATIONS.glob("*/LC_MESSAGES/*.po"))}
every_catalog = pytest.mark.parametrize("locale", sorted(CATALOGS))


def messages(locale: str) -> Iterator[Message]:
    """Yield a catalog's messages but for its header."""
    yield from (message for message in read_catalog(CATALOGS[locale]) if message.id)


def ids(message: Message) -> tuple[str, ...]:
    """Return the English of a message, in singular and perhaps plural."""
    return message.id if isinstance(message.id, tuple | list) else (message.id,)


def strings(message: Message) -> tuple[str, ...]:
    """Return the translations of a message."""
    return message.string if isinstance(message.string, tuple | list) else (message.string,)


def key(message: Message) -> tuple[object, ...]:
    """Return what tells a message from others."""
    return (message.context, *ids(message))


def holes(text: str) -> list[str]:
    """Return what is filled in later, in an order that translations may change."""
    return sorted(PERCENT.findall(text.replace("%%", "")) + BRACES.findall(text))


@pytest.fixture(scope="module")
def spoken(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    """Collect the words for people in the code, as `make strings` does."""
    found = COMMAND.search((ROOT / "Makefile").read_text(encoding="utf-8"))
    assert found
    pot = tmp_path_factory.mktemp("strings") / "messages.pot"
    subprocess.run(
        [
            sys.executable,
            "-m",
            "babel.messages.frontend",
            "-q",
            "extract",
            *found["options"].split(),
            "-o",
            str(pot),
            ".",
        ],
        cwd=ROOT,
        check=True,
    )
    return read_catalog(pot)


def test_chinese_has_a_catalog_in_each_script() -> None:
    assert list(CATALOGS) == ["zh", "zh_Hant"]


def test_the_traditional_catalog_is_made_from_the_chinese_one_and_the_list_of_terms() -> None:
    tool = ROOT / "tools" / "traditional_catalog.py"

    checked = subprocess.run(
        [sys.executable, str(tool), "--check"],
        check=False,
        cwd=ROOT,
        capture_output=True,
        text=True,
    )

    assert checked.stderr == "", "not current: make strings"
    assert checked.returncode == 0


def test_traditional_chinese_has_no_simplified_characters() -> None:
    left = {
        ids(message)[0]: found
        for message in messages("zh_Hant")
        for text in strings(message)
        if (found := not_traditional(text))
    }

    assert left == {}


@every_catalog
def test_the_catalog_holds_the_words_of_the_code_and_no_others(
    spoken: Catalog, locale: str
) -> None:
    in_code = {key(message) for message in spoken if message.id}
    in_catalog = {key(message) for message in messages(locale)}

    assert in_code - in_catalog == set(), "not collected yet: make strings"
    assert in_catalog - in_code == set(), "no longer said: make strings"
    assert len(in_code) > 100


@every_catalog
def test_no_translation_is_missing(locale: str) -> None:
    expected = read_catalog(CATALOGS[locale]).num_plurals

    missing = [
        ids(message)
        for message in messages(locale)
        if not all(text and text.strip() for text in strings(message))
        or (message.pluralizable and len(strings(message)) != expected)
    ]

    assert missing == []


@every_catalog
def test_no_translation_is_a_guess(locale: str) -> None:
    assert [ids(message) for message in messages(locale) if message.fuzzy] == []


@every_catalog
def test_nothing_obsolete_is_kept(locale: str) -> None:
    assert list(read_catalog(CATALOGS[locale]).obsolete) == []


@every_catalog
def test_every_hole_survives_translation(locale: str) -> None:
    lost = {
        ids(message): text
        for message in messages(locale)
        for text in strings(message)
        if holes(text) != holes(ids(message)[-1])
    }

    assert lost == {}


@every_catalog
def test_every_tag_survives_translation(locale: str) -> None:
    lost = {
        ids(message): text
        for message in messages(locale)
        for text in strings(message)
        if sorted(TAGS.findall(text)) != sorted(TAGS.findall(ids(message)[-1]))
    }

    assert lost == {}


@every_catalog
def test_babel_finds_no_fault(locale: str) -> None:
    catalog = read_catalog(CATALOGS[locale])

    found = {ids(message): [str(error) for error in errors] for message, errors in catalog.check()}

    assert found == {}


@every_catalog
def test_chinese_is_written_in_chinese(locale: str) -> None:
    not_chinese = {
        ids(message)[0]: text
        for message in messages(locale)
        for text in strings(message)
        if not CHINESE.search(text) and re.search(r"[A-Za-z]{2}", PERCENT.sub("", text))
    }

    assert not_chinese == {}


@every_catalog
def test_chinese_keeps_its_own_punctuation(locale: str) -> None:
    half_width = {
        ids(message)[0]: text
        for message in messages(locale)
        for text in strings(message)
        if HALF_WIDTH.search(BRACES.sub("", PERCENT.sub("", text)))
    }

    assert half_width == {}


def test_english_is_written_in_english() -> None:
    assert [
        text for message in messages("zh") for text in ids(message) if CHINESE.search(text)
    ] == []


@every_catalog
def test_the_compiled_catalog_is_that_of_its_source(locale: str) -> None:
    source = CATALOGS[locale]
    fresh = io.BytesIO()
    mofile.write_mo(fresh, read_catalog(source))
    fresh.seek(0)

    with source.with_suffix(".mo").open("rb") as file:
        compiled = mofile.read_mo(file)

    expected = {key(message): message.string for message in mofile.read_mo(fresh) if message.id}
    assert {key(message): message.string for message in compiled if message.id} == expected
    assert expected


def test_sentences_are_whole_and_written_out() -> None:
    glued = []
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
                    continue
                said = node.args[: 2 if node.func.id == "ngettext" else 1]
                if node.func.id in GETTEXT and any(isinstance(part, GLUED) for part in said):
                    glued.append(f"{path.relative_to(ROOT)}:{node.lineno}")

    assert glued == []
