"""Which candidates no radio link reaches: those whose mounting brings a radio that none of the plan's gateways or relays hears."""

from __future__ import annotations

from typing import Final

from seamline.site.catalogue.parts import Radio, Rate, Technology
from seamline.site.network.links import Link, Medium, Station, link, within_reach
from seamline.site.network.on_site import stations_of, walls_of
from seamline.site.network.profile import Antenna, Ground
from seamline.site.placement.candidates import Candidate
from seamline.site.placement.on_site import radio_of
from seamline.site.placement.problem import Obstacle
from seamline.site.plan.model import Mounting
from seamline.site.plan.site import Site
from seamline.site.scene import Scene

ELSEWHERE: Final[tuple[Technology, ...]] = ("lte-m", "nb-iot", "ethernet")
"""What needs no gateway of the site's own."""
UNHEARD: Final = "no gateway or relay of the plan hears its radio with the fade margin"
REMEDY: Final = "lower network.fade_margin, or put a gateway or relay nearer"


class Hearing:
    """The plan's gateways and relays, and what they hear of candidates; what one place has is worked out once."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self.others = [station for station in stations_of(site) if station.passes_on]
        ground = Ground(Scene(site.grid, site.solids, site.ground))
        self._medium = Medium(ground.between, site.plan.network.fade_margin_db, walls_of(site))
        self._known: dict[tuple[str, float, float, float], Link | None] = {}

    def bar(self, one: Candidate, mounting: Mounting) -> Obstacle | None:
        """Why a candidate cannot be built as far as its radio goes; nothing where the plan has no gateway and no relay to judge by."""
        radio = radio_of(self._site, mounting)
        if radio is None or radio.technology in ELSEWHERE or not self.others:
            return None
        found = self.link(one, radio)
        if found is not None and found.usable:
            return None
        if found is None or found.margin_db < 0:
            return Obstacle(UNHEARD, REMEDY)
        return Obstacle(UNHEARD, REMEDY, self._medium.fade_margin_db, found.margin_db, "dB")

    def rate(self, one: Candidate, mounting: Mounting) -> Rate | None:
        """The rate of its link; None where it has none on the site."""
        radio = radio_of(self._site, mounting)
        found = None if radio is None or radio.technology in ELSEWHERE else self.link(one, radio)
        return None if found is None else found.rate

    def link(self, one: Candidate, radio: Radio) -> Link | None:
        """The link that it would take: a usable one, rather to a gateway than to a relay, with the most to spare."""
        antenna = Antenna(one.spot.x, one.spot.y, one.spot.above + one.height)
        key = (radio.id, antenna.x, antenna.y, antenna.height)
        if key not in self._known:
            here = Station("candidate", antenna, (radio,))
            near = [other for other in self.others if within_reach(here, other)]
            found = [(made, other.role) for other in near if (made := link(here, other, self._medium)) is not None]
            found.sort(key=lambda pair: (not pair[0].usable, pair[0].usable and pair[1] != "gateway", -pair[0].spare_db))
            self._known[key] = found[0][0] if found else None
        return self._known[key]
