"""What holds of coverage for any buildings and any nodes: more nodes never see less, fewer walls never hide more, every blind cell has its cause."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from shapely.affinity import rotate
from shapely.geometry import box
from tests.unit.site.plan import planned

from seamline.site import Solid
from seamline.site.coverage import Coverer
from seamline.site.coverage.causes import reasons
from seamline.site.coverage.cover import cover
from seamline.site.plan.model import Node, Place
from seamline.site.plan.site import Fixed

PARTS = """
catalogue:
  parts:
    eye: {kind: camera, title: Eye, source: test, pixels: 1000 x 500, lenses: {wide: {hfov: 80 deg}}, range: 40 m}
    ear: {kind: sensor, title: Ear, source: test, senses: sound, range: 25 m, width: 200 deg}
grid: {cell: 2 m}
zones:
  field: {area: {feature: Field}, target: 1 m, seen_by: [{class: detect}, {sensor: sound}]}
"""
PLACES = st.tuples(st.integers(0, 70), st.integers(0, 55))
WALLS = st.lists(st.tuples(PLACES, st.integers(2, 15), st.integers(2, 15), st.integers(0, 90), st.integers(1, 9)), max_size=5)
NODES = st.lists(
    st.tuples(PLACES, st.sampled_from(["eye", "ear"]), st.integers(1, 8), st.integers(0, 359), st.integers(-10, 60)),
    min_size=1,
    max_size=4,
)


@pytest.fixture(scope="module")
def plot(tmp_path_factory):
    return planned.site(tmp_path_factory.mktemp("plot"), PARTS, planned.PLOT, planned.FIELD)


def built(plot, walls):
    """The plot with these walls on it."""
    west, south = plot.boundary.bounds[:2]
    solids = [
        Solid.of(rotate(box(west + x, south + y, west + x + wide, south + y + high), turn), top, f"w{at}")
        for at, ((x, y), wide, high, turn, top) in enumerate(walls)
    ]
    return replace(plot, solids=tuple(solids))


def manned(plot, nodes):
    """These nodes on the plot."""
    west, south = plot.boundary.bounds[:2]
    found = {}
    for at, ((x, y), part, height, heading, tilt) in enumerate(nodes):
        ident = f"n{at}"
        lens = "wide" if part == "eye" else None
        node = Node(
            ident, ident, Place("local"), float(height), part=part, heading_deg=float(heading), tilt_deg=float(tilt), lens=lens
        )
        found[ident] = (node, Fixed(west + x + 0.37, south + y + 0.21, 0.0))
    return found


ANY = settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])


@ANY
@given(WALLS, NODES)
def test_counts_are_the_sum_of_what_each_node_sees_alone(plot, walls, nodes):
    coverer = Coverer(built(plot, walls))
    all_of_them = manned(plot, nodes)
    together = coverer.cover(all_of_them, spots=False).zones["field"]
    for number, need in enumerate(together.needs):
        alone = [coverer.cover({ident: node}, spots=False).zones["field"].needs[number] for ident, node in all_of_them.items()]
        total = sum((one.counts.astype(int) for one in alone), np.zeros(need.counts.shape, int))
        assert np.array_equal(total, need.counts)
        assert {ident: cells for one in alone for ident, cells in one.seen.items()} == dict(need.seen)
        for ident in need.alone:
            others = {other: node for other, node in all_of_them.items() if other != ident}
            without = coverer.cover(others, spots=False).zones["field"].needs[number]
            assert need.covered - without.covered == need.alone[ident]


@ANY
@given(WALLS, NODES)
def test_without_a_wall_nothing_is_hidden_that_was_seen(plot, walls, nodes):
    whole = built(plot, walls)
    here = manned(plot, nodes)
    before = cover(replace(whole, nodes=here)).zones["field"]
    for at in range(len(walls)):
        lighter = replace(whole, nodes=here, solids=whole.solids[:at] + whole.solids[at + 1 :])
        after = Coverer(lighter).cover(spots=False).zones["field"]
        for one, other in zip(before.needs, after.needs, strict=True):
            assert (other.counts >= one.counts)[before.inside].all()


@ANY
@given(WALLS, NODES)
def test_every_cell_that_a_node_misses_has_one_cause_and_no_cell_that_it_sees_has_any(plot, walls, nodes):
    site = built(plot, walls)
    coverer = Coverer(site)
    here = manned(plot, nodes)
    zone = coverer.zones["field"]
    for need in zone.zone.needs:
        for ident, observer, least in coverer.watches(need, zone.zone.needs, here):
            causes = np.zeros(zone.inside.shape, int)
            for reason in reasons(zone, ident, observer, least, zone.inside):
                causes += reason.cells
                assert reason.kind != "terrain"
                if reason.kind == "obstruction":
                    assert set(reason.what.split(" + ")) <= {solid.name for solid in site.solids}
            assert np.array_equal(causes == 1, zone.inside & (zone.mask(observer) < least))
            assert causes.max(initial=0) <= 1


@ANY
@given(WALLS, NODES)
def test_a_wall_that_is_the_cause_of_a_cell_uncovers_it_when_it_goes(plot, walls, nodes):
    site = built(plot, walls)
    coverer = Coverer(site)
    zone = coverer.zones["field"]
    here = manned(plot, nodes)
    for need in zone.zone.needs:
        for ident, observer, least in coverer.watches(need, zone.zone.needs, here):
            for reason in reasons(zone, ident, observer, least, zone.inside):
                if reason.kind == "obstruction":
                    gone = set(reason.what.split(" + "))
                    lighter = replace(site, solids=tuple(solid for solid in site.solids if solid.name not in gone))
                    seen = Coverer(lighter).zones["field"].mask(observer) >= least
                    assert seen[reason.cells].all()


@ANY
@given(WALLS, NODES)
def test_blind_spots_are_the_cells_that_are_not_covered(plot, walls, nodes):
    site = built(plot, walls)
    got = Coverer(site).cover(manned(plot, nodes)).zones["field"]
    for need in got.needs:
        blind = got.inside & (need.counts < need.need.k)
        marked = np.zeros(blind.shape, int)
        for spot in need.blind:
            marked += got.grid.within(spot.area)
        assert np.array_equal(marked == 1, blind)
        assert marked.max(initial=0) <= 1
        assert need.covered + int(blind.sum()) == need.cells
