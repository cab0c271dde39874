"""The fewest or cheapest that cover all that can be covered: against trying everything."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from tests.unit.site.placement.oracle import QUICK, choices, cost, met, problems, worth

from seamline.site import SiteError
from seamline.site.placement import Effort, Group, Problem, Sight, cover

CHAIN = np.array([[1, 1, 0, 0, 0, 0], [0, 0, 1, 1, 0, 0], [0, 0, 0, 0, 1, 1], [1, 1, 1, 0, 0, 0], [0, 0, 0, 1, 1, 1]], bool)


@settings(max_examples=80, deadline=None)
@given(problems(lightest=1), st.sampled_from(["cost", "count"]))
def test_a_cover_is_within_the_rules_and_its_price_the_least(problem, by):
    answer = cover(problem, by=by, effort=QUICK)
    allowed = choices(problem)
    assert answer.chosen in allowed
    price = (lambda chosen: cost(problem, chosen)) if by == "cost" else len
    assert answer.value == price(answer.chosen)
    kept = met(problem, answer.chosen)
    could = np.minimum(problem.need, problem.sees.seen_by([*problem.existing, *problem.free.tolist()]))
    assert answer.excluded.tolist() == np.flatnonzero(kept < could).tolist(), "nothing is dropped in silence"
    most = np.max([met(problem, chosen) for chosen in allowed], axis=0)
    if (kept < most).any():
        assert not any((met(problem, chosen) >= most).all() for chosen in allowed), "all could have been covered at once"
        assert worth(problem, answer.chosen) == max(worth(problem, chosen) for chosen in allowed)
    least = min(price(chosen) for chosen in allowed if (met(problem, chosen) >= kept).all())
    assert answer.bound <= least <= answer.value
    assert answer.is_proven
    assert answer.stop == ""


@settings(max_examples=30, deadline=None)
@given(problems())
def test_without_a_solver_an_answer_still_holds_and_so_does_its_bound(problem):
    answer = cover(problem, effort=Effort(relax_steps=80, search_rounds=2, solver_nodes=0))
    allowed = choices(problem)
    assert answer.chosen in allowed
    kept = met(problem, answer.chosen)
    price = (lambda chosen: cost(problem, chosen)) if problem.cost.any() else len
    assert answer.bound <= min(price(chosen) for chosen in allowed if (met(problem, chosen) >= kept).all())
    assert answer.is_proven == (answer.value == answer.bound)
    assert (answer.stop == "") == answer.is_proven


@settings(max_examples=12, deadline=None)
@given(problems())
def test_the_same_question_has_the_same_answer(problem):
    first, second = cover(problem, effort=QUICK), cover(problem, effort=QUICK)
    assert (first.chosen, first.value, first.bound, first.stop) == (second.chosen, second.value, second.bound, second.stop)


def test_two_see_what_greedy_would_take_three_for():
    answer = cover(Problem(Sight.of(CHAIN)))
    assert answer.chosen == (3, 4)
    assert (answer.value, answer.bound, answer.gap, answer.is_proven, answer.is_met) == (2, 2, 0.0, True, True)


def test_cheap_ones_are_preferred_to_few():
    problem = Problem(Sight.of(CHAIN), cost=np.array([100, 100, 100, 400, 400]))
    assert cover(problem).chosen == (0, 1, 2)
    assert cover(problem, by="count").chosen == (3, 4)


def test_what_stands_costs_nothing_and_is_not_listed_again():
    answer = cover(Problem(Sight.of(CHAIN), cost=np.full(5, 700), existing=(0, 1)))
    assert answer.chosen == (2,)
    assert answer.cost == 700


def test_cells_that_nobody_sees_are_reported_and_the_rest_is_covered():
    sees = np.hstack([CHAIN, np.zeros((5, 2), bool)])
    answer = cover(Problem(Sight.of(sees)))
    assert answer.chosen == (3, 4)
    assert answer.unseen.tolist() == [6, 7]
    assert not answer.is_met
    assert [advice.relax for advice in answer.advice] == ["candidates"]
    assert answer.advice[0].text == "2 cells are seen by no candidate: add candidates there, or take these cells out of the zone"
    assert (answer.covered, answer.area) == (6, 8)


def test_barred_candidates_are_named_with_their_reason_and_what_they_would_bring():
    answer = cover(Problem(Sight.of(CHAIN), barred={2: "no power", 4: "no power"}))
    assert answer.unseen.tolist() == [4, 5]
    assert answer.advice[0].relax == "barred"
    assert answer.advice[0].text == "2 cells that lack an observer are seen by 2 candidates that cannot be built: no power"


def test_a_need_that_is_too_high_says_what_can_be_had():
    answer = cover(Problem(Sight.of(CHAIN), need=np.full(6, 3)))
    assert answer.short.tolist() == list(range(6))
    assert answer.chosen == (0, 1, 2, 3, 4)
    (advice,) = answer.advice
    assert (advice.relax, advice.enough) == ("need", 2)
    assert advice.text == "6 cells need 3 observers, and only 2 or more can see them: ask for 2, or add candidates"


def test_a_budget_that_does_not_suffice_says_what_would():
    problem = Problem(Sight.of(CHAIN), cost=np.full(5, 25_000))
    answer = cover(problem, budget=30_000)
    (advice,) = answer.advice
    assert (advice.relax, advice.least, advice.enough) == ("budget", 50_000, 50_000)
    assert advice.text == "the cover found takes 500.00, 200.00 more than the budget allows; none takes less"
    assert cover(problem, budget=50_000).is_met


def test_a_count_that_does_not_suffice_says_what_would():
    (advice,) = cover(Problem(Sight.of(CHAIN)), count=1).advice
    assert advice.text == "the cover found takes 2 nodes, 1 node more than the count allows; none takes less"
    (advice,) = cover(Problem(Sight.of(CHAIN), cost=np.full(5, 1)), count=1, by="cost").advice
    assert advice.text.endswith("whether a smaller one exists is not known")
    assert advice.least is None


def test_candidates_that_exclude_each_other_leave_cells_and_say_which_group():
    problem = Problem(Sight.of(np.eye(3, dtype=bool)), weight=np.array([5, 2, 1]), groups=(Group((0, 1), 1, "mast 1"),))
    answer = cover(problem)
    assert answer.chosen == (0, 2)
    assert answer.excluded.tolist() == [1]
    (advice,) = answer.advice
    assert advice.relax == "groups"
    assert "1 cells cannot be covered together with all others: candidates exclude each other (groups mast 1)" in advice.text


def test_cells_that_are_worth_nothing_are_covered_too_where_candidates_exclude_each_other():
    problem = Problem(Sight.of(np.eye(3, dtype=bool)), weight=np.zeros(3, int), groups=(Group((0, 1)),))
    answer = cover(problem)
    assert (len(answer.chosen), len(answer.excluded)) == (2, 1)


def test_a_place_that_is_taken_is_not_built_on():
    problem = Problem(Sight.of(np.eye(3, dtype=bool)), existing=(0,), groups=(Group((0, 1), 1, "mast 1"), Group((1, 2), 1)))
    answer = cover(problem)
    assert (answer.chosen, answer.unseen.tolist(), answer.excluded.tolist()) == ((2,), [1], [])
    assert answer.advice[0].text.endswith("cannot be built: group mast 1 is full of what stands already")


def test_a_cell_that_needs_two_of_one_group_is_not_dropped_in_silence():
    problem = Problem(Sight.of(np.ones((2, 1), bool)), need=np.array([2]), groups=(Group((0, 1), 1, "mast 1"),))
    answer = cover(problem)
    assert (len(answer.chosen), answer.excluded.tolist(), answer.advice[0].relax) == (1, [0], "groups")


def test_a_gateway_that_sees_nothing_is_built_for_those_that_need_it():
    sees = np.array([[1, 1], [0, 1], [0, 0], [0, 0]], bool)
    problem = Problem(Sight.of(sees), cost=np.array([10, 10, 50, 40]), links={0: (2, 3), 1: (2,)})
    answer = cover(problem)
    assert answer.chosen == (0, 3)
    assert answer.cost == 50
    assert cover(Problem(Sight.of(sees), links={0: (2,), 1: (2,)}, barred={2: "no mains"})).unseen.tolist() == [0, 1]


def test_nothing_to_do_is_an_answer():
    answer = cover(Problem(Sight.of(CHAIN), need=np.zeros(6, int)))
    assert (answer.chosen, answer.value, answer.bound, answer.area) == ((), 0, 0, 0)
    assert cover(Problem(Sight.of(np.zeros((0, 0), bool)))).is_met


@pytest.mark.parametrize("limit", [{"count": -1}, {"budget": -5}])
def test_limits_below_nothing_are_refused(limit):
    with pytest.raises(SiteError, match="at least 0"):
        cover(Problem(Sight.of(CHAIN)), **limit)


def test_advice_names_the_groups_of_all_cells_that_are_left_out():
    sees = np.repeat(np.eye(4, dtype=bool), 1_500, axis=1)
    (advice,) = cover(Problem(Sight.of(sees), groups=(Group((0, 1), 1, "mast 1"), Group((2, 3), 1, "mast 2")))).advice
    assert advice.cells == 3_000
    assert "groups mast 1, mast 2)" in advice.text
