"""Bad day `slow-backend`: the hub takes 8 s, the device times out after 5 s and retries.

Nothing is processed twice, and the contract check rejects the pair of timeouts before it ships.
"""

from __future__ import annotations

import asyncio
import re

import pytest
from tests.integration.bad_days.scene import TapedConnection, TapedPort, locked, scene

from seamline.contract import ContractErrors, load
from seamline.rig.fleet import models_of

SLOW_S = 8.0
GIVES_UP_S = 5.0 / 4
"""The 5 s of the day, in the accelerated contract: the naive device retries before any answer can come."""


class Impatient(TapedPort):
    """The port of a naive firmware: what is not answered in time it publishes again, and again."""

    async def connect(self, *rest):
        return Retrying(await super().connect(*rest), self.tape)


class Retrying(TapedConnection):
    def __init__(self, inner, tape):
        super().__init__(inner._inner, tape)
        self.open = True

    def publish(self, kind, payload):
        super().publish(kind, payload)
        if kind == "data":
            asyncio.get_running_loop().call_later(GIVES_UP_S, self._again, payload, self._heard())

    def _again(self, payload, heard):
        if self.open and self._heard() == heard:
            self._tape.note("again")
            self.publish("data", payload)

    def _heard(self):
        return self._tape.count("dn marks")

    async def close(self):
        self.open = False
        await super().close()

    def abort(self):
        self.open = False
        super().abort()


def test_a_slow_hub_and_impatient_devices_store_each_reading_once(house, family):
    async def day():
        async with scene(house, family, models_of(family, 60, publish_every_ms_max=500), "slow", 12) as stage:
            naive = range(0, 12, 2)
            for index in naive:
                device, port = stage.devices[index], stage.taped[index]
                device.port._inner = Impatient(port._inner, port.tape)
            stage.fleet.power_on()
            await stage.lively()
            loop = asyncio.get_running_loop()
            with locked(house):
                began_s = loop.time()
                again = [tape.count("again") for tape in stage.tapes]
                await stage.until(lambda: all(tape.of("dn busy") for tape in stage.tapes), "everybody is told to wait")
                acknowledged = stage.fleet.tally.acknowledged
                await stage.until(
                    lambda: (
                        loop.time() - began_s >= SLOW_S
                        and all(stage.tapes[index].count("again") >= again[index] + 3 for index in naive)
                    ),
                    "8 s of a slow hub, three retries of each naive device",
                )
                assert stage.fleet.tally.acknowledged == acknowledged, "something was acknowledged that was not committed"
            for link in stage.fleet.links[:4]:
                link.cut()
            await stage.lively()
            verdict = await stage.verdict()
            assert verdict.sums.stored == verdict.sums.numbered
            assert verdict.duplicates_received > 0

    asyncio.run(day())


def test_the_contract_check_rejects_a_device_that_gives_up_before_the_hub_may_answer(heater, tmp_path):
    text = (heater / "contract.yaml").read_text()
    text = re.sub(r"answer_timeout:( +\{owner: firmware), value: 12 s", r"answer_timeout:\1, value: 5 s", text)
    text = re.sub(r"commit_budget:( +\{owner: platform), p99: 4 s", r"commit_budget:\1, p99: 8 s", text)
    file = tmp_path / "contract.yaml"
    file.write_text(text)
    line = next(number for number, line in enumerate(text.splitlines(), 1) if "answer_timeout:" in line)
    with pytest.raises(ContractErrors) as caught:
        load(file)
    (problem,) = caught.value.problems
    assert problem.code == "SL203"
    assert re.match(rf"{re.escape(str(file))}:{line}:\d+ SL203 answer_timeout 5 s .*commit_budget 8 s", str(problem))


def test_the_contract_as_it_ships_is_accepted(heater):
    timing = load(heater / "contract.yaml").timing
    assert timing.answer_timeout_ms > timing.network_ms + timing.commit_budget_ms
