"""The printable booklet of a topic: an A5 PDF for places without phones."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time

from flask_babel import gettext as _
from flask_babel import ngettext
from fpdf import FPDF
from fpdf.outline import OutlineSection

from core import pdf
from core.filters import day as day_words
from core.i18n import HTML_LANG
from core.pdf import Document, Style
from question_bank.content import TRUE_FALSE, Citation, Kind, Question
from question_bank.edition import Edition
from question_bank.flow import Flow
from question_bank.register import Statute, Topic
from question_bank.study import LETTERS, neutral_choices, right_letters

A5 = (148.0, 210.0)
MARGIN = 16.0
INDENT = 9.0
LETTER_INDENT = 5.5
COLUMN_GAP = 5.0
AFTER_QUESTION = 4.6
COVER_BAND = 118.0

ON_BAND = Style(10, colour=pdf.ON_OCHRE)
COVER_TITLE = Style(27, leading=1.35, colour=pdf.ON_OCHRE, is_bold=True)
HEADING = Style(17, colour=pdf.OCHRE_DEEP, is_bold=True)
SMALL_HEADING = Style(10.5, colour=pdf.OCHRE_DEEP, is_bold=True)
BODY = Style(9.5)
STEM = Style(10.2, leading=1.58)
CHOICE = Style(9.6, leading=1.55)
NUMBER = Style(10.2, leading=1.58, colour=pdf.OCHRE, is_bold=True)
LETTER = Style(9.6, leading=1.55, colour=pdf.OCHRE, is_bold=True)
RIGHT = Style(10.2, leading=1.58, colour=pdf.TEA, is_bold=True)
REASON = Style(9.2, leading=1.6)
SOURCE = Style(8, leading=1.6, colour=pdf.INK_SOFT)

ENGLISH_NUMBER = re.compile(r"(?<=[a-z]) (?=\d)")  # a number stays beside its word


@dataclass(frozen=True, slots=True)
class Imprint:
    """What a cover says of its content.

    `day` is the one on which the statutes are in force; `address` is where the topic is studied
    on the web.
    """

    published_on: date
    day: date
    address: str


class Booklet:
    """One booklet in the making, in the language of the request."""

    def __init__(
        self,
        edition: Edition,
        topic: Topic,
        questions: Sequence[Question],
        imprint: Imprint,
        locale: str,
    ) -> None:
        self.edition, self.topic, self.questions = edition, topic, questions
        self.imprint, self.locale = imprint, locale
        self.name = topic.name.in_(locale)
        self.cited = self._cited()
        self.pages = Document(A5, margin=MARGIN, lang=HTML_LANG[locale], title=self.name)
        self.flow = Flow(self.pages, locale)
        self.pages.set_creator(_("Quality Month"))
        noon = datetime.combine(imprint.day, time(12), UTC)
        self.pages.set_creation_date(noon)  # the same booklet has the same bytes

    def make(self) -> bytes:
        """Draw all pages and return the file."""
        self._cover()
        self.pages.new_page((self.name, _("Quality Month")))
        self.pages.running_head = (self.name, _("Questions"))
        self.pages.insert_toc_placeholder(self._contents)
        self._section(_("Questions"))
        for number, question in enumerate(self.questions, 1):
            self._question(number, question)
        self._new_section(_("Answers and reasons"))
        for number, question in enumerate(self.questions, 1):
            self._answer(number, question)
        if self.cited:
            self._new_section(_("Statutes"))
        for statute, articles in self.cited:
            self._statute(statute, articles)
        return bytes(self.pages.output())

    def _cover(self) -> None:
        pages = self.pages
        pages.new_page()
        pages.fill(0, 0, *A5, pdf.PAPER)
        pages.fill(0, 0, A5[0], COVER_BAND, pdf.OCHRE)
        with pages.rect_clip(0, 0, A5[0], COVER_BAND):
            pages.image(pdf.IMAGES / "tulou-light.svg", x=80, y=-36, w=100)
        pages.image(pdf.IMAGES / "seal.svg", x=MARGIN, y=MARGIN, w=12)
        pages.write_line(_("Quality Month"), MARGIN + 15.5, MARGIN + 0.4, ON_BAND)
        pages.write_line(_("Study booklet"), MARGIN + 15.5, MARGIN + 5.8, ON_BAND)
        title = self.flow.break_text(self.name, self.flow.width, COVER_TITLE)
        summary = self.flow.break_text(
            self.topic.summary.in_(self.locale), self.flow.width - 12, ON_BAND
        )
        height = len(title) * COVER_TITLE.line_height + 3 + len(summary) * ON_BAND.line_height
        y = pages.write_lines(title, MARGIN, COVER_BAND - 14 - height, COVER_TITLE)
        pages.write_lines(summary, MARGIN, y + 3, ON_BAND)
        pages.y = COVER_BAND + 14
        self.flow.paragraph(self._promise(), SMALL_HEADING, after=2)
        published = _(
            "Question bank edition %(number)d, published on %(day)s",
            number=self.edition.number,
            day=day_words(self.imprint.published_on),
        )
        self.flow.paragraph(published, BODY, after=2)
        if self.cited:
            day = day_words(self.imprint.day)
            in_force = _("The answers follow the law in force on %(day)s", day=day)
            self.flow.paragraph(in_force, BODY)
        pages.write_line(self.imprint.address, MARGIN, A5[1] - MARGIN - SOURCE.line_height, SOURCE)

    def _promise(self) -> str:
        count = len(self.questions)
        if self.cited:
            words = ngettext(
                "%(num)d question with answer, reason and article of law",
                "%(num)d questions with answers, reasons and articles of law",
                count,
            )
        else:
            words = ngettext(
                "%(num)d question with answer and reason",
                "%(num)d questions with answers and reasons",
                count,
            )
        return str(words)

    def _contents(self, _pages: FPDF, outline: list[OutlineSection]) -> None:
        """Draw page 2, which is known last: how to use the booklet, and where its parts begin."""
        pages = self.pages
        pages.y = MARGIN + 4
        self.flow.paragraph(_("How to use this booklet"), HEADING, after=3)
        sentences = [
            _("Choose your answer first, then look it up at the end."),
            _("Where “more than one” stands, several choices are right: choose all of them."),
        ]
        if self.cited:
            law = _(
                "Each answer names the article of law that it rests on. "
                "What counts is the officially published text."
            )
            sentences.append(law)
        web = _("On the web you can search these questions and have them read aloud:")
        for sentence in (*sentences, web):
            pages.fill(MARGIN, pages.y + 1.7, 1.6, 1.6, pdf.OCHRE)
            self.flow.paragraph(sentence, BODY, indent=5, after=1.6)
        self.flow.paragraph(self.imprint.address, SOURCE, indent=5, after=12)
        self.flow.paragraph(_("Contents"), HEADING, after=3)
        for section in outline:
            pages.write_line(section.name, MARGIN, pages.y, BODY)
            end = A5[0] - MARGIN
            pages.write_line(str(section.page_number), end, pages.y, BODY, align="end")
            link = pages.add_link(page=section.page_number)
            pages.link(MARGIN, pages.y, self.flow.width, BODY.line_height, link)
            pages.rule(pages.y + BODY.line_height + 1)
            pages.y += BODY.line_height + 3

    def _new_section(self, name: str) -> None:
        self.pages.new_page((self.name, name))
        self._section(name)

    def _section(self, name: str) -> None:
        self.pages.start_section(name)
        self.pages.y = MARGIN + 4
        self.flow.paragraph(name, HEADING, after=4)

    def _question(self, number: int, question: Question) -> None:
        pages, width = self.pages, self.flow.width - INDENT
        words = question.stem.in_(self.locale)
        if question.kind is Kind.MULTIPLE:
            words = _("%(stem)s (more than one)", stem=words)
        elif question.kind is Kind.TRUE_FALSE:
            words = _("%(stem)s (true or false)", stem=words)
        stem = self.flow.break_text(words, width, STEM)
        texts = [choice.text.in_(self.locale) for choice in neutral_choices(question, self.locale)]
        half = (width - COLUMN_GAP) / 2
        columns = 2
        choices = [self.flow.break_text(text, half - LETTER_INDENT, CHOICE) for text in texts]
        if any(len(lines) > 1 for lines in choices):
            columns = 1
            choices = [self.flow.break_text(text, width - LETTER_INDENT, CHOICE) for text in texts]
        rows = [choices[n : n + columns] for n in range(0, len(choices), columns)]
        height = len(stem) * STEM.line_height + 1
        height += sum(max(map(len, row)) for row in rows) * CHOICE.line_height
        self.flow.make_room(height)
        pages.set_link(name=f"question-{number}", y=pages.y)
        pages.link(MARGIN, pages.y, INDENT, STEM.line_height, f"#answer-{number}")
        pages.write_line(f"{number}.", MARGIN, pages.y, NUMBER)
        self.flow.write(stem, MARGIN + INDENT, width, STEM)
        pages.y += 1
        letters = iter(LETTERS)
        for row in rows:
            self.flow.make_room(max(map(len, row)) * CHOICE.line_height)
            for column, lines in enumerate(row):
                x = MARGIN + INDENT + column * (half + COLUMN_GAP)
                pages.write_line(next(letters), x, pages.y, LETTER)
                room = (half if columns > 1 else width) - LETTER_INDENT
                self.flow.place(lines, x + LETTER_INDENT, pages.y, room, CHOICE)
            pages.y += max(map(len, row)) * CHOICE.line_height
        pages.y += AFTER_QUESTION

    def _answer(self, number: int, question: Question) -> None:
        pages, width = self.pages, self.flow.width - INDENT
        right = right_letters(question, self.locale)
        if question.kind is Kind.TRUE_FALSE:
            right += f"  {TRUE_FALSE[LETTERS.index(right)].in_(self.locale)}"
        reason = self.flow.break_text(question.explanation.in_(self.locale), width, REASON)
        sources = [
            line
            for citation in question.citations
            for line in self.flow.break_text(self._cite(citation), width, SOURCE)
        ]
        height = RIGHT.line_height + len(reason) * REASON.line_height
        self.flow.make_room(height + len(sources) * SOURCE.line_height)
        pages.set_link(name=f"answer-{number}", y=pages.y)
        pages.link(MARGIN, pages.y, INDENT, RIGHT.line_height, f"#question-{number}")
        pages.write_line(f"{number}.", MARGIN, pages.y, NUMBER)
        pages.write_line(right, MARGIN + INDENT, pages.y, RIGHT)
        pages.y += RIGHT.line_height
        self.flow.write(reason, MARGIN + INDENT, width, REASON)
        self.flow.write(sources, MARGIN + INDENT, width, SOURCE)
        pages.y += AFTER_QUESTION - 1

    def _cite(self, citation: Citation) -> str:
        cited = self.edition.statutes[citation.statute_id].cite(citation, self.locale)
        return ENGLISH_NUMBER.sub("\N{NO-BREAK SPACE}", cited)

    def _cited(self) -> list[tuple[Statute, list[str]]]:
        """List the statutes that the questions rest on, with their articles."""
        articles: dict[str, set[str]] = {}
        for question in self.questions:
            for citation in question.citations:
                articles.setdefault(citation.statute_id, set()).add(citation.article)
        return [
            (self.edition.statutes[statute_id], sorted(found, key=_as_numbers))
            for statute_id, found in sorted(articles.items(), key=lambda pair: -len(pair[1]))
        ]

    def _statute(self, statute: Statute, articles: Sequence[str]) -> None:
        from_day = day_words(statute.in_force_from)
        if statute.in_force_until:
            force = _(
                "In force from %(first)s until %(last)s",
                first=from_day,
                last=day_words(statute.in_force_until),
            )
        else:
            force = _("In force in this version since %(day)s", day=from_day)
        joined = _(", ").join(articles)
        cited = ngettext(
            "Article cited: %(articles)s",
            "Articles cited: %(articles)s",
            len(articles),
            articles=joined,
        )
        title = self.flow.break_text(statute.title.in_(self.locale), self.flow.width, BODY)
        rest = [self.flow.break_text(text, self.flow.width, SOURCE) for text in (force, cited)]
        height = len(title) * BODY.line_height + sum(map(len, rest)) * SOURCE.line_height
        self.flow.make_room(height)
        pages = self.pages
        self.flow.write(title, MARGIN, self.flow.width, BODY)
        for lines in rest:
            self.flow.write(lines, MARGIN, self.flow.width, SOURCE)
        pages.y += AFTER_QUESTION - 1


def _as_numbers(article: str) -> list[int]:
    return [int(number) for number in article.split("-")]
