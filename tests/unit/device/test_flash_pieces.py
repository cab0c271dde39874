"""What a device keeps in flash, piece by piece: segments and their dates, ranges given up, counters over many boots."""

import struct

import pytest
from hypothesis import given, strategies as st
from tests.model.device.world import Lcg

from seamline.device.ages import DATE_BYTES, by_clock, by_uptime, date_bytes, split
from seamline.device.batch import BATCH_OVERHEAD_BYTES, Author, Batch, open_batch, read_segment, segment_bytes
from seamline.device.counters import ENDED_RANGES_MAX, STRIDE_FIRST, UNTOLD, Counters, merge
from seamline.device.frame import FLAG_CRC, HEADER_BYTES, Frame
from seamline.device.losses import BUFFER_FULL, EXPIRED, LOSS_RANGES_MAX, Loss, Losses
from seamline.device.policy import LOSSES_RECORD_BYTES, ChannelPolicy

U32 = st.integers(0, 2**32 - 1)
SIZE = 16


def frame(boot=1, first=0, count=1, *, channel=1, uptime_ms=1_000, offsets=None):
    """A frame of records, by default 10 ms apart."""
    body = b"".join(struct.pack("<I12x", at * 10 if offsets is None else offsets[at]) for at in range(count))
    return Frame(
        channel=channel, layout=1, fingerprint=9, incarnation=7, boot=boot, first=first, count=count, epoch=0,
        uptime_ms=uptime_ms, record_bytes=SIZE, body=body,
    )  # fmt: skip


def batch(**given):
    return Batch(frame(**given), 1, 0)


# -- segments ----------------------------------------------------------------------------------------------------------------------

FRAMES = st.builds(
    frame,
    st.integers(1, 2**32 - 1),
    st.integers(0, 2**31),
    st.integers(1, 5),
    channel=st.integers(0, 255),
    uptime_ms=st.integers(0, 2**48 - 1),
)
NAMES = ("channel", "layout", "fingerprint", "incarnation", "boot", "first", "count", "epoch", "uptime_ms", "record_bytes")


def told(one):
    return tuple(getattr(one, name) for name in NAMES)


@given(FRAMES, st.integers(0, 2**64 - 1))
def test_a_segment_is_read_as_it_was_written_with_its_date_or_without(one, unix_ms):
    written = segment_bytes(Batch(one, 1, 0))
    for data, date_ms in ((written, 0), (written + date_bytes(unix_ms), unix_ms)):
        segment, found_ms = split(data)
        read, whole = read_segment(segment)
        assert (segment, found_ms, whole) == (written, date_ms, True)
        assert (told(read), bytes(read.body), read.flags) == (told(one), one.body, FLAG_CRC)


@given(FRAMES, st.data())
def test_a_bit_that_rotted_in_the_body_leaves_what_the_records_were_and_one_in_the_header_leaves_nothing(one, data):
    written = bytearray(segment_bytes(Batch(one, 1, 0)))
    at = data.draw(st.integers(0, len(written) - 1))
    written[at] ^= 1 << data.draw(st.integers(0, 7))
    read, whole = read_segment(bytes(written))
    assert not whole
    if at >= 4 + HEADER_BYTES:
        assert (told(read), read.body) == (told(one), b"")
    else:
        assert read is None


@given(FRAMES, st.integers(1, 2**64 - 1), st.integers(0, DATE_BYTES - 1), st.integers(1, 255))
def test_a_torn_or_rotten_date_is_none_and_costs_no_record(one, unix_ms, at, change):
    written, date = segment_bytes(Batch(one, 1, 0)), bytearray(date_bytes(unix_ms))
    assert split(written + bytes(date[:at])) == (written, 0)
    date[at] ^= change
    assert split(written + bytes(date)) == (written, 0)


def test_an_erased_sector_is_neither_a_segment_nor_a_date():
    written = segment_bytes(batch())
    assert split(written + b"\xff" * DATE_BYTES) == (written, 0)
    assert read_segment(b"\xff" * 64) == (None, False)
    assert read_segment(b"\0" * 64) == (None, False)
    assert read_segment(written[: HEADER_BYTES + 3]) == (None, False)


def test_an_open_batch_says_who_numbers_it_and_costs_its_head_even_while_empty():
    channel = ChannelPolicy(
        {
            "id": 3,
            "name": "m",
            "layout": 2,
            "fingerprint": 5,
            "record_bytes": SIZE,
            "every_ms": 0,
            "batch_max": 4,
            "priority": 0,
            "expires_ms": 0,
        }
    )
    found = open_batch(channel, Author(7, 4, 2), 9, 1_234, 6)
    assert told(found.frame) == (3, 2, 5, 7, 4, 9, 0, 2, 1_234, SIZE)
    assert (found.order, found.last_ms, found.cost_bytes, found.end, found.sent) == (6, 1_234, BATCH_OVERHEAD_BYTES, 9, False)


