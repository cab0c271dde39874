"""Bad day `week-offline`: the buffer fills.

What is dropped follows the declared policy, and every dropped reading is declared and counted; every numbered reading ends in
exactly one class of the ledger. The days are shortened by the contract's own numbers: its buffer promises an outage of 72 h and gets
one of 168 h; here 4.5 s and 10.5 s, with a reading each 0.1 s.
"""

from __future__ import annotations

import asyncio
import re
import time

from tests.integration.bad_days.scene import query, scene

from seamline.contract import LOSSES, loads
from seamline.rig.device import Model
from seamline.rig.faults import HEADER

SHORTER = {
    r"sample: 10 s": "sample: 100 ms",
    r"every: 60 s, batch_max: 24": "every: 500 ms, batch_max: 10",
    r"every: 15 min": "every: 500 ms",
    r"outage: 72 h, capacity: 512 KiB": "outage: 4500 ms, capacity: 2 KiB",
    r"base: 2 s, cap: 10 min": "base: 100 ms, cap: 1 s",
    r"after: 3 publishes": "after: 60 publishes",
}
WEEK = 168 / 72
"""Of the promised outage."""
READING, VITALS = 1, 2
LOST_RANGES = """
    SELECT channel, loss.incarnation, loss.boot, first, count, reason FROM loss JOIN device ON no = device_no WHERE device.id = %s
"""


def short_contract(heater):
    text = (heater / "contract.yaml").read_text()
    for old, new in SHORTER.items():
        text, found = re.subn(old, new, text)
        assert found == 1, old
    return loads(text, "week.yaml")


def lost_of(house, device):
    """(incarnation, boot, channel, sequence) → reason, of every record the hub counts as lost."""
    return {
        (incarnation, boot, channel, sequence): reason
        for channel, incarnation, boot, first, count, reason in query(house, LOST_RANGES, device.id)
        for sequence in range(first, first + count)
    }


def declared_on(tape):
    """(incarnation, boot, channel, sequence) of every record that the device gave up, in its own words on the wire (docs/wire.md)."""
    declared = set()
    for entry in tape.of("up data"):
        _, _, channel, _, _, incarnation, _, _, count, _, _, _, size = HEADER.unpack_from(entry.payload)
        for at in range(HEADER.size, HEADER.size + count * size, size) if channel == LOSSES.message_id else ():
            _, loss = LOSSES.unpack_record(entry.payload[at : at + size])
            first, end = loss["first"], loss["first"] + loss["count"]
            declared |= {(incarnation, loss["boot"], loss["channel"], sequence) for sequence in range(first, end)}
    return declared


def stored_of(house, device):
    """(incarnation, boot, channel, sequence) of every row."""
    rows = []
    for channel, table in ((READING, "r_heater_reading"), (VITALS, "r_heater_vitals")):
        text = f"SELECT r.incarnation, r.boot, {channel}, seq FROM {table} r JOIN device ON no = device_no WHERE device.id = %s"
        rows += query(house, text, device.id)
    return set(rows)


def test_a_week_without_network_drops_by_the_declared_order_and_declares_every_drop(house, family, heater):
    contract = short_contract(heater)
    assert contract.buffer.drop_first == ("vitals", "reading")
    models = [Model.of(contract, store=store) for store in ("flash", "ram")]

    async def day():
        async with scene(house, family, models, "week", 6) as stage:
            stage.fleet.power_on()
            await stage.lively()
            for link in stage.fleet.links:
                link.refuse()
                link.cut()
            loop = asyncio.get_running_loop()
            began_s, began_ms = loop.time(), time.time() * 1000
            week_s = WEEK * contract.buffer.outage_ms / 1000
            await stage.until(lambda: loop.time() - began_s > week_s / 2, "half the week")
            brown = stage.devices[0]  # a flash outbox: the power goes in the middle of it all
            brown.power_cut(0.2)
            await stage.until(lambda: loop.time() - began_s > week_s, "the week")

            for device in stage.devices:
                books = device.boot.core.books()
                assert books["bytes"] <= contract.buffer.capacity_bytes
            ended_ms = time.time() * 1000
            stage.fleet.rest()  # else a slow hub's answer finds the buffer full once more, with what is in flight kept in it
            for link in stage.fleet.links:
                link.refuse(False)
            await stage.lively()
            verdict = await stage.verdict()
            assert verdict.sums.lost > 0
            assert verdict.sums.numbered == verdict.sums.stored + verdict.sums.lost
            for device, tape in list(zip(stage.devices, stage.tapes, strict=True))[1:]:
                lost = lost_of(house, device)
                declared = declared_on(tape)
                assert lost.keys() <= declared, "counted as lost, and never declared"
                assert stored_of(house, device) >= declared - lost.keys(), "declared, and in no class"
                assert set(lost.values()) == {"buffer_full"}
                (key,) = {key[:2] for key in device.truth.streams}
                own = device.boot.core.books()["channels"]
                for channel in (READING, VITALS):
                    assert sum(own[channel]["lost"].values()) == sum(name[2] == channel for name in declared) > 0
                check_order(device, key, lost, began_ms, ended_ms, contract)
            reasons = set(lost_of(house, brown).values())
            assert "buffer_full" in reasons
            assert reasons <= {"buffer_full", "power_loss"}
            losses = (
                "SELECT DISTINCT owner FROM event JOIN device ON no = device_no WHERE kind = 'loss' AND device.id LIKE 'week-%%'"
            )
            await stage.until(lambda: query(house, losses) == [("firmware",)], "the firmware's owner is told of the losses")

    asyncio.run(day())


def check_order(device, key, lost, began_ms, ended_ms, contract):
    """Vitals first, then the oldest readings; what was measured within the promised outage is all there."""
    streams = {channel: device.truth.streams[(*key, channel)] for channel in (READING, VITALS)}
    offline = {
        channel: [(sequence, at_ms) for sequence, at_ms in enumerate(stream.true_ms) if began_ms < at_ms < ended_ms]
        for channel, stream in streams.items()
    }
    gone = {channel: [at for at in found if (*key, channel, at[0]) in lost] for channel, found in offline.items()}
    kept = {channel: [at for at in found if (*key, channel, at[0]) not in lost] for channel, found in offline.items()}
    assert max(gone[READING]) < min(kept[READING]), "an older reading was kept, a newer one dropped"
    last_drop_ms = gone[READING][-1][1]
    assert all(at_ms > last_drop_ms for _, at_ms in kept[VITALS]), "a reading was dropped while vitals were kept"
    promised_ms = ended_ms - contract.buffer.outage_ms
    assert all(at_ms < promised_ms for _, at_ms in gone[READING]), "the buffer did not hold the outage it promises"
