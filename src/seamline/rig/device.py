"""A simulated device: the real core and driver over a flash that is a dict, sensors that wave, and a power switch."""

import asyncio
import json
import struct
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Final, cast

from seamline.agent.driver import Driver, Times, held_records
from seamline.agent.store import MemoryStore
from seamline.contract import Contract, FieldType, Layout, Property, policy
from seamline.contract.layout import OFFSET_BYTES
from seamline.contract.model import Message
from seamline.device import OVER_RATE, Core
from seamline.rig.latency import Latencies
from seamline.rig.ports import FaultyPort
from seamline.rig.truth import DeviceTruth, Sent, StreamKey
from seamline.rig.values import Sensor

FRAME_KEY: Final = struct.Struct("<2xB5xIIIH")
"""Of a data frame (docs/wire.md): channel, incarnation, boot, first sequence, count."""
LOSSES_CHANNEL: Final = 0
BORN_IN_1970_MS: Final = 7_000
"""What a clock without a battery says shortly after power on."""
RTC_UNCERTAINTY_MS: Final = 1_000
DRIFT_PPM: Final = (-20, 20)
"""A crystal's usual error; well inside what contracts allow."""


@dataclass(frozen=True, slots=True)
class Model:
    """A firmware in the field: its contract (accelerated or not) and what the core was built with. Shared by its devices."""

    contract: Contract
    policy: Mapping[str, object]

    @classmethod
    def of(cls, contract: Contract, **changes: object) -> "Model":
        """Return the model of a contract, with entries of the core's policy replaced (`store="ram"`)."""
        return cls(contract, policy(contract) | changes)

    @property
    def measured(self) -> tuple[Message, ...]:
        """The messages a device fills."""
        return tuple(self.contract.messages.values())


@dataclass(slots=True)
class Tally:
    """What a whole fleet counts while it runs."""

    measured_to_acknowledged: Latencies = field(default_factory=Latencies)
    sent_to_acknowledged: Latencies = field(default_factory=Latencies)
    numbered: int = 0
    acknowledged: int = 0
    connects: int = 0
    connect_failures: dict[str, int] = field(default_factory=dict[str, int])
    ends: dict[str, int] = field(default_factory=dict[str, int])
    first_acknowledged_s: float | None = None


class Boot:
    """One boot of a device: core, driver, clock and sensors; over when the power goes."""

    __slots__ = ("_began_s", "_device", "_ppm", "_sensors", "_timers", "answered", "core", "driver")

    def __init__(self, device: "SimulatedDevice") -> None:
        self._device = device
        self._began_s = asyncio.get_running_loop().time()
        self._ppm = device.random.randint(*DRIFT_PPM)
        self.answered = False
        self._timers: dict[int, asyncio.TimerHandle] = {}
        self._sensors = {message.id: Sensor(message.layout, device.random) for message in device.model.measured}
        random = device.random
        self.core = Core(dict(device.model.policy), device.id, lambda: random.getrandbits(32), device.flash.load())
        timing = device.model.contract.timing
        self.driver = Driver(
            self.core,
            device.port,
            device.flash,
            Times(timing.connect_timeout_ms, timing.keep_alive_ms),
            self.uptime_ms,
            failed=device.failed,
            apply=self._obey,
            watcher=device,
        )

    def uptime_ms(self) -> int:
        """The device's own time since it booted, by a crystal that is a little off."""
        elapsed_s = asyncio.get_running_loop().time() - self._began_s
        return int(elapsed_s * (1000 + self._ppm / 1000))

    def start(self, group: asyncio.TaskGroup, reset: str, *, dead_clock: bool) -> None:
        """Let the core boot and the sensors begin, each message somewhere in its first period."""
        self.driver.start(group, reset, self._device.model.contract.version)
        if dead_clock:
            self.driver.poke(lambda now_ms: self.core.clock(now_ms, BORN_IN_1970_MS + now_ms, "rtc", RTC_UNCERTAINTY_MS))
        self.driver.poke(self._report_settings)
        for message in self._device.model.measured:
            self._arm(message, self._device.random.random() * min(1.0, message.sample_ms / 1000))

    def end(self) -> None:
        """Take the power away; how far Seamline's own channel was numbered is kept for the books."""
        self._device.note_losses_numbered()
        self.rest()
        self.driver.cut()

    def rest(self) -> None:
        """Stop measuring; what is measured is still delivered."""
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()

    def _arm(self, message: Message, wait_s: float) -> None:
        self._timers[message.id] = asyncio.get_running_loop().call_later(wait_s, self._measure, message)

    def _measure(self, message: Message) -> None:
        self._arm(message, message.sample_ms / 1000)
        values = self._sensors[message.id].read(asyncio.get_running_loop().time() - self._began_s)
        self._device.record(message, message.layout.pack(values))

    def _report_settings(self, now_ms: int) -> None:
        """Say which settings are in force, as a device does after a boot."""
        for name, value in self._device.settings.items():
            self.core.report(now_ms, name, value)

    def _obey(self, name: str, value: object, version: int) -> None:
        """Do what is wished at once, keep it through power cuts, and say so."""
        self._device.settings[name] = value
        self.driver.poke(lambda now_ms: self.core.report(now_ms, name, value, version))