# -- ages --------------------------------------------------------------------------------------------------------------------------


def test_what_ended_boots_left_is_as_old_as_the_uptime_of_its_boot_and_of_each_later_one():
    batches = [
        batch(boot=1, uptime_ms=1_000, offsets=[0]),
        batch(boot=1, uptime_ms=5_000, offsets=[700]),
        batch(boot=3, uptime_ms=2_000, offsets=[0]),
        batch(boot=4, uptime_ms=100, offsets=[0]),
    ]
    by_uptime(batches)
    spent = {4: 100, 3: 2_100, 1: 7_800}
    assert [one.last_ms for one in batches] == [1_000 - spent[1], 5_700 - spent[1], 2_000 - spent[3], 0]


@given(st.lists(st.tuples(st.integers(1, 5), st.integers(0, 10**6)), min_size=1, max_size=12))
def test_by_uptime_nothing_is_in_the_future_and_what_a_later_boot_left_is_no_older(sent):
    batches = [batch(boot=boot, uptime_ms=uptime_ms, offsets=[0]) for boot, uptime_ms in sent]
    by_uptime(batches)
    assert all(one.last_ms <= 0 for one in batches)
    for one in batches:
        for other in batches:
            if one.frame.boot < other.frame.boot:
                assert one.last_ms <= other.last_ms
            if one.frame.boot == other.frame.boot:
                assert one.last_ms - other.last_ms == one.frame.uptime_ms - other.frame.uptime_ms


def test_by_the_clock_a_batch_without_a_date_is_as_old_as_the_next_that_has_one():
    batches = [batch() for _ in range(4)]
    for one, dated_ms in zip(batches, (0, 10_000, 0, 0), strict=True):
        one.dated_ms = dated_ms
    by_clock(batches, 500, 60_000)
    assert [one.last_ms for one in batches] == [500 - 50_000, 500 - 50_000, 0, 0]


def test_the_clock_makes_nothing_younger():
    one = batch()
    one.dated_ms, one.last_ms = 59_000, -90_000
    by_clock([one], 500, 60_000)
    assert one.last_ms == -90_000


# -- ranges given up ---------------------------------------------------------------------------------------------------------------


def loss(first, count, *, boot=1, channel=1, reason=BUFFER_FULL):
    return Loss(channel, reason, boot, first, count)


def ranges(losses):
    return [(one.boot, one.first, one.count) for one in losses.pending]


@pytest.mark.parametrize(("first", "joins"), [(0, False), (1, True), (10, True), (11, False), (5, False)])
def test_ranges_join_exactly_side_by_side_in_either_order(first, joins):
    """5 and 4 numbers: from 1 to 4 and from 10 on are neighbours of 5 to 9."""
    assert loss(5, 5).joins(loss(first, 4)) is joins
    assert loss(first, 4).joins(loss(5, 5)) is joins


@pytest.mark.parametrize("other", [{"boot": 2}, {"channel": 2}, {"reason": EXPIRED}])
def test_ranges_of_another_boot_channel_or_reason_never_join(other):
    assert not loss(0, 5).joins(loss(5, 5, **other))


def test_a_range_that_grows_downwards_begins_earlier():
    losses = Losses()
    for first in (10, 9, 11, 8):
        losses.add(loss(first, 1), 1)
    assert ranges(losses) == [(1, 8, 4)]


@given(st.lists(st.tuples(st.integers(1, 3), st.integers(0, 200)), unique=True, max_size=120))
def test_every_record_given_up_waits_in_one_range_or_is_counted_as_undeclared(given_up):
    losses = Losses()
    for boot, first in given_up:
        losses.add(loss(2 * first, 1, boot=boot), 3)
        assert len(losses.pending) <= LOSS_RANGES_MAX
    waiting = [(boot, number) for boot, first, count in ranges(losses) for number in range(first, first + count)]
    assert len(set(waiting)) == len(waiting)
    assert set(waiting) <= {(boot, 2 * first) for boot, first in given_up}
    assert len(waiting) + losses.undeclared == len(given_up)
    if losses.undeclared:
        assert losses.books()["undeclared"] == losses.undeclared


def test_beyond_the_bound_the_oldest_of_an_ended_boot_goes_first_and_then_the_oldest():
    losses = Losses()
    losses.add(loss(0, 5, boot=9), 9)
    losses.add(loss(0, 7, boot=4), 9)
    for at in range(LOSS_RANGES_MAX - 2):
        losses.add(loss(10 * at + 100, 1, boot=9), 9)
    losses.add(loss(9_000, 1, boot=9), 9)
    assert (losses.undeclared, ranges(losses)[0]) == (7, (9, 0, 5))
    losses.add(loss(9_100, 1, boot=9), 9)
    assert (losses.undeclared, ranges(losses)[0]) == (12, (9, 100, 1))


