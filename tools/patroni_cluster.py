"""Three database machines on one: PostgreSQL under Patroni, which keep their leader in etcd.

They run from `docs/deploy/patroni.yml` with other addresses and folders, as the user `postgres`
where the caller is root, whom PostgreSQL refuses.
"""

import json
import os
import shutil
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import yaml

from tests.conftest import ROOT, free_port

EXAMPLE = ROOT / "docs" / "deploy" / "patroni.yml"
MACHINES = 3
PATIENCE_SECONDS = 120
USER = "postgres"
PROGRAMS = {"etcd": "etcd-server", "patroni": "patroni"}
SILENT = ("PYTHONPATH", "VIRTUAL_ENV", "DATABASE_URL")  # Patroni runs on the system's Python


class MissingPackagesError(Exception):
    """Programs are not installed; the message says what to do."""


class Machine:
    """One database machine: its etcd, its Patroni and the PostgreSQL that this one starts."""

    def __init__(self, name: str, folder: Path) -> None:
        self.name, self.folder = name, folder / name
        self.folder.mkdir()
        self.etcd_port, self.peer_port = free_port(), free_port()
        self.rest_port, self.port = free_port(), free_port()
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.kills = 0

    def start_etcd(self, machines: list["Machine"]) -> None:
        """Start its part of the place where the leader is kept."""
        peer, client = f"http://127.0.0.1:{self.peer_port}", f"http://127.0.0.1:{self.etcd_port}"
        all_peers = ",".join(f"{m.name}=http://127.0.0.1:{m.peer_port}" for m in machines)
        options = {
            "name": self.name,
            "data-dir": str(self.folder / "etcd"),
            "listen-peer-urls": peer,
            "initial-advertise-peer-urls": peer,
            "listen-client-urls": client,
            "advertise-client-urls": client,
            "initial-cluster": all_peers,
            # A busy disk is no reason to look for another leader.
            "heartbeat-interval": "300",
            "election-timeout": "3000",
        }
        self._start("etcd", ["etcd", *(f"--{name}={value}" for name, value in options.items())])

    def start_patroni(self, machines: list["Machine"]) -> None:
        """Start Patroni, which makes or joins the database and starts PostgreSQL."""
        config: dict[str, Any] = yaml.safe_load(EXAMPLE.read_text(encoding="utf-8"))
        here = f"127.0.0.1:{self.port}"
        config["name"] = self.name
        config["etcd3"]["hosts"] = [f"127.0.0.1:{machine.etcd_port}" for machine in machines]
        rest = f"127.0.0.1:{self.rest_port}"
        config["restapi"] = {"listen": rest, "connect_address": rest}
        config["postgresql"] |= {
            "listen": here,
            "connect_address": here,
            "data_dir": str(self.folder / "data"),
            "bin_dir": str(_newest_postgresql()),
            "pgpass": str(self.folder / "pgpass"),
            "pg_hba": [
                line.replace("10.0.0.0/24", "127.0.0.1/32")
                for line in config["postgresql"]["pg_hba"]
            ],
            "parameters": {"unix_socket_directories": str(self.folder)},
        }
        path = self.folder / "patroni.yml"
        path.write_text(yaml.safe_dump(config), encoding="utf-8")
        self._start("patroni", ["patroni", str(path)])

    def kill(self) -> None:
        """End Patroni and every process of PostgreSQL at once; etcd stays."""
        self.kills += 1
        victims = [self.processes["patroni"].pid, *self.database_processes()]
        for pid in victims:
            os.kill(pid, signal.SIGKILL)
        self.processes["patroni"].wait()

    def database_processes(self) -> list[int]:
        """List the processes of its PostgreSQL, the one above the others first."""
        try:
            pid = int((self.folder / "data" / "postmaster.pid").read_text().split()[0])
            children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        except (OSError, IndexError, ValueError):
            return []
        return [pid, *map(int, children)]

    def role(self) -> str:
        """Return what Patroni says it is now, such as `leader` or `sync_standby`; "" if silent."""
        try:
            url = f"http://127.0.0.1:{self.rest_port}/cluster"
            with urllib.request.urlopen(url, timeout=2) as answer:
                members = json.load(answer)["members"]
        except (OSError, urllib.error.URLError, ValueError):
            return ""
        mine = [m for m in members if m["name"] == self.name]
        is_there = bool(mine) and mine[0]["state"] in {"running", "streaming"}
        return str(mine[0]["role"]) if is_there else ""

    def _start(self, kind: str, command: list[str]) -> None:
        as_user: dict[str, Any] = {}
        if os.geteuid() == 0:
            shutil.chown(self.folder, USER, USER)
            as_user = {"user": USER, "group": USER, "extra_groups": []}
        environment = {k: v for k, v in os.environ.items() if k not in SILENT}
        with (self.folder / f"{kind}.log").open("a") as log:
            self.processes[kind] = subprocess.Popen(
                command,
                cwd=self.folder,
                env=environment | {"HOME": str(self.folder), "PATH": "/usr/bin:/usr/sbin:/bin"},
                stdout=log,
                stderr=log,
                start_new_session=True,
                **as_user,
            )


