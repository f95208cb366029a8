"""The passwords that others use most: the first that anybody tries."""

from functools import cache
from pathlib import Path

LIST = Path(__file__).parent / "data" / "common_passwords.txt"
COMMENT = "# "


def is_common(password: str) -> bool:
    """Tell whether a password is on the list, however its letters are written."""
    return password.strip().casefold() in _listed()


@cache
def _listed() -> frozenset[str]:
    lines = LIST.read_text(encoding="utf-8").splitlines()
    return frozenset(line for line in lines if not line.startswith(COMMENT))
