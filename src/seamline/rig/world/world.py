"""The world: devices, networks, broker and hub on one heap, the faults of a plan, and what must hold, always and in the end."""

from __future__ import annotations

import gc
import logging
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from seamline.contract import Contract, Family
from seamline.device import Core
from seamline.rig.world.apart import Apart
from seamline.rig.world.asker import Asker, People
from seamline.rig.world.audits import Audits
from seamline.rig.world.broker import Broker, Message
from seamline.rig.world.corrector import Corrector
from seamline.rig.world.deaf_audit import DeafAudit
from seamline.rig.world.device import Device
from seamline.rig.world.expiry import brief
from seamline.rig.world.faults import Faults
from seamline.rig.world.firmware import Model
from seamline.rig.world.heap import MS, SECOND, Heap
from seamline.rig.world.hub import Hub
from seamline.rig.world.marks import Marks
from seamline.rig.world.plan import Plan
from seamline.rig.world.promises import BrokenPromise
from seamline.rig.world.streams import Stream
from seamline.rig.world.surroundings import CoreMaker, Surroundings
from seamline.rig.world.trace import Event, Trace
from seamline.rig.world.worker import Commit

HOUR_US: Final = 3_600 * SECOND
PARTITIONS: Final = 2
"""As `seamline up` runs them."""
BOOT_WITHIN_US: Final = 10 * SECOND
"""New devices are switched on within so long of each other."""
LOOK_EVERY_US: Final = 10 * SECOND
"""How often it is looked whether everything has been delivered, at the end."""
GARBAGE: Final = (100_000, 50, 100)
"""Thresholds of the three generations, while a world runs."""
RAM_OF: Final = 4
"""One device in so many has the other kind of outbox than its contract says: both kinds are in every fleet."""
STRETCHES: Final = (5, 15, 40, None)
"""Rows that a pass over history values in one transaction: few, so that a short history has many, or as many as usual. One is drawn a run."""
UNHEARD: Final = logging.NullHandler()
"""What the hub logs in a world is part of the world: it goes to whoever asks for logs, and not to the terminal."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What a world is made of, and what a planted defect replaces."""

    families: Sequence[Family]
    make_core: CoreMaker = Core
    commit: Commit | None = None
    """None: production's own."""
    own_words: bool = False
    """Cores may have applications of their own: what a device's settings are is what it says they are."""
    keep_all: bool = False
    """Keep every event, not only the last."""
    apart: Apart | None = None
    """Runs worlds in another process, whose parts then count; `run` asks it."""


@dataclass(slots=True)
class Outcome:
    """What became of a run."""

    plan: Plan
    digest: str
    """Hash over every event, in order."""
    marks: Marks
    virtual_us: int
    steps: int
    rows: int
    numbered: int
    broken: BrokenPromise | None = None
    events: list[Event] = field(default_factory=list[Event])

    @property
    def device_hours(self) -> float:
        """Simulated hours of all devices under faults; the settling after them counts for nothing."""
        return min(self.virtual_us, self.plan.duration_ms * MS) / HOUR_US * len(self.plan.present)


