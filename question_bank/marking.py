"""An author's text as safe HTML with the words of a search marked. Pure."""

from collections.abc import Iterable, Sequence
from itertools import groupby

from markupsafe import Markup

from question_bank.content import EMPHASIS, HAN_RUN
from question_bank.search import Field, Place, Word, fold

AROUND = {"zh": 30, "zh_Hant": 30, "en": 80}
STRONG = Markup("<strong>{}</strong>")
MARK = Markup("<mark>{}</mark>")
CHINESE = Markup('<span lang="zh-CN">{}</span>')


def mark(text: str, words: Sequence[Word], locale: str) -> Markup:
    """Mark words in an author's text; `**…**` stresses, as `content.to_html` has it.

    A word is found across the borders of what is stressed. Everything is escaped.
    """
    plain, stressed = "", set[int]()
    end = 0
    for found in EMPHASIS.finditer(text):
        plain += text[end : found.start()]
        stressed |= set(range(len(plain), len(plain) + len(found[1])))
        plain += found[1]
        end = found.end()
    plain += text[end:]
    return _compose(plain, stressed, words, locale)


def excerpt(field: Field, words: Sequence[Word]) -> Markup:
    """Mark words in a text that tells why a question was found; a long one is cut around them."""
    text = field.text
    first = min((start for word in words for start, _end in word.spans(field.folded)), default=0)
    around = AROUND[field.locale]
    start, end = 0, len(text)
    if field.place in {Place.STEM, Place.EXPLANATION} and end > 2 * around:
        start = _whole_word(text, max(0, min(first - around // 2, end - 2 * around)))
        end = min(end, start + 2 * around)
        end = _whole_word(text, end) if end < len(text) else end
    cut = text[start:end].strip()
    before, after = ("…" if start else ""), ("…" if end < len(text) else "")
    return _compose(before + cut + after, frozenset(), words, field.locale)


def _whole_word(text: str, place: int) -> int:
    """Move a place back to where an English word begins; Chinese may be cut anywhere."""
    while place > 0 and text[place - 1].isascii() and text[place - 1].isalnum():
        place -= 1
    return place


def _compose(plain: str, stressed: Iterable[int], words: Sequence[Word], locale: str) -> Markup:
    folded, strong = fold(plain), frozenset(stressed)
    marked = {n for word in words for start, end in word.spans(folded) for n in range(start, end)}
    foreign = set[int]()
    if locale == "en":
        foreign = {n for run in HAN_RUN.finditer(plain) for n in range(*run.span())}

    def looks(n: int) -> tuple[bool, bool, bool]:
        return n in foreign, n in strong, n in marked

    html = Markup()
    for (is_foreign, is_strong, is_marked), places in groupby(range(len(plain)), looks):
        piece: str | Markup = "".join(plain[n] for n in places)
        for applies, frame in ((is_marked, MARK), (is_strong, STRONG), (is_foreign, CHINESE)):
            piece = frame.format(piece) if applies else piece
        html += piece
    return html
