"""Routes, trenches and the cable schedule."""

import math
from itertools import combinations, pairwise

import pytest
from hypothesis import given, strategies as st
from tests.unit.site.network.parts import cable

from seamline.site import SiteError
from seamline.site.network.routes import Line, RouteGraph, edges_of, length_m, way_to
from seamline.site.network.trenches import shared
from seamline.site.network.wiring import End, Laying, Run, wire


def graph_of(*lines, snap=0.5):
    return RouteGraph.of([Line(f"line-{number}", tuple(points)) for number, points in enumerate(lines)], snap)


def walked(graph, start, end):
    best = graph.shortest((start[0] * 100, start[1] * 100))
    return best.get((end[0] * 100, end[1] * 100), (math.inf, None))[0]


def test_the_shortest_way_leads_along_the_lines():
    graph = graph_of([(0, 0), (30, 0), (30, 40)], [(0, 0), (0, 40), (30, 40)])
    assert walked(graph, (0, 0), (30, 40)) == 70
    assert walked(graph, (30, 0), (0, 40)) == pytest.approx(70)


def test_lines_are_joined_where_they_cross():
    graph = graph_of([(0, 0), (40, 0)], [(20, -10), (20, 10)])
    assert walked(graph, (0, 0), (20, 10)) == 30
    assert len(graph.near[2000, 0]) == 4


def test_an_end_near_a_line_is_joined_within_the_tolerance_and_not_beyond():
    assert walked(graph_of([(0, 0), (40, 0)], [(20, 0.4), (20, 10)]), (0, 0), (20, 10)) == pytest.approx(29.6, abs=0.1)
    assert walked(graph_of([(0, 0), (40, 0)], [(20, 0.6), (20, 10)]), (0, 0), (20, 10)) == math.inf


def test_ends_near_each_other_are_one():
    graph = graph_of([(0, 0), (10, 0)], [(10.3, 0.2), (20, 0)])
    assert walked(graph, (0, 0), (20, 0)) == pytest.approx(20)
    assert walked(graph_of([(0, 0), (10, 0)], [(10.3, 0.2), (20, 0)], snap=0), (0, 0), (20, 0)) == math.inf


def test_two_lines_on_one_another_are_one_piece_of_both():
    graph = graph_of([(0, 0), (10, 0)], [(10, 0), (0, 0)])
    assert graph.lines == {((0, 0), (1000, 0)): ("line-0", "line-1")}


def test_a_device_beside_a_line_is_joined_to_its_nearest_point():
    graph, at, lead = graph_of([(0, 0), (40, 0)]).joined(13.0, 4.0, 5.0)
    assert (at, lead) == ((1300, 0), 4.0)
    assert graph.shortest((0, 0))[at][0] == 13.0
    assert graph.joined(-3.0, 0.0, 5.0)[1] == (0, 0)
    assert graph.joined(13.0, 5.1, 5.0) is None
    assert RouteGraph({}).joined(0, 0, 5) is None


@pytest.mark.parametrize(
    ("lines", "snap", "said"),
    [
        ([[(0, 0)]], 0.5, "a line needs two"),
        ([[(0, 0), (1, 0)]], -1, "below 0"),
        ([[(0, 0), (math.nan, 0)]], 0.5, "its x is nan"),
        ([[(0, 0), (math.inf, 0)]], 0.5, "its x is inf"),
        ([[(i, i % 2) for i in range(5002)]], 0.1, "Simplify"),
    ],
)
def test_lines_that_cannot_be_meant_are_refused(lines, snap, said):
    with pytest.raises(SiteError, match=said):
        graph_of(*lines, snap=snap)


def test_a_line_that_stands_still_adds_nothing():
    assert graph_of([(0, 0), (0, 0)]).lines == {}


POINTS = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), min_size=2, max_size=5, unique=True)


@given(st.lists(POINTS, min_size=1, max_size=5), st.tuples(st.integers(0, 60), st.integers(0, 60)))
def test_ways_obey_the_triangle_and_their_own_length(lines, place):
    joined = graph_of(*lines, snap=0.2).joined(*place, 200.0)
    assert joined is not None
    graph, at, _ = joined
    best = graph.shortest(at)
    for point in sorted(best)[:6]:
        way = way_to(best, point)
        assert length_m(edges_of(way)) == pytest.approx(best[point][0])
        assert best[point][0] >= math.dist(at, point) / 100 - 1e-9
        onward = graph.shortest(point)
        assert all(best[other][0] <= best[point][0] + onward[other][0] + 1e-6 for other in best)
        assert onward[at][0] == pytest.approx(best[point][0])
    assert way_to(best, (-99, -99)) is None


