"""Yards of middling size: the answer is the one that HiGHS finds in the whole problem, without reductions, bounds or first answers."""

import numpy as np
import pytest
from scipy.optimize import Bounds, LinearConstraint, milp
from tests.unit.site.placement.yards import yard

from seamline.site.placement import Effort, Group, Problem, best, cover

SEEDS = [3, 11, 29]


def ruled(seed, *, candidates=32):
    """Discs, with prices, needs of one and two, groups of four on a mast, and two gateways that a third of them need."""
    sees = yard(candidates=candidates, cells=196, seed=seed, wide=14)
    gateways = (0, 1)
    return Problem(
        sees,
        need=1 + (np.arange(196) % 5 == 0),
        weight=1 + np.arange(196) % 3,
        cost=100 + 35 * (np.arange(candidates) % 4),
        groups=tuple(Group(tuple(range(at, at + 4)), 2, f"mast {at}") for at in range(2, candidates - 4, 4)),
        links=dict.fromkeys(range(2, candidates, 3), gateways),
        barred={candidates - 1: "no power"},
    )


def whole(problem, *, needs=None, count=None, budget=None):
    """The least price that covers `needs`, or the most worth; straight from the problem."""
    candidates, cells = len(problem.sees), problem.sees.width
    sees = np.zeros((cells, candidates))
    for one in range(candidates):
        sees[problem.sees.row(one), one] = 1
    upper = np.array([0.0 if problem.why_barred(one) else 1.0 for one in range(candidates)])
    rules = [np.zeros(candidates), *(np.isin(np.arange(candidates), group.members).astype(float) for group in problem.groups)]
    rooms = [0, *(group.at_most for group in problem.groups)]
    for one, others in problem.links.items():
        rules.append((np.arange(candidates) == one) * 1.0 - np.isin(np.arange(candidates), others))
        rooms.append(0)
    if count is not None:
        rules.append(np.ones(candidates))
        rooms.append(count)
    if budget is not None:
        rules.append(problem.cost.astype(float))
        rooms.append(budget)
    most = LinearConstraint(np.array(rules), -np.inf, rooms)
    if needs is not None:
        found = milp(
            problem.cost,
            integrality=np.ones(candidates),
            bounds=Bounds(0, upper),
            constraints=[most, LinearConstraint(sees, needs, np.inf)],
        )
        return None if found.x is None else round(found.fun)
    level = problem.weight * problem.scale // problem.need
    wide = LinearConstraint(np.hstack([np.array(rules), np.zeros((len(rules), cells))]), -np.inf, rooms)
    both = LinearConstraint(np.hstack([sees, -np.eye(cells)]), 0, np.inf)
    found = milp(
        np.r_[np.zeros(candidates), -level],
        integrality=np.r_[np.ones(candidates), np.zeros(cells)],
        bounds=Bounds(0, np.r_[upper, problem.need]),
        constraints=[wide, both],
    )
    return round(-found.fun)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_ruled_cover_costs_what_the_whole_program_says(seed):
    problem = ruled(seed)
    answer = cover(problem, effort=Effort(search_rounds=30))
    assert answer.is_proven
    needs = np.minimum(problem.need, answer.counts)
    assert answer.value == whole(problem, needs=needs)
    could = np.minimum(problem.need, problem.sees.seen_by(problem.free.tolist()))
    assert (len(answer.excluded) == 0) == (whole(problem, needs=could) is not None)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("limits", [{"count": 6}, {"budget": 900}, {"count": 7, "budget": 800}])
def test_a_ruled_coverage_is_worth_what_the_whole_program_says(seed, limits):
    problem = ruled(seed)
    answer = best(problem, effort=Effort(search_rounds=30), **limits)
    assert answer.is_proven
    assert answer.value == whole(problem, **limits)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_plain_cover_takes_as_few_as_the_whole_program(seed):
    sees = yard(candidates=70, cells=400, seed=seed, wide=26)
    problem = Problem(sees)
    priced = Problem(sees, cost=np.ones(70, int))
    answer = cover(problem)
    assert answer.is_proven
    assert answer.value == whole(priced, needs=np.minimum(1, sees.seen_by(range(70))))


@pytest.mark.parametrize("seed", SEEDS)
def test_without_a_solver_the_answers_of_a_yard_are_close(seed):
    effort = Effort(solver_nodes=0, search_rounds=60)
    problem = ruled(seed)
    answer = best(problem, count=6, effort=effort)
    assert whole(problem, count=6) <= answer.bound
    assert answer.gap < 0.05
    sees = yard(candidates=70, cells=400, seed=seed, wide=26)
    few = cover(Problem(sees), effort=effort)
    exact = whole(Problem(sees, cost=np.ones(70, int)), needs=np.minimum(1, sees.seen_by(range(70))))
    assert few.bound <= exact <= few.value <= exact + 1
