"""How fast the rig is: `python bench/rig.py [--quick]`, heaters under the default mix of faults, in one process on one core.

    device_hours_per_s    simulated hours of all devices (without the settling after the faults) a second of CPU, with real device
                          cores, the real ingest logic, every promise checked and every event hashed; against SimPy and asyncio in
                          virtual time, which carry as many messages and answers with nothing behind them (see `rig_peers`)
    peak_memory           of the process, at that many devices; against 1 GB

The share of each part is sampled by CPU time: whose code was running, or had called what was. The last line is JSON. SimPy is in the
dependency group `bench`; without it the row is left out.
"""

from __future__ import annotations

import argparse
import json
import resource
import signal
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from types import CodeType, FrameType, TracebackType
from typing import Self

from rig_peers import PEERS, Traffic, measure

import seamline
from seamline.contract import Family, load_family
from seamline.rig.world.run import plan_of
from seamline.rig.world.world import Outcome, Parts, World

ROOT = Path(__file__).parent.parent
PACKAGE = str(Path(seamline.__file__).parent) + "/"
SAMPLE_S = 0.005
SEEDS = range(1, 22)
GB = 1 << 30

PARTS = {
    "device core": ("device/",),
    "a device's driver, sensors, flash and clocks": tuple(
        f"rig/world/{name}." for name in ("device", "sensing", "leftovers", "firmware", "flash", "clocks", "settings")
    ),
    "network, broker, heap, random numbers": tuple(
        f"rig/world/{name}." for name in ("link", "weather", "broker", "heap", "streams")
    ),
    "hub logic": ("hub/", "contract/"),
    "tables in memory": ("rig/world/tables", "rig/world/memory_store", "rig/world/faulty_store"),
    "promises and marks": (
        *(f"rig/world/{name}." for name in ("audit", "audits", "watch", "truth", "pacing", "promises", "marks", "world")),
        *(f"rig/world/{name}_audit." for name in ("step", "twin", "presence")),
    ),
    "hash of events": ("rig/world/trace.",),
    "hub's drivers and faults": ("rig/world/",),
}
"""Parts by the beginnings of their modules' paths; the first that fits counts."""


class Profile:
    """Samples whose code runs, while it is entered."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self._parts: dict[CodeType, str | None] = {}

    def __enter__(self) -> Self:
        signal.signal(signal.SIGPROF, self._sample)
        signal.setitimer(signal.ITIMER_PROF, SAMPLE_S, SAMPLE_S)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        signal.setitimer(signal.ITIMER_PROF, 0)

    def shares(self) -> dict[str, float]:
        """The share of each part, in the order of PARTS."""
        total = max(1, self.counts.total())
        return {part: self.counts[part] / total for part in PARTS}

    def _sample(self, _signal: int, frame: FrameType | None) -> None:
        while frame is not None:
            part = self._part(frame.f_code)
            if part is not None:
                self.counts[part] += 1
                return
            frame = frame.f_back

    def _part(self, code: CodeType) -> str | None:
        if code not in self._parts:
            path = code.co_filename
            inside = path.removeprefix(PACKAGE) if path.startswith(PACKAGE) else ""
            found = (part for part, starts in PARTS.items() if inside and inside.startswith(starts))
            self._parts[code] = next(found, None)
        return self._parts[code]


def typical(families: Sequence[Family]) -> int:
    """The seed among SEEDS whose plan has the median number of faults: which kinds are in a plan, and how often, differs a lot."""
    counts = {seed: len(plan_of(seed, 100, 600_000, families).faults) for seed in SEEDS}
    return sorted(SEEDS, key=lambda seed: (counts[seed], seed))[len(SEEDS) // 2]


def simulate(families: Sequence[Family], devices: int, minutes: int, seed: int) -> tuple[World, Outcome, float, Profile]:
    """Run a world; CPU seconds and profile. Ends the benchmark when a promise does not hold."""
    world = World(plan_of(seed, devices, minutes * 60_000, families), Parts(families))
    profile = Profile()
    with profile:
        began = time.process_time()
        outcome = world.run()
        took_s = time.process_time() - began
    if outcome.broken is not None:
        sys.exit(f"rig: seed {seed}, {devices} devices, {minutes} minutes: {outcome.broken}")
    return world, outcome, took_s, profile


def peer_rates(traffic: Traffic, hours: float) -> dict[str, float]:
    """Device-hours a second of each peer that is installed."""
    rates: dict[str, float] = {}
    for name, peer in PEERS.items():
        try:
            rates[name] = hours / measure(peer, traffic)
        except ImportError:
            print(f"not measured, for its package is not installed: {name}")
    return rates


def main() -> None:
    """Measure everything; print a table, then the JSON line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="1,000 devices for 10 minutes instead of 10,000 for an hour")
    parser.add_argument("--devices", type=int, help="another number of devices")
    parser.add_argument("--minutes", type=int, help="another time under faults")
    parser.add_argument("--seed", type=int, help="another plan than the typical one")
    options = parser.parse_args()
    devices = options.devices or (1_000 if options.quick else 10_000)
    minutes = options.minutes or (10 if options.quick else 60)
    families = [load_family(ROOT / "examples" / "heater")]
    seed = options.seed or typical(families)
    world, outcome, took_s, profile = simulate(families, devices, minutes, seed)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    hours = devices * minutes / 60
    rate = hours / took_s
    messages, answers = world.hub.meter.messages, world.broker.sent
    print(f"{devices} heaters, {minutes} minutes under {len(outcome.plan.faults)} faults, seed {seed}, hash {outcome.digest}")
    print(
        f"{messages} messages, {answers} answers, {outcome.rows} rows in {world.hub.meter.batches} commits; {outcome.steps} events"
    )
    print(f"{took_s:.1f} s of CPU, {took_s * 1e6 / messages:.1f} µs a message; peak memory {peak / (1 << 20):.0f} MB\n")
    for part, share in profile.shares().items():
        print(f"  {part:48}{share:7.1%}{share * took_s * 1e6 / messages:9.1f} µs a message")
    rates = peer_rates(Traffic(devices, minutes * 60, messages, answers), hours)
    print(f"\n{'':32}{'device-hours a second':>24}")
    print(f"{'seamline, settling not counted':32}{rate:24.1f}")
    print(f"{'seamline, settling counted':32}{outcome.device_hours / took_s:24.1f}")
    for name, peer in rates.items():
        print(f"{name:32}{peer:24.1f}")
    against = max(rates, key=lambda name: rates[name])
    figures = {
        "device_hours_per_s": {"value": round(rate, 1), "unit": "device-hours/s", "against": against, "ratio": round(rate / rates[against], 3)},
        "peak_memory": {"value": round(peak / (1 << 20)), "unit": "MB", "against": "1 GB", "ratio": round(peak / GB, 3)},
    }  # fmt: skip
    print(json.dumps({"bench": "rig", "figures": figures}))


if __name__ == "__main__":
    main()
