"""Gateways and supplies are moved like nodes: links and cables follow, and only what differs is written."""

import pytest
from tests.unit.planner.conftest import EXAMPLES
from tests.unit.planner.test_saving import saved

from seamline.planner.desk import NO_CHANGES, Changes, Desk
from seamline.planner.panels import bom_json, network_json
from seamline.planner.saving import VariantName
from seamline.planner.stations import StationState, stations_differing
from seamline.site.documents.work import design
from seamline.site.frame import SiteError
from seamline.site.plan import load_plan

GATEWAY = """gateways:
  gw:
    title: On the warehouse
    part: lora-gateway
    place: {x: 80 m, y: 80 m}
    height: 11 m
    existing: false

supplies:"""


@pytest.fixture(scope="module")
def campus():
    return Desk(EXAMPLES / "sites" / "campus" / "plan.yaml")


@pytest.fixture
def plan(yard):
    yard.write_text(yard.read_text().replace("supplies:", GATEWAY, 1))
    return yard


def gateway(x=90.0, y=70.0, **changes):
    return StationState(**{"section": "gateways", "id": "gw", "x": x, "y": y, "height_m": 11.0} | changes)


def supply(x=55.0, y=62.0, **changes):
    return StationState(**{"section": "supplies", "id": "hall", "x": x, "y": y} | changes)


def test_a_gateway_that_is_moved_is_nearer_or_farther_from_those_that_it_hears(campus):
    gate, at = campus.site.gateways["gw-roof"]
    moved = StationState(section="gateways", id="gw-roof", x=at.x - 40, y=at.y, height_m=gate.height_m)
    link = {(one["a"], one["b"]): one for one in network_json(campus, NO_CHANGES)["links"] if one["used"]}["air-lab", "gw-roof"]
    now = {(one["a"], one["b"]): one for one in network_json(campus, Changes(stations=(moved,)))["links"]}["air-lab", "gw-roof"]
    assert now["metres"] != link["metres"]
    assert now["margin_db"] != link["margin_db"]


def test_a_switch_that_is_moved_has_other_cables_and_another_bill(yard):
    desk = Desk(yard)
    moved = Changes(stations=(supply(x=desk.site.supplies["hall"][1].x + 8, y=desk.site.supplies["hall"][1].y),))
    lengths = [{row["id"]: row["metres"] for row in network_json(desk, found)["cables"]["rows"]} for found in (NO_CHANGES, moved)]
    assert lengths[0] != lengths[1]
    assert bom_json(desk, NO_CHANGES)["total_cents"] != bom_json(desk, moved)["total_cents"]


def test_the_bill_has_the_content_hash_of_the_plans_documents_and_another_one_for_a_change(yard):
    desk = Desk(yard)
    assert bom_json(desk, NO_CHANGES)["content_hash"] == design(yard).content.hash
    assert bom_json(desk, Changes(stations=(supply(),)))["content_hash"] != design(yard).content.hash


def test_what_was_moved_is_written_and_nothing_else(plan):
    desk = Desk(plan)
    gone, come = saved(plan, desk, Changes(stations=(gateway(height_m=12.5), supply())))
    assert gone[:2] == ["place: {x: 80 m, y: 80 m}", "height: 11 m"]
    assert come == ["place: {x: 90.00 m, y: 70.00 m}", "height: 12.5 m", "place: {x: 55.00 m, y: 62.00 m}"]
    found = load_plan(plan)
    assert (found.gateways["gw"].place.x_m, found.gateways["gw"].height_m) == (90, 12.5)
    assert found.supplies["hall"].place.y_m == 62


def test_what_stands_where_it_stood_is_not_written(plan):
    desk = Desk(plan)
    at = desk.site.supplies["hall"][1]
    changes = Changes(stations=(gateway(x=80.0, y=80.0), supply(x=round(at.x, 2), y=round(at.y, 2))))
    assert stations_differing(desk.site, desk.changed(changes)) == {}
    assert saved(plan, desk, changes) == ([], [])


def test_what_was_moved_becomes_part_of_a_variant(plan):
    desk = Desk(plan)
    gone, _ = saved(plan, desk, Changes(stations=(gateway(), supply())), VariantName("elsewhere", "Elsewhere"))
    assert gone == []
    assert load_plan(plan).gateways == desk.plan.gateways
    there = load_plan(plan, "elsewhere")
    assert there.gateways["gw"].place.x_m == 90
    assert there.gateways["gw"].height_m == 11
    assert there.supplies["hall"].place.x_m == 55
    again = Desk(plan, "elsewhere")
    saved(plan, again, Changes(stations=(gateway(x=91.0),)))
    assert load_plan(plan, "elsewhere").gateways["gw"].place.x_m == 91
    assert load_plan(plan).gateways == desk.plan.gateways


@pytest.mark.parametrize(
    ("stations", "words"),
    [
        ((gateway(), gateway()), "named twice"),
        ((gateway(id="none"),), "no 'none' among its gateways"),
        ((supply(id="gw"),), "no 'gw' among its supplies"),
    ],
)
def test_what_cannot_be_moved_is_refused_with_the_reason(plan, stations, words):
    with pytest.raises(SiteError, match=words):
        Desk(plan).changed(Changes(stations=stations))


def test_a_gateway_that_exists_already_is_not_moved(plan):
    plan.write_text(plan.read_text().replace("existing: false", "existing: true"))
    with pytest.raises(SiteError, match="exists already"):
        Desk(plan).changed(Changes(stations=(gateway(),)))
