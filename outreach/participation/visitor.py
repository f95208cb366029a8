"""The anonymous key of one phone within one event. Pure."""

import hashlib
import re
import secrets

from outreach.participation.ticket import Ticket, short_id

COOKIE = "device"
COOKIE_SECONDS = 365 * 24 * 3600
KEY_BYTES = 16
DEVICE = re.compile(r"[A-Za-z0-9_-]{22}")


def new_device() -> str:
    """Draw what the phone's cookie holds: 128 random bits that mean nothing."""
    return secrets.token_urlsafe(16)


def is_device(text: str | None) -> bool:
    """Tell whether a cookie's value is one of ours in form."""
    return text is not None and DEVICE.fullmatch(text) is not None


def key_of(device: str | None, ticket: Ticket, event_id: int, secret_key: str) -> bytes:
    """Return the key of the phone that holds a ticket.

    Without cookies the attempt stands for the device, so that sending again is no second one.
    """
    return device_key(device or short_id(ticket.attempt_id), event_id, secret_key)


def device_key(device: str, event_id: int, secret_key: str) -> bytes:
    """Return the only trace of a phone at rest.

    Keyed with the server's secret and the event, so that the keys of two events cannot be joined
    and nobody without the secret can test a cookie against them.
    """
    key = hashlib.sha256(b"device" + secret_key.encode()).digest()
    message = f"{event_id}:{device}".encode()
    return hashlib.blake2b(message, key=key, digest_size=KEY_BYTES).digest()
