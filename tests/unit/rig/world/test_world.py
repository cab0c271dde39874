"""The world as a whole: real cores and the real ingest logic, in virtual time."""

import os
import subprocess
import sys
from itertools import count
from pathlib import Path

import pytest
from tests.unit.rig.world import planted

from seamline.rig.world.plan import Fault, Kind, Plan
from seamline.rig.world.run import plan_of, run, run_all
from seamline.rig.world.shrink import shrink
from seamline.rig.world.world import Parts, World

HALF_HOUR_MS = 1_800_000
QUARTER_HOUR_MS = 900_000


def test_without_faults_every_measured_record_is_stored_once_and_nothing_is_said_twice(families):
    outcome = run(plan_of(3, 6, HALF_HOUR_MS, families, kinds=()), Parts(families))
    assert outcome.broken is None
    assert outcome.numbered == outcome.rows > 6 * 180
    assert not outcome.marks.counts["resent"]
    assert not outcome.marks.counts["duplicate"]


def test_under_every_kind_of_fault_every_promise_holds(families):
    plans = (plan_of(seed, 5, HALF_HOUR_MS, families) for seed in range(4))
    outcomes = list(run_all(plans, Parts(families)))
    assert [str(outcome.broken) for outcome in outcomes] == ["None"] * 4
    assert sum(outcome.marks.counts["power-cut"] for outcome in outcomes) > 5
    assert len({outcome.digest for outcome in outcomes}) == 4


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind is not Kind.UPGRADE])
def test_each_kind_of_fault_alone_is_survived(families, kind):
    outcome = run(plan_of(17, 4, QUARTER_HOUR_MS, families, kinds=[kind, kind, kind]), Parts(families))
    assert outcome.broken is None


def test_a_device_that_is_upgraded_delivers_what_the_older_firmware_measured(families):
    faults = [Fault(200_000, Kind.PARTITION, 0, 300_000), Fault(400_000, Kind.UPGRADE, 0, 2_000, {"model": 1})]
    faults += [Fault(600_000 + step, Kind.UPGRADE, 0, 2_000, {"model": step}) for step in (0, 60_000)]
    outcome = run(Plan(5, 1, QUARTER_HOUR_MS, tuple(faults)), Parts(families))
    assert outcome.broken is None
    assert outcome.marks.counts["upgraded"] >= 1


FLASH_STORY_MS = 150_000


def flash_story(operations, how, again):
    """One device with a flash outbox, its link away for a while; the power goes at one flash operation, and perhaps again."""
    away = Fault(70_000, Kind.PARTITION, 0, 30_000)
    cut = Fault(0, Kind.FLASH_CUT, 0, 0, {"operations": operations, "how": how, "again": again, "again_how": how})
    return Plan(1, 1, FLASH_STORY_MS, (cut, away))


@pytest.mark.parametrize("how", [0, 1, 2])
def test_a_cut_at_every_flash_operation_and_again_in_the_recovery_is_survived(families, how):
    assert World(Plan(1, 1, FLASH_STORY_MS), Parts(families)).devices[0].model.policy.store == "flash"
    for operation in count():
        outcome = run(flash_story(operation, how, operation % 4 - 1), Parts(families))
        assert outcome.broken is None
        if not outcome.marks.counts["cut-in-erase"] + outcome.marks.counts["cut-in-program"]:
            break
    assert operation > 10


@pytest.mark.parametrize("effects", [*range(0, 40, 3)])
def test_the_hub_killed_between_any_two_effects_loses_nothing_and_stores_nothing_twice(families, effects):
    kills = [Fault(at_ms, Kind.HUB_KILL, -1, 2_000, {"effects": effects}) for at_ms in (60_000, 130_000, 200_000)]
    outcome = run(Plan(8, 3, 300_000, tuple(kills)), Parts(families))
    assert outcome.broken is None
    assert sum(times for mark, times in outcome.marks.counts.items() if mark.startswith("hub-killed-")) == 3


