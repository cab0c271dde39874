"""`seamline rig run`: fleets and the hub under faults, in virtual time, a seed after another."""

from __future__ import annotations

import argparse
import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import seamline
from seamline.cli.exits import INTERRUPTED, OK, PROMISE_BROKEN, TERMINATED, WrongUse, code_of
from seamline.cli.rig_failed import failed
from seamline.cli.rig_marks import Demands, demands, told
from seamline.cli.rig_plans import (
    OURS,
    families_of,
    folders_of,
    lost_processes,
    needs_hub,
    origin,
    parts_with,
    plans_in,
    try_to_write,
)
from seamline.cli.rig_progress import Progress
from seamline.cli.rig_told import RED, complain
from seamline.cli.screen import painted, show, show_json
from seamline.state_home import state_home

if TYPE_CHECKING:
    from seamline.contract import Family
    from seamline.rig.crew import Finished, Task
    from seamline.rig.world.world import Parts


HOUR_MS = 3_600_000
MIXED_SHARE = 0.75
"""Of a budget, where rare states never came: the rest is for plans that aim at them."""
VERDICTS: Final = {PROMISE_BROKEN: "broken", INTERRUPTED: "interrupted", TERMINATED: "interrupted"}


@dataclass(slots=True)
class Runs:
    """What one `rig run` is asked for, and what has come of it."""

    task: Task
    parts: Parts
    families: list[Family]
    first: int
    demands: Demands
    progress: Progress
    ended: str = "seeds"
    """Why it ended: `seeds` (all are done), `budget`, `broken` or `interrupted`."""
    is_unproved: bool = False
    """Nothing broke, and a rare state never came that these runs had to reach."""
    finished: list[Finished] = field(default_factory=list["Finished"])
    aimed: list[tuple[str, Finished]] = field(default_factory=list[tuple[str, "Finished"]])
    """Runs of plans that aim at a rare state, each with its name."""
    promoted: list[dict[str, object]] = field(default_factory=list[dict[str, object]])
    failed: dict[str, object] = field(default_factory=dict[str, object])
    """What broke, for the JSON answer."""


def run(options: argparse.Namespace) -> int:
    """Run promoted plans where that is asked, then seeds until the budget is used up or a promise is broken."""
    try:
        needs_hub()
        runs = _asked(options)
        quiet: bool = options.json
        if not quiet:
            show(f"seeds from {_seed(runs)}: {_fleet(runs)}")
        code = _promoted(options, runs)
    except KeyboardInterrupt as interrupt:
        complain("interrupted before the first seed was run: nothing is known")
        return code_of(interrupt)
    ended_by = OK
    try:
        last = _worlds(options, runs)
    except KeyboardInterrupt as interrupt:
        runs.ended, ended_by, last = "interrupted", code_of(interrupt), None
    runs.progress.end()
    if last is not None and last.broken:
        runs.ended = "broken"
        code = _failed(options, runs, last)
    elif code == OK:
        code = ended_by
    runs.is_unproved = code == OK and options.seeds > 0 and bool(runs.demands.owed(runs.progress.marks))
    _verdict(options, runs, promoted_broke=code == PROMISE_BROKEN and runs.ended != "broken")
    if runs.is_unproved:
        code = PROMISE_BROKEN
    if quiet:
        show_json(_answer(options, runs, code))
    return code


