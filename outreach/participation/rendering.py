"""The page of a paper, joined from parts that templates rendered once.

Templates write the page; this module only cuts their output at marks and fills the holes. A
question is rendered once per edition and language, the page around the questions once per event
and language, so that a scan costs a few joins.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from flask import current_app, has_request_context, render_template
from markupsafe import Markup, escape

from core import display
from outreach.events.models import EventKind
from outreach.participation.answers import Filled
from outreach.participation.service import Scan
from outreach.regions import service as regions
from question_bank.content import Kind, Question
from question_bank.edition import Edition
from question_bank.selection import Item, Paper

# Characters of the private use area; the bank's check keeps them out of questions.
NUMBER, PLACE, CHECKED, CUT, FAULT, STATE = (
    "\ue000",
    "\ue001",
    "\ue002",
    "\ue003",
    "\ue004",
    "\ue005",
)
QUESTIONS, TICKET, NOTICE, REGION_FAULT = "\ue010", "\ue011", "\ue012", "\ue013"
MODE = "\ue014"
QUESTION_PARTS = "question_parts"
PAGES_KEPT = 1024
QUESTIONS_KEPT = 4096

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class QuestionParts:
    """A rendered question: what stands before its choices, each choice in the author's order, the
    words for a missing answer, and what stands after the choices.

    `fresh_head` and `fresh_choices` are the same for a paper that nobody answered yet: the latter
    by the author's order and by the place at which a choice is shown.
    """

    head: str
    choices: tuple[str, ...]
    fault: str
    tail: str
    fresh_head: str
    fresh_choices: tuple[tuple[str, ...], ...]


class NotRenderedError(Exception):
    """A part is not at hand, and templates write only within a request, in its language."""


class Cache:
    """Keeps the newest parts of a kind."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._kept: OrderedDict[Hashable, object] = OrderedDict()

    def get(self, key: Hashable, make: Callable[[], T]) -> T:
        """Return what is kept under a key, made first if need be.

        :raises NotRenderedError: it would have to be made, and there is no request
        """
        try:
            return self._kept[key]  # type: ignore[return-value]
        except KeyError:
            if not has_request_context():
                raise NotRenderedError(key) from None
            made = make()
            self.put(key, made)
            return made

    def peek(self, key: Hashable) -> Any:
        """Return what is kept under a key, or None."""
        return self._kept.get(key)

    def put(self, key: Hashable, made: object) -> None:
        """Keep something; the oldest makes room."""
        self._kept[key] = made
        if len(self._kept) > self._size:
            self._kept.popitem(last=False)


def cache(name: str, size: int) -> Cache:
    """Return the app's cache of a name."""
    kept: Cache | None = current_app.extensions.get(name)
    return current_app.extensions.setdefault(name, Cache(size)) if kept is None else kept


def paper_page(
    scan: Scan,
    edition: Edition,
    paper: Paper,
    ticket: str,
    *,
    locale: str,
    filled: Filled | None = None,
    notice: str = "",
    marks_missing: bool = False,
    region_code: str = "",
    region_fault: str = "",
) -> str:
    """Write the whole page in the locale of the request, which is part of the caches' keys.

    :param filled: answers to show again
    :param notice: safe HTML shown above the questions, such as which ones lack an answer
    """
    asked = questions(edition, paper, locale, filled, marks_missing=marks_missing)
    text = shell(scan, len(paper), locale, display.mode(), notice=notice, region_fault=region_fault)
    if region_code:
        value = f'value="{escape(region_code)}"'
        text = text.replace(value, f"{value} selected", 1)
    return fill(text, {QUESTIONS: asked, TICKET: ticket})


def shell(
    scan: Scan, size: int, locale: str, mode: str, *, notice: str = "", region_fault: str = ""
) -> str:
    """Write the page around the questions of a paper of a size, with `TICKET` and `QUESTIONS`."""
    text = cache("paper_pages", PAGES_KEPT).get(
        (scan._replace(edition=None, withdrawn_at=None), locale, size),
        lambda: _shell(scan, size),
    )
    return fill(text, {MODE: display.html_mode(mode), NOTICE: notice, REGION_FAULT: region_fault})


