"""Blind spots and needs by names of their own, over all zones: what lists, maps and comparisons call them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from seamline.shares import tenths
from seamline.site.coverage.result import BlindSpot, CauseKind, Coverage, NeedCoverage, ZoneCoverage
from seamline.site.plan.model import Need

IN_THE_WAY: Final = frozenset({"obstruction", "terrain"})
KINDS: Final[Mapping[CauseKind, str]] = {
    "obstruction": "behind",
    "terrain": "behind",
    "density": "too few pixels from",
    "near": "below the picture of",
    "field": "beside the picture of",
    "range": "out of range of",
    "nobody": "nothing that could see it",
}
"""Causes in words, in the order in which they are told."""


@dataclass(frozen=True, slots=True)
class Spot:
    """A blind spot of one need of a zone; `name` is no other one's."""

    name: str
    zone: str
    need: Need
    blind: BlindSpot


def spots(coverage: Coverage, kind: str | None = None) -> Iterator[Spot]:
    """All blind spots, of one kind of need or of both, in the plan's order."""
    for zone in coverage.zones.values():
        for need, mark in needs(zone):
            if kind in {None, need.need.kind}:
                for blind in need.blind:
                    yield Spot(f"{blind.id}{mark}", zone.zone, need.need, blind)


def needs(zone: ZoneCoverage) -> Iterator[tuple[NeedCoverage, str]]:
    """A zone's needs, each with what tells its blind spots from those of the others: nothing where there is one need."""
    often = Counter(need.need.of for need in zone.needs)
    for at, need in enumerate(zone.needs, 1):
        alike = often[need.need.of] > 1
        yield need, "" if len(zone.needs) == 1 else f"-{need.need.of}{f'-{at}' if alike else ''}"


def need_text(need: Need) -> str:
    """A need in words: `camera recognise (2015, 125 px/m), by 1`."""
    if need.kind == "camera":
        edition = f"{need.edition}, " if need.edition else ""
        density = f" ({edition}{need.px_per_m:g} px/m)" if need.px_per_m is not None else ""
        return f"camera {need.of}{density}, by {need.k}"
    return f"sensor {need.of}, by {need.k}"


def share_text(share: float) -> str:
    """A share in percent, with a decimal where there is one: `33.3 %`, `100 %`."""
    return f"{tenths(share) / 10:g} %"


def causes_text(blind: BlindSpot, most: int = 3) -> str:
    """Why a blind spot is blind, by kinds: what stands in the way first, then what looks elsewhere; of each kind the worst `most`."""
    told: list[str] = []
    for kind, words in KINDS.items():
        found = [cause for cause in blind.causes if cause.kind == kind]
        names = [
            f"{cause.what or 'the ground'} ({cause.area_m2:.0f} m²)" if kind in IN_THE_WAY else cause.what
            for cause in found[:most]
        ]
        if found:
            more = f" and {len(found) - most} more" if len(found) > most else ""
            told.append(f"{words} {', '.join(names)}{more}".rstrip())
    return "; ".join(told)
