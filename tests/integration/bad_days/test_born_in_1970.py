"""Bad day `born-in-1970`: the clock restarts at the epoch and is corrected a minute later, or never.

No reading is dated wrongly or deleted as expired: each has a best time, an error bound and how it was found.
"""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import replace

from tests.integration.bad_days.scene import TapedConnection, TapedPort, query, scene, told

from seamline.contract.pace import hurried
from seamline.rig.device import Model

EPOCH_S = 7 + 60
"""What a simulated clock without a battery says at most: some seconds after 1970 (rig/device.py), and the time this takes."""
UNDATED, BOUNDED, ANCHORED, SYNCED = -1, 0, 1, 2
EXPIRES_MS = 120_000
OFFLINE_S = 4.0
"""A minute, in the accelerated contract: 24 samples of it."""
ROWS = """
    SELECT r.boot, seq, (extract(epoch FROM measured) * 1000)::int8, error_ms, quality FROM r_heater_reading r
    JOIN device ON no = device_no WHERE device.id = %s ORDER BY 1, 2
"""
ANCHORS = "SELECT source, accepted, unix_ms FROM anchor JOIN device ON no = device_no WHERE device.id = %s"
REDATING = "SELECT count(*) FROM boot WHERE redate_from_ms IS NOT NULL"
EXPIRED = "SELECT count(*) FROM loss JOIN device ON no = device_no WHERE device.id LIKE 'born-%%' AND reason <> 'power_loss'"


class Uncorrected(TapedPort):
    """A device whose anchors from the hub and from NTP never get through: the hub knows its 1970 and when things arrived."""

    async def connect(self, *rest):
        return _Silenced((await super().connect(*rest))._inner, self.tape)


class _Silenced(TapedConnection):
    def publish(self, kind, payload):
        if kind != "anchor" or json.loads(payload)["source"] == "rtc":
            super().publish(kind, payload)


def models(family):
    """Both releases and both outboxes; readings expire, by the contract, long after this day and long before 56 years."""
    found = []
    for contract in family.versions.values():
        quick = hurried(contract.accelerated(60), 500)
        messages = {name: replace(message, expires_ms=EXPIRES_MS) for name, message in quick.messages.items()}
        found += [Model.of(replace(quick, messages=messages), store=store) for store in ("flash", "ram")]
    return found


def test_readings_of_a_clock_that_began_at_the_epoch_are_dated_by_what_is_known_and_none_expires(house, family):
    async def day():
        async with scene(house, family, models(family), "born", 8) as stage:
            by_hub, late, by_ntp, never = (stage.devices[index : index + 2] for index in (0, 2, 4, 6))
            virgin, known = never
            group = stage.fleet.group
            for device in (*by_hub, *late, *by_ntp, known):
                device.power_on(group)
            await stage.until(
                lambda: all(device.truth.acknowledged for device in stage.devices if device is not virgin), "a good boot"
            )
            for device, port in zip(never, stage.taped[6:], strict=True):
                device.port._inner = Uncorrected(port._inner, port.tape)

            links = dict(zip([device.id for device in stage.devices], stage.fleet.links, strict=True))
            for device in (*late, *by_ntp):
                links[device.id].refuse()
                links[device.id].cut()
            for device in (*by_hub, *late, *by_ntp, known):
                device.power_off()
            for device in stage.devices:
                device.power_on(group, "brownout", dead_clock=True)
            loop = asyncio.get_running_loop()
            began_s = loop.time()
            await stage.until(lambda: loop.time() - began_s > OFFLINE_S, "a minute in 1970")
            for device in by_ntp:
                boot = device.boot
                boot.driver.poke(lambda now_ms, boot=boot: boot.core.clock(now_ms, time.time_ns() // 1_000_000, "ntp", 50))
            for device in (*late, *by_ntp):
                links[device.id].refuse(False)
            await stage.lively()
            verdict = await stage.verdict()
            await stage.until(lambda: query(house, REDATING) == [(0,)], "what was dated before an anchor came is dated anew")
            verdict = await stage.verdict()
            assert verdict.misdated == 0
            assert query(house, EXPIRED) == [(0,)], "something was deleted as expired"

            for device in stage.devices:
                rows = query(house, ROWS, device.id)
                assert all(measured is None or measured > 1e12 for _, _, measured, _, _ in rows), "a date in 1970"
                assert all((measured is None) == (error is None) for _, _, measured, error, _ in rows)
                last = [row for row in rows if row[0] == rows[-1][0]]
                assert len(last) > 10
                if device in never:
                    assert {row[4] for row in last} == {BOUNDED}
                else:
                    assert {row[4] for row in last} <= {ANCHORED, SYNCED}
                    assert SYNCED in {row[4] for row in last}
                rtc = [(accepted, unix_ms) for source, accepted, unix_ms in query(house, ANCHORS, device.id) if source == "rtc"]
                assert rtc
                assert not any(accepted for accepted, _ in rtc), "1970 was believed"
                assert all(unix_ms < EPOCH_S * 1000 for _, unix_ms in rtc)
            # Never corrected: between the boot before and the arrival, where there is a boot before; else the arrival is all there is.
            assert {row[2] for row in query(house, ROWS, virgin.id)} == {None}
            assert all(row[3] > 0 for row in query(house, ROWS, known.id) if row[2] is not None)
            assert all(row[2] is not None for row in query(house, ROWS, known.id))
            shown = told(house, f"/devices/{virgin.id}/readings?message=reading&limit=5")["rows"]
            assert shown
            assert all(row["measured_ms"] is None and row["arrival_ms"] and row["quality"] == "bounded" for row in shown)

    asyncio.run(day())
