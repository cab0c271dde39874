"""Bad day `erased-counter`: flash is wiped or the board swapped; boot and sequence start again from zero.

A new incarnation: nothing new is taken for a duplicate, nothing old is overwritten.
"""

from __future__ import annotations

import asyncio

from tests.integration.bad_days.scene import PATIENCE_S, query, scene

from seamline.rig.fleet import models_of

ROWS = """
    SELECT device_no, r.incarnation, r.boot, seq, uptime_ms, digest, room, mode FROM r_heater_reading r
    JOIN device ON no = device_no WHERE device.id LIKE %s
"""
EVIDENCE = "SELECT reason FROM quarantine WHERE device_id LIKE %s"
NEW_INCARNATIONS = (
    "SELECT device.id FROM event JOIN device ON no = device_no WHERE kind = 'new-incarnation' AND device.id LIKE %s"
)


def test_a_wiped_counter_begins_a_new_incarnation_beside_the_old_one(house, family):
    async def day():
        async with scene(house, family, models_of(family, 60, publish_every_ms_max=500), "wiped", 8) as stage:
            stage.fleet.power_on()
            await stage.lively()
            before = {device.id: (device.boot.core.incarnation, device.boot.core.boot) for device in stage.devices}
            sent = [tape.of("up data")[0].payload for tape in stage.tapes]
            for device in stage.devices:
                device.power_off(erase=True)
            old = set(query(house, ROWS, "wiped-%"))
            assert len(old) > len(before)

            for device in stage.devices:
                device.power_on(stage.fleet.group)
            await stage.lively()
            for device in stage.devices:
                assert device.boot.core.boot == before[device.id][1] == 1, "the counter begins anew"
                assert device.boot.core.incarnation != before[device.id][0]
            for device, payload in zip(stage.devices, sent, strict=True):
                assert device.port.inject("data", payload)  # a frame of the old life that the network delivers late
            await stage.lively()
            await stage.verdict()

            after = set(query(house, ROWS, "wiped-%"))
            assert old <= after, "something old was overwritten"
            assert query(house, EVIDENCE, "wiped-%") == [], "something was taken for a conflict"
            for device in stage.devices:
                incarnation, no = before[device.id][0], number(house, device)
                own = [row for row in after if row[0] == no]
                lives = {row[1]: {other[3] for other in own if other[1] == row[1]} for row in own}
                assert incarnation in lives
                assert len(lives) == 2
                assert set.intersection(*lives.values()), "the same numbers, twice, each its own reading"
                for key, stream in device.truth.streams.items():
                    if key.incarnation != incarnation and key.channel == 1:
                        count = sum(row[1] == key.incarnation for row in own)
                        assert count == stream.numbered, "a new reading was taken for a duplicate"
            assert {row[0] for row in query(house, NEW_INCARNATIONS, "wiped-%")} >= before.keys()

    asyncio.run(day())


def number(house, device):
    ((found,),) = query(house, "SELECT no FROM device WHERE id = %s", device.id)
    return found


def test_a_board_that_is_swapped_and_swapped_back_keeps_both_lives_apart(house, family):
    async def day():
        async with scene(house, family, models_of(family, 60, publish_every_ms_max=500), "swapped", 4) as stage:
            stage.fleet.power_on()
            await stage.lively()
            boards = []
            for device in stage.devices:
                device.boot.rest()  # nobody could tell what the hub has not heard of when a board is taken out
            assert await stage.fleet.drained(PATIENCE_S)
            for device in stage.devices:
                device.power_off()
                boards.append(device.flash.entries)
                device.flash.entries = {}
                device.power_on(stage.fleet.group)
            await stage.lively()
            old = set(query(house, ROWS, "swapped-%"))
            for device, board in zip(stage.devices, boards, strict=True):
                device.power_off()
                device.flash.entries = board
                device.power_on(stage.fleet.group)
            await stage.lively()
            await stage.verdict()
            after = set(query(house, ROWS, "swapped-%"))
            assert old <= after
            lives = {(row[0], row[1]): {other[2] for other in after if other[:2] == row[:2]} for row in after}
            assert len(lives) == 2 * len(stage.devices)
            assert sorted(lives.values(), key=len) == [{1}] * 4 + [{1, 2}] * 4

    asyncio.run(day())
