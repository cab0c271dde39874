"""`seamline rig run`: fleets and the hub under faults, in virtual time, a seed after another."""

from __future__ import annotations

import argparse
import os
import secrets
import sys
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import seamline
from seamline.cli.exits import INTERRUPTED, OK, PROMISE_BROKEN, WrongUse
from seamline.cli.rig_plans import (
    OURS,
    families_of,
    folders_of,
    keep,
    lost_processes,
    needs_hub,
    origin,
    parts_with,
    plans_in,
    try_to_write,
)
from seamline.cli.rig_progress import Progress, smaller
from seamline.cli.rig_told import RED, broken_members, replay_line, tell_broken, write_timeline
from seamline.cli.screen import painted, show, show_json
from seamline.state_home import state_home

if TYPE_CHECKING:
    from seamline.contract import Family
    from seamline.rig.crew import Finished, Task
    from seamline.rig.world.shrink import Try
    from seamline.rig.world.world import Outcome, Parts


HOUR_MS = 3_600_000
VERDICTS: Final = {PROMISE_BROKEN: "broken", INTERRUPTED: "interrupted"}


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
    except KeyboardInterrupt:
        print("seamline: interrupted before the first seed was run: nothing is known", file=sys.stderr)
        return INTERRUPTED
    try:
        _seeds(options, runs)
        if options.all_marks and options.scenario is None:
            _seldom(options, runs)
    except KeyboardInterrupt:
        runs.ended = "interrupted"
    runs.progress.end()
    last = runs.finished[-1] if runs.finished else None
    if last is not None and last.broken:
        runs.ended = "broken"
        code = _failed(options, runs, last)
    elif runs.ended == "interrupted" and code == OK:
        code = INTERRUPTED
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
    if options.out is not None:
        try_to_write(options.out)
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
    progress = Progress(options.seeds, options.devices, task.faults_ms, budget_s=options.budget)
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


# -- what failed -----------------------------------------------------------------------------------------------------------


def _failed(options: argparse.Namespace, runs: Runs, last: Finished) -> int:
    """Make the plan small, keep it with its timeline, show what happens in it, and name the line that repeats it."""
    from seamline.rig.timeline.recording import record
    from seamline.rig.timeline.telling import tell
    from seamline.rig.world.run import run as run_plan

    plan = runs.task.plan(last.seed, runs.families)
    if runs.parts.apart is not None:
        runs.parts.apart.remember(plan, last.ended)
    if not options.json:
        show(f"seed {last.seed} breaks {last.broken}")
    with lost_processes():
        small = _small(options, runs, run_plan(plan, runs.parts))
        recorded = record(small.plan, runs.parts)
    story = tell(recorded)
    folder: Path = state_home() / "rig" if options.out is None else options.out
    path = keep(recorded.outcome, runs.families, folder)
    again = replay_line(path, runs.task.core)
    files = write_timeline(story, path, folder, runs.task.core)
    runs.failed = broken_members(recorded.outcome) | {"seed": last.seed, "plan": str(path), "replay": again} | files
    if not options.json:
        tell_broken(recorded.outcome, story)
        show(f"timeline {files['page']}")
        show(f"         {files['text']}")
        show(again)
    return PROMISE_BROKEN


def _small(options: argparse.Namespace, runs: Runs, whole: Outcome) -> Outcome:
    """The smallest failing run that is found in time; Ctrl-C ends the search with the smallest so far."""
    from seamline.rig.timeline.words import counted
    from seamline.rig.world.shrink import shrink

    until_s = runs.progress.took_s + options.shrink
    last: Try | None = None

    def told(tried: Try) -> None:
        nonlocal last
        last = tried
        runs.progress.tried(tried)

    with suppress(KeyboardInterrupt):
        shrink(whole, runs.parts, told, go_on=lambda: runs.progress.took_s < until_s)
    runs.progress.end()
    if last is None:
        return whole
    if not options.json:
        show(f"made small: {smaller(last)} (from {counted(whole.plan.faults, 'fault')}, {counted(whole.plan.present, 'device')})")
        if last.best.broken is not None and last.best.broken.promise == "jitter":
            show("  jitter is judged over the connects of a whole run: a few devices and faults may be too few to show it")
    return last.best


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
    from seamline.rig.world.marks import CATALOGUE

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
        missed, scenario = _missed(runs), options.scenario
        reached = sum(bool(progress.marks[name]) for name in CATALOGUE)
        what = "never" if scenario is None else f"what makes the day {scenario} never came, so it is not proved"
        all_met = "" if scenario is None else f"; the day {scenario} was met in all its states"
        show(f"{reached} of {len(CATALOGUE)} marks reached" + (f"; {what}: {', '.join(missed)}" if missed else all_met))


def _missed(runs: Runs) -> list[str]:
    """The rare states that these runs should have reached and did not: a bad day's own, or all."""
    from seamline.rig.world.marks import CATALOGUE, OF_DAYS
    from seamline.rig.world.scenarios import DAYS

    scenario = runs.task.scenario
    demanded = [name for name in CATALOGUE if name not in OF_DAYS] if scenario is None else DAYS[scenario].states
    return [name for name in demanded if not runs.progress.marks[name]]


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
