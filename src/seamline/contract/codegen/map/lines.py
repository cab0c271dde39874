"""What the map draws, apart from how: tiers as stations, boundaries as seams between them, joined to lines.

A boundary is named for its two sides (`radio-broker`). Boundaries that meet at a tier form one line; the longest way of a
record, from the sensor on, comes first. Where a line's end and the next one's start lie in the same zone (firmware → radio, both
on the device), they are joined by a link that no boundary describes, and the map shows it as such.
"""

from __future__ import annotations

from dataclasses import dataclass

from seamline.contract.codegen.wording import duration, phrase
from seamline.contract.model import Boundary, Contract

TIERS: dict[str, tuple[str, int]] = {
    "sensor": ("device", 0),
    "actuator": ("device", 1),
    "adc": ("device", 2),
    "firmware": ("device", 3),
    "device": ("device", 3),
    "camera": ("device", 3),
    "instrument": ("device", 3),
    "flash": ("device", 4),
    "radio": ("device", 5),
    "modem": ("device", 5),
    "gateway": ("site", 6),
    "node": ("site", 6),
    "broker": ("cloud", 7),
    "hub": ("cloud", 8),
    "cloud": ("cloud", 8),
    "database": ("cloud", 9),
    "api": ("cloud", 9),
    "app": ("people", 10),
    "customer_app": ("people", 10),
    "support": ("people", 10),
    "lims": ("people", 10),
    "factory": ("factory", 20),
    "installer": ("field", 21),
    "field": ("field", 21),
}
"""Known tiers: the zone each lies in, and its place on a record's way up. Others have no zone and come last."""
_UNKNOWN = ("", 30)


@dataclass(frozen=True, slots=True)
class Seam:
    """A boundary between two tiers; `waits` are the budgets that belong to it, as (name, words)."""

    boundary: Boundary
    source: str
    target: str
    waits: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Line:
    """Seams in a row. `joins` are the indices of the seams before which a link without a boundary stands."""

    seams: tuple[Seam, ...]
    joins: frozenset[int]


def zone(tier: str) -> str:
    """Return the zone of a tier: device, site, cloud, people, factory, field, or empty."""
    return TIERS.get(tier, _UNKNOWN)[0]


def ends(name: str) -> tuple[str, str]:
    """Return the two sides that a boundary is named for, at the hyphen that gives the most known tiers.

    A name without a hyphen has one side; the other is empty.
    """
    words = name.split("-")
    cuts = [("-".join(words[:at]), "-".join(words[at:])) for at in range(1, len(words))]
    return max(cuts, key=lambda cut: (cut[0] in TIERS) + (cut[1] in TIERS), default=(name, ""))


def lines(contract: Contract, seams_max: int) -> tuple[Line, ...]:
    """Return the contract's boundaries as lines of at most `seams_max` seams, in the order in which they are drawn."""
    seams = [_seam(boundary, contract) for boundary in contract.boundaries.values()]
    found: list[Line] = []
    for chain in _joined(_chains(seams)):
        joins = {at for at in range(1, len(chain)) if chain[at - 1].target != chain[at].source}
        for start in range(0, len(chain), seams_max):
            piece = chain[start : start + seams_max]
            found.append(Line(tuple(piece), frozenset(at - start for at in joins if start < at < start + seams_max)))
    return tuple(found)


def _rank(tier: str) -> int:
    return TIERS.get(tier, _UNKNOWN)[1]


def _seam(boundary: Boundary, contract: Contract) -> Seam:
    source, target = ends(boundary.name)
    return Seam(boundary, source, target, _waits(source, target, boundary.name, contract))


def _chains(seams: list[Seam]) -> list[list[Seam]]:
    """Follow each seam to the first one that starts where it ends; begin where nothing ends, lowest tier first."""
    targets = {seam.target for seam in seams}
    order = sorted(seams, key=lambda seam: (seam.source in targets, _rank(seam.source)))
    chains: list[list[Seam]] = []
    used: set[str] = set()
    for first in order:
        chain: list[Seam] = []
        following: Seam | None = first
        while following is not None and following.boundary.name not in used:
            used.add(following.boundary.name)
            chain.append(following)
            here = following.target
            following = next((s for s in seams if s.source == here and s.boundary.name not in used), None)
        if chain:
            chains.append(chain)
    return chains


def _joined(chains: list[list[Seam]]) -> list[list[Seam]]:
    """Join a chain to the first one that ends below its start in the same zone."""
    whole: list[list[Seam]] = []
    for chain in chains:
        start = chain[0].source
        into = next(
            (w for w in whole if zone(start) and zone(w[-1].target) == zone(start) and _rank(w[-1].target) < _rank(start)), None
        )
        if into is None:
            whole.append(list(chain))
        else:
            into.extend(chain)
    return whole


def _waits(source: str, target: str, name: str, contract: Contract) -> tuple[tuple[str, str], ...]:
    """Name the times that hold at this handoff: those that say so, and the others by the tier that they are about."""
    timing = contract.timing
    told = {
        "connect_timeout": ("connect within", duration(timing.connect_timeout_ms), "broker"),
        "network": ("network, 99 %", duration(timing.network_ms), "broker"),
        "answer_timeout": ("answer within", duration(timing.answer_timeout_ms), "broker"),
        "keep_alive": ("keep-alive", duration(timing.keep_alive_ms), "broker"),
        "commit_budget": ("commit, 99 %", duration(timing.commit_budget_ms), "hub"),
        "presumed_lost": ("presumed lost after", f"{timing.presumed_lost_publishes} publishes", "hub"),
    }
    found = [(what, words) for key, (what, words, tier) in told.items() if timing.boundaries.get(key, tier) in {name, target}]
    found += [(phrase(wait.name), duration(wait.value_ms)) for wait in timing.further.values() if wait.boundary == name]
    if _rank(source) < TIERS["firmware"][1] <= _rank(target) < TIERS["gateway"][1]:  # where what was sensed is taken in
        own = [m for m in contract.messages.values() if m.sample_ms < m.publish_every_ms]
        found += [(f"{phrase(m.name)} sampled every", duration(m.sample_ms)) for m in own]
    if zone(target) == "people":
        own_tier = [c for c in contract.consumers.values() if c.name == target]
        found += [(f"{phrase(c.name)} within", duration(c.within_ms)) for c in own_tier or contract.consumers.values()]
    return tuple(found)
