"""Draws fault plans from seeds, in the manner of swarm testing: each run takes some kinds of fault and leaves others out.

A run in which everything goes wrong at once hides what needs one thing to work and another to fail (Groce, Zhang, Eide, Chen,
Regehr: "Swarm testing", ISSTA 2012). So each kind is in a plan or not, with a weight of its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from seamline.rig.world.packed import Packed
from seamline.rig.world.plan import HOUSE, SPECS, Fault, Kind, Plan
from seamline.rig.world.streams import Stream

IN_PERMILLE: Final = 500
WEIGHTS: Final = (1, 2, 4, 8)
DEVICE_FAULT_EVERY_MS: Final = 600_000
"""A device meets one fault in so long, on average, at the middle of the range from which a plan takes its rate."""
HOUSE_FAULT_EVERY_MS: Final = 900_000
RATE_PERMILLE: Final = (250, 2_000)
WISH_EVERY_MS: Final = 300_000
"""Somebody changes a setting of a device once in so long, in the same middle."""
ONCE: Final = frozenset({Kind.LATE_CONTRACT, Kind.RESTORED})
"""In a plan at most once: contracts are registered once, and a backup of what a backup brought back says nothing new."""
OWN_STREAMS: Final[Mapping[Kind, str]] = {
    Kind.CORRECTION: "corrections",
    Kind.FLAPPING: "flapping",
    Kind.LATE_MAIL: "mail",
    Kind.BROWNOUTS: "brownouts",
    Kind.CLOCK_OFF: "clock-off",
}
"""Kinds that are drawn apart, so that what else a seed draws does not depend on them."""
EVERY_MS: Final[Mapping[Kind, int]] = {Kind.FLAPPING: 1_200_000, Kind.BROWNOUTS: 2_400_000, Kind.CLOCK_OFF: 1_800_000}
"""A device meets these once in so long: they last, and much else cannot go wrong or be told meanwhile."""
FIRST_PERMILLE: Final = 20
"""Of the duration that passes before the first fault: the fleet boots."""


def draw(seed: int, devices: int, duration_ms: int, kinds: Sequence[Kind] | None = None) -> Plan:
    """The plan of a seed. `kinds`: those that may be in it (None: all of a mixed plan)."""
    allowed = [kind for kind in Kind if SPECS[kind].is_mixed] if kinds is None else kinds
    streams: dict[str, list[Kind]] = {purpose: [] for purpose in ("faults", "wishes", *OWN_STREAMS.values())}
    for kind in allowed:
        streams[OWN_STREAMS.get(kind) or ("wishes" if SPECS[kind].is_wish else "faults")].append(kind)
    drawn = [_drawn(Stream(seed, "plan", purpose), own, devices, duration_ms) for purpose, own in streams.items()]
    return Plan(seed, devices, duration_ms, Packed(sorted((fault for own in drawn for fault in own), key=_when)))


def _drawn(stream: Stream, allowed: Sequence[Kind], devices: int, duration_ms: int) -> list[Fault]:
    """The faults of a stream: which kinds there are, how many, and each of them."""
    weights = {kind: stream.pick(WEIGHTS) for kind in allowed if stream.chance(IN_PERMILLE)}
    rate = stream.between(*RATE_PERMILLE)
    faults: list[Fault] = []
    asked = bool(allowed) and all(SPECS[kind].is_wish for kind in allowed)
    device_every_ms = (
        WISH_EVERY_MS if asked else next((EVERY_MS[kind] for kind in allowed if kind in EVERY_MS), DEVICE_FAULT_EVERY_MS)
    )
    for house, every_ms, struck in ((False, device_every_ms, devices), (True, HOUSE_FAULT_EVERY_MS, 1)):
        tickets = [kind for kind in weights if SPECS[kind].house == house for _ in range(weights[kind])]
        count = duration_ms * struck * rate // (every_ms * 1_000)
        for _ in range(count if tickets else 0):
            fault = _fault(stream, stream.pick(tickets), devices, duration_ms)
            if fault.kind not in ONCE or all(fault.kind is not before.kind for before in faults):
                faults.append(fault)
    return faults


def _fault(stream: Stream, kind: Kind, devices: int, duration_ms: int) -> Fault:
    spec = SPECS[kind]
    at_ms = stream.between(duration_ms * FIRST_PERMILLE // 1_000, duration_ms - 1)
    lasts_ms = _lasting(stream, *spec.lasts_ms) if spec.lasts_ms[1] else 0
    numbers = {
        name: _lasting(stream, *bounds) if name in spec.scaled else stream.between(*bounds)
        for name, bounds in spec.numbers.items()
    }
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
