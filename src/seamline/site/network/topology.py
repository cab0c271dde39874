"""The way of every station to a gateway, and what goes dark when one thing fails."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from seamline.site.frame import SiteError
from seamline.site.network.graph import bridges, cut_vertices
from seamline.site.network.links import Link, Station

Kind = Literal["star", "tree", "mesh"]
"""How stations behave when one fails. star: a node sends to all gateways that hear it. tree: each keeps to its one parent.
mesh: each finds another way over any usable link."""

OUTSIDE: Final = ""
"""What all gateways lead to; no station is called so."""


@dataclass(frozen=True, slots=True)
class Way:
    """A station's way to its gateway: the stations from it on, and the links between them."""

    stations: tuple[str, ...]
    links: tuple[Link, ...]

    @property
    def gateway(self) -> str:
        """Where it ends."""
        return self.stations[-1]


@dataclass(frozen=True, slots=True)
class Failure:
    """One thing whose failure takes others with it: `dark` reach no gateway any more, or have no power. Of a link, `what` is `a - b`."""

    kind: Literal["gateway", "relay", "link", "switch", "supply"]
    what: str
    dark: tuple[str, ...]


class Network:
    """Stations, the usable links between them, and how many of these a way may have."""

    def __init__(self, stations: Sequence[Station], found: Iterable[Link], kind: Kind = "star", hops_max: int = 1) -> None:
        if hops_max < 1:
            raise SiteError(f"ways of at most {hops_max} links reach nothing; give at least 1")
        self.kind: Final = kind
        self.hops_max: Final = 1 if kind == "star" else hops_max
        self.stations: Final = {station.id: station for station in stations}
        self.links: Final = tuple(one for one in found if one.usable and set(one.ends) <= self.stations.keys())
        self.of: Final[dict[str, list[Link]]] = {ident: [] for ident in self.stations}
        for one in self.links:
            self.of[one.a].append(one)
            self.of[one.b].append(one)
        self.gateways: Final = tuple(ident for ident, station in self.stations.items() if station.role == "gateway")

    def ways(self) -> dict[str, Way]:
        """The way of every station that has one: the fewest links, then the most to spare on the last one; gateways have none."""
        parents = self._parents()
        found: dict[str, Way] = {gateway: Way((gateway,), ()) for gateway in self.gateways}
        for ident, one in parents.items():  # parents come before their children
            on = found[one.other(ident)]
            found[ident] = Way((ident, *on.stations), (one, *on.links))
        return {ident: found[ident] for ident in self.stations if ident in parents}

    def _parents(self) -> dict[str, Link]:
        """The link over which each station sends, nearest to the gateways first."""
        parents: dict[str, Link] = {}
        layer = list(self.gateways)
        known = set(layer)
        for _ in range(self.hops_max):
            heard: dict[str, Link] = {}
            for ident in layer:
                if self.stations[ident].passes_on:
                    for one in self.of[ident]:
                        self._offer(heard, one, one.other(ident), known)
            parents |= heard
            layer = sorted(heard)
            known |= heard.keys()
        return parents

    def _offer(self, heard: dict[str, Link], one: Link, to: str, known: set[str]) -> None:
        """Take a link towards `to` when it is better than what was heard."""
        if to not in known and (to not in heard or _preference(one, to) < _preference(heard[to], to)):
            heard[to] = one

    def reached(self, without: str | None = None, cut: tuple[str, str] | None = None) -> set[str]:
        """Which stations reach a gateway, also when a station or a link fails; gateways reach themselves."""
        return reached(self.neighbours(), self.passing(), self.gateways, self.hops_max, without, cut)

    def passing(self) -> set[str]:
        """The stations that send on what others send."""
        return {ident for ident, station in self.stations.items() if station.passes_on}

    def neighbours(self) -> dict[str, list[str]]:
        """Who may send to whom: all usable links, or those in use when nobody looks for another way."""
        if self.kind == "tree":
            near: dict[str, list[str]] = {ident: [] for ident in self.stations}
            for ident, one in self._parents().items():
                near[ident].append(one.other(ident))
                near[one.other(ident)].append(ident)
            return near
        return {ident: [one.other(ident) for one in found] for ident, found in self.of.items()}

    def failures(self) -> tuple[Failure, ...]:
        """Every single point of failure, the worst first. All gateways are taken to reach the world independently."""
        near, passing = self.neighbours(), self.passing()
        alive = reached(near, passing, self.gateways, self.hops_max)
        found: list[Failure] = []
        vertices, edges = self._suspects(near, passing, alive)
        for ident in vertices:
            rest = reached(near, passing, self.gateways, self.hops_max, ident)
            kind = "gateway" if self.stations[ident].role == "gateway" else "relay"
            found.append(Failure(kind, ident, self._dark(alive - rest - {ident})))
        for edge in edges:
            rest = reached(near, passing, self.gateways, self.hops_max, None, edge)
            found.append(Failure("link", " - ".join(edge), self._dark(alive - rest)))
        return worst_first(failure for failure in found if failure.dark)

    def _dark(self, lost: set[str]) -> tuple[str, ...]:
        return tuple(ident for ident in self.stations if ident in lost and ident not in self.gateways)

    def _suspects(
        self, near: Mapping[str, Sequence[str]], passing: set[str], alive: set[str]
    ) -> tuple[list[str], list[tuple[str, str]]]:
        """What might be a single point of failure.

        With hops to spare these are the cut vertices and bridges of what passes on, and what a node has alone; when hops are
        scarce a longer way may not do, and everything is looked at.
        """
        backbone = [ident for ident in self.stations if ident in passing and ident in alive]
        leaves = [ident for ident in self.stations if ident in alive and ident not in passing]
        if self.hops_max < len(backbone):
            edges = {_edge(ident, other) for ident in backbone for other in near[ident] if other in alive}
            return backbone, sorted(edges)
        graph = {ident: [other for other in near[ident] if other in passing and other in alive] for ident in backbone}
        for gateway in self.gateways:
            graph[gateway] = [*graph[gateway], OUTSIDE]
        graph[OUTSIDE] = list(self.gateways)
        vertices = set(cut_vertices(graph)) - {OUTSIDE}
        edges = {edge for edge in bridges(graph) if OUTSIDE not in edge}
        for leaf in leaves:
            # A leaf is dark when all that it sends to are: one of them, or the one thing that all of them hang on.
            own = [other for other in near[leaf] if other in passing and other in alive]
            if len(own) == 1:
                vertices.add(own[0])
                edges.add(_edge(leaf, own[0]))
        return [ident for ident in backbone if ident in vertices], sorted(edges)


def reached(
    near: Mapping[str, Sequence[str]],
    passing: set[str],
    gateways: Iterable[str],
    hops_max: int,
    without: str | None = None,
    cut: tuple[str, str] | None = None,
) -> set[str]:
    """Which stations reach a gateway within so many links, over those that pass on; without one of them, or with one link cut."""
    known = {gateway for gateway in gateways if gateway != without}
    layer = set(known)
    gone: set[tuple[str, str]] = set() if cut is None else {cut, (cut[1], cut[0])}
    for _ in range(hops_max):
        further = {other for ident in layer & passing for other in near[ident] if (ident, other) not in gone}
        layer = further - known - {without}
        if not layer:
            break
        known |= layer
    return known


def worst_first(failures: Iterable[Failure]) -> tuple[Failure, ...]:
    """Failures by how many they take with them."""
    return tuple(sorted(failures, key=lambda failure: (-len(failure.dark), failure.kind, failure.what)))


def _edge(a: str, b: str) -> tuple[str, str]:
    return (a, b) if a < b else (b, a)


def _preference(one: Link, station: str) -> tuple[float, str]:
    return -one.spare_db, one.other(station)