def test_a_commit_whose_answer_is_lost_is_not_made_twice(families):
    fault = Fault(100_000, Kind.COMMIT_UNKNOWN, -1, 0, {"times": 3})
    outcome = run(Plan(9, 3, 300_000, (fault,)), Parts(families))
    assert outcome.broken is None
    assert outcome.marks.counts["commit-unknown"] == 3


def found(parts, families, seeds, kinds=None):
    plans = (plan_of(seed, 6, HALF_HOUR_MS, families, kinds) for seed in range(1, seeds + 1))
    return next((outcome for outcome in run_all(plans, parts) if outcome.broken is not None), None)


POWER = (Kind.POWER_CUT, Kind.STOP, Kind.FLASH_CUT)
CONNECTS = (Kind.AUTH_AWAY, Kind.PORTAL, Kind.BROKER_DOWN)


@pytest.mark.parametrize(
    ("defect", "promises", "kinds"),
    [
        (planted.forgets_its_boot, {"boot-rises"}, POWER),
        (planted.retries_without_back_off, {"paced"}, CONNECTS),
        (planted.comes_back_in_step, {"jitter"}, CONNECTS),
        (planted.lets_go_when_sent, {"lost-for-cause"}, (Kind.LINK_CUT, Kind.PARTITION, Kind.LOSSY)),
        (planted.sends_again_while_the_first_try_runs, {"sent-again"}, (Kind.LOSSY, Kind.HUB_KILL, Kind.DEAF)),
        (planted.publishes_before_it_persists, {"counted-first"}, POWER),
        (planted.ignores_busy, {"busy-obeyed"}, (Kind.DATABASE_AWAY, Kind.DATABASE_SLOW)),
        (planted.has_no_deadline_when_it_failed, {"online", "paced"}, CONNECTS),
        (planted.raises, {"no-error"}, ()),
        (planted.never_ends, {"bounded"}, ()),
    ],
)
def test_a_defect_planted_in_the_core_is_found_within_four_seeds(families, defect, promises, kinds):
    outcome = found(Parts(families, make_core=defect), families, 4, kinds)
    assert outcome is not None
    assert outcome.broken.promise in promises


@pytest.mark.parametrize(
    ("defect", "promise"),
    [
        (planted.acknowledges_before_commit, "acknowledged-is-durable"),
        (planted.forgets_what_it_stored, "stored-once"),
        (lambda: planted.spoils("room", 1), "values"),
        (lambda: planted.spoils("measured", 60_000_000), "dates"),
        (lambda: planted.spoils("seq", 1_000), "no-strangers"),
    ],
    ids=["acknowledges before commit", "forgets what it stored", "another value", "another date", "another number"],
)
def test_a_defect_planted_in_the_hub_is_found_at_once(families, defect, promise):
    outcome = found(Parts(families, commit=defect()), families, 1)
    assert outcome is not None
    assert outcome.broken.promise == promise


def test_a_failing_plan_shrinks_to_what_it_takes_and_still_fails_the_same_way(families):
    parts = Parts(families, make_core=planted.forgets_its_boot)
    whole = found(parts, families, 4)
    small = shrink(whole, parts)
    assert small.broken.promise == whole.broken.promise
    assert len(small.plan.faults) == 1 < len(whole.plan.faults)
    assert len(small.plan.present) == 1
    assert run(small.plan, parts).digest == small.digest


PROGRAM = """
from seamline.contract import load_family
from seamline.rig.world.run import plan_of, run
from seamline.rig.world.world import Parts, World
families = [load_family("examples/heater")]
outcome = run(plan_of(21, 5, 1_200_000, families), Parts(families))
print(outcome.digest, outcome.steps, outcome.broken)
"""


def test_the_same_plan_gives_the_same_events_in_processes_with_other_hashes():
    told = set()
    for hash_seed in ("0", "1", "random"):
        env = {**os.environ, "PYTHONHASHSEED": hash_seed}
        root = Path(__file__).parents[4]
        done = subprocess.run([sys.executable, "-c", PROGRAM], env=env, cwd=root, capture_output=True, text=True, check=True)
        told.add(done.stdout)
    assert len(told) == 1
    assert told.pop().endswith("None\n")
