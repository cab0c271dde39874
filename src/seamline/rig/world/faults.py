"""Carries a plan's faults out: what each kind does when it begins, and what it undoes when it ends."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final, Protocol

from seamline.rig.world.brownouts import Brownouts
from seamline.rig.world.device import Device
from seamline.rig.world.firmware import Model
from seamline.rig.world.flapping import Flapping
from seamline.rig.world.heap import MS, SECOND, Heap
from seamline.rig.world.hub import HubPort
from seamline.rig.world.plan import SPECS, Fault, Kind, Plan
from seamline.rig.world.promises import BrokenPromise
from seamline.rig.world.settings import raw_value
from seamline.rig.world.streams import THOUSAND, Stream
from seamline.rig.world.surroundings import Surroundings

LIES: Final = ("tls", "dns")
CALM_MS: Final = 1_200_000
"""So long after its end nothing is left of a fault: longer than any back-off."""
WORSE: Final[Mapping[Kind, tuple[str, str, int]]] = {
    Kind.LOSSY: ("lost", "permille", 1),
    Kind.DOUBLING: ("doubled", "permille", 1),
    Kind.REORDERING: ("overtaken", "permille", 1),
    Kind.SLOW: ("slow_us", "by_ms", MS),
    Kind.NAT: ("nat_idle_us", "idle_ms", MS),
}
"""What of a link's weather a kind adds to, by which of its numbers, times what."""

OUTAGES: Final[Mapping[Kind, str]] = {
    Kind.PARTITION: "network",
    Kind.DATABASE_AWAY: "database",
    Kind.BROKER_DOWN: "broker",
    Kind.STREAM_LOST: "broker",
    Kind.TAIL_LOST: "broker",
    Kind.AUTH_AWAY: "authorisation",
}
"""What is away from the moment such a fault begins."""

Undo = Callable[[], None]


class People(Protocol):
    """Who does something to the hub: asks for settings, backs its database up."""

    def ask(self, name: str, fault: Fault) -> None:
        """Ask the device of this name for a setting."""
        ...

    def correct(self, name: str, product: str, fault: Fault) -> None:
        """Give the device of this name coefficients."""
        ...

    def back_up(self) -> None:
        """Keep the database as it is."""
        ...

    def restore(self) -> None:
        """Have the database as it was kept."""
        ...

    def stream_lost(self) -> None:
        """The stream has lost messages."""
        ...


