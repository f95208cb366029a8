"""Settings, read once from the environment."""

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import click
import sqlalchemy as sa

ROOT = Path(__file__).resolve().parent.parent
MIN_SECRET_LENGTH = 32
MIN_TOKEN_LENGTH = 16
SERVER_FOLDER = "SERVER_FOLDER"
DEFAULT_PORT = 5000
MAX_PORT = 65535
MAX_BODY_BYTES = 2 * 1024 * 1024
POSTGRESQL = "postgresql+psycopg"
SUPPORTED_DATABASES = frozenset({"sqlite", POSTGRESQL})
SHARED_LIMITS = ("redis://", "rediss://", "valkey://", "valkeys://")


class ConfigError(click.ClickException):
    """A setting is missing or wrong; its message is the one line that the operator reads."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What the operator decided.

    :raises ConfigError: a value cannot be used; the message says which, and what to do
    """

    secret_key: str = field(repr=False)
    secret_key_is_given: bool = False
    database_url: str = field(repr=False)
    instance_path: Path = ROOT / "instance"
    public_url: str = "http://localhost:5000"
    trusted_proxies: int = 0
    host: str = "127.0.0.1"
    port: int = DEFAULT_PORT
    workers: int = 2
    threads: int = 4
    valkey_url: str | None = None
    campaign_timezone: str = "Asia/Shanghai"
    testing: bool = False
    folds_attempts: bool = True  # a test folds when it wants to
    metrics_token: str | None = field(default=None, repr=False)
    logs_requests: bool = False
    server_folder: Path | None = None  # of what the workers of one server share; `serve` makes it
    scan_seconds: float = 0.0  # how long a server's process keeps what a code leads to

    def __post_init__(self) -> None:
        if len(self.secret_key) < MIN_SECRET_LENGTH:
            raise ConfigError(
                f"SECRET_KEY must have at least {MIN_SECRET_LENGTH} characters; make one with: "
                'python3 -c "import secrets; print(secrets.token_urlsafe(48))"'
            )
        if not _is_database(self.database_url):
            raise ConfigError(
                "DATABASE_URL must be sqlite:////path/to/file.sqlite or "
                "postgresql://user:password@host/name (also host1:5432,host2:5432)"
            )
        if not _is_public_address(self.public_url):
            raise ConfigError(
                "PUBLIC_URL must be an http or https address such as https://example.cn, "
                f"without a name to sign in, ? or #; not {self.public_url!r}"
            )
        if self.valkey_url is not None and not self.valkey_url.startswith(SHARED_LIMITS):
            raise ConfigError(
                "VALKEY_URL must be like valkey://host:6379/0; leave it out to keep limits "
                "in each process"
            )
        if self.metrics_token is not None and len(self.metrics_token) < MIN_TOKEN_LENGTH:
            raise ConfigError(f"METRICS_TOKEN must have at least {MIN_TOKEN_LENGTH} characters")
        try:
            ZoneInfo(self.campaign_timezone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ConfigError(
                f"CAMPAIGN_TIMEZONE is not a known time zone: {self.campaign_timezone!r}; "
                "for example Asia/Shanghai"
            ) from None

    @property
    def is_secure(self) -> bool:
        """Whether people reach the site over https."""
        return urlsplit(self.public_url).scheme == "https"

    @classmethod
    def from_env(cls, environ: Mapping[str, str] = os.environ) -> Self:
        """Read the settings; without a `SECRET_KEY`, use the one kept in `instance/`.

        The production server (`make serve`) insists on a given one: `secret_key_is_given`.
        """
        instance_path = ROOT / "instance"
        port = _number(environ, "PORT", DEFAULT_PORT, at_most=MAX_PORT)
        given = environ.get("SECRET_KEY", "")
        cpus = os.cpu_count() or 1
        return cls(
            secret_key=given or _kept_secret_key(instance_path / "secret_key"),
            secret_key_is_given=bool(given),
            database_url=_as_sqlalchemy_reads(
                environ.get("DATABASE_URL") or f"sqlite:///{instance_path / 'outreach.sqlite'}"
            ),
            instance_path=instance_path,
            public_url=_in_small_letters(
                environ.get("PUBLIC_URL") or f"http://localhost:{port}"
            ).rstrip("/"),
            trusted_proxies=_number(environ, "TRUSTED_PROXIES", 0, at_least=0, at_most=8),
            host=environ.get("HOST") or "127.0.0.1",
            port=port,
            workers=_number(environ, "WORKERS", cpus, at_most=256),
            threads=_number(environ, "THREADS", 4, at_most=256),
            valkey_url=environ.get("VALKEY_URL") or None,
            campaign_timezone=environ.get("CAMPAIGN_TIMEZONE") or "Asia/Shanghai",
            metrics_token=environ.get("METRICS_TOKEN") or None,
            logs_requests=bool(_number(environ, "LOG_REQUESTS", 0, at_least=0, at_most=1)),
            server_folder=Path(environ[SERVER_FOLDER]) if environ.get(SERVER_FOLDER) else None,
        )

    def for_process(self, environ: Mapping[str, str] = os.environ) -> dict[str, str]:
        """Return the environment for a process of ours that is to have the same settings."""
        return {**environ, "SECRET_KEY": self.secret_key, "PUBLIC_URL": self.public_url}

    @staticmethod
    def share_with_workers(folder: str) -> None:
        """Tell the processes that this one starts where they keep what they share."""
        os.environ[SERVER_FOLDER] = folder

    def as_flask(self) -> dict[str, Any]:
        """Map to the names that Flask and its extensions read."""
        prefix = "__Host-" if self.is_secure else ""
        return {
            "SETTINGS": self,
            "SECRET_KEY": self.secret_key,
            "TESTING": self.testing,
            "MAX_CONTENT_LENGTH": MAX_BODY_BYTES,
            "MAX_FORM_MEMORY_SIZE": MAX_BODY_BYTES,
            "PREFERRED_URL_SCHEME": urlsplit(self.public_url).scheme,
            "SESSION_COOKIE_NAME": f"{prefix}session",
            "SESSION_COOKIE_SECURE": self.is_secure,
            "SESSION_COOKIE_HTTPONLY": True,
            "SESSION_COOKIE_SAMESITE": "Lax",
            "WTF_CSRF_TIME_LIMIT": None,
            "SQLALCHEMY_DATABASE_URI": self.database_url,
            "BABEL_DEFAULT_LOCALE": "zh",
            "BABEL_DEFAULT_TIMEZONE": self.campaign_timezone,
        }


def _number(
    environ: Mapping[str, str], name: str, default: int, *, at_least: int = 1, at_most: int
) -> int:
    text = environ.get(name) or str(default)
    if not text.isascii() or not text.isdigit() or not at_least <= int(text) <= at_most:
        raise ConfigError(f"{name} must be a whole number from {at_least} to {at_most}: {text!r}")
    return int(text)


def _is_database(url: str) -> bool:
    """Tell whether a database can be kept there: a file, or a server that psycopg speaks to."""
    try:
        parts = sa.make_url(url)
    except (sa.exc.ArgumentError, ValueError):
        return False
    if parts.drivername not in SUPPORTED_DATABASES:
        return False
    return parts.drivername != "sqlite" or parts.database not in {None, "", ":memory:"}


def _is_public_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        is_address = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:  # such as a port that is no number
        return False
    return is_address and not any(sign in "?#@\\" or sign.isspace() for sign in url)


def _in_small_letters(url: str) -> str:
    """Write scheme and host as everybody reads them; what is no address stays as it is."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return url
    return parts._replace(netloc=parts.netloc.lower()).geturl() if parts.netloc else url


def _as_sqlalchemy_reads(url: str) -> str:
    """Name the driver of `postgresql://`, and give each of several hosts as a field of its own.

    PostgreSQL's own tools write `user@host1:5432,host2:5432/name`; SQLAlchemy knows one host there.
    """
    for scheme in ("postgresql://", "postgres://", f"{POSTGRESQL}://"):
        if url.startswith(scheme):
            who, at, rest = url.removeprefix(scheme).rpartition("@")
            hosts, slash, name = rest.partition("/")
            if "," not in hosts:
                return f"{POSTGRESQL}://{url.removeprefix(scheme)}"
            fields = "&".join(f"host={host}" for host in hosts.split(","))
            return f"{POSTGRESQL}://{who}{at}{slash}{name}{'&' if '?' in name else '?'}{fields}"
    return url


def _kept_secret_key(path: Path) -> str:
    """Read the key of this installation; make it first if there is none.

    Two processes may start at once: the file appears complete or not at all, and only one wins.
    """
    if key := _read_secret_key(path):
        return key
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(48))
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    except OSError as error:
        raise ConfigError(
            f"SECRET_KEY is not set, and none can be kept in {path.parent} ({error.strerror}); "
            "set SECRET_KEY, or let this user write there"
        ) from error
    return _read_secret_key(path)


def _read_secret_key(path: Path) -> str:
    """Return what a key file holds; nothing if there is none."""
    try:
        key = path.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not plain text"
    else:
        if len(key) >= MIN_SECRET_LENGTH:
            return key
        reason = f"shorter than {MIN_SECRET_LENGTH} characters"
    raise ConfigError(
        f"SECRET_KEY is not set, and the one kept in {path} cannot be used ({reason}); "
        "set SECRET_KEY, or remove that file to get a new one (signed-in people sign in again)"
    )
