"""What would help a node that no one hears well enough: each remedy is worked out with the same paths and margins."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

from seamline.site.catalogue.parts import Radio
from seamline.site.network.links import Link, Medium, Station, judged, link
from seamline.site.network.profile import Antenna, Profile

RAISE_STEP_M: Final = 0.5
RAISE_MAX_M: Final = 12.0
"""A taller mast is a building of its own."""
NEIGHBOURS_MAX: Final = 3
"""Stations of the network for which remedies are looked for: those that hear the node best."""
RELAY_SHARES: Final = (0.5, 0.4, 0.6, 0.3, 0.7, 0.2, 0.8)
"""Where on the way a relay is tried, the middle first."""
GAIN_MAX_DB: Final = 12.0
"""More than this no antenna that one puts on a wall brings."""


@dataclass(frozen=True, slots=True)
class Remedy:
    """One thing that would do, alone. `amount` are metres (raise), decibels (gain) or nothing; `at` is a relay's place."""

    kind: Literal["raise", "rate", "relay", "gain", "none"]
    node: str
    to: str
    text: str
    amount: float = 0.0
    at: tuple[float, float] | None = None


def remedies(
    node: Station, network: Sequence[Station], medium: Medium, hops_left: Mapping[str, int] | None = None
) -> tuple[Remedy, ...]:
    """What would bring a node to the network, the simplest first: a higher antenna, another rate, a relay, more gain.

    `network` are the stations that it may send to, `hops_left` how many links a way to each may have (a relay needs two; without
    it, as many as it takes). When nothing helps, the one remedy says so.
    """
    near = [(one, station) for station in network if station.passes_on and (one := link(node, station, medium)) is not None]
    near.sort(key=lambda pair: (-pair[0].spare_db, pair[1].id))
    if not near:
        kinds = " or ".join(sorted({radio.technology for station in network for radio in station.radios})) or "any radio"
        text = f"{node.id} has no radio that speaks with a station of the network: give it one for {kinds}"
        return (Remedy("none", node.id, "", text),)
    found: list[Remedy] = []
    for made in (_raised, _other_rate, _relayed, _gained):
        fit = [pair for pair in near if made is not _relayed or hops_left is None or hops_left.get(pair[1].id, 0) > 1]
        offers = [remedy for one, station in fit[:NEIGHBOURS_MAX] if (remedy := made(node, station, one, medium)) is not None]
        if offers:
            found.append(min(offers, key=lambda remedy: (abs(remedy.amount), remedy.to)))
    if found:
        return tuple(found)
    best, station = near[0]
    missing = (
        "there is no way out of " + " and ".join(best.loss.shut) if best.loss.shut else f"{-best.spare_db:.0f} dB are missing"
    )
    return (Remedy("none", node.id, station.id, f"{node.id} to {station.id}: {missing}; put a gateway nearer"),)


def _pair(node: Station, station: Station, one: Link) -> tuple[Radio, Radio]:
    return one.radio_of(node.id), one.radio_of(station.id)


def _raised(node: Station, station: Station, one: Link, medium: Medium) -> Remedy | None:
    profile = medium.between(node.antenna, station.antenna)
    for step in range(1, round(RAISE_MAX_M / RAISE_STEP_M) + 1):
        metres = step * RAISE_STEP_M
        ends: tuple[tuple[str, Profile], ...] = ((node.id, profile.raised(metres, 0)), (station.id, profile.raised(0, metres)))
        for name, higher in ends:
            if judged(node, station, _pair(node, station, one), higher, medium).usable:
                text = f"raise the antenna of {name} by {metres:g} m: {node.id} then reaches {station.id}"
                return Remedy("raise", node.id, station.id, text, metres)
    return None


def _other_rate(node: Station, station: Station, one: Link, medium: Medium) -> Remedy | None:
    """A rate that only one of both radios is set to, as a slower spreading factor."""
    own, far = _pair(node, station, one)
    names = {rate.name for rate in own.rates} & {rate.name for rate in far.rates}
    for rate in sorted((*own.rates, *far.rates), key=lambda rate: (-rate.bits_per_s, rate.name)):
        if rate.name in names:
            continue
        pair = (replace(own, rates=(rate,)), replace(far, rates=(rate,)))
        if judged(node, station, pair, medium.between(node.antenna, station.antenna), medium).usable:
            text = f"use {rate.name} ({rate.bits_per_s:g} bit/s) between {node.id} and {station.id}: both radios need it"
            return Remedy("rate", node.id, station.id, text)
    return None


def _relayed(node: Station, station: Station, one: Link, medium: Medium) -> Remedy | None:
    own, _ = _pair(node, station, one)
    first, last = node.antenna, station.antenna
    height = max(first.height, last.height)
    for share in RELAY_SHARES:
        place = Antenna(round(first.x + (last.x - first.x) * share, 1), round(first.y + (last.y - first.y) * share, 1), height)
        relay = Station(f"relay of {node.id}", place, (own,), "relay")
        legs = (link(node, relay, medium), link(relay, station, medium))
        if all(leg is not None and leg.usable for leg in legs):
            text = f"put a relay at {place.x:g}, {place.y:g} m, {height:g} m high, between {node.id} and {station.id}"
            return Remedy("relay", node.id, station.id, text, at=(place.x, place.y))
    return None


def _gained(node: Station, station: Station, one: Link, _medium: Medium) -> Remedy | None:
    missing = math.ceil(-one.spare_db * 10) / 10 if math.isfinite(one.spare_db) else math.inf
    if missing > GAIN_MAX_DB:
        return None
    text = (
        f"{missing:g} dB are missing between {node.id} and {station.id}: take that much more from antennas or cables on both ways"
    )
    return Remedy("gain", node.id, station.id, text, missing)
