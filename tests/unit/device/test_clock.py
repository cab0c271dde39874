"""Uptime that never wraps, and Unix time with an error bound."""

import pytest
from hypothesis import given, strategies as st

from seamline.device import ClockError, Uptime
from seamline.device.clock import Clock

NOW_MS = 1_800_000_000_000


@given(st.integers(2, 2**33), st.lists(st.integers(0, 2**40), max_size=30))
def test_uptime_follows_a_counter_that_wraps(modulus, steps):
    true_ms, uptime = 0, Uptime(modulus)
    assert uptime.extend(0) == 0
    for step in steps:
        true_ms += step % ((modulus + 1) // 2)
        assert uptime.extend(true_ms % modulus) == true_ms


def test_uptime_counts_from_the_tick_it_first_saw():
    uptime = Uptime(1 << 30)
    assert uptime.extend(5_000) == 5_000
    assert uptime.extend(5_001) == 5_001


def test_uptime_does_not_run_backwards():
    uptime = Uptime(1 << 16)
    assert [uptime.extend(ticks) for ticks in (1000, 990, 1001)] == [1000, 1000, 1001]


@pytest.mark.parametrize("modulus", [1, 0, -4, True, "x"])
def test_a_modulus_must_be_one(modulus):
    with pytest.raises(ValueError, match="modulus"):
        Uptime(modulus)


def test_nobody_knows_the_time_at_first():
    assert Clock(50).unix_ms(10) is None


def test_the_error_grows_with_the_drift():
    clock = Clock(50)
    clock.add(1000, NOW_MS, "hub", 30)
    assert clock.unix_ms(1000) == (NOW_MS, 30)
    assert clock.unix_ms(1000 + 1_000_000) == (NOW_MS + 1_000_000, 80)
    assert clock.unix_ms(1001) == (NOW_MS + 1, 31)
    assert clock.unix_ms(999) == (NOW_MS - 1, 31)


def test_a_clock_that_was_never_set_is_not_believed_but_told():
    clock = Clock(50)
    clock.add(0, 86_400_000, "rtc", 1)
    assert clock.unix_ms(0) is None
    assert clock.anchors() == [(0, 86_400_000, "rtc", 1)]


def test_a_battery_clock_gives_way_to_anything_better_and_never_back():
    clock = Clock(50)
    clock.add(0, NOW_MS, "rtc", 1)
    clock.add(0, NOW_MS + 9_000, "hub", 700)
    assert clock.unix_ms(0) == (NOW_MS + 9_000, 700)
    clock.add(0, NOW_MS, "rtc", 1)
    assert clock.unix_ms(0) == (NOW_MS + 9_000, 700)


def test_the_smaller_error_wins_where_two_agree():
    clock = Clock(50)
    clock.add(0, NOW_MS, "ntp", 20)
    clock.add(0, NOW_MS + 5, "hub", 400)
    assert clock.unix_ms(0) == (NOW_MS, 20)
    clock.add(0, NOW_MS + 5, "gnss", 20)
    assert clock.unix_ms(0) == (NOW_MS + 5, 20)


def test_the_newer_word_wins_where_two_contradict():
    clock = Clock(50)
    clock.add(0, NOW_MS, "ntp", 20)
    clock.add(1000, NOW_MS + 3_600_000, "hub", 400)
    assert clock.unix_ms(1000) == (NOW_MS + 3_600_000, 400)


def test_the_newest_anchor_of_each_source_is_kept():
    clock = Clock(50)
    for at_ms, source in ((1, "ntp"), (2, "hub"), (3, "ntp"), (4, "gnss")):
        clock.add(at_ms, NOW_MS + at_ms, source, 5)
    assert [(anchor[2], anchor[0]) for anchor in clock.anchors()] == [("gnss", 4), ("hub", 2), ("ntp", 3)]


@pytest.mark.parametrize(
    ("unix_ms", "source", "uncertainty_ms", "message"),
    [
        (NOW_MS, "sundial", 1, "gnss, hub, ntp, rtc"),
        (-1, "ntp", 1, "unix_ms is -1"),
        (NOW_MS / 2, "ntp", 1, "unix_ms"),
        (253_402_300_800_000, "ntp", 1, "unix_ms"),
        (NOW_MS, "ntp", -1, "uncertainty_ms is -1"),
        (NOW_MS, "ntp", 366 * 86_400_000 + 1, "uncertainty_ms"),
    ],
)
def test_a_time_that_cannot_be_is_refused(unix_ms, source, uncertainty_ms, message):
    with pytest.raises(ClockError, match=message):
        Clock(50).add(0, unix_ms, source, uncertainty_ms)