class SimulatedDevice:
    """A device over all its boots. `failed` is told of an error that is our bug."""

    __slots__ = (
        "_group",
        "_resting",
        "_switching",
        "boot",
        "failed",
        "flash",
        "id",
        "model",
        "port",
        "random",
        "settings",
        "tally",
        "truth",
    )

    def __init__(
        self,
        device_id: str,
        model: Model,
        port: FaultyPort,
        random: Random,
        tally: Tally,
        failed: Callable[[BaseException], None],
    ) -> None:
        self.id = device_id
        self.model = model
        self.port = port
        self.random = random
        self.tally = tally
        self.failed = failed
        self.flash = MemoryStore()
        self.settings: dict[str, object] = {item.name: _factory_setting(item) for item in model.contract.state.values()}
        self.truth = DeviceTruth(device_id)
        self.boot: Boot | None = None
        self._group: asyncio.TaskGroup | None = None
        self._switching: asyncio.TimerHandle | None = None
        self._resting = False

    # -- the power switch ----------------------------------------------------------------------------------------------

    def power_on(self, group: asyncio.TaskGroup, reset: str = "power_on", *, dead_clock: bool = False) -> None:
        """Boot, unless the device is on already."""
        self._group = group
        self._cancel_switch()
        if self.boot is None:
            self.boot = Boot(self)
            self.boot.start(group, reset, dead_clock=dead_clock)
            if self._resting:
                self.boot.rest()

    def power_cut(self, off_s: float, *, erase: bool = False, dead_clock: bool = False, reset: str = "power_on") -> None:
        """Lose the power at once, and have it again after `off_s`; with `erase`, on an empty flash."""
        self.power_off(erase=erase)
        loop = asyncio.get_running_loop()
        group = self._group
        if group is not None:
            self._switching = loop.call_later(off_s, lambda: self.power_on(group, reset, dead_clock=dead_clock))

    def power_off(self, *, erase: bool = False) -> None:
        """Lose the power at once, and stay dark."""
        self._cancel_switch()
        if self.boot is not None:
            self.boot.end()
            self.boot = None
        if erase:
            self.flash.erase()

    def rest(self) -> None:
        """Stop measuring; a device that is dark, or not on yet, comes only to deliver, and rests at once."""
        self._resting = True
        if self.boot is not None:
            self.boot.rest()

    def flush(self) -> None:
        """Let what is measured leave now, as a node does that is about to end."""
        if self.boot is not None:
            self.boot.driver.poke(self.boot.core.flush)

    def _cancel_switch(self) -> None:
        if self._switching is not None:
            self._switching.cancel()
            self._switching = None

    @property
    def held(self) -> int:
        """How many records and loss ranges the running boot still keeps."""
        return 0 if self.boot is None else held_records(self.boot.core.books())

    @property
    def settled(self) -> bool:
        """Whether nothing is left to deliver: dark for good, or answered in this boot and keeping nothing."""
        if self.boot is None:
            return self._switching is None
        return self.boot.answered and self.held == 0

    # -- measuring -----------------------------------------------------------------------------------------------------

    def record(self, message: Message, body: bytes) -> None:
        """Number a record, and note the truth about it."""
        boot = self.boot
        if boot is None:
            return
        uptime_ms = boot.uptime_ms()
        true_ms = time.time_ns() // 1_000_000
        sequence = boot.driver.record(message.id, body, uptime_ms)
        if sequence == OVER_RATE:
            return  # an event beyond its bound: it was not numbered, so there is no truth about it
        key = StreamKey(boot.core.incarnation, boot.core.boot, message.id)
        stream = self.truth.stream(key, message.layout, self.model.contract.version)
        if sequence != stream.numbered:
            text = f"{self.id} {key}: the core numbered {sequence} after {stream.numbered} records"
            self.failed(AssertionError(text))
        stream.append(uptime_ms, true_ms, body)
        self.tally.numbered += 1

    def expect_quarantined(self, key: StreamKey, layout: Layout, count: int) -> None:
        """Note records that were sent in this device's name and that the hub must quarantine."""
        stream = self.truth.stream(key, layout, self.model.contract.version)
        stream.quarantined_expected = True
        now_ms = time.time_ns() // 1_000_000
        for _ in range(count):
            stream.append(0, now_ms, bytes(layout.record_bytes - OFFSET_BYTES))
            self.tally.numbered += 1

    def note_losses_numbered(self) -> None:
        """Keep how many records of channel 0 the running boot has numbered: the core writes those itself."""
        if self.boot is not None and self.boot.core.boot:
            core = self.boot.core
            channels = cast("dict[int, dict[str, int]]", core.books()["channels"])
            self.truth.declared[core.incarnation, core.boot] = channels[LOSSES_CHANNEL]["numbered"]

    # -- watching the driver -------------------------------------------------------------------------------------------

    def published(self, kind: str, payload: bytes) -> None:
        """See Watcher: note when which records left."""
        if kind == "data" and len(payload) >= FRAME_KEY.size:
            channel, incarnation, boot, first, count = cast("tuple[int, int, int, int, int]", FRAME_KEY.unpack_from(payload))
            stream = self.truth.streams.get(StreamKey(incarnation, boot, channel))
            if stream is not None:
                stream.sent.append(Sent(first, first + count, time.time_ns() // 1_000_000))

    def received(self, kind: str, payload: bytes) -> None:
        """See Watcher: note what the hub has taken over."""
        if kind not in {"marks", "session"}:
            return
        said = cast("dict[str, object]", json.loads(payload))
        incarnation = cast("int", said["incarnation"])
        if kind == "session" and self.boot is not None:
            core = self.boot.core  # an answer to the boot before may come late
            self.boot.answered |= (incarnation, said["boot"]) == (core.incarnation, core.boot)
        now_ms = time.time_ns() // 1_000_000
        for boot, channel, following in cast("list[tuple[int, int, int]]", said.get("marks", [])):
            for measured_ms, sent_ms in self.truth.marked(StreamKey(incarnation, boot, channel), following, now_ms):
                self.tally.measured_to_acknowledged.add(measured_ms)
                self.tally.acknowledged += 1
                if sent_ms is not None:
                    self.tally.sent_to_acknowledged.add(sent_ms)
                if self.tally.first_acknowledged_s is None:
                    self.tally.first_acknowledged_s = time.monotonic()

    def link(self, state: str, reason: str) -> None:
        """See Watcher: count connections and why they did not last."""
        if state == "connected":
            self.tally.connects += 1
        else:
            counts = self.tally.connect_failures if state == "failed" else self.tally.ends
            counts[reason] = counts.get(reason, 0) + 1


def _factory_setting(item: Property) -> int | bool:
    """Return what a property is out of the box: the middle of what it may be, or off."""
    low, high = item.raw_range
    return False if item.type is FieldType.BOOL else (low + high) // 2