def steiner(graph, points):
    """The length of the shortest tree through the points: all sets of other junctions tried (small graphs only)."""
    best = {point: graph.shortest(point) for point in graph.near}
    others = [point for point in graph.near if point not in points and len(graph.near[point]) > 2]
    found = math.inf
    for size in range(min(len(others), len(points) - 2) + 1):
        for extra in combinations(others, size):
            tree, left = 0.0, {*points, *extra}
            reached = {left.pop()}
            while left:
                metres, nearest = min((best[a][b][0], b) for a in reached for b in left)
                tree, reached = tree + metres, reached | {nearest}
                left.discard(nearest)
            found = min(found, tree)
    return found


@given(st.sets(st.tuples(st.integers(0, 3), st.integers(0, 2)), min_size=2, max_size=4), st.sets(st.integers(0, 16), max_size=5))
def test_trenches_are_within_the_bound_of_the_shortest_tree(points, missing):
    rows = [((x, y), (x + 1, y)) for x in range(3) for y in range(3)] + [((x, y), (x, y + 1)) for x in range(4) for y in range(2)]
    kept = [[(10 * a, 10 * b), (10 * c, 10 * d)] for number, ((a, b), (c, d)) in enumerate(rows) if number not in missing]
    graph = graph_of(*kept)
    wanted = {(1000 * x, 1000 * y) for x, y in points} & set(graph.near)
    if len(wanted) < 2 or any(point not in graph.shortest(min(wanted)) for point in wanted):
        return
    found = shared(graph, wanted)
    shortest = steiner(graph, sorted(wanted))
    assert found.bound_m <= shortest + 1e-6
    assert shortest - 1e-6 <= found.metres <= 2 * (1 - 1 / len(wanted)) * shortest + 1e-6
    assert length_m(found.edges) == pytest.approx(found.metres)
    near = graph.shortest(min(wanted), found.edges)
    assert wanted <= set(near)
    assert len(found.edges) == len({end for edge in found.edges for end in edge}) - 1, "a tree has no rings"


def test_one_point_needs_no_trench_and_two_parts_have_none():
    graph = graph_of([(0, 0), (10, 0)], [(0, 50), (10, 50)])
    assert shared(graph, [(0, 0)]).metres == 0.0
    with pytest.raises(ValueError, match="not connected"):
        shared(graph, [(0, 0), (0, 5000)])


CAT6, DC = cable(), cable("dc-2x1.5", ohm_per_km=12.1)


def run(name, device, source=("sw", 0, 0), **more):
    return Run(name, End(*source), End(name.removeprefix("c-"), *device), more.pop("cable", CAT6), **more)


BARE = Laying(slack_share=0.0, end_m=0.0)


def test_a_cable_is_its_way_its_leads_up_and_down_and_slack():
    graph = graph_of([(0, 0), (40, 0), (40, 30)])
    (row,) = wire(graph, [run("c-cam", (43, 20, 4), source=("sw", 0, 1, 2))], Laying(slack_share=0.1, end_m=2.0)).rows
    assert row.route_m == 60
    assert row.lead_m == 4
    assert row.metres == pytest.approx((60 + 4 + 4 + 2) * 1.1 + 4)
    assert (row.source, row.device, row.cable, row.lines, row.problems) == ("sw", "cam", "cat6", ("line-0",), ())
    assert row.places == ((0, 1), (0, 0), (40, 0), (40, 20), (43, 20))


def test_a_run_of_more_than_a_hundred_metres_is_told_what_helps():
    graph = graph_of([(0, 0), (250, 0)])
    long, short = wire(graph, [run("c-far", (250, 0)), run("c-near", (90, 0))], BARE).rows
    assert long.problems == (
        "250 m of cat6, and the most is 100 m: put 2 switches or PoE extenders on the way, the first near 83.3, 0 m, or take fibre",
    )
    assert short.problems == ()
    (fibre,) = wire(graph, [run("c-far", (250, 0), cable=cable("fibre", length_max_m=2000.0))], BARE).rows
    assert fibre.problems == ()
    (bus,) = wire(graph, [run("c-far", (250, 0), cable=cable("bus", length_max_m=200.0), use="power")], BARE).rows
    assert "take another cable" in bus.problems[0]
    (once,) = wire(graph, [run("c-mid", (150, 0))], BARE).rows
    assert "a switch or PoE extender on the way, the first near 75, 0 m" in once.problems[0]


