"""An event is told in sentences with units: nothing of how it is kept shows through."""

import re

import pytest
from hypothesis import given, settings, strategies as st

from seamline.hub.api.device_models import Event
from seamline.hub.api.event_words import TITLES, sentence, span, title

AT = 1_764_000_000_000
HEARD = {"heard_ms": AT - 63_000, "answered_ms": AT - 3_725_000}

TOLD = [
    (
        "online",
        {"why": "heard 0 s ago", "was": "presumed_lost", **HEARD},
        "It speaks, and it hears us. Before, it was presumed lost.",
    ),
    (
        "lost",
        {"why": "its connection ended", "was": "online", **HEARD},
        "Its connection ended. Last heard 1 min 3 s before; it last heard us 1 h 2 min before. Before, it was online.",
    ),
    (
        "deaf",
        {"why": "2 questions unanswered", "was": None, "heard_ms": AT - 40, "answered_ms": None},
        "2 questions unanswered. Last heard 40 ms before; it had never heard us.",
    ),
    (
        "presumed_lost",
        {"why": "no word for 181 s", "was": "lost", **HEARD},
        "No word for 181 s. Last heard 1 min 3 s before; it last heard us 1 h 2 min before. Before, it was offline.",
    ),
    ("loss", {"reason": "buffer_full", "channel": 1, "records": 24}, "24 records of channel 1 lost: buffer full."),
    ("loss", {"reason": "power_loss", "channel": 2, "records": 1}, "At most 1 record of channel 2 lost: power loss."),
    (
        "gap",
        {"incarnation": 7, "boot": 3, "channel": 1, "missing": [[190, 202], [210, 211]], "since_ms": AT - 61_000},
        "Records 190–201, 210 of boot 3, channel 1, have been missing for 1 min 1 s.",
    ),
    (
        "gap",
        {"incarnation": 7, "boot": 3, "channel": 1, "missing": [[at, at + 2] for at in range(0, 50, 10)], "since_ms": AT},
        "Records 0–1, 10–11, 20–21 and 2 ranges more of boot 3, channel 1, have been missing for 0 ms.",
    ),
    (
        "quarantine",
        {"reason": "unregistered", "frames": 3, "records": 18, "detail": "fingerprint 0badcafe"},
        "3 frames with 18 records kept in quarantine, unregistered: fingerprint 0badcafe.",
    ),
    ("quarantine", {"reason": "bad_crc", "frames": 1, "records": 0, "detail": None}, "1 frame kept in quarantine, bad crc."),
    (
        "stale-birth",
        {"incarnation": 0xBADCAFE, "boot": 2},
        "It announced boot 2 of incarnation 0badcafe, which a newer one has ended.",
    ),
    (
        "new-incarnation",
        {"incarnation": 0xA, "boot": 1, "was": 0xB},
        "Its counters were lost: it numbers from boot 1 of incarnation 0000000a; before, 0000000b.",
    ),
    (
        "unregistered-contract",
        {"incarnation": 1, "boot": 4, "contract": "heater/9.0.0"},
        "It speaks heater/9.0.0 since boot 4, which this hub does not have: its records wait in quarantine.",
    ),
    (
        "generation",
        {"partition": 3, "acknowledged": 1_250, "committed": 50},
        "Partition 3 is 1,200 messages behind what devices were told: they are asked to send again.",
    ),
]


@pytest.mark.parametrize(("kind", "detail", "said"), TOLD)
def test_an_event_is_a_sentence(kind, detail, said):
    assert sentence(kind, AT, detail) == said


def test_every_kind_has_a_title_and_a_sentence():
    assert {kind for kind, _, _ in TOLD} == set(TITLES)
    assert title("lost") == "Offline"


@pytest.mark.parametrize(
    ("detail", "said"),
    [
        ({"fault_code": 7, "places": [1, 2], "more": {"left_over": None}}, "Fault code 7; places 1, 2; more left over unknown."),
        ({}, ""),
        (None, ""),
        ("as_it_is", "as_it_is"),
    ],
)
def test_a_kind_that_is_not_known_here_is_told_without_brackets(detail, said):
    assert sentence("moon_phase", AT, detail) == said
    assert title("moon_phase") == "Moon phase"


KINDS = st.sampled_from([*TITLES, "moon-phase"])
WORDS = st.text("abc_ ", max_size=8)
VALUES = st.recursive(
    st.none() | st.integers() | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=6,
)
NAMES = st.sampled_from(sorted({name for _, detail, _ in TOLD for name in detail})) | WORDS


@settings(max_examples=300)
@given(KINDS, st.dictionaries(NAMES, VALUES, max_size=6))
def test_whatever_another_version_of_the_hub_wrote_is_told_without_json(kind, detail):
    event = Event(id=1, at_ms=AT, kind=kind, boundary=None, owner=None, contact=None, detail=detail)
    assert not re.search(r"[{}\[\]\"]|None", event.text)
    assert event.model_dump()["title"] == title(kind)


@pytest.mark.parametrize(
    ("ms", "said"),
    [(-5, "0 ms"), (840, "840 ms"), (12_000, "12 s"), (200_000, "3 min 20 s"), (3_600_000, "1 h"), (90_061_000, "1 d 1 h")],
)
def test_a_span_has_the_two_units_that_matter(ms, said):
    assert span(ms) == said
