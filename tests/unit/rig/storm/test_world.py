"""The plan's storm against the deterministic world: a thousand real cores, the real hub logic, a `regional-power-cut`."""

from dataclasses import replace

import numpy as np
import pytest
from tests.unit.rig.storm.conftest import EXAMPLES

from seamline.contract import load_family
from seamline.rig.storm.draws import Words, uniform
from seamline.rig.storm.policies import POLICIES
from seamline.rig.storm.simulate import run
from seamline.rig.storm.terms import terms_of
from seamline.rig.world.plan import Fault, Kind, Plan
from seamline.rig.world.world import Parts, World

pytestmark = pytest.mark.usefixtures("unmeasured")

DEVICES = 1_000
ACCEPT_RATE = 40
"""So that the hub tells a thousand devices a spread of half a minute, as it does twenty thousand at the example's own rate."""
CUTS_MS = (150_000, 300_000)
"""By the second cut everybody has been told the spread for as many as there are."""
DARK_MS = 5_000
END_MS = 400_000


@pytest.fixture(scope="module")
def family():
    found = load_family(EXAMPLES / "heater")
    versions = {
        version: replace(contract, fleet=replace(contract.fleet, accept_rate=ACCEPT_RATE))
        for version, contract in found.versions.items()
    }
    return replace(found, versions=versions, current=versions[found.current.version])


@pytest.fixture(scope="module")
def world(family):
    faults = tuple(Fault(at_ms, Kind.REGION, lasts_ms=DARK_MS, numbers={"permille": 1_000}) for at_ms in CUTS_MS)
    outcome = World(Plan(11, DEVICES, END_MS, faults), Parts([family], keep_all=True)).run()
    assert outcome.broken is None
    return outcome


def after_the_cut(world):
    """Of each device: when it began to connect and when it was answered, ms after its power came back, and how often it tried."""
    on_us = (CUTS_MS[-1] + DARK_MS) * 1_000
    first, back, tries = {}, {}, {}
    for event in world.events:
        if event.at_us < on_us or event.device < 0 or event.device in back:
            continue
        if event.what == "connect":
            first.setdefault(event.device, (event.at_us - on_us) / 1_000)
            tries[event.device] = tries.get(event.device, 0) + 1
        elif event.what == "session":
            back[event.device] = (event.at_us - on_us) / 1_000
    return [np.array([found[device] for device in sorted(found)]) for found in (first, back, tries)]


def test_recovery_and_tries_agree_with_a_thousand_real_cores(family, world):
    first_ms, back_ms, tries = after_the_cut(world)
    assert len(back_ms) == DEVICES
    terms = replace(terms_of(family.current, DEVICES, 0), accept_rate=1_000_000, told_spread_ms=DEVICES * 1_250 // ACCEPT_RATE)
    storm = run(POLICIES["told"], terms, 3)
    assert tries.tolist() == storm.attempts.tolist() == [1] * DEVICES
    # The world's power comes back in one moment, not within a second, and its hub gathers messages for up to 2.5 s.
    power_ms = uniform(Words(3, DEVICES, "power").next(np.arange(DEVICES)), np.full(DEVICES, 999))
    recovered_ms = storm.back_ms - power_ms
    for percent in (5, 25, 50, 75, 95):
        assert np.percentile(recovered_ms, percent) == pytest.approx(np.percentile(back_ms, percent), rel=0.05, abs=2_500), (
            percent
        )
    assert recovered_ms.max() == pytest.approx(back_ms.max(), abs=2_700)
    assert first_ms.max() <= terms.told_spread_ms + 2


def test_the_first_connects_of_real_cores_lie_as_evenly_in_the_spread_as_the_plans(family, world):
    """Kolmogorov and Smirnov: two samples of a thousand from one distribution differ by more than 0.087 once in a thousand."""
    first_ms, _, _ = after_the_cut(world)
    terms = replace(terms_of(family.current, DEVICES, 0), told_spread_ms=DEVICES * 1_250 // ACCEPT_RATE)
    planned = np.sort(POLICIES["told"].begin(terms, 3).at_boot(np.arange(DEVICES)))
    theirs = np.sort(first_ms)
    grid = np.concatenate([planned, theirs])
    apart = np.abs(np.searchsorted(planned, grid, "right") - np.searchsorted(theirs, grid, "right")) / DEVICES
    assert apart.max() < 0.087
