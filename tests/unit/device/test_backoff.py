"""When to try again: jittered, spread, bounded."""

from hypothesis import given, strategies as st
from tests.model.device.world import Lcg
from tests.unit.device.hand import rules

from seamline.device import Policy
from seamline.device.backoff import Backoff

SEEDS = st.integers(0, 2**32 - 1)
HIGHEST = lambda: 2**32 - 1  # noqa: E731  # the last value of the stream draws the whole window


def backoff(random, **changes):
    return Backoff(Policy(rules(**changes)), random)


def test_the_window_doubles_up_to_the_cap():
    slow = backoff(HIGHEST)
    assert [slow.after_failure() for _ in range(7)] == [200, 400, 800, 1600, 3200, 5000, 5000]


@given(SEEDS, st.integers(0, 40))
def test_every_delay_is_within_its_window(seed, failures):
    tries = backoff(Lcg(seed))
    for count in range(failures):
        assert 0 <= tries.after_failure() <= min(5000, 200 << count)


def test_jitter_is_full():
    assert backoff(lambda: 0).after_failure() == 0


def test_coming_back_is_spread_over_what_the_hub_gave():
    tries = backoff(HIGHEST)
    tries.spread_ms = 60_000
    assert tries.after_session() == 60_000
    assert tries.at_boot(together=True) == 60_000
    assert tries.at_boot(together=False) == 200


def test_a_link_that_keeps_breaking_backs_off_though_it_connects():
    tries = backoff(HIGHEST, spread_ms=0)
    assert [tries.after_session() for _ in range(3)] == [200, 400, 800]


def test_only_a_stable_session_resets_the_count():
    tries = backoff(HIGHEST)
    for _ in range(4):
        tries.after_failure()
    tries.stable(5999)
    assert tries.after_failure() == 3200
    tries.stable(6000)
    assert tries.after_failure() == 200


def test_a_thousand_failures_do_not_overflow():
    tries = backoff(HIGHEST)
    assert max(tries.after_failure() for _ in range(1000)) == 5000
