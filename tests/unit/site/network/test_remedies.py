"""Remedies: each one, carried out, does what it says."""

import pytest
from shapely.geometry import box
from tests.unit.site.network.parts import at, flat, lora, wifi

from seamline.site import Solid
from seamline.site.network.links import Station, link
from seamline.site.network.profile import Antenna
from seamline.site.network.remedies import remedies

HALL = Solid.of(box(40, -60, 70, 60), 5.0, "hall")


def by_kind(found):
    return {remedy.kind: remedy for remedy in found}


def test_each_remedy_behind_a_hall_works_when_it_is_carried_out():
    card = wifi((54, -75.0), (6, -88.0))
    node, gateway, medium = at("n", 0, 0, 3, radios=(card,)), at("g", 110, 0, 3, "gateway", (card,)), flat(HALL)
    assert not link(node, gateway, medium).usable
    found = by_kind(remedies(node, [gateway], medium))
    raised = found["raise"]
    end = node if "of n " in raised.text else gateway
    higher = Station(end.id, Antenna(end.antenna.x, end.antenna.y, end.antenna.height + raised.amount), end.radios, end.role)
    assert link(higher, gateway if end is node else node, medium).usable
    lower = Station(end.id, Antenna(end.antenna.x, end.antenna.y, end.antenna.height + raised.amount - 0.5), end.radios, end.role)
    assert not link(lower, gateway if end is node else node, medium).usable, "no lower mast would do"


def test_a_relay_is_placed_where_both_legs_hold():
    card = wifi((54, -75.0), tx_dbm=15)
    node, gateway, medium = at("n", 0, 0, 6, radios=(card,)), at("g", 290, 0, 6, "gateway", (card,)), flat()
    relay = by_kind(remedies(node, [gateway], medium))["relay"]
    there = Station("r", Antenna(*relay.at, 6.0), (card,), "relay")
    assert link(node, there, medium).usable
    assert link(there, gateway, medium).usable
    assert (relay.node, relay.to) == ("n", "g")
    assert "relay" in by_kind(remedies(node, [gateway], medium, {"g": 2}))
    assert "relay" not in by_kind(remedies(node, [gateway], medium, {"g": 1})), "in a star there is no second hop"


def test_the_slower_rate_that_only_one_of_both_has_is_named():
    node, gateway = at("n", 0, 0, 1, radios=(lora([7]),)), at("g", 4800, 0, 9, "gateway")
    assert not link(node, gateway, flat()).usable
    rate = by_kind(remedies(node, [gateway], flat()))["rate"]
    assert rate.text.startswith("use SF")
    factor = int(rate.text.split()[1][2:])
    assert link(at("n", 0, 0, 1, radios=(lora([7, factor]),)), gateway, flat()).usable
    assert not link(at("n", 0, 0, 1, radios=(lora([7, factor - 1]),)), gateway, flat()).usable or factor == 8


def test_missing_gain_is_what_is_missing():
    card = wifi((54, -75.0), tx_dbm=0)
    node, gateway = at("n", 0, 0, 8, radios=(card,)), at("g", 100, 0, 8, "gateway", (card,))
    gain = by_kind(remedies(node, [gateway], flat()))["gain"]
    better = wifi((54, -75.0), tx_dbm=0, antenna_dbi=2.0 + gain.amount)
    assert link(node, at("g", 100, 0, 8, "gateway", (better,)), flat()).usable
    less = wifi((54, -75.0), tx_dbm=0, antenna_dbi=2.0 + gain.amount - 0.2)
    assert not link(node, at("g", 100, 0, 8, "gateway", (less,)), flat()).usable


def test_the_best_of_several_neighbours_is_taken():
    card = wifi((54, -75.0))
    far, near = (at(name, x, 0, 8, "gateway", (card,)) for name, x in (("far", 400), ("near", 200)))
    node = at("n", 0, 0, 8, radios=(card,))
    assert by_kind(remedies(node, [far, near], flat()))["gain"].to == "near"


def test_a_node_without_the_right_radio_is_told_which():
    found = remedies(at("n", 0, 0, radios=(wifi(),)), [at("g", 9, 0, role="gateway")], flat())
    assert [(remedy.kind, remedy.to) for remedy in found] == [("none", "")]
    assert "lora" in found[0].text
    assert "any radio" in remedies(at("n", 0, 0), [], flat())[0].text


def test_a_node_shut_in_is_told_where():
    tower = Solid.of(box(40, -60, 70, 60), 40.0, "hall")
    found = remedies(at("n", 50, 0), [at("g", 9000, 0, 1, "gateway")], flat(tower))
    assert "hall" in found[0].text
    assert found[0].kind == "none"


def test_a_node_beyond_all_help_is_told_what_is_missing():
    card = wifi((54, -60.0), tx_dbm=0)
    (only,) = remedies(at("n", 0, 0, 1, radios=(card,)), [at("g", 8000, 0, 1, "gateway", (card,))], flat())
    assert only.kind == "none"
    assert "dB are missing" in only.text


def test_plain_nodes_are_no_neighbours():
    assert "no radio that speaks" in remedies(at("n", 0, 0), [at("m", 9, 0)], flat())[0].text


@pytest.mark.parametrize("metres", [5, 60, 200])
def test_remedies_of_a_node_that_is_heard_are_small(metres):
    """Asked needlessly, the answer is harmless: half a metre, and nothing missing."""
    found = by_kind(remedies(at("n", 0, 0), [at("g", metres, 0, role="gateway")], flat()))
    assert found["raise"].amount == 0.5
    assert found["gain"].amount <= 0
