"""`seamline rig replay`: kept plans again, exactly, with what happens in them."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from seamline.cli.exits import BAD_INSTALLATION, OK, PROMISE_BROKEN, WRONG_USE, BadInstallation, WrongUse
from seamline.cli.rig_plans import (
    check_plan,
    check_repeats,
    core_for,
    lost_processes,
    needs_hub,
    parts_with,
    plans_in,
    read_plan,
    try_to_write,
)
from seamline.cli.rig_told import GREEN, RED, broken_members, complain, replay_line, tell_broken, write_timeline
from seamline.cli.screen import painted, show, show_json

if TYPE_CHECKING:
    from seamline.rig.timeline.recording import Recorded
    from seamline.rig.timeline.story import Story
    from seamline.rig.world.plan import Plan
    from seamline.rig.world.world import Outcome

VERDICTS = {OK: "held", PROMISE_BROKEN: "broken", WRONG_USE: "unfit", BAD_INSTALLATION: "held"}
"""By the exit code; the last is for a timeline that was asked for, and could not be written."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """A plan that was run again."""

    path: Path
    plan: Plan
    recorded: Recorded
    exchanged: bool
    """Whether it ran with another core than it was kept with, as was asked."""

    @property
    def outcome(self) -> Outcome:
        """What came of it."""
        return self.recorded.outcome

    def members(self) -> dict[str, object]:
        """For the JSON answer."""
        outcome = self.outcome
        told: dict[str, object] = {
            "plan": str(self.path),
            "verdict": VERDICTS[PROMISE_BROKEN if outcome.broken else OK],
            "events": outcome.digest,
            "once": self.plan.kept.story if self.plan.kept else None,
            "notes": notes(self),
            "broken": broken_members(outcome) or None,
        }
        return told | ({"replay": self.again} if outcome.broken else {})

    @property
    def again(self) -> str:
        """The line that runs it once more."""
        return replay_line(self.path, self.plan.core)


@dataclass(frozen=True, slots=True)
class Timelines:
    """Which timelines are written, and where."""

    folder: Path | None
    """None: beside the plan."""
    of_all: bool
    """Also of a plan that breaks nothing."""

    def write(self, replayed: Replayed, story: Story | None = None) -> tuple[dict[str, str], str]:
        """Write a plan's timeline, where it is wanted; returns where, by form, and why one could not be written."""
        from seamline.rig.timeline.telling import tell

        if replayed.outcome.broken is None and not self.of_all:
            return {}, ""
        folder = replayed.path.parent if self.folder is None else self.folder
        return write_timeline(story or tell(replayed.recorded), replayed.path, folder, replayed.plan.core)


def replay(options: argparse.Namespace) -> int:
    """Run a plan again, exactly, and show what happens in it; or several, a line each."""
    needs_hub()
    paths = plans_in(options.plans)
    timelines = Timelines(options.out, options.timeline)
    if options.out is not None:
        _check_names(paths, options.out)
        try_to_write(options.out)
    if len(paths) > 1 or options.plans[0].is_dir():
        asked = timelines if options.timeline or options.out is not None else None
        code, answer = replay_all(paths, quiet=options.json, core=options.core, timelines=asked)
        if options.json:
            show_json({"verdict": VERDICTS[code], "plans": answer})
        return code
    return _one(_replayed(paths[0], options.core), timelines, quiet=options.json)


def _check_names(paths: Sequence[Path], out: Path) -> None:
    """Refuse to write timelines of two plans under one name."""
    by_name: dict[str, Path] = {}
    for path in paths:
        other = by_name.setdefault(path.stem, path)
        if other.resolve() != path.resolve():
            raise WrongUse(
                f"--out {out}: the timelines of {other} and {path} would have the same name; without --out each is written beside its plan"
            )


