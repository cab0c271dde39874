"""Incarnation, boot and bounds: they survive power loss, and their loss is noticed."""

import pytest
from hypothesis import given, strategies as st
from tests.model.device.world import Lcg, policy

from seamline.device import Core
from seamline.device.counters import NEVER, UNTOLD, Counters, _read, merge

CHANNELS = [0, 1, 2]
ENTRIES = st.lists(
    st.tuples(st.integers(1, 400), st.integers(0, 3), st.sampled_from([16, 32, 256])),
    unique_by=lambda entry: entry[:2],
    max_size=120,
).map(lambda entries: [(boot, boot, channel, upper) for boot, channel, upper in entries])


def booted(flash, seed=1, stride=256):
    counters = Counters(stride)
    ran = counters.load(flash)
    counters.begin(Lcg(seed), CHANNELS)
    key, data = counters.persisted()
    flash[key] = data
    return counters, ran


def test_a_virgin_device_draws_an_incarnation_and_boots_for_the_first_time():
    counters, ran = booted({})
    assert not ran
    assert counters.incarnation != 0
    assert (counters.boot, counters.ended, counters.spread_ms) == (1, [], UNTOLD)


def test_each_boot_counts_one_and_remembers_what_the_last_may_have_numbered():
    flash = {}
    first, _ = booted(flash)
    assert first.reserve(1, 0)
    assert not first.reserve(1, 15)
    assert first.reserve(1, 16)
    key, data = first.persisted()
    flash[key] = data
    second, ran = booted(flash)
    assert ran
    assert (second.incarnation, second.boot) == (first.incarnation, 2)
    assert second.ended == [(1, 1, 1, 32)]


@given(st.integers(1, 3000), st.sampled_from([1, 8, 256]))
def test_a_bound_is_always_above_the_number_and_rarely_written(count, stride):
    counters = Counters(stride)
    counters.begin(Lcg(1), CHANNELS)
    writes = 0
    for sequence in range(count):
        writes += counters.reserve(1, sequence)
        assert counters.bounds[1] > sequence
        assert counters.bounds[1] <= sequence + stride + 1
    assert writes <= count // stride + 10


def test_a_bound_never_leaves_the_32_bits_of_a_sequence():
    counters = Counters(256)
    counters.begin(Lcg(1), CHANNELS)
    counters.reserve(1, 2**32 - 2)
    assert counters.bounds[1] == 2**32 - 1


