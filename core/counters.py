"""Numbers that all workers of a server count up, to be read by whichever is asked.

Each process counts in a file of its own, mapped into memory, in the folder that `serve` makes: to
count costs about a microsecond, waits for nobody, and what a killed worker counted stays. Without
that folder, as under a command or a test, a process counts for itself.

A file is a row of cells of `CELL` bytes: a name filled up with NUL, and 64 bits that count.
"""

import mmap
import os
import threading
from collections import Counter
from pathlib import Path

from flask import Flask, current_app

from core.config import Settings

CELL = 128
CELLS = 2048
SIZE = CELL * CELLS
NUMBER = 8
NAME = CELL - NUMBER
BETWEEN = "\t"
REST = ("rest",)
"""Where more names are counted than were ever thought of."""


class Counters:
    """The numbers of this process and of those that share its folder.

    :param folder: shared by the workers of one server; None keeps the numbers in this process
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._cells: dict[tuple[str, ...], int] = {}
        self._lock = threading.Lock()
        self._memory: mmap.mmap | None = None
        self._numbers: memoryview[int]

    def add(self, name: tuple[str, ...], number: int = 1) -> None:
        """Count.

        :param name: a family and its labels' values, of which there are few: never what was sent
        """
        cell = self.cell_of(name)
        with self._lock:
            self._numbers[cell] += number

    def cell_of(self, name: tuple[str, ...]) -> int:
        """Return where a name is counted in this process, for `add_to_both`."""
        with self._lock:
            cell = self._cells.get(name)
            return self._new_cell(name) if cell is None else cell

    def add_to_both(self, counted: int, summed: int, number: int) -> None:
        """Add 1 to one cell and a number to another, as quickly as can be."""
        with self._lock:
            self._numbers[counted] += 1
            self._numbers[summed] += number

    def totals(self) -> Counter[tuple[str, ...]]:
        """Return every number, summed over all processes there are and were."""
        found: Counter[tuple[str, ...]] = Counter()
        with self._lock:
            if self._memory is None:
                self._open()
            pages = [bytes(self._memory or b"")]
        if self._folder is not None:
            pages = [path.read_bytes() for path in self._folder.iterdir() if path.name.isdigit()]
        for page in pages:
            found.update(_read(page))
        return found

    def workers(self) -> list[int]:
        """List the processes that count and live."""
        if self._folder is None:
            return [os.getpid()]
        names = [path.name for path in self._folder.iterdir() if path.name.isdigit()]
        return [int(name) for name in names if Path("/proc", name).exists()]

    def _new_cell(self, name: tuple[str, ...]) -> int:
        if self._memory is None:
            self._open()
        if name in self._cells:
            return self._cells[name]
        index = len(self._cells)
        written = BETWEEN.join(name).encode()
        if len(written) > NAME or (index >= CELLS - 1 and name != REST):
            return self._cells.get(REST) or self._new_cell(REST)
        memory = self._memory
        assert memory is not None  # noqa: S101 -- says so to mypy
        memory[index * CELL : index * CELL + len(written)] = written
        self._cells[name] = (index * CELL + NAME) // NUMBER
        return self._cells[name]

    def _open(self) -> None:
        """Map the file of this process, or memory; goes on with what an earlier one of its number
        left."""
        self._memory = self._mapped_file() or mmap.mmap(-1, SIZE)
        self._numbers = memoryview(self._memory).cast("q")
        for index, name in enumerate(_read(bytes(self._memory))):
            self._cells[name] = (index * CELL + NAME) // NUMBER

    def _mapped_file(self) -> mmap.mmap | None:
        """Return the file of this process; None where there is to be none, or no room for one."""
        if self._folder is None:
            return None
        try:
            with (self._folder / str(os.getpid())).open("a+b") as file:
                # Not a file with holes: a mapped hole on a full disk would kill the process.
                os.posix_fallocate(file.fileno(), 0, SIZE)
                return mmap.mmap(file.fileno(), SIZE)
        except OSError:  # counting must never keep anybody from being served
            return None


def _read(page: bytes) -> dict[tuple[str, ...], int]:
    found = {}
    for start in range(0, len(page), CELL):
        name = page[start : start + NAME].rstrip(b"\0")
        if not name:
            break
        number = page[start + NAME : start + CELL]
        found[tuple(name.decode().split(BETWEEN))] = int.from_bytes(number, "little")
    return found


def count(*name: str, number: int = 1) -> None:
    """Count for the current app: a family and its labels' values."""
    counters: Counters = current_app.extensions["counters"]
    counters.add(name, number)


def init_app(app: Flask) -> None:
    """Make the app's numbers."""
    settings: Settings = app.config["SETTINGS"]
    app.extensions["counters"] = Counters(settings.server_folder)
