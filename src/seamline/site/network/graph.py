"""What a graph falls apart without: cut vertices and bridges (R. Tarjan, "Depth-first search and linear graph algorithms", 1972)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

Graph = Mapping[str, Sequence[str]]
"""The neighbours of each vertex, both ways round, none twice and none its own."""


def cut_vertices(graph: Graph) -> tuple[str, ...]:
    """The vertices without which some others no longer reach each other, in the graph's order."""
    found: set[str] = set()
    for root in _trees(graph):
        found |= root.cuts
    return tuple(vertex for vertex in graph if vertex in found)


def bridges(graph: Graph) -> tuple[tuple[str, str], ...]:
    """The edges without which their ends no longer reach each other, each with its smaller name first; sorted."""
    return tuple(sorted(bridge for root in _trees(graph) for bridge in root.bridges))


class _Tree:
    """A depth-first tree from one root: when each vertex was found, and the earliest that it and all below it see."""

    def __init__(self, graph: Graph, root: str, number: dict[str, int]) -> None:
        self.cuts: set[str] = set()
        self.bridges: list[tuple[str, str]] = []
        self._number = number
        self._low: dict[str, int] = {}
        self._grow(graph, root)

    def _grow(self, graph: Graph, root: str) -> None:
        path: list[tuple[str, str | None, Iterator[str]]] = [(root, None, self._enter(graph, root))]
        branches = 0
        while path:
            vertex, parent, rest = path[-1]
            neighbour = next(rest, None)
            if neighbour is None:
                path.pop()
                if parent is not None:
                    branches += parent == root
                    self._leave(vertex, parent, root)
            elif neighbour not in self._number:
                path.append((neighbour, vertex, self._enter(graph, neighbour)))
            elif neighbour != parent:
                self._low[vertex] = min(self._low[vertex], self._number[neighbour])
        if branches > 1:
            self.cuts.add(root)

    def _enter(self, graph: Graph, vertex: str) -> Iterator[str]:
        self._number[vertex] = self._low[vertex] = len(self._number)
        return iter(graph[vertex])

    def _leave(self, vertex: str, parent: str, root: str) -> None:
        """Judge a tree edge when all below it is known."""
        low = self._low[vertex]
        self._low[parent] = min(self._low[parent], low)
        if low >= self._number[parent] and parent != root:
            self.cuts.add(parent)
        if low > self._number[parent]:
            self.bridges.append((min(vertex, parent), max(vertex, parent)))


def _trees(graph: Graph) -> Iterator[_Tree]:
    number: dict[str, int] = {}
    for vertex in graph:
        if vertex not in number:
            yield _Tree(graph, vertex, number)
