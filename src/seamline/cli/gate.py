"""`seamline gate`: the contract's checks, its bad days and the versions in the field as one verdict, for people and for CI."""

from __future__ import annotations

import argparse
import os
import shlex
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, Final, TextIO

from seamline.cli.exits import OK, PROMISE_BROKEN, BadInstallation, WrongUse
from seamline.cli.rig_plans import OURS, needs_hub, parts_with
from seamline.cli.rig_told import replay_line
from seamline.cli.screen import clean, show
from seamline.state_home import state_home

if TYPE_CHECKING:
    from seamline.rig.gate.runs import DayRuns, Effort
    from seamline.rig.gate.subject import Fleet
    from seamline.rig.gate.verdict import SeedRun, Verdict
    from seamline.rig.world.plan import Plan

LINE_EVERY_S: Final = 5.0
"""How often progress is told where it cannot be redrawn."""
WITHIN_BUDGET: Final = 10_000
"""Seeds at most where only a budget says when to end."""
ENDINGS: Final = (".html", ".xml", ".md", ".json")


def gate(options: argparse.Namespace) -> int:
    """Judge a product up to a stage; exit 1 when it does not pass."""
    needs_hub()
    from seamline.rig.crew import CrewError
    from seamline.rig.gate.judge import Request, judge
    from seamline.rig.gate.subject import look_at
    from seamline.rig.gate.verdict import Stage

    if not options.folder.is_dir():
        raise WrongUse(f"{options.folder} is no folder: write the product's folder, which has its contract.yaml")
    reports = [_report(path) for path in options.report]
    for report in reports:
        _try_to_write(report)
    subject = look_at(options.folder, _fleet(options.folder, options.fleet))
    core = None if options.core == OURS else options.core
    if subject.family is not None:
        parts_with(core, [subject.family])
    began_s, budget_s = time.monotonic(), options.budget
    progress = Progress(sys.stderr)
    request = Request(
        Stage(options.stage),
        keep=_keeper(options.folder, reports),
        effort=_effort(options),
        go_on=lambda: budget_s is None or time.monotonic() - began_s < budget_s,
        told=progress.say,
        clock=time.monotonic,
        ran=progress.ran,
        when=datetime.now(tz=UTC).strftime("%Y-%m-%dT%H:%M:%S"),
        command=_command(options),
        core=core,
        jobs=options.jobs or os.cpu_count() or 1,
    )
    try:
        verdict = judge(subject, request)
    except KeyboardInterrupt:
        progress.say("interrupted: there is no verdict, and nothing was written")
        raise
    except CrewError as error:
        raise BadInstallation(str(error)) from None
    progress.end()
    _tell(verdict, reports, as_json=options.json)
    return OK if verdict.passes else PROMISE_BROKEN


def _tell(verdict: Verdict, reports: list[Path], *, as_json: bool) -> None:
    """Print the verdict, then write the reports: a disk that is full by now takes no verdict away."""
    from seamline.rig.gate.report import document, text, write

    if as_json:
        sys.stdout.write(document.rendered(verdict))
    else:
        for line in text.rendered(verdict).splitlines():
            show(clean(line))
    for path in reports:
        try:
            written = write.save(verdict, path)
        except OSError as error:
            raise _unwritten(path, error) from None
        for file in () if as_json else written:
            show(f"wrote {file}")


def _try_to_write(report: Path) -> None:
    """Refuse a report that cannot be written before anything is judged for it; leave nothing behind."""
    folder = (report.parent if report.suffix in ENDINGS else report).absolute()
    try:
        while not folder.exists():
            folder = folder.parent
        with TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise _unwritten(report, error) from None


def _unwritten(report: Path, error: OSError) -> BadInstallation:
    """What is said of a report by the name that it was asked for: the file that failed is one that nobody knows."""
    return BadInstallation(f"the report cannot be written to {report}: {error.strerror or error}")


def _effort(options: argparse.Namespace) -> Effort:
    """Seeds that were asked for are demanded; a budget alone is filled, and demands one."""
    from seamline.rig.gate.runs import SEEDS, TOGETHER, Effort

    fills = options.budget is not None and options.seeds is None
    seeds = 1 if fills else options.seeds or SEEDS
    together = options.together or TOGETHER
    return Effort(seeds, WITHIN_BUDGET if fills else seeds, options.seed, options.devices, options.hours, together)


def _report(path: Path) -> Path:
    """Accept a folder, or a file whose ending says what it is."""
    if path.suffix not in {"", *ENDINGS} and not path.is_dir():
        raise WrongUse(f"--report {path}: a file ends in {', '.join(ENDINGS)}; a folder gets one of each")
    return path


def _fleet(folder: Path, url: str | None) -> Fleet | None:
    """Ask the hub what the devices have; its answer is about a product, so the contract must at least name one."""
    if url is None:
        return None
    from seamline.cli.contract_fleet import ask_fleet
    from seamline.rig.gate.subject import Fleet, look_at

    draft = look_at(folder).draft
    if draft is None:
        return None
    found = ask_fleet(url, draft.product)
    return Fleet(found.devices, found.unheard)


def _keeper(folder: Path, reports: list[Path]) -> Callable[[str, Plan], str]:
    """Return what keeps the plan of a day that broke: beside the reports, or in the state directory."""
    beside = next((path.parent if path.suffix in ENDINGS else path for path in reports), state_home() / "gate")

    def keep(name: str, plan: Plan) -> str:
        path = beside / "plans" / f"{folder.resolve().name}-{name.replace(' ', '-')}-{plan.seed}.json"
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(plan.write(), encoding="utf-8")
        except OSError as error:
            raise BadInstallation(f"the plan cannot be kept in {path.parent}: {error}") from None
        return replay_line(path, plan.core)

    return keep


def _command(options: argparse.Namespace) -> str:
    """The line that gives the same verdict again: what was asked, without where it was written."""
    parts = ["seamline", "gate", str(options.folder), "--stage", options.stage]
    for name in ("seeds", "seed", "devices", "together", "hours"):
        value = getattr(options, name)
        if value is not None:
            parts += [f"--{name}", str(value)]
    parts += ["--core", options.core] if options.core else []
    parts += ["--fleet", options.fleet] if options.fleet else []
    return shlex.join(parts)


class Progress:
    """Tells what is going on: on a terminal in one line that is redrawn, elsewhere in a line now and then."""

    def __init__(self, out: TextIO, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock` gives seconds."""
        self._out = out
        self._live = out.isatty()
        self._clock = clock
        self._last_s = clock()
        self._worlds = 0
        self._hours = 0.0
        self._drawn = False

    def say(self, text: str) -> None:
        """Write a line that stays."""
        self.end()
        print(text, file=self._out, flush=True)

    def ran(self, day: DayRuns, run: SeedRun, broken: str) -> None:
        """Count a world."""
        self._worlds += 1
        self._hours += run.device_hours
        if broken:
            self.say(f"  {day.name}, seed {run.number}: {broken}; looking for a smaller plan")
        now_s = self._clock()
        if self._live or now_s - self._last_s >= LINE_EVERY_S:
            self._last_s = now_s
            text = f"  {self._worlds} worlds, {self._hours:,.0f} device-hours, {day.name}"
            self._draw(text) if self._live else print(text, file=self._out, flush=True)

    def end(self) -> None:
        """Take away the line that is redrawn."""
        if self._drawn:
            self._out.write("\r\x1b[K")
            self._out.flush()
            self._drawn = False

    def _draw(self, text: str) -> None:
        self._out.write(f"\r\x1b[K{text}")
        self._out.flush()
        self._drawn = True
