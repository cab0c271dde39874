"""Links between stations: loss, margin both ways, the fastest rate that holds."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Literal

from seamline.site.catalogue.parts import Radio, Rate
from seamline.site.frame import SiteError
from seamline.site.network.bands import band_of
from seamline.site.network.profile import Antenna, Profile
from seamline.site.network.propagation import NEAREST_M, PathLoss, free_space_db, path_loss

Role = Literal["node", "relay", "gateway"]
Between = Callable[[Antenna, Antenna], Profile]

SAME_CHANNEL = 0.01
"""Radios hear each other when their frequencies differ by less than this share: they are of one band."""


@dataclass(frozen=True, slots=True)
class Station:
    """Something with radios. A `relay` passes on what others send; at a `gateway` the way ends; a `node` does neither.

    `cable_db` is what the antenna's cable costs, for all its radios.
    """

    id: str
    antenna: Antenna
    radios: tuple[Radio, ...]
    role: Role = "node"
    cable_db: float = 0.0

    @property
    def passes_on(self) -> bool:
        """Whether a way may lead over it."""
        return self.role != "node"


@dataclass(frozen=True, slots=True)
class Medium:
    """What radio paths are worked out with: how a profile is had, the loss of walls, and the fade margin that is asked for."""

    between: Between
    fade_margin_db: float = 10.0
    walls: Mapping[str, float] = field(default_factory=dict[str, float])

    def __post_init__(self) -> None:
        if not (math.isfinite(self.fade_margin_db) and self.fade_margin_db >= 0):
            raise SiteError(f"a fade margin of {self.fade_margin_db:g} dB cannot be kept; give 0 dB or more")


@dataclass(frozen=True, slots=True)
class Link:
    """Two stations, in the order of their ids, with radios that could hear each other.

    `rate` is the fastest that keeps the fade margin both ways, by its name the same for both; None when none does, and then
    `margin_db` is the slowest one's. `margin_db` is above the sensitivity, in the worse direction; `spare_db` what is left of it
    after the fade margin. `limited_db` is what the law takes from the stronger sender.
    """

    a: str
    b: str
    radio_a: Radio
    radio_b: Radio
    metres: float
    loss: PathLoss
    rate: Rate | None
    margin_db: float
    spare_db: float
    limited_db: float = 0.0

    @property
    def usable(self) -> bool:
        """Whether it keeps its fade margin."""
        return self.rate is not None

    @property
    def ends(self) -> tuple[str, str]:
        """Both stations."""
        return self.a, self.b

    def other(self, station: str) -> str:
        """The station at the other end."""
        return self.b if station == self.a else self.a

    def radio_of(self, station: str) -> Radio:
        """The radio with which a station takes part."""
        return self.radio_a if station == self.a else self.radio_b


def eirp_dbm(radio: Radio, cable_db: float) -> tuple[float, float]:
    """What a radio radiates in its best direction, and by how many dB its power must be turned down to keep the law."""
    wanted = radio.tx_dbm + radio.antenna_dbi - cable_db
    band = band_of(radio.frequency_hz / 1e6)
    over = 0.0 if band is None else max(0.0, wanted - band.eirp_dbm)
    return wanted - over, over


def duty_limit(radio: Radio) -> float | None:
    """The share of an hour that a radio may send: the band's or its own, whichever is less; None without a limit."""
    band = band_of(radio.frequency_hz / 1e6)
    limits = [limit for limit in (radio.duty_share, band.duty_share if band else None) if limit is not None]
    return min(limits, default=None)


def pairs_of(first: Station, last: Station) -> list[tuple[Radio, Radio]]:
    """The radios of two stations that speak with each other: one technology, one band, a rate in common."""
    return [
        (a, b)
        for a in first.radios
        for b in last.radios
        if a.technology == b.technology != "ethernet"
        and abs(a.frequency_hz - b.frequency_hz) <= SAME_CHANNEL * a.frequency_hz
        and {rate.name for rate in a.rates} & {rate.name for rate in b.rates}
    ]


