"""The stage `launch`: a region's power cut at fleet size, with a real device core for each device, and the hub's real ingest.

The storm (`launched`) reckons with the whole fleet and a queue in place of each core. This is the other half: as many whole devices as one
world holds, all of which lose their power at once, once everybody is there. Nothing else goes wrong, so each has to be back within the
contract's recovery time (`recovery`), with every reading in its place.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import seamline
from seamline.rig.gate.runs import Bench, Break, DayRuns
from seamline.rig.gate.verdict import SeedRun
from seamline.rig.world.plan import HOUSE, Fault, Kind, Plan
from seamline.rig.world.run import contracts_digest
from seamline.rig.world.scenarios import DAYS

if TYPE_CHECKING:
    from seamline.contract import Family
    from seamline.rig.crew import Finished

DAY: Final = "regional-power-cut"
NAME: Final = f"{DAY} at fleet size"
DARK_MS: Final = 10_000
AFTER_MS: Final = 60_000
"""So long goes the world on after everybody has to be back."""
OWN_CORES_MAX: Final = 64
"""A user's core may be a process of its own for each device."""


def devices_of(bench: Bench) -> int:
    """How many devices the world has: the contract's fleet, as far as was asked for."""
    asked = bench.effort.together if bench.core is None else min(bench.effort.together, OWN_CORES_MAX)
    return min(bench.family.current.fleet.devices_max, asked)


def plan_of(family: Family, devices: int, seed: int) -> Plan:
    """The plan: everybody comes, everybody loses power, everybody comes back."""
    recovery_ms = max(contract.fleet.recovery_ms for contract in family.versions.values())
    cut = Fault(recovery_ms, Kind.REGION, HOUSE, DARK_MS, {"permille": 1_000})
    duration_ms = recovery_ms + DARK_MS + recovery_ms + AFTER_MS
    return Plan(seed, devices, duration_ms, (cut,), contracts=contracts_digest([family]), code=seamline.__version__)


def carry_out(bench: Bench) -> DayRuns:
    """Run the one world; a plan that breaks is kept as it is: smaller it would be another question. Raises CoreError, CrewError."""
    drawn = plan_of(bench.family, devices_of(bench), bench.effort.first_seed)
    plan = replace(drawn, folder=bench.folder, core=bench.core)
    runs = DayRuns(NAME, DAYS[DAY])
    for finished in bench.worlds([plan], bench.parts()):
        _enter(bench, runs, plan, finished)
    return runs


def _enter(bench: Bench, runs: DayRuns, plan: Plan, finished: Finished) -> None:
    for name, times in finished.marks.items():
        runs.marks.hit(name, times)
    held = not finished.broken
    run = SeedRun(plan.seed, len(plan.faults), finished.device_hours, finished.numbered, held, plan.devices)
    runs.seeds.append(run)
    if finished.broken:
        promise, _, what = finished.broken.partition(": ")
        runs.broken = Break(promise, what, plan.seed, plan)
    bench.told(runs, run, finished.broken)
