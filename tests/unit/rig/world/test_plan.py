import json

import pytest

from seamline.rig.world.draw import OWN_STREAMS, draw
from seamline.rig.world.plan import SPECS, Kind, Plan, PlanError, parse


def test_a_drawn_plan_is_what_it_reads_back_as():
    plan = draw(11, 9, 3_600_000)
    assert plan.faults
    assert parse(plan.write()) == plan


def test_the_same_seed_draws_the_same_plan_and_another_seed_another():
    assert draw(4, 5, 600_000) == draw(4, 5, 600_000)
    assert draw(4, 5, 600_000).faults != draw(5, 5, 600_000).faults


def test_every_kind_is_drawn_by_some_seed_within_its_bounds():
    seen = set()
    for seed in range(40):
        for fault in draw(seed, 8, 7_200_000).faults:
            spec = SPECS[fault.kind]
            seen.add(fault.kind)
            assert (fault.device < 0) == spec.house
            assert fault.at_ms + fault.lasts_ms <= 7_200_000
            assert all(low <= fault.numbers[name] <= high for name, (low, high) in spec.numbers.items())
    assert seen == {kind for kind in Kind if SPECS[kind].is_mixed}


def test_kinds_that_are_drawn_apart_change_nothing_of_what_else_a_seed_draws():
    others = [kind for kind in Kind if SPECS[kind].is_mixed and kind not in OWN_STREAMS]
    for seed in range(20):
        whole = draw(seed, 8, 3_600_000).faults
        assert [fault for fault in whole if fault.kind not in OWN_STREAMS] == list(draw(seed, 8, 3_600_000, others).faults)
        for kind in (Kind.FLAPPING, Kind.BROWNOUTS, Kind.CLOCK_OFF):
            assert [fault for fault in whole if fault.kind is kind] == list(draw(seed, 8, 3_600_000, [kind]).faults)


@pytest.mark.parametrize("kind", [Kind.FLAPPING, Kind.BROWNOUTS, Kind.CLOCK_OFF])
def test_a_good_share_of_mixed_plans_has_what_is_drawn_apart_for_some_devices(kind):
    struck = [{fault.device for fault in draw(seed, 8, 1_800_000).faults if fault.kind is kind} for seed in range(100)]
    assert 30 <= sum(map(bool, struck)) <= 60
    assert sum(0 < len(own) < 8 for own in struck) > 20


def test_small_lies_are_drawn_as_often_as_large_ones_and_either_way():
    lies = [fault.numbers for seed in range(60) for fault in draw(seed, 5, 3_600_000, [Kind.CLOCK_OFF]).faults]
    small = [numbers for numbers in lies if numbers["by_ms"] <= 80_000]
    assert len(lies) // 3 <= len(small) <= 2 * len(lies) // 3
    assert {numbers["late"] for numbers in small} == {0, 1}
    assert {min(numbers["by_ms"] for numbers in lies)} == {20_000}


def test_swarms_leave_kinds_out():
    kinds = [{fault.kind for fault in draw(seed, 20, 7_200_000).faults} for seed in range(10)]
    assert all(len(own) < len(Kind) for own in kinds)
    assert len({frozenset(own) for own in kinds}) == 10


def test_only_the_kinds_asked_for_are_drawn():
    faults = [fault for seed in range(10) for fault in draw(seed, 5, 3_600_000, [Kind.ROT]).faults]
    assert faults
    assert {fault.kind for fault in faults} == {Kind.ROT}


def document(**changes):
    return json.loads(Plan(1, 3, 60_000).write()) | changes


FAULT = {"at_ms": 5, "kind": "power-cut", "device": 1, "lasts_ms": 7}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "no JSON"),
        ("[]", "no JSON object"),
        (document(format="seamline-rig-plan/9"), "runs 'seamline-rig-plan/1'"),
        (document(devices=0), "devices is 0; a whole number in 1.."),
        (document(devices=True), "devices is True"),
        (document(colour="red"), "unknown member 'colour'"),
        (document(only=[]), "`only` is no list"),
        (document(only=[3]), "only is 3"),
        (document(only=[1, 0, 1]), "names a device twice"),
        (document(faults={}), "faults are no list"),
        (document(faults=[7]), "fault 0 is no JSON object"),
        (document(faults=[FAULT, FAULT | {"kind": "meteor"}]), "fault 1: unknown kind 'meteor'; known are link-cut"),
        (document(faults=[FAULT | {"permille": 3}]), "fault 0 (power-cut) has an unknown member 'permille'"),
        (document(faults=[FAULT | {"device": 3}]), "fault 0: device is 3; a whole number in 0..2"),
        (document(faults=[FAULT | {"kind": "lossy"}]), "fault 0: permille is None; a whole number in 20..400"),
        (document(faults=[FAULT | {"kind": "hub-kill", "effects": 1}]), "fault 0: device is 1; a whole number in -1..-1"),
        (document(faults=[FAULT, FAULT | {"lasts_ms": 59_996}]), "fault 1 (power-cut) goes on until 60001 ms"),
        (document(faults=[FAULT | {"at_ms": 60_001, "lasts_ms": 0}]), "the plan's duration_ms is 60000"),
        (
            document(faults=[FAULT | {"kind": "wish", "setting": 1, "permille": 1}]),
            "fault 0: announced is None; a whole number in 0..1",
        ),
        (
            document(faults=[FAULT | {"kind": "touch", "setting": 1, "permille": 1001}]),
            "fault 0: permille is 1001; a whole number in 0..1000",
        ),
        (
            document(faults=[FAULT | {"kind": "database-restored", "device": -1}]),
            "fault 0: back_ms is None; a whole number in 1000..600000",
        ),
        (
            document(faults=[FAULT | {"kind": "disk-full", "device": -1, "whose": 2}]),
            "fault 0: whose is 2; a whole number in 0..1",
        ),
    ],
)
def test_a_plan_that_cannot_be_run_says_what_is_wrong(text, says):
    with pytest.raises(PlanError, match=says.replace("(", r"\(").replace(")", r"\)").replace("..", r"\.\.")):
        parse(text if isinstance(text, str) else json.dumps(text))


def test_a_fault_may_go_on_until_the_plan_ends():
    plan = parse(json.dumps(document(faults=[FAULT | {"lasts_ms": 59_995}])))
    assert plan.faults[0].at_ms + plan.faults[0].lasts_ms == plan.duration_ms


def test_a_fault_reads_as_a_sentence():
    plan = parse(json.dumps(document(faults=[FAULT | {"kind": "lossy", "permille": 50}])))
    assert str(plan.faults[0]) == "      0.0 s lossy device 1 for 0.0 s permille=50"
