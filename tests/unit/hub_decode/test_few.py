"""Few frames are judged and hashed one by one, and nobody can tell: the same arrays, bit for bit, as all at once."""

import struct

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from tests.unit.hub_decode.test_decode import BODY, U16, batches, make

from seamline.hub import decode, decode_few

WHOLE = make(U16, [BODY] * 3, first=5, uptime_ms=2**40 + 3, flags=0x10)


def same(one, other):
    """Whether two batches are the same arrays of the same types."""
    assert (one.words == other.words).all()
    for name in ("start", "fault", "head"):
        left, right = getattr(one, name), getattr(other, name)
        assert left.dtype == right.dtype
        assert left.tolist() == right.tolist()
    assert one.words.dtype == other.words.dtype
    assert one.uptime_ms.tolist() == other.uptime_ms.tolist()
    assert one.heard.tolist() == other.heard.tolist()


def packed(batch):
    return [
        make(
            layout,
            [layout.pack(record) for record in records],
            first=first,
            uptime_ms=uptime,
            offsets=offsets,
            flags=0x10 * checked,
        )
        for layout, first, uptime, offsets, records, checked in batch
    ]


@st.composite
def damaged(draw):
    """Frames with bytes turned, cut off or put behind, among noise and whole ones."""
    payloads = []
    for payload in packed(draw(batches())):
        way = draw(st.sampled_from(["whole", "turned", "cut", "longer", "noise", "head"]))
        data = bytearray(payload)
        if way == "turned":
            data[draw(st.integers(0, len(data) - 1))] ^= draw(st.integers(1, 255))
        elif way == "head":  # the lengths, flags and identity that a header is judged by
            at, size = draw(st.sampled_from([(0, 1), (1, 1), (8, 4), (12, 4), (16, 4), (20, 2), (30, 2)]))
            value = draw(st.sampled_from([0, 1, 8, (1 << 8 * size) - 1]) | st.integers(0, (1 << 8 * size) - 1))
            data[at : at + size] = value.to_bytes(size, "little")
        elif way == "cut":
            del data[draw(st.integers(0, len(data) - 1)) :]
        elif way == "longer":
            data += draw(st.binary(min_size=1, max_size=16))
        elif way == "noise":
            data = draw(st.binary(max_size=80))
        payloads.append(bytes(data))
    return payloads


@given(damaged())
@settings(max_examples=300, deadline=None)
def test_few_frames_are_what_many_would_be(payloads):
    assert 0 < len(payloads) <= decode_few.FRAMES_FEW
    same(decode.frames(payloads), decode.frames_many(payloads))


@pytest.mark.parametrize("count", [0, 1, decode_few.FRAMES_FEW, decode_few.FRAMES_FEW + 1])
def test_on_both_sides_of_the_bound_and_without_any_frame_the_batch_is_the_same(count):
    payloads = [WHOLE] * count
    same(decode.frames(payloads), decode.frames_many(payloads))
    assert decode.frames(payloads).fault.tolist() == [decode.OK] * count


def test_a_header_of_few_frames_may_be_written_to_as_that_of_many():
    for batch in (decode.frames([WHOLE]), decode.frames_many([WHOLE])):
        batch.head["epoch"][0] = 7
        assert batch.column("epoch").tolist() == [7]


def test_the_gravest_fault_of_each_frame_is_named_whoever_judges():
    head = list(struct.unpack("<BBBBIIIIHHIHH", WHOLE[:32]))
    for at, value in ((0, 0x51), (0, 0xA2), (1, 0x20), (5, 0), (6, 0), (7, 2**32 - 1), (8, 0), (8, 4), (8, 2), (12, 0), (12, 7)):
        wrong = struct.pack("<BBBBIIIIHHIHH", *(value if place == at else told for place, told in enumerate(head))) + WHOLE[32:]
        for payload in (wrong, wrong[:-4], wrong + b"\0" * 4):
            same(decode.frames([payload]), decode.frames_many([payload]))


WORDS = st.integers(0, 2**64 - 1)


@given(
    st.integers(1, 9).flatmap(lambda wide: st.lists(st.lists(WORDS, min_size=wide, max_size=wide), min_size=1, max_size=20)),
    st.data(),
)
@settings(deadline=None)
def test_few_records_have_the_digests_of_many(words, data):
    uptimes = data.draw(st.lists(st.integers(0, 2**48 + 2**32), min_size=len(words), max_size=len(words)))
    fingerprint = data.draw(st.integers(0, 2**32 - 1))
    zeros = np.zeros(len(words), np.int64)
    run = decode.Run(zeros, zeros, np.array(uptimes, np.int64), np.array(words, np.uint64))
    told, wanted = decode.digests(run, fingerprint), decode.digests_many(run, fingerprint)
    assert told.dtype == wanted.dtype
    assert told.tolist() == wanted.tolist()
    one_by_one = decode_few.digests(uptimes, words, fingerprint)
    assert np.array(one_by_one, np.uint64).view(np.int64).tolist() == wanted.tolist()
