"""The device's clock to the millisecond: wrapping ticks, error bounds, and which anchor is believed."""

import pytest
from hypothesis import given, strategies as st

from seamline.device.clock import FLOOR_UNIX_MS, UNCERTAINTY_MS_MAX, UNIX_MS_MAX, Clock, Uptime
from seamline.device.errors import ClockError

T0 = 1_763_000_000_000
PPM = 50


def clock(*anchors, drift_ppm=PPM):
    """A clock that was told (uptime, ms off the true time, source, uncertainty), one after the other."""
    found = Clock(drift_ppm)
    for at_ms, off_ms, source, uncertainty_ms in anchors:
        found.add(at_ms, T0 + at_ms + off_ms, source, uncertainty_ms)
    return found


# -- ticks -------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("step", "ahead"), [(0, 0), (1, 1), (499, 499), (500, 0), (501, 0), (999, 0)])
def test_a_reading_is_ahead_below_half_of_the_modulus_and_old_from_there_on(step, ahead):
    uptime = Uptime(1_000)
    assert uptime.extend(700) == 700
    assert uptime.extend((700 + step) % 1_000) == 700 + ahead


def test_an_older_reading_moves_nothing_and_the_next_counts_from_the_newest():
    uptime = Uptime(1_000)
    assert [uptime.extend(ticks) for ticks in (900, 890, 950, 20, 990, 30)] == [900, 900, 950, 1_020, 1_020, 1_030]


@given(st.integers(2, 64), st.lists(st.integers(0, 10**6), max_size=30))
def test_an_uptime_never_runs_backwards_and_agrees_with_the_ticks(modulus, readings):
    uptime, before = Uptime(modulus), 0
    for ticks in readings:
        now = uptime.extend(ticks)
        assert now >= before
        assert now == before or now % modulus == ticks % modulus
        assert now - before < modulus
        before = now


# -- how far it may be off -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("distance_ms", "drift_ms"),
    [(0, 0), (1, 1), (20_000, 1), (20_001, 2), (10**9, 50_000), (10**9 + 1, 50_001), (2 * 10**12, 10**8)],
)
def test_the_error_is_the_uncertainty_and_the_drift_since_rounded_up_in_both_directions(distance_ms, drift_ms):
    found = clock((10**13, 0, "hub", 30))
    for now_ms in (10**13 + distance_ms, 10**13 - distance_ms):
        assert found.unix_ms(now_ms) == (T0 + now_ms, 30 + drift_ms)


# -- what is refused, and what is told but not believed --------------------------------------------------------------------------------


@pytest.mark.parametrize("unix_ms", [-1, UNIX_MS_MAX + 1, 1.5, None, True])
def test_a_time_that_no_calendar_has_is_refused(unix_ms):
    with pytest.raises(ClockError, match="unix_ms"):
        Clock(PPM).add(0, unix_ms, "ntp", 5)


@pytest.mark.parametrize("uncertainty_ms", [-1, UNCERTAINTY_MS_MAX + 1, 1.5, None, "5", True])
def test_an_uncertainty_that_says_nothing_is_refused(uncertainty_ms):
    with pytest.raises(ClockError, match="uncertainty_ms"):
        Clock(PPM).add(0, T0, "ntp", uncertainty_ms)


def test_the_ends_of_both_ranges_are_taken():
    found = Clock(PPM)
    for unix_ms, uncertainty_ms in ((0, 0), (UNIX_MS_MAX, UNCERTAINTY_MS_MAX)):
        assert found.add(7, unix_ms, "ntp", uncertainty_ms) == (7, unix_ms, "ntp", uncertainty_ms)


@pytest.mark.parametrize(("unix_ms", "believed"), [(0, False), (FLOOR_UNIX_MS - 1, False), (FLOOR_UNIX_MS, True)])
def test_a_clock_that_shows_less_than_2024_is_told_and_not_believed(unix_ms, believed):
    found = Clock(PPM)
    anchor = found.add(5, unix_ms, "rtc", 9)
    assert found.anchors() == [anchor]
    assert (found.unix_ms(5) is not None) is believed


def test_of_each_source_the_newest_word_is_told_in_the_order_of_their_names():
    found = clock((1, 0, "rtc", 5), (2, 0, "hub", 5), (3, 0, "gnss", 5), (4, 0, "ntp", 5), (5, 0, "hub", 90))
    assert [anchor[2:] for anchor in found.anchors()] == [("gnss", 5), ("hub", 90), ("ntp", 5), ("rtc", 5)]


# -- which is believed -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("better", ["hub", "ntp", "gnss"])
def test_a_battery_clock_gives_way_to_any_other_source_and_never_replaces_one(better):
    for off_ms in (500, 900):
        assert clock((0, off_ms, "rtc", 1), (0, 0, better, 800)).unix_ms(0) == (T0, 800)
    assert clock((0, 0, better, 800), (0, 900, "rtc", 1)).unix_ms(0) == (T0, 800)


def test_a_later_word_of_the_battery_clock_replaces_an_earlier_one():
    assert clock((0, 0, "rtc", 10), (0, 5, "rtc", 10)).unix_ms(0) == (T0 + 5, 10)


@pytest.mark.parametrize(("uncertainty_ms", "taken"), [(99, True), (100, True), (101, False)])
def test_of_two_that_agree_the_one_with_the_smaller_error_now_is_believed_the_newer_when_alike(uncertainty_ms, taken):
    """The first was within 50 ms; a million seconds' drift of 50 ppm makes that 100."""
    found = clock((0, 0, "ntp", 50), (10**6, 1, "hub", uncertainty_ms))
    assert found.unix_ms(10**6) == ((T0 + 10**6 + 1, uncertainty_ms) if taken else (T0 + 10**6, 100))


@pytest.mark.parametrize("sign", [-1, 1])
@pytest.mark.parametrize(("off_ms", "taken"), [(300, False), (301, True)])
def test_of_two_that_contradict_each_other_beyond_their_errors_the_newer_is_believed(sign, off_ms, taken):
    found = clock((0, 0, "ntp", 100), (0, sign * off_ms, "hub", 200))
    assert found.unix_ms(0) == ((T0 + sign * off_ms, 200) if taken else (T0, 100))
