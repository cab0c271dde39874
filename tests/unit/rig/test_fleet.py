"""A large fleet comes up as fast as its machine takes it, and no faster."""

import asyncio
from random import Random

from seamline.contract import load_family
from seamline.rig.demo import example
from seamline.rig.device import SimulatedDevice, Tally
from seamline.rig.fleet import STARTING_MAX, Fleet, models_of
from seamline.rig.ports import FaultyPort

DEVICES = STARTING_MAX + 50


class Nowhere:
    """A network nobody answers on."""

    async def connect(self, *_args):
        await asyncio.Event().wait()


def dark_fleet() -> Fleet:
    (model, *_) = models_of(load_family(example("heater")))
    tally = Tally()
    devices = [
        SimulatedDevice(f"d{number}", model, FaultyPort(Nowhere()), Random(number), tally, failed=lambda error: None)
        for number in range(DEVICES)
    ]
    return Fleet(devices, [], tally)


def on(fleet: Fleet) -> int:
    return sum(device.boot is not None for device in fleet.devices)


def played(act) -> list[int]:
    """What `act` saw, with a fleet whose power is off again at the end."""

    async def play() -> list[int]:
        fleet = dark_fleet()
        async with fleet.group:
            try:
                async with asyncio.timeout(30):
                    return await act(fleet)
            finally:
                fleet.power_off()

    return asyncio.run(play())


async def until(holds) -> None:
    while not holds():
        await asyncio.sleep(0)


def test_no_more_devices_than_the_machine_takes_wait_for_their_first_answer():
    async def act(fleet):
        fleet.power_on()
        first = on(fleet)
        for device in fleet.devices[:30]:
            device.boot.answered = True
        await until(lambda: on(fleet) > first)
        return [first, on(fleet)]

    assert played(act) == [STARTING_MAX, STARTING_MAX + 30]


def test_who_went_dark_again_keeps_no_other_waiting():
    async def act(fleet):
        fleet.power_on()
        fleet.devices[0].power_off()
        await until(lambda: fleet.devices[STARTING_MAX].boot is not None)
        return [on(fleet)]

    assert played(act) == [STARTING_MAX]


def test_a_fleet_at_rest_boots_nobody_who_was_dark():
    async def act(fleet):
        fleet.power_on()
        fleet.rest()
        for device in fleet.devices[:STARTING_MAX]:
            device.boot.answered = True
        turned = asyncio.get_running_loop().time() + 0.1
        await until(lambda: asyncio.get_running_loop().time() > turned)
        return [on(fleet), sum(device.settled for device in fleet.devices[STARTING_MAX:])]

    assert played(act) == [STARTING_MAX, DEVICES - STARTING_MAX]
