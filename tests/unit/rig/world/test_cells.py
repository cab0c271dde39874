"""Cells of the tables in memory: time as PostgreSQL rounds it, JSON as a database keeps it."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given, strategies as st

from seamline.rig.world.tables import NOT_NULL, NOT_TEXT, NUL_IN_TEXT, OUT_OF_RANGE, RefusedError
from seamline.rig.world.tables_cells import (
    EPOCH_S,
    EPOCH_US,
    cast_rows,
    ints_of,
    maybe_ints,
    moment,
    moment_text,
    moment_us,
    timestamp,
)

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
    [row] = cast_rows([{"detail": document}], {"detail": "jsonb"})
    assert row["detail"] == json.loads(json.dumps(document))


def test_what_is_changed_afterwards_is_not_changed_in_the_table():
    detail = {"missing": [[1, 2]], "pair": (1, "a")}
    [row] = cast_rows([{"detail": detail}], {"detail": "jsonb"})
    detail["missing"][0].append(3)
    assert row["detail"] == {"missing": [[1, 2]], "pair": [1, "a"]}


def test_names_that_are_no_text_become_what_json_writes():
    [row] = cast_rows([{"detail": {7: 0.5, None: 1}}], {"detail": "jsonb"})
    assert row["detail"] == {"7": 0.5, "null": 1}


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
        cast_rows([{"a": value}], {"a": kind})
    assert refused.value.sqlstate == sqlstate


def test_text_that_is_no_ascii_is_taken_as_it_is():
    assert cast_rows([{"a": "grün"}], {"a": "text", "b": "int8"}) == [{"a": "grün", "b": None}]


def test_several_columns_are_read_at_once_and_a_missing_one_is_named():
    assert maybe_ints({"a": 1, "b": None}, "b", "a") == (None, 1)
    assert ints_of({"a": 1, "b": 2}, "b", "a") == (2, 1)
    with pytest.raises(RefusedError, match="column b") as refused:
        ints_of({"a": 1, "b": None}, "a", "b")
    assert refused.value.sqlstate == NOT_NULL
