"""The examples for systemd and nginx, started for real but for paths, ports and the certificate."""

import configparser
import json
import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from tests.builders import a_poster, an_event
from tests.conftest import PUBLIC_URL, ROOT, SECRET_KEY, free_port
from tests.core.nodes import Proxy, Visitor, running
from tests.outreach.test_burst import FORM
from tests.phone import read_paper

DEPLOY = ROOT / "docs" / "deploy"
INSTALLED = "/opt/quality-month"


def test_the_unit_behind_the_proxy_takes_papers(
    database_url: str, save: Callable[..., Any], tmp_path: Path
) -> None:
    poster = save(a_poster(an_event()))
    inner = free_port()
    proxy = Proxy(tmp_path, [inner])
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment, method-assign]
    unit.read(DEPLOY / "quality-month.service", encoding="utf-8")
    start = shlex.split(unit["Service"]["ExecStart"].replace(INSTALLED, str(ROOT)))
    settings = {
        "SECRET_KEY": SECRET_KEY,
        "DATABASE_URL": database_url,
        "PUBLIC_URL": PUBLIC_URL,
        "TRUSTED_PROXIES": "1",
        "PORT": str(inner),
        "LOG_REQUESTS": "1",
    }
    visitor = Visitor(proxy)

    with (
        running(start, tmp_path / "server.log", **settings) as server,
        running(proxy.command, tmp_path / "nginx.log"),
    ):
        visitor.wait()
        page = visitor.ask("GET", f"/q/{poster.code}", **{"X-Forwarded-For": "203.0.113.9"})
        paper = read_paper(poster.code, page.text)
        body = urlencode({"ticket": paper.ticket} | paper.answers(), doseq=True).encode()
        sent = visitor.ask("POST", f"/q/{poster.code}", body, **FORM)
        receipt = visitor.ask("GET", sent.headers["Location"])
        sheet = re.search(r'href="(/assets/[^"]+\.css)"', page.text)
        assert sheet
        kept = [visitor.ask("GET", sheet[1]).status for _ in range(2)]
        figures = visitor.ask("GET", "/metrics")
        too_large = visitor.ask("POST", f"/q/{poster.code}", b"x" * (2**21 + 1), **FORM)

    assert (page.status, sent.status, receipt.status) == (200, 303, 200)
    assert page.headers["Strict-Transport-Security"]
    assert kept == [200, 200]
    assert list((tmp_path / "cache").rglob("*"))
    assert figures.status == 404
    assert too_large.status == 413
    assert server.returncode == 0
    log = (tmp_path / "server.log").read_text()
    lines = [json.loads(line) for line in log.splitlines() if line.startswith("{")]
    asked = next(line for line in lines if line["request_id"] == page.headers["X-Request-ID"])
    assert asked["from"] == "127.0.0.0"
    assert asked["route"] == "/q/<code>"
    for log_file in ("server.log", "nginx.log", "error.log", "quality-month.log"):
        assert sent.headers["Location"] not in (tmp_path / log_file).read_text()
