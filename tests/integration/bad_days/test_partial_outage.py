"""Bad day `partial-outage`: database, hub, broker, authorisation or network away, one at a time and together.

Nothing acknowledged is lost, nothing doubled, everything catches up.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal

import psutil
import pytest
from tests.integration.bad_days.scene import scene

from seamline.rig.fleet import models_of

DEVICES = 12
AWAY_S = 5.0
"""Longer than the accelerated contract's answer timeout and the hub's own patience (2 s each): it is noticed on both sides."""
PARTS = ("postgres", "hub", "broker", "auth")


def freeze(house, name):
    """Stop a part with all its processes: it is there, and does nothing, as a machine that hangs."""
    pid = house.pid(name)
    if pid is None:
        return
    for process in (psutil.Process(pid), *psutil.Process(pid).children(recursive=True)):
        with contextlib.suppress(psutil.NoSuchProcess):
            process.send_signal(signal.SIGSTOP)


@pytest.mark.parametrize("parts", [*((part,) for part in PARTS), ("network",), (*PARTS, "network")], ids="+".join)
def test_what_is_away_for_a_while_and_then_dies_costs_nothing(house, family, parts):
    network = "network" in parts
    killed = [part for part in PARTS if part in parts]

    async def day():
        name = "away" + "".join(part[0] for part in parts)
        async with scene(house, family, models_of(family, 60, publish_every_ms_max=500), name, DEVICES) as stage:
            stage.fleet.power_on()
            await stage.lively()
            loop = asyncio.get_running_loop()
            for part in killed:
                freeze(house, part)
            for link in stage.fleet.links if network else ():
                link.refuse()
                link.cut()
            began_s = loop.time()
            measured = stage.fleet.tally.numbered
            if parts == ("auth",):
                stage.fleet.links[0].cut()  # the others do not need it; this one cannot come back without
            stage.devices[-1].power_cut(AWAY_S / 2)
            await stage.until(lambda: loop.time() - began_s > AWAY_S, "the outage")
            assert stage.fleet.tally.numbered > measured + DEVICES, "devices stopped measuring"
            if parts == ("auth",):
                assert stage.devices[1].boot.core.state == "live"
                assert stage.devices[0].boot.core.state != "live"
            for part in killed:
                house.kill(part)
            for link in stage.fleet.links if network else ():
                link.refuse(False)
            await stage.lively()
            verdict = await stage.verdict()
            assert verdict.sums.quarantined == verdict.sums.declined == 0
            # Only the device whose power went may have lost something, and only what a RAM outbox loses.
            kept = [device for device in stage.devices if device is not stage.devices[-1]]
            assert all(device.truth.acknowledged == device.truth.numbered for device in kept)

    asyncio.run(day())


def test_parts_killed_one_after_the_other_while_the_fleet_measures_cost_nothing(house, family):
    async def day():
        async with scene(house, family, models_of(family, 60, publish_every_ms_max=500), "killed", DEVICES) as stage:
            stage.fleet.power_on()
            for part in PARTS:
                await stage.lively()
                starts = house.view(part).starts
                house.kill(part)
                await stage.until(lambda part=part, starts=starts: house.view(part).starts > starts, f"{part} is started again")
            await stage.lively()
            verdict = await stage.verdict()
            assert verdict.sums.stored == verdict.sums.numbered

    asyncio.run(day())
