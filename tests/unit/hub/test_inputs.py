import json
from contextlib import suppress

import pytest
from hypothesis import example, given, strategies as st
from tests.unit.hub.messages import MEMBERS, anchor_members, birth_members, said, twin_members

from seamline.hub.inputs import (
    HELD_MAX,
    PROPERTIES_MAX,
    Anchor,
    Birth,
    Ended,
    Held,
    ReportedValue,
    Source,
    parse,
)
from seamline.hub.members import CONTROL_BYTES_MAX, InputError, Reason

KINDS = sorted(MEMBERS)
WHOLE = st.integers(-(2**70), 2**70)
JSON = st.recursive(
    st.none() | st.booleans() | WHOLE | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


def refused(kind, payload):
    with pytest.raises(InputError) as caught:
        parse(kind, payload)
    return caught.value.reason, caught.value.place


def refused_members(kind, **members):
    return refused(kind, json.dumps(MEMBERS[kind](**members)).encode())


def test_a_birth_of_the_wire_document_is_read_in_full():
    said_birth = said(
        "birth",
        boot=9,
        heard_ms=10,
        image="ab12",
        slot=1,
        last_end="deaf",
        failures=[["refused", 3]],
        held=[[8, 1, 100, 20]],
        ended=[[2, 8, 1, 256]],
    )
    assert isinstance(said_birth, Birth)
    assert said_birth.order == (9, 1)
    assert said_birth.product == "heater"
    assert (said_birth.slot, said_birth.image, said_birth.heard_ms) == ("1", "ab12", 10)
    assert said_birth.failures == (("refused", 3),)
    assert said_birth.held == (Held(8, 1, 100, 120),)
    assert said_birth.ended == (Ended(2, 8, 1, 256),)


def test_an_anchor_a_probe_a_death_and_a_twin_report_are_read():
    anchor = said("anchor")
    assert isinstance(anchor, Anchor)
    assert anchor.source is Source.HUB
    assert said("probe", unanswered=2).unanswered == 2
    assert said("death", session=4).session == 4
    value = {"value": -5, "version": 3, "at_ms": 10, "based_on": 2, "fault": "too_hot"}
    report = said("twin", seen={"set_point": 2}, reported={"set_point": value})
    assert report.reported == {"set_point": ReportedValue(-5, 3, 10, 2, "too_hot")}


@pytest.mark.parametrize("value", [None, True, 2**64 - 1, -(2**63), "eco"])
def test_a_reported_value_may_be_null_a_truth_value_a_whole_number_or_a_word(value):
    item = {"value": value, "version": 1, "at_ms": 0, "based_on": None, "fault": None}
    assert said("twin", reported={"mode": item}).reported["mode"].value == value


@pytest.mark.parametrize("kind", KINDS)
def test_members_this_hub_does_not_know_lock_no_device_out(kind):
    assert said(kind, brand_new={"any": [1]}) == said(kind)


def test_words_this_hub_does_not_know_lock_no_device_out():
    assert said("birth", reset="cosmic_ray", last_end="eclipse").reset == "cosmic_ray"


@given(st.sampled_from([*KINDS, "data", "", "nonsense"]), st.binary(max_size=200))
@example("birth", b'{"a":' * 5000)
@example("birth", b"[" * 60_000)
@example("birth", b"9" * 5000)
@example("birth", b"\xff")
@example("birth", b"NaN")
@example("birth", b'{"a":1.5}')
def test_no_bytes_raise_anything_but_an_input_error(kind, payload):
    reason, _place = refused(kind, payload)
    assert isinstance(reason, Reason)


@given(st.sampled_from(KINDS), st.data())
def test_no_member_with_a_wrong_value_raises_anything_but_an_input_error(kind, data):
    members = MEMBERS[kind]()
    name = data.draw(st.sampled_from(sorted(members)))
    members[name] = data.draw(JSON)
    with suppress(InputError):
        parse(kind, json.dumps(members).encode())


@given(st.sampled_from(KINDS), st.dictionaries(st.text(max_size=4), JSON, max_size=3), st.text(max_size=300))
def test_a_refusal_names_its_place_and_stays_short(kind, members, firmware):
    with pytest.raises(InputError) as caught:
        parse(kind, json.dumps(MEMBERS[kind](**members) | {"uptime_ms": firmware}).encode())
    assert str(caught.value).startswith(caught.value.place or "message")
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["incarnation", "boot", "session", "uptime_ms"])
def test_a_missing_member_is_named(kind, name):
    members = MEMBERS[kind]()
    del members[name]
    assert refused(kind, json.dumps(members).encode()) == (Reason.MISSING, name)


