"""The data frame: what is packed comes back, and nothing else is taken for a frame."""

import struct
import zlib

import pytest
from hypothesis import given, strategies as st

from seamline.device import DeviceError, Frame, FrameError, pack, unpack
from seamline.device.frame import FRAME_BYTES_MAX

U32 = st.integers(0, 2**32 - 1)
RECORDS = st.integers(1, 6).flatmap(
    lambda words: st.tuples(
        st.just(words * 8), st.lists(st.binary(min_size=words * 8, max_size=words * 8), min_size=1, max_size=9)
    )
)


@st.composite
def frames(draw):
    record_bytes, records = draw(RECORDS)
    return Frame(
        flags=draw(st.sampled_from([0x00, 0x01, 0x10, 0x11, 0x0E])),
        channel=draw(st.integers(0, 255)),
        layout=draw(st.integers(0, 255)),
        fingerprint=draw(U32),
        incarnation=draw(U32),
        boot=draw(U32),
        first=draw(st.integers(0, 2**32 - 9)),
        count=len(records),
        epoch=draw(st.integers(0, 65535)),
        uptime_ms=draw(st.integers(0, 2**48 - 1)),
        record_bytes=record_bytes,
        body=b"".join(records),
    )


def fields(frame):
    return {name: getattr(frame, name) for name in Frame.__slots__}


@given(frames())
def test_a_packed_frame_comes_back(frame):
    assert fields(unpack(pack(frame))) == fields(frame)


@given(frames())
def test_the_header_lies_as_the_wire_says(frame):
    data = pack(frame)
    assert data[0] == 0xA1
    assert struct.unpack_from("<IIII", data, 4) == (frame.fingerprint, frame.incarnation, frame.boot, frame.first)
    assert struct.unpack_from("<HH", data, 20) == (frame.count, frame.epoch)
    assert int.from_bytes(data[24:30], "little") == frame.uptime_ms
    assert len(data) == 32 + frame.count * frame.record_bytes + (4 if frame.flags & 0x10 else 0)
    if frame.flags & 0x10:
        assert int.from_bytes(data[-4:], "little") == zlib.crc32(data[:-4])


@given(st.binary(max_size=200))
def test_random_bytes_are_refused_or_pack_again_to_themselves(data):
    try:
        frame = unpack(data)
    except FrameError:
        return
    assert pack(frame) == data


@given(frames(), st.integers(0, 10_000), st.integers(0, 7))
def test_one_turned_bit_is_noticed_where_a_checksum_rides_along(frame, place, bit):
    frame.flags |= 0x10
    data = bytearray(pack(frame))
    data[place % len(data)] ^= 1 << bit
    try:
        other = unpack(data)
    except FrameError:
        return
    # Only the flag that announces the checksum can hide itself, and then the length does not fit by chance.
    pytest.fail(f"taken for {fields(other)}")


@given(frames(), st.integers(1, 40))
def test_a_cut_or_lengthened_frame_is_refused(frame, count):
    data = pack(frame)
    for spoilt in (data[:-count], data + bytes(count)):
        with pytest.raises(FrameError):
            unpack(spoilt)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"channel": 256}, "channel"),
        ({"boot": -1}, "boot"),
        ({"uptime_ms": 2**48}, "uptime_ms"),
        ({"flags": 0x20}, "flags"),
        ({"count": 0, "body": b""}, "count"),
        ({"record_bytes": 12, "body": bytes(12)}, "size"),
        ({"record_bytes": 0, "body": b""}, "size"),
        ({"first": 2**32 - 1, "count": 2, "body": bytes(16)}, "sequence"),
        ({"body": bytes(9)}, "length"),
        ({"count": 8192, "body": bytes(65536)}, "length"),
    ],
)
def test_what_fits_in_no_frame_is_refused_with_its_reason(changes, reason):
    given_fields = {
        "channel": 1,
        "layout": 1,
        "fingerprint": 1,
        "incarnation": 1,
        "boot": 1,
        "first": 0,
        "count": 1,
        "epoch": 0,
        "uptime_ms": 0,
        "record_bytes": 8,
        "body": bytes(8),
    }
    with pytest.raises(FrameError) as caught:
        pack(Frame(**{**given_fields, **changes}))
    assert caught.value.reason == reason
    assert isinstance(caught.value, DeviceError)


def test_too_many_bytes_are_refused_before_they_are_read():
    with pytest.raises(FrameError) as caught:
        unpack(bytes(FRAME_BYTES_MAX + 1))
    assert caught.value.reason == "length"


def test_a_memoryview_is_read_without_a_copy_first():
    frame = Frame(
        channel=1,
        layout=1,
        fingerprint=1,
        incarnation=1,
        boot=1,
        first=0,
        count=1,
        epoch=0,
        uptime_ms=0,
        record_bytes=8,
        body=bytes(8),
    )
    assert fields(unpack(memoryview(pack(frame)))) == fields(frame)
