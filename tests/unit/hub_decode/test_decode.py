"""Whole batches decode to what each record says, whatever is mixed in, and no bytes raise."""

import struct
from binascii import crc32
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from seamline.contract import Field, FieldType, Layout
from seamline.hub import decode
from seamline.hub.columns import Decoder
from seamline.hub.decode import FLAGS, MALFORMED, NO_FRAME, OK, OVERSIZED, TRUNCATED, VERSION
from seamline.hub.framing import CRC

HEADER = "<BBBBIIIIHHIHH"


def make(
    layout, bodies, *, first=0, uptime_ms=0, offsets=None, flags=0, version=1, incarnation=1, boot=1, count=None, record=None
):
    offsets = offsets or [0] * len(bodies)
    head = struct.pack(
        HEADER, 0xA0 | version, flags, layout.message_id, layout.version, layout.fingerprint, incarnation, boot, first,
        len(bodies) if count is None else count, 0, uptime_ms & 0xFFFF_FFFF, uptime_ms >> 32,
        layout.record_bytes if record is None else record,
    )  # fmt: skip
    whole = head + b"".join(struct.pack("<I", offset) + body for offset, body in zip(offsets, bodies, strict=True))
    return whole + struct.pack("<I", crc32(whole)) if flags & 0x10 else whole


def of(*types, number=1):
    fields = tuple(Field(name=f"f{at}", type=kind) for at, kind in enumerate(types))
    return Layout(product="p", message="m", message_id=number, version=1, fields=fields)


U16 = of(FieldType.U16)
BODY = U16.pack({"f0": 7})

layouts = st.lists(st.sampled_from(FieldType), min_size=1, max_size=12).map(lambda types: of(*types))


@st.composite
def batches(draw):
    """Frames of a few layouts, mixed: (layout, first, uptime, offsets, values of each record, with a checksum or not)."""
    known = [draw(layouts) for _ in range(draw(st.integers(1, 3)))]
    frames = []
    for _ in range(draw(st.integers(1, 12))):
        layout = draw(st.sampled_from(known))
        records = draw(
            st.lists(
                st.fixed_dictionaries({one.name: st.integers(one.type.low, one.type.high) for one in layout.fields}),
                min_size=1,
                max_size=5,
            )
        )
        offsets = draw(st.lists(st.integers(0, 2**32 - 1), min_size=len(records), max_size=len(records)))
        frames.append(
            (layout, draw(st.integers(0, 2**32 - 5)), draw(st.integers(0, 2**48 - 1)), offsets, records, draw(st.booleans()))
        )
    return frames


@given(batches())
@settings(deadline=None)
def test_a_mixed_batch_decodes_to_what_was_packed(batch):
    raw = [
        make(layout, [layout.pack(one) for one in records], first=first, uptime_ms=uptime, offsets=offsets, flags=0x10 * checked)
        for layout, first, uptime, offsets, records, checked in batch
    ]
    frames = decode.frames(raw)
    assert not frames.fault.any()
    for layout in {id(one[0]): one[0] for one in batch}.values():
        chosen = np.array([at for at, one in enumerate(batch) if one[0].fingerprint == layout.fingerprint])
        run = decode.records(frames, chosen, layout.record_bytes)
        fields = Decoder(layout).fields(run)
        wanted = [
            (at, first + step, uptime + offsets[step], records[step])
            for at, (_, first, uptime, offsets, records, _) in enumerate(batch)
            if at in chosen
            for step in range(len(records))
        ]
        assert list(zip(run.frame.tolist(), run.seq.tolist(), run.uptime_ms.tolist(), strict=True)) == [one[:3] for one in wanted]
        for one in layout.fields:
            assert [int(value) for value in fields[one.name]] == [values[one.name] for *_, values in wanted]
        assert not Decoder(layout).impossible(fields).any()


@pytest.mark.parametrize(
    ("fault", "raw"),
    [
        (OK, make(U16, [BODY])),
        (OK, make(U16, [BODY] * 3, flags=0x1F)),
        (NO_FRAME, b""),
        (NO_FRAME, b"garbage"),
        (NO_FRAME, bytes(64)),
        (TRUNCATED, b"\xa1"),
        (TRUNCATED, make(U16, [BODY])[:31]),
        (TRUNCATED, make(U16, [BODY, BODY])[:-8]),
        (TRUNCATED, make(U16, [BODY])[:-1]),
        (TRUNCATED, make(U16, [BODY], flags=0x10)[:-4]),
        (OVERSIZED, make(U16, [BODY]) + b"1"),
        (OVERSIZED, make(U16, [BODY]) + crc32(make(U16, [BODY])).to_bytes(4, "little")),
        (OVERSIZED, make(U16, [BODY]) + bytes(8)),
        (OVERSIZED, make(U16, [BODY]) + bytes(1 << 16)),
        (MALFORMED, make(U16, [], count=0)),
        (MALFORMED, make(U16, [BODY], record=0)),
        (MALFORMED, make(U16, [BODY], record=12)),
        (MALFORMED, make(U16, [BODY], incarnation=0)),
        (MALFORMED, make(U16, [BODY], boot=0)),
        (MALFORMED, make(U16, [BODY] * 2, first=2**32 - 1)),
        (OK, make(U16, [BODY], first=2**32 - 1)),
        (VERSION, make(U16, [BODY], version=2)),
        (CRC, make(U16, [BODY], flags=0x10)[:-1] + b"\0"),
        (FLAGS, make(U16, [BODY], flags=0x20)),
        (FLAGS, make(U16, [BODY], flags=0x80)),
    ],
)
def test_each_fault_is_named_and_leaves_the_frames_around_it_alone(fault, raw):
    good = make(U16, [BODY], flags=0x10)
    frames = decode.frames([good, raw, good])
    assert frames.fault.tolist() == [OK, fault, OK]


