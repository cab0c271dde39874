"""The fault plan: data, drawn up front from the seed, a round at a time, so that a run can be repeated and a plan edited."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from random import Random
from typing import Final


class Kind(StrEnum):
    """What can happen. Those of one device first, then those of the house."""

    CUT = "connection cut"
    CUT_MID_PUBLISH = "connection cut inside a publish"
    CUT_AT_ANSWER = "connection cut before the answer"
    DUPLICATE = "publishes sent twice"
    POWER_CUT = "power cut"
    ERASE = "power cut and flash erased"
    DEAF = "deaf for a while"
    OUT_OF_REACH = "out of reach for a while"
    DEAD_CLOCK = "restart with the clock at 1970"
    LATE_ANCHOR = "restart with a late anchor"
    GARBAGE = "garbage published"
    ROGUE = "frames of an unregistered build"
    CUT_ALL = "every connection cut"
    KILL_HUB = "hub killed"
    KILL_BROKER = "broker killed"
    KILL_DATABASE = "database killed"


HOUSE: Final = frozenset({Kind.CUT_ALL, Kind.KILL_HUB, Kind.KILL_BROKER, Kind.KILL_DATABASE})
LINK: Final = frozenset({Kind.CUT, Kind.CUT_MID_PUBLISH, Kind.CUT_AT_ANSWER, Kind.DEAF, Kind.OUT_OF_REACH})
"""Faults of a device's network: they need a link before the device."""
ROUND_S: Final = 30.0
"""A demo without end draws a new plan each round."""

# How many of a hundred devices meet each fault in a round of the mild demo; at least one does, whatever the fleet's size.
MILD: Final[dict[Kind, float]] = {
    Kind.CUT: 10,
    Kind.CUT_MID_PUBLISH: 4,
    Kind.CUT_AT_ANSWER: 4,
    Kind.DUPLICATE: 4,
    Kind.POWER_CUT: 2,
    Kind.ERASE: 0.5,
    Kind.DEAF: 1,
    Kind.OUT_OF_REACH: 1,
    Kind.DEAD_CLOCK: 0.5,
    Kind.LATE_ANCHOR: 1.5,
    Kind.GARBAGE: 1.5,
    Kind.ROGUE: 0.5,
}
OTHER_OUTBOX: Final = 2
"""So many further on in a mixed fleet is a device of the same version with the other kind of outbox: each power cut strikes both."""
LASTS_S: Final[dict[Kind, tuple[float, float]]] = {
    Kind.DUPLICATE: (3.0, 8.0),
    Kind.POWER_CUT: (0.2, 2.0),
    Kind.ERASE: (0.2, 2.0),
    Kind.DEAF: (3.0, 6.0),
    Kind.OUT_OF_REACH: (10.0, 12.0),  # three publishes of the demo make 6 s: long enough to be presumed lost, and seen so
    Kind.DEAD_CLOCK: (0.2, 1.0),
    Kind.LATE_ANCHOR: (2.0, 5.0),
}
# Faults begin when the fleet is up and end early enough that what they cause is seen while measuring goes on.
FIRST_AT: Final = 0.15
LAST_AT: Final = 0.8
OUT_OF_REACH_LAST_AT: Final = 0.45
"""In a demo of 30 s there is time left to come back."""
CHAOS_POWER_CUT_SHARE: Final = 0.1


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """At `at_s` after the start, `kind` happens to the device with index `device` (-1: to the house) and lasts `lasts_s`."""

    at_s: float
    kind: Kind
    device: int = -1
    lasts_s: float = 0.0

    def __str__(self) -> str:
        whom = "" if self.device < 0 else f" device {self.device}"
        return f"{self.at_s:7.2f} s {self.kind}{whom}" + (f" for {self.lasts_s:.1f} s" if self.lasts_s else "")


def mild(
    random: Random, devices: int, begin_s: float, seconds: float, *, links: int | None = None, stretch: float = 1.0
) -> list[Fault]:
    """Draw the mild faults of one round of `seconds` from `begin_s`, in order of time.

    Faults of the network strike the first `links` devices only (None: all have a link). They last `stretch` times as long as in
    a fleet that sends every 2 s.
    """
    faults: list[Fault] = []
    for kind, percent in MILD.items():
        within = devices if links is None or kind not in LINK else links
        struck = random.sample(range(within), min(within, max(1, round(within * percent / 100))))
        if kind is Kind.POWER_CUT:
            struck += [(device + OTHER_OUTBOX) % devices for device in struck]
        faults += [_fault(random, kind, device, begin_s, seconds, stretch) for device in struck]
    return sorted(faults)


def chaos(random: Random, devices: int, begin_s: float, seconds: float) -> list[Fault]:
    """Draw what `--chaos` adds, once: three kills, every connection cut, the power of a tenth of the devices."""
    faults = [Fault(_moment(random, begin_s, seconds), kind) for kind in sorted(HOUSE)]
    at_s = _moment(random, begin_s, seconds)
    struck = random.sample(range(devices), max(1, round(devices * CHAOS_POWER_CUT_SHARE)))
    faults += [Fault(at_s, Kind.POWER_CUT, device, _lasting(random, Kind.POWER_CUT, seconds)) for device in struck]
    return sorted(faults)


def rounds(
    seed: int,
    devices: int,
    seconds: float | None,
    *,
    mild_faults: bool = True,
    with_chaos: bool = False,
    links: int | None = None,
    stretch: float = 1.0,
) -> Iterator[list[Fault]]:
    """Yield the plan: one round for a run of known length, rounds of ROUND_S (times `stretch`) for ever otherwise.

    `links` and `stretch` are those of `mild`.
    """
    random = Random(f"{seed}/plan")  # noqa: S311  # a simulation, repeatable on purpose
    begin_s, length_s = 0.0, ROUND_S * stretch if seconds is None else seconds
    while True:
        plan = mild(random, devices, begin_s, length_s, links=links, stretch=stretch) if mild_faults else []
        if with_chaos and begin_s == 0:
            plan = sorted(plan + chaos(random, devices, begin_s, length_s))
        yield plan
        if seconds is not None:
            return
        begin_s += length_s


def _fault(random: Random, kind: Kind, device: int, begin_s: float, seconds: float, stretch: float) -> Fault:
    if kind is not Kind.OUT_OF_REACH:
        return Fault(_moment(random, begin_s, seconds), kind, device, _lasting(random, kind, seconds, stretch))
    at_s = begin_s + seconds * random.uniform(FIRST_AT, OUT_OF_REACH_LAST_AT)
    return Fault(at_s, kind, device, min(random.uniform(*LASTS_S[kind]) * stretch, begin_s + seconds - at_s))


def _moment(random: Random, begin_s: float, seconds: float) -> float:
    return begin_s + seconds * random.uniform(FIRST_AT, LAST_AT)


def _lasting(random: Random, kind: Kind, seconds: float, stretch: float = 1.0) -> float:
    low, high = LASTS_S.get(kind, (0.0, 0.0))
    return min(random.uniform(low, high) * stretch, seconds * (1 - LAST_AT))
