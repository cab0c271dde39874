"""Control messages: one way to write each, and nothing malformed gets in."""

import json

import pytest
from hypothesis import given, strategies as st

from seamline.device.control import (
    DOWNLINK_BYTES_MAX,
    Malformed,
    Marks,
    Session,
    Twin,
    as_token,
    is_token,
    is_value,
    parse,
    parse_busy,
    write,
)

EXACT = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=6,
).filter(lambda value: depth(value) <= 8)
SESSION = {"session": 1, "boot": 2, "incarnation": 3, "marks": []}


def depth(value):
    if isinstance(value, dict):
        value = list(value.values())
    return 1 + max((depth(item) for item in value), default=0) if isinstance(value, list) else 0


@given(EXACT)
def test_the_writer_writes_what_the_library_writes_sorted_and_dense(value):
    assert write(value).decode() == json.dumps(value, sort_keys=True, separators=(",", ":")).replace("\x7f", "\\u007f")


@given(EXACT)
def test_what_is_written_can_be_read_again(value):
    assert json.loads(write(value)) == value


def nested(levels):
    value = 0
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize("value", [1.5, b"x", [1.5], {"a": b""}, nested(9)], ids=repr)
def test_the_writer_refuses_what_json_cannot_carry_exactly(value):
    with pytest.raises(ValueError, match="no exact JSON form"):
        write(value)


def test_nesting_has_a_bound():
    assert write(nested(8)) == b"[[[[[[[[0]]]]]]]]"


@pytest.mark.parametrize("value", [None, True, False, 0, -(2**63), 2**64 - 1, "on", "é", "x" * 256], ids=ascii)
def test_a_property_holds_one_plain_value(value):
    assert is_value(value)


@pytest.mark.parametrize(
    "value", [1.5, b"x", [], {}, -(2**63) - 1, 2**64, "", "x" * 257, "a\nb", "\x7f", "\xa0", "\ud800", "\u2028"], ids=ascii
)
def test_anything_else_is_no_value(value):
    assert not is_value(value)


@given(st.text(max_size=40))
def test_any_text_becomes_a_word(text):
    assert is_token(as_token(text, 32))
    assert len(as_token(text, 32)) <= 32


def test_a_word_stays_what_it_is():
    assert as_token("tls-1.3_x", 32) == "tls-1.3_x"
    assert as_token("", 32) == "unknown"
    assert not is_token("a b")
    assert not is_token(5)


@pytest.mark.parametrize("payload", [b"", b"[]", b"1", b"{", b"\xff\xfe", b"[" * 60_000, b" " * (DOWNLINK_BYTES_MAX + 1)])
def test_what_is_no_json_object_is_malformed(payload):
    with pytest.raises(Malformed):
        parse(payload)


def test_views_and_arrays_are_payloads_too():
    assert parse(memoryview(b'{"a":1}')) == parse(bytearray(b'{"a":1}')) == {"a": 1}


@given(st.binary(max_size=80))
def test_random_bytes_never_raise_anything_else(payload):
    try:
        document = parse(payload)
        Marks(document)
    except Malformed:
        return


@pytest.mark.parametrize(
    "changes",
    [
        {"session": -1},
        {"session": None},
        {"boot": "2"},
        {"incarnation": True},
        {"marks": {}},
        {"marks": [[1, 2]]},
        {"marks": [5]},
        {"marks": [[1, 2, -3]]},
        {"marks": [[1, 256, 3]]},
        {"marks": [[1, 2, 2**32 + 1]]},
        {"marks": [[0, 0, 0]] * 8193},
        {"time_ms": 1.5},
        {"time_ms": 2**60},
        {"spread_ms": -1},
        {"twin": []},
        {"twin": {"desired": []}},
        {"twin": {"desired": {"a b": {"value": 1, "version": 1}}}},
        {"twin": {"desired": {"": {"value": 1, "version": 1}}}},
        {"twin": {"desired": {"x" * 65: {"value": 1, "version": 1}}}},
        {"twin": {"desired": {"mode": {"value": 1.5, "version": 1}}}},
        {"twin": {"desired": {"mode": {"value": 1}}}},
        {"twin": {"desired": {"mode": 4}}},
        {"twin": {"known": {"mode": "1"}}},
        {"twin": {"known": 5}},
    ],
)
def test_a_session_with_a_member_that_cannot_be_is_malformed(changes):
    with pytest.raises(Malformed):
        Session({**SESSION, **changes})


def test_a_session_may_leave_out_what_it_does_not_know():
    session = Session(dict(SESSION))
    assert (session.time_ms, session.uncertainty_ms, session.spread_ms, session.closed) == (None, 0, None, 0)
    assert session.twin is None


def test_wishes_come_sorted():
    twin = Twin(
        {"desired": {"b": {"value": 1, "version": 4, "expires_ms": 7}, "a": {"value": None, "version": 2}}, "known": {"a": 1}}
    )
    assert twin.desired == [("a", None, 2, None), ("b", 1, 4, 7)]
    assert twin.known == {"a": 1}
    assert Twin({}).known is None


def test_busy_is_obeyed_for_a_day_at_most():
    assert parse_busy({"retry_after_ms": 5000}) == 5000
    assert parse_busy({"retry_after_ms": 10**12}) == 86_400_000
    with pytest.raises(Malformed):
        parse_busy({})
