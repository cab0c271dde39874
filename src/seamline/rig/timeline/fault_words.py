"""A plan's faults in words: what their numbers mean, written out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from seamline.rig.timeline.words import span
from seamline.rig.world.plan import SPECS, Fault, Kind

Numbers = Mapping[str, int]

STRIKES: Final = ("before operation {}", "half way through operation {}", "after operation {} is complete")
"""When the power goes, by a flash cut's `how`; operations are counted from 0."""
BOUNDS: Final = ("for records of all times", "for records from {} before on", "for records until {} before")


def told(fault: Fault, lasts: str) -> str:
    """A fault in words; `lasts` is how long, as it is said."""
    say, what = SAID.get(fault.kind), SPECS[fault.kind].what
    text = what if say is None or not set(SPECS[fault.kind].numbers) <= set(fault.numbers) else say(fault.numbers)
    return f"{fault.kind}: {text}" + (f", for {lasts}" if lasts else "")


def _share(permille: int) -> str:
    return f"{permille / 10:.1f}".removesuffix(".0") + " %"


def _flash_cut(numbers: Numbers) -> str:
    text = f"the power goes {STRIKES[numbers['how']].format(numbers['operations'])} on the flash from now on"
    if numbers["again"] < 0:
        return text
    return f"{text}; and again in the boot that follows, {STRIKES[numbers['again_how']].format(numbers['again'])} of it"


def _portal(numbers: Numbers) -> str:
    return f"connects meet a {'lying name server' if numbers['lie'] else 'captive portal'}"


def _expired(numbers: Numbers) -> str:
    ends = ", and its connection ends" if numbers["ends"] else ""
    return f"the broker refuses the device's connects until its credentials are renewed{ends}"


def _late_mail(numbers: Numbers) -> str:
    when = "at once and again" if numbers["twice"] else "only"
    return f"documents of the device's wishes come {when} {span(numbers['by_ms'])} later"


def _wish(numbers: Numbers) -> str:
    when = "the device is told at once" if numbers["announced"] else "the device is told by the next step"
    return f"somebody asks for setting {numbers['setting']}, at {_share(numbers['permille'])} of its range; {when}"


def _touch(numbers: Numbers) -> str:
    return f"somebody changes setting {numbers['setting']} at the device, to {_share(numbers['permille'])} of its range"


def _correction(numbers: Numbers) -> str:
    bound = BOUNDS[numbers["bound"]].format(span(numbers["back_ms"]))
    return f"somebody gives the device coefficients of calibration {numbers['which']}, number {numbers['permille']}, {bound}"


def _off(numbers: Numbers) -> str:
    return f"time servers are {span(numbers['by_ms'])} {'late' if numbers['late'] else 'early'}, and the device asks them"


def _step(numbers: Numbers) -> str:
    return f"time servers lie: {span(abs(numbers['by_ms']))} {'late' if numbers['by_ms'] < 0 else 'early'}"


SAID: Final[Mapping[Kind, Callable[[Numbers], str]]] = {
    Kind.PUBLISH_CUT: lambda numbers: f"the connection breaks {span(numbers['after_ms'])} after the next message has left",
    Kind.LOSSY: lambda numbers: f"{_share(numbers['permille'])} of the messages are lost",
    Kind.DOUBLING: lambda numbers: f"{_share(numbers['permille'])} of the messages come twice",
    Kind.REORDERING: lambda numbers: f"{_share(numbers['permille'])} of the messages overtake others",
    Kind.SLOW: lambda numbers: f"messages take {span(numbers['by_ms'])} longer",
    Kind.NAT: lambda numbers: f"the network forgets connections that are idle for {span(numbers['idle_ms'])}",
    Kind.PORTAL: _portal,
    Kind.FLAPPING: lambda numbers: (
        f"the network goes for {span(numbers['down_ms'])} and is back for {span(numbers['up_ms'])}, again and again"
    ),
    Kind.FLASH_CUT: _flash_cut,
    Kind.ROT: lambda numbers: f"the power goes, and bit {numbers['bit']} of flash entry {numbers['place']} turns",
    Kind.UPGRADE: lambda numbers: f"the program ends in order and another firmware starts (number {numbers['model']})",
    Kind.EXPIRED: _expired,
    Kind.LATE_MAIL: _late_mail,
    Kind.WISH: _wish,
    Kind.TOUCH: _touch,
    Kind.CORRECTION: _correction,
    Kind.BROWNOUTS: lambda numbers: (
        f"without a network the power goes for {span(numbers['down_ms'])} and is back for {span(numbers['up_ms'])}, again and again"
    ),
    Kind.CLOCK_STEP: _step,
    Kind.CLOCK_OFF: _off,
    Kind.REGION: lambda numbers: f"{_share(numbers['permille'])} of the devices lose their power at once",
    Kind.TAIL_LOST: lambda numbers: (
        f"the broker's machine loses its power, and the broker its last {numbers['messages']} messages"
    ),
    Kind.HUB_KILL: lambda numbers: f"the hub is killed after {numbers['effects']} more effects",
    Kind.DATABASE_SLOW: lambda numbers: f"each commit takes {span(numbers['by_ms'])} longer",
    Kind.COMMIT_UNKNOWN: lambda numbers: f"commits are made and their answers lost, {numbers['times']} of them",
    Kind.DISK_FULL: lambda numbers: f"the disk of the {'broker' if numbers['whose'] else 'database'} is full",
    Kind.RESTORED: lambda numbers: f"the database is away, and comes back as it was {span(numbers['back_ms'])} before",
    Kind.LATE_CONTRACT: lambda numbers: f"the {numbers['versions']} newest contracts are registered only now",
}
"""The kinds that have numbers."""
