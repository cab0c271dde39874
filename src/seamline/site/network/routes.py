"""Where cables may run: a graph made of drawn lines, and the shortest way along it.

Lines are joined where they cross, where an end lies within the snap tolerance of another line, and where points lie that close
together. Places are whole centimetres.
"""

from __future__ import annotations

import heapq
import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Final

from seamline.site.frame import CM, SiteError, centimetres

Point = tuple[int, int]
"""Centimetres east and north."""
Edge = tuple[Point, Point]
"""The smaller point first."""

LINES_MAX: Final = 5_000
"""Straight pieces of all lines; neighbours are compared with each other."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line along which cables may run: its name, and at least two points in metres."""

    id: str
    points: tuple[tuple[float, float], ...]


class RouteGraph:
    """Junctions, and the pieces of lines between them, each with its length in metres and the lines that it is part of."""

    def __init__(self, pieces: Mapping[Edge, tuple[str, ...]]) -> None:
        self.lines: Final = dict(pieces)
        self.near: Final[dict[Point, list[Point]]] = {}
        for a, b in sorted(self.lines):
            self.near.setdefault(a, []).append(b)
            self.near.setdefault(b, []).append(a)

    @classmethod
    def of(cls, lines: Sequence[Line], snap_m: float = 0.5) -> RouteGraph:
        """Build it from lines; SiteError for a line of one point, or too many."""
        snap = centimetres(snap_m, "a snap tolerance")
        if snap < 0:
            raise SiteError(f"a snap tolerance of {snap_m:g} m is below 0")
        merged = _Merged(snap)
        segments: list[tuple[Point, Point, str]] = []
        for line in lines:
            if len(line.points) < 2:
                raise SiteError(f"route {line.id!r} has {len(line.points)} points; a line needs two")
            points = [merged.of(_point(x, y, line.id)) for x, y in line.points]
            segments += [(a, b, line.id) for a, b in pairwise(points) if a != b]
        if len(segments) > LINES_MAX:
            raise SiteError(f"routes have {len(segments)} straight pieces; the most is {LINES_MAX}. Simplify the lines")
        cuts: list[set[Point]] = [{a, b} for a, b, _ in segments]
        _join_ends(segments, cuts, snap)
        _join_crossings(segments, cuts)
        pieces: dict[Edge, tuple[str, ...]] = {}
        for (a, b, name), points in zip(segments, cuts, strict=True):
            for edge in pairwise(sorted(points, key=lambda point: (_along(a, b, point), point))):
                ends = _edge(*edge)
                pieces[ends] = tuple(dict.fromkeys((*pieces.get(ends, ()), name)))
        return cls(pieces)

    def joined(self, x: float, y: float, reach_m: float) -> tuple[RouteGraph, Point, float] | None:
        """The graph with a junction where it comes nearest to a place, that junction, and how far it is; None beyond `reach_m`."""
        place = _point(x, y, "a device")
        found = min(
            ((_nearest(a, b, place), (a, b)) for a, b in self.lines), default=None, key=lambda one: (_far(one[0], place), one)
        )
        if found is None or _far(found[0], place) > reach_m * CM:
            return None
        at, edge = found
        if at in edge:
            return self, at, _far(at, place) / CM
        pieces = dict(self.lines)
        names = pieces.pop(edge)
        for end in edge:
            pieces[_edge(at, end)] = names
        return RouteGraph(pieces), at, _far(at, place) / CM

    def shortest(self, start: Point, only: Iterable[Edge] | None = None) -> dict[Point, tuple[float, Point | None]]:
        """How far each junction is from `start` (m), and the one before it on the way; along all pieces, or `only` some (Dijkstra)."""
        allowed = None if only is None else set(only)
        best: dict[Point, tuple[float, Point | None]] = {}
        queue: list[tuple[float, Point, Point]] = [(0.0, start, start)]
        while queue:
            metres, point, before = heapq.heappop(queue)
            if point in best:
                continue
            best[point] = (metres, None if point == start else before)
            for other in self.near.get(point, ()):
                if other not in best and (allowed is None or _edge(point, other) in allowed):
                    heapq.heappush(queue, (metres + _far(point, other) / CM, other, point))
        return best

    def names(self, way: Sequence[Point]) -> tuple[str, ...]:
        """The lines along which a way runs, in its order."""
        return tuple(dict.fromkeys(self.lines[_edge(a, b)][0] for a, b in pairwise(way)))


