"""What is said of a password that is not taken."""

from flask_babel import gettext as _

from outreach.organizers.service import (
    MIN_PASSWORD,
    CommonPasswordError,
    WeakPasswordError,
)


def weakness(error: WeakPasswordError) -> str:
    """Say what a better password needs."""
    if isinstance(error, CommonPasswordError):
        return str(_("Choose another one: this is among the first that others try."))
    return str(_("Choose a longer one: at least %(num)d characters.", num=MIN_PASSWORD))
