"""Candidates that cannot be built, and what they share: never chosen, counted by reason, and what it would take to build them."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from tests.unit.site.placement.oracle import QUICK, problems

from seamline.site import SiteError
from seamline.site.placement import Group, Obstacle, Problem, Sight, best, cover
from seamline.site.placement.advice import barred_by_reason

EYE = Sight.of(np.eye(4, dtype=bool))
CABLE = "no power within 100 m of cable"


def too_far(metres, reason=CABLE):
    return Obstacle(reason, "put a switch on the way", 100.0, metres, "m")


@st.composite
def barred_problems(draw):
    """A problem whose candidates are barred here and there, by words or with figures."""
    problem = draw(problems())
    open_ones = [one for one in range(len(problem.sees)) if one not in problem.existing]
    shut = draw(st.sets(st.sampled_from(open_ones), max_size=3)) if open_ones else set()
    why = st.one_of(st.just("no link"), st.integers(101, 300).map(lambda metres: too_far(float(metres))))
    return replace(problem, barred={one: draw(why) for one in sorted(shut)})


@settings(max_examples=60, deadline=None)
@given(barred_problems(), st.integers(0, 3))
def test_a_barred_candidate_is_never_chosen_and_counted_under_its_reason(problem, count):
    for answer in (best(problem, count=count, effort=QUICK), cover(problem, effort=QUICK)):
        assert not set(answer.chosen) & set(problem.barred)
    told = barred_by_reason(problem)
    assert sum(one.candidates for one in told) == sum(bool(problem.why_barred(one)) for one in range(len(problem.sees)))
    assert [one.reason for one in told] == sorted({why for one in range(len(problem.sees)) if (why := problem.why_barred(one))})


@settings(max_examples=60, deadline=None)
@given(barred_problems(), st.integers(0, 3), st.data())
def test_to_build_where_it_was_barred_never_makes_the_best_worse(problem, count, data):
    opened = data.draw(st.sets(st.sampled_from(sorted(problem.barred)))) if problem.barred else set()
    wider = replace(problem, barred={one: why for one, why in problem.barred.items() if one not in opened})
    strict, easy = best(problem, count=count, effort=QUICK), best(wider, count=count, effort=QUICK)
    assert strict.is_proven
    assert easy.is_proven
    assert easy.value >= strict.value


@settings(max_examples=60, deadline=None)
@given(problems(links=False), st.integers(0, 3), st.integers(0, 20))
def test_more_room_in_a_group_never_makes_the_best_worse(problem, count, more):
    wider = replace(problem, groups=tuple(replace(group, at_most=group.at_most + more) for group in problem.groups))
    assert best(wider, count=count, effort=QUICK).value >= best(problem, count=count, effort=QUICK).value


def test_reasons_are_counted_with_the_least_and_the_most_that_it_would_take():
    problem = Problem(EYE, barred={0: too_far(130.4), 1: too_far(104.0), 2: "no link", 3: "no link"})
    cable, link = sorted(barred_by_reason(problem), key=lambda one: one.reason != CABLE)
    assert (cable.candidates, cable.limit, cable.nearest, cable.farthest, cable.unit) == (2, 100.0, 104.0, 130.4, "m")
    assert cable.text == f"2 candidates: {CABLE} (it would take 104 m to 130 m): put a switch on the way"
    assert link.text == "2 candidates: no link"


def test_where_less_is_allowed_the_nearest_is_the_one_that_lacks_least():
    short = [Obstacle("no power: kit a does not last", "take a larger battery", 3.0, days, "d") for days in (1.25, 2.1)]
    (told,) = barred_by_reason(Problem(EYE, barred=dict(enumerate(short))))
    assert (told.nearest, told.farthest) == (2.1, 1.25)
    assert told.text.endswith("(it would take 2.1 d to 1.25 d): take a larger battery")


def test_one_candidate_with_a_remedy_and_no_figure():
    (told,) = barred_by_reason(Problem(EYE, barred={0: Obstacle("no power: no route", "draw one")}))
    assert told.text == "1 candidate: no power: no route: draw one"


@pytest.mark.parametrize(
    ("barred", "words"),
    [
        (
            {0: too_far(130.0), 1: too_far(104.0)},
            (
                f"2 cells that lack an observer are seen by 2 candidates that cannot be built: {CABLE}; "
                "it would take 104 m for the first of them and 130 m for all instead of 100 m: put a switch on the way"
            ),
        ),
        (
            {0: too_far(104.0)},
            (
                f"1 cells that lack an observer are seen by 1 candidates that cannot be built: {CABLE}; "
                "it would take 104 m instead of 100 m: put a switch on the way"
            ),
        ),
        (
            {0: Obstacle("kit does not last", "take a larger one", 3.0, 2.1, "d")},
            (
                "1 cells that lack an observer are seen by 1 candidates that cannot be built: kit does not last; "
                "it would take 2.1 d instead of 3 d: take a larger one"
            ),
        ),
        (
            {0: Obstacle("no route", "draw one")},
            "1 cells that lack an observer are seen by 1 candidates that cannot be built: no route: draw one",
        ),
        (
            {0: Obstacle("no link", limit=10.0, relax="lower it")},
            "1 cells that lack an observer are seen by 1 candidates that cannot be built: no link: lower it",
        ),
    ],
)
def test_an_answer_says_by_how_much_a_constraint_would_have_to_give(barred, words):
    (advice,) = cover(Problem(EYE, barred=barred)).advice
    assert advice.text == words
    assert advice.relax == "barred"


def test_a_group_of_amounts_is_full_when_the_next_does_not_fit():
    problem = Problem(EYE, existing=(0,), groups=(Group((0, 1, 2, 3), 100, "power of hall", (40, 50, 61, 10)),))
    assert problem.free.tolist() == [1, 3]
    assert problem.why_barred(2) == "group power of hall is full of what stands already"
    assert cover(problem).chosen == (1, 3)
    assert best(replace(problem, weight=np.array([1, 1, 1, 9])), count=1).chosen == (3,)


def test_what_a_group_allows_is_shared_out_by_what_each_takes():
    sees = np.array([[1, 1, 1, 0, 0], [0, 0, 0, 1, 1], [1, 1, 0, 0, 0], [0, 0, 1, 1, 0]], bool)
    problem = Problem(Sight.of(sees), groups=(Group((0, 1, 2, 3), 10, "watts", (9, 2, 5, 4)),))
    answer = best(problem, count=4)
    assert answer.is_proven
    assert sum((9, 2, 5, 4)[one] for one in answer.chosen) <= 10
    assert answer.value == 4


@pytest.mark.parametrize(
    ("group", "words"),
    [
        (Group((0, 1), 5, "w", (1,)), "say of each what it takes"),
        (Group((0, 1), 5, "w", (1, -1)), "say of each what it takes"),
        (Group((0, 1), -1, "w", (0, 0)), "allows -1"),
    ],
)
def test_groups_that_cannot_be_meant_are_refused(group, words):
    with pytest.raises(SiteError, match=words):
        Problem(EYE, groups=(group,))


def test_what_stands_and_is_barred_says_the_reason():
    with pytest.raises(SiteError, match=f"stands already, and yet is barred: {CABLE}"):
        Problem(EYE, existing=(0,), barred={0: too_far(130.0)})
