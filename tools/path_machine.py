"""Let phones, organizers and days do anything in any order, in many stories, beside a model.

The long form of tests/outreach/test_path_machine.py: other stories each time, and the shortest one
is told when a rule is broken.

    python tools/path_machine.py [--stories 300] [--steps 60] [--database URL]
"""

import argparse
import sys
import tempfile
from pathlib import Path

import click
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from app import create_app  # noqa: E402 -- found through the line above
from tests.conftest import fill, settings_for  # noqa: E402
from tests.outreach.path_machine import ParticipantPath  # noqa: E402


def main() -> None:
    """Run; a broken rule ends it with the story that broke it."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--stories", type=int, default=300)
    arguments.add_argument("--steps", type=int, default=60)
    arguments.add_argument("--database", help="an empty database; otherwise SQLite in a new file")
    chosen = arguments.parse_args()
    long = settings(
        max_examples=chosen.stories,
        stateful_step_count=chosen.steps,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        app = create_app(
            settings_for(chosen.database or f"sqlite:///{folder / 'path.sqlite'}", folder)
        )
        fill(app)
        with click.progressbar(length=chosen.stories, label="stories", file=sys.stderr) as bar:

            class Told(ParticipantPath):
                """Tells how far it is."""

                accepted_in_all = 0

                def teardown(self) -> None:
                    super().teardown()
                    Told.accepted_in_all += len(self.accepted)
                    bar.update(1)

            Told.app = app
            run_state_machine_as_test(Told, settings=long)
        print(f"{chosen.stories} stories, {Told.accepted_in_all} attempts; every rule was kept")


if __name__ == "__main__":
    main()
