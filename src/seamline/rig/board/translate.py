"""A fault plan of the virtual world, for one board in wall time: what a port can do, and what it cannot, each with its reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from seamline.rig.world.plan import HOUSE, SPECS, Fault, Kind, Plan


class Deed(StrEnum):
    """What is done to a board."""

    CUT = "cut"
    CUT_IN_PUBLISH = "cut-in-publish"
    STALL_BOTH = "stall-both"
    STALL_UP = "stall-up"
    STALL_DOWN = "stall-down"
    SLOW = "slow"
    NAT = "nat"
    PORTAL = "portal"
    REFUSE = "refuse"
    POWER = "power"
    RESET = "reset"
    ERASE = "erase"
    STOP = "stop"
    TIME_STEP = "time-step"
    TIME_BLOCKED = "time-blocked"


@dataclass(frozen=True, slots=True)
class Step:
    """At `at_ms` of wall time: do this for `lasts_ms`. `number` is the deed's own, scaled like the times. `fault`: what asked for it.

    `cuts`: the live connection ends with it.
    """

    at_ms: int
    deed: Deed
    lasts_ms: int
    number: int
    fault: Kind
    cuts: bool = False


@dataclass(frozen=True, slots=True)
class Abilities:
    """What this rig can do beyond the network."""

    relay: bool = False
    reset: bool = False
    obeys: frozenset[str] = frozenset()
    time: bool = False


@dataclass(frozen=True, slots=True)
class Course:
    """A translated plan: steps in order, and the reasons for what is left out, with how many faults each took."""

    steps: tuple[Step, ...]
    left_out: tuple[tuple[Kind, str, int], ...]
    lasts_ms: int

    def told(self) -> list[str]:
        """One line for each reason why something is left out."""
        return [f"left out: {count} × {kind}: {why}" for kind, why, count in self.left_out]


IN_THE_CORE: Final = "only the virtual world can strike between two operations of a flash: seamline rig run"
OF_THE_HUB: Final = "it happens to the hub, not to the board: seamline rig run"
NEVER: Final[Mapping[Kind, str]] = {
    Kind.LOSSY: "TCP sends again what a network loses; the board would only see it slow",
    Kind.DOUBLING: "TCP hides what a network doubles",
    Kind.REORDERING: "TCP puts in order what a network mixes",
    Kind.FLASH_CUT: IN_THE_CORE,
    Kind.ROT: "no bit of a real flash turns on request",
    Kind.UPGRADE: "another firmware must be flashed by hand",
    Kind.STREAM_LOST: OF_THE_HUB,
    Kind.TAIL_LOST: OF_THE_HUB,
    Kind.HUB_KILL: OF_THE_HUB,
    Kind.DATABASE_AWAY: OF_THE_HUB,
    Kind.DATABASE_SLOW: OF_THE_HUB,
    Kind.COMMIT_UNKNOWN: OF_THE_HUB,
    Kind.DISK_FULL: OF_THE_HUB,
    Kind.RESTORED: OF_THE_HUB,
    Kind.LATE_CONTRACT: OF_THE_HUB,
    Kind.LATE_MAIL: "nobody asks anything of a board on this desk",
    Kind.WISH: "nobody asks anything of a board on this desk",
    Kind.TOUCH: "nobody touches a board on this desk",
    Kind.CORRECTION: OF_THE_HUB,
}
NETWORK: Final[Mapping[Kind, Deed]] = {
    Kind.LINK_CUT: Deed.CUT,
    Kind.CUT_ALL: Deed.CUT,
    Kind.PUBLISH_CUT: Deed.CUT_IN_PUBLISH,
    Kind.PARTITION: Deed.STALL_BOTH,
    Kind.DEAF: Deed.STALL_DOWN,
    Kind.MUTE: Deed.STALL_UP,
    Kind.SLOW: Deed.SLOW,
    Kind.NAT: Deed.NAT,
    Kind.PORTAL: Deed.PORTAL,
    Kind.FLAPPING: Deed.REFUSE,
    Kind.BROKER_DOWN: Deed.REFUSE,
    Kind.AUTH_AWAY: Deed.REFUSE,
    Kind.EXPIRED: Deed.REFUSE,
}
CUTS: Final = frozenset({Kind.BROKER_DOWN, Kind.PORTAL, Kind.FLAPPING})
"""What ends the live connection too, besides keeping new ones out."""
AGAIN: Final = frozenset({Kind.FLAPPING, Kind.BROWNOUTS})
"""What is there and not there in turns, while it lasts."""
POWER: Final = frozenset({Kind.POWER_CUT, Kind.BROWNOUTS, Kind.REGION, Kind.DEAD_CLOCK})
COMMANDS: Final[Mapping[Kind, Deed]] = {Kind.ERASE: Deed.ERASE, Kind.STOP: Deed.STOP}
TIMES: Final[Mapping[Kind, Deed]] = {
    Kind.CLOCK_STEP: Deed.TIME_STEP,
    Kind.CLOCK_OFF: Deed.TIME_STEP,
    Kind.NTP_BLOCKED: Deed.TIME_BLOCKED,
}
NUMBERS: Final = ("by_ms", "idle_ms")
OTHER_DEVICE: Final = "it happens to another device of the plan"


def translate(plan: Plan, device: int, abilities: Abilities, scale: float = 1.0) -> Course:
    """The course of `device` of the plan, `scale` times faster than the plan; durations in its numbers too."""
    steps: list[Step] = []
    left_out: Counter[tuple[Kind, str]] = Counter()
    for fault in plan.faults:
        if fault.device not in {HOUSE, device}:
            left_out[fault.kind, OTHER_DEVICE] += 1
            continue
        deed, why = _deed(fault, abilities)
        if deed is None:
            left_out[fault.kind, why] += 1
            continue
        number = next((fault.numbers[name] for name in NUMBERS if name in fault.numbers), 0)
        # A clock that is a day wrong is so at any speed.
        scaled = number if deed is Deed.TIME_STEP else round(number / scale)
        if fault.numbers.get("late"):
            scaled = -scaled
        cuts = deed is Deed.CUT or fault.kind in CUTS or bool(fault.numbers.get("ends"))
        for at_ms, lasts_ms in _spells(fault):
            steps.append(Step(round(at_ms / scale), deed, max(1, round(lasts_ms / scale)), scaled, fault.kind, cuts))
        if fault.kind is Kind.BROWNOUTS:
            away_ms = max(1, round(fault.lasts_ms / scale))
            steps.append(Step(round(fault.at_ms / scale), Deed.REFUSE, away_ms, 0, fault.kind))
    steps.sort(key=lambda step: step.at_ms)
    reasons = tuple((kind, why, count) for (kind, why), count in sorted(left_out.items()))
    return Course(tuple(steps), reasons, round(plan.duration_ms / scale))


def not_done(kind: Kind, abilities: Abilities) -> str:
    """Why this desk cannot do a kind of fault at all; empty where it can."""
    numbers = dict.fromkeys(SPECS[kind].numbers, 0)
    return _deed(Fault(0, kind, numbers=numbers), abilities)[1]


def _spells(fault: Fault) -> Iterator[tuple[int, int]]:
    """When a fault is there, and for how long: some are again and again."""
    if fault.kind not in AGAIN:
        yield fault.at_ms, fault.lasts_ms
        return
    down_ms, ends_ms = fault.numbers["down_ms"], fault.at_ms + fault.lasts_ms
    for at_ms in range(fault.at_ms, ends_ms, down_ms + fault.numbers["up_ms"]):
        yield at_ms, min(down_ms, ends_ms - at_ms)


def _deed(fault: Fault, abilities: Abilities) -> tuple[Deed | None, str]:
    """What to do, or why nothing can be done."""
    kind = fault.kind
    if kind in POWER:
        return _power(abilities)
    if kind in COMMANDS:
        deed = COMMANDS[kind]
        return (deed, "") if deed in abilities.obeys else (None, f"the board's firmware does not obey `{deed}`")
    if kind in TIMES:
        return (TIMES[kind], "") if abilities.time else (None, "the board does not ask the rig for the time")
    if kind is Kind.PORTAL and fault.numbers["lie"]:
        return None, "the board's name server is not the rig's"
    deed = NETWORK.get(kind)
    return (deed, "") if deed is not None else (None, NEVER.get(kind, "the port has no way to do it"))


def _power(abilities: Abilities) -> tuple[Deed | None, str]:
    if abilities.relay:
        return Deed.POWER, ""
    return (Deed.RESET, "") if abilities.reset else (None, "there is no relay, and no reset line")
