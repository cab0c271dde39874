"""A fleet: many simulated devices in one process, against one broker, with or without links between."""

import asyncio
import gc
import math
import resource
from collections import deque
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from random import Random
from typing import Final, Protocol

from seamline.agent.mqtt import MqttPort
from seamline.agent.tls import Endpoint, lean_buffers
from seamline.contract import Family
from seamline.contract.pace import Pace
from seamline.rig.device import Model, SimulatedDevice, Tally
from seamline.rig.identities import Authority, contexts, lent
from seamline.rig.links import Link, Links
from seamline.rig.ports import FaultyPort
from seamline.rig.truth import DeviceTruth

DESCRIPTORS_A_DEVICE: Final = 1
DESCRIPTORS_A_LINK: Final = 3
"""Its listener, and a socket to either side."""
DESCRIPTORS_SPARE: Final = 256
CONNECTS_AT_ONCE: Final = 64
"""Enough to keep two cores busy with handshakes of 1.2 ms, few enough that each is done long before its timeout."""
STARTING_MAX: Final = 400
"""A device waits up to 2 s before its first connect: so many keep CONNECTS_AT_ONCE busy, and each gets its turn within a few seconds."""
STARTING_S: Final = 10.0
"""Who has no answer by then waits out its own back-off, and keeps no other waiting."""
BOOT_EVERY_S: Final = 0.02
STORES: Final = ("flash", "ram")
POLL_S: Final = 0.2
COLLECT_AFTER: Final = (50_000, 20, 50)
"""A fleet of thousands is millions of objects that stay: by Python's own thresholds, looking through them for garbage takes a third
of its time. Most of what is thrown away goes without the collector; what does not is found among the young."""
FLUSHED_A_SECOND: Final = 1_000
"""What fleet, broker and hub carry together on two cores, with room."""


class House(Authority, Protocol):
    """What a fleet needs to know of the stack it connects to."""

    @property
    def mqtt_host(self) -> str:
        """Where devices connect."""
        ...

    @property
    def mqtt_port(self) -> int:
        """Where devices connect."""
        ...


class FleetError(RuntimeError):
    """A fleet that cannot be run here; the text says what to change."""


@dataclass(frozen=True, slots=True)
class FleetPlan:
    """How many devices, from which seed; `linked` puts a network that can be made to fail before each of the first `links_max`."""

    devices: int
    seed: int = 0
    linked: bool = True
    prefix: str = ""
    links_max: int | None = None

    @property
    def links(self) -> int:
        """How many devices have a link; the others connect to the broker directly."""
        if not self.linked:
            return 0
        return self.devices if self.links_max is None else min(self.devices, self.links_max)


def models_of(family: Family, factor: int = 1, versions: int = 2, publish_every_ms_max: int | None = None) -> list[Model]:
    """Return the firmwares of a mixed fleet: the latest `versions` of the family, each with a flash and with a RAM outbox.

    Time runs `factor` times faster, and no channel is sampled or sent more rarely than every `publish_every_ms_max`.
    """
    return models_at(Pace(factor, publish_every_ms_max or 0), family, versions)


def models_at(pace: Pace, family: Family, versions: int = 2) -> list[Model]:
    """Return the same firmwares at a pace."""
    latest = [pace.contract(contract) for contract in list(family.versions.values())[-versions:]]
    return [Model.of(contract, store=store) for store in STORES for contract in latest]


