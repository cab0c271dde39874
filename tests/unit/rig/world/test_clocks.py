from hypothesis import given, strategies as st

from seamline.rig.world.clocks import WORLD_BEGAN_UNIX_MS, Crystal, WallClock


@given(st.integers(0, 10**15), st.integers(-1000, 1000), st.integers(0, 10**11))
def test_the_moment_of_an_uptime_is_the_first_at_which_the_counter_says_it(began_us, ppm, uptime_ms):
    crystal = Crystal(began_us, ppm)
    at_us = crystal.true_us(uptime_ms)
    assert crystal.uptime_ms(at_us) == uptime_ms
    assert uptime_ms == 0 or crystal.uptime_ms(at_us - 1) == uptime_ms - 1


def test_a_fast_crystal_runs_ahead():
    assert Crystal(0, 50).uptime_ms(10**12) == 10**9 + 50_000


def test_a_wall_clock_can_be_stepped_die_and_be_mended():
    clock = WallClock()
    assert clock.is_right
    clock.step(-3_600_000)
    assert clock.unix_ms(5_000_000) == WORLD_BEGAN_UNIX_MS + 5_000 - 3_600_000
    clock.die(1_000_000)
    assert clock.unix_ms(2_000_000) == 8_000
    assert not clock.is_right
    clock.mend()
    assert clock.unix_ms(0) == WORLD_BEGAN_UNIX_MS


def test_a_clock_that_was_ever_wrong_has_lied_also_when_it_is_right_again():
    assert not WallClock().has_lied
    for spoil in (lambda clock: clock.step(1), lambda clock: clock.die(1)):
        clock = WallClock()
        spoil(clock)
        clock.mend()
        assert (clock.is_right, clock.has_lied) == (True, True)
