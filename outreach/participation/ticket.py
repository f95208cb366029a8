"""The signed ticket of a paper, and the receipt of an attempt. Pure.

A ticket is plain text,
`2.<poster>.<event>.<edition>.<quiz>.<seed>.<issued>.<attempt>.<signature>`: all that the server
needs to draw the same paper again, and nothing that tells an answer. The event stands in it because
a poster can be pointed at another one while somebody answers.
"""

import base64
import binascii
import hashlib
import uuid
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from itsdangerous import BadSignature, Signer

COOKIE = "paper"
VERSION = "2"
LIFETIME = timedelta(hours=24)
FIELDS = 8
MAX_LENGTH = 200


@dataclass(frozen=True, slots=True)
class Ticket:
    """One participant's claim to one paper; `attempt_id` makes sending it twice harmless."""

    poster_code: str
    event_id: int
    edition: int
    quiz_id: int
    seed: int
    issued_at: datetime
    attempt_id: uuid.UUID

    def renewed(self, at: datetime) -> "Ticket":
        """Return the same paper and attempt with a new time of issue."""
        return replace(self, issued_at=at)


class TicketExpiredError(Exception):
    """The ticket is ours, but too old."""

    def __init__(self, ticket: Ticket) -> None:
        super().__init__("expired")
        self.ticket = ticket


class TicketForgedError(Exception):
    """The signature is not ours; `claim` is what the ticket says, if it can be read at all."""

    def __init__(self, claim: Ticket | None) -> None:
        super().__init__("forged")
        self.claim = claim


def _signer(secret_key: str) -> Signer:
    return Signer(
        secret_key, salt="ticket", sep=".", key_derivation="hmac", digest_method=hashlib.sha256
    )


def write(ticket: Ticket, secret_key: str) -> str:
    """Sign a ticket."""
    fields = (
        VERSION,
        ticket.poster_code,
        f"{ticket.event_id:x}",
        f"{ticket.edition:x}",
        f"{ticket.quiz_id:x}",
        f"{ticket.seed:x}",
        f"{int(ticket.issued_at.timestamp()):x}",
        short_id(ticket.attempt_id),
    )
    return _signer(secret_key).sign(".".join(fields)).decode("ascii")


def read(text: str, secret_key: str, at: datetime) -> Ticket:
    """Check a ticket at a moment.

    :raises TicketForgedError: not signed by this key, or not a ticket at all
    :raises TicketExpiredError: older than `LIFETIME`
    """
    if len(text) > MAX_LENGTH or not text.isascii():
        raise TicketForgedError(None)
    try:
        payload = _signer(secret_key).unsign(text).decode("ascii")
    except BadSignature:
        raise TicketForgedError(_parse(text.rpartition(".")[0])) from None
    ticket = _parse(payload)
    if ticket is None:
        raise TicketForgedError(None)
    if at - ticket.issued_at > LIFETIME:
        raise TicketExpiredError(ticket)
    return ticket


def _parse(payload: str) -> Ticket | None:
    fields = payload.split(".")
    if len(fields) != FIELDS or fields[0] != VERSION:
        return None
    try:
        event_id, edition, quiz_id, seed, issued = (int(field, 16) for field in fields[2:7])
        return Ticket(
            poster_code=fields[1],
            event_id=event_id,
            edition=edition,
            quiz_id=quiz_id,
            seed=seed,
            issued_at=datetime.fromtimestamp(issued, UTC),
            attempt_id=_long(fields[7]),
        )
    except (ValueError, OverflowError, OSError):
        return None


def write_receipt(event_id: int, attempt_id: uuid.UUID) -> str:
    """Write the receipt: the event, which leads to the row, and the attempt's 122 random bits."""
    return f"{event_id:x}-{short_id(attempt_id)}"


def read_receipt(text: str) -> tuple[int, uuid.UUID] | None:
    """Return event id and attempt id, or None if the text cannot be a receipt."""
    event_id, dash, attempt_id = text.partition("-")
    if not dash or not event_id or len(event_id) > 8 or event_id.strip("0123456789abcdef"):  # noqa: PLR2004
        return None
    try:
        receipt = int(event_id, 16), _long(attempt_id)
    except ValueError:
        return None
    return receipt if write_receipt(*receipt) == text and receipt[0] < 2**31 else None


def short_id(value: uuid.UUID) -> str:
    """Write an id in 22 characters that a link or a cookie can hold."""
    return base64.urlsafe_b64encode(value.bytes).rstrip(b"=").decode("ascii")


def _long(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(bytes=base64.urlsafe_b64decode(text.encode("ascii") + b"=="))
    except (binascii.Error, UnicodeEncodeError) as error:
        raise ValueError(text) from error