class Cluster:
    """The machines together."""

    def __init__(self, folder: Path) -> None:
        _refuse_missing()
        folder.chmod(0o755)  # for the user as whom PostgreSQL runs
        self.machines = [Machine(f"db{number + 1}", folder) for number in range(MACHINES)]
        config = yaml.safe_load(EXAMPLE.read_text(encoding="utf-8"))
        self._superuser = config["postgresql"]["authentication"]["superuser"]

    def start(self, tell: Callable[[str], None]) -> None:
        """Start everything and wait until two machines follow the third."""
        for machine in self.machines:
            machine.start_etcd(self.machines)
        tell("etcd")
        self.machines[0].start_patroni(self.machines)
        wait_for(lambda: self.machines[0].role() == "leader", "the first machine leads")
        tell("first machine")
        for machine in self.machines[1:]:
            machine.start_patroni(self.machines)
        wait_for(self.is_whole, "two machines follow")
        tell("all machines")

    def leader(self) -> Machine | None:
        """Return the machine that leads, as far as it says so itself."""
        return next((machine for machine in self.machines if machine.role() == "leader"), None)

    def is_whole(self) -> bool:
        """Tell whether every machine serves, and one follows at once."""
        roles = sorted(machine.role() for machine in self.machines)
        return roles == ["leader", "replica", "sync_standby"]

    def url(self, database: str, user: str, password: str) -> str:
        """Return the address of whichever machine leads, as an operator writes it."""
        hosts = ",".join(f"127.0.0.1:{machine.port}" for machine in self.machines)
        asked = "target_session_attrs=read-write"
        return f"postgresql://{user}:{password}@{hosts}/{database}?{asked}"

    def make_database(self, name: str, user: str, password: str) -> str:
        """Make an empty database that belongs to a user of its own, and return its address."""
        superuser = self._superuser
        admin = self.url("postgres", superuser["username"], superuser["password"])
        with psycopg.connect(admin, autocommit=True) as connection:
            connection.execute(f"CREATE ROLE {user} LOGIN PASSWORD '{password}'")
            connection.execute(f"CREATE DATABASE {name} OWNER {user}")
        return self.url(name, user, password)

    def stop(self) -> None:
        """End all processes."""
        for kind in ("patroni", "etcd"):
            for machine in self.machines:
                if kind in machine.processes:
                    machine.processes[kind].terminate()
            for machine in self.machines:
                if kind in machine.processes:
                    _end(machine.processes[kind])
        for machine in self.machines:
            for pid in machine.database_processes():
                os.kill(pid, signal.SIGKILL)


def wait_for(condition: Callable[[], bool], said: str) -> float:
    """Wait until something holds and return how many seconds that took."""
    begun = time.monotonic()
    while not condition():
        if time.monotonic() - begun > PATIENCE_SECONDS:
            raise TimeoutError(f"not within {PATIENCE_SECONDS} s: {said}")
        time.sleep(0.2)
    return time.monotonic() - begun


def _end(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _newest_postgresql() -> Path | None:
    folders = Path("/usr/lib/postgresql").glob("*/bin")
    return max(folders, key=lambda folder: int(folder.parent.name), default=None)


def _refuse_missing() -> None:
    missing = [package for program, package in PROGRAMS.items() if not shutil.which(program)]
    if _newest_postgresql() is None:
        missing.append("postgresql")
    if missing:
        raise MissingPackagesError(f"needs Debian's packages: apt install {' '.join(missing)}")
