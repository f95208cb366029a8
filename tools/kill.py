"""Kill the server's processes under load, a hundred times, and look whether anything is lost.

Phones hand in to the production server; alternately a worker and the whole group get SIGKILL.
Afterwards every acknowledged paper must be there once, the file sound, and the tallies right.

    python tools/kill.py [--kills 100] [--database URL]
"""

import argparse
import sys
import tempfile
from pathlib import Path

import click
import sqlalchemy as sa

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from app import create_app  # noqa: E402 -- found through the line above
from core.db import read  # noqa: E402
from outreach.participation.models import Attempt  # noqa: E402
from tests.conftest import fill_with_poster, settings_for  # noqa: E402
from tests.outreach.killing import Storm  # noqa: E402


def main() -> int:
    """Run and print; exit 1 if anything was lost, doubled or damaged."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--kills", type=int, default=100)
    arguments.add_argument("--database", help="an empty database; otherwise SQLite in a new file")
    chosen = arguments.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        url = chosen.database or f"sqlite:///{folder / 'kill.sqlite'}"
        app = create_app(settings_for(url, folder))
        code = fill_with_poster(app)
        storm = Storm(url, folder, code)
        with click.progressbar(length=chosen.kills, label="kills", file=sys.stderr) as bar:
            storm.rage(chosen.kills, lambda _kill: bar.update(1))
        with app.app_context(), read() as connection:
            rows = connection.scalar(sa.select(sa.func.count()).select_from(Attempt)) or 0
            if connection.dialect.name == "sqlite":
                print("integrity", connection.scalar(sa.text("PRAGMA integrity_check")))
        runner = app.test_cli_runner()
        runner.invoke(args=["tally", "fold"])
        verified = runner.invoke(args=["tally", "verify"])
        acknowledged = len(set(storm.acknowledged))
        print(verified.output.strip())
        print(
            f"{chosen.kills} kills; rows {rows}, acknowledged {acknowledged}; "
            f"{storm.repeated} requests broke off and were sent again"
        )
    return int(rows != acknowledged or verified.exit_code != 0)


if __name__ == "__main__":
    sys.exit(main())
