"""Cut vertices and bridges against removing each one."""

from itertools import pairwise

import pytest
from hypothesis import given, strategies as st

from seamline.site.network.graph import bridges, cut_vertices


def graph_of(*edges, alone=()):
    graph = {vertex: [] for vertex in sorted({end for edge in edges for end in edge} | set(alone))}
    for a, b in edges:
        graph[a].append(b)
        graph[b].append(a)
    return graph


def parts(graph, without=None, cut=None):
    """How many connected parts a graph has, without a vertex or an edge."""
    left, count = set(graph) - {without}, 0
    while left:
        count += 1
        stack = [left.pop()]
        while stack:
            here = stack.pop()
            for other in graph[here]:
                if other in left and {here, other} != set(cut or ()):
                    left.remove(other)
                    stack.append(other)
    return count


def test_in_a_line_all_inner_vertices_and_all_edges_are_needed():
    graph = graph_of(("a", "b"), ("b", "c"), ("c", "d"))
    assert cut_vertices(graph) == ("b", "c")
    assert bridges(graph) == (("a", "b"), ("b", "c"), ("c", "d"))


def test_in_a_ring_none_is_needed():
    graph = graph_of(("a", "b"), ("b", "c"), ("c", "d"), ("d", "a"))
    assert cut_vertices(graph) == ()
    assert bridges(graph) == ()


def test_two_triangles_hang_together_by_the_corner_that_they_share():
    graph = graph_of(("a", "b"), ("b", "c"), ("c", "a"), ("c", "d"), ("d", "e"), ("e", "c"))
    assert cut_vertices(graph) == ("c",)
    assert bridges(graph) == ()


def test_a_star_hangs_on_its_middle_wherever_the_search_begins():
    assert cut_vertices(graph_of(("m", "a"), ("m", "b"), ("m", "c"))) == ("m",)
    assert cut_vertices(graph_of(("a", "b"), ("a", "c"))) == ("a",)


def test_parts_that_were_never_connected_are_looked_at_each():
    graph = graph_of(("a", "b"), ("b", "c"), ("x", "y"), ("y", "z"), alone=("lonely",))
    assert cut_vertices(graph) == ("b", "y")
    assert cut_vertices({}) == ()
    assert bridges({"alone": []}) == ()


def test_a_path_of_ten_thousand_is_no_recursion():
    names = [f"{number:05}" for number in range(10_000)]
    graph = graph_of(*pairwise(names))
    assert len(cut_vertices(graph)) == 9_998
    assert len(bridges(graph)) == 9_999


NAMES = [chr(97 + number) for number in range(9)]
EDGES = st.sets(st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES)).filter(lambda pair: pair[0] < pair[1]), max_size=16)


@given(EDGES)
def test_they_are_those_whose_removal_splits_the_graph(edges):
    graph = graph_of(*sorted(edges), alone=NAMES)
    whole = parts(graph)
    # A vertex that had neighbours and is taken away leaves one part more, or more, where it was needed.
    needed = tuple(vertex for vertex in graph if graph[vertex] and parts(graph, vertex) > whole)
    assert cut_vertices(graph) == needed
    assert bridges(graph) == tuple(edge for edge in sorted(edges) if parts(graph, cut=edge) > whole)


@pytest.mark.parametrize("turn", range(4))
def test_the_order_of_neighbours_changes_nothing(turn):
    edges = [("a", "b"), ("b", "c"), ("c", "a"), ("c", "d"), ("d", "e")]
    graph = graph_of(*edges[turn:], *edges[:turn])
    assert cut_vertices(graph) == ("c", "d")
    assert bridges(graph) == (("c", "d"), ("d", "e"))
