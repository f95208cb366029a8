"""Hand in from a thousand phones through a bad signal; look whether anything is lost or doubled.

Each run scans a poster in a fresh browser, answers at random, and hands in while replies are lost,
pages die and workers are killed; then the signal comes back. Afterwards every run must have one row
with exactly its answers, and the tallies must be right.

    python tools/signal_test.py [--runs 1000] [--seed 1] [--first 0] [--minutes N]
"""

import argparse
import collections
import sys
import tempfile
import time
from pathlib import Path

import click
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from app import create_app  # noqa: E402 -- found through the line above
from tests.browser.bad_signal import BadSignal  # noqa: E402
from tests.conftest import CHROMIUM, CHROMIUM_FLAGS, Server, fill_with_poster, settings_for  # noqa: E402


def main() -> int:
    """Run and print; exit 1 if anything was lost, doubled or altered."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--runs", type=int, default=1000)
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--first", type=int, default=0, help="number of the first run")
    arguments.add_argument("--minutes", type=float, help="take no new run after so many")
    chosen = arguments.parse_args()
    numbers = range(chosen.first, chosen.first + chosen.runs)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        url = f"sqlite:///{folder / 'signal.sqlite'}"
        app = create_app(settings_for(url, folder))
        code = fill_with_poster(app)
        server = Server(url, folder)
        server.wait()
        begun = time.monotonic()
        try:
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_FLAGS)
                air = BadSignal(browser, app, server, code, chosen.seed)
                with click.progressbar(numbers, label="runs", file=sys.stderr) as bar:
                    for number in bar:
                        if chosen.minutes and time.monotonic() - begun > chosen.minutes * 60:
                            break
                        air.run(number)
                browser.close()
        finally:
            server.stop()
        seconds = time.monotonic() - begun
        faults = air.faults()
        runner = app.test_cli_runner()
        runner.invoke(args=["tally", "fold"])
        verified = runner.invoke(args=["tally", "verify"])
        print(verified.output.strip())
        met = collections.Counter(fault for run in air.runs for fault in run.faults)
        print(", ".join(f"{name} {count}" for name, count in sorted(met.items())))
        print(*faults, sep="\n")
        print(f"{len(air.runs)} runs in {seconds:.0f} s, {air.kills} kills; {len(faults)} faults")
    return int(bool(faults) or verified.exit_code != 0)


if __name__ == "__main__":
    sys.exit(main())
