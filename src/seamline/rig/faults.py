"""Makes planned faults happen to a running fleet and its house, and counts what really happened."""

import asyncio
import struct
from collections import Counter
from collections.abc import Callable, Iterable
from random import Random
from typing import Final, Protocol

from seamline.rig.device import SimulatedDevice
from seamline.rig.fleet import Fleet
from seamline.rig.plan import LINK, Fault, Kind
from seamline.rig.truth import StreamKey

ROGUE_LAYOUT: Final = 200
"""A layout version no contract of ours has."""
ROGUE_RECORDS: Final = 5
GARBAGE_BYTES: Final = 80
MID_PUBLISH_BYTES: Final = (20, 400)
"""Into the next bytes a device sends: a frame of some readings in its TLS record takes 100 to 700."""
KILLED: Final = {Kind.KILL_HUB: "hub", Kind.KILL_BROKER: "broker", Kind.KILL_DATABASE: "postgres"}

HEADER: Final = struct.Struct("<BBBBIIIIHHIHH")
"""The data frame's header (docs/wire.md)."""
MAGIC: Final = 0xA1


class Killable(Protocol):
    """A stack whose parts can be killed."""

    def kill(self, name: str) -> None:
        """SIGKILL one child; it is started again."""
        ...


class Injector:
    """Applies faults to a fleet. `happened` counts by kind; a fault that found its device dark or offline does not count."""

    def __init__(self, fleet: Fleet, house: Killable | None, random: Random, say: Callable[[str], None] | None = None) -> None:
        self._fleet = fleet
        self._house = house
        self._random = random
        self._say = say
        self._mending: list[asyncio.TimerHandle] = []
        self.happened: Counter[Kind] = Counter()

    async def follow(self, plan: Iterable[list[Fault]], began_s: float) -> None:
        """Apply the faults of each round at their times, counted from the loop's time `began_s`; ends with the plan."""
        loop = asyncio.get_running_loop()
        for faults in plan:
            for fault in faults:
                await asyncio.sleep(max(0.0, began_s + fault.at_s - loop.time()))
                self.apply(fault)

    def apply(self, fault: Fault) -> bool:
        """Make one fault happen now; returns whether it could."""
        done = self._to_house(fault) if fault.device < 0 else self._to_device(fault, self._fleet.devices[fault.device])
        if done:
            self.happened[fault.kind] += 1
            if self._say is not None:
                self._say(str(fault))
        return done

    def mend(self) -> None:
        """End every fault that lasts: links heal, anchors are held no more. The dark come back when their time is over."""
        for handle in self._mending:
            handle.cancel()
        self._mending.clear()
        for link in self._fleet.links:
            link.stall()
        for device in self._fleet.devices:
            device.port.anchor_delay_s = 0.0

    def _to_house(self, fault: Fault) -> bool:
        if fault.kind is Kind.CUT_ALL:
            return sum(link.cut() for link in self._fleet.links) > 0
        if self._house is None:
            return False
        self._house.kill(KILLED[fault.kind])
        return True

    def _to_device(self, fault: Fault, device: SimulatedDevice) -> bool:
        if device.boot is None:
            return False
        match fault.kind:
            case kind if kind in LINK:
                return self._to_link(fault)
            case Kind.DUPLICATE:
                device.port.duplicate_until_s = asyncio.get_running_loop().time() + fault.lasts_s
            case Kind.POWER_CUT:
                device.power_cut(fault.lasts_s)
            case Kind.ERASE:
                device.power_cut(fault.lasts_s, erase=True)
            case Kind.DEAD_CLOCK:
                device.power_cut(fault.lasts_s, dead_clock=True, reset="brownout")
            case Kind.LATE_ANCHOR:
                device.port.anchor_delay_s = fault.lasts_s
                device.power_cut(0.0, reset="watchdog")
            case Kind.GARBAGE:
                return device.port.inject("data", self._random.randbytes(self._random.randint(1, GARBAGE_BYTES)))
            case Kind.ROGUE:
                return self._rogue(device)
            case _:
                return False
        return True

    def _to_link(self, fault: Fault) -> bool:
        if fault.device >= len(self._fleet.links):
            return False
        link = self._fleet.links[fault.device]
        match fault.kind:
            case Kind.CUT:
                return link.cut() > 0
            case Kind.CUT_MID_PUBLISH:
                link.cut_after_bytes_up(self._random.randint(*MID_PUBLISH_BYTES))
            case Kind.CUT_AT_ANSWER:
                link.cut_at_answer()
            case _:
                link.stall(up=fault.kind is Kind.OUT_OF_REACH, down=True)
                self._mending.append(asyncio.get_running_loop().call_later(fault.lasts_s, link.stall))
        return True

    def _rogue(self, device: SimulatedDevice) -> bool:
        """Publish a frame whose layout was never registered, under an incarnation of its own: it belongs in quarantine, whole."""
        message = device.model.measured[0]
        layout = message.layout
        key = StreamKey(self._random.getrandbits(32) or 1, 1, message.id)
        header = HEADER.pack(
            MAGIC, 0, message.id, ROGUE_LAYOUT, self._random.getrandbits(32), key.incarnation, key.boot, 0, ROGUE_RECORDS, 0, 0, 0, layout.record_bytes
        )  # fmt: skip
        records = self._random.randbytes(ROGUE_RECORDS * layout.record_bytes)
        if not device.port.inject("data", header + records, kept=True):
            return False
        device.expect_quarantined(key, layout, ROGUE_RECORDS)
        return True
