"""A checked sheet on its way through the page that shows it: signed, squeezed, for a day.

Nothing is stored until the organizer says so, and nobody has to choose the file twice.
"""

from collections.abc import Sequence

from itsdangerous import BadData, URLSafeTimedSerializer

from outreach.batch.reading import Row

SALT = "sheet of events"
SECONDS = 24 * 3600
MAX_CHARACTERS = 450_000  # Werkzeug takes fields of half a million


class TooLargeError(Exception):
    """The sheet says too much to be kept in a page."""


class LostError(Exception):
    """What came back is not what was sent, not theirs, or too old."""


def write(rows: Sequence[Row], owner: str, secret_key: str) -> str:
    """Write rows for somebody.

    :param owner: who may bring it back, and for what
    :raises TooLargeError: no page could carry it
    """
    plain = [[row.number, row.values] for row in rows]
    text = URLSafeTimedSerializer(secret_key, salt=SALT).dumps([owner, plain])
    written = text if isinstance(text, str) else text.decode()
    if len(written) > MAX_CHARACTERS:
        raise TooLargeError
    return written


def read(text: str, owner: str, secret_key: str) -> list[Row]:
    """Read what `write` wrote.

    :raises LostError: it is not what was sent to this owner today
    """
    try:
        found, plain = URLSafeTimedSerializer(secret_key, salt=SALT).loads(text, max_age=SECONDS)
    except BadData:
        raise LostError from None
    if found != owner:
        raise LostError
    return [Row(number, values) for number, values in plain]