def link(first: Station, last: Station, medium: Medium) -> Link | None:
    """The best link between two stations: a usable one before others, then the fastest, then the one with most to spare.

    None when they have no radios for each other.
    """
    if first.id > last.id:
        first, last = last, first
    speaking = pairs_of(first, last)
    if not speaking:
        return None
    profile = medium.between(first.antenna, last.antenna)
    found = [judged(first, last, pair, profile, medium) for pair in speaking]
    return min(found, key=lambda one: (not one.usable, -one.rate.bits_per_s if one.rate else 0.0, -one.spare_db, one.radio_a.id))


def judged(first: Station, last: Station, radios: tuple[Radio, Radio], profile: Profile, medium: Medium) -> Link:
    """The link of two radios over a profile."""
    a, b = radios
    loss = path_loss(profile, a.frequency_hz / 1e6, medium.walls)
    (from_a, over_a), (from_b, over_b) = eirp_dbm(a, first.cable_db), eirp_dbm(b, last.cable_db)
    at_b = from_a - loss.total_db + b.antenna_dbi - last.cable_db
    at_a = from_b - loss.total_db + a.antenna_dbi - first.cable_db
    heard = {rate.name: rate for rate in b.rates}
    rates = [
        (rate, min(at_a - rate.sensitivity_dbm, at_b - heard[rate.name].sensitivity_dbm))
        for rate in a.rates
        if rate.name in heard
    ]
    rates.sort(key=lambda pair: (-pair[0].bits_per_s, pair[0].name))
    chosen = next(((rate, margin) for rate, margin in rates if margin >= medium.fade_margin_db), None)
    margin = chosen[1] if chosen else max(margin for _, margin in rates)
    return Link(
        first.id,
        last.id,
        a,
        b,
        math.hypot(profile.length, profile.levels[1] - profile.levels[0]),
        loss,
        chosen[0] if chosen else None,
        margin,
        margin - medium.fade_margin_db,
        max(over_a, over_b),
    )


def links(stations: Sequence[Station], medium: Medium) -> tuple[Link, ...]:
    """Every link that matters, usable or not, by the stations' order: of two stations at least one must pass things on.

    SiteError when two stations have one id.
    """
    seen: set[str] = set()
    for station in stations:
        if station.id in seen:
            raise SiteError(f"two stations are called {station.id!r}; give each an id of its own")
        seen.add(station.id)
    wanted = (pair for pair in combinations(stations, 2) if any(one.passes_on for one in pair) and within_reach(*pair))
    return tuple(found for first, last in wanted if (found := link(first, last, medium)) is not None)


def within_reach(first: Station, last: Station) -> bool:
    """Whether the empty space between two stations alone would leave enough: spares the profiles of those far apart."""
    metres = max(math.hypot(first.antenna.x - last.antenna.x, first.antenna.y - last.antenna.y), NEAREST_M)
    return any(
        best_margin(first, last, pair) - free_space_db(metres, pair[0].frequency_hz / 1e6) >= 0 for pair in pairs_of(first, last)
    )


def best_margin(first: Station, last: Station, radios: tuple[Radio, Radio]) -> float:
    """The loss in dB at which the slowest common rate of two radios is just heard both ways, without a fade margin."""
    a, b = radios
    common = {rate.name for rate in a.rates} & {rate.name for rate in b.rates}
    down = eirp_dbm(a, first.cable_db)[0] + b.antenna_dbi - last.cable_db
    up = eirp_dbm(b, last.cable_db)[0] + a.antenna_dbi - first.cable_db
    weakest_a = {rate.name: rate.sensitivity_dbm for rate in a.rates}
    weakest_b = {rate.name: rate.sensitivity_dbm for rate in b.rates}
    return max(min(up - weakest_a[name], down - weakest_b[name]) for name in sorted(common))


def usable(found: Iterable[Link]) -> tuple[Link, ...]:
    """Those that keep their fade margin."""
    return tuple(one for one in found if one.usable)
