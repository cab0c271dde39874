"""The best coverage that keeps the needs' shares: against trying everything; and what is said where they cannot all be kept."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from tests.unit.site.placement.oracle import QUICK, choices, counts, worth
from tests.unit.site.placement.test_sharing import with_goals
from tests.unit.site.placement.yards import yard

from seamline.site.placement import Effort, Goal, Group, Problem, Sight, best, best_shares, cover
from seamline.site.placement.core import reach
from seamline.site.placement.effort import Watcher
from seamline.site.placement.relax import Relaxation
from seamline.site.placement.shares import PARTS, Shares
from seamline.site.placement.solver import Solved

LIMITS = st.tuples(st.one_of(st.none(), st.integers(0, 4)), st.one_of(st.none(), st.integers(0, 700)))


def lacks(problem, chosen):
    """What the cells that goals lack are worth."""
    has = counts(problem, chosen) >= problem.need
    each = [max(1, int(problem.weight[one.cells].sum()) // max(1, len(one.cells))) * problem.scale for one in problem.goals]
    return sum(max(0, one.least - int(has[one.cells].sum())) * own for one, own in zip(problem.goals, each, strict=True))


@settings(max_examples=60, deadline=None)
@given(with_goals(), LIMITS)
def test_a_choice_lacks_as_little_as_any_and_of_those_covers_the_most(problem, limits):
    count, budget = limits
    answer = best(problem, count=count, budget=budget, effort=QUICK)
    allowed = choices(problem, count, budget)
    assert answer.chosen in allowed
    wanted = min((lacks(problem, chosen), -worth(problem, chosen)) for chosen in allowed)
    assert (lacks(problem, answer.chosen), -answer.value) == wanted
    assert answer.value == worth(problem, answer.chosen)
    assert answer.is_proven


@settings(max_examples=60, deadline=None)
@given(with_goals(), LIMITS)
def test_without_a_solver_both_bounds_still_hold(problem, limits):
    count, budget = limits
    answer = best(problem, count=count, budget=budget, effort=Effort(relax_steps=80, search_rounds=2, solver_nodes=0))
    allowed = choices(problem, count, budget)
    assert answer.chosen in allowed
    found = lacks(problem, answer.chosen)
    never = sum((goal.least - one) for goal, one in zip(problem.goals, there(problem), strict=True) if one < goal.least)
    assert answer.least_lack <= answer.lacks
    assert never or answer.lacks == found
    assert min(lacks(problem, chosen) for chosen in allowed) >= answer.least_lack
    assert max(worth(problem, chosen) for chosen in allowed if lacks(problem, chosen) <= found) <= answer.bound


def there(problem):
    """How many cells of each goal could have what they need, if all were built."""
    could = problem.sees.seen_by(problem.existing) + reach(problem, problem.free) >= problem.need
    return [int(could[goal.cells].sum()) for goal in problem.goals]


@settings(max_examples=40, deadline=None)
@given(with_goals(), LIMITS, st.lists(st.integers(0, 5 * PARTS), min_size=3, max_size=3))
def test_any_multipliers_of_goals_bound_what_keeps_the_shares(problem, limits, parts):
    count, budget = limits
    shares, standing = Shares.of(problem, count, budget), worth(problem, ())
    raised = shares.raised(np.array(parts))
    bound = Relaxation(raised, cover=False).solve(40, Watcher(None)).bound - shares.due(np.array(parts))
    number = {int(one): at for at, one in enumerate(shares.core.origin)}
    for chosen in choices(problem, count, budget):
        if not shares.lacks(shares.core.sees.seen_by(number[one] for one in chosen)):
            assert worth(problem, chosen) - standing <= bound


GATE = Goal(np.arange(2), 2, "gate: identify by 1")
DOCKS = Goal(np.arange(2, 12), 8, "docks: detect by 1")
SEES = np.array([[1, 0, *[0] * 10], [0, 1, *[0] * 10], [0, 0, *[1] * 5, *[0] * 5], [0, 0, *[0] * 5, *[1] * 5]], bool)
SITE = Problem(Sight.of(SEES), cost=np.array([10_000, 12_000, 30_000, 30_000]), goals=(GATE, DOCKS))


def test_a_share_of_a_small_zone_comes_before_more_of_a_large_one():
    large = replace(DOCKS, least=5)
    answer = best(replace(SITE, goals=(GATE, large)), count=3)
    assert (answer.chosen, answer.lacks, answer.is_proven, answer.is_met) == ((0, 1, 2), 0, True, True)
    assert best(replace(SITE, goals=()), count=3).chosen == (0, 2, 3)


def test_a_count_that_does_not_do_says_which_need_falls_short_and_how_many_more_would():
    answer = best(SITE, count=3)
    assert (answer.chosen, answer.lacks, answer.least_lack, answer.is_proven) == ((0, 2, 3), 1, 1, True)
    assert [one.text for one in answer.advice] == [
        "gate: identify by 1: 50% is covered of 100% asked for, 1 cell short",
        "all shares together take 4 nodes, 1 node more than the count allows (120.00 more than this answer); none takes less",
    ]
    assert answer.advice[1].enough == 4


def test_a_budget_that_does_not_do_says_how_much_more_would():
    answer = best(SITE, budget=75_000)
    told = answer.advice[-1]
    assert (told.relax, told.enough) == ("budget", 82_000)
    assert (
        told.text
        == "all shares together take 820.00, 70.00 more than the budget allows (1 node more than this answer); none takes less"
    )


def test_a_share_that_nobody_can_have_is_said_with_what_can_be_had():
    problem = Problem(Sight.of(SEES[:1]), goals=(GATE,))
    answer = best(problem, count=1)
    assert answer.lacks == 0, "of what can be had nothing lacks"
    assert "no more than 50% can be covered: lower the share, or add candidates" in answer.advice[-1].text


def test_shares_that_exclude_each_other_say_so():
    problem = replace(SITE, groups=(Group((0, 1), 1, "mast"),))
    answer = best(problem, count=4)
    assert answer.advice[-1].text.startswith("no choice keeps all shares at once")


def test_a_yard_keeps_its_shares_and_covers_no_more_than_without_them():
    goals = (Goal.of_share(np.arange(40), 1.0, "corner"), Goal.of_share(np.arange(40, 225), 0.5, "yard"))
    plain = Problem(yard(candidates=40, cells=225, wide=12))
    fewest = cover(replace(plain, goals=goals), by="count")
    kept, free = best(replace(plain, goals=goals), count=fewest.value), best(plain, count=fewest.value)
    assert kept.lacks == 0
    assert kept.value <= min(free.bound, kept.bound)
    fewer = best(replace(plain, goals=goals), count=fewest.value - 1)
    assert fewer.lacks >= fewer.least_lack > 0, "the cover proved that one less does not do"


def test_an_answer_of_the_solver_that_is_no_better_is_no_proof(monkeypatch):
    monkeypatch.setattr(best_shares, "solve", lambda *_: Solved([], None, ""))
    answer = best(SITE, count=3, effort=Effort(relax_steps=1, search_rounds=0))
    assert answer.is_proven or answer.stop == "work"


@pytest.mark.parametrize("after", [0, 2, 6, 12])
def test_told_to_stop_it_has_what_it_found(after):
    left = [after]

    def watch(_progress):
        left[0] -= 1
        return left[0] >= 0

    problem = Problem(yard(wide=18), goals=(Goal.of_share(np.arange(60), 1.0), Goal.of_share(np.arange(60, 400), 0.9)))
    answer = best(problem, count=5, watch=watch)
    assert answer.stop == "cancelled" or answer.is_proven
    assert len(answer.chosen) <= 5
    assert answer.value <= answer.bound
    assert answer.least_lack <= answer.lacks