def test_ranges_are_taken_oldest_first_and_once():
    losses = Losses()
    for first in (0, 10, 20):
        losses.add(loss(first, 1), 1)
    assert [one.first for one in losses.take(2)] == [0, 10]
    assert [one.first for one in losses.take(2)] == [20]
    assert losses.take(2) == []


def test_a_declared_loss_is_a_record_of_losses_1():
    body = loss(7, 9, boot=3, channel=2, reason=EXPIRED).body()
    assert body == struct.pack("<BBIII", 2, EXPIRED, 3, 7, 9) + bytes(6)
    assert len(body) == LOSSES_RECORD_BYTES - 4


# -- counters over many boots ------------------------------------------------------------------------------------------------------


def run(boots, stride=256, *, numbered=40, channels=(0, 1)):
    """Boots of a device that numbers so many records in each; returns the counters and the flash."""
    flash, counters = {}, Counters(stride)
    for boot in range(boots):
        counters = Counters(stride)
        assert counters.load(flash) is (boot > 0)
        counters.begin(Lcg(1), list(channels))
        for sequence in range(numbered):
            if counters.reserve(1, sequence):
                flash.update([counters.persisted()])
        flash.update([counters.persisted()])
    return counters, flash


def test_a_brown_out_loop_of_boots_that_end_alike_is_one_range():
    counters, _ = run(200)
    assert counters.ended == [(1, 199, 1, counters.bounds[1])]


def test_boots_that_end_apart_are_joined_so_that_all_fit():
    flash, stride = {}, 256
    for boot in range(200):
        counters = Counters(stride)
        counters.load(flash)
        counters.begin(Lcg(1), [0, 1])
        counters.reserve(1, boot % 7 * 40)
        flash.update([counters.persisted()])
        assert len(counters.ended) <= ENDED_RANGES_MAX
    covered = {number for first, last, _, _ in counters.ended for number in range(first, last + 1)}
    assert covered == set(range(1, 200))


@pytest.mark.parametrize(("sequence", "bound"), [(0, 16), (15, 31), (16, 32), (40, 80), (255, 510), (256, 512), (1_000, 1_256)])
def test_a_bound_goes_as_far_again_as_the_boot_has_come_up_to_the_stride(sequence, bound):
    counters = Counters(256)
    counters.begin(Lcg(1), [1])
    assert counters.reserve(1, sequence)
    assert counters.bounds[1] == bound
    assert STRIDE_FIRST == 16
    assert not counters.reserve(1, bound - 1)
    assert counters.reserve(1, bound)


@pytest.mark.parametrize(
    ("stored_ms", "told_ms", "written"),
    [
        (UNTOLD, 0, True),
        (1_000, 1_250, False),
        (1_000, 1_251, True),
        (1_000, 500, False),
        (1_000, 499, True),
        (1_000, 1_000, False),
    ],
)
def test_a_spread_is_written_below_half_of_the_stored_one_and_above_it_by_more_than_a_quarter(stored_ms, told_ms, written):
    counters = Counters(256)
    counters.spread_ms = stored_ms
    assert counters.told(told_ms) is written
    assert counters.spread_ms == (told_ms if written else stored_ms)


@pytest.mark.parametrize(("boot", "kept"), [(1, (1, 9)), (4, (4, 9)), (9, (9, 9)), (10, None)])
def test_what_the_hub_closed_is_forgotten_up_to_its_boot(boot, kept):
    counters = Counters(256)
    counters.ended = [(1, 9, 1, 30)]
    counters.forget_below(boot)
    assert counters.ended == ([] if kept is None else [(*kept, 1, 30)])


ENTRIES = st.lists(
    st.tuples(st.integers(1, 200), st.integers(0, 2), st.integers(1, 99)), unique_by=lambda entry: entry[:2], max_size=60
).map(lambda entries: [(boot, boot, channel, upper) for boot, channel, upper in entries])


@given(ENTRIES, st.integers(3, 20))
def test_merged_ranges_never_say_less_than_was_numbered_and_keep_channels_apart(entries, limit):
    merged = merge(entries, limit)
    assert len(merged) <= limit
    for boot, _, channel, upper in entries:
        assert [found for first, last, of, found in merged if of == channel and first <= boot <= last] >= [upper]
    assert merged == sorted(merged, key=lambda entry: (entry[2], entry[0]))


def test_what_is_joined_is_where_the_least_is_over_stated():
    entries = [(1, 1, 1, 10), (2, 2, 1, 11), (3, 3, 1, 90), (9, 9, 1, 91)]
    assert merge(entries, 3) == [(1, 2, 1, 11), (3, 3, 1, 90), (9, 9, 1, 91)]
    assert merge(entries, 2) == [(1, 3, 1, 90), (9, 9, 1, 91)]
