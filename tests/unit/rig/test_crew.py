"""Seeds come out in their order, with the same results, however many processes run them."""

import multiprocessing
import os
import shutil
import signal
from dataclasses import replace
from pathlib import Path

import pytest
from tests.unit.rig.broken_cores import publishes_before_it_persists

import seamline
from seamline.rig import crew
from seamline.rig.crew import CrewError, Task, run_seeds
from seamline.rig.world import world
from seamline.rig.world.aims import AIMS
from seamline.rig.world.run import contracts_digest
from seamline.rig.world.scenarios import DAYS

HEATER = Path(__file__).parents[3] / "examples" / "heater"
TASK = Task((HEATER,), 2, 300_000, "drop-mid-publish")


def nobody(_beats):
    pass


def test_the_result_does_not_depend_on_how_many_processes_there_are():
    alone = list(run_seeds(TASK, range(5, 9), 1, nobody))
    assert [each.seed for each in alone] == [5, 6, 7, 8]
    assert len({each.digest for each in alone}) == 4
    assert list(run_seeds(TASK, range(5, 9), 2, nobody)) == alone
    assert multiprocessing.active_children() == []


def test_the_first_that_breaks_is_the_last(monkeypatch):
    honest = world.Parts
    monkeypatch.setattr(world, "Parts", lambda families: honest(families, make_core=publishes_before_it_persists))
    (only,) = run_seeds(TASK, range(5, 9), 1, nobody)
    assert (only.seed, only.broken.partition(":")[0]) == (5, "counted-first")


def test_to_the_end_what_comes_behind_a_broken_promise_is_run_too():
    spoilt = replace(
        TASK, core=f"{HEATER.parents[1] / 'tests' / 'unit' / 'rig' / 'broken_cores.py'}:publishes_before_it_persists"
    )
    alone, together = (list(run_seeds(spoilt, range(5, 8), jobs, nobody, to_the_end=True)) for jobs in (1, 2))
    assert [each.seed for each in alone] == [5, 6, 7]
    assert all(each.broken.startswith("counted-first") for each in alone)
    assert together == alone


@pytest.mark.parametrize("jobs", [1, 2])
def test_no_seed_is_begun_when_there_is_no_time(jobs):
    assert list(run_seeds(TASK, range(5, 9), jobs, nobody, lambda: False)) == []


def test_what_is_under_way_is_told_and_counted(monkeypatch):
    monkeypatch.setattr(crew, "BEAT_S", 0.001)
    heard = []
    (finished,) = run_seeds(replace(TASK, devices=6, duration_ms=1_800_000), [5], 1, heard.extend)
    assert heard
    assert {beat.seed for beat in heard} == {5}
    assert all(beat.virtual_us <= finished.virtual_us for beat in heard)
    assert heard[-1].fired.keys() <= finished.fired.keys() <= {str(kind) for kind in DAYS["drop-mid-publish"].kinds}


def test_a_day_of_silence_is_as_long_as_it_has_to_be_for_the_progress_too():
    day = DAYS["two-day-fiction"]
    task = replace(TASK, scenario="two-day-fiction")
    families = task.parts().families
    plan = task.plan(5, families)
    assert plan.duration_ms == task.faults_ms(families) == 300_000 + day.silent_ms
    assert (plan.code, plan.contracts) == (seamline.__version__, contracts_digest(families))
    assert replace(task, scenario=None).faults_ms(families) == 300_000


def test_a_plan_that_aims_has_its_own_devices_and_time_and_says_what_it_is_for():
    task = replace(TASK, aim="silent-two-days", folder="products/x", core="app.py:App")
    families = TASK.parts().families
    plan = task.plan(5, families)
    aim = AIMS["silent-two-days"]
    assert (plan.devices, plan.duration_ms) == (aim.devices, aim.faults_ms(families))
    assert task.faults_ms(families) == plan.duration_ms > replace(task, aim=None).faults_ms(families)
    assert tuple(plan.faults) == tuple(aim.plan(5, families).faults)
    assert (plan.code, plan.contracts, plan.folder, plan.core) == (
        seamline.__version__, contracts_digest(families), "products/x", "app.py:App",
    )  # fmt: skip


def test_a_process_that_ends_by_itself_is_an_error_that_names_its_seed(tmp_path):
    product = tmp_path / "heater"
    shutil.copytree(HEATER, product)
    os.truncate(product / "contract.yaml", 10)
    with pytest.raises(CrewError, match=r"the process that ran seed [56] has ended by itself"):
        list(run_seeds(replace(TASK, contracts=(product,)), range(5, 7), 2, nobody))
    assert multiprocessing.active_children() == []


def test_sigterm_waits_until_a_process_has_been_begun_and_that_obeys_it_too(monkeypatch):
    class Told(Exception):
        pass

    made, ended = [], []

    class Noting(crew.Hand):
        def __init__(self, *arguments):
            signal.raise_signal(signal.SIGTERM)
            super().__init__(*arguments)
            made.append(self)

        def end(self):
            super().end()
            ended.append(self.process.exitcode)

    def told(_number, _frame):
        raise Told

    monkeypatch.setattr(crew, "Hand", Noting)
    before = signal.signal(signal.SIGTERM, told)
    try:
        with pytest.raises(Told):
            list(run_seeds(TASK, range(5, 9), 2, nobody))
    finally:
        signal.signal(signal.SIGTERM, before)
    assert len(made) == 1
    assert ended == [-signal.SIGTERM], "a process that does not hear SIGTERM would have been killed"
    assert multiprocessing.active_children() == []
    assert signal.SIGTERM not in signal.pthread_sigmask(signal.SIG_BLOCK, ())


def test_whoever_has_seen_enough_leaves_no_process_behind():
    runs = run_seeds(TASK, range(5, 50), 2, nobody)
    next(runs)
    runs.close()
    assert multiprocessing.active_children() == []