def questions(
    edition: Edition,
    paper: Paper,
    locale: str,
    filled: Filled | None = None,
    *,
    marks_missing: bool = False,
) -> Markup:
    """Write the questions of a paper, as they stand in its form."""
    parts = (
        _question(edition, item, n, locale, filled, marks_missing=marks_missing)
        for n, item in enumerate(paper)
    )
    return Markup("").join(Markup(part) for part in parts)  # noqa: S704 -- templates wrote them


def fill(text: str, holes: Mapping[str, str]) -> str:
    """Put what belongs there in the place of each mark."""
    for mark, value in holes.items():
        text = text.replace(mark, value)
    return text


def _shell(scan: Scan, size: int) -> str:
    groups: dict[str, list[regions.Place]] = {}
    if scan.kind is EventKind.ONLINE:
        for place in regions.places(scan.region_code):
            groups.setdefault(regions.prefix_of(place.code)[:4], []).append(place)
    return render_template(
        "outreach/participation/paper.html",
        scan=scan,
        size=size,
        region_groups=_labelled(groups),
        questions=QUESTIONS,
        ticket=TICKET,
        mode=MODE,
        notice=NOTICE,
        region_fault=REGION_FAULT,
    )


def _labelled(
    groups: Mapping[str, list[regions.Place]],
) -> list[tuple[str, list[regions.Place]]]:
    """Name each prefecture's group by its own entry and leave in it what can be chosen."""
    labelled = []
    for places in groups.values():
        head = places[0]
        if not head.code.endswith("0000"):
            labelled.append((head.label, places[1:] or places))
    return labelled


def _question(
    edition: Edition,
    item: Item,
    index: int,
    locale: str,
    filled: Filled | None,
    *,
    marks_missing: bool,
) -> str:
    parts = question_parts(edition, item.question, locale)
    if filled is None:
        return fresh_question(parts, item, index)
    ticked = filled.ticked[index]
    is_missing = marks_missing and index in filled.missing
    choices = "".join(
        parts.choices[author_index]
        .replace(PLACE, str(place))
        .replace(CHECKED, "checked" if place in ticked else "")
        for place, author_index in enumerate(item.order, 1)
    )
    head = fill(
        parts.head,
        {
            FAULT: parts.fault if is_missing else "",
            STATE: " question--missing" if is_missing else "",
        },
    )
    return (head + choices + parts.tail).replace(NUMBER, str(index + 1))


def fresh_question(parts: QuestionParts, item: Item, index: int) -> str:
    """Write a question that nobody answered yet: the path of every scan."""
    choices = [parts.fresh_choices[choice][place] for place, choice in enumerate(item.order)]
    return "".join((parts.fresh_head, *choices, parts.tail)).replace(NUMBER, str(index + 1))


def question_parts(edition: Edition, question: Question, locale: str) -> QuestionParts:
    """Return the parts of a question, rendered once for an edition and the request's locale."""
    return cache("question_parts", QUESTIONS_KEPT).get(
        (edition.number, question.id, locale), lambda: _parts(question, locale)
    )


def _parts(question: Question, locale: str) -> QuestionParts:
    html = render_template(
        "question_bank/_paper_question.html",
        question=question,
        is_multiple=question.kind is Kind.MULTIPLE,
        locale_code=locale,
        number=NUMBER,
        place=PLACE,
        checked=CHECKED,
        cut=CUT,
        fault=FAULT,
        state=STATE,
    )
    head, *choices, fault, tail = html.split(CUT)
    return QuestionParts(
        head=head,
        choices=tuple(choices),
        fault=fault,
        tail=tail,
        fresh_head=fill(head, {FAULT: "", STATE: ""}),
        fresh_choices=tuple(
            tuple(
                fill(choice, {PLACE: str(place), CHECKED: ""})
                for place in range(1, len(choices) + 1)
            )
            for choice in choices
        ),
    )
