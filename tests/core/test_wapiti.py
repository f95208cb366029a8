"""wapiti, a scanner for holes, finds none on the pages that everybody reaches; bounded in time."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.builders import a_poster, an_event
from tests.conftest import Server
from tests.outreach.test_burst import ask

MODULES = ("crlf", "exec", "file", "permanentxss", "redirect", "sql", "xss")
SECONDS_OF_MODULE = int(os.environ.get("WAPITI_SECONDS", "3"))
PATIENCE_SECONDS = 60
"""How long it waits for an answer: some holes it knows by answers that come late."""


@pytest.fixture
def wapiti() -> str:
    found = shutil.which("wapiti")
    if found is None:
        message = "no wapiti: apt install wapiti"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    return found


def test_a_scanner_for_holes_finds_none(
    save: Callable[..., Any], server: Server, tmp_path: Path, wapiti: str
) -> None:
    poster = save(a_poster(an_event()))
    report = tmp_path / "report.json"
    options: dict[str, object] = {
        "--url": f"{server.url}/",
        "--depth": 1,
        "--max-links-per-page": 20,
        "--max-files-per-dir": 5,
        "--max-scan-time": 3 * SECONDS_OF_MODULE,
        "--max-attack-time": SECONDS_OF_MODULE,
        "--timeout": PATIENCE_SECONDS,
        "--module": ",".join(MODULES),
        "--store-session": tmp_path / "session",
        "--store-config": tmp_path / "config",
        "--format": "json",
        "--output": report,
        "--verbose": 1,
    }
    words = [str(word) for option in options.items() for word in option]
    paths = (f"/q/{poster.code}", "/organize/sign-in", "/participation", "/learn")
    starts = [word for path in paths for word in ("--start", server.url + path)]

    scan = subprocess.run(
        [wapiti, *words, *starts, "--no-bugreport"], capture_output=True, text=True, check=False
    )

    assert report.exists(), scan.stdout + scan.stderr
    told = json.loads(report.read_text())
    found = told["vulnerabilities"] | {"broke": told["anomalies"]["Internal Server Error"]}
    assert {kind: holes for kind, holes in found.items() if holes} == {}
    assert f"POST {server.url}/q/{poster.code}" in scan.stdout  # it did try
    assert ask(server, "GET", "/readyz").status == 200