def way_to(best: Mapping[Point, tuple[float, Point | None]], end: Point) -> list[Point] | None:
    """The junctions from where `best` was found for up to `end`; None when it was not reached."""
    if end not in best:
        return None
    way = [end]
    while (before := best[way[-1]][1]) is not None:
        way.append(before)
    return way[::-1]


def length_m(edges: Iterable[Edge]) -> float:
    """How long these pieces are together."""
    return sum(_far(a, b) for a, b in sorted(edges)) / CM


def edges_of(way: Sequence[Point]) -> set[Edge]:
    """The pieces of a way."""
    return {_edge(a, b) for a, b in pairwise(way)}


class _Merged:
    """Points, those within the tolerance of an earlier one taken for it."""

    def __init__(self, snap: int) -> None:
        self._snap = snap
        self._cells: dict[Point, list[Point]] = {}

    def of(self, point: Point) -> Point:
        size = max(self._snap, 1)
        cell = (point[0] // size, point[1] // size)
        around = [(cell[0] + i, cell[1] + j) for i in (-1, 0, 1) for j in (-1, 0, 1)]
        known = [other for one in around for other in self._cells.get(one, ()) if _far(point, other) <= self._snap]
        if known:
            return min(known, key=lambda other: (_far(point, other), other))
        self._cells.setdefault(cell, []).append(point)
        return point


def _join_ends(segments: Sequence[tuple[Point, Point, str]], cuts: list[set[Point]], snap: int) -> None:
    """Where an end of one piece lies on, or nearly on, another: that one gets a junction there (and bends to it)."""
    ends = sorted({point for a, b, _ in segments for point in (a, b)})
    easts = [end[0] for end in ends]
    for (a, b, _), points in zip(segments, cuts, strict=True):
        low, high = min(a[1], b[1]) - snap, max(a[1], b[1]) + snap
        first, last = bisect_left(easts, min(a[0], b[0]) - snap), bisect_right(easts, max(a[0], b[0]) + snap)
        for end in ends[first:last]:
            if low <= end[1] <= high and _between(a, b, end) and _far(_nearest(a, b, end), end) <= snap:
                points.add(end)


def _join_crossings(segments: Sequence[tuple[Point, Point, str]], cuts: list[set[Point]]) -> None:
    order = sorted(range(len(segments)), key=lambda i: min(segments[i][0][0], segments[i][1][0]))
    for rank, i in enumerate(order):
        a, b, _ = segments[i]
        for j in order[rank + 1 :]:
            c, d, _ = segments[j]
            if min(c[0], d[0]) > max(a[0], b[0]):
                break
            crossing = _crossing(a, b, c, d)
            if crossing is not None:
                cuts[i].add(crossing)
                cuts[j].add(crossing)


def _crossing(a: Point, b: Point, c: Point, d: Point) -> Point | None:
    """Where two pieces cross in the midst of both, on the nearest whole centimetre."""
    sides = (_side(a, b, c), _side(a, b, d), _side(c, d, a), _side(c, d, b))
    if sides[0] * sides[1] >= 0 or sides[2] * sides[3] >= 0:
        return None
    share = Fraction(sides[0], sides[0] - sides[1])
    return round(c[0] + (d[0] - c[0]) * share), round(c[1] + (d[1] - c[1]) * share)


def _side(a: Point, b: Point, c: Point) -> int:
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])


def _along(a: Point, b: Point, point: Point) -> int:
    return (point[0] - a[0]) * (b[0] - a[0]) + (point[1] - a[1]) * (b[1] - a[1])


def _between(a: Point, b: Point, point: Point) -> bool:
    return 0 < _along(a, b, point) < _along(a, b, b)


def _nearest(a: Point, b: Point, point: Point) -> Point:
    """The point of a piece that is nearest, on whole centimetres."""
    whole = _along(a, b, b)
    share = min(max(Fraction(_along(a, b, point), whole), Fraction(0)), Fraction(1))
    return round(a[0] + (b[0] - a[0]) * share), round(a[1] + (b[1] - a[1]) * share)


def _far(a: Point, b: Point) -> float:
    return math.hypot(b[0] - a[0], b[1] - a[1])


def _edge(a: Point, b: Point) -> Edge:
    return (a, b) if a < b else (b, a)


def _point(x: float, y: float, what: str) -> Point:
    return centimetres(x, f"{what}: its x"), centimetres(y, f"{what}: its y")
