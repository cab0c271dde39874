"""Whose data a frame is: that of the product its device named last before it, however the stream is cut into batches.

A birth that comes late, of a boot that is over, names nothing.
"""

from pathlib import Path

import pytest
from hypothesis import example, given, settings, strategies as st
from tests.integration.hub.harness import birth, frame, said
from tests.unit.hub.ingest.stage import Stage

from seamline.contract import load_family

EXAMPLES = Path(__file__).parents[4] / "examples"
HEATER, LABMETER, NOBODYS = "heater/1.3.0", "labmeter/1.2.0", "toaster/1.0.0"
LATE = "late"
"""A toaster's birth in the boot before the one that all others speak of."""
FAMILIES = {name: load_family(EXAMPLES / name) for name in ("heater", "labmeter")}
DEVICES = ("a", "b")

told = st.lists(
    st.tuples(st.sampled_from(DEVICES), st.sampled_from([HEATER, LABMETER, NOBODYS, LATE, "reading", "reading", "probe"])),
    max_size=14,
)
"""Births by the contract that they name, frames of the heater's readings, and probes, of two devices."""
cuts = st.sets(st.integers(1, 13))


def played(registered, story, ends):
    """Say a story in batches that end there; returns the numbers (device, sequence) that are quarantined, those that ought to be, and whether each is somewhere."""
    stage = Stage([FAMILIES[name] for name in registered])
    product, sent, sessions, foreign, batch = {}, dict.fromkeys(DEVICES, 0), dict.fromkeys(DEVICES, 0), [], []
    for at, (device, word) in enumerate(story, 1):
        if word == "reading":
            batch.append(("data", frame(stage.reading, sent[device], boot=2, uptime_ms=1_000 + sent[device]), device))
            if product.get(device, HEATER) != HEATER:
                foreign.append((device, sent[device]))
            sent[device] += 1
        elif word == "probe":
            batch.append(("probe", {**said(boot=2, session=sessions[device] or 1), "probe": 1, "unanswered": 0}, device))
        elif word == LATE:
            if not sessions[device]:
                product[device] = NOBODYS
            batch.append(("birth", birth(contract=NOBODYS, boot=1), device))
        else:
            product[device] = word
            sessions[device] += 1
            batch.append(("birth", birth(contract=word, boot=2, session=sessions[device]), device))
        if at in ends or at == len(story):
            stage.take(*batch)
            batch = []
    reasons = stage.quarantine("device_no", "first", "count", "reason")
    assert {reason for *_, reason in reasons} <= {"wrong-product"}
    numbers = {(no, first + more) for no, first, count, _ in reasons for more in range(count)}
    return (
        numbers,
        {(stage.no(device), number) for device, number in foreign},
        len(stage.readings()) + len(numbers) == sum(sent.values()),
    )


@pytest.mark.parametrize("registered", [("heater",), ("heater", "labmeter")], ids=" and ".join)
@settings(max_examples=40)
@given(story=told, ends=cuts)
@example(story=[("a", NOBODYS), ("a", HEATER), ("a", "reading")], ends={1})
@example(story=[("a", HEATER), ("a", NOBODYS), ("a", HEATER), ("a", "reading")], ends={1})
@example(story=[("a", "reading"), ("b", NOBODYS), ("b", HEATER), ("b", "reading")], ends={2})
@example(story=[("a", HEATER), ("a", LATE), ("a", "reading")], ends={1})
@example(story=[("a", LATE), ("a", HEATER), ("a", LATE), ("a", "reading")], ends=set())
def test_a_reading_is_of_the_product_that_its_device_named_last_however_the_stream_is_cut(registered, story, ends):
    quarantined, foreign, all_there = played(registered, story, ends)
    assert quarantined == foreign
    assert all_there


def test_a_late_birth_of_a_board_that_was_replaced_names_nothing():
    stage = Stage([FAMILIES["heater"]])
    stage.take(("birth", birth(incarnation=6, contract=NOBODYS)))
    stage.take(("birth", birth(incarnation=7, boot=3)))
    reading = ("data", frame(stage.reading, 0, boot=3))
    stage.take(("birth", birth(incarnation=6, contract=NOBODYS)), reading)
    assert (stage.quarantine("reason"), len(stage.readings())) == ([], 1)
    stage.take(
        ("birth", birth(incarnation=6, boot=2, contract=NOBODYS)), ("data", frame(stage.reading, 0, boot=2, incarnation=6))
    )
    assert stage.quarantine("reason") == [("wrong-product",)]  # the old board again, in its next boot
