"""Chinese in Traditional characters, as readers from across the strait are used to it.

OpenCC turns characters, and phrases where one character has several; a reviewed list of terms,
`translations/zh_Hant/terms.csv`, goes before it. Both never change while a process runs, so the
same text always becomes the same. See `docs/decisions/0021-traditional-chinese.md`. Pure.
"""

import csv
import enum
import re
from collections.abc import Mapping
from functools import cache, lru_cache
from pathlib import Path

from opencc import OpenCC

TERMS = Path(__file__).parent.parent / "translations" / "zh_Hant" / "terms.csv"
NAMES_KEPT = 8192

_CONFIG = "s2tw"  # Taiwan's characters; its words are the list's affair: law keeps its own
_TITLE = re.compile(r"(《[^《》]*》)")


class Usage(enum.StrEnum):
    """What a text is, and so which terms of the list apply to it."""

    NAMES = "names"
    """Of regions, bodies and statutes: their characters change, their words never."""
    BANK = "bank"
    """What questions and topics say."""
    INTERFACE = "interface"
    """What pages say."""
    MESSAGE = "message"
    """What a page says, where nothing else stands in the message."""


def traditional(text: str, usage: Usage) -> str:
    """Write a text in Traditional characters; the title of a law (《…》) stays its own name."""
    if usage is Usage.NAMES:
        return name(text)
    if usage is Usage.INTERFACE and text in (whole := _terms(Usage.MESSAGE)[0]):
        return whole[text]
    pieces = _TITLE.split(text)
    return "".join(
        name(piece) if place % 2 else _convert(piece, usage) for place, piece in enumerate(pieces)
    )


@lru_cache(maxsize=NAMES_KEPT)
def name(text: str) -> str:
    """Write a name in Traditional characters; the latest ones are remembered."""
    return _convert(text, Usage.NAMES)


def _convert(text: str, usage: Usage) -> str:
    """Put the list's terms first, the longest first, and leave what is between them to OpenCC."""
    terms, pattern = _terms(usage)
    converter = _converter()
    return "".join(
        terms[piece] if piece in terms else converter.convert(piece)
        for piece in pattern.split(text)
        if piece
    )


@cache
def _converter() -> OpenCC:
    """Load the dictionaries at the first need: most processes never have one."""
    return OpenCC(_CONFIG)


@cache
def _terms(usage: Usage) -> tuple[Mapping[str, str], re.Pattern[str]]:
    with TERMS.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if usage.value in row["used_in"].split()]
    terms = {row["simplified"]: row["traditional"] for row in rows}
    longest_first = sorted(terms, key=lambda term: (-len(term), term))
    return terms, re.compile(f"({'|'.join(map(re.escape, longest_first))})")
