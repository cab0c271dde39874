"""A published plan, unpacked: the masks of its zones and remedies, checked against each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from seamline.hub.api.site_models import PlannedNeed, PlannedRemedy, PlannedZone, SiteDocument
from seamline.hub.sites.live import BitsError, Mask, Remedy, Watched, mask_of

UNPACKED_MAX = 200_000_000
"""Cells of all masks together: a byte each in memory."""


class DocumentError(ValueError):
    """A plan that contradicts itself; the message names the place."""


@dataclass(frozen=True, slots=True)
class Unpacked:
    """A plan's needs with their masks, its nodes in order, and its remedies."""

    nodes: tuple[str, ...]
    watched: tuple[Watched, ...]
    remedies: tuple[Remedy, ...]


def unpack(document: SiteDocument) -> Unpacked:
    """Unpack and check a plan; raises DocumentError for masks that do not fit, and for names that it does not have."""
    nodes = _names([node.id for node in document.nodes], "nodes")
    _names([zone.id for zone in document.zones], "zones")
    cells: dict[str, int] = {}
    watched: list[Watched] = []
    budget = UNPACKED_MAX
    for at, zone in enumerate(document.zones):
        place = f"zones[{at}]"
        budget -= zone.columns * zone.rows
        if budget < 0:
            raise DocumentError(f"{place}: the plan's masks have more than {UNPACKED_MAX} cells; use larger cells")
        inside = _mask(zone.inside, zone.columns * zone.rows, f"{place}.inside")
        cells[zone.id] = int(inside.sum())
        if not cells[zone.id]:
            raise DocumentError(f"{place}.inside: the zone '{zone.id}' has no cells")
        for number, need in enumerate(zone.needs):
            budget -= cells[zone.id] * len(need.seen)
            if budget < 0:
                raise DocumentError(f"{place}: the plan's masks have more than {UNPACKED_MAX} cells; use larger cells")
            watched.append(_watched(zone, number, need, cells[zone.id], nodes, f"{place}.needs[{number}]"))
    remedies = _remedies(document.remedies, nodes, {(one.zone, one.need) for one in watched}, cells, budget)
    return Unpacked(tuple(nodes), tuple(watched), remedies)


def _watched(zone: PlannedZone, number: int, need: PlannedNeed, cells: int, nodes: Mapping[str, int], place: str) -> Watched:
    seen: dict[str, Mask] = {}
    for node, bits in need.seen.items():
        _known(node, nodes, f"{place}.seen")
        seen[node] = _mask(bits, cells, f"{place}.seen.{node}")
    return Watched(zone=zone.id, need=number, k=need.k, needed=need.share, cell_m2=zone.cell * zone.cell, seen=seen, cells=cells)


def _remedies(
    found: Sequence[PlannedRemedy], nodes: Mapping[str, int], needs: set[tuple[str, int]], cells: Mapping[str, int], budget: int
) -> tuple[Remedy, ...]:
    remedies: list[Remedy] = []
    for at, it in enumerate(found):
        place = f"remedies[{at}]"
        _known(it.dark, nodes, f"{place}.dark")
        if it.node is not None:
            _known(it.node, nodes, f"{place}.node")
        if (it.node is None) is not (it.kind == "add") or it.node == it.dark:
            raise DocumentError(f"{place}.node: what is turned or moved is another node of the plan, and what is added is none")
        seen: dict[tuple[str, int], Mask] = {}
        for number, then in enumerate(it.seen):
            if (then.zone, then.need) not in needs:
                raise DocumentError(f"{place}.seen[{number}]: the plan has no need {then.need} of a zone '{then.zone}'")
            budget -= cells[then.zone]
            if budget < 0:
                raise DocumentError(f"{place}: the plan's masks have more than {UNPACKED_MAX} cells; use larger cells")
            seen[then.zone, then.need] = _mask(then.bits, cells[then.zone], f"{place}.seen[{number}].bits")
        remedies.append(Remedy(place=at, dark=it.dark, kind=it.kind, node=it.node, seen=seen))
    return tuple(remedies)


def _names(names: Sequence[str], what: str) -> dict[str, int]:
    known = {name: at for at, name in enumerate(names)}
    if len(known) < len(names):
        twice = next(name for at, name in enumerate(names) if known[name] != at)
        raise DocumentError(f"{what}: '{twice}' is there twice")
    return known


def _known(node: str, nodes: Mapping[str, int], place: str) -> None:
    if node not in nodes:
        raise DocumentError(f"{place}: the plan has no node '{node}'")


def _mask(bits: str, cells: int, place: str) -> Mask:
    try:
        return mask_of(bits, cells)
    except BitsError as error:
        raise DocumentError(f"{place}: {error}") from None
