"""A whole database in one file that SQLite and PostgreSQL write alike: rows as text, in a ZIP.

`tables/NAME.jsonl` holds a line for each row, in the order of the primary key: a JSON array of
numbers, texts, nulls and {"base64": ...}. `manifest.json` tells the schema's revision and for each
table its columns, its number of rows and the SHA-256 of its lines, so that the same rows give the
same sums whichever database they come from.
"""

import base64
import hashlib
import json
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

FORMAT = 1
MANIFEST = "manifest.json"

Row = Sequence[Any]


class DamagedArchiveError(Exception):
    """A file is no archive of ours, or is not what was written; the message says what is wrong."""


@dataclass(frozen=True, slots=True)
class Contents:
    """What is told of a table: the rows' number and the SHA-256 of their lines."""

    columns: list[str]
    rows: int
    sha256: str


class Lines:
    """Turns rows into lines, counting and summing them as they pass."""

    def __init__(self, columns: Sequence[str]) -> None:
        self._columns = list(columns)
        self._sum = hashlib.sha256()
        self._rows = 0

    def of(self, rows: Iterable[Row]) -> Iterator[bytes]:
        """Yield the line of each row."""
        for row in rows:
            line = _line(row)
            self._sum.update(line)
            self._rows += 1
            yield line

    @property
    def contents(self) -> Contents:
        """What has passed so far."""
        return Contents(self._columns, self._rows, self._sum.hexdigest())


def _line(row: Row) -> bytes:
    text = json.dumps(tuple(row), ensure_ascii=False, separators=(",", ":"), default=_as_text)
    return text.encode() + b"\n"


def _as_text(value: object) -> dict[str, str]:
    if not isinstance(value, bytes | memoryview):
        raise TypeError(f"no column of ours holds {type(value).__name__}")
    return {"base64": base64.b64encode(value).decode()}


def _as_bytes(value: dict[str, str]) -> bytes:
    return base64.b64decode(value["base64"], validate=True)


class Writer:
    """Writes an archive; without `close` it is no archive."""

    def __init__(self, path: Path) -> None:
        self._zip = zipfile.ZipFile(path, "x", zipfile.ZIP_DEFLATED)
        self._tables: dict[str, Contents] = {}

    def add(self, name: str, columns: Sequence[str], rows: Iterable[Row]) -> int:
        """Write a table and return the number of its rows."""
        lines = Lines(columns)
        with self._zip.open(_member(name), "w", force_zip64=True) as file:
            for line in lines.of(rows):
                file.write(line)
        self._tables[name] = lines.contents
        return lines.contents.rows

    def close(self, revision: str, made_at: datetime) -> None:
        """Write what was written, for which revision of the schema and when."""
        manifest = {
            "format": FORMAT,
            "made_at": made_at.isoformat(timespec="seconds"),
            "revision": revision,
            "tables": {name: asdict(contents) for name, contents in self._tables.items()},
        }
        self._zip.writestr(MANIFEST, json.dumps(manifest, indent=1))
        self._zip.close()


class Reader:
    """Reads an archive.

    :raises DamagedArchiveError: it is none, or of a format that this version does not know
    """

    def __init__(self, path: Path) -> None:
        try:
            self._zip = zipfile.ZipFile(path)
            manifest = json.loads(self._zip.read(MANIFEST))
            if manifest["format"] != FORMAT:
                raise DamagedArchiveError(f"format {manifest['format']} is not known here")
            self.revision = str(manifest["revision"])
            self.made_at = datetime.fromisoformat(manifest["made_at"])
            self.tables = {n: Contents(**table) for n, table in manifest["tables"].items()}
        except (OSError, zipfile.BadZipFile, KeyError, TypeError, ValueError) as error:
            raise DamagedArchiveError(f"it is no backup of this program ({error})") from error

    def rows(self, name: str) -> Iterator[list[Any]]:
        """Yield a table's rows; the last one only if all of them are what was written.

        :raises DamagedArchiveError: a table is not what was written
        """
        found = hashlib.sha256()
        try:
            with self._zip.open(_member(name)) as file:
                for line in file:
                    found.update(line)
                    yield json.loads(line, object_hook=_as_bytes)
        except (OSError, zipfile.BadZipFile, EOFError, KeyError, ValueError) as error:
            raise DamagedArchiveError(f"table {name} cannot be read ({error})") from error
        if found.hexdigest() != self.tables[name].sha256:
            raise DamagedArchiveError(f"table {name} is not what was written")

    def close(self) -> None:
        """Close the file."""
        self._zip.close()


def _member(name: str) -> str:
    return f"tables/{name}.jsonl"
