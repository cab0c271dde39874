"""A simulated device at rest: it delivers, and measures nothing more, whenever its power comes back."""

import asyncio
import json
from random import Random

from seamline.contract import load_family
from seamline.rig.demo import example
from seamline.rig.device import Model, SimulatedDevice, Tally
from seamline.rig.fleet import models_of
from seamline.rig.ports import FaultyPort


class Nowhere:
    """A network nobody answers on."""

    async def connect(self, *_args):
        await asyncio.Event().wait()


def device() -> SimulatedDevice:
    (model, *_) = models_of(load_family(example("heater")), 1000)
    assert isinstance(model, Model)
    return SimulatedDevice("d", model, FaultyPort(Nowhere()), Random(1), Tally(), failed=lambda error: None)


def measured_after(act) -> int:
    """How many records a device numbers within ten of its sampling periods of what `act` does."""

    async def play() -> int:
        one = device()
        async with asyncio.TaskGroup() as group:
            act(one, group)
            period_s = min(message.sample_ms for message in one.model.measured) / 1000
            async with asyncio.timeout(10 * period_s + 5):
                loop = asyncio.get_running_loop()
                ends = loop.time() + 10 * period_s
                while loop.time() < ends:
                    await asyncio.sleep(period_s)
            one.power_off()
        return one.tally.numbered

    return asyncio.run(play())


def test_a_device_that_is_on_measures():
    assert measured_after(lambda one, group: one.power_on(group)) > 0


def test_a_device_told_to_rest_before_its_power_comes_measures_nothing():
    def act(one, group):
        one.rest()
        one.power_on(group)

    assert measured_after(act) == 0


def test_a_device_resting_in_an_outage_comes_back_only_to_deliver():
    def act(one, group):
        one.power_on(group)
        one.power_cut(0.0)
        one.rest()

    assert measured_after(act) == 0


def test_only_an_answer_to_the_boot_that_runs_settles_a_device():
    """Else a verdict may come before the birth that tells of the records which a power cut took."""

    async def play() -> tuple[bool, bool]:
        one = device()
        async with asyncio.TaskGroup() as group:
            one.rest()
            one.power_on(group)
            core = one.boot.core

            def settled_by(boot: int) -> bool:
                said = {"incarnation": core.incarnation, "session": 1, "boot": boot}
                one.received("session", json.dumps(said).encode())
                return one.settled

            found = settled_by(core.boot - 1), settled_by(core.boot)
            one.power_off()
        return found

    assert asyncio.run(play()) == (False, True)


def test_a_device_that_flushes_keeps_no_batch_open():
    async def play() -> tuple[list[bool], list[bool]]:
        one = device()
        async with asyncio.TaskGroup() as group:
            one.power_on(group)
            (message, *_) = one.model.measured
            one.record(message, bytes(message.layout.record_bytes - 4))
            lanes = one.boot.core._outbox.lanes.values()
            before = [lane.open is not None for lane in lanes]
            one.flush()
            after = [lane.open is not None for lane in lanes]
            one.power_off()
            one.flush()  # a dark device has nothing that could leave
        return before, after

    before, after = asyncio.run(play())
    assert any(before)
    assert not any(after)
