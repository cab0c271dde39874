"""A site on paper: scales, places, areas of cells, hatching, names that keep apart."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings, strategies as st
from hypothesis.extra.numpy import arrays
from shapely.geometry import GeometryCollection, LineString, MultiPoint, Point, Polygon, box

from seamline.site.documents.chart import SCALES, Chart, cells_area
from seamline.site.documents.drawing import Circle, Ink, Path
from seamline.site.documents.sheets import Room
from seamline.site.documents.symbols import Labels, outside, overlap, places
from seamline.site.scene import Grid

INK = Ink(stroke="#000000")
ROOM = Room(10, 20, 200, 100)


@pytest.mark.parametrize(
    ("metres", "scale"), [(1, 20), (19, 100), (20, 100), (20.1, 150), (99, 500), (1000, 5000), (9_000, 50_000), (30_000, 150_000)]
)
def test_a_chart_takes_the_largest_round_scale_that_has_room(metres, scale):
    assert Chart.of(ROOM, (0, 0, metres, metres / 4)).scale == scale


@settings(max_examples=60)
@given(st.floats(-5000, 5000), st.floats(-5000, 5000), st.floats(0.5, 4000), st.floats(0.5, 4000))
def test_what_a_chart_must_show_lies_in_its_room_with_north_up(west, south, wide, high):
    chart = Chart.of(ROOM, (west, south, west + wide, south + high))
    left, low = chart.at(west, south)
    right, top = chart.at(west + wide, south + high)
    assert ROOM.x - 1e-6 <= left < right <= ROOM.right + 1e-6
    assert ROOM.y - 1e-6 <= top < low <= ROOM.bottom + 1e-6
    assert chart.scale in SCALES or chart.scale % 10_000 == 0
    shown = chart.seen()
    assert shown[0] <= west + 1e-6
    assert shown[3] >= south + high - 1e-6


def test_a_site_without_extent_has_a_chart_too():
    assert Chart.of(ROOM, (5, 5, 5, 5)).scale == SCALES[0]


def test_geometry_becomes_marks():
    chart = Chart.of(ROOM, (0, 0, 20, 10))
    holed = Polygon([(0, 0), (4, 0), (4, 4), (0, 4)], [[(1, 1), (2, 1), (2, 2)]])
    (area,) = chart.marks(holed, INK)
    assert isinstance(area, Path)
    assert area.closed
    assert [len(ring) for ring in area.rings] == [4, 3]
    (way,) = chart.marks(LineString([(0, 0), (1, 1)]), INK)
    assert not way.closed
    (dot,) = chart.marks(Point(10, 5), INK, 2)
    assert dot == Circle(110, 70, 2, INK)
    mixed = GeometryCollection([Point(1, 1), MultiPoint([(2, 2), (3, 3)]), Point()])
    assert len(list(chart.marks(mixed, INK))) == 3
    assert list(chart.marks(Polygon(), INK)) == []
    assert list(chart.marks(LineString(), INK)) == []


@settings(max_examples=60)
@given(arrays(np.bool_, st.tuples(st.integers(1, 9), st.integers(1, 9))))
def test_the_area_of_cells_is_theirs_and_nobody_elses(cells):
    rows, columns = cells.shape
    grid = Grid(columns, rows, west=-3.0, south=7.0, cell=0.5)
    area = cells_area(grid, cells)
    assert area.area == pytest.approx(0.25 * int(cells.sum()))
    xs, ys = grid.centres()
    assert (shapely.contains_xy(area, xs[np.newaxis, :], ys[:, np.newaxis]) == cells).all()


@settings(max_examples=40)
@given(st.integers(-50, 50), st.integers(-50, 50), st.integers(3, 30), st.integers(3, 30))
def test_hatching_stays_in_its_area_and_misses_no_part_of_it(x, y, wide, high):
    chart = Chart.of(ROOM, (-60, -60, 90, 90))
    area = box(x, y, x + wide, y + high)
    (mark,) = chart.hatched(area, INK, step=1.0)
    sheet_area = shapely.Polygon(chart.rings(area)[0])
    lines = shapely.MultiLineString([LineString(ring) for ring in mark.rings])
    assert sheet_area.buffer(1e-6).contains(lines)
    assert lines.length == pytest.approx(sheet_area.area / 1.0, rel=0.35)


def test_nothing_is_hatched_where_there_is_nothing():
    chart = Chart.of(ROOM, (0, 0, 10, 10))
    assert list(chart.hatched(Polygon(), INK)) == []


def test_names_of_signs_that_stand_close_do_not_cover_each_other():
    labels = Labels((0, 0, 200, 100))
    at = [(50, 50), (54, 50), (50, 54), (56, 56)]
    for x, y in at:
        labels.sign(x, y, 1.5)
    for x, y in at:
        labels.put(x, y, "cam-12", 2.8, 1.5)
    boxes = labels.taken
    assert all(overlap(a, b) == 0 for one, a in enumerate(boxes[4:], 4) for other, b in enumerate(boxes) if one != other)


def test_a_name_at_the_edge_turns_inwards():
    labels = Labels((0, 0, 100, 50))
    text = labels.put(99, 25, "a long name", 3, 1)
    assert text.x < 85
    assert outside(labels.taken[-1], labels.room) == 0
    assert len(list(places(0, 0, 10, 3, 1))) == 32
