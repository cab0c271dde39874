"""A heater's firmware on MicroPython: the device core from Seamline, the generated module, and what this board has.

Onto the board go this file, `heater.py` (`seamline contract gen micropython`) and the folder `seamline/device`. `Board` is
given its link, flash, random numbers and sensor, so that it runs on a desk as well: docs/firmware.md shows both.
"""

import heater

from seamline.device import Core


class Board:
    """Drives the core: calls and a time go in, effects come out and are done in their order."""

    def __init__(self, device_id, link, flash, random_u32, sensor):
        """`link`: open(will), publish(topic, payload), close(); `flash`: a mapping that is durable; `sensor`: () -> raw values."""
        self._link = link
        self._flash = flash
        self._sensor = sensor
        self._device_id = device_id
        self._next_sample_ms = 0
        self.refused = 0
        self.core = Core(heater.POLICY, device_id, random_u32, dict(flash))

    def start(self, now_ms):
        """Begin the boot."""
        self.core.start(now_ms, reset="power_on", firmware=heater.CONTRACT)
        self._do()

    def step(self, now_ms, sample_ms):
        """Let time pass: sample when it is due, tick, do what the core asks for. Returns when to be called again."""
        if now_ms >= self._next_sample_ms:
            self._next_sample_ms = now_ms + sample_ms
            self._sample(now_ms)
        if now_ms >= self.core.deadline():
            self.core.tick(now_ms)
        self._do()
        return min(self._next_sample_ms, self.core.deadline())

    def heard(self, now_ms, kind, payload):
        """A downlink came: `kind` is the last level of its topic."""
        self.core.receive(now_ms, kind, payload)
        self._do()

    def connected(self, now_ms):
        """The link stands and `dn/<device>/#` is subscribed."""
        self.core.connected(now_ms)
        self._do()

    def _sample(self, now_ms):
        try:
            body = heater.READING.pack(self._sensor())
        except ValueError:
            self.refused += 1  # a value that the contract does not allow is not sent; a product raises a fault here
        else:
            self.core.record(now_ms, heater.READING.channel, body)

    def _do(self):
        for effect in self.core.effects():
            name = effect[0]
            if name == "persist":
                self._flash[effect[1]] = effect[2]
            elif name == "forget":
                self._flash.pop(effect[1], None)
            elif name == "publish":
                self._link.publish(heater.topic("up/+/" + effect[1], self._device_id), effect[2])
            elif name == "connect":
                self._link.open(effect[1])
            elif name == "close":
                self._link.close()
