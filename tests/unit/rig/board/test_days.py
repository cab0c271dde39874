"""A run for a bad day has that day's own fault in it, and says so where the day did not come."""

import pytest
from tests.unit.rig.board.conftest import boot, hello, said

from seamline.contract.pace import Pace
from seamline.rig.board.days import NOT_ON_DESK, ON_DESK
from seamline.rig.board.launch import NothingToDoError, Wanted, course_of
from seamline.rig.board.translate import Abilities
from seamline.rig.board.witness import Witness
from seamline.rig.world.scenarios import DAYS

ALL = Abilities(relay=True, reset=True, obeys=frozenset({"rest", "held", "erase", "stop", "ntp"}), time=True)
MET = (
    "drop-mid-publish",
    "online-but-deaf",
    "lying-network",
    "regional-power-cut",
    "week-offline",
    "erased-counter",
    "born-in-1970",
    "partial-outage",
)


def wanted(heater, tmp_path, name, seed=1):
    return Wanted(
        device="b1", folder=tmp_path, family=heater, seconds=40.0, day=DAYS[name], scenario=name, seed=seed, pace=10,
        publish_every_ms_max=2_000,
    )  # fmt: skip


@pytest.fixture
def witness(contracts):
    heard = Witness("b1", contracts)
    heard.heard(hello(), 1_000)
    heard.heard(boot(), 1_000)
    return heard


def test_every_day_of_the_rig_is_made_on_a_desk_or_says_why_not():
    assert {*ON_DESK, *NOT_ON_DESK} == {*DAYS}
    assert not {*ON_DESK} & {*NOT_ON_DESK}


@pytest.mark.parametrize("name", ON_DESK)
def test_what_makes_a_day_on_a_desk_is_among_its_faults(name):
    day = DAYS[name]
    assert {*ON_DESK[name].kinds} <= {*day.kinds, *([day.silence] if day.silent_ms else [])}


@pytest.mark.parametrize("seed", range(1, 9))
@pytest.mark.parametrize("name", MET)
def test_a_course_for_a_day_has_what_makes_the_day(name, seed, heater, tmp_path):
    course = course_of(wanted(heater, tmp_path, name, seed), ALL)
    assert ON_DESK[name].is_in(course)
    assert course == course_of(wanted(heater, tmp_path, name, seed), ALL)


@pytest.mark.parametrize("name", sorted({*DAYS} - {*MET}))
def test_a_day_of_which_only_what_goes_with_it_can_be_done_is_refused_with_the_reason(name, heater, tmp_path):
    with pytest.raises(NothingToDoError, match=f"what makes the scenario {name} cannot be done to this board: .*"):
        course_of(wanted(heater, tmp_path, name), ALL)


def test_a_power_cut_without_relay_or_reset_line_is_refused(heater, tmp_path):
    with pytest.raises(NothingToDoError, match="regional-power-cut: there is no relay, and no reset line"):
        course_of(wanted(heater, tmp_path, "regional-power-cut"), Abilities())


def test_a_fault_lasts_until_a_board_can_notice_it(heater, tmp_path):
    asked = wanted(heater, tmp_path, "online-but-deaf")
    course = course_of(asked, ALL)
    paced = Pace(10, 2_000).contract(heater.current)
    least_ms = paced.heartbeat_ms + 8 * paced.timing.answer_timeout_ms
    made = [step for step in course.steps if step.fault in ON_DESK["online-but-deaf"].kinds]
    assert made
    assert all(step.lasts_ms > least_ms and step.at_ms + step.lasts_ms <= course.lasts_ms for step in made)


SIGNS = {
    "drop-mid-publish": [said("ended", 50, "network")],
    "online-but-deaf": [said("closed", 50, "deaf")],
    "lying-network": [said("failed", 50, "tls")],
    "regional-power-cut": [boot(number=2)],
    "week-offline": [said("declared", 50, 3)],
    "erased-counter": [boot(incarnation=8)],
    "born-in-1970": [boot(number=2)],
    "partial-outage": [said("closed", 50, "deaf")],
    "rate-limited": [said("busy", 50, 2_000)],
}


@pytest.mark.parametrize("name", SIGNS)
def test_a_day_is_met_when_its_fault_was_done_and_the_console_told_of_it(name, witness):
    day = ON_DESK[name]
    done = {day.kinds[0]: 1}
    assert day.unmet(witness, {}) == [f"{name}: none of its own faults was done ({', '.join(day.kinds)})"]
    assert day.unmet(witness, done) == [f"{name}: the board never said that {day.state}"]
    for line in SIGNS[name]:
        witness.heard(line, 1_050)
    assert day.unmet(witness, done) == []
    assert day.unmet(witness, {}) != []
