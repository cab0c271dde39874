"""Waits are judged by how they fill their windows: even ones hold, crowded ones do not, and few say nothing."""

from random import Random

import pytest
from hypothesis import given, settings, strategies as st

from seamline.contract import policy
from seamline.device import Policy
from seamline.rig.world.pacing import CAUSES, LATE_MS, WAITS_MIN, WINDOW_MS_MIN, Pacer, Waits
from seamline.rig.world.promises import BrokenPromise

WINDOW_MS = 10_000


def filled(shares, cause="failure"):
    waits = Waits()
    for share in shares:
        waits.add(cause, int(share * WINDOW_MS), WINDOW_MS)
    return waits


@pytest.fixture
def made(families):
    """A device's pacer and the waits that it fills."""
    waits = Waits()
    return Pacer(3, Policy(policy(families[0].current)), waits), waits


@given(st.integers(0, 2**32), st.sampled_from(CAUSES), st.integers(WAITS_MIN, 600))
@settings(max_examples=60)
def test_even_draws_hold_whatever_they_are_of(seed, cause, count):
    dice = Random(seed)
    filled([dice.random() for _ in range(count)], cause).check()


@pytest.mark.parametrize("cause", CAUSES)
@pytest.mark.parametrize(
    ("low", "high", "says"),
    [(0.0, 0.4, "of their windows on average"), (0.6, 1.0, "of their windows on average"), (0.4, 0.6, "from the middle")],
)
def test_crowded_draws_break_the_promise_by_their_cause(cause, low, high, says):
    shares = [low + (high - low) * at / 199 for at in range(200)]
    with pytest.raises(BrokenPromise, match=f"^jitter: 200 waits after a {cause} .*{says}"):
        filled(shares, cause).check()


def test_waits_at_the_ends_alone_break_the_promise_though_their_mean_is_right():
    with pytest.raises(BrokenPromise, match=r"lie 0\.50 of their windows from the middle, not 0\.29"):
        filled([0.0, 1.0] * 50).check()


@pytest.mark.parametrize(("count", "breaks"), [(WAITS_MIN - 1, False), (WAITS_MIN, True)])
def test_of_few_waits_nothing_is_said(count, breaks):
    crowded = filled([0.0] * count)
    asked = Waits()
    asked.asked, asked.asked_total = count, 0
    for waits in (crowded, asked):
        if breaks:
            with pytest.raises(BrokenPromise, match="jitter"):
                waits.check()
        else:
            waits.check()


@pytest.mark.parametrize(("share", "breaks"), [(0.09, True), (0.11, False), (0.5, False)])
def test_devices_that_were_told_to_wait_do_not_all_ask_at_once(share, breaks, made):
    pacer, waits = made
    for _ in range(2 * WAITS_MIN):
        pacer.asked(int(share * WINDOW_MS), WINDOW_MS)
        pacer.asked(0, WINDOW_MS_MIN - 1)
    assert waits.asked == 2 * WAITS_MIN
    if breaks:
        with pytest.raises(BrokenPromise, match=f"jitter: {2 * WAITS_MIN} devices that were told to wait"):
            waits.check()
    else:
        waits.check()


def test_a_device_that_comes_late_breaks_its_pace_and_one_that_was_told_to_wait_does_not(made):
    pacer, waits = made
    pacer.booted(1_000, together=True, spread_ms=WINDOW_MS)
    pacer.connects(1_000 + WINDOW_MS + LATE_MS, 0)
    with pytest.raises(
        BrokenPromise, match=f"paced: connects {WINDOW_MS + LATE_MS + 1} ms after a boot; its window was {WINDOW_MS} ms"
    ) as late:
        pacer.connects(1_000 + WINDOW_MS + LATE_MS + 1, 0)
    assert late.value.device == 3
    assert waits.count == {"boot": 1, "failure": 0, "session": 0}
    pacer.connects(90_000, 90_000 - LATE_MS)
    assert waits.count["boot"] == 1


@pytest.mark.parametrize(("silent_ms", "counted"), [(0, 1), (1_000, 1), (1_001, 0)])
def test_a_wait_that_somebody_else_set_is_no_draw(silent_ms, counted, made):
    pacer, waits = made
    pacer.booted(1_000, together=True, spread_ms=WINDOW_MS)
    pacer.connects(2_500, silent_ms)
    assert waits.count["boot"] == counted
    assert waits.total["boot"] == counted * ((1_500 << 16) // WINDOW_MS)


def test_windows_double_with_each_failure_up_to_their_cap_and_begin_anew_after_a_session_that_held(made, families):
    pacer, _ = made
    terms = Policy(policy(families[0].current))
    windows = []
    for _ in range(20):
        pacer.failed(0)
        windows.append(pacer._window_ms)
    assert windows == [min(terms.backoff_cap_ms, terms.backoff_base_ms << number) for number in range(20)]
    pacer.answered(0, 5)
    pacer.ended(terms.backoff_reset_after_ms)
    assert (pacer.flaps, pacer.spread_ms, pacer._window_ms) == (0, 5, max(5, terms.backoff_base_ms))
    pacer.answered(0, None)
    pacer.ended(terms.backoff_reset_after_ms - 1)
    assert (pacer.flaps, pacer._window_ms) == (1, 2 * terms.backoff_base_ms)


def test_a_device_alone_waits_from_the_base_and_a_fleet_from_the_spread(made, families):
    pacer, _ = made
    terms = Policy(policy(families[0].current))
    assert pacer.spread_ms == terms.spread_ms
    for together, window_ms in ((True, terms.spread_ms), (False, terms.backoff_base_ms)):
        pacer.booted(0, together=together, spread_ms=None)
        assert pacer._window_ms == window_ms
    pacer.answered(0, 77_000)
    pacer.ended(1)
    assert pacer._window_ms == 77_000
