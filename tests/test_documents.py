"""What the documents name is there."""

import re

from tests.conftest import ROOT

TEST_FILE = re.compile(r"`((?:\w+/)*test_\w+\.py)`")


def test_every_defence_names_tests_that_exist() -> None:
    text = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
    threats = [line for line in text.splitlines() if line.startswith("| ")][1:]

    named = [TEST_FILE.findall(line) for line in threats]

    assert all(named)
    assert [n for names in named for n in names if not (ROOT / "tests" / n).exists()] == []
