"""The second step of signing in: an authenticator's code (RFC 6238) or a recovery code."""

import base64
import hashlib
import hmac
import secrets
from datetime import datetime

import pyotp
import sqlalchemy as sa
from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from flask import current_app

from core import clock
from core.db import db
from core.throttle import try_once
from outreach.organizers import service
from outreach.organizers.models import Organizer, OrganizerSession, RecoveryCode

ISSUER = "Quality Month"
SECRET_BYTES = 20  # RFC 4226 recommends 160 bits
STEP_SECONDS = 30
SKEW_STEPS = 1
DIGITS = 6
RECOVERY_CODES = 10
RECOVERY_BYTES = 10
RECOVERY_LENGTH = 16  # of base 32
# Three codes are right at any moment, so that 480 guesses a day hit once in two years.
TRIES_OF_ACCOUNT = "5/15minutes"
TRIES_OF_ADDRESS = "60/15minutes"


class WrongCodeError(Exception):
    """Neither the authenticator's code nor an unused recovery code; or it was used before."""


def offered_secret(organizer: Organizer, token: str) -> str:
    """Return the secret that this session may set up: the same each time its page is shown.

    It follows from the server's key, the session and the code used last, so that nothing is kept
    before somebody confirms it, and a later set-up offers another one.
    """
    seed = service.token_hash(token) + str(organizer.totp_step).encode()
    return base64.b32encode(_derive(b"totp secret offered " + seed, SECRET_BYTES)).decode()


def link(organizer: Organizer, secret: str) -> str:
    """Return what an authenticator scans."""
    return pyotp.TOTP(secret).provisioning_uri(name=organizer.name, issuer_name=ISSUER)


def switch_on(organizer: Organizer, secret: str, code: str) -> list[str]:
    """Ask for a code from now on, and return fresh recovery codes.

    :raises WrongCodeError: this secret does not make the code now
    """
    step = _step_of(secret, code, clock.now())
    if step is None:
        raise WrongCodeError
    organizer.totp_secret = _cipher().encrypt(secret.encode()).decode()
    organizer.totp_step = step
    return new_recovery_codes(organizer)


def switch_off(organizer: Organizer) -> None:
    """Ask for the password alone."""
    organizer.totp_secret = None
    db.session.execute(sa.delete(RecoveryCode).where(RecoveryCode.organizer_id == organizer.id))


def new_recovery_codes(organizer: Organizer) -> list[str]:
    """Return recovery codes as people read them; those made before are worth nothing."""
    db.session.execute(sa.delete(RecoveryCode).where(RecoveryCode.organizer_id == organizer.id))
    codes = [
        base64.b32encode(secrets.token_bytes(RECOVERY_BYTES)).decode()
        for _ in range(RECOVERY_CODES)
    ]
    db.session.add_all(
        RecoveryCode(organizer_id=organizer.id, code_hash=_code_hash(code)) for code in codes
    )
    db.session.flush()
    return ["-".join(code[n : n + 4] for n in range(0, RECOVERY_LENGTH, 4)) for code in codes]


def unused_recovery_codes(organizer: Organizer) -> int:
    """Count the recovery codes that still work."""
    query = sa.select(sa.func.count()).where(
        RecoveryCode.organizer_id == organizer.id, RecoveryCode.used_at.is_(None)
    )
    return db.session.scalar(query) or 0


def enter_code(
    organizer: Organizer, half: str, code: str, address: str
) -> tuple[service.Entry, bool]:
    """Turn a session that awaits a code into one that opens pages; tell if it cost a recovery code.

    :param half: the token of the session that awaits the code
    :raises TooManyTriesError: too many tries for this account or from this address
    :raises WrongCodeError: the code is wrong, or was used before
    """
    try_once(TRIES_OF_ADDRESS, "code", "address", address)
    try_once(TRIES_OF_ACCOUNT, "code", "account", str(organizer.id))
    is_recovery = False
    if not _use_code(organizer, code):
        is_recovery = True
        if not _use_recovery_code(organizer, code):
            raise WrongCodeError
    db.session.execute(
        sa.delete(OrganizerSession).where(OrganizerSession.token_hash == service.token_hash(half))
    )
    return service.open_session(organizer), is_recovery


def _use_code(organizer: Organizer, code: str) -> bool:
    """Tell whether the code is right and newer than the one used last; the database decides."""
    try:
        secret = _cipher().decrypt((organizer.totp_secret or "").encode()).decode()
    except InvalidToken:  # encrypted under another SECRET_KEY; a recovery code still works
        return False
    step = _step_of(secret, code, clock.now())
    if step is None:
        return False
    used = db.session.execute(
        sa.update(Organizer)
        .where(
            Organizer.id == organizer.id,
            sa.or_(Organizer.totp_step.is_(None), Organizer.totp_step < step),
        )
        .values(totp_step=step)
    )
    return bool(used.rowcount)  # type: ignore[attr-defined]


def _use_recovery_code(organizer: Organizer, code: str) -> bool:
    plain = "".join(c for c in code.upper() if c.isalnum())
    if len(plain) != RECOVERY_LENGTH:
        return False
    used = db.session.execute(
        sa.update(RecoveryCode)
        .where(
            RecoveryCode.organizer_id == organizer.id,
            RecoveryCode.code_hash == _code_hash(plain),
            RecoveryCode.used_at.is_(None),
        )
        .values(used_at=clock.now())
    )
    return bool(used.rowcount)  # type: ignore[attr-defined]


def _step_of(secret: str, code: str, at: datetime) -> int | None:
    """Return the time step whose code this is, one before to one after `at`, or None."""
    typed = "".join(code.split())
    if len(typed) != DIGITS or not typed.isascii():
        return None
    totp = pyotp.TOTP(secret)
    now = int(at.timestamp()) // STEP_SECONDS
    for step in range(now - SKEW_STEPS, now + SKEW_STEPS + 1):
        if hmac.compare_digest(totp.generate_otp(step), typed):
            return step
    return None


def _code_hash(code: str) -> bytes:
    return hashlib.sha256(code.encode()).digest()


def _cipher() -> Fernet:
    return Fernet(base64.urlsafe_b64encode(_derive(b"totp secret at rest", 32)))


def _derive(purpose: bytes, length: int) -> bytes:
    key = current_app.config["SECRET_KEY"].encode()
    return HKDF(algorithm=SHA256(), length=length, salt=None, info=purpose).derive(key)
