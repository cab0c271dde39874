"""The plan's storm against real device cores: one after the other, event by event, with the same random words."""

import numpy as np
import pytest
from tests.unit.rig.storm import cores

from seamline.contract import policy
from seamline.rig.storm.draws import Words, uniform
from seamline.rig.storm.policies import POLICIES
from seamline.rig.storm.simulate import run, slot_ms
from seamline.rig.storm.terms import TOGETHER_MS

SEED = 5


def on_ms(terms):
    everybody = np.arange(terms.devices)
    return uniform(Words(SEED, terms.devices, "power").next(everybody), np.full(terms.devices, TOGETHER_MS - 1)).tolist()


def both(heater, terms, spread_ms):
    tries, back_us = cores.storm(policy(heater), terms, SEED, spread_ms, on_ms(terms))
    return tries, np.array(back_us) / 1_000, run(POLICIES["told"], terms, SEED)


def test_without_a_queue_every_device_is_back_when_its_real_core_is(heater, make_terms):
    terms = make_terms(2_000, accept_rate=100_000, told_spread_ms=20_000, messages_rate=10**9)
    tries, back_ms, storm = both(heater, terms, 20_000)
    assert tries == storm.attempts.tolist() == [1] * 2_000
    # A connect's second turn comes in the slot after the first one's, at the latest.
    assert np.abs(storm.back_ms - back_ms).max() <= slot_ms(terms)


def test_the_declared_spread_holds_until_a_hub_has_told_one(heater, make_terms):
    terms = make_terms(300, accept_rate=100_000, messages_rate=10**9)
    _, back_us = cores.storm(policy(heater), terms, SEED, None, on_ms(terms))
    storm = run(POLICIES["declared"], terms, SEED)
    assert np.abs(storm.back_ms - np.array(back_us) / 1_000).max() <= slot_ms(terms)
    assert storm.back_ms.max() > 50_000


@pytest.mark.parametrize("accept_rate", [60, 25])
def test_in_a_crowd_tries_failures_and_recovery_are_those_of_real_cores(heater, make_terms, accept_rate):
    """Who gets in of a crowd turns on milliseconds; how many, when, and after how many tries does not."""
    terms = make_terms(1_500, accept_rate=accept_rate, told_spread_ms=2_000, messages_rate=10**9)
    tries, back_ms, storm = both(heater, terms, 2_000)
    assert sum(tries) > 1.2 * terms.devices, "no crowd: nobody had to try again"
    assert storm.attempts.sum() == pytest.approx(sum(tries), rel=0.02)
    assert storm.given_up == storm.attempts.sum() - terms.devices
    for percent in (10, 50, 90, 100):
        assert np.percentile(storm.back_ms, percent) == pytest.approx(np.percentile(back_ms, percent), rel=0.06), percent
