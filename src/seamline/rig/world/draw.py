"""Draws fault plans from seeds, in the manner of swarm testing: each run takes some kinds of fault and leaves others out.

A run in which everything goes wrong at once hides what needs one thing to work and another to fail (Groce, Zhang, Eide, Chen,
Regehr: "Swarm testing", ISSTA 2012). So each kind is in a plan or not, with a weight of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from seamline.rig.world.plan import HOUSE, SPECS, Fault, Kind, Plan
from seamline.rig.world.streams import Stream

IN_PERMILLE: Final = 500
WEIGHTS: Final = (1, 2, 4, 8)
DEVICE_FAULT_EVERY_MS: Final = 600_000
"""A device meets one fault in so long, on average, at the middle of the range from which a plan takes its rate."""
HOUSE_FAULT_EVERY_MS: Final = 900_000
RATE_PERMILLE: Final = (250, 2_000)
FIRST_PERMILLE: Final = 20
"""Of the duration that passes before the first fault: the fleet boots."""


def draw(seed: int, devices: int, duration_ms: int, kinds: Sequence[Kind] | None = None) -> Plan:
    """The plan of a seed. `kinds`: those that may be in it (None: all)."""
    stream = Stream(seed, "plan", "faults")
    allowed = tuple(Kind) if kinds is None else tuple(kinds)
    weights = {kind: stream.pick(WEIGHTS) for kind in allowed if stream.chance(IN_PERMILLE)}
    rate = stream.between(*RATE_PERMILLE)
    faults: list[Fault] = []
    for house, every_ms, struck in ((False, DEVICE_FAULT_EVERY_MS, devices), (True, HOUSE_FAULT_EVERY_MS, 1)):
        chosen = [kind for kind in weights if SPECS[kind].house == house]
        tickets = [kind for kind in chosen for _ in range(weights[kind])]
        count = duration_ms * struck * rate // (every_ms * 1_000)
        for _ in range(count if tickets else 0):
            faults.append(_fault(stream, stream.pick(tickets), devices, duration_ms))  # noqa: PERF401 - the order of draws is the point
    return Plan(seed, devices, duration_ms, tuple(sorted(faults, key=_when)))


def _fault(stream: Stream, kind: Kind, devices: int, duration_ms: int) -> Fault:
    spec = SPECS[kind]
    at_ms = stream.between(duration_ms * FIRST_PERMILLE // 1_000, duration_ms - 1)
    lasts_ms = _lasting(stream, *spec.lasts_ms) if spec.lasts_ms[1] else 0
    numbers = {name: stream.between(*bounds) for name, bounds in spec.numbers.items()}
    device = HOUSE if spec.house else stream.below(devices)
    return Fault(at_ms, kind, device, min(lasts_ms, duration_ms - at_ms), numbers)


def _lasting(stream: Stream, low: int, high: int) -> int:
    """Short ones as often as long ones: even on a scale of doublings."""
    longest = low
    while longest < high and stream.chance(800):
        longest *= 2
    return stream.between(low, min(high, max(low, longest)))


def _when(fault: Fault) -> tuple[int, str, int]:
    return fault.at_ms, fault.kind, fault.device
