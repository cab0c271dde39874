"""Where each member of a downlink ends: its highest value is read as it was said, the next one makes the message malformed."""

import json
import re
import unicodedata

import pytest
from hypothesis import given, strategies as st

from seamline.device import control
from seamline.device.control import (
    Malformed,
    Marks,
    Session,
    Twin,
    as_token,
    is_text,
    is_token,
    is_value,
    parse,
    parse_busy,
    write,
)

U8, U32 = 2**8 - 1, 2**32 - 1
YEAR_9999_MS = 253_402_300_799_999  # its end
WISH = {"value": 1, "version": 1}


def session(**members):
    return Session({"session": 1, "boot": 2, "incarnation": 3, "marks": [], **members})


def marks(**members):
    return Marks({"session": 1, "incarnation": 3, "marks": [], **members})


def twin(**members):
    return Twin({"session": 1, "boot": 2, "incarnation": 3, **members})


NUMBERS = {
    "session session": (lambda number: session(session=number).session, U32),
    "session boot": (lambda number: session(boot=number).boot, U32),
    "session incarnation": (lambda number: session(incarnation=number).incarnation, U32),
    "session time_ms": (lambda number: session(time_ms=number).time_ms, YEAR_9999_MS),
    "session uncertainty_ms": (lambda number: session(uncertainty_ms=number).uncertainty_ms, U32),
    "session spread_ms": (lambda number: session(spread_ms=number).spread_ms, U32),
    "session closed": (lambda number: session(closed=number).closed, U32),
    "session marks first": (lambda number: session(marks=[[number, 0, 0]]).marks[0][0], U32),
    "session marks second": (lambda number: session(marks=[[0, number, 0]]).marks[0][1], U8),
    "session marks third": (lambda number: session(marks=[[0, 0, number]]).marks[0][2], U32 + 1),
    "session twin known": (lambda number: session(twin={"known": {"mode": number}}).twin.known["mode"], 2**53),
    "marks session": (lambda number: marks(session=number).session, U32),
    "marks incarnation": (lambda number: marks(incarnation=number).incarnation, U32),
    "marks marks first": (lambda number: marks(marks=[(0, 0, 0), (number, 1, 2)]).marks[1][0], U32),
    "marks probe": (lambda number: marks(probe=number).probe, U32),
    "marks taken first": (lambda number: marks(taken=[[number, 0, 0]]).taken[0][0], U32),
    "marks taken second": (lambda number: marks(taken=[[0, number, 0]]).taken[0][1], U32),
    "marks taken third": (lambda number: marks(taken=[[0, 0, number]]).taken[0][2], U32),
    "twin session": (lambda number: twin(session=number).to[0], U32),
    "twin boot": (lambda number: twin(boot=number).to[1], U32),
    "twin incarnation": (lambda number: twin(incarnation=number).to[2], U32),
    "twin desired version": (lambda number: twin(desired={"mode": {**WISH, "version": number}}).desired[0][2], 2**53),
    "twin desired expires_ms": (
        lambda number: twin(desired={"mode": {**WISH, "expires_ms": number}}).desired[0][3],
        YEAR_9999_MS,
    ),
    "twin known": (lambda number: twin(known={"mode": number}).known["mode"], 2**53),
}
"""Each number of a downlink: how it is read, and the highest there is."""


@pytest.mark.parametrize("name", NUMBERS)
def test_a_number_is_read_up_to_its_limit_and_refused_beyond_it(name):
    read, high = NUMBERS[name]
    for number in (0, 1, high - 1, high):
        assert read(number) == number
    for number in (-1, high + 1, True, 1.0, "1", [1]):
        with pytest.raises(Malformed):
            read(number)


@given(st.integers(-2, 2**54))
def test_a_busy_hub_s_wait_is_a_day_at_most_and_a_number_that_every_reader_agrees_on(asked_ms):
    if 0 <= asked_ms <= 2**53:
        assert parse_busy({"retry_after_ms": asked_ms}) == min(asked_ms, 86_400_000)
    else:
        with pytest.raises(Malformed):
            parse_busy({"retry_after_ms": asked_ms})


def test_what_a_message_leaves_out_it_does_not_tell_of():
    said, wishes = marks(), Twin({})
    assert (said.probe, said.taken) == (None, None)
    assert (wishes.to, wishes.desired, wishes.known) == (None, [], None)
    assert (marks(taken=[]).taken, twin(known={}).known) == ([], {})
    assert session(twin={"desired": {}}).twin.to is None


