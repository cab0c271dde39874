"""A heater's firmware on MicroPython: the device core from Seamline, the generated module, and what this board has.

Onto the board go this file, `heater.py` (`seamline contract gen micropython`) and the folder `seamline/device`. `Board` is
given its link, flash, random numbers and sensor, so that it runs on a desk as well: docs/firmware.md shows both.
"""

import heater

from seamline.device import Core


class Board:
    """Drives the core: calls and a time go in, effects come out and are done in their order."""

    def __init__(self, device_id, link, flash, random_u32, sensor, core=None):
        """`link`: open(will), publish(topic, payload), close(); `flash`: a mapping that is durable; `sensor`: () -> raw values.

        `core`: another than the plain one, e.g. a seamline.device.spoken.SpokenCore that tells the rig what it does.
        """
        self._link = link
        self._flash = flash
        self._sensor = sensor
        self._device_id = device_id
        self._next_sample_ms = 0
        self._resting = False
        self.refused = 0
        self.core = core or Core(heater.POLICY, device_id, random_u32, dict(flash))

    def start(self, now_ms):
        """Begin the boot."""
        self.core.start(now_ms, reset="power_on", firmware=heater.CONTRACT)
        self._do()

    def step(self, now_ms, sample_ms):
        """Let time pass: sample when it is due, tick, do what the core asks for. Returns when to be called again."""
        if now_ms >= self._next_sample_ms and not self._resting:
            self._next_sample_ms = now_ms + sample_ms
            self._sample(now_ms)
        if now_ms >= self.core.deadline():
            self.core.tick(now_ms)
        self._do()
        return self.core.deadline() if self._resting else min(self._next_sample_ms, self.core.deadline())

    def rest(self, now_ms):
        """Measure no more, and deliver what there is."""
        self._resting = True
        self.core.flush(now_ms)
        self._do()

    def work(self, now_ms):
        """Measure again."""
        self._resting = False
        self._next_sample_ms = now_ms

    def heard(self, now_ms, kind, payload):
        """A downlink came: `kind` is the last level of its topic."""
        self.core.receive(now_ms, kind, payload)
        self._do()

    def connected(self, now_ms):
        """The link stands and `dn/<device>/#` is subscribed."""
        self.core.connected(now_ms)
        self._do()

    def failed(self, now_ms, reason):
        """The link did not come about."""
        self.core.connect_failed(now_ms, reason)
        self._do()

    def ended(self, now_ms, reason):
        """The link is gone."""
        self.core.disconnected(now_ms, reason)
        self._do()

    def _sample(self, now_ms):
        values = self._sensor()
        try:
            body = heater.READING.pack(values)
        except ValueError:
            self.refused += 1  # a value that the contract does not allow is not sent; a product raises a fault here
            return
        if hasattr(self.core, "read"):  # a SpokenCore tells the values, not the bytes they became
            self.core.read(values)
        self.core.record(now_ms, heater.READING.channel, body)
        self._do()

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
