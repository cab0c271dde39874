"""Whole storms: the same for the same seed, nobody lost, and more of anything that helps never harms."""

import os
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from tests.unit.rig.storm.conftest import EXAMPLES

from seamline.rig.storm import simulate
from seamline.rig.storm.policies import POLICIES
from seamline.rig.storm.simulate import ATTEMPTS_EACH_MAX, ATTEMPTS_MIN, SLOTS_MAX, SLOTS_MS, run, slot_ms, watch_ms
from seamline.rig.storm.terms import ANSWER_MS, CONNECT_MS, Terms

SETTINGS = settings(max_examples=25, deadline=None)
POLICY = st.sampled_from(list(POLICIES.values()))

PROGRAM = """
import hashlib, json, sys
from pathlib import Path
from seamline.contract import load_family
from seamline.rig.storm import plan
made = plan(load_family(Path(sys.argv[1])).current, 3_000, 3_600_000, 4, ("fixed", "decorrelated"))
print(hashlib.sha256(json.dumps(made.document()).encode()).hexdigest())
"""


@given(POLICY, st.integers(1, 400), st.integers(2, 200), st.integers(0, 2**31))
@SETTINGS
def test_every_connect_is_answered_failed_or_still_under_way(make_terms, policy, devices, accept_rate, seed):
    storm = run(policy, make_terms(devices, accept_rate=accept_rate), seed)
    back = storm.back_ms >= 0
    tried, failed = int(storm.attempts.sum()), storm.given_up + storm.turned_away
    assert storm.course.offered.sum() == tried
    assert storm.course.failed.sum() == failed
    assert storm.course.accepted.sum() == back.sum() + storm.deaf
    assert 0 <= tried - failed - int(storm.course.accepted.sum()) <= devices - back.sum()
    assert storm.attempts[back].min(initial=1) >= 1
    assert storm.back_ms[back].min(initial=CONNECT_MS + ANSWER_MS) >= CONNECT_MS + ANSWER_MS
    if back.all():
        assert tried == devices + failed + storm.deaf


@given(POLICY, st.integers(2, 300), st.integers(0, 2**31))
@SETTINGS
def test_the_same_seed_gives_the_same_storm(make_terms, policy, devices, seed):
    terms = make_terms(devices)
    one, other = run(policy, terms, seed), run(policy, terms, seed)
    assert one.back_ms.tolist() == other.back_ms.tolist()
    assert one.course.hub_depth.tolist() == other.course.hub_depth.tolist()


def test_another_seed_gives_another_storm(make_terms):
    terms = make_terms(500)
    assert run(POLICIES["told"], terms, 1).back_ms.tolist() != run(POLICIES["told"], terms, 2).back_ms.tolist()


