import json

import pytest
from hypothesis import given, strategies as st

from seamline.hub.downlink import (
    HubClock,
    Session,
    TwinDocument,
    Wish,
    busy_payload,
    marks_payload,
    session_payload,
    twin_payload,
)

TWIN = TwinDocument({"set_point": Wish(2150, 4, None)}, {"set_point": 3})
U32 = st.integers(0, 2**32 - 1)


def test_a_session_carries_every_member_of_the_wire_document():
    answer = Session(7, 3, 2, HubClock(1_763_000_000_000, 25), 5, 60_000, [(2, 1, 40), (3, 1, 0)], 2, TWIN)
    assert json.loads(session_payload(answer)) == {
        "session": 2,
        "boot": 3,
        "incarnation": 7,
        "time_ms": 1_763_000_000_000,
        "uncertainty_ms": 25,
        "generation": 5,
        "spread_ms": 60_000,
        "marks": [[2, 1, 40], [3, 1, 0]],
        "closed": 2,
        "twin": {"desired": {"set_point": {"value": 2150, "version": 4, "expires_ms": None}}, "known": {"set_point": 3}},
    }


@given(U32, U32, st.lists(st.tuples(U32, st.integers(0, 255), st.integers(0, 2**32)), max_size=5), st.none() | U32)
def test_marks_are_compact_json_of_the_wire(incarnation, session, marks, probe):
    payload = marks_payload(incarnation, session, marks, probe)
    members = {"incarnation": incarnation, "session": session, "marks": [list(mark) for mark in marks], "probe": probe}
    members |= {} if probe is None else {"taken": []}
    assert payload == json.dumps(members, separators=(",", ":")).encode()


def test_marks_name_the_words_that_were_taken_when_there_are_some_and_in_the_answer_to_a_probe():
    payload = marks_payload(7, 2, [(3, 1, 40)], None, [(3, 2, 1), (3, 2, 4)])
    assert payload == b'{"incarnation":7,"session":2,"marks":[[3,1,40]],"probe":null,"taken":[[3,2,1],[3,2,4]]}'
    assert b"taken" not in marks_payload(7, 2, [(3, 1, 40)], None, [])
    assert marks_payload(7, 2, [(3, 1, 40)], 5, []) == b'{"incarnation":7,"session":2,"marks":[[3,1,40]],"probe":5,"taken":[]}'


def test_busy_says_how_long_and_never_a_negative_time():
    assert json.loads(busy_payload(1_500)) == {"retry_after_ms": 1_500}
    with pytest.raises(ValueError, match="in the past"):
        busy_payload(-1)


def test_a_twin_document_is_the_session_s_twin_and_says_for_which_session_it_is_where_one_is_known():
    alone = json.loads(twin_payload(TWIN, None))
    assert alone["desired"]["set_point"]["version"] == 4
    assert json.loads(twin_payload(TWIN, (5, 3, 7))) == {"session": 5, "boot": 3, "incarnation": 7, **alone}
