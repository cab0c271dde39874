"""Peers of bench/placement.py: `python bench/placement_peers.py spopt|ortools FILE COUNT SECONDS` prints one JSON object.

FILE has starts, cells, width, level of merged cells; COUNT 0 asks for the fewest that cover all, else for the best coverage with COUNT.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

# ruff: noqa: PLC0415 - a peer's package is asked for when the peer is

Arrays = Mapping[str, NDArray[Any]]


def by_spopt(given: Arrays, count: int, seconds: float) -> dict[str, object]:
    """The textbook models of spopt, solved by PuLP's CBC."""
    import pulp
    from spopt.locate import LSCP, MCLP

    candidates, cells = len(given["starts"]) - 1, int(given["width"])
    away = np.ones((cells, candidates), np.float32)
    away[given["cells"], np.repeat(np.arange(candidates), np.diff(given["starts"]))] = 0
    solver = pulp.PULP_CBC_CMD(msg=False, timeLimit=seconds, threads=2)
    best = count > 0
    model = MCLP.from_cost_matrix(away, given["level"].astype(float), 0.5, count) if best else LSCP.from_cost_matrix(away, 0.5)
    model.problem.solve(solver)
    chosen = [at for at, variable in enumerate(model.fac_vars) if (variable.value() or 0) > 0.5]
    # PuLP says "Optimal" for a time-out with an answer too; sol_status tells them apart.
    proven = model.problem.sol_status == pulp.LpSolutionOptimal
    return {"chosen": chosen, "bound": float(pulp.value(model.problem.objective)) if proven else None, "proven": proven}


def by_ortools(given: Arrays, count: int, seconds: float) -> dict[str, object]:
    """CP-SAT with two workers."""
    from ortools.sat.python import cp_model

    candidates, cells = len(given["starts"]) - 1, int(given["width"])
    model = cp_model.CpModel()
    chosen = [model.new_bool_var("") for _ in range(candidates)]
    seers: list[list[int]] = [[] for _ in range(cells)]
    for one in range(candidates):
        for cell in given["cells"][given["starts"][one] : given["starts"][one + 1]].tolist():
            seers[cell].append(one)
    if count:
        seen = [model.new_bool_var("") for _ in range(cells)]
        for at, by in enumerate(seers):
            model.add_bool_or([*(chosen[one] for one in by), ~seen[at]])
        model.add(cp_model.LinearExpr.sum(chosen) <= count)
        model.maximize(cp_model.LinearExpr.weighted_sum(seen, given["level"].tolist()))
    else:
        for by in seers:
            model.add_bool_or([chosen[one] for one in by])
        model.minimize(cp_model.LinearExpr.sum(chosen))
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 2
    solver.parameters.max_time_in_seconds = seconds
    status = solver.solve(model)
    found = (
        [at for at, variable in enumerate(chosen) if solver.value(variable)]
        if status in {cp_model.OPTIMAL, cp_model.FEASIBLE}
        else []
    )
    return {"chosen": found, "bound": solver.best_objective_bound, "proven": status == cp_model.OPTIMAL}


def main() -> None:
    """Ask one peer."""
    name, file, count, seconds = sys.argv[1:]
    solve = {"spopt": by_spopt, "ortools": by_ortools}[name]
    print(json.dumps(solve(np.load(file), int(count), float(seconds))))


if __name__ == "__main__":
    main()
