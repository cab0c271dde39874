"""Every number of a policy to its limits: the ends are obeyed, one beyond is refused by name, and so is what is no whole number."""

import pytest
from hypothesis import given, strategies as st
from tests.model.device.world import channel
from tests.unit.device.hand import rules

from seamline.device import Policy, PolicyError
from seamline.device.backoff import DOUBLINGS_MAX, Backoff
from seamline.device.errors import RecordError
from seamline.device.frame import CRC_BYTES, HEADER_BYTES
from seamline.device.policy import (
    DURATION_MS_MAX,
    FLIGHT_FRAMES_MAX,
    FRAME_SENT_BYTES_MAX,
    PPM_MAX,
    STRIDE_MAX,
    ChannelPolicy,
)

U8_MAX, U16_MAX, U32_MAX, U48_MAX = 2**8 - 1, 2**16 - 1, 2**32 - 1, 2**48 - 1
BODY_BYTES_MAX = FRAME_SENT_BYTES_MAX - HEADER_BYTES - CRC_BYTES
RECORD_BYTES_MAX = BODY_BYTES_MAX // 8 * 8

OF_POLICY = {
    "connect_timeout_ms": (1, DURATION_MS_MAX),
    "answer_timeout_ms": (1, DURATION_MS_MAX),
    "keep_alive_ms": (1, DURATION_MS_MAX),
    "backoff_base_ms": (1, DURATION_MS_MAX),
    "backoff_cap_ms": (1, DURATION_MS_MAX),
    "backoff_reset_after_ms": (0, DURATION_MS_MAX),
    "spread_ms": (0, DURATION_MS_MAX),
    "drift_ppm": (0, PPM_MAX),
    "capacity_bytes": (1, U32_MAX),
    "flight_frames": (1, FLIGHT_FRAMES_MAX),
    "stride": (1, STRIDE_MAX),
}
OF_CHANNEL = {
    "id": (0, U8_MAX),
    "layout": (0, U8_MAX),
    "fingerprint": (0, U32_MAX),
    "every_ms": (0, DURATION_MS_MAX),
    "priority": (0, 2),
    "expires_ms": (0, DURATION_MS_MAX),
    "events_max": (1, U32_MAX),
    "events_per_ms": (1, DURATION_MS_MAX),
}
NO_NUMBERS = [None, 1.0, "1", True, [1]]


def of_channel(**changes):
    """A channel's policy; id 0 is Seamline's own and has its own record."""
    whole = {**channel(1, 24, 400, 4, 1), "events_max": 3, "events_per_ms": 1_000, **changes}
    return ChannelPolicy(whole)


@pytest.mark.parametrize("end", [0, 1], ids=["lowest", "highest"])
@pytest.mark.parametrize("key", OF_POLICY)
def test_the_ends_of_a_policys_ranges_are_obeyed_and_one_beyond_is_refused_by_name(key, end):
    limit, beyond = OF_POLICY[key][end], OF_POLICY[key][end] + (1 if end else -1)
    assert getattr(Policy(rules(**{key: limit})), key) == limit
    low, high = OF_POLICY[key]
    with pytest.raises(PolicyError, match=rf"^{key} is {beyond}; a whole number in {low}\.\.{high} is needed$"):
        Policy(rules(**{key: beyond}))


@pytest.mark.parametrize("value", NO_NUMBERS, ids=repr)
@pytest.mark.parametrize("key", OF_POLICY)
def test_what_is_no_whole_number_is_refused_in_every_place(key, value):
    with pytest.raises(PolicyError, match=f"^{key} is"):
        Policy(rules(**{key: value}))


@pytest.mark.parametrize("end", [0, 1], ids=["lowest", "highest"])
@pytest.mark.parametrize("key", OF_CHANNEL)
def test_the_ends_of_a_channels_ranges_are_obeyed_and_one_beyond_is_refused_by_name(key, end):
    limit, beyond = OF_CHANNEL[key][end], OF_CHANNEL[key][end] + (1 if end else -1)
    assert getattr(of_channel(**{key: limit}), key) == limit
    with pytest.raises(PolicyError, match=f"{key} is {beyond}"):
        of_channel(**{key: beyond})


@pytest.mark.parametrize(
    ("record_bytes", "refused"),
    [(7, "is 7"), (8, None), (12, "multiple of 8"), (16, None), (RECORD_BYTES_MAX, None), (RECORD_BYTES_MAX + 8, "is ")],
)
def test_a_record_is_a_multiple_of_eight_bytes_that_fits_one_frame(record_bytes, refused):
    if refused is None:
        assert of_channel(record_bytes=record_bytes).record_bytes == record_bytes
    else:
        with pytest.raises(PolicyError, match=f"channel 1: record_bytes .*{refused}"):
            of_channel(record_bytes=record_bytes)


