from hypothesis import given, strategies as st

from seamline.rig.world.streams import Stream


def test_the_numbers_are_those_of_every_interpreter():
    stream = Stream(7, "d00001", "network")
    assert [stream.u64() for _ in range(3)] == [16919642557068047034, 13600694857093204960, 6494989113964641117]


def test_the_generator_is_the_published_one():
    """The first numbers of SplitMix64 from state 1234567, as its reference implementation gives them."""
    stream = Stream(0, "", "")
    stream._state = 1234567
    assert [stream.u64() for _ in range(3)] == [6457827717110365317, 3203168211198807973, 9817491932198370423]


def test_streams_of_two_purposes_share_nothing():
    assert Stream(1, "a", "x").u64() != Stream(1, "a", "y").u64()
    assert Stream(1, "ab", "c").u64() != Stream(1, "a", "bc").u64()


@given(st.integers(0, 2**63), st.integers(1, 10**9))
def test_a_number_below_a_limit_is_below_it(seed, limit):
    assert 0 <= Stream(seed, "e", "p").below(limit) < limit


@given(st.integers(0, 2**32), st.lists(st.integers(), min_size=1, max_size=20), st.integers(0, 25))
def test_some_are_different_places_in_their_order(seed, items, count):
    chosen = Stream(seed, "e", "p").some(list(enumerate(items)), count)
    assert len(chosen) == min(count, len(items))
    assert chosen == sorted(set(chosen))


def test_draws_are_even():
    stream = Stream(3, "e", "p")
    counts = [0] * 10
    for _ in range(20_000):
        counts[stream.below(10)] += 1
    assert min(counts) > 1_800
    assert max(counts) < 2_200