SPOILS = {
    "gone": lambda data: b"",
    "torn": lambda data: data[: len(data) // 2],
    "erased": lambda data: b"\xff" * len(data),
    "rotten": lambda data: data[:-1] + bytes([data[-1] ^ 1]),
}


@pytest.mark.parametrize("spoil", SPOILS.values(), ids=SPOILS.keys())
def test_with_both_slots_lost_the_incarnation_is_new(spoil):
    flash = {}
    first, _ = booted(flash)
    booted(flash)
    flash = {key: spoil(data) for key, data in flash.items()}
    again, ran = booted(flash, seed=99)
    assert not ran
    assert again.incarnation != first.incarnation
    assert again.boot == 1


def test_with_the_newest_slot_lost_nothing_it_may_have_held_is_used_again():
    flash = {}
    counters, _ = booted(flash)
    for sequence in (0, 16, 32):
        counters.reserve(1, sequence)
        key, data = counters.persisted()
        flash[key] = data
    flash[key] = flash[key][:7]
    again, ran = booted(flash)
    assert ran
    assert again.boot == 3
    uppers = {entry[2]: entry[3] for entry in again.ended}
    assert uppers[1] >= counters.bounds[1]
    assert set(uppers) == set(CHANNELS)


def test_with_a_slot_gone_without_a_trace_the_boot_is_skipped_too():
    flash = {}
    for _ in range(3):
        booted(flash)
    del flash["c1"]  # the newest: boot 3
    again, _ = booted(flash)
    assert again.boot == 4


def test_after_one_slot_was_lost_the_next_boot_writes_both_so_that_losing_the_other_leads_back_to_no_used_number():
    flash, used = {}, set()

    def boot():
        core = Core(policy(), "d1", Lcg(1), dict(flash))
        core.start(0)
        flash.update({key: data for what, key, data in core.effects() if what == "persist"})
        assert (core.incarnation, core.boot) not in used
        used.add((core.incarnation, core.boot))

    boot()
    boot()
    for slot in ("c0", "c1", "c0", "c0", "c1", "c1"):
        flash[slot] = flash[slot][:9]
        boot()
        assert all(_read(flash[key]) is not None for key in ("c0", "c1"))


def test_the_very_first_slot_alone_is_no_loss():
    flash = {}
    booted(flash)
    assert list(flash) == ["c1"]
    again, _ = booted(flash)
    assert again.boot == 2


def test_a_boot_counter_that_is_used_up_begins_a_new_incarnation():
    counters, _ = booted({})
    before = counters.incarnation
    counters.boot = 2**32 - 2
    assert counters.begin(Lcg(1), CHANNELS)
    assert counters.incarnation not in (0, before)
    assert counters.boot == 1


@pytest.mark.parametrize(("drawn", "old", "new"), [(0, 0, 1), (7, 7, 6), (1, 1, 2), (9, 7, 9)])
def test_an_incarnation_is_never_zero_nor_the_old_one(drawn, old, new):
    counters = Counters(256)
    counters.incarnation = old
    counters.boot = 2**32 - 1
    counters.begin(lambda: drawn, CHANNELS)
    assert counters.incarnation == new


def test_closed_boots_are_forgotten():
    counters = Counters(256)
    counters.ended = [(1, 3, 1, 16), (4, 9, 1, 32), (12, 12, 2, 16)]
    counters.forget_below(6)
    assert counters.ended == [(6, 9, 1, 32), (12, 12, 2, 16)]


def test_a_spread_is_written_when_it_changed_much():
    counters = Counters(256)
    told = [counters.told(spread_ms) for spread_ms in (1000, 1250, 1251, 700, 600, 0, 0)]
    assert told == [True, False, True, False, True, True, False]


@given(ENTRIES, st.integers(4, 40))
def test_merged_ranges_cover_every_bound_within_the_limit(entries, limit):
    ranges = merge(entries, limit)
    assert len(ranges) <= limit
    for boot, _, channel, upper in entries:
        assert any(first <= boot <= last and number == channel and most >= upper for first, last, number, most in ranges)
    assert ranges == sorted(ranges, key=lambda entry: (entry[2], entry[0]))


@given(ENTRIES)
def test_merging_without_need_changes_no_bound(entries):
    told = {}
    for first, last, channel, upper in merge(entries, 10_000):
        told.update({(boot, channel): upper for boot in range(first, last + 1)})
    assert told == {(boot, channel): upper for boot, _, channel, upper in entries}


def test_a_brown_out_loop_costs_one_range():
    assert merge([(boot, boot, 1, 16) for boot in range(1, 1441)], 64) == [(1, 1440, 1, 16)]


def test_ranges_join_where_the_least_is_over_stated():
    assert merge([(1, 1, 1, 16), (2, 2, 1, 256), (3, 3, 1, 240)], 2) == [(1, 1, 1, 16), (2, 3, 1, 256)]
    assert merge([(1, 1, 1, 32), (9, 9, 1, 32), (10, 10, 1, 16)], 2) == [(1, 1, 1, 32), (9, 10, 1, 32)]


def test_channels_never_share_a_range():
    entries = [(1, 1, channel, 16) for channel in range(9)]
    assert merge(entries, 4) == entries
    assert NEVER > 2**64


@given(st.binary(max_size=120))
def test_random_bytes_are_no_counters(data):
    assert not Counters(256).load({"c0": data, "c1": b"SLc1" + data})
