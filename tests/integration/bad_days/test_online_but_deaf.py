"""Bad day `online-but-deaf`: the device publishes happily and hears nothing.

It is shown as deaf with the age of its last answer, not as online; it reconnects by itself; its owner is told.
"""

from __future__ import annotations

import asyncio

from tests.integration.bad_days.scene import query, scene, told

from seamline.rig.fleet import models_of

SLACK_MS = 2_000
"""A frame after the last downlink proves it half a second later, and batches wait for a busy machine."""
EVENTS = "SELECT kind, boundary, owner, contact FROM event JOIN device ON no = device_no WHERE device.id = %s"


def test_a_device_that_hears_nothing_is_shown_as_deaf_until_it_hears_again(house, family):
    async def day():
        async with scene(house, family, models_of(family, 60, publish_every_ms_max=500), "deaf", 4) as stage:
            stage.fleet.power_on()
            await stage.lively()
            loop = asyncio.get_running_loop()
            (deaf, *others), port = stage.devices, stage.taped[0]

            async def view(device=deaf):
                return await asyncio.to_thread(told, house, f"/devices/{device.id}")

            async def shown(presence, what, more=lambda _: True):
                async with asyncio.timeout(90):
                    while (seen := await view())["row"]["presence"] != presence or not more(seen):
                        assert seen["row"]["presence"] in {presence, *before}, what
                        await stage.fleet.until(lambda: False, 0.1)
                return seen

            before = {"online"}
            await shown("online", "online at first")
            acknowledged, published = deaf.truth.acknowledged, port.tape.count("up data")
            port.hears, deaf_since_s = False, loop.time()
            seen = await shown("deaf", "not anything but online, then deaf")
            deaf_ms = (loop.time() - deaf_since_s) * 1000
            row = seen["row"]
            assert row["answered_age_ms"] >= deaf_ms - SLACK_MS, "the age of the last answer"
            assert row["age_ms"] < row["answered_age_ms"], "heard of, while it hears nothing"
            assert "unanswered" in row["why"] or "not heard us" in row["why"]
            assert port.tape.count("up data") > published, "it published happily"
            assert deaf.truth.acknowledged == acknowledged
            owner_told = ("deaf", "radio-broker", "firmware", "device@example.com")
            await stage.until(lambda: owner_told in query(house, EVENTS, deaf.id), "its owner is told")

            # It notices by itself, closes and comes back: no recovery as long as it hears nothing.
            session, dials = seen["session"], port.tape.count("dial")
            before = {"deaf", "lost", "silent"}
            await stage.until(lambda: port.tape.count("dial") > dials, "it reconnects by itself")
            again = await shown(
                "deaf",
                "a deaf device that reconnects is deaf",
                lambda seen: seen["session"] > session and seen["last_end"] == "deaf",
            )
            assert again["row"]["answered_age_ms"] > row["answered_age_ms"]

            port.hears = True
            before = {"deaf", "lost", "silent"}
            await shown("online", "recovered")
            await stage.until(lambda: deaf.truth.acknowledged > acknowledged, "it delivers again")
            for device in others:
                assert (await view(device))["row"]["presence"] == "online"
            verdict = await stage.verdict()
            assert verdict.sums.stored == verdict.sums.numbered
            for device in others:
                assert "deaf" not in {row[0] for row in query(house, EVENTS, device.id)}

    asyncio.run(day())


def test_a_network_that_swallows_one_direction_is_noticed_and_left(house, family):
    async def day():
        async with scene(house, family, models_of(family, 60, publish_every_ms_max=500), "swallow", 4) as stage:
            stage.fleet.power_on()
            await stage.lively()
            link, device = stage.fleet.links[0], stage.devices[0]
            link.stall(down=True)
            await stage.until(
                lambda: stage.fleet.tally.ends.get("deaf", 0) + stage.fleet.tally.ends.get("keep_alive", 0), "noticed"
            )
            tries = link.connections
            await stage.until(lambda: link.connections > tries, "tried anew, by itself")
            link.stall()
            link.cut()
            await stage.until(lambda: device.boot.core.state == "live", "back")
            verdict = await stage.verdict()
            assert verdict.sums.stored == verdict.sums.numbered

    asyncio.run(day())
