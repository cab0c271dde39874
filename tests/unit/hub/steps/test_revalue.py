"""A pass of revaluing: bounded turns, each row counted once, and at its end what was changed and of which moments."""

from collections import Counter
from pathlib import Path
from unittest.mock import patch

import pytest
from hypothesis import given, settings, strategies as st
from tests.integration.hub.harness import frame
from tests.unit.hub.ingest.stage import Stage
from tests.unit.hub.ingest.test_values import anew, correct, value, values

from seamline.contract import load_family

FAMILIES = [load_family(Path(__file__).parents[4] / "examples" / "heater")]
DEVICES = ("a", "b")
ROWS = st.lists(
    st.tuples(st.sampled_from(DEVICES), st.sampled_from([(7, 1), (7, 2), (9, 1)]), st.integers(0, 4_000)), max_size=14
)
"""Readings by device, (incarnation, boot) and raw count."""
STRETCHES = "seamline.hub.steps.revalue.STRETCHES_MAX"


def stored(rows):
    """A stage that stored these readings, a batch each; how many there are of each device, and when they came (Unix ms)."""
    stage, arrivals, firsts = Stage(FAMILIES), {device: [] for device in DEVICES}, Counter()
    for device, (incarnation, boot), count in rows:
        arrivals[device].append(stage.now_ms)
        key = device, incarnation, boot
        records = [{"element": count}]
        stage.take(("data", frame(stage.reading, firsts[key], records, incarnation=incarnation, boot=boot), device))
        firsts[key] += 1
    return stage, arrivals


def passes(stage):
    return {row["device_no"]: row for row in stage.tables.revaluation.rows.values()}


@settings(max_examples=50)
@given(ROWS, st.integers(1, 4), st.integers(1, 4))
def test_a_turn_is_bounded_and_the_turns_together_value_each_row_once(rows, rows_max, stretches_max):
    stage, arrivals = stored(rows)
    for at, device in enumerate(DEVICES):
        correct(stage, -40 - at, device=device)
    stretches = sum(len(own) // rows_max + 1 for own in arrivals.values() if own)
    turns = []
    with patch(STRETCHES, stretches_max):
        for _ in range(-(-stretches // stretches_max) + 1):  # no turn does less than it may
            turns.append(anew(stage, rows_max))
            stage.start()
    assert all(row["finished_at"] is not None for row in passes(stage).values())
    assert all(moved <= rows_max * stretches_max for moved in turns)
    assert sum(turns) == len(rows)
    for at, (device, own) in enumerate(arrivals.items()):
        if not own:
            continue  # who sent nothing has no pass
        row = passes(stage)[stage.no(device)]
        assert (row["rows"], row["first_measured"], row["last_measured"]) == (len(own), own[0] * 1000, own[-1] * 1000)
        found = stage.readings(device_no=stage.no(device))
        assert all(each["_physical_element"] == value(-40 - at, each["element"]) for each in found)
    assert sorted(row["element"] for row in stage.readings()) == sorted(count for *_, count in rows)
    assert anew(stage, rows_max) == 0


@pytest.mark.parametrize(("stretches_max", "first_turn"), [(1, 0), (2, 0), (3, 1), (4, 2)])
def test_looking_at_rows_that_stay_as_they_are_is_part_of_a_turn_as_well(stretches_max, first_turn):
    stage, _ = stored([("a", (7, 1), 1), ("b", (7, 1), 1), ("b", (7, 1), 2)])
    correct(stage, 0, device="a", from_ms=stage.now_ms + 1)
    correct(stage, 0, device="b")
    with patch(STRETCHES, stretches_max):
        assert anew(stage, 1) == first_turn


def test_a_pass_leaves_rows_alone_that_were_valued_with_a_newer_version_meanwhile(stage):
    stage.take(("data", frame(stage.reading, 0, [{"element": 100}])))
    correct(stage, -40)
    correct(stage, 5, 1)
    stage.take(("data", frame(stage.reading, 1, [{"element": 100}])))
    with patch(STRETCHES, 1):
        assert anew(stage) == 1
        assert values(stage) == [(value(-40, 100), 1), (value(5, 100), 2)]
        while anew(stage):
            pass
    assert values(stage) == [(value(5, 100), 2)] * 2
    assert [row["rows"] for row in stage.tables.revaluation.rows.values()] == [1, 1]


def test_a_version_that_no_longer_holds_takes_its_values_back(stage):
    stage.take(("data", frame(stage.reading, 0)))
    correct(stage, -40)
    assert anew(stage) == 1
    calibration = stage.tables.calibration
    ((key, row),) = calibration.rows.items()
    calibration.put(key, {**row, "valid_from": (stage.now_ms + 1) * 1000})
    stage.tables.revaluation.put(
        9, {**next(iter(stage.tables.revaluation.rows.values())), "id": 9, "place": None, "finished_at": None}
    )
    assert anew(stage) == 1
    assert [(found, version or None) for found, version in values(stage)] == [(None, None)]