def _asked(options: argparse.Namespace) -> Runs:
    """Read the options. Raises WrongUse."""
    from seamline.rig.crew import Task
    from seamline.rig.world.scenarios import DAYS

    if options.seeds == 0 and options.promoted is None:
        raise WrongUse("--seeds 0 runs nothing: it is for --promoted plans alone; write --seeds 1 or more, or --promoted")
    if options.scenario is not None and options.scenario not in DAYS:
        raise WrongUse(f"--scenario {options.scenario}: {_no_day(options.scenario)}there are {', '.join(DAYS)}")
    try_to_write(_out(options), "" if options.out else ": name another folder with --out")
    folders = folders_of(options.contract)
    families = families_of(folders, "--contract")
    demanded = demands(options.scenario, families, options.excuse)
    first, drawn_for = (secrets.randbits(31), "") if options.seed is None else options.seed
    if drawn_for and drawn_for != origin(families):
        raise WrongUse(
            f"--seed {first}@{drawn_for}: it was drawn by another version of Seamline or for other contracts (here it is "
            f"{first}@{origin(families)}): its plans would be others; write --seed {first} to run it all the same"
        )
    named = None if options.contract is None else os.pathsep.join(str(folder.resolve()) for folder in folders)
    core = None if options.core == OURS else options.core
    parts = parts_with(core, families)
    task = Task(folders, options.devices, round(options.hours * HOUR_MS), options.scenario, named, core)
    faults_ms = task.faults_ms(families)
    progress = Progress(options.seeds, options.devices, faults_ms, demanded.states, budget_s=options.budget)
    return Runs(task, parts, families, first, demanded, progress)


def _no_day(name: str) -> str:
    """Why the rig does not make a bad day, where it is one."""
    from seamline.rig.gate.bad_days import ABOUT, waits_for

    return f"the rig does not make this day: {waits_for(name)}; " if name in ABOUT else ""


def _worlds(options: argparse.Namespace, runs: Runs) -> Finished | None:
    """Run the seeds; then plans that aim at the rare states that never came; return the last run."""
    seeds = iter(range(runs.first, runs.first + options.seeds))
    mixed = options.scenario is None and options.seeds > 0
    last = _seeds(options, runs, seeds, MIXED_SHARE if mixed else 1)
    if mixed and not (last and last.broken):
        last = _aims(options, runs) or last
        if not (last and last.broken):
            last = _seeds(options, runs, seeds) or last
    return last


def _seeds(options: argparse.Namespace, runs: Runs, seeds: Iterator[int], share: float = 1.0) -> Finished | None:
    """Run seeds as long as there is time: of the budget this share, where rare states are owed; return the last run."""
    from seamline.rig.crew import run_seeds
    from seamline.rig.plugin.twice import one_twice

    progress, task, budget_s = runs.progress, runs.task, options.budget

    def in_time() -> bool:
        if budget_s is None or progress.took_s < budget_s * share:
            return True
        return progress.took_s < budget_s and not runs.demands.owed(progress.marks)

    jobs = min(options.jobs or os.cpu_count() or 1, options.seeds)
    last = None
    with lost_processes():
        ran = run_seeds(task, seeds, jobs, progress.beats, in_time)
        for last in one_twice(ran, lambda seed: task.plan(seed, runs.families), runs.parts, jobs):
            runs.finished.append(last)
            progress.finished(last)
    runs.ended = "seeds" if progress.done == options.seeds else "budget"
    return last


def _aims(options: argparse.Namespace, runs: Runs) -> Finished | None:
    """Run plans that aim at each rare state that is owed, until it is reached or out of reach; return the last run.

    Where one breaks a promise, `runs.task` says what its plan is drawn for.
    """
    from seamline.rig.crew import run_seeds
    from seamline.rig.world.aims import AIMS

    progress, mixed, last = runs.progress, runs.task, None

    def in_time() -> bool:
        return options.budget is None or progress.took_s < options.budget

    for name in runs.demands.owed(progress.marks):
        if progress.marks[name] or not in_time():
            continue
        aim, runs.task = AIMS[name], replace(mixed, aim=name)
        progress.aims(name, aim.devices, aim.faults_ms(runs.families))
        seeds = aim.seeds(runs.first, runs.families)
        with lost_processes():
            for last in run_seeds(runs.task, seeds, 1, progress.beats, in_time):
                runs.aimed.append((name, last))
                progress.finished(last)
                if last.broken:
                    return last
                if progress.marks[name]:
                    break
    runs.task = mixed
    progress.aims("", mixed.devices, mixed.faults_ms(runs.families))
    return last


def _failed(options: argparse.Namespace, runs: Runs, last: Finished) -> int:
    """Keep what broke and tell it; Ctrl-C leaves what is known of it."""
    try:
        runs.failed = failed(options, runs, last, _out(options))
    except KeyboardInterrupt:
        complain(f"interrupted: seed {last.seed} breaks {last.broken}; its plan was not kept")
        runs.failed = {"seed": last.seed, "what": last.broken, "plan": None, "replay": None}
    return PROMISE_BROKEN


