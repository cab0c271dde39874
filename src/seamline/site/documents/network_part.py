"""The network of a site, as documents show it: links and ways, what is put up, cables and switches."""

from __future__ import annotations

import math
from collections.abc import Iterator

from seamline.site.documents.views import CablesView, CableView, FailureView, LinkView, PutUp, RadioView, SwitchView
from seamline.site.network.links import Link
from seamline.site.network.study import Study
from seamline.site.network.wiring import Row
from seamline.site.plan.model import Gateway, Node
from seamline.site.plan.site import Site


def radio_view(site: Site, study: Study) -> RadioView | None:
    """The radio network; None when nothing in the plan has a radio."""
    if not study.stations:
        return None
    used = {link.ends for way in study.ways.values() for link in way.links}
    loads = [load for load in study.loads.radios if not load.keeps]
    return RadioView(
        kind=study.network.kind,
        fade_margin_db=site.plan.network.fade_margin_db,
        links=tuple(link_view(link, used=link.ends in used) for link in study.links if math.isfinite(link.loss.total_db)),
        ways={ident: way.stations for ident, way in study.ways.items()},
        unheard={ident: "; ".join(remedy.text for remedy in found) for ident, found in study.unheard.items()},
        failures=tuple(FailureView(failure.kind, failure.what, failure.dark) for failure in study.failures),
        outside=study.outside,
        put_up=tuple(put_up(site, study)),
        problems=(
            *study.broken,
            *(f"{load.station} sends {load.share:.2%} of the time; {load.limit_share:.2%} are allowed" for load in loads),
        ),
        notes=(*study.notes, *(f"{ident} sends to an operator's network, which is not in the plan" for ident in study.outside)),
    )


def put_up(site: Site, study: Study) -> Iterator[PutUp]:
    """The gateways and relays that were chosen on mountings of the plan."""
    wish = site.plan.network
    for one in study.put_up:
        station = one.station
        part = wish.gateway_part if station.role == "gateway" else wish.relay_part
        if station.role != "node" and part is not None:
            at = station.antenna
            yield PutUp(station.id, station.role, part, at.x, at.y, at.height, one.mounting)


def link_view(link: Link, *, used: bool) -> LinkView:
    """A link in the figures that people compare, to tenths."""
    return LinkView(
        link.a,
        link.b,
        link.radio_a.technology,
        link.rate.name if link.rate else None,
        round(link.metres, 1),
        round(link.loss.total_db, 1),
        round(link.margin_db, 1),
        round(link.spare_db, 1),
        used,
    )


def cables_view(site: Site, study: Study) -> CablesView:
    """The cable schedule and the switches."""
    wiring = study.wiring
    return CablesView(
        rows=tuple(map(row_view, wiring.rows)),
        unroutable=dict(wiring.unroutable),
        trench_m=round(wiring.trench_m, 1),
        trench_bound_m=round(wiring.bound_m, 1),
        unlaid=tuple(unlaid(site)),
        sockets=sockets(site),
        switches=tuple(
            SwitchView(
                budget.switch,
                budget.devices,
                budget.ports,
                round(budget.reserves_mw / 1000, 2),
                round(budget.budget_mw / 1000, 2),
                (*budget.problems, *budget.remedies),
                budget.switches,
                next((one.dark for one in study.failures if one.kind in {"switch", "supply"} and one.what == budget.switch), ()),
            )
            for budget in study.budgets
        ),
    )


def unlaid(site: Site) -> Iterator[str]:
    """Uses that something needs a cable for, and for which the plan names none."""
    plan = site.plan
    kinds = {one.power.kind for one in planned(site) if one.power is not None}
    if not has_mains(site):
        kinds.discard("mains")
    kinds |= {"poe" for wish in plan.links.values() if wish.by == "cable" and not wish.avoid}
    if "poe" in kinds and plan.routes.cable is None:
        yield "data and PoE (routes.cable)"
    if kinds & {"mains", "dc"} and plan.routes.power_cable is None:
        yield "power (routes.power_cable)"


def sockets(site: Site) -> tuple[str, ...]:
    """What is fed from the mains where the plan has no such supply: a socket is taken to be there, as by the network and by placement."""
    mains = () if has_mains(site) else planned(site)
    return tuple(one.id for one in mains if one.power is not None and one.power.kind == "mains")


def planned(site: Site) -> tuple[Node | Gateway, ...]:
    """Nodes and gateways that are not there yet."""
    return tuple(one for one in (*site.plan.nodes.values(), *site.plan.gateways.values()) if not one.existing)


def has_mains(site: Site) -> bool:
    """Whether the plan says where the mains are."""
    return any(supply.kind == "mains" for supply, _ in site.supplies.values())


def row_view(row: Row) -> CableView:
    """A row, its metres to the decimetre."""
    return CableView(
        row.id,
        row.source,
        row.device,
        row.cable,
        row.use,
        round(row.metres, 1),
        round(row.route_m, 1),
        round(row.lead_m, 1),
        row.lines,
        row.places,
        None if row.drop_share is None else round(row.drop_share, 4),
        row.problems,
    )
