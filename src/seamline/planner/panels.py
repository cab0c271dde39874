"""Links, cables, power, bill of materials and variants of what is on the desk, for the page's panels."""

from __future__ import annotations

import math
from pathlib import Path

from seamline.planner.desk import NO_CHANGES, Changes, Desk
from seamline.planner.document import Json
from seamline.site.documents.bom import Bom, BomLine, bom
from seamline.site.documents.labour import Work
from seamline.site.documents.work import designed
from seamline.site.network.as_json import as_json
from seamline.site.network.study import study
from seamline.site.plan.site import Site
from seamline.site.power.plan_power import NodePower, site_power


def network_json(desk: Desk, changes: Changes) -> Json:
    """Links and cables, with the places of all that they join. Raises SiteError."""
    site = desk.changed(changes)
    return {**as_json(study(site)), "places": places_of(site)}


def places_of(site: Site) -> dict[str, tuple[float, float]]:
    """Where everything stands that a link or cable may end at."""
    return {
        ident: (round(at.x, 2), round(at.y, 2))
        for placed in (site.nodes, site.gateways, site.supplies)
        for ident, (_, at) in placed.items()
    }


def power_json(desk: Desk, changes: Changes) -> Json:
    """What each node uses and whether what feeds it lasts. Raises SiteError."""
    found = site_power(desk.changed(changes))
    return {
        "met": found.met,
        "nodes": [power_of(node) for node in found.nodes],
        "switches": [
            {
                "switch": one.switch,
                "reserved_w": one.reserved_w,
                "spare_w": one.spare_w,
                "spare_ports": one.spare_ports,
                "problems": list(one.refusals),
            }
            for one in found.switches
        ],
        "notes": list(found.notes),
    }


def power_of(node: NodePower) -> Json:
    """A node's power; days without end are None, and `endless`."""
    days = node.autonomy_days
    return {
        "node": node.node,
        "kind": node.kind,
        "daily_wh": None if node.load is None else node.load.watt_hours,
        "autonomy_days": days if days is not None and math.isfinite(days) else None,
        "endless": days is not None and math.isinf(days),
        "dark_share": node.dark_share,
        "worst_month": node.worst_month,
        "upper_bound": node.upper_bound,
        "met": node.met,
        "terms": [str(term) for term in node.terms],
        "notes": [*node.misfits, *node.notes],
    }


def bom_json(desk: Desk, changes: Changes) -> Json:
    """What is to be bought for it, line by line; money in cents. Raises SiteError.

    `content_hash` is the one that stands on the plan's documents, of the plan with the changes.
    """
    design = designed(desk.changed(changes).plan)
    found = bom(design)
    return {
        "content_hash": design.content.hash,
        "currency": found.currency,
        "total_cents": found.total.cents,
        "at_least": found.at_least,
        "budget_cents": None if found.budget is None else found.budget.cents,
        "verdict": found.verdict,
        "unpriced": list(found.unpriced),
        "lacks": list(found.lacks),
        "lines": [*map(line_json, found.lines), *map(work_json, found.works)],
    }


def bill(desk: Desk, changes: Changes) -> Bom:
    """The bill of materials with the changes made."""
    return bom(designed(desk.changed(changes).plan))


def work_json(work: Work) -> Json:
    """A line of work, like one of parts."""
    return {
        "kind": "labour",
        "part": work.what,
        "title": work.title,
        "quantity": round(float(work.quantity), 2),
        "spares": 0,
        "unit": work.unit,
        "price_cents": work.each.cents,
        "cents": work.cents,
        "price_from": work.origin,
        "asked_by": work.asked_by,
    }


def line_json(line: BomLine) -> Json:
    """A line of it."""
    return {
        "kind": line.part.kind,
        "part": line.part.id,
        "title": line.part.title,
        "quantity": line.quantity,
        "spares": line.spares,
        "unit": line.unit,
        "price_cents": None if line.price is None else line.price.cents,
        "cents": line.cents,
        "price_from": line.price_from,
        "asked_by": line.asked_by,
    }


def variants_json(path: Path) -> Json:
    """The plan as it stands in its file and each of its variants: coverage and cost side by side."""
    plain = Desk(path)
    rows = [variant_json(plain, None, plain.plan.title)]
    rows += [variant_json(Desk(path, one.id), one.id, one.title) for one in plain.plan.variants.values()]
    return {"currency": plain.plan.prices.currency, "variants": rows}


def variant_json(desk: Desk, ident: str | None, title: str) -> Json:
    """One of them."""
    coverage = desk.coverer.cover(spots=False)
    bought = bill(desk, NO_CHANGES)
    return {
        "id": ident,
        "title": title,
        "nodes": len(desk.plan.nodes),
        "score": round(coverage.score, 6),
        "met": coverage.met,
        "zones": [
            {"id": zone, "shares": [round(need.share, 6) for need in found.needs], "met": found.met}
            for zone, found in coverage.zones.items()
        ],
        "total_cents": bought.total.cents,
        "at_least": bought.at_least,
    }
