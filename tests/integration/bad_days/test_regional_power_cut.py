"""Bad day `regional-power-cut`: all devices of a region come back in the same second.

The broker and the hub stay within their limits; everyone is back within the contract's recovery time. Here 2,000 devices over
mutual TLS; timing, back-off and recovery are the example contract's own, not shortened.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter

import psutil
import pytest
from tests.integration.bad_days.scene import scene

from seamline.contract.pace import hurried
from seamline.rig.device import Model
from seamline.stack.natsline import ask

DEVICES = 2_000
PUBLISH_EVERY_MS = 15_000
"""Nobody waits 15 min for the slowest channel; all waits of the contract are its own."""
RAMP_S = 20.0
RSS_MAX = {"broker": 600 << 20, "hub": 600 << 20}
"""Of each process; 2,000 TLS sessions take the broker some 100 MB, and the hub's batches are bounded."""
TRIES_MAX = 5
"""Of any one device: the contract's back-off gives no room for more within half its recovery."""
LOOK_EVERY_S = 0.5
CANARIES = 4
STREAM = "UP"
BEHIND_MAX = 4 * DEVICES
"""Messages of the stream that are not committed yet: a birth, an anchor, a twin report and a frame of each device."""


def behind(house):
    """How many messages wait in the stream for their commit."""
    waiting = 0
    for consumer in ask(house.nats_url, f"$JS.API.CONSUMER.LIST.{STREAM}")["consumers"]:
        waiting += int(consumer["num_pending"]) + int(consumer["num_ack_pending"])
    return waiting


class Watch:
    """The highest figures of the house while something goes on."""

    def __init__(self, house):
        self._house = house
        self.rss = Counter()
        self.behind = 0
        self._due_s = 0.0

    def look(self):
        now_s = time.monotonic()
        if now_s < self._due_s:
            return True
        self._due_s = now_s + LOOK_EVERY_S
        self.behind = max(self.behind, behind(self._house))
        for name in RSS_MAX:
            pid = self._house.pid(name)
            self.rss[name] = max(self.rss[name], psutil.Process(pid).memory_info().rss if pid else 0)
        return True


def busiest_second(times_s):
    """The highest number of these moments within any one second."""
    times = sorted(times_s)
    first, most = 0, 0
    for index, at_s in enumerate(times):
        while times[first] <= at_s - 1.0:
            first += 1
        most = max(most, index - first + 1)
    return most


@pytest.mark.heavy
def test_two_thousand_devices_come_back_within_the_contracts_recovery_time(house, family):
    contract = hurried(family.current, PUBLISH_EVERY_MS)
    recovery_s = contract.fleet.recovery_ms / 1000
    models = [Model.of(contract, store="flash"), Model.of(contract, store="ram")]
    starts = {name: house.view(name).starts for name in house.children}

    async def day():
        async with scene(house, family, models, "region", DEVICES, linked=False) as stage:
            loop, fleet, watch = asyncio.get_running_loop(), stage.fleet, Watch(house)

            def live(devices):
                watch.look()
                return all(device.boot is not None and device.boot.core.state == "live" for device in devices)

            async def blink(devices):
                for device in devices:
                    device.boot.driver.drop_link()
                await stage.until(lambda: live(devices), "back after the network blinked", recovery_s)

            fleet.power_on(RAMP_S)
            await stage.until(lambda: live(stage.devices), "the fleet is up", recovery_s)
            # The first were told a spread for the few that there were then; once more, when the hub has counted all.
            needed_ms = 1000 * DEVICES / contract.fleet.accept_rate
            async with asyncio.timeout(recovery_s):
                while any(device.boot.core._session.backoff.spread_ms < needed_ms for device in stage.devices[:CANARIES]):
                    await blink(stage.devices[:CANARIES])
            await blink(stage.devices)

            for device in stage.devices:
                device.power_off()
            waits_s = []
            for device in stage.devices:  # the power comes back everywhere at once
                device.power_on(fleet.group, "power_on")
                waits_s.append(device.boot.core._session.due_ms / 1000)
            # In the devices' own time: their first tries come no faster than the contract says is accepted.
            assert busiest_second(waits_s) <= contract.fleet.accept_rate
            assert max(waits_s) <= recovery_s / 2
            began_s = loop.time()
            await stage.until(lambda: live(stage.devices), "everybody, within the contract's recovery time", recovery_s)
            tries = [[entry for entry in tape.of("dial") if entry.at_s >= began_s] for tape in stage.tapes]
            assert max(len(own) for own in tries) <= TRIES_MAX
            assert sum(len(own) for own in tries) <= 2 * DEVICES, "a storm of tries"
            fleet.rest()
            await stage.until(lambda: watch.look() and all(device.settled for device in stage.devices), "all is delivered")
            verdict = await stage.verdict()
            assert verdict.sums.quarantined == verdict.sums.declined == 0
            assert {name: house.view(name).starts for name in house.children} == starts, "something died of it"
            assert 0 < watch.behind <= BEHIND_MAX, "the stream ran full faster than it was committed"
            assert all(watch.rss[name] < most for name, most in RSS_MAX.items()), watch.rss

    asyncio.run(day())
