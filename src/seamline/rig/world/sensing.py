"""What a device measures between its steps: read at its moments, and handed to the core later with the uptimes of then."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from seamline.device import OVER_RATE, Core
from seamline.device.shapes import Effect
from seamline.rig.world.clocks import RATE_MS, Crystal
from seamline.rig.world.firmware import Model, Sensor
from seamline.rig.world.promises import BrokenPromise
from seamline.rig.world.streams import Stream
from seamline.rig.world.truth import DeviceTruth, Line, LineKey

NEVER_US: Final = 1 << 62


class Sensing:
    """The sensors of one boot."""

    __slots__ = ("_core", "_crystal", "_device", "_sensors", "_truth", "frame_us", "line", "reading_us")

    def __init__(self, device: int, core: Core, crystal: Crystal, truth: DeviceTruth) -> None:
        """Nothing is measured yet."""
        self.reading_us = NEVER_US
        """When the next reading is."""
        self.frame_us = NEVER_US
        """When the first frame is due that what is measured next may belong to."""
        self.line: Line | None = None
        """Whose last record's effects are carried out now: should the power go meanwhile, its number may be unmade."""
        self._device = device
        self._core = core
        self._crystal = crystal
        self._truth = truth
        self._sensors: list[Sensor] = []

    def begin(self, model: Model, now_us: int, stream: Stream) -> None:
        """Measure from now on."""
        for message in model.contract.messages.values():
            sensor = Sensor(message, model.values[message.id], stream)
            sensor.due_us = now_us + 1 + (stream.below(sensor.period_us) if sensor.events is None else sensor.events.wait_us())
            self._sensors.append(sensor)
        self._look_ahead()

    def end(self) -> None:
        """Measure nothing more."""
        self._sensors.clear()
        self._look_ahead()

    def hand_over(self, now_us: int, measured: Callable[[Sequence[Effect]], None]) -> None:
        """Have the core number what was measured until now; `measured` does what it asks for after each.

        Raises BrokenPromise, and what `measured` raises.
        """
        if self.reading_us > now_us:
            return
        for sensor in self._sensors:
            if sensor.due_us <= now_us:
                self._read(sensor, now_us, measured)
        self._look_ahead()

    def _read(self, sensor: Sensor, now_us: int, measured: Callable[[Sequence[Effect]], None]) -> None:
        core, channel, bodies, line, read = self._core, sensor.channel, sensor.bodies, sensor.line, sensor.read
        record, asked = core.record, core.effects
        began_us, rate = self._crystal.began_us, self._crystal.rate
        following = 0 if line is None else len(line.classes)
        times, values = list[int](), list[int]()
        period_us, events = sensor.period_us, sensor.events
        while (true_us := sensor.due_us) <= now_us:
            sensor.due_us = true_us + (period_us if events is None else events.wait_us())
            value = read()
            uptime_ms = (true_us - began_us) * rate // RATE_MS
            number = record(uptime_ms, channel, bodies[value])
            if events is not None and self._is_over_rate(number, channel, is_within=events.may_record(uptime_ms)):
                continue  # only counted: nobody will ask for it
            if line is None:
                line = sensor.line = Line(sensor.values)
                self._truth.lines[LineKey(core.incarnation, core.boot, channel)] = line
            if number != following:
                raise BrokenPromise("numbered-once", f"gave number {number} to record {following}", self._device)
            following += 1
            times.append(true_us)
            values.append(value)
            effects = asked()
            if effects:
                line.extend(times, values)
                times.clear()
                values.clear()
                self.line = line
                measured(effects)
                self.line = None
        if line is not None:
            line.extend(times, values)

    def _is_over_rate(self, number: int, channel: int, *, is_within: bool) -> bool:
        """Whether an event was left out: what is beyond the contract's bound is, and nothing else. Raises BrokenPromise."""
        if (number == OVER_RATE) is is_within:
            what = "leaves out an event within its bound" if is_within else f"takes an event beyond its bound as record {number}"
            raise BrokenPromise("bounded", f"{what}, channel {channel}", self._device)
        return not is_within

    def _look_ahead(self) -> None:
        reading_us = frame_us = NEVER_US
        for sensor in self._sensors:
            due_us = sensor.due_us
            reading_us = min(reading_us, due_us)
            frame_us = min(frame_us, due_us + sensor.every_us)
        self.reading_us, self.frame_us = reading_us, frame_us
