"""What a geometry becomes for its meaning, in metres."""

import math

import pytest
from shapely.geometry import LineString, MultiLineString, Point, Polygon

from seamline.site.plan.model import Meaning
from seamline.site.plan.shaping import WALL_M, shaped

CIRCLE = LineString(Point(0, 0).buffer(4.0, quad_segs=64).exterior.coords)
RING = LineString([(0, 0), (10, 0), (10, 10), (0, 10), (0, 0)])
OPEN = LineString(list(RING.coords)[:-1])


def test_a_closed_obstruction_is_a_wall_and_the_note_says_of_how_much():
    made, done = shaped(CIRCLE, Meaning.OBSTRUCTION)
    assert made is not None
    assert made.area == pytest.approx(2 * math.pi * 4.0 * WALL_M, rel=0.01)
    assert not made.contains(Point(0, 0))
    assert done == "a line is taken as a wall 0.2 m thick about 50.3 m2, not as what it encloses ('filled: true' in the rule)"


def test_a_filled_obstruction_is_what_its_line_encloses():
    made, done = shaped(CIRCLE, Meaning.OBSTRUCTION, filled=True)
    assert made is not None
    assert made.area == pytest.approx(16 * math.pi, rel=0.001)
    assert made.contains(Point(0, 0))
    assert done == "the ring was drawn as a line"


def test_an_open_obstruction_is_a_wall_or_closed_with_its_gap_said():
    assert shaped(OPEN, Meaning.OBSTRUCTION)[1] == "a line is taken as a wall 0.2 m thick"
    made, done = shaped(OPEN, Meaning.OBSTRUCTION, filled=True)
    assert made is not None
    assert made.area == 100.0
    assert done == "its ring was open by 10.00 m and is closed"


def test_a_straight_fence_cannot_be_filled():
    assert shaped(LineString([(0, 0), (5, 0)]), Meaning.OBSTRUCTION, filled=True) == (None, "a LineString is no area")


def test_of_several_lines_the_closed_ones_are_counted():
    both = MultiLineString([RING, LineString([(20, 0), (25, 0)])])
    assert "about 100.0 m2" in shaped(both, Meaning.OBSTRUCTION)[1]


@pytest.mark.parametrize("filled", [False, True])
def test_an_area_stays_an_area(filled):
    square = Polygon(RING)
    assert shaped(square, Meaning.OBSTRUCTION, filled=filled) == (square, "")


@pytest.mark.parametrize("meaning", [Meaning.BUILDING, Meaning.ZONE, Meaning.WATER])
def test_a_ring_of_another_meaning_is_filled_anyhow(meaning):
    made, _ = shaped(RING, meaning)
    assert made is not None
    assert made.area == 100.0