class Fleet:
    """Devices, their links (of the first so many devices) and what they count. Use `open_fleet`."""

    def __init__(self, devices: Sequence[SimulatedDevice], links: Sequence[Link], tally: Tally) -> None:
        self.devices = devices
        self.links = links
        self.tally = tally
        self.error: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.group = asyncio.TaskGroup()
        self._waiting: list[asyncio.TimerHandle] = []
        self._booting: asyncio.TimerHandle | None = None

    def power_on(self, over_s: float = 0.0) -> None:
        """Boot every device, evenly over `over_s` seconds, or as fast as this machine takes them.

        No more than STARTING_MAX at a time wait for their first answer, each for STARTING_S at most: more would only queue here until
        their connects time out.
        """
        loop = asyncio.get_running_loop()
        dark = deque(self.devices)
        starting: list[tuple[SimulatedDevice, float]] = []
        began_s = loop.time()

        def boot_more() -> None:
            now_s = loop.time()
            starting[:] = [it for it in starting if it[1] > now_s and it[0].boot is not None and not it[0].boot.answered]
            share = (now_s - began_s) / over_s if over_s else 1.0
            due = math.ceil(len(self.devices) * min(1.0, share)) - (len(self.devices) - len(dark))
            for _ in range(min(due, STARTING_MAX - len(starting))):
                device = dark.popleft()
                device.power_on(self.group)
                starting.append((device, now_s + STARTING_S))
            if dark:
                self._booting = loop.call_later(BOOT_EVERY_S, boot_more)

        boot_more()

    def rest(self) -> None:
        """Stop measuring everywhere at once, and deliver everything measured, FLUSHED_A_SECOND devices after each other.

        Who has not been on yet stays dark.
        """
        loop = asyncio.get_running_loop()
        self._stop_booting()
        for index, device in enumerate(self.devices):
            device.rest()
            self._waiting.append(loop.call_later(index / FLUSHED_A_SECOND, device.flush))

    def power_off(self) -> None:
        """Take all power away, for good."""
        self._stop_booting()
        for handle in self._waiting:
            handle.cancel()
        for device in self.devices:
            device.power_off()

    def _stop_booting(self) -> None:
        if self._booting is not None:
            self._booting.cancel()

    def failed(self, error: BaseException) -> None:
        """Keep the first error that is our bug; `until` raises it."""
        if not self.error.done():
            self.error.set_exception(error)

    async def until(self, holds: Callable[[], bool], timeout_s: float) -> bool:
        """Wait until `holds()`, at most `timeout_s`; returns whether it does. Raises what a driver or core failed with."""
        deadline = asyncio.get_running_loop().time() + timeout_s
        while not holds():
            left = deadline - asyncio.get_running_loop().time()
            if left <= 0:
                return False
            await asyncio.wait((self.error,), timeout=min(POLL_S, left))
            if self.error.done():
                self.error.result()
        return True

    async def drained(self, timeout_s: float) -> bool:
        """Wait until the hub has everything and knows it: every device that is on has been answered in this boot and keeps nothing.

        Call `rest` before. Returns whether that came within `timeout_s`.
        """
        unsettled = deque(self.devices)

        def settled() -> bool:
            while unsettled and unsettled[0].settled:
                unsettled.popleft()
            return not unsettled and all(device.settled for device in self.devices)

        return await self.until(settled, timeout_s)

    @property
    def truths(self) -> list[DeviceTruth]:
        """What every device measured, with the losses that running boots have declared so far."""
        for device in self.devices:
            device.note_losses_numbered()
        return [device.truth for device in self.devices]

    @property
    def held(self) -> int:
        """Records that devices keep now, with those their flash keeps while they are dark."""
        return sum(device.held for device in self.devices)

    @property
    def live(self) -> int:
        """Devices whose session is answered now."""
        return sum(1 for device in self.devices if device.boot is not None and device.boot.core.state == "live")


@asynccontextmanager
async def open_fleet(house: House, models: Sequence[Model], plan: FleetPlan) -> AsyncGenerator[Fleet]:
    """Make the devices (dark) with their certificates and links; at the end all power goes.

    Raises FleetError when this process may not open so many sockets.
    """
    lean_buffers()
    gc.set_threshold(*COLLECT_AFTER)
    allow_descriptors(plan.devices * DESCRIPTORS_A_DEVICE + plan.links * DESCRIPTORS_A_LINK + DESCRIPTORS_SPARE)
    ids = device_ids(models, plan)
    pems = await asyncio.to_thread(lent, house, products_of(models, ids))
    tls = await asyncio.to_thread(contexts, house.ca_file, [pems[device_id] for device_id in ids])
    async with Links(house.mqtt_host, house.mqtt_port) as links:
        tally = Tally()
        devices: list[SimulatedDevice] = []
        ways: list[Link] = []
        fleet = Fleet(devices, ways, tally)
        gate = asyncio.Semaphore(CONNECTS_AT_ONCE)
        for index, device_id in enumerate(ids):
            port = house.mqtt_port
            if index < plan.links:
                ways.append(await links.add())
                port = ways[-1].port
            endpoint = Endpoint(house.mqtt_host, port, tls[index])
            random = Random(f"{plan.seed}/{device_id}")  # noqa: S311  # a simulation, repeatable on purpose
            model = models[index % len(models)]
            devices.append(
                SimulatedDevice(device_id, model, FaultyPort(MqttPort(device_id, endpoint), gate), random, tally, fleet.failed)
            )
        async with fleet.group:
            try:
                yield fleet
            finally:
                fleet.power_off()


def device_ids(models: Sequence[Model], plan: FleetPlan) -> list[str]:
    """Return the devices' ids, `heater-0001` and on; device i runs model i modulo their number."""
    width = max(4, len(str(plan.devices)))
    return [
        f"{plan.prefix or models[index % len(models)].contract.product}-{index + 1:0{width}d}" for index in range(plan.devices)
    ]


def products_of(models: Sequence[Model], ids: Sequence[str]) -> dict[str, str]:
    """Return each device's product."""
    return {device_id: models[index % len(models)].contract.product for index, device_id in enumerate(ids)}


def allow_descriptors(wanted: int) -> None:
    """Raise this process's limit of open files as far as needed. Raises FleetError when the hard limit is below."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft >= wanted:
        return
    if hard != resource.RLIM_INFINITY and hard < wanted:
        message = f"this fleet needs {wanted} open files and the limit is {hard}: raise it (ulimit -Hn) or take fewer devices"
        raise FleetError(message)
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
