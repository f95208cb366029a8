"""Kill the leading database machine under load; nothing acknowledged may be lost or doubled.

Three web servers use three database machines (PostgreSQL under Patroni with etcd, synchronous; of
Debian's packages postgresql, patroni and etcd-server). Phones hand in through them and send the
same ticket again after an error. The machine that leads gets SIGKILL (PostgreSQL and Patroni),
comes back later, and the next one gets it.

    python tools/cluster_test.py [--kills 2] [--haproxy]
"""

import argparse
import contextlib
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import click
import sqlalchemy as sa

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from app import create_app  # noqa: E402 -- found through the line above
from core.config import Settings  # noqa: E402
from core.db import db, read  # noqa: E402
from outreach.participation.models import Attempt  # noqa: E402
from question_bank import service as bank  # noqa: E402
from question_bank.models import Question, QuestionState  # noqa: E402
from tests.conftest import (  # noqa: E402
    PUBLIC_URL,
    SECRET_KEY,
    Server,
    fill_with_poster,
    free_port,
    settings_for,
)
from tests.outreach.test_burst import ask  # noqa: E402
from tests.phone import read_paper  # noqa: E402
from tools.cluster_load import PHONES, Load  # noqa: E402
from tools.patroni_cluster import Cluster, MissingPackagesError, wait_for  # noqa: E402

WEB_SERVERS = 3
CALM_SECONDS = 5.0
RESUME_SECONDS = 30.0
SPREAD_SECONDS = 5.0
HAPROXY = ROOT / "docs" / "deploy" / "haproxy.cfg"


@contextlib.contextmanager
def haproxy(cluster: Cluster, folder: Path):  # type: ignore[no-untyped-def]
    """Run the example for HAProxy in front of the machines and yield its port."""
    text, port = HAPROXY.read_text(encoding="utf-8"), free_port()
    text = text.replace("127.0.0.1:5433", f"127.0.0.1:{port}")
    for number, machine in enumerate(cluster.machines, 1):
        text = text.replace(
            f"10.0.0.2{number}:5432 check port 8008",
            f"127.0.0.1:{machine.port} check port {machine.rest_port}",
        )
    (folder / "haproxy.cfg").write_text(text, encoding="utf-8")
    process = subprocess.Popen(
        ["/usr/sbin/haproxy", "-q", "-db", "-f", str(folder / "haproxy.cfg")]
    )
    try:
        yield port
    finally:
        process.terminate()
        process.wait()


def kill_leader(cluster: Cluster, load: Load, tell: click.progressbar) -> list[str]:
    """Kill the machine that leads, let it come back, and return a line of the table."""
    leader = cluster.leader()
    assert leader is not None
    time.sleep(CALM_SECONDS)
    killed_at = time.monotonic()
    leader.kill()
    tell(1)
    others = [machine for machine in cluster.machines if machine is not leader]
    led = wait_for(lambda: any(m.role() == "leader" for m in others), "another machine leads")
    goal = load.count() + 10 * PHONES
    wait_for(lambda: load.count() >= goal, "papers are acknowledged again")
    silence = load.longest_silence(killed_at, time.monotonic())
    tell(1)
    leader.start_patroni(cluster.machines)
    back = wait_for(cluster.is_whole, "the killed machine follows")
    tell(1)
    return [leader.name, f"{led:.1f}", f"{silence:.1f}", f"{back:.1f}"]


def spread(url: str, folder: Path, servers: list[Server], code: str) -> float:
    """Publish an edition and return how many seconds it takes to reach every server's papers."""
    app = create_app(settings_for(url, folder))
    with app.app_context():
        one = sa.select(Question.id).where(Question.state != QuestionState.RETIRED).limit(1)
        retired = sa.update(Question).where(Question.id == db.session.scalar(one))
        db.session.execute(retired.values(state=QuestionState.RETIRED))
        number = bank.publish("one less")
        db.session.commit()
        db.engine.dispose()

    def is_known_to(server: Server) -> bool:
        paper = read_paper(code, ask(server, "GET", f"/q/{code}").text)
        return int(paper.ticket.split(".")[3], 16) == number

    return wait_for(lambda: all(map(is_known_to, servers)), "the edition is everywhere")


