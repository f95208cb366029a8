"""The design system: colours that can be read, sizes that grow, marks for all topics."""

import re
from itertools import product

import pytest
from flask import Flask

from tests.conftest import ROOT
from tests.question_bank.samples import shipped_bank

TOKENS = re.sub(
    r"/\*.*?\*/", "", (ROOT / "static" / "css" / "tokens.css").read_text(), flags=re.DOTALL
)
MARKS = (ROOT / "templates" / "partials" / "marks.html").read_text(encoding="utf-8")
DECLARED = re.compile(r"--([\w-]+): ([^;]+);")
INKS = ("ink", "ink-soft", "ochre", "ochre-deep", "strait", "tea", "seal")
GROUNDS = ("paper", "sheet", "ochre-wash", "strait-wash", "tea-wash", "seal-wash")
ON_FULL = [("on-ochre", "ochre"), ("on-ochre", "ochre-deep"), ("sheet", "seal")]
# What stands on the five steps of a map.
ON_STEPS = [
    *(("ink", f"step-{n}") for n in (1, 2, 3)),
    ("on-ochre", "step-4"),
    ("on-ochre", "step-5"),
]
LEAST_CONTRAST = 4.5
ELDER_TEXT_PX, ELDER_TARGET_PX = 18, 60


def block(head: str) -> dict[str, str]:
    """Return the tokens declared in the first rule that begins so."""
    begin = TOKENS.index(head)
    return dict(DECLARED.findall(TOKENS[begin : TOKENS.index("}", begin)]))


LIGHT = block(":root {")
DARK = LIGHT | block("@media screen and (prefers-color-scheme: dark)")


def luminance(colour: str) -> float:
    """Return the relative luminance of `#rrggbb`, as WCAG 2.2 defines it."""
    shares = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in shares)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours, from 1 to 21."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("tokens", [LIGHT, DARK], ids=["light", "dark"])
def test_every_ink_can_be_read_on_every_ground(tokens: dict[str, str]) -> None:
    pairs = [*product(INKS, GROUNDS), *ON_FULL, *ON_STEPS]

    pale = {
        f"{ink} on {ground}": round(found, 2)
        for ink, ground in pairs
        if (found := contrast(tokens[ink], tokens[ground])) < LEAST_CONTRAST
    }

    assert pale == {}


def test_every_colour_has_its_like_at_night() -> None:
    told = {*INKS, *GROUNDS, "on-ochre", "line", "shade"}

    assert told <= {*block("@media screen and (prefers-color-scheme: dark)")}


def test_in_elder_mode_no_text_is_below_18_and_no_target_below_60_px() -> None:
    elder = LIGHT | block(".elder {")
    px = {name: float(value[:-3]) * 16 for name, value in elder.items() if value.endswith("rem")}

    assert min(size for name, size in px.items() if name.startswith("text-")) >= ELDER_TEXT_PX
    assert px["target"] >= ELDER_TARGET_PX
    assert all(
        px[name] > float(value[:-3]) * 16
        for name, value in LIGHT.items()
        if name.startswith("text-")
    )


def test_every_topic_has_a_mark_of_its_own() -> None:
    drawn = re.findall(r'"([\w-]*)": "(M[^"]+)"', MARKS)

    assert {topic.id for topic in shipped_bank().topics} <= {name for name, _ in drawn}
    assert len({path for _, path in drawn}) == len(drawn)


def test_the_styleguide_is_shown_in_debug_mode_only(app: Flask) -> None:
    closed = app.test_client().get("/styleguide")
    app.debug = True
    shown = app.test_client().get("/styleguide")

    assert (closed.status_code, shown.status_code) == (404, 200)
    assert all(f"--{name}" in shown.text for name in (*INKS, *GROUNDS))