def test_a_plan_is_the_same_in_every_process():
    told = {
        subprocess.run(
            [sys.executable, "-c", PROGRAM, str(EXAMPLES / "heater")],
            env=os.environ | {"PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True,
        ).stdout
        for seed in ("1", "77")
    }  # fmt: skip
    assert len(told) == 1


@given(st.integers(50, 300), st.integers(1, 4), st.integers(0, 2**31))
@SETTINGS
def test_a_broker_that_accepts_more_never_has_a_longer_queue(make_terms, devices, factor, seed):
    """With waits that do not depend on it: who connects, and when at first, is the same."""
    terms = make_terms(devices, accept_rate=10, connect_timeout_ms=3_600_000, messages_rate=10**9)
    slow = run(POLICIES["told"], terms, seed)
    fast = run(POLICIES["told"], replace(terms, accept_rate=10 * (1 + factor)), seed)
    assert fast.back_ms.max() <= slow.back_ms.max() + slot_ms(terms)
    assert fast.broker_wait_ms <= slow.broker_wait_ms + slot_ms(terms)


@given(st.integers(50, 300), st.integers(1, 50), st.integers(0, 2**31))
@SETTINGS
def test_a_larger_backlog_never_makes_answers_faster(make_terms, devices, frames, seed):
    terms = make_terms(devices, accept_rate=1_000, messages_rate=200)
    empty = run(POLICIES["told"], terms, seed)
    full = run(POLICIES["told"], replace(terms, backlog_frames=frames), seed)
    assert full.answer_ms >= empty.answer_ms
    assert (full.back_ms >= empty.back_ms - slot_ms(terms)).all()


@given(st.integers(100, 400), st.integers(1_000, 60_000), st.integers(0, 2**31))
@SETTINGS
def test_with_a_queue_that_never_fills_everybody_is_back_after_the_spread(make_terms, devices, spread_ms, seed):
    terms = make_terms(devices, accept_rate=10**6, told_spread_ms=spread_ms, messages_rate=10**9)
    storm = run(POLICIES["told"], terms, seed)
    assert storm.attempts.tolist() == [1] * devices
    assert storm.back_ms.max() <= 1_000 + spread_ms + CONNECT_MS + ANSWER_MS + 2 * slot_ms(terms)


def test_a_policy_that_never_ends_is_given_up(make_terms):
    """Fixed waits on a broker that is a timeout behind: the same crowd comes again for ever."""
    terms = make_terms(40_000, accept_rate=500, recovery_ms=3_600_000)
    storm = run(POLICIES["fixed"], terms, 1)
    assert (storm.back_ms < 0).mean() > 0.9
    assert storm.wasted > 0.9
    assert storm.attempts.sum() <= max(ATTEMPTS_MIN, ATTEMPTS_EACH_MAX * terms.devices) + terms.devices
    assert storm.drained_ms is None
    assert storm.given_up_after == ATTEMPTS_MIN // terms.devices > ATTEMPTS_EACH_MAX


def test_a_storm_is_given_up_only_with_devices_away(make_terms, monkeypatch):
    terms = make_terms(300, accept_rate=10_000, messages_rate=50, answer_timeout_ms=200, told_spread_ms=1_000)
    whole = run(POLICIES["told"], terms, 1)
    assert (whole.back_ms >= 0).all()
    assert whole.given_up_after is None
    monkeypatch.setattr(simulate, "ATTEMPTS_MIN", int(whole.attempts.sum()) + 1)
    monkeypatch.setattr(simulate, "ATTEMPTS_EACH_MAX", 0)
    assert run(POLICIES["told"], terms, 1).given_up_after is None
    monkeypatch.setattr(simulate, "ATTEMPTS_MIN", 300)
    short = run(POLICIES["told"], terms, 1)
    assert (short.back_ms < 0).any()
    assert short.given_up_after == int(short.attempts.sum()) // 300 >= 1
    assert short.watched_ms < whole.watched_ms


def test_a_storm_is_watched_no_longer_than_asked(make_terms):
    terms = make_terms(1_000)
    storm = run(POLICIES["told"], terms, 1, until_ms=5_000)
    assert storm.watched_ms == 5_000
    assert 0 < (storm.back_ms >= 0).sum() < 1_000
    assert storm.given_up_after is None


def test_deaf_sessions_are_closed_and_begun_again(make_terms):
    terms = make_terms(300, accept_rate=10_000, messages_rate=50, answer_timeout_ms=200, told_spread_ms=1_000)
    storm = run(POLICIES["told"], terms, 1)
    assert storm.deaf > 0
    assert storm.attempts.sum() == 300 + storm.deaf + storm.given_up


@given(st.integers(1, 10_000_000), st.integers(1, 10**6), st.integers(1, 366 * 86_400_000))
def test_slots_are_few_and_fill_whole_seconds(make_terms, devices, accept_rate, recovery_ms):
    terms: Terms = replace(make_terms(1), devices=devices, accept_rate=accept_rate, recovery_ms=recovery_ms)
    length = slot_ms(terms)
    assert watch_ms(terms) <= SLOTS_MAX * length
    assert length in SLOTS_MS or length > SLOTS_MS[-1]
    if length in SLOTS_MS:
        assert 1_000 % length == 0 or length % 1_000 == 0


@pytest.mark.parametrize("name", POLICIES)
def test_the_power_comes_back_within_a_second(make_terms, name):
    terms = make_terms(1_000, accept_rate=10**6, told_spread_ms=0, declared_spread_ms=0, base_ms=1, messages_rate=10**9)
    storm = run(POLICIES[name], terms, 1)
    assert storm.back_ms.max() <= 1_000 + CONNECT_MS + ANSWER_MS + 2 * slot_ms(terms)
    assert np.ptp(storm.back_ms) > 900


def test_the_connects_measured_on_the_real_stack_take_as_long_here(make_terms):
    """9,500 over mutual TLS from one fleet process, 750 a second, took 12.7 s."""
    terms = make_terms(9_500, accept_rate=750, connect_timeout_ms=60_000, told_spread_ms=0, messages_rate=10**9)
    storm = run(POLICIES["told"], terms, 1)
    assert storm.given_up == 0
    assert storm.back_ms.max() / 1_000 == pytest.approx(12.7, rel=0.03)