def test_a_power_cable_is_told_its_drop():
    graph = graph_of([(0, 0), (250, 0)])
    rows = wire(
        graph,
        [
            run("c-low", (50, 0), cable=DC, use="power", volts=24.0, power_mw=12_000.0),
            run("c-high", (100, 0), cable=DC, use="power", volts=24.0, power_mw=20_000.0),
            run("c-none", (250, 0), cable=DC, use="power", volts=12.0, power_mw=60_000.0),
            run("c-hopeless", (250, 0), cable=DC, use="power", volts=5.0, power_mw=90_000.0),
        ],
        BARE,
    ).rows
    assert rows[0].problems == ()
    assert rows[0].far_volts == pytest.approx(23.38, abs=0.01)
    assert rows[1].drop_share > 0.05
    assert "take 4 mm2" in rows[1].problems[0]
    assert (rows[2].drop_share, "cannot carry" in rows[2].problems[0]) == (None, True)
    assert "raise the voltage" in rows[3].problems[0]


def test_trenches_are_shared_and_counted_once():
    """Two cameras at the end of one road: separate ways would be dug twice."""
    graph = graph_of([(0, 0), (50, 0)], [(50, 0), (50, 20)], [(50, 0), (50, -20)])
    found = wire(graph, [run("c-a", (50, 20)), run("c-b", (50, -20))], BARE)
    assert found.trench_m == 90
    assert found.bound_m <= 90
    assert sum(row.route_m for row in found.rows) == 140


def test_sharing_prefers_less_digging_to_shorter_cables_unless_they_get_too_long():
    """A ring road: the far side's shortest way is the other way round, but one trench serves both."""
    ring = [(0, 0), (30, 0), (30, 20), (0, 20), (0, 0)]
    runs = [run("c-a", (30, 15)), run("c-b", (10, 20))]
    together, apart = wire(graph_of(ring), runs, BARE), wire(graph_of(ring), runs, Laying(0.0, 0.0, share_trenches=False))
    assert (together.trench_m, [row.route_m for row in together.rows]) == (55, [55, 30])
    assert (apart.trench_m, [row.route_m for row in apart.rows]) == (75, [45, 30])
    assert apart.bound_m == 75
    long = [(0, 0), (90, 0), (90, 8), (0, 8), (0, 0)]
    kept = wire(graph_of(long), [run("c-a", (90, 0)), run("c-b", (80, 8))], BARE)
    assert (kept.trench_m, [row.problems for row in kept.rows]) == (178, [(), ()])


def test_what_no_route_reaches_is_named_with_the_reason():
    graph = graph_of([(0, 0), (50, 0)], [(0, 90), (50, 90)])
    found = wire(graph, [run("c-off", (20, 30)), run("c-apart", (20, 90)), run("c-on", (50, 0))], BARE)
    assert [row.id for row in found.rows] == ["c-on"]
    assert found.unroutable == {
        "c-off": "off is more than 5 m from every route: draw one to it, or raise the reach",
        "c-apart": "no route leads from sw to apart: draw one that joins theirs",
    }


def test_two_networks_of_routes_each_have_their_trenches():
    graph = graph_of([(0, 0), (50, 0)], [(0, 90), (50, 90)])
    found = wire(graph, [run("c-a", (50, 0)), run("c-b", (50, 90), source=("sw-2", 0, 90))], BARE)
    assert found.trench_m == 100
    assert found.bound_m == 100
    assert found.trenches == (((0, 0), (50, 0)), ((0, 90), (50, 90)))


def test_nothing_to_lay_is_an_empty_schedule():
    found = wire(graph_of([(0, 0), (50, 0)]), [])
    assert (found.rows, found.trench_m, found.bound_m) == ((), 0.0, 0.0)


def test_a_device_at_its_source_needs_no_trench():
    (row,) = wire(graph_of([(0, 0), (50, 0)]), [run("c-a", (0, 0, 3))], BARE).rows
    assert (row.metres, row.route_m, row.lines) == (3.0, 0.0, ())


def test_cables_that_cannot_be_meant_are_refused():
    with pytest.raises(SiteError, match="0 or more"):
        Laying(slack_share=-0.1)
    with pytest.raises(SiteError, match="two cables are called 'c-a'"):
        wire(graph_of([(0, 0), (50, 0)]), [run("c-a", (0, 0)), run("c-a", (50, 0))])


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 40)), min_size=1, max_size=5))
def test_every_cable_is_a_way_in_the_trenches(devices):
    graph = graph_of(*([(x, 0), (x, 40)] for x in (0, 20, 40, 60)), *([(0, y), (60, y)] for y in (0, 20, 40)))
    runs = [run(f"c-{number}", place) for number, place in enumerate(devices)]
    found = wire(graph, runs, Laying(0.0, 0.0, reach_m=20.0))
    assert len(found.rows) == len(runs)
    dug = set(found.trenches)
    for row in found.rows:
        steps = list(pairwise(row.places))
        assert sum(math.dist(*step) for step in steps) == pytest.approx(row.route_m + row.lead_m)
        outside = [step for step in steps if (min(step), max(step)) not in dug]
        assert len(outside) <= 2, "only the leads"
    assert found.bound_m <= found.trench_m + 1e-9
