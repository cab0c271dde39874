"""A seed of `seamline rig run` broke a promise: its plan is run again, made small, kept, and told."""

from __future__ import annotations

import argparse
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from seamline.cli.exits import BadInstallation
from seamline.cli.rig_plans import keep, kept_path, lost_processes
from seamline.cli.rig_progress import smaller
from seamline.cli.rig_told import broken_members, complain, replay_line, tell_broken, write_timeline
from seamline.cli.screen import show

if TYPE_CHECKING:
    from seamline.cli.rig import Runs
    from seamline.rig.crew import Finished
    from seamline.rig.timeline.recording import Recorded
    from seamline.rig.world.plan import Plan
    from seamline.rig.world.shrink import Try
    from seamline.rig.world.world import Outcome

FAULTS_FEW: Final = 3
"""A plan of no more can be taken in at one look."""


def failed(options: argparse.Namespace, runs: Runs, last: Finished, folder: Path) -> dict[str, object]:
    """Keep the plan with its timeline, show what happens in it, and name the line that repeats it; returns it for the JSON answer.

    What cannot be written takes no verdict away. Raises BadInstallation where the same plan does not come to the same.
    """
    from seamline.rig.timeline.telling import tell

    with lost_processes():
        recorded = _found(options, runs, last, folder)
    story, unwritten = tell(recorded), ""
    path: Path | None = None
    try:
        path = keep(recorded.outcome, runs.families, folder)
    except BadInstallation as refusal:
        again = f"--seed {last.seed} --seeds 1" if runs.task.aim is None else f"--seed {runs.first}"
        unwritten = f"{refusal}; {again} draws the plan again, with the other options as they were"
    if not options.json:
        tell_broken(recorded.outcome, story)
    members = broken_members(recorded.outcome) | {"seed": last.seed, "plan": None, "replay": None}
    if path is not None:
        again = replay_line(path, runs.task.core)
        files, unwritten = write_timeline(story, path, folder, runs.task.core)
        members |= {"plan": str(path), "replay": again} | files
        if not options.json:
            for name, file in zip(("timeline", ""), reversed(files.values()), strict=False):
                show(f"{name:8} {file}")
            show(again)
    if unwritten:
        complain(unwritten)
    return members


def _found(options: argparse.Namespace, runs: Runs, last: Finished, folder: Path) -> Recorded:
    """The run to keep, as small as it will go. Raises CrewError where a plan does not do the same twice."""
    from seamline.rig.timeline.recording import record
    from seamline.rig.world.apart import check_repeated
    from seamline.rig.world.run import run

    plan, parts, core = runs.task.plan(last.seed, runs.families), runs.parts, runs.task.core
    if parts.apart is not None:
        parts.apart.remember(plan, last.ended)
    whole = run(plan, parts)
    check_repeated(core, last.seed, last, whole)
    if not options.json:
        show(f"seed {last.seed} breaks {last.broken}")
    small = _kept_before(options, runs, _small(options, runs, whole), folder)
    recorded = record(small.plan, parts)
    if _is_promise(small, "yields") and recorded.outcome.digest != small.digest:
        small, recorded = whole, record(plan, parts)  # while a plan is made small, a call has less time
    check_repeated(core, last.seed, small, recorded.outcome)
    return recorded


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
        if _is_promise(last.best, "jitter") and len(last.best.plan.faults) > FAULTS_FEW:
            show("  jitter is judged over the connects of a whole run: a few devices and faults may be too few to show it")
    return last.best


def _is_promise(outcome: Outcome, promise: str) -> bool:
    return outcome.broken is not None and outcome.broken.promise == promise


def _kept_before(options: argparse.Namespace, runs: Runs, small: Outcome, folder: Path) -> Outcome:
    """What an earlier run kept of the same break, where that is smaller and breaks still: a hurried search overwrites no better one."""
    from seamline.rig.timeline.words import counted, span
    from seamline.rig.world.run import run

    path = kept_path(small, folder)
    before = _smaller_in(path, small.plan)
    if before is None:
        return small
    again = run(before, runs.parts)
    holds = again.broken is None or small.broken is None or again.broken.promise != small.broken.promise
    if not options.json:
        what = f"{counted(before.faults, 'fault')}, {counted(before.present, 'device')}, {span(before.duration_ms)}"
        fate = "breaks that no more, and is replaced" if holds else "breaks it still, and stays"
        show(f"the smaller plan in {path} ({what}) {fate}")
    return small if holds else again


def _smaller_in(path: Path, plan: Plan) -> Plan | None:
    """The plan in a file, where it is of the same run and smaller."""
    from seamline.rig.world.plan import PlanError, parse
    from seamline.rig.world.shrink import size

    try:
        before = replace(parse(path.read_text(encoding="utf-8")), kept=None)
    except (OSError, UnicodeDecodeError, RecursionError, PlanError):
        return None
    is_same = all(getattr(before, name) == getattr(plan, name) for name in ("seed", "code", "contracts", "folder", "core"))
    return before if is_same and size(before) < size(plan) else None
