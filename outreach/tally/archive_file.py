"""The file that holds a campaign's attempts: a table as CSV with its manifest, in a ZIP. Pure.

`attempts.csv` has a line for each attempt, in the order of event, device and sequence;
`manifest.json` says what they are, what they add up to and the SHA-256 of the table. No device's
key is in it: devices are numbered within their event. Moments are full hours.
"""

import csv
import hashlib
import io
import json
import uuid
import zipfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any, NamedTuple, Self

FORMAT = 1
TABLE, MANIFEST = "attempts.csv", "manifest.json"
NUMBERS = ("attempts", "counted", "devices", "passed")


class DamagedFileError(Exception):
    """A file is no archive of ours, or is not what was written; the message says what is wrong."""


class Row(NamedTuple):
    """An attempt as it is archived; `device` numbers the devices of an event from 1."""

    event_id: int
    device: int
    sequence: int
    id: uuid.UUID
    poster_code: str
    team_id: int | None
    region_code: str
    region_zh: str
    region_en: str
    edition: int
    quiz_id: int
    seed: int
    answers: str
    points: int
    size: int
    passed: bool
    counted: bool
    local_day: date
    hour_at: datetime

    def as_text(self) -> list[str]:
        """Write it as a line's cells."""
        values = self._asdict() | {
            "id": self.id.hex,
            "team_id": "" if self.team_id is None else self.team_id,
            "passed": int(self.passed),
            "counted": int(self.counted),
            "local_day": self.local_day.isoformat(),
            "hour_at": self.hour_at.isoformat(),
        }
        return [str(value) for value in values.values()]

    @classmethod
    def from_text(cls, cells: list[str]) -> Self:
        """Read what `as_text` wrote.

        :raises ValueError: it is something else
        """
        return cls(*(_READ[name](cell) for name, cell in zip(cls._fields, cells, strict=True)))


_READ: dict[str, Callable[[str], Any]] = dict.fromkeys(Row._fields, int) | {
    "id": uuid.UUID,
    "poster_code": str,
    "team_id": lambda text: int(text) if text else None,
    "region_code": str,
    "region_zh": str,
    "region_en": str,
    "answers": str,
    "passed": lambda text: bool(int(text)),
    "counted": lambda text: bool(int(text)),
    "local_day": date.fromisoformat,
    "hour_at": datetime.fromisoformat,
}


@dataclass(slots=True)
class Tally:
    """What rows add up to, told as everywhere: attempts, counted, devices, passed."""

    attempts: int = 0
    counted: int = 0
    devices: int = 0
    passed: int = 0

    def add(self, row: Row) -> None:
        """Count a row."""
        self.attempts += 1
        self.counted += row.counted
        self.devices += row.sequence == 1
        self.passed += row.counted and row.passed


@dataclass(frozen=True, kw_only=True, slots=True)
class Told:
    """What passed: the rows' sum, number and days, and what they add up to at each event."""

    sha256: str
    rows: int
    first_on: date | None
    last_on: date | None
    events: dict[int, Tally]

    def as_json(self) -> dict[str, Any]:
        """Return plain values, with the total of all events."""
        totals = {n: sum(getattr(tally, n) for tally in self.events.values()) for n in NUMBERS}
        return {
            "columns": list(Row._fields),
            "rows": self.rows,
            "first_on": self.first_on and self.first_on.isoformat(),
            "last_on": self.last_on and self.last_on.isoformat(),
            "sha256": self.sha256,
            "tally": totals,
            "events": [{"id": id_} | asdict(tally) for id_, tally in self.events.items()],
        }


@dataclass(slots=True)
class Counter:
    """Turns rows into lines, counting and summing them as they pass."""

    _sum: Any = field(default_factory=hashlib.sha256)
    _rows: int = 0
    _days: tuple[date, date] | None = None
    _events: dict[int, Tally] = field(default_factory=dict)

    def lines(self, rows: Iterable[Row]) -> Iterator[bytes]:
        """Yield the heading and the line of each row."""
        yield self._line(list(Row._fields))
        for row in rows:
            self.add(row)
            yield self._line(row.as_text())

    def add(self, row: Row) -> None:
        """Count a row."""
        self._rows += 1
        first, last = self._days or (row.local_day, row.local_day)
        self._days = min(first, row.local_day), max(last, row.local_day)
        self._events.setdefault(row.event_id, Tally()).add(row)

    def add_bytes(self, text: bytes) -> None:
        """Sum up what was read."""
        self._sum.update(text)

    def told(self) -> Told:
        """Return what has passed so far."""
        first, last = self._days or (None, None)
        return Told(
            sha256=self._sum.hexdigest(),
            rows=self._rows,
            first_on=first,
            last_on=last,
            events=self._events,
        )

    def _line(self, cells: list[str]) -> bytes:
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerow(cells)
        line = text.getvalue().encode()
        self.add_bytes(line)
        return line


def of_rows(rows: Iterable[Row]) -> Told:
    """Tell of rows what a file of them would."""
    counter = Counter()
    for _line in counter.lines(rows):
        pass
    return counter.told()


def write(path: Path, rows: Iterable[Row], about: dict[str, Any]) -> Told:
    """Write a new file.

    :param about: further plain values for the manifest
    """
    counter = Counter()
    with zipfile.ZipFile(path, "x", zipfile.ZIP_DEFLATED) as file:
        with file.open(TABLE, "w", force_zip64=True) as table:
            for line in counter.lines(rows):
                table.write(line)
        told = counter.told()
        manifest = {"format": FORMAT} | about | told.as_json()
        file.writestr(MANIFEST, json.dumps(manifest, ensure_ascii=False, indent=1))
    return told


class Reader:
    """Reads a file.

    :raises DamagedFileError: it is none of ours, or of a format that this version does not know
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            with zipfile.ZipFile(path) as file:
                self.manifest: dict[str, Any] = json.loads(file.read(MANIFEST))
            if self.manifest["format"] != FORMAT or self.manifest["columns"] != list(Row._fields):
                raise DamagedFileError(f"format {self.manifest['format']} is not known here")
            self.slug = str(self.manifest["campaign"]["slug"])
            self.sha256 = str(self.manifest["sha256"])
            self.number = int(self.manifest["rows"])
        except (OSError, zipfile.BadZipFile, KeyError, TypeError, ValueError) as error:
            raise DamagedFileError(f"it is no archive of this program ({error})") from error

    def rows(self) -> Iterator[Row]:
        """Yield the rows; the last one only if the manifest says the same of all of them.

        :raises DamagedFileError: the table is not what was written
        """
        counter = Counter()
        last: Row | None = None
        try:
            with zipfile.ZipFile(self.path) as file, file.open(TABLE) as table:
                lines = csv.reader(_summed(table, counter))
                next(lines)
                for cells in lines:
                    if last is not None:
                        yield last
                    last = Row.from_text(cells)
                    counter.add(last)
        except (OSError, zipfile.BadZipFile, EOFError, StopIteration, ValueError) as error:
            raise DamagedFileError(f"the table cannot be read ({error})") from error
        told = counter.told().as_json()
        if told != {name: self.manifest.get(name) for name in told}:
            raise DamagedFileError("the table is not what the manifest says")
        if last is not None:
            yield last


def _summed(table: Iterable[bytes], counter: Counter) -> Iterator[str]:
    for line in table:
        counter.add_bytes(line)
        yield line.decode()