@pytest.mark.parametrize("missing", ["session", "boot", "incarnation"])
def test_wishes_are_for_a_whole_address_or_for_whoever_reads_them(missing):
    address = {"session": 1, "boot": 2, "incarnation": 3}
    assert Twin(dict(address)).to == (1, 2, 3)
    del address[missing]
    if missing == "session":
        assert Twin(address).to is None
    else:
        with pytest.raises(Malformed):
            Twin(address)


def test_a_list_of_marks_has_an_end_and_each_has_three_numbers():
    whole = [[0, 0, 0]] * 8192
    assert len(session(marks=whole).marks) == len(marks(taken=whole).taken) == 8192
    for bad in ([*whole, [0, 0, 0]], [[0, 0]], [[0, 0, 0, 0]], [{}], "ab", {}, None, 3):
        with pytest.raises(Malformed):
            session(marks=bad)
    with pytest.raises(Malformed):
        marks(taken=[*whole, [0, 0, 0]])


def test_a_payload_has_an_end():
    whole = b'{"a":1}'.ljust(65536)
    assert parse(whole) == {"a": 1}
    with pytest.raises(Malformed):
        parse(whole + b" ")


@pytest.mark.parametrize("name", ["a", "Z_9", "_", "x" * 64])
def test_a_property_has_a_name_as_contracts_write_it(name):
    assert twin(desired={name: WISH}).desired == [(name, 1, 1, None)]


@pytest.mark.parametrize("name", ["", "a.b", "a-b", "a b", "é", "x" * 65])
def test_a_wish_for_anything_else_is_malformed(name):
    with pytest.raises(Malformed):
        twin(desired={name: WISH})


def test_a_text_holds_every_character_that_can_be_shown_and_no_other():
    for code in (*range(0x3000), *range(0xD700, 0xE100), 0x1F600, 0x10FFFF):
        hidden = unicodedata.category(chr(code)) in {"Cc", "Cs", "Zl", "Zp"} or code == 0xA0
        assert is_text(chr(code)) is is_value(f"a{chr(code)}") is not hidden, hex(code)


def test_a_word_holds_ascii_letters_digits_and_three_marks():
    for code in range(0x250):
        assert is_token(chr(code)) is bool(re.fullmatch(r"[A-Za-z0-9_.-]", chr(code))), hex(code)


@given(st.text(st.characters(max_codepoint=0x17F), max_size=12), st.integers(1, 12))
def test_a_word_made_of_a_text_keeps_what_a_word_can_hold_at_its_place(text, chars_max):
    assert as_token(text, chars_max) == (re.sub(r"[^A-Za-z0-9_.-]", "_", text[:chars_max]) or "unknown")


@given(st.integers(-(2**65), 2**65) | st.sampled_from([-(2**63) - 1, -(2**63), 2**64 - 1, 2**64]))
def test_a_property_holds_the_whole_numbers_of_64_bits(number):
    assert is_value(number) is (-(2**63) <= number < 2**64)


@pytest.mark.parametrize(
    "code", [0x00, 0x1F, 0x20, 0x22, 0x5C, 0x7E, 0x7F, 0x80, 0xD7FF, 0xE000, 0xFFFF, 0x10000, 0x103FF, 0x10400, 0x10FFFF]
)
def test_each_character_is_written_in_ascii_and_read_again(code):
    written = write([chr(code), "a" + chr(code)])
    assert written.decode() == json.dumps([chr(code), "a" + chr(code)], separators=(",", ":")).replace("\x7f", "\\u007f")
    assert parse(b'{"a":' + written + b"}") == {"a": [chr(code), "a" + chr(code)]}


def test_the_names_that_are_kept_are_bounded_and_those_beyond_are_written_all_the_same(monkeypatch):
    monkeypatch.setattr(control, "_NAMES", {})
    document = {f"n{place:03}": place for place in range(100)}
    once = write(document)
    assert len(control._NAMES) == 64
    assert write(document) == once
    assert parse(once) == document


@given(st.lists(st.sampled_from([lambda inner: [inner], lambda inner: {"a": inner}]), max_size=12))
def test_lists_and_mappings_nest_eight_deep_and_no_deeper(around):
    value = 0
    for wrapped in around:
        value = wrapped(value)
    if len(around) <= 8:
        assert json.loads(write(value)) == value
    else:
        with pytest.raises(ValueError, match="no exact JSON form"):
            write(value)
