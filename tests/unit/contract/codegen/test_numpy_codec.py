"""The NumPy codec against `Layout.pack` and `Layout.stored`: the same values from the same bytes, for any layouts, mixed in any order."""

import struct
import sys
from binascii import crc32
from dataclasses import replace
from types import ModuleType

import numpy as np
import pytest
from hypothesis import assume, given, settings, strategies as st
from tests.unit.contract.codegen.specimens import EVERYTHING, HEATER, family_of
from tests.unit.contract.packed_layouts import layouts, sendable

from seamline.contract import FieldType, OutOfRange
from seamline.contract.codegen.numpy_codec import numpy_codec
from seamline.contract.layout import LayoutError

HEAD = "<BBBBIIIIHHIHH"


def module(family):
    """The generated module of a family, loaded."""
    ((path, text),) = numpy_codec(family, family.current).items()
    found = ModuleType(path.removesuffix(".py"))
    sys.modules[found.__name__] = found  # dataclasses look there
    exec(compile(text, path, "exec"), vars(found))
    return vars(found)


def framed(layout, records, *, boot=1, first=0, uptime_ms=1000, crc=False):
    """A frame of records `(offset_ms, values)`."""
    body = b"".join(layout.pack_record(offset, values) for offset, values in records)
    low, high = uptime_ms & 0xFFFF_FFFF, uptime_ms >> 32
    ids = (layout.message_id, layout.version, layout.fingerprint)
    head = struct.pack(HEAD, 0xA1, 0x10 if crc else 0, *ids, 7, boot, first, len(records), 3, low, high, layout.record_bytes)
    whole = head + body
    return whole + crc32(whole).to_bytes(4, "little") if crc else whole


def with_layouts(family, *found):
    """The family with one message of these layouts."""
    return replace(family, layouts={(one.message_id, one.version, one.fingerprint): one for one in found})


def rows(batch, message):
    """The records of a decoded message as (frame, layout, seq, uptime_ms, {name: raw or None})."""
    found = batch.records[message]
    columns = {
        name: [None if lost else raw for raw, lost in zip(values.tolist(), missing.tolist(), strict=True)]
        for name, values in found.values.items()
        for missing in [found.missing.get(name, np.zeros(len(values), bool))]
    }
    keys = zip(found.frame.tolist(), found.layout.tolist(), found.seq.tolist(), found.uptime_ms.tolist(), strict=True)
    return [(*key, {name: column[at] for name, column in columns.items()}) for at, key in enumerate(keys)]


@st.composite
def versions(draw):
    """One to three layouts of one message; fields of a name keep their type, everything else may differ."""
    found = [replace(one, version=number) for number, one in enumerate(draw(st.lists(layouts(), min_size=1, max_size=3)), 1)]
    kinds = {}
    for layout in found:
        for place in layout.places:
            assume(kinds.setdefault(place.name, place.field.type.signed) == place.field.type.signed)
    assume(all(layout.record_bytes < 1000 for layout in found))
    return found


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_any_mixture_of_layouts_decodes_to_what_each_layout_says_and_encodes_back_to_its_bytes(data):
    found = data.draw(versions())
    codec = module(with_layouts(HEATER, *found))
    frames, expected = [], []
    for index in range(data.draw(st.integers(1, 6))):
        layout = data.draw(st.sampled_from(found))
        records = data.draw(st.lists(st.tuples(st.integers(0, 2**32 - 1), sendable(layout)), min_size=1, max_size=3))
        first, uptime = data.draw(st.integers(0, 2**32 - 4)), data.draw(st.integers(0, 2**48 - 1))
        frames.append(framed(layout, records, first=first, uptime_ms=uptime))
        for at, (offset, values) in enumerate(records):
            stored = dict(zip((place.name for place in layout.places), layout.stored(layout.pack(values)), strict=True))
            expected.append((index, layout.version, first + at, uptime + offset, stored))
    batch = codec["decode_list"](frames)
    assert batch.refused.tolist() == []
    got = rows(batch, "m")
    names = {name for row in expected for name in row[4]}
    assert [(*row[:4], {k: v for k, v in row[4].items() if k in names}) for row in got] == [
        (*row[:4], {name: row[4].get(name) for name in names}) for row in expected
    ]
    scalar = codec["decode_rows"](frames)
    assert [(f, v, s, u, values) for f, _, v, s, u, values in scalar] == [
        (*row[:4], {name: raw for name, raw in row[4].items() if raw is not None}) for row in expected
    ]
    if not any(field.out_of_range is OutOfRange.MISSING and field.limited for layout in found for field in layout.fields):
        blob, offsets = codec["encode"](batch)
        assert blob == b"".join(frames)
        assert np.diff(offsets).tolist() == [len(frame) for frame in frames]


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_records_without_headers_decode_alike(data):
    layout = data.draw(layouts())
    codec = module(with_layouts(HEATER, layout))
    records = data.draw(st.lists(st.tuples(st.integers(0, 2**32 - 1), sendable(layout)), min_size=1, max_size=4))
    blob = b"".join(layout.pack_record(offset, values) for offset, values in records)
    found = codec["decode_records"](blob, 1, 1, layout.fingerprint)
    assert found.uptime_ms.tolist() == [offset for offset, _ in records]
    for at, place in enumerate(layout.places):
        expected = [layout.stored(layout.pack(values))[at] for _, values in records]
        missing = found.missing.get(place.name, np.zeros(len(records), bool)).tolist()
        assert [None if lost else raw for raw, lost in zip(found.values[place.name].tolist(), missing, strict=True)] == expected


