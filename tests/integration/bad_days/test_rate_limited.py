"""Bad day `rate-limited`: the hub says "busy, come back in N s", or the broker does not let devices in.

A device waits at least N s, plus jitter; never an immediate retry.
"""

from __future__ import annotations

import asyncio
from itertools import pairwise
from statistics import mean

from tests.integration.bad_days.scene import locked, scene

from seamline.rig.fleet import models_of

DEVICES = 20
FACTOR = 60
LATE_S = 2.0
"""How late a timer may ring on a machine that is shared; early it never does, but for two clocks in whole ms."""
EARLY_S = 0.003
RULES = ("dial", "up birth", "up probe", "up data", "up anchor", "up twin")


def waits(tape, until_s):
    """(seconds asked for, seconds kept) of each `busy` that was followed by something; the last of several counts."""
    found = []
    busy = [entry for entry in tape.of("dn busy") if entry.at_s < until_s]
    for index, entry in enumerate(busy):
        asked_s = entry.said["retry_after_ms"] / 1000
        following = next((other for other in tape.of(*RULES) if other.at_s > entry.at_s), None)
        again = index + 1 < len(busy) and (following is None or busy[index + 1].at_s < following.at_s)
        if following is not None and not again:
            found.append((asked_s, following.at_s - entry.at_s))
    return found


def test_devices_told_to_wait_are_silent_for_so_long_and_come_back_one_by_one(house, family):
    async def day():
        async with scene(house, family, models_of(family, FACTOR, publish_every_ms_max=500), "busy", DEVICES) as stage:
            stage.fleet.power_on()
            await stage.lively()
            with locked(house):
                await stage.until(lambda: all(tape.of("dn busy") for tape in stage.tapes), "everybody is told to wait")
                for link in stage.fleet.links[::2]:
                    link.cut()  # a connection that breaks meanwhile is no reason to come back sooner
                await stage.until(lambda: all(tape.count("dn busy") >= 3 for tape in stage.tapes), "told to wait again and again")
                ended_s = asyncio.get_running_loop().time()
            verdict = await stage.verdict()
            assert verdict.sums.stored == verdict.sums.numbered

        shares = []
        for tape in stage.tapes:
            kept = waits(tape, ended_s)
            assert len(kept) >= 2
            for asked_s, waited_s in kept:
                assert asked_s >= 2
                assert asked_s - EARLY_S <= waited_s <= asked_s * 1.5 + LATE_S
                shares.append((waited_s - asked_s) / asked_s)
        assert max(shares) - min(shares) > 0.25, "no jitter: they all come back at once"
        assert 0.1 < mean(min(share, 0.5) for share in shares) < 0.4

    asyncio.run(day())


def gaps_of(tape):
    """Seconds between each refusal and the next try."""
    return [
        after.at_s - before.at_s
        for before, after in pairwise(tape.of("dial", "failed", "connected"))
        if before.what == "failed" and after.what == "dial"
    ]


def test_devices_that_the_broker_refuses_back_off_further_each_time(house, family):
    models = models_of(family, FACTOR, publish_every_ms_max=500)
    backoff = models[0].contract.backoff
    tries = 5

    async def day():
        async with scene(house, family, models, "refused", DEVICES) as stage:
            stage.fleet.power_on()
            await stage.lively()
            for device in stage.devices:
                await asyncio.to_thread(house.ban, device.id)
            await stage.until(lambda: all(len(gaps_of(tape)) > tries for tape in stage.tapes), "refused again and again")
            for device in stage.devices:
                await asyncio.to_thread(house.unban, device.id)
            refused = sum(entry.payload == b"refused" for tape in stage.tapes for entry in tape.of("failed"))
            assert refused >= DEVICES * tries
            verdict = await stage.verdict()
            assert verdict.sums.stored == verdict.sums.numbered

        # The n-th wait is drawn from 0..base * 2**n at least (full jitter), and never from beyond the cap.
        for number in range(tries):
            drawn = [gaps_of(tape)[number] for tape in stage.tapes]
            assert mean(drawn) > 0.25 * min(backoff.cap_ms, backoff.base_ms << number) / 1000, f"wait {number}: too soon"
            assert max(drawn) <= backoff.cap_ms / 1000 + LATE_S
            assert max(drawn) - min(drawn) > 0.25 * min(backoff.cap_ms, backoff.base_ms << number) / 1000

    asyncio.run(day())
