"""What the devices of a world have around them, and who makes their cores."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from seamline.device import Core, Policy
from seamline.device.shapes import Random, Stored
from seamline.rig.world.broker import Broker
from seamline.rig.world.heap import Heap
from seamline.rig.world.marks import Marks
from seamline.rig.world.pacing import Waits
from seamline.rig.world.trace import Trace

CoreMaker = Callable[[Policy, str, Random, Stored], Core]
"""Who makes the core of a boot: of its policy, its device's name, random numbers and what flash holds. The one way to get another."""


@dataclass(slots=True)
class Surroundings:
    """What all devices of a world share."""

    heap: Heap
    broker: Broker
    marks: Marks
    trace: Trace
    seed: int
    make_core: CoreMaker = Core
    waits: Waits = field(default_factory=Waits)
    ntp_blocked: bool = False
