"""`seamline rig run` and `seamline rig replay`: the fleet and the hub under faults, in virtual time."""

from __future__ import annotations

import argparse
import secrets
import time
from collections.abc import Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from seamline.cli.exits import OK, PROMISE_BROKEN, BadInstallation, MissingExtra, WrongUse
from seamline.cli.screen import show
from seamline.state_home import state_home

if TYPE_CHECKING:
    from seamline.contract import Family
    from seamline.rig.world.marks import Marks
    from seamline.rig.world.plan import Plan
    from seamline.rig.world.trace import Event
    from seamline.rig.world.world import Outcome

EVENTS_SHOWN = 24
BYTES_SHOWN = 120


def run(options: argparse.Namespace) -> int:
    """Run a seed after another until the budget is used up or a promise is broken."""
    _needs_hub()
    from seamline.rig.world.marks import Marks
    from seamline.rig.world.run import plan_of, run_all
    from seamline.rig.world.scenarios import SCENARIOS
    from seamline.rig.world.world import Parts

    families = _families(options.contract)
    kinds = None if options.scenario is None else SCENARIOS.get(options.scenario)
    if options.scenario is not None and kinds is None:
        raise WrongUse(f"--scenario {options.scenario}: there are {', '.join(SCENARIOS)}")
    folder = None if options.contract is None else str(options.contract.resolve())
    first = secrets.randbits(31) if options.seed is None else options.seed
    began_s, marks, hours, runs = time.monotonic(), Marks(), 0.0, 0

    def plans() -> Iterator[Plan]:
        for seed in range(first, first + options.seeds):
            yield plan_of(seed, options.devices, options.hours * 3_600_000, families, kinds, folder)

    def in_time() -> bool:
        return options.budget is None or time.monotonic() - began_s < options.budget

    show(f"seeds from {first}: {options.devices} devices, {options.hours} h each")
    for outcome in run_all(plans(), Parts(families), go_on=in_time):
        runs, hours = runs + 1, hours + outcome.device_hours
        marks.add(outcome.marks)
        _line(outcome)
        if outcome.broken is not None:
            return _failed(outcome, families, options.out)
    took_s = time.monotonic() - began_s
    show(
        f"every promise held: {runs} seeds, {hours:,.0f} device-hours in {took_s:.0f} s ({hours / max(took_s, 0.001):,.0f} a second)"
    )
    return _reached(marks, demanded=options.all_marks)


def replay(options: argparse.Namespace) -> int:
    """Run a plan again, exactly."""
    _needs_hub()
    from seamline.rig.world.plan import PlanError, parse
    from seamline.rig.world.run import check, run as run_plan
    from seamline.rig.world.world import Parts

    try:
        plan = parse(options.plan.read_text(encoding="utf-8"))
        families = _families(Path(plan.folder) if plan.folder else None)
        check(plan, families)
    except (OSError, UnicodeDecodeError) as error:
        raise WrongUse(f"{options.plan} cannot be read: {error}") from None
    except PlanError as error:
        raise WrongUse(f"{options.plan}: {error}") from None
    outcome = run_plan(plan, Parts(families))
    _line(outcome)
    show(f"events {outcome.digest}")
    if outcome.broken is None:
        show("every promise held")
        return OK
    _tell(outcome)
    return PROMISE_BROKEN


def _failed(outcome: Outcome, families: Sequence[Family], out: Path | None) -> int:
    """Say what broke, make the plan small, keep it, and name the line that repeats it."""
    from seamline.rig.world.run import shrink
    from seamline.rig.world.world import Parts

    show(f"broken: {outcome.broken}; looking for a smaller plan")
    small = shrink(outcome, Parts(families))
    _tell(small)
    folder = state_home() / "rig" if out is None else out
    path = folder / f"{small.plan.seed}-{small.broken.promise if small.broken else 'plan'}.json"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path.write_text(small.plan.write(), encoding="utf-8")
    except OSError as error:
        raise BadInstallation(f"the plan cannot be kept in {folder}: {error}") from None
    show(f"seamline rig replay {path}")
    return PROMISE_BROKEN


def _tell(outcome: Outcome) -> None:
    """Show what was promised, whom it concerns, the faults, and the last events."""
    from seamline.rig.world.promises import ALWAYS, EVENTUALLY

    broken = outcome.broken
    if broken is None:
        return
    whom = "" if broken.device < 0 else f" device {broken.device}"
    show(f"broken at {outcome.virtual_us / 1e6:.3f} s{whom}: {broken}")
    show(f"promised: {(ALWAYS | EVENTUALLY).get(broken.promise, broken.promise)}")
    for fault in outcome.plan.faults[:EVENTS_SHOWN]:
        show(f"  {fault}")
    for event in [event for event in outcome.events if event.device in {broken.device, -1}][-EVENTS_SHOWN:]:
        show(f"  {_event(event)}")


def _event(event: Event) -> str:
    whom = "house" if event.device < 0 else f"d{event.device:05d}"
    data = event.data[:BYTES_SHOWN]
    text = data.decode("ascii") if data.isascii() and data.decode("ascii").isprintable() else f"{len(event.data)} bytes"
    return f"{event.at_us / 1e6:12.6f} s {whom} {event.what} {text}".rstrip()


def _line(outcome: Outcome) -> None:
    plan = outcome.plan
    told = "ok" if outcome.broken is None else "BROKEN"
    show(
        f"seed {plan.seed}: {len(plan.faults)} faults, {outcome.device_hours:.1f} device-hours, {outcome.numbered:,} readings, "
        f"{outcome.marks.reached} of {len(outcome.marks.counts)} marks, {told}"
    )


def _reached(marks: Marks, *, demanded: bool) -> int:
    """Say which rare states were never met."""
    if not marks.missed:
        show(f"every mark was reached, of {len(marks.counts)}")
        return OK
    show(f"{marks.reached} of {len(marks.counts)} marks reached; never: {', '.join(marks.missed)}")
    return PROMISE_BROKEN if demanded else OK


def _families(folder: Path | None) -> list[Family]:
    from seamline.contract import ContractErrors, load_family
    from seamline.rig.demo import example

    try:
        return [load_family(example("heater") if folder is None else folder)]
    except ContractErrors as error:
        raise WrongUse(f"--contract {folder}: {error}") from None
    except OSError as error:
        raise WrongUse(f"--contract {folder} cannot be read: {error}") from None


def _needs_hub() -> None:
    try:
        import_module("seamline.rig.world.world")
    except ModuleNotFoundError as error:
        lacking = (error.name or "").partition(".")[0]
        if lacking in {"", "seamline"}:
            raise
        raise MissingExtra(f"this needs the extra 'hub' (no module {lacking}): pip install 'seamline[hub]'") from error
