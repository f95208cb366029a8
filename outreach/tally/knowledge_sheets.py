"""What people know as tables for spreadsheets, the filter inside."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext as _

from core.i18n import locale
from outreach.events.forms import KIND_LABELS
from outreach.events.models import EventKind
from outreach.tally.knowledge import Knowledge
from outreach.tally.knowledge_answers import Share
from outreach.tally.sheets import Cell, Sheet

Row = tuple[str, str, Share]


@dataclass(frozen=True, slots=True)
class Asked:
    """The filter, in words, and when the numbers were added up (a local moment)."""

    campaign: str
    region: str
    region_code: str
    kind: str
    as_of: datetime

    def pairs(self) -> list[tuple[str, Cell]]:
        """List names and values."""
        return [
            (_("Campaign"), self.campaign),
            (_("Region"), self.region),
            (_("Region code"), self.region_code),
            (_("Kind"), self.kind),
            (_("As of"), self.as_of),
        ]


def workbook(asked: Asked, known: Knowledge, regions: dict[str, str]) -> list[Sheet]:
    """Return a sheet for the filter and one for each way of adding up."""
    notes = [
        (_("How to read it"), text)
        for text in (
            _("Shares are of first attempts. Empty: fewer than 10 devices or 30 answers."),
            _("A question that cites several articles counts under each of them."),
            _("Low and high are the ends of the 95 percent interval."),
        )
    ]
    first = Sheet(_("Filter"), (_("Name"), _("Value")), [*asked.pairs(), *notes])
    return [
        first,
        *(
            Sheet(name, (_("Code"), _("Name"), *_number_heads()), [_row(row) for row in rows])
            for _level, name, rows in _levels(known, regions)
        ),
    ]


def flat_heads() -> list[str]:
    """Return the heads of the one table: the filter stands in every line."""
    return [
        _("Campaign"), _("Region"), _("Region code"), _("Kind"), _("As of"),
        _("Part"), _("Code"), _("Name"), *_number_heads(),
    ]  # fmt: skip


def flat(asked: Asked, known: Knowledge, regions: dict[str, str]) -> list[list[Cell]]:
    """Return all tables as one, for programs."""
    filter_ = [value for _name, value in asked.pairs()]
    return [
        [*filter_, level, *_row(row)]
        for level, _name, rows in _levels(known, regions)
        for row in rows
    ]


def _levels(known: Knowledge, regions: dict[str, str]) -> Iterable[tuple[str, str, Sequence[Row]]]:
    """Yield a word for programs, a name and the rows of each way of adding up."""
    edition, language = known.edition, locale()
    yield "all", _("All"), [("", _("All"), known.total)]
    yield (
        "topic",
        _("Topics"),
        [
            (topic_id, edition.topics_by_id[topic_id].name.in_(language), share)
            for topic_id, share in known.by_topic.items()
        ],
    )
    yield (
        "statute",
        _("Statutes"),
        [
            (statute_id, edition.statutes[statute_id].title.in_(language), share)
            for statute_id, share in known.by_statute.items()
        ],
    )
    yield (
        "article",
        _("Articles"),
        [
            (
                str(rule.citation),
                edition.statutes[rule.statute_id].cite(rule.citation, language),
                rule.share,
            )
            for rule in known.rules
        ],
    )
    yield (
        "question",
        _("Questions"),
        [
            (question_id, edition.questions[question_id].stem.in_(language), share)
            for question_id, share in known.by_question.items()
        ],
    )
    yield (
        "region",
        _("Regions"),
        [(code, regions.get(code, code), share) for code, share in known.by_region().items()],
    )
    yield (
        "kind",
        _("Kinds"),
        [
            (kind, str(KIND_LABELS[EventKind(kind)]), share)
            for kind, share in known.by_kind().items()
        ],
    )


def _number_heads() -> list[str]:
    return [
        _("Answers of first attempts"), _("Devices, at least"), _("Share right"), _("Low"),
        _("High"), _("Answers of later attempts"), _("Share right later"),
    ]  # fmt: skip


def _row(row: Row) -> list[Cell]:
    code, name, share = row
    first, later = share.first, share.later
    return [
        code,
        name,
        share.answers,
        share.devices,
        first.value if first else None,
        first.low if first else None,
        first.high if first else None,
        share.later_answers,
        later.value if later else None,
    ]
