"""Which candidates no radio link reaches: those whose mounting brings a radio that none of the plan's gateways or relays hears."""

from __future__ import annotations

from typing import Final

from seamline.site.catalogue.parts import Radio, Technology
from seamline.site.network.links import Medium, Station, link, within_reach
from seamline.site.network.on_site import stations_of, walls_of
from seamline.site.network.profile import Antenna, Ground
from seamline.site.placement.candidates import Candidate
from seamline.site.placement.on_site import Bar, radio_of
from seamline.site.plan.model import Mounting
from seamline.site.plan.site import Site
from seamline.site.scene import Scene

ELSEWHERE: Final[tuple[Technology, ...]] = ("lte-m", "nb-iot", "ethernet")
"""What needs no gateway of the site's own."""
UNHEARD: Final = "no gateway or relay of the plan hears its radio with the fade margin"


def unlinked(site: Site) -> Bar | None:
    """Says why a candidate cannot be built as far as its radio goes; None when the plan has no gateway and no relay to judge by."""
    others = [station for station in stations_of(site) if station.passes_on]
    if not others:
        return None
    medium = Medium(Ground(Scene(site.grid, site.solids, site.ground)).between, site.plan.network.fade_margin_db, walls_of(site))
    known: dict[tuple[str, float, float, float], str] = {}

    def bar(one: Candidate, mounting: Mounting) -> str:
        radio = radio_of(site, mounting)
        if radio is None or radio.technology in ELSEWHERE:
            return ""
        height = one.spot.above + one.height
        key = (radio.id, one.spot.x, one.spot.y, height)
        if key not in known:
            known[key] = "" if is_heard(Antenna(one.spot.x, one.spot.y, height), radio, others, medium) else UNHEARD
        return known[key]

    return bar


def is_heard(antenna: Antenna, radio: Radio, others: list[Station], medium: Medium) -> bool:
    """Whether any of the others has a usable link with a radio there."""
    here = Station("candidate", antenna, (radio,))
    found = (link(here, other, medium) for other in others if within_reach(here, other))
    return any(one is not None and one.usable for one in found)
