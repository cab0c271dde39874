"""Messages in words: kinds and sequence numbers, whatever bytes come."""

import json

import pytest
from hypothesis import given, strategies as st

from seamline.device.frame import Frame, pack
from seamline.rig.timeline.words import DOWN, UP, counted, moment, run_of, said, span

NAMES = {1: "reading"}


def frame(channel, first, count):
    return pack(
        Frame(
            channel=channel, layout=1, fingerprint=5, incarnation=9, boot=3, first=first, count=count, epoch=0, uptime_ms=0,
            record_bytes=8, body=bytes(8 * count),
        )
    )  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "payload", "text"),
    [
        ("data", frame(1, 4, 3), "reading 4–6 of boot 3"),
        ("data", frame(0, 0, 1), "losses 0 of boot 3"),
        ("data", frame(8, 0, 1), "channel 8 0 of boot 3"),
        ("birth", {"session": 2, "boot": 3, "contract": "heater/1.3.0", "held": []}, "birth of session 2, boot 3 (heater/1.3.0)"),
        (
            "birth",
            {"session": 2, "boot": 3, "contract": "heater/1.3.0", "held": [[2, 1, 0, 5]]},
            "birth of session 2, boot 3 (heater/1.3.0); holds reading 0–4 of boot 2",
        ),
        ("death", {"session": 1, "boot": 3}, "death of session 1, boot 3"),
        ("probe", {"probe": 1, "unanswered": 0}, "probe 1: what do you have?"),
        ("probe", {"probe": 3, "unanswered": 2}, "probe 3: what do you have? (2 unanswered)"),
        ("anchor", {"source": "ntp", "uncertainty_ms": 50}, "anchor: the time by ntp, ±50 ms"),
        ("twin", {"reported": {"target": {"value": 3}}}, "twin: target = 3"),
        ("twin", {"reported": {}}, "twin: wishes seen"),
        ("twin", {"desired": {"target": {"value": 4}}}, "twin: wishes target = 4"),
        ("twin", {"desired": {}}, "twin: nothing is wished"),
        ("session", {"session": 4, "marks": []}, "answer to session 4; has nothing yet"),
        ("marks", {"marks": [[3, 1, 7]], "probe": None}, "has reading below 7 of boot 3"),
        ("marks", {"marks": [[3, 0, 1]], "probe": 2}, "has losses below 1 of boot 3 (answers probe 2)"),
        ("busy", {"retry_after_ms": 2000}, "busy: be silent for 2 s"),
        ("news", {}, "news"),
    ],
)
def test_a_message_says_what_it_is_about(kind, payload, text):
    assert said(kind, payload if isinstance(payload, bytes) else json.dumps(payload).encode(), NAMES) == text


def test_many_marks_are_counted_and_not_listed():
    marks = {"marks": [[boot, 1, 5] for boot in range(1, 10)], "probe": None}
    assert said("marks", json.dumps(marks).encode(), NAMES).endswith("reading below 5 of boot 4 and 5 more")


@given(st.sampled_from(["data", *UP, *DOWN]), st.binary(max_size=80))
def test_bytes_that_are_no_message_are_named_with_their_length(kind, payload):
    assert said(kind, payload, {}).startswith((kind, "channel", "losses"))


MEMBERS = st.sampled_from(["session", "boot", "held", "marks", "probe", "desired", "reported", "retry_after_ms", "contract"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(MEMBERS, inner, max_size=5),
    max_leaves=12,
)


@given(st.sampled_from([*UP, *DOWN]), st.dictionaries(MEMBERS, JSON, max_size=6))
def test_whatever_a_defective_half_says_is_told_and_never_an_error(kind, document):
    assert said(kind, json.dumps(document).encode(), {})


@pytest.mark.parametrize(
    ("ms", "text"),
    [
        (0, "0 ms"),
        (999, "999 ms"),
        (1_500, "1.5 s"),
        (12_000, "12 s"),
        (125_000, "2 min 5 s"),
        (3_600_000, "1 h"),
        (4_260_000, "1 h 11 min"),
    ],
)
def test_lengths_of_time_are_said_in_their_largest_units(ms, text):
    assert span(ms) == text


def test_times_and_counts():
    assert moment(3_723_004_567) == "1:02:03.004"
    assert run_of(3, 1) == "3"
    assert [counted(range(n), "fault") for n in (0, 1, 2_000)] == ["0 faults", "1 fault", "2,000 faults"]
