"""Where gateways and relays go: the cheapest of the candidates with which every node that can be reached is reached."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final

from seamline.site.frame import SiteError
from seamline.site.network.cover import cover
from seamline.site.network.links import Link, Station
from seamline.site.network.topology import Kind, Network

ALL_MAX: Final = 9
"""Candidates of which every subset is tried: 512 of them."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A gateway or relay that may be put up, what that costs in cents, and the mounting of the plan that it stands on."""

    station: Station
    cost: int
    mounting: str = ""

    def __post_init__(self) -> None:
        if not self.station.passes_on:
            raise SiteError(f"candidate {self.station.id!r} is a plain node; only gateways and relays are chosen")
        if self.cost < 0:
            raise SiteError(f"candidate {self.station.id!r} costs {self.cost} cents; it cannot cost less than nothing")


@dataclass(frozen=True, slots=True)
class Choice:
    """What to put up, its cost in cents and what no choice can cost less than. `proven`: none is cheaper.

    `unreachable` are nodes that no choice reaches.
    """

    chosen: tuple[str, ...]
    cost: int
    bound: int
    proven: bool
    unreachable: tuple[str, ...]


def choose(
    stations: Sequence[Station], candidates: Sequence[Candidate], found: Iterable[Link], kind: Kind = "star", hops_max: int = 1
) -> Choice:
    """Choose among candidates; `found` are the links of stations and candidates together. The tree and the mesh are chosen alike."""
    reachable = "mesh" if kind == "tree" else kind
    world = Network([*stations, *(one.station for one in candidates)], found, reachable, hops_max)
    search = _Search(world, stations, candidates)
    nodes = [station.id for station in stations]
    standing = search.reached(())
    wanted = search.reached([one.station.id for one in candidates]) & set(nodes)
    unreachable = tuple(node for node in nodes if node not in wanted)
    left = wanted - standing
    if not left:
        return Choice((), 0, 0, proven=True, unreachable=unreachable)
    if world.hops_max == 1:
        sets = {ident: {one.other(ident) for one in world.of[ident]} & left for ident in search.gateways}
        best = cover(sets, search.costs, left)
        return Choice(best.chosen, best.cost, best.bound, best.proven, unreachable)
    chosen = search.grown(left)
    bound = search.bound(left)
    cost = search.cost(chosen)
    proven = cost == bound
    if not proven and len(candidates) <= ALL_MAX:
        chosen = search.cheapest(chosen, left)
        cost = bound = search.cost(chosen)
        proven = True
    return Choice(tuple(ident for ident in search.costs if ident in chosen), cost, bound, proven, unreachable)


class _Search:
    """The ways that candidates open."""

    def __init__(self, world: Network, stations: Sequence[Station], candidates: Sequence[Candidate]) -> None:
        self._world = world
        self._standing = {station.id for station in stations}
        self.costs = {one.station.id: one.cost for one in candidates}
        self.gateways = [one.station.id for one in candidates if one.station.role == "gateway"]

    def cost(self, chosen: Collection[str]) -> int:
        return sum(self.costs[ident] for ident in chosen)

    def reached(self, chosen: Collection[str]) -> set[str]:
        """The standing stations that reach a gateway when these candidates are put up."""
        there = self._standing | set(chosen)
        stations = [station for ident, station in self._world.stations.items() if ident in there]
        return Network(stations, self._world.links, self._world.kind, self._world.hops_max).reached() & self._standing

    def chains(self, chosen: Collection[str]) -> dict[str, frozenset[str]]:
        """For each station the candidates, beside those chosen, that bring it to a gateway at the least cost within the hops."""
        world = self._world
        best: dict[str, tuple[int, tuple[str, ...]]] = {}
        for gateway in world.gateways:
            best[gateway] = self._with((0, ()), gateway, chosen)
        for _ in range(world.hops_max):
            further = dict(best)
            for ident, chain in best.items():
                if world.stations[ident].passes_on:
                    for one in world.of[ident]:
                        other = one.other(ident)
                        longer = self._with(chain, other, chosen)
                        if other not in further or longer < further[other]:
                            further[other] = longer
            best = further
        return {ident: frozenset(chain) for ident, (_, chain) in best.items()}

    def _with(self, chain: tuple[int, tuple[str, ...]], ident: str, chosen: Collection[str]) -> tuple[int, tuple[str, ...]]:
        cost, names = chain
        if ident in self._standing or ident in chosen or ident in names:
            return chain
        return cost + self.costs[ident], tuple(sorted((*names, ident)))

    def grown(self, left: Collection[str]) -> set[str]:
        """Greedy: again and again the chain of candidates that costs least for each node that it brings in; then drop the needless."""
        chosen: set[str] = set()
        while missing := set(left) - self.reached(chosen):
            chains = self.chains(chosen)
            offers = sorted({chains[node] for node in missing}, key=sorted)
            worth = {offer: len(self.reached(chosen | offer) & missing) for offer in offers}
            chosen |= min(offers, key=lambda offer: (self.cost(offer) / worth[offer], -worth[offer], sorted(offer)))
        for ident in sorted(chosen, key=lambda one: (-self.costs[one], one)):
            if set(left) <= self.reached(chosen - {ident}):
                chosen.remove(ident)
        return chosen

    def bound(self, left: Collection[str]) -> int:
        """No choice is cheaper than the cheapest chain of its dearest node."""
        chains = self.chains(())
        return max(self.cost(chains[node]) for node in left)

    def cheapest(self, known: Collection[str], left: Collection[str]) -> set[str]:
        """The cheapest of all subsets, the smallest of those, the first by name."""
        most = self.cost(known)
        for chosen in sorted(self._subsets(), key=lambda one: (self.cost(one), len(one), one)):
            if self.cost(chosen) >= most:
                break
            if set(left) <= self.reached(chosen):
                return set(chosen)
        return set(known)

    def _subsets(self) -> Iterator[tuple[str, ...]]:
        names = sorted(self.costs)
        for size in range(len(names) + 1):
            yield from combinations(names, size)