@pytest.fixture(scope="module")
def heater():
    return module(HEATER)


READING = HEATER.current.messages["reading"].layout
OLD = HEATER.versions["1.2.0"].messages["reading"].layout
VALUES = {"room": 1, "element": 2, "power": 3, "mode": 1, "set_point": 500}
GOOD = framed(READING, [(0, VALUES)])


def test_a_field_that_an_older_layout_lacks_is_missing_never_zero(heater):
    old = framed(OLD, [(0, {name: raw for name, raw in VALUES.items() if name != "set_point"})])
    assert [row[4]["set_point"] for row in rows(heater["decode_list"]([GOOD, old, GOOD]), "reading")] == [500, None, 500]


def test_a_checksum_behind_the_records_is_skipped(heater):
    frames = [framed(READING, [(0, VALUES)], crc=True), GOOD]
    assert len(rows(heater["decode_list"](frames), "reading")) == len(heater["decode_rows"](frames)) == 2


DAMAGED = {
    "nothing": b"",
    "one byte": b"\xa1",
    "half a header": GOOD[:31],
    "a byte short": GOOD[:-1],
    "a word short": GOOD[:-8],
    "a word long": GOOD + bytes(8),
    "another magic": b"\xb1" + GOOD[1:],
    "another framing version": b"\xa2" + GOOD[1:],
    "an unknown flag": GOOD[:1] + b"\x20" + GOOD[2:],
    "a checksum that is not there": GOOD[:1] + b"\x10" + GOOD[2:],
    "another layout": GOOD[:3] + b"\x09" + GOOD[4:],
    "another fingerprint": GOOD[:4] + b"\x00" + GOOD[5:],
    "no records": GOOD[:20] + bytes(2) + GOOD[22:32],
    "another record size": GOOD[:30] + b"\x18\x00" + GOOD[32:] + bytes(8),
}


@pytest.mark.parametrize("damaged", DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_frame_is_named_and_its_neighbours_are_decoded(heater, damaged):
    frames = [GOOD, damaged, GOOD]
    batch = heater["decode_list"](frames)
    assert batch.refused.tolist() == [1]
    assert [row[0] for row in rows(batch, "reading")] == [0, 2]
    assert [row[0] for row in heater["decode_rows"](frames)] == [0, 2]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.binary(max_size=80) | st.binary(max_size=60).map(lambda tail: GOOD[:12] + tail), max_size=5))
def test_any_bytes_at_all_are_refused_or_decoded_but_never_an_error(frames):
    codec = module(HEATER)
    batch = codec["decode_list"](frames)
    decoded = {int(frame) for found in batch.records.values() for frame in found.frame}
    assert decoded | set(batch.refused.tolist()) == set(range(len(frames)))
    assert decoded == {row[0] for row in codec["decode_rows"](frames)}


def test_no_frames_give_no_columns(heater):
    batch = heater["decode_list"]([])
    assert (batch.records, len(batch.refused), len(batch.frames["boot"])) == ({}, 0, 0)


@pytest.mark.parametrize(("name", "raw"), [("power", 30_001), ("mode", 4), ("set_point", 499)])
def test_what_may_not_be_sent_is_refused_by_name(heater, name, raw):
    batch = heater["decode_list"]([GOOD, GOOD])
    batch.records["reading"].values[name][1] = raw
    with pytest.raises(ValueError, match=f"'{name}' of record 1: {raw} is not allowed"):
        heater["encode"](batch)
    with pytest.raises(LayoutError):
        READING.pack({**VALUES, name: raw})


def test_what_a_layout_cannot_leave_out_must_be_there(heater):
    batch = heater["decode_list"]([GOOD])
    batch.records["reading"].missing["power"] = np.array([True])
    with pytest.raises(ValueError, match="'power' is missing in record 0"):
        heater["encode"](batch)


def test_a_frame_of_an_unknown_layout_cannot_be_encoded(heater):
    batch = heater["decode_list"]([GOOD, b"not a frame"])
    with pytest.raises(ValueError, match="frame 1: no layout"):
        heater["encode"](batch)


def test_a_value_outside_its_flags_is_missing_or_refused_by_its_rule():
    codec = module(EVERYTHING)
    layout = EVERYTHING.current.messages["scan"].layout
    values = {place.name: 0 for place in layout.places if not place.field.optional} | {"alarm": 2, "bits": 2, "counts_0": 1023}
    batch = codec["decode_list"]([framed(layout, [(0, values)])])
    (row,) = rows(batch, "scan")
    assert (row[4]["alarm"], row[4]["bits"], row[4]["counts_0"], row[4]["level"]) == (None, 2, 1023, None)


def test_a_column_is_as_wide_as_its_widest_layout():
    narrow = READING.fields[3]
    wide = replace(narrow, type=FieldType.U16, enum={**narrow.enum, 300: "far"})
    newer = replace(READING, version=4, fields=(*READING.fields[:3], wide))
    codec = module(with_layouts(HEATER, READING, newer))
    frames = [GOOD, framed(newer, [(0, {"room": 1, "element": 2, "power": 3, "mode": 300})])]
    batch = codec["decode_list"](frames)
    assert batch.records["reading"].values["mode"].tolist() == [1, 300]
    assert codec["encode"](batch)[0] == b"".join(frames)


def test_a_family_of_one_version_has_a_codec_too():
    assert module(family_of(HEATER.current))["decode_list"]([GOOD]).refused.tolist() == []