class Faults:
    """The faults of one run. Those of devices that are not there do not happen."""

    def __init__(
        self,
        plan: Plan,
        devices: Mapping[int, Device],
        models: Sequence[Model],
        around: Surroundings,
        hub: HubPort,
        people: People,
    ) -> None:
        self._plan: Final = plan
        self._devices: Final = devices
        self._models: Final = models
        self._around: Final = around
        self._hub: Final = hub
        self._people: Final = people
        self._counts: Final[dict[str, int]] = {}
        """How many of a kind that may overlap are going on."""
        self._away: Final[dict[str, int]] = {}
        """How many faults have each part away."""
        self.fired: Final[dict[Kind, int]] = {}

    def schedule(self, heap: Heap) -> None:
        """Have every fault happen when it is due."""
        self._next(heap, self._happening())
        for fault in self._plan.faults:
            if fault.kind is Kind.RESTORED:
                heap.at(max(0, fault.at_ms - fault.numbers["back_ms"]) * MS, self._people.back_up)
            elif fault.kind is Kind.LATE_CONTRACT:
                self._hub.withhold(fault.numbers["versions"])

    def _happening(self) -> Iterator[tuple[int, Fault]]:
        """The faults of devices that are there, each with its place in the plan, one after the other."""
        faults = self._plan.faults
        times = array("q", (fault.at_ms for fault in faults))
        places = array("I", sorted(range(len(faults)), key=times.__getitem__))
        del times
        for place in places:
            fault = faults[place]
            if fault.device < 0 or fault.device in self._devices:
                yield place, fault

    def _next(self, heap: Heap, waiting: Iterator[tuple[int, Fault]]) -> None:
        """Have the next one happen, and then the one after it: a hundred thousand at once would weigh on the heap."""
        following = next(waiting, None)
        if following is not None:
            heap.at(following[1].at_ms * MS, lambda: self._happen(heap, following, waiting))

    def _happen(self, heap: Heap, one: tuple[int, Fault], waiting: Iterator[tuple[int, Fault]]) -> None:
        self._next(heap, waiting)
        self._fire(*one)

    def mend(self) -> None:
        """Undo what may still be going on: the database works, nobody is killed any more, no cut waits."""
        self._hub.calm()
        self._around.broker.refuses = self._around.broker.is_full = self._around.ntp_blocked = False
        for device in self._devices.values():
            device.flash.disarm()
            device.cut_again = None
            device.clock.mend()
            device.link.weather.expired = 0

    def _fire(self, place: int, fault: Fault) -> None:
        heap, device = self._around.heap, self._devices.get(fault.device)
        self.fired[fault.kind] = self.fired.get(fault.kind, 0) + 1
        self._around.trace.note(heap.now_us, fault.device, f"fault {fault.kind}")
        undo = self._house(place, fault) if device is None else self._network(fault, device) or self._device(fault, device)
        if undo is not None:
            heap.after(fault.lasts_ms * MS, self._outage(OUTAGES[fault.kind], undo) if fault.kind in OUTAGES else undo)

    def _outage(self, part: str, undo: Undo) -> Undo:
        """Note that a part is away until that is undone."""
        away = self._away
        away[part] = away.get(part, 0) + 1
        if sum(times > 0 for times in away.values()) > 1:
            self._around.marks.hit("two-outages")

        def over() -> None:
            away[part] -= 1
            undo()

        return over

    # -- a device's network --------------------------------------------------------------------------------------------

    def _network(self, fault: Fault, device: Device) -> Undo | None:
        link, numbers = device.link, fault.numbers
        weather = link.weather
        worse = WORSE.get(fault.kind)
        if worse is not None:
            name, number, factor = worse
            return _more(weather, name, numbers[number] * factor)
        if fault.kind is Kind.FLAPPING:
            return Flapping(link, numbers["down_ms"], numbers["up_ms"]).end
        match fault.kind:
            case Kind.LINK_CUT:
                link.cut()
            case Kind.PUBLISH_CUT:
                link.cut_after_us = numbers["after_ms"] * MS
            case Kind.PORTAL:
                weather.portal = LIES[numbers["lie"]]
                link.cut()
                return lambda: setattr(weather, "portal", "")
            case Kind.PARTITION | Kind.DEAF | Kind.MUTE:
                up, down = fault.kind is not Kind.DEAF, fault.kind is not Kind.MUTE
                if up and down and link.is_connected:
                    self._around.marks.hit("partitioned")
                link.stall(up=up, down=down)
                return lambda: link.unstall(up=up, down=down)
            case Kind.EXPIRED:
                self._around.marks.hit("credentials-expired")
                weather.expired += 1
                if numbers["ends"]:
                    link.cut()
                return lambda: setattr(weather, "expired", max(0, weather.expired - 1))
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
                device.settings.reset()
            case Kind.ROT:
                device.power_cut(off_us, "brownout")
                device.flash.rot(numbers["place"], numbers["bit"])
                self._around.marks.hit("flash-rot")
            case Kind.BROWNOUTS:
                return Brownouts(device, self._around.heap, numbers["down_ms"], numbers["up_ms"]).end
            case Kind.STOP:
                device.stop(off_us)
            case Kind.UPGRADE:
                device.upgrade(self._models[numbers["model"] % len(self._models)], off_us)
            case Kind.WISH | Kind.TOUCH | Kind.CORRECTION:
                self._asked(fault, device)
            case Kind.LATE_MAIL:
                return self._around.broker.delay(device.index, numbers["by_ms"] * MS, twice=bool(numbers["twice"]))
            case Kind.DEAD_CLOCK:
                device.clock.die(self._around.heap.now_us)
                device.power_cut(off_us)
            case Kind.CLOCK_STEP | Kind.CLOCK_OFF:
                return self._lie(fault, device)
            case _:
                pass
        return None

    def _lie(self, fault: Fault, device: Device) -> Undo:
        """Have time servers be wrong. A device that is to learn of it at once asks one, if it can.

        Of small lies the last one counts: two of them could come to less than what can be told from a slow answer.
        """
        by_ms = fault.numbers["by_ms"]
        if fault.kind is Kind.CLOCK_STEP:
            device.clock.step(by_ms)
            return device.clock.mend
        device.clock.lie(-by_ms if fault.numbers["late"] else by_ms)
        asks = "ntp" in device.model.contract.clock.sources and not self._around.ntp_blocked
        if asks and device.core is not None and device.link.is_connected:
            device.synchronise(device.core)
        return device.clock.mend

    def _asked(self, fault: Fault, device: Device) -> None:
        """What people do."""
        if fault.kind is Kind.TOUCH:
            self._touch(fault, device)
        elif fault.kind is Kind.CORRECTION:
            self._people.correct(device.name, device.model.contract.product, fault)
        else:
            if not device.link.is_connected:
                self._around.marks.hit("wish-offline")
            self._people.ask(device.name, fault)

    def _touch(self, fault: Fault, device: Device) -> None:
        settings = device.model.contract.state
        if settings and device.core is not None:
            self._around.marks.hit("touched")
            item = settings[sorted(settings)[fault.numbers["setting"] % len(settings)]]
            device.touch(item.name, raw_value(item, fault.numbers["permille"]))

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
                self._expect_recovery(place, fault)
            case Kind.NTP_BLOCKED:
                return self._counted(fault.kind, lambda on: setattr(around, "ntp_blocked", on))
            case Kind.AUTH_AWAY:
                return self._counted(fault.kind, lambda on: setattr(around.broker, "refuses", on))
            case Kind.BROKER_DOWN | Kind.STREAM_LOST | Kind.TAIL_LOST:
                return self._counted(Kind.BROKER_DOWN, lambda on: self._broker(fault, down=on))
            case _:
                return self._of_hub(fault)
        return None

    def _expect_recovery(self, place: int, fault: Fault) -> None:
        """A region has lost its power: everybody is back in the contract's time, if nothing else goes wrong meanwhile."""
        recovery_ms = max(model.contract.fleet.recovery_ms for model in self._models)
        back_ms = fault.at_ms + fault.lasts_ms
        from_ms, until_ms = fault.at_ms - CALM_MS, back_ms + recovery_ms
        others = (other for at, other in enumerate(self._plan.faults) if at != place and not SPECS[other.kind].is_wish)
        if all(other.at_ms > until_ms or other.at_ms + other.lasts_ms < from_ms for other in others):
            self._around.heap.at(until_ms * MS, self._recovered)

    def _recovered(self) -> None:
        for index, device in self._devices.items():
            if device.core is None or device.core.state != "live":
                state = "dark" if device.core is None else device.core.state
                raise BrokenPromise("recovery", f"is {state} when everybody should be back", index)
        self._around.marks.hit("region-recovered")

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
            case Kind.DISK_FULL if numbers["whose"]:
                return self._counted("broker-full", lambda on: setattr(self._around.broker, "is_full", on))
            case Kind.DISK_FULL:
                return self._counted(fault.kind, lambda on: hub.fill(full=on))
            case Kind.RESTORED:
                hub.stop(fault.lasts_ms * MS, "hub-stopped")
                self._people.restore()
            case Kind.LATE_CONTRACT:
                self._around.marks.hit("contract-late")
                self._start_with_all_contracts(fault.lasts_ms * MS)
            case _:
                pass
        return None

    def _start_with_all_contracts(self, down_us: int) -> None:
        """The hub is stopped and started with the contract that was late; where there is no room for it, again in a moment."""
        self._hub.stop(down_us, "hub-stopped")
        if not self._hub.register():
            self._around.heap.after(SECOND, lambda: self._start_with_all_contracts(down_us))

    def _broker(self, fault: Fault, *, down: bool) -> None:
        if down:
            tail = fault.numbers.get("messages", 0)
            self._around.broker.crash(lose_stream=fault.kind is Kind.STREAM_LOST, lose_tail=tail)
            self._hub.broker_lost()
            if fault.kind is not Kind.BROKER_DOWN:
                self._people.stream_lost()
        else:
            self._around.broker.restart()
            self._hub.broker_back()

    def _counted(self, kind: str, switch: Callable[[bool], None]) -> Undo:
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
