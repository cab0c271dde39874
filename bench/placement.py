"""How fast, and how surely, nodes are placed: `python bench/placement.py [--quick]`, beside spopt and CP-SAT in the same run.

    cover      the fewest of 500 cameras that cover all that can be covered of 36,000 cells, proven
    best       the best coverage with 30 of 500
    many       the best coverage with 20 of 4,000

Yards of 200 x 200 m with 14 buildings, cameras on masts and walls, eight headings each; what they see is worked out by the kernel. The
figures of the last line, which is JSON, are CPU seconds from the matrix to the answer, all processes; beside it in the table stands how
far from its bound the answer is, and wall time. Peers, each in a process of its own, get the cells already merged where the same cameras
see them (without that they do not get to the end), and `--seconds` of wall time (60; 20 with --quick): spopt builds the textbook models
for PuLP's CBC, CP-SAT of OR-Tools has two workers. Peers that are not installed (pip install spopt ortools) are named and left out.
`--quick` leaves `many` out of what peers are asked.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from shapely.affinity import rotate
from shapely.geometry import Point, box

from seamline.site import Camera, Grid, Scene, Solid
from seamline.site.placement import Answer, Effort, Problem, best, cover
from seamline.site.placement.candidates import Candidate, Option, Spot, View, along, candidates, sight
from seamline.site.placement.core import core_of

SIDE_M = 200
PEERS = ("spopt", "ortools")
EYE = Camera(
    x=0, y=0, height=0, heading=0, tilt=0, hfov=90, pixels=(2560, 1440), range=45, densities=(25.0,)
)  # fmt: skip


@dataclass(frozen=True)
class Row:
    """One answer: its value, its bound (None: the peer gives none), CPU and wall seconds, and whether it is proven."""

    value: int
    bound: float | None
    cpu_s: float
    wall_s: float
    proven: bool
    note: str = ""


def yard(number: int) -> Problem:
    """So many cameras of a yard, and the cells outside its buildings."""
    draw = random.Random(1)
    grid = Grid(SIDE_M, SIDE_M, 0.0, 0.0, 1.0)
    footprints = []
    while len(footprints) < 14:
        x, y, width, depth = draw.uniform(15, 185), draw.uniform(15, 185), draw.uniform(10, 30), draw.uniform(8, 24)
        made = rotate(box(x - width / 2, y - depth / 2, x + width / 2, y + depth / 2), draw.choice([0, 0, 0, 20, 45]))
        if all(made.distance(other) > 6 for other in footprints):
            footprints.append(made)
    solids = [Solid.of(footprint, draw.choice([4, 6, 9])) for footprint in footprints]
    outside = np.ones((SIDE_M, SIDE_M), bool)
    for footprint in footprints:
        outside &= ~grid.within(footprint)
    mounts = [spot for footprint in footprints for spot in along(footprint, 2.0, 0.1, "wall")]
    free: list[Spot] = []
    while len(free) < len(mounts):
        x, y = round(draw.uniform(0, SIDE_M), 2), round(draw.uniform(0, SIDE_M), 2)
        if all(footprint.distance(Point(x, y)) > 1 for footprint in footprints):
            free.append(Spot(x, y, "mast"))
    made: list[Candidate] = []
    spots = draw.sample([*mounts, *free], len(mounts) + len(free))
    for spot in spots:
        made += candidates([spot], [Option("camera", EYE)], [6.0 if spot.name == "mast" else 3.5], 45.0, [15.0])
    chosen = made[:number]
    if len(chosen) < number:
        raise SystemExit(f"the yard has only {len(chosen)} candidates")
    scene = Scene(grid, solids)
    return Problem(sight(scene, [(one.observer(), "camera") for one in chosen], [View.of(outside, 1.0, 2)]))


def cpu_s() -> float:
    """CPU seconds of this process and of those that it has waited for."""
    return sum(sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))


def ours(problem: Problem, count: int | None, seconds: float) -> Row:
    """Seamline's answer."""
    began, wall = cpu_s(), time.perf_counter()
    effort = Effort(solver_seconds=seconds)
    answer: Answer = cover(problem, effort=effort) if count is None else best(problem, count=count, effort=effort)
    return Row(answer.value, answer.bound, cpu_s() - began, time.perf_counter() - wall, answer.is_proven, answer.stop)


