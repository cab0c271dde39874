"""Gateways and relays: never dearer than needed where that is said, never below the bound, and the same as trying everything."""

from itertools import combinations

import pytest
from hypothesis import given, strategies as st
from tests.unit.site.network.parts import at
from tests.unit.site.network.test_topology import joined

from seamline.site import SiteError
from seamline.site.network.choice import Candidate, choose
from seamline.site.network.cover import cover
from seamline.site.network.topology import Network


def cheapest(sets, costs, elements):
    """Every choice tried."""
    wanted = {element for element in elements if any(element in found for found in sets.values())}
    prices = [
        sum(costs[name] for name in names)
        for size in range(len(sets) + 1)
        for names in combinations(sets, size)
        if wanted <= set().union(*(sets[name] for name in names))
    ]
    return min(prices)


ELEMENTS = list("abcdefgh")
SETS = st.lists(st.tuples(st.sets(st.sampled_from(ELEMENTS), max_size=5), st.integers(0, 9)), max_size=8)


@given(SETS)
def test_a_cover_is_the_cheapest_and_says_so(drawn):
    sets = {f"s{number}": found for number, (found, _) in enumerate(drawn)}
    costs = {f"s{number}": cost for number, (_, cost) in enumerate(drawn)}
    best = cover(sets, costs, ELEMENTS)
    assert best.proven
    assert best.cost == best.bound == sum(costs[name] for name in best.chosen) == cheapest(sets, costs, ELEMENTS)
    held = set().union(*(sets[name] for name in best.chosen))
    assert set(ELEMENTS) - set(best.missing) <= held
    assert set(best.missing) == {element for element in ELEMENTS if all(element not in found for found in sets.values())}


def test_greed_alone_would_take_three_where_two_do():
    sets = {"greedy": {"b", "c", "e", "f"}, "left": {"a", "b", "c"}, "right": {"d", "e", "f"}}
    best = cover(sets, dict.fromkeys(sets, 1), "abcdef")
    assert best.chosen == ("left", "right")


def test_a_search_that_gives_up_says_so_and_keeps_its_bound():
    triangle = {"s": {"a", "b"}, "t": {"b", "c"}, "u": {"c", "a"}}
    costs = dict.fromkeys(triangle, 1)
    best = cover(triangle, costs, "abc", steps_max=1)
    assert (best.cost, best.bound, best.proven) == (2, 1, False)
    assert cover(triangle, costs, "abc").proven


def world(names, edges):
    role = {"g": "gateway", "r": "relay", "G": "gateway", "R": "relay"}
    return {name: at(name, 0, 0, role=role.get(name[0], "node")) for name in names}, [joined(*edge) for edge in edges]


def chosen_of(names, edges, kind="tree", hops_max=4, costs=None):
    """Capital letters are candidates."""
    stations, found = world(names, edges)
    standing = [station for name, station in stations.items() if name[0].islower()]
    offered = [Candidate(station, (costs or {}).get(name, 100)) for name, station in stations.items() if name[0].isupper()]
    return choose(standing, offered, found, kind, hops_max)


def test_one_gateway_where_one_does():
    edges = [("G1", "n1"), ("G1", "n2"), ("G2", "n2"), ("G3", "n1")]
    best = chosen_of(["n1", "n2", "G1", "G2", "G3"], edges, "star")
    assert (best.chosen, best.cost, best.bound, best.proven, best.unreachable) == (("G1",), 100, 100, True, ())
    cheap = chosen_of(["n1", "n2", "G1", "G2", "G3"], edges, "star", costs={"G1": 250})
    assert (cheap.chosen, cheap.cost) == (("G2", "G3"), 200)


def test_where_all_is_reached_nothing_is_put_up():
    best = chosen_of(["g", "n1", "G1"], [("g", "n1"), ("G1", "n1")], "star")
    assert (best.chosen, best.cost, best.proven) == ((), 0, True)


def test_a_chain_of_relays_is_found_and_a_node_beyond_all_is_named():
    best = chosen_of(["g", "n1", "n2", "R1", "R2", "R3"], [("g", "R1"), ("R1", "R2"), ("R2", "n1"), ("g", "R3")])
    assert (best.chosen, best.unreachable) == (("R1", "R2"), ("n2",))
    assert best.proven
    short = chosen_of(["g", "n1", "R1", "R2"], [("g", "R1"), ("R1", "R2"), ("R2", "n1")], hops_max=2)
    assert (short.chosen, short.unreachable) == ((), ("n1",))


