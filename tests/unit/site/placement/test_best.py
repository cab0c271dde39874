"""The best coverage for a number of nodes or a budget: against trying everything."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from tests.unit.site.placement.oracle import QUICK, choices, problems, worth

from seamline.site import SiteError
from seamline.site.placement import Effort, Group, Problem, Sight, best

LIMITS = {
    "count": st.one_of(st.none(), st.integers(0, 4)),
    "budget": st.one_of(st.none(), st.sampled_from([0, 100, 250, 400, 600])),
}


@settings(max_examples=80, deadline=None)
@given(problem=problems(), **LIMITS)
def test_a_choice_is_within_limits_and_rules_and_worth_the_most(problem, count, budget):
    answer = best(problem, count=count, budget=budget, effort=QUICK)
    allowed = choices(problem, count, budget)
    assert answer.chosen in allowed
    assert answer.value == worth(problem, answer.chosen)
    most = max(worth(problem, chosen) for chosen in allowed)
    assert answer.value <= most <= answer.bound
    assert answer.is_proven


@settings(max_examples=30, deadline=None)
@given(problem=problems(), **LIMITS)
def test_without_a_solver_an_answer_still_holds_and_so_does_its_bound(problem, count, budget):
    answer = best(problem, count=count, budget=budget, effort=Effort(relax_steps=80, search_rounds=2, solver_nodes=0))
    allowed = choices(problem, count, budget)
    assert answer.chosen in allowed
    assert answer.value == worth(problem, answer.chosen)
    assert answer.bound >= max(worth(problem, chosen) for chosen in allowed)
    assert (answer.stop == "") == answer.is_proven


@settings(max_examples=30, deadline=None)
@given(problems(), st.integers(1, 3))
def test_the_same_question_has_the_same_answer(problem, count):
    first, second = best(problem, count=count, effort=QUICK), best(problem, count=count, effort=QUICK)
    assert (first.chosen, first.value, first.bound) == (second.chosen, second.value, second.bound)


def test_weights_decide_what_is_seen():
    sees = np.array([[1, 1, 1, 0], [0, 0, 0, 1]], bool)
    assert best(Problem(Sight.of(sees)), count=1).chosen == (0,)
    heavy = best(Problem(Sight.of(sees), weight=np.array([1, 1, 1, 4])), count=1)
    assert heavy.chosen == (1,)
    assert (heavy.value, heavy.covered, heavy.area, heavy.total) == (4, 4, 7, 7)


def test_each_observer_of_a_cell_that_needs_two_is_worth_half_of_it():
    sees = np.array([[1, 0], [1, 0], [0, 1]], bool)
    problem = Problem(Sight.of(sees), need=np.array([2, 1]), weight=np.array([3, 1]))
    assert problem.scale == 2
    one = best(problem, count=1)
    assert (one.chosen[0] in {0, 1}, one.value, one.covered) == (True, 3, 0)
    assert best(problem, count=2).chosen == (0, 1)
    assert best(problem, count=3).value == best(problem, count=3).total == 8


def test_a_budget_buys_two_cheap_ones_rather_than_a_dear_one():
    sees = np.array([[1, 1, 1, 0, 0], [1, 1, 0, 0, 0], [0, 0, 1, 1, 0]], bool)
    problem = Problem(Sight.of(sees), cost=np.array([300, 150, 150]))
    answer = best(problem, budget=300)
    assert (answer.chosen, answer.cost) == ((1, 2), 300)
    assert best(problem, budget=149).chosen == ()
    assert best(problem, budget=10_000).bound == 4, "the fifth cell is seen by nobody"


def test_headings_of_one_mount_exclude_each_other():
    sees = np.array([[1, 1, 0, 0], [0, 0, 1, 1], [0, 1, 0, 0]], bool)
    problem = Problem(Sight.of(sees), groups=(Group((0, 1)),))
    answer = best(problem, count=2)
    assert answer.chosen == (1, 2)
    assert answer.value == 3


@pytest.mark.parametrize("limit", [{"count": -1}, {"budget": -5}])
def test_limits_below_nothing_are_refused(limit):
    with pytest.raises(SiteError, match="at least 0"):
        best(Problem(Sight.of(np.ones((1, 1), bool))), **limit)


DEAR = Problem(Sight.of(np.array([[1, 0, 0], [0, 1, 0], [1, 1, 1]], bool)), cost=np.array([100, 42_000, 50_000]), existing=(0,))


@pytest.mark.parametrize(
    ("problem", "budget", "said"),
    [
        (DEAR, 500, (42_000, 42_000)),
        (replace(DEAR, links={1: (2,)}), 500, (42_000, None)),
        (replace(DEAR, links={1: (0, 2)}), 500, (42_000, 42_000)),
        (replace(DEAR, barred={1: "no power"}), 41_999, (50_000, 50_000)),
        (DEAR, 42_000, None),
        (replace(DEAR, existing=(0, 2)), 500, None),
    ],
)
def test_a_budget_that_is_too_small_for_any_candidate_is_said_with_what_it_lacks(problem, budget, said):
    told = [one for one in best(problem, budget=budget).advice if one.relax == "budget"]
    assert [(one.least, one.enough) for one in told] == ([said] if said else [])
    if said:
        assert f"the budget of {budget / 100:.2f} is {(said[0] - budget) / 100:.2f} short" in told[0].text
