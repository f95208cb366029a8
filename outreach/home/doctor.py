"""What could keep an installation from serving, looked at one by one, each with what mends it."""

import os
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit

import sqlalchemy as sa
from flask import current_app
from sqlalchemy.exc import SQLAlchemyError

from core import clock, health, pdf, sqlite
from core.config import Settings
from core.db import UTCDateTime, db, read
from outreach.campaigns import service as campaigns
from outreach.participation.models import Attempt
from outreach.regions.models import Region
from question_bank.edition import hash_of
from question_bank.models import Edition

OLDEST_POSTGRESQL = (14,)
MAX_SKEW = timedelta(seconds=5)
WORKERS_PER_CPU = 2
HERE = frozenset({"localhost", "127.0.0.1", "::1"})
SIGNS = "质量月骨直角与海"


class FaultFoundError(Exception):
    """Something is wrong; the message says what it is and what mends it."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What was looked at, what was found, and whether it is a fault."""

    name: str
    words: str
    is_fault: bool = False


def look() -> Iterator[Finding]:
    """Look at everything, whatever was found before."""
    for name, check in CHECKS.items():
        try:
            yield Finding(name, check())
        except FaultFoundError as fault:
            yield Finding(name, str(fault), is_fault=True)
        except (SQLAlchemyError, OSError) as error:
            db.session.rollback()
            reason = str(getattr(error, "orig", error)).strip().partition("\n")[0]
            yield Finding(name, f"cannot be looked at: {reason}", is_fault=True)


def _settings() -> Settings:
    settings: Settings = current_app.config["SETTINGS"]
    return settings


def _key() -> str:
    if not _settings().secret_key_is_given:
        raise FaultFoundError(
            "SECRET_KEY is not set, only the one kept in instance/ is there; "
            "make one and keep it in the environment, see .env.example"
        )
    return "SECRET_KEY is set"


def _address() -> str:
    settings = _settings()
    url = urlsplit(settings.public_url)
    if url.hostname in HERE:
        raise FaultFoundError(
            f"PUBLIC_URL is {settings.public_url}: no phone reaches that; "
            "set the address that is to be printed on posters"
        )
    if not settings.is_secure:
        raise FaultFoundError(
            f"PUBLIC_URL is {settings.public_url}: without https passwords and answers can be "
            "read on the way; see docs/deploy"
        )
    return f"posters lead to {settings.public_url}"


def _proxies() -> str:
    settings = _settings()
    if settings.is_secure and not settings.trusted_proxies:
        raise FaultFoundError(
            "PUBLIC_URL is https, so a proxy stands in front, but TRUSTED_PROXIES is 0: everybody "
            "seems to come from its address; set TRUSTED_PROXIES=1"
        )
    return f"{settings.trusted_proxies} trusted"


def _workers() -> str:
    settings, cpus = _settings(), os.cpu_count() or 1
    if settings.workers > WORKERS_PER_CPU * cpus:
        raise FaultFoundError(f"WORKERS is {settings.workers} on {cpus} CPUs; set WORKERS={cpus}")
    return f"{settings.workers} processes of {settings.threads} threads on {cpus} CPUs"


def _folder() -> str:
    with tempfile.TemporaryFile(dir=_settings().instance_path):
        return f"{_settings().instance_path} can be written"


def _database() -> str:
    with read() as connection:
        if connection.dialect.name == "sqlite":
            return f"SQLite {sqlite.version()}, a safe version"  # others stop the start
        version = connection.dialect.server_version_info or ()
    told = ".".join(map(str, version))
    if version < OLDEST_POSTGRESQL:
        raise FaultFoundError(f"PostgreSQL {told} is too old; version 14 or newer is needed")
    return f"PostgreSQL {told}"


def _from_health(check: health.Check, words: str) -> Callable[[], str]:
    def look() -> str:
        if fault := check():
            raise FaultFoundError(fault)
        return words

    return look


def _edition() -> str:
    with read() as connection:
        query = sa.select(Edition.number, Edition.content_hash, Edition.snapshot)
        row = connection.execute(query.order_by(Edition.number.desc()).limit(1)).first()
    if row is None:
        raise FaultFoundError("no edition is published: flask --app app questions load")
    if hash_of(row.snapshot) != row.content_hash:
        raise FaultFoundError(
            f"edition {row.number} is not what was published; restore a backup, or publish anew: "
            "flask --app app questions load"
        )
    return f"number {row.number}, content as published ({row.content_hash[:12]})"


def _campaign() -> str:
    with read() as connection:
        number = connection.scalar(sa.select(sa.func.count()).select_from(Region)) or 0
    campaign = campaigns.current(clock.local_day(clock.now()))
    if campaign is None or not number:
        raise FaultFoundError("there is none: flask --app app campaign load FILE")
    return f"{campaign.slug}, {number} regions"


def _fonts() -> str:
    if unknown := pdf.unknown_in(SIGNS):
        raise FaultFoundError(f"core/fonts lacks {unknown}; install the program anew")
    return "there, with Chinese"


def _clock() -> str:
    at = clock.now()
    with read() as connection:
        if connection.dialect.name == "postgresql":
            theirs = sa.select(sa.type_coerce(sa.func.clock_timestamp(), UTCDateTime))
            skew = abs(connection.execute(theirs).scalar_one() - at)
            if skew > MAX_SKEW:
                raise FaultFoundError(
                    f"it is {skew.total_seconds():.0f} s off the database's; keep both by NTP"
                )
        latest = connection.scalar(sa.select(sa.func.max(Attempt.submitted_at)))
    if latest is not None and latest > at + MAX_SKEW:
        raise FaultFoundError(
            f"attempts came at {latest:%Y-%m-%d %H:%M} UTC, later than now; keep it by NTP"
        )
    return f"{at:%Y-%m-%d %H:%M:%S} UTC, days are counted in {_settings().campaign_timezone}"


def _figures() -> str:
    if _settings().metrics_token is None:
        return "/metrics answers this machine only; METRICS_TOKEN opens it to others"
    return "/metrics answers this machine, and others with METRICS_TOKEN"


CHECKS: dict[str, Callable[[], str]] = {
    "key": _key,
    "address": _address,
    "proxies": _proxies,
    "workers": _workers,
    "folder": _folder,
    "database": _database,
    "schema": _from_health(health.schema, "as this version of the program needs it"),
    "disk": _from_health(health.disk, "has room"),
    "edition": _edition,
    "campaign": _campaign,
    "fonts": _fonts,
    "clock": _clock,
    "figures": _figures,
}
