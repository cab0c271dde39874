"""Parameters of set-wise statements are what PostgreSQL's array_recv reads; partitions are named for their day and found by it."""

import json
import struct
from datetime import date

import numpy as np
import pytest
from hypothesis import given, strategies as st

from seamline.hub.params import INT8_ARRAY_OID, INT8_OID, Int8s, Int8sDumper, rows
from seamline.hub.retention import _day, partition

I64 = st.integers(-(2**63), 2**63 - 1)


def received(data):
    """Read an int8[] as array_recv does (src/backend/utils/adt/arrayfuncs.c): dimensions, null flag, element type, then each."""
    dimensions, nulls, oid = struct.unpack_from(">iiI", data)
    assert (nulls, oid) == (0, INT8_OID)
    if dimensions == 0:
        assert len(data) == 12
        return []
    size, low = struct.unpack_from(">ii", data, 12)
    assert (dimensions, low, len(data)) == (1, 1, 20 + 12 * size)
    elements = [struct.unpack_from(">iq", data, 20 + 12 * at) for at in range(size)]
    assert all(length == 8 for length, _ in elements)
    return [value for _, value in elements]


@given(st.lists(I64, max_size=40))
def test_an_array_of_integers_arrives_as_it_is(values):
    dumper = Int8sDumper(Int8s)
    assert dumper.oid == INT8_ARRAY_OID
    assert received(dumper.dump(Int8s(values))) == values
    assert received(dumper.dump(Int8s(np.array(values, np.int64)[::-1]))) == values[::-1], "a view is dumped as it reads"


def test_what_is_no_64_bit_integer_is_refused_and_not_cut():
    with pytest.raises(OverflowError):
        Int8s([2**63])


@given(
    st.lists(
        st.dictionaries(st.text(max_size=5), st.none() | I64 | st.text(max_size=5) | st.lists(I64, max_size=3), max_size=4),
        max_size=5,
    )
)
def test_rows_go_as_one_json_array(records):
    assert json.loads(rows(iter(records))) == records


@given(st.dates(date(2000, 1, 1), date(9999, 12, 31)), st.from_regex(r"[a-z_]{1,20}", fullmatch=True))
def test_a_partition_is_found_by_its_day_and_only_among_its_own_tables(day, table):
    name = partition(table, day)
    assert _day(table, name) == day
    assert _day(f"{table}x", name) is None


@pytest.mark.parametrize(
    "name", ["t_default", "t_", "t_2026112", "t_202611211", "t_20261399", "t_00000000", "t_2026112²", "t_abcdefgh", "other"]
)
def test_what_is_no_days_partition_is_never_taken_for_an_old_one(name):
    assert _day("t", name) is None


@given(st.lists(st.dates(date(1000, 1, 1), date(9999, 12, 31)), min_size=2, max_size=5))
def test_partitions_sort_as_their_days(days):
    assert sorted(partition("t", day) for day in days) == [partition("t", day) for day in sorted(days)]