def replay_all(
    paths: Sequence[Path], *, quiet: bool, core: str | None = None, timelines: Timelines | None = None
) -> tuple[int, list[dict[str, object]]]:
    """Run plans one after the other, a line each unless `quiet`. Returns the exit code, and a member for each.

    A plan that cannot be run stops no other, and neither does a timeline that cannot be written. Without `timelines` none is.
    """
    codes: set[int] = {OK}
    answer: list[dict[str, object]] = []
    lines: list[str] = []
    is_unwritten = False
    for path in paths:
        try:
            replayed = _replayed(path, core)
        except WrongUse as refusal:
            codes.add(WRONG_USE)
            answer.append({"plan": str(path), "verdict": VERDICTS[WRONG_USE], "why": str(refusal)})
            lines = [f"{painted('UNFIT', RED)}   {refusal}"]
        else:
            files, unwritten = timelines.write(replayed) if timelines is not None else ({}, "")
            answer.append(replayed.members() | files)
            if replayed.outcome.broken:
                codes.add(PROMISE_BROKEN)
            lines = _lines(replayed, files)
            if unwritten:
                is_unwritten = True
                complain(unwritten)
        for line in lines if not quiet else ():
            show(line)
    code = PROMISE_BROKEN if PROMISE_BROKEN in codes else max(codes)
    return BAD_INSTALLATION if is_unwritten and code == OK else code, answer


def _lines(replayed: Replayed, files: Mapping[str, str]) -> list[str]:
    plan, broken = replayed.plan, replayed.outcome.broken
    name = replayed.path.stem
    told = f"{painted('held', GREEN)}    {name}" if broken is None else f"{painted('BROKEN', RED)}  {name}: {broken}"
    more = [replayed.again] if broken is not None else []
    more += [f"{form:5} {path}" for form, path in files.items()]
    once = f" (once {plan.kept.story})" if plan.kept and broken is None else ""
    return [told + once, *(f"        {line}" for line in [*more, *notes(replayed)])]


def _one(replayed: Replayed, timelines: Timelines, *, quiet: bool) -> int:
    """Show one plan's run, and write its timeline where there is something to see: after the verdict, which no full disk takes away."""
    from seamline.rig.timeline.telling import tell

    outcome, story = replayed.outcome, tell(replayed.recorded)
    if not quiet:
        _told(replayed)
        tell_broken(outcome, story)
    files, unwritten = timelines.write(replayed, story)
    for name, path in () if quiet else files.items():
        show(f"{name:5} {path}")
    if quiet:
        show_json(replayed.members() | files)
    if outcome.broken is None and unwritten:
        raise BadInstallation(unwritten)
    if unwritten:
        complain(unwritten)
    return OK if outcome.broken is None else PROMISE_BROKEN


def _told(replayed: Replayed) -> None:
    outcome, plan = replayed.outcome, replayed.plan
    if plan.kept is not None:
        show(f"{replayed.path.stem} {plan.kept.story}")
    show(f"seed {plan.seed}: {outcome.device_hours:.2f} device-hours, {outcome.numbered:,} readings; events {outcome.digest}")
    for note in notes(replayed):
        show(note)
    if outcome.broken is None:
        show(painted("every promise held", GREEN))


def notes(replayed: Replayed) -> list[str]:
    """What is to be known of a kept plan beyond its verdict: whether it still does what it was kept for."""
    plan, outcome, kept = replayed.plan, replayed.outcome, replayed.plan.kept
    if kept is None:
        return []
    told: list[str] = []
    lacking = [name for name in kept.reached if not outcome.marks.counts.get(name)]
    if lacking:
        told.append(
            f"its faults no longer do what they did: {', '.join(lacking)} not reached; look whether it still tests what it was kept for"
        )
    if _is_other(plan, outcome):
        why = "it ran with another core, as asked" if replayed.exchanged else "the code has changed since"
        told.append(f"the events are others than when it was kept: {why}")
    return told


def _is_other(plan: Plan, outcome: Outcome) -> bool:
    """Whether a plan of this very version gave other events than when it was kept."""
    return plan.kept is not None and bool(plan.kept.events and plan.code) and plan.kept.events != outcome.digest


def _replayed(path: Path, core: str | None) -> Replayed:
    """Run one plan; with a user's core once more where it breaks, or does something else. Raises WrongUse, BadInstallation."""
    from seamline.rig.timeline.recording import record

    plan, families = read_plan(path)
    check_plan(path, plan, families)
    chosen = core_for(path, plan, core)
    exchanged, plan = chosen != plan.core, replace(plan, core=chosen)
    parts = parts_with(chosen, families)
    with lost_processes():
        recorded = record(plan, parts)
    if recorded.outcome.broken is not None or _is_other(plan, recorded.outcome):
        check_repeats(chosen, parts, recorded.outcome)
    return Replayed(path, plan, recorded, exchanged)
