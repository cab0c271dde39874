"""A heater's own logic around the device core, as the rig runs it: `seamline rig run --core firmware/rig/thermostat.py:Thermostat`.

It does as it is asked, keeps that in flash, and adds two rules of its own: with the child lock on it refuses set points above 25 Cel, and
after half an hour above 25 Cel it goes back to 21 Cel by itself. The same text runs on CPython and on MicroPython.
"""

import json
from binascii import crc32

from seamline.device import Core

SLOTS = ("app0", "app1")
"""Where in flash the settings are, turn by turn: a power cut may leave one of the two in pieces."""
WARM = 2_500
SAVING = 2_100
WARM_FOR_MS = 1_800_000


def written(count, settings):
    """An entry of flash: CRC32, then which write it is and the settings."""
    text = json.dumps([count, settings]).encode()
    return (crc32(text) & 0xFFFFFFFF).to_bytes(4, "big") + text


def read(entry):
    """What an entry says; nothing of one that is not whole."""
    if len(entry) < 4 or int.from_bytes(entry[:4], "big") != crc32(entry[4:]) & 0xFFFFFFFF:
        return 0, {}
    return tuple(json.loads(entry[4:]))


class Thermostat:
    """A core with an application. What it does not name here, the core does."""

    def __init__(self, policy, name, random, stored):
        """As a core is made, once a boot."""
        kept = [read(stored.pop(slot, b"")) for slot in SLOTS]
        self._core = Core(policy, name, random, stored)
        self._effects = []
        self._writes, self._settings = max(kept, key=lambda each: each[0])
        self._said = set()
        self._warm_until_ms = None

    def __getattr__(self, name):
        return getattr(self._core, name)

    def effects(self):
        """The core's, but wishes are for us."""
        for effect in self._core.effects():
            if effect[0] == "apply":
                self._wished(effect[1], effect[2], effect[3])
            else:
                self._effects.append(effect)
        effects, self._effects = self._effects, []
        return effects

    def deadline(self):
        """When `tick` is due: the core's, or ours."""
        due_ms = self._core.deadline()
        return due_ms if due_ms is None or self._warm_until_ms is None else min(due_ms, self._warm_until_ms)

    def tick(self, now_ms):
        """Let time pass."""
        self._now_ms = now_ms
        self._core.tick(now_ms)
        if self._warm_until_ms is not None and now_ms >= self._warm_until_ms:
            self._set(now_ms, "set_point", SAVING)

    def receive(self, now_ms, kind, payload):
        """A downlink."""
        self._now_ms = now_ms
        self._core.receive(now_ms, kind, payload)

    def report(self, now_ms, prop, value, based_on=None):
        """At boot what comes out of the box, unless we know better; later somebody turns the knob."""
        known = prop in self._said or prop not in self._settings
        self._said.add(prop)
        self._set(now_ms, prop, value if known else self._settings[prop], based_on)

    def _wished(self, prop, value, version):
        if prop == "set_point" and value > WARM and self._settings.get("child_lock"):
            self._core.report(self._now_ms, prop, self._settings.get(prop), version, "locked")
        else:
            self._set(self._now_ms, prop, value, version)

    def _set(self, now_ms, prop, value, based_on=None):
        """A setting is in force: durable first, then said."""
        self._settings[prop] = value
        self._writes += 1
        self._effects.append(("persist", SLOTS[self._writes % 2], written(self._writes, self._settings)))
        if prop == "set_point":
            self._warm_until_ms = now_ms + WARM_FOR_MS if value > WARM else None
        self._core.report(now_ms, prop, value, based_on)
