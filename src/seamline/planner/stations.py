"""Gateways and supplies on the desk: where links and cables end can be moved too."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final, Literal, Protocol, TypeVar

from seamline.site.frame import SiteError
from seamline.site.plan.model import Gateway, Place, Supply
from seamline.site.plan.site import Fixed, Site

SAME_M: Final = 0.006
"""The page knows places on whole centimetres: half of one away is where it was."""

Section = Literal["gateways", "supplies"]
SECTIONS: Final[tuple[Section, ...]] = ("gateways", "supplies")


@dataclass(frozen=True, slots=True, kw_only=True)
class StationState:
    """Where a gateway or supply is to be: metres in the plan's local frame and, of a gateway, above the ground."""

    section: Section
    id: str
    x: float
    y: float
    height_m: float | None = None


class Station(Protocol):
    """What a gateway and a supply have in common."""

    @property
    def place(self) -> Place:
        """Where the plan puts it."""
        ...


S = TypeVar("S", Gateway, Supply)
Ground = Callable[[float, float], Fixed]
"""A place with its ground."""


def gateways_of(site: Site, states: Sequence[StationState], ground: Ground) -> Mapping[str, tuple[Gateway, Fixed]]:
    """The site's gateways with the changes made. SiteError for one that the plan has not."""
    found = dict(site.gateways)
    for state in of_section("gateways", states, site.gateways):
        gateway, at = found[state.id]
        if gateway.existing:
            raise SiteError(f"gateway {state.id!r} exists already, and is not moved; take 'existing' out of the plan to move it")
        moved, there = stood(gateway, at, state, ground)
        found[state.id] = (replace(moved, height_m=gateway.height_m if state.height_m is None else state.height_m), there)
    return MappingProxyType(found)


def supplies_of(site: Site, states: Sequence[StationState], ground: Ground) -> Mapping[str, tuple[Supply, Fixed]]:
    """The site's supplies with the changes made. SiteError for one that the plan has not."""
    found = dict(site.supplies)
    for state in of_section("supplies", states, site.supplies):
        supply, at = found[state.id]
        found[state.id] = stood(supply, at, state, ground)
    return MappingProxyType(found)


def of_section(section: Section, states: Sequence[StationState], known: Mapping[str, object]) -> Sequence[StationState]:
    """The states of one section, each once and known. SiteError else."""
    found = {state.id: state for state in states if state.section == section}
    if len(found) < sum(state.section == section for state in states):
        raise SiteError(f"one of the {section} is named twice; name each once, as it is to be")
    unknown = [ident for ident in found if ident not in known]
    if unknown:
        raise SiteError(f"the plan has no {unknown[0]!r} among its {section}; load the page again")
    return list(found.values())


def stood(station: S, at: Fixed, state: StationState, ground: Ground) -> tuple[S, Fixed]:
    """A station where it is to stand; one that was not moved keeps the place that the plan gives it."""
    if abs(state.x - at.x) <= SAME_M and abs(state.y - at.y) <= SAME_M:
        return station, at
    there = ground(state.x, state.y)
    return replace(station, place=Place("local", x_m=there.x, y_m=there.y)), there


def stations_differing(was: Site, now: Site) -> Mapping[tuple[Section, str], Sequence[tuple[str, str]]]:
    """What differs of stations between two states of a site: fields with their values, as the plan's file has them."""
    found: dict[tuple[Section, str], Sequence[tuple[str, str]]] = {}
    pairs: list[tuple[Section, str, Station, Station]] = [
        *(("gateways", ident, one, now.gateways[ident][0]) for ident, (one, _) in was.gateways.items()),
        *(("supplies", ident, one, now.supplies[ident][0]) for ident, (one, _) in was.supplies.items()),
    ]
    for section, ident, then, here in pairs:
        fields: list[tuple[str, str]] = []
        if here.place != then.place:
            fields.append(("place", f"{{x: {here.place.x_m:.2f} m, y: {here.place.y_m:.2f} m}}"))
        if isinstance(here, Gateway) and isinstance(then, Gateway) and here.height_m != then.height_m:
            fields.append(("height", f"{here.height_m:g} m"))
        if fields:
            found[section, ident] = fields
    return found
