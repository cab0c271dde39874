"""What changed nodes see: shares, blind spots with their causes, masks, and the digests by which the page proves its own."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from seamline.planner.desk import Changes, Desk
from seamline.planner.document import Json, densities_of
from seamline.site.coverage.cover import Nodes
from seamline.site.coverage.observing import able, aim_of, observer_of, part_of
from seamline.site.coverage.result import BlindSpot, NeedCoverage
from seamline.site.coverage.zones import ZoneCells
from seamline.site.living.cells import bits_of
from seamline.site.living.document import polygons_of
from seamline.site.scene import Mask


def seen_json(desk: Desk, changes: Changes, *, masks: bool = False) -> Json:
    """Coverage by the changed nodes.

    `hash` is of all zones together; that of a zone is the SHA-256 of its masks, each as one byte a cell (0, or 1 and one more for each density), the southern row
    first, of every node that could meet one of its needs, in the order of the nodes.
    """
    nodes = desk.nodes(changes)
    coverage = desk.coverer.cover(nodes)
    zones: list[Json] = []
    whole = hashlib.sha256()
    for ident, found in coverage.zones.items():
        cells = desk.coverer.zones[ident]
        own = list(masks_of(desk, cells, nodes))
        data = b"".join(mask.tobytes() for _, mask in own)
        digest = hashlib.sha256(data).hexdigest()
        whole.update(data)
        zone: Json = {"id": ident, "met": found.met, "hash": digest, "needs": [need_json(need) for need in found.needs]}
        if masks:
            zone["masks"] = {node: bits_of(mask > 0) for node, mask in own}
        zones.append(zone)
    return {"score": round(coverage.score, 6), "met": coverage.met, "hash": whole.hexdigest(), "zones": zones}


def masks_of(desk: Desk, cells: ZoneCells, nodes: Nodes) -> Iterator[tuple[str, Mask]]:
    """The mask of each node that could meet a need of a zone."""
    needs = cells.zone.needs
    densities = tuple(densities_of(needs))
    for ident, (node, at) in nodes.items():
        part = part_of(node, desk.plan.catalogue)
        if part is not None and any(able(part, need) for need in needs):
            yield ident, cells.mask(observer_of(part, aim_of(node, at), densities))


def need_json(found: NeedCoverage) -> Json:
    """How well a need is met, and where not."""
    return {
        "share": round(found.share, 6),
        "met": found.met,
        "covered": found.covered,
        "seen": dict(found.seen),
        "alone": dict(found.alone),
        "spots": [spot_json(spot) for spot in found.blind],
    }


def spot_json(spot: BlindSpot) -> Json:
    """A blind spot."""
    return {
        "id": spot.id,
        "area_m2": round(spot.area_m2, 2),
        "polygons": polygons_of(spot.area),
        "causes": [{"kind": one.kind, "what": one.what, "area_m2": round(one.area_m2, 2)} for one in spot.causes],
    }
