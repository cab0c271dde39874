"""The fast path and the scalar path give the same books; batches and copies have the shapes PostgreSQL reads."""

import struct
from collections import defaultdict

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from tests.unit.hub_decode.test_decode import FieldType, make, of

from seamline.hub.binary_copy import Writer
from seamline.hub.folds import Key
from seamline.hub.ingest import fast, slow
from seamline.hub.ingest.busy import partition_of
from seamline.hub.ingest.catalogue import Catalogue
from seamline.hub.ingest.judge import judge
from seamline.hub.ingest.memory import Memory
from seamline.hub.ingest.reader import Batch
from seamline.hub.inventory import DeviceLedger, take
from seamline.hub.ledger import Class, LedgerRow
from seamline.hub.params import Int8s, Int8sDumper

U16 = of(FieldType.U16)
BODY = U16.pack({"f0": 7})

sent = st.lists(st.tuples(st.integers(0, 2), st.integers(1, 2), st.integers(0, 12), st.integers(1, 4)), max_size=25)
"""(device, boot, first, count)"""


def batch_of(frames):
    return Batch(
        [f"up.0.d{device}.data".encode() for device, *_ in frames],
        [make(U16, [BODY] * count, first=first, boot=boot) for _, boot, first, count in frames],
        list(range(1, len(frames) + 1)),
        [1_790_000_000_000_000_000] * len(frames),
    )


@given(sent)
def test_frames_are_grouped_by_key_in_the_order_of_the_stream(frames):
    memory = Memory()
    if not frames:
        return
    grouped = fast.group(judge(batch_of(frames), memory.fleet, Catalogue([])), memory.keys)
    by_key = defaultdict(list)
    for at, (device, boot, *_) in enumerate(frames):
        by_key[device, boot].append(at)
    groups = [grouped.order[start : last + 1].tolist() for start, last in zip(grouped.start, grouped.last, strict=True)]
    assert sorted(groups) == sorted(by_key.values())
    assert [len(grouped)] == [len(by_key)]
    assert [groups[group][0] for group in grouped.of.tolist()] == [own[0] for own in groups for _ in own]


@given(st.lists(st.integers(0, 9)), st.sets(st.integers(0, 9)))
def test_a_column_of_devices_is_looked_up_among_some(slots, some):
    fleet = Memory().fleet
    for number in range(10):
        fleet.slot(f"d{number}")
    assert fleet.marked(some)[np.array(slots, np.int64)].tolist() == [slot in some for slot in slots]


@given(sent)
@settings(deadline=None)
def test_the_fast_path_moves_rows_exactly_as_the_scalar_one(frames):
    memory = Memory()
    judged = judge(batch_of(frames), memory.fleet, Catalogue([]))
    scalar = defaultdict(DeviceLedger)
    for device, boot, first, count in frames:
        scalar[device] = take(scalar[device], Key(1, boot, 1), first, count, Class.QUARANTINED, now_ms=1).ledger
    if not frames:
        return
    grouped = fast.group(judged, memory.keys)
    memory.keys.plain[grouped.key] = True
    taken = fast.plain(grouped, memory.keys)
    moves = fast.move(judged, grouped, taken)
    keys = memory.keys
    for at, slot in enumerate(moves.key.tolist()):
        device = int(memory.fleet.devices[keys.device[slot]].id[1:])
        row = scalar[device].rows[Key(int(keys.incarnation[slot]), int(keys.boot[slot]), int(keys.channel[slot]))]
        assert (row.mark, row.high, row.gaps, row.quarantined) == (moves.mark[at], moves.mark[at], (), moves.quarantined[at])
        assert row.duplicates == 0
    for device in range(3):
        slot = memory.fleet.slot(f"d{device}")
        own = np.flatnonzero(judged.device == slot).tolist()
        done = slow.work(judged, slot, DeviceLedger(), own, [])
        assert {key: (row.mark, row.high, row.gaps, row.classed) for key, row in done.ledger.rows.items()} == {
            key: (row.mark, row.high, row.gaps, row.classed) for key, row in scalar[device].rows.items()
        }


@given(sent, st.integers(0, 12))
@settings(deadline=None)
def test_only_groups_that_continue_their_mark_without_a_hole_are_fast(frames, mark):
    if not frames:
        return
    memory = Memory()
    judged = judge(batch_of(frames), memory.fleet, Catalogue([]))
    grouped = fast.group(judged, memory.keys)
    memory.keys.plain[grouped.key], memory.keys.mark[grouped.key] = True, mark
    taken = fast.plain(grouped, memory.keys)
    for at, slot in enumerate(grouped.key.tolist()):
        device = int(memory.fleet.devices[memory.keys.device[slot]].id[1:])
        boot = int(memory.keys.boot[slot])
        upto, whole = mark, True
        for _, _, first, count in [one for one in frames if one[:2] == (device, boot)]:
            whole &= first == upto
            upto = first + count
        assert bool(taken[at]) is whole


def test_a_writer_makes_rows_with_and_without_dates():
    layout = of(FieldType.U8, FieldType.U64, FieldType.I32)
    writer = Writer(layout)
    count = 3
    keys = {name: np.arange(count) for name in ("device_no", "incarnation", "boot", "seq", "arrival", "uptime_ms")}
    keys |= {name: np.arange(count) for name in ("measured", "error_ms", "quality", "revision", "digest")}
    fields = np.zeros(count, [("f0", "u1"), ("f1", "<u8"), ("f2", "<i4")])
    fields["f1"] = [0, 2**64 - 1, 12_345_678]
    rows = writer.rows(keys, np.array([True, False, True]), fields)
    sizes = []
    while rows:
        (columns,) = struct.unpack_from(">h", rows)
        at, nulls = 2, 0
        for _ in range(columns):
            (length,) = struct.unpack_from(">i", rows, at)
            nulls += length < 0
            at += 4 + max(0, length)
        sizes.append((columns, nulls))
        rows = rows[at:]
    assert sizes == [(15, 0), (15, 0), (15, 2)]


@pytest.mark.parametrize("values", [[], [1], [-1, 2**62, 0]])
def test_arrays_are_postgresqls_binary_form(values):
    raw = bytes(Int8sDumper(Int8s).dump(Int8s(values)))
    dimensions, nulls, oid = struct.unpack_from(">iiI", raw)
    assert (dimensions, nulls, oid) == (1 if values else 0, 0, 20)
    if values:
        assert struct.unpack_from(">ii", raw, 12) == (len(values), 1)
        assert [struct.unpack_from(">iq", raw, 20 + 12 * at) for at in range(len(values))] == [(8, one) for one in values]


def test_partitions_are_fnv_1a():
    assert partition_of(b"", 1 << 32) == 0x811C9DC5
    assert partition_of(b"foobar", 1 << 32) == 0xBF9CF968


def test_an_empty_row_is_plain():
    assert LedgerRow().mark == LedgerRow().high == 0
