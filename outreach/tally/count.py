"""What is counted of attempts, as one row of any query that groups them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Count:
    """Attempts, those that count, devices, and counted attempts that passed.

    `devices` counts a phone once at an event, where it came first.
    """

    attempts: int = 0
    counted: int = 0
    devices: int = 0
    passed: int = 0

    @property
    def knowing(self) -> int:
        """How many phones stand behind the counted attempts, at least.

        Online a phone may name another county the next day: then it stands behind what counted
        there, though it came first elsewhere.
        """
        return max(self.devices, min(self.counted, 1))

    def __add__(self, other: "Count") -> "Count":
        return Count(
            self.attempts + other.attempts,
            self.counted + other.counted,
            self.devices + other.devices,
            self.passed + other.passed,
        )