def _out(options: argparse.Namespace) -> Path:
    """Where a plan that fails is kept."""
    return state_home() / "rig" if options.out is None else options.out


def _promoted(options: argparse.Namespace, runs: Runs) -> int:
    """Run the promoted plans, where that is asked."""
    from seamline.cli.rig_replay import replay_all

    if options.promoted is None:
        return OK
    folder: Path = options.promoted
    if options.promoted is True:
        folder = (Path() if options.contract is None else options.contract[0]) / "rig"
    if not folder.exists():
        raise WrongUse(f"--promoted {folder}: there is no such folder; `seamline rig promote PLAN --to {folder}` makes it")
    code, runs.promoted = replay_all(plans_in([folder]), quiet=options.json, core=options.core)
    return code


# -- the verdict -----------------------------------------------------------------------------------------------------------


def _verdict(options: argparse.Namespace, runs: Runs, *, promoted_broke: bool) -> None:
    """Say in a few lines what the runs have shown."""
    if options.json or runs.ended == "broken":
        return
    from seamline.rig.timeline.words import counted

    progress = runs.progress
    took_s = max(progress.took_s, 0.001)
    more = f" and {counted(runs.aimed, 'plan')} aimed at rare states" if runs.aimed else ""
    known = f"{progress.done:,} seeds{more}, {progress.device_hours:,.0f} device-hours in {took_s:.0f} s ({progress.device_hours / took_s:,.0f} a second)"
    why = {
        "interrupted": f"interrupted after {progress.done:,} of {options.seeds:,} seeds; ",
        "budget": "the budget is used up; ",
    }
    held = f"every promise held: {known}" if progress.done else "no seed was run to its end"
    if not options.seeds:
        ran = sum(each["verdict"] != "unfit" for each in runs.promoted)
        held = f"{ran:,} promoted plan{' was' if ran == 1 else 's were'} run, and no seed was asked for"
    if promoted_broke:
        held = f"{painted('a promoted plan breaks its promise again', RED)}; {held}"
    if runs.is_unproved:
        day = f"the day {options.scenario} was not met in all its states"
        lacking = "rare states never came" if options.scenario is None else day
        held = f"{painted(f'unproved: {lacking}', RED)}; {held}"
    show(why.get(runs.ended, "") + held)
    if progress.done:
        show(told(options.scenario, runs.demands, progress.marks))


def _answer(options: argparse.Namespace, runs: Runs, code: int) -> dict[str, object]:
    """The answer as JSON."""
    progress = runs.progress
    return {
        "verdict": "unproved" if runs.is_unproved else VERDICTS.get(code, "held"),
        "ended": runs.ended,
        "seamline": seamline.__version__,
        "seed": _seed(runs),
        "seeds": options.seeds,
        "done": progress.done,
        "devices": options.devices,
        "hours": options.hours,
        "scenario": options.scenario,
        "device_hours": round(progress.device_hours, 2),
        "seconds": round(progress.took_s, 2),
        "faults": dict(progress.fired),
        "marks": dict(progress.marks),
        "missed": runs.demands.missed(progress.marks),
        "ruled_out": dict(runs.demands.ruled_out),
        "runs": [{"seed": each.seed, "events": each.digest, "broken": each.broken or None} for each in runs.finished],
        "aimed": [
            {"mark": name, "seed": each.seed, "events": each.digest, "broken": each.broken or None} for name, each in runs.aimed
        ],
        "promoted": runs.promoted,
        "broken": runs.failed or None,
    }


def _seed(runs: Runs) -> str:
    return f"{runs.first}@{origin(runs.families)}"


def _fleet(runs: Runs) -> str:
    task = runs.task
    products = ", ".join(family.product for family in runs.families)
    with_core = "" if task.core is None else f" with {task.core}"
    return f"{task.devices:,} devices ({products}){with_core}, {task.faults_ms(runs.families) / HOUR_MS:g} h each"
