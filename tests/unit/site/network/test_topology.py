"""Ways to gateways, and what goes dark: against taking each thing away."""

import pytest
from hypothesis import given, strategies as st
from tests.unit.site.network.parts import at, lora

from seamline.site import SiteError
from seamline.site.network.links import Link
from seamline.site.network.propagation import PathLoss
from seamline.site.network.topology import Network

RADIO = lora([7])


def joined(a, b, spare=5.0, *, holds=True):
    """A link as the air would have it."""
    a, b = sorted((a, b))
    rate = RADIO.rates[0] if holds else None
    return Link(a, b, RADIO, RADIO, 100.0, PathLoss(90.0, 0.0), rate, spare + 10, spare)


def network(roles, edges, kind="mesh", hops_max=9):
    """Stations by name: g gateways, r relays, others nodes."""
    role = {"g": "gateway", "r": "relay"}
    stations = [at(name, 0, 0, role=role.get(name[0], "node")) for name in roles]
    return Network(stations, [edge if isinstance(edge, Link) else joined(*edge) for edge in edges], kind, hops_max)


def test_a_way_has_the_fewest_links_and_then_the_most_to_spare():
    found = network(
        ["g", "r1", "r2", "n"], [("g", "r1"), joined("g", "r2", 9), joined("r1", "n", 1), joined("r2", "n", 2)]
    ).ways()
    assert found["n"].stations == ("n", "r2", "g")
    assert [one.ends for one in found["n"].links] == [("n", "r2"), ("g", "r2")]
    assert found["n"].gateway == "g"
    assert "g" not in found
    direct = network(["g", "r1", "n"], [("g", "r1"), joined("r1", "n", 30), joined("g", "n", 0.1)]).ways()
    assert direct["n"].stations == ("n", "g")


def test_of_equals_the_first_by_name_is_taken():
    assert network(["g", "r2", "r1", "n"], [("g", "r1"), ("g", "r2"), ("r1", "n"), ("r2", "n")]).ways()["n"].stations[1] == "r1"


def test_a_star_has_one_link_and_a_limit_of_hops_is_kept():
    edges = [("g", "r1"), ("r1", "r2"), ("r2", "n")]
    assert set(network(["g", "r1", "r2", "n"], edges, "star").ways()) == {"r1"}
    assert set(network(["g", "r1", "r2", "n"], edges, "tree", 2).ways()) == {"r1", "r2"}
    assert set(network(["g", "r1", "r2", "n"], edges, "tree", 3).ways()) == {"r1", "r2", "n"}


def test_nothing_leads_over_a_plain_node_or_a_link_that_does_not_hold():
    assert set(network(["g", "n1", "n2"], [("g", "n1"), ("n1", "n2")]).ways()) == {"n1"}
    assert network(["g", "n"], [joined("g", "n", holds=False)]).ways() == {}


def test_links_of_unknown_stations_are_left_out():
    assert network(["g", "n"], [("g", "n"), ("g", "x")]).links == (joined("g", "n"),)


def test_a_way_of_no_links_is_refused():
    with pytest.raises(SiteError, match="at least 1"):
        network(["g"], [], hops_max=0)


def test_a_lone_gateway_takes_all_with_it_and_two_none():
    one = network(["g1", "n1", "n2"], [("g1", "n1"), ("g1", "n2")], "star").failures()
    assert [(failure.kind, failure.what, failure.dark) for failure in one] == [
        ("gateway", "g1", ("n1", "n2")),
        ("link", "g1 - n1", ("n1",)),
        ("link", "g1 - n2", ("n2",)),
    ]
    assert network(["g1", "g2", "n1"], [("g1", "n1"), ("g2", "n1")], "star").failures() == ()


def test_a_mesh_finds_another_way_and_a_tree_does_not():
    edges = [("g", "r1"), ("g", "r2"), ("r1", "n"), ("r2", "n"), ("r1", "r2")]
    names = ["g", "r1", "r2", "n"]
    assert [failure.what for failure in network(names, edges, "mesh").failures()] == ["g"]
    tree = {failure.what: failure.dark for failure in network(names, edges, "tree").failures()}
    assert tree == {"g": ("r1", "r2", "n"), "r1": ("n",), "g - r1": ("r1", "n"), "g - r2": ("r2",), "n - r1": ("n",)}


def test_with_few_hops_a_longer_way_is_none():
    """A ring: without r1, the node is three links from the gateway."""
    edges = [("g", "r1"), ("r1", "n"), ("g", "r2"), ("r2", "r3"), ("r3", "n")]
    names = ["g", "r1", "r2", "r3", "n"]
    assert "r1" not in {failure.what for failure in network(names, edges, "mesh", 9).failures()}
    few = {failure.what: failure.dark for failure in network(names, edges, "mesh", 2).failures()}
    assert few["r1"] == ("n",)
    assert few["g - r1"] == ("r1", "n")


def test_the_worst_comes_first():
    edges = [("g", "r1"), ("r1", "n1"), ("r1", "n2"), ("g", "n3")]
    sizes = [len(failure.dark) for failure in network(["g", "r1", "n1", "n2", "n3"], edges).failures()]
    assert sizes == sorted(sizes, reverse=True)


NAMES = ["g1", "g2", "r1", "r2", "r3", "r4", "n1", "n2", "n3"]
PAIRS = [(a, b) for a in NAMES for b in NAMES if a < b and not (a[0] == b[0] == "n")]


@given(
    st.sets(st.sampled_from(PAIRS), max_size=18),
    st.sampled_from([("mesh", 9), ("mesh", 3), ("mesh", 2), ("tree", 9), ("tree", 3), ("star", 1)]),
    st.sampled_from([NAMES, [name for name in NAMES if name != "g2"]]),
)
def test_failures_are_all_that_taking_one_away_shows(edges, asked, names):
    kind, hops = asked
    whole = network(names, sorted(edges), kind, hops)
    alive = whole.reached()
    assert alive - set(whole.gateways) == set(whole.ways())
    expected = {}
    for name in names:
        if name[0] != "n":
            lost = alive - whole.reached(without=name) - {name}
            expected[name] = {one for one in lost if one[0] != "g"}
    for pair in sorted(edges):
        if set(pair) <= set(names):
            expected[" - ".join(pair)] = {one for one in alive - whole.reached(cut=pair) if one[0] != "g"}
    assert {failure.what: set(failure.dark) for failure in whole.failures()} == {
        what: dark for what, dark in expected.items() if dark
    }


@given(st.sets(st.sampled_from(PAIRS), max_size=18), st.integers(1, 5))
def test_more_hops_and_more_links_never_lose_a_station(edges, hops):
    less = network(NAMES, sorted(edges)[1:], "mesh", hops).reached()
    assert less <= network(NAMES, sorted(edges), "mesh", hops).reached()
    assert less <= network(NAMES, sorted(edges)[1:], "mesh", hops + 1).reached()
    assert network(NAMES, sorted(edges), "tree", hops).reached() == network(NAMES, sorted(edges), "mesh", hops).reached()
