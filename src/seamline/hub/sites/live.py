"""What a site's nodes see of its zones now, from what the plan says that each of them sees. Pure functions of bits.

The plan was worked out with the geometry (`seamline.site`); here nothing is traced any more. A mask is a vector over a zone's cells,
the southern row first, true where a node meets the need. A cell is covered when `k` working nodes meet its need.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]
FixKind = Literal["turn", "move", "add"]
FIX_KINDS: Final[tuple[FixKind, ...]] = ("turn", "move", "add")
"""From the cheapest on: turning needs a hand, moving a ladder, adding a purchase."""


class BitsError(ValueError):
    """Bits that are no base64, or of another number of cells; the message says which."""


def bits_of(mask: Mask) -> str:
    """A mask as base64 of its bits, eight cells a byte, the first cell the highest bit."""
    return base64.b64encode(np.packbits(mask).tobytes()).decode()


def mask_of(bits: str, cells: int) -> Mask:
    """The mask of so many cells; raises BitsError."""
    try:
        packed = np.frombuffer(base64.b64decode(bits, validate=True), np.uint8)
    except (binascii.Error, ValueError) as error:
        raise BitsError(f"no base64: {error}") from None
    if len(packed) != -(-cells // 8):
        raise BitsError(f"{len(packed)} bytes of bits, and {cells} cells need {-(-cells // 8)}")
    found = np.unpackbits(packed, count=cells).astype(np.bool_)
    if np.packbits(found).tobytes() != packed.tobytes():
        raise BitsError("bits are set behind the last cell")
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """A zone's need: the nodes that meet it, and in which cells. `needed` is the share of cells that must be covered."""

    zone: str
    need: int
    """Which of the zone's needs."""
    k: int
    needed: float
    cell_m2: float
    seen: Mapping[str, Mask]
    cells: int

    def counts(self, working: frozenset[str]) -> NDArray[np.int32]:
        """How many working nodes meet the need in each cell."""
        total = np.zeros(self.cells, np.int32)
        for node, mask in self.seen.items():
            if node in working:
                total += mask
        return total


@dataclass(frozen=True, slots=True, kw_only=True)
class Remedy:
    """Something that could be done while a node is dark: another node turned, moved, or a new one; and what it would then see.

    `node` is the one that is turned or moved (None: a new one). `seen` by (zone, need); what is not in it is not seen.
    """

    place: int
    """Its number among the plan's remedies."""
    dark: str
    kind: FixKind
    node: str | None
    seen: Mapping[tuple[str, int], Mask]


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveNeed:
    """A zone's need now: shares of its cells from 0 to 1, and the cells that the plan covers and that are not covered now."""

    zone: str
    need: int
    planned: float
    share: float
    met: bool
    missing: Mask
    missing_m2: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Gain:
    """What a remedy brings now, by zone in m2, of a zone's needs the one with most.

    `back_m2` is of what the dark node alone covered, `given_up_m2` is covered now and no more then. What else it covers counts for nothing.
    """

    remedy: Remedy
    back_m2: Mapping[str, float]
    given_up_m2: Mapping[str, float]

    @property
    def gain_m2(self) -> float:
        """What comes back, less what is given up for it."""
        return round(sum(self.back_m2.values()) - sum(self.given_up_m2.values()), 2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dark:
    """A node that does not work: what it alone covered, by zone in m2, and the best remedy of each kind, best first."""

    node: str
    alone_m2: Mapping[str, float]
    gains: tuple[Gain, ...]


@dataclass(frozen=True, slots=True)
class Live:
    """A site now."""

    needs: tuple[LiveNeed, ...]
    dark: tuple[Dark, ...]


def look(watched: Sequence[Watched], nodes: Sequence[str], working: frozenset[str], remedies: Sequence[Remedy]) -> Live:
    """What is covered while only `working` nodes work, what each of the others alone covered, and what would help."""
    counts = {(one.zone, one.need): one.counts(working) for one in watched}
    needs = tuple(_need(one, counts[one.zone, one.need]) for one in watched)
    dark = tuple(_dark(watched, counts, node, working, remedies) for node in nodes if node not in working)
    return Live(needs, dark)


def _need(one: Watched, counts: NDArray[np.int32]) -> LiveNeed:
    planned = one.counts(frozenset(one.seen)) >= one.k
    covered = counts >= one.k
    missing = planned & ~covered
    share = float(covered.mean())
    return LiveNeed(
        zone=one.zone,
        need=one.need,
        planned=float(planned.mean()),
        share=share,
        met=share >= one.needed,
        missing=missing,
        missing_m2=round(float(missing.sum()) * one.cell_m2, 2),
    )


def _dark(
    watched: Sequence[Watched],
    counts: Mapping[tuple[str, int], NDArray[np.int32]],
    node: str,
    working: frozenset[str],
    remedies: Sequence[Remedy],
) -> Dark:
    alone = {(one.zone, one.need): _alone(one, counts[one.zone, one.need], node) for one in watched}
    fit = [it for it in remedies if it.dark == node and (it.node is None or it.node in working)]
    gains = [_gain(watched, counts, it, alone) for it in fit]
    best = [max(of_kind, key=lambda it: (it.gain_m2, -it.remedy.place)) for of_kind in _by_kind(gains)]
    best.sort(key=lambda it: (-it.gain_m2, FIX_KINDS.index(it.remedy.kind)))
    return Dark(node=node, alone_m2=_areas(watched, alone), gains=tuple(best))


def _alone(one: Watched, now: NDArray[np.int32], node: str) -> Mask:
    """The cells that are short of the node, and of nothing else."""
    seen = one.seen.get(node)
    return np.zeros(one.cells, np.bool_) if seen is None else (now < one.k) & (now + seen >= one.k)


def _areas(watched: Sequence[Watched], cells: Mapping[tuple[str, int], Mask]) -> dict[str, float]:
    """The area of these cells by zone, of a zone's needs the one with most, in m2; zones without any are left out."""
    areas: dict[str, float] = {}
    for one in watched:
        if area := float(cells[one.zone, one.need].sum()) * one.cell_m2:
            areas[one.zone] = round(max(area, areas.get(one.zone, 0.0)), 2)
    return areas


def _by_kind(gains: Sequence[Gain]) -> list[list[Gain]]:
    """Those that bring anything, one list for each kind that has any."""
    kinds = [[it for it in gains if it.remedy.kind == kind and it.gain_m2 > 0] for kind in FIX_KINDS]
    return [kind for kind in kinds if kind]


def _gain(
    watched: Sequence[Watched],
    counts: Mapping[tuple[str, int], NDArray[np.int32]],
    remedy: Remedy,
    alone: Mapping[tuple[str, int], Mask],
) -> Gain:
    back: dict[tuple[str, int], Mask] = {}
    given_up: dict[tuple[str, int], Mask] = {}
    for one in watched:
        key = (one.zone, one.need)
        now = counts[key]
        after = now.copy()
        if remedy.node is not None and remedy.node in one.seen:
            after -= one.seen[remedy.node]
        seen = remedy.seen.get(key)
        if seen is not None:
            after += seen
        back[key] = alone[key] & (after >= one.k)
        given_up[key] = (now >= one.k) & (after < one.k)
    return Gain(remedy=remedy, back_m2=_areas(watched, back), given_up_m2=_areas(watched, given_up))
