"""A run gets a course in which something happens, or a clear word about why there is none."""

import pytest

from seamline.rig.board.errors import BoardError
from seamline.rig.board.launch import Hub, NothingToDoError, Wanted, _flashed, course_of
from seamline.rig.board.translate import Abilities, Deed
from seamline.rig.world.plan import Fault, Kind, Plan
from seamline.rig.world.scenarios import DAYS, Day

OF_A_BOARD = ("drop-mid-publish", "online-but-deaf", "lying-network", "regional-power-cut", "erased-counter", "born-in-1970")
ALL = Abilities(relay=True, reset=True, obeys=frozenset({"rest", "held", "erase", "stop", "ntp"}), time=True)


def wanted(heater, tmp_path, **more):
    return Wanted(device="b1", folder=tmp_path, family=heater, seconds=60.0, **more)


@pytest.mark.parametrize("name", OF_A_BOARD)
def test_the_days_that_happen_to_a_board_have_something_for_it(name, heater, tmp_path):
    course = course_of(wanted(heater, tmp_path, day=DAYS[name]), ALL)
    assert course.steps
    assert course.lasts_ms == 60_000
    assert all(step.at_ms <= 60_000 for step in course.steps)


def test_a_scenario_without_anything_to_do_is_refused_with_the_reasons(heater, tmp_path):
    with pytest.raises(NothingToDoError, match="the scenario has nothing that can be done to this board: rot: no bit of a real"):
        course_of(wanted(heater, tmp_path, day=Day((Kind.ROT,), (), ())), ALL)


def test_the_same_seed_is_the_same_course(heater, tmp_path):
    first, again, other = (course_of(wanted(heater, tmp_path, day=DAYS["online-but-deaf"], seed=seed), ALL) for seed in (5, 5, 6))
    assert first == again != other


def test_a_plan_is_run_in_the_seconds_that_were_given_as_the_device_that_was_named(heater, tmp_path):
    plan = Plan(1, 3, 600_000, (Fault(300_000, Kind.DEAF, 1, 60_000), Fault(60_000, Kind.MUTE, 2, 6_000)), only=(1, 2))
    (step,) = course_of(wanted(heater, tmp_path, plan=plan), ALL).steps
    assert (step.deed, step.at_ms, step.lasts_ms) == (Deed.STALL_DOWN, 30_000, 6_000)
    (step,) = course_of(wanted(heater, tmp_path, plan=plan, place=2), ALL).steps
    assert (step.deed, step.at_ms) == (Deed.STALL_UP, 6_000)


@pytest.mark.parametrize(
    ("faults", "why"),
    [((), "it has no faults"), ((Fault(1, Kind.POWER_CUT, 0, 5),), "power-cut: there is no relay, and no reset line")],
)
def test_a_plan_without_anything_to_do_is_refused_with_the_reasons(heater, tmp_path, faults, why):
    with pytest.raises(NothingToDoError, match=f"the plan has nothing that can be done to this board: {why}"):
        course_of(wanted(heater, tmp_path, plan=Plan(1, 1, 1_000, faults)), Abilities())


def test_a_simulated_board_needs_a_hub_that_gives_it_a_certificate(heater, tmp_path):
    with pytest.raises(BoardError, match="needs a certificate of the rig's own hub"):
        _flashed(wanted(heater, tmp_path), Hub(("h", 1), "dsn"), tmp_path, None, None)
