"""The fleet's waits are the device core's own: the same numbers from the same random words."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from tests.unit.rig.storm.cores import stream_of

from seamline.contract import policy
from seamline.device import Policy
from seamline.device.backoff import Backoff
from seamline.device.session import CONNECTING, Session
from seamline.rig.storm.draws import Words, uniform
from seamline.rig.storm.policies import FIXED_MS, POLICIES, policies_of
from seamline.rig.storm.terms import StormError

DEVICES = 3_000
YEAR_MS = 366 * 86_400_000
FEW = np.arange(200)


class Said:
    """A random stream that says one word."""

    def __init__(self, word):
        self.word = word

    def __call__(self):
        return self.word


@given(st.integers(0, 2**32 - 1), st.integers(0, YEAR_MS))
def test_a_draw_is_the_cores_for_every_word_and_window(word, window_ms):
    core = Backoff.__new__(Backoff)
    core._random = Said(word)
    drawn = uniform(np.array([word], np.uint64), np.array([window_ms]))
    assert drawn.tolist() == [core.uniform(window_ms)]
    assert 0 <= drawn[0] <= window_ms


@given(st.integers(0, 2**63), st.integers(1, 50), st.integers(1, 5))
@settings(max_examples=30)
def test_words_are_those_of_the_rigs_streams(seed, devices, draws):
    words = Words(seed, devices, "core")
    streams = [stream_of(words, device) for device in range(devices)]
    for _ in range(draws):
        assert words.next(np.arange(devices)).tolist() == [stream() for stream in streams]


def test_a_device_draws_the_same_whoever_draws_beside_it():
    alone, together = Words(1, 100, "core"), Words(1, 100, "core")
    together.next(np.arange(100))
    alone.next(np.array([17]))
    assert alone.next(np.array([17])).tolist() == together.next(np.array([16, 17, 18]))[1:2].tolist()


def test_words_of_two_seeds_purposes_and_devices_differ():
    first = Words(1, 1_000, "core").next(np.arange(1_000))
    assert len(set(first.tolist())) == 1_000
    assert (first != Words(2, 1_000, "core").next(np.arange(1_000))).all()
    assert (first != Words(1, 1_000, "power").next(np.arange(1_000))).all()


def test_words_are_spread_evenly():
    words = Words(3, 100_000, "core").next(np.arange(100_000))
    assert abs(words.mean() / 2**32 - 0.5) < 0.005
    counts = np.bincount((words >> np.uint64(28)).astype(np.int64), minlength=16)
    assert counts.min() > 5_900
    assert counts.max() < 6_600


@pytest.fixture
def backoffs(heater, make_terms):
    """The fleet's waits, and a real core's Backoff for each device, from the same words."""

    def make(**changes):
        terms = make_terms(DEVICES, **changes)
        waits = POLICIES["told"].begin(terms, 9)
        document = policy(heater) | {"backoff_base_ms": terms.base_ms, "backoff_cap_ms": terms.cap_ms}
        cores = [Backoff(Policy(document), stream_of(waits._words, device)) for device in range(DEVICES)]
        for core in cores:
            core.spread_ms = terms.told_spread_ms
        return waits, cores

    return make


EVERYBODY = np.arange(DEVICES)


@pytest.mark.parametrize("changes", [{}, {"base_ms": 1, "cap_ms": YEAR_MS}, {"base_ms": 5_000, "cap_ms": 5_000}])
def test_three_thousand_devices_wait_as_their_real_back_offs_do(backoffs, changes):
    waits, cores = backoffs(**changes)
    assert waits.at_boot(EVERYBODY).tolist() == [core.at_boot(together=True) for core in cores]
    for turn in range(40):
        some = EVERYBODY[turn % 3 :: 1 + turn % 4]
        if turn % 5 == 4:
            assert waits.after_session(some).tolist() == [max(1, cores[device].after_session()) for device in some]
        else:
            assert waits.after_failure(some).tolist() == [max(1, cores[device].after_failure()) for device in some]


def test_a_failed_connect_is_due_again_when_the_real_session_says_so(heater, make_terms):
    """`max(1, …)` is the session's, not the back-off's."""
    terms = make_terms(DEVICES, base_ms=1)
    waits = POLICIES["told"].begin(terms, 2)
    told = Policy(policy(heater) | {"backoff_base_ms": 1})
    sessions = [Session(told, stream_of(waits._words, device)) for device in range(DEVICES)]
    for session in sessions:
        session.state = CONNECTING
        session.fail(1_000, "timeout")
    assert waits.after_failure(EVERYBODY).tolist() == [session.due_ms - 1_000 for session in sessions]


def test_a_device_that_never_ran_boots_as_the_real_one(heater, make_terms):
    terms = make_terms(DEVICES)
    waits = POLICIES["no-spread"].begin(terms, 2)
    cores = [Backoff(Policy(policy(heater)), stream_of(waits._words, device)) for device in range(DEVICES)]
    assert waits.at_boot(EVERYBODY).tolist() == [core.at_boot(together=False) for core in cores]


@given(st.integers(1, 100_000), st.integers(0, 10**7), st.integers(0, 2**31))
@settings(max_examples=40)
def test_no_policy_leaves_its_window(make_terms, base_ms, more_ms, seed):
    terms = make_terms(200, base_ms=base_ms, cap_ms=base_ms + more_ms)
    for chosen in POLICIES.values():
        waits = chosen.begin(terms, seed)
        first = waits.at_boot(FEW)
        assert first.min() >= 0
        assert first.max() <= max(base_ms if chosen.name == "no-spread" else 0, waits.spread_ms)
        for turn in range(12):
            window = min(terms.cap_ms, base_ms << turn)
            drawn = waits.after_failure(FEW)
            low, high = {
                "equal-jitter": (window // 2, window),
                "decorrelated": (base_ms, terms.cap_ms),
                "exponential": (window, window),
                "fixed": (FIXED_MS, FIXED_MS),
            }.get(chosen.name, (1, window))
            assert low <= drawn.min(), chosen.name
            assert drawn.max() <= high, chosen.name


def test_only_the_products_own_policies_know_an_ended_session_from_a_failed_connect(make_terms):
    terms = make_terms(200, told_spread_ms=100_000, base_ms=2_000)
    assert POLICIES["told"].begin(terms, 1).after_session(FEW).max() > 90_000
    assert POLICIES["no-spread"].begin(terms, 1).after_session(FEW).max() <= 2_000
    assert set(POLICIES["fixed"].begin(terms, 1).after_session(FEW).tolist()) == {FIXED_MS}


def test_an_unknown_policy_is_named_with_those_there_are():
    with pytest.raises(StormError, match=r"'slow' is not known; there are told, declared, no-spread, .*fixed"):
        policies_of(("told", "slow"))


def test_policies_come_in_the_order_in_which_they_are_shown():
    assert [one.name for one in policies_of(("fixed", "told"))] == ["told", "fixed"]
    assert tuple(POLICIES.values()) == policies_of(None)


def test_the_spread_of_each_policy_is_the_terms(make_terms):
    terms = replace(make_terms(10), told_spread_ms=1, declared_spread_ms=2)
    assert [one.spread(terms) for one in POLICIES.values()] == [1, 2, 0, 0, 0, 0, 0]
