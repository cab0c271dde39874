"""A few waits that are no draws are known at once; even ones never are, however few."""

from random import Random

import pytest
from hypothesis import given, settings, strategies as st

from seamline.rig.world.pacing import CAUSES, LATE_MS, WAITS_MIN, WINDOW_MS_MIN, Waits
from seamline.rig.world.promises import BrokenPromise

WINDOW_MS = 10_000


def until_it_breaks(shares, cause="failure", window_ms=WINDOW_MS):
    """How many waits it takes, and what is said."""
    waits = Waits()
    for count, share in enumerate(shares, 1):
        try:
            waits.add(cause, round(share * window_ms), window_ms)
        except BrokenPromise as broken:
            return count, str(broken).removeprefix("jitter: ")
    return None, ""


@pytest.mark.parametrize("cause", CAUSES)
@pytest.mark.parametrize(
    ("share", "says"),
    [
        (1.0, "take 100.0% of their windows on average: none is drawn"),
        (0.5, "lie 0.0% of their windows from the middle on average"),
    ],
)
def test_waits_of_a_whole_window_or_of_its_middle_break_the_promise_after_a_handful(share, says, cause):
    count, what = until_it_breaks([share] * 30, cause)
    assert count == 5
    assert what.startswith(f"5 waits after a {cause} {says}")


@pytest.mark.parametrize("sign", [-1, 1])
def test_what_a_clock_rounds_hides_no_wait(sign):
    assert until_it_breaks([0.5 + sign * LATE_MS / WINDOW_MS] * 30)[0] == 6
    assert until_it_breaks([1 + LATE_MS / WINDOW_MS] * 30)[0] == 5
    assert until_it_breaks([1.0] * 30, window_ms=WINDOW_MS_MIN)[0] == 8


def test_the_more_waits_vary_the_more_it_takes():
    assert [until_it_breaks([share] * 30)[0] for share in (0.99, 0.97, 0.9)] == [10, 13, None]


def test_waits_are_compared_with_those_of_their_own_cause_and_short_ones_are_not_judged_here():
    waits = Waits()
    for cause in CAUSES:
        for _ in range(4):
            waits.add(cause, WINDOW_MS, WINDOW_MS)
    assert until_it_breaks([0.0] * (WAITS_MIN - 1)) == (None, "")


@given(st.integers(0, 2**32), st.sampled_from(CAUSES), st.integers(WINDOW_MS_MIN, 1 << 20))
@settings(max_examples=100)
def test_even_draws_hold_however_few(seed, cause, window_ms):
    dice = Random(seed)
    assert until_it_breaks([dice.random() for _ in range(2 * WAITS_MIN)], cause, window_ms) == (None, "")


def test_after_the_first_ones_the_mean_is_judged_and_no_single_wait():
    dice = Random(7)
    assert until_it_breaks([*(dice.random() for _ in range(WAITS_MIN)), *[1.0] * 500]) == (None, "")
