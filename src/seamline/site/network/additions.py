"""What was put up, as lines for the plan file: with them in it, nothing more is put up."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

from seamline.site.network.links import Station
from seamline.site.network.study import Study
from seamline.site.plan.model import Plan
from seamline.site.plan.site import Site


def additions(site: Site, study: Study) -> tuple[str, ...]:
    """The entries under `gateways` and `nodes`, a line each, with the section's name before them; none when nothing was put up."""
    chosen = set(study.choice.chosen) if study.choice else set[str]()
    stations = [station for station in study.stations if station.id in chosen]
    found: list[str] = []
    for section, role in (("gateways", "gateway"), ("nodes", "relay")):
        entries = list(_entries(site.plan, [station for station in stations if station.role == role], role))
        found += [f"{section}:", *entries] if entries else []
    return tuple(found)


def _entries(plan: Plan, stations: list[Station], role: str) -> Iterator[str]:
    taken = {*plan.nodes, *plan.gateways}
    free = (ident for number in count(1) if (ident := f"{role}-{number}") not in taken)
    for station, ident in zip(stations, free, strict=False):
        part = f"part: {plan.network.gateway_part}" if role == "gateway" else f"radio: {station.radios[0].id}"
        at = station.antenna
        place = f"place: {{x: {at.x:.2f} m, y: {at.y:.2f} m}}, height: {at.height:.2f} m"
        yield f"  {ident}: {{title: {ident}, {part}, {place}}}"