@given(st.integers(1, RECORD_BYTES_MAX // 8).map(lambda eights: 8 * eights), st.integers(1, U16_MAX))
def test_a_batch_never_makes_a_frame_that_a_board_cannot_send(record_bytes, batch_max):
    found = of_channel(record_bytes=record_bytes, batch_max=batch_max).batch_max
    assert 1 <= found <= batch_max
    assert found * record_bytes <= BODY_BYTES_MAX
    assert found == batch_max or (found + 1) * record_bytes > BODY_BYTES_MAX


@pytest.mark.parametrize("batch_max", [0, U16_MAX + 1])
def test_a_batch_of_nothing_or_of_more_than_a_frame_can_count_is_refused(batch_max):
    with pytest.raises(PolicyError, match=f"channel 1: batch_max is {batch_max}"):
        of_channel(batch_max=batch_max)


def test_a_channel_without_a_bound_of_events_has_none():
    plain = ChannelPolicy(channel(1, 24, 400, 4, 1))
    assert (plain.events_max, plain.events_per_ms) == (0, 0)


@pytest.mark.parametrize("key", ["contract", "store"])
@pytest.mark.parametrize("value", [None, "", 5, ["ram"]], ids=repr)
def test_a_text_that_is_missing_or_none_is_refused_by_name(key, value):
    with pytest.raises(PolicyError, match=f"^{key} is .*a text is needed"):
        Policy(rules(**{key: value}))


@pytest.mark.parametrize("size", [0, 19, 21, 40])
def test_a_body_of_another_size_than_its_channels_is_refused(size):
    with pytest.raises(RecordError, match=f"channel 1: a body of {size} bytes; 20 are needed"):
        of_channel().check(0, bytes(size))


@pytest.mark.parametrize(("now_ms", "fits"), [(-1, False), (0, True), (U48_MAX, True), (U48_MAX + 1, False)])
def test_an_uptime_that_no_frame_can_say_is_refused(now_ms, fits):
    if fits:
        of_channel().check(now_ms, bytes(20))
    else:
        with pytest.raises(RecordError, match="an uptime of"):
            of_channel().check(now_ms, bytes(20))


@given(st.permutations([1, 2, 3]), st.integers(0, 3))
def test_every_channel_but_losses_can_be_dropped_once_the_contracts_order_first(order, told):
    named = order[:told]
    found = Policy(rules(drop_first=named)).drop_first
    assert found[:told] == named
    assert sorted(found) == [1, 2, 3]
    rest = found[told:]
    priorities = Policy(rules()).channels
    assert [-priorities[number].priority for number in rest] == sorted(-priorities[number].priority for number in rest)


# -- the delays that follow from it -------------------------------------------------------------------------------------------------


@given(st.integers(0, U32_MAX), st.integers(0, DURATION_MS_MAX))
def test_a_draw_is_even_over_its_window_with_both_ends(drawn, window_ms):
    found = Backoff(Policy(rules()), lambda: drawn).uniform(window_ms)
    assert 0 <= found <= window_ms
    assert found == drawn * (window_ms + 1) // 2**32


@pytest.mark.parametrize(("drawn", "found"), [(0, 0), (2**31 - 1, 0), (2**31, 1), (U32_MAX, 1)])
def test_a_window_of_one_millisecond_has_two_values_that_are_as_likely(drawn, found):
    assert Backoff(Policy(rules()), lambda: drawn).uniform(1) == found


def highest(window_ms):
    """The highest draw of 32 bits from a window: its end, in windows of up to seven weeks."""
    return U32_MAX * (window_ms + 1) // 2**32


@given(st.integers(1, 5_000), st.integers(1, DURATION_MS_MAX), st.integers(0, DURATION_MS_MAX), st.integers(0, DOUBLINGS_MAX + 4))
def test_after_n_tries_the_window_is_the_base_doubled_as_often_up_to_the_cap_and_the_spread_at_least(base, cap, spread, tries):
    policy = Policy(rules(backoff_base_ms=base, backoff_cap_ms=cap, spread_ms=spread))
    failed, ended = (Backoff(policy, lambda: U32_MAX) for _ in range(2))
    for _ in range(tries):
        failed.after_failure()
        ended.after_failure()
    window_ms = min(cap, base * 2 ** min(tries, DOUBLINGS_MAX))
    assert failed.after_failure() == highest(window_ms)
    assert ended.after_session() == highest(max(spread, window_ms))
