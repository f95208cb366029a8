"""What the production server holds in memory."""

import re
from pathlib import Path

from tests.conftest import Server
from tests.outreach.test_burst import ask

MIB = 1024
MOST_OWN_MIB = 60
"""A worker that shares the program with the others has 20, one that holds a copy 70."""


def own_memory(process: int) -> float:
    """Return the MiB that a process has written and shares with no other."""
    text = Path(f"/proc/{process}/smaps_rollup").read_text()
    found = re.search(r"^Private_Dirty:\s+(\d+) kB", text, re.MULTILINE)
    assert found
    return int(found[1]) / MIB


def test_idle_workers_share_the_program_instead_of_holding_copies_of_it(server: Server) -> None:
    for _ in range(8):
        assert ask(server, "GET", "/readyz").status == 200

    held = {process: own_memory(process) for process in server.workers()}

    assert len(held) == 2
    assert max(held.values()) < MOST_OWN_MIB, held
