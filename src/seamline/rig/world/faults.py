"""Carries a plan's faults out: what each kind does when it begins, and what it undoes when it ends."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from seamline.rig.world.device import Device, Surroundings
from seamline.rig.world.firmware import Model
from seamline.rig.world.heap import MS, Heap
from seamline.rig.world.hub import HubPort
from seamline.rig.world.plan import Fault, Kind, Plan
from seamline.rig.world.streams import THOUSAND, Stream

LIES: Final = ("tls", "dns")
WORSE: Final[Mapping[Kind, tuple[str, str, int]]] = {
    Kind.LOSSY: ("lost", "permille", 1),
    Kind.DOUBLING: ("doubled", "permille", 1),
    Kind.REORDERING: ("overtaken", "permille", 1),
    Kind.SLOW: ("slow_us", "by_ms", MS),
    Kind.NAT: ("nat_idle_us", "idle_ms", MS),
}
"""What of a link's weather a kind adds to, by which of its numbers, times what."""

Undo = Callable[[], None]


class Faults:
    """The faults of one run. Those of devices that are not there do not happen."""

    def __init__(
        self, plan: Plan, devices: Mapping[int, Device], models: Sequence[Model], around: Surroundings, hub: HubPort
    ) -> None:
        self._plan: Final = plan
        self._devices: Final = devices
        self._models: Final = models
        self._around: Final = around
        self._hub: Final = hub
        self._counts: Final[dict[Kind, int]] = {}
        """How many of a kind that may overlap are going on."""
        self.fired: Final[dict[Kind, int]] = {}

    def schedule(self, heap: Heap) -> None:
        """Have every fault happen when it is due."""
        for place, fault in enumerate(self._plan.faults):
            if fault.device < 0 or fault.device in self._devices:
                heap.at(fault.at_ms * MS, lambda place=place, fault=fault: self._fire(place, fault))

    def mend(self) -> None:
        """Undo what may still be going on: the database works, nobody is killed any more, no cut waits."""
        self._hub.calm()
        self._around.broker.refuses = self._around.ntp_blocked = False
        for device in self._devices.values():
            device.flash.disarm()
            device.cut_again = None
            device.clock.mend()

    def _fire(self, place: int, fault: Fault) -> None:
        heap, device = self._around.heap, self._devices.get(fault.device)
        self.fired[fault.kind] = self.fired.get(fault.kind, 0) + 1
        self._around.trace.note(heap.now_us, fault.device, f"fault {fault.kind}")
        undo = self._house(place, fault) if device is None else self._network(fault, device) or self._device(fault, device)
        if undo is not None:
            heap.after(fault.lasts_ms * MS, undo)

    # -- a device's network --------------------------------------------------------------------------------------------

    def _network(self, fault: Fault, device: Device) -> Undo | None:
        link, numbers = device.link, fault.numbers
        weather = link.weather
        worse = WORSE.get(fault.kind)
        if worse is not None:
            name, number, factor = worse
            return _more(weather, name, numbers[number] * factor)
        match fault.kind:
            case Kind.LINK_CUT:
                link.cut()
            case Kind.PORTAL:
                weather.portal = LIES[numbers["lie"]]
                link.cut()
                return lambda: setattr(weather, "portal", "")
            case Kind.PARTITION | Kind.DEAF | Kind.MUTE:
                up, down = fault.kind is not Kind.DEAF, fault.kind is not Kind.MUTE
                link.stall(up=up, down=down)
                return lambda: link.unstall(up=up, down=down)
            case _:
                pass
        return None

    # -- a device ------------------------------------------------------------------------------------------------------

    def _device(self, fault: Fault, device: Device) -> Undo | None:
        numbers, off_us = fault.numbers, fault.lasts_ms * MS
        match fault.kind:
            case Kind.POWER_CUT:
                device.power_cut(off_us)
            case Kind.FLASH_CUT:
                device.flash.cut_after(numbers["operations"], numbers["how"])
                device.cut_again = (numbers["again"], numbers["again_how"]) if numbers["again"] >= 0 else None
            case Kind.ERASE:
                device.power_cut(off_us)
                device.flash.wipe()
            case Kind.ROT:
                device.power_cut(off_us, "brownout")
                device.flash.rot(numbers["place"], numbers["bit"])
                self._around.marks.hit("flash-rot")
            case Kind.STOP:
                device.stop(off_us)
            case Kind.UPGRADE:
                device.upgrade(self._models[numbers["model"] % len(self._models)], off_us)
            case Kind.DEAD_CLOCK:
                device.clock.die(self._around.heap.now_us)
                device.power_cut(off_us)
            case Kind.CLOCK_STEP:
                device.clock.step(numbers["by_ms"])
                return device.clock.mend
            case _:
                pass
        return None

    # -- the house -----------------------------------------------------------------------------------------------------

    def _house(self, place: int, fault: Fault) -> Undo | None:
        around = self._around
        match fault.kind:
            case Kind.CUT_ALL:
                for device in self._devices.values():
                    device.link.cut()
            case Kind.REGION:
                for index, device in self._devices.items():
                    dice = Stream(self._plan.seed, f"device {index}", f"region {place}").below(THOUSAND)
                    if dice < fault.numbers["permille"]:
                        device.power_cut(fault.lasts_ms * MS)
            case Kind.NTP_BLOCKED:
                return self._counted(fault.kind, lambda on: setattr(around, "ntp_blocked", on))
            case Kind.AUTH_AWAY:
                return self._counted(fault.kind, lambda on: setattr(around.broker, "refuses", on))
            case Kind.BROKER_DOWN | Kind.STREAM_LOST | Kind.TAIL_LOST:
                return self._counted(Kind.BROKER_DOWN, lambda on: self._broker(fault, down=on))
            case _:
                return self._of_hub(fault)
        return None

    def _of_hub(self, fault: Fault) -> Undo | None:
        """The hub's process and its database."""
        numbers, hub = fault.numbers, self._hub
        match fault.kind:
            case Kind.HUB_KILL:
                hub.kill_after(numbers["effects"], fault.lasts_ms * MS)
            case Kind.DATABASE_AWAY:
                return self._counted(fault.kind, lambda on: hub.weather(away=on))
            case Kind.DATABASE_SLOW:
                hub.weather(slow_us=numbers["by_ms"] * MS)
                return lambda: hub.weather(slow_us=0)
            case Kind.COMMIT_UNKNOWN:
                hub.weather(commits_unknown=numbers["times"])
            case _:
                pass
        return None

    def _broker(self, fault: Fault, *, down: bool) -> None:
        if down:
            tail = fault.numbers.get("messages", 0)
            self._around.broker.crash(lose_stream=fault.kind is Kind.STREAM_LOST, lose_tail=tail)
            self._hub.broker_lost()
        else:
            self._around.broker.restart()
            self._hub.broker_back()

    def _counted(self, kind: Kind, switch: Callable[[bool], None]) -> Undo:
        """Switch on with the first of several that overlap, and off with the last."""

        def change(by: int) -> None:
            before = self._counts.get(kind, 0)
            self._counts[kind] = before + by
            if bool(before) != bool(before + by):
                switch(before + by > 0)

        change(1)
        return lambda: change(-1)


def _more(weather: object, name: str, by: int) -> Undo:
    """Make something of a link's weather worse, and take just that back later."""
    setattr(weather, name, getattr(weather, name) + by)
    return lambda: setattr(weather, name, getattr(weather, name) - by)
