"""How durations and times are said, and how tables fit."""

import pytest
from hypothesis import given, strategies as st

from seamline.cli.screen import ELASTIC_MIN, GAP, clean, fitted
from seamline.cli.words import ago, incarnation, quantity, span, stamp


@pytest.mark.parametrize(
    ("ms", "said"),
    [
        (0, "0 ms"), (999, "999 ms"), (1_000, "1 s"), (59_999, "59 s"), (60_000, "1 min"), (200_000, "3 min 20 s"),
        (3_600_000, "1 h"), (3_660_000, "1 h 1 min"), (90_000_000, "1 d 1 h"), (172_800_000, "2 d"), (-61_000, "-1 min 1 s"), (None, "–"),
    ],
)  # fmt: skip
def test_a_span_is_said_in_its_largest_units(ms, said):
    assert span(ms) == said


def test_what_never_was_is_never_a_date():
    assert ago(None, 5) == "never"
    assert stamp(None) == "–"
    assert incarnation(None) == "–"


def test_a_moment_after_the_hubs_now_is_not_in_the_future():
    assert ago(1_010, 1_000) == "0 ms ago"


@given(st.integers(min_value=-(2**70), max_value=2**70))
def test_any_number_can_be_said_as_a_time(ms):
    assert stamp(ms)
    assert span(ms)


@given(
    st.lists(st.tuples(st.integers(1, 300), st.booleans()), min_size=1, max_size=12),
    st.integers(20, 300),
)
def test_a_table_fits_where_its_elastic_columns_can_give_way(columns, width):
    widths, elastic = [each for each, _ in columns], [gives for _, gives in columns]
    result = fitted(widths, elastic, width)
    total = sum(result) + len(GAP) * (len(result) - 1)
    assert all(now <= before for now, before in zip(result, widths, strict=True))
    assert all(now == before for now, before, gives in zip(result, widths, elastic, strict=True) if not gives)
    gave_all = all(now <= ELASTIC_MIN for now, gives in zip(result, elastic, strict=True) if gives)
    assert total <= width or gave_all


@pytest.mark.parametrize(
    ("number", "words", "said"),
    [
        (1, ("node",), "1 node"),
        (0, ("node",), "0 nodes"),
        (1200, ("node",), "1,200 nodes"),
        (1, ("node stands", "nodes stand"), "1 node stands"),
        (2, ("node stands", "nodes stand"), "2 nodes stand"),
    ],
)
def test_one_of_a_thing_is_said_in_the_singular(number, words, said):
    assert quantity(number, *words) == said


@given(st.text())
def test_what_is_printed_holds_no_control_characters(text):
    assert clean(text).isprintable() or not set(clean(text)) & {chr(code) for code in (*range(32), 127)}
