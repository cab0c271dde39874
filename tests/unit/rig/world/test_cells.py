"""Cells of the tables in memory: time as PostgreSQL rounds it, JSON as a database keeps it."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given, strategies as st

from seamline.rig.world.tables import NOT_NULL, NOT_TEXT, NUL_IN_TEXT, OUT_OF_RANGE, RefusedError
from seamline.rig.world.tables_cells import (
    EPOCH_S,
    EPOCH_US,
    moment,
    moment_text,
    moment_us,
    timestamp,
)
from seamline.rig.world.tables_recordset import ROWS_MANY, Shape, cast_rows

ROUNDED_UP_US = 1_790_000_000_123_450
moments = st.integers(-60_000_000_000_000_000, 250_000_000_000_000_000)
words = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=5)
documents = st.recursive(
    st.none() | st.booleans() | st.integers() | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize("a_second", [1_000, 1_000_000])
@given(st.data())
def test_a_time_is_what_arithmetic_in_doubles_makes_of_it(a_second, data):
    count = data.draw(st.integers(0, (1 << 32) * a_second))
    assert timestamp(count, a_second) == round((count / a_second - EPOCH_S) * 1e6) + EPOCH_US


@given(moments)
def test_a_time_as_text_reads_back_as_itself(at_us):
    text = moment_text(at_us)
    assert moment_us(text) == at_us
    assert moment(at_us) == datetime.fromisoformat(text).astimezone(UTC)
    assert not text.removesuffix("+00").endswith("0") or at_us % 1_000_000 == 0


def test_a_time_as_text_is_written_as_postgresql_does():
    assert moment_text(ROUNDED_UP_US) == "2026-09-21 14:13:20.12345+00"


@given(documents)
def test_json_is_kept_as_a_copy_of_what_json_can_say(document):
    [row] = cast_rows([{"detail": document}], Shape({"detail": "jsonb"})).rows()
    assert row["detail"] == json.loads(json.dumps(document))


def test_what_is_changed_afterwards_is_not_changed_in_the_table():
    detail = {"missing": [[1, 2]], "pair": (1, "a")}
    [row] = cast_rows([{"detail": detail}], Shape({"detail": "jsonb"})).rows()
    detail["missing"][0].append(3)
    assert row["detail"] == {"missing": [[1, 2]], "pair": [1, "a"]}


def test_names_that_are_no_text_become_what_json_writes():
    [row] = cast_rows([{"detail": {7: 0.5, None: 1}}], Shape({"detail": "jsonb"})).rows()
    assert row["detail"] == {"7": 0.5, "null": 1}


KINDS = {
    "a": "int2", "b": "int4", "c": "int8", "d": "text", "e": "jsonb", "f": "bool", "g": "int8[]", "h": "timestamptz",
}  # fmt: skip
CELLS = {
    "int2": st.integers(-(1 << 15), (1 << 15) - 1), "int4": st.integers(-(1 << 31), (1 << 31) - 1),
    "int8": st.integers(-(1 << 63), (1 << 63) - 1), "text": words, "jsonb": documents, "bool": st.booleans(),
    "int8[]": st.lists(st.integers(0, 9)), "timestamptz": words,
}  # fmt: skip
ODD = st.sampled_from([True, -1, 1 << 15, 1 << 31, 1 << 63, -(1 << 63) - 1, "a\x00", "\ud800", "grün", 0.5, [1], {"a": (1,)}])
rows_of_kinds = st.fixed_dictionaries({}, optional={name: st.none() | CELLS[kind] for name, kind in KINDS.items()})


def outcome(rows):
    """What becomes of rows, one by one or together; of those that are refused only why."""
    try:
        return list(cast_rows(rows, Shape(KINDS)).rows())
    except RefusedError as refused:
        return refused.sqlstate


@given(st.lists(rows_of_kinds, min_size=ROWS_MANY, max_size=ROWS_MANY + 2), st.data())
def test_rows_are_cast_together_as_they_are_one_by_one(rows, data):
    assert outcome(rows) == [cell for row in rows for cell in outcome([row])]
    odd = dict(data.draw(rows_of_kinds), **{data.draw(st.sampled_from(sorted(KINDS))): data.draw(ODD)})
    alone = outcome([odd])
    assert outcome([*rows, odd]) == (alone if isinstance(alone, str) else [*outcome(rows), *alone])


def test_no_rows_have_columns_without_cells():
    found = cast_rows([], Shape({"a": "int8", "b": "text"}))
    assert (found.count, found.ints("a"), found.maybe_texts("b"), list(found.rows())) == (0, (), (), [])


def test_a_column_is_read_as_what_it_is_and_refused_where_it_must_not_be_null():
    found = cast_rows(
        [{"a": 1, "b": "x", "c": True}, {"a": None, "b": "y", "c": False}], Shape({"a": "int8", "b": "text", "c": "bool"})
    )
    assert (found.maybe_ints("a"), found.texts("b"), found.truths("c")) == ((1, None), ("x", "y"), (True, False))
    assert found.maybe_times("a") == [1_000, None]
    assert found.maybe_times("a", 1_000_000) == [1, None]
    for read in (found.ints, found.times, found.whole):
        with pytest.raises(RefusedError, match="column a") as refused:
            read("a")
        assert refused.value.sqlstate == NOT_NULL


@given(st.lists(st.integers(-(1 << 40), 1 << 42), max_size=6))
def test_a_column_of_times_is_each_of_its_times(counts):
    found = cast_rows([{"a": count} for count in counts], Shape({"a": "int8"}))
    assert found.times("a") == [timestamp(count) for count in counts]


@pytest.mark.parametrize(
    ("value", "kind", "sqlstate"),
    [
        ("a\x00", "text", NUL_IN_TEXT),
        ("\ud800", "text", NOT_TEXT),
        ({"a\x00": 1}, "jsonb", NUL_IN_TEXT),
        ({"a": ["\udfff"]}, "jsonb", NOT_TEXT),
        (1 << 31, "int4", OUT_OF_RANGE),
        (-(1 << 15) - 1, "int2", OUT_OF_RANGE),
        ("seven", "int4", NOT_TEXT),
        (True, "int4", NOT_TEXT),
        (7, "text", NOT_TEXT),
        ([1], "text", NOT_TEXT),
    ],
)
def test_a_cell_that_its_column_does_not_take_is_refused(value, kind, sqlstate):
    with pytest.raises(RefusedError) as refused:
        cast_rows([{"a": value}], Shape({"a": kind}))
    assert refused.value.sqlstate == sqlstate


def test_text_that_is_no_ascii_is_taken_as_it_is():
    assert cast_rows([{"a": "grün"}], Shape({"a": "text", "b": "int8"})).rows() == [{"a": "grün", "b": None}]
