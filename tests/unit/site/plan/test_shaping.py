"""Whatever was drawn becomes what its meaning needs, valid, and nothing is made of nothing."""

import pytest
import shapely
from hypothesis import assume, given, strategies as st
from shapely.geometry import GeometryCollection, LineString, MultiLineString, MultiPoint, MultiPolygon, Point, Polygon, box

from seamline.site.plan.model import Meaning
from seamline.site.plan.shaping import AREAS, POINTS, WALL_M, area, parts_of, shaped

NUMBERS = st.integers(-50, 50)
RINGS = st.lists(st.tuples(NUMBERS, NUMBERS), min_size=4, max_size=9, unique=True)
SHAPES = st.one_of(
    RINGS.map(Polygon),
    RINGS.map(LineString),
    RINGS.map(lambda ring: LineString([*ring, ring[0]])),
    RINGS.map(MultiPoint),
    RINGS.map(lambda ring: MultiLineString([ring[:2], ring[2:]])),
    RINGS.map(lambda ring: GeometryCollection([Point(ring[0]), LineString(ring)])),
    st.tuples(NUMBERS, NUMBERS).map(Point),
)


@given(SHAPES, st.sampled_from([meaning for meaning in Meaning if meaning is not Meaning.IGNORE]))
def test_what_comes_out_is_valid_and_of_the_kind_that_is_needed(shape, meaning):
    made, done = shaped(shape, meaning)
    if made is None:
        assert done, "what is left out says why"
        return
    assert made.is_valid or made.geom_type.endswith(("Point", "LineString"))
    if made.is_empty:
        return
    if meaning in AREAS or meaning is Meaning.OBSTRUCTION:
        assert made.geom_type in {"Polygon", "MultiPolygon"}
    if meaning in POINTS:
        assert made.geom_type.endswith("Point")
    if meaning is Meaning.ROUTE:
        assert made.geom_type.endswith("LineString")
    if made.geom_type != shape.geom_type:
        assert done, "what was changed is said"


@given(RINGS)
def test_an_area_lies_within_what_was_drawn_about(ring):
    made, _ = area(LineString(ring))
    hull = MultiPoint(ring).convex_hull
    assume(hull.area > 0)
    if made is not None:
        assert hull.buffer(1e-6).covers(made)
        assert made.area <= hull.area + 1e-6


@given(RINGS)
def test_a_ring_is_the_same_area_as_a_line_and_as_a_polygon(ring):
    drawn, closed = area(LineString([*ring, ring[0]]))[0], area(Polygon(ring))[0]
    assume(drawn is not None)
    assert drawn.symmetric_difference(closed).area == pytest.approx(0.0, abs=1e-6)


def test_a_good_polygon_is_taken_as_it_is():
    for good in (
        box(0, 0, 3, 4),
        MultiPolygon([box(0, 0, 1, 1), box(5, 5, 6, 6)]),
        Polygon(box(0, 0, 9, 9).exterior, [box(2, 2, 3, 3).exterior]),
    ):
        assert area(good) == (good, "")


def test_the_gap_of_an_open_ring_is_said():
    assert area(LineString([(0, 0), (4, 0), (4, 3), (0, 3)]))[1] == "its ring was open by 3.00 m and is closed"


def test_a_collection_with_anything_but_rings_is_no_area():
    ring = LineString([(0, 0), (4, 0), (4, 3), (0, 0)])
    assert area(GeometryCollection([ring, Point(9, 9)]))[0] is None
    assert area(MultiLineString([ring, [(9, 9), (10, 10)]]))[0] is None


@given(st.integers(1, 40), st.integers(0, 40))
def test_a_wall_is_as_thick_as_it_is_said(east, north):
    made, done = shaped(LineString([(0, 0), (east, north)]), Meaning.OBSTRUCTION)
    assert made.area == pytest.approx(shapely.length(LineString([(0, 0), (east, north)])) * WALL_M)
    assert "0.2 m thick" in done


def test_parts_of_a_single_shape_are_itself():
    assert parts_of(Point(1, 2), Point) == [Point(1, 2)]
    assert parts_of(Point(1, 2), LineString) == []
