"""The cheapest choice of sets that covers everything: greedy first, then branch and bound with a limit. The bound is always given."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

STEPS_MAX: Final = 20_000
"""Branches that are looked at before the search gives up proving; some tenths of a second."""


@dataclass(frozen=True, slots=True)
class Cover:
    """Sets by name, what they cost, and what no cover can cost less than; `proven` when none is cheaper. `missing` no set holds."""

    chosen: tuple[str, ...]
    cost: int
    bound: int
    proven: bool
    missing: tuple[str, ...] = ()


def cover(
    sets: Mapping[str, Collection[str]], costs: Mapping[str, int], elements: Collection[str], steps_max: int = STEPS_MAX
) -> Cover:
    """Cover the elements with the given sets at the least cost (whole numbers, 0 or more)."""
    held = {element: [name for name in sets if element in sets[name]] for element in sorted(elements)}
    missing = tuple(element for element, names in held.items() if not names)
    wanted = frozenset(held) - set(missing)
    search = _Search(
        {name: frozenset(found) & wanted for name, found in sets.items()}, costs, {e: held[e] for e in wanted}, steps_max
    )
    best = search.greedy(wanted)
    bound = search.bound(wanted, frozenset())
    search.best, search.best_cost = best, search.cost(best)
    if bound < search.best_cost:
        search.branch(wanted, (), frozenset(), 0)
    proven = search.steps < steps_max
    order = tuple(name for name in sets if name in search.best)
    return Cover(order, search.best_cost, search.best_cost if proven else bound, proven, missing)


class _Search:
    def __init__(
        self, sets: dict[str, frozenset[str]], costs: Mapping[str, int], held: dict[str, list[str]], steps_max: int
    ) -> None:
        self._sets, self._costs, self._held, self._steps_max = sets, costs, held, steps_max
        self.best: tuple[str, ...] = ()
        self.best_cost = 0
        self.steps = 0

    def cost(self, chosen: Collection[str]) -> int:
        return sum(self._costs[name] for name in chosen)

    def greedy(self, wanted: frozenset[str]) -> tuple[str, ...]:
        """Take what costs least for each new element, then drop what is not needed (V. Chvatal, 1979: within 1 + ln n)."""
        left, chosen = wanted, list[str]()
        while left:
            useful = [name for name in self._sets if self._sets[name] & left]
            best = min(
                useful, key=lambda name: (self._costs[name] / len(self._sets[name] & left), -len(self._sets[name] & left), name)
            )
            chosen.append(best)
            left -= self._sets[best]
        for name in sorted(chosen, key=lambda one: (-self._costs[one], one)):
            others = frozenset[str]().union(*(self._sets[other] for other in chosen if other != name))
            if wanted <= others:
                chosen.remove(name)
        return tuple(chosen)

    def bound(self, left: frozenset[str], barred: frozenset[str]) -> int:
        """What covering costs at least: elements of which no two share a set each need one of their own."""
        found, blocked = 0, set[str]()
        for element in sorted(left, key=lambda one: (len(self._held[one]), one)):
            names = [name for name in self._held[element] if name not in barred]
            if names and blocked.isdisjoint(names):
                found += min(self._costs[name] for name in names)
                blocked.update(names)
        return found

    def branch(self, left: frozenset[str], chosen: tuple[str, ...], barred: frozenset[str], spent: int) -> None:
        """Decide about the element that the fewest sets hold: one of them must be taken; those tried before it are barred."""
        if not left:
            if spent < self.best_cost:
                self.best, self.best_cost = chosen, spent
            return
        self.steps += 1
        if self.steps >= self._steps_max or spent + self.bound(left, barred) >= self.best_cost:
            return
        element = min(left, key=lambda one: (sum(name not in barred for name in self._held[one]), one))
        names = [name for name in self._held[element] if name not in barred]
        for name in sorted(names, key=lambda one: (self._costs[one] / len(self._sets[one] & left), one)):
            self.branch(left - self._sets[name], (*chosen, name), barred, spent + self._costs[name])
            barred |= {name}