def test_every_refusal_names_its_reason_and_place():
    item = {"value": 1, "version": 1, "at_ms": 0, "based_on": None}
    assert refused("data", b"{}") == (Reason.UNKNOWN_KIND, "")
    assert refused("birth", b" " * (CONTROL_BYTES_MAX + 1)) == (Reason.TOO_LARGE, "")
    assert refused("birth", b"\xff\xfe") == (Reason.NOT_UTF8, "")
    assert refused("birth", b"{") == (Reason.NOT_JSON, "")
    assert refused("birth", b"[]") == (Reason.WRONG_TYPE, "")
    assert refused("birth", b'{"boot":1,"boot":2}') == (Reason.REPEATED, "boot")
    assert refused("birth", b'{"boot":1e3}') == (Reason.NOT_INTEGER, "")
    assert refused_members("birth", boot=0) == (Reason.OUT_OF_RANGE, "boot")
    assert refused_members("birth", boot=10**300) == (Reason.OUT_OF_RANGE, "boot")
    assert refused_members("birth", boot=True) == (Reason.WRONG_TYPE, "boot")
    assert refused_members("birth", incarnation=0) == (Reason.OUT_OF_RANGE, "incarnation")
    assert refused_members("birth", heard_ms=2_000) == (Reason.CONTRADICTION, "heard_ms")
    assert refused_members("birth", contract="heater") == (Reason.BAD_TEXT, "contract")
    assert refused_members("birth", contract="hea ter/1") == (Reason.BAD_TEXT, "contract")
    assert refused_members("birth", contract="x" * 300) == (Reason.BAD_TEXT, "contract")
    assert refused_members("birth", firmware="a\0b") == (Reason.BAD_TEXT, "firmware")
    assert refused_members("birth", firmware="\ud800") == (Reason.BAD_TEXT, "firmware")
    assert refused_members("birth", firmware=3) == (Reason.WRONG_TYPE, "firmware")
    assert refused_members("birth", slot=256) == (Reason.OUT_OF_RANGE, "slot")
    assert refused_members("birth", slot="a b") == (Reason.BAD_TEXT, "slot")
    assert refused_members("birth", failures=[["refused"]]) == (Reason.WRONG_TYPE, "failures[0]")
    assert refused_members("birth", failures=[["refused", -1]]) == (Reason.OUT_OF_RANGE, "failures[0][1]")
    assert refused_members("birth", held=[[1, 1, 0]]) == (Reason.WRONG_TYPE, "held[0]")
    assert refused_members("birth", held=[[1, 1, 0, 0]]) == (Reason.OUT_OF_RANGE, "held[0][3]")
    assert refused_members("birth", held=[[2, 1, 0, 1]]) == (Reason.OUT_OF_RANGE, "held[0][0]")
    assert refused_members("birth", held=[[1, 1, 2**32 - 1, 2]]) == (Reason.OUT_OF_RANGE, "held[0]")
    assert refused_members("birth", held=[[1, 1, 0, 1]] * (HELD_MAX + 1)) == (Reason.TOO_MANY, "held")
    assert refused_members("birth", held={}) == (Reason.WRONG_TYPE, "held")
    assert refused_members("birth", ended=[[1, 1, 1, 5]]) == (Reason.CONTRADICTION, "ended[0]")
    assert refused_members("birth", boot=9, ended=[[5, 4, 1, 5]]) == (Reason.CONTRADICTION, "ended[0]")
    assert refused_members("anchor", source="sundial") == (Reason.BAD_TEXT, "source")
    assert refused_members("anchor", unix_ms=-1) == (Reason.OUT_OF_RANGE, "unix_ms")
    assert refused_members("twin", seen={"a b": 1}) == (Reason.BAD_TEXT, "seen")
    assert refused_members("twin", seen={f"p{n}": 1 for n in range(PROPERTIES_MAX + 1)}) == (Reason.TOO_MANY, "seen")
    assert refused_members("twin", reported={"p": item}) == (Reason.MISSING, "reported.p.fault")
    assert refused_members("twin", reported={"p": 1}) == (Reason.WRONG_TYPE, "reported.p")
    assert refused_members("twin", reported={"p": item | {"value": [], "fault": None}}) == (
        Reason.WRONG_TYPE,
        "reported.p.value",
    )


def test_the_message_of_a_refusal_says_place_problem_and_reason():
    with pytest.raises(InputError, match=r"^held\[0\]\[3\]: 0 is outside 1\.\.4294967296 \(out_of_range\)$"):
        said("birth", held=[[1, 1, 0, 0]])


def test_builders_of_these_tests_are_valid():
    assert json.loads(json.dumps(birth_members()))
    assert anchor_members()["source"] == "hub"
    assert twin_members()["seen"] == {}
