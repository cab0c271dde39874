"""`seamline rig run`: fleets and the hub under faults, in virtual time, a seed after another."""

from __future__ import annotations

import argparse
import os
import secrets
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import seamline
from seamline.cli.exits import INTERRUPTED, OK, PROMISE_BROKEN, TERMINATED, WrongUse, code_of
from seamline.cli.rig_failed import failed
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
VERDICTS: Final = {PROMISE_BROKEN: "broken", INTERRUPTED: "interrupted", TERMINATED: "interrupted"}


@dataclass(slots=True)
class Runs:
    """What one `rig run` is asked for, and what has come of it."""

    task: Task
    parts: Parts
    families: list[Family]
    first: int
    progress: Progress
    ended: str = "seeds"
    """Why it ended: `seeds` (all are done), `budget`, `broken` or `interrupted`."""
    is_unproved: bool = False
    """Nothing broke, and a rare state that was asked for never came: of a named bad day, or with `--all-marks`."""
    finished: list[Finished] = field(default_factory=list["Finished"])
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
        _seeds(options, runs)
        if options.all_marks and options.scenario is None:
            _seldom(options, runs)
    except KeyboardInterrupt as interrupt:
        runs.ended, ended_by = "interrupted", code_of(interrupt)
    runs.progress.end()
    last = runs.finished[-1] if runs.finished else None
    if last is not None and last.broken:
        runs.ended = "broken"
        code = _failed(options, runs, last)
    elif code == OK:
        code = ended_by
    runs.is_unproved = code == OK and (options.scenario is not None or options.all_marks) and bool(_missed(runs))
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
    progress = Progress(options.seeds, options.devices, task.faults_ms, _demanded(options.scenario), budget_s=options.budget)
    return Runs(task, parts, families, first, progress)


def _no_day(name: str) -> str:
    """Why the rig does not make a bad day, where it is one."""
    from seamline.rig.gate.bad_days import ABOUT, waits_for

    return f"the rig does not make this day: {waits_for(name)}; " if name in ABOUT else ""


def _seldom(options: argparse.Namespace, runs: Runs) -> None:
    """Run plans of little else for each rare state that mixed plans may miss for long: as many seeds again, or until it is reached."""
    from seamline.rig.world.marks import SELDOM
    from seamline.rig.world.plan import Kind

    mixed = runs.task
    for name, kinds in SELDOM.items():
        if runs.ended != "seeds" or (runs.finished and runs.finished[-1].broken):
            return
        if not runs.progress.marks[name]:
            runs.task = replace(mixed, kinds=tuple(map(Kind, kinds)))
            _seeds(options, runs, until=name)


def _seeds(options: argparse.Namespace, runs: Runs, until: str = "") -> None:
    """Run the seeds, or until a rare state is reached; what they come to is added to `runs`."""
    from seamline.rig.crew import run_seeds

    progress = runs.progress

    def in_time() -> bool:
        if options.budget is not None and progress.took_s >= options.budget:
            runs.ended = "budget"
            return False
        return True

    jobs = min(options.jobs or os.cpu_count() or 1, options.seeds)
    seeds = range(runs.first, runs.first + options.seeds)
    with lost_processes():
        for finished in run_seeds(runs.task, seeds, jobs, progress.beats, in_time):
            runs.finished.append(finished)
            progress.finished(finished)
            if until and progress.marks[until]:
                return


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
    progress = runs.progress
    took_s = max(progress.took_s, 0.001)
    known = f"{progress.done:,} seeds, {progress.device_hours:,.0f} device-hours in {took_s:.0f} s ({progress.device_hours / took_s:,.0f} a second)"
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
        show(_marks(options.scenario, runs))


def _marks(scenario: str | None, runs: Runs) -> str:
    """Which rare states came, of those that these runs could reach."""
    from seamline.rig.world.marks import OF_DAYS

    demanded, missed = _demanded(scenario), _missed(runs)
    reached, never = f"{len(demanded) - len(missed)} of {len(demanded)} marks", ", ".join(missed)
    if scenario is None:
        return f"{reached} reached{f'; never: {never}' if missed else ''}; {len(OF_DAYS)} more belong to single days"
    lacking = f"; what makes the day {scenario} never came, so it is not proved: {never}" if missed else ""
    return f"{reached} of the day {scenario} reached{lacking}"


def _demanded(scenario: str | None) -> tuple[str, ...]:
    """The rare states that runs should reach: a bad day's own, or those that every mixture can reach."""
    from seamline.rig.world.marks import ANYWHERE
    from seamline.rig.world.scenarios import DAYS

    return ANYWHERE if scenario is None else DAYS[scenario].states


def _missed(runs: Runs) -> list[str]:
    """Those of them that never came."""
    return [name for name in _demanded(runs.task.scenario) if not runs.progress.marks[name]]


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
        "missed": _missed(runs),
        "runs": [{"seed": each.seed, "events": each.digest, "broken": each.broken or None} for each in runs.finished],
        "promoted": runs.promoted,
        "broken": runs.failed or None,
    }


def _seed(runs: Runs) -> str:
    return f"{runs.first}@{origin(runs.families)}"


def _fleet(runs: Runs) -> str:
    task = runs.task
    products = ", ".join(family.product for family in runs.families)
    with_core = "" if task.core is None else f" with {task.core}"
    return f"{task.devices:,} devices ({products}){with_core}, {task.faults_ms / HOUR_MS:g} h each"
