"""Goals: as much of each as it asks for, at the least cost or with the fewest; against trying everything."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings, strategies as st
from tests.unit.site.placement.oracle import QUICK, choices, cost, counts, problems
from tests.unit.site.placement.yards import yard

from seamline.site import SiteError
from seamline.site.placement import Effort, Group, Obstacle, Problem, Sight, best, cover, sharing
from seamline.site.placement.core import Row
from seamline.site.placement.effort import Watcher
from seamline.site.placement.problem import Goal
from seamline.site.placement.share_cuts import cuts_of
from seamline.site.placement.sharing import Quotas, ShareSearch
from seamline.site.placement.sharing_bound import ShareRelaxation, least_paid
from seamline.site.placement.solver import Solved


@st.composite
def with_goals(draw, **options):
    """A problem whose cells are in one of three goals, or in none."""
    problem = draw(problems(**options))
    of = np.array(draw(st.lists(st.integers(-1, 2), min_size=problem.sees.width, max_size=problem.sees.width)))
    cells = [np.flatnonzero(of == at) for at in range(3)]
    return replace(problem, goals=tuple(Goal(one, draw(st.integers(0, len(one))), f"zone {at}") for at, one in enumerate(cells)))


def reached(problem, chosen):
    """How many cells of each goal have what they need."""
    has = counts(problem, chosen) >= problem.need
    return [int(has[goal.cells].sum()) for goal in problem.goals]


def meets(problem, chosen):
    return all(found >= goal.least for found, goal in zip(reached(problem, chosen), problem.goals, strict=True))


@settings(max_examples=80, deadline=None)
@given(with_goals(), st.sampled_from(["cost", "count"]))
def test_goals_are_met_at_the_least_price_or_it_is_said_that_they_cannot_be(problem, by):
    answer = cover(problem, by=by, effort=QUICK)
    allowed = choices(problem)
    assert answer.chosen in allowed
    price = (lambda chosen: cost(problem, chosen)) if by == "cost" else len
    assert answer.value == price(answer.chosen)
    can = [chosen for chosen in allowed if meets(problem, chosen)]
    lacking = [advice for advice in answer.advice if advice.relax == "share"]
    if can:
        assert meets(problem, answer.chosen)
        assert answer.bound <= min(map(price, can)) == answer.value
        assert answer.is_met
    else:
        assert not meets(problem, answer.chosen)
        assert len(lacking) == sum(
            found < goal.least for found, goal in zip(reached(problem, answer.chosen), problem.goals, strict=True)
        )
        kept = reached(problem, answer.chosen)
        least = min(price(one) for one in allowed if all(a >= b for a, b in zip(reached(problem, one), kept, strict=True)))
        assert answer.bound <= answer.value
        assert least <= answer.value


@settings(max_examples=40, deadline=None)
@given(with_goals())
def test_without_a_solver_the_bound_of_goals_still_holds(problem):
    answer = cover(problem, effort=Effort(relax_steps=80, search_rounds=2, solver_nodes=0))
    can = [chosen for chosen in choices(problem) if meets(problem, chosen)]
    price = (lambda chosen: cost(problem, chosen)) if problem.cost.any() else len
    assume(can and meets(problem, answer.chosen))
    assert answer.bound <= min(map(price, can)) <= answer.value
    assert answer.is_proven == (answer.value == answer.bound)
    assert (answer.stop == "") == answer.is_proven


@settings(max_examples=60, deadline=None)
@given(with_goals(), st.randoms(use_true_random=False), st.sampled_from([0.2, 1.0, 5.0]))
def test_any_multipliers_bound_a_cover_of_goals_from_below(problem, draw, wide):
    quotas = Quotas.of(problem, problem.cost)
    can = [chosen for chosen in choices(problem) if meets(problem, chosen)]
    assume(can and quotas.least.any() and quotas.can_be_met)
    relaxation = ShareRelaxation(quotas.core, quotas.goal, quotas.size, quotas.least)
    v = np.array([draw.uniform(0, wide) for _ in range(quotas.core.sees.width)])
    m = np.array([draw.uniform(0, wide) for _ in relaxation.rows])
    assert relaxation.weigh(v, m, np.zeros(len(quotas.core))).bound <= min(cost(problem, chosen) for chosen in can)


@settings(max_examples=40, deadline=None)
@given(with_goals())
def test_every_choice_that_meets_the_goals_keeps_the_rows_that_are_found(problem):
    quotas = Quotas.of(problem, problem.cost)
    assume(quotas.can_be_met)
    rows = ShareSearch(quotas, QUICK, Watcher(None)).kept_rows(quotas)
    number = {int(one): at for at, one in enumerate(quotas.core.origin)}
    for chosen in choices(problem):
        if meets(problem, chosen):
            taken = {number[one] for one in chosen if one in number}
            for row in rows:
                assert sum(int(f) for one, f in zip(row.members, row.factors, strict=True) if int(one) in taken) <= row.room


def test_how_many_all_goals_take_is_asked_with_how_many_each_takes():
    problem = replace(shared(), cost=np.arange(40) % 7 * 100 + 1_000)
    quotas = Quotas.of(problem, problem.cost)
    asked = []

    def bound(core, goals, _effort, cuts):
        asked.append((bool((core.price == 1).all()), goals.tolist(), [row.room for row in cuts]))
        return 5

    rows = cuts_of(quotas.core, quotas.goal, quotas.least, Effort(), bound)
    goals = len(quotas.least)
    assert asked[-1] == (True, [True] * goals, [-5] * goals)
    assert len(rows) == 2 * goals + 1


def test_rows_are_numbered_anew_when_candidates_are_left_out():
    problem = shared()
    quotas = Quotas.of(problem, np.ones(40, np.int64))
    everyone = np.arange(len(quotas.core))
    twice = replace(quotas, core=quotas.core.part(np.repeat(everyone, 2), np.arange(quotas.core.sees.width)))
    last = Row(np.array([2 * len(everyone) - 1]), np.array([1]), 1)
    search = ShareSearch(twice, QUICK, Watcher(None), cuts=[last])
    search.run()
    assert search.bound <= search.price == cover(problem).value


def test_rows_that_are_found_lift_the_bound_of_the_price():
    problem = replace(shared(), cost=np.arange(40) % 7 * 100 + 1_000)
    quotas = Quotas.of(problem, problem.cost)
    rows = ShareSearch(quotas, Effort(), Watcher(None)).kept_rows(quotas)
    plain, lifted = (
        ShareRelaxation(quotas.core, quotas.goal, quotas.size, quotas.least, cuts).solve(1200, Watcher(None)).bound
        for cuts in ((), rows)
    )
    assert plain < lifted <= cover(problem).value


@settings(max_examples=60, deadline=None)
@given(with_goals())
def test_quotas_are_what_is_left_of_the_goals_and_their_classes_are_their_cells(problem):
    quotas = Quotas.of(problem, problem.cost)
    for one in (quotas, quotas.remerged()):
        for at, goal in enumerate(problem.goals):
            assert one.size[one.goal == at].sum() <= len(goal.cells)
            assert one.least[at] <= min(goal.least, int(one.size[one.goal == at].sum()))
        assert one.missing(np.zeros(one.core.sees.width, np.int64)).tolist() == one.least.tolist()
        assert not one.missing(one.core.need).any()


@settings(max_examples=40, deadline=None)
@given(with_goals(links=False), st.integers(0, 2), st.integers(1, 3))
def test_to_ask_for_less_never_costs_more(problem, at, less):
    goals = list(problem.goals)
    goals[at] = replace(goals[at], least=max(0, goals[at].least - less))
    easier = replace(problem, goals=tuple(goals))
    first, second = cover(problem, effort=QUICK), cover(easier, effort=QUICK)
    assume(first.is_met)
    assert second.is_met
    assert second.value <= first.value


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_the_least_that_cells_pay_is_a_knapsack_in_parts(data):
    sizes = np.array(data.draw(st.lists(st.integers(1, 5), min_size=1, max_size=6)))
    pays = np.array(data.draw(st.lists(st.integers(0, 60), min_size=len(sizes), max_size=len(sizes))))
    least = data.draw(st.integers(1, int(sizes.sum())))
    left, exact = least, 0.0
    for rate, size in sorted(zip((pays / sizes).tolist(), sizes.tolist(), strict=True)):
        taken = min(left, size)
        exact, left = exact + taken * rate, left - taken
    assert exact - least <= least_paid(pays, sizes, least) <= exact + 1e-9


def test_a_goal_leaves_out_what_is_dearest_to_cover():
    sees = np.eye(4, dtype=bool)
    problem = Problem(Sight.of(sees), cost=np.array([10, 20, 30, 400]), goals=(Goal.of_share(np.arange(4), 0.75, "yard"),))
    answer = cover(problem)
    assert (answer.chosen, answer.value, answer.is_proven, answer.is_met) == ((0, 1, 2), 60, True, True)
    assert cover(replace(problem, goals=())).chosen == (0, 1, 2, 3)


def test_what_stands_counts_towards_a_goal():
    problem = Problem(Sight.of(np.eye(4, dtype=bool)), existing=(3,), goals=(Goal(np.arange(4), 2),))
    assert len(cover(problem).chosen) == 1
    assert cover(replace(problem, goals=(Goal(np.arange(4), 1),))).chosen == ()


def test_a_cell_that_needs_two_counts_when_it_has_both():
    sees = np.array([[1, 0, 1], [1, 0, 0], [0, 1, 1]], bool)
    problem = Problem(Sight.of(sees), need=np.array([2, 2, 1]), goals=(Goal(np.arange(3), 2),))
    answer = cover(problem)
    assert (answer.chosen, answer.is_proven) == ((0, 1), True)


def test_a_share_that_cannot_be_had_says_what_can():
    problem = Problem(Sight.of(np.eye(4, dtype=bool)[:3]), goals=(Goal.of_share(np.arange(4), 0.9, "docks: detect by 1"),))
    answer = cover(problem)
    assert answer.chosen == (0, 1, 2)
    assert not answer.is_met
    (seen, share) = answer.advice
    assert (seen.relax, seen.cells, share.relax, share.enough) == ("candidates", 1, "share", 3)
    assert share.text == (
        "docks: detect by 1: no more than 75% can be covered, 100% is asked for: lower the share, or add candidates"
    )


def test_goals_that_exclude_each_other_say_so_and_as_much_as_possible_is_covered():
    goals = (Goal(np.array([0]), 1, "gate"), Goal(np.array([1]), 1, "docks"))
    problem = Problem(Sight.of(np.eye(2, dtype=bool)), weight=np.array([2, 5]), groups=(Group((0, 1), 1, "mast"),), goals=goals)
    answer = cover(problem)
    assert answer.chosen == (1,)
    (advice,) = answer.advice
    assert advice.text == "gate: 0% is covered of 100%; more cannot be together with the others: candidates exclude each other"


def test_limits_of_a_cover_of_goals_say_by_how_much_it_takes_more():
    problem = Problem(Sight.of(np.eye(4, dtype=bool)), cost=np.full(4, 10_000), goals=(Goal(np.arange(4), 3),))
    (advice,) = cover(problem, budget=25_000).advice
    assert advice.text == "the cover found takes 300.00, 50.00 more than the budget allows; none takes less"
    (advice,) = cover(problem, by="count", count=1).advice
    assert advice.text == "the cover found takes 3 nodes, 2 nodes more than the count allows; none takes less"


def test_barred_cells_of_a_goal_that_is_met_are_no_advice():
    problem = Problem(Sight.of(np.eye(3, dtype=bool)), barred={2: Obstacle("no power")}, goals=(Goal(np.arange(3), 2),))
    assert cover(problem).is_met
    short = cover(replace(problem, goals=(Goal(np.arange(3), 3),)))
    assert [advice.relax for advice in short.advice] == ["barred", "share"]


def test_the_best_coverage_does_not_ask_for_goals():
    problem = Problem(Sight.of(np.eye(3, dtype=bool)), goals=(Goal(np.arange(3), 1),))
    assert len(best(problem, count=3).chosen) == 3


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.7, 0.75, 0.9, 1.0])
@pytest.mark.parametrize("cells", [0, 1, 3, 7, 10, 30, 36_000])
def test_a_share_in_cells_is_the_fewest_that_are_at_least_the_share(share, cells):
    least = Goal.of_share(np.arange(cells), share).least
    assert cells == 0 or least / cells >= share
    assert least == 0 or (least - 1) / cells < share


@pytest.mark.parametrize(
    ("goals", "words"),
    [
        ((Goal(np.array([5]), 1),), "names cell 5 of 3"),
        ((Goal(np.array([-1]), 1),), "names cell"),
        ((Goal(np.array([0, 1]), 1), Goal(np.array([1]), 1)), "a goal has already"),
        ((Goal(np.array([1, 1]), 1),), "a goal has already"),
        ((Goal(np.array([0, 1]), 3, "gate"),), "gate asks for 3 of 2 cells"),
        ((Goal(np.array([0, 1]), -1),), "asks for -1"),
    ],
)
def test_goals_that_cannot_be_meant_are_refused(goals, words):
    with pytest.raises(SiteError, match=words):
        Problem(Sight.of(np.eye(3, dtype=bool)), goals=goals)


def test_a_large_cover_of_goals_says_its_bound_and_its_relaxation_comes_near():
    problem = Problem(yard(), goals=(Goal.of_share(np.arange(200), 0.9), Goal.of_share(np.arange(200, 400), 0.6)))
    answer = cover(problem)
    assert answer.is_met
    assert answer.is_proven
    quotas = Quotas.of(problem, np.ones(60, np.int64))
    found = ShareRelaxation(quotas.core, quotas.goal, quotas.size, quotas.least).solve(1200, Watcher(None))
    assert 0.7 * answer.value <= found.slack / found.scale <= answer.value


POOR = Effort(relax_steps=1, search_rounds=0)
"""So little work that neither the bound nor the search is any good."""


def shared(**limits):
    goals = (Goal.of_share(np.arange(100), 0.9), Goal.of_share(np.arange(100, 225), 0.6))
    return Problem(yard(candidates=40, cells=225, wide=12), goals=goals, **limits)


def test_with_a_poor_relaxation_the_solver_closes_the_gap():
    best_known, poor = cover(shared()), cover(shared(), effort=POOR)
    assert poor.is_proven
    assert poor.value == poor.bound == best_known.value


def test_a_program_too_large_is_left_and_said():
    answer = cover(shared(), effort=replace(POOR, solver_entries=10))
    assert (answer.stop, answer.is_proven) == ("work", False)
    assert answer.bound < answer.value
    assert meets(shared(), answer.chosen)


def test_a_node_limit_leaves_a_bound_that_holds():
    proven, limited = cover(shared()), cover(shared(), effort=replace(POOR, solver_nodes=1))
    assert limited.bound <= proven.value <= limited.value
    assert limited.stop == ("" if limited.is_proven else "work")


def test_an_answer_of_the_solver_that_does_not_meet_the_goals_is_neither_taken_nor_a_proof(monkeypatch):
    monkeypatch.setattr(sharing, "solve", lambda *_: Solved([0], None, ""))
    answer = cover(shared(), effort=POOR)
    assert meets(shared(), answer.chosen)
    assert (answer.stop, answer.is_proven) == ("work", False)


def test_cells_of_two_observers_are_whole_in_the_solver_too():
    problem = shared(need=1 + (np.arange(225) % 9 == 0))
    full, poor = cover(problem), cover(problem, effort=POOR)
    assert meets(problem, full.chosen)
    assert full.bound <= poor.value
    assert poor.bound <= full.value


@pytest.mark.parametrize("after", [0, 1, 4, 12])
def test_told_to_stop_a_cover_of_goals_has_what_it_found(after):
    left = [after]

    def watch(_progress):
        left[0] -= 1
        return left[0] >= 0

    problem = Problem(yard(wide=18), goals=(Goal.of_share(np.arange(400), 0.8),))
    answer = cover(problem, watch=watch)
    assert answer.stop == "cancelled" or answer.is_proven
    assert meets(problem, answer.chosen)
    assert answer.bound <= answer.value