def check(url: str, folder: Path, load: Load) -> tuple[dict[str, object], bool]:
    """Compare what was acknowledged with what is there."""
    receipts = [receipt for _at, receipt in load.acknowledged]
    app = create_app(settings_for(url, folder))
    with app.app_context(), read() as connection:
        rows = connection.scalar(sa.select(sa.func.count()).select_from(Attempt)) or 0
    shown = Counter(
        ask(load.servers[n % WEB_SERVERS], "GET", r).status for n, r in enumerate(receipts)
    )
    runner = app.test_cli_runner()
    runner.invoke(args=["tally", "fold"])
    verified = runner.invoke(args=["tally", "verify"])
    with app.app_context():
        db.engine.dispose()
    found = {
        "papers acknowledged": len(receipts),
        "of them after an error, with the same ticket": load.after_errors,
        "acknowledged twice": len(receipts) - len(set(receipts)),
        "rows in the database": rows,
        "receipts that cannot be opened": sum(n for status, n in shown.items() if status != 200),
        "phones that gave up": load.given_up,
        "errors that phones saw": ", ".join(f"{n} × {k}" for k, n in load.errors.most_common()),
        "longest request, s": f"{load.slowest:.1f}",
        "tally verify": (verified.output or "").strip(),
    }
    is_good = (
        len(receipts) == len(set(receipts)) == rows
        and set(shown) == {200}
        and not load.given_up
        and verified.exit_code == 0
    )
    return found, is_good


def run(kills: int, through_haproxy: bool, folder: Path) -> int:
    """Run and print; return 1 if anything was lost, doubled or slow."""
    cluster, stack = Cluster(folder), contextlib.ExitStack()
    lines, seconds = [], 0.0
    with stack, click.progressbar(length=4 + 3 * kills, label="steps", file=sys.stderr) as bar:
        stack.callback(cluster.stop)
        cluster.start(lambda _what: bar.update(1))
        url = cluster.make_database("quality_month", "quality", "secret")
        if through_haproxy:
            port = stack.enter_context(haproxy(cluster, folder))
            url = f"postgresql://quality:secret@127.0.0.1:{port}/quality_month"
            wait_for(lambda: _is_reached(url), "HAProxy knows who leads")
        ours = Settings.from_env({"SECRET_KEY": SECRET_KEY, "DATABASE_URL": url}).database_url
        app = create_app(settings_for(ours, folder))
        code = fill_with_poster(app)
        given = {"WORKERS": "1", "PUBLIC_URL": PUBLIC_URL, "LOG_REQUESTS": "1"}
        servers = [Server(url, folder, **given) for _ in range(WEB_SERVERS)]
        for server in servers:
            stack.callback(server.stop)
            server.wait()
        bar.update(1)
        load = Load(servers, code)
        load.start()
        try:
            lines = [kill_leader(cluster, load, bar.update) for _ in range(kills)]
        finally:
            load.stop()
        seconds = spread(ours, folder, servers, code)
        found, is_good = check(ours, folder, load)
        found["a new edition on all web servers after, s"] = f"{seconds:.1f}"
    print(
        "\nkilled   another leads after, s   no paper acknowledged for, s   followed again after, s"
    )
    for name, led, silence, back in lines:
        print(f"{name:<8} {led:>24} {silence:>30} {back:>25}")
    for name, value in found.items():
        print(f"{name:<46} {value}")
    is_quick = seconds <= SPREAD_SECONDS and all(
        float(silence) <= RESUME_SECONDS for _name, _led, silence, _back in lines
    )
    print("good" if is_good and is_quick else "NOT GOOD")
    return int(not (is_good and is_quick))


def _is_reached(url: str) -> bool:
    try:
        sa.create_engine(url.replace("://", "+psycopg://", 1)).connect().close()
    except sa.exc.OperationalError:
        return False
    return True


def main() -> int:
    """Read the options and run."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--kills", type=int, default=2)
    arguments.add_argument("--haproxy", action="store_true", help="name one address, not three")
    arguments.add_argument("--keep", type=Path, help="an empty folder for logs that are to stay")
    chosen = arguments.parse_args()
    try:
        if chosen.keep:
            return run(chosen.kills, chosen.haproxy, chosen.keep)
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
            return run(chosen.kills, chosen.haproxy, Path(name))
    except MissingPackagesError as error:
        print(error, file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
