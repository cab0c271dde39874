"""Bad day `drop-mid-publish`: the connection dies inside a publish; the device sends again. Each reading is stored exactly once."""

from __future__ import annotations

import asyncio

from tests.integration.bad_days.scene import TapedConnection, TapedPort, scene

from seamline.rig.fleet import models_of

DEVICES = 12
CUT_AT_BYTES = range(1, 360, 6)
"""Into the next bytes a device sends: a frame of some readings in its TLS record takes 100 to 300."""


class Redelivering(TapedPort):
    """An MQTT client that redelivers what it had no acknowledgement for, as QoS 1 asks: the hub gets it twice."""

    def __init__(self, inner, tape):
        super().__init__(inner, tape)
        self.unheard = []

    async def connect(self, *rest):
        connection = _Connection(await super().connect(*rest), self)
        for payload in self.unheard:
            self.tape.note("again", payload)
            connection._inner.publish("data", payload)
        return connection


class _Connection(TapedConnection):
    def __init__(self, inner, port):
        super().__init__(inner._inner, port.tape)
        self._port = port
        self._marks = port.tape.count("dn marks")

    def publish(self, kind, payload):
        if kind == "data":
            marks = self._port.tape.count("dn marks")
            if marks > self._marks:
                self._marks = marks
                self._port.unheard.clear()
            self._port.unheard.append(payload)
        super().publish(kind, payload)


def test_connections_that_die_at_any_byte_of_a_publish_store_each_reading_once(house, family):
    async def day():
        async with scene(house, family, models_of(family, 60, publish_every_ms_max=300), "drop", DEVICES) as stage:
            for device, port in list(zip(stage.devices, stage.taped, strict=True))[::2]:
                device.port._inner = Redelivering(port._inner, port.tape)
            stage.fleet.power_on()
            await stage.lively()
            links = stage.fleet.links
            places = list(CUT_AT_BYTES)
            assert len(places) % DEVICES == 0
            for first in range(0, len(places), DEVICES):
                cuts = [link.cuts for link in links]
                for link, place in zip(links, places[first : first + DEVICES], strict=True):
                    link.cut_after_bytes_up(place)
                await stage.until(lambda cuts=cuts: all(a.cuts > b for a, b in zip(links, cuts, strict=True)), "every cut")
                await stage.lively()
            cuts = [link.cuts for link in links]
            for link in links:
                link.cut_at_answer()  # the hub has it, and the device cannot know
            await stage.until(lambda: all(a.cuts > b for a, b in zip(links, cuts, strict=True)), "every cut before the answer")
            await stage.lively()
            verdict = await stage.verdict()
            assert sum(link.cuts for link in links) >= len(places) + DEVICES
            assert sum(tape.count("again") for tape in stage.tapes) > 0
            assert verdict.duplicates_received > 0
            assert verdict.sums.stored == verdict.sums.numbered

    asyncio.run(day())
