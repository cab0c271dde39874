"""What stands behind an answer: reductions that change nothing, multipliers that always give a bound, and HiGHS in its process."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from scipy.optimize import linprog
from tests.unit.site.placement.oracle import QUICK, choices, problems, worth
from tests.unit.site.placement.yards import yard

from seamline.site.placement import Effort, Problem, Progress, Sight, best, cover, solver
from seamline.site.placement.build import Build
from seamline.site.placement.core import core_of
from seamline.site.placement.effort import Cancelled, Watcher
from seamline.site.placement.reduce import reduced_to_best, reduced_to_cover
from seamline.site.placement.relax import Relaxation, hopeless
from seamline.site.placement.search import swap_gains

DRAWS = st.randoms(use_true_random=False)


def least_price(core, needed=None):
    """The price of the cheapest cover of a core, by trying everything."""
    prices = []
    for number in range(1 << len(core)):
        build = Build(core, [one for one in range(len(core)) if number >> one & 1])
        if not build.lack.any() and keeps(build):
            prices.append(build.price)
    return min(prices, default=needed)


def keeps(build):
    groups = all(used <= group.room for used, group in zip(build.used, build.core.groups, strict=True))
    return groups and all(build.is_in[others].any() or not build.is_in[members].any() for members, others in build.core.links)


@settings(max_examples=60, deadline=None)
@given(problems())
def test_reductions_change_no_price(problem):
    core = core_of(problem, problem.cost)
    smaller, forced = reduced_to_cover(core, Watcher(None))
    before, after = least_price(core), least_price(smaller)
    if before is None:
        assert after is None
    else:
        assert after + int(problem.cost[forced].sum()) == before


@settings(max_examples=60, deadline=None)
@given(problems(), st.one_of(st.none(), st.integers(0, 3)), st.one_of(st.none(), st.sampled_from([100, 250, 400])))
def test_reductions_change_no_worth(problem, count, budget):
    core = reduced_to_best(replace(core_of(problem, problem.cost), count=count, limit=budget))
    standing = worth(problem, ())
    left = set(core.origin.tolist())
    allowed = choices(problem, count, budget)
    assert max(worth(problem, one) for one in allowed) == max(worth(problem, one) for one in allowed if left.issuperset(one))
    assert all(
        standing + core.worth(core.sees.seen_by([core.origin.tolist().index(one) for one in chosen])) == worth(problem, chosen)
        for chosen in allowed
        if left.issuperset(chosen)
    )


@settings(max_examples=60, deadline=None)
@given(problems(), DRAWS, st.sampled_from([0.2, 1.0, 5.0]))
def test_any_multipliers_bound_a_cover_from_below(problem, draw, wide):
    core = core_of(problem, problem.cost)
    least = least_price(core)
    relaxation = Relaxation(core, cover=True)
    v = np.array([draw.uniform(0, wide) for _ in range(core.sees.width)])
    m = np.array([draw.uniform(0, wide) for _ in relaxation.rows])
    found = relaxation.weigh(v, m, np.zeros(len(core)))
    if least is not None:
        assert found.bound <= least
        gone = set(np.flatnonzero(hopeless(found, least + 1, cover=True)).tolist())
        left = np.array([one for one in range(len(core)) if one not in gone], np.int64)
        assert least_price(core.part(left, np.arange(core.sees.width))) == least, "who is in a better answer is not hopeless"


@settings(max_examples=60, deadline=None)
@given(problems(), DRAWS, st.integers(0, 3), st.one_of(st.none(), st.sampled_from([100, 250, 400])))
def test_any_multipliers_bound_a_coverage_from_above(problem, draw, count, budget):
    core = replace(core_of(problem, problem.cost), count=count, limit=budget)
    relaxation = Relaxation(core, cover=False)
    v = np.array([draw.uniform(0, 1) for _ in range(core.sees.width)])
    m = np.array([draw.uniform(0, 2) for _ in relaxation.rows])
    found = relaxation.weigh(v, m, np.zeros(len(core)))
    standing, most = worth(problem, ()), max(worth(problem, one) for one in choices(problem, count, budget))
    assert standing + found.bound >= most
    if most > standing:
        gone = set(core.origin[hopeless(found, most - 1 - standing, cover=False)].tolist())
        assert any(worth(problem, one) == most and not gone.intersection(one) for one in choices(problem, count, budget))


@settings(max_examples=60, deadline=None)
@given(problems(links=False), DRAWS)
def test_a_swap_brings_what_was_reckoned(problem, draw):
    core = core_of(problem, problem.cost)
    chosen = [one for one in range(len(core)) if draw.random() < 0.5]
    build = Build(core, chosen)
    gains = swap_gains(build) if chosen else np.zeros((0, 0))
    for out, gone in enumerate(chosen):
        for one in range(len(core)):
            if one not in chosen:
                other = Build(core, [*(kept for kept in chosen if kept != gone), one])
                assert gains[one, out] == other.worth - build.worth


def test_the_relaxation_of_a_coverage_is_solved_to_a_thousandth():
    core = reduced_to_best(replace(core_of(Problem(yard()), np.zeros(60, np.int64)), count=5))
    found = Relaxation(core, cover=False).solve(1200, Watcher(None))
    sees = np.array([np.isin(np.arange(core.sees.width), core.sees.row(one)) for one in range(len(core))]).T
    rows = np.block([[-sees.astype(float), np.eye(core.sees.width)], [np.ones((1, len(core))), np.zeros((1, core.sees.width))]])
    exact = -linprog(np.r_[np.zeros(len(core)), -core.level], rows, np.r_[np.zeros(core.sees.width), 5], bounds=(0, 1)).fun
    assert exact - 1e-6 <= found.slack / found.scale <= exact * 1.001


def test_a_large_program_is_solved_in_a_process_of_its_own_with_the_same_result(monkeypatch):
    problem = Problem(yard())
    here = best(problem, count=5)
    monkeypatch.setattr(solver, "SMALL", 0)
    assert (here.chosen, here.value, here.is_proven) == (best(problem, count=5).chosen, here.bound, True)


def test_a_node_limit_is_said_and_the_bound_holds():
    problem = Problem(yard(candidates=40, cells=225, wide=12))
    proven = best(problem, count=7)
    limited = best(problem, count=7, effort=Effort(relax_steps=40, search_rounds=0, solver_nodes=1))
    assert proven.is_proven
    assert limited.value <= proven.value <= limited.bound
    assert limited.stop == ("" if limited.is_proven else "work")


def test_a_program_too_large_is_left_and_said():
    answer = best(Problem(yard()), count=5, effort=Effort(relax_steps=40, search_rounds=0, solver_entries=10))
    assert answer.stop == "work"
    assert answer.value < answer.bound
    assert 0 < answer.gap < 0.3


def test_time_as_a_last_resort_is_said():
    problem = Problem(yard(candidates=120, cells=1600, wide=40))
    answer = best(problem, count=12, effort=Effort(relax_steps=40, search_rounds=0, solver_seconds=1e-3))
    assert answer.stop == "time"
    assert answer.value < answer.bound


def test_progress_comes_in_order_and_bounds_close_in():
    told: list[Progress] = []

    def watch(progress):
        told.append(progress)
        return True

    answer = best(Problem(yard()), count=5, watch=watch)
    values = [one.value for one in told if one.value is not None]
    bounds = [one.bound for one in told if one.bound is not None]
    assert {one.phase for one in told} >= {"search", "relax"}
    assert values == sorted(values)
    assert values[-1] <= answer.value <= answer.bound <= bounds[0]


@pytest.mark.parametrize("question", [cover, lambda problem, watch: best(problem, count=5, watch=watch)])
@pytest.mark.parametrize("after", [0, 1, 4, 12])
def test_told_to_stop_it_answers_with_what_it_has(question, after):
    left = [after]

    def watch(progress):
        left[0] -= 1
        return left[0] >= 0

    answer = question(Problem(yard(wide=18)), watch=watch)
    assert answer.stop == "cancelled" or answer.is_proven
    assert answer.chosen
    if answer.question == "cover":
        assert (answer.counts >= 1).sum() == 400 - len(answer.unseen)
        assert answer.bound <= answer.value
    else:
        assert answer.value <= answer.bound


def test_the_solvers_process_ends_when_told_to_stop(monkeypatch):
    monkeypatch.setattr(solver, "SMALL", 0)
    monkeypatch.setattr(solver, "POLL_S", 0.001)
    core = replace(core_of(Problem(yard(candidates=200, cells=2500, wide=60)), np.zeros(200, np.int64)), count=12)
    program, _ = solver.best_program(core, 0)
    with pytest.raises(Cancelled):
        solver.solve(program, QUICK, Watcher(lambda progress: progress.phase != "solve"))


def test_a_solver_that_breaks_is_no_answer(tmp_path):
    with pytest.raises(RuntimeError, match="HiGHS broke"):
        solver.run(tmp_path / "none.npz", tmp_path / "out.npz", Watcher(None))


def test_a_bound_in_floating_point_is_raised_to_the_next_whole_number_but_not_for_rounding():
    assert [solver.raised(bound) for bound in (4.0, 4.0000001, 4.2, -3.0, -2.9999999)] == [4, 4, 5, -3, -3]


def test_a_limit_far_beyond_all_prices_does_not_break_the_bound():
    core = replace(
        core_of(Problem(Sight.of(np.eye(2, dtype=bool)), cost=np.array([1, 2])), np.array([1, 2])), count=1, limit=1 << 40
    )
    relaxation = Relaxation(core, cover=False)
    assert relaxation.weigh(np.full(2, 0.5), np.array([2.0]), np.zeros(2)).bound >= 1


@pytest.mark.parametrize("multiplier", [0.5, 1.0, 10.0, 64.0])
def test_poor_multipliers_of_many_candidates_are_no_false_bound(multiplier):
    problem = Problem(Sight.of(np.ones((400, 3), bool)), need=np.full(3, 2), cost=np.full(400, 100))
    relaxation = Relaxation(core_of(problem, problem.cost), cover=True)
    found = relaxation.weigh(np.full(relaxation.core.sees.width, multiplier), np.zeros(len(relaxation.rows)), np.zeros(400))
    assert found.bound <= 200
    assert not hopeless(found, 300, cover=True).any()