class World:
    """One run of one plan."""

    def __init__(self, plan: Plan, parts: Parts) -> None:
        self.plan: Final = plan
        self.heap: Final = Heap()
        self.marks: Final = Marks()
        self.trace: Final = Trace(keep_all=parts.keep_all)
        names = [f"d{index:05d}" for index in range(plan.devices)]
        self.broker: Final = Broker(self.heap, self.marks, Stream(plan.seed, "broker", "will"), names, PARTITIONS)
        self.models: Final = models_of(parts.families)
        around = Surroundings(self.heap, self.broker, self.marks, self.trace, plan.seed, parts.make_core)
        self.around: Final = around
        self.devices: Final = {index: Device(index, names[index], self.model_of(index), around) for index in plan.present}
        stream = Stream(plan.seed, "hub", "life")
        families = brief(parts.families, Stream(plan.seed, "hub", "expiry"))
        self.hub: Final = Hub(
            self.heap, self.broker, families, names, self.marks, self.trace, stream, self._committed, parts.commit
        )
        self.hub.background.revalue_rows = Stream(plan.seed, "hub", "stretches").pick(STRETCHES)
        corrector = Corrector(self.hub, parts.families)
        self.audits: Final = Audits(self.heap, self.hub, names, self.devices, corrector.given, self.marks)
        self.audit: Final = self.audits.books
        self.audits.twins.own_words = parts.own_words
        self.audits.presence.deaf = DeafAudit(plan.faults)
        self.broker.listen = self._heard
        people = People(Asker(self.hub, self.hub.background.announcer), corrector, self.audits)
        self.faults: Final = Faults(plan, self.devices, self.models, around, self.hub, people)

    def model_of(self, index: int) -> Model:
        """The firmware a device comes with: any version of any product, one in RAM_OF with the other kind of outbox."""
        stream = Stream(self.plan.seed, f"device {index}", "model")
        model = stream.pick(self.models)
        return model.other if stream.below(RAM_OF) == 0 and model.other is not None else model

    def run(self) -> Outcome:
        """Let the plan happen, mend everything, and see whether all is delivered. What does not hold is in the outcome."""
        broken: BrokenPromise | None = None
        logging.getLogger("seamline.hub").addHandler(UNHEARD)
        try:
            with _collecting_little():
                self._happen()
                self._settle()
                self._end()
        except BrokenPromise as found:
            broken = found
            self.trace.note(self.heap.now_us, found.device, "broken", str(found).encode())
        numbered = sum(device.truth.numbered for device in self.devices.values())
        return Outcome(
            self.plan, self.trace.digest(), self.marks, self.heap.now_us, self.heap.steps, self.audit.rows, numbered, broken,
            list(self.trace.last),
        )  # fmt: skip

    def _committed(self) -> None:
        self.audits.committed()

    def _heard(self, partition: int, message: Message) -> None:
        self.audits.heard(message)
        self.hub.heard(partition, message)

    def _happen(self) -> None:
        for index, device in self.devices.items():
            at_us = Stream(self.plan.seed, f"device {index}", "switch").below(BOOT_WITHIN_US)
            self.heap.at(at_us, device.power_on)
        self.hub.start()
        self.faults.schedule(self.heap)
        self.audits.presence.start()
        self.heap.run(self.plan.duration_ms * MS)

    def _settle(self) -> None:
        """Faults are off: within the bound everybody is back, and has delivered everything."""
        self.faults.mend()
        for device in self.devices.values():
            if self.audits.is_holed:
                device.power_off()  # the next boot closes this one's hole (docs/wire.md, known limits)
            device.power_on()
            device.rest()
        until_us = self.heap.now_us + max(settle_ms(model.contract) for model in self.models) * MS
        while self.heap.now_us < until_us and not self._is_settled():
            self.heap.run(min(until_us, self.heap.now_us + LOOK_EVERY_US))

    def _is_settled(self) -> bool:
        delivered = self.hub.caught_up and all(device.is_settled for device in self.devices.values())
        return delivered and not self.audits.unsettled()

    def _end(self) -> None:
        waited = f"{(self.heap.now_us // MS - self.plan.duration_ms) // 1000} s after the last fault"
        for index, device in self.devices.items():
            if device.core is None or device.core.state != "live":
                raise BrokenPromise("online", f"is {device.core.state if device.core else 'dark'} {waited}", index)
        if not self.hub.caught_up:
            raise BrokenPromise("caught-up", f"messages wait for the hub {waited}")
        for index, device in self.devices.items():
            if not device.is_settled:
                raise BrokenPromise("nothing-owed", f"still holds records {waited}", index)
            if device.watch is not None:
                device.watch.audit()
        for index, key, number in self.audit.owed():
            what = f"record {number} of boot {key.boot}, channel {key.channel} is neither stored nor lost {waited}"
            raise BrokenPromise("nothing-owed", what, index)
        self.audit.balance()
        self.audits.end(waited)
        self.around.waits.check()


@contextmanager
def _collecting_little() -> Generator[None]:
    """Keep the garbage collector from walking a world's objects, which live as long as it does: that took a third of a run."""
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(*GARBAGE)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


def models_of(families: Sequence[Family]) -> list[Model]:
    """A model for each version of each product, oldest first."""
    return [Model.of(contract) for family in families for contract in family.versions.values()]


def settle_ms(contract: Contract) -> int:
    """Within what everything is delivered once nothing fails any more, by the contract's own numbers.

    A device waits at most its longest back-off, is perhaps turned away once with `busy` (at most 45 s with its jitter), connects,
    asks for its session four times (15 answer timeouts), finds out that frames were lost by probes (7 more), may do both again in
    a second session after a spread, and sends its slowest message. What it holds then drains in far less than one more recovery.
    """
    timing, longest_ms = contract.timing, max(message.publish_every_ms for message in contract.messages.values())
    session_ms = timing.connect_timeout_ms + 22 * timing.answer_timeout_ms + 45_000
    back_ms = contract.backoff.cap_ms + contract.fleet.recovery_ms
    return 2 * (back_ms + session_ms) + longest_ms + timing.keep_alive_ms + contract.fleet.recovery_ms
