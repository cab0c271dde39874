"""`seamline rig run`: fleets and the hub under faults, in virtual time, a seed after another."""

from __future__ import annotations

import argparse
import os
import secrets
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import seamline
from seamline.cli.exits import INTERRUPTED, OK, PROMISE_BROKEN, BadInstallation, WrongUse
from seamline.cli.rig_plans import OURS, families_of, folders_of, keep, needs_hub, origin, parts_with, plans_in
from seamline.cli.rig_progress import Progress, smaller
from seamline.cli.rig_told import RED, broken_members, replay_line, tell_broken, write_timeline
from seamline.cli.screen import painted, show, show_json
from seamline.state_home import state_home

if TYPE_CHECKING:
    from seamline.contract import Family
    from seamline.rig.crew import Finished, Task
    from seamline.rig.world.shrink import Try
    from seamline.rig.world.world import Outcome, Parts


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
    finished: list[Finished] = field(default_factory=list["Finished"])
    promoted: list[dict[str, object]] = field(default_factory=list[dict[str, object]])
    failed: dict[str, object] = field(default_factory=dict[str, object])
    """What broke, for the JSON answer."""


def run(options: argparse.Namespace) -> int:
    """Run promoted plans where that is asked, then seeds until the budget is used up or a promise is broken."""
    needs_hub()
    runs = _asked(options)
    quiet: bool = options.json
    if not quiet:
        show(f"seeds from {_seed(runs)}: {_fleet(runs)}")
    code = _promoted(options, runs)
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
    _verdict(options, runs, promoted_broke=code == PROMISE_BROKEN and runs.ended != "broken")
    if code == OK and options.all_marks and _missed(runs):
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
        raise WrongUse(f"--scenario {options.scenario}: there are {', '.join(DAYS)}")
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
    task = Task(folders, options.devices, options.hours * 3_600_000, options.scenario, named, core)
    progress = Progress(options.seeds, options.devices, task.faults_ms, budget_s=options.budget)
    return Runs(task, parts, families, first, progress)


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
    from seamline.rig.crew import CrewError, run_seeds

    progress = runs.progress

    def in_time() -> bool:
        if options.budget is not None and progress.took_s >= options.budget:
            runs.ended = "budget"
            return False
        return True

    jobs = min(options.jobs or os.cpu_count() or 1, options.seeds)
    seeds = range(runs.first, runs.first + options.seeds)
    try:
        for finished in run_seeds(runs.task, seeds, jobs, progress.beats, in_time):
            runs.finished.append(finished)
            progress.finished(finished)
            if until and progress.marks[until]:
                return
    except CrewError as error:
        raise BadInstallation(f"{error}: is there memory for {jobs} worlds at once? (see --jobs)") from None


# -- what failed -----------------------------------------------------------------------------------------------------------


def _failed(options: argparse.Namespace, runs: Runs, last: Finished) -> int:
    """Make the plan small, keep it with its timeline, show what happens in it, and name the line that repeats it."""
    from seamline.rig.timeline.recording import record
    from seamline.rig.timeline.telling import tell
    from seamline.rig.world import world

    whole = world.World(runs.task.plan(last.seed, runs.families), runs.parts).run()
    if not options.json:
        show(f"seed {last.seed} breaks {last.broken}")
    small = _small(options, runs, whole)
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
    return last.best


def _promoted(options: argparse.Namespace, runs: Runs) -> int:
    """Run the promoted plans, where that is asked."""
    from seamline.cli.rig_replay import replay_all

    if options.promoted is None:
        return OK
    folder: Path = options.promoted
    if options.promoted is True:
        folder = (Path() if options.contract is None else options.contract[0]) / "rig"
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
        held = (
            f"{len(runs.promoted):,} promoted plan{'s were' if len(runs.promoted) > 1 else ' was'} run, and no seed was asked for"
        )
    if promoted_broke:
        held = f"{painted('a promoted plan breaks its promise again', RED)}; {held}"
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
        "verdict": "broken" if code == PROMISE_BROKEN else "interrupted" if code == INTERRUPTED else "held",
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
    return f"{task.devices:,} devices ({products}){with_core}, {task.faults_ms // 3_600_000} h each"
