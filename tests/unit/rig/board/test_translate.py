"""A plan becomes what a board's rig can do, in wall time; what it cannot do is named with its reason, never left out silently."""

import pytest
from hypothesis import given, strategies as st

from seamline.rig.board.translate import AGAIN, Abilities, Deed, translate
from seamline.rig.world.draw import draw
from seamline.rig.world.plan import HOUSE, SPECS, Fault, Kind, Plan

EVERYTHING = Abilities(relay=True, reset=True, obeys=frozenset({"erase", "stop", "rest", "held", "ntp"}), time=True)
NOTHING = Abilities()


def fault(kind, at_ms=1_000, device=0, lasts_ms=500, **numbers):
    told = {name: low for name, (low, _) in SPECS[kind].numbers.items()} | numbers
    return Fault(at_ms, kind, HOUSE if SPECS[kind].house else device, lasts_ms, told)


def course(*faults, abilities=EVERYTHING, device=0, scale=1.0):
    return translate(Plan(1, 3, 60_000, tuple(faults)), device, abilities, scale)


@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize("abilities", [EVERYTHING, NOTHING])
def test_every_kind_of_fault_is_done_or_left_out_with_a_reason(kind, abilities):
    made = course(fault(kind), abilities=abilities)
    if made.steps:
        assert not made.left_out
        assert made.steps[0].fault is kind
    else:
        ((left, why, count),) = made.left_out
        assert (left, count) == (kind, 1)
        assert len(why) > 10
        assert made.told() == [f"left out: 1 × {kind}: {why}"]


@pytest.mark.parametrize(
    ("kind", "deed", "cuts"),
    [
        (Kind.LINK_CUT, Deed.CUT, True),
        (Kind.CUT_ALL, Deed.CUT, True),
        (Kind.PUBLISH_CUT, Deed.CUT_IN_PUBLISH, False),
        (Kind.PARTITION, Deed.STALL_BOTH, False),
        (Kind.DEAF, Deed.STALL_DOWN, False),
        (Kind.MUTE, Deed.STALL_UP, False),
        (Kind.SLOW, Deed.SLOW, False),
        (Kind.NAT, Deed.NAT, False),
        (Kind.PORTAL, Deed.PORTAL, True),
        (Kind.BROKER_DOWN, Deed.REFUSE, True),
        (Kind.AUTH_AWAY, Deed.REFUSE, False),
        (Kind.POWER_CUT, Deed.POWER, False),
        (Kind.REGION, Deed.POWER, False),
        (Kind.DEAD_CLOCK, Deed.POWER, False),
        (Kind.ERASE, Deed.ERASE, False),
        (Kind.STOP, Deed.STOP, False),
        (Kind.CLOCK_STEP, Deed.TIME_STEP, False),
        (Kind.CLOCK_OFF, Deed.TIME_STEP, False),
        (Kind.NTP_BLOCKED, Deed.TIME_BLOCKED, False),
    ],
)
def test_what_a_port_can_do_is_done(kind, deed, cuts):
    (step,) = course(fault(kind)).steps
    assert (step.deed, step.cuts, step.at_ms, step.lasts_ms) == (deed, cuts, 1_000, 500)


def test_a_network_that_flaps_keeps_the_board_out_again_and_again():
    steps = course(fault(Kind.FLAPPING, down_ms=100, up_ms=200, lasts_ms=650), scale=2.0).steps
    assert [(step.at_ms, step.lasts_ms) for step in steps] == [(500, 50), (650, 50), (800, 25)]
    assert {(step.deed, step.cuts) for step in steps} == {(Deed.REFUSE, True)}


def test_brownouts_take_the_power_again_and_again_and_the_network_for_the_whole_time():
    steps = course(fault(Kind.BROWNOUTS, down_ms=100, up_ms=200, lasts_ms=650), scale=2.0).steps
    assert [(step.at_ms, step.lasts_ms) for step in steps if step.deed is Deed.POWER] == [(500, 50), (650, 50), (800, 25)]
    assert [(step.at_ms, step.lasts_ms) for step in steps if step.deed is Deed.REFUSE] == [(500, 325)]
    assert course(fault(Kind.BROWNOUTS), abilities=NOTHING).told() == [
        "left out: 1 × brownouts: there is no relay, and no reset line"
    ]


def test_a_clock_that_is_a_little_off_is_so_in_either_direction():
    off = [course(fault(Kind.CLOCK_OFF, by_ms=30_000, late=late), scale=10).steps[0].number for late in (0, 1)]
    assert off == [30_000, -30_000]


def test_expired_credentials_end_the_connection_where_the_plan_says_so():
    assert [course(fault(Kind.EXPIRED, ends=ends)).steps[0].cuts for ends in (0, 1)] == [False, True]


def test_without_a_relay_the_reset_line_stands_in_and_without_either_it_is_left_out():
    (step,) = course(fault(Kind.POWER_CUT), abilities=Abilities(reset=True)).steps
    assert step.deed is Deed.RESET
    assert course(fault(Kind.POWER_CUT), abilities=NOTHING).told() == [
        "left out: 1 × power-cut: there is no relay, and no reset line"
    ]


def test_a_lying_name_server_and_a_command_that_the_board_does_not_obey_are_left_out():
    told = course(fault(Kind.PORTAL, lie=1), fault(Kind.ERASE), fault(Kind.CLOCK_STEP), abilities=Abilities(relay=True)).told()
    assert told == [
        "left out: 1 × clock-step: the board does not ask the rig for the time",
        "left out: 1 × erase: the board's firmware does not obey `erase`",
        "left out: 1 × portal: the board's name server is not the rig's",
    ]


def test_other_devices_faults_are_counted_and_the_house_meets_everybody():
    made = course(fault(Kind.DEAF, device=1), fault(Kind.DEAF, device=2), fault(Kind.DEAF, device=0), fault(Kind.CUT_ALL))
    assert [step.fault for step in made.steps] == [Kind.DEAF, Kind.CUT_ALL]
    assert made.left_out == ((Kind.DEAF, "it happens to another device of the plan", 2),)


def test_times_and_durations_in_numbers_are_scaled_but_not_how_wrong_a_clock_is():
    made = course(fault(Kind.SLOW, by_ms=4_000), fault(Kind.NAT, idle_ms=20_000), fault(Kind.CLOCK_STEP, by_ms=-7_000), scale=10)
    assert [(step.at_ms, step.lasts_ms, step.number) for step in made.steps] == [
        (100, 50, 400),
        (100, 50, 2_000),
        (100, 50, -7_000),
    ]
    assert made.lasts_ms == 6_000


@given(st.integers(0, 10_000), st.floats(0.1, 1_000))
def test_no_fault_of_a_drawn_plan_is_lost_and_steps_come_in_order(seed, scale):
    plan = draw(seed, 3, 3_600_000)
    made = translate(plan, 1, EVERYTHING, scale)
    again = sum(one.kind in AGAIN and one.device == 1 for one in plan.faults)
    once = [step for step in made.steps if step.fault not in AGAIN]
    assert len(once) + again + sum(count for _, _, count in made.left_out) == len(plan.faults)
    assert (len(made.steps) > len(once)) == (again > 0)
    assert [step.at_ms for step in made.steps] == sorted(step.at_ms for step in made.steps)
    assert all(step.lasts_ms >= 1 for step in made.steps)