@given(st.lists(st.binary(max_size=120) | st.binary(max_size=120).map(lambda raw: b"\xa1" + raw), max_size=20))
def test_no_bytes_raise(noise):
    frames = decode.frames(noise)
    assert len(frames) == len(noise)
    decode.records(frames, np.flatnonzero(frames.fault == OK)[:0], 8)


@given(st.binary(min_size=1, max_size=8), st.integers(0, 2**20))
def test_any_change_of_a_frame_under_a_checksum_is_seen(change, seed):
    raw = bytearray(make(U16, [BODY] * 3, flags=0x10))
    at = seed % len(raw)
    before = bytes(raw)
    raw[at : at + len(change)] = change[: len(raw) - at]
    frames = decode.frames([bytes(raw)])
    assert bytes(raw) == before or frames.fault[0] != OK or raw[1] & 0x10 == 0


@given(st.lists(st.integers(0, 0xFFFF), min_size=2, max_size=6), st.integers(0, 2**40), st.data())
def test_a_record_has_one_digest_however_it_is_framed(values, uptime, data):
    bodies = [U16.pack({"f0": value}) for value in values]
    offsets = [10 * at for at in range(len(values))]
    whole = decode.frames([make(U16, bodies, uptime_ms=uptime, offsets=offsets)])
    cut = data.draw(st.integers(1, len(values) - 1))
    halves = decode.frames(
        [
            make(U16, bodies[:cut], uptime_ms=uptime, offsets=offsets[:cut]),
            make(
                U16,
                bodies[cut:],
                uptime_ms=uptime + offsets[cut],
                offsets=[one - offsets[cut] for one in offsets[cut:]],
                flags=0x11,
            ),
        ]
    )

    def digests(frames):
        run = decode.records(frames, np.arange(len(frames)), U16.record_bytes)
        return decode.digests(run, U16.fingerprint).tolist()

    assert digests(whole) == digests(halves)
    assert len(set(digests(whole))) == len(values)  # other uptimes, so other records


def test_a_digest_sees_the_layout_the_time_and_every_field():
    wide = of(*FieldType)
    base = {one.name: 0 for one in wide.fields}
    variants = [base] + [{**base, one.name: 1} for one in wide.fields]
    raw = [make(wide, [wide.pack(one)]) for one in variants]
    raw.append(make(wide, [wide.pack(base)], uptime_ms=1))
    frames = decode.frames(raw)
    run = decode.records(frames, np.arange(len(raw)), wide.record_bytes)
    seen = decode.digests(run, 1).tolist() + decode.digests(run, 2).tolist()
    assert len(set(seen)) == 2 * len(raw)


def test_values_that_cannot_be_are_found_by_range_members_and_truth():
    layout = Layout(
        product="p",
        message="m",
        message_id=1,
        version=1,
        fields=(
            Field(name="power", type=FieldType.U16, scale=Decimal("0.1"), range=(Decimal(0), Decimal(3000))),
            Field(name="mode", type=FieldType.U8, enum={0: "off", 2: "on", 7: "fault"}),
            Field(name="open", type=FieldType.BOOL),
        ),
    )
    decoder = Decoder(layout)

    def judged(power, mode, is_open):
        raw = make(layout, [struct.pack("<HBB", power, mode, is_open).ljust(layout.record_bytes - 4, b"\0")])
        run = decode.records(decode.frames([raw]), np.zeros(1, np.int64), layout.record_bytes)
        fields = decoder.fields(run)
        return bool(decoder.impossible(fields)[0]), decoder.why(fields[0])

    assert judged(30_000, 2, 1) == (False, "every value is allowed")
    assert judged(30_001, 2, 1) == (True, "power is 30001, allowed are 0 to 30000")
    assert judged(0, 1, 1)[0]
    assert judged(0, 8, 1)[0]
    assert judged(0, 0, 2) == (True, "open is 2, allowed are 0 to 1")
