"""What a recorded run comes to: moments in lanes, messages on their way from lane to lane, and spans in which something was wrong.

Lanes are named `d3` (device 3), `n3` (its network), `broker` and `hub`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from seamline.rig.world.plan import HOUSE, Fault, Kind, Plan
from seamline.rig.world.promises import BrokenPromise

LATE_US: Final = 1_000_000
"""A message that takes longer is said to."""
BROKER: Final = "broker"
HUB: Final = "hub"
DEVICES_SHOWN: Final = 6
"""More lanes are not read; those concerned come first."""
ON_NETWORK: Final = frozenset(
    (
        Kind.LINK_CUT, Kind.LOSSY, Kind.DOUBLING, Kind.REORDERING, Kind.SLOW, Kind.PARTITION, Kind.DEAF, Kind.MUTE, Kind.NAT,
        Kind.PORTAL, Kind.FLAPPING, Kind.LATE_MAIL,
    )
)  # fmt: skip
ON_BROKER: Final = frozenset(
    (Kind.CUT_ALL, Kind.REGION, Kind.NTP_BLOCKED, Kind.BROKER_DOWN, Kind.STREAM_LOST, Kind.TAIL_LOST, Kind.AUTH_AWAY)
)


@dataclass(slots=True)
class Moment:
    """One thing that happened: when, in which lane, of which sort, and what. `device`: whom it concerns (HOUSE: nobody in particular).

    Sorts are `boot`, `dark`, `link`, `up`, `down`, `commit`, `fault`, `mend`, `mark` and `broken`.
    """

    at_us: int
    lane: str
    sort: str
    what: str
    device: int = HOUSE
    offends: bool = False
    """Whether it is among what broke the promise."""


@dataclass(slots=True, eq=False)
class Message:
    """A message that was sent: `arrived_us` None says that it never came. `sent` is its moment."""

    sent: Moment
    source: str
    target: str
    arrived_us: int | None = None
    again: int = 0
    """How often it came once more."""
    why: str = ""
    """What became of it on its way, where that is known."""

    @property
    def is_late(self) -> bool:
        """Whether it came, and took its time."""
        return self.arrived_us is not None and self.arrived_us - self.sent.at_us > LATE_US


@dataclass(frozen=True, slots=True)
class Span:
    """Between two virtual times something was so in a lane: `fault`, `dark` (no power), `live` (connected)."""

    lane: str
    sort: str
    what: str
    from_us: int
    until_us: int


@dataclass(slots=True)
class Story:
    """A run to be read."""

    plan: Plan
    digest: str
    broken: BrokenPromise | None
    devices: tuple[int, ...]
    """Those whose lanes are shown."""
    end_us: int
    moments: list[Moment] = field(default_factory=list[Moment])
    messages: list[Message] = field(default_factory=list[Message])
    spans: list[Span] = field(default_factory=list[Span])
    is_whole: bool = True

    @property
    def lanes(self) -> tuple[str, ...]:
        """Each shown device with its network, then broker and hub; of devices and networks those in which anything happened."""
        used = {moment.lane for moment in self.moments} | {each.lane for each in self.spans}
        for message in self.messages:
            used |= {message.source, message.target}
            if message.is_late or message.arrived_us is None:
                used.add(f"n{message.sent.device}")
        every = (lane for index in self.devices for lane in (f"d{index}", f"n{index}"))
        return (*(lane for lane in every if lane in used), BROKER, HUB)


def who(lane: str) -> str:
    """A lane's name as people say it."""
    return {"d": "device ", "n": "network "}[lane[0]] + lane[1:] if lane not in {BROKER, HUB} else lane


def concerned(plan: Plan, broken: BrokenPromise | None, offenders: Sequence[int] = ()) -> tuple[int, ...]:
    """The devices to show, by index: those the promise was broken to or by, those that faults struck, then the others."""
    culprit = [*([] if broken is None else [broken.device]), *offenders]
    struck = [fault.device for fault in plan.faults]
    order = dict.fromkeys([*culprit, *struck, *plan.present])
    return tuple(sorted([index for index in order if index in set(plan.present)][:DEVICES_SHOWN]))


def lane_of(fault: Fault) -> str:
    """Where a fault is shown."""
    if fault.device != HOUSE:
        return f"n{fault.device}" if fault.kind in ON_NETWORK else f"d{fault.device}"
    return BROKER if fault.kind in ON_BROKER else HUB


def spans_of(faults: Sequence[Fault], devices: Sequence[int], end_us: int) -> list[Span]:
    """What a plan's faults shade."""
    spans: list[Span] = []
    for fault in faults:
        from_us = fault.at_ms * 1_000
        if from_us <= end_us and (fault.device == HOUSE or fault.device in devices):
            until_us = min(end_us, from_us + fault.lasts_ms * 1_000)
            spans.append(Span(lane_of(fault), "fault", str(fault.kind), from_us, until_us))
    return spans
