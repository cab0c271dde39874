"""The published document of the yard: what it says of cells and remedies is counted anew with the coverage itself."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from seamline.hub.api.site_document import unpack
from seamline.hub.api.site_models import SiteDocument
from seamline.hub.sites.live import look
from seamline.site.coverage import Coverer
from seamline.site.living import document_of
from seamline.site.plan import load_plan, resolve
from seamline.site.plan.model import Node, Place
from seamline.site.plan.site import Fixed

YARD = Path(__file__).parents[4] / "examples" / "sites" / "yard" / "plan.yaml"


@pytest.fixture(scope="module")
def site():
    return resolve(load_plan(YARD))


@pytest.fixture(scope="module")
def raw(site):
    return document_of(site)


@pytest.fixture(scope="module")
def document(raw):
    return SiteDocument.model_validate(raw)


@pytest.fixture(scope="module")
def coverer(site):
    return Coverer(site)


def covered(coverage):
    """The cells that are covered, by zone and need, and the area of one."""
    return {
        (zone.zone, at): (need.counts >= need.need.k, zone.area_m2 / need.cells)
        for zone in coverage.zones.values()
        for at, need in enumerate(zone.needs)
    }


def most_m2(cells):
    """The area of cells by zone, of its needs the one with most, all zones together."""
    zones = {}
    for (zone, _), (mask, m2) in cells.items():
        zones.setdefault(zone, []).append(mask.sum() * m2)
    return sum(map(max, zones.values()))


def test_it_is_the_same_each_time(site, raw):
    assert document_of(site) == raw


def test_with_all_nodes_at_work_it_is_covered_as_the_plan_says(site, document, coverer):
    unpacked = unpack(document)
    live = look(unpacked.watched, unpacked.nodes, frozenset(unpacked.nodes), unpacked.remedies)
    planned = {(zone.zone, at): need for zone in coverer.cover().zones.values() for at, need in enumerate(zone.needs)}
    assert {(it.zone, it.need): it.share for it in live.needs} == pytest.approx(
        {key: need.share for key, need in planned.items()}
    )
    assert [it.met for it in live.needs] == [need.met for need in planned.values()]
    assert live.dark == ()
    for one in unpacked.watched:
        need = planned[one.zone, one.need]
        assert {node: int(mask.sum()) for node, mask in one.seen.items()} == {node: n for node, n in need.seen.items() if n}


def test_what_a_dark_node_alone_covered_is_what_coverage_calls_alone(site, document, coverer):
    unpacked = unpack(document)
    areas = {
        (zone.zone, at): zone.area_m2 / need.cells
        for zone in coverer.cover().zones.values()
        for at, need in enumerate(zone.needs)
    }
    planned = {(zone.zone, at): need for zone in coverer.cover().zones.values() for at, need in enumerate(zone.needs)}
    for node in site.nodes:
        live = look(unpacked.watched, unpacked.nodes, frozenset(site.nodes) - {node}, unpacked.remedies)
        (dark,) = live.dark
        alone = {}
        for (zone, at), need in planned.items():
            area = need.alone.get(node, 0) * areas[zone, at]
            if area:
                alone[zone] = max(area, alone.get(zone, 0.0))
        assert dark.alone_m2 == pytest.approx(alone, abs=0.01)


def test_each_remedy_brings_what_the_coverage_with_it_says(site, document, coverer):
    """Remedies are the plan's numbers; here each is done for real: the nodes changed, and the site looked at anew."""
    unpacked = unpack(document)
    planned = covered(coverer.cover(spots=False))
    chosen = [it for at, it in enumerate(document.remedies) if at % 4 == 0]
    assert {it.kind for it in document.remedies} == {"turn", "move", "add"}
    for it in chosen:
        without = {name: found for name, found in site.nodes.items() if name != it.dark}
        before = covered(coverer.cover(without, spots=False))
        after = covered(coverer.cover(done(site, without, it), spots=False))
        back = {key: (planned[key][0] & ~before[key][0] & after[key][0], m2) for key, (_, m2) in planned.items()}
        given_up = {key: (before[key][0] & ~after[key][0], m2) for key, (_, m2) in planned.items()}
        live = look(
            unpacked.watched,
            unpacked.nodes,
            frozenset(without),
            [one for one in unpacked.remedies if one.place == document.remedies.index(it)],
        )
        (gain,) = live.dark[0].gains
        assert gain.gain_m2 == pytest.approx(most_m2(back) - most_m2(given_up), abs=0.02)
        assert gain.gain_m2 > 0


def done(site, without, it):
    """The nodes with the remedy done."""
    if it.kind == "add":
        aim = {"height_m": it.height_m, "heading_deg": it.heading_deg, "tilt_deg": it.tilt_deg}
        node = Node(id="new", title="", place=Place("local", x_m=it.x, y_m=it.y), part=it.part, lens=it.lens, **aim)
        return {**without, "new": (node, Fixed(it.x, it.y, 0.0))}
    node, at = without[it.node]
    changed = replace(node, heading_deg=it.heading_deg, tilt_deg=it.tilt_deg, height_m=it.height_m)
    at = site.nodes[it.dark][1] if it.kind == "move" else at
    return {**without, it.node: (changed, at)}


def test_every_node_has_its_field_and_product_and_everything_on_the_map_lies_about_the_boundary(site, document):
    assert [node.id for node in document.nodes] == [*site.nodes, *site.gateways]
    assert {node.product for node in document.nodes if node.kind == "camera"} == {"trailcam"}
    assert all(node.hfov_deg and node.range_m for node in document.nodes if node.kind == "camera")
    points = np.array([point for polygon in document.boundary for ring in polygon for point in ring])
    low, high = points.min(axis=0) - 200, points.max(axis=0) + 200
    for thing in document.things:
        for x, y in [
            *(p for polygon in thing.polygons for ring in polygon for p in ring),
            *(p for one in thing.lines for p in one),
            *thing.points,
        ]:
            assert low[0] < x < high[0]
            assert low[1] < y < high[1]
