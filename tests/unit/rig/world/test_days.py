"""Bad days: each has its scenario or its test, or stands in the list of open ones; and each scenario proves its own."""

import re
from pathlib import Path

import pytest

from seamline.rig.world.marks import CATALOGUE, Marks
from seamline.rig.world.plan import SPECS, Kind, parse
from seamline.rig.world.promises import ALWAYS, EVENTUALLY
from seamline.rig.world.run import run
from seamline.rig.world.scenarios import DAYS, OPEN, SCENARIOS
from seamline.rig.world.world import Parts

ROOT = Path(__file__).parents[4]
ROW = re.compile(r"^\| `([a-z0-9-]+)` \|[^|]+\|[^|]+\| ([^|]+) \|$", re.MULTILINE)
HALF_HOUR_MS = 1_800_000
PROOFS = dict(ROW.findall((ROOT / "docs" / "bad-days.md").read_text(encoding="utf-8")))
SEEDS_MAX = 12


def proving(proof):
    return [ROOT / path for path in re.findall(r"`(tests/[^`]+)`", proof)]


def test_the_table_is_read():
    assert len(PROOFS) == 27


@pytest.mark.parametrize("name", PROOFS)
def test_a_named_bad_day_has_a_scenario_or_a_test_or_is_open(name):
    proof = PROOFS[name]
    is_proved = bool(proving(proof)) or name in DAYS
    assert is_proved != (name in OPEN), f"{name} needs a scenario (DAYS), a test, or an entry in OPEN: {proof}"
    assert (proof == "open") == (name in OPEN)
    assert (f"scenario `{name}`" in proof) == (name in DAYS)
    assert all(path.is_file() for path in proving(proof))


@pytest.mark.parametrize("name", [*DAYS, *OPEN])
def test_a_scenario_and_an_open_entry_name_a_day(name):
    assert name in PROOFS


@pytest.mark.parametrize("name", DAYS)
def test_a_days_promises_states_and_faults_exist(name):
    day = DAYS[name]
    assert day.promises
    assert day.states
    assert set(day.promises) <= set(ALWAYS) | set(EVENTUALLY)
    assert set(day.states) <= set(CATALOGUE)
    assert SCENARIOS[name] == day.kinds


@pytest.mark.parametrize("name", DAYS)
def test_a_days_plan_holds_its_faults_only_and_reads_back(name):
    day = DAYS[name]
    plan = day.plan(5, 4, HALF_HOUR_MS)
    assert parse(plan.write()) == plan
    assert plan == day.plan(5, 4, HALF_HOUR_MS)
    silences = {day.silence} if day.silent_ms else set()
    assert {fault.kind for fault in plan.faults} <= set(day.kinds) | silences
    assert plan.duration_ms == HALF_HOUR_MS + day.silent_ms


def test_a_day_whose_state_was_never_reached_is_not_proved():
    day, marks = DAYS["online-but-deaf"], Marks()
    assert day.unproved(marks) == day.states
    marks.hit("deaf")
    assert day.unproved(marks) == ("deaf-with-age", "deaf-recovered")


@pytest.mark.parametrize("name", [name for name in DAYS if name != "two-day-fiction"])
def test_a_day_holds_its_promises_and_is_proved_within_a_few_seeds(families, name):
    day, marks = DAYS[name], Marks()
    for seed in range(SEEDS_MAX):
        outcome = run(day.plan(seed, 5, HALF_HOUR_MS), Parts(families))
        assert outcome.broken is None
        marks.add(outcome.marks)
        if not day.unproved(marks):
            return
    assert day.unproved(marks) == ()


def test_two_days_of_silence_are_shown_with_their_age(families):
    day = DAYS["two-day-fiction"]
    outcome = run(day.plan(1, 1, HALF_HOUR_MS), Parts(families))
    assert outcome.broken is None
    assert day.unproved(outcome.marks) == ()


@pytest.mark.parametrize("seed", range(3))
def test_any_one_seed_meets_the_whole_partial_outage(families, seed):
    day = DAYS["partial-outage"]
    outcome = run(day.plan(seed, 4, HALF_HOUR_MS), Parts(families))
    assert outcome.broken is None
    assert day.unproved(outcome.marks) == ()


def test_every_kind_of_fault_is_in_a_days_scenario_or_says_why_not():
    of_no_day = {Kind.TAIL_LOST, Kind.RESTORED, Kind.EXPIRED, Kind.BROWNOUTS, Kind.CLOCK_OFF}
    """A restore, a broker's lost tail, brownouts and small lies have no day of their own; credentials expire in `expired-offline`, which is
    open."""
    named = {kind for day in DAYS.values() for kind in (*day.kinds, day.silence)}
    assert set(SPECS) - named == of_no_day
