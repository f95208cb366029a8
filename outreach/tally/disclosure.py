"""Which attempts may be told together, so that no figure rests on few phones. Pure.

How many passed is told in blocks: attempts of at least `FEWEST_DEVICES` devices that were not told
before. A block never changes, and every public figure is a sum of whole blocks. So whatever
somebody adds or subtracts, between lines, tables or refreshes, what is left is a sum of blocks
again and rests on that many devices (microaggregation: J. Domingo-Ferrer and J. M. Mateo-Sanz,
"Practical data-oriented microaggregation for statistical disclosure control", IEEE Transactions on
Knowledge and Data Engineering 14 (2002):189-201).
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

FEWEST_DEVICES = 10


@dataclass(frozen=True, slots=True)
class Part:
    """Attempts of one event in one region that were not told yet.

    :param line: the places that it counts for, from the smallest to the whole campaign's
    :param is_patient: more may come and something was told already: wait for enough of its own
    """

    event_id: int
    region_code: str
    line: tuple[str, ...]
    kind: str
    body_id: int
    quiz_id: int
    counted: int
    devices: int
    passed: int
    is_patient: bool = False


@dataclass(frozen=True, slots=True)
class Block:
    """Parts that are told together; `place` is the smallest that all of them count for."""

    place: str
    parts: tuple[Part, ...]

    @property
    def devices(self) -> int:
        """How many devices stand behind it."""
        return _devices(self.parts)


def blocks(parts: Sequence[Part], told: Collection[str]) -> list[Block]:
    """Form blocks, the smaller the place the better; what fits none waits.

    An event with enough devices is a block of its own; then events alike in one place, then all of
    a place, from the smallest places to the largest. Where nothing was told of a place yet, its
    few that are left join its smallest block: the place is told whole, and that block no longer
    betrays by subtraction who was left.

    :param told: the places of which something was told before
    """
    found: dict[str, list[Block]] = {}
    left: dict[str, list[Part]] = {}
    above: dict[str, str | None] = {}
    depth: dict[str, int] = {}
    for part in sorted(parts, key=lambda part: (part.event_id, part.region_code)):
        for height, place in enumerate(reversed(part.line)):
            depth[place] = height
            above[place] = part.line[-height] if height else None
        here = part.line[0]
        if part.devices >= FEWEST_DEVICES:
            found.setdefault(here, []).append(Block(here, (part,)))
        elif not part.is_patient:
            left.setdefault(here, []).append(part)
    for place in sorted(depth, key=lambda place: (-depth[place], place)):
        here_found, here_left = found.get(place, []), left.get(place, [])
        alike, here_left = _alike(place, here_left)
        here_found = [*here_found, *alike]
        if _devices(here_left) >= FEWEST_DEVICES:
            here_found.append(Block(place, tuple(here_left)))
            here_left = []
        elif here_left and here_found and place not in told:
            smallest = min(here_found, key=lambda block: (block.devices, block.place))
            here_found.remove(smallest)
            here_found.append(Block(place, (*smallest.parts, *here_left)))
            here_left = []
        higher = above[place]
        if higher is None:
            found[place] = here_found
        else:
            found.setdefault(higher, []).extend(here_found)
            left.setdefault(higher, []).extend(here_left)
    return [block for place, higher in above.items() if higher is None for block in found[place]]


def _alike(place: str, left: Sequence[Part]) -> tuple[list[Block], list[Part]]:
    """Put together the parts of one kind, body and quiz; return blocks and what is left."""
    groups: dict[tuple[str, int, int], list[Part]] = {}
    for part in left:
        groups.setdefault((part.kind, part.body_id, part.quiz_id), []).append(part)
    made, rest = [], []
    for group in groups.values():
        if _devices(group) >= FEWEST_DEVICES:
            made.append(Block(place, tuple(group)))
        else:
            rest += group
    return made, rest


def _devices(parts: Sequence[Part]) -> int:
    return sum(part.devices for part in parts)


def shared(block: Block) -> Mapping[str, str | int]:
    """Return what all parts of a block have in common; 0 or empty where they differ.

    What belongs to one event follows the event if that is called otherwise one day.
    """
    nothing: dict[str, str | int] = {"event_id": 0, "kind": "", "body_id": 0, "quiz_id": 0}
    if len({part.event_id for part in block.parts}) == 1:
        return nothing | {"event_id": block.parts[0].event_id}
    for name in ("kind", "body_id", "quiz_id"):
        values = {getattr(part, name) for part in block.parts}
        if len(values) == 1:
            nothing[name] = values.pop()
    return nothing
