"""Waits after busy are kept and connects are paced; what is not is named, and chance alone is no complaint."""

from random import Random

import pytest
from hypothesis import given, strategies as st
from tests.model.device.world import policy

from seamline.device import Policy
from seamline.device.backoff import Backoff
from seamline.rig.board.manners import LATE_MS, Manners, Pace

PACE = Pace(base_ms=1_000, cap_ms=60_000, reset_after_ms=60_000, spread_ms=10_000)


def booted():
    manners = Manners(PACE)
    manners.booted(0)
    return manners


def tell(manners, *lines):
    for word, now_ms, *number in lines:
        manners.heard(word, now_ms, number[0] if number else 0)
    return manners


def live(manners, at_ms=100, spread_ms=10_000):
    return tell(manners, ("dial", at_ms), ("up", at_ms + 10), ("sent", at_ms + 10), ("live", at_ms + 20, spread_ms))


def test_a_board_that_waits_as_long_as_it_was_told_is_fine():
    manners = tell(live(booted()), ("busy", 1_000, 5_000), ("sent", 6_000))
    assert manners.verdict() == []
    assert (manners.busy, manners.dials) == (1, 1)


@pytest.mark.parametrize("word", ["sent", "dial"])
def test_a_board_that_speaks_inside_the_wait_is_not(word):
    manners = tell(live(booted()), ("busy", 1_000, 5_000), ("ended", 1_500), (word, 5_000))
    assert manners.verdict() == [f"`{word}` 1000 ms before the wait was over that the hub had asked for"]


def test_the_longer_of_two_waits_counts_and_a_boot_forgets_both():
    manners = tell(live(booted()), ("busy", 1_000, 5_000), ("busy", 1_500, 100), ("sent", 2_000))
    assert len(manners.verdict()) == 1
    manners = tell(live(booted()), ("busy", 1_000, 5_000))
    manners.booted(0)
    assert live(manners).verdict() == []


def test_a_connect_after_its_window_is_named_and_a_wait_for_the_hub_excuses_it():
    late_ms = 200 + PACE.base_ms + LATE_MS + 1
    assert len(tell(booted(), ("dial", 100), ("failed", 200), ("dial", late_ms)).verdict()) == 1
    assert tell(booted(), ("dial", 100), ("failed", 200), ("dial", late_ms - 1)).verdict() == []
    assert tell(live(booted()), ("busy", 200, 100_000), ("ended", 300), ("dial", 140_000)).verdict() == []


def test_the_core_giving_up_a_connect_counts_as_a_failure_and_a_session_as_an_end():
    failed = tell(booted(), ("dial", 0), ("closed", 100), ("dial", 1_100))
    assert failed.shares == [1.0]
    ended = tell(live(booted(), spread_ms=8_000), ("closed", 1_000), ("dial", 5_000))
    assert ended.shares == [0.5]


def test_the_windows_double_with_each_failure_up_to_the_cap_and_a_stable_session_begins_anew():
    manners, now_ms = booted(), 0
    for window_ms in (1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000):
        tell(manners, ("dial", now_ms), ("failed", now_ms + 1))
        now_ms += 1 + window_ms // 2
        tell(manners, ("dial", now_ms))
        assert manners.shares[-1] == pytest.approx(0.5, abs=0.01)
        manners.heard("failed", now_ms, 0)
        manners._tries -= 1  # the second failure was only there to end the dial
    tell(manners, ("dial", now_ms), ("up", now_ms), ("live", now_ms, 100), ("ended", now_ms + PACE.reset_after_ms))
    tell(manners, ("dial", now_ms + PACE.reset_after_ms + 500))
    assert manners.shares[-1] == pytest.approx(0.5, abs=0.01)


def test_a_session_that_was_never_live_has_a_window_that_nobody_knows_exactly():
    manners = tell(booted(), ("dial", 0), ("up", 10), ("ended", 20), ("dial", 30))
    assert manners.shares == []
    assert manners.verdict() == []


@pytest.mark.parametrize(("share", "why"), [(0.0, "without waiting"), (0.01, "without waiting"), (0.5, "without jitter")])
def test_a_board_with_a_retry_of_its_own_is_found_out(share, why):
    manners, now_ms = booted(), 0
    for attempt in range(12):
        tell(manners, ("dial", now_ms), ("failed", now_ms + 1))
        now_ms += 1 + int(min(PACE.cap_ms, PACE.base_ms << attempt) * share)
    (told,) = manners.verdict()
    assert why in told


@given(st.integers(0, 2**32), st.lists(st.sampled_from(["fail", "live", "long"]), max_size=60))
def test_the_real_back_off_is_never_complained_about(seed, story):
    """By the same draws as the core's own, with every seed that Hypothesis thinks of."""
    random, rules = Random(seed), Policy(policy(capacity_bytes=10_000))
    back_off = Backoff(rules, lambda: random.getrandbits(32))
    manners = Manners(Pace(rules.backoff_base_ms, rules.backoff_cap_ms, rules.backoff_reset_after_ms, rules.spread_ms))
    manners.booted(0)
    now_ms = back_off.at_boot(together=True)
    for what in story:
        manners.heard("dial", now_ms, 0)
        if what == "fail":
            now_ms += 5
            manners.heard("failed", now_ms, 0)
            now_ms += max(1, back_off.after_failure())
            continue
        tell(manners, ("up", now_ms + 1), ("live", now_ms + 2, rules.spread_ms))
        lived_ms = rules.backoff_reset_after_ms if what == "long" else 10
        now_ms += 2 + lived_ms
        manners.heard("ended", now_ms, 0)
        back_off.stable(lived_ms)
        now_ms += max(1, back_off.after_session())
    assert manners.problems == []
    assert all(share <= 1.01 for share in manners.shares)
