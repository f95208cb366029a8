"""Pages that are the same for everybody: made once a moment, not once a visitor."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from core import packing

KEPT = "home.kept"
"""Under this name the app holds its kept pages."""
KEPT_FOR = timedelta(seconds=1)


def key(locale: str, mode: str) -> str:
    """Name the home page as it looks for a visitor."""
    return f"{locale} {mode}"


@dataclass(slots=True)
class _Page:
    text: str = ""
    made_at: datetime | None = None
    packed: bytes = b""
    making: threading.Lock = field(default_factory=threading.Lock)

    def is_fresh(self, at: datetime) -> bool:
        return self.made_at is not None and timedelta() <= at - self.made_at < KEPT_FOR


class KeptPages:
    """What was made lately, by key; in this process only, so nothing has to be told to others.

    While one thread makes a page anew the others answer with the one before: a rush of visitors
    costs the database no more than one.
    """

    def __init__(self) -> None:
        self._pages: dict[str, _Page] = {}
        self._adding = threading.Lock()

    def get(self, key: str, at: datetime, make: Callable[[], str]) -> str:
        """Return the page of a key, made anew if it is older than `KEPT_FOR` at a moment.

        :param key: one of a few, such as a locale: what was kept is never thrown away
        """
        with self._adding:
            page = self._pages.setdefault(key, _Page())
        if page.is_fresh(at) or not page.making.acquire(blocking=page.made_at is None):
            return page.text
        try:
            if not page.is_fresh(at):  # another thread may have made it while this one waited
                text = make()
                page.text, page.packed, page.made_at = text, packing.pack(text.encode()), at
            return page.text
        finally:
            page.making.release()

    def fresh(self, key: str, at: datetime) -> tuple[str, bytes] | None:
        """Return a page that need not be made anew yet, as text and packed, or None."""
        page = self._pages.get(key)
        return (page.text, page.packed) if page and page.is_fresh(at) else None
