"""The participant's path keeps its rules in whatever order things happen."""

from flask import Flask
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.outreach.path_machine import ParticipantPath

# The same every time; the long form is `make path-machine`.
BOUNDED = settings(
    max_examples=20,
    stateful_step_count=50,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def test_in_whatever_order_things_happen_rows_counts_and_receipts_are_what_was_acknowledged(
    app: Flask,
) -> None:
    machine = type("ParticipantPathOfTest", (ParticipantPath,), {"app": app})

    run_state_machine_as_test(machine, settings=BOUNDED)
