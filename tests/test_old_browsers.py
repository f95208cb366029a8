"""Scripts and stylesheets use nothing that Chrome 80 or iOS 13 lacks, but where it is named here.

`tests/newer_features.json` lists what is newer; tools/newer_features.py wrote it. An old browser
drops a declaration, a rule or a whole script that it cannot read, so each exception says what is
left then.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import pytest

from tests.conftest import ROOT

SHEETS = sorted((ROOT / "static" / "css").glob("*.css"))
SCRIPTS = sorted((ROOT / "static" / "js").glob("*.js"))
# What is left where a browser drops the declaration.
PROPERTIES = {
    "accent-color": "boxes in the browser's own colour",
    "appearance": "-webkit-appearance stands beside it",
    "break-after": "a heading may end a sheet",
    "break-inside": "a line may end on the next sheet",
    "cursor": "iPhones have no mouse",
    "color-scheme": "light scroll bars and boxes at night",
    "forced-color-adjust": "a frame in the system's colour",
    "outline": "a ring with square corners",
    "print-color-adjust": "-webkit-print-color-adjust stands beside it",
    "scroll-padding-top": "what a link leads to stands at the very edge",
    "text-size-adjust": "-webkit-text-size-adjust stands beside it",
    "text-underline-offset": "a line nearer to the letters",
    "text-wrap": "lines of unlike length",
    "user-select": "-webkit-user-select, or marking by hand",
}
VALUES = {
    ("overflow-wrap", "anywhere"): "break-word from body, which breaks long words as well",
    ("font-family", "ui-monospace"): "the next family of the list",
    # Grids know both; flex boxes learned them later.
    ("align-content", "start"): "of a grid",
    ("align-self", "start"): "of a grid's part",
    ("align-self", "end"): "of a grid's part",
}
# Each stands alone in its rule, which is dropped as a whole.
SELECTORS = {
    "focus-visible": "the browser's own ring",
    "-moz-progress-bar": "for Firefox only",
}
# What a script asks for before it uses it, or does without.
MEMBERS = {
    "submitter": "asked for first; undefined otherwise",
    "wakeLock": "asked for first; the operator sets the screen otherwise",
    "clipboard": "asked for first; one copies by hand otherwise",
    "writeText": "of clipboard",
    # Names of our own.
    "forget": "of a paper's memory in quiz.js",
    "number": "of a lesson in board.js",
    "share": "of a team in board.js",
    "tag": "of the big screen's numbers in board.js",
}
SYNTAX = {
    "?.": re.compile(r"\?\.(?!\d)"),
    "??": re.compile(r"\?\?"),
    "||= or &&=": re.compile(r"\|\|=|&&="),
    "a private name": re.compile(r"[.\s]#\w"),
    "import()": re.compile(r"\bimport\("),
}
COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
QUIET = re.compile(
    r"//[^\n]*|/\*.*?\*/|\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'|/(?![/*\s])(?:\\.|[^/\\\n])+/[gimuy]*(?=[.,;)])",
    re.DOTALL,
)
PSEUDO = re.compile(r"::?([a-z-]+)")
WORD = re.compile(r"[a-z-]+")
CALLED = re.compile(r"([a-z0-9-]+)\(")
FLEX = re.compile(r"\b(?:inline-)?flex\b")
NO_GAP = "@supports not (inset: 0)"


@cache
def newer() -> dict[str, Any]:
    """Read what is newer."""
    found: dict[str, Any] = json.loads((ROOT / "tests" / "newer_features.json").read_text())
    return found


@dataclass(frozen=True)
class Rule:
    """A rule of a stylesheet, with the conditions around it."""

    sheet: str
    within: tuple[str, ...]
    selector: str
    declarations: tuple[tuple[str, str], ...]

    @property
    def is_guarded(self) -> bool:
        """Whether only browsers that say they know a thing read it."""
        return any(part.startswith(("@supports (", "@supports selector(")) for part in self.within)

    @property
    def selectors(self) -> list[str]:
        """The selectors of its list."""
        return [part.strip() for part in re.split(r",(?![^(]*\))", self.selector)]

    def __str__(self) -> str:
        return f"{self.sheet}: {' '.join((*self.within, self.selector))}"


def rules_of(sheet: str, text: str, within: tuple[str, ...] = ()) -> Iterator[Rule]:
    """Read the rules of a stylesheet."""
    at = 0
    while (opens := text.find("{", at)) >= 0:
        head = text[at:opens].rpartition(";")[2].strip()
        depth, closes = 1, opens + 1
        while depth:
            depth += {"{": 1, "}": -1}.get(text[closes], 0)
            closes += 1
        inside = text[opens + 1 : closes - 1]
        if head.startswith(("@media", "@supports")):
            yield from rules_of(sheet, inside, (*within, head))
        elif not head.startswith(("@keyframes", "@page")):
            pairs = (part.partition(":") for part in inside.split(";") if ":" in part)
            declared = tuple((name.strip(), value.strip()) for name, _, value in pairs)
            yield Rule(sheet, within, head, declared)
        at = closes


@cache
def rules() -> list[Rule]:
    """Read the rules of all stylesheets."""
    texts = {path.name: COMMENT.sub("", path.read_text(encoding="utf-8")) for path in SHEETS}
    return [rule for name, text in texts.items() for rule in rules_of(name, text)]


def test_stylesheets_use_no_property_that_old_phones_lack() -> None:
    unknown = {*newer()["css"]["properties"]} - {*PROPERTIES}

    assert [
        f"{rule} {name}"
        for rule in rules()
        for name, _value in rule.declarations
        if name in unknown and not rule.is_guarded
    ] == []


def test_stylesheets_use_no_value_that_old_phones_lack() -> None:
    values, functions = newer()["css"]["values"], {*newer()["css"]["types"]}

    def lacking(rule: Rule) -> Iterator[str]:
        for name, value in rule.declarations:
            words = {*WORD.findall(value)} & {*values.get(name, ())}
            yield from (w for w in words if (name, w) not in VALUES and name not in PROPERTIES)
            yield from {*CALLED.findall(value)} & functions

    assert {
        str(rule): found for rule in rules() if not rule.is_guarded and (found := [*lacking(rule)])
    } == {}


def test_stylesheets_use_no_selector_that_old_phones_lack() -> None:
    unknown = {*newer()["css"]["selectors"]}

    def lacking(rule: Rule) -> Iterator[str]:
        for selector in rule.selectors:
            for name in {*PSEUDO.findall(selector)} & unknown:
                if name not in SELECTORS or len(rule.selectors) > 1:
                    yield f":{name}"
            if re.search(r":not\([^)]*,", selector):
                yield ":not() with a list"

    assert {
        str(rule): found for rule in rules() if not rule.is_guarded and (found := [*lacking(rule)])
    } == {}


def test_stylesheets_use_no_condition_that_old_phones_lack() -> None:
    known = re.compile(
        r"@(media|supports) (screen and )?(print|\((min|max)-(width|aspect-ratio): [^)]+\)"
        r"|\(prefers-(color-scheme|reduced-motion): [a-z-]+\)|\(forced-colors: active\)"
        r"|(not )?\(\S+: \S+\)|selector\(.*\))( and |$)"
    )

    assert [str(rule) for rule in rules() if not all(map(known.match, rule.within))] == []


def test_what_stands_side_by_side_keeps_its_distance_without_flex_gap() -> None:
    apart = {
        selector.removesuffix(" > *")
        for rule in rules()
        if NO_GAP in rule.within
        for selector in rule.selectors
    }

    def close(rule: Rule) -> list[str]:
        declared = dict(rule.declarations)
        gap = declared.get("gap", declared.get("column-gap", "0"))
        is_flex = FLEX.search(declared.get("display", "")) and gap != "0"
        return [s for s in rule.selectors if is_flex and s not in apart]

    assert {str(rule): found for rule in rules() if (found := close(rule))} == {}


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_a_script_uses_nothing_that_old_phones_lack(path: Any) -> None:
    features = newer()["js"]
    code = QUIET.sub('""', path.read_text(encoding="utf-8"))

    words = [name for name, found in SYNTAX.items() if found.search(code)]
    members = ({*re.findall(r"\.(\w+)", code)} & {*features["members"]}) - {*MEMBERS}
    objects = {*re.findall(r"(?<![.\w])([A-Z]\w+)", code)} & {*features["objects"]}
    statics = {*re.findall(r"\b([A-Z]\w+\.\w+)", code)} & {*features["statics"]}

    assert [*words, *sorted(members | objects | statics)] == []
