"""A device of the world: the real core over a flash, a link, a crystal and a wall clock that fail, and a power switch.

It is a driver like `seamline.agent.driver`: effects are carried out strictly in their order, each before the next. Sensors are read
at their moments; a reading is handed to the core at the device's next step, and at the latest when the first frame that it may
belong to is due, with the uptime at which it was measured. So a device costs events for what it says, not for what it measures.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Final, TypeVarTuple, cast

from seamline.device import Core
from seamline.device.counters import SLOTS, UNTOLD, Counters
from seamline.device.shapes import Effect
from seamline.rig.world.clocks import (
    NTP_ERROR_MS_MAX,
    NTP_UNCERTAINTY_MS,
    RATE_MS,
    RTC_UNCERTAINTY_MS,
    Crystal,
    WallClock,
    unix_ms,
)
from seamline.rig.world.firmware import Model
from seamline.rig.world.flash import Flash, PowerCut
from seamline.rig.world.heap import MS, Timer
from seamline.rig.world.leftovers import Leftovers
from seamline.rig.world.link import Link
from seamline.rig.world.loss_audit import LossAudit
from seamline.rig.world.promises import BrokenPromise
from seamline.rig.world.sensing import Sensing
from seamline.rig.world.settings import Said, Settings
from seamline.rig.world.streams import Stream
from seamline.rig.world.surroundings import Surroundings
from seamline.rig.world.truth import DeviceTruth
from seamline.rig.world.watch import Watch

NTP_AFTER_US: Final = 3_000 * MS
"""An answer of a time server comes within this after the link is up."""
EFFECTS_MAX: Final = 10_000
"""A step that asks for more never ends."""

About = TypeVarTuple("About")


class Device:
    """One device over all its boots."""

    def __init__(self, index: int, name: str, model: Model, around: Surroundings) -> None:
        self.index: Final = index
        self.name: Final = name
        self.model = model
        self.flash: Final = Flash()
        self.clock: Final = WallClock()
        self.truth: Final = DeviceTruth()
        self.losses: Final = LossAudit(index, around.heap, self.truth, self.flash, self.clock)
        self.link: Final = Link(around.heap, around.broker, around.marks, Stream(around.seed, name, "network"), index, self)
        self.core: Core | None = None
        self.watch: Watch | None = None
        self.is_resting = False
        self.cut_again: tuple[int, int] | None = None
        """A cut that strikes the next boot: flash operations until then, and how."""
        self._around: Final = around
        self._random: Final = Stream(around.seed, name, "core")
        self._life: Final = Stream(around.seed, name, "life")
        self._ppm: Final = self._life.between(-model.contract.clock.drift_ppm, model.contract.clock.drift_ppm)
        self.settings: Final = Settings(model.settings)
        self._crystal = Crystal(0, self._ppm)
        self._leftovers: Final = Leftovers(around.marks)
        self._sensing: Sensing | None = None
        self._timer: Timer | None = None
        self._switch: Timer | None = None
        self._will = b""

    # -- the power switch ----------------------------------------------------------------------------------------------

    def power_on(self, reset: str = "power_on") -> None:
        """Boot, unless it is on."""
        self._drop_switch()
        if self.core is not None:
            return
        around, now_us = self._around, self._around.heap.now_us
        self._leftovers.look(self.flash.entries, self.model.policy.stride)
        self._crystal = Crystal(now_us, self._ppm)
        stored = self.flash.load()
        if self.cut_again is not None:
            self.flash.cut_after(*self.cut_again)
            self.cut_again = None
            around.marks.hit("cut-in-recovery")
        counters = Counters(self.model.policy.stride)
        ran = counters.load(stored)
        core = self.core = around.make_core(self.model.policy, self.name, self._random, stored)
        self.losses.booted(core, self.model.policy, stored)
        watch = self.watch = Watch(self.index, core, self.model.policy, self.truth, around.waits, around.marks, self.clock)
        spread_ms = None if counters.spread_ms == UNTOLD else counters.spread_ms
        watch.pacer.booted(0, together=ran and reset != "software", spread_ms=spread_ms)
        around.trace.note(now_us, self.index, "boot", reset.encode())
        self._guard(lambda: core.start(0, reset, self.model.contract.version))
        if self.core is core:
            self._begin(core)

    def _begin(self, core: Core) -> None:
        """The core has started: note its boot, and do what the application does first."""
        self.truth.booted(self.index, core.incarnation, core.boot, self._crystal.began_us, self.model.policy.drift_ppm)
        if not self.clock.is_right:
            self._around.marks.hit("clock-lied")
            self._guard(lambda: core.clock(0, self.clock.unix_ms(self._around.heap.now_us), "rtc", RTC_UNCERTAINTY_MS))
        self._sensing = Sensing(self.index, core, self._crystal, self.truth)
        if not self.is_resting:
            self._sensing.begin(self.model, self._around.heap.now_us, self._life)
        self._guard(lambda: [self._say(core, 0, name) for name in self.settings.values])

    def power_off(self) -> None:
        """Lose the power at once, and stay dark."""
        self._drop_switch()
        self.flash.disarm()
        if self.core is not None:
            with suppress(PowerCut):
                self._hand_over()
            self._around.marks.hit("power-cut")
            self._dark()

    def power_cut(self, off_us: int, reset: str = "power_on") -> None:
        """Lose the power at once, and have it again after `off_us`."""
        self.power_off()
        self._switch = self._around.heap.after(off_us, lambda: self.power_on(reset))

    def stop(self, off_us: int) -> None:
        """End the program in order, as for an update, and start it again."""
        core = self.core
        if core is not None:
            self._around.marks.hit("stopped")
            self._step(core.stop)
        if self.core is not None:
            self.link.publish("death", self._will)  # a broker that is told goodbye keeps the will to itself
            self.link.close()
            self._dark()
        self._switch = self._around.heap.after(off_us, lambda: self.power_on("software"))

    def upgrade(self, model: Model, off_us: int) -> None:
        """Run another firmware from the next boot on, which comes now."""
        self.stop(off_us)
        if model.contract.version != self.model.contract.version:
            self._around.marks.hit("upgraded")
        self.model = model
        self.settings.run_on(model.settings)

    def touch(self, name: str, value: object) -> None:
        """Somebody changes a setting at the device itself."""
        core = self.core
        if core is not None and name in self.settings.values:
            self.settings.values[name] = value
            self._step(lambda now_ms: self._say(core, now_ms, name))

    def rest(self) -> None:
        """Measure nothing more; what is measured is still delivered."""
        if self.core is not None:
            self._step(lambda _now_ms: None)
        self.is_resting = True
        if self._sensing is not None:
            self._sensing.end()

    @property
    def is_settled(self) -> bool:
        """Whether it has a live session and keeps nothing."""
        if self.core is None or self.core.state != "live":
            return False
        books = self.core.books()
        channels = cast("dict[int, dict[str, int]]", books["channels"])
        return not books["pending_losses"] and not any(channel["held"] for channel in channels.values())

    # -- Ears ----------------------------------------------------------------------------------------------------------

    def on_connected(self) -> None:
        """See Ears."""
        core, watch = self.core, self.watch
        if core is not None and watch is not None:
            self._note("connected")
            self._step(lambda now_ms: (watch.connected(), core.connected(now_ms)))
            if "ntp" in self.model.contract.clock.sources and not self._around.ntp_blocked:
                self._around.heap.after(self._life.below(NTP_AFTER_US), lambda: self.synchronise(core))

    def on_failed(self, reason: str) -> None:
        """See Ears."""
        core, watch = self.core, self.watch
        if core is not None and watch is not None:
            self._note("failed", reason.encode())
            self._step(lambda now_ms: (watch.failed(now_ms), core.connect_failed(now_ms, reason)))

    def on_lost(self, reason: str) -> None:
        """See Ears. What was measured before is handed over first, while the core still believes in its link."""
        core, watch = self.core, self.watch
        if core is not None and watch is not None:
            self._note("lost", reason.encode())
            self._step(lambda now_ms: (watch.lost(now_ms), core.disconnected(now_ms, reason)))

    def on_message(self, kind: str, payload: bytes) -> None:
        """See Ears."""
        core, watch = self.core, self.watch
        if core is not None and watch is not None:
            self._around.trace.note(self._around.heap.now_us, self.index, kind, payload)
            self._step(self._hear, core, watch, kind, payload)

    @staticmethod
    def _hear(now_ms: int, core: Core, watch: Watch, kind: str, payload: bytes) -> None:
        watch.hears(now_ms, kind, payload)
        core.receive(now_ms, kind, payload)

    # -- time ----------------------------------------------------------------------------------------------------------

    @property
    def uptime_ms(self) -> int:
        """What its own counter says."""
        return self._crystal.uptime_ms(self._around.heap.now_us)

    def _ring(self) -> None:
        self._timer = None
        core, watch = self.core, self.watch
        if core is None or watch is None:
            return
        due_ms = core.deadline()
        if due_ms is not None:
            wake_us = self._wake_us(due_ms)
            if wake_us > self._around.heap.now_us:  # the deadline for which it was set has moved
                self._timer = self._around.heap.at(wake_us, self._ring)
                return
        self._step(core.tick)
        now_ms = self.uptime_ms
        if self.core is core and due_ms is not None and now_ms >= due_ms and (core.deadline() or 0) <= now_ms:
            raise watch.broken("deadline", f"a tick at {now_ms} ms leaves the deadline at {core.deadline()} ms")

    def _wake_us(self, deadline_ms: int) -> int:
        """When something is to be done: at the core's deadline, or when the first frame of what is measured next is due."""
        crystal, sensing = self._crystal, self._sensing
        wake_us = crystal.began_us - (-deadline_ms * RATE_MS // crystal.rate)  # as `true_us`, which would cost a call
        return wake_us if sensing is None or sensing.frame_us > wake_us else sensing.frame_us

    def _arm(self, deadline_ms: int) -> None:
        """Wake for the core's deadline, or to hand readings over. An earlier timer is left: its ring arms anew."""
        wake_us = self._wake_us(deadline_ms)
        timer = self._timer
        if timer is None or timer.at_us > wake_us:
            if timer is not None:
                timer.cancel()
            self._timer = self._around.heap.at(wake_us, self._ring)

    def synchronise(self, core: Core) -> None:
        """A time server has answered, or somebody in its name."""
        if self.core is core:
            if self.clock.off_ms:
                self._around.marks.hit("clock-lied")
            off_ms = self.clock.off_ms + self._life.between(-NTP_ERROR_MS_MAX, NTP_ERROR_MS_MAX)
            told_ms = unix_ms(self._around.heap.now_us) + off_ms
            self._step(lambda now_ms: core.clock(now_ms, max(0, told_ms), "ntp", NTP_UNCERTAINTY_MS))

    # -- steps ---------------------------------------------------------------------------------------------------------

    def _step(self, act: Callable[[int, *About], object], *about: *About) -> None:
        """Hand over what was measured, do one thing with the core, and what it asks for."""
        self._guard(self._do_one, act, about)

    def _do_one(self, act: Callable[..., object], about: tuple[object, ...]) -> None:
        now_us, sensing, crystal = self._around.heap.now_us, self._sensing, self._crystal
        if sensing is not None and sensing.reading_us <= now_us:
            sensing.hand_over(now_us, self._measured)
        act((now_us - crystal.began_us) * crystal.rate // RATE_MS, *about)

    def _hand_over(self) -> None:
        """Have the core number what was measured since the last step."""
        if self._sensing is not None:
            self._sensing.hand_over(self._around.heap.now_us, self._measured)

    def _guard(self, act: Callable[[*About], object], *about: *About) -> None:
        """Do a thing with the core, then what it asks for. The power may go meanwhile; an error of the core's is a broken promise."""
        try:
            act(*about)
            self._carry_out()
        except PowerCut:
            self._cut()
        except BrokenPromise:
            raise
        except Exception as error:
            raise BrokenPromise("no-error", f"the core raised {type(error).__name__}: {error}", self.index) from error

    def _measured(self, effects: Sequence[Effect]) -> None:
        """Do what a reading made the core ask for."""
        for effect in effects:
            OFTEN.get((effect[0], len(effect)), Device.do_rarely)(self, effect)
        self._carry_out()

    def _carry_out(self) -> None:
        """Do what the core asks for, until it asks for nothing more. Raises PowerCut."""
        core, watch = self.core, self.watch
        if core is None or watch is None:
            return
        effects, done, often = core.effects(), 0, OFTEN.get
        while effects:
            for effect in effects:
                often((effect[0], len(effect)), Device.do_rarely)(self, effect)
            done += len(effects)
            if done > EFFECTS_MAX:
                raise watch.broken("bounded", f"asks for more than {EFFECTS_MAX} effects in one step")
            effects = core.effects()
        deadline_ms = core.deadline()
        watch.stepped(deadline_ms)
        if deadline_ms is not None:
            self._arm(deadline_ms)

    def publish(self, effect: Effect) -> None:
        """The core says something."""
        _, kind, payload = cast("tuple[str, str, bytes]", effect)
        around, watch = self._around, self.watch
        now_us = around.heap.now_us
        if watch is not None:
            crystal = self._crystal
            watch.publishes((now_us - crystal.began_us) * crystal.rate // RATE_MS, kind, payload)
        around.trace.note(now_us, self.index, kind, payload)
        self.link.publish(kind, payload)

    def persist(self, effect: Effect) -> None:
        """The core makes an entry durable. Raises PowerCut."""
        _, key, data = cast("tuple[str, str, bytes]", effect)
        self.losses.forgets(key)
        self.flash.write(key, data)
        if key in SLOTS and self.watch is not None:
            self.watch.persists(self.flash.entries)

    def forget(self, effect: Effect) -> None:
        """The core lets an entry go. Raises PowerCut."""
        self.losses.forgets(cast("str", effect[1]))
        self.flash.forget(cast("str", effect[1]))

    def do_rarely(self, effect: Effect) -> None:
        """Anything else that it asks for."""
        watch = cast("Watch", self.watch)
        match effect:
            case ("connect", bytes() as will):
                self._note("connect")
                watch.connects(self.uptime_ms)
                self._will = will
                self.link.connect(will, self.model.policy.keep_alive_ms)
            case ("close", str(reason)):
                self._note("close", reason.encode())
                watch.closes(self.uptime_ms, reason)
                self.link.close()
            case ("apply", str(name), value, int(version)):
                watch.applies(self.uptime_ms, unix_ms(self._around.heap.now_us), name, version)
                self._obey(name, value, version)
            case _:
                raise BrokenPromise("no-error", f"the core asked for {effect!r}, which no driver knows", self.index)

    def _obey(self, name: str, value: object, version: int) -> None:
        """Do what is wished, keep it through power cuts, and say so."""
        self.settings.values[name] = value
        self._say(cast("Core", self.core), self.uptime_ms, name, version)

    def _say(self, core: Core, now_ms: int, name: str, based_on: int | None = None) -> None:
        """Tell the core what is in force."""
        value = self.settings.values[name]
        self.settings.say((core.incarnation, core.boot, name), Said(now_ms, value, based_on))
        core.report(now_ms, name, value, based_on)

    # -- the end of a boot ---------------------------------------------------------------------------------------------

    def _cut(self) -> None:
        """The flash was cut off in the middle of an operation: the power is gone, and comes back."""
        self._around.marks.hit("power-cut")
        self._around.marks.hit("cut-in-erase" if self.flash.cut_found == "erase" else "cut-in-program")
        self._dark()
        self._switch = self._around.heap.after(self._life.between(1, 5_000) * MS, lambda: self.power_on("brownout"))

    def _dark(self) -> None:
        self._note("dark")
        if self._sensing is not None and self._sensing.line is not None:
            line = self._sensing.line
            line.unsure = min(line.unsure, len(line.classes) - 1)
        self.core = self.watch = None
        self._sensing = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self.link.vanish()

    def _drop_switch(self) -> None:
        if self._switch is not None:
            self._switch.cancel()
            self._switch = None

    def _note(self, what: str, detail: bytes = b"") -> None:
        self._around.trace.note(self._around.heap.now_us, self.index, what, detail)


OFTEN: Final[Mapping[tuple[object, int], Callable[[Device, Effect], None]]] = {
    ("publish", 3): Device.publish,
    ("persist", 3): Device.persist,
    ("forget", 2): Device.forget,
}
"""Who carries out which effect, by its name and length."""
