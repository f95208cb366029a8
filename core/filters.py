"""Jinja filters: moments and numbers as the reader's language writes them."""

from datetime import date, datetime

from babel.numbers import format_percent
from flask import Flask
from flask_babel import format_date, format_datetime, format_decimal, gettext, to_user_timezone

from core.i18n import language, locale

MOMENT = {"zh": "y年M月d日 HH:mm", "en": "d MMM y, HH:mm"}
DAY = {"zh": "y年M月d日", "en": "d MMM y"}
SHORT_DAY = {"zh": "M月d日", "en": "d MMM"}
MONTH = {"zh": "y年M月", "en": "MMMM y"}
LONG_DAY = {"zh": "M月d日 EEEE", "en": "EEEE, d MMMM"}
SHORT_MOMENT = {"zh": "M月d日 HH:mm", "en": "d MMM, HH:mm"}
HOUR = "HH:mm"


def moment(value: datetime) -> str:
    """Write a moment in the campaign's time zone."""
    return str(format_datetime(value, MOMENT[language()]))


def poster_moment(value: datetime) -> str:
    """Write a moment as a poster does, whatever language its organizer reads."""
    return str(format_datetime(value, "y.MM.dd HH:mm"))


def day(value: date) -> str:
    """Write a calendar day."""
    return str(format_date(value, DAY[language()], rebase=False))


def short_day(value: date) -> str:
    """Write a day without its year, for pages that say the year elsewhere."""
    return str(format_date(value, SHORT_DAY[language()], rebase=False))


def month(value: date) -> str:
    """Write the month of a day, with its year."""
    return str(format_date(value, MONTH[language()], rebase=False))


def long_day(value: date) -> str:
    """Write a day with its weekday, for pages that say the year elsewhere."""
    return str(format_date(value, LONG_DAY[language()], rebase=False))


def span(opens_at: datetime, closes_at: datetime, under: date | None) -> str:
    """Write from when to when, in the campaign's time zone, no longer than it needs.

    :param under: the day that stands above as that of the opening, if one does
    """
    first, last = (to_user_timezone(at) for at in (opens_at, closes_at))
    hour = format_datetime(opens_at, HOUR)
    style = SHORT_MOMENT if first.year == last.year else MOMENT
    until = format_datetime(closes_at, style[language()])
    if under is None:
        return str(gettext("until %(moment)s", moment=until))
    if first.date() == last.date():
        return f"{hour} – {format_datetime(closes_at, HOUR)}"
    return str(gettext("from %(hour)s until %(moment)s", hour=hour, moment=until))


def number(value: float) -> str:
    """Write a number with separators; whole ones alike in all our languages, and quickly."""
    if isinstance(value, int):
        return f"{value:,}"
    return str(format_decimal(value))


def percent(value: float) -> str:
    """Write a share as whole percent."""
    return str(format_percent(value, locale=locale()))


def init_app(app: Flask) -> None:
    """Register the filters."""
    for filter_ in (moment, poster_moment, day, short_day, month, long_day, span, number, percent):
        app.add_template_filter(filter_)