def peer(name: str, problem: Problem, count: int | None, seconds: float) -> Row:
    """A peer's answer on the merged cells, from a process of its own."""
    core = core_of(problem, np.ones(len(problem.sees), np.int64))
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "problem.npz")
        arrays = {"starts": core.sees.starts, "cells": core.sees.cells, "width": np.array(core.sees.width), "level": core.level}
        np.savez(file, **arrays)
        command = [
            sys.executable,
            str(Path(__file__).with_name("placement_peers.py")),
            name,
            str(file),
            str(count or 0),
            str(seconds),
        ]
        began, wall = cpu_s(), time.perf_counter()
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        spent, took = cpu_s() - began, time.perf_counter() - wall
    if done.returncode:
        return Row(0, None, spent, took, proven=False, note=(done.stderr.strip().splitlines() or ["broke"])[-1][:60])
    told = json.loads(done.stdout.splitlines()[-1])
    chosen = core.origin[told["chosen"]].tolist()
    value = len(chosen) if count is None else problem.worth(problem.sees.seen_by(chosen))
    return Row(value, told["bound"], spent, took, told["proven"], "" if told["proven"] else "time")


def line(name: str, who: str, row: Row) -> str:
    """A row of the table."""
    gap = "-" if row.bound is None else f"{100 * abs(row.value - row.bound) / max(1, abs(row.bound)):.3f} %"
    bound = "-" if row.bound is None else f"{row.bound:,.1f}"
    return f"{name:8}{who:10}{row.value:>10,}{bound:>12}{gap:>11}{row.cpu_s:>9.1f}{row.wall_s:>9.1f}  {'proven' if row.proven else row.note}"


def main() -> None:
    """Measure everything; print a table, then the JSON line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="peers get 20 s, and are not asked for `many`")
    parser.add_argument("--seconds", type=float, help="wall time for each peer")
    options = parser.parse_args()
    seconds = options.seconds or (20.0 if options.quick else 60.0)
    there = [name for name in PEERS if importlib.util.find_spec(name)]
    for name in PEERS:
        if name not in there:
            print(f"{name} is not installed: left out")
    figures: dict[str, dict[str, object]] = {}
    print(f"{'':8}{'':10}{'value':>10}{'bound':>12}{'gap':>11}{'CPU s':>9}{'wall s':>9}")
    for name, number, count in (("cover", 500, None), ("best", 500, 30), ("many", 4000, 20)):
        began = cpu_s()
        problem = yard(number)
        print(f"{name:8}{number:,} candidates, {problem.sees.width:,} cells: what they see took {cpu_s() - began:.1f} s")
        rows = {"seamline": ours(problem, count, 30.0)}
        print(line(name, "seamline", rows["seamline"]), flush=True)
        asked = [one for one in there if not (name == "many" and (options.quick or one == "spopt"))]
        for other in asked:
            rows[other] = peer(other, problem, count, seconds)
            print(line(name, other, rows[other]), flush=True)
        against = asked[-1] if asked else None
        ratio = round(rows[against].cpu_s / rows["seamline"].cpu_s, 2) if against else None
        figures[name] = {"value": round(rows["seamline"].cpu_s, 2), "unit": "s of CPU", "against": against, "ratio": ratio}
        if rows["seamline"].bound is not None:
            gap = abs(rows["seamline"].value - rows["seamline"].bound) / max(1, rows["seamline"].bound)
            figures[f"{name}_gap"] = {"value": round(100 * gap, 4), "unit": "%", "against": None, "ratio": None}
    print(json.dumps({"bench": "placement", "figures": figures}))


if __name__ == "__main__":
    main()
