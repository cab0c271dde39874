"""Which trenches to dig so that all that needs a cable has one: a tree along the routes, nearly as short as can be.

Shortest trees through given points (Steiner trees in graphs) are hard to find; this is the heuristic of L. Kou, G. Markowsky and
L. Berman (1981), whose tree is at most 2 (1 - 1/k) times as long as the shortest one for k points, followed by the removal of what is
not needed. The bound says how long any tree is at least.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

from seamline.site.network.routes import Edge, Point, RouteGraph, edges_of, length_m, way_to


@dataclass(frozen=True, slots=True)
class Trench:
    """Pieces of routes that connect all points, how long they are, and how long any such tree is at least (m)."""

    edges: tuple[Edge, ...]
    metres: float
    bound_m: float


def shared(graph: RouteGraph, points: Iterable[Point]) -> Trench:
    """Connect points of a route graph; ValueError when they are not all connected by routes."""
    wanted = sorted(set(points))
    if len(wanted) < 2:
        return Trench((), 0.0, 0.0)
    best = {point: graph.shortest(point) for point in wanted}
    if any(other not in best[wanted[0]] for other in wanted):
        raise ValueError("points lie on routes that are not connected")
    pairs = sorted((best[a][b][0], a, b) for a, b in combinations(wanted, 2))
    joined = spanning(wanted, pairs)
    edges: set[Edge] = set()
    for _, a, b in joined:
        edges |= edges_of(way_to(best[a], b) or [])
    edges = _pruned(_spanning_edges(edges), set(wanted))
    # The tree over the distances is at most 2 (1 - 1/k) times the shortest tree; and the farthest pair must be joined.
    spanned = sum(metres for metres, _, _ in joined)
    bound = max(spanned / (2 * (1 - 1 / len(wanted))), pairs[-1][0])
    metres = length_m(edges)
    return Trench(tuple(sorted(edges)), metres, min(bound, metres))


def spanning(points: Sequence[Point], pairs: Sequence[tuple[float, Point, Point]]) -> list[tuple[float, Point, Point]]:
    """The shortest tree over sorted pairs (J. Kruskal, 1956)."""
    group = {point: point for point in points}

    def top(point: Point) -> Point:
        while group[point] != point:
            group[point] = group[group[point]]
            point = group[point]
        return point

    found: list[tuple[float, Point, Point]] = []
    for metres, a, b in pairs:
        if top(a) != top(b):
            group[top(a)] = top(b)
            found.append((metres, a, b))
    return found


def _spanning_edges(edges: set[Edge]) -> set[Edge]:
    points = sorted({point for edge in edges for point in edge})
    tree = spanning(points, sorted((length_m([edge]), *edge) for edge in edges))
    return {(a, b) for _, a, b in tree}


def _pruned(edges: set[Edge], wanted: set[Point]) -> set[Edge]:
    """Without ends at which nothing stands."""
    kept = set(edges)
    while True:
        count: dict[Point, int] = {}
        for edge in kept:
            for point in edge:
                count[point] = count.get(point, 0) + 1
        loose = {edge for edge in kept if any(count[point] == 1 and point not in wanted for point in edge)}
        if not loose:
            return kept
        kept -= loose
