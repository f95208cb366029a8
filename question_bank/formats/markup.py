"""HTML of other programs <-> the bank's plain text, in which `**…**` stresses. Pure."""

import re
from html import escape, unescape

import nh3

from question_bank.content import EMPHASIS
from question_bank.formats.reading import join_lines

# With what Word leaves behind; parsing takes the square of it at worst.
MAX_HTML = 12_000
STRESSED = {"b", "strong", "em", "i", "u"}
BREAKING = {
    "p", "div", "li", "ul", "ol", "tr", "table", "h1", "h2", "h3", "h4", "h5", "h6", "pre",
    "blockquote", "section", "dd", "dt", "br", "hr",
}  # fmt: skip
UNSEEN = {"script", "style", "title", "template"}
PICTURES = {"img", "svg", "math", "video", "audio", "object", "embed", "iframe", "canvas"}
TOKEN = re.compile(r"<(/?)([a-z0-9]+)>")
SPACES = re.compile(r"[ \t\f]+")
HARD_SPACE = "\xa0"
# A space that HTML would drop: beside another one or beside a line break.
FRAGILE_SPACE = re.compile(r"(?<=[ \n]) | (?=\n)")
ATTRIBUTE = r"""\s+[a-z-]+(?:\s*=\s*(?:"[^"<>]*"|'[^'<>]*'|[^\s"'<>=]+))?"""
TAG = re.compile(
    rf"</?(?:{'|'.join(sorted(STRESSED | BREAKING | PICTURES))}|span|a|font|sub|sup|code)"
    rf"(?:{ATTRIBUTE})*\s*/?>",
    re.IGNORECASE,
)


class PictureError(Exception):
    """The text shows something that is no text."""


class HtmlTooLongError(Exception):
    """The HTML is far longer than a question."""


def to_text(html: str) -> str:
    """Reduce HTML to text: stress to `**…**`, blocks to line breaks, other tags to nothing.

    :raises PictureError: it shows a picture, a film or a formula
    :raises HtmlTooLongError: it is longer than `MAX_HTML`
    """
    if len(html) > MAX_HTML:
        raise HtmlTooLongError
    # nh3 parses as browsers do, whatever comes; what it returns is nested rightly.
    known = STRESSED | BREAKING | PICTURES
    clean = nh3.clean(html, tags=known, attributes={}, clean_content_tags=UNSEEN)
    # Line breaks of the source mean none: they wait as carriage returns. Ends of blocks wait as
    # vertical tabs, for one break is enough between two.
    rest = TOKEN.split(clean.replace("\n", "\r"))
    pieces = [unescape(rest[0])]
    depth = begin = 0
    for slash, tag, data in zip(rest[1::3], rest[2::3], rest[3::3], strict=True):
        if tag in PICTURES:
            raise PictureError
        if tag in BREAKING:
            pieces.append("\n" if tag == "br" else "\v")
        elif tag in STRESSED:
            depth += -1 if slash else 1
            if not slash and depth == 1:
                begin = len(pieces)
            elif depth == 0:
                pieces[begin:] = [_stressed("".join(pieces[begin:]))]
        pieces.append(unescape(data))
    blocks = (_block(block) for block in "".join(pieces).split("\v"))
    return "\n".join(block for block in blocks if block).replace(HARD_SPACE, " ").strip()


def _stressed(within: str) -> str:
    return f"**{within}**" if within.strip() and not re.search("[\n\v]", within) else within


def _block(text: str) -> str:
    return "\n".join(_line(line) for line in text.split("\n")).strip("\n")


def _line(text: str) -> str:
    return SPACES.sub(" ", join_lines(text.replace("\r", "\n"))).strip(" ")


def has_tags(text: str) -> bool:
    """Tell HTML from text with a stray < or >."""
    return bool(TAG.search(text))


def to_html(text: str) -> str:
    """Write text as HTML that `to_text` reads back."""
    html = escape(FRAGILE_SPACE.sub(HARD_SPACE, text), quote=False)
    html = EMPHASIS.sub(lambda found: _strong(found[0], found[1]), html)
    return html.replace(HARD_SPACE, "&nbsp;").replace("\n", "<br>")


def _strong(whole: str, within: str) -> str:
    return f"<strong>{within}</strong>" if within.strip() else whole
