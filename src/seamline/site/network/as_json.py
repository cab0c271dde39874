"""A study of a network for programs: decibels and metres on two decimals, seconds on four, shares on six."""

from __future__ import annotations

import math

from seamline.site.network.choice import Choice
from seamline.site.network.copper import PoeBudget
from seamline.site.network.links import Link
from seamline.site.network.loads import ChannelLoad, RadioLoad
from seamline.site.network.study import Study
from seamline.site.network.wiring import Wiring


def as_json(study: Study) -> dict[str, object]:
    """Everything that a study says, as one JSON document without infinities."""
    used = {one.ends for way in study.ways.values() for one in way.links}
    return {
        "topology": study.network.kind,
        "hops_max": study.network.hops_max,
        "stations": stations_json(study),
        "links": [link_json(one) | {"used": one.ends in used} for one in study.links],
        "choice": None if study.choice is None else choice_json(study.choice),
        "failures": [{"kind": one.kind, "what": one.what, "dark": list(one.dark)} for one in study.failures],
        "unheard": {
            ident: [{"kind": one.kind, "to": one.to, "amount": one.amount, "at": one.at, "text": one.text} for one in found]
            for ident, found in study.unheard.items()
        },
        "radios": [radio_json(load) for load in study.loads.radios],
        "channels": [channel_json(load) for load in study.loads.channels],
        "cables": cables_json(study.wiring),
        "switches": [switch_json(one) for one in study.budgets],
        "problems": list(study.problems),
        "notes": list(study.notes),
    }


def stations_json(study: Study) -> list[object]:
    """Every station with its way."""
    return [
        {
            "id": station.id,
            "role": station.role,
            "x": station.antenna.x,
            "y": station.antenna.y,
            "height_m": station.antenna.height,
            "radios": [radio.id for radio in station.radios],
            "way": list(study.ways[station.id].stations) if station.id in study.ways else None,
            "outside": station.id in study.outside,
        }
        for station in study.stations
    ]


def choice_json(choice: Choice) -> dict[str, object]:
    """What was put up."""
    return {
        "chosen": list(choice.chosen),
        "cost_cents": choice.cost,
        "bound_cents": choice.bound,
        "proven": choice.proven,
        "unreachable": list(choice.unreachable),
    }


def radio_json(load: RadioLoad) -> dict[str, object]:
    """A radio's share of time."""
    return {
        "station": load.station,
        "radio": load.radio,
        "sends_s_per_hour": round(load.sends_s_per_hour, 4),
        "share": round(load.share, 6),
        "limit_share": load.limit_share,
        "keeps": load.keeps,
    }


def channel_json(load: ChannelLoad) -> dict[str, object]:
    """A channel's senders, and the room for more."""
    return {
        "technology": load.technology,
        "mhz": load.mhz,
        "rate": load.rate,
        "senders": load.senders,
        "channels": load.channels,
        "share": round(load.share, 6),
        "loss_share": None if load.loss_share is None else round(load.loss_share, 6),
        "nodes_max": load.nodes_max,
        "keeps": load.keeps,
    }


def switch_json(budget: PoeBudget) -> dict[str, object]:
    """A switch's budget."""
    return {
        "switch": budget.switch,
        "devices": budget.devices,
        "ports": budget.ports,
        "reserves_mw": round(budget.reserves_mw, 1),
        "draws_mw": round(budget.draws_mw, 1),
        "budget_mw": budget.budget_mw,
        "problems": list(budget.problems),
        "doubts": list(budget.doubts),
        "part": budget.part,
        "switches": budget.switches,
        "remedies": list(budget.remedies),
    }


def link_json(one: Link) -> dict[str, object]:
    """A link; what has no path has no loss and no margin."""
    loss = one.loss
    return {
        "a": one.a,
        "b": one.b,
        "technology": one.radio_a.technology,
        "metres": round(one.metres, 2),
        "way": loss.way,
        "over": list(loss.over),
        "through": list(loss.through),
        "shut": list(loss.shut),
        "free_space_db": round(loss.free_space_db, 2),
        "diffraction_db": round(loss.diffraction_db, 2),
        "penetration_db": round(loss.penetration_db, 2),
        "loss_db": decibels(loss.total_db),
        "rate": None if one.rate is None else one.rate.name,
        "margin_db": decibels(one.margin_db),
        "spare_db": decibels(one.spare_db),
        "limited_db": round(one.limited_db, 2),
    }


def cables_json(wiring: Wiring) -> dict[str, object]:
    """The cable schedule and its trenches."""
    return {
        "rows": [
            {
                "id": row.id,
                "from": row.source,
                "to": row.device,
                "cable": row.cable,
                "use": row.use,
                "metres": round(row.metres, 2),
                "route_m": round(row.route_m, 2),
                "lead_m": round(row.lead_m, 2),
                "lines": list(row.lines),
                "places": [list(place) for place in row.places],
                "drop_share": None if row.drop_share is None else round(row.drop_share, 6),
                "problems": list(row.problems),
            }
            for row in wiring.rows
        ],
        "unroutable": dict(wiring.unroutable),
        "trench_m": round(wiring.trench_m, 2),
        "trench_bound_m": round(wiring.bound_m, 2),
    }


def decibels(value: float) -> float | None:
    """Two decimals; None for what is not finite."""
    return round(value, 2) if math.isfinite(value) else None
