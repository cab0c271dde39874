"""What `seamline rig` says of a run that broke a promise: as text, and as members of the JSON answer."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from seamline.cli.exits import BadInstallation
from seamline.cli.screen import painted, show

if TYPE_CHECKING:
    from seamline.rig.timeline.story import Story
    from seamline.rig.world.promises import BrokenPromise
    from seamline.rig.world.world import Outcome

RED, BOLD, GREEN, SOFT = "31", "1", "32", "2"
MOMENTS_SHOWN = 24
FAULTS_SHOWN = 24


def replay_line(path: Path, core: str | None = None) -> str:
    """The line that runs a plan again, with the core that it was run with."""
    return f"seamline rig replay {shlex.quote(str(path))}" + ("" if core is None else f" --core {shlex.quote(core)}")


def promised(broken: BrokenPromise) -> str:
    """What was promised."""
    from seamline.rig.world.promises import ALWAYS, EVENTUALLY

    return (ALWAYS | EVENTUALLY).get(broken.promise, broken.promise)


def broken_members(outcome: Outcome) -> dict[str, object]:
    """What broke, for the JSON answer."""
    broken = outcome.broken
    if broken is None:
        return {}
    return {
        "promise": broken.promise,
        "promised": promised(broken),
        "what": broken.what,
        "device": None if broken.device < 0 else broken.device,
        "at_ms": outcome.virtual_us // 1000,
        "faults": len(outcome.plan.faults),
        "devices": len(outcome.plan.present),
    }


def tell_broken(outcome: Outcome, story: Story) -> None:
    """Show what broke, under which faults, and what happened before."""
    from seamline.rig.timeline.text import lines
    from seamline.rig.timeline.words import counted, moment

    broken = outcome.broken
    if broken is None:
        return
    whom = "the hub" if broken.device < 0 else f"device {broken.device}"
    show(painted(f"broken: {broken.promise}", RED) + f" at {moment(outcome.virtual_us)}, {whom}: {broken.what}")
    show(f"promised: {promised(broken)}")
    faults = outcome.plan.faults
    show(f"with {counted(faults, 'fault')}" + (":" if faults else ""))
    for fault in faults[:FAULTS_SHOWN]:
        show(f"  {fault}")
    if len(faults) > FAULTS_SHOWN:
        show(f"  and {len(faults) - FAULTS_SHOWN} more")
    show()
    for line in lines(story, MOMENTS_SHOWN):
        show(painted(line, RED) if "✗ broken" in line else line)
    show()


def write_timeline(story: Story, plan: Path, folder: Path, core: str | None = None) -> tuple[dict[str, str], str]:
    """Write the timeline as text and as a page, under the plan's name; returns where, by form, and why one could not be written."""
    from seamline.cli.rig_plans import write
    from seamline.rig.timeline.page import page
    from seamline.rig.timeline.text import document

    written: dict[str, str] = {}
    for form, suffix, text in (("text", ".txt", document(story)), ("page", ".html", page(story, replay_line(plan, core)))):
        path = folder / (plan.stem + suffix)
        try:
            write(path, text)
        except BadInstallation as refusal:
            return written, str(refusal)
        written[form] = str(path)
    return written, ""


def complain(text: str) -> None:
    """Say on standard error what went wrong beside the verdict."""
    print(f"seamline: {text}", file=sys.stderr)