def test_nodes_that_need_one_each_have_the_cheapest_pair_and_it_is_proven():
    edges = [("g", "R1"), ("R1", "n1"), ("g", "R2"), ("R2", "n2"), ("g", "R3"), ("R3", "n1"), ("R3", "n2")]
    names = ["g", "n1", "n2", "R1", "R2", "R3"]
    best = chosen_of(names, edges, costs={"R1": 100, "R2": 100, "R3": 230})
    assert (best.chosen, best.cost, best.bound, best.proven) == (("R1", "R2"), 200, 200, True)
    dearer = chosen_of(names, edges, costs={"R1": 100, "R2": 140, "R3": 230})
    assert dearer.chosen == ("R3",)


def test_where_greed_goes_wrong_trying_all_mends_it():
    """The one relay that serves most for its price is no part of the best."""
    edges = [("g", name) for name in ("R1", "R2", "R3")]
    edges += [("R1", "n1"), ("R1", "n2"), ("R1", "n3"), ("R2", "n4"), ("R2", "n5"), ("R2", "n6")]
    edges += [("R3", "n2"), ("R3", "n3"), ("R3", "n4"), ("R3", "n5")]
    best = chosen_of(["g", *(f"n{i}" for i in range(1, 7)), "R1", "R2", "R3"], edges)
    assert (best.chosen, best.cost, best.proven) == (("R1", "R2"), 200, True)


def test_relays_that_greed_took_and_others_made_needless_are_dropped():
    edges = [("g", "R1"), ("R1", "n1"), ("g", "R2"), ("R2", "n1"), ("R2", "n2"), ("R2", "n3")]
    best = chosen_of(["g", "n1", "n2", "n3", "R1", "R2"], edges, costs={"R1": 10, "R2": 90})
    assert best.chosen == ("R2",)


def test_many_candidates_have_a_bound_that_no_choice_is_below():
    names = ["g", *(f"n{i}" for i in range(6)), *(f"R{i:02}" for i in range(14))]
    edges = [("g", f"R{i:02}") for i in range(14)] + [(f"R{i:02}", f"n{(i * k) % 6}") for i in range(14) for k in (1, 2)]
    best = chosen_of(names, edges)
    assert best.bound <= best.cost
    assert best.bound >= 100
    assert len(best.chosen) <= 6


@pytest.mark.parametrize(("role", "cost", "said"), [("node", 1, "only gateways and relays"), ("relay", -1, "less than nothing")])
def test_candidates_that_cannot_be_meant_are_refused(role, cost, said):
    with pytest.raises(SiteError, match=said):
        Candidate(at("x", 0, 0, role=role), cost)


NAMES = ["g", "r", "n1", "n2", "n3", "n4", "G1", "R1", "R2", "R3", "R4"]
PAIRS = [tuple(sorted((a, b))) for a, b in combinations(NAMES, 2) if not (a[0] == b[0] == "n")]


@given(
    st.sets(st.sampled_from(PAIRS), max_size=22),
    st.integers(1, 4),
    st.lists(st.integers(0, 5), min_size=5, max_size=5),
    st.sampled_from(["tree", "mesh", "star"]),
)
def test_a_choice_is_the_cheapest_of_all(edges, hops, prices, kind):
    offered = [name for name in NAMES if name[0].isupper()]
    costs = dict(zip(offered, prices, strict=True))
    best = chosen_of(NAMES, sorted(edges), kind, hops, costs)
    stations, found = world(NAMES, sorted(edges))

    def reaches(names):
        there = [station for name, station in stations.items() if name[0].islower() or name in names]
        return {name for name in Network(there, found, kind, hops).reached() if name[0].islower()}

    most = reaches(offered)
    subsets = [names for size in range(6) for names in combinations(offered, size)]
    assert best.proven
    assert best.cost == best.bound == sum(costs[name] for name in best.chosen)
    assert reaches(best.chosen) == most
    assert best.cost == min(sum(costs[name] for name in names) for names in subsets if reaches(names) == most)
    assert set(best.unreachable) == {name for name in NAMES if name[0].islower()} - most
