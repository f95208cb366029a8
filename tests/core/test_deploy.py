"""The examples for systemd and nginx, started for real but for paths, ports and the certificate."""

import configparser
import ipaddress
import json
import os
import re
import shlex
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.client import HTTPSConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.builders import a_poster, an_event
from tests.conftest import PUBLIC_URL, ROOT, SECRET_KEY, START_SECONDS, free_port
from tests.outreach.test_burst import FORM
from tests.phone import read_paper

DEPLOY = ROOT / "docs" / "deploy"
NGINX = Path("/usr/sbin/nginx")
HOST = "zl.example.cn"
INSTALLED = "/opt/quality-month"
AROUND = """
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
{user}
events {{}}
http {{
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/site.conf;
}}
"""


def a_certificate(folder: Path) -> Path:
    """Make a certificate for the example's host, and its key; return the former."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
    names = x509.SubjectAlternativeName(
        [x509.DNSName(HOST), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    )
    at = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(at - timedelta(days=1))
        .not_valid_after(at + timedelta(days=1))
        .add_extension(names, critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    (folder / "site.pem").write_bytes(certificate.public_bytes(pem))
    (folder / "site.key").write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return folder / "site.pem"


@contextmanager
def running(command: list[str], log: Path, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program until the block ends, and end it as systemd would."""
    with log.open("w") as file:
        process = subprocess.Popen(
            command, cwd=ROOT, env=os.environ | environment, stdout=file, stderr=file
        )
    try:
        yield process
    finally:
        process.terminate()
        process.wait(START_SECONDS)


class Visitor:
    """A browser that trusts the certificate and keeps one connection."""

    def __init__(self, port: int, certificate: Path) -> None:
        context = ssl.create_default_context(cafile=str(certificate))
        self.connection = HTTPSConnection("127.0.0.1", port, context=context, timeout=START_SECONDS)

    def ask(self, method: str, path: str, body: bytes | None = None, **headers: str) -> Any:
        """Ask; the answer has its text in `text`."""
        self.connection.request(method, path, body, {"Host": HOST} | headers)
        answer = self.connection.getresponse()
        answer.text = answer.read().decode()
        return answer

    def wait(self) -> None:
        """Wait until the server behind answers."""
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            try:
                if self.ask("GET", "/readyz").status == 200:
                    return
            except OSError:
                self.connection.close()
            time.sleep(0.05)
        raise AssertionError("not ready in time")


@pytest.fixture
def nginx() -> Path:
    if not NGINX.exists():
        message = "no nginx: apt install nginx-light"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    return NGINX


def test_the_unit_behind_the_proxy_takes_papers(
    nginx: Path, database_url: str, save: Callable[..., Any], tmp_path: Path
) -> None:
    poster = save(a_poster(an_event()))
    inner, plain, secure = free_port(), free_port(), free_port()
    certificate = a_certificate(tmp_path)
    site = (DEPLOY / "nginx.conf").read_text(encoding="utf-8")
    for example, here in {
        "127.0.0.1:5000": f"127.0.0.1:{inner}",
        "listen 80;": f"listen 127.0.0.1:{plain};",
        "listen 443 ssl": f"listen 127.0.0.1:{secure} ssl",
        "/etc/ssl/zl.example.cn.pem": str(certificate),
        "/etc/ssl/private/zl.example.cn.key": str(tmp_path / "site.key"),
        "/var/log/nginx": str(tmp_path),
        "/var/cache/nginx/quality-month": str(tmp_path / "cache"),
    }.items():
        assert example in site
        site = site.replace(example, here)
    (tmp_path / "site.conf").write_text(site, encoding="utf-8")
    user = "user root;" if os.geteuid() == 0 else ""
    around = AROUND.format(folder=tmp_path, user=user)
    (tmp_path / "nginx.conf").write_text(around, encoding="utf-8")
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
    before = [str(nginx), "-c", str(tmp_path / "nginx.conf"), "-e", str(tmp_path / "error.log")]
    visitor = Visitor(secure, certificate)

    with (
        running(start, tmp_path / "server.log", **settings) as server,
        running(before, tmp_path / "nginx.log"),
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
