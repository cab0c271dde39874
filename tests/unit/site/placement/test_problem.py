"""Problems and sights: what does not fit is refused, with the number and the remedy."""

import numpy as np
import pytest
from hypothesis import given, strategies as st

from seamline.site import SiteError
from seamline.site.placement import Group, Problem, Sight

EYE = Sight.of(np.eye(3, dtype=bool))


@given(st.lists(st.lists(st.booleans(), min_size=5, max_size=5), min_size=1, max_size=6))
def test_a_sight_is_its_matrix(rows):
    full = np.array(rows)
    sight = Sight.of(full)
    assert [sight.row(one).tolist() for one in range(len(sight))] == [np.flatnonzero(row).tolist() for row in full]
    assert (sight.seen_by(range(len(full))) == full.sum(axis=0)).all()
    assert (sight.sums(np.arange(5)) == full @ np.arange(5)).all()
    assert (sight.real_sums(np.arange(5) / 2) == full @ (np.arange(5) / 2)).all()
    assert [sight.turned.row(cell).tolist() for cell in range(5)] == [np.flatnonzero(column).tolist() for column in full.T]
    assert (np.unpackbits(sight.bits(), axis=1, count=5) == full).all()
    part = sight.part(np.array([len(full) - 1]), np.array([1, 4]))
    assert part.row(0).tolist() == np.flatnonzero(full[-1, [1, 4]]).tolist()


@pytest.mark.parametrize(
    ("starts", "cells", "width", "what"),
    [
        ([], [], 1, "rise from 0"),
        ([1, 1], [0], 1, "rise from 0"),
        ([0, 2], [0], 1, "rise from 0"),
        ([0, 2, 1, 1], [0], 1, "rise from 0"),
        ([0, 1], [5], 2, "cell 5 of 2"),
        ([0, 1], [-1], 2, "of 2"),
        ([0, 2], [1, 0], 2, "ascending"),
        ([0, 2], [1, 1], 2, "each once"),
    ],
)
def test_a_sight_that_is_none_is_refused(starts, cells, width, what):
    with pytest.raises(SiteError, match=what):
        Sight(np.array(starts, np.int64), np.array(cells, np.int32), width)


def test_rows_may_start_lower_than_the_one_before_ended_and_be_empty():
    sight = Sight(np.array([0, 2, 2, 3, 3]), np.array([1, 2, 0], np.int32), 3)
    assert [sight.row(one).tolist() for one in range(4)] == [[1, 2], [], [0], []]


def test_a_matrix_must_have_two_dimensions():
    with pytest.raises(SiteError, match="candidates by cells"):
        Sight.of(np.ones(3, bool))


@pytest.mark.parametrize(
    ("given", "what"),
    [
        ({"need": np.array([1, 1])}, r"need has the shape \(2,\); there are 3"),
        ({"need": np.array([1, 1, 9])}, "from 0 to 8"),
        ({"weight": np.array([1.5, 1, 1])}, "choose a smaller unit"),
        ({"weight": np.array([-1, 1, 1])}, "weight goes from -1"),
        ({"weight": np.full(3, 1 << 39)}, "larger unit"),
        ({"cost": np.full(3, 1 << 39)}, "larger unit"),
        ({"existing": (3,)}, "candidate 3 is named, but there are 3"),
        ({"links": {0: (-1,)}}, "candidate -1"),
        ({"existing": (1,), "barred": {1: "no mains"}}, "stands already, and yet is barred: no mains"),
        ({"groups": (Group((0, 0)),)}, "twice"),
        ({"groups": (Group((0, 1), 1, "mast"),), "existing": (0, 1)}, "group mast allows 1, fewer than stand"),
        ({"links": {0: (1,), 1: (2,)}}, "needs others itself"),
    ],
)
def test_a_problem_whose_parts_do_not_fit_is_refused(given, what):
    with pytest.raises(SiteError, match=what):
        Problem(EYE, **given)


def test_masks_become_a_problem_by_the_level_that_is_needed():
    levels = np.array([[0, 1, 2], [3, 0, 1]], np.uint8)
    assert [Problem.of_levels(levels, 2).sees.row(one).tolist() for one in (0, 1)] == [[2], [0]]
    each = Problem.of_levels(levels, np.array([3, 1, 1]), cost=np.array([5, 6]))
    assert [each.sees.row(one).tolist() for one in (0, 1)] == [[1, 2], [0, 2]]


def test_candidates_without_any_chance_of_a_link_are_not_free_and_say_why():
    problem = Problem(EYE, barred={2: "no mains"}, links={0: (2,)})
    assert problem.free.tolist() == [1]
    assert [problem.why_barred(one) for one in range(3)] == ["what it needs a link to cannot be built", "", "no mains"]
    assert Problem(EYE, existing=(2,), links={0: (2,)}).free.tolist() == [0, 1]
    assert Problem(EYE, links={0: (2,)}).why_barred(0) == ""


def test_worth_counts_each_observer_up_to_the_need():
    problem = Problem(EYE, need=np.array([0, 2, 3]), weight=np.array([9, 1, 10]))
    assert problem.scale == 6
    assert problem.worth(np.array([4, 1, 2])) == 3 + 40
    assert problem.worth(np.array([0, 7, 7])) == 66
